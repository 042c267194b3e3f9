#include "eventstore/store/read_commit.h"

#include "eventstore/store/codec.h"
#include "eventstore/store/commit_reader.h"
#include "eventstore/store/linked_reader.h"

namespace florin::eventstore {
namespace {

using domain::Commit;
using domain::Position;

// No commit ends before `first`. Right when it lies inside a commit (or beyond the log); else that row is missing.
Faulty<std::optional<Commit>> explain_absence(Log& log, Position first) {
  auto cursor = log.read(first);
  if (!cursor) return fail(cursor.error());
  auto const row = cursor.value()->next();
  if (!row) return fail(row.error());
  if (!row.value()) return std::optional<Commit>();
  auto const around = decode(row.value()->bytes);
  if (around && around.value().first < first) {
    auto const checked = read_commit(log, around.value().first);
    if (!checked) return fail(checked.error());
    if (checked.value() && checked.value()->last() >= first) return std::optional<Commit>();
  }
  return fault_at(first, Fault::Kind::corrupt, "the commit before it is missing or is not what was written");
}

}  // namespace

Faulty<std::optional<Commit>> read_commit(Log& log, Position first) {
  if (!first) return std::optional<Commit>();
  auto cursor = CommitReader::after(log, Position(first.value() - 1));
  if (!cursor) return fail(cursor.error());
  if (!cursor.value()) return explain_absence(log, first);
  return cursor.value()->next();
}

domain::Event const* event_at(Commit const& commit, Position position) {
  if (position < commit.first || position > commit.last()) return nullptr;
  return &commit.events[position.value() - commit.first.value()];
}

}  // namespace florin::eventstore
