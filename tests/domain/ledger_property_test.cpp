// What must hold after any sequence of commands. A failing run prints its steps, already shrunk, and the RC_PARAMS
// that replay it.
#include <map>
#include <ostream>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/domain/ledger_books.h"
#include "tests/domain/ledger_dsl.h"
#include "tests/support/facts.h"

namespace florin::domain::testing {

// A command in the small: indexes into a world of three games, four people and the orders made so far. Small
// choices collide often, and shrink well.
struct Step {
  int kind = 0;
  int game = 0;
  int person = 0;
  int currency = 0;
  std::int64_t minor = 0;
  std::uint32_t quantity = 0;
  bool twisted = false;  // a rename, a wrong total, an immediate rotation
};

void showValue(Step const& step, std::ostream& out) {
  static constexpr char const* kKinds[] = {"credit", "debit", "purchase", "refund", "update", "rotate", "create"};
  out << "\n  " << kKinds[step.kind] << " game=" << step.game << " person=" << step.person
      << " currency=" << step.currency << " minor=" << step.minor << " quantity=" << step.quantity
      << (step.twisted ? " twisted" : "");
}

}  // namespace florin::domain::testing

namespace rc {
template <>
struct Arbitrary<florin::domain::testing::Step> {
  static Gen<florin::domain::testing::Step> arbitrary() {
    using florin::domain::testing::Step;
    // Mostly everyday sums with halves of a cent in their fee, now and then an edge.
    auto const minor = gen::weightedOneOf<std::int64_t>(
        {{8, gen::inRange<std::int64_t>(1, 1'000)},
         {4, gen::inRange<std::int64_t>(1, 200'000)},
         {1, gen::element<std::int64_t>(-1, 0, 99'999'998, 99'999'999, 99'999'999'999, 100'000'000'000,
                                        std::int64_t{1} << 53, std::numeric_limits<std::int64_t>::max())}});
    return gen::build<Step>(
        gen::set(&Step::kind, gen::weightedElement<int>({{6, 0}, {4, 1}, {6, 2}, {3, 3}, {1, 4}, {1, 5}, {1, 6}})),
        gen::set(&Step::game, gen::weightedElement<int>({{6, 0}, {3, 1}, {1, 2}, {1, 3}})),
        gen::set(&Step::person, gen::inRange(0, 4)),
        gen::set(&Step::currency, gen::weightedElement<int>({{9, 0}, {2, 1}, {2, 2}, {1, 3}, {1, 5}})),
        gen::set(&Step::minor, minor),
        gen::set(&Step::quantity,
                 gen::weightedElement<std::uint32_t>({{6, 1}, {3, 2}, {3, 7}, {1, 0}, {1, 1'000}, {1, 1'001}})),
        gen::set(&Step::twisted, gen::weightedElement<bool>({{5, false}, {1, true}})));
  }
};
}  // namespace rc

namespace florin::domain::testing {
namespace {

using Steps = std::vector<Step>;

// Up to 400 commands.
rc::Gen<Steps> long_history() { return rc::gen::scale(4, rc::gen::arbitrary<Steps>()); }

// A ledger with its history, as the writer would keep it.
struct World {
  State state;
  std::vector<Commit> log;
  std::vector<std::pair<Position, ItemPurchased>> orders;
  Position next{1};
  Timestamp now = kNow;

  World() { record(three_games(units("10.00"))); }

  void record(std::vector<Event> events) {
    for (auto const& event : events) {
      if (auto const* sale = std::get_if<ItemPurchased>(&event)) orders.emplace_back(next, *sale);
    }
    Commit commit{next, now, {}, std::move(events)};
    apply(state, commit);
    next = domain::next(commit.last());
    now = now + 1'000;
    log.push_back(std::move(commit));
  }

  [[nodiscard]] Context context() const { return {now, next, next.value() * 0x9e37'79b9'7f4a'7c15}; }

  Decision take(Step const& step) {
    auto decision = decide(state, command(step), context());
    if (decision.ok()) record(decision.value());
    return decision;
  }

  [[nodiscard]] Command command(Step const& step) const {
    static constexpr GameId kGames[] = {kGame, kTesting, kSuspended, kUnknown};
    static constexpr char const* kPeople[] = {"ann@example.com", "bob@example.com", "cat@example.com",
                                              "dan@example.com"};
    auto const game = kGames[step.game];
    auto who = player(kPeople[step.person]);
    who.renamed = step.twisted;
    CurrencyId const currency(static_cast<std::uint64_t>(step.currency));
    auto const amount = Money::from_minor(step.minor);
    GameSettings settings;
    settings.name = "castle";
    settings.status = step.twisted ? GameStatus::testing : GameStatus::live;
    settings.item_fee = BasisPoints(static_cast<std::int32_t>(step.minor % 10'001));
    Digest const key{static_cast<std::uint8_t>(step.minor & 0xff)};
    switch (step.kind) {
      case 0: return CreditBalance{game, who, currency, Money::checked_multiply(amount, 20).value_or(amount), "reward"};
      case 1: return DebitBalance{game, who, currency, amount, "spent"};
      case 2: {
        auto const total = Money::checked_multiply(amount, step.quantity).value_or(amount);
        return PurchaseItem{
            game, who, currency, Item{"sword", "Sword", "", ""}, step.quantity, amount, step.twisted ? amount : total};
      }
      case 3: {
        if (orders.empty()) return RefundItem{game, samples::fact(ItemPurchased{}, Position(1)), ""};
        auto const& [order, sale] = orders[static_cast<std::size_t>(step.minor & 0xffff) % orders.size()];
        // As the api does it: the order belongs to the game that asks, or is not found.
        return RefundItem{step.twisted ? game : state.game_of(sale.player)->id, samples::fact(sale, order), "broken"};
      }
      case 4: {
        GameChanges changes;
        if (step.twisted) changes.name = "tower";
        changes.status = settings.status;
        if (step.quantity % 2 == 0) changes.item_fee = settings.item_fee;
        return UpdateGame{game, changes};
      }
      case 5: return RotateSdkKey{game, key, step.twisted};
      default: return CreateGame{settings, {testing::currency(CurrencyId{}, "coin", amount)}, key};
    }
  }
};

RC_GTEST_PROP(LedgerProperty, MoneyIsConservedAtEveryStep, ()) {
  auto const steps = *long_history();
  World world;
  Books books;
  std::size_t posted = 0;
  for (auto const& step : steps) {
    (void)world.take(step);
    for (; posted < world.log.size(); ++posted) {
      for (auto const& event : world.log[posted].events) books.post(event);
    }
    books.check(world.state);
  }
  RC_CLASSIFY(world.orders.size() > 10, "more than ten orders");
  RC_CLASSIFY(!world.state.refunded_orders().empty(), "a refund");
}

RC_GTEST_PROP(LedgerProperty, DecideNeverChangesTheState, ()) {
  auto const steps = *long_history();
  World world;
  for (auto const& step : steps) {
    auto const before = restored_from(world.state);
    auto const first = decide(world.state, world.command(step), world.context());
    auto const second = decide(world.state, world.command(step), world.context());
    RC_ASSERT(world.state == before);
    RC_ASSERT(same(first, second));
    (void)world.take(step);
  }
}

RC_GTEST_PROP(LedgerProperty, ADecisionIsOneOrMoreEvents, ()) {
  auto const steps = *long_history();
  World world;
  for (auto const& step : steps) {
    if (auto const decision = world.take(step); decision.ok()) RC_ASSERT(!decision.value().empty());
  }
}

RC_GTEST_PROP(LedgerProperty, TheSameCommandsMakeTheSameHistoryAndState, ()) {
  auto const steps = *long_history();
  World one;
  World two;
  for (auto const& step : steps) {
    (void)one.take(step);
    (void)two.take(step);
  }
  RC_ASSERT(one.log == two.log);
  RC_ASSERT(one.state == two.state);
}

RC_GTEST_PROP(LedgerProperty, ASnapshotAndItsTailEqualTheWholeHistory, ()) {
  auto const steps = *long_history();
  World world;
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
    RC_ASSERT(same(decide(resumed, command, world.context()), decide(world.state, command, world.context())));
  }
}

RC_GTEST_PROP(LedgerProperty, NobodyIsRegisteredWelcomedOrRefundedTwice, ()) {
  auto const steps = *long_history();
  World world;
  for (auto const& step : steps) (void)world.take(step);
  std::set<BlindIndex> emails;
  std::set<std::pair<GameId, IdentityId>> players;
  std::set<std::pair<PlayerId, CurrencyId>> welcomed;
  std::set<OrderId> refunded;
  for (auto const& commit : world.log) {
    for (auto const& event : commit.events) {
      if (auto const* e = std::get_if<IdentityRegistered>(&event)) RC_ASSERT(emails.insert(e->email_index).second);
      if (auto const* e = std::get_if<PlayerJoined>(&event)) RC_ASSERT(players.insert({e->game, e->identity}).second);
      if (auto const* e = std::get_if<StartingBalanceGranted>(&event)) {
        RC_ASSERT(welcomed.insert({e->player, e->currency}).second);
      }
      if (auto const* e = std::get_if<ItemRefunded>(&event)) RC_ASSERT(refunded.insert(e->order).second);
    }
  }
}

RC_GTEST_PROP(LedgerProperty, EveryAmountInAnEventIsWithinItsBounds, ()) {
  auto const steps = *long_history();
  World world;
  for (auto const& step : steps) {
    auto const decision = world.take(step);
    if (!decision.ok()) continue;
    for (auto const& event : decision.value()) {
      if (auto const* sale = std::get_if<ItemPurchased>(&event)) {
        RC_ASSERT(sale->total > Money{} && sale->total < kItemTotalLimit);
        RC_ASSERT(sale->platform_fee + sale->developer_revenue == sale->total);
        RC_ASSERT(Money::checked_multiply(sale->unit_price, sale->quantity) == sale->total);
      }
      if (auto const* credit = std::get_if<BalanceCredited>(&event)) {
        RC_ASSERT(credit->amount > Money{} && credit->amount <= kMaxAmount);
      }
    }
  }
}

}  // namespace
}  // namespace florin::domain::testing
