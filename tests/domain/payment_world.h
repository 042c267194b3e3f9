// A small world in which orders, a processor's reports, refunds, disputes, sales and payouts meet at random: steps that
// a generator draws and shrinks, the ledger they are taken in, and a processor with books of its own.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <rapidcheck.h>

#include "tests/domain/ledger_dsl.h"
#include "tests/support/facts.h"

namespace florin::domain::testing {

enum class Action : int {
  credit,
  debit,
  sell,
  take_back,  // an item
  order,
  buy,      // ordered, opened, told, charged and told, without anything between
  open,     // the processor learns of the order
  proceed,  // it charges, asks, declines or cancels
  report,   // it says what it knows, or knew
  give_up,
  refund,        // asked of us
  send_refund,   // the saga's call
  refund_there,  // made at the processor
  settle_refund,
  dispute,
  move_dispute,
  payout,
  advance,
};
inline constexpr char const* kActionNames[] = {
    "credit",       "debit",         "sell",    "take_back",    "order",  "buy",
    "open",         "proceed",       "report",  "give_up",      "refund", "send_refund",
    "refund_there", "settle_refund", "dispute", "move_dispute", "payout", "advance"};

// In the small: indexes into three games, three people and what was made so far. `aimed` steps name what is really
// there and say the newest; the others whatever comes.
struct MoneyStep {
  Action action = Action::credit;
  int game = 0;
  int person = 0;
  int which = 0;  // 0: the newest
  int choice = 0;
  std::int64_t minor = 1;
  bool aimed = true;
};

inline void showValue(MoneyStep const& step, std::ostream& out) {
  out << "\n  " << kActionNames[static_cast<int>(step.action)] << " game=" << step.game << " person=" << step.person
      << " which=" << step.which << " choice=" << step.choice << " minor=" << step.minor
      << (step.aimed ? " aimed" : "");
}

}  // namespace florin::domain::testing

