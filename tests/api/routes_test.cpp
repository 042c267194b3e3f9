#include <set>

#include <gtest/gtest.h>

#include "api/routes/route.h"
#include "tests/api/route_scene.h"

namespace florin::api {
namespace {

constexpr std::string_view kSword =
    R"({"client_request_id":"sword-1","player_email":"ada@example.com","item_id":"sword","item_name":"Sword",)"
    R"("item_quantity":2,"unit_price":"10.00","total_price":"20.00"})";

Asking by(std::string const& key, std::string body = "") {
  Asking asking;
  asking.key = key;
  asking.body = std::move(body);
  return asking;
}

class Routes : public ::testing::Test {
 protected:
  // The key of a game whose player Ada has 100.00.
  std::string game_with_ada(std::string const& more = "") {
    auto key = scene_.make_game(more);
    auto const credited = scene_.ask(
        "creditBalance",
        by(key, R"({"client_request_id":"c","player_email":"ada@example.com","amount":"100.00","reason":"welcome"})"));
    EXPECT_EQ(credited.status, 200) << credited.body;
    return key;
  }

  RouteScene scene_;
};

TEST_F(Routes, AnUnknownKeyIsRefusedBeforeTheBodyIsRead) {
  EXPECT_EQ(text_of(scene_.ask("purchaseItem", by("", "not JSON")).body, "error_code"), "MISSING_GAME_SECRET");
  auto const response = scene_.ask("purchaseItem", by("ivsdk_unknown", "not JSON"));
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(text_of(response.body, "error_code"), "INVALID_GAME_SECRET");
}

TEST_F(Routes, WhoeverIsUnknownIsToldHowToAuthenticate) {
  for (auto const& group : all_routes()) {
    for (auto const& route : group.routes) {
      if (route.who != Who::game && route.who != Who::operators) continue;
      std::string const scheme = route.who == Who::game ? "Game-Secret-Key " : "Bearer ";
      for (auto const* credential : {"", "wrong"}) {
        Asking asking;
        (route.who == Who::game ? asking.key : asking.token) = credential;
        auto const response = scene_.ask(route.operation, asking);
        EXPECT_EQ(response.status, 401) << route.operation;
        EXPECT_TRUE(response.challenge.starts_with(scheme)) << route.operation << ": " << response.challenge;
      }
    }
  }
  Asking unsigned_post;
  unsigned_post.path = {"sandbox"};
  auto const response = scene_.ask("receivePayment", unsigned_post);
  EXPECT_EQ(text_of(response.body, "error_code"), "INVALID_SIGNATURE");
  EXPECT_TRUE(response.challenge.starts_with("Webhook-Signature ")) << response.challenge;
}

TEST_F(Routes, AWrongBodyNamesItsField) {
  auto const response = scene_.ask(
      "purchaseItem",
      by(game_with_ada(), R"({"client_request_id":"1","item_id":"sword","item_name":"Sword","item_quantity":"many"})"));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(text_of(response.body, "error_code"), "INVALID_REQUEST");
  EXPECT_EQ(text_of(response.body, "field"), "item_quantity");
}

TEST_F(Routes, APurchaseTakesThePriceAndSaysWhereItStands) {
  auto const key = game_with_ada();
  auto const bought = scene_.ask("purchaseItem", by(key, std::string(kSword)));
  EXPECT_EQ(bought.status, 200) << bought.body;
  EXPECT_EQ(text_of(bought.body, "new_balance"), "80.00");
  EXPECT_EQ(bought.position, scene_.environment().ledger().state.position().value());

  Asking read = by(key);
  read.path = {"ada%40example.com"};
  read.min_position = std::to_string(bought.position);
  auto const balance = scene_.ask("getBalanceByEmail", read);
  EXPECT_EQ(balance.status, 200) << balance.body;
  EXPECT_EQ(text_of(balance.body, "available_balance"), "80.00");
}

TEST_F(Routes, AReplayIsAnsweredWithTheOriginal) {
  auto const key = game_with_ada();
  auto const first = scene_.ask("purchaseItem", by(key, std::string(kSword)));
  auto const again = scene_.ask("purchaseItem", by(key, std::string(kSword)));
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(text_of(again.body, "error_code"), "DUPLICATE_REQUEST");
  EXPECT_NE(again.body.find("\"original\":" + first.body), std::string::npos) << again.body;
  EXPECT_EQ(again.position, first.position);
}

TEST_F(Routes, AnOrderIsReadFromItsViewOnAWorker) {
  auto const key = game_with_ada();
  auto const bought = scene_.ask("purchaseItem", by(key, std::string(kSword)));
  Asking read = by(key);
  read.query = "order_id=" + text_of(bought.body, "order_id");
  auto const order = scene_.ask("getOrder", read);
  EXPECT_EQ(order.status, 200) << order.body;
  EXPECT_EQ(text_of(order.body, "order_status"), "completed");
}

TEST_F(Routes, ALimitOfTheRowRefusesWhoAsksTooOften) {
  auto const key = game_with_ada(R"("limits":{"by_id_reads_per_minute":1})");
  Asking read = by(key);
  read.path = {"1"};
  EXPECT_EQ(scene_.ask("getBalanceById", read).status, 200);
  Response refused;
  for (int i = 0; i < 3 && refused.status != 429; ++i) refused = scene_.ask("getBalanceById", read);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(text_of(refused.body, "error_code"), "RATE_LIMITED");
  EXPECT_GT(refused.retry_after_seconds, 0);
}

TEST_F(Routes, AnOperatorsRouteAsksForTheTokenAndForNoOtherParameter) {
  Asking asking;
  EXPECT_EQ(text_of(scene_.ask("listPayouts", asking).body, "error_code"), "MISSING_ADMIN_TOKEN");
  asking.token = "another";
  EXPECT_EQ(text_of(scene_.ask("listPayouts", asking).body, "error_code"), "INVALID_ADMIN_TOKEN");
  asking.token = RouteScene::kAdminToken;
  asking.query = "statsu=requested";
  auto const response = scene_.ask("listPayouts", asking);
  EXPECT_EQ(response.status, 400);
  EXPECT_NE(response.body.find("'statsu'"), std::string::npos) << response.body;
  asking.query = "status=requested&limit=5";
  EXPECT_EQ(scene_.ask("listPayouts", asking).status, 200);
}

TEST_F(Routes, ABodyThatIsNotNeededMustStillBeOne) {
  Asking asking;
  asking.token = RouteScene::kAdminToken;
  asking.path = {"orders"};
  asking.body = "{";
  EXPECT_EQ(scene_.ask("rebuildProjection", asking).status, 400);
}

TEST(RouteTable, EveryOperationHasAnOwnName) {
  std::set<std::string_view> names;
  for (auto const& group : all_routes()) {
    for (auto const& route : group.routes) {
      EXPECT_TRUE(names.insert(route.operation).second) << route.operation;
      EXPECT_TRUE(route.path.starts_with('/')) << route.path;
    }
  }
}

}  // namespace
}  // namespace florin::api
