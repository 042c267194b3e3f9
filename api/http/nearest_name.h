// Which known name a mistyped one was meant to be: for fields, parameters, settings, options and commands. Any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace florin::api {

// nullopt when nothing is close: two letters exchanged, one too many, one missing, or a part left out
// ("sends_per_hour" for "sends_per_player_hour"). Of one letter nothing is guessed.
[[nodiscard]] std::optional<std::string_view> nearest_name(std::string_view mistyped,
                                                           std::span<std::string_view const> known);

// "did you mean 'status'?", or else what there is: "known are 'status', 'limit' and 'cursor'", or "none is known here".
// Without a full stop, to end a sentence about the mistyped name.
[[nodiscard]] std::string nearest_hint(std::string_view mistyped, std::span<std::string_view const> known);

// At most 64 bytes of a name from outside, cut between two characters.
[[nodiscard]] std::string_view shortened_name(std::string_view name);

}  // namespace florin::api
