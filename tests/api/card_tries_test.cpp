#include "api/routes/card_tries.h"

#include <gtest/gtest.h>

namespace florin::api {
namespace {

using domain::SessionId;

TEST(CardTries, RefusedOnesAreCountedBySession) {
  CardTries tries;
  for (auto const session : {SessionId(7), SessionId(7), SessionId(8)}) {
    EXPECT_TRUE(tries.begin(session, 2));
    tries.refuse(session);
  }
  EXPECT_EQ(tries.refused(SessionId(7)), 2u);
  EXPECT_EQ(tries.refused(SessionId(8)), 1u);
  EXPECT_EQ(tries.refused(SessionId(9)), 0u);
  EXPECT_FALSE(tries.begin(SessionId(7), 2));
  EXPECT_TRUE(tries.begin(SessionId(8), 2));
}

TEST(CardTries, ThoseUnderWayTakeAPlaceUntilTheyAreTaken) {
  CardTries tries;
  EXPECT_TRUE(tries.begin(SessionId(7), 2));
  EXPECT_TRUE(tries.begin(SessionId(7), 2));
  EXPECT_FALSE(tries.begin(SessionId(7), 2));
  EXPECT_EQ(tries.refused(SessionId(7)), 0u);
  tries.take_back(SessionId(7));
  EXPECT_TRUE(tries.begin(SessionId(7), 2));
  tries.refuse(SessionId(7));
  tries.refuse(SessionId(7));
  EXPECT_FALSE(tries.begin(SessionId(7), 2));
  EXPECT_FALSE(tries.begin(SessionId(8), 0));
}

TEST(CardTries, AreBoundedAndForgetTheOldestSession) {
  CardTries tries;
  for (std::uint64_t i = 1; i <= CardTries::kSessionsMax + 1; ++i) {
    ASSERT_TRUE(tries.begin(SessionId(i), 1));
    tries.refuse(SessionId(i));
  }
  EXPECT_EQ(tries.refused(SessionId(1)), 0u);
  EXPECT_EQ(tries.refused(SessionId(2)), 1u);
  EXPECT_EQ(tries.refused(SessionId(CardTries::kSessionsMax + 1)), 1u);
}

}  // namespace
}  // namespace florin::api
