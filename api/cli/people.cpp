#include "api/cli/people.h"

#include "eventstore/store/commit_reader.h"

namespace florin::api::cli {

using domain::Position;
using eventstore::Faulty;

Faulty<Unit> for_each_event(eventstore::Log& log, Position last,
                            std::function<void(domain::Event const&, Position)> const& see) {
  if (!last) return Unit{};
  auto reader = eventstore::CommitReader::containing(log, Position(1));
  if (!reader) return fail(reader.error());
  for (;;) {
    auto const commit = reader.value().next();
    if (!commit) return fail(commit.error());
    if (!commit.value() || commit.value()->first > last) return Unit{};
    auto position = commit.value()->first;
    for (auto const& event : commit.value()->events) {
      see(event, position);
      position = domain::next(position);
    }
  }
}

Faulty<std::vector<FormerPerson>> read_former_people(eventstore::Log& log, eventstore::Vault const& vault,
                                                     Position last) {
  std::vector<FormerPerson> former;
  auto const read = for_each_event(log, last, [&](domain::Event const& event, Position) {
    auto const* registered = std::get_if<domain::IdentityRegistered>(&event);
    if (registered == nullptr) return;
    auto const email = vault.open(registered->identity, eventstore::Field::email, registered->email);
    if (!email) return;  // erased
    if (auto person = former_person(vault, registered->identity, registered->email_index, email.value())) {
      former.push_back(std::move(*person));
    }
  });
  if (!read) return fail(read.error());
  return former;
}

}  // namespace florin::api::cli
