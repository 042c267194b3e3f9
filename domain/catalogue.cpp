// Games and their currencies: creating, changing, rotating keys.
#include "domain/catalogue.h"

#include <algorithm>
#include <set>

#include "domain/decider.h"

namespace florin::domain {
namespace {

bool valid_rate(BasisPoints rate, BasisPoints maximum) { return rate >= BasisPoints{} && rate <= maximum; }

// What is wrong with a game's settings, if anything. `self` is zero for a game that does not exist yet.
std::optional<RejectionCode> check_settings(State const& state, GameSettings const& settings, GameId self) {
  for (auto const linked : settings.linked_games) {
    if (linked == self || state.find_game(linked) == nullptr) return RejectionCode::linked_game_not_found;
  }
  if (settings.name.empty()) return RejectionCode::invalid_game;
  if (!valid_rate(settings.transfer_fee, kMaxTransferFee)) return RejectionCode::invalid_game;
  if (!valid_rate(settings.item_fee, BasisPoints(10'000))) return RejectionCode::invalid_game;
  return std::nullopt;
}

GameId draw_game_id(State const& state, std::uint64_t entropy) {
  constexpr std::uint64_t kFirst = 100'000'000'000;
  constexpr std::uint64_t kCount = 900'000'000'000;
  std::uint64_t offset = entropy % kCount;
  while (state.find_game(GameId(kFirst + offset)) != nullptr) offset = (offset + 1) % kCount;
  return GameId(kFirst + offset);
}

}  // namespace

bool valid_currency(CurrencySpec const& currency) {
  if (currency.name.empty()) return false;
  if (currency.starting_amount < Money{} || currency.starting_amount > kMaxAmount) return false;
  if (currency.minimum_transfer <= Money{} || currency.minimum_transfer > kMaxAmount) return false;
  return !currency.maximum_transfer || *currency.maximum_transfer >= currency.minimum_transfer;
}

bool valid_currencies(std::vector<CurrencySpec> const& currencies) {
  std::set<std::string> names;
  for (auto const& currency : currencies) {
    if (!valid_currency(currency) || !names.insert(currency.name).second) return false;
  }
  return !currencies.empty() && currencies.size() <= kCurrenciesPerGameMax;
}

bool is_name_taken(Game const& game, CurrencySpec const& currency) {
  return std::any_of(game.currencies.begin(), game.currencies.end(), [&](CurrencySpec const& other) {
    return other.currency != currency.currency && other.name == currency.name;
  });
}

Decision Decider::operator()(CreateGame const& command) const {
  if (auto const wrong = check_settings(state, command.settings, GameId{})) return refuse(*wrong);
  if (!valid_currencies(command.currencies)) return refuse(RejectionCode::invalid_game);
  GameCreated created{draw_game_id(state, context.entropy), command.settings, command.currencies, command.key_hash};
  auto sequence = state.currency_count();
  for (auto& currency : created.currencies) currency.currency = CurrencyId(++sequence);
  return std::vector<Event>{std::move(created)};
}

Decision Decider::operator()(UpdateGame const& command) const {
  auto const* game = state.find_game(command.game);
  if (game == nullptr) return refuse(RejectionCode::game_not_found);
  auto settings = command.changes.applied_to(game->settings);
  if (auto const wrong = check_settings(state, settings, command.game)) return refuse(*wrong);
  if (settings == game->settings) return refuse(RejectionCode::nothing_new);
  return std::vector<Event>{GameUpdated{command.game, std::move(settings)}};
}

Decision Decider::operator()(AddCurrency const& command) const {
  auto const* game = state.find_game(command.game);
  if (game == nullptr) return refuse(RejectionCode::game_not_found);
  if (game->currencies.size() >= kCurrenciesPerGameMax) return refuse(RejectionCode::too_many_currencies);
  auto currency = command.currency;
  currency.currency = CurrencyId(state.currency_count() + 1);
  if (!valid_currency(currency)) return refuse(RejectionCode::invalid_currency);
  if (is_name_taken(*game, currency)) return refuse(RejectionCode::currency_name_taken);
  return std::vector<Event>{CurrencyAdded{command.game, std::move(currency)}};
}

Decision Decider::operator()(ChangeCurrency const& command) const {
  auto const* game = state.find_game(command.game);
  if (game == nullptr) return refuse(RejectionCode::game_not_found);
  auto const* current = game->find_currency(command.currency);
  if (current == nullptr) return refuse(RejectionCode::currency_not_found);
  auto currency = command.changes.applied_to(*current);
  if (!valid_currency(currency)) return refuse(RejectionCode::invalid_currency);
  if (is_name_taken(*game, currency)) return refuse(RejectionCode::currency_name_taken);
  if (currency == *current) return refuse(RejectionCode::nothing_new);
  return std::vector<Event>{CurrencyChanged{command.game, std::move(currency)}};
}

Decision Decider::operator()(RotateSdkKey const& command) const {
  if (state.find_game(command.game) == nullptr) return refuse(RejectionCode::game_not_found);
  auto const until = command.immediate ? Timestamp{} : context.now + kKeyGraceMicros;
  return std::vector<Event>{SdkKeyRotated{command.game, command.key_hash, until}};
}

void Fold::operator()(GameCreated const& e) const {
  FLORIN_ASSERT(state.find_game(e.game) == nullptr && !e.currencies.empty());
  Game game{e.game, e.settings, e.currencies, e.key_hash, {}, at};
  for (auto const& currency : game.currencies) {
    FLORIN_ASSERT(currency.currency.value() == state.currency_count_ + 1);
    ++state.currency_count_;
  }
  state.game_rows_.emplace(e.game, static_cast<std::uint32_t>(state.games_.size()));
  state.games_.push_back(std::move(game));
}

void Fold::operator()(GameUpdated const& e) const { state.game_at(e.game).settings = e.settings; }

void Fold::operator()(CurrencyAdded const& e) const {
  FLORIN_ASSERT(e.currency.currency.value() == state.currency_count_ + 1);
  state.game_at(e.game).currencies.push_back(e.currency);
  ++state.currency_count_;
}

void Fold::operator()(CurrencyChanged const& e) const {
  auto& currencies = state.game_at(e.game).currencies;
  auto const found = std::find_if(currencies.begin(), currencies.end(), [&](CurrencySpec const& currency) {
    return currency.currency == e.currency.currency;
  });
  FLORIN_ASSERT(found != currencies.end());
  *found = e.currency;
}

void Fold::operator()(SdkKeyRotated const& e) const {
  auto& game = state.game_at(e.game);
  auto& previous = game.previous_keys;
  if (e.previous_valid_until == Timestamp{}) {
    previous.clear();
  } else {
    std::erase_if(previous, [this](PreviousKey const& key) { return key.valid_until <= at; });
    if (previous.size() == kPreviousKeysMax) previous.erase(previous.begin());
    previous.push_back({game.key_hash, e.previous_valid_until});
  }
  game.key_hash = e.key_hash;
}

}  // namespace florin::domain
