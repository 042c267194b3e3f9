// The routes of one environment, one file per resource. Handlers keep references to `services`.
#pragma once

#include "api/routes/exchange.h"

namespace florin::api {

void add_balance_routes(Router& router, Services& services);            // Balances: reads, batch, credit, debit
void add_history_routes(Router& router, Services& services);            // Balances: history
void add_stream_routes(Router& router, Services& services);             // Balances: stream-all
void add_item_routes(Router& router, Services& services);               // Item purchase
void add_currency_purchase_routes(Router& router, Services& services);  // Currency purchase
void add_checkout_routes(Router& router, Services& services);           // Currency purchase: checkout sessions
void add_hosted_checkout_routes(Router& router, Services& services);    // their pages, and the sandbox's bank
void add_payment_callback_routes(Router& router, Services& services);   // the processor's webhook
void add_withdrawal_routes(Router& router, Services& services);         // Withdrawals
void add_transfer_routes(Router& router, Services& services);           // Transfers and sends: initiate to claim
void add_transfer_status_routes(Router& router, Services& services);    // status, destinations, approval-status
void add_transaction_routes(Router& router, Services& services);        // GET /transactions/{transaction_id}
void add_phone_share_routes(Router& router, Services& services);        // Phone-share approval
void add_key_routes(Router& router, Services& services);                // Key rotation

struct AdminOptions {
  std::string token_hash;  // SHA-256 of FLORIN_ADMIN_TOKEN; empty: every operator's route answers 403 ADMIN_DISABLED
};
// Operators: under `services.root` + "/admin", where games have "/api".
void add_admin_routes(Router& router, Services& services, AdminOptions const& options);

void add_minor_routes(Router& router, Services& services, AdminOptions const& options);   // Operators: minors
void add_sms_routes(Router& router, Services& services);                                  // the provider's webhook
void add_payout_routes(Router& router, Services& services, AdminOptions const& options);  // Operators: payouts
void add_clock_routes(Router& router, Services& services, AdminOptions const& options);   // Operators: the wall clock
// The sandbox's phone and clock.
void add_sandbox_routes(Router& router, Services& services, AdminOptions const& options,
                        eventstore::AdjustableClock& clock);

// The sandbox's card processor: its statement, its faults, disputes, and the bank's page.
void add_sandbox_processor_routes(Router& router, Services& services, AdminOptions const& options);

// /livez, /readyz, /metrics, /openapi.json: of the process, not of an environment.
void add_system_routes(Router& router, std::vector<Services*> const& environments);

}  // namespace florin::api