namespace rc {
template <>
struct Arbitrary<florin::domain::testing::MoneyStep> {
  static Gen<florin::domain::testing::MoneyStep> arbitrary() {
    using namespace florin::domain::testing;
    // Everyday sums, small ones that collide and leave parts of a cent, now and then an edge.
    auto const minor = gen::weightedOneOf<std::int64_t>(
        {{4, gen::inRange<std::int64_t>(1, 60)},
         {4, gen::inRange<std::int64_t>(1, 5'000)},
         {2, gen::inRange<std::int64_t>(1, 100'000)},
         {1, gen::element<std::int64_t>(-1, 0, 99'999, 100'000, 9'999'999'999, 10'000'000'000)}});
    return gen::build<MoneyStep>(
        gen::set(&MoneyStep::action, gen::weightedElement<Action>({{2, Action::credit},
                                                                   {3, Action::debit},
                                                                   {4, Action::sell},
                                                                   {2, Action::take_back},
                                                                   {5, Action::order},
                                                                   {4, Action::buy},
                                                                   {6, Action::open},
                                                                   {9, Action::proceed},
                                                                   {16, Action::report},
                                                                   {1, Action::give_up},
                                                                   {5, Action::refund},
                                                                   {5, Action::send_refund},
                                                                   {2, Action::refund_there},
                                                                   {5, Action::settle_refund},
                                                                   {2, Action::dispute},
                                                                   {4, Action::move_dispute},
                                                                   {4, Action::payout},
                                                                   {6, Action::advance}})),
        gen::set(&MoneyStep::game, gen::weightedElement<int>({{8, 0}, {3, 1}, {1, 2}, {1, 3}})),
        gen::set(&MoneyStep::person, gen::inRange(0, 3)),
        gen::set(&MoneyStep::which, gen::weightedOneOf<int>({{4, gen::just(0)}, {2, gen::inRange(0, 8)}})),
        gen::set(&MoneyStep::choice, gen::inRange(0, 12)), gen::set(&MoneyStep::minor, minor),
        gen::set(&MoneyStep::aimed, gen::weightedElement<bool>({{3, true}, {1, false}})));
  }
};
}  // namespace rc

namespace florin::domain::testing {

using MoneySteps = std::vector<MoneyStep>;

inline constexpr Usd kDisputeFee = Usd::from_minor(1'500);

// Up to 400 steps.
inline rc::Gen<MoneySteps> long_money_history() { return rc::gen::scale(4, rc::gen::arbitrary<MoneySteps>()); }

// A payment as the processor knows it, and all that it could ever have said of it: answers and posts come late.
struct Charge {
  CurrencyOrdered ordered;
  std::vector<PaymentReport> said;  // the last is the truth

  [[nodiscard]] PaymentReport const& now() const { return said.back(); }
  PaymentReport& change() { return said.emplace_back(PaymentReport(said.back())); }

  // What can still be refunded or disputed of it. Below zero when a bank claims more, after its own conversion.
  [[nodiscard]] Usd left() const {
    if (now().status != PaymentStatus::succeeded) return {};
    auto left = now().usd;
    for (auto const& refund : now().refunds) left -= refund.status == RefundStatus::failed ? Usd{} : refund.usd;
    for (auto const& dispute : now().disputes) left -= dispute.withheld;
    return left;
  }
  // Its line of the processor's statement.
  [[nodiscard]] Usd balance() const {
    if (now().status != PaymentStatus::succeeded) return {};
    auto held = now().usd - now().fee;
    for (auto const& refund : now().refunds) held -= refund.status == RefundStatus::succeeded ? refund.usd : Usd{};
    for (auto const& dispute : now().disputes) held -= dispute.fee + dispute.withheld;
    return held;
  }
  [[nodiscard]] Usd fees() const {
    if (now().status != PaymentStatus::succeeded) return {};
    auto kept = now().fee;
    for (auto const& dispute : now().disputes) kept += dispute.fee;
    return kept;
  }
};

// A ledger with its history, as the writer would keep it, and the processor across the street.
struct PaymentWorld {
  State state;
  std::vector<Commit> log;
  std::vector<std::pair<Position, ItemPurchased>> sales;
  std::vector<CurrencyOrdered> orders;
  std::vector<CurrencyPurchased> paid;
  std::vector<PayoutId> payouts;
  std::map<OrderId, Charge> charges;
  int names = 0;  // the processor's own
  Position next{1};
  Timestamp now = kNow;

  PaymentWorld() { record(three_games(units("10.00"))); }

  void record(std::vector<Event> events) {
    for (auto const& event : events) {
      if (auto const* e = std::get_if<ItemPurchased>(&event)) sales.emplace_back(next, *e);
      if (auto const* e = std::get_if<CurrencyOrdered>(&event)) orders.push_back(*e);
      if (auto const* e = std::get_if<CurrencyPurchased>(&event)) paid.push_back(*e);
      if (auto const* e = std::get_if<PayoutRequested>(&event)) payouts.push_back(e->payout);
    }
    Commit commit{next, now, {}, std::move(events)};
    apply(state, commit);
    next = domain::next(commit.last());
    now = now + 1'000;
    log.push_back(std::move(commit));
  }

  [[nodiscard]] Context context() const { return {now, next, next.value() * 0x9e37'79b9'7f4a'7c15}; }

  Decision execute(Command const& command) {
    auto decision = decide(state, command, context());
    if (decision.ok()) record(decision.value());
    return decision;
  }

  // No decision: it was the processor's doing, or nothing was there to do it to.
  std::optional<Decision> take(MoneyStep const& step) {
    if (step.action == Action::buy) return buy(step);
    if (auto const asked = command(step)) return execute(*asked);
    at_processor(step);
    return std::nullopt;
  }

  // The decision is the first one: whether there is an order.
  std::optional<Decision> buy(MoneyStep step) {
    step.action = Action::order;
    auto decision = take(step);
    if (!decision->ok()) return decision;
    open_there(0);
    auto& known = charges.at(orders.back().order);
    (void)execute(ReportPayment{known.now(), samples::fact(known.ordered), {}});
    proceed(known, 0, step.minor);
    (void)execute(ReportPayment{known.now(), samples::fact(known.ordered), {}});
    return decision;
  }

  template <class T>
  static T const* pick(std::vector<T> const& from, int which) {
    return from.empty() ? nullptr : &from[from.size() - 1 - static_cast<std::size_t>(which) % from.size()];
  }
  [[nodiscard]] Charge* charge(int which) {
    if (charges.empty()) return nullptr;
    return &std::prev(charges.end(), 1 + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(which) % charges.size()))
                ->second;
  }
  [[nodiscard]] Charge const* charge(int which) const { return const_cast<PaymentWorld*>(this)->charge(which); }
  std::string name(char const* kind) { return kind + std::to_string(++names); }

  // ---- what is asked of the ledger -------------------------------------------------------------------------------

  // none: the step is the processor's, or there is nothing that it could be about.
  [[nodiscard]] std::optional<Command> command(MoneyStep const& step) const {
    static constexpr GameId kGames[] = {kGame, kTesting, kSuspended, kUnknown};
    static constexpr char const* kPeople[] = {"ann@example.com", "bob@example.com", "cat@example.com"};
    auto const game = kGames[step.game];
    auto const who = player(kPeople[step.person]);
    auto const currency = game == kGame && step.choice > 8 ? kGems : CurrencyId{};
    auto const amount = Money::from_minor(step.minor);
    auto const usd = Usd::from_minor(step.minor);
    switch (step.action) {
      case Action::credit: return CreditBalance{game, who, currency, amount, "reward"};
      case Action::debit: return DebitBalance{game, who, currency, amount, "spent"};
      case Action::sell: return PurchaseItem{game, who, currency, Item{"sword", "Sword", "", ""}, 1, amount, amount};
      case Action::take_back: {
        auto const* sale = pick(sales, step.which);
        if (sale == nullptr) return std::nullopt;
        return RefundItem{state.game_of(sale->second.player)->id, samples::fact(sale->second, sale->first), "broken"};
      }
      case Action::order: return OrderCurrency{game, who, currency, usd, "pm_1", {}, step.aimed || step.choice > 0};
      case Action::report: return report(step);
      case Action::give_up: return give_up(step);
      case Action::refund: return refund(step, usd);
      case Action::send_refund: return refused_refund(step);
      case Action::payout: return payout(step, game, usd);
      case Action::advance: {
        auto const* known = pick(payouts, step.which);
        auto const target = known != nullptr ? *known : PayoutId(1);
        return AdvancePayout{target, static_cast<PayoutStatus>(step.choice % 6), "note"};
      }
      case Action::buy:
      case Action::open:
      case Action::proceed:
      case Action::refund_there:
      case Action::settle_refund:
      case Action::dispute:
      case Action::move_dispute: break;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<Command> report(MoneyStep const& step) const {
    auto const* known = charge(step.which);
    if (known == nullptr) return std::nullopt;
    auto const& said = known->said;
    auto report = step.aimed ? said.back() : said[static_cast<std::size_t>(step.minor & 0xff) % said.size()];
    if (step.choice == 0) twist(report, step);
    return ReportPayment{report, samples::fact(known->ordered), step.choice == 1 ? "card_not_supported" : ""};
  }
  // Another payment than was ordered, in one way or the other.
  static void twist(PaymentReport& report, MoneyStep const& step) {
    switch (step.minor & 3) {
      case 0: report.usd += Usd::from_minor(1); break;
      case 1: report.in_usd = false; break;
      case 2: report.order = OrderId(domain::next(report.order.position())); break;
      default: report.reference.clear(); break;
    }
  }
  [[nodiscard]] static bool twisted(MoneyStep const& step) { return step.action == Action::report && step.choice == 0; }

  // As the saga does it: what the processor may have charged is never given up.
  [[nodiscard]] std::optional<Command> give_up(MoneyStep const& step) const {
    auto const* order = pick(orders, step.which);
    if (order == nullptr) return std::nullopt;
    return FailOrder{order->order, step.aimed ? PaymentFailure::refused : PaymentFailure::abandoned,
                     "amount_too_small"};
  }

  [[nodiscard]] std::optional<Command> refund(MoneyStep const& step, Usd amount) const {
    auto const* original = pick(paid, step.which);
    if (original == nullptr) return std::nullopt;
    std::optional<Usd> usd;
    if (step.choice > 1) usd = step.aimed ? Usd::from_minor(1 + original->usd.minor() / (step.choice)) : amount;
    return RefundPurchase{state.game_of(original->player)->id, samples::fact(*original), usd, "changed mind",
                          step.choice != 11};
  }

  // The first refund of ours that the processor does not know yet.
  [[nodiscard]] Returned::Refund const* unsent(Charge const& known) const {
    auto const* returned = state.find_returned(known.ordered.order);
    if (returned == nullptr) return nullptr;
    for (auto const& row : returned->refunds) {
      auto const sent = std::any_of(known.now().refunds.begin(), known.now().refunds.end(),
                                    [&](RefundReport const& there) { return there.refund == row.refund; });
      if (row.status == RefundStatus::pending && row.reference.empty() && !sent) return &row;
    }
    return nullptr;
  }
  // It will not make it: too much was refunded or disputed there meanwhile, or the card is gone.
  [[nodiscard]] std::optional<Command> refused_refund(MoneyStep const& step) const {
    auto const* known = charge(step.which);
    if (known == nullptr) return std::nullopt;
    auto const* row = unsent(*known);
    if (!step.aimed && step.choice == 0) return FailRefund{samples::fact(known->ordered), RefundId(1)};
    if (row == nullptr || (row->usd <= known->left() && step.choice != 0)) return std::nullopt;
    return FailRefund{samples::fact(known->ordered), row->refund};
  }

  [[nodiscard]] Command payout(MoneyStep const& step, GameId game, Usd amount) const {
    auto const* found = state.find_game(game);
    auto usd = amount;
    if (step.aimed && found != nullptr) {
      usd = payable_usd(state, *found);
      if (step.choice == 0) usd += Usd::from_minor(1);
      if (step.choice > 4) usd = Usd::from_minor((usd.minor() + 1) / 2);
    }
    return RequestPayout{game,
                         {index_of("cfo@example.com"), "cfo@example.com"},
                         usd,
                         "Gold Games",
                         "123456789",
                         "021000021",
                         AccountType::checking};
  }

  // ---- what happens at the processor -----------------------------------------------------------------------------

  void at_processor(MoneyStep const& step) {
    if (step.action == Action::open) return open_there(step.which);
    auto* const known = charge(step.which);
    if (known == nullptr) return;
    if (step.action == Action::proceed) proceed(*known, step.choice, step.minor);
    if (step.action == Action::send_refund) take_refund(*known, step);
    if (step.action == Action::settle_refund) settle_refund(*known, step);
    if (step.action == Action::move_dispute) move_dispute(*known, step);
    // A bank may claim all of it, whatever was refunded or is on its way back.
    bool const all =
        step.action == Action::dispute && step.minor % 8 == 3 && known->now().status == PaymentStatus::succeeded;
    auto const usd = all ? known->now().usd : part_of(known->left(), step);
    if (usd <= Usd{}) return;
    if (step.action == Action::refund_there) {
      auto const status = step.aimed ? RefundStatus::succeeded : RefundStatus::pending;
      known->change().refunds.push_back({name("re_"), {}, usd, status});
    }
    if (step.action == Action::dispute) {
      auto const most = known->now().usd + known->now().usd;
      auto const claimed = step.minor % 4 == 0 ? std::min(usd + Usd::from_minor(1 + step.minor % 16), most) : usd;
      known->change().disputes.push_back({name("dp_"), claimed, kDisputeFee, DisputeStatus::open, 1});
    }
  }

  void take_refund(Charge& known, MoneyStep const& step) {
    auto const* row = unsent(known);
    if (row == nullptr || row->usd > known.left()) return;
    auto const status = step.choice < 6 ? RefundStatus::pending : RefundStatus::succeeded;
    known.change().refunds.push_back({name("re_"), row->refund, row->usd, status});
  }

  // Any word, at any time: decided one way or the other, whatever it was before, or moved by a part, a fee, or both.
  static void move_dispute(Charge& known, MoneyStep const& step) {
    if (known.now().disputes.empty()) return;
    auto const at = static_cast<std::size_t>(step.which) % known.now().disputes.size();
    auto const before = known.now().disputes[at];
    auto after = before;
    auto const part = Usd::from_minor(1 + (step.minor & 0x3ff));
    auto const most = known.now().usd + known.now().usd;
    if (step.choice < 3) {
      after.status = DisputeStatus::won;
      after.withheld = step.minor % 4 == 1 ? std::min(part, after.withheld) : Usd{};
      if (step.choice == 0) after.fee = Usd{};
    } else if (step.choice < 6) {
      after.status = DisputeStatus::lost;
      if (before.status == DisputeStatus::won) after.withheld = known.now().usd;
      if (step.choice == 3) after.fee += kDisputeFee;
    } else if (step.choice < 8) {
      after.withheld = std::min(after.withheld + part, most);
      if (step.minor % 3 == 0) after.status = DisputeStatus::open;
    } else if (step.choice < 10) {
      after.withheld -= std::min(part, after.withheld);
    } else {
      after.fee += step.choice == 10 ? part : -part;
    }
    if (after.fee > kMaxPurchaseUsd || after.fee < -kMaxPurchaseUsd || after == before) return;
    // To decide what is open moves nothing by itself; all else is an entry of its account.
    auto decided = before;
    decided.status = after.status;
    bool const moves_nothing = before.status == DisputeStatus::open && after == decided;
    if (!moves_nothing) ++after.entries;
    known.change().disputes[at] = after;
  }

  static Usd part_of(Usd left, MoneyStep const& step) {
    return step.choice < 6 ? left : std::min(left, Usd::from_minor(1 + (step.minor & 0xff)));
  }

  void open_there(int which) {
    auto const* order = pick(orders, which);
    if (order == nullptr || state.find_order(order->order) == nullptr || charges.contains(order->order)) return;
    PaymentReport report;
    report.reference = name("pi_");
    report.order = order->order;
    report.usd = order->usd;
    charges.emplace(order->order, Charge{*order, {report}});
  }

  // It is confirmed only when its name is in the log; after that everything is between the processor and the bank.
  void proceed(Charge& known, int choice, std::int64_t minor) {
    using enum PaymentStatus;
    auto const* open = state.find_order(known.ordered.order);
    bool const named = open != nullptr && !open->reference.empty();
    auto const become = [&](PaymentStatus status, char const* code = "") {
      auto& report = known.change();
      report.status = status;
      report.decline_code = code;
      if (status == succeeded) report.fee = Usd::from_minor((minor & 0x3f) + report.usd.minor() / 40);
    };
    switch (known.now().status) {
      case unconfirmed:
        if (!named) return;
        if (choice < 6) return become(succeeded);
        if (choice < 8) return become(requires_action);
        if (choice < 9) return become(processing);
        if (choice < 11) return become(declined, "insufficient_funds");
        return become(cancelled);
      case requires_action:
        if (choice < 6) return become(succeeded);
        if (choice < 9) return become(declined, "payment_intent_authentication_failure");
        return become(cancelled);
      case processing: return choice < 8 ? become(succeeded) : become(declined, "generic_decline");
      case declined: return become(cancelled, choice < 6 ? known.now().decline_code.c_str() : "");
      case succeeded:
      case cancelled: return;
    }
  }

  static void settle_refund(Charge& known, MoneyStep const& step) {
    auto const& refunds = known.now().refunds;
    if (refunds.empty()) return;
    auto const at = static_cast<std::size_t>(step.minor & 0xff) % refunds.size();
    switch (refunds[at].status) {
      case RefundStatus::pending:
        known.change().refunds[at].status = step.choice < 8 ? RefundStatus::succeeded : RefundStatus::failed;
        return;
      case RefundStatus::succeeded:
        if (step.choice > 9) known.change().refunds[at].status = RefundStatus::failed;
        return;
      case RefundStatus::failed: return;
    }
  }

  // Everything that is under way comes to its end, and everything that was lost is said again.
  void come_to_rest() {
    for (auto const& order : orders) {
      auto const* open = state.find_order(order.order);
      if (open == nullptr || charges.contains(order.order)) continue;
      RC_ASSERT(execute(FailOrder{order.order, PaymentFailure::abandoned, ""}).ok());
    }
    for (auto& [order, known] : charges) {
      if (known.now().status != PaymentStatus::succeeded && known.now().status != PaymentStatus::cancelled) {
        known.change().status = PaymentStatus::cancelled;
      }
      while (auto const* row = unsent(known)) {
        if (row->usd > known.left()) {
          RC_ASSERT(execute(FailRefund{samples::fact(known.ordered), row->refund}).ok());
        } else {
          known.change().refunds.push_back({name("re_"), row->refund, row->usd, RefundStatus::pending});
        }
      }
      for (std::size_t i = 0; i < known.now().refunds.size(); ++i) {
        if (known.now().refunds[i].status == RefundStatus::pending) {
          known.change().refunds[i].status = RefundStatus::succeeded;
        }
      }
      (void)execute(ReportPayment{known.now(), samples::fact(known.ordered), {}});
      auto const again = execute(ReportPayment{known.now(), samples::fact(known.ordered), {}});
      RC_ASSERT((!again.ok() && again.error().code == RejectionCode::nothing_new));
    }
  }
};

}  // namespace florin::domain::testing
