// Stripe-Signature: how Stripe signs what it posts to us (Stripe, Webhook signatures), and the simulated
// processor in the same manner.
//
//   t=1492774577,v1=5257a869…,v1=…          v1: hex(HMAC-SHA256(endpoint's secret, t + "." + body))
//
// Several v1 while a secret is being changed: one good one is enough. Other schemes ("v0") are not read. The time is
// signed too, so a post cannot be replayed for longer than the tolerance; within it, what is done must be harmless
// twice.
//
// Pure, any thread. Bounds: a header of 1 KB (Stripe's own has 200 bytes), 8 signatures in it, a body of 256 KB (events
// that concern us have 3 to 8 KB); over any of them: wrong, without a hash being made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "domain/time.h"

namespace florin::sagas {

inline constexpr std::int64_t kStripeToleranceSeconds = 300;  // Stripe's own; here for clocks ahead of us too
inline constexpr std::size_t kStripeHeaderMax = 1024;
inline constexpr std::size_t kStripeSignaturesMax = 8;
inline constexpr std::size_t kStripeBodyMax = std::size_t{256} << 10;

enum class StripeSignatureCheck : std::uint8_t {
  good,
  wrong,  // none, not of that form, or of another secret, time or body
  stale,  // of this secret and body, and more than the tolerance away from `now`
};

// The header for `body`, sent at `at`.
[[nodiscard]] std::string stripe_signature(std::string_view secret, std::string_view body, domain::Timestamp at);

// Takes the same time wherever a wrong signature deviates. Wrong for an empty secret: an unset one is no secret.
[[nodiscard]] StripeSignatureCheck check_stripe_signature(std::string_view secret, std::string_view header,
                                                          std::string_view body, domain::Timestamp now);

}  // namespace florin::sagas
