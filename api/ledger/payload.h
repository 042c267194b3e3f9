// What a request id stands for: the payload's keyed hash is the request's fingerprint, by which a repeat of a request
// is told from a reuse of its id for another one. Logs keep fingerprints for ever, so no payload may change.
// Any thread.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include "api/mailboxes.h"
#include "domain/commands.h"

namespace florin::api {

// `written`, `key` for payloads, and the index.
using Email = Mailboxes::Found;

// The operation's name, then every field that means something. A text follows its length and a number has eight bytes,
// so that no two lists of one operation's fields make the same bytes.
class Payload {
 public:
  template <class... Fields>
  explicit Payload(std::string_view operation, Fields const&... fields) {
    add(operation);
    (add(fields), ...);
  }
  [[nodiscard]] std::string_view bytes() const { return bytes_; }

 private:
  void add(std::string_view text);
  void add(std::uint64_t number);
  template <class Tag>
  void add(domain::Id<Tag> id) {
    add(id.value());
  }
  template <class Unit>
  void add(domain::Amount<Unit> amount) {
    add(static_cast<std::uint64_t>(amount.minor()));
  }
  template <class Enum>
    requires std::is_enum_v<Enum>
  void add(Enum value) {
    add(static_cast<std::uint64_t>(value));
  }

  std::string bytes_;
};

// Of each command that a request with an id may ask for. Every member of the command is named there, so that a new one
// does not compile until it is decided whether it belongs to the request. A person goes in by the key of the e-mail
// that was sent. Operators' requests about games and currencies go in as the bodies they came in, whole (admin.cpp).
[[nodiscard]] Payload payload_of(domain::RotateSdkKey const& command, bool by_operator);
[[nodiscard]] Payload payload_of(domain::CreditBalance const& command, Email const& player);
[[nodiscard]] Payload payload_of(domain::DebitBalance const& command, Email const& player);
[[nodiscard]] Payload payload_of(domain::PurchaseItem const& command, Email const& player);
[[nodiscard]] Payload payload_of(domain::RefundItem const& command);
[[nodiscard]] Payload payload_of(domain::InitiateTransfer const& command, Email const& sender, Email const& receiver);
[[nodiscard]] Payload payload_of(domain::OpenCheckout const& command, Email const& person);
[[nodiscard]] Payload payload_of(domain::OrderCurrency const& command, Email const& player);
[[nodiscard]] Payload payload_of(domain::RefundPurchase const& command);
[[nodiscard]] Payload payload_of(domain::RequestPayout const& command, Email const& contact);
[[nodiscard]] Payload payload_of(domain::AdvancePayout const& command);
[[nodiscard]] Payload payload_of(domain::CorrectPayoutAccount const& command);

}  // namespace florin::api
