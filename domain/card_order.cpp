// Currency for real money: the order, its payment, refunds and disputes.
//
// Everything that the processor says arrives as a PaymentReport, whole. What it adds to what is known becomes events;
// what it repeats becomes nothing. So answers, callbacks and polls may come twice, late and in any order.
#include <algorithm>

#include "domain/decider.h"

namespace florin::domain {
namespace {

bool valid_usd(Usd usd) { return usd > Usd{} && usd <= kMaxPurchaseUsd; }

// The code of a try that failed because the cardholder did not pass the challenge: Stripe's and the sandbox's.
constexpr std::string_view kChallengeFailedCode = "payment_intent_authentication_failure";

// One order's events as a report makes them: what they leave of the wallet, of the refunds and of the disputes is what
// the next one starts from.
class Reporting {
 public:
  Reporting(State const& state, Context const& context, CurrencyOrdered const& ordered, std::string const& payment)
      : context_(context),
        ordered_(ordered),
        payment_(payment),
        available_(state.wallet(ordered.player, ordered.currency).available),
        returned_(state.find_returned(ordered.order) != nullptr ? *state.find_returned(ordered.order) : Returned{}) {}

  // The events until the payment is settled. True when it is paid, now or before.
  bool pay(OpenOrder const* open, PaymentReport const& report, std::string const& refused_code);
  void refund(RefundReport const& report);
  void dispute(DisputeReport const& report);

  [[nodiscard]] std::vector<Event> take() { return std::move(events_); }

 private:
  // What the player has after so many dollars' units came or went.
  Money moved_to(Usd usd_delta) { return available_ += units_of(usd_delta); }
  void fail(PaymentReport const& report, OpenOrder const& open, std::string const& refused_code);
  void settle(Returned::Refund& row, RefundReport const& report);

