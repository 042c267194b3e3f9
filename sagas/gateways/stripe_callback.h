// Stripe's callbacks: the header Stripe-Signature, and the one thing that we read of an event: which payment it is
// about. Source: Stripe's webhook documentation, "Verify webhook signatures manually".
//
//   Stripe-Signature: t=1614556800,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd
//
// v1 is HMAC-SHA256 of "t.body" under the endpoint's secret. There may be several, while a secret is rolled. No state,
// any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "domain/result.h"
#include "sagas/gateways/payments.h"

namespace florin::sagas {

// A captured post is good for so long; after that its event is known, and a repeat changes nothing anyway.
inline constexpr std::int64_t kSignatureToleranceSeconds = 300;
inline constexpr std::size_t kCallbackBytesMax = std::size_t{256} << 10;

[[nodiscard]] std::string sign_callback(std::string_view secret, std::string_view body, domain::Timestamp at);

// The signature and its age are checked before anything of the body is read.
[[nodiscard]] Result<Callback, CallbackFault> read_stripe_callback(std::string_view secret, std::string_view signature,
                                                                   std::string_view body, domain::Timestamp now);

}  // namespace florin::sagas
