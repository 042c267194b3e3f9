// The rule of the ledger's time (eventstore/runtime/clock.h), by hand and for any readings.
#include <algorithm>
#include <atomic>
#include <limits>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "eventstore/runtime/clock.h"
#include "tests/support/temp_folder.h"
#include "tests/support/two_hands_clock.h"

namespace florin::eventstore {
namespace {

using domain::Timestamp;
using test_support::Machine;

constexpr std::int64_t kSecond = domain::kMicrosPerSecond;
constexpr std::int64_t kHour = 3'600 * kSecond;

// A clock that is read once a second, as the server's is.
struct Watched {
  Machine machine;
  LedgerClock clock{machine.reader()};

  Timestamp after(std::int64_t seconds) {
    auto at = clock.now();
    for (; seconds > 0; --seconds) {
      machine.pass_seconds(1);
      at = clock.now();
    }
    return at;
  }
  [[nodiscard]] std::int64_t lead_seconds() const { return clock.state().lead_micros / kSecond; }
};

struct LedgerTimeTest : ::testing::Test, Watched {};

TEST_F(LedgerTimeTest, FollowsAWallClockThatNobodySets) {
  EXPECT_EQ(clock.now(), machine.wall());
  after(100'000);
  EXPECT_EQ(clock.now(), machine.wall());
  auto const state = clock.state();
  EXPECT_EQ(state.lead_micros, 0);
  EXPECT_TRUE(state.following);
  EXPECT_EQ(state.wall_jumps, 0u);
  EXPECT_EQ(state.wall, machine.wall());
  EXPECT_EQ(state.ledger, machine.wall());
}

TEST_F(LedgerTimeTest, ASmallStepForwardIsFollowedAtOnce) {
  machine.set_wall_by(60);
  EXPECT_EQ(clock.now(), machine.wall());
  EXPECT_EQ(clock.state().wall_jumps, 1u);
  EXPECT_EQ(clock.state().last_jump_micros, 60 * kSecond);
}

TEST_F(LedgerTimeTest, OfManySmallStepsNoMoreIsFollowedThanATenth) {
  auto const begin = clock.now();
  for (int minute = 0; minute < 60; ++minute) {
    machine.set_wall_by(20);
    after(60);
  }
  EXPECT_LE(clock.now().micros() - begin.micros(), kHour * 11 / 10 + 60 * kSecond);
  EXPECT_FALSE(clock.state().following) << "twenty minutes in an hour: nobody's correction";
  EXPECT_EQ(clock.state().wall_jumps, 60u);
}

TEST_F(LedgerTimeTest, AWallClockFarAheadIsNotFollowedUntilItComesBack) {
  auto const begin = clock.now();
  machine.set_wall_by(7'200);
  EXPECT_EQ(after(3'600), begin + kHour) << "hours are hours";
  EXPECT_FALSE(clock.state().following);
  EXPECT_EQ(lead_seconds(), -7'200);
  machine.set_wall_by(-7'200);
  after(1);
  EXPECT_EQ(clock.now(), machine.wall());
  EXPECT_TRUE(clock.state().following);
  EXPECT_EQ(lead_seconds(), 0);
  EXPECT_EQ(clock.state().wall_jumps, 2u);
}

TEST_F(LedgerTimeTest, OneSecondMoreThanAMinuteIsNotFollowed) {
  auto const begin = clock.now();
  machine.set_wall_by(61);
  EXPECT_EQ(clock.now(), begin);
  EXPECT_FALSE(clock.state().following);
}

TEST_F(LedgerTimeTest, WhatAnOperatorConfirmsIsFollowedOnce) {
  machine.set_wall_by(7'200);
  after(10);
  EXPECT_EQ(clock.confirm(), 7'200 * kSecond);
  EXPECT_EQ(clock.now(), machine.wall());
  EXPECT_TRUE(clock.state().following);
  EXPECT_EQ(clock.confirm(), 0);
  machine.set_wall_by(-7'200);
  EXPECT_EQ(clock.confirm(), 0) << "back it does not go";
  EXPECT_EQ(lead_seconds(), 7'200);
}

TEST_F(LedgerTimeTest, TwoHoursOfLeadAreWorkedOffInTwentyAndNoWaitStands) {
  machine.set_wall_by(-7'200);
  auto const begin = clock.now();
  EXPECT_EQ(after(600), begin + 540 * kSecond) << "a wait of nine minutes takes ten";
  EXPECT_EQ(lead_seconds(), 7'140);
  EXPECT_TRUE(clock.state().following);
  after(71'999 - 600);
  EXPECT_GT(clock.state().lead_micros, 0);
  after(1);
  EXPECT_EQ(clock.now(), machine.wall());
  after(100);
  EXPECT_EQ(clock.now(), machine.wall());
}

TEST_F(LedgerTimeTest, WhatTheLogHoldsIsALeadToo) {
  auto const held = clock.now() + 2 * kHour;
  clock.not_before(held);
  EXPECT_EQ(clock.now(), held);
  EXPECT_EQ(after(100), held + 90 * kSecond);
  clock.not_before(held);  // long past
  EXPECT_EQ(clock.now(), held + 90 * kSecond);
}

// A machine's hour of sleep is an hour, for it and for who waits.
TEST_F(LedgerTimeTest, NothingIsLostBetweenTwoReadingsFarApart) {
  machine.pass(kHour);
  EXPECT_EQ(clock.now(), machine.wall());
  machine.set_wall_by(-600);
  auto const begin = clock.now();
  machine.pass(100 * kSecond);
  EXPECT_EQ(clock.now(), begin + 90 * kSecond);
  machine.pass(10'000 * kSecond);
  EXPECT_EQ(clock.now(), machine.wall()) << "it meets the wall clock and does not fall behind";
}

TEST_F(LedgerTimeTest, ReadEveryMicrosecondItWorksOffATenthAllTheSame) {
  machine.set_wall_by(-1);
  auto const begin = clock.now();
  for (int i = 0; i < 1'000'000; ++i) {
    machine.pass(1);
    (void)clock.now();
  }
  EXPECT_EQ(clock.now().micros() - begin.micros(), 900'000);
}

TEST(LedgerTime, ImpossibleReadingsAreAsTheNearestPossibleOnes) {
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  for (auto const first : {kLeast, std::int64_t{0}, kMost}) {
    for (auto const second : {kLeast, std::int64_t{0}, kMost}) {
      LedgerTime time({Timestamp::from_micros(first), second});
      auto before = time.state().ledger;
      for (auto const third : {kMost, kLeast, std::int64_t{0}, kMost}) {
        auto const now = time.advance({Timestamp::from_micros(third), third});
        EXPECT_GE(now, before);
        before = now;
        time.not_before(Timestamp::from_micros(third));
        before = time.advance({Timestamp::from_micros(third), third});
        EXPECT_GE(before, now);
        EXPECT_GE(time.confirm({Timestamp::from_micros(third), third}), 0);
        before = time.state().ledger;
      }
    }
  }
}

// Anything that can happen to the two clocks between two readings.
struct Turn {
  std::int64_t passed = 0;  // µs
  std::int64_t set_by = 0;  // µs: what somebody did to the wall clock
};

rc::Gen<std::int64_t> spans() {
  return rc::gen::weightedOneOf<std::int64_t>({{3, rc::gen::inRange<std::int64_t>(0, 30)},
                                               {3, rc::gen::inRange<std::int64_t>(0, 2 * kSecond)},
                                               {2, rc::gen::inRange<std::int64_t>(0, 120 * kSecond)},
                                               {1, rc::gen::inRange<std::int64_t>(0, 30 * kHour)}});
}

rc::Gen<Turn> turns() {
  return rc::gen::mapcat(rc::gen::weightedElement<bool>({{1, true}, {3, false}}), [](bool set) {
    return rc::gen::build<Turn>(
        rc::gen::set(&Turn::passed, spans()),
        rc::gen::set(&Turn::set_by, set ? rc::gen::mapcat(rc::gen::arbitrary<bool>(),
                                                          [](bool back) {
                                                            return rc::gen::map(spans(), [back](std::int64_t span) {
                                                              return back ? -span : span;
                                                            });
                                                          })
                                        : rc::gen::just<std::int64_t>(0)));
  });
}

RC_GTEST_PROP(LedgerTimeProperty, BetweenAnyTwoReadingsItKeepsToTheLaw, ()) {
  auto const history = *rc::gen::container<std::vector<Turn>>(turns());
  auto wall = std::int64_t{1'800'000'000} * kSecond;
  auto steady = 5 * kSecond;
  LedgerTime time({Timestamp::from_micros(wall), steady});
  struct Seen {
    std::int64_t steady;
    std::int64_t ledger;
  };
  std::vector<Seen> seen{{steady, wall}};
  std::uint64_t jumps = 0;
  for (auto const& turn : history) {
    steady += turn.passed;
    wall = std::max<std::int64_t>(0, wall + turn.passed + turn.set_by);
    jumps += turn.set_by >= kSecond || turn.set_by <= -kSecond ? 1 : 0;
    auto const ledger = time.advance({Timestamp::from_micros(wall), steady}).micros();
    auto const state = time.state();
    RC_ASSERT(state.ledger.micros() == ledger && state.wall.micros() == wall);
    RC_ASSERT(state.wall_jumps == jumps);
    // A µs for what is shown in whole ones.
    for (auto const& earlier : seen) {
      auto const passed = steady - earlier.steady;
      auto const went = ledger - earlier.ledger;
      RC_ASSERT(went * 10 >= passed * 9 - 10);
      RC_ASSERT(went * 10 <= passed * 11 + LedgerTime::kFollowMicros * 10 + 10);
      RC_ASSERT(went >= 0);
    }
    // Ahead of the wall clock it is for a reason: it went on at nine tenths, and not faster.
    auto const& last = seen.back();
    if (ledger > wall + 1) RC_ASSERT((ledger - last.ledger) * 10 <= (steady - last.steady) * 9 + 10);
    // Not followed is only what is more than a minute ahead.
    RC_ASSERT(state.following || wall - ledger > LedgerTime::kFollowMicros - 1);
    seen.push_back({steady, ledger});
  }
}

// Whatever happened before: left alone, or confirmed, it comes to the wall clock and stays there.
RC_GTEST_PROP(LedgerTimeProperty, ComesToTheWallClockAndStaysThere, ()) {
  auto const history = *rc::gen::container<std::vector<Turn>>(turns());
  auto wall = std::int64_t{1'800'000'000} * kSecond;
  auto steady = std::int64_t{0};
  LedgerTime time({Timestamp::from_micros(wall), steady});
  for (auto const& turn : history) {
    steady += turn.passed;
    wall = std::max<std::int64_t>(0, wall + turn.passed + turn.set_by);
    (void)time.advance({Timestamp::from_micros(wall), steady});
  }
  if (!time.state().following) (void)time.confirm({Timestamp::from_micros(wall), steady});
  auto const lead = time.state().lead_micros;
  auto const until = std::max<std::int64_t>(lead * 10 + 10, LedgerTime::kFollowMicros * 10);
  auto const step = *rc::gen::inRange<std::int64_t>(1, 2 * kHour);
  for (std::int64_t waited = 0; waited < until; waited += std::max(step, until / 100)) {
    steady += std::max(step, until / 100);
    wall += std::max(step, until / 100);
    (void)time.advance({Timestamp::from_micros(wall), steady});
  }
  RC_ASSERT(time.state().lead_micros == 0 && time.state().following);
  steady += kHour;
  wall += kHour;
  RC_ASSERT(time.advance({Timestamp::from_micros(wall), steady}).micros() == wall);
}

// The clocks are read under the lock: were they read before it, a thread that is held up would come with an old
// reading.
TEST(LedgerClock, ManyThreadsSeeOneTimeThatNeverGoesBack) {
  Machine machine;
  LedgerClock const clock(machine.reader());
  std::atomic<std::int64_t> latest = 0;
  std::atomic<bool> went_back = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      for (int j = 0; j < 20'000; ++j) {
        machine.pass(7);
        if (j % 1'000 == 0) machine.set_wall_by(j % 2'000 == 0 ? 30 : -30);
        auto const floor = latest.load();
        auto const now = clock.now().micros();
        if (now < floor) went_back = true;
        for (auto seen = latest.load(); seen < now && !latest.compare_exchange_weak(seen, now);) {
        }
      }
    });
  }
  for (auto& reader : readers) reader.join();
  EXPECT_FALSE(went_back);
}

TEST(LedgerClock, TheMachinesHandsGoOnTogether) {
  auto const first = machine().clocks();
  LedgerClock const clock;
  auto const now = clock.now();
  auto const second = clock.read();
  EXPECT_GE(now, first.wall);
  EXPECT_LE(now, second.wall);
  EXPECT_GE(second.steady, first.steady);
  EXPECT_GT(first.steady, 0);
  EXPECT_EQ(clock.state().wall_jumps, 0u);
}

// The sandbox's, on top of it.
TEST(AdjustableLedgerClock, BothHandsArePutForwardAndTheMachinesJumpsAreNot) {
  Machine machine;
  test_support::TempFolder const folder;
  auto opened = AdjustableClock::open(folder.path() / "clock", machine.reader());
  ASSERT_TRUE(opened);
  auto& clock = *opened.value();
  auto const begin = clock.read();
  ASSERT_TRUE(clock.advance(600).value());
  EXPECT_EQ(clock.read().steady, begin.steady + 600 * kSecond);
  EXPECT_EQ(clock.read().wall, begin.wall + 600 * kSecond);
  EXPECT_EQ(clock.now(), begin.wall + 600 * kSecond);
  EXPECT_EQ(clock.state().lead_micros, 0) << "what the operator put forward is no lead";
  EXPECT_EQ(clock.state().wall, machine.wall());
  machine.set_wall_by(7'200);
  EXPECT_EQ(clock.now(), begin.wall + 600 * kSecond);
  EXPECT_FALSE(clock.state().following);
  EXPECT_EQ(clock.confirm(), 7'200 * kSecond);
  EXPECT_EQ(clock.now(), begin.wall + (600 + 7'200) * kSecond);
  clock.not_before(clock.now() + kHour);
  EXPECT_EQ(clock.state().lead_micros, kHour);
}

}  // namespace
}  // namespace florin::eventstore
