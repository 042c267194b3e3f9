// The card processor as the ways in use it: asked, waited for, and heard. On io threads.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "api/http/completion.h"
#include "sagas/card_payments/card_payments.h"
#include "sagas/gateways/guarded_payments.h"

namespace florin::api {

enum class CallbackTaken : std::uint8_t {
  logged,    // what it tells of is in the log
  not_ours,  // it is about nothing that concerns us
  not_yet,   // to be posted again
};

// Owned by the Ledger. Its parts outlive it; both are null when no processor is configured, and then watch(),
// tokenize() and receive() are not called.
class CardGateway {
 public:
  CardGateway(sagas::CardPayments* payments, sagas::GuardedPayments* processor)
      : payments_(payments), processor_(processor) {}

  [[nodiscard]] bool is_configured() const { return payments_ != nullptr; }
  // Whether the processor could be called now.
  [[nodiscard]] bool can_charge() const { return processor_ != nullptr && processor_->available(); }

  // What becomes of the order within `patience`; nullopt: nobody knows yet. last_look: as CardPayments::watch.
  [[nodiscard]] Awaitable<std::optional<sagas::PaymentUpdate>> watch(Inbox& inbox, domain::OrderId order,
                                                                     int patience_seconds, bool last_look) const;
  // As CardPayments::tokenize. The caller wipes the card as soon as this returns.
  void tokenize(sagas::Card card, std::function<void(sagas::MethodAnswer const&)> then) const {
    payments_->tokenize(std::move(card), std::move(then));
  }
  // Whether `name` is the processor's, so that its callbacks may come.
  [[nodiscard]] bool is_named(std::string_view name) const {
    return processor_ != nullptr && processor_->name() == name;
  }
  // A callback as it was posted.
  [[nodiscard]] Awaitable<Result<CallbackTaken, sagas::CallbackFault>> receive(Inbox& inbox, std::string_view signature,
                                                                               std::string_view body,
                                                                               eventstore::Clock const& clock) const;

 private:
  sagas::CardPayments* payments_;
  sagas::GuardedPayments* processor_;
};

}  // namespace florin::api
