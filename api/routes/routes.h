// The rows of each resource, in the file of its name; routes.cpp makes one table of them.
#pragma once

#include "api/routes/route.h"

namespace florin::api {

std::span<Route const> balance_routes();
std::span<Route const> history_routes();
std::span<Route const> stream_routes();
std::span<Route const> transaction_routes();
std::span<Route const> item_routes();
std::span<Route const> currency_purchase_routes();
std::span<Route const> checkout_routes();
std::span<Route const> hosted_checkout_routes();
std::span<Route const> withdrawal_routes();
std::span<Route const> transfer_routes();
std::span<Route const> transfer_status_routes();
std::span<Route const> phone_share_routes();
std::span<Route const> key_routes();
std::span<Route const> admin_routes();
std::span<Route const> minor_routes();
std::span<Route const> payout_routes();
std::span<Route const> payout_file_routes();
std::span<Route const> payout_return_routes();
std::span<Route const> clock_routes();
std::span<Route const> sms_routes();
std::span<Route const> payment_callback_routes();
// Of the sandbox only.
std::span<Route const> sandbox_bank_routes();
std::span<Route const> sandbox_routes();
std::span<Route const> sandbox_processor_routes();
// Of the process: /livez, /readyz, /metrics, /openapi.json, /openapi-3.0.json.
std::span<Route const> system_routes();

}  // namespace florin::api
