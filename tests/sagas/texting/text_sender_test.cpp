#include "sagas/texting/text_sender.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <new>
#include <semaphore>

#include <boost/asio/this_coro.hpp>

#include "tests/sagas/transfer_fixture.h"

namespace florin::sagas {
namespace {

using domain::TextEnd;
using domain::TextKind;
using test_support::kMinute;
using test_support::kSecond;
using test_support::phone;
using test_support::units;
using Ends = std::vector<TextEnd>;

class TextSenderTest : public test_support::TransferTest {};

TEST_F(TextSenderTest, EveryStepOfASendIsTextedOnceAndSettledOnce) {
  auto const transaction = initiate();
  auto const& codes = rig->vault().codes();
  ASSERT_EQ(rig->texts(phone(1)).size(), 1u);
  EXPECT_EQ(rig->texts(phone(1)).front(),
            "Your Invo currency send from Adventure Quest to Space Warriors verification code is " +
                codes.pin(transaction, 0) + ". Valid for 10 minutes. Our employees will never ask you for this code.");
  verify(transaction);
  ASSERT_EQ(rig->texts(phone(2)).size(), 1u);
  EXPECT_NE(rig->texts(phone(2)).front().find(codes.claim_code(transaction)), std::string::npos);
  claim(transaction);
  EXPECT_EQ(rig->texts(phone(1)).size(), 2u);
  EXPECT_EQ(rig->texts(phone(2)).size(), 2u);
  for (auto const kind :
       {TextKind::pin, TextKind::claim_code, TextKind::sender_completed, TextKind::receiver_completed}) {
    EXPECT_EQ(rig->view().settled(kind), Ends{TextEnd::sent}) << text_kind_name(kind);
  }
  EXPECT_EQ(rig->wallet(town.quest, 1), (domain::Wallet{units(500), {}}));
  EXPECT_EQ(rig->wallet(town.warriors, 2), (domain::Wallet{units(450), {}}));
}

TEST_F(TextSenderTest, AProviderThatIsDownIsAskedAgainLaterAndThenGetsTheText) {
  rig->phone().set_down(true);
  initiate();
  EXPECT_TRUE(rig->pass(2 * kSecond));
  EXPECT_TRUE(rig->pass(4 * kSecond));
  EXPECT_TRUE(rig->texts(phone(1)).empty());
  EXPECT_TRUE(rig->view().settled(TextKind::pin).empty());
  rig->phone().set_down(false);
  EXPECT_TRUE(rig->quiet());
  EXPECT_TRUE(rig->texts(phone(1)).empty());  // not before its time
  EXPECT_TRUE(rig->pass(60 * kSecond));
  EXPECT_EQ(rig->texts(phone(1)).size(), 1u);
  EXPECT_EQ(rig->view().settled(TextKind::pin), Ends{TextEnd::sent});
}

TEST_F(TextSenderTest, ManyFailuresInARowMakeTextsUnavailableUntilAProbeSucceeds) {
  rig->phone().set_down(true);
  initiate();
  EXPECT_TRUE(rig->sender().sms_available());
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(rig->pass(30 * kSecond));
  EXPECT_FALSE(rig->sender().sms_available());
  EXPECT_GE(rig->sender().retry_after_seconds(), 1);
  rig->phone().set_down(false);
  EXPECT_TRUE(rig->pass(120 * kSecond));
  EXPECT_TRUE(rig->sender().sms_available());
  EXPECT_EQ(rig->view().settled(TextKind::pin), Ends{TextEnd::sent});
}

TEST_F(TextSenderTest, APinWhoseTimeIsOverIsNeverTexted) {
  rig->phone().set_down(true);
  initiate();
  EXPECT_TRUE(rig->pass(10 * kMinute));
  EXPECT_EQ(returned(), domain::ReturnReason::pin_expired);
  rig->phone().set_down(false);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(rig->pass(2 * kMinute));
  ASSERT_EQ(rig->texts(phone(1)).size(), 1u);
  EXPECT_NE(rig->texts(phone(1)).front().find("expired because it was not verified in time"), std::string::npos);
  EXPECT_TRUE(rig->view().read([](domain::State const& state) { return state.owed_texts().empty(); }));
  expect_all_back();
}

TEST_F(TextSenderTest, ANumberThatCannotBeTextedIsSettledAsRefused) {
  auto command = send_500();
  command.sender_phone.number = "+15005550001";
  rig->commit(command, town.quest);
  EXPECT_TRUE(rig->quiet());
  EXPECT_EQ(rig->view().settled(TextKind::pin), Ends{TextEnd::refused});
  EXPECT_TRUE(rig->sender().sms_available());
}

TEST_F(TextSenderTest, ATextToSomebodyWhoWasErasedIsDropped) {
  rig->phone().set_down(true);
  initiate();
  auto const sender = rig->view().all<domain::IdentityRegistered>().front().identity;
  rig.reset();
  ASSERT_TRUE(test_support::must(eventstore::Vault::open(vault.path()))->destroy(sender).ok());
  rig = std::make_unique<test_support::Rig>(vault.path(), log);
  EXPECT_TRUE(rig->quiet());
  EXPECT_TRUE(rig->phone().messages().empty());
  EXPECT_EQ(rig->view().settled(TextKind::pin), Ends{TextEnd::dropped});
}

TEST_F(TextSenderTest, AnAnswerThatWasLostIsTextedAgainInTheSameWords) {
  rig->phone().lose_answer_next(1);
  initiate();
  EXPECT_TRUE(rig->pass(2 * kSecond));
  auto const texts = rig->texts(phone(1));
  ASSERT_EQ(texts.size(), 2u);
  EXPECT_EQ(texts[0], texts[1]);
  EXPECT_EQ(rig->view().settled(TextKind::pin), Ends{TextEnd::sent});
}

// Takes every text and answers none of them for an hour.
class Slow final : public SmsGateway {
 public:
  Awaitable<SmsResult> send(TextMessage message) override {
    taken.release();
    SteadyTimer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
    co_await timer.async_wait(use_awaitable);
    co_return SmsResult::sent(std::move(message.idempotency_key));
  }
  std::counting_semaphore<> taken{0};
};

// Throws more often than there are senders, and sends then.
class Throwing final : public SmsGateway {
 public:
  Awaitable<SmsResult> send(TextMessage message) override {
    if (++taken <= 20) throw std::bad_alloc();
    co_return SmsResult::sent(std::move(message.idempotency_key));
  }
  std::atomic<int> taken{0};
};

TEST_F(TextSenderTest, WhatThrowsCostsNoSenderAndNoText) {
  rig.reset();
  Throwing throwing;
  rig = std::make_unique<test_support::Rig>(vault.path(), log, &throwing);
  for (int i = 1; i <= 20; ++i) {
    rig->commit(test_support::send(town.quest, 1, town.warriors, 2, units(i)), town.quest);
  }
  ASSERT_TRUE(rig->quiet());
  EXPECT_EQ(throwing.taken, 20);
  ASSERT_TRUE(rig->pass(kMinute));
  EXPECT_EQ(throwing.taken, 40);
  EXPECT_EQ(rig->view().settled(TextKind::pin), Ends(20, TextEnd::sent));
}

TEST_F(TextSenderTest, StoppingWithTextsUnderWayLeavesThemOwed) {
  rig.reset();
  Slow slow;
  rig = std::make_unique<test_support::Rig>(vault.path(), log, &slow);
  for (int i = 1; i <= 20; ++i) {
    rig->commit(test_support::send(town.quest, 1, town.warriors, 2, units(i)), town.quest);
  }
  for (int i = 0; i < 16; ++i) ASSERT_TRUE(slow.taken.try_acquire_for(std::chrono::seconds(10)));
  rig.reset();
  rig = std::make_unique<test_support::Rig>(vault.path(), log);
  EXPECT_TRUE(rig->quiet());
  EXPECT_EQ(rig->texts(phone(1)).size(), 20u);
  EXPECT_EQ(rig->view().settled(TextKind::pin), Ends(20, TextEnd::sent));
}

}  // namespace
}  // namespace florin::sagas
