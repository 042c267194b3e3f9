// What replies say of a movement beyond its amounts.
#pragma once

#include "api/ledger/movements.h"
#include "api/routes/route.h"

namespace florin::api {

// "reason", "item", "counterparty" and "fee_amount", each null where there is none: members of the open object.
void write_details(JsonWriter& json, Ledger const& ledger, eventstore::GameDirectory const& games,
                   MovementDetails const& details);

}  // namespace florin::api
