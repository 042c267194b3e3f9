// Payouts as replies show them: of the game that asked, and of the operators.
#pragma once

#include "api/routes/exchange.h"
#include "projections/payments.h"

namespace florin::api {

// The request and what became of it, out of the log. On a worker.
struct PayoutStory {
  domain::PayoutRequested requested;
  domain::Timestamp requested_at;
  domain::PayoutStatus status = domain::PayoutStatus::requested;
  domain::Timestamp changed_at;
  std::string note;
};
[[nodiscard]] eventstore::Faulty<std::optional<PayoutStory>> load_payout(Environment& environment,
                                                                         projections::ViewReader& view,
                                                                         domain::Position payout);

// One element of a list of payouts.
void write_payout(JsonWriter& json, Environment& environment, PayoutStory const& story);

[[nodiscard]] std::optional<domain::PayoutStatus> parse_payout_status(std::string_view text);

}  // namespace florin::api
