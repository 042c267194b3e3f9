// A process that dies at any of its commits, before it is written or just after: whatever the processor did meanwhile,
// a new process goes on from the log, and it ends as if nothing had happened.
#include <gtest/gtest.h>

#include "tests/sagas/card_rig.h"
#include "tests/support/facts.h"

namespace florin::sagas {
namespace {

using domain::Money;
using domain::PaymentFailure;
using test_support::Call;
using test_support::CardRig;
using test_support::CardWorld;
using test_support::FoldedView;
using test_support::kMinute;
using test_support::MemoryLog;
using test_support::Trouble;
using test_support::units;

domain::Usd usd(std::int64_t cents) { return domain::Usd::from_minor(cents); }

// One thing that somebody does, unless the log shows that it was done.
struct Step {
  std::function<bool(FoldedView const&)> done;
  std::function<void(CardRig&, CardWorld&, domain::GameId)> act;
};

struct Flow {
  char const* name;
  std::vector<Step> steps;
  std::int64_t units;  // that the player has in the end
  std::optional<PaymentFailure> failure;
};

template <class E>
bool happened(FoldedView const& view) {
  return !view.all<E>().empty();
}
bool settled(FoldedView const& view) {
  return happened<domain::CurrencyPurchased>(view) || happened<domain::PaymentFailed>(view);
}

Step order(std::string method) {
  return {happened<domain::CurrencyOrdered>, [method](CardRig& rig, CardWorld&, domain::GameId game) {
            (void)rig.ask(test_support::order_currency(game, 1, 1000, method));
          }};
}
// What happens at the processor, and that we hear of it.
template <class Done>
Step there(Done done, std::function<void(SandboxProcessor&, SandboxPayment const&)> act) {
  return {done, [act](CardRig& rig, CardWorld& world, domain::GameId) {
            if (world.statement().payments == 1) act(*world.processor, world.payment());
            (void)rig.pass(kMinute);
          }};
}
Step answer(bool success) {
  return there(settled, [success](SandboxProcessor& processor, SandboxPayment const& payment) {
    (void)processor.complete_challenge(payment.report.reference, payment.client_secret, success);
  });
}
Step wait(std::int64_t micros) {
  return {settled, [micros](CardRig& rig, CardWorld&, domain::GameId) { (void)rig.pass(micros); }};
}
Step refund(std::int64_t cents) {
  return {
      happened<domain::RefundRequested>, [cents](CardRig& rig, CardWorld&, domain::GameId game) {
        auto const paid = rig.view().all<domain::CurrencyPurchased>();
        if (!paid.empty())
          (void)rig.ask(domain::RefundPurchase{game, samples::fact(paid.front()), usd(cents), "changed mind", true});
      }};
}
Step refund_there(std::int64_t cents) {
  return there(happened<domain::RefundSettled>, [cents](SandboxProcessor& processor, SandboxPayment const& payment) {
    if (payment.report.refunds.empty()) (void)processor.refund_at_processor(payment.report.reference, usd(cents));
  });
}
Step hear_of_dispute() {
  return there(happened<domain::DisputeMoved>, [](SandboxProcessor&, SandboxPayment const&) {});
}
Step close_dispute(bool won) {
  auto const wanted = won ? domain::DisputeStatus::won : domain::DisputeStatus::lost;
  auto const decided = [wanted](FoldedView const& view) {
    auto const all = view.all<domain::DisputeMoved>();
    return std::ranges::any_of(all, [&](auto const& moved) { return moved.status == wanted; });
  };
  return there(decided, [wanted](SandboxProcessor& processor, SandboxPayment const& payment) {
    auto const& disputes = payment.report.disputes;
    if (!disputes.empty() && disputes.back().status != wanted) {
      (void)processor.close_dispute(payment.report.reference, wanted == domain::DisputeStatus::won);
    }
  });
}

std::vector<Flow> flows() {
  char const* const asked = "pm_card_threeDSecure2Required";
  char const* const disputed = "pm_card_createDispute";
  return {
      {"paid", {order("pm_card_visa")}, 100, {}},
      {"declined", {order("pm_card_chargeDeclined")}, 0, PaymentFailure::declined},
      {"refused", {order("pm_nobody")}, 0, PaymentFailure::refused},
      {"challenge passed", {order(asked), answer(true)}, 100, {}},
      {"challenge not passed", {order(asked), answer(false)}, 0, PaymentFailure::challenge_failed},
      {"challenge not answered", {order(asked), wait(domain::kChallengeMicros)}, 0, PaymentFailure::challenge_expired},
      {"refunded", {order("pm_card_visa"), refund(400)}, 60, {}},
      {"refunded there", {order("pm_card_visa"), refund_there(300)}, 70, {}},
      {"dispute won", {order(disputed), hear_of_dispute(), close_dispute(true)}, 100, {}},
      {"dispute lost", {order(disputed), hear_of_dispute(), close_dispute(false)}, 0, {}},
      {"dispute lost and reinstated",
       {order(disputed), hear_of_dispute(), close_dispute(false), close_dispute(true)},
       100,
       {}},
  };
}

// False: it has died on the way.
bool play(CardRig& rig, CardWorld& world, domain::GameId game, Flow const& flow) {
  for (auto const& step : flow.steps) {
    EXPECT_TRUE(rig.quiet());
    if (!step.done(rig.view())) step.act(rig, world, game);
    EXPECT_TRUE(rig.quiet());
    if (!step.done(rig.view())) return false;
  }
  return true;
}

void expect_ended(CardRig& rig, CardWorld& world, domain::GameId game, Flow const& flow) {
  auto const& view = rig.view();
  EXPECT_TRUE(view.read([](domain::State const& state) { return state.orders().empty(); }));
  EXPECT_EQ(view.all<domain::CurrencyOrdered>().size(), 1u);
  EXPECT_EQ(view.all<domain::CurrencyPurchased>().size(), flow.failure ? 0u : 1u);
  EXPECT_EQ(view.all<domain::PaymentFailed>().size(), flow.failure ? 1u : 0u);
  EXPECT_EQ(rig.wallet(game, 1).available, units(flow.units));
  auto const statement = world.statement();
  EXPECT_EQ(statement.payments, 1u);
  EXPECT_EQ(statement.charges, flow.failure ? 0u : 1u);
  EXPECT_LE(statement.refunds, 1u);
  EXPECT_EQ(rig.sum(domain::Account::card_clearing), -domain::units_of(statement.balance));
  EXPECT_EQ(rig.sum(domain::Account::processor_fees), -domain::units_of(statement.fees + statement.dispute_fees));
  EXPECT_EQ(rig.sum(domain::Account::refunds_in_flight), Money{});
}

void expect_failure(FoldedView const& view, Flow const& flow) {
  auto const failed = view.all<domain::PaymentFailed>();
  if (!flow.failure || failed.empty()) return;
  EXPECT_EQ(failed.front().failure, *flow.failure);
}

class PaymentsResume : public testing::TestWithParam<std::size_t> {};

TEST_P(PaymentsResume, ItEndsTheSameAfterADeathAtAnyCommit) {
  auto const flow = flows()[GetParam()];
  SCOPED_TRACE(flow.name);
  std::size_t commits = 0;
  for (std::size_t death = 0; death <= commits; ++death) {
    for (auto const how : {MemoryLog::Failure::absent, MemoryLog::Failure::durable}) {
      SCOPED_TRACE(testing::Message() << "death " << death << " of " << commits
                                      << (how == MemoryLog::Failure::absent ? ", not written" : ", written"));
      CardWorld world;
      test_support::TempFolder vault;
      MemoryLog log;
      test_support::MortalLog mortal(log);
      {
        CardRig rig(vault.path(), mortal, world);
        auto const game = test_support::live_game(rig);
        auto const before = log.batches().size();
        if (death > 0) mortal.die_at(death, how);
        bool const played = play(rig, world, game, flow);
        if (death == 0) {
          EXPECT_TRUE(played);
          commits = log.batches().size() - before;
          expect_ended(rig, world, game, flow);
          expect_failure(rig.view(), flow);
        }
      }
      if (death == 0) break;
      log.restart();
      CardRig rig(vault.path(), log, world);
      auto const game = test_support::live_game(rig);
      EXPECT_TRUE(play(rig, world, game, flow));
      expect_ended(rig, world, game, flow);
      // Why is known to the process that asked: one that died between the cancelling and its own word of it takes what
      // the processor still says, which may be no more than that nothing was charged.
      if (how == MemoryLog::Failure::durable) expect_failure(rig.view(), flow);
    }
  }
  EXPECT_GE(commits, 3u);
}

INSTANTIATE_TEST_SUITE_P(Flows, PaymentsResume, testing::Range<std::size_t>(0, flows().size()));

// The processor dates what happened by the true time: whichever of our hands is ahead of it, nothing is left out.
TEST(PaymentsResume, IsAskedForFromTheEarlierHandOn) {
  constexpr std::int64_t kTwoHours = 120 * kMinute;
  CardWorld world;
  MemoryLog log;
  test_support::TempFolder const vault;
  bool committed = false;
  for (auto const ahead : {std::int64_t{0}, kTwoHours, -kTwoHours}) {
    world.clock.set_wall_ahead(ahead);
    CardRig rig(vault.path(), log, world);
    ASSERT_TRUE(rig.quiet());
    auto const asked = rig.gateway().asked_since();
    ASSERT_FALSE(asked.empty());
    EXPECT_LE(asked.front(), std::min(world.clock.now(), world.clock.read().wall) + -domain::kMicrosPerDay) << ahead;
    if (!std::exchange(committed, true)) {
      (void)rig.commit(test_support::create_game());
      continue;
    }
    // The log's last commit is of now. Where that is still to come by the wall clock, it was written by a clock that
    // was ahead, nobody knows since when: all is asked for that can be.
    auto const reach = ahead < 0 ? 30 * domain::kMicrosPerDay + kTwoHours : domain::kMicrosPerDay;
    EXPECT_EQ(asked.front(), world.clock.now() + -reach) << ahead;
  }
}

// The next poll asks from the newest event on, by the processor's date of it: how far our clock went on since does not
// say what the processor has told.
TEST(PaymentsResume, GoesOnFromTheNewestEvent) {
  CardWorld world;
  MemoryLog log;
  test_support::TempFolder const vault;
  CardRig rig(vault.path(), log, world, false);
  auto const game = test_support::live_game(rig);
  (void)rig.commit(test_support::order_currency(game, 1, 1'000));
  ASSERT_TRUE(rig.quiet());
  auto const charged = world.clock.now();
  ASSERT_TRUE(rig.pass(kMinute));
  for (int hours = 0; hours < 3; ++hours) {
    ASSERT_TRUE(rig.pass(60 * kMinute));
    EXPECT_EQ(rig.gateway().asked_since().back(), charged + -10 * kMinute);
  }
}

// What the processor could not tell for hours, in which the ledger went on, is asked for after a restart.
TEST(PaymentsResume, AsksForWhatAnOutageKeptFromIt) {
  CardWorld world;
  MemoryLog log;
  test_support::TempFolder const vault;
  {
    CardRig rig(vault.path(), log, world, false);
    auto const game = test_support::live_game(rig);
    (void)rig.commit(test_support::order_currency(game, 1, 1'000));
    ASSERT_TRUE(rig.quiet());
    ASSERT_TRUE(rig.pass(kMinute));
    rig.gateway().order(Call::list_events, Trouble::unreachable, 1'000);
    ASSERT_TRUE(
        world.processor->refund_at_processor(world.payment().report.reference, domain::Usd::from_minor(400)).ok());
    ASSERT_TRUE(rig.pass(180 * kMinute));
    (void)rig.commit(test_support::credit(game, 1, test_support::units(1)));
    ASSERT_TRUE(rig.quiet());
  }
  CardRig rig(vault.path(), log, world, false);
  ASSERT_TRUE(rig.pass(kMinute));
  EXPECT_EQ(rig.view().all<domain::RefundRequested>().size() + rig.view().all<domain::RefundSettled>().size(), 2u);
}

}  // namespace
}  // namespace florin::sagas
