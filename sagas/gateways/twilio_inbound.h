// A text from a phone to us, as Twilio posts it: bytes and a header in, a text that Twilio vouches for out. Pure; what
// the api layer's inbound route calls. For the sandbox, the simulator (sandbox_phone.h) makes the same posts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "domain/result.h"

namespace florin::sagas {

struct InboundText {
  std::string message_id;  // "SM" or "MM" and 32 hex digits. The same text delivered again has the same
  std::string from;        // E.164
  std::string to;          // E.164 or a short code
  std::string body;        // UTF-8, at most 1,600 characters; may be empty
};

enum class InboundError : std::uint8_t {
  malformed,  // not a form that we read (form.h)
  forged,     // the signature is not of this form, URL and token
  no_text,    // signed, but something else than a text from a phone: a field is missing, double or not of its form
};

// `url`: as configured at Twilio. The signature is checked before any field is read.
[[nodiscard]] Result<InboundText, InboundError> read_twilio_inbound(std::string_view auth_token, std::string_view url,
                                                                    std::string_view body, std::string_view signature);

}  // namespace florin::sagas
