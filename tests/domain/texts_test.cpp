// Which texts are owed when, and that each is settled once.
#include "domain/texts.h"

#include <gtest/gtest.h>

#include "tests/domain/transfer_dsl.h"

namespace florin::domain::testing {
namespace {

constexpr TextRef kPin{kSend.position(), TextKind::pin, 0};
constexpr TextRef kSecond{kSend.position(), TextKind::pin, 1};
constexpr TextRef kClaimCode{kSend.position(), TextKind::claim_code, 0};

OwedTexts owed(std::vector<Event> const& events) { return state_after(events).owed_texts(); }

TextRef money_back(ReturnReason reason, TransferId transaction = kSend) {
  return {transaction.position(), TextKind::sender_returned, static_cast<std::uint8_t>(reason)};
}

TEST(OwedTexts, FollowASendToItsClaim) {
  EXPECT_EQ(owed(ann_at_home()), OwedTexts{});
  EXPECT_EQ(owed(waiting_for_pin()), OwedTexts{kPin});
  EXPECT_EQ(owed(waiting_for_claim()), OwedTexts{kClaimCode});
  auto const claim = std::vector<Event>{joined(2, kOther, 2, kBob), verified(2), claimed(PlayerId(2), units("450.00"))};
  EXPECT_EQ(owed(waiting_for_claim() + claim), (OwedTexts{{kSend.position(), TextKind::sender_completed, 0},
                                                          {kSend.position(), TextKind::receiver_completed, 0}}));
}

TEST(OwedTexts, OnlyTheNewestPinIsOwed) {
  auto const resent = waiting_for_pin() + std::vector<Event>{PinReissued{kSend, 1, kNow + kHour}};
  EXPECT_EQ(owed(resent), OwedTexts{kSecond});
  EXPECT_EQ(owed(resent + std::vector<Event>{verified(1), PinVerified{kSend, kNow + kDay}}), OwedTexts{kClaimCode});
}

TEST(OwedTexts, WhateverWasOwedAReturnLeavesOnlyItself) {
  for (auto const reason : {ReturnReason::pin_expired, ReturnReason::cancelled, ReturnReason::wrong_pins}) {
    EXPECT_EQ(owed(waiting_for_pin() + std::vector<Event>{returned(reason)}), OwedTexts{money_back(reason)});
  }
  EXPECT_EQ(owed(waiting_for_claim() + std::vector<Event>{returned(ReturnReason::claim_expired)}),
            OwedTexts{money_back(ReturnReason::claim_expired)});
  EXPECT_EQ(owed(waiting_for_guardian() + std::vector<Event>{returned(ReturnReason::guardian_rejected, kMinorsSend)}),
            OwedTexts{money_back(ReturnReason::guardian_rejected, kMinorsSend)});
}

TEST(OwedTexts, AGuardianIsAskedUntilTheyAnswer) {
  TextRef const pin{kMinorsSend.position(), TextKind::pin, 0};
  EXPECT_EQ(owed(waiting_for_guardian()), (OwedTexts{pin, {kMinorsSend.position(), TextKind::guardian_question, 0}}));
  EXPECT_EQ(owed(waiting_for_guardian() + std::vector<Event>{GuardianApproved{kMinorsSend}}), OwedTexts{pin});
}

TEST(OwedTexts, AShareCodeIsOwedWhileItsApprovalWaits) {
  auto const asks =
      ann_at_home() + std::vector<Event>{registered(2, kCat),
                                         recorded(1, 2, kBobsPhone),
                                         verified(1),
                                         registered(3, kBob),
                                         recorded(2, 3, kBobsPhone),
                                         PhoneShareRequested{ApprovalId(11), PhoneId(2), PhoneId(1), kNow}};
  EXPECT_EQ(owed(asks), (OwedTexts{{Position(11), TextKind::share_code, 0}}));
  EXPECT_EQ(owed(asks + std::vector<Event>{PhoneShareEnded{ApprovalId(11), ShareEnd::superseded}}), OwedTexts{});
}

TEST(SettleTexts, WhatWasSentIsOwedNoMore) {
  for (auto const end : {TextEnd::sent, TextEnd::refused, TextEnd::dropped}) {
    given(waiting_for_pin()).when(SettleTexts{{{kPin, end}}}).then({TextSettled{kPin, end}});
  }
  EXPECT_EQ(owed(waiting_for_pin() + std::vector<Event>{TextSettled{kPin, TextEnd::sent}}), OwedTexts{});
}

TEST(SettleTexts, OnlyWhatIsStillOwedAndEachOnce) {
  given(waiting_for_claim())
      .when(SettleTexts{{{kPin, TextEnd::sent}, {kClaimCode, TextEnd::sent}, {kClaimCode, TextEnd::refused}}})
      .then({TextSettled{kClaimCode, TextEnd::sent}});
}

TEST(SettleTexts, NothingOwedIsNothingToSettle) {
  given(waiting_for_pin()).when(SettleTexts{{}}).then(RejectionCode::nothing_to_settle);
  given(waiting_for_pin()).when(SettleTexts{{{kSecond, TextEnd::sent}}}).then(RejectionCode::nothing_to_settle);
  given(waiting_for_pin() + std::vector<Event>{TextSettled{kPin, TextEnd::sent}})
      .when(SettleTexts{{{kPin, TextEnd::sent}}})
      .then(RejectionCode::nothing_to_settle);
}

TEST(SettleTexts, ASentTextDoesNotComeBackWithWhatFollows) {
  auto const sent = waiting_for_pin() + std::vector<Event>{TextSettled{kPin, TextEnd::sent}};
  EXPECT_EQ(owed(sent + std::vector<Event>{PinRejected{kSend, 2}}), OwedTexts{});
  EXPECT_EQ(owed(sent + std::vector<Event>{PinReissued{kSend, 1, kNow + kHour}}), OwedTexts{kSecond});
}

}  // namespace
}  // namespace florin::domain::testing
