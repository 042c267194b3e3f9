// Events about the keys that a log is written with. They move no money.
#pragma once

#include <array>
#include <cstdint>
#include <variant>

#include "domain/events/family.h"

namespace florin::domain {

// Tells a key from another one and says nothing about it.
using KeyCheck = std::array<std::uint8_t, 16>;

// From this commit on the log is written with these keys: a vault or keys of rows that are not these are another log's.
struct KeysBound {
  KeyCheck vault{};
  std::uint32_t row_key = 0;  // its number, from 1
  KeyCheck row_key_check{};
  friend bool operator==(KeysBound const&, KeysBound const&) = default;
};

using KeyEvents = std::variant<KeysBound>;
template <class E>
concept KeyEvent = IsIn<E, KeyEvents>;

}  // namespace florin::domain
