// What must hold after any interleaving of orders, of what the processor says of them (twice, late, out of order), of
// refunds, disputes, sales and payouts. A failing run prints its steps, already shrunk, and the RC_PARAMS that replay
// it.
//
// RC_ASSERT overloads && and ||: what must not be evaluated without what stands before it has parentheses of its own.
#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/domain/ledger_books.h"
#include "tests/domain/payment_world.h"
#include "tests/support/event_kinds.h"

namespace florin::domain::testing {
namespace {

// ---- invariants --------------------------------------------------------------------------------------------------

// What the log says of each order and payout, kept beside the state.
struct Ends {
  std::set<OrderId> ordered;
  std::map<OrderId, std::string> names;
  std::map<OrderId, CurrencyPurchased> paid;
  std::set<OrderId> failed;
  std::map<OrderId, Usd> refunded;  // back on the card
  std::map<PayoutId, PayoutStatus> payouts;
  std::set<std::pair<PlayerId, CurrencyId>> taken_from;  // wallets that a refund or chargeback took from

  void note(Event const& event) {
    if (auto const* e = std::get_if<CurrencyOrdered>(&event)) RC_ASSERT(ordered.insert(e->order).second);
    if (auto const* e = std::get_if<PaymentOpened>(&event)) {
      RC_ASSERT((open(e->order) && names.emplace(e->order, e->reference).second));
    }
    if (auto const* e = std::get_if<PaymentChallenged>(&event)) RC_ASSERT(open(e->order));
    if (auto const* e = std::get_if<CurrencyPurchased>(&event)) {
      RC_ASSERT((open(e->order) && names.at(e->order) == e->reference));
      paid.emplace(e->order, *e);
    }
    if (auto const* e = std::get_if<PaymentFailed>(&event))
      RC_ASSERT((open(e->order) && failed.insert(e->order).second));
    if (auto const* e = std::get_if<RefundRequested>(&event)) {
      RC_ASSERT(paid.contains(e->order));
      taken_from.insert({e->player, e->currency});
    }
    if (auto const* e = std::get_if<RefundSettled>(&event)) {
      if (e->end == RefundEnd::succeeded) refunded[e->order] += e->usd;
      if (e->end == RefundEnd::reversed) refunded[e->order] -= e->usd;
      RC_ASSERT((refunded[e->order] >= Usd{} && refunded[e->order] <= paid.at(e->order).usd));
    }
    if (auto const* e = std::get_if<DisputeOpened>(&event)) {
      RC_ASSERT(paid.contains(e->order));
      taken_from.insert({e->player, e->currency});
    }
    if (auto const* e = std::get_if<DisputeMoved>(&event)) {
      RC_ASSERT(paid.contains(e->order));
      taken_from.insert({e->player, e->currency});
    }
    if (auto const* e = std::get_if<PayoutRequested>(&event)) {
      RC_ASSERT(payouts.emplace(e->payout, PayoutStatus::requested).second);
    }
    if (auto const* e = std::get_if<PayoutAdvanced>(&event)) {
      RC_ASSERT(can_follow(e->status, payouts.at(e->payout)));
      payouts[e->payout] = e->status;
    }
  }
  [[nodiscard]] bool open(OrderId order) const {
    return ordered.contains(order) && !paid.contains(order) && !failed.contains(order);
  }

