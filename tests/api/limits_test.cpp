#include "api/limits.h"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>

#include "api/routes/access.h"

namespace florin::api {
namespace {

using domain::LimitKind;

domain::Game game_with(std::uint32_t purchases) {
  domain::Game game;
  game.id = domain::GameId(123'456'789'012);
  game.settings.limits.push_back({LimitKind::item_purchases_per_player_minute, purchases});
  return game;
}

// A machine that started a moment ago.
std::int64_t at_seconds(std::int64_t seconds) { return (5 + seconds) * domain::kMicrosPerSecond; }

int purchase(Limits& limits, domain::Game const& game, std::uint64_t player, std::int64_t second) {
  return limits.take(game, LimitKind::item_purchases_per_player_minute, player, at_seconds(second));
}

std::uint64_t subject_of(std::string_view client) {
  Request request;
  request.client = client;
  return client_subject(request);
}

// A subscriber of IPv6 has 2^64 addresses to ask from.
TEST(Limits, AnIPv6ClientIsItsNetwork) {
  EXPECT_EQ(subject_of("2001:db8:1:2::1"), subject_of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
  EXPECT_NE(subject_of("2001:db8:1:2::1"), subject_of("2001:db8:1:3::1"));
  EXPECT_NE(subject_of("203.0.113.7"), subject_of("203.0.113.8"));
  EXPECT_EQ(subject_of("::ffff:203.0.113.7"), subject_of("203.0.113.7"));
  EXPECT_NE(subject_of("203.0.113.7"), 0u);
  EXPECT_NE(subject_of(""), 0u);
}

TEST(Limits, TheLimitAllAtOnceEachMinuteIsNeverRefused) {
  Limits limits(true);
  auto const game = game_with(60);
  for (int minute = 0; minute < 10; ++minute) {
    for (int i = 0; i < 60; ++i) EXPECT_EQ(purchase(limits, game, 7, 60 * minute), 0);
  }
}

TEST(Limits, OneMoreThanTheBurstIsRefusedWithTheSecondsToWait) {
  Limits limits(true);
  auto const game = game_with(60);
  for (int i = 0; i < 90; ++i) EXPECT_EQ(purchase(limits, game, 7, 0), 0);
  EXPECT_EQ(purchase(limits, game, 7, 0), 1);
}

TEST(Limits, ClientsThatAskAtTheSameTimeAllGetTheSameSmallWait) {
  Limits limits(true);
  auto const game = game_with(60);
  for (int i = 0; i < 90; ++i) EXPECT_EQ(purchase(limits, game, 7, 0), 0);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(purchase(limits, game, 7, 0), 1);
  EXPECT_EQ(purchase(limits, game, 7, 1), 0) << "and whoever waited for it is served";
}

TEST(Limits, TwelvePoliteClientsAreNeverPenalised) {
  Limits limits(true);
  auto const game = game_with(60);
  for (int i = 0; i < 90; ++i) EXPECT_EQ(purchase(limits, game, 7, 0), 0);
  std::array<std::int64_t, 12> asks{};
  int served = 0;
  for (std::int64_t second = 0; second < 300; ++second) {
    for (auto& ask : asks) {
      if (ask > second) continue;
      int const wait = purchase(limits, game, 7, second);
      EXPECT_LE(wait, 1);
      served += wait == 0 ? 1 : 0;
      ask = second + std::max(wait, 1);
    }
  }
  EXPECT_GE(served, 149) << "one a second, as they come in: at least every other second";
}

TEST(Limits, WhoeverKeepsAskingInsideTheWaitDoublesItUpToTheCap) {
  Limits limits(true);
  auto const game = game_with(2);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(purchase(limits, game, 7, 0), 0);
  EXPECT_EQ(purchase(limits, game, 7, 0), 30);
  EXPECT_EQ(purchase(limits, game, 7, 1), 29) << "too soon to be a strike";
  std::int64_t second = 0;
  for (int const wait : {60, 120, 240, Limits::kPenaltySecondsMax, Limits::kPenaltySecondsMax}) {
    second += 2;
    EXPECT_EQ(purchase(limits, game, 7, second), wait);
  }
  EXPECT_EQ(purchase(limits, game, 7, second + Limits::kPenaltySecondsMax), 0);
}

TEST(Limits, QuietTimeForgives) {
  Limits limits(true);
  auto const game = game_with(2);
  for (int i = 0; i < 4; ++i) (void)purchase(limits, game, 7, 0);
  for (int second = 2; second < 20; second += 2) EXPECT_NE(purchase(limits, game, 7, second), 0);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(purchase(limits, game, 7, 3'600), 0);
  EXPECT_EQ(purchase(limits, game, 7, 3'600), 30);
}

TEST(Limits, PlayersKindsAndGamesDoNotShareABucket) {
  Limits limits(true);
  auto const game = game_with(1);
  auto other = game;
  other.id = domain::GameId(999'999'999'999);
  EXPECT_EQ(purchase(limits, game, 7, 0), 0);
  EXPECT_NE(purchase(limits, game, 7, 0), 0);
  EXPECT_EQ(purchase(limits, game, 8, 0), 0);
  EXPECT_EQ(purchase(limits, other, 7, 0), 0);
  EXPECT_EQ(limits.take(game, LimitKind::by_id_reads_per_minute, 7, at_seconds(0)), 0);
}

TEST(Limits, DisabledAllowsEverything) {
  Limits limits(false);
  auto const game = game_with(1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(purchase(limits, game, 7, 0), 0);
}

TEST(Limits, ManySubjectsStayBounded) {
  Limits limits(true);
  auto const game = game_with(60);
  for (std::uint64_t player = 1; player < 300'000; ++player) EXPECT_EQ(purchase(limits, game, player, 0), 0);
}

}  // namespace
}  // namespace florin::api
