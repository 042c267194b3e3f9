// Questions that wait for a phone's answer by text: a guardian's, and those of a phone's owner.
#pragma once

#include "domain/ledger.h"

namespace florin::domain {

// Whether this transfer's guardian or this approval's owner may still answer at `now`. `about` is the position of the
// one or the other.
[[nodiscard]] bool question_waits(State const& state, Position about, Timestamp now);

// The newest question that this phone may still answer; zero: none.
[[nodiscard]] Position newest_question(State const& state, BlindIndex const& phone, Timestamp now);

}  // namespace florin::domain
