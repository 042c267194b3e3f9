// A text about a person as it lies in the log (FORMAT.md, A sealed text): AES-256-GCM under a key of its own, bound to
// its person, field and event. The key follows from the person's, so that it goes with them; and whoever is given it
// can open this one text, and see by the text's commitment that it is the text and the key of then.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "domain/ids.h"
#include "eventstore/fault.h"

namespace florin::eventstore {

enum class Field : std::uint8_t;  // vault.h
using PersonKey = std::array<std::uint8_t, 32>;

struct TextPlace {
  domain::IdentityId identity;
  Field field;
  domain::Position position;  // of the event
};

// Draws nothing: the same text at the same place is the same bytes.
[[nodiscard]] std::string seal_text(PersonKey const& key, TextPlace const& place, std::string const& clear);

// Of any version. Kind::unknown when it is of a newer one, Kind::corrupt when it was altered, cut short, or belongs
// elsewhere. Which event it belongs to it says itself.
[[nodiscard]] ResultOr<std::string> open_text(PersonKey const& key, domain::IdentityId identity, Field field,
                                              std::string const& sealed);

}  // namespace florin::eventstore
