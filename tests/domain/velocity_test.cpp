#include "domain/velocity.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/domain/ledger_dsl.h"

namespace florin::domain::testing {
namespace {

constexpr std::int64_t kHourMicros = 3'600 * kMicrosPerSecond;

Velocity::Entry sent(Timestamp at, std::string_view amount, std::uint64_t subject = 1) {
  return {VelocityKind::sends, subject, at, units(amount)};
}

TEST(Velocity, AnEntryCountsUntilExactlyItsSpanIsOver) {
  Velocity velocity;
  velocity.record(sent(kNow, "5.00"));
  auto const last = velocity.recent(VelocityKind::sends, 1, kNow + (kHourMicros - 1), kHourMicros);
  EXPECT_EQ(last.count, 1u);
  EXPECT_EQ(last.amount, units("5.00"));
  auto const over = velocity.recent(VelocityKind::sends, 1, kNow + kHourMicros, kHourMicros);
  EXPECT_EQ(over.count, 0u);
  EXPECT_EQ(over.amount, Money{});
}

TEST(Velocity, KindsAndSubjectsAreCountedApart) {
  Velocity velocity;
  velocity.record(sent(kNow, "5.00"));
  EXPECT_EQ(velocity.recent(VelocityKind::sends, 2, kNow, kHourMicros).count, 0u);
  EXPECT_EQ(velocity.recent(VelocityKind::transfers, 1, kNow, kHourMicros).count, 0u);
}

TEST(Velocity, SecondsAreRoundedUp) {
  Velocity velocity;
  velocity.record(sent(kNow, "5.00"));
  velocity.record(sent(kNow + 10 * kMicrosPerSecond, "5.00"));
  auto const wait = [&](Timestamp now, std::uint32_t allowed) {
    return velocity.seconds_until(VelocityKind::sends, 1, now, kHourMicros, allowed);
  };
  EXPECT_EQ(wait(kNow + 10 * kMicrosPerSecond, 2), 0);
  EXPECT_EQ(wait(kNow + 10 * kMicrosPerSecond, 1), 3'590);
  EXPECT_EQ(wait(kNow + (10 * kMicrosPerSecond + 1), 1), 3'590);
  EXPECT_EQ(wait(kNow + 10 * kMicrosPerSecond, 0), 3'600);
  EXPECT_EQ(wait(kNow + (kHourMicros - 1), 1), 1);
  EXPECT_EQ(wait(kNow + kHourMicros, 1), 0);
}

TEST(Velocity, WhatHasLeftItsWindowIsForgotten) {
  Velocity velocity;
  for (int i = 0; i < 100; ++i) velocity.record(sent(kNow + i * kMicrosPerSecond, "1.00"));
  EXPECT_EQ(velocity.entries().size(), 100u);
  velocity.record(sent(kNow + (kMicrosPerDay + 98 * kMicrosPerSecond), "1.00", 2));
  EXPECT_EQ(velocity.entries().size(), 2u);
}

TEST(Velocity, WhatIsWithdrawnWasNeverThere) {
  Velocity velocity;
  velocity.record(sent(kNow, "1.00"));
  velocity.record(sent(kNow, "2.00", 2));
  velocity.record(sent(kNow + kMicrosPerSecond, "3.00"));
  velocity.withdraw(sent(kNow + 1, "1.00"));
  velocity.withdraw(sent(kNow, "1.01"));
  velocity.withdraw(sent(kNow, "1.00", 99));
  EXPECT_EQ(velocity.entries().size(), 3u) << "nobody did any of this";
  velocity.withdraw(sent(kNow, "1.00"));
  EXPECT_EQ(velocity.entries(), (std::vector{sent(kNow, "2.00", 2), sent(kNow + kMicrosPerSecond, "3.00")}));
  auto const kind = VelocityKind::sends;
  auto const left = velocity.recent(kind, 1, kNow + kMicrosPerSecond, kMicrosPerDay);
  EXPECT_EQ(left.count, 1u);
  EXPECT_EQ(left.amount, units("3.00"));
  EXPECT_EQ(velocity.seconds_until(kind, 1, kNow + kMicrosPerSecond, kMicrosPerDay, 0), 86'400);
  EXPECT_EQ(velocity.seconds_until_amount(kind, 1, kNow + kMicrosPerSecond, kMicrosPerDay, units("2.99")), 86'400);
  velocity.withdraw(sent(kNow + kMicrosPerSecond, "3.00"));
  velocity.withdraw(sent(kNow, "2.00", 2));
  EXPECT_TRUE(velocity.entries().empty());
  EXPECT_EQ(velocity.seconds_until(kind, 1, kNow + kMicrosPerSecond, kMicrosPerDay, 0), 0);
  velocity.record(sent(kNow + 2 * kMicrosPerDay, "1.00"));
  EXPECT_EQ(velocity.entries().size(), 1u);
}

TEST(Velocity, OfTwoEqualOnesOneIsWithdrawnEachTime) {
  Velocity velocity;
  for (auto const* amount : {"1.00", "2.00", "1.00"}) velocity.record(sent(kNow, amount));
  for (std::uint32_t left = 2; left > 0; --left) {
    velocity.withdraw(sent(kNow, "1.00"));
    EXPECT_EQ(velocity.recent(VelocityKind::sends, 1, kNow, kHourMicros).count, left);
  }
  velocity.withdraw(sent(kNow, "1.00"));
  EXPECT_EQ(velocity.entries(), std::vector{sent(kNow, "2.00")});
}

TEST(Velocity, AnAmountThatIsTakenBackLeavesAnEntryOfNothing) {
  Velocity velocity;
  velocity.record(sent(kNow, "1.00"));
  velocity.record(sent(kNow, "1.00"));
  velocity.withdraw_amount(sent(kNow, "1.00"));
  auto const sum = velocity.recent(VelocityKind::sends, 1, kNow, kHourMicros);
  EXPECT_EQ(sum.count, 2u);
  EXPECT_EQ(sum.amount, units("1.00"));
  velocity.withdraw_amount(sent(kNow, "1.00"));
  velocity.withdraw_amount(sent(kNow, "1.00"));
  EXPECT_EQ(velocity.recent(VelocityKind::sends, 1, kNow, kHourMicros).amount, Money{});
  EXPECT_EQ(velocity.recent(VelocityKind::sends, 1, kNow, kHourMicros).count, 2u);
}

TEST(VelocityDeathTest, TimeDoesNotGoBack) {
  Velocity velocity;
  velocity.record(sent(kNow + 1, "1.00"));
  EXPECT_DEATH(velocity.record(sent(kNow, "1.00")), "invariant broken");
}

TEST(Velocity, EveryKindHasAWindow) {
  for (std::size_t kind = 0; kind < kVelocityKinds; ++kind) {
    EXPECT_GT(window_of(static_cast<VelocityKind>(kind)), 0) << kind;
  }
}

// Everything that ever happened, in one list.
struct NaiveVelocity {
  std::vector<Velocity::Entry> all;

  [[nodiscard]] Velocity::Sum recent(VelocityKind kind, std::uint64_t subject, Timestamp now, std::int64_t span) const {
    Velocity::Sum sum;
    for (auto const& entry : all) {
      if (entry.kind != kind || entry.subject != subject || now.micros() - entry.at.micros() >= span) continue;
      ++sum.count;
      sum.amount += entry.amount;
    }
    return sum;
  }
  [[nodiscard]] std::int64_t seconds_until(VelocityKind kind, std::uint64_t subject, Timestamp now, std::int64_t span,
                                           std::uint32_t allowed) const {
    return first_second(span, [&](std::int64_t second) {
      return recent(kind, subject, now + second * kMicrosPerSecond, span).count <= allowed;
    });
  }
  [[nodiscard]] std::int64_t seconds_until_amount(VelocityKind kind, std::uint64_t subject, Timestamp now,
                                                  std::int64_t span, Money allowed) const {
    return first_second(span, [&](std::int64_t second) {
      return recent(kind, subject, now + second * kMicrosPerSecond, span).amount <= allowed;
    });
  }
  // The first whole second at which it is so; it is so from then on.
  template <class IsSo>
  static std::int64_t first_second(std::int64_t span, IsSo const& is_so) {
    std::int64_t low = 0;
    std::int64_t high = span / kMicrosPerSecond + 1;
    while (low < high) {
      auto const middle = (low + high) / 2;
      if (is_so(middle)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
};

RC_GTEST_PROP(VelocityProperty, RemembersWhatAListOfEverythingWould, ()) {
  Velocity velocity;
  NaiveVelocity naive;
  auto now = kNow;
  auto const steps = *rc::gen::inRange(1, 80);
  for (int i = 0; i < steps; ++i) {
    now = now +
          *rc::gen::weightedOneOf<std::int64_t>(
              {{3, rc::gen::inRange<std::int64_t>(0, 3)},
               {4, rc::gen::inRange<std::int64_t>(0, 20 * kMicrosPerSecond)},
               {2, rc::gen::inRange<std::int64_t>(0, 2 * kHourMicros)},
               {1, rc::gen::elementOf(std::vector<std::int64_t>{30 * kMicrosPerSecond, kHourMicros, kMicrosPerDay})}});
    auto const kind = static_cast<VelocityKind>(*rc::gen::inRange<int>(0, static_cast<int>(kVelocityKinds)));
    auto const subject = *rc::gen::inRange<std::uint64_t>(0, 3);
    if (*rc::gen::weightedElement<bool>({{3, true}, {1, false}})) {
      Velocity::Entry const entry{kind, subject, now, Money::from_minor(*rc::gen::inRange<std::int64_t>(0, 3))};
      velocity.record(entry);
      naive.all.push_back(entry);
    }
    // Also what left its window long ago, and what was taken back before.
    if (!naive.all.empty() && *rc::gen::weightedElement<bool>({{1, true}, {2, false}})) {
      auto const entry = naive.all[*rc::gen::inRange<std::size_t>(0, naive.all.size())];
      if (entry.amount > Money{} && *rc::gen::arbitrary<bool>()) {
        velocity.withdraw_amount(entry);
        std::find(naive.all.begin(), naive.all.end(), entry)->amount = Money{};
      } else {
        velocity.withdraw(entry);
        naive.all.erase(std::find(naive.all.begin(), naive.all.end(), entry));
      }
    }
    auto const window = window_of(kind);
    auto const span = *rc::gen::elementOf(std::vector<std::int64_t>{window, std::min(window, kHourMicros), window / 2});
    auto const expected = naive.recent(kind, subject, now, span);
    auto const actual = velocity.recent(kind, subject, now, span);
    RC_ASSERT(actual.count == expected.count && actual.amount == expected.amount);
    auto const allowed = *rc::gen::inRange<std::uint32_t>(0, 4);
    RC_ASSERT(velocity.seconds_until(kind, subject, now, span, allowed) ==
              naive.seconds_until(kind, subject, now, span, allowed));
    auto const units = Money::from_minor(allowed);
    RC_ASSERT(velocity.seconds_until_amount(kind, subject, now, span, units) ==
              naive.seconds_until_amount(kind, subject, now, span, units));
  }
  Velocity copy;
  for (auto const& entry : velocity.entries()) copy.record(entry);
  RC_ASSERT(copy == velocity);
}

}  // namespace
}  // namespace florin::domain::testing
