#include <algorithm>
#include <cstring>
#include <string_view>

#include "eventstore/engine/durable_state.h"

namespace florin::eventstore {
namespace {

std::uint64_t first_bytes(domain::Digest const& digest) {
  std::uint64_t value = 0;
  std::memcpy(&value, digest.data(), sizeof value);
  return value;
}

// Takes as long for the first byte that differs as for the last.
bool same_digest(domain::Digest const& a, domain::Digest const& b) {
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

}  // namespace

GameDirectory::GameDirectory(std::vector<domain::Game> games, std::vector<Former> const& former)
    : games_(std::move(games)) {
  for (auto const& one : former) former_.emplace(std::tuple(one.game, one.currency, one.until), one);
  for (std::uint32_t i = 0; i < games_.size(); ++i) {
    by_id_.emplace_back(games_[i].id, i);
    by_key_.emplace_back(first_bytes(games_[i].key_hash), i);
    for (auto const& key : games_[i].previous_keys) by_key_.emplace_back(first_bytes(key.hash), i);
  }
  std::sort(by_id_.begin(), by_id_.end());
  std::sort(by_key_.begin(), by_key_.end());
}

domain::Game const* GameDirectory::find(domain::GameId game) const {
  auto const found = std::lower_bound(by_id_.begin(), by_id_.end(), std::pair{game, std::uint32_t{0}});
  if (found == by_id_.end() || found->first != game) return nullptr;
  return &games_[found->second];
}

Former const* GameDirectory::former_at(domain::GameId game, domain::CurrencyId currency,
                                       domain::Position moment) const {
  auto const found = former_.upper_bound({game, currency, moment});
  if (found == former_.end() || found->second.game != game || found->second.currency != currency) return nullptr;
  return &found->second;
}

std::string_view GameDirectory::name_at(domain::GameId game, domain::Position moment) const {
  if (auto const* former = former_at(game, {}, moment)) return former->name;
  auto const* found = find(game);
  return found != nullptr ? std::string_view(found->settings.name) : std::string_view();
}

std::string_view GameDirectory::currency_name_at(domain::GameId game, domain::CurrencyId currency,
                                                 domain::Position moment) const {
  auto const* former = former_at(game, currency, moment);
  if (former != nullptr && former->spec) return former->spec->name;
  auto const* found = find(game);
  auto const* spec = found != nullptr ? found->find_currency(currency) : nullptr;
  return spec != nullptr ? std::string_view(spec->name) : std::string_view();
}

std::vector<domain::CurrencySpec> GameDirectory::currencies_at(domain::GameId game, domain::Position moment) const {
  std::vector<domain::CurrencySpec> currencies;
  auto const* found = find(game);
  if (found == nullptr) return currencies;
  for (auto const& now : found->currencies) {
    auto const* former = former_at(game, now.currency, moment);
    if (former == nullptr) {
      currencies.push_back(now);
    } else if (former->spec) {
      currencies.push_back(*former->spec);
    }
  }
  return currencies;
}

// Calls found(game, valid_until) for every key with this hash; a current key has no end.
template <class Found>
void GameDirectory::look_up(domain::Digest const& key_hash, Found const& found) const {
  auto const wanted = first_bytes(key_hash);
  auto candidate = std::lower_bound(by_key_.begin(), by_key_.end(), std::pair{wanted, std::uint32_t{0}});
  for (; candidate != by_key_.end() && candidate->first == wanted; ++candidate) {
    auto const& game = games_[candidate->second];
    if (same_digest(game.key_hash, key_hash)) found(game, std::optional<domain::Timestamp>());
    for (auto const& key : game.previous_keys) {
      if (same_digest(key.hash, key_hash)) found(game, std::optional(key.valid_until));
    }
  }
}

domain::Game const* GameDirectory::find_by_key(domain::Digest const& key_hash, domain::Timestamp now) const {
  domain::Game const* works = nullptr;
  look_up(key_hash, [&](domain::Game const& game, std::optional<domain::Timestamp> valid_until) {
    if (!valid_until || now < *valid_until) works = &game;
  });
  return works;
}

std::optional<domain::Timestamp> GameDirectory::end_of_key(domain::Digest const& key_hash,
                                                           domain::Timestamp now) const {
  std::optional<domain::Timestamp> end;
  look_up(key_hash, [&](domain::Game const&, std::optional<domain::Timestamp> valid_until) {
    if (valid_until && *valid_until <= now) end = valid_until;
  });
  return end;
}

}  // namespace florin::eventstore
