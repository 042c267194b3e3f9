#include "eventstore/fold_check.h"

#include <algorithm>

#include "domain/postings.h"

namespace florin::eventstore {
namespace {

using namespace domain;

// Of a balance, and of a share of a price.
bool in_range(Money amount) { return amount >= Money{} && amount <= kMaxBalance; }
bool can_move(Money amount) { return in_range(amount) && amount != Money{}; }

// `delta` is +1 or -1 times an amount.
char const* check_move(State const& state, PlayerId player, CurrencyId currency, Money amount, int sign, Money after) {
  auto const* game = state.game_of(player);
  if (game == nullptr) return "moves money of a player who never joined";
  if (game->find_currency(currency) == nullptr) return "moves a currency that is not of the player's game";
  if (!can_move(amount)) return "moves an amount out of range";
  auto const result = Money::checked_add(state.wallet(player, currency).available, sign > 0 ? amount : -amount);
  if (result != after) return "the balance after it does not add up";
  if (!in_range(after)) return "leaves a balance out of range";
  return nullptr;
}

char const* check_split(Money total, Money fee, Money revenue) {
  if (!can_move(total) || !in_range(fee) || !in_range(revenue)) return "moves an amount out of range";
  return nullptr;  // that they make up the total is what the postings tell
}

bool sums_to_zero(std::vector<Posting> const& all) {
  return std::all_of(all.begin(), all.end(), [&](Posting const& posting) {
    __int128 sum = 0;
    for (auto const& other : all) {
      if (other.currency == posting.currency) sum += other.amount.minor();
    }
    return sum == 0;
  });
}

struct Check {
  State const& state;

  char const* operator()(GameCreated const& e) const {
    if (state.find_game(e.game) != nullptr) return "creates a game that exists";
    if (e.currencies.empty()) return "creates a game without a currency";
    auto sequence = state.currency_count();
    for (auto const& currency : e.currencies) {
      if (currency.currency.value() != ++sequence) return "creates a currency out of sequence";
    }
    return nullptr;
  }
  char const* operator()(GameUpdated const& e) const {
    return state.find_game(e.game) == nullptr ? "changes a game that does not exist" : nullptr;
  }
  char const* operator()(SdkKeyRotated const& e) const {
    return state.find_game(e.game) == nullptr ? "rotates the key of a game that does not exist" : nullptr;
  }
  char const* operator()(IdentityRegistered const& e) const {
    if (e.identity.value() != state.identity_count() + 1) return "registers an identity out of sequence";
    return state.find_identity(e.email_index) ? "registers an identity twice" : nullptr;
  }
  char const* operator()(PlayerJoined const& e) const {
    if (e.player.value() != state.player_count() + 1) return "adds a player out of sequence";
    if (!e.identity || e.identity.value() > state.identity_count()) return "adds a player without an identity";
    if (state.find_game(e.game) == nullptr) return "adds a player to a game that does not exist";
    return state.find_player(e.game, e.identity) ? "adds a player twice" : nullptr;
  }
  char const* operator()(PlayerRenamed const& e) const {
    return state.identity_of(e.player) != e.identity ? "renames a player under a foreign identity" : nullptr;
  }
  char const* operator()(StartingBalanceGranted const& e) const {
    return check_move(state, e.player, e.currency, e.amount, 1, e.available_after);
  }
  char const* operator()(BalanceCredited const& e) const {
    return check_move(state, e.player, e.currency, e.amount, 1, e.available_after);
  }
  char const* operator()(BalanceDebited const& e) const {
    return check_move(state, e.player, e.currency, e.amount, -1, e.available_after);
  }
  char const* operator()(ItemPurchased const& e) const {
    if (auto const* why = check_split(e.total, e.platform_fee, e.developer_revenue)) return why;
    return check_move(state, e.player, e.currency, e.total, -1, e.available_after);
  }
  char const* operator()(ItemRefunded const& e) const {
    if (state.is_refunded(e.order)) return "refunds an order twice";
    if (auto const* why = check_split(e.total, e.platform_fee, e.developer_revenue)) return why;
    return check_move(state, e.player, e.currency, e.total, 1, e.available_after);
  }
};

}  // namespace

char const* why_impossible(State const& state, Event const& event) {
  if (auto const* why = std::visit(Check{state}, event)) return why;
  return sums_to_zero(postings(event)) ? nullptr : "its postings do not sum to zero";
}

}  // namespace florin::eventstore
