#include "sagas/card_payments/refund_flow.h"

#include <algorithm>
#include <string>
#include <utility>

#include <spdlog/spdlog.h>

#include "eventstore/store/read_commit.h"
#include "sagas/writer_call.h"

namespace florin::sagas {

using domain::OrderId;

Awaitable<bool> RefundFlow::send_all(OrderId order) {
  auto const returned = context_.view.returned(order);
  if (!returned) co_return true;
  bool all = true;
  for (auto const& row : returned->refunds) {
    if (row.status != domain::RefundStatus::pending || !row.reference.empty()) continue;
    bool const sent = co_await send(order, row.refund);
    if (context_.stopping) co_return true;
    all = all && sent;
  }
  co_return all;
}

Awaitable<bool> RefundFlow::send(OrderId order, domain::RefundId refund) {
  auto const commit = eventstore::read_commit(context_.log, refund.position());
  if (!commit) co_return false;
  auto const* asked = commit.value() ? std::get_if<domain::RefundRequested>(&commit.value()->events.front()) : nullptr;
  if (asked == nullptr) co_return true;  // one that a report brought: the processor knows it
  auto const at = commit.value()->at;
  std::string refused_code;
  for (bool refused = false;; refused = true) {
    auto const known = co_await context_.gateway.retrieve(asked->payment);
    if (context_.stopping || known.outcome != PaymentOutcome::answered) co_return false;
    bool const reported = co_await reports_.report(known);
    if (!reported) co_return false;
    bool const there = std::any_of(known.payment.refunds.begin(), known.payment.refunds.end(),
                                   [&](auto const& row) { return row.refund == refund && row.refund_at == at; });
    if (there) co_return true;  // its end comes as an event
    if (refused) break;
    RefundPayment request{context_.key("refund", refund.position(), at), asked->payment, refund, asked->usd, at};
    auto const answer = co_await context_.gateway.refund(std::move(request));
    if (context_.stopping || answer.outcome == PaymentOutcome::unknown) co_return false;
    if (answer.outcome == PaymentOutcome::answered) {
      bool const made = co_await reports_.report(answer);
      co_return made;
    }
    refused_code = answer.code;
  }
  spdlog::warn("refund {} refused by the processor: {}", domain::format_refund_id(refund), refused_code);
  auto const found = context_.find_order(order);
  if (!found) co_return false;
  if (!found.value()) co_return true;
  domain::Command command = domain::FailRefund{*found.value(), refund};
  auto const outcome = co_await ask(context_.io, *context_.writer, std::move(command));
  co_return !is_busy(outcome);
}

}  // namespace florin::sagas
