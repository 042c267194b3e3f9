// Which request ids were ever used, and where: permanent, exact, bounded in memory.
//
// A small log-structured index derived from the log: the newest entries in memory, older ones in immutable sorted
// run files (128-bit keyed hash -> position, a blocked Bloom filter in front, request_run.h), merged in the
// background. It may be deleted at any time and is rebuilt from the log. A hash match is only a candidate: the
// writer reads the commit at the position and compares the id itself, so a collision can never refuse a new request.
//
// Threads: one caller (the writer; recovery before it) and one background thread that sorts, writes and merges.
// Look-ups never wait for it.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "domain/ids.h"
#include "eventstore/fault.h"
#include "eventstore/runtime/runtime.h"

namespace florin::eventstore {

struct RequestIndexOptions {
  // Entries held before a run is written. A table is 48 bytes an entry and there are two (one filling, one being
  // written or spare): about 96 MiB.
  std::size_t memory_entries = 1u << 20;
  std::size_t filter_memory_bytes = 256u << 20;  // filters of the newest runs stay in memory up to this, 12 bits an
                                                 // entry; older ones are read a cache line at a time from the file
};

class RequestIndex {
 public:
  // Opens what is there and agrees with a log that ends at `log_end`: damaged or half-written runs, and runs that
  // reach beyond the log (it was restored from a backup, or the end never became durable), are deleted together with
  // every newer one. covered() says from where to refill (recovery.h does).
  [[nodiscard]] static ResultOr<std::unique_ptr<RequestIndex>> open(std::filesystem::path const& folder,
                                                                    domain::Position log_end,
                                                                    RequestIndexOptions options = {},
                                                                    Runtime& runtime = machine());
  // Loses what is only in memory; it is refilled from the log at the next start.
  ~RequestIndex();

  // First positions of the commits that may carry (game, id), newest first; empty (and no allocation) for a new id.
  // Kind::corrupt when a run is damaged: the file is deleted, so that the next start refills from before it.
  [[nodiscard]] ResultOr<std::vector<domain::Position>> candidates(domain::GameId game, std::string_view id);
  // `first` and `last` are the commit's positions; they arrive in ascending order. Adding again what is already
  // there changes nothing. Waits when half a table more than memory_entries is full and the run before is still
  // being written; a fault when that one cannot be written.
  [[nodiscard]] ResultOr<Unit> add(domain::GameId game, std::string_view id, domain::Position first,
                                   domain::Position last);

  // Everything up to here is in durable runs; recovery re-adds from here on.
  [[nodiscard]] domain::Position covered() const;
  // Writes what is in memory to a run and waits. Clean shutdown.
  [[nodiscard]] ResultOr<Unit> flush();

 private:
  struct Impl;
  explicit RequestIndex(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace florin::eventstore
