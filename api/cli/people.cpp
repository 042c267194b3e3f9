#include "api/cli/people.h"

#include "eventstore/store/commit_reader.h"

namespace florin::api::cli {

using domain::Position;
using eventstore::ResultOr;

ResultOr<Unit> for_each_event(eventstore::Log& log, Position last,
                              std::function<void(domain::Event const&, Position)> const& see) {
  if (!last) return Unit{};
  auto reader = FLORIN_TRY(eventstore::CommitReader::containing(log, Position(1)));
  for (;;) {
    auto const commit = FLORIN_TRY(reader.next());
    if (!commit || commit->first > last) return Unit{};
    auto position = commit->first;
    for (auto const& event : commit->events) {
      see(event, position);
      position = domain::next(position);
    }
  }
}

ResultOr<std::vector<FormerPerson>> read_former_people(eventstore::Log& log, eventstore::Vault const& vault,
                                                       Position last) {
  std::vector<FormerPerson> former;
  auto const read = for_each_event(log, last, [&](domain::Event const& event, Position) {
    auto const* registered = std::get_if<domain::IdentityRegistered>(&event);
    if (registered == nullptr) return;
    auto const email = vault.open(registered->identity, eventstore::Field::email, registered->email);
    if (!email) return;  // erased
    if (auto person = former_person(vault, registered->identity, registered->email_index, email.value())) {
      former.push_back(*person);
    }
  });
  if (!read) return fail(read.error());
  return former;
}

}  // namespace florin::api::cli
