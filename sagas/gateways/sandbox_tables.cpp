#include "sagas/gateways/sandbox_tables.h"

#include <array>
#include <utility>

#include <openssl/sha.h>

#include "domain/contract.h"
#include "eventstore/runtime/runtime.h"

namespace florin::sagas {
namespace {

using domain::DisputeStatus;
using domain::OrderId;
using domain::PaymentStatus;
using domain::RefundStatus;
using domain::Timestamp;
using domain::Usd;
using Answer = SandboxBooks::Answer;
using Query = SandboxQuery;

constexpr std::size_t kIdLetters = 24;
constexpr domain::BasisPoints kFeeRate{290};
constexpr Usd kFeeFixed = Usd::from_minor(30);
constexpr Usd kDisputeFee = Usd::from_minor(1500);

}  // namespace

std::string random_sandbox_id(eventstore::Runtime& runtime, std::string_view prefix) {
  constexpr std::string_view kLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::array<unsigned char, 2 * kIdLetters> bytes;
  runtime.draw(std::as_writable_bytes(std::span(bytes)));
  std::string id(prefix);
  for (std::size_t i = 0; i < kIdLetters; ++i) {
    id += kLetters[static_cast<std::size_t>(bytes[2 * i] * 256 + bytes[2 * i + 1]) % kLetters.size()];
  }
  return id;
}

std::string request_digest(std::initializer_list<std::string_view> words) {
  std::string text;
  for (std::string_view const word : words) text.append(std::to_string(word.size())).append(":").append(word);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<unsigned char const*>(text.data()), text.size(), digest.data());
  return {reinterpret_cast<char const*>(digest.data()), digest.size()};
}

Answer sandbox_refusal(std::string code) { return {PaymentOutcome::refused, {}, std::move(code), {}}; }

SandboxPayment SandboxTables::payment_of(Query& row) {
  SandboxPayment payment;
  payment.sequence = row.count(0);
  payment.report.reference = row.text(1);
  payment.report.order = OrderId(row.count(2));
  payment.report.usd = row.usd(3);
  payment.description = row.text(4);
  payment.client_secret = row.text(5);
  payment.report.status = static_cast<PaymentStatus>(row.integer(6));
  payment.report.decline_code = row.text(7);
  payment.report.fee = row.usd(8);
  payment.return_url = row.text(9);
  payment.created = row.time(10);
  payment.report.ordered_at = row.time(11);
  return payment;
}

void SandboxTables::add_children(SandboxPayment& payment) {
  Query refunds = file.query("SELECT id, refund, cents, asked_at FROM refunds WHERE payment = ?1 ORDER BY sequence");
  refunds.with(payment.report.reference);
  while (refunds.row()) {
    payment.report.refunds.push_back({refunds.text(0), domain::RefundId(refunds.count(1)), refunds.usd(2),
                                      RefundStatus::succeeded, refunds.time(3)});
  }
  Query disputes = file.query(
      "SELECT id, ifnull(withheld, iif(state = 1, 0, cents)), fee, state, ifnull(entries, iif(state = 1, 2, 1))"
      " FROM disputes WHERE payment = ?1 ORDER BY sequence");
  disputes.with(payment.report.reference);
  while (disputes.row()) {
    payment.report.disputes.push_back({disputes.text(0), disputes.usd(1), disputes.usd(2),
                                       static_cast<DisputeStatus>(disputes.integer(3)),
                                       static_cast<std::uint32_t>(disputes.count(4))});
  }
}

std::optional<SandboxPayment> SandboxTables::find(std::string_view reference) {
  std::optional<SandboxPayment> found;
  {
    Query row = file.query("SELECT * FROM payments WHERE id = ?1");
    if (row.with(reference).row()) found = payment_of(row);
  }
  if (found) add_children(*found);
  return found;
}

Answer SandboxTables::current(std::string_view reference, std::string made) {
  auto found = find(reference);
  if (!found) return sandbox_refusal("resource_missing");
  return {PaymentOutcome::answered, std::move(*found), {}, std::move(made)};
}

std::optional<Answer> SandboxTables::repeated(std::string_view key, std::string const& what) {
  Query row = file.query("SELECT asked, payment, refused, made FROM keys WHERE key = ?1");
  if (!row.with(key).row()) return std::nullopt;
  if (row.text(0) != what) return Answer{PaymentOutcome::unknown, {}, "idempotency_error", {}};
  if (std::string code = row.text(2); !code.empty()) return sandbox_refusal(std::move(code));
  return current(row.text(1), row.text(3));
}

Answer SandboxTables::keep(std::string_view key, std::string const& what, std::string_view reference, Answer answer) {
  file.query("INSERT INTO keys VALUES(?1, ?2, ?3, ?4, ?5)")
      .with(key)
      .with_bytes(what)
      .with(reference)
      .with(answer.code)
      .with(answer.made)
      .run();
  return answer;
}

