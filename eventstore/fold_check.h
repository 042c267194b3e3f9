// What apply asserts, as a question: for auditors, who must report an impossible log instead of stopping at it.
#pragma once

#include "domain/ledger.h"

namespace florin::eventstore {

// Why `event` cannot follow `state`, or nullptr when it can: then apply accepts it, whatever a forger wrote. Stricter
// than apply: also that amounts are in range and that the postings sum to zero in every currency.
[[nodiscard]] char const* why_impossible(domain::State const& state, domain::Event const& event);

}  // namespace florin::eventstore
