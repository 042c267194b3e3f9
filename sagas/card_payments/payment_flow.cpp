#include "sagas/card_payments/payment_flow.h"

#include <utility>

#include <spdlog/spdlog.h>

#include "domain/contract.h"
#include "sagas/writer_call.h"

namespace florin::sagas {
namespace {

using domain::OrderId;
using domain::PaymentStatus;
using Wait = std::optional<std::int64_t>;  // micros until the next try; nullopt: done

// After so many answers to one key that nobody can use, a payment is created under the next one: CardContext::key.
constexpr unsigned kCreatesPerKey = 4;

}  // namespace

Awaitable<Wait> PaymentFlow::advance(OrderId order) {
  auto& progress = progress_[order];  // stays where it is; nobody else erases it while the order is in hand
  auto const wait = co_await advance(order, progress);
  if (!wait) progress_.erase(order);
  co_return wait;
}

std::int64_t PaymentFlow::note_failure(OrderId order) { return context_.backoff(++progress_[order].failures); }

std::optional<PaymentUpdate> PaymentFlow::action_required(OrderId order) const {
  auto const found = progress_.find(order);
  return found == progress_.end() ? std::nullopt : found->second.action_required;
}

Awaitable<Wait> PaymentFlow::advance(OrderId order, Progress& progress) {
  auto const failed = [&] { return context_.backoff(++progress.failures); };
  auto const rest = [&](std::int64_t micros) {
    progress.failures = 0;
    waiters_.tell(order, {});  // longer than anybody waits; who was told of the challenge waits no more
    return micros;
  };
  progress.action_required.reset();
  std::optional<PaymentStatus> known;  // by the processor's last answer
  std::string refused_code;            // why it would not try to charge
  while (!context_.stopping) {
    auto const open = context_.view.order(order);
    if (!open) break;
    auto const found = context_.find_order(order);
    if (!found) co_return failed();
    if (!found.value()) co_return rest(kMismatchWaitMicros);
    auto const step = next_step(*open, known, context_.clock.now());
    if (step.kind == PaymentStep::Kind::wait) co_return rest(step.wait_micros);
    if (step.kind == PaymentStep::Kind::give_up) {
      bool const given_up = co_await give_up(*open, domain::PaymentFailure::abandoned, "");
      if (!given_up) co_return failed();
      continue;
    }
    bool const creates = step.kind == PaymentStep::Kind::create;
    auto const answer = co_await call(step.kind, *open, *found.value(), progress);
    if (context_.stopping) break;
    switch (meaning_of(step.kind, known, answer.outcome)) {
      case AnswerMeans::report: break;
      case AnswerMeans::give_up: {
        bool const given_up = co_await give_up(*open, domain::PaymentFailure::refused, answer.code);
        if (!given_up) co_return failed();
        continue;
      }
      case AnswerMeans::stop_charging:
        known = PaymentStatus::declined;
        refused_code = answer.code.empty() ? "refused" : answer.code;
        continue;
      case AnswerMeans::unknown_payment:
        spdlog::error("order {}: the processor does not know its payment {} ({}): are these the keys it was made with?",
                      domain::format_order_id(order), open->reference, answer.code);
        co_return rest(kMismatchWaitMicros);
      case AnswerMeans::try_again:
        if (creates && answer.code != kCircuitOpen && answer.code != kBusy) ++progress.creates;
        spdlog::warn("order {}: the processor's answer is not known, {}; looking again", domain::format_order_id(order),
                     answer.code);
        co_return failed();
    }
    bool const reported = co_await reports_.report(answer, refused_code);
    if (!reported) co_return failed();
    // Confirmed and unconfirmed still, or created and without a reference: that had no effect.
    if (known == PaymentStatus::unconfirmed && answer.payment.status == known) co_return failed();
    auto const now_open = context_.view.order(order);
    if (creates && now_open && now_open->reference.empty()) co_return failed();
    // It got on. A retrieve alone does not say so: a confirm that fails is followed by one each time.
    if (creates || known) progress.failures = 0;
    known = answer.payment.status;
    if (known == PaymentStatus::requires_action) {
      PaymentUpdate update;
      update.state = PaymentUpdate::State::action_required;
      update.reference = answer.payment.reference;
      update.client_secret = answer.client_secret;
      update.redirect_url = answer.redirect_url;
      progress.action_required = update;
      waiters_.tell(order, update);
    }
  }
  if (context_.stopping) co_return std::nullopt;
  reports_.forget(order);
  waiters_.tell(order, waiters_.end_of(order));
  bool const sent = co_await refunds_.send_all(order);
  if (!sent) co_return failed();
  co_return std::nullopt;
}

Awaitable<PaymentAnswer> PaymentFlow::call(PaymentStep::Kind kind, domain::OpenOrder const& open,
                                           LoggedOrder const& ordered, Progress& progress) {
  switch (kind) {
    case PaymentStep::Kind::create: {
      auto const number = std::to_string(progress.creates / kCreatesPerKey);
      CreatePayment request{
          context_.key("open:" + number, open.order.position(), ordered.at()), open.order, open.usd,
          domain::to_string(domain::units_of(open.usd)) + " " + context_.view.currency_name(open.currency),
          ordered.at()};
      co_return co_await context_.gateway.create(std::move(request));
    }
    case PaymentStep::Kind::retrieve: co_return co_await context_.gateway.retrieve(open.reference);
    case PaymentStep::Kind::confirm: {
      auto const number = std::to_string(progress.confirms++);
      ConfirmPayment request{context_.key("confirm:" + number, open.order.position(), ordered.at()), open.reference,
                             ordered->method, context_.return_url(*ordered)};
      co_return co_await context_.gateway.confirm(std::move(request));
    }
    case PaymentStep::Kind::cancel: co_return co_await context_.gateway.cancel(open.reference);
    case PaymentStep::Kind::give_up:
    case PaymentStep::Kind::wait: break;
  }
  FLORIN_ASSERT(false);
  co_return PaymentAnswer{};
}

Awaitable<bool> PaymentFlow::give_up(domain::OpenOrder const& open, domain::PaymentFailure failure, std::string code) {
  domain::Command command = domain::FailOrder{open.order, failure, std::move(code)};
  auto const outcome = co_await ask(context_.io, *context_.writer, std::move(command));
  // Refused: it has got a reference meanwhile, or has ended. Then the next round finds it.
  co_return std::holds_alternative<eventstore::Committed>(outcome) ||
      std::holds_alternative<domain::Rejection>(outcome);
}

}  // namespace florin::sagas
