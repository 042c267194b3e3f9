#include "domain/payment.h"

#include <algorithm>

namespace florin::domain {

char const* failure_name(PaymentFailure failure) {
  switch (failure) {
    case PaymentFailure::declined: return "declined";
    case PaymentFailure::challenge_failed: return "challenge_failed";
    case PaymentFailure::challenge_expired: return "challenge_expired";
    case PaymentFailure::refused: return "refused";
    case PaymentFailure::abandoned: return "abandoned";
  }
  return "";
}

char const* refund_end_name(RefundEnd end) {
  switch (end) {
    case RefundEnd::succeeded: return "succeeded";
    case RefundEnd::failed: return "failed";
    case RefundEnd::reversed: return "reversed";
  }
  return "";
}

char const* dispute_status_name(DisputeStatus status) {
  switch (status) {
    case DisputeStatus::open: return "open";
    case DisputeStatus::won: return "won";
    case DisputeStatus::lost: return "lost";
  }
  return "";
}

bool valid_dispute_fee(Usd usd) {
  constexpr std::int64_t kTimes = 6;
  auto const most = kTimes * kMaxPurchaseUsd.minor();
  return usd.minor() >= -most && usd.minor() <= most;
}

bool may_book(RefundReport const& report, Usd paid) { return report.usd > Usd{} && report.usd <= paid; }

bool valid_withheld(Usd usd) { return usd >= Usd{} && usd <= kMaxPurchaseUsd; }

bool may_book(DisputeReport const& report) {
  auto const most = kMaxPurchaseUsd + kMaxPurchaseUsd;
  return !report.reference.empty() && report.withheld >= Usd{} && report.withheld <= most &&
         report.fee >= -kMaxPurchaseUsd && report.fee <= kMaxPurchaseUsd;
}

DisputeShares shares_of(DisputeReport const& report, Usd paid) {
  auto const player = std::min(report.withheld, paid);
  return {player, report.fee + (report.withheld - player)};
}

Usd Returned::refunded() const {
  Usd sum;
  for (auto const& refund : refunds) {
    if (refund.status != RefundStatus::failed) sum += refund.usd;
  }
  return sum;
}

Usd Returned::withheld() const {
  Usd sum;
  for (auto const& dispute : disputes) sum += dispute.usd;
  return sum;
}

bool Returned::disputed() const {
  return std::any_of(disputes.begin(), disputes.end(),
                     [](Dispute const& dispute) { return dispute.status != DisputeStatus::won; });
}

}  // namespace florin::domain
