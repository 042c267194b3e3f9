// Stripe's events: which payment one is about. All that we read of one: what happened, the payment's own report says,
// so that an event that is forged, doubled, late or of another API version changes nothing wrongly. Pure, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "domain/result.h"
#include "sagas/gateways/payment_gateway.h"

namespace florin::sagas {

// "pi_" and up to 96 letters, digits and _: what may stand in a path, a log or a look-up as a payment's reference.
[[nodiscard]] bool is_payment_reference(std::string_view text);
// "evt_…", "re_…", "pm_card_visa": 1 to 100 letters, digits and _.
[[nodiscard]] bool is_stripe_token(std::string_view text);

// {"object": "event", "id", "data": {"object": {"object", "id" or "payment_intent"}}} as JSON. Unset when it is about
// no payment (a charge without one, a customer); malformed when it is no event.
[[nodiscard]] Result<Callback, CallbackFault> read_stripe_event(std::string_view json);
// The same of an event in a list.
[[nodiscard]] Result<Callback, CallbackFault> read_stripe_event(simdjson::dom::element const& event);

// A signed post: the signature and its age first, then the event.
[[nodiscard]] Result<Callback, CallbackFault> read_stripe_callback(std::string_view secret, std::string_view signature,
                                                                   std::string_view body, domain::Timestamp now);

}  // namespace florin::sagas
