// What the routes say of an order of currency.
#pragma once

#include "api/ledger/card_orders.h"
#include "api/routes/route.h"

namespace florin::api {

// "metadata": the game's own object as it gave it; null when there is none or its person was erased.
void write_metadata(JsonWriter& json, Ledger const& ledger, domain::CheckoutOpened const& opened);

// CONTRACT, order-details.
void write_payment_order(JsonWriter& json, Ledger const& ledger, domain::Game const& game, CardOrder const& order);

[[nodiscard]] Response payment_order_not_found(Request const& request);
// Why a payment came to nothing, as a 402.
[[nodiscard]] Response payment_failed_response(Request const& request, domain::PaymentFailed const& failed);
// 503 PAYMENTS_UNAVAILABLE: no processor is configured here.
[[nodiscard]] Response payments_unavailable(Request const& request);

}  // namespace florin::api
