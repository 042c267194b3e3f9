// The rows of the sandbox processor's file, and the changes of a payment that several rules make, each with the event
// that tells of it. Which change is allowed when, the rules say (sandbox_books.cpp).
//
// All functions are called inside a transaction of `file`, and throw SandboxFileFault. One thread at a time.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "eventstore/runtime/runtime.h"
#include "sagas/gateways/sandbox_books.h"
#include "sagas/gateways/sandbox_file.h"
#include "sagas/gateways/test_cards.h"

namespace florin::sagas {

// The prefix and 24 random letters and digits.
[[nodiscard]] std::string random_sandbox_id(eventstore::Runtime& runtime, std::string_view prefix);
// What was asked, in 32 bytes: a key may be used again for the same call only. A hash, because a return URL may hold
// what the file must not.
[[nodiscard]] std::string request_digest(std::initializer_list<std::string_view> words);
[[nodiscard]] SandboxBooks::Answer sandbox_refusal(std::string code);

struct SandboxTables {
  SandboxFile file;
  std::function<CallbackPlan()> plan;
  eventstore::Runtime& runtime;

  static SandboxPayment payment_of(SandboxQuery& row);
  // The payment's refunds and disputes.
  void add_children(SandboxPayment& payment);
  std::optional<SandboxPayment> find(std::string_view reference);
  // The payment as it is now; refused "resource_missing" when there is none.
  SandboxBooks::Answer current(std::string_view reference, std::string made = {});
  // What the key's first call came to; nothing when it is the first.
  std::optional<SandboxBooks::Answer> repeated(std::string_view key, std::string const& what);
  // Stripe keeps a key's refusal too.
  SandboxBooks::Answer keep(std::string_view key, std::string const& what, std::string_view reference,
                            SandboxBooks::Answer answer);
  // The event, with the plan of how its post goes wrong.
  void add_event(std::string_view type, std::string_view object, std::string_view object_id, std::string_view reference,
                 domain::Timestamp now);
  void set_state(std::string_view reference, domain::PaymentStatus status, std::string_view decline, domain::Usd fee);
  void charge(SandboxPayment const& payment, domain::Timestamp now);
  void decline(std::string const& reference, std::string_view code, domain::Timestamp now);
  std::string dispute(std::string const& reference, domain::Usd usd, domain::Timestamp now);
  // What the dispute is from now on: one entry more, unless nothing but its status changed.
  void set_dispute(domain::DisputeReport const& before, domain::Usd withheld, domain::Usd fee,
                   domain::DisputeStatus status);
  // What its bank claimed at first: what is withdrawn again when it was won and then lost.
  domain::Usd claimed(std::string_view dispute);
  // A dispute that is won gives back all of it, the fee too; one that is lost after that takes both again.
  void end_dispute(domain::DisputeReport const& before, bool won, std::string_view reference, domain::Timestamp now);
  std::optional<TestCard> card_of(std::string const& method);
  void try_card(SandboxPayment const& payment, TestCard card, domain::Timestamp now);
};

}  // namespace florin::sagas
