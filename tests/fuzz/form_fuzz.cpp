// Any bytes as an inbound post. What the decoder takes is within its bounds and survives being encoded and decoded
// again; a signature of one form is good for the form as it was posted; and what is read as a text has the form of one.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sagas/gateways/form.h"
#include "sagas/gateways/twilio_inbound.h"
#include "sagas/gateways/twilio_signature.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace florin::sagas;
  constexpr std::string_view kToken = "token";
  constexpr std::string_view kUrl = "https://florin.example/in";
  std::string_view const body(reinterpret_cast<char const*>(data), size);

  auto const form = decode_form(body);
  if (!form) {
    require(!read_twilio_inbound(kToken, kUrl, body, "").ok());
    return 0;
  }
  require(size <= kFormBytesMax && form.value().size() <= kFormFieldsMax);
  std::string const again = encode_form(form.value());
  auto const round = decode_form(again);
  // Encoded anew it may be longer than what was posted, and only for that be refused.
  require(round.ok() ? round.value() == form.value() : again.size() > kFormBytesMax);

  std::string const signature = twilio_signature(kToken, kUrl, form.value());
  require(twilio_signature_valid(kToken, kUrl, form.value(), signature));
  require(!twilio_signature_valid(kToken, "https://other.example/in", form.value(), signature));
  require(!read_twilio_inbound(kToken, kUrl, body, body).ok());
  auto const text = read_twilio_inbound(kToken, kUrl, body, signature);
  if (text) {
    require(text.value().message_id.size() == 34 && text.value().from.front() == '+');
    require(*only_value(form.value(), "Body") == text.value().body);
  }
  return 0;
}
