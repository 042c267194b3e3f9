// The seam to storage (DESIGN, Growing past one machine): an append-only sequence of commits.
//
// A commit is keyed by the position of its last event, so the head is the largest key and commit k begins one
// after the key before it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "domain/ids.h"
#include "eventstore/fault.h"

namespace florin::eventstore {

struct StoredCommit {
  domain::Position last;
  std::string_view bytes;
  domain::Digest link{};  // chain.h: link(previous link, last, bytes)
};

// Where the log ends. {0, zeros} when it is empty.
struct Head {
  domain::Position position;
  domain::Digest link{};
  friend bool operator==(Head const&, Head const&) = default;
};

// One reader's place in the log. One thread at a time. Holds no read transaction between calls, so a slow reader
// never keeps the log from checkpointing.
class LogCursor {
 public:
  virtual ~LogCursor() = default;
  // The next commit, or nullopt when the reader has caught up (a later call may find more). The view is valid
  // until the next call.
  [[nodiscard]] virtual ResultOr<std::optional<StoredCommit>> next() = 0;
};

class Log {
 public:
  virtual ~Log() = default;

  // Durable when it returns; all or nothing. `expected` is the head that the caller believes in: anything else in
  // the log is Kind::conflict (another writer). After any fault the log refuses every later append: whether the
  // failed one is durable is known only by reading again after a restart. One thread (the appender).
  [[nodiscard]] virtual ResultOr<Unit> append(domain::Position expected, std::span<StoredCommit const> commits) = 0;

  // Starts at the commit that contains position `from`. Any thread; concurrent with append.
  [[nodiscard]] virtual ResultOr<std::unique_ptr<LogCursor>> read(domain::Position from) = 0;

  [[nodiscard]] virtual ResultOr<Head> head() = 0;
};

}  // namespace florin::eventstore
