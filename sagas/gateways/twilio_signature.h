// X-Twilio-Signature: how Twilio signs what it posts to us (Twilio, Webhooks security).
//
//   base64(HMAC-SHA1(auth token, URL + name1 + value1 + name2 + value2 …))
//
// over the decoded fields, sorted by name; of a name that is there several times, each different value once, sorted
// (as Twilio's own libraries do). The URL is the one configured at Twilio, character by character, query included:
// never rebuilt from a request, whose scheme and host a proxy may have changed. With or without its port: Twilio has
// signed both over the years, and its libraries accept either.
//
// Two weaknesses of the scheme, for whoever checks one. It has no time in it: a post can be replayed, so the caller
// remembers MessageSids or makes a repetition harmless. And it has no boundaries in it: "a=bc" and "ab=c" sign alike,
// so fields are read only in their exact form (twilio_inbound.h).
#pragma once

#include <string>
#include <string_view>

#include "sagas/gateways/form.h"

namespace florin::sagas {

[[nodiscard]] std::string twilio_signature(std::string_view auth_token, std::string_view url, Form const& form);

// Takes the same time wherever a wrong signature deviates. False for an empty auth token: an unset secret is no secret.
[[nodiscard]] bool twilio_signature_valid(std::string_view auth_token, std::string_view url, Form const& form,
                                          std::string_view signature);

}  // namespace florin::sagas
