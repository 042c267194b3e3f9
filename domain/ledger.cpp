#include "domain/ledger.h"

#include <algorithm>

#include "domain/contract.h"
#include "domain/decider.h"

namespace florin::domain {
namespace {

std::uint32_t row_of(std::uint64_t id) { return static_cast<std::uint32_t>(id - 1); }

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

// Moves the balances and checks them against what the event says they became: a log that does not add up is noticed at
// the first event that lies.
void Fold::settle(PlayerId player, CurrencyId currency, Money delta, Money available_after, Money reserved_delta,
                  Money reserved_after) const {
  auto& row = state.touch_wallet(player, currency);
  auto const available = Money::from_minor(row.available) + delta;
  auto const reserved = Money::from_minor(row.reserved) + reserved_delta;
  FLORIN_ASSERT(available == available_after && reserved == reserved_after && reserved >= Money{});
  row.available = available.minor();
  row.reserved = reserved.minor();
}

void Fold::move(PlayerId player, CurrencyId currency, Money delta, Money available_after, Money reserved_delta,
                Money reserved_after) const {
  FLORIN_ASSERT(available_after >= Money{} || delta >= Money{});
  FLORIN_ASSERT(available_after + reserved_after <= kMaxBalance || delta + reserved_delta <= Money{});
  settle(player, currency, delta, available_after, reserved_delta, reserved_after);
}

void Fold::charge(PlayerId player, CurrencyId currency, Money delta, Money available_after) const {
  settle(player, currency, delta, available_after, Money{}, state.wallet(player, currency).reserved);
}

void Fold::move(PlayerId player, CurrencyId currency, Money delta, Money available_after) const {
  move(player, currency, delta, available_after, Money{}, state.wallet(player, currency).reserved);
}

bool can_bind(State const& state, KeysBound const& keys) {
  auto const& before = state.keys();
  if (keys.row_key == 0) return false;
  return !before || (before->vault == keys.vault && before->row_key < keys.row_key);
}

void Fold::operator()(KeysBound const& e) const {
  FLORIN_ASSERT(can_bind(state, e));
  state.keys_ = e;
}

void apply(State& state, Event const& event, Timestamp at) {
  std::visit(Fold{state, at}, event);
  for (auto const& text : texts_owed(event)) state.restore_owed_text(text);
}

void apply(State& state, Commit const& commit) {
  for (auto const& event : commit.events) apply(state, event, commit.at);
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

std::optional<PhoneId> State::minor(IdentityId identity) const {
  auto const found = minors_.find(identity);
  if (found == minors_.end()) return std::nullopt;
  return found->second;
}

OpenTransfer const* State::find_transfer(TransferId transaction) const {
  auto const found = transfers_.find(transaction);
  return found == transfers_.end() ? nullptr : &found->second;
}

bool State::restore_phone(Phones::Row const& row) {
  if (row.identity == 0 || row.identity > identity_count() || row.on_file_as > Phones::kLastStanding) return false;
  if (phones_.find(row.phone, IdentityId(row.identity))) return false;
  phones_.restore(row);
  return true;
}

bool State::restore_minor(IdentityId identity, PhoneId guardian) {
  if (!identity || identity.value() > identity_count() || (guardian && !phones_.contains(guardian))) return false;
  return minors_.emplace(identity, guardian).second;
}

bool State::restore_transfer(OpenTransfer const& transfer) {
  auto const phones_known = phones_.contains(transfer.sender_phone) && phones_.contains(transfer.receiver_phone) &&
                            (!transfer.guardian_phone || phones_.contains(transfer.guardian_phone));
  if (!phones_known || game_of(transfer.sender) == nullptr) return false;
  if (transfer.guardian == GuardianState::pending) {
    if (!transfer.guardian_phone) return false;
    questions_.emplace(phones_[transfer.guardian_phone].phone, transfer.transaction.position());
  }
  return transfers_.emplace(transfer.transaction, transfer).second;
}

bool State::restore_share(OpenShare const& share) {
  if (!phones_.contains(share.phone) || !phones_.contains(share.owner)) return false;
  if (shares_.find(share.approval) != nullptr || shares_.find_for(share.phone) != nullptr) return false;
  shares_.add(share);
  questions_.emplace(phones_[share.owner].phone, share.approval.position());
  return true;
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
         a.refunded_orders_ == b.refunded_orders_ && a.phones_ == b.phones_ && a.minors_ == b.minors_ &&
         a.transfers_ == b.transfers_ && a.shares_ == b.shares_ && a.owed_texts_ == b.owed_texts_ &&
         a.velocity_ == b.velocity_ && a.orders_ == b.orders_ && a.returned_ == b.returned_ &&
         a.payouts_ == b.payouts_ && a.payout_files_ == b.payout_files_ && a.export_days_ == b.export_days_ &&
         a.newest_files_ == b.newest_files_ && a.keys_ == b.keys_ && a.revenues_ == b.revenues_;
}

}  // namespace florin::domain
