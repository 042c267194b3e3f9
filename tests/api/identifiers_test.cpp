#include "api/routes/identifiers.h"

#include <gtest/gtest.h>

namespace florin::api {
namespace {

TEST(RequestId, Is1To255CharactersAndNotTheNetworksOwn) {
  EXPECT_EQ(check_request_id("a"), RequestIdProblem::none);
  EXPECT_EQ(check_request_id(std::string(255, 'x')), RequestIdProblem::none);
  EXPECT_EQ(check_request_id(std::string(256, 'x')), RequestIdProblem::missing_or_long);
  EXPECT_EQ(check_request_id(""), RequestIdProblem::missing_or_long);
  EXPECT_EQ(check_request_id("sub_1"), RequestIdProblem::reserved);
  EXPECT_EQ(check_request_id("SUB_1"), RequestIdProblem::none);
  std::string letters;
  for (int i = 0; i < 255; ++i) letters += "é";
  EXPECT_EQ(check_request_id(letters), RequestIdProblem::none) << "characters, not bytes";
}

}  // namespace
}  // namespace florin::api
