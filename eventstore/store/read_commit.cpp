#include "eventstore/store/read_commit.h"

#include "eventstore/store/codec.h"
#include "eventstore/store/commit_reader.h"
#include "eventstore/store/linked_reader.h"

namespace florin::eventstore {
namespace {

using domain::Commit;
using domain::Position;

// No commit ends before `first`. Right when it lies inside a commit (or beyond the log); else that row is missing.
ResultOr<std::optional<Commit>> explain_absence(Log& log, Position first) {
  auto cursor = FLORIN_TRY(log.read(first));
  auto const row = FLORIN_TRY(cursor->next());
  if (!row) return std::optional<Commit>();
  auto const around = decode(row->bytes);
  if (around && around.value().first < first) {
    auto const checked = FLORIN_TRY(read_commit(log, around.value().first));
    if (checked && checked->last() >= first) return std::optional<Commit>();
  }
  return fault_at(first, Fault::Kind::corrupt, "the commit before it is missing or is not what was written");
}

}  // namespace

ResultOr<std::optional<Commit>> read_commit(Log& log, Position first) {
  if (!first) return std::optional<Commit>();
  auto cursor = FLORIN_TRY(CommitReader::after(log, Position(first.value() - 1)));
  if (!cursor) return explain_absence(log, first);
  return cursor->next();
}

domain::Event const* event_at(Commit const& commit, Position position) {
  if (position < commit.first || position > commit.last()) return nullptr;
  return &commit.events[position.value() - commit.first.value()];
}

}  // namespace florin::eventstore
