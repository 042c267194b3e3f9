#include "api/routes/card_tries.h"

#include <gtest/gtest.h>

namespace florin::api {
namespace {

using domain::Position;

TEST(CardTries, RefusedOnesAreCountedBySession) {
  CardTries tries;
  for (auto const session : {Position(7), Position(7), Position(8)}) {
    EXPECT_TRUE(tries.begin(session, 2));
    tries.refuse(session);
  }
  EXPECT_EQ(tries.refused(Position(7)), 2u);
  EXPECT_EQ(tries.refused(Position(8)), 1u);
  EXPECT_EQ(tries.refused(Position(9)), 0u);
  EXPECT_FALSE(tries.begin(Position(7), 2));
  EXPECT_TRUE(tries.begin(Position(8), 2));
}

TEST(CardTries, ThoseUnderWayTakeAPlaceUntilTheyAreTaken) {
  CardTries tries;
  EXPECT_TRUE(tries.begin(Position(7), 2));
  EXPECT_TRUE(tries.begin(Position(7), 2));
  EXPECT_FALSE(tries.begin(Position(7), 2));
  EXPECT_EQ(tries.refused(Position(7)), 0u);
  tries.take_back(Position(7));
  EXPECT_TRUE(tries.begin(Position(7), 2));
  tries.refuse(Position(7));
  tries.refuse(Position(7));
  EXPECT_FALSE(tries.begin(Position(7), 2));
  EXPECT_FALSE(tries.begin(Position(8), 0));
}

TEST(CardTries, AreBoundedAndForgetTheOldestSession) {
  CardTries tries;
  for (std::uint64_t i = 1; i <= CardTries::kSessionsMax + 1; ++i) {
    ASSERT_TRUE(tries.begin(Position(i), 1));
    tries.refuse(Position(i));
  }
  EXPECT_EQ(tries.refused(Position(1)), 0u);
  EXPECT_EQ(tries.refused(Position(2)), 1u);
  EXPECT_EQ(tries.refused(Position(CardTries::kSessionsMax + 1)), 1u);
}

}  // namespace
}  // namespace florin::api