  // What has begun and not ended is open, and nothing else.
  void check(State const& state) const {
    RC_ASSERT(state.orders().size() == ordered.size() - paid.size() - failed.size());
    for (auto const& [order, row] : state.orders()) RC_ASSERT(open(order));
    for (auto const& [order, row] : state.returned_orders()) RC_ASSERT(paid.contains(order));
    // A completed one may still come back for a while; it may be forgotten after.
    std::size_t under_way = 0;
    for (auto const& [payout, status] : payouts) under_way += is_end(status) ? 0u : 1u;
    auto const found =
        std::ranges::count_if(state.payouts(), [](auto const& one) { return !is_end(one.second.status); });
    RC_ASSERT(static_cast<std::size_t>(found) == under_way);
    for (auto const& [payout, row] : state.payouts()) RC_ASSERT(row.status == payouts.at(payout));
  }
};

// What games earned is what the postings say, and nothing was paid out that was not owed.
void check_revenues(State const& state, Books const& books) {
  Money in_flight;
  for (auto const& [id, payout] : state.payouts()) {
    if (!is_end(payout.status)) in_flight += units_of(payout.usd);
  }
  RC_ASSERT(books.sum(Account::payouts_in_flight) == in_flight);
  for (std::uint64_t id = 1; id <= 4; ++id) {
    CurrencyId const currency(id);
    auto const revenue = state.revenue(currency);
    RC_ASSERT(revenue.owed == books.sum(Account::game_revenue, currency));
    RC_ASSERT(revenue.in_flight == books.sum(Account::payouts_in_flight, currency));
    RC_ASSERT(revenue.paid == books.sum(Account::payouts_paid, currency));
    RC_ASSERT(revenue.in_flight >= Money{} && revenue.paid >= Money{});
  }
}

// Below zero is only who was refunded or charged back, and they spend nothing.
void check_debts(PaymentWorld const& world, Ends const& ends) {
  for (std::size_t i = 0; i < world.state.wallet_count(); ++i) {
    auto const& row = world.state.wallet_rows()[i];
    if (row.available >= 0) continue;
    PlayerId const id(row.player);
    CurrencyId const currency(row.currency);
    RC_ASSERT(ends.taken_from.contains({id, currency}));
    auto const game = world.state.game_of(id)->id;
    PlayerRef who;
    who.email_index = world.state.identity_rows()[world.state.identity_of(id)->value() - 1].email_index;
    auto const cent = Money::from_minor(1);
    for (Command const& spend : {Command(DebitBalance{game, who, currency, cent, ""}),
                                 Command(PurchaseItem{game, who, currency, {}, 1, cent, cent})}) {
      auto const decision = decide(world.state, spend, world.context());
      RC_ASSERT((!decision.ok() && decision.error().code == RejectionCode::insufficient_balance));
    }
  }
}

// Taken before a commit: a payout takes what is owed and nothing more, from each currency and from all.
void check_payout(State const& before, Event const& event) {
  auto const* e = std::get_if<PayoutRequested>(&event);
  if (e == nullptr) return;
  RC_ASSERT(e->usd <= payable_usd(before, *before.find_game(e->game)));
  for (auto const& share : e->shares) {
    RC_ASSERT(share.amount > Money{} && share.amount <= before.revenue(share.currency).owed);
  }
}

struct Watch {
  Books books;
  Ends ends;
  State before;  // all that was seen
  std::size_t seen = 0;