  Context const& context_;
  CurrencyOrdered const& ordered_;
  std::string const& payment_;
  Money available_;
  Returned returned_;
  std::vector<Event> events_;
};

bool Reporting::pay(OpenOrder const* open, PaymentReport const& report, std::string const& refused_code) {
  if (open == nullptr) return report.status == PaymentStatus::succeeded;
  if (open->reference.empty()) events_.emplace_back(PaymentOpened{ordered_.order, report.reference});
  switch (report.status) {
    case PaymentStatus::unconfirmed:
    case PaymentStatus::processing:
    case PaymentStatus::declined: return false;
    case PaymentStatus::requires_action:
      if (open->challenge_expires_at == Timestamp{}) {
        events_.emplace_back(PaymentChallenged{ordered_.order, context_.now + kChallengeMicros});
      }
      return false;
    case PaymentStatus::succeeded:
      events_.emplace_back(CurrencyPurchased{ordered_.order, ordered_.player, ordered_.currency, ordered_.usd,
                                             report.fee, report.reference, moved_to(ordered_.usd)});
      return true;
    case PaymentStatus::cancelled: fail(report, *open, refused_code); return false;
  }
  return false;
}

void Reporting::fail(PaymentReport const& report, OpenOrder const& open, std::string const& refused_code) {
  if (!refused_code.empty()) {
    events_.emplace_back(PaymentFailed{ordered_.order, ordered_.player, PaymentFailure::refused, refused_code});
    return;
  }
  auto failure = PaymentFailure::abandoned;
  if (report.decline_code == kChallengeFailedCode) {
    failure = PaymentFailure::challenge_failed;
  } else if (!report.decline_code.empty()) {
    failure = PaymentFailure::declined;
  } else if (open.challenge_expires_at != Timestamp{}) {
    failure = PaymentFailure::challenge_expired;
  }
  events_.emplace_back(PaymentFailed{ordered_.order, ordered_.player, failure, report.decline_code});
}

void Reporting::refund(RefundReport const& report) {
  if (!may_book(report, ordered_.usd)) return;
  auto const row = std::find_if(returned_.refunds.begin(), returned_.refunds.end(), [&](Returned::Refund const& known) {
    return report.refund ? known.refund == report.refund : known.reference == report.reference;
  });
  if (row != returned_.refunds.end()) return settle(*row, report);
  // It has our id but is unknown here: the log that asked for it was lost. One that was made at the processor is booked
  // even when it failed and moves nothing, because an older report, which says that it succeeded, may still come.
  if (report.refund) return;
  auto const refund = RefundId(next(context_.next, events_.size()));
  events_.emplace_back(RefundRequested{refund, ordered_.order, ordered_.player, ordered_.currency, report.usd,
                                       moved_to(-report.usd), "made at the processor", payment_, report.reference});
  returned_.refunds.push_back({refund, report.reference, report.usd, RefundStatus::pending});
  settle(returned_.refunds.back(), report);
}

void Reporting::settle(Returned::Refund& row, RefundReport const& report) {
  if (report.status == row.status || report.status == RefundStatus::pending || row.status == RefundStatus::failed) {
    return;
  }
  auto end = RefundEnd::succeeded;
  if (report.status == RefundStatus::failed) {
    end = row.status == RefundStatus::pending ? RefundEnd::failed : RefundEnd::reversed;
  }
  auto const after = end == RefundEnd::succeeded ? available_ : moved_to(row.usd);
  events_.emplace_back(RefundSettled{row.refund, ordered_.order, ordered_.player, ordered_.currency, row.usd, end,
                                     report.reference, after});
  row.status = report.status;
}

// The player is debited what the bank took for them, whatever was refunded beside it: they have it twice then, or the
// dispute is won. So it does not matter what is heard of first, and a refund that fails later changes nothing of this.
//
// What is booked is the difference between what the processor says now and what was booked before. So the same word
// twice books nothing, and the last word is what the books say, whatever was heard of on the way.
void Reporting::dispute(DisputeReport const& report) {
  if (!may_book(report)) return;
  auto row = std::find_if(returned_.disputes.begin(), returned_.disputes.end(),
                          [&](Returned::Dispute const& known) { return known.reference == report.reference; });
  bool const first = row == returned_.disputes.end();
  if (first) row = returned_.disputes.insert(row, Returned::Dispute{report.reference, {}});
  if (report.entries < row->entries) return;  // an older word, which arrived late
  auto const owed = shares_of(report, ordered_.usd);
  auto const usd = row->usd - owed.player;
  auto const fee = owed.fee - row->fee;
  bool const counted = row->entries != 0 && report.entries > row->entries;
  bool const moved = usd != Usd{} || fee != Usd{} || counted;
  // What is over is open again only when the processor moved something since.
  auto const status = report.status == DisputeStatus::open && !moved ? row->status : report.status;
  if (!first && !moved && status == row->status) return;
  events_.emplace_back(DisputeMoved{ordered_.order, report.reference, ordered_.player, ordered_.currency, usd, fee,
                                    status, report.entries, moved_to(usd)});
  *row = {report.reference, owed.player, status, owed.fee, report.entries};
}

// What can still be refunded: neither refunded nor disputed. Or the rejection, when no refund is allowed.
Result<Usd, Rejection> left_of(State const& state, GameId caller, CurrencyPurchased const& original) {
  auto const* game = state.find_game(caller);
  if (game == nullptr) return refuse(RejectionCode::game_not_found);
  if (!may_call(game->settings.status)) return refuse(RejectionCode::game_not_active);
  if (game->find_currency(original.currency) == nullptr) return refuse(RejectionCode::order_not_found);
  auto const* returned = state.find_returned(original.order);
  if (returned == nullptr) return original.usd;
  auto left = original.usd - returned->refunded();
  if (left <= Usd{}) return refuse(RejectionCode::already_refunded);
  // A dispute that was won may hold back a part still.
  left -= returned->withheld();
  if (returned->disputed() || left <= Usd{}) return refuse(RejectionCode::order_disputed);
  return left;
}

}  // namespace

Decision Decider::operator()(OpenCheckout const& command) const {
  auto const calling = FLORIN_TRY(calling_game(command.game, command.currency));
  if (!valid_usd(command.usd)) return refuse(RejectionCode::invalid_amount);
  std::vector<Event> events;
  NewIds new_ids(state, events);
  auto const identity = new_ids.identity(command.person.email_index, command.person.email);
  events.emplace_back(CheckoutOpened{SessionId(context.next), command.game, identity, calling.currency, command.usd,
                                     command.success_url, command.cancel_url, PersonalText{command.metadata, false},
                                     context.now + kCheckoutMicros});
  return events;
}

Decision Decider::operator()(OrderCurrency const& command) const {
  auto const calling = FLORIN_TRY(calling_game(command.game, command.currency));
  if (!valid_usd(command.usd)) return refuse(RejectionCode::invalid_amount);
  if (!command.can_charge) return refuse(RejectionCode::payments_unavailable);
  std::vector<Event> events;
  NewIds new_ids(state, events);
  PlayerDraft player(state, *calling.game, command.player, events, new_ids);
  auto const id = player.enter();
  if (!credited(player.wallet(calling.currency), units_of(command.usd))) return refuse(RejectionCode::balance_limit);
  events.emplace_back(
      CurrencyOrdered{OrderId(context.next), id, calling.currency, command.usd, command.method, command.session});
  return events;
}

Decision Decider::operator()(ReportPayment const& command) const {
  auto const& report = command.report;
  auto const& ordered = *command.ordered;
  auto const* open = state.find_order(ordered.order);
  bool const same = report.order == ordered.order && report.in_usd && report.usd == ordered.usd &&
                    !report.reference.empty() &&
                    (open == nullptr || open->reference.empty() || open->reference == report.reference);
  if (!same || report.fee < Usd{} || report.fee > kMaxPurchaseUsd) return refuse(RejectionCode::payment_mismatch);
  Reporting reporting(state, context, ordered, report.reference);
  if (reporting.pay(open, report, command.refused_code)) {
    for (auto const& refund : report.refunds) reporting.refund(refund);
    for (auto const& dispute : report.disputes) reporting.dispute(dispute);
  }
  auto events = reporting.take();
  if (events.empty()) return refuse(RejectionCode::nothing_new);
  return events;
}

Decision Decider::operator()(FailOrder const& command) const {
  auto const* open = state.find_order(command.order);
  // With a reference there may be a charge: only the processor can say that there is none.
  if (open == nullptr || !open->reference.empty()) return refuse(RejectionCode::order_not_open);
  return std::vector<Event>{PaymentFailed{command.order, open->player, command.failure, command.code}};
}

Result<Usd, Rejection> refundable_usd(State const& state, GameId caller, CurrencyPurchased const& original,
                                      bool can_charge) {
  auto left = left_of(state, caller, original);
  if (!left) return left;
  auto const* returned = state.find_returned(original.order);
  if (returned != nullptr && returned->refunds.size() >= kRefundsMax) return refuse(RejectionCode::too_many_refunds);
  if (!can_charge) return refuse(RejectionCode::payments_unavailable);
  return left;
}

Decision Decider::operator()(RefundPurchase const& command) const {
  auto const& original = *command.original;
  auto const left = left_of(state, command.game, original);
  if (!left && left.error().code < RejectionCode::invalid_amount) return fail(left.error());
  if (command.usd && !valid_usd(*command.usd)) return refuse(RejectionCode::invalid_amount);
  if (left && command.usd > left.value()) {
    return fail(Rejection{
        .code = RejectionCode::refund_exceeds_payment, .usd_available = left.value(), .usd_required = *command.usd});
  }
  auto const most = FLORIN_TRY(refundable_usd(state, command.game, original, command.can_charge));
  auto const usd = command.usd.value_or(most);
  auto const available = state.wallet(original.player, original.currency).available;
  return std::vector<Event>{RefundRequested{RefundId(context.next),
                                            original.order,
                                            original.player,
                                            original.currency,
                                            usd,
                                            available - units_of(usd),
                                            command.reason,
                                            original.reference,
                                            {}}};
}

Decision Decider::operator()(FailRefund const& command) const {
  auto const& ordered = *command.ordered;
  auto const* returned = state.find_returned(ordered.order);
  if (returned == nullptr) return refuse(RejectionCode::order_not_open);
  for (auto const& refund : returned->refunds) {
    if (refund.refund != command.refund || refund.status != RefundStatus::pending) continue;
    auto const available = state.wallet(ordered.player, ordered.currency).available;
    return std::vector<Event>{RefundSettled{refund.refund, ordered.order, ordered.player, ordered.currency, refund.usd,
                                            RefundEnd::failed, refund.reference, available + units_of(refund.usd)}};
  }
  return refuse(RejectionCode::order_not_open);
}

OpenOrder& Fold::open_order(OrderId order) const {
  auto const found = state.orders_.find(order);
  FLORIN_ASSERT(found != state.orders_.end());
  return found->second;
}

void Fold::operator()(CheckoutOpened const& e) const {
  FLORIN_ASSERT(e.identity && e.identity.value() <= state.identity_count());
}

void Fold::operator()(CurrencyOrdered const& e) const {
  FLORIN_ASSERT(state.game_of(e.player) != nullptr && state.game_of(e.player)->find_currency(e.currency) != nullptr);
  auto const added = state.orders_.emplace(e.order, OpenOrder{e.order, e.player, e.currency, moved(e.usd), {}, {}, at});
  FLORIN_ASSERT(added.second);
}

void Fold::operator()(PaymentOpened const& e) const {
  auto& order = open_order(e.order);
  FLORIN_ASSERT(order.reference.empty() && !e.reference.empty());
  order.reference = e.reference;
}

void Fold::operator()(PaymentChallenged const& e) const { open_order(e.order).challenge_expires_at = e.expires_at; }

void Fold::operator()(CurrencyPurchased const& e) const {
  auto const& order = open_order(e.order);
  FLORIN_ASSERT(order.player == e.player && order.currency == e.currency && order.usd == e.usd);
  state.orders_.erase(e.order);
  charge(e.player, e.currency, units_of(moved(e.usd)), e.available_after);
}

void Fold::operator()(PaymentFailed const& e) const {
  FLORIN_ASSERT(open_order(e.order).player == e.player);
  state.orders_.erase(e.order);
}

Returned& Fold::returned_of(OrderId order, PlayerId player, CurrencyId currency) const {
  FLORIN_ASSERT(!state.find_order(order));
  auto const [row, added] = state.returned_.try_emplace(order, Returned{order, player, currency, {}, {}});
  FLORIN_ASSERT(row->second.player == player && row->second.currency == currency);
  return row->second;
}

void Fold::operator()(RefundRequested const& e) const {
  auto& returned = returned_of(e.order, e.player, e.currency);
  returned.refunds.push_back({e.refund, e.reference, moved(e.usd), RefundStatus::pending});
  charge(e.player, e.currency, -units_of(e.usd), e.available_after);
}

void Fold::operator()(RefundSettled const& e) const {
  auto& refunds = state.returned_[e.order].refunds;
  auto const row = std::find_if(refunds.begin(), refunds.end(),
                                [&](Returned::Refund const& refund) { return refund.refund == e.refund; });
  FLORIN_ASSERT(row != refunds.end() && row->usd == e.usd);
  FLORIN_ASSERT(row->status == (e.end == RefundEnd::reversed ? RefundStatus::succeeded : RefundStatus::pending));
  row->status = e.end == RefundEnd::succeeded ? RefundStatus::succeeded : RefundStatus::failed;
  row->reference = e.reference;
  charge(e.player, e.currency, e.end == RefundEnd::succeeded ? Money{} : units_of(e.usd), e.available_after);
}

void Fold::operator()(DisputeOpened const& e) const {
  auto& returned = returned_of(e.order, e.player, e.currency);
  returned.disputes.push_back({e.reference, moved(e.usd), DisputeStatus::open, e.fee, 0});
  charge(e.player, e.currency, -units_of(e.usd), e.available_after);
}

void Fold::operator()(DisputeClosed const& e) const {
  auto& disputes = state.returned_[e.order].disputes;
  auto const row = std::find_if(disputes.begin(), disputes.end(),
                                [&](Returned::Dispute const& dispute) { return dispute.reference == e.reference; });
  FLORIN_ASSERT(row != disputes.end() && row->usd == e.usd && row->status == DisputeStatus::open);
  row->status = e.won ? DisputeStatus::won : DisputeStatus::lost;
  if (e.won) row->usd = {};
  row->fee += e.fee;
  charge(e.player, e.currency, e.won ? units_of(e.usd) : Money{}, e.available_after);
}

void Fold::operator()(DisputeMoved const& e) const {
  auto& disputes = returned_of(e.order, e.player, e.currency).disputes;
  auto row = std::find_if(disputes.begin(), disputes.end(),
                          [&](Returned::Dispute const& dispute) { return dispute.reference == e.reference; });
  if (row == disputes.end()) row = disputes.insert(row, Returned::Dispute{e.reference, {}});
  FLORIN_ASSERT(e.entries >= row->entries && valid_withheld(row->usd - e.usd));
  row->usd -= e.usd;
  row->fee += e.fee;
  row->status = e.status;
  row->entries = e.entries;
  charge(e.player, e.currency, units_of(e.usd), e.available_after);
}

OpenOrder const* State::find_order(OrderId order) const {
  auto const found = orders_.find(order);
  return found == orders_.end() ? nullptr : &found->second;
}

Returned const* State::find_returned(OrderId order) const {
  auto const found = returned_.find(order);
  return found == returned_.end() ? nullptr : &found->second;
}

bool State::restore_order(OpenOrder const& order) {
  auto const* game = game_of(order.player);
  if (!order.order || game == nullptr || game->find_currency(order.currency) == nullptr) return false;
  if (!valid_usd(order.usd)) return false;
  return orders_.emplace(order.order, order).second;
}

bool State::restore_returned(Returned const& returned) {
  if (!returned.order || orders_.contains(returned.order)) return false;
  auto const* game = game_of(returned.player);
  if (game == nullptr || game->find_currency(returned.currency) == nullptr) return false;
  for (auto const& refund : returned.refunds) {
    if (!refund.refund || !valid_usd(refund.usd)) return false;
  }
  for (auto const& dispute : returned.disputes) {
    if (!valid_withheld(dispute.usd) || !valid_dispute_fee(dispute.fee)) return false;
  }
  return returned_.emplace(returned.order, returned).second;
}

}  // namespace florin::domain
