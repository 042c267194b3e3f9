#include "domain/ledger.h"

#include <algorithm>
#include <set>

#include "domain/contract.h"

namespace florin::domain {
namespace {

std::uint64_t hash_of(BlindIndex const& index) {
  // Already uniform: it is a keyed hash.
  std::uint64_t hash = 0;
  std::memcpy(&hash, index.data(), sizeof hash);
  return hash;
}

std::uint32_t row_of(std::uint64_t id) { return static_cast<std::uint32_t>(id - 1); }

Failure<Refusal> refuse(Rejection reason) { return fail(Refusal{reason, {}, {}}); }

bool valid_rate(BasisPoints rate, BasisPoints maximum) { return rate >= BasisPoints{} && rate <= maximum; }

// What is wrong with a game's settings, if anything. `self` is zero for a game that does not exist yet.
std::optional<Rejection> check_settings(State const& state, GameSettings const& settings, GameId self) {
  for (auto const linked : settings.linked_games) {
    if (linked == self || state.find_game(linked) == nullptr) return Rejection::linked_game_not_found;
  }
  if (settings.name.empty()) return Rejection::invalid_game;
  if (!valid_rate(settings.transfer_fee, kMaxTransferFee)) return Rejection::invalid_game;
  if (!valid_rate(settings.item_fee, BasisPoints(10'000))) return Rejection::invalid_game;
  return std::nullopt;
}

bool valid_currencies(std::vector<CurrencySpec> const& currencies) {
  std::set<std::string> names;
  for (auto const& currency : currencies) {
    if (currency.name.empty() || !names.insert(currency.name).second) return false;
    if (currency.starting_amount < Money{} || currency.starting_amount > kMaxAmount) return false;
    if (currency.minimum_transfer <= Money{}) return false;
    if (currency.maximum_transfer && *currency.maximum_transfer < currency.minimum_transfer) return false;
  }
  return !currencies.empty();
}

// An event's amount is what moved, never a direction: a negative debit in a log is corruption.
Money moved(Money amount) {
  FLORIN_ASSERT(amount > Money{});
  return amount;
}

// The parts of a sale, which its postings rest on.
Money split(Money total, Money platform_fee, Money developer_revenue) {
  FLORIN_ASSERT(platform_fee >= Money{} && developer_revenue >= Money{} && platform_fee + developer_revenue == total);
  return moved(total);
}

GameId draw_game_id(State const& state, std::uint64_t entropy) {
  constexpr std::uint64_t kFirst = 100'000'000'000;
  constexpr std::uint64_t kCount = 900'000'000'000;
  std::uint64_t offset = entropy % kCount;
  while (state.find_game(GameId(kFirst + offset)) != nullptr) offset = (offset + 1) % kCount;
  return GameId(kFirst + offset);
}

// The decision under construction for one player: who they are (registering and joining on first use) and what
// they hold as the events so far would leave it.
class PlayerDesk {
 public:
  PlayerDesk(State const& state, Game const& game, PlayerRef const& ref, std::vector<Event>& events)
      : state_(state), game_(game), ref_(ref), events_(events) {
    identity_ = state.find_identity(ref.email_index);
    if (identity_) player_ = state.find_player(game.id, *identity_);
  }

  [[nodiscard]] bool known() const { return player_.has_value(); }

  // "A player appears on first credit, purchase, claim or initiate, and receives the currency's configured
  // starting amount once" (CONTRACT, Balances).
  PlayerId enter() {
    if (player_) {
      if (ref_.renamed && !ref_.name.empty()) {
        events_.emplace_back(PlayerRenamed{*player_, *identity_, PersonalText{ref_.name, false}, ref_.name_tag});
      }
      return *player_;
    }
    if (!identity_) {
      identity_ = IdentityId(state_.identity_count() + 1);
      events_.emplace_back(IdentityRegistered{*identity_, ref_.email_index, PersonalText{ref_.email, false}});
    }
    player_ = PlayerId(state_.player_count() + 1);
    events_.emplace_back(PlayerJoined{*player_, game_.id, *identity_, PersonalText{ref_.name, false}, ref_.name_tag});
    for (auto const& currency : game_.currencies) {
      if (currency.starting_amount == Money{}) continue;
      events_.emplace_back(
          StartingBalanceGranted{*player_, currency.currency, currency.starting_amount, currency.starting_amount});
    }
    joined_now_ = true;
    return *player_;
  }

  [[nodiscard]] Money available(CurrencyId currency) const {
    if (!player_) return {};
    if (!joined_now_) return state_.wallet(*player_, currency).available;
    return game_.find_currency(currency)->starting_amount;
  }

 private:
  State const& state_;
  Game const& game_;
  PlayerRef const& ref_;
  std::vector<Event>& events_;
  std::optional<IdentityId> identity_;
  std::optional<PlayerId> player_;
  bool joined_now_ = false;
};

struct Decider {
  State const& state;
  Context const& context;

  // The calling game and the currency meant: the checks that every money command starts with.
  struct Desk {
    Game const* game = nullptr;
    CurrencyId currency;
  };
  Result<Desk, Refusal> open(GameId id, CurrencyId currency) const {
    auto const* game = state.find_game(id);
    if (game == nullptr) return refuse(Rejection::game_not_found);
    if (!may_call(game->settings.status)) return refuse(Rejection::game_not_active);
    if (!currency) return Desk{game, game->currencies.front().currency};
    if (game->find_currency(currency) == nullptr) return refuse(Rejection::currency_not_found);
    return Desk{game, currency};
  }

  static bool valid_amount(Money amount) { return amount > Money{} && amount <= kMaxAmount; }

  Decision operator()(CreateGame const& command) const {
    if (auto const wrong = check_settings(state, command.settings, GameId{})) return refuse(*wrong);
    if (!valid_currencies(command.currencies)) return refuse(Rejection::invalid_game);
    GameCreated created{draw_game_id(state, context.entropy), command.settings, command.currencies, command.key_hash};
    auto sequence = state.currency_count();
    for (auto& currency : created.currencies) currency.currency = CurrencyId(++sequence);
    return std::vector<Event>{std::move(created)};
  }

  Decision operator()(UpdateGame const& command) const {
    auto const* game = state.find_game(command.game);
    if (game == nullptr) return refuse(Rejection::game_not_found);
    auto settings = command.changes.applied_to(game->settings);
    if (auto const wrong = check_settings(state, settings, command.game)) return refuse(*wrong);
    return std::vector<Event>{GameUpdated{command.game, std::move(settings)}};
  }

  Decision operator()(RotateSdkKey const& command) const {
    if (state.find_game(command.game) == nullptr) return refuse(Rejection::game_not_found);
    auto const until = command.immediate ? Timestamp{} : context.now + kKeyGraceMicros;
    return std::vector<Event>{SdkKeyRotated{command.game, command.key_hash, until}};
  }

  Decision operator()(CreditBalance const& command) const {
    auto const desk = open(command.game, command.currency);
    if (!desk) return fail(desk.error());
    if (!valid_amount(command.amount)) return refuse(Rejection::invalid_amount);
    std::vector<Event> events;
    PlayerDesk player(state, *desk.value().game, command.player, events);
    auto const id = player.enter();
    auto const after = Money::checked_add(player.available(desk.value().currency), command.amount);
    if (!after || *after > kMaxBalance) return refuse(Rejection::balance_limit);
    events.emplace_back(BalanceCredited{id, desk.value().currency, command.amount, *after, command.reason});
    return events;
  }

  Decision operator()(DebitBalance const& command) const {
    auto const desk = open(command.game, command.currency);
    if (!desk) return fail(desk.error());
    std::vector<Event> events;
    PlayerDesk player(state, *desk.value().game, command.player, events);
    if (!player.known()) return refuse(Rejection::player_not_found);
    if (!valid_amount(command.amount)) return refuse(Rejection::invalid_amount);
    auto const id = player.enter();
    auto const available = player.available(desk.value().currency);
    if (available < command.amount) {
      return fail(Refusal{Rejection::insufficient_balance, available, command.amount});
    }
    events.emplace_back(
        BalanceDebited{id, desk.value().currency, command.amount, available - command.amount, command.reason});
    return events;
  }

  Decision operator()(PurchaseItem const& command) const {
    auto const desk = open(command.game, command.currency);
    if (!desk) return fail(desk.error());
    if (!valid_amount(command.unit_price) || !valid_amount(command.total_price) ||
        command.total_price >= kItemTotalLimit) {
      return refuse(Rejection::invalid_amount);
    }
    if (command.quantity < 1 || command.quantity > kMaxItemQuantity) return refuse(Rejection::invalid_quantity);
    auto const total = Money::checked_multiply(command.unit_price, command.quantity);
    if (total != command.total_price) return refuse(Rejection::total_mismatch);

    std::vector<Event> events;
    PlayerDesk player(state, *desk.value().game, command.player, events);
    auto const id = player.enter();
    auto const available = player.available(desk.value().currency);
    if (available < *total) return fail(Refusal{Rejection::insufficient_balance, available, *total});
    auto const fee = share_half_up(*total, desk.value().game->settings.item_fee);
    events.emplace_back(ItemPurchased{id, desk.value().currency, command.item, command.quantity, command.unit_price,
                                      *total, fee, *total - fee, available - *total});
    return events;
  }

  Decision operator()(RefundItem const& command) const {
    auto const& original = command.original;
    auto const* game = state.find_game(command.game);
    if (game == nullptr) return refuse(Rejection::game_not_found);
    if (!may_call(game->settings.status)) return refuse(Rejection::game_not_active);
    if (game->find_currency(original.currency) == nullptr) return refuse(Rejection::order_not_found);
    if (state.is_refunded(command.order)) return refuse(Rejection::already_refunded);
    auto const available = state.wallet(original.player, original.currency).available;
    auto const after = Money::checked_add(available, original.total);
    if (!after || *after > kMaxBalance) return refuse(Rejection::balance_limit);
    return std::vector<Event>{ItemRefunded{command.order, original.player, original.currency, original.total,
                                           original.platform_fee, original.developer_revenue, *after, command.reason}};
  }
};

}  // namespace

Decision decide(State const& state, Command const& command, Context const& context) {
  return std::visit(Decider{state, context}, command);
}

Game const* State::find_game(GameId game) const {
  auto const index = game_index(game);
  return index ? &games_[*index] : nullptr;
}

std::optional<std::uint32_t> State::game_index(GameId game) const {
  auto const found = game_rows_.find(game);
  if (found == game_rows_.end()) return std::nullopt;
  return found->second;
}

Game& State::game_at(GameId game) {
  auto const index = game_index(game);
  FLORIN_ASSERT(index.has_value());
  return games_[*index];
}

std::optional<IdentityId> State::find_identity(BlindIndex const& email) const {
  auto const row = identity_index_.find(
      hash_of(email), [&](std::uint32_t candidate) { return identities_[candidate].email_index == email; });
  if (row == HashIndex::kNone) return std::nullopt;
  return IdentityId(std::uint64_t{row} + 1);
}

std::optional<PlayerId> State::find_player(GameId game, IdentityId identity) const {
  auto const index = game_index(game);
  if (!index) return std::nullopt;
  auto const row = player_index_.find(hash_ids(*index, identity.value()), [&](std::uint32_t candidate) {
    return players_[candidate].identity == identity.value() && players_[candidate].game == *index;
  });
  if (row == HashIndex::kNone) return std::nullopt;
  return PlayerId(std::uint64_t{row} + 1);
}

std::optional<std::uint32_t> State::find_wallet(PlayerId player, CurrencyId currency) const {
  auto const row = wallet_index_.find(hash_ids(player.value(), currency.value()), [&](std::uint32_t candidate) {
    return wallets_[candidate].player == player.value() && wallets_[candidate].currency == currency.value();
  });
  if (row == HashIndex::kNone) return std::nullopt;
  return row;
}

Wallet State::wallet(PlayerId player, CurrencyId currency) const {
  auto const row = find_wallet(player, currency);
  if (!row) return {};
  return {Money::from_minor(wallets_[*row].available), Money::from_minor(wallets_[*row].reserved)};
}

Game const* State::game_of(PlayerId player) const {
  if (player.value() == 0 || player.value() > players_.size()) return nullptr;
  return &games_[players_[row_of(player.value())].game];
}

std::optional<IdentityId> State::identity_of(PlayerId player) const {
  if (player.value() == 0 || player.value() > players_.size()) return std::nullopt;
  return IdentityId(players_[row_of(player.value())].identity);
}

void State::prefetch_identity(BlindIndex const& email) const { identity_index_.prefetch(hash_of(email)); }

void State::prefetch_player(GameId game, IdentityId identity) const {
  if (auto const index = game_index(game)) player_index_.prefetch(hash_ids(*index, identity.value()));
}

void State::prefetch_wallet(PlayerId player, CurrencyId currency) const {
  wallet_index_.prefetch(hash_ids(player.value(), currency.value()));
}

State::WalletRow& State::touch_wallet(PlayerId player, CurrencyId currency) {
  if (auto const row = find_wallet(player, currency)) return wallets_[*row];
  FLORIN_ASSERT(player.value() != 0 && player.value() <= players_.size());
  FLORIN_ASSERT(game_of(player)->find_currency(currency) != nullptr);
  restore_wallet(
      WalletRow{static_cast<std::uint32_t>(player.value()), static_cast<std::uint32_t>(currency.value()), 0, 0});
  return wallets_[wallets_.size() - 1];
}

// Moves the available balance and checks it against what the event says it became: a log that does not add up is
// noticed at the first event that lies. Nothing that exists today may leave a wallet below zero.
void State::move(PlayerId player, CurrencyId currency, Money delta, Money available_after) {
  auto& row = touch_wallet(player, currency);
  auto const after = Money::from_minor(row.available) + delta;
  FLORIN_ASSERT(after == available_after);
  FLORIN_ASSERT(after >= Money{} && after <= kMaxBalance);
  row.available = after.minor();
}

void apply(State& state, Event const& event, Timestamp at) {
  std::visit(
      Overloaded{
          [&](GameCreated const& e) {
            FLORIN_ASSERT(state.find_game(e.game) == nullptr && !e.currencies.empty());
            Game game{e.game, e.settings, e.currencies, e.key_hash, {}, at};
            for (auto const& currency : game.currencies) {
              FLORIN_ASSERT(currency.currency.value() == state.currency_count_ + 1);
              ++state.currency_count_;
            }
            state.game_rows_.emplace(e.game, static_cast<std::uint32_t>(state.games_.size()));
            state.games_.push_back(std::move(game));
          },
          [&](GameUpdated const& e) { state.game_at(e.game).settings = e.settings; },
          [&](SdkKeyRotated const& e) {
            auto& game = state.game_at(e.game);
            auto& previous = game.previous_keys;
            if (e.previous_valid_until == Timestamp{}) {
              previous.clear();
            } else {
              std::erase_if(previous, [at](PreviousKey const& key) { return key.valid_until <= at; });
              if (previous.size() == kPreviousKeysMax) previous.erase(previous.begin());
              previous.push_back({game.key_hash, e.previous_valid_until});
            }
            game.key_hash = e.key_hash;
          },
          [&](IdentityRegistered const& e) {
            FLORIN_ASSERT(e.identity.value() == state.identity_count() + 1);
            FLORIN_ASSERT(!state.find_identity(e.email_index));
            state.restore_identity(State::IdentityRow{e.email_index});
          },
          [&](PlayerJoined const& e) {
            FLORIN_ASSERT(e.player.value() == state.player_count() + 1);
            FLORIN_ASSERT(e.identity.value() != 0 && e.identity.value() <= state.identity_count());
            auto const game = state.game_index(e.game);
            FLORIN_ASSERT(game.has_value() && !state.find_player(e.game, e.identity));
            state.restore_player(State::PlayerRow{static_cast<std::uint32_t>(e.identity.value()), *game});
          },
          [&](PlayerRenamed const& e) { FLORIN_ASSERT(state.identity_of(e.player) == e.identity); },
          [&](StartingBalanceGranted const& e) {
            state.move(e.player, e.currency, moved(e.amount), e.available_after);
          },
          [&](BalanceCredited const& e) { state.move(e.player, e.currency, moved(e.amount), e.available_after); },
          [&](BalanceDebited const& e) { state.move(e.player, e.currency, -moved(e.amount), e.available_after); },
          [&](ItemPurchased const& e) {
            auto const total = split(e.total, e.platform_fee, e.developer_revenue);
            state.move(e.player, e.currency, -total, e.available_after);
          },
          [&](ItemRefunded const& e) {
            FLORIN_ASSERT(!state.is_refunded(e.order));
            auto const total = split(e.total, e.platform_fee, e.developer_revenue);
            state.refunded_orders_.insert(e.order.value());
            state.move(e.player, e.currency, total, e.available_after);
          },
      },
      event);
}

std::vector<std::uint64_t> State::refunded_orders() const {
  std::vector<std::uint64_t> orders(refunded_orders_.begin(), refunded_orders_.end());
  std::sort(orders.begin(), orders.end());
  return orders;
}

void State::restore_games(std::vector<Game> games) {
  FLORIN_ASSERT(games_.empty());
  games_ = std::move(games);
  for (std::uint32_t i = 0; i < games_.size(); ++i) {
    game_rows_.emplace(games_[i].id, i);
    currency_count_ += games_[i].currencies.size();
  }
}

void State::restore_identity(IdentityRow const& row) {
  auto const index = identities_.push_back(row);
  identity_index_.insert(hash_of(row.email_index), static_cast<std::uint32_t>(index));
}

void State::restore_player(PlayerRow const& row) {
  auto const index = players_.push_back(row);
  player_index_.insert(hash_ids(row.game, row.identity), static_cast<std::uint32_t>(index));
}

void State::restore_wallet(WalletRow const& row) {
  auto const index = wallets_.push_back(row);
  wallet_index_.insert(hash_ids(row.player, row.currency), static_cast<std::uint32_t>(index));
}

bool operator==(State const& a, State const& b) {
  auto const same_rows = [](auto const& left, auto const& right) {
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (std::memcmp(&left[i], &right[i], sizeof left[i]) != 0) return false;
    }
    return true;
  };
  return a.games_ == b.games_ && a.currency_count_ == b.currency_count_ && same_rows(a.identities_, b.identities_) &&
         same_rows(a.players_, b.players_) && same_rows(a.wallets_, b.wallets_) &&
         a.refunded_orders_ == b.refunded_orders_;
}

}  // namespace florin::domain
