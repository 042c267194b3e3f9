// The secret part of a person's key (vault.h), on its way to where seeds are kept.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include <openssl/crypto.h>

#include "domain/ids.h"
#include "eventstore/fault.h"

namespace florin::eventstore {

// Wiped wherever a copy of it ends: no freed memory gives an erased person's key back.
struct Seed : std::array<std::uint8_t, 32> {
  ~Seed() { OPENSSL_cleanse(data(), size()); }
};

struct PersonSeed {
  domain::IdentityId identity;
  Seed seed{};
};

// Where a log that cannot hold seeds itself keeps them: SQLite's, because every backup of a log that held them would
// undo erasures.
class SeedKeeper {
 public:
  virtual ~SeedKeeper() = default;
  // Durable when it returns. The appender only. After a fault everything is refused.
  [[nodiscard]] virtual ResultOr<Unit> keep(std::span<PersonSeed const> seeds) = 0;
};

}  // namespace florin::eventstore
