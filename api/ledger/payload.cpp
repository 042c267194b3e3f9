#include "api/ledger/payload.h"

namespace florin::api {
namespace {

// The index and the text follow from the e-mail, whose key is in the payload; the tag follows from the name. Whether
// the name is another one than before is what the ledger knows, and nothing that was sent.
std::string const& name_of(domain::PlayerRef const& player) {
  auto const& [index, email, name, tag, renamed] = player;
  return name;
}

// The index follows from the number.
std::string const& number_of(domain::PhoneRef const& phone) {
  auto const& [index, number] = phone;
  return number;
}

}  // namespace

void Payload::add(std::string_view text) {
  add(text.size());
  bytes_.append(text);
}

void Payload::add(std::uint64_t number) { bytes_.append(reinterpret_cast<char const*>(&number), sizeof number); }

// The calling game is in no payload: it is beside the request id.

Payload payload_of(domain::RotateSdkKey const& command, bool by_operator) {
  auto const& [game, key_hash, immediate] = command;  // a repeat makes another key
  if (by_operator) return Payload("rotate-game-key", game, immediate);
  return Payload("rotate-key", immediate);
}

Payload payload_of(domain::CreditBalance const& command, Email const& email) {
  auto const& [game, player, currency, amount, reason] = command;
  return Payload("credit", email.key, name_of(player), currency, amount, reason);
}

Payload payload_of(domain::DebitBalance const& command, Email const& email) {
  auto const& [game, player, currency, amount, reason] = command;
  return Payload("debit", email.key, name_of(player), currency, amount, reason);
}

Payload payload_of(domain::PurchaseItem const& command, Email const& email) {
  auto const& [game, player, currency, item, quantity, unit_price, total] = command;
  auto const& [id, name, category, description] = item;
  return Payload("purchase-item", email.key, name_of(player), id, name, category, description, quantity, unit_price,
                 total, currency);
}

Payload payload_of(domain::RefundItem const& command) {
  auto const& [game, original, reason] = command;
  return Payload("refund-item", original.commit(), reason);  // the order's number
}

Payload payload_of(domain::InitiateTransfer const& command, Email const& from, Email const& to) {
  // Whether there are limits and whether a text can be sent is ours and of the moment; the receiver is in by the key of
  // their e-mail.
  auto const& [flavour, game, sender, sender_phone, target, receiver, receiver_phone, currency, amount, unlimited,
               can_text] = command;
  auto const operation = flavour == domain::Flavour::send ? "/initiate-send" : "/initiate-transfer";
  return Payload(operation, name_of(sender), from.key, number_of(sender_phone), to.key, number_of(receiver_phone),
                 target, amount, currency);
}

Payload payload_of(domain::OpenCheckout const& command, Email const& email) {
  auto const& [game, person, currency, usd, success_url, cancel_url, metadata] = command;
  return Payload("checkout-session", email.key, usd, currency, success_url, cancel_url, metadata);
}

Payload payload_of(domain::OrderCurrency const& command, Email const& email) {
  // Without a session: an order of the checkout page is the n-th try of its session (checkout_sessions.cpp).
  auto const& [game, player, currency, usd, method, session, can_charge] = command;
  return Payload("purchase-currency", email.key, name_of(player), usd, method, currency);
}

Payload payload_of(domain::RefundPurchase const& command) {
  auto const& [game, original, usd, reason, can_charge] = command;
  return Payload("refund-currency", original->order, usd.value_or(domain::Usd{}), reason);
}

Payload payload_of(domain::RequestPayout const& command, Email const& email) {
  auto const& [game, contact, usd, holder, account, routing, type] = command;
  return Payload("request-payout", usd, email.key, holder, routing, account, type);
}

Payload payload_of(domain::AdvancePayout const& command) {
  auto const& [payout, status, note] = command;
  return Payload("advance-payout", payout, status, note);
}

Payload payload_of(domain::CorrectPayoutAccount const& command) {
  auto const& [payout, code, corrected] = command;
  return Payload("correct-payout-account", payout->payout, code, corrected);
}

}  // namespace florin::api
