// Any bytes as a callback: its header, a line break, its body. What is not signed is never read as an event; what is
// signed names a payment of the right form or none.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sagas/gateways/stripe_event.h"
#include "sagas/gateways/stripe_signature.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace florin::sagas;
  constexpr std::string_view kSecret = "whsec_fuzz";
  auto const now = florin::domain::Timestamp::from_seconds(1'800'000'000);
  std::string_view const input(reinterpret_cast<char const*>(data), size);
  std::size_t const line = input.find('\n');
  std::string_view const header = input.substr(0, line);
  std::string_view const body = line == std::string_view::npos ? std::string_view() : input.substr(line + 1);

  auto const forged = read_stripe_callback(kSecret, header, body, now);
  require(!forged.ok() && forged.error() == CallbackFault::unsigned_post);

  auto const read = read_stripe_callback(kSecret, stripe_signature(kSecret, body, now), body, now);
  if (read) {
    auto const& change = read.value().event;
    require(!change || (is_payment_reference(change->reference) && is_stripe_token(change->event_id)));
  } else {
    require(read.error() == CallbackFault::malformed || body.size() > kStripeBodyMax);
  }
  return 0;
}
