#include "sagas/card_payments/payment_plan.h"

namespace florin::sagas {
namespace {

using domain::PaymentStatus;

// An order that nobody could charge for so long is not charged any more: the buyer has gone.
constexpr std::int64_t kAbandonedAfterMicros = 900 * domain::kMicrosPerSecond;
constexpr std::int64_t kProcessingWaitMicros = 60 * domain::kMicrosPerSecond;

}  // namespace

PaymentStep next_step(domain::OpenOrder const& order, std::optional<PaymentStatus> known, domain::Timestamp now) {
  using enum PaymentStep::Kind;
  if (known == PaymentStatus::requires_action && order.challenge_expires_at > now) {
    return {wait, order.challenge_expires_at.micros() - now.micros()};
  }
  if (known == PaymentStatus::processing) return {wait, kProcessingWaitMicros};
  // It has ended there and the order is open here: the ledger did not take the report.
  if (known == PaymentStatus::succeeded || known == PaymentStatus::cancelled) return {wait, kMismatchWaitMicros};
  bool const abandoned = now.micros() - order.ordered_at.micros() > kAbandonedAfterMicros;
  if (order.reference.empty()) return {abandoned ? give_up : create};
  if (!known) return {retrieve};
  // Declined, unanswered or abandoned: it must not be charged any more before it is given up here.
  return {known == PaymentStatus::unconfirmed && !abandoned ? confirm : cancel};
}

AnswerMeans meaning_of(PaymentStep::Kind asked, std::optional<PaymentStatus> known, PaymentOutcome outcome) {
  switch (outcome) {
    case PaymentOutcome::answered: return AnswerMeans::report;
    case PaymentOutcome::unknown: return AnswerMeans::try_again;
    case PaymentOutcome::refused: break;
  }
  if (asked == PaymentStep::Kind::create) return AnswerMeans::give_up;
  return known == PaymentStatus::unconfirmed ? AnswerMeans::stop_charging : AnswerMeans::unknown_payment;
}

}  // namespace florin::sagas
