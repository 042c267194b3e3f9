// Games: creating, updating, rotating keys.
#include <gtest/gtest.h>

#include "tests/domain/ledger_dsl.h"

namespace florin::domain::testing {
namespace {

CreateGame create(std::string name = "Castle") {
  CreateGame command;
  command.settings.name = std::move(name);
  command.currencies = {currency(CurrencyId{}, "gold"), currency(CurrencyId{}, "gems", units("25.00"))};
  command.key_hash = Digest{9};
  return command;
}

GameCreated created(CreateGame const& command, GameId id, std::uint64_t first_currency) {
  GameCreated event{id, command.settings, command.currencies, command.key_hash};
  for (auto& spec : event.currencies) spec.currency = CurrencyId(first_currency++);
  return event;
}

TEST(CreateGame, NamesTheGameByEntropyAndNumbersItsCurrencies) {
  auto const command = create();
  given({}).when(command, 5).then({created(command, GameId(100'000'000'005), 1)});
  given(three_games()).when(command, 5).then({created(command, GameId(100'000'000'005), 5)});
}

TEST(CreateGame, IdsAlwaysHaveTwelveDigits) {
  for (std::uint64_t const entropy :
       {std::uint64_t{0}, std::uint64_t{899'999'999'999}, std::uint64_t{900'000'000'000}, ~std::uint64_t{0}}) {
    auto const outcome = given({}).when(create(), entropy);
    EXPECT_TRUE(is_game_id(std::get<GameCreated>(outcome.events().front()).game.value())) << entropy;
  }
}

TEST(CreateGame, StepsOverAnIdThatIsTaken) {
  auto const taken = game_created(GameId(999'999'999'999), GameStatus::live, {currency(kGold, "gold")});
  auto const command = create();
  given({taken}).when(command, 899'999'999'999).then({created(command, GameId(100'000'000'000), 2)});
}

TEST(CreateGame, IdsInTheCommandAreIgnored) {
  auto command = create();
  for (auto& spec : command.currencies) spec.currency = CurrencyId(77);
  given({}).when(command).then({created(command, GameId(100'000'000'000), 1)});
}

TEST(CreateGame, LinksOnlyToGamesThatExist) {
  auto command = create();
  command.settings.linked_games = {kGame, kSuspended};
  given(three_games()).when(command).then({created(command, GameId(100'000'000'000), 5)});
  command.settings.linked_games = {kGame, kUnknown};
  given(three_games()).when(command).then(RejectionCode::linked_game_not_found);
  command.settings.linked_games = {GameId{}};
  given(three_games()).when(command).then(RejectionCode::linked_game_not_found);
}

TEST(CreateGame, RefusesWhatIsNotAGame) {
  using Change = void (*)(CreateGame&);
  for (Change const change : std::initializer_list<Change>{
           [](CreateGame& c) { c.settings.name.clear(); },
           [](CreateGame& c) { c.settings.transfer_fee = BasisPoints(1'001); },
           [](CreateGame& c) { c.settings.transfer_fee = BasisPoints(-1); },
           [](CreateGame& c) { c.settings.item_fee = BasisPoints(10'001); },
           [](CreateGame& c) { c.settings.item_fee = BasisPoints(-1); },
           [](CreateGame& c) { c.currencies.clear(); },
           [](CreateGame& c) { c.currencies[1].name = c.currencies[0].name; },
           [](CreateGame& c) { c.currencies[1].name.clear(); },
           [](CreateGame& c) { c.currencies[0].starting_amount = Money::from_minor(-1); },
           [](CreateGame& c) { c.currencies[0].starting_amount = kMaxAmount + Money::from_minor(1); },
           [](CreateGame& c) { c.currencies[0].minimum_transfer = Money{}; },
           [](CreateGame& c) {
             c.currencies[0].minimum_transfer = units("2.00");
             c.currencies[0].maximum_transfer = units("1.99");
           },
       }) {
    auto command = create();
    change(command);
    given({}).when(command).then(RejectionCode::invalid_game);
  }
}

TEST(CreateGame, AcceptsTheEdgesOfEveryRange) {
  auto command = create();
  command.settings.transfer_fee = kMaxTransferFee;
  command.settings.item_fee = BasisPoints(10'000);
  command.currencies[0].starting_amount = kMaxAmount;
  command.currencies[0].minimum_transfer = units("2.00");
  command.currencies[0].maximum_transfer = units("2.00");
  given({}).when(command).then({created(command, GameId(100'000'000'000), 1)});
}

TEST(CreateGame, RefusalsComeInOrder) {
  expect_precedence<CreateGame>(
      three_games(), create(),
      {{RejectionCode::linked_game_not_found, [](CreateGame& c) { c.settings.linked_games = {kUnknown}; }},
       {RejectionCode::invalid_game, [](CreateGame& c) { c.settings.name.clear(); }},
       {RejectionCode::invalid_game, [](CreateGame& c) { c.currencies.clear(); }}});
}

UpdateGame update(GameId game) {
  UpdateGame command{game, {}};
  command.changes.name = "Renamed";
  return command;
}

// The settings that three_games() gives a game.
GameSettings settings_of(GameId game, GameStatus status) { return game_created(game, status, {}).settings; }

TEST(UpdateGame, ChangesWhatIsNamedOfAnyGameAlsoASuspendedOne) {
  for (auto const& [game, status] :
       {std::pair(kGame, GameStatus::live), {kTesting, GameStatus::testing}, {kSuspended, GameStatus::suspended}}) {
    auto settings = settings_of(game, status);
    settings.name = "Renamed";
    given(three_games()).when(update(game)).then({GameUpdated{game, settings}});
  }
}

TEST(UpdateGame, EveryFieldCanBeChanged) {
  UpdateGame command{kGame, {}};
  auto& changes = command.changes;
  changes.name = "Renamed";
  changes.developer_name = "Studio";
  changes.genre = "RPG";
  changes.icon_url = "https://example.org/icon.png";
  changes.status = GameStatus::suspended;
  changes.universal_transfers = false;
  changes.allows_outgoing_transfers = false;
  changes.allows_incoming_transfers = false;
  changes.linked_games = std::vector<GameId>{kTesting, kSuspended};
  changes.transfer_fee = BasisPoints(25);
  changes.item_fee = BasisPoints(1'250);
  changes.limits = {{LimitKind::batch_reads_per_minute, 7}};
  given(three_games())
      .when(command)
      .then({GameUpdated{kGame,
                         {"Renamed",
                          "Studio",
                          "RPG",
                          "https://example.org/icon.png",
                          GameStatus::suspended,
                          false,
                          false,
                          false,
                          {kTesting, kSuspended},
                          BasisPoints(25),
                          BasisPoints(1'250),
                          {{LimitKind::batch_reads_per_minute, 7}}}}});
}

// Two operators look at the same game: one suspends it, the other changes its fee. Both changes hold.
TEST(UpdateGame, AChangeDoesNotUndoTheOneBeforeIt) {
  UpdateGame suspend{kGame, {}};
  suspend.changes.status = GameStatus::suspended;
  suspend.changes.limits = {{LimitKind::batch_reads_per_minute, 7}, {LimitKind::by_id_reads_per_minute, 8}};
  UpdateGame fee{kGame, {}};
  fee.changes.item_fee = BasisPoints(1'250);
  fee.changes.limits = {{LimitKind::batch_reads_per_minute, 9}};

  auto after_first = settings_of(kGame, GameStatus::suspended);
  after_first.limits = suspend.changes.limits;
  given(three_games()).when(suspend).then({GameUpdated{kGame, after_first}});

  auto facts = three_games();
  facts.emplace_back(GameUpdated{kGame, after_first});
  auto after_both = after_first;
  after_both.item_fee = BasisPoints(1'250);
  after_both.limits = {{LimitKind::batch_reads_per_minute, 9}, {LimitKind::by_id_reads_per_minute, 8}};
  given(facts).when(fee).then({GameUpdated{kGame, after_both}});
}

TEST(UpdateGame, AnEmptyListOfLinksUnlinksAndAnAbsentOneKeeps) {
  auto linked = settings_of(kGame, GameStatus::live);
  linked.linked_games = {kTesting};
  auto facts = three_games();
  facts.emplace_back(GameUpdated{kGame, linked});

  auto renamed = linked;
  renamed.name = "Renamed";
  given(facts).when(update(kGame)).then({GameUpdated{kGame, renamed}});

  UpdateGame unlink{kGame, {}};
  unlink.changes.linked_games.emplace();
  given(facts).when(unlink).then({GameUpdated{kGame, settings_of(kGame, GameStatus::live)}});
}

TEST(UpdateGame, WhatLeavesEverythingAsItIsWritesNothing) {
  given(three_games()).when(UpdateGame{kGame, {}}).then(RejectionCode::nothing_new);
  UpdateGame same{kGame, {}};
  same.changes.name = settings_of(kGame, GameStatus::live).name;
  same.changes.status = GameStatus::live;
  given(three_games()).when(same).then(RejectionCode::nothing_new);

  auto limited = settings_of(kGame, GameStatus::live);
  limited.limits = {{LimitKind::batch_reads_per_minute, 7}};
  auto facts = three_games();
  facts.emplace_back(GameUpdated{kGame, limited});
  UpdateGame again{kGame, {}};
  again.changes.limits = limited.limits;
  given(facts).when(again).then(RejectionCode::nothing_new);
}

TEST(UpdateGame, TheNameCannotBeTakenAway) {
  auto command = update(kGame);
  command.changes.name = "";
  given(three_games()).when(command).then(RejectionCode::invalid_game);
}

TEST(UpdateGame, AGameIsNotLinkedToItself) {
  auto command = update(kGame);
  command.changes.linked_games = std::vector<GameId>{kGame};
  given(three_games()).when(command).then(RejectionCode::linked_game_not_found);
}

TEST(UpdateGame, RefusalsComeInOrder) {
  expect_precedence<UpdateGame>(
      three_games(), update(kGame),
      {{RejectionCode::game_not_found, [](UpdateGame& c) { c.game = kUnknown; }},
       {RejectionCode::linked_game_not_found,
        [](UpdateGame& c) { c.changes.linked_games = std::vector<GameId>{GameId(5)}; }},
       {RejectionCode::invalid_game, [](UpdateGame& c) { c.changes.item_fee = BasisPoints(10'001); }}});
}

State after(std::vector<Event> const& facts) { return state_after(facts); }

AddCurrency add(std::string name = "ore") { return {kGame, currency(CurrencyId{}, std::move(name))}; }

TEST(AddCurrency, GetsTheNextNumberOfAllGames) {
  auto command = add();
  command.currency.currency = CurrencyId(77);  // ignored
  given(three_games()).when(command).then({CurrencyAdded{kGame, currency(CurrencyId(5), "ore")}});
}

TEST(AddCurrency, IsForPlayersWhoJoinFromThenOn) {
  auto const facts = ann_with_gold(units("5.00")) +
                     std::vector<Event>{CurrencyAdded{kGame, currency(CurrencyId(5), "ore", units("3.00"))}};
  auto const before = after(facts);
  EXPECT_EQ(before.wallet(PlayerId(1), CurrencyId(5)), Wallet{});
  auto const decided = given(facts).when(CreditBalance{kGame, player("ann@example.com"), kGold, units("1.00"), ""});
  for (auto const& event : decided.events()) EXPECT_FALSE(std::holds_alternative<StartingBalanceGranted>(event));
  auto const fresh = given(facts).when(CreditBalance{kGame, player("zoe@example.com"), kGold, units("1.00"), ""});
  std::size_t granted = 0;
  for (auto const& event : fresh.events()) {
    auto const* grant = std::get_if<StartingBalanceGranted>(&event);
    if (grant != nullptr && grant->currency == CurrencyId(5)) granted += grant->amount == units("3.00") ? 1 : 0;
  }
  EXPECT_EQ(granted, 1u);
}

TEST(AddCurrency, AGameHasFiftyAtMost) {
  auto facts = three_games();
  auto const had = after(facts).find_game(kGame)->currencies.size();
  for (std::uint64_t i = had; i < kCurrenciesPerGameMax; ++i) {
    facts.push_back(CurrencyAdded{kGame, currency(CurrencyId(5 + i - had), "ore " + std::to_string(i))});
  }
  given(facts).when(add()).then(RejectionCode::too_many_currencies);
  facts.pop_back();
  EXPECT_EQ(given(facts).when(add()).events().size(), 1u);
}

TEST(AddCurrency, RefusalsComeInOrder) {
  expect_precedence<AddCurrency>(
      three_games(), add(),
      {{RejectionCode::game_not_found, [](AddCurrency& c) { c.game = kUnknown; }},
       {RejectionCode::invalid_currency, [](AddCurrency& c) { c.currency.minimum_transfer = Money{}; }},
       {RejectionCode::currency_name_taken, [](AddCurrency& c) { c.currency.name = "gold"; }}});
}

TEST(ChangeCurrency, ChangesWhatIsNamedAndNothingElse) {
  auto const facts = three_games();
  auto const before = *after(facts).find_game(kGame)->find_currency(kGold);
  ChangeCurrency command{kGame, kGold, {}};
  auto expected = before;
  command.changes.name = expected.name = "crowns";
  given(facts).when(command).then({CurrencyChanged{kGame, expected}});
  command.changes = {};
  expected = before;
  command.changes.starting_amount = expected.starting_amount = units("9.00");
  command.changes.minimum_transfer = expected.minimum_transfer = units("2.00");
  command.changes.maximum_transfer = expected.maximum_transfer = units("2.00");
  given(facts).when(command).then({CurrencyChanged{kGame, expected}});
  auto const limited = facts + std::vector<Event>{CurrencyChanged{kGame, expected}};
  command.changes = {};
  command.changes.maximum_transfer.emplace();
  expected.maximum_transfer.reset();
  given(limited).when(command).then({CurrencyChanged{kGame, expected}});
}

TEST(ChangeCurrency, ItsOwnNameIsNotTaken) {
  ChangeCurrency command{kGame, kGold, {}};
  command.changes.name = "gold";
  command.changes.symbol = "AU";
  EXPECT_EQ(given(three_games()).when(command).events().size(), 1u);
}

TEST(ChangeCurrency, WhatLeavesEverythingAsItIsIsNoChange) {
  ChangeCurrency command{kGame, kGold, {}};
  command.changes.name = "gold";
  given(three_games()).when(command).then(RejectionCode::nothing_new);
}

TEST(ChangeCurrency, RefusesWhatIsNotACurrency) {
  using Change = void (*)(CurrencyChanges&);
  for (Change const change : std::initializer_list<Change>{
           [](CurrencyChanges& c) { c.name = ""; },
           [](CurrencyChanges& c) { c.starting_amount = Money::from_minor(-1); },
           [](CurrencyChanges& c) { c.starting_amount = kMaxAmount + Money::from_minor(1); },
           [](CurrencyChanges& c) { c.minimum_transfer = Money{}; },
           [](CurrencyChanges& c) { c.minimum_transfer = kMaxAmount + Money::from_minor(1); },
           [](CurrencyChanges& c) {
             c.minimum_transfer = units("2.00");
             c.maximum_transfer = units("1.99");
           },
       }) {
    ChangeCurrency command{kGame, kGold, {}};
    change(command.changes);
    given(three_games()).when(command).then(RejectionCode::invalid_currency);
  }
}

TEST(ChangeCurrency, RefusalsComeInOrder) {
  ChangeCurrency command{kGame, kGold, {}};
  command.changes.symbol = "CR";
  expect_precedence<ChangeCurrency>(
      three_games() + std::vector<Event>{CurrencyAdded{kGame, currency(CurrencyId(5), "ore")}}, command,
      {{RejectionCode::game_not_found, [](ChangeCurrency& c) { c.game = kUnknown; }},
       {RejectionCode::currency_not_found, [](ChangeCurrency& c) { c.currency = kDust; }},
       {RejectionCode::invalid_currency, [](ChangeCurrency& c) { c.changes.minimum_transfer = Money{}; }},
       {RejectionCode::currency_name_taken, [](ChangeCurrency& c) { c.changes.name = "ore"; }}});
}

TEST(RotateSdkKey, TheOldKeyWorksForSevenMoreDays) {
  given(three_games())
      .when(RotateSdkKey{kGame, Digest{2}, false})
      .then({SdkKeyRotated{kGame, Digest{2}, kNow + 7 * kMicrosPerDay}});
}

TEST(RotateSdkKey, ImmediatelyMeansNow) {
  given(three_games()).when(RotateSdkKey{kGame, Digest{2}, true}).then({SdkKeyRotated{kGame, Digest{2}, Timestamp{}}});
}

TEST(RotateSdkKey, OfAnUnknownGameIsRefused) {
  given(three_games()).when(RotateSdkKey{kUnknown, Digest{2}, true}).then(RejectionCode::game_not_found);
}

}  // namespace
}  // namespace florin::domain::testing
