// Writes a store of one environment without a server: the same decide, seal, apply, encode, chain and append, one
// command at a time, durable by the batch. For tests and florin_seed. One thread; no server may run on the folder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/layout.h"
#include "domain/ledger.h"
#include "eventstore/engine/snapshot.h"
#include "eventstore/store/chain.h"
#include "eventstore/store/codec.h"
#include "eventstore/store/sqlite_log.h"
#include "eventstore/store/vault.h"

namespace florin::tests {

class OfflineStore {
 public:
  // Makes the folders. Kind::conflict when the log already holds something.
  [[nodiscard]] static eventstore::ResultOr<OfflineStore> create(api::Layout layout);

  // Decides and applies; what it decided is durable after flush(). `at` must not go back.
  [[nodiscard]] eventstore::ResultOr<domain::Decision> run(domain::Command const& command, domain::Request request,
                                                           domain::Timestamp at, std::uint64_t entropy);
  [[nodiscard]] eventstore::ResultOr<Unit> flush();
  [[nodiscard]] eventstore::ResultOr<Unit> write_checkpoint();  // flushes first

  [[nodiscard]] domain::State const& state() const { return recovered_.state; }
  [[nodiscard]] eventstore::Head const& head() const { return recovered_.head; }
  [[nodiscard]] std::uint64_t commits() const { return recovered_.tree.size(); }
  [[nodiscard]] eventstore::Vault& vault() { return *vault_; }
  // A reference to a player by an e-mail that is already trimmed and in lower case.
  [[nodiscard]] domain::PlayerRef player(std::string email, std::string name = {}) const;

 private:
  struct Pending {
    domain::Position last;
    std::size_t begin = 0;  // of the commit's bytes in bytes_
    std::size_t end = 0;
    domain::Digest link{};
  };

  OfflineStore() = default;

  std::unique_ptr<eventstore::SqliteLog> log_;
  eventstore::Epoch epoch_;
  std::unique_ptr<eventstore::Vault> vault_;
  std::unique_ptr<eventstore::CheckpointFile> checkpoints_;
  std::unique_ptr<eventstore::Encoder> encoder_;
  eventstore::Recovered recovered_;
  domain::Position durable_;
  std::string bytes_;
  std::vector<Pending> pending_;
  std::vector<eventstore::PersonSeed> seeds_;  // of the people whom the pending commits register
};

}  // namespace florin::tests
