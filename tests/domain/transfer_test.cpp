// A transfer from its PIN to its end. The cast is transfer_dsl.h's: Ann sends Bob 500.00 at kNow.
#include <gtest/gtest.h>

#include "domain/claim_candidates.h"
#include "tests/domain/transfer_dsl.h"

namespace florin::domain::testing {
namespace {

// As many wrong PINs as there may be.
std::vector<Event> wrong_pins(std::uint8_t count, TransferId transaction = kSend) {
  std::vector<Event> events;
  for (std::uint8_t i = 1; i <= count; ++i) {
    events.emplace_back(PinRejected{transaction, static_cast<std::uint8_t>(kWrongPinsMax - i)});
  }
  return events;
}

PinReissued second_pin(Timestamp at) { return {kSend, 1, at + 10 * kMinute}; }
PinVerified pin_verified(Timestamp at) { return {kSend, at + kDay}; }

constexpr ResendPin kResend{kGame, Flavour::send, kSend};
constexpr CancelTransfer kCancel{kGame, Flavour::send, kSend};
constexpr ExpireTransfer kExpire{kSend};

std::vector<Event> ended() { return waiting_for_pin() + std::vector<Event>{returned(ReturnReason::cancelled)}; }

// ---- verify ------------------------------------------------------------------------------------------------------

TEST(Transfer, TheRightPinProvesThePhoneAndOpensTheClaim) {
  auto const at = kNow + kMinute;
  given(waiting_for_pin()).at(at).when(verify(kFirstPin)).then({verified(1), pin_verified(at)});
}

TEST(Transfer, APhoneIsProvedOnce) {
  given(waiting_for_pin() + std::vector<Event>{verified(1)}).when(verify(kFirstPin)).then({pin_verified(kNow)});
}

// Cat came to own Ann's phone while Ann's PIN was on its way.
TEST(Transfer, APinDoesNotMakeASecondOwner) {
  auto const cats =
      waiting_for_pin() + std::vector<Event>{registered(3, kCat), recorded(3, 3, kAnnsPhone), verified(3)};
  PinVerified const verified_pin{kSend, kNow + kDay};
  given(cats).when(verify(kFirstPin)).then({verified_pin});
  auto const state = state_after(cats + std::vector<Event>{verified_pin});
  EXPECT_EQ(state.phones()[PhoneId(1)].on_file_as, Phones::kClaimed);
  EXPECT_EQ(state.phones().owner(index_of(kAnnsPhone)), PhoneId(3));
  EXPECT_FALSE(state.phones().may_use(index_of(kAnnsPhone), IdentityId(1)));
}

TEST(Transfer, AWrongPinLeavesAttempts) {
  given(waiting_for_pin()).when(verify(kWrong)).then({PinRejected{kSend, 2}});
  given(waiting_for_pin() + wrong_pins(1)).when(verify(kWrong)).then({PinRejected{kSend, 1}});
}

TEST(Transfer, ThirdWrongPinReturnsTheFunds) {
  given(waiting_for_pin() + wrong_pins(2))
      .when(verify(kWrong))
      .then({PinRejected{kSend, 0}, returned(ReturnReason::wrong_pins)});
}

TEST(Transfer, TheRightPinMayComeAfterTwoWrongOnes) {
  given(waiting_for_pin() + wrong_pins(2)).when(verify(kFirstPin)).then({verified(1), pin_verified(kNow)});
}

TEST(Transfer, APinLastsTenMinutesAndNotAMicrosecondMore) {
  auto const last = kNow + (10 * kMinute - 1);
  given(waiting_for_pin()).at(last).when(verify(kFirstPin)).then({verified(1), pin_verified(last)});
  given(waiting_for_pin()).at(kNow + 10 * kMinute).when(verify(kFirstPin)).then(RejectionCode::pin_expired);
  given(waiting_for_pin()).at(kNow + 10 * kMinute).when(verify(kWrong)).then(RejectionCode::pin_expired);
}

TEST(Transfer, AResendMakesTheOldPinAWrongOne) {
  auto const resent = kNow + kMinute;
  auto const world = [&] { return given(waiting_for_pin()).at(resent).also({second_pin(resent)}); };
  world().when(verify(kFirstPin)).then({PinRejected{kSend, 2}});
  world().when(verify(kSecondPin)).then({verified(1), pin_verified(resent)});
  world().at(resent + (10 * kMinute - 1)).when(verify(kWrong)).then({PinRejected{kSend, 2}});
  world().at(resent + 10 * kMinute).when(verify(kSecondPin)).then(RejectionCode::pin_expired);
}

TEST(Transfer, AResendGivesNoNewAttempts) {
  given(waiting_for_pin() + wrong_pins(2))
      .at(kNow + kMinute)
      .also({second_pin(kNow + kMinute)})
      .when(verify(kWrong))
      .then({PinRejected{kSend, 0}, returned(ReturnReason::wrong_pins)});
}

TEST(Transfer, VerifiedIsVerified) {
  given(waiting_for_claim()).when(verify(kFirstPin)).then(RejectionCode::already_verified);
  given(waiting_for_claim()).at(kNow + 2 * kDay).when(verify(kWrong)).then(RejectionCode::already_verified);
}

TEST(Transfer, OnlyItsOwnGameAndFlavourMayAskAfterIt) {
  auto command = verify(kFirstPin);
  command.flavour = Flavour::transfer;
  given(waiting_for_pin()).when(command).then(RejectionCode::transfer_not_open);
  command = verify(kFirstPin);
  command.game = kOther;
  given(waiting_for_pin()).when(command).then(RejectionCode::transfer_not_open);
  command.game = kUnknown;
  given(waiting_for_pin()).when(command).then(RejectionCode::game_not_found);
  command.game = kSuspended;
  given(waiting_for_pin()).when(command).then(RejectionCode::game_not_active);
  given(waiting_for_pin()).when(verify(kFirstPin, TransferId(7))).then(RejectionCode::transfer_not_open);
  given(ended()).when(verify(kFirstPin)).then(RejectionCode::transfer_not_open);
}

// Ann initiates `transactions` sends of 0.05 a minute apart, and each ends by three wrong PINs at once.
struct Guesses {
  State state;
  Position next{1};
  Timestamp now = kNow;

