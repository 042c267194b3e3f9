#include "projections/transfers.h"

#include <map>

#include "projections/view_file.h"
#include "tests/projections/views_fixture.h"

namespace florin::projections {
namespace {

using domain::ApprovalId;
using domain::GuardianState;
using domain::Position;
using domain::ReturnReason;
using domain::ShareEnd;
using domain::TransferEnd;
using domain::TransferId;
using domain::TransferStage;

class Transfers : public ViewsTest {
 protected:
  void SetUp() override {
    town.create_game("a", {"gold"});
    town.create_game("b", {"silver"});
    town.credit(a(), 0, 100'000);
  }
  domain::Game a() const { return town.game(0); }
  domain::Game b() const { return town.game(1); }

  eventstore::CommitPtr initiate() {
    town.pass(60);  // not the same transfer twice
    auto const initiated = town.initiate(a(), 0, b(), 0, 400);
    EXPECT_TRUE(initiated);
    return initiated;
  }
  TransferRecord transfer(TransferId transaction) {
    auto view = read("transfers");
    auto const record = read_transfer(view, transaction);
    EXPECT_TRUE(record) << record.error().what;
    EXPECT_TRUE(record.value());
    return record.value().value_or(TransferRecord{});
  }
  ShareRecord share(ApprovalId approval) {
    auto view = read("transfers");
    auto const record = read_share(view, approval);
    EXPECT_TRUE(record) << record.error().what;
    EXPECT_TRUE(record.value());
    return record.value().value_or(ShareRecord{});
  }
};

TEST_F(Transfers, GoFromThePinToTheClaim) {
  auto const initiated = initiate();
  auto const fact = std::get<domain::TransferInitiated>(initiated->events.back());
  TransferRecord expected;
  expected.transaction = TransferId(initiated->first);
  expected.flavour = domain::Flavour::transfer;
  expected.initiated_at = initiated->at;
  expected.pin_expires_at = fact.pin_expires_at;
  EXPECT_EQ(transfer(TransferId(initiated->first)), expected);

  auto const verified = town.verify(TransferId(initiated->first));
  ASSERT_TRUE(verified);
  expected.stage = TransferStage::claim;
  expected.verified_at = verified->at;
  expected.claim_expires_at = std::get<domain::PinVerified>(verified->events.back()).claim_expires_at;
  EXPECT_EQ(transfer(TransferId(initiated->first)), expected);

  auto const claimed = town.claim(TransferId(initiated->first));
  ASSERT_TRUE(claimed);
  expected.end = TransferEnd::completed;
  expected.ended_at = claimed->at;
  expected.ended_in = claimed->first;
  expected.receiver = town.player(b(), 0);
  EXPECT_EQ(transfer(TransferId(initiated->first)), expected);
}

TEST_F(Transfers, TellHowTheyEnded) {
  auto const wrong = initiate();
  auto const cancelled = initiate();
  auto const late = initiate();
  auto const unclaimed = initiate();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(town.verify(TransferId(wrong->first), false));
  ASSERT_TRUE(town.cancel(TransferId(cancelled->first)));
  ASSERT_TRUE(town.verify(TransferId(unclaimed->first)));
  town.pass(600);
  auto const expired = town.expire(TransferId(late->first));
  ASSERT_TRUE(expired);
  town.pass(86'400);
  ASSERT_TRUE(town.expire(TransferId(unclaimed->first)));

  auto const expect = [&](TransferId transaction, TransferEnd end, ReturnReason reason, TransferStage stage) {
    auto const record = transfer(transaction);
    EXPECT_EQ(record.end, end);
    EXPECT_EQ(record.reason, reason);
    EXPECT_EQ(record.stage, stage);
    EXPECT_EQ(record.receiver, domain::PlayerId{});
  };
  expect(TransferId(wrong->first), TransferEnd::failed, ReturnReason::wrong_pins, TransferStage::pin);
  expect(TransferId(cancelled->first), TransferEnd::cancelled, ReturnReason::cancelled, TransferStage::pin);
  expect(TransferId(late->first), TransferEnd::expired, ReturnReason::pin_expired, TransferStage::pin);
  expect(TransferId(unclaimed->first), TransferEnd::expired, ReturnReason::claim_expired, TransferStage::claim);
  EXPECT_EQ(transfer(TransferId(late->first)).ended_in, expired->first);
  EXPECT_EQ(transfer(TransferId(late->first)).ended_at, expired->at);
}

TEST_F(Transfers, TellWhatTheGuardianSaid) {
  ASSERT_TRUE(town.flag_minor(0, 9));
  auto const approved = initiate();
  auto const pending = transfer(TransferId(approved->first));
  EXPECT_EQ(pending.guardian, GuardianState::pending);
  EXPECT_EQ(pending.guardian_expires_at,
            std::get<domain::TransferInitiated>(approved->events.back()).guardian_expires_at);
  town.pass(700);
  auto const yes = town.reply(9, domain::ReplyWord::yes);
  ASSERT_TRUE(yes);
  auto const after = transfer(TransferId(approved->first));
  EXPECT_EQ(after.guardian, GuardianState::approved);
  EXPECT_EQ(after.pin_expires_at, std::get<domain::PinReissued>(yes->events.back()).expires_at)
      << "the first PIN had run out";

  auto const rejected = initiate();
  ASSERT_TRUE(town.reply(9, domain::ReplyWord::no));
  EXPECT_EQ(transfer(TransferId(rejected->first)).end, TransferEnd::failed);
  EXPECT_EQ(transfer(TransferId(rejected->first)).reason, ReturnReason::guardian_rejected);
  auto const unanswered = initiate();
  town.pass(900);
  ASSERT_TRUE(town.expire(TransferId(unanswered->first)));
  EXPECT_EQ(transfer(TransferId(unanswered->first)).end, TransferEnd::expired);
  EXPECT_EQ(transfer(TransferId(unanswered->first)).reason, ReturnReason::guardian_expired);
}

TEST_F(Transfers, HoldPhoneShares) {
  auto const first = initiate();
  ASSERT_TRUE(town.verify(TransferId(first->first)));  // the phone is on file
  auto const asked = town.ask_for_phone(1, 0);
  ASSERT_TRUE(asked);
  auto const& fact = std::get<domain::PhoneShareRequested>(asked->events.back());
  ShareRecord expected{ApprovalId(asked->first), fact.phone, asked->at, fact.expires_at, std::nullopt, {}};
  EXPECT_EQ(share(ApprovalId(asked->first)), expected);
  town.pass(60);
  auto const again = town.ask_for_phone(1, 0);
  ASSERT_TRUE(again);
  expected.end = ShareEnd::superseded;
  expected.ended_at = again->at;
  EXPECT_EQ(share(ApprovalId(asked->first)), expected);
  EXPECT_FALSE(share(ApprovalId(again->first)).end);
  ASSERT_TRUE(town.reply(0, domain::ReplyWord::yes));
  EXPECT_EQ(share(ApprovalId(again->first)).end, ShareEnd::approved);
}

TEST_F(Transfers, WhatIsNoneIsNone) {
  auto const credit = town.credit(a(), 0, 100);
  auto const initiated = initiate();
  auto view = read("transfers");
  for (auto const position : {credit->first, Position{}, Position(1'000'000), Position(~std::uint64_t{0})}) {
    auto const transfer = read_transfer(view, TransferId(position));
    ASSERT_TRUE(transfer);
    EXPECT_FALSE(transfer.value());
  }
  auto const share = read_share(view, ApprovalId(initiated->first));
  ASSERT_TRUE(share);
  EXPECT_FALSE(share.value());
}

TEST_F(Transfers, AnEndWithoutABeginningStopsTheView) {
  auto view = ViewFile::create(folder.path() / "alone.db", transfers_projection(), ViewFile::Purpose::live);
  ASSERT_TRUE(view);
  domain::Commit const odd{Position(1), {}, {}, {domain::GuardianApproved{TransferId(7)}}};
  auto const applied = view.value()->apply(odd, {Position(1), {}});
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().kind, eventstore::Fault::Kind::corrupt);
}

TEST_F(Transfers, EqualTheFold) {
  auto const seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  town.reseed(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 4'000; ++i) {
    town.play_random(12);
    if (random() % 100 == 0) static_cast<void>(read("transfers"));
  }
  std::map<TransferEnd, int> ends;
  std::map<ShareEnd, int> share_ends;
  auto view = read("transfers");
  for (auto const& commit : town.commits()) {
    for (auto const& event : commit->events) {
      if (auto const* fact = std::get_if<domain::TransferInitiated>(&event)) {
        auto const record = read_transfer(view, fact->transaction);
        ASSERT_TRUE(record && record.value());
        auto const& shown = *record.value();
        EXPECT_EQ(shown.flavour, fact->flavour);
        EXPECT_EQ(shown.initiated_at, commit->at);
        auto const* open = town.state().find_transfer(fact->transaction);
        ASSERT_EQ(shown.end.has_value(), open == nullptr);
        if (shown.end) ++ends[*shown.end];
        if (open == nullptr) continue;
        EXPECT_EQ(shown.stage, open->stage);
        EXPECT_EQ(shown.guardian, open->guardian);
        EXPECT_EQ(shown.pin_expires_at, open->pin_expires_at);
        EXPECT_EQ(shown.guardian_expires_at, open->guardian_expires_at);
        EXPECT_EQ(shown.claim_expires_at, open->claim_expires_at);
      }
      if (auto const* fact = std::get_if<domain::TransferClaimed>(&event)) {
        auto const record = read_transfer(view, fact->transaction);
        ASSERT_TRUE(record && record.value());
        EXPECT_EQ(record.value()->end, TransferEnd::completed);
        EXPECT_EQ(record.value()->receiver, fact->receiver);
        EXPECT_EQ(record.value()->ended_in, commit->first);
      }
      if (auto const* fact = std::get_if<domain::TransferReleased>(&event)) {
        auto const record = read_transfer(view, fact->transaction);
        ASSERT_TRUE(record && record.value());
        EXPECT_EQ(record.value()->end, domain::end_of(fact->reason));
        EXPECT_EQ(record.value()->reason, fact->reason);
        EXPECT_EQ(record.value()->ended_at, commit->at);
      }
      if (auto const* fact = std::get_if<domain::PhoneShareRequested>(&event)) {
        auto const record = read_share(view, fact->approval);
        ASSERT_TRUE(record && record.value());
        EXPECT_EQ(record.value()->phone, fact->phone);
        EXPECT_EQ(record.value()->end.has_value(), town.state().shares().find(fact->approval) == nullptr);
        if (record.value()->end) ++share_ends[*record.value()->end];
      }
    }
  }
  // The town has to be lively for this to mean anything.
  for (auto const end : {TransferEnd::completed, TransferEnd::failed, TransferEnd::expired, TransferEnd::cancelled}) {
    EXPECT_GT(ends[end], 0) << static_cast<int>(end);
  }
  EXPECT_GT(share_ends[ShareEnd::approved], 0);
}

}  // namespace
}  // namespace florin::projections
