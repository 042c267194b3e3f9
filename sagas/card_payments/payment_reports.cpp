#include "sagas/card_payments/payment_reports.h"

#include <map>
#include <utility>

#include <spdlog/spdlog.h>

#include "eventstore/store/read_commit.h"
#include "sagas/writer_call.h"

namespace florin::sagas {

using domain::OrderId;
using domain::PaymentStatus;

// Clears the id of each refund that this log did not ask for under that id, or that was asked for before a restore from
// a backup. When the processor made two refunds under one id, only one keeps it; the other counts as made at the
// processor. False: the log could not be read.
bool PaymentReports::check_refund_names(domain::PaymentReport& payment) const {
  auto const returned = context_.view.returned(payment.order);
  auto const known_reference = [&](domain::RefundId refund) -> std::string {
    if (!returned) return {};
    for (auto const& row : returned->refunds) {
      if (row.refund == refund) return row.reference;
    }
    return {};
  };
  std::map<domain::RefundId, std::string> ours;  // which of those of a name it is: the one known, else the oldest
  for (auto const& refund : payment.refunds) {
    if (!refund.refund) continue;
    auto const commit = eventstore::read_commit(context_.log, refund.refund.position());
    if (!commit) return false;
    if (!commit.value() || commit.value()->at != refund.refund_at) continue;
    auto const* asked = std::get_if<domain::RefundRequested>(&commit.value()->events.front());
    if (asked == nullptr || asked->order != payment.order) continue;
    auto const known = known_reference(refund.refund);
    ours[refund.refund] = known.empty() ? refund.reference : known;  // the newest comes first in a report
  }
  for (auto& refund : payment.refunds) {
    auto const found = ours.find(refund.refund);
    if (!refund.refund || (found != ours.end() && found->second == refund.reference)) continue;
    spdlog::error("payment {}: refund {} was not asked for by this ledger", payment.reference, refund.reference);
    refund.refund = {};
  }
  return true;
}

Awaitable<bool> PaymentReports::report(PaymentAnswer const& answer, std::string refused_code) {
  auto const found = context_.find_order(answer.payment.order);
  if (!found) co_return false;
  auto const& ordered = found.value();
  auto payment = answer.payment;
  if (!ordered || ordered->at() != payment.ordered_at) {
    spdlog::error("payment {} names order {}, which this log does not have: was it restored from a backup? {}",
                  payment.reference, domain::format_order_id(payment.order),
                  payment.status == PaymentStatus::succeeded ? "It is charged and nobody is credited; refund it there"
                                                             : "It is not charged");
    co_return true;
  }
  auto const order = (*ordered)->order;
  if (!payment.refunds.empty() && !check_refund_names(payment)) co_return false;
  say_what_is_not_booked(payment, (*ordered)->usd);
  if (payment.status == PaymentStatus::declined && context_.view.order(order)) {
    decline_codes_[order] = payment.decline_code;
  }
  auto const declined = decline_codes_.find(order);
  if (payment.status == PaymentStatus::cancelled && payment.decline_code.empty() && declined != decline_codes_.end()) {
    payment.decline_code = declined->second;
  }
  domain::Command command = domain::ReportPayment{std::move(payment), *ordered, std::move(refused_code)};
  auto const outcome = co_await ask(context_.io, *context_.writer, std::move(command));
  if (auto const* rejection = std::get_if<domain::Rejection>(&outcome)) {
    if (rejection->code == domain::RejectionCode::payment_mismatch) {
      spdlog::error("payment {} is not what order {} asked for: look at it at the processor", answer.payment.reference,
                    domain::format_order_id(answer.payment.order));
    }
    co_return true;
  }
  co_return std::holds_alternative<eventstore::Committed>(outcome);
}

// Logs refunds and disputes that cannot be booked: from then on card_clearing differs from what the processor holds.
void PaymentReports::say_what_is_not_booked(domain::PaymentReport const& payment, domain::Usd paid) const {
  for (auto const& refund : payment.refunds) {
    if (may_book(refund, paid)) continue;
    spdlog::error(
        "payment {}: refund {} is of {} USD, of {} that were paid; it is not booked: look at it at the processor",
        payment.reference, refund.reference, domain::to_string(refund.usd), domain::to_string(paid));
  }
  for (auto const& dispute : payment.disputes) {
    if (may_book(dispute)) continue;
    spdlog::error(
        "payment {}: dispute {} withholds {} USD with a fee of {}; it is not booked: look at it at the processor",
        payment.reference, dispute.reference, domain::to_string(dispute.withheld), domain::to_string(dispute.fee));
  }
}

}  // namespace florin::sagas
