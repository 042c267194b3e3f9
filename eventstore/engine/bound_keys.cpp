#include "eventstore/engine/bound_keys.h"

#include <string>

namespace florin::eventstore {

domain::KeysBound keys_in_use(Vault const& vault, RowKeys const& row_keys) {
  return {vault.check(), row_keys.newest(), *row_keys.check(row_keys.newest())};
}

ResultOr<Unit> check_keys(std::optional<domain::KeysBound> const& bound, Vault const& vault, RowKeys const& row_keys) {
  if (!bound) return Unit{};
  if (bound->vault != vault.check()) {
    return fault(Fault::Kind::corrupt,
                 "the vault is not the one that this log was written with: restore the folder vault that was backed up "
                 "with the log");
  }
  if (row_keys.check(bound->row_key) == bound->row_key_check) return Unit{};
  return fault(Fault::Kind::corrupt, "vault/rows.keys is older than the log or another log's (its key number " +
                                         std::to_string(bound->row_key) +
                                         " is missing or another one): restore it from the newest backup of the vault");
}

}  // namespace florin::eventstore
