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
  given(three_games()).when(command).then(Rejection::linked_game_not_found);
  command.settings.linked_games = {GameId{}};
  given(three_games()).when(command).then(Rejection::linked_game_not_found);
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
    given({}).when(command).then(Rejection::invalid_game);
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
      {{Rejection::linked_game_not_found, [](CreateGame& c) { c.settings.linked_games = {kUnknown}; }},
       {Rejection::invalid_game, [](CreateGame& c) { c.settings.name.clear(); }},
       {Rejection::invalid_game, [](CreateGame& c) { c.currencies.clear(); }}});
}

UpdateGame update(GameId game) {
  UpdateGame command{game, {}};
  command.settings.name = "Renamed";
  command.settings.status = GameStatus::suspended;
  return command;
}

TEST(UpdateGame, ReplacesTheSettingsOfAnyGameAlsoASuspendedOne) {
  for (auto const game : {kGame, kTesting, kSuspended}) {
    auto const command = update(game);
    given(three_games()).when(command).then({GameUpdated{game, command.settings}});
  }
}

TEST(UpdateGame, AGameIsNotLinkedToItself) {
  auto command = update(kGame);
  command.settings.linked_games = {kGame};
  given(three_games()).when(command).then(Rejection::linked_game_not_found);
}

TEST(UpdateGame, RefusalsComeInOrder) {
  expect_precedence<UpdateGame>(
      three_games(), update(kGame),
      {{Rejection::game_not_found, [](UpdateGame& c) { c.game = kUnknown; }},
       {Rejection::linked_game_not_found, [](UpdateGame& c) { c.settings.linked_games = {GameId(5)}; }},
       {Rejection::invalid_game, [](UpdateGame& c) { c.settings.item_fee = BasisPoints(10'001); }}});
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
  given(three_games()).when(RotateSdkKey{kUnknown, Digest{2}, true}).then(Rejection::game_not_found);
}

}  // namespace
}  // namespace florin::domain::testing
