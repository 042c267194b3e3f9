// What the durable state holds; shared by durable_state.cpp and durable_state_snapshot.cpp only.
#pragma once

#include <atomic>
#include <mutex>
#include <shared_mutex>

#include "eventstore/engine/durable_state.h"
#include "eventstore/engine/text_arena.h"
#include "eventstore/engine/writer_first_mutex.h"

namespace florin::eventstore {

struct DurableState::Impl {
  // Side tables in the order of the state's rows. About 170 bytes a player with one wallet in all, e-mail and name
  // included.
  struct IdentityProfile {
    TextArena::Offset email;
  };
  struct PhoneProfile {
    TextArena::Offset number;
  };
  struct PlayerProfile {
    TextArena::Offset name;
    std::uint64_t name_tag;
    domain::Timestamp joined;
    domain::Timestamp last_active;
  };
  struct WalletProfile {
    domain::Timestamp last_transaction;
  };

  // Hints for what these commits will touch: on the appender's path the misses of a batch overlap.
  void prefetch(std::span<CommitPtr const> commits);
  void apply(domain::Commit const& commit);
  // What the event, of a commit that begins at `first`, is about to change.
  void remember_former(domain::Event const& event, domain::Position first);
  void touch(domain::PlayerId player, domain::CurrencyId currency, domain::Timestamp at);
  [[nodiscard]] PlayerBalances describe(domain::Game const& game, domain::PlayerId player) const;
  [[nodiscard]] CurrencyBalance balance(domain::CurrencyId currency, std::optional<std::uint32_t> row) const;
  [[nodiscard]] PlayerProfile const& profile(domain::PlayerId player) const { return players[player.value() - 1]; }

  mutable WriterFirstMutex mutex;  // guards all of the following but the atomics
  domain::State state;
  TextArena texts;
  domain::ChunkedRows<IdentityProfile> identities;
  domain::ChunkedRows<PhoneProfile> phones;
  domain::ChunkedRows<PlayerProfile> players;
  domain::ChunkedRows<WalletProfile> wallets;
  std::vector<Former> former;  // an operator's call each
  // What a renamed player was called for every commit that begins before the position. About 150 bytes a rename.
  std::map<std::pair<domain::PlayerId, domain::Position>, domain::PersonalText> former_names;
  std::vector<std::pair<domain::PlayerId, domain::CurrencyId>> prefetched;  // scratch of prefetch()
  std::atomic<std::uint64_t> position{0};                                   // written under the lock

  mutable std::mutex directory_mutex;  // taken before `mutex`, never after
  mutable std::shared_ptr<GameDirectory const> directory;
  mutable std::atomic<bool> directory_stale{true};
};

}  // namespace florin::eventstore
