#include "api/routes/hinted_questions.h"

#include <gtest/gtest.h>

namespace florin::api {
namespace {

using domain::Position;

TEST(HintedQuestions, EachQuestionIsHintedOnce) {
  HintedQuestions hinted;
  EXPECT_TRUE(hinted.take(Position(7)));
  EXPECT_TRUE(hinted.take(Position(8)));
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(hinted.take(Position(7)));
    EXPECT_FALSE(hinted.take(Position(8)));
  }
}

TEST(HintedQuestions, MemoryIsBoundedAndTheNewestAreKept) {
  HintedQuestions hinted;
  auto const all = HintedQuestions::kQuestionsMax + 10;
  for (std::size_t i = 1; i <= all; ++i) ASSERT_TRUE(hinted.take(Position(i)));
  for (auto i = all - HintedQuestions::kQuestionsMax + 1; i <= all; ++i) ASSERT_FALSE(hinted.take(Position(i))) << i;
  EXPECT_TRUE(hinted.take(Position(all + 1)));
}

}  // namespace
}  // namespace florin::api
