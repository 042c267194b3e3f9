// What apply asserts, as a question: for auditors, who must report an impossible log instead of stopping at it.
#pragma once

#include "domain/ledger.h"

namespace florin::eventstore {

// Where an event stands in the log.
struct Place {
  domain::Timestamp at;    // of its commit
  domain::Position first;  // of its commit
  domain::Position position;
};

// Why `event` cannot follow `state`, or nullptr when it can: then apply accepts it, whatever a forger wrote. Stricter
// than apply: also that amounts, fees and times are in range, that a transaction has its commit's name, that what ends
// did so for a reason that was there, and that the postings sum to zero in every currency. `state` has seen no time
// later than place.at.
[[nodiscard]] char const* why_impossible(domain::State const& state, domain::Event const& event, Place const& place);

}  // namespace florin::eventstore