  void check(PaymentWorld const& world) {
    for (; seen < world.log.size(); ++seen) {
      for (auto const& event : world.log[seen].events) {
        check_payout(before, event);
        books.post(event);
        ends.note(event);
      }
      apply(before, world.log[seen]);
    }
    books.check(world.state, Debts::possible);
    ends.check(world.state);
    check_revenues(world.state, books);
    check_debts(world, ends);
  }
};

// ---- properties --------------------------------------------------------------------------------------------------

RC_GTEST_PROP(PaymentProperty, MoneyAndOpenMattersAddUpAtEveryStep, ()) {
  auto const steps = *long_money_history();
  PaymentWorld world;
  Watch watch;
  for (auto const& step : steps) {
    auto const decision = world.take(step);
    if (PaymentWorld::twisted(step) && decision) {
      RC_ASSERT((!decision->ok() && decision->error().code == RejectionCode::payment_mismatch));
    }
    watch.check(world);
  }
  RC_CLASSIFY(watch.ends.paid.size() > 3, "more than three paid");
  RC_CLASSIFY(!watch.ends.refunded.empty(), "refunded");
  RC_CLASSIFY(!watch.ends.payouts.empty(), "cashed out");
}

// At rest the clearing account is the processor's statement, who paid has the units once, and nothing is in flight.
RC_GTEST_PROP(PaymentProperty, AtRestTheClearingIsTheProcessorsStatement, ()) {
  auto const steps = *long_money_history();
  PaymentWorld world;
  Watch watch;
  for (auto const& step : steps) (void)world.take(step);
  world.come_to_rest();
  watch.check(world);
  Usd balance;
  Usd fees;
  for (auto const& [order, known] : world.charges) {
    balance += known.balance();
    fees += known.fees();
    auto const charged = known.now().status == PaymentStatus::succeeded;
    RC_ASSERT(watch.ends.paid.contains(order) == charged);
    auto const* returned = world.state.find_returned(order);
    if (returned == nullptr) continue;
    // What a bank claims beyond the order is no player's to pay.
    Usd beyond;
    auto gone = returned->refunded();
    for (auto const& dispute : known.now().disputes) {
      gone += std::min(dispute.withheld, known.now().usd);
      beyond += std::max(Usd{}, dispute.withheld - known.now().usd);
    }
    RC_ASSERT(returned->refunded() + returned->withheld() == gone);
    for (auto const& dispute : known.now().disputes) {
      auto const booked = std::ranges::find(returned->disputes, dispute.reference, &Returned::Dispute::reference);
      RC_ASSERT((booked != returned->disputes.end() && booked->status == dispute.status));
    }
    RC_ASSERT(known.left() == known.now().usd - gone - beyond);
    fees += beyond;
  }
  RC_ASSERT(world.state.orders().empty());
  RC_ASSERT(watch.books.sum(Account::card_clearing) == -units_of(balance));
  RC_ASSERT(watch.books.sum(Account::processor_fees) == -units_of(fees));
  RC_ASSERT(watch.books.sum(Account::refunds_in_flight) == Money{});
}

// Once a payment is charged or cancelled: however often and in whatever order the ledger is told what the processor
// knew, it stays as if it had been told the truth once. (Before that a late report may still say that there was a
// challenge.)
RC_GTEST_PROP(PaymentProperty, AfterTheTruthOldReportsChangeNothing, ()) {
  auto const steps = *long_money_history();
  PaymentWorld world;
  for (auto const& step : steps) (void)world.take(step);
  for (auto const& [order, known] : world.charges)
    (void)world.execute(ReportPayment{known.now(), samples::fact(known.ordered), {}});
  auto const settled = restored_from(world.state);
  for (auto const& [order, known] : world.charges) {
    auto const status = known.now().status;
    if (status != PaymentStatus::succeeded && status != PaymentStatus::cancelled) continue;
    auto const times =
        *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, known.said.size()));
    for (auto const at : times) {
      auto const decision = world.execute(ReportPayment{known.said[at], samples::fact(known.ordered), {}});
      RC_ASSERT((!decision.ok() && decision.error().code == RejectionCode::nothing_new));
    }
  }
  RC_ASSERT(world.state == settled);
}

RC_GTEST_PROP(PaymentProperty, DecideIsDeterministicAndNeverChangesTheState, ()) {
  auto const steps = *long_money_history();
  PaymentWorld world;
  PaymentWorld twin;
  for (auto const& step : steps) {
    if (auto const command = world.command(step)) {
      auto const first = decide(world.state, *command, world.context());
      RC_ASSERT(world.state == twin.state);  // who has not been asked yet
      RC_ASSERT(same(first, decide(twin.state, *twin.command(step), twin.context())));
      if (first.ok()) RC_ASSERT(!first.value().empty());
    }
    (void)world.take(step);
    (void)twin.take(step);
  }
  RC_ASSERT(world.log == twin.log);
  RC_ASSERT(world.state == twin.state);
}

RC_GTEST_PROP(PaymentProperty, ASnapshotAndItsTailEqualTheWholeHistory, ()) {
  auto const steps = *long_money_history();
  PaymentWorld world;
  for (auto const& step : steps) (void)world.take(step);
  auto const cut = *rc::gen::inRange<std::size_t>(0, world.log.size() + 1);
  State prefix;
  for (std::size_t i = 0; i < cut; ++i) apply(prefix, world.log[i]);
  auto resumed = restored_from(prefix);
  RC_ASSERT(resumed == prefix);
  for (std::size_t i = cut; i < world.log.size(); ++i) apply(resumed, world.log[i]);
  RC_ASSERT(resumed == world.state);
  // Not only equal: it goes on deciding alike.
  for (auto const& step : steps) {
    auto const command = world.command(step);
    if (!command) continue;
    RC_ASSERT(same(decide(resumed, *command, world.context()), decide(world.state, *command, world.context())));
  }
}

