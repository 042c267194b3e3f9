#include "api/routes/identifiers.h"

#include <gtest/gtest.h>

namespace florin::api {
namespace {

TEST(NormaliseEmail, TrimsAndLowersSoThatOnePersonIsOne) {
  EXPECT_EQ(normalise_email("  Ada.Lovelace+games@Example.COM\t"), "ada.lovelace+games@example.com");
  EXPECT_EQ(normalise_email("ünï@exämple.de"), "ünï@exämple.de");
}

TEST(NormaliseEmail, RefusesWhatIsNoAddress) {
  for (auto const* text :
       {"", " ", "ada", "@example.com", "ada@", "ada@example", "ada@@example.com", "ada@exa mple.com",
        "a da@example.com", "ada@.example.com", "ada@example.com.", "ada@example..com", "ada@example.com\n.org",
        "ada<x>@example.com", "ada@exam_ple.com", "\"ada\"@example.com", "ada\x01@example.com"}) {
    EXPECT_EQ(normalise_email(text), std::nullopt) << text;
  }
}

TEST(NormaliseEmail, KeepsToTheSizesOfMail) {
  EXPECT_TRUE(normalise_email(std::string(64, 'a') + "@example.com"));
  EXPECT_FALSE(normalise_email(std::string(65, 'a') + "@example.com"));
  EXPECT_TRUE(normalise_email("a@" + std::string(248, 'b') + ".com"));
  EXPECT_FALSE(normalise_email("a@" + std::string(249, 'b') + ".com"));
}

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
