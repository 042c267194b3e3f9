#include "sagas/texting/composer.h"

#include <gtest/gtest.h>

#include "tests/sagas/saga_rig.h"

namespace florin::sagas {
namespace {

using domain::TextKind;
using domain::TextRef;
using test_support::kMinute;
using test_support::phone;
using test_support::units;

struct Texting : testing::Test {
  test_support::TempFolder vault;
  test_support::MemoryLog log;
  test_support::Rig rig{vault.path(), log};
  test_support::Town town = test_support::build_town(rig);
  domain::TransferId transaction{
      rig.commit(test_support::send(town.quest, 1, town.warriors, 2, units(500)), town.quest)->first};
  Composer composer{rig.ledger(), log, rig.vault()};

  std::optional<TextMessage> compose(TextRef const& text, std::optional<TransferFacts> facts = {}) {
    return test_support::must(composer.compose({text, std::move(facts), 0}, rig.clock().now()));
  }
};

TEST_F(Texting, ThePinGoesToTheSenderUnderAKeyOfItsOwn) {
  auto const message = compose({transaction.position(), TextKind::pin, 0});
  ASSERT_TRUE(message);
  EXPECT_EQ(message->to, phone(1).number);
  EXPECT_NE(message->body.find(rig.vault().codes().pin(transaction, 0)), std::string::npos);
  EXPECT_EQ(compose({transaction.position(), TextKind::pin, 0})->idempotency_key, message->idempotency_key);

  rig.clock().advance(kMinute);
  rig.commit(domain::ResendPin{town.quest, domain::Flavour::send, transaction}, town.quest);
  auto const second = compose({transaction.position(), TextKind::pin, 1});
  ASSERT_TRUE(second);
  EXPECT_NE(second->idempotency_key, message->idempotency_key);
}

TEST_F(Texting, APinThatWasReplacedUsedOrHasExpiredIsPointless) {
  rig.clock().advance(kMinute);
  rig.commit(domain::ResendPin{town.quest, domain::Flavour::send, transaction}, town.quest);
  EXPECT_FALSE(compose({transaction.position(), TextKind::pin, 0}));
  EXPECT_TRUE(compose({transaction.position(), TextKind::pin, 1}));
  EXPECT_FALSE(compose({transaction.position(), TextKind::claim_code, 0}));
  auto const end = domain::Timestamp::from_micros(rig.clock().now().micros() + domain::kPinMicros);
  auto const late = composer.compose({{transaction.position(), TextKind::pin, 1}, {}, 0}, end);
  EXPECT_FALSE(test_support::must(late));
  rig.commit(domain::VerifyPin{town.quest, domain::Flavour::send, transaction, 2}, town.quest);
  EXPECT_FALSE(compose({transaction.position(), TextKind::pin, 1}));
  auto const claim = compose({transaction.position(), TextKind::claim_code, 0});
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->to, phone(2).number);
}

TEST_F(Texting, AnEndReadsTheSameFromTheEventAndFromTheLog) {
  auto const commit = rig.commit(domain::CancelTransfer{town.quest, domain::Flavour::send, transaction}, town.quest);
  auto const facts = closing_facts(commit->events.front());
  ASSERT_TRUE(facts);
  TextRef const text{transaction.position(), TextKind::sender_returned,
                     static_cast<std::uint8_t>(domain::ReturnReason::cancelled)};
  auto const quick = compose(text, facts);
  auto const read = compose(text);
  ASSERT_TRUE(quick && read);
  EXPECT_EQ(quick->to, read->to);
  EXPECT_EQ(quick->body, read->body);
  EXPECT_EQ(
      quick->body,
      "Your Invo currency send from Adventure Quest to Space Warriors was cancelled. 500.00 Adventure Quest coins "
      "are back in your balance.");
  EXPECT_FALSE(compose({domain::Position(1), TextKind::sender_returned, 5}));  // no transfer begins there
}

TEST_F(Texting, ALogThatCannotBeReadIsAFaultAndNoReasonToDropTheText) {
  rig.commit(domain::CancelTransfer{town.quest, domain::Flavour::send, transaction}, town.quest);
  ASSERT_TRUE(rig.quiet());
  log.fail_reads(eventstore::Fault{eventstore::Fault::Kind::io, "no disk"});
  EXPECT_FALSE(
      composer.compose({{transaction.position(), TextKind::sender_returned, 5}, {}, 0}, rig.clock().now()).ok());
  log.fail_reads(std::nullopt);
}

TEST_F(Texting, AShareIsAskedOfTheOwnerAndShowsWhoAsksMasked) {
  rig.commit(domain::VerifyPin{town.quest, domain::Flavour::send, transaction, 1}, town.quest);
  domain::ApprovalId const approval(rig.commit(domain::RequestPhoneShare{phone(1), test_support::somebody(3)})->first);
  ASSERT_TRUE(rig.ledger().share(approval));
  auto const message = compose({approval.position(), TextKind::share_code, 0});
  ASSERT_TRUE(message);
  EXPECT_EQ(message->to, phone(1).number);
  EXPECT_NE(message->body.find("pl***@example.org"), std::string::npos) << message->body;
  EXPECT_NE(message->body.find(rig.vault().codes().otp(approval.position())), std::string::npos);
  EXPECT_EQ(message->body.find("player3"), std::string::npos);
}

}  // namespace
}  // namespace florin::sagas
