// Events about currency that is bought with a card, up to the charge or its failure. CurrencyPurchased alone moves
// money.
#pragma once

#include <string>
#include <variant>

#include "domain/events/family.h"
#include "domain/events/personal_text.h"
#include "domain/ids.h"
#include "domain/money.h"
#include "domain/payment.h"
#include "domain/time.h"

namespace florin::domain {

// A link to the hosted page, good once and for a while. Nothing is ordered yet.
struct CheckoutOpened {
  SessionId session;  // first position of this commit
  GameId game;
  IdentityId identity;
  CurrencyId currency;
  Usd usd;
  std::string success_url;  // empty: none
  std::string cancel_url;
  PersonalText metadata;  // the game's own, a JSON object; it comes back with the order
  Timestamp expires_at;
  friend bool operator==(CheckoutOpened const&, CheckoutOpened const&) = default;
};

// Somebody wants to pay for currency. Nothing is charged yet.
struct CurrencyOrdered {
  OrderId order;  // first position of this commit
  PlayerId player;
  CurrencyId currency;
  Usd usd;             // in units: units_of(usd)
  std::string method;  // the processor's token of a card, never a card
  SessionId session;   // the checkout's; zero when the game ordered itself
  friend bool operator==(CurrencyOrdered const&, CurrencyOrdered const&) = default;
};

// The processor knows of it under this name. Charged it is only by a later step, so no charge is ever without a name.
struct PaymentOpened {
  OrderId order;
  std::string reference;
  friend bool operator==(PaymentOpened const&, PaymentOpened const&) = default;
};

// The cardholder's bank wants to hear from them (3-D Secure).
struct PaymentChallenged {
  OrderId order;
  Timestamp expires_at;
  friend bool operator==(PaymentChallenged const&, PaymentChallenged const&) = default;
};

// Charged and credited.
struct CurrencyPurchased {
  OrderId order;
  PlayerId player;
  CurrencyId currency;
  Usd usd;
  Usd fee;  // USD that the processor keeps of it
  std::string reference;
  Money available_after;
  friend bool operator==(CurrencyPurchased const&, CurrencyPurchased const&) = default;
};

struct PaymentFailed {
  OrderId order;
  PlayerId player;
  PaymentFailure failure = PaymentFailure::declined;
  std::string code;  // the processor's, e.g. "insufficient_funds"
  friend bool operator==(PaymentFailed const&, PaymentFailed const&) = default;
};

using CardOrderEvents =
    std::variant<CheckoutOpened, CurrencyOrdered, PaymentOpened, PaymentChallenged, CurrencyPurchased, PaymentFailed>;
template <class E>
concept CardOrderEvent = IsIn<E, CardOrderEvents>;

}  // namespace florin::domain
