#include "api/http/nearest_name.h"

#include <array>

#include <gtest/gtest.h>

namespace florin::api {
namespace {

constexpr std::array<std::string_view, 7> kKnown{
    "status", "limits", "currencies", "game_name", "sends_per_player_hour", "transfers_per_player_hour", "genre"};

TEST(NearestName, FindsTheOneThatWasMeant) {
  for (auto const& [mistyped, meant] :
       std::initializer_list<std::pair<std::string_view, std::string_view>>{{"statuss", "status"},
                                                                            {"stauts", "status"},
                                                                            {"statu", "status"},
                                                                            {"Status", "status"},
                                                                            {"limit", "limits"},
                                                                            {"currency", "currencies"},
                                                                            {"gamename", "game_name"},
                                                                            {"sends_per_hour", "sends_per_player_hour"},
                                                                            {"gener", "genre"}}) {
    EXPECT_EQ(nearest_name(mistyped, kKnown), meant) << mistyped;
  }
}

TEST(NearestName, SaysNothingAboutWhatIsFarAway) {
  for (auto const mistyped : {"", "a", "password", "xxxxxx", "PORT"}) {
    EXPECT_EQ(nearest_name(mistyped, kKnown), std::nullopt) << mistyped;
  }
  EXPECT_EQ(nearest_name(std::string(100'000, 's'), kKnown), std::nullopt);
  EXPECT_EQ(nearest_name("status", {}), std::nullopt);
}

TEST(NearestName, TheHintNamesTheNearestOrAll) {
  std::array<std::string_view, 3> const three{"status", "limit", "cursor"};
  EXPECT_EQ(nearest_hint("stauts", three), "did you mean 'status'?");
  EXPECT_EQ(nearest_hint("page", three), "known are 'status', 'limit' and 'cursor'");
  EXPECT_EQ(nearest_hint("page", std::span(three).first(1)), "known is 'status'");
  EXPECT_EQ(nearest_hint("page", {}), "none is known here");
}

TEST(NearestName, ALongNameIsCutBetweenCharacters) {
  EXPECT_EQ(shortened_name("status"), "status");
  EXPECT_EQ(shortened_name(std::string(70, 'x')), std::string(64, 'x'));
  std::string const wide = std::string(63, 'x') + "\xc3\xa9";
  EXPECT_EQ(shortened_name(wide), std::string(63, 'x'));
}

}  // namespace
}  // namespace florin::api
