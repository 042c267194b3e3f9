// Which request ids were ever used, and where: permanent, exact, bounded in memory.
//
// A small log-structured index derived from the log: the newest entries in memory, older ones in immutable sorted
// run files (128-bit keyed hash -> position, a blocked Bloom filter in front), merged in the background. It may be
// deleted at any time and is rebuilt from the log. A hash match is only a candidate: the writer reads the commit
// at the position and compares the id itself, so a collision can never refuse a new request.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "domain/ids.h"
#include "eventstore/fault.h"

namespace florin::eventstore {

struct RequestIndexOptions {
  std::size_t memory_entries = 1u << 20;         // entries held before a run is written: about 48 MiB
  std::size_t filter_memory_bytes = 256u << 20;  // filters of the newest runs stay in memory up to this; older ones
                                                 // are read a cache line at a time from the file
};

class RequestIndex {
 public:
  // Opens what is there; damaged or half-written runs are dropped, and covered() says from where to refill.
  [[nodiscard]] static Faulty<std::unique_ptr<RequestIndex>> open(std::filesystem::path const& folder,
                                                                  RequestIndexOptions options = {});
  ~RequestIndex();

  // The writer only.
  // First positions of the commits that may carry (game, id), newest first; empty (and no allocation) for a new id.
  [[nodiscard]] std::vector<domain::Position> candidates(domain::GameId game, std::string_view id);
  // `last` is the last position of the commit; positions arrive in ascending order.
  void add(domain::GameId game, std::string_view id, domain::Position first, domain::Position last);

  // Everything up to here is in durable runs; recovery re-adds from here on.
  [[nodiscard]] domain::Position covered() const;
  // Writes what is in memory to a run and waits. Clean shutdown.
  [[nodiscard]] Faulty<Unit> flush();

 private:
  struct Impl;
  explicit RequestIndex(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace florin::eventstore
