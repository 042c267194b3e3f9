// The part of a State that is not flat rows of identities, players and wallets: phones, minors, what waits for somebody
// (transfers, phone shares), texts that are owed, and what was done lately. Small next to the rows, and stored in the
// same bytes by everybody who keeps a copy of a State in a file of blocks (FORMAT.md, Snapshots).
#pragma once

#include "domain/ledger.h"
#include "eventstore/engine/block_file.h"

namespace florin::eventstore {

void put_open_matters(BlockWriter& to, domain::State const& state);

// Onto a state that has its games and rows already, and none of this. False when the bytes end too soon or say what no
// state can hold; then the state is of no use.
[[nodiscard]] bool get_open_matters(BlockReader& from, domain::State& state);

}  // namespace florin::eventstore