// The properties above say nothing of what no history reaches.
TEST(PaymentProperty, RandomHistoriesReachEveryEventAndEveryRefusal) {
  florin::samples::EventKinds events;
  std::set<RejectionCode> refusals;
  std::set<PaymentFailure> failures;
  std::set<RefundEnd> refund_ends;
  std::set<PayoutStatus> statuses;
  bool given_back = false;
  bool in_debt = false;
  std::size_t movements_of_one = 0;  // of one dispute
  bool taken_back = false;           // something that was lost
  auto const histories = rc::gen::arbitrary<MoneySteps>();
  for (std::uint64_t seed = 0; seed < 800; ++seed) {
    PaymentWorld world;
    for (auto const& step : histories(rc::Random(seed), 400).value()) {
      auto const decision = world.take(step);
      if (decision && !decision->ok()) refusals.insert(decision->error().code);
    }
    std::map<std::string, std::vector<DisputeStatus>> moved;
    for (auto const& commit : world.log) {
      for (auto const& event : commit.events) {
        events.insert(event_name(event));
        if (auto const* e = std::get_if<PaymentFailed>(&event)) failures.insert(e->failure);
        if (auto const* e = std::get_if<RefundSettled>(&event)) refund_ends.insert(e->end);
        if (auto const* e = std::get_if<DisputeMoved>(&event)) {
          auto& before = moved[e->reference];
          movements_of_one = std::max(movements_of_one, before.size() + 1);
          taken_back = taken_back || (!before.empty() && before.back() == DisputeStatus::lost && e->usd > Usd{});
          before.push_back(e->status);
        }
        if (auto const* e = std::get_if<PayoutAdvanced>(&event)) statuses.insert(e->status);
        if (auto const* e = std::get_if<PayoutAdvanced>(&event)) given_back = given_back || e->was_completed;
        if (auto const* e = std::get_if<RefundRequested>(&event)) in_debt = in_debt || e->available_after < Money{};
      }
    }
  }
  auto expected = florin::samples::kinds_of<CardOrderEvents, RefundEvents, PayoutEvents>();
  // They move nothing, and have tests of their own.
  for (auto const* idle : {"CheckoutOpened", "PayoutFileWritten", "PayoutAccountCorrected"}) expected.erase(idle);
  // Nobody writes them any more.
  for (auto const* old : {"DisputeOpened", "DisputeClosed"}) expected.erase(old);
  for (auto const& kind : expected) EXPECT_TRUE(events.contains(kind)) << kind;
  EXPECT_FALSE(events.contains("DisputeOpened") || events.contains("DisputeClosed"));
  EXPECT_GE(movements_of_one, 4u);
  EXPECT_TRUE(taken_back);
  EXPECT_EQ(failures.size(), 5u);
  EXPECT_EQ(refund_ends.size(), 3u);
  EXPECT_EQ(statuses.size(), 5u);
  EXPECT_TRUE(in_debt);
  EXPECT_TRUE(given_back);
  for (auto const reason :
       {RejectionCode::invalid_amount, RejectionCode::insufficient_balance, RejectionCode::already_refunded,
        RejectionCode::order_disputed, RejectionCode::refund_exceeds_payment, RejectionCode::payments_unavailable,
        RejectionCode::payment_mismatch, RejectionCode::nothing_new, RejectionCode::order_not_open,
        RejectionCode::payout_exceeds_balance, RejectionCode::payout_not_found, RejectionCode::payout_not_next}) {
    EXPECT_TRUE(refusals.contains(reason)) << "refusal " << static_cast<int>(reason);
  }
}

}  // namespace
}  // namespace florin::domain::testing
