// The jobs of the simulator: whatever a job dies of, its seed is known, and the others end.
#include "tests/simulation/jobs.h"

#include <cstdlib>

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

namespace florin::simulation {
namespace {

// Job 0 is at seed 7 and does `act`; the others are at theirs until they are ended.
JobResults run_beside_others(std::function<void(Job&)> const& act) {
  return run_jobs(3, [&](Job& job) {
    job.begin(7 + job.number());
    if (job.number() == 0) act(job);
    for (;;) ::pause();
  });
}

TEST(Jobs, GiveTheResultsOfAll) {
  std::string const long_text(200'000, 'x');  // more than a pipe holds
  auto const found = run_jobs(3, [&](Job& job) {
    job.begin(1);
    job.succeed(std::to_string(job.finish() > 0) + long_text);
  });
  ASSERT_FALSE(found.failure);
  EXPECT_EQ(found.results, std::vector<std::string>(3, "1" + long_text));
}

TEST(Jobs, TheFirstThatFailsEndsTheOthers) {
  auto const found = run_beside_others([](Job& job) { job.fail("seed 7 failed"); });
  ASSERT_TRUE(found.failure);
  EXPECT_EQ(found.failure->seed, 7u);
  EXPECT_EQ(found.failure->report, "seed 7 failed");
  EXPECT_TRUE(found.results.empty());
}

TEST(Jobs, ASignalNamesTheSeed) {
  auto const found = run_beside_others([](Job&) { ::raise(SIGKILL); });
  ASSERT_TRUE(found.failure);
  EXPECT_EQ(found.failure->seed, 7u);
  EXPECT_TRUE(found.failure->report.empty());
  EXPECT_EQ(found.failure->end, "ended by signal 9");
}

TEST(Jobs, AProcessThatExitsByItselfNamesTheSeed) {
  for (int const status : {0, 3}) {
    auto const found = run_beside_others([status](Job&) { std::_Exit(status); });
    ASSERT_TRUE(found.failure);
    EXPECT_EQ(found.failure->seed, 7u);
    EXPECT_EQ(found.failure->end, "ended with status " + std::to_string(status));
  }
}

}  // namespace
}  // namespace florin::simulation
