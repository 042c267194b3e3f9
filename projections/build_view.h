// Builds a view from the whole log, at full speed, where nobody reads it yet.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>

#include "eventstore/runtime/runtime.h"
#include "eventstore/store/log.h"
#include "projections/projection.h"

namespace florin::projections {

// Written by the builder, read by anyone.
struct BuildProgress {
  std::atomic<std::uint64_t> position{0};
  std::atomic<std::uint64_t> target{0};     // the log's head when last looked at
  std::atomic<std::int64_t> started_ns{0};  // steady clock; zero: waiting for its turn
};

// Folds the log into a new file until the end of the log has been seen. The file is closed when this returns; a
// half-built one is the caller's to remove. Kind::missing, "stopped": `stopping` was set.
[[nodiscard]] eventstore::ResultOr<Unit> build_view(eventstore::Log& log, Projection const& projection,
                                                    std::filesystem::path const& file, BuildProgress& progress,
                                                    std::atomic<bool> const& stopping,
                                                    eventstore::Runtime& runtime = eventstore::machine());

}  // namespace florin::projections
