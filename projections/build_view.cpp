#include "projections/build_view.h"

#include "projections/commit_feed.h"
#include "projections/generation.h"
#include "projections/view_file.h"

namespace florin::projections {
namespace {

using eventstore::Fault;
using eventstore::Faulty;

// Rows gathered in memory before they are written in the order of their tables: about 100 bytes a commit. More
// writes each page of heads less often.
constexpr std::uint64_t kTransactionCommits = 1u << 18;
constexpr std::uint64_t kLookAroundCommits = 1u << 12;  // between looks at `stopping` and updates of progress

}  // namespace

Faulty<Unit> build_view(eventstore::Log& log, Projection const& projection, std::filesystem::path const& file,
                        BuildProgress& progress, std::atomic<bool> const& stopping) {
  progress.started_ns = std::chrono::steady_clock::now().time_since_epoch().count();
  remove_view_file(file);
  auto view = ViewFile::create(file, projection, ViewFile::Purpose::build);
  if (!view) return fail(view.error());
  auto feed = CommitFeed::open(log, domain::Position{});
  if (!feed) return fail(feed.error());

  for (std::uint64_t commits = 0;; ++commits) {
    if (commits % kLookAroundCommits == 0) {
      if (stopping) return eventstore::fault(Fault::Kind::missing, "stopped");
      progress.position = view.value()->reached().value();
      auto const head = log.head();
      if (!head) return fail(head.error());
      progress.target = head.value().position.value();
    }
    auto const fed = feed.value().next();
    if (!fed) return fail(fed.error());
    if (!fed.value()) break;
    if (auto const applied = view.value()->apply(fed.value()->commit, fed.value()->head); !applied) return applied;
    if (commits % kTransactionCommits == kTransactionCommits - 1) {
      if (auto const done = view.value()->commit(); !done) return done;
    }
  }
  if (auto const done = view.value()->commit(); !done) return done;
  progress.position = view.value()->reached().value();
  return Unit{};
}

}  // namespace florin::projections
