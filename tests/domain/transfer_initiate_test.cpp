// Initiating a transfer or a send: who may, how much, how often. What comes after is transfer_test.cpp's.
#include <gtest/gtest.h>

#include "domain/limits.h"
#include "tests/domain/transfer_dsl.h"

namespace florin::domain::testing {
namespace {

InitiateTransfer to_self(Money amount = units("500.00")) {
  auto command = send_to_bob(amount);
  command.flavour = Flavour::transfer;
  command.receiver = person(kAnn);
  command.receiver_phone = phone(kAnnsPhone);
  return command;
}

// ---- what it makes -----------------------------------------------------------------------------------------------

TEST(Initiate, ReservesTheAmountAndMakesTheReceiverAndBothPhonesKnown) {
  given(ann_at_home()).when(send_to_bob()).then(first_send());
}

TEST(Initiate, WhoIsKnownIsNotMadeKnownAgain) {
  auto again = initiated(TransferId(12), kNow + kMinute);
  again.available_after = Money{};
  again.reserved_after = units("1000.00");
  given(waiting_for_pin()).at(kNow + kMinute).when(send_to_bob()).then({again});
}

TEST(Initiate, ATransferToOneselfNamesOnePersonWithOnePhone) {
  auto event = initiated();
  event.flavour = Flavour::transfer;
  event.receiver = IdentityId(1);
  event.receiver_phone = PhoneId(1);
  given(ann_at_home()).when(to_self()).then({recorded(1, 1, kAnnsPhone), event});
}

TEST(Initiate, ANewPlayerMaySendTheStartingAmount) {
  auto event = initiated(TransferId(5));
  event.amount = event.reserved_after = units("10.00");
  event.fees = {units("0.35"), units("0.35"), units("0.30")};
  event.available_after = Money{};
  auto const world = three_games(units("10.00")) +
                     std::vector<Event>{game_created(kOther, GameStatus::live, {currency(kCoins, "coins")})};
  given(world)
      .when(send_to_bob(units("10.00")))
      .then({registered(1, kAnn), joined(1, kGame, 1, kAnn),
             StartingBalanceGranted{PlayerId(1), kGold, units("10.00"), units("10.00")}, registered(2, kBob),
             recorded(1, 1, kAnnsPhone), recorded(2, 2, kBobsPhone), event});
}

TEST(Initiate, FeesAreEachGamesOwnRateAtThatMoment) {
  auto const world =
      ann_at_home() + std::vector<Event>{changed(kGame, [](GameSettings& s) { s.transfer_fee = BasisPoints(500); }),
                                         changed(kOther, [](GameSettings& s) { s.transfer_fee = BasisPoints(1'000); })};
  auto const outcome = given(world).when(send_to_bob(units("100.00")));
  auto const& event = std::get<TransferInitiated>(outcome.events().back());
  EXPECT_EQ(event.source_rate, BasisPoints(500));
  EXPECT_EQ(event.target_rate, BasisPoints(1'000));
  EXPECT_EQ(event.fees, (TransferFees{units("3.33"), units("6.67"), Money{}}));
}

TEST(Initiate, AnotherCurrencyOfTheGameIsNamed) {
  auto command = send_to_bob(units("2.00"));
  command.currency = kGems;
  auto const world = ann_at_home() + std::vector<Event>{credited(1, kGems, units("2.00"), units("2.00"))};
  auto const outcome = given(world).when(command);
  EXPECT_EQ(std::get<TransferInitiated>(outcome.events().back()).currency, kGems);
}

// ---- policy ------------------------------------------------------------------------------------------------------

TEST(InitiatePolicy, UniversalReachesEveryLiveGame) {
  auto const outcome = given(ann_at_home()).when(send_to_bob());
  EXPECT_TRUE(std::get<TransferInitiated>(outcome.events().back()).universal);
}

TEST(InitiatePolicy, LinkedReachesLinkedGamesOnly) {
  auto const linked = [](std::vector<GameId> games) {
    return changed(kGame, [&](GameSettings& s) {
      s.universal_transfers = false;
      s.linked_games = std::move(games);
    });
  };
  given(ann_at_home() + std::vector<Event>{linked({})}).when(send_to_bob()).then(RejectionCode::transfer_policy);
  given(ann_at_home() + std::vector<Event>{linked({kSuspended})})
      .when(send_to_bob())
      .then(RejectionCode::transfer_policy);
  auto const outcome = given(ann_at_home() + std::vector<Event>{linked({kSuspended, kOther})}).when(send_to_bob());
  EXPECT_FALSE(std::get<TransferInitiated>(outcome.events().back()).universal);
}

TEST(InitiatePolicy, TheLinksThatCountAreTheSendingGames) {
  auto const linked_back = changed(kOther, [](GameSettings& s) {
    s.universal_transfers = false;
    s.linked_games = {};
  });
  given(ann_at_home() + std::vector<Event>{linked_back}).when(send_to_bob()).then(first_send(initiated(TransferId(9))));
}

TEST(InitiatePolicy, TestingGamesNeitherSendNorReceive) {
  auto command = send_to_bob();
  command.target = kTesting;
  given(ann_at_home()).when(command).then(RejectionCode::game_in_testing);
  command.game = kTesting;
  given(ann_at_home()).when(command).then(RejectionCode::game_in_testing);
  command.target = kOther;
  given(ann_at_home()).when(command).then(RejectionCode::game_in_testing);
}

TEST(InitiatePolicy, ASuspendedGameDoesNotReceive) {
  auto command = send_to_bob();
  command.target = kSuspended;
  given(ann_at_home()).when(command).then(RejectionCode::transfer_policy);
}

TEST(InitiatePolicy, BothGamesSwitchesMustBeOn) {
  auto const no_outgoing = changed(kGame, [](GameSettings& s) { s.allows_outgoing_transfers = false; });
  auto const no_incoming = changed(kOther, [](GameSettings& s) { s.allows_incoming_transfers = false; });
  given(ann_at_home() + std::vector<Event>{no_outgoing}).when(send_to_bob()).then(RejectionCode::transfer_policy);
  given(ann_at_home() + std::vector<Event>{no_incoming}).when(send_to_bob()).then(RejectionCode::transfer_policy);
}

TEST(InitiatePolicy, ASendWithinALiveGameIsAlwaysAllowed) {
  auto const closed = changed(kGame, [](GameSettings& s) {
    s.universal_transfers = false;
    s.allows_outgoing_transfers = false;
    s.allows_incoming_transfers = false;
  });
  auto command = send_to_bob();
  command.target = kGame;
  auto event = initiated(TransferId(9));
  event.target = kGame;
  event.universal = false;
  given(ann_at_home() + std::vector<Event>{closed}).when(command).then(first_send(event));
}

TEST(InitiatePolicy, OneGameHasNoTransfersAndNoSendsToOneself) {
  auto command = to_self();
  command.target = kGame;
  given(ann_at_home()).when(command).then(RejectionCode::same_player);
  command.receiver = person(kBob);
  given(ann_at_home()).when(command).then(RejectionCode::same_player);
  command.flavour = Flavour::send;
  command.receiver = person(kAnn);
  given(ann_at_home()).when(command).then(RejectionCode::same_player);
}

// ---- amounts -----------------------------------------------------------------------------------------------------

std::vector<Event> with_ranges() {
  auto gold = currency(kGold, "gold");
  gold.minimum_transfer = units("5.00");
  gold.maximum_transfer = units("100.00");
  auto coins = currency(kCoins, "coins");
  coins.minimum_transfer = units("7.00");
  auto stars = currency(kStars, "stars");
  stars.maximum_transfer = units("1.00");
  return {game_created(kGame, GameStatus::live, {gold, currency(kGems, "gems")}),
          game_created(kTesting, GameStatus::testing, {currency(kDust, "dust")}),
          game_created(kSuspended, GameStatus::suspended, {currency(kAsh, "ash")}),
          game_created(kOther, GameStatus::live, {coins, stars}),
          registered(1, kAnn),
          joined(1, kGame, 1, kAnn),
          credited(1, kGold, units("1000.00"), units("1000.00"))};
}

TEST(InitiateAmount, TheTighterOfBothGamesRangesHolds) {
  Rejection const outside{
      .code = RejectionCode::transfer_amount_range, .available = units("7.00"), .required = units("100.00")};
  given(with_ranges()).when(send_to_bob(units("6.99"))).then(outside);
  given(with_ranges()).when(send_to_bob(units("100.01"))).then(outside);
  for (auto const* inside : {"7.00", "100.00"}) {
    EXPECT_EQ(given(with_ranges()).when(send_to_bob(units(inside))).events().size(), 4u) << inside;
  }
}

// transfer_range() and check_policy() are what the destinations show.
TEST(InitiateAmount, WhatADestinationShowsIsGrantedAndACentMoreIsNot) {
  struct Row {
    Money source_minimum;
    std::optional<Money> source_maximum;
    Money target_minimum;
    std::optional<Money> target_maximum;
  };
  auto const cent = Money::from_minor(1);
  for (auto const& row :
       {Row{cent, {}, cent, {}}, Row{units("5.00"), {}, units("7.00"), units("100.00")},
        Row{units("7.00"), units("100.00"), units("5.00"), {}},
        Row{cent, units("50.00"), units("50.00"), units("60.00")}, Row{cent, units("49.99"), units("50.00"), {}}}) {
    auto gold = currency(kGold, "gold");
    gold.minimum_transfer = row.source_minimum;
    gold.maximum_transfer = row.source_maximum;
    auto coins = currency(CurrencyId(3), "coins");
    coins.minimum_transfer = row.target_minimum;
    coins.maximum_transfer = row.target_maximum;
    std::vector<Event> const world{game_created(kGame, GameStatus::live, {gold, currency(kGems, "gems")}),
                                   game_created(kOther, GameStatus::live, {coins}), registered(1, kAnn),
                                   joined(1, kGame, 1, kAnn), credited(1, kGold, units("1000.00"), units("1000.00"))};
    auto const reason = [&](Money amount) -> std::optional<RejectionCode> {
      auto const decision = decide_in(world, send_to_bob(amount));
      return decision.ok() ? std::nullopt : std::optional(decision.error().code);
    };
    auto const shown = transfer_range(gold, coins);
    auto const outside = std::optional(RejectionCode::transfer_amount_range);
    SCOPED_TRACE(to_string(shown.minimum));
    EXPECT_EQ(reason(shown.minimum), shown.is_empty() ? outside : std::nullopt);
    if (shown.minimum > cent) {
      EXPECT_EQ(reason(shown.minimum - cent), outside);
    }
    if (!shown.maximum) continue;
    EXPECT_EQ(reason(*shown.maximum), shown.is_empty() ? outside : std::nullopt);
    EXPECT_EQ(reason(*shown.maximum + cent), outside);
  }
}

TEST(InitiatePolicy, WhereADestinationIsShownCurrencyMayGo) {
  struct Row {
    GameStatus source = GameStatus::live;
    GameStatus target = GameStatus::live;
    bool outgoing = true;
    bool incoming = true;
    bool universal = true;
    bool linked = false;
  };
  for (auto const& row : {Row{}, Row{.target = GameStatus::testing}, Row{.target = GameStatus::suspended},
                          Row{.source = GameStatus::testing}, Row{.outgoing = false}, Row{.incoming = false},
                          Row{.universal = false}, Row{.universal = false, .linked = true}}) {
    auto const world = ann_at_home() + std::vector<Event>{changed(kOther,
                                                                  [&](GameSettings& s) {
                                                                    s.status = row.target;
                                                                    s.allows_incoming_transfers = row.incoming;
                                                                  }),
                                                          changed(kGame, [&](GameSettings& s) {
                                                            s.status = row.source;
                                                            s.allows_outgoing_transfers = row.outgoing;
                                                            s.universal_transfers = row.universal;
                                                            if (row.linked) s.linked_games = {kOther};
                                                          })};
    State state;
    for (auto const& event : world) apply(state, event, kNow);
    auto const shown = check_policy(*state.find_game(kGame), *state.find_game(kOther));
    auto const decision = decide_in(world, send_to_bob());
    EXPECT_EQ(decision.ok(), !shown);
    if (shown) {
      EXPECT_EQ(decision.error().code, *shown);
    }
  }
}

TEST(InitiateAmount, ARangeWithoutAMaximumNamesNone) {
  auto const world = with_ranges() + std::vector<Event>{credited(1, kGems, units("9.00"), units("9.00"))};
  auto command = send_to_bob(units("6.99"));
  command.currency = kGems;
  given(world).when(command).then(Rejection{.code = RejectionCode::transfer_amount_range, .available = units("7.00")});
}

TEST(InitiateAmount, AllThatIsAvailableAndNotACentMore) {
  auto event = initiated();
  event.amount = event.reserved_after = units("500.00");
  event.available_after = Money{};
  given(ann_at_home(units("500.00"))).when(send_to_bob()).then(first_send(event));
  given(ann_at_home(units("499.99")))
      .when(send_to_bob())
      .then(Rejection{
          .code = RejectionCode::insufficient_balance, .available = units("499.99"), .required = units("500.00")});
}

TEST(InitiateAmount, WhatIsReservedIsNotSpentTwice) {
  given(waiting_for_pin())
      .at(kNow + kMinute)
      .when(send_to_bob(units("500.01")))
      .then(Rejection{
          .code = RejectionCode::insufficient_balance, .available = units("500.00"), .required = units("500.01")});
}

// ---- velocity ----------------------------------------------------------------------------------------------------

std::vector<Event> with_limits(std::vector<Event> const& world, std::uint32_t per_hour, std::uint32_t units_per_day,
                               GameId game = kGame) {
  return world + std::vector<Event>{changed(game, [&](GameSettings& settings) {
           settings.limits = {{LimitKind::transfers_per_player_hour, per_hour},
                              {LimitKind::transfer_units_per_player_day, units_per_day},
                              {LimitKind::sends_per_player_hour, per_hour},
                              {LimitKind::send_units_per_player_day, units_per_day}};
         })};
}

TEST(InitiateVelocity, CountsTheHourAndSaysWhenItIsOver) {
  auto const world = with_limits(waiting_for_pin(), 1, 5'000);
  auto const one = send_to_bob(units("1.00"));
  given(world)
      .at(kNow + 20 * kMinute)
      .when(one)
      .then(Rejection{.code = RejectionCode::velocity_count, .retry_after = 40 * 60});
  EXPECT_TRUE(decide_in(with_limits(waiting_for_pin(), 2, 5'000), one, kNow + 20 * kMinute).ok());
  EXPECT_EQ(given(world).at(kNow + kHour).when(one).events().size(), 1u);
}

TEST(InitiateVelocity, AddsUpTheDayToTheLastCent) {
  auto const world = with_limits(waiting_for_pin(), 25, 700);
  EXPECT_EQ(given(world).at(kNow + kHour).when(send_to_bob(units("200.00"))).events().size(), 1u);
  auto const more = send_to_bob(units("200.01"));
  given(world)
      .at(kNow + kHour)
      .when(more)
      .then(Rejection{.code = RejectionCode::velocity_amount, .retry_after = 23 * 3'600});
  EXPECT_EQ(given(world).at(kNow + kDay).when(more).events().size(), 1u);
}

TEST(InitiateVelocity, ARefusalAlwaysSaysWhenToComeBack) {
  for (auto const& [per_hour, units_per_day, amount] :
       {std::tuple(1u, 5'000u, "1.00"), std::tuple(25u, 500u, "500.00"), std::tuple(25u, 1u, "1.01")}) {
    auto const world = with_limits(waiting_for_pin(), per_hour, units_per_day);
    auto const decision = decide_in(world, send_to_bob(units(amount)), kNow + kMinute);
    ASSERT_FALSE(decision.ok());
    EXPECT_GT(decision.error().retry_after, 0);
  }
}

TEST(InitiateVelocity, OneInitiationOfOneUnitIsAlwaysAllowed) {
  auto const one = send_to_bob(units("1.00"));
  EXPECT_TRUE(decide_in(with_limits(ann_at_home(), 0, 0), one).ok());
  given(with_limits(waiting_for_pin(), 0, 0))
      .at(kNow + kMinute)
      .when(one)
      .then(Rejection{.code = RejectionCode::velocity_count, .retry_after = 59 * 60});
}

TEST(InitiateVelocity, AGameWithoutLimitsOfItsOwnHasTheNetworks) {
  auto const rich = ann_at_home(units("20000.00"));
  EXPECT_TRUE(decide_in(rich, send_to_bob(units("10000.00"))).ok());
  auto more = send_to_bob(units("10000.01"));
  EXPECT_EQ(decide_in(rich, more).error().code, RejectionCode::velocity_amount);
  more.unlimited = true;
  EXPECT_TRUE(decide_in(rich, more).ok());
}

TEST(InitiateVelocity, TheReceivingGamesLimitsAreNotAsked) {
  EXPECT_TRUE(decide_in(with_limits(waiting_for_pin(), 1, 1, kOther), send_to_bob(units("2.00")), kNow + kMinute).ok());
}

// CONTRACT, Limits: what came back counts no more, for whichever reason it did.
TEST(InitiateVelocity, AReturnedSendIsStillOneInitiationButNoUnits) {
  for (int number = 0; number <= static_cast<int>(ReturnReason::cancelled); ++number) {
    auto const world = waiting_for_pin() + std::vector<Event>{returned(static_cast<ReturnReason>(number))};
    given(with_limits(world, 1, 5'000))
        .at(kNow + kMinute)
        .when(send_to_bob(units("1.00")))
        .then(Rejection{.code = RejectionCode::velocity_count, .retry_after = 59 * 60});
    auto const wider = with_limits(world, 2, 501);
    EXPECT_EQ(given(wider).at(kNow + kMinute).when(send_to_bob(units("501.00"))).events().size(), 1u);
    given(wider)
        .at(kNow + kMinute)
        .when(send_to_bob(units("501.01")))
        .then(Rejection{.code = RejectionCode::velocity_amount, .retry_after = 86'400});
  }
}

TEST(InitiateVelocity, AReturnedTransferCountsForNothing) {
  auto world = waiting_for_pin();
  std::get<TransferInitiated>(world.back()).flavour = Flavour::transfer;
  world = with_limits(world, 1, 500);
  auto command = send_to_bob(units("500.00"));
  command.flavour = Flavour::transfer;
  given(world)
      .at(kNow + kMinute)
      .when(command)
      .then(Rejection{.code = RejectionCode::velocity_count, .retry_after = 59 * 60});
  for (int number = 0; number <= static_cast<int>(ReturnReason::cancelled); ++number) {
    auto back = returned(static_cast<ReturnReason>(number));
    back.flavour = Flavour::transfer;
    auto const after = world + std::vector<Event>{back};
    EXPECT_EQ(given(after).at(kNow + kMinute).when(command).events().size(), 1u);
  }
}

TEST(InitiateVelocity, TransfersAndSendsAreCountedApart) {
  auto command = send_to_bob(units("1.00"));
  command.flavour = Flavour::transfer;
  EXPECT_EQ(given(with_limits(waiting_for_pin(), 1, 500)).at(kNow + kMinute).when(command).events().size(), 1u);
}

// ---- duplicates --------------------------------------------------------------------------------------------------

TEST(InitiateDuplicate, TheSameSenderReceiverAndAmountWithinThirtySeconds) {
  given(waiting_for_pin())
      .at(kNow + 12 * kSecond)
      .when(send_to_bob())
      .then(Rejection{.code = RejectionCode::duplicate_transfer, .retry_after = 18});
  given(waiting_for_pin())
      .at(kNow + (30 * kSecond - 1))
      .when(send_to_bob())
      .then(Rejection{.code = RejectionCode::duplicate_transfer, .retry_after = 1});
  EXPECT_EQ(given(waiting_for_pin()).at(kNow + 30 * kSecond).when(send_to_bob()).events().size(), 1u);
}

TEST(InitiateDuplicate, AnotherAmountOrNumberIsNone) {
  auto other = send_to_bob(units("499.99"));
  EXPECT_TRUE(decide_in(waiting_for_pin(), other).ok());
  other = send_to_bob();
  other.receiver = person(kCat);
  other.receiver_phone = phone("+15550000009");
  EXPECT_TRUE(decide_in(waiting_for_pin(), other).ok());
  other.receiver = person(kBob);
  EXPECT_TRUE(decide_in(waiting_for_pin(), other).ok());
}

TEST(InitiateDuplicate, AnotherReceivingGameIsAnotherTransfer) {
  auto other = send_to_bob();
  other.target = kGame;
  EXPECT_TRUE(decide_in(waiting_for_pin(), other).ok());
}

TEST(InitiateDuplicate, AnotherEMailOrFlavourIsTheSame) {
  Rejection const duplicate{.code = RejectionCode::duplicate_transfer, .retry_after = 30};
  auto again = send_to_bob();
  again.receiver = person(kCat);
  given(waiting_for_pin()).when(again).then(duplicate);
  again = send_to_bob();
  again.flavour = Flavour::transfer;
  given(waiting_for_pin()).when(again).then(duplicate);
}

TEST(InitiateDuplicate, OneThatWasCancelledDoesNotCount) {
  auto const cancelled = waiting_for_pin() + std::vector<Event>{returned(ReturnReason::cancelled)};
  EXPECT_TRUE(decide_in(cancelled, send_to_bob()).ok());
  auto const failed = waiting_for_pin() + std::vector<Event>{PinRejected{kSend, 2}, PinRejected{kSend, 1},
                                                             PinRejected{kSend, 0}, returned(ReturnReason::wrong_pins)};
  given(failed).when(send_to_bob()).then(Rejection{.code = RejectionCode::duplicate_transfer, .retry_after = 30});
}

// ---- phones ------------------------------------------------------------------------------------------------------

// Cat (identity 2) proved to have this phone; nobody else has.
std::vector<Event> cats(std::string_view number) { return {registered(2, kCat), recorded(1, 2, number), verified(1)}; }

TEST(InitiatePhones, TheSendersPhoneOnFileUnderAnotherEMail) {
  given(ann_at_home() + cats(kAnnsPhone)).when(send_to_bob()).then(RejectionCode::phone_share_required);
}

TEST(InitiatePhones, TheReceiversPhoneOnFileUnderAnotherEMail) {
  given(ann_at_home() + cats(kBobsPhone))
      .when(send_to_bob())
      .then(Rejection{.code = RejectionCode::phone_share_required, .receiver_side = true});
}

TEST(InitiatePhones, AKnownReceiverWithoutAShareIsHeldUpToo) {
  given(ann_at_home() + cats(kBobsPhone) + std::vector<Event>{registered(3, kBob), recorded(2, 3, kBobsPhone)})
      .when(send_to_bob())
      .then(Rejection{.code = RejectionCode::phone_share_required, .receiver_side = true});
}

TEST(InitiatePhones, APhoneThatSomebodyMerelyNamedIsFree) {
  auto const world = ann_at_home() + std::vector<Event>{registered(2, kCat), recorded(1, 2, kAnnsPhone)};
  EXPECT_TRUE(decide_in(world, send_to_bob()).ok());
}

TEST(InitiatePhones, AnApprovedShareIsRemembered) {
  auto const share = cats(kAnnsPhone) + std::vector<Event>{recorded(2, 1, kAnnsPhone),
                                                           PhoneShareRequested{ApprovalId(11), PhoneId(2), PhoneId(1),
                                                                               kNow + 10 * kMinute},
                                                           PhoneShareEnded{ApprovalId(11), ShareEnd::approved}};
  EXPECT_TRUE(decide_in(ann_at_home() + share, send_to_bob()).ok());
  EXPECT_TRUE(decide_in(ann_at_home() + share, send_to_bob(), kNow + 1'000 * kDay).ok());
}

// ---- order -------------------------------------------------------------------------------------------------------

TEST(Initiate, RefusalsComeInOrder) {
  // Ann is a minor nobody is asked for, Cat has both phones, and Ann sent Bob 1.00 a moment ago.
  auto first = initiated(TransferId(14));
  first.sender_phone = PhoneId(3);
  first.receiver = IdentityId(3);
  first.receiver_phone = PhoneId(4);
  first.amount = first.reserved_after = units("1.00");
  first.fees = {Money{}, Money{}, units("0.10")};
  first.available_after = units("999.00");
  auto const free = ann_at_home() + std::vector<Event>{registered(2, kCat),
                                                       recorded(1, 2, kAnnsPhone),
                                                       recorded(2, 2, kBobsPhone),
                                                       registered(3, kBob),
                                                       recorded(3, 1, "+15550000077"),
                                                       recorded(4, 3, "+15550000088"),
                                                       first,
                                                       verified(1),
                                                       verified(2)};
  auto const world = with_limits(free, 1, 10'000);
  auto sound = send_to_bob(units("2.00"));
  sound.sender_phone = phone("+15550000077");
  sound.receiver_phone = phone("+15550000088");
  sound.unlimited = true;
  std::vector<Provocation<InitiateTransfer>> wrongs{
      {RejectionCode::game_not_found, [](InitiateTransfer& c) { c.game = kUnknown; }},
      {RejectionCode::game_not_active, [](InitiateTransfer& c) { c.game = kSuspended; }},
      {RejectionCode::currency_not_found, [](InitiateTransfer& c) { c.currency = kDust; }},
      {RejectionCode::target_not_found, [](InitiateTransfer& c) { c.target = kUnknown; }},
      {RejectionCode::game_in_testing, [](InitiateTransfer& c) { c.target = kTesting; }},
      {RejectionCode::transfer_policy, [](InitiateTransfer& c) { c.target = kSuspended; }},
      {RejectionCode::same_player,
       [](InitiateTransfer& c) {
         c.receiver = person(kAnn);
         c.target = kGame;
       }},
      {RejectionCode::invalid_amount, [](InitiateTransfer& c) { c.amount = Money{}; }},
      {RejectionCode::invalid_amount, [](InitiateTransfer& c) { c.amount = Money::from_minor(-1); }},
      {RejectionCode::invalid_amount, [](InitiateTransfer& c) { c.amount = kMaxAmount + Money::from_minor(1); }},
      {RejectionCode::insufficient_balance, [](InitiateTransfer& c) { c.amount = units("999.01"); }},
      {RejectionCode::velocity_count, [](InitiateTransfer& c) { c.unlimited = false; }},
      {RejectionCode::duplicate_transfer, [](InitiateTransfer& c) { c.amount = units("1.00"); }},
      {RejectionCode::sms_unavailable, [](InitiateTransfer& c) { c.can_text = false; }},
      {RejectionCode::phone_share_required, [](InitiateTransfer& c) { c.sender_phone = phone(kAnnsPhone); }},
      {RejectionCode::phone_share_required, [](InitiateTransfer& c) { c.receiver_phone = phone(kBobsPhone); }},
  };
  // Precedence between a provocation and one that undoes it cannot be tried: these change the same field.
  auto const clash = [](RejectionCode a, RejectionCode b) {
    auto const amount = [](RejectionCode r) {
      return r == RejectionCode::invalid_amount || r == RejectionCode::insufficient_balance ||
             r == RejectionCode::duplicate_transfer;
    };
    auto const target = [](RejectionCode r) {
      return r == RejectionCode::target_not_found || r == RejectionCode::game_in_testing ||
             r == RejectionCode::transfer_policy || r == RejectionCode::same_player;
    };
    // Another receiver's phone is another receiver, so no duplicate.
    auto const receiver = a == RejectionCode::duplicate_transfer && b == RejectionCode::phone_share_required;
    return (amount(a) && amount(b)) || (target(a) && target(b)) || receiver;
  };
  for (auto const& one : wrongs) {
    for (auto const& other : wrongs) {
      if (other.reason < one.reason || (one.reason != other.reason && clash(one.reason, other.reason))) continue;
      auto command = sound;
      other.provoke(command);
      one.provoke(command);
      auto const outcome = decide_in(world, command);
      ASSERT_FALSE(outcome.ok()) << static_cast<int>(one.reason);
      EXPECT_EQ(outcome.error().code, one.reason) << "together with " << static_cast<int>(other.reason);
    }
  }
  EXPECT_TRUE(decide_in(world, sound).ok());
  // The day's limit comes after the hour's and before a duplicate.
  auto command = sound;
  command.unlimited = false;
  command.amount = units("1.00");
  EXPECT_EQ(decide_in(with_limits(free, 1, 1), command).error().code, RejectionCode::velocity_count);
  EXPECT_EQ(decide_in(with_limits(free, 2, 1), command).error().code, RejectionCode::velocity_amount);
  EXPECT_EQ(decide_in(with_limits(free, 2, 2), command).error().code, RejectionCode::duplicate_transfer);
  // A minor without a guardian: after a duplicate, before a phone that is another's.
  auto const minor = world + std::vector<Event>{MinorFlagged{IdentityId(1), {}}};
  command = sound;
  command.sender_phone = phone(kAnnsPhone);
  EXPECT_EQ(decide_in(minor, command).error().code, RejectionCode::guardian_required);
  command = sound;
  command.amount = units("1.00");
  EXPECT_EQ(decide_in(minor, command).error().code, RejectionCode::duplicate_transfer);
}

TEST(Initiate, TheRangeComesBetweenTheAmountAndTheBalance) {
  auto command = send_to_bob(units("2000.00"));
  EXPECT_EQ(decide_in(with_ranges(), command).error().code, RejectionCode::transfer_amount_range);
  command.amount = Money{};
  EXPECT_EQ(decide_in(with_ranges(), command).error().code, RejectionCode::invalid_amount);
}

}  // namespace
}  // namespace florin::domain::testing
