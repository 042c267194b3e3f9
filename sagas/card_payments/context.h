// What the flows of the card payments share: the outside, the ledger, and what is derived from both.
//
// The effects thread, except where a member says otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "domain/events.h"
#include "domain/fact.h"
#include "eventstore/engine/submission.h"
#include "eventstore/runtime/clock.h"
#include "eventstore/runtime/runtime.h"
#include "eventstore/store/log.h"
#include "eventstore/store/vault.h"
#include "sagas/gateways/payment_gateway.h"
#include "sagas/ledger_view.h"

namespace florin::sagas {

struct CardPaymentsOptions {
  // Where a browser goes after its bank's challenge: back to the checkout's page, whose token is put between the two;
  // or, when the game ordered itself, to a page that says so.
  std::string checkout_url;
  std::string checkout_url_end;
  std::string return_url;
  // How often the processor is asked for what lost callbacks would have told.
  std::int64_t poll_micros = 60 * domain::kMicrosPerSecond;
};

// An order as the log has it. The position alone comes again after a restore from a backup, for another order.
using LoggedOrder = domain::Fact<domain::CurrencyOrdered>;

struct CardContext {
  asio::io_context& io;
  eventstore::Runtime& runtime;
  PaymentGateway& gateway;
  LedgerView const& view;
  eventstore::Log& log;
  eventstore::Vault const& vault;
  eventstore::Clock const& clock;
  CardPaymentsOptions const options;
  eventstore::Submitter* writer = nullptr;  // from start on
  bool stopping = false;
  std::minstd_rand random{eventstore::draw_number<unsigned>(runtime)};  // spreads retries

  // nullopt: there is no such order. A fault of the log is not an order that is not there: look again.
  [[nodiscard]] eventstore::ResultOr<std::optional<LoggedOrder>> find_order(domain::OrderId order) const;

  // Where the browser of the order's payer goes.
  [[nodiscard]] std::string return_url(domain::CurrencyOrdered const& ordered) const;

  // Idempotency key over (purpose, position, commit time) under the vault's key, so that after a restore the same
  // position gets another key.
  //
  // A processor keeps its first answer to a key for a day, a 500 too, so a key can be spoilt:
  //
  // confirm:<n>. n goes up with each confirm, and each but the first comes right after an answer that said
  // "unconfirmed". The payment itself is charged once, whatever the key. So a restart may count from 0 again: a spoilt
  // key repeats its answer, does nothing, and is followed by a retrieve and the next key.
  //
  // open:<n>, for creating. There is nothing to retrieve, and a time-out may have created it, so the key is kept for
  // some tries (payment_flow.cpp). After that a second payment may exist beside the first, which nobody confirms: only
  // the one whose reference is in the log is, and what is not confirmed charges nothing.
  //
  // refund. Has no number: under a second key the money could go twice. A spoilt one waits for its day to end.
  [[nodiscard]] IdempotencyKey key(std::string_view purpose, domain::Position of, domain::Timestamp at) const;

  // How long to wait after so many failures in a row, from 1. After the last step of the ladder it goes on at the
  // longest: somebody's money is at stake.
  [[nodiscard]] std::int64_t backoff(unsigned failures);
};

}  // namespace florin::sagas
