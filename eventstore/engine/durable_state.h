// The durable state in memory: every wallet, person and open matter as of the last durable commit, with the sealed
// profile of each player. It is never behind a reply: the engine applies each batch here before it answers.
//
// It folds durable commits into a domain::State of its own (the deciding one runs ahead of the disk) and keeps, beside
// each identity, player and wallet, what a balance reply shows. Personal data stays sealed in memory too.
//
// Threads: apply by the appender; everything else by any thread. One reader-writer lock, held for the batch by
// the appender and for one look-up (or one slice of a batch look-up) by a reader; a waiting appender goes first, so
// that no load of reads can hold up writes.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "domain/ledger.h"
#include "eventstore/engine/commit.h"
#include "eventstore/runtime/files.h"
#include "eventstore/store/log.h"

namespace florin::eventstore {

struct CurrencyBalance {
  domain::CurrencyId currency;
  domain::Wallet wallet;
  domain::Timestamp last_transaction;  // zero: the wallet was never touched
};

struct PlayerBalances {
  domain::PlayerId player;
  domain::IdentityId identity;
  domain::PersonalText email;  // sealed
  domain::PersonalText name;   // sealed, or empty
  std::uint64_t name_tag = 0;
  domain::Timestamp joined;
  domain::Timestamp last_active;
  std::vector<CurrencyBalance> balances;  // one for each currency of the game, in its order
  domain::Position position;              // of the durable state, at this read
};

// One line of a batch reply. Fixed size: no allocation for a player.
struct BatchEntry {
  domain::PlayerId player;  // zero: not found
  domain::IdentityId identity;
  std::uint32_t first_balance = 0;  // into the batch's flat vector of balances
};

class GameDirectory;

class DurableState {
 public:
  DurableState();
  ~DurableState();

  // The appender (Engine::publish). Commits up to position() are skipped: a snapshot may be newer than where a replay
  // starts. One that leaves a gap aborts.
  void apply(std::span<CommitPtr const> commits);
  // The same for one commit: recovery.
  void apply(domain::Commit const& commit);
  // Recovery: folds what the log holds after position(), up to and including `until`.
  [[nodiscard]] ResultOr<Unit> catch_up(Log& log, domain::Position until);

  // The games as of the last commit; immutable, swapped when one changes. Cheap to call per request (about 20 ns): its
  // lock is its own and is never held while a batch is applied.
  [[nodiscard]] std::shared_ptr<GameDirectory const> games() const;

  [[nodiscard]] std::optional<PlayerBalances> by_email(domain::GameId game, domain::BlindIndex const& email) const;
  // nullopt when the player is another game's.
  [[nodiscard]] std::optional<PlayerBalances> by_id(domain::GameId game, domain::PlayerId player) const;

  // The sealed name of a player of `game` (for write replies, which need nothing else): now, or when the commit that
  // begins at `moment` had been decided, since a repeated request is answered with the first reply. nullopt as by_id.
  struct SealedName {
    domain::IdentityId identity;
    domain::PersonalText name;
  };
  [[nodiscard]] std::optional<SealedName> name_of(domain::GameId game, domain::PlayerId player,
                                                  std::optional<domain::Position> moment = std::nullopt) const;

  // What look(state) returns, of the state after the last durable commit: for what has no function of its own here
  // (phones, open transfers, shares, questions). The lock is held for reading: look for a moment and copy out, point
  // at nothing inside, and call nothing of this class from within.
  template <class Look>
  [[nodiscard]] auto read(Look&& look) const {
    static_assert(!std::is_pointer_v<std::decay_t<std::invoke_result_t<Look, domain::State const&>>>,
                  "what is inside the state is safe under the lock only: copy it out");
    Held const held(*impl_);
    return std::forward<Look>(look)(held.state());
  }

  // The sealed e-mail of a person, who need not play any game; nullopt for an id that was never assigned.
  [[nodiscard]] std::optional<domain::PersonalText> email_of(domain::IdentityId identity) const;

  // A recorded phone: whose, and the number, sealed under that person's key. nullopt for an id that was never assigned.
  struct SealedPhone {
    domain::IdentityId identity;
    domain::PersonalText number;
  };
  [[nodiscard]] std::optional<SealedPhone> phone(domain::PhoneId phone) const;

