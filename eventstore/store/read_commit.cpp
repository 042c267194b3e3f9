#include "eventstore/store/read_commit.h"

#include "eventstore/store/commit_reader.h"

namespace florin::eventstore {

using domain::Commit;
using domain::Position;

ResultOr<std::optional<Commit>> read_commit(Log& log, Position first) {
  if (!first) return std::optional<Commit>();
  auto reader = FLORIN_TRY(CommitReader::after(log, Position(first.value() - 1)));
  if (!reader) return std::optional<Commit>();  // it lies inside a commit, or beyond the log
  return reader->next();
}

domain::Event const* event_at(Commit const& commit, Position position) {
  if (position < commit.first || position > commit.last()) return nullptr;
  return &commit.events[position.value() - commit.first.value()];
}

}  // namespace florin::eventstore
