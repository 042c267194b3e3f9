#include "sagas/gateways/twilio_inbound.h"

#include <algorithm>

#include "domain/digits.h"
#include "sagas/gateways/form.h"
#include "sagas/gateways/twilio_signature.h"

namespace florin::sagas {
namespace {

using domain::is_digit;

bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool is_message_id(std::string_view text) {
  return text.size() == 34 && (text.starts_with("SM") || text.starts_with("MM")) &&
         std::ranges::all_of(text.substr(2), is_hex);
}

bool is_phone(std::string_view text) {
  return text.size() >= 11 && text.size() <= 16 && text.front() == '+' && std::ranges::all_of(text.substr(1), is_digit);
}

bool is_short_code(std::string_view text) {
  return text.size() >= 3 && text.size() <= 8 && std::ranges::all_of(text, is_digit);
}

}  // namespace

Result<InboundText, InboundError> read_twilio_inbound(std::string_view auth_token, std::string_view url,
                                                      std::string_view body, std::string_view signature) {
  auto const form = decode_form(body);
  if (!form) return fail(InboundError::malformed);
  if (!twilio_signature_valid(auth_token, url, form.value(), signature)) return fail(InboundError::forged);
  std::string const* const id = only_value(form.value(), "MessageSid");
  std::string const* const from = only_value(form.value(), "From");
  std::string const* const to = only_value(form.value(), "To");
  std::string const* const text = only_value(form.value(), "Body");
  if (id == nullptr || from == nullptr || to == nullptr || text == nullptr) return fail(InboundError::no_text);
  if (!is_message_id(*id) || !is_phone(*from) || !(is_phone(*to) || is_short_code(*to))) {
    return fail(InboundError::no_text);
  }
  return InboundText{*id, *from, *to, *text};
}

}  // namespace florin::sagas
