// Events about text messages: received, and handed to the provider. They move no money.
#pragma once

#include <variant>

#include "domain/events/family.h"
#include "domain/ids.h"
#include "domain/texts.h"

namespace florin::domain {

// Somebody answered by text. What came of it stands beside it in the commit; alone: nothing was asked.
struct ReplyReceived {
  BlindIndex phone_index{};
  friend bool operator==(ReplyReceived const&, ReplyReceived const&) = default;
};

struct TextSettled {
  TextRef text;
  TextEnd end = TextEnd::sent;
  friend bool operator==(TextSettled const&, TextSettled const&) = default;
};

using TextEvents = std::variant<ReplyReceived, TextSettled>;
template <class E>
concept TextEvent = IsIn<E, TextEvents>;

}  // namespace florin::domain
