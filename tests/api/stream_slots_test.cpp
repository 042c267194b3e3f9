#include "api/stream_slots.h"

#include <vector>

#include <gtest/gtest.h>

namespace florin::api {
namespace {

using domain::GameId;

TEST(StreamSlots, AGameHasTwoAndGetsThemBack) {
  StreamSlots slots;
  auto const first = slots.take(GameId(1));
  ASSERT_TRUE(first);
  {
    auto const second = slots.take(GameId(1));
    ASSERT_TRUE(second);
    auto const third = slots.take(GameId(1));
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error(), StreamSlots::Full::game);
    EXPECT_TRUE(slots.take(GameId(2)));
  }
  EXPECT_TRUE(slots.take(GameId(1)));
}

TEST(StreamSlots, AllGamesTogetherHaveEight) {
  StreamSlots slots;
  std::vector<StreamSlots::Ticket> held;
  for (std::uint64_t game = 1; game <= 4; ++game) {
    for (int i = 0; i < 2; ++i) held.push_back(std::move(slots.take(GameId(game))).value());
  }
  auto const own = slots.take(GameId(1));
  ASSERT_FALSE(own);
  EXPECT_EQ(own.error(), StreamSlots::Full::game);
  auto const other = slots.take(GameId(9));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error(), StreamSlots::Full::environment);
  held.pop_back();
  EXPECT_TRUE(slots.take(GameId(9)));
}

}  // namespace
}  // namespace florin::api
