#include "projections/build_view.h"

#include "eventstore/store/commit_reader.h"
#include "projections/generation.h"
#include "projections/view_file.h"

namespace florin::projections {
namespace {

using eventstore::Fault;
using eventstore::ResultOr;

// Rows gathered in memory before they are written in the order of their tables: about 100 bytes a commit. More
// writes each page of heads less often.
constexpr std::uint64_t kTransactionCommits = 1u << 18;
constexpr std::uint64_t kLookAroundCommits = 1u << 12;  // between looks at `stopping` and updates of progress

}  // namespace

ResultOr<Unit> build_view(eventstore::Log& log, Projection const& projection, std::filesystem::path const& file,
                          BuildProgress& progress, std::atomic<bool> const& stopping, eventstore::Runtime& runtime) {
  progress.started_ns = runtime.now().time_since_epoch().count();
  remove_view_file(runtime.files(), file);
  auto view = FLORIN_TRY(ViewFile::create(file, projection, ViewFile::Purpose::build, runtime.files()));
  auto reader = eventstore::CommitReader::after(log, domain::Position{});
  if (!reader) return fail(reader.error());

  for (std::uint64_t commits = 0;; ++commits) {
    if (commits % kLookAroundCommits == 0) {
      if (stopping) return eventstore::fault(Fault::Kind::missing, "stopped");
      progress.position = view->reached().value();
      auto const head = FLORIN_TRY(log.head());
      progress.target = head.position.value();
    }
    auto const commit = FLORIN_TRY(reader.value()->next());
    if (!commit) break;
    FLORIN_TRY(view->apply(*commit, reader.value()->head()));
    if (commits % kTransactionCommits == kTransactionCommits - 1) {
      FLORIN_TRY(view->commit());
    }
  }
  FLORIN_TRY(view->commit());
  progress.position = view->reached().value();
  return Unit{};
}

}  // namespace florin::projections
