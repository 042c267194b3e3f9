#include "sagas/gateways/circuit_breaker.h"

#include <algorithm>
#include <limits>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace florin::sagas {
namespace {

using State = CircuitBreaker::State;

constexpr std::int64_t kSecond = domain::kMicrosPerSecond;

BreakerPolicy policy() {
  BreakerPolicy policy;
  policy.consecutive_failures = 3;
  policy.window_calls = 10;
  policy.window_failure_percent = 50;
  policy.open_micros = 4 * kSecond;
  policy.open_cap_micros = 16 * kSecond;
  policy.probe_micros = 30 * kSecond;
  return policy;
}

// The random bits that shorten nothing: random % (half + 1) == half.
std::uint64_t longest(std::int64_t micros) { return static_cast<std::uint64_t>(micros / 2); }

struct Breaker : testing::Test {
  CircuitBreaker breaker{policy()};
  std::int64_t now = 1'000 * kSecond;

  CircuitBreaker::Permit acquire() {
    auto const permit = breaker.try_acquire(now);
    EXPECT_TRUE(permit.has_value());
    return permit.value_or(CircuitBreaker::Permit{~std::uint64_t{0}});
  }
  void fail(std::uint64_t random = 0) { breaker.failed(acquire(), now, random); }
  void succeed() { breaker.succeeded(acquire()); }
  void open(std::uint64_t random = longest(4 * kSecond)) {
    for (unsigned i = 0; i < policy().consecutive_failures; ++i) fail(random);
    ASSERT_EQ(breaker.state(), State::open);
  }
  void pass(std::int64_t micros) { now = now + micros; }
};

TEST_F(Breaker, StartsClosedAndLetsAnyNumberThrough) {
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(breaker.try_acquire(now));
  EXPECT_EQ(breaker.state(), State::closed);
  EXPECT_TRUE(breaker.available(now));
  EXPECT_EQ(breaker.wait_micros(now), 0);
}

TEST_F(Breaker, OpensAtTheLastOfTheFailuresInARow) {
  fail();
  fail();
  EXPECT_EQ(breaker.state(), State::closed);
  EXPECT_TRUE(breaker.available(now));
  fail();
  EXPECT_EQ(breaker.state(), State::open);
  EXPECT_FALSE(breaker.available(now));
  EXPECT_FALSE(breaker.try_acquire(now));
}

TEST_F(Breaker, ASuccessInBetweenStartsTheRowAgain) {
  for (int i = 0; i < 2; ++i) {
    fail();
    fail();
    succeed();
  }
  fail();
  fail();
  EXPECT_EQ(breaker.state(), State::closed);
}

TEST_F(Breaker, OpensWhenTooManyOfTheLastFailedThoughNeverInARow) {
  for (int i = 0; i < 4; ++i) {
    fail();
    succeed();
  }
  succeed();
  EXPECT_EQ(breaker.state(), State::closed);  // 4 of 9
  fail();                                     // 5 of 10
  EXPECT_EQ(breaker.state(), State::open);
}

TEST_F(Breaker, TheWindowIsNotJudgedBeforeItIsFull) {
  fail();
  succeed();
  fail();  // 2 of 3
  EXPECT_EQ(breaker.state(), State::closed);
}

TEST_F(Breaker, OldFailuresLeaveTheWindow) {
  for (int i = 0; i < 4; ++i) {
    fail();
    succeed();
  }
  for (int i = 0; i < 8; ++i) succeed();
  for (int i = 0; i < 3; ++i) {
    fail();
    succeed();
    succeed();
  }
  EXPECT_EQ(breaker.state(), State::closed);
}

TEST_F(Breaker, AWindowOfTheWholeWordWorks) {
  BreakerPolicy wide = policy();
  wide.window_calls = 64;
  wide.consecutive_failures = 1000;
  CircuitBreaker wide_breaker(wide);
  for (int i = 0; i < 63; ++i) {
    auto const permit = wide_breaker.try_acquire(now).value();
    if (i % 2 == 0) {
      wide_breaker.failed(permit, now, 0);
    } else {
      wide_breaker.succeeded(permit);
    }
  }
  EXPECT_EQ(wide_breaker.state(), State::closed);  // 32 of 63
  wide_breaker.succeeded(wide_breaker.try_acquire(now).value());
  EXPECT_EQ(wide_breaker.state(), State::closed);  // successes do not open it
  wide_breaker.failed(wide_breaker.try_acquire(now).value(), now, 0);
  EXPECT_EQ(wide_breaker.state(), State::open);  // 32 of 64
}

TEST_F(Breaker, OnceItsTimeIsOverOneProbeAtATimeIsLetThrough) {
  open();
  pass(4 * kSecond - 1);
  EXPECT_FALSE(breaker.available(now));
  EXPECT_EQ(breaker.wait_micros(now), 1);
  EXPECT_FALSE(breaker.try_acquire(now));
  pass(1);
  EXPECT_TRUE(breaker.available(now));
  auto const probe = acquire();
  EXPECT_EQ(breaker.state(), State::half_open);
  EXPECT_FALSE(breaker.available(now));
  EXPECT_FALSE(breaker.try_acquire(now));
  breaker.succeeded(probe);
  EXPECT_EQ(breaker.state(), State::closed);
  EXPECT_TRUE(breaker.available(now));
}

TEST_F(Breaker, AFailedProbeOpensItForTwiceAsLongUpToTheCap) {
  open();
  std::int64_t time = 4 * kSecond;
  for (int i = 0; i < 5; ++i) {
    pass(time);
    time = std::min(time * 2, 16 * kSecond);
    auto const probe = acquire();
    breaker.failed(probe, now, longest(time));
    EXPECT_EQ(breaker.state(), State::open);
    EXPECT_EQ(breaker.wait_micros(now), time);
  }
  // A probe that succeeds starts all that again, with an empty window.
  pass(time);
  succeed();
  fail();
  fail();
  EXPECT_EQ(breaker.state(), State::closed);
  fail(longest(4 * kSecond));
  EXPECT_EQ(breaker.wait_micros(now), 4 * kSecond);
}

TEST_F(Breaker, TheOpenTimeIsShortenedByChanceToNoLessThanHalf) {
  std::mt19937_64 random(7);
  std::set<std::int64_t> times;
  for (int i = 0; i < 500; ++i) {
    CircuitBreaker one(policy());
    for (int j = 0; j < 3; ++j) one.failed(one.try_acquire(now).value(), now, random());
    times.insert(one.wait_micros(now));
  }
  EXPECT_GE(*times.begin(), 2 * kSecond);
  EXPECT_LE(*times.rbegin(), 4 * kSecond);
  EXPECT_LT(*times.begin(), 2 * kSecond + kSecond / 10);
  EXPECT_GT(*times.rbegin(), 4 * kSecond - kSecond / 10);
  EXPECT_GT(times.size(), 490u);
}

TEST_F(Breaker, AProbeThatIsNeverHeardOfAgainIsReplaced) {
  open();
  pass(4 * kSecond);
  auto const lost = acquire();
  pass(30 * kSecond - 1);
  EXPECT_FALSE(breaker.try_acquire(now));
  pass(1);
  auto const probe = acquire();
  breaker.succeeded(lost);  // too late: it says nothing about now
  EXPECT_EQ(breaker.state(), State::half_open);
  breaker.failed(lost, now, 0);
  EXPECT_EQ(breaker.state(), State::half_open);
  breaker.succeeded(probe);
  EXPECT_EQ(breaker.state(), State::closed);
}

TEST_F(Breaker, CallsFromBeforeItOpenedSayNothing) {
  auto const before = acquire();
  open();
  auto const wait = breaker.wait_micros(now);
  breaker.succeeded(before);
  EXPECT_EQ(breaker.state(), State::open);
  breaker.failed(before, now, 0);
  EXPECT_EQ(breaker.wait_micros(now), wait);
  pass(4 * kSecond);
  auto const probe = acquire();
  breaker.succeeded(before);
  EXPECT_EQ(breaker.state(), State::half_open);
  breaker.succeeded(probe);
  breaker.failed(before, now, 0);  // and after it closed no failure either
  fail();
  fail();
  EXPECT_EQ(breaker.state(), State::closed);
}

TEST(Backoff, DoublesUpToTheCapAndEnds) {
  BackoffPolicy const policy{1000, 5000, 6};
  EXPECT_EQ(backoff_micros(policy, 1, longest(1000)), 1000);
  EXPECT_EQ(backoff_micros(policy, 2, longest(2000)), 2000);
  EXPECT_EQ(backoff_micros(policy, 3, longest(4000)), 4000);
  EXPECT_EQ(backoff_micros(policy, 4, longest(5000)), 5000);
  EXPECT_EQ(backoff_micros(policy, 5, longest(5000)), 5000);
  EXPECT_EQ(backoff_micros(policy, 6, 0), std::nullopt);
  EXPECT_EQ(backoff_micros(policy, 1000, 0), std::nullopt);
}

TEST(Backoff, IsBetweenHalfAndAllOfItForAnyRandomBits) {
  std::mt19937_64 random(11);
  BackoffPolicy const policy;
  for (unsigned attempt = 1; attempt < policy.attempts; ++attempt) {
    std::int64_t const whole = std::min(policy.first_micros << (attempt - 1), policy.cap_micros);
    for (int i = 0; i < 1000; ++i) {
      auto const wait = backoff_micros(policy, attempt, random()).value();
      EXPECT_GE(wait, whole / 2);
      EXPECT_LE(wait, whole);
    }
    EXPECT_EQ(backoff_micros(policy, attempt, 0), whole - whole / 2);
  }
}

TEST(Backoff, LargeNumbersDoNotOverflow) {
  BackoffPolicy const policy{1, std::numeric_limits<std::int64_t>::max(), 1000};
  EXPECT_GT(backoff_micros(policy, 999, ~std::uint64_t{0}).value(), 0);
}

}  // namespace
}  // namespace florin::sagas
