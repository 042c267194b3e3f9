// The keys that a log is written with stand in it (domain, KeysBound): a vault from elsewhere would seal what nobody can
// open, look for people under other indexes, and register everybody a second time.
#pragma once

#include <optional>

#include "domain/events/keys.h"
#include "eventstore/fault.h"
#include "eventstore/store/row_keys.h"
#include "eventstore/store/vault.h"

namespace florin::eventstore {

[[nodiscard]] domain::KeysBound keys_in_use(Vault const& vault, RowKeys const& row_keys);

// Kind::corrupt, saying what to do, when the log was written with another vault, or with a key of rows that is not among
// these. A log that names none is anybody's; its next append binds it.
[[nodiscard]] ResultOr<Unit> check_keys(std::optional<domain::KeysBound> const& bound, Vault const& vault,
                                        RowKeys const& row_keys);

}  // namespace florin::eventstore
