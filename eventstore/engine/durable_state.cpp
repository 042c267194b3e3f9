#include "eventstore/engine/durable_state.h"

#include <algorithm>
#include <array>

#include "domain/contract.h"
#include "domain/wallets_moved.h"
#include "eventstore/engine/durable_state_impl.h"
#include "eventstore/store/commit_reader.h"

namespace florin::eventstore {
namespace {

using domain::Overloaded;

// E-mails of a batch looked up in one hold of the lock: tens of microseconds, what a commit may wait.
constexpr std::size_t kSlice = 2048;
// Look-ups in flight at once: their cache lines stay in the first-level cache until they are used.
constexpr std::size_t kInFlight = 64;

}  // namespace

DurableState::DurableState() : impl_(std::make_unique<Impl>()) {}
DurableState::~DurableState() = default;

void DurableState::apply(std::span<CommitPtr const> commits) {
  std::lock_guard const lock(impl_->mutex);
  for (std::size_t begin = 0; begin < commits.size(); begin += kInFlight) {
    auto const some = commits.subspan(begin, std::min(kInFlight, commits.size() - begin));
    impl_->prefetch(some);
    for (auto const& commit : some) impl_->apply(*commit);
  }
}

void DurableState::apply(domain::Commit const& commit) {
  std::lock_guard const lock(impl_->mutex);
  impl_->apply(commit);
}

ResultOr<Unit> DurableState::catch_up(Log& log, domain::Position until) {
  if (position() >= until) return Unit{};
  auto reader = FLORIN_TRY(CommitReader::after(log, position()));
  if (!reader) {
    return fault(Fault::Kind::corrupt, "log: no commit ends at position " + std::to_string(position().value()));
  }
  while (position() < until) {
    auto const commit = FLORIN_TRY(reader->next());
    if (!commit) break;
    apply(*commit);
  }
  return Unit{};
}

void DurableState::Impl::prefetch(std::span<CommitPtr const> commits) {
  prefetched.clear();
  auto const wallet_of = [this](domain::PlayerId player, domain::CurrencyId currency) {
    state.prefetch_wallet(player, currency);
    if (player.value() <= players.size()) __builtin_prefetch(&profile(player), 1);
    prefetched.emplace_back(player, currency);
  };
  for (auto const& commit : commits) {
    for (auto const& event : commit->events) {
      if (auto const* registered = std::get_if<domain::IdentityRegistered>(&event)) {
        state.prefetch_identity(registered->email_index);
      } else if (auto const* joined = std::get_if<domain::PlayerJoined>(&event)) {
        state.prefetch_player(joined->game, joined->identity);
      } else {
        domain::for_each_wallet(event, wallet_of);
      }
    }
  }
  // The look-up reads the wallet's row to be sure, one after another but without waiting for each.
  for (auto const& [player, currency] : prefetched) {
    if (auto const row = state.find_wallet(player, currency)) __builtin_prefetch(&wallets[*row], 1);
  }
}

void DurableState::Impl::apply(domain::Commit const& commit) {
  auto const reached = domain::Position(position);
  if (commit.last() <= reached) return;
  FLORIN_ASSERT(commit.first == next(reached));
  auto const at = commit.at;
  for (auto const& event : commit.events) {
    remember_former(event, commit.first);
    domain::apply(state, event, at);
    std::visit(Overloaded{
                   [&](domain::GameEvent auto const&) { directory_stale = true; },
                   [](domain::KeyEvent auto const&) {},
                   [&](domain::IdentityRegistered const& e) { identities.push_back({texts.add(e.email)}); },
                   [&](domain::PlayerJoined const& e) { players.push_back({texts.add(e.name), e.name_tag, at, at}); },
                   [&](domain::PlayerRenamed const& e) {
                     auto& player = players[e.player.value() - 1];
                     player.name = texts.replace(player.name, e.name);
                     player.name_tag = e.name_tag;
                     player.last_active = at;
                   },
                   [&](domain::PhoneRecorded const& e) { phones.push_back({texts.add(e.number)}); },
                   [](domain::PersonEvent auto const&) {},
                   [&](domain::WalletEvent auto const& e) { touch(e.player, e.currency, at); },
                   [&](domain::ItemEvent auto const& e) { touch(e.player, e.currency, at); },
                   [&](domain::OneOf<domain::TransferInitiated, domain::TransferReleased> auto const& e) {
                     touch(e.sender, e.currency, at);
                   },
                   [&](domain::TransferClaimed const& e) {
                     touch(e.sender, e.currency, at);
                     // Nothing to receive makes no wallet.
                     if (e.net() != domain::Money{}) touch(e.receiver, e.target_currency, at);
                   },
                   [](domain::OneOf<domain::PinReissued, domain::PinRejected, domain::PinVerified,
                                    domain::GuardianApproved> auto const&) {},
                   [](domain::PhoneShareEvent auto const&) {},
                   [](domain::TextEvent auto const&) {},
                   [&](domain::CurrencyPurchased const& e) { touch(e.player, e.currency, at); },
                   [](domain::CardOrderEvent auto const&) {},
                   [&](domain::OneOf<domain::RefundRequested, domain::DisputeOpened> auto const& e) {
                     touch(e.player, e.currency, at);
                   },
                   [&](domain::RefundSettled const& e) {
                     if (e.end != domain::RefundEnd::succeeded) touch(e.player, e.currency, at);
                   },
                   [&](domain::DisputeClosed const& e) {
                     if (e.won) touch(e.player, e.currency, at);
                   },
                   [&](domain::DisputeMoved const& e) {
                     if (e.usd != domain::Usd{}) touch(e.player, e.currency, at);
                   },
                   [](domain::PayoutEvent auto const&) {},
               },
               event);
  }
  position = commit.last().value();
}

void DurableState::Impl::remember_former(domain::Event const& event, domain::Position first) {
  if (auto const* updated = std::get_if<domain::GameUpdated>(&event)) {
    auto const& name = state.find_game(updated->game)->settings.name;
    if (name != updated->settings.name) former.push_back({updated->game, {}, first, name, std::nullopt});
  } else if (auto const* added = std::get_if<domain::CurrencyAdded>(&event)) {
    former.push_back({added->game, added->currency.currency, first, {}, std::nullopt});
  } else if (auto const* changed = std::get_if<domain::CurrencyChanged>(&event)) {
    auto const currency = changed->currency.currency;
    former.push_back({changed->game, currency, first, {}, *state.find_game(changed->game)->find_currency(currency)});
  } else if (auto const* renamed = std::get_if<domain::PlayerRenamed>(&event)) {
    // Of two in one commit the first: nobody was told of what stood between them.
    former_names.try_emplace({renamed->player, first}, texts.get(profile(renamed->player).name));
  }
}

void DurableState::Impl::touch(domain::PlayerId player, domain::CurrencyId currency, domain::Timestamp at) {
  players[player.value() - 1].last_active = at;
  auto const row = state.find_wallet(player, currency);
  FLORIN_ASSERT(row.has_value() && *row <= wallets.size());
  if (*row == wallets.size()) wallets.push_back({});
  wallets[*row].last_transaction = at;
}

std::shared_ptr<GameDirectory const> DurableState::games() const {
  std::lock_guard const lock(impl_->directory_mutex);
  if (impl_->directory_stale) {
    std::shared_lock const state_lock(impl_->mutex);
    impl_->directory_stale = false;
    impl_->directory = std::make_shared<GameDirectory const>(impl_->state.games(), impl_->former);
  }
  return impl_->directory;
}

CurrencyBalance DurableState::Impl::balance(domain::CurrencyId currency, std::optional<std::uint32_t> row) const {
  if (!row) return {currency, {}, {}};
  auto const& wallet = state.wallet_rows()[*row];
  return {currency,
          {domain::Money::from_minor(wallet.available), domain::Money::from_minor(wallet.reserved)},
          wallets[*row].last_transaction};
}

PlayerBalances DurableState::Impl::describe(domain::Game const& game, domain::PlayerId player) const {
  PlayerBalances out;
  out.player = player;
  out.identity = *state.identity_of(player);
  out.email = texts.get(identities[out.identity.value() - 1].email);
  auto const& row = profile(player);
  out.name = texts.get(row.name);
  out.name_tag = row.name_tag;
  out.joined = row.joined;
  out.last_active = row.last_active;
  out.balances.reserve(game.currencies.size());
  for (auto const& currency : game.currencies) {
    out.balances.push_back(balance(currency.currency, state.find_wallet(player, currency.currency)));
  }
  out.position = domain::Position(position);
  return out;
}

std::optional<PlayerBalances> DurableState::by_email(domain::GameId game, domain::BlindIndex const& email) const {
  std::shared_lock const lock(impl_->mutex);
  auto const& state = impl_->state;
  auto const* known = state.find_game(game);
  if (known == nullptr) return std::nullopt;
  auto const identity = state.find_identity(email);
  if (!identity) return std::nullopt;
  auto const player = state.find_player(game, *identity);
  if (!player) return std::nullopt;
  return impl_->describe(*known, *player);
}

std::optional<PlayerBalances> DurableState::by_id(domain::GameId game, domain::PlayerId player) const {
  std::shared_lock const lock(impl_->mutex);
  auto const* known = impl_->state.game_of(player);
  if (known == nullptr || known->id != game) return std::nullopt;
  return impl_->describe(*known, player);
}

std::optional<DurableState::SealedName> DurableState::name_of(domain::GameId game, domain::PlayerId player,
                                                              std::optional<domain::Position> moment) const {
  std::shared_lock const lock(impl_->mutex);
  auto const* known = impl_->state.game_of(player);
  if (known == nullptr || known->id != game) return std::nullopt;
  auto const identity = *impl_->state.identity_of(player);
  if (moment) {
    auto const former = impl_->former_names.upper_bound({player, *moment});
    bool const is_theirs = former != impl_->former_names.end() && former->first.first == player;
    if (is_theirs) return SealedName{identity, former->second};
  }
  return SealedName{identity, impl_->texts.get(impl_->profile(player).name)};
}

DurableState::Held::Held(Impl const& impl) : impl_(impl) { impl_.mutex.lock_shared(); }
DurableState::Held::~Held() { impl_.mutex.unlock_shared(); }
domain::State const& DurableState::Held::state() const { return impl_.state; }

std::optional<domain::PersonalText> DurableState::email_of(domain::IdentityId identity) const {
  std::shared_lock const lock(impl_->mutex);
  if (!identity || identity.value() > impl_->identities.size()) return std::nullopt;
  return impl_->texts.get(impl_->identities[identity.value() - 1].email);
}

std::optional<DurableState::SealedPhone> DurableState::phone(domain::PhoneId phone) const {
  std::shared_lock const lock(impl_->mutex);
  if (!impl_->state.phones().contains(phone)) return std::nullopt;
  return SealedPhone{domain::IdentityId(impl_->state.phones()[phone].identity),
                     impl_->texts.get(impl_->phones[phone.value() - 1].number)};
}

void DurableState::batch(domain::Game const& game, std::span<domain::BlindIndex const> emails,
                         std::vector<BatchEntry>& entries, std::vector<CurrencyBalance>& balances) const {
  auto const& state = impl_->state;
  entries.clear();
  balances.clear();
  entries.reserve(emails.size());
  balances.reserve(emails.size() * game.currencies.size());
  std::vector<std::optional<std::uint32_t>> wallets;  // rows, of the players of one round
  // In stages, so that the cache misses of many look-ups overlap.
  auto const look_up = [&](std::span<domain::BlindIndex const> some) {
    std::array<std::optional<domain::IdentityId>, kInFlight> identities;
    std::array<std::optional<domain::PlayerId>, kInFlight> players;
    for (auto const& email : some) state.prefetch_identity(email);
    for (std::size_t i = 0; i < some.size(); ++i) {
      identities[i] = state.find_identity(some[i]);
      if (identities[i]) state.prefetch_player(game.id, *identities[i]);
    }
    for (std::size_t i = 0; i < some.size(); ++i) {
      players[i] = identities[i] ? state.find_player(game.id, *identities[i]) : std::nullopt;
      if (!players[i]) continue;
      for (auto const& currency : game.currencies) state.prefetch_wallet(*players[i], currency.currency);
    }
    wallets.clear();
    for (std::size_t i = 0; i < some.size(); ++i) {
      if (!players[i]) continue;
      for (auto const& currency : game.currencies) {
        wallets.push_back(state.find_wallet(*players[i], currency.currency));
        if (wallets.back()) __builtin_prefetch(&impl_->wallets[*wallets.back()]);
      }
    }
    auto wallet = wallets.begin();
    for (std::size_t i = 0; i < some.size(); ++i) {
      if (!players[i]) {
        entries.push_back({});
        continue;
      }
      entries.push_back({*players[i], *identities[i], static_cast<std::uint32_t>(balances.size())});
      for (auto const& currency : game.currencies) balances.push_back(impl_->balance(currency.currency, *wallet++));
    }
  };
  for (std::size_t begin = 0; begin < emails.size(); begin += kSlice) {
    auto const end = std::min(begin + kSlice, emails.size());
    std::shared_lock const lock(impl_->mutex);
    for (auto i = begin; i < end; i += kInFlight) look_up(emails.subspan(i, std::min(kInFlight, end - i)));
  }
}

bool DurableState::name_differs(domain::GameId game, domain::BlindIndex const& email, std::uint64_t name_tag) const {
  if (name_tag == 0) return false;
  std::shared_lock const lock(impl_->mutex);
  auto const identity = impl_->state.find_identity(email);
  if (!identity) return false;
  auto const player = impl_->state.find_player(game, *identity);
  return player && impl_->profile(*player).name_tag != name_tag;
}

domain::Position DurableState::position() const { return domain::Position(impl_->position); }

}  // namespace florin::eventstore
