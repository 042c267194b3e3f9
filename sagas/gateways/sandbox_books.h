// The books of the sandbox's card processor: payments, refunds, disputes and the events that tell of them, in a SQLite
// file of their own. The rules are Stripe's where they show: what may follow what, codes of refusal, fees, idempotency
// keys (kept for ever). No faults, no network: those are sandbox_processor.h's.
//
// Durable: each change is one transaction with its event in it, in the file (WAL, synchronous=FULL) before the function
// returns; about 0.3 ms. So a kill or a power loss leaves all of it or nothing. One thread at a time: the processor's
// mutex. One process at a time: the environment's folder is locked by its log.
//
// Orders and refunds that a version opened which did not name their time are reported with the time zero.
//
// A card number is read once, by add_card, and is not kept: the file has the behaviour that it stands for and its last
// four digits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/fault.h"
#include "sagas/gateways/payment_gateway.h"

namespace florin::sagas {

// How the post about an event goes wrong: decided when the event is written, so that a restart does not decide anew.
struct CallbackPlan {
  unsigned copies = 1;  // 0: never posted; 2: twice
  bool late = false;    // seconds after it happened
};

struct SandboxPayment {
  std::uint64_t sequence = 0;  // 1, 2, 3 … in the order they were opened
  domain::PaymentReport report;
  std::string description;
  std::string client_secret;
  std::string return_url;
  domain::Timestamp created;
};

struct SandboxEvent {
  std::uint64_t sequence = 0;  // 1, 2, 3 …
  std::string id;              // "evt_…"
  std::string type;            // "payment_intent.succeeded"
  std::string object;          // "payment_intent", "refund", "dispute"
  std::string object_id;
  std::string reference;  // the payment's
  domain::Timestamp created;
  CallbackPlan plan;
};

// What the processor's own statement says: every cent that passed, and what is left of it. At quiescence the ledger's
// card clearing equals `balance`.
struct ProcessorStatement {
  std::uint64_t payments = 0;  // opened
  std::uint64_t charges = 0;   // of them succeeded
  std::uint64_t refunds = 0;
  std::uint64_t disputes_open = 0;
  std::uint64_t disputes_won = 0;
  std::uint64_t disputes_lost = 0;
  std::uint64_t callbacks_waiting = 0;  // events whose post nobody has taken yet
  domain::Usd charged;
  domain::Usd refunded;
  domain::Usd disputed;  // held back for disputes, whatever their status
  domain::Usd fees;
  domain::Usd dispute_fees;
  domain::Usd balance;  // charged - refunded - disputed - fees - dispute_fees
};

class SandboxBooks {
 public:
  // outcome unknown: the file could not be read or written ("books_full"), or the key was used for another call
  // ("idempotency_error"); nothing was done, unless the fault came with the commit.
  struct Answer {
    PaymentOutcome outcome = PaymentOutcome::unknown;
    SandboxPayment payment;  // answered: as it is now, also when the key was used before
    std::string code;
    std::string made;  // answered: the refund or dispute that was made, "re_…", "dp_…"
  };

  // `plan` is asked once for each event. amount_min: Stripe charges no less than half a dollar ("amount_too_small").
  [[nodiscard]] static eventstore::ResultOr<std::unique_ptr<SandboxBooks>> open(std::filesystem::path const& file,
                                                                                domain::Usd amount_min,
                                                                                std::function<CallbackPlan()> plan,
                                                                                eventstore::Runtime& runtime);
  ~SandboxBooks();
  SandboxBooks(SandboxBooks const&) = delete;
  SandboxBooks& operator=(SandboxBooks const&) = delete;

  [[nodiscard]] Answer create(CreatePayment const& request, domain::Timestamp now);
  [[nodiscard]] Answer confirm(ConfirmPayment const& request, domain::Timestamp now);
  [[nodiscard]] Answer retrieve(std::string const& reference);
  [[nodiscard]] Answer cancel(std::string const& reference, domain::Timestamp now);
  // key empty: made at the processor, not by us; refund zero.
  [[nodiscard]] Answer refund(RefundPayment const& request, domain::Timestamp now);
  [[nodiscard]] MethodAnswer add_card(Card const& card, domain::Timestamp now);

  // The bank's word on a payment that requires action. On any other payment it changes nothing. refused
  // "resource_missing" when there is no such payment or the secret is not its own.
  [[nodiscard]] Answer challenge(std::string const& reference, std::string_view secret);
  [[nodiscard]] Answer complete_challenge(std::string const& reference, std::string_view secret, bool success,
                                          domain::Timestamp now);

  // usd: none for all that is not refunded or disputed yet. refused "charge_not_disputable" when nothing is.
  [[nodiscard]] Answer open_dispute(std::string const& reference, std::optional<domain::Usd> usd,
                                    domain::Timestamp now);
  // Closes the payment's open disputes; where none is open, decides the newest that ended the other way anew. refused
  // "no_open_dispute".
  [[nodiscard]] Answer close_dispute(std::string const& reference, bool won, domain::Timestamp now);
  // Of the payment's newest dispute, whatever its status: so much more is withdrawn and charged for it; below zero:
  // given back. Within what was charged, and kMaxPurchaseUsd for the fee: refused "amount_too_large".
  [[nodiscard]] Answer move_dispute(std::string const& reference, domain::Usd withdrawn, domain::Usd fee,
                                    domain::Timestamp now);

  // After `after`, in order.
  [[nodiscard]] eventstore::ResultOr<std::vector<SandboxPayment>> payments(std::uint64_t after, std::size_t limit);
  [[nodiscard]] eventstore::ResultOr<std::vector<SandboxEvent>> events(domain::Timestamp since, std::uint64_t after,
                                                                       std::size_t limit);
  [[nodiscard]] eventstore::ResultOr<ProcessorStatement> statement();

  // Events whose post nobody has taken yet. undelivered: after `after`, in order. set_delivered: durable by the next
  // change at the latest; a crash before it posts them again.
  [[nodiscard]] eventstore::ResultOr<std::vector<SandboxEvent>> undelivered(std::uint64_t after, std::size_t limit);
  [[nodiscard]] eventstore::ResultOr<Unit> set_delivered(std::span<std::uint64_t const> sequences);

 private:
  struct Impl;
  explicit SandboxBooks(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> const impl_;
};

}  // namespace florin::sagas
