#include "tests/simulation/simulated_processor.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace florin::simulation {

using namespace domain;
using sagas::AnswerMeans;
using sagas::PaymentOutcome;
using Kind = sagas::PaymentStep::Kind;

namespace {

constexpr std::size_t kLateMax = 64;

domain::Usd cents(std::int64_t amount) { return domain::Usd::from_minor(amount); }

}  // namespace

std::string SimulatedProcessor::reference(char const* kind) { return std::string(kind) + std::to_string(++made_); }

void SimulatedProcessor::adopt(Fact<CurrencyOrdered> ordered, PaymentReport report) {
  Key const key{ordered.commit(), ordered.at()};
  payments_.emplace(key, Payment{std::move(ordered), std::move(report), {}});
}

domain::Usd SimulatedProcessor::left_of(Payment const& payment) const {
  auto left = payment.report.usd;
  for (auto const& refund : payment.report.refunds) {
    if (refund.status != RefundStatus::failed) left -= refund.usd;
  }
  return left;
}

void SimulatedProcessor::confirm(Payment& payment) {
  auto& report = payment.report;
  if (report.status != PaymentStatus::unconfirmed) return;
  switch (draw(10)) {
    case 0:
    case 1: report.status = PaymentStatus::requires_action; break;
    case 2: report.status = PaymentStatus::processing; break;
    case 3:
      report.status = PaymentStatus::declined;
      report.decline_code = "insufficient_funds";
      break;
    default: report.status = PaymentStatus::succeeded; report.fee = cents(30 + report.usd.minor() * 29 / 1'000);
  }
}

PaymentOutcome SimulatedProcessor::perform(Kind kind, Fact<CurrencyOrdered> const& ordered) {
  Key const key{ordered.commit(), ordered.at()};
  auto found = payments_.find(key);
  if (kind == Kind::create) {
    if (refused_.contains(key)) return PaymentOutcome::refused;
    if (found != payments_.end()) return PaymentOutcome::answered;
    if (one_in(16)) {
      refused_.insert(key);
      return PaymentOutcome::refused;
    }
    PaymentReport report;
    report.reference = reference("pi_");
    report.order = domain::OrderId(ordered.commit());
    report.usd = ordered->usd;
    report.ordered_at = ordered.at();
    payments_.emplace(key, Payment{ordered, report, {}});
    return PaymentOutcome::answered;
  }
  if (found == payments_.end()) return PaymentOutcome::refused;
  auto& payment = found->second;
  if (kind == Kind::confirm) {
    if (payment.report.status == PaymentStatus::unconfirmed && (!payment.refused_code.empty() || one_in(16))) {
      payment.refused_code = "method_not_allowed";
      return PaymentOutcome::refused;
    }
    confirm(payment);
  }
  auto& status = payment.report.status;
  if (kind == Kind::cancel && status != PaymentStatus::succeeded) status = PaymentStatus::cancelled;
  return PaymentOutcome::answered;
}

// A call whose answer may be lost, with its effect or without.
PaymentOutcome SimulatedProcessor::call(Kind kind, Fact<CurrencyOrdered> const& ordered) {
  if (one_in(12)) {
    counts_.add(Fault::timeout_before);
    return PaymentOutcome::unknown;
  }
  auto const outcome = perform(kind, ordered);
  if (!one_in(12)) return outcome;
  counts_.add(Fault::timeout_after);
  return PaymentOutcome::unknown;
}

void SimulatedProcessor::order_step(OpenOrder const& order, eventstore::FactReader const& facts, Timestamp now,
                                    std::vector<Command>& out) {
  auto const found = facts.find<CurrencyOrdered>(order.order.position());
  if (!found || !found.value()) return;
  auto const& ordered = *found.value();
  Key const key{ordered.commit(), ordered.at()};
  auto const last = known_.find(order.order);
  auto const known = last == known_.end() ? std::nullopt : std::optional(last->second);
  auto const step = sagas::next_step(order, known, now);
  if (step.kind == Kind::wait) return;
  if (step.kind == Kind::give_up) return out.push_back(FailOrder{order.order, PaymentFailure::abandoned, {}});
  switch (sagas::meaning_of(step.kind, known, call(step.kind, ordered))) {
    case AnswerMeans::report: return tell(payments_.at(key), out);
    case AnswerMeans::give_up: return out.push_back(FailOrder{order.order, PaymentFailure::refused, "card_refused"});
    case AnswerMeans::stop_charging:
      if (call(Kind::cancel, ordered) == PaymentOutcome::answered) tell(payments_.at(key), out);
      return;
    case AnswerMeans::unknown_payment:
    case AnswerMeans::try_again: return;
  }
}

void SimulatedProcessor::refund_steps(Returned const& returned, eventstore::FactReader const& facts,
                                      std::vector<Command>& out) {
  auto const found = facts.find<CurrencyOrdered>(returned.order.position());
  if (!found || !found.value()) return;
  auto const& ordered = *found.value();
  auto const at = payments_.find({ordered.commit(), ordered.at()});
  if (at == payments_.end()) return;
  auto& payment = at->second;
  for (auto const& wanted : returned.refunds) {
    if (wanted.status != RefundStatus::pending) continue;
    auto& refunds = payment.report.refunds;
    bool const is_made = std::ranges::any_of(
        refunds, [&](RefundReport const& made) { return made.refund == wanted.refund && made.refund; });
    if (!is_made && wanted.reference.empty()) {
      if (one_in(12)) {
        counts_.add(Fault::timeout_before);
        continue;
      }
      if (refused_refunds_.contains(wanted.refund) || one_in(8) || left_of(payment) < wanted.usd) {
        refused_refunds_.insert(wanted.refund);
        out.push_back(FailRefund{ordered, wanted.refund});
        continue;
      }
      refunds.push_back({reference("re_"), wanted.refund, wanted.usd, RefundStatus::pending, {}});
      if (one_in(12)) {
        counts_.add(Fault::timeout_after);
        continue;
      }
    }
    tell(payment, out);
  }
}

bool SimulatedProcessor::move_refund(Payment& payment) {
  auto& refunds = payment.report.refunds;
  if (refunds.empty() || one_in(6)) {
    // Made at the processor, by somebody of ours.
    auto const left = left_of(payment).minor();
    if (left < 2 || refunds.size() > 3) return false;
    auto const status = draw(2) == 0 ? RefundStatus::pending : RefundStatus::succeeded;
    refunds.push_back({reference("re_"),
                       {},
                       cents(1 + static_cast<std::int64_t>(draw(static_cast<std::uint64_t>(left)))),
                       status,
                       {}});
    return true;
  }
  auto& refund = refunds[draw(refunds.size())];
  if (refund.status == RefundStatus::pending) {
    refund.status = draw(5) == 0 ? RefundStatus::failed : RefundStatus::succeeded;
    return true;
  }
  if (refund.status == RefundStatus::failed || draw(6) != 0) return false;
  refund.status = RefundStatus::failed;  // the cardholder's bank sent it back
  return true;
}

bool SimulatedProcessor::move_dispute(Payment& payment) {
  auto& disputes = payment.report.disputes;
  auto const usd = payment.report.usd;
  if (disputes.empty()) {
    auto const claimed = draw(4) == 0 ? usd + cents(usd.minor() / 10) : usd;
    disputes.push_back({reference("dp_"), claimed, cents(1'500), DisputeStatus::open, 1});
    return true;
  }
  auto& dispute = disputes[draw(disputes.size())];
  switch (draw(5)) {
    case 0:
      dispute.status = DisputeStatus::won;
      dispute.withheld = {};
      ++dispute.entries;
      break;
    case 1: dispute.status = DisputeStatus::lost; break;
    case 2:
      dispute.fee = dispute.fee == domain::Usd{} ? cents(1'500) : domain::Usd{};
      ++dispute.entries;
      break;
    case 3:
      dispute.withheld = dispute.withheld == domain::Usd{} ? usd : domain::Usd{};
      ++dispute.entries;
      break;
    default: return false;
  }
  return true;
}

bool SimulatedProcessor::move(Payment& payment) {
  auto& report = payment.report;
  switch (report.status) {
    case PaymentStatus::unconfirmed:
    case PaymentStatus::declined:
    case PaymentStatus::cancelled: return false;
    case PaymentStatus::requires_action:
    case PaymentStatus::processing:
      if (draw(3) == 0) {
        bool const challenged = report.status == PaymentStatus::requires_action;
        report.decline_code = challenged ? "payment_intent_authentication_failure" : "insufficient_funds";
        report.status = PaymentStatus::declined;
      } else {
        report.status = PaymentStatus::succeeded;
        report.fee = cents(45);
      }
      return true;
    case PaymentStatus::succeeded: break;
  }
  return draw(3) == 0 ? move_dispute(payment) : move_refund(payment);
}

void SimulatedProcessor::finish(Payment& payment) {
  auto& report = payment.report;
  if (report.status == PaymentStatus::requires_action || report.status == PaymentStatus::processing) move(payment);
  for (auto& refund : report.refunds) {
    if (refund.status == RefundStatus::pending) refund.status = RefundStatus::succeeded;
  }
}

// The saga hears of the payment as it is now.
void SimulatedProcessor::tell(Payment const& payment, std::vector<Command>& out) {
  ReportPayment command{payment.report, payment.ordered, payment.refused_code};
  if (command.report.status != PaymentStatus::cancelled) command.refused_code.clear();
  if (one_in(14)) return counts_.add(Fault::never);
  bool const late = one_in(8);
  if (late || one_in(10)) {
    if (late_.size() < kLateMax) late_.emplace_back(command);
    if (late) return;
    counts_.add(Fault::twice);
  }
  known_[payment.report.order] = payment.report.status;
  if (one_in(40)) {
    auto wrong = command;
    (draw(2) == 0 ? wrong.report.usd += cents(1) : wrong.report.fee = cents(-1));
    out.emplace_back(wrong);
    counts_.add(Fault::mismatch);
  }
  out.emplace_back(std::move(command));
}

void SimulatedProcessor::deliver_late(std::vector<Command>& out) {
  if (late_.empty() || draw(3) != 0) return;
  auto const at = late_.begin() + static_cast<std::ptrdiff_t>(draw(late_.size()));
  out.push_back(std::move(*at));
  late_.erase(at);
  counts_.add(Fault::late);
}

void SimulatedProcessor::act(State const& state, eventstore::FactReader const& facts, Timestamp now,
                             std::vector<Command>& out) {
  deliver_late(out);
  auto const pick = [&](auto& from) -> auto& {
    return std::next(from.begin(), static_cast<std::ptrdiff_t>(draw(from.size())))->second;
  };
  for (int steps = 0; steps < 2 && !state.orders().empty(); ++steps) order_step(pick(state.orders()), facts, now, out);
  if (!state.returned_orders().empty() && draw(2) == 0) refund_steps(pick(state.returned_orders()), facts, out);
  if (payments_.empty() || draw(2) != 0) return;
  auto& payment = pick(payments_);
  if (move(payment)) tell(payment, out);
}

void SimulatedProcessor::settle(State const& state, eventstore::FactReader const& facts, Timestamp now,
                                std::vector<Command>& out) {
  for (auto const& [position, order] : state.orders()) order_step(order, facts, now, out);
  for (auto const& [position, returned] : state.returned_orders()) refund_steps(returned, facts, out);
  for (auto& [key, payment] : payments_) {
    finish(payment);
    tell(payment, out);
  }
}

std::map<std::uint64_t, std::int64_t> SimulatedProcessor::statement() const {
  std::map<std::uint64_t, std::int64_t> held;
  for (auto const& [key, payment] : payments_) {
    auto const& report = payment.report;
    if (report.status != PaymentStatus::succeeded) continue;
    auto sum = report.usd - report.fee;
    for (auto const& refund : report.refunds) {
      if (refund.status == RefundStatus::succeeded) sum -= refund.usd;
    }
    for (auto const& dispute : report.disputes) sum -= dispute.withheld + dispute.fee;
    held[payment.ordered->currency.value()] += sum.minor();
  }
  return held;
}

}  // namespace florin::simulation
