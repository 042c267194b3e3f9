// The language of facts. An event is past tense, complete in itself, and never changes once written; the log
// holds nothing else. Events form families (domain/events/, family.h says how folds use them). A new event does not
// compile until every fold (State::apply, postings, the codec, each projection) has an arm for it or for its family:
// there is no default branch anywhere.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "domain/events/card_orders.h"
#include "domain/events/family.h"
#include "domain/events/games.h"
#include "domain/events/items.h"
#include "domain/events/keys.h"
#include "domain/events/payouts.h"
#include "domain/events/people.h"
#include "domain/events/phone_shares.h"
#include "domain/events/refunds.h"
#include "domain/events/texts.h"
#include "domain/events/transfers.h"
#include "domain/events/wallets.h"
#include "domain/ids.h"
#include "domain/texts.h"
#include "domain/time.h"

namespace florin::domain {

// One flat variant, because a visit is then one jump. The order of its members means nothing: on the disk an event has
// the number that eventstore/event.capnp gives it.
using Event = Concatenated<GameEvents, PersonEvents, WalletEvents, ItemEvents, TransferEvents, PhoneShareEvents,
                           TextEvents, CardOrderEvents, RefundEvents, PayoutEvents, KeyEvents>;

// "ItemPurchased": for logs, auditors and error messages.
[[nodiscard]] char const* event_name(Event const& event);

// The texts that become owed with this event. Part of the fold, and what the sagas react to.
[[nodiscard]] std::vector<TextRef> texts_owed(Event const& event);

// Who asked: the caller's game and request id, and a keyed hash of what was asked. Permanent idempotency is
// decided from these three. game is zero for an operator's command; id is empty when the caller gave none.
using Fingerprint = std::array<std::uint8_t, 16>;
struct Request {
  GameId game;
  std::string id;
  Fingerprint fingerprint{};
  friend bool operator==(Request const&, Request const&) = default;
};

// The events of one command: atomic, consecutive positions starting at `first`.
struct Commit {
  Position first;
  Timestamp at;
  Request request;
  std::vector<Event> events;

  [[nodiscard]] Position last() const { return next(first, events.size() - 1); }
  friend bool operator==(Commit const&, Commit const&) = default;
};

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

}  // namespace florin::domain
