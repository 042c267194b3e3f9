#include "eventstore/runtime/clock.h"

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <limits>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/eventstore/temporary_folder.h"

namespace florin::eventstore {
namespace {

constexpr std::int64_t kDay = 86'400;

std::unique_ptr<AdjustableClock> opened(std::filesystem::path const& path) {
  auto clock = AdjustableClock::open(path);
  EXPECT_TRUE(clock) << (clock ? "" : clock.error().what);
  return std::move(clock).value();
}

// The clock is the system's put forward by exactly this much.
void expect_ahead(Clock const& clock, std::int64_t seconds) {
  auto const before = SystemClock().now() + seconds * domain::kMicrosPerSecond;
  auto const now = clock.now();
  auto const after = SystemClock().now() + seconds * domain::kMicrosPerSecond;
  EXPECT_LE(before, now);
  EXPECT_LE(now, after);
}

void replace(std::filesystem::path const& path, std::string const& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

std::string content(std::filesystem::path const& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

TEST(AdjustableClock, IsTheSystemsUntilItIsAdvanced) {
  TemporaryFolder const folder;
  auto const clock = opened(folder / "clock");
  expect_ahead(*clock, 0);
  EXPECT_EQ(clock->offset_seconds(), 0);
  EXPECT_FALSE(std::filesystem::exists(folder / "clock"));
}

TEST(AdjustableClock, GoesForwardAndAnswersWithTheNewTime) {
  TemporaryFolder const folder;
  auto const clock = opened(folder / "clock");
  auto const before = SystemClock().now();
  auto const at = clock->advance(600);
  ASSERT_TRUE(at && at.value());
  EXPECT_GE(*at.value(), before + 600 * domain::kMicrosPerSecond);
  EXPECT_LE(*at.value(), clock->now());
  ASSERT_TRUE(clock->advance(kDay).value());
  EXPECT_EQ(clock->offset_seconds(), 600 + kDay);
  expect_ahead(*clock, 600 + kDay);
}

TEST(AdjustableClock, IsStillAheadAfterReopening) {
  TemporaryFolder const folder;
  auto clock = opened(folder / "clock");
  ASSERT_TRUE(clock->advance(kDay).value());
  clock.reset();
  clock = opened(folder / "clock");
  expect_ahead(*clock, kDay);
  ASSERT_TRUE(clock->advance(1).value());
  expect_ahead(*opened(folder / "clock"), kDay + 1);
}

TEST(AdjustableClock, NeverGoesBackNorBeyondTenYearsInAll) {
  TemporaryFolder const folder;
  auto const clock = opened(folder / "clock");
  constexpr auto kMax = AdjustableClock::kAdvanceSecondsMax;
  for (std::int64_t const seconds : {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min(),
                                     kMax + 1, std::numeric_limits<std::int64_t>::max()}) {
    auto const at = clock->advance(seconds);
    ASSERT_TRUE(at);
    EXPECT_EQ(at.value(), std::nullopt) << seconds;
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "clock"));
  ASSERT_TRUE(clock->advance(kMax - 1).value());
  EXPECT_EQ(clock->advance(2).value(), std::nullopt);
  ASSERT_TRUE(clock->advance(1).value());
  EXPECT_EQ(clock->advance(1).value(), std::nullopt);
  expect_ahead(*opened(folder / "clock"), kMax);
}

// If this changes, a sandbox that was put forward no longer starts.
TEST(AdjustableClock, TheFileIsTheOneOfTheFormatPage) {
  TemporaryFolder const folder;
  ASSERT_TRUE(opened(folder / "clock")->advance(90'000).value());
  EXPECT_EQ(content(folder / "clock"),
            "florin clock v1\nadvanced 90000\n"
            "4904cee4136d08eaf7f479c793214f71bf2394fcc270942290138d827c0c6800\n");
}

TEST(AdjustableClock, AFileThatIsNotWhatWasWrittenIsCorrupt) {
  TemporaryFolder const folder;
  auto const path = folder / "clock";
  ASSERT_TRUE(opened(path)->advance(90'000).value());
  auto const whole = content(path);
  std::string const version = "florin clock v";
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (char const flip : {'\x01', '\x20', '\x7f'}) {
      auto changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      replace(path, changed);
      auto const clock = AdjustableClock::open(path);
      ASSERT_FALSE(clock) << i;
      auto const newer = i == version.size() || i == version.size() + 1;  // the version and the end of its line
      EXPECT_EQ(clock.error().kind, newer ? Fault::Kind::unknown : Fault::Kind::corrupt) << i;
    }
    replace(path, whole.substr(0, i));
    auto const cut = AdjustableClock::open(path);
    ASSERT_FALSE(cut) << i;
    EXPECT_EQ(cut.error().kind, Fault::Kind::corrupt) << i;
  }
  for (auto const& text : {std::string(), whole + "\n", std::string(100'000, ' '), std::string("3600\n")}) {
    replace(path, text);
    auto const clock = AdjustableClock::open(path);
    ASSERT_FALSE(clock);
    EXPECT_EQ(clock.error().kind, Fault::Kind::corrupt);
  }
  replace(path, "florin clock v2\n");
  EXPECT_EQ(AdjustableClock::open(path).error().kind, Fault::Kind::unknown);
}

TEST(AdjustableClock, StaysWhereItWasWhenTheFileCannotBeWritten) {
  TemporaryFolder const folder;
  auto const clock = opened(folder.path() / "gone" / "clock");
  bool told = false;
  clock->on_advance([&] { told = true; });
  EXPECT_FALSE(clock->advance(60));
  expect_ahead(*clock, 0);
  EXPECT_FALSE(told);
  std::filesystem::create_directory(folder / "gone");
  EXPECT_TRUE(clock->advance(60).value());
  expect_ahead(*clock, 60);
  EXPECT_TRUE(told);
}

TEST(AdjustableClock, TellsOfAJumpOnceItIsDurableAndInEffect) {
  TemporaryFolder const folder;
  auto const clock = opened(folder / "clock");
  std::vector<std::int64_t> seen;
  clock->on_advance([&] {
    expect_ahead(*clock, 60);
    seen.push_back(opened(folder / "clock")->offset_seconds());
  });
  ASSERT_TRUE(clock->advance(60).value());
  EXPECT_EQ(clock->advance(0).value(), std::nullopt);
  EXPECT_EQ(seen, std::vector<std::int64_t>{60});
  clock->on_advance({});
  ASSERT_TRUE(clock->advance(60).value());
  EXPECT_EQ(seen.size(), 1u);
}

TEST(AdjustableClock, WakesAThreadThatSleepsUntilATime) {
  TemporaryFolder const folder;
  auto const clock = opened(folder / "clock");
  auto const due = clock->now() + kDay * domain::kMicrosPerSecond;
  std::mutex mutex;
  std::condition_variable jumped;
  clock->on_advance([&] {
    std::lock_guard const lock(mutex);
    jumped.notify_all();
  });
  std::thread timer([&] {
    std::unique_lock lock(mutex);
    jumped.wait(lock, [&] { return clock->now() >= due; });
  });
  ASSERT_TRUE(clock->advance(kDay + 1).value());
  timer.join();
}

TEST(AdjustableClock, ManyThreadsAdvanceAndReadWithoutLosingASecond) {
  TemporaryFolder const folder;
  auto const clock = opened(folder / "clock");
  std::atomic<bool> wrong{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        auto const before = clock->offset_seconds();
        auto const at = clock->advance(1);
        if (!at || !at.value() || clock->offset_seconds() <= before) wrong = true;
      }
    });
  }
  threads.emplace_back([&] {
    for (int round = 0; round < 100; ++round)
      clock->on_advance(round % 2 == 0 ? std::function<void()>([] {}) : nullptr);
  });
  for (auto& thread : threads) thread.join();
  EXPECT_FALSE(wrong);
  EXPECT_EQ(opened(folder / "clock")->offset_seconds(), 60);
}

}  // namespace
}  // namespace florin::eventstore