  explicit Guesses(int transactions) {
    record(ann_at_home());
    for (int i = 0; i < transactions; ++i) guess();
  }
  void record(std::vector<Event> const& events) {
    apply(state, Commit{next, now, {}, events});
    next = domain::next(next, events.size());
  }
  Decision take(Command const& command) {
    auto decision = decide(state, command, Context{now, next, 0});
    if (decision.ok()) record(decision.value());
    return decision;
  }
  TransferId initiate(std::string_view number) {
    auto command = send_to_bob(units("0.05"));
    command.sender_phone = phone(number);
    TransferId const transaction(next);
    EXPECT_TRUE(take(command).ok());
    return transaction;
  }
  void guess(std::string_view number = kAnnsPhone) {
    auto const transaction = initiate(number);
    for (int i = 0; i < kWrongPinsMax; ++i) EXPECT_TRUE(take(verify(kWrong, transaction)).ok());
    now = now + kMinute;
  }
};

TEST(Transfer, FifteenWrongPinsOfAPlayerInAnHourBlockTheRightOneToo) {
  Guesses guesses(5);
  auto const transaction = guesses.initiate("+15550000055");
  auto const blocked = decide(guesses.state, verify(kFirstPin, transaction), Context{guesses.now, guesses.next, 0});
  ASSERT_FALSE(blocked.ok());
  // The first three leave an hour after kNow.
  EXPECT_EQ(blocked.error(), (Rejection{.code = RejectionCode::verification_blocked, .retry_after = 55 * 60}));
}

TEST(Transfer, FourteenWrongPinsBlockNothing) {
  Guesses guesses(4);
  auto const transaction = guesses.initiate(kAnnsPhone);
  EXPECT_TRUE(guesses.take(verify(kWrong, transaction)).ok());
  EXPECT_TRUE(guesses.take(verify(kWrong, transaction)).ok());
  EXPECT_TRUE(guesses.take(verify(kFirstPin, transaction)).ok());
}

TEST(Transfer, TheBlockIsOverWithTheHour) {
  Guesses guesses(5);
  guesses.now = kNow + (kHour - 5 * kMinute);
  auto const transaction = guesses.initiate(kAnnsPhone);
  guesses.now = kNow + (kHour - 1);
  EXPECT_EQ(guesses.take(verify(kFirstPin, transaction)).error().retry_after, 1);
  guesses.now = kNow + kHour;
  EXPECT_TRUE(guesses.take(verify(kFirstPin, transaction)).ok());
}

TEST(Transfer, WrongPinsOfOnePhoneCountOverAllItsPlayers) {
  Guesses guesses(5);
  // Cat names the same phone, which is nobody's yet.
  guesses.record({registered(3, kCat), joined(2, kGame, 3, kCat), credited(2, kGold, units("1.00"), units("1.00"))});
  auto command = send_to_bob(units("0.06"));
  command.sender = player(kCat);
  command.sender_phone = phone(kAnnsPhone);
  TransferId const transaction(guesses.next);
  ASSERT_TRUE(guesses.take(command).ok());
  EXPECT_EQ(guesses.take(verify(kFirstPin, transaction)).error().code, RejectionCode::verification_blocked);
}

TEST(Transfer, WrongPinsInOneGameBlockNobodyInAnother) {
  Guesses guesses(0);
  for (int i = 0; i < 15; ++i) {
    auto const phone = hash_ids(kOther.value(), hash_of(index_of(kAnnsPhone)));
    guesses.state.restore_velocity({VelocityKind::wrong_pins_phone, phone, kNow, Money{}});
  }
  for (std::uint32_t i = 0; i < kWrongPinsPerGameHour; ++i) {
    guesses.state.restore_velocity({VelocityKind::wrong_pins_game, kOther.value(), kNow, Money{}});
  }
  auto const transaction = guesses.initiate(kAnnsPhone);
  EXPECT_TRUE(guesses.take(verify(kFirstPin, transaction)).ok());
}

TEST(Transfer, AGameThatGuessesIsBlockedAltogether) {
  Guesses guesses(0);
  for (std::uint32_t i = 0; i < kWrongPinsPerGameHour; ++i) {
    guesses.state.restore_velocity({VelocityKind::wrong_pins_game, kGame.value(), kNow, Money{}});
  }
  auto const transaction = guesses.initiate(kAnnsPhone);
  EXPECT_EQ(guesses.take(verify(kFirstPin, transaction)).error(),
            (Rejection{.code = RejectionCode::verification_blocked, .retry_after = 3'600}));
}

TEST(Transfer, AnEnvironmentThatGuessesIsBlockedAltogether) {
  Guesses guesses(0);
  for (std::uint32_t i = 0; i < kWrongPinsPerHour; ++i) {
    guesses.state.restore_velocity({VelocityKind::wrong_pins, 0, kNow, Money{}});
  }
  auto const transaction = guesses.initiate(kAnnsPhone);
  EXPECT_EQ(guesses.take(verify(kFirstPin, transaction)).error(),
            (Rejection{.code = RejectionCode::verification_blocked, .retry_after = 3'600}));
}

// ---- resend ------------------------------------------------------------------------------------------------------

TEST(TransferResend, AfterThirtySecondsANewPinStartsTheTenMinutesAnew) {
  given(waiting_for_pin())
      .at(kNow + 12 * kSecond)
      .when(kResend)
      .then(Rejection{.code = RejectionCode::resend_cooldown, .retry_after = 18});
  given(waiting_for_pin())
      .at(kNow + (30 * kSecond - 1))
      .when(kResend)
      .then(Rejection{.code = RejectionCode::resend_cooldown, .retry_after = 1});
  given(waiting_for_pin()).at(kNow + 30 * kSecond).when(kResend).then({second_pin(kNow + 30 * kSecond)});
}

TEST(TransferResend, TheCooldownRunsFromTheLastPin) {
  auto const resent = kNow + kMinute;
  given(waiting_for_pin())
      .at(resent)
      .also({second_pin(resent)})
      .at(resent + 29 * kSecond)
      .when(kResend)
      .then(Rejection{.code = RejectionCode::resend_cooldown, .retry_after = 1});
}

TEST(TransferResend, NotAfterThePinHasExpired) {
  auto const last = kNow + (10 * kMinute - 1);
  given(waiting_for_pin()).at(last).when(kResend).then({second_pin(last)});
  given(waiting_for_pin()).at(kNow + 10 * kMinute).when(kResend).then(RejectionCode::pin_expired);
}

TEST(TransferResend, TwentyPinsAreAllThereAre) {
  auto world = given(waiting_for_pin());
  auto at = kNow;
  for (std::uint8_t pin = 1; pin < kPinsMax; ++pin) {
    at = at + 30 * kSecond;
    world = std::move(world).at(at).also({PinReissued{kSend, pin, at + 10 * kMinute}});
  }
  std::move(world).at(at + 30 * kSecond).when(kResend).then(RejectionCode::resend_limit);
}

TEST(TransferResend, OnlyBeforeVerificationAndByItsOwnGame) {
  given(waiting_for_claim()).at(kNow + kMinute).when(kResend).then(RejectionCode::already_verified);
  given(ended()).when(kResend).then(RejectionCode::transfer_not_open);
  given(waiting_for_pin()).when(ResendPin{kOther, Flavour::send, kSend}).then(RejectionCode::transfer_not_open);
  given(waiting_for_pin()).when(ResendPin{kGame, Flavour::transfer, kSend}).then(RejectionCode::transfer_not_open);
}

// ---- cancel ------------------------------------------------------------------------------------------------------

TEST(TransferCancel, BeforeVerificationReturnsTheFunds) {
  given(waiting_for_pin()).when(kCancel).then({returned(ReturnReason::cancelled)});
  given(waiting_for_pin()).at(kNow + kHour).when(kCancel).then({returned(ReturnReason::cancelled)});
}

TEST(TransferCancel, NotAfterVerificationNorTwiceNorByAnother) {
  given(waiting_for_claim()).when(kCancel).then(RejectionCode::already_verified);
  given(ended()).when(kCancel).then(RejectionCode::transfer_not_open);
  given(waiting_for_pin()).when(CancelTransfer{kOther, Flavour::send, kSend}).then(RejectionCode::transfer_not_open);
  given(waiting_for_pin()).when(CancelTransfer{kGame, Flavour::transfer, kSend}).then(RejectionCode::transfer_not_open);
}

TEST(TransferCancel, GivesBackToWhatTheWalletHasBecome) {
  auto event = returned(ReturnReason::cancelled);
  event.available_after = units("501.00");
  auto const spent = debited(1, kGold, units("499.00"), units("1.00"));
  given(waiting_for_pin() + std::vector<Event>{spent}).when(kCancel).then({event});
}

// ---- claim -------------------------------------------------------------------------------------------------------

TEST(TransferClaim, CreditsTheNetAmountToANewPlayer) {
  given(waiting_for_claim())
      .when(claim_by_bob())
      .then({joined(2, kOther, 2, kBob), claimed(PlayerId(2), units("450.00"))});
}

// The sender's game reads the claim code in its reply, so whoever brings it has proved nothing about the phone.
TEST(TransferClaim, MakesNobodyThePhonesOwner) {
  auto const bob_claimed =
      waiting_for_claim() + std::vector<Event>{joined(2, kOther, 2, kBob), claimed(PlayerId(2), units("450.00"))};
  auto const state = state_after(bob_claimed);
  EXPECT_EQ(state.phones()[PhoneId(2)].on_file_as, Phones::kClaimed);
  EXPECT_EQ(state.phones().owner(index_of(kBobsPhone)), std::nullopt);
  EXPECT_EQ(state.phones().people(index_of(kBobsPhone)), std::vector{IdentityId(2)});
  given(bob_claimed).when(RequestPhoneShare{phone(kBobsPhone), person(kCat)}).then(RejectionCode::share_not_needed);
  // Cat, whose phone it is, is asked for nothing, and owns it with the first PIN.
  auto command = send_to_bob(units("1.00"));
  command.sender_phone = phone(kBobsPhone);
  command.receiver_phone = phone("+15550000009");
  EXPECT_TRUE(decide_in(bob_claimed, command).ok());
  auto const cats = bob_claimed + std::vector<Event>{registered(3, kCat), recorded(3, 3, kBobsPhone), verified(3)};
  EXPECT_EQ(state_after(cats).phones().owner(index_of(kBobsPhone)), PhoneId(3));
  given(cats)
      .when(send_to_bob(units("1.00")))
      .then(Rejection{.code = RejectionCode::phone_share_required, .receiver_side = true});
}

TEST(TransferClaim, WhatAnOldLogSaysOfAClaimStays) {
  auto const state = state_after(waiting_for_claim() + std::vector<Event>{joined(2, kOther, 2, kBob), verified(2),
                                                                          claimed(PlayerId(2), units("450.00"))});
  EXPECT_EQ(state.phones().owner(index_of(kBobsPhone)), PhoneId(2));
}

TEST(TransferClaim, AddsToWhatAPlayerHoldsInTheCurrencyNamed) {
  auto command = claim_by_bob();
  command.currency = kStars;
  auto const bob_plays =
      std::vector<Event>{joined(2, kOther, 2, kBob), credited(2, kStars, units("7.00"), units("7.00"))};
  given(waiting_for_claim() + bob_plays).when(command).then({claimed(PlayerId(2), units("457.00"), kStars)});
}

TEST(TransferClaim, ANewPlayerAlsoGetsTheStartingBalance) {
  auto const generous = std::vector<Event>{
      game_created(GameId(555'555'555'555), GameStatus::live, {currency(CurrencyId(7), "pearls", units("3.00"))})};
  auto event = initiated(TransferId(9));
  event.target = GameId(555'555'555'555);
  auto command = claim_by_bob(TransferId(9));
  command.game = GameId(555'555'555'555);
  auto claim = claimed(PlayerId(2), units("453.00"), CurrencyId(7));
  claim.transaction = TransferId(9);
  claim.target = command.game;
  given(ann_at_home() + generous + first_send(event) +
        std::vector<Event>{verified(1), PinVerified{TransferId(9), kNow + kDay}})
      .when(command)
      .then({joined(2, GameId(555'555'555'555), 2, kBob),
             StartingBalanceGranted{PlayerId(2), CurrencyId(7), units("3.00"), units("3.00")}, claim});
}

TEST(TransferClaim, WhoeverHasThePhoneMayClaimUnderAnotherEMail) {
  auto command = claim_by_bob();
  command.receiver = player(kCat);
  given(waiting_for_claim())
      .when(command)
      .then({registered(3, kCat), joined(2, kOther, 3, kCat), recorded(3, 3, kBobsPhone),
             claimed(PlayerId(2), units("450.00"))});
}

TEST(TransferClaim, OneGameIsEnoughForASend) {
  auto event = initiated();
  event.target = kGame;
  auto command = claim_by_bob();
  command.game = kGame;
  auto claim = claimed(PlayerId(2), units("450.00"), kGold);
  claim.target = kGame;
  given(ann_at_home() + first_send(event) + std::vector<Event>{verified(1), PinVerified{kSend, kNow + kDay}})
      .when(command)
      .then({joined(2, kGame, 2, kBob), claim});
  command.receiver = player(kAnn);
  given(ann_at_home() + first_send(event) + std::vector<Event>{verified(1), PinVerified{kSend, kNow + kDay}})
      .when(command)
      .then(RejectionCode::same_player);
}

TEST(TransferClaim, OnlyTheReceivingGameFindsItInItsFlavourAndStage) {
  auto command = claim_by_bob();
  command.game = kGame;
  given(waiting_for_claim()).when(command).then(RejectionCode::transfer_not_open);
  command = claim_by_bob();
  command.flavour = Flavour::transfer;
  given(waiting_for_claim()).when(command).then(RejectionCode::transfer_not_open);
  given(waiting_for_pin()).when(claim_by_bob()).then(RejectionCode::transfer_not_open);
  given(ended()).when(claim_by_bob()).then(RejectionCode::transfer_not_open);
  given(waiting_for_claim()).when(claim_by_bob(TransferId(7))).then(RejectionCode::transfer_not_open);
}

TEST(TransferClaim, ItIsClaimedOnce) {
  given(waiting_for_claim() + std::vector<Event>{joined(2, kOther, 2, kBob), claimed(PlayerId(2), units("450.00"))})
      .when(claim_by_bob())
      .then(RejectionCode::transfer_not_open);
}

TEST(TransferClaim, ACodeLastsADayAndNotAMicrosecondMore) {
  EXPECT_TRUE(decide_in(waiting_for_claim(), claim_by_bob(), kNow + (kDay - 1)).ok());
  given(waiting_for_claim()).at(kNow + kDay).when(claim_by_bob()).then(RejectionCode::claim_expired);
}

TEST(TransferClaim, ACodeIsLockedToItsPhone) {
  auto command = claim_by_bob();
  command.phone = phone(kAnnsPhone);
  given(waiting_for_claim()).when(command).then(RejectionCode::phone_mismatch);
}

TEST(TransferClaim, APhoneOnFileUnderAnotherEMailWaitsForItsOwner) {
  // Cat proved to have Bob's phone after the send was initiated.
  auto const world =
      waiting_for_claim() + std::vector<Event>{registered(3, kCat), recorded(3, 3, kBobsPhone), verified(3)};
  given(world).when(claim_by_bob()).then(Rejection{.code = RejectionCode::phone_share_required, .receiver_side = true});
  auto command = claim_by_bob();
  command.receiver = player("dan@example.com");
  given(world).when(command).then(Rejection{.code = RejectionCode::phone_share_required, .receiver_side = true});
  command.receiver = player(kCat);
  given(world).when(command).then({joined(2, kOther, 3, kCat), claimed(PlayerId(2), units("450.00"))});
}

// Bob and Cat share Bob's phone, which Bob owns; both play kOther, as players 2 and 3.
std::vector<Event> two_on_bobs_phone() {
  return waiting_for_claim() +
         std::vector<Event>{registered(3, kCat),
                            recorded(3, 3, kBobsPhone),
                            verified(2),
                            PhoneShareRequested{ApprovalId(17), PhoneId(3), PhoneId(2), kNow + kHour},
                            PhoneShareEnded{ApprovalId(17), ShareEnd::approved},
                            joined(2, kOther, 2, kBob),
                            joined(3, kOther, 3, kCat)};
}

TEST(TransferClaim, SeveralPlayersOnThePhoneMustBeChosenFrom) {
  given(two_on_bobs_phone()).when(claim_by_bob()).then(RejectionCode::account_selection);
}

// Within kGame: Ann, who sends, and Bob and Cat are on Bob's phone, as players 1, 2 and 3.
std::vector<Event> sender_on_the_receivers_phone() {
  auto event = initiated();
  event.target = kGame;
  return ann_at_home() + first_send(event) +
         std::vector<Event>{verified(1),
                            PinVerified{kSend, kNow + kDay},
                            registered(3, kCat),
                            recorded(3, 3, kBobsPhone),
                            recorded(4, 1, kBobsPhone),
                            verified(2),
                            PhoneShareRequested{ApprovalId(18), PhoneId(3), PhoneId(2), kNow + kHour},
                            PhoneShareEnded{ApprovalId(18), ShareEnd::approved},
                            PhoneShareRequested{ApprovalId(20), PhoneId(4), PhoneId(2), kNow + kHour},
                            PhoneShareEnded{ApprovalId(20), ShareEnd::approved},
                            joined(2, kGame, 2, kBob)};
}

std::vector<PlayerId> candidates_in(std::vector<Event> const& history) {
  auto const state = state_after(history);
  return claim_candidates(state, *state.find_transfer(kSend), state.find_transfer(kSend)->currency);
}

TEST(TransferClaim, TheSenderIsNoCandidate) {
  // Of Ann and Bob only Bob can take it: nothing to choose from.
  auto command = claim_by_bob();
  command.game = kGame;
  auto claim = claimed(PlayerId(2), units("450.00"), kGold);
  claim.target = kGame;
  EXPECT_EQ(candidates_in(sender_on_the_receivers_phone()), std::vector{PlayerId(2)});
  given(sender_on_the_receivers_phone()).when(command).then({claim});
  command.player = PlayerId(1);
  given(sender_on_the_receivers_phone()).when(command).then(RejectionCode::same_player);
  command.player = PlayerId{};
  auto const three = sender_on_the_receivers_phone() + std::vector<Event>{joined(3, kGame, 3, kCat)};
  EXPECT_EQ(candidates_in(three), (std::vector{PlayerId(2), PlayerId(3)}));
  given(three).when(command).then(RejectionCode::account_selection);
}

TEST(TransferClaim, WhoseWalletIsFullIsNoCandidate) {
  auto const three = sender_on_the_receivers_phone() +
                     std::vector<Event>{joined(3, kGame, 3, kCat), credited(3, kGold, kMaxBalance, kMaxBalance)};
  EXPECT_EQ(candidates_in(three), std::vector{PlayerId(2)});
  auto command = claim_by_bob();
  command.game = kGame;
  EXPECT_TRUE(decide_in(three, command).ok());
}

TEST(TransferClaim, TheNamedPlayerIsCredited) {
  auto command = claim_by_bob();
  command.player = PlayerId(2);
  given(two_on_bobs_phone()).when(command).then({claimed(PlayerId(2), units("450.00"))});
  command.player = PlayerId(3);
  given(two_on_bobs_phone()).when(command).then({claimed(PlayerId(3), units("450.00"))});
}

TEST(TransferClaim, ANamedPlayerMustBeOnThatPhoneAndInThatGame) {
  auto command = claim_by_bob();
  for (auto const id : {1u, 4u, 99u}) {
    command.player = PlayerId(id);
    given(two_on_bobs_phone()).when(command).then(RejectionCode::player_not_found);
  }
}

TEST(TransferClaim, SharingAPhoneWithOneWhoPlaysElsewhereNeedsNoChoice) {
  auto world = waiting_for_claim() +
               std::vector<Event>{registered(3, kCat),
                                  recorded(3, 3, kBobsPhone),
                                  verified(2),
                                  PhoneShareRequested{ApprovalId(17), PhoneId(3), PhoneId(2), kNow + kHour},
                                  PhoneShareEnded{ApprovalId(17), ShareEnd::approved},
                                  joined(2, kGame, 2, kBob),
                                  joined(3, kOther, 3, kCat)};
  given(world).when(claim_by_bob()).then({joined(4, kOther, 2, kBob), claimed(PlayerId(4), units("450.00"))});
}

TEST(TransferClaim, StopsAtTheLargestBalance) {
  auto const holds = [](Money gold) {
    return waiting_for_claim() + std::vector<Event>{joined(2, kOther, 2, kBob), credited(2, kCoins, gold, gold)};
  };
  given(holds(kMaxBalance - units("450.00"))).when(claim_by_bob()).then({claimed(PlayerId(2), kMaxBalance)});
  given(holds(kMaxBalance - units("449.99"))).when(claim_by_bob()).then(RejectionCode::balance_limit);
}

TEST(TransferClaim, RefusalsComeInOrder) {
  // Bob's wallet is full; Cat and Eve could be chosen.
  auto const* eve = "eve@example.com";
  auto const full = two_on_bobs_phone() +
                    std::vector<Event>{credited(2, kCoins, kMaxBalance, kMaxBalance),
                                       registered(4, eve),
                                       recorded(4, 4, kBobsPhone),
                                       PhoneShareRequested{ApprovalId(24), PhoneId(4), PhoneId(2), kNow + kHour},
                                       PhoneShareEnded{ApprovalId(24), ShareEnd::approved},
                                       joined(4, kOther, 4, eve)};
  auto sound = claim_by_bob();
  sound.player = PlayerId(2);
  expect_precedence<ClaimTransfer>(
      full, sound,
      {{RejectionCode::game_not_found, [](ClaimTransfer& c) { c.game = kUnknown; }},
       {RejectionCode::game_not_active, [](ClaimTransfer& c) { c.game = kSuspended; }},
       {RejectionCode::currency_not_found, [](ClaimTransfer& c) { c.currency = CurrencyId(77); }},
       {RejectionCode::transfer_not_open, [](ClaimTransfer& c) { c.transaction = TransferId(7); }},
       {RejectionCode::phone_mismatch, [](ClaimTransfer& c) { c.phone = phone(kMumsPhone); }},
       {RejectionCode::phone_share_required, [](ClaimTransfer& c) { c.receiver = player("dan@example.com"); }},
       {RejectionCode::account_selection, [](ClaimTransfer& c) { c.player = PlayerId{}; }},
       {RejectionCode::balance_limit, [](ClaimTransfer&) {}}});
  // An expired code tells nothing about phones.
  auto command = sound;
  command.phone = phone(kMumsPhone);
  EXPECT_EQ(decide_in(full, command, kNow + kDay).error().code, RejectionCode::claim_expired);
  // Nor does a wrong phone about players: who is on it is told to its holder only.
  command.player = PlayerId(99);
  EXPECT_EQ(decide_in(full, command).error().code, RejectionCode::phone_mismatch);
}

// ---- expire ------------------------------------------------------------------------------------------------------

TEST(TransferExpire, ReturnsTheFundsWhenThePinsTimeIsOver) {
  given(waiting_for_pin()).at(kNow + (10 * kMinute - 1)).when(kExpire).then(RejectionCode::not_due);
  given(waiting_for_pin()).at(kNow + 10 * kMinute).when(kExpire).then({returned(ReturnReason::pin_expired)});
}

TEST(TransferExpire, AResendMovesTheTime) {
  auto const resent = kNow + 5 * kMinute;
  auto const world = [&] { return given(waiting_for_pin()).at(resent).also({second_pin(resent)}); };
  world().at(kNow + 10 * kMinute).when(kExpire).then(RejectionCode::not_due);
  world().at(resent + 10 * kMinute).when(kExpire).then({returned(ReturnReason::pin_expired)});
}

TEST(TransferExpire, ReturnsTheFundsWhenNobodyClaimedForADay) {
  given(waiting_for_claim()).at(kNow + 10 * kMinute).when(kExpire).then(RejectionCode::not_due);
  given(waiting_for_claim()).at(kNow + (kDay - 1)).when(kExpire).then(RejectionCode::not_due);
  given(waiting_for_claim()).at(kNow + kDay).when(kExpire).then({returned(ReturnReason::claim_expired)});
}

TEST(TransferExpire, WhatHasEndedIsNotDue) {
  given(ended()).at(kNow + 2 * kDay).when(kExpire).then(RejectionCode::not_due);
  given(waiting_for_pin()).at(kNow + 2 * kDay).when(ExpireTransfer{TransferId(7)}).then(RejectionCode::not_due);
}

TEST(Transfer, EveryReasonHasItsEnd) {
  EXPECT_EQ(end_of(ReturnReason::wrong_pins), TransferEnd::failed);
  EXPECT_EQ(end_of(ReturnReason::pin_expired), TransferEnd::expired);
  EXPECT_EQ(end_of(ReturnReason::claim_expired), TransferEnd::expired);
  EXPECT_EQ(end_of(ReturnReason::guardian_rejected), TransferEnd::failed);
  EXPECT_EQ(end_of(ReturnReason::guardian_expired), TransferEnd::expired);
  EXPECT_EQ(end_of(ReturnReason::cancelled), TransferEnd::cancelled);
}

}  // namespace
}  // namespace florin::domain::testing