void SandboxTables::add_event(std::string_view type, std::string_view object, std::string_view object_id,
                              std::string_view reference, Timestamp now) {
  CallbackPlan const how = plan();
  file.query(
          "INSERT INTO events(id, type, object, object_id, payment, created, copies, late, waiting)"
          " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
      .with(random_sandbox_id(runtime, "evt_"))
      .with(type)
      .with(object)
      .with(object_id)
      .with(reference)
      .with(now)
      .with(std::uint64_t{how.copies})
      .with(std::int64_t{how.late})
      .with(std::int64_t{how.copies > 0})
      .run();
}

void SandboxTables::set_state(std::string_view reference, PaymentStatus status, std::string_view decline, Usd fee) {
  file.query("UPDATE payments SET state = ?2, decline = ?3, fee = ?4 WHERE id = ?1")
      .with(reference)
      .with(status)
      .with(decline)
      .with(fee)
      .run();
}

void SandboxTables::charge(SandboxPayment const& payment, Timestamp now) {
  std::string const& reference = payment.report.reference;
  Usd const fee = domain::share_half_up(payment.report.usd, kFeeRate) + kFeeFixed;
  set_state(reference, PaymentStatus::succeeded, {}, fee);
  add_event("payment_intent.succeeded", "payment_intent", reference, reference, now);
}

void SandboxTables::decline(std::string const& reference, std::string_view code, Timestamp now) {
  set_state(reference, PaymentStatus::declined, code, Usd());
  add_event("payment_intent.payment_failed", "payment_intent", reference, reference, now);
}

std::string SandboxTables::dispute(std::string const& reference, Usd usd, Timestamp now) {
  std::string id = random_sandbox_id(runtime, "dp_");
  file.query(
          "INSERT INTO disputes(id, payment, cents, fee, state, created, withheld, entries)"
          " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?3, 1)")
      .with(id)
      .with(reference)
      .with(usd)
      .with(kDisputeFee)
      .with(DisputeStatus::open)
      .with(now)
      .run();
  add_event("charge.dispute.created", "dispute", id, reference, now);
  return id;
}

void SandboxTables::set_dispute(domain::DisputeReport const& before, Usd withheld, Usd fee, DisputeStatus status) {
  bool const booked = withheld != before.withheld || fee != before.fee;
  file.query("UPDATE disputes SET withheld = ?2, fee = ?3, state = ?4, entries = ?5 WHERE id = ?1")
      .with(before.reference)
      .with(withheld)
      .with(fee)
      .with(status)
      .with(std::uint64_t{before.entries} + (booked ? 1 : 0))
      .run();
}

Usd SandboxTables::claimed(std::string_view dispute) {
  Query row = file.query("SELECT cents FROM disputes WHERE id = ?1");
  row.with(dispute);
  return row.row() ? row.usd(0) : Usd();
}

void SandboxTables::end_dispute(domain::DisputeReport const& before, bool won, std::string_view reference,
                                Timestamp now) {
  if (won) {
    set_dispute(before, {}, {}, DisputeStatus::won);
    add_event("charge.dispute.funds_reinstated", "dispute", before.reference, reference, now);
  } else if (before.status == DisputeStatus::won) {
    set_dispute(before, claimed(before.reference), kDisputeFee, DisputeStatus::lost);
    add_event("charge.dispute.funds_withdrawn", "dispute", before.reference, reference, now);
  } else {
    set_dispute(before, before.withheld, before.fee, DisputeStatus::lost);
  }
  add_event("charge.dispute.closed", "dispute", before.reference, reference, now);
}

std::optional<TestCard> SandboxTables::card_of(std::string const& method) {
  if (auto const known = test_card_of_method(method)) return known;
  Query row = file.query("SELECT card FROM methods WHERE id = ?1");
  if (!row.with(method).row()) return std::nullopt;
  return static_cast<TestCard>(row.integer(0));
}

void SandboxTables::try_card(SandboxPayment const& payment, TestCard card, Timestamp now) {
  std::string const& reference = payment.report.reference;
  switch (card) {
    case TestCard::succeeds: return charge(payment, now);
    case TestCard::declines: return decline(reference, "generic_decline", now);
    case TestCard::lacks_funds: return decline(reference, "insufficient_funds", now);
    case TestCard::asks_bank:
      set_state(reference, PaymentStatus::requires_action, {}, Usd());
      return add_event("payment_intent.requires_action", "payment_intent", reference, reference, now);
    case TestCard::disputed:
      charge(payment, now);
      (void)dispute(reference, payment.report.usd, now);
      return;
  }
}

}  // namespace florin::sagas
