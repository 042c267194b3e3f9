// The rule of e-mails (CONTRACT, E-mails): one mailbox is one person, however it is written. ICU stays behind this
// header, and nobody else compares e-mails.
//
// What a key was made of never changes, because a person is found by a hash of it for ever: characters that Unicode 14
// does not know are refused, and of those that it knows neither the composed form nor the case folding may change by
// Unicode's stability policy. The key of an ASCII address is that address in lower case, as it has always been.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/result.h"

namespace florin::api {

struct Mailbox {
  std::string written;  // as it came, trimmed: what is shown
  std::string key;      // equal for two ways to write one mailbox, and for nothing else: what is indexed
};

// Trims Unicode blanks and checks. The key's local part is NFC with simple case folding ("weiß@" is not "weiss@"), its
// domain the ASCII form by UTS 46, non-transitional. The error says why it is no e-mail, as the end of a sentence.
[[nodiscard]] Result<Mailbox, std::string_view> read_mailbox(std::string_view text);

// The key that releases up to 1c8f11c made of the same text: trimmed, ASCII letters in lower case, sizes checked, and
// nullopt where they refused it. Logs hold people under such keys, and these people are found by them for ever.
[[nodiscard]] std::optional<std::string> former_key(std::string_view text);

}  // namespace florin::api
