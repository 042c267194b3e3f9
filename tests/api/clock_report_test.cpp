#include "api/clock_report.h"

#include <vector>

#include <gtest/gtest.h>

#include "tests/support/two_hands_clock.h"

namespace florin::api {
namespace {

struct Reported : ::testing::Test {
  test_support::Machine machine;
  eventstore::LedgerClock clock{machine.reader()};
  ClockWatch watch{"sandbox"};

  // Every line of so many looks, a second apart.
  std::vector<std::string> lines(int looks) {
    std::vector<std::string> out;
    for (; looks > 0; --looks) {
      if (auto line = watch.next(clock.state()); !line.text.empty()) {
        out.push_back((line.warning ? "warning " : "info ") + line.text);
      }
      machine.pass_seconds(1);
    }
    return out;
  }
};

using Lines = std::vector<std::string>;

TEST_F(Reported, AClockThatNobodySetsSaysNothing) { EXPECT_EQ(lines(1'000), Lines{}); }

TEST_F(Reported, ASmallStepIsOneLine) {
  machine.set_wall_by(30);
  EXPECT_EQ(lines(100),
            Lines{"info sandbox: the wall clock was set by 30 s: the ledger's time follows the wall clock"});
}

TEST_F(Reported, AWallClockThatIsNotFollowedIsOneLineThatSaysWhatToDo) {
  machine.set_wall_by(7'200);
  EXPECT_EQ(
      lines(1'000),
      Lines{"warning sandbox: the wall clock was set by 7200 s: the wall clock is 7200 s ahead of the ledger's time "
            "and is not followed. Check this machine's clock; if it is right, say so: florin clock confirm "
            "--sandbox"});
  (void)clock.confirm();
  EXPECT_EQ(lines(1'000), Lines{"info sandbox: the ledger's time follows the wall clock again"});
}

TEST_F(Reported, ALeadIsOneLineWhenItBeginsAndOneWhenItEnds) {
  machine.set_wall_by(-100);
  EXPECT_EQ(
      lines(500),
      Lines{"warning sandbox: the wall clock was set by -100 s: the ledger's time is 100 s ahead of the wall clock, "
            "which was set back or was ahead when the log was written; it goes on at nine tenths of the speed of "
            "time until they meet"});
  EXPECT_EQ(lines(1'000), Lines{"info sandbox: the ledger's time follows the wall clock again"});
  EXPECT_TRUE(clock_trouble(clock.state(), "production").empty());
}

TEST_F(Reported, ALeadFromBeforeTheStartIsSaid) {
  clock.not_before(clock.now() + 100 * domain::kMicrosPerSecond);
  auto const found = lines(10);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].starts_with("warning sandbox: the ledger's time is 100 s ahead")) << found[0];
}

}  // namespace
}  // namespace florin::api
