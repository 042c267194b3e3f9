// Minors and their guardians (CONTRACT, Guardian approval). Ann is a minor; her guardian is asked on kMumsPhone.
#include <gtest/gtest.h>

#include "tests/domain/transfer_dsl.h"

namespace florin::domain::testing {
namespace {

constexpr ExpireTransfer kExpire{kMinorsSend};
constexpr ResendPin kResend{kGame, Flavour::send, kMinorsSend};

TransferReleased minors_money_back(ReturnReason reason) { return returned(reason, kMinorsSend); }

std::vector<Event> approved() { return waiting_for_guardian() + std::vector<Event>{GuardianApproved{kMinorsSend}}; }

// ---- flags -------------------------------------------------------------------------------------------------------

TEST(Minor, FlaggingMakesThePersonAndTheGuardiansPhoneKnown) {
  given(four_games())
      .when(FlagMinor{person(kAnn), phone(kMumsPhone)})
      .then({registered(1, kAnn), recorded(1, 1, kMumsPhone), MinorFlagged{IdentityId(1), PhoneId(1)}});
  given(ann_at_home()).when(FlagMinor{person(kAnn), {}}).then({MinorFlagged{IdentityId(1), {}}});
}

TEST(Minor, FlaggingAgainChangesTheGuardian) {
  given(ann_the_minor())
      .when(FlagMinor{person(kAnn), phone("+15550000033")})
      .then({recorded(2, 1, "+15550000033"), MinorFlagged{IdentityId(1), PhoneId(2)}});
  given(ann_the_minor()).when(FlagMinor{person(kAnn), {}}).then({MinorFlagged{IdentityId(1), {}}});
}

TEST(Minor, FlaggingAsItIsWritesNothing) {
  given(ann_the_minor()).when(FlagMinor{person(kAnn), phone(kMumsPhone)}).then(RejectionCode::nothing_new);
  auto const alone = ann_at_home() + std::vector<Event>{MinorFlagged{IdentityId(1), {}}};
  given(alone).when(FlagMinor{person(kAnn), {}}).then(RejectionCode::nothing_new);
}

TEST(Minor, OnlyAFlagCanBeCleared) {
  given(ann_the_minor()).when(ClearMinor{index_of(kAnn)}).then({MinorCleared{IdentityId(1)}});
  given(ann_at_home()).when(ClearMinor{index_of(kAnn)}).then(RejectionCode::minor_not_found);
  given(ann_at_home()).when(ClearMinor{index_of(kBob)}).then(RejectionCode::minor_not_found);
}

// The minor verified a PIN on the phone, or its owner let the minor use it: then the minor would answer for the
// guardian.
TEST(Minor, AGuardianWhosePhoneIsTheMinorsIsRefused) {
  auto const own = ann_at_home() + std::vector<Event>{recorded(1, 1, kMumsPhone), verified(1)};
  given(own).when(FlagMinor{person(kAnn), phone(kMumsPhone)}).then(RejectionCode::guardian_is_minor);
  auto const shared =
      ann_at_home() + std::vector<Event>{registered(2, kCat),
                                         recorded(1, 2, kMumsPhone),
                                         verified(1),
                                         recorded(2, 1, kMumsPhone),
                                         PhoneShareRequested{ApprovalId(12), PhoneId(2), PhoneId(1), kNow + kMinute},
                                         PhoneShareEnded{ApprovalId(12), ShareEnd::approved}};
  given(shared).when(FlagMinor{person(kAnn), phone(kMumsPhone)}).then(RejectionCode::guardian_is_minor);
  given(shared)
      .when(FlagMinor{person(kAnn), phone("+15550000033")})
      .then({recorded(3, 1, "+15550000033"), MinorFlagged{IdentityId(1), PhoneId(3)}});
}

TEST(Minor, FlaggingPutsNoPhoneOnFile) {
  auto command = send_to_bob();
  command.sender = player(kAnn);
  command.receiver_phone = phone(kMumsPhone);
  EXPECT_TRUE(decide_in(ann_the_minor(), command).ok());
}

// ---- initiate ----------------------------------------------------------------------------------------------------

TEST(Guardian, IsAskedBeforeAMinorsSendGoesOn) {
  given(ann_the_minor())
      .when(send_to_bob())
      .then({registered(2, kBob), recorded(2, 1, kAnnsPhone), recorded(3, 2, kBobsPhone), initiated_by_minor()});
}

TEST(Guardian, AMinorWithoutOneInitiatesNothing) {
  given(ann_at_home() + std::vector<Event>{MinorFlagged{IdentityId(1), {}}})
      .when(send_to_bob())
      .then(RejectionCode::guardian_required);
}

TEST(Guardian, OneWhoReadsTheMinorsPhoneIsNone) {
  auto command = send_to_bob();
  command.sender_phone = phone(kMumsPhone);
  given(ann_the_minor()).when(command).then(RejectionCode::guardian_required);
}

// Whichever phone the minor names now: the guardian's text would be read by the minor.
TEST(Guardian, OneWhosePhoneTheMinorCameToHoldIsNone) {
  given(ann_the_minor() + std::vector<Event>{verified(1)}).when(send_to_bob()).then(RejectionCode::guardian_required);
}

TEST(Guardian, IsNotAskedForAnAdultAgain) {
  auto adults = initiated(TransferId(11));
  adults.sender_phone = PhoneId(2);
  adults.receiver_phone = PhoneId(3);
  given(ann_the_minor() + std::vector<Event>{MinorCleared{IdentityId(1)}})
      .when(send_to_bob())
      .then({registered(2, kBob), recorded(2, 1, kAnnsPhone), recorded(3, 2, kBobsPhone), adults});
}

TEST(Guardian, IsAskedForTheSenderNotTheReceiver) {
  given(ann_at_home() + std::vector<Event>{registered(2, kBob), MinorFlagged{IdentityId(2), {}}})
      .when(send_to_bob())
      .then({recorded(1, 1, kAnnsPhone), recorded(2, 2, kBobsPhone), initiated(TransferId(10))});
}

TEST(Guardian, IsNotAskedAboutPurchases) {
  PurchaseItem const purchase{kGame, player(kAnn), {}, Item{"sword", "Sword", "", ""}, 1, units("1.00"), units("1.00")};
  EXPECT_TRUE(decide_in(ann_the_minor(), purchase).ok());
}

// ---- while pending -----------------------------------------------------------------------------------------------

TEST(Guardian, VerificationWaitsAndUsesNoAttempt) {
  given(waiting_for_guardian()).when(verify(kFirstPin, kMinorsSend)).then(RejectionCode::guardian_pending);
  given(waiting_for_guardian()).when(verify(kWrong, kMinorsSend)).then(RejectionCode::guardian_pending);
  given(waiting_for_guardian())
      .at(kNow + (15 * kMinute - 1))
      .when(verify(kFirstPin, kMinorsSend))
      .then(RejectionCode::guardian_pending);
  given(waiting_for_guardian())
      .at(kNow + 15 * kMinute)
      .when(verify(kFirstPin, kMinorsSend))
      .then(RejectionCode::transfer_not_open);
}

TEST(Guardian, ThePinMayBeResentMeanwhileEvenAfterItRanOut) {
  auto const late = kNow + (15 * kMinute - 1);
  given(waiting_for_guardian()).at(late).when(kResend).then({PinReissued{kMinorsSend, 1, late + 10 * kMinute}});
  given(waiting_for_guardian()).at(kNow + 15 * kMinute).when(kResend).then(RejectionCode::pin_expired);
}

TEST(Guardian, AWaitingSendMayBeCancelled) {
  given(waiting_for_guardian())
      .when(CancelTransfer{kGame, Flavour::send, kMinorsSend})
      .then({minors_money_back(ReturnReason::cancelled)});
}

TEST(Guardian, AWaitingSendCannotBeClaimed) {
  given(waiting_for_guardian()).when(claim_by_bob(kMinorsSend)).then(RejectionCode::transfer_not_open);
}

TEST(Guardian, ClearingTheFlagLeavesWhatWasAsked) {
  given(waiting_for_guardian() + std::vector<Event>{MinorCleared{IdentityId(1)}})
      .when(verify(kFirstPin, kMinorsSend))
      .then(RejectionCode::guardian_pending);
}

TEST(Guardian, WhoDoesNotAnswerForFifteenMinutesEndsIt) {
  given(waiting_for_guardian()).at(kNow + 10 * kMinute).when(kExpire).then(RejectionCode::not_due);
  given(waiting_for_guardian()).at(kNow + (15 * kMinute - 1)).when(kExpire).then(RejectionCode::not_due);
  given(waiting_for_guardian())
      .at(kNow + 15 * kMinute)
      .when(kExpire)
      .then({minors_money_back(ReturnReason::guardian_expired)});
}

// ---- answers -----------------------------------------------------------------------------------------------------

TEST(Guardian, AYesLetsVerificationGoOn) {
  given(waiting_for_guardian())
      .at(kNow + kMinute)
      .when(reply(kMumsPhone, ReplyWord::yes))
      .then({replied(kMumsPhone), GuardianApproved{kMinorsSend}});
  given(approved()).when(verify(kFirstPin, kMinorsSend)).then({verified(2), PinVerified{kMinorsSend, kNow + kDay}});
  given(approved()).at(kNow + 10 * kMinute).when(kExpire).then({minors_money_back(ReturnReason::pin_expired)});
}

TEST(Guardian, AYesAfterThePinRanOutIssuesANewOne) {
  auto const last = kNow + (10 * kMinute - 1);
  given(waiting_for_guardian())
      .at(last)
      .when(reply(kMumsPhone, ReplyWord::yes))
      .then({replied(kMumsPhone), GuardianApproved{kMinorsSend}});
  auto const late = kNow + 10 * kMinute;
  PinReissued const another{kMinorsSend, 1, late + 10 * kMinute};
  given(waiting_for_guardian())
      .at(late)
      .when(reply(kMumsPhone, ReplyWord::yes))
      .then({replied(kMumsPhone), GuardianApproved{kMinorsSend}, another});
  given(waiting_for_guardian())
      .at(late)
      .also({GuardianApproved{kMinorsSend}, another})
      .at(late + (10 * kMinute - 1))
      .when(verify(kSecondPin, kMinorsSend))
      .then({verified(2), PinVerified{kMinorsSend, late + (10 * kMinute - 1) + kDay}});
}

TEST(Guardian, ANoReturnsTheFunds) {
  given(waiting_for_guardian())
      .when(reply(kMumsPhone, ReplyWord::no))
      .then({replied(kMumsPhone), minors_money_back(ReturnReason::guardian_rejected)});
}

TEST(Guardian, AnAnswerAfterFifteenMinutesSettlesNothing) {
  auto const last = kNow + (15 * kMinute - 1);
  given(waiting_for_guardian())
      .at(last)
      .when(reply(kMumsPhone, ReplyWord::no))
      .then({replied(kMumsPhone), minors_money_back(ReturnReason::guardian_rejected)});
  for (auto const word : {ReplyWord::yes, ReplyWord::no}) {
    given(waiting_for_guardian()).at(kNow + 15 * kMinute).when(reply(kMumsPhone, word)).then({replied(kMumsPhone)});
  }
}

TEST(Guardian, NobodyElseAnswersForThem) {
  for (auto const* number : {kAnnsPhone, kBobsPhone}) {
    given(waiting_for_guardian()).when(reply(number, ReplyWord::yes)).then({replied(number)});
  }
}

TEST(Guardian, WhatHasBeenSettledIsNotAskedAnyMore) {
  given(approved()).when(reply(kMumsPhone, ReplyWord::no)).then({replied(kMumsPhone)});
  given(waiting_for_guardian() + std::vector<Event>{minors_money_back(ReturnReason::cancelled)})
      .when(reply(kMumsPhone, ReplyWord::yes))
      .then({replied(kMumsPhone)});
}

TEST(Guardian, WordsAndStrayNumbersSettleNothing) {
  given(waiting_for_guardian()).when(reply(kMumsPhone, ReplyWord::none)).then({replied(kMumsPhone)});
  for (auto const word : {ReplyWord::none, ReplyWord::yes, ReplyWord::no}) {
    given(waiting_for_guardian()).when(reply_with_code(kMumsPhone, word, Position{})).then({replied(kMumsPhone)});
  }
}

TEST(Guardian, OfTwoSendsTheNewestIsAnswered) {
  auto second = initiated_by_minor();
  second.transaction = TransferId(14);
  second.amount = units("100.00");
  second.fees = {units("3.50"), units("3.50"), units("3.00")};
  second.available_after = units("400.00");
  second.reserved_after = units("600.00");
  auto const both = waiting_for_guardian() + std::vector<Event>{second};
  given(both).when(reply(kMumsPhone, ReplyWord::yes)).then({replied(kMumsPhone), GuardianApproved{TransferId(14)}});
  given(both + std::vector<Event>{GuardianApproved{TransferId(14)}})
      .when(reply(kMumsPhone, ReplyWord::yes))
      .then({replied(kMumsPhone), GuardianApproved{kMinorsSend}});
}

}  // namespace
}  // namespace florin::domain::testing
