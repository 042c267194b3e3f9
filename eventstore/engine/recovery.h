// Recovery: newest good snapshot + tail of the log, with the hash chain checked on every commit replayed. And the
// audit of a whole log.
//
// A fault that is about the log begins with "position N: ", N being the first position that is not what was written.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/engine/durable_state.h"
#include "eventstore/engine/request_index.h"
#include "eventstore/engine/snapshot.h"
#include "eventstore/store/codec.h"

namespace florin::eventstore {

// Called for each replayed commit, in order, after it was applied: for folds that go along.
using OnReplay = std::function<void(domain::Commit const&)>;

// Replays commits after recovered.head up to and including `until` (zero: to the end) onto `recovered`. Checks link,
// contiguity and that each commit begins where the last ended; Kind::corrupt names the first bad position. Reading
// and hashing run on two more threads, some blocks ahead of decode and apply. Links vouch for the content: a log whose
// links were all recomputed around an impossible event aborts here (and is a fault in verify). After a fault
// `recovered` is of no use.
[[nodiscard]] ResultOr<Unit> replay(Log& log, Recovered& recovered, domain::Position until = {},
                                    OnReplay const& on_replay = {});

// A start: newest good snapshot of this log + replay of the rest, with the request index refilled from where it is
// covered, and the durable state (empty before) folded from its own newest snapshot to the same place (null: none).
// `skipped` names snapshots passed over.
[[nodiscard]] ResultOr<Recovered> recover(Log& log, std::filesystem::path const& snapshots, RequestIndex* requests,
                                          DurableState* durable = nullptr, std::vector<std::string>* skipped = nullptr,
                                          Files& files = machine_files());

// Whether the log still holds what the checkpoint signed, judged by the one row where it stood: a start notices a
// truncated or exchanged log at once. Kind::corrupt when not.
[[nodiscard]] ResultOr<Unit> check_checkpoint(Log& log, Checkpoint const& checkpoint);

// What audit verify does: reads every row from the beginning, checks links, contiguity, decodability, that times do
// not go back, that the folds accept every event and that its postings sum to zero, and compares tree and head with
// the signed checkpoint (null: none) when it gets there. Never aborts on what a log may hold, even one whose links
// were all recomputed. The value is what was checked; the fault names the first bad position.
struct Verified {
  std::uint64_t commits = 0;
  std::uint64_t events = 0;
  Head head;
  domain::Digest root{};
  std::optional<domain::KeysBound> keys;  // that the log is bound to
};
[[nodiscard]] ResultOr<Verified> verify(Log& log, Checkpoint const* checkpoint,
                                        std::function<void(domain::Position)> const& progress = {});

}  // namespace florin::eventstore
