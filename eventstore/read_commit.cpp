#include "eventstore/read_commit.h"

#include "eventstore/codec.h"

namespace florin::eventstore {

Faulty<std::optional<domain::Commit>> read_commit(Log& log, domain::Position first) {
  auto cursor = log.read(first);
  if (!cursor) return fail(cursor.error());
  auto const stored = cursor.value()->next();
  if (!stored) return fail(stored.error());
  if (!stored.value()) return std::optional<domain::Commit>{};
  auto commit = decode(stored.value()->bytes);
  if (!commit) return fail(commit.error());
  if (commit.value().first != first) return std::optional<domain::Commit>{};
  return std::optional(std::move(commit).value());
}

}  // namespace florin::eventstore