  // Look-ups in request order with prefetching, in slices so that a batch of 100,000 never holds the lock long.
  // Replaces both vectors: one entry an e-mail, and game.currencies.size() balances for each player found. Each slice
  // is of one position; the whole batch need not be.
  void batch(domain::Game const& game, std::span<domain::BlindIndex const> emails, std::vector<BatchEntry>& entries,
             std::vector<CurrencyBalance>& balances) const;

  // What a write needs to know about a player before it is submitted: is the given name new? False for a player who is
  // not there yet, and for name_tag 0 (no name given).
  [[nodiscard]] bool name_differs(domain::GameId game, domain::BlindIndex const& email, std::uint64_t name_tag) const;

  [[nodiscard]] domain::Position position() const;  // no lock

  // Snapshot balances-<position>.bin beside the write model's, same file discipline and same fallback
  // (snapshot.h). Writing holds the lock for reading: commits wait, so it belongs after the writer stopped.
  [[nodiscard]] ResultOr<Unit> write_snapshot(std::filesystem::path const& folder, Log& log,
                                              Files& files = machine_files()) const;
  // Into an empty one, before anyone else uses it. Kind::missing when there is none that is whole, not beyond `limit`
  // and of this log; those that were tried are named in `skipped` (may be null).
  [[nodiscard]] ResultOr<Unit> read_newest_snapshot(std::filesystem::path const& folder, Log& log,
                                                    domain::Position limit, std::vector<std::string>* skipped = nullptr,
                                                    Files& files = machine_files());

 private:
  struct Impl;
  struct SnapshotReader;
  // The lock, held for reading.
  class Held {
   public:
    explicit Held(Impl const& impl);
    ~Held();
    Held(Held const&) = delete;
    Held& operator=(Held const&) = delete;
    [[nodiscard]] domain::State const& state() const;

   private:
    Impl const& impl_;
  };
  [[nodiscard]] static ResultOr<std::unique_ptr<Impl>> read_snapshot(Files& files, std::filesystem::path const& file,
                                                                     domain::Position position, Log& log);
  std::unique_ptr<Impl> impl_;
};

// What a game was called (currency zero), or what a currency was, for every commit that begins before `until`.
struct Former {
  domain::GameId game;
  domain::CurrencyId currency;
  domain::Position until;
  std::string name;                          // the game's
  std::optional<domain::CurrencySpec> spec;  // the currency's; nullopt: it was not there yet
};

// Games by id and by key, as of one position. Immutable.
class GameDirectory {
 public:
  explicit GameDirectory(std::vector<domain::Game> games, std::vector<Former> const& former = {});
  [[nodiscard]] std::vector<domain::Game> const& games() const { return games_; }
  [[nodiscard]] domain::Game const* find(domain::GameId game) const;
  // What the game was called, and what its currencies were, when the commit that begins at `moment` was decided: a
  // repeated request is answered with the first reply, whatever was changed since. Empty for what is unknown.
  [[nodiscard]] std::string_view name_at(domain::GameId game, domain::Position moment) const;
  [[nodiscard]] std::string_view currency_name_at(domain::GameId game, domain::CurrencyId currency,
                                                  domain::Position moment) const;
  [[nodiscard]] std::vector<domain::CurrencySpec> currencies_at(domain::GameId game, domain::Position moment) const;
  // The game whose current key, or previous key still in grace at `now`, has this SHA-256. Constant-time compare of
  // the digest after a look-up by its first bytes.
  [[nodiscard]] domain::Game const* find_by_key(domain::Digest const& key_hash, domain::Timestamp now) const;
  // When the grace of a replaced key ended, if its game still remembers it: until the rotation after that. Keys that
  // were cut at once are forgotten.
  [[nodiscard]] std::optional<domain::Timestamp> end_of_key(domain::Digest const& key_hash,
                                                            domain::Timestamp now) const;

 private:
  template <class Found>
  void look_up(domain::Digest const& key_hash, Found const& found) const;
  std::vector<domain::Game> games_;
  std::vector<std::pair<domain::GameId, std::uint32_t>> by_id_;  // sorted
  [[nodiscard]] Former const* former_at(domain::GameId game, domain::CurrencyId currency,
                                        domain::Position moment) const;

  std::map<std::tuple<domain::GameId, domain::CurrencyId, domain::Position>, Former> former_;  // by until
  std::vector<std::pair<std::uint64_t, std::uint32_t>> by_key_;  // sorted: first 8 bytes of a hash, game index
};

}  // namespace florin::eventstore
