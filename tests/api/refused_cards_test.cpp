#include "api/routes/refused_cards.h"

#include <gtest/gtest.h>

namespace florin::api {
namespace {

using domain::Position;

TEST(RefusedCards, AreCountedBySession) {
  RefusedCards refused;
  EXPECT_EQ(refused.count(Position(7)), 0u);
  refused.add(Position(7));
  refused.add(Position(7));
  refused.add(Position(8));
  EXPECT_EQ(refused.count(Position(7)), 2u);
  EXPECT_EQ(refused.count(Position(8)), 1u);
}

TEST(RefusedCards, AreBoundedAndForgetTheOldestSession) {
  RefusedCards refused;
  for (std::uint64_t i = 1; i <= RefusedCards::kSessionsMax + 1; ++i) refused.add(Position(i));
  EXPECT_EQ(refused.count(Position(1)), 0u);
  EXPECT_EQ(refused.count(Position(2)), 1u);
  EXPECT_EQ(refused.count(Position(RefusedCards::kSessionsMax + 1)), 1u);
}

}  // namespace
}  // namespace florin::api
