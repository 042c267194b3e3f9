#include "projections/orders.h"

#include "tests/projections/views_fixture.h"

namespace florin::projections {
namespace {

using domain::PlayerId;

class Orders : public ViewsTest {};

TEST_F(Orders, ListAPlayersPurchasesNewestFirst) {
  auto const& game = town.create_game("g", {"gold"});
  town.credit(game, 0, 10'000);
  town.credit(game, 1, 10'000);
  std::vector<domain::OrderId> bought;
  for (int i = 0; i < 5; ++i) {
    bought.insert(bought.begin(), domain::OrderId(town.purchase(game, 0, 100)->first));
    town.purchase(game, 1, 100);
  }
  auto view = read("orders");
  std::vector<domain::OrderId> listed;
  std::optional<std::uint64_t> cursor;
  do {
    auto const page = read_orders(view, town.player(game, 0), 2, cursor);
    ASSERT_TRUE(page);
    for (auto const& order : page.value().orders) listed.push_back(order.order);
    cursor = page.value().next;
  } while (cursor);
  EXPECT_EQ(listed, bought);
}

TEST_F(Orders, AnOrderTellsItsRefund) {
  auto const& game = town.create_game("g", {"gold"});
  town.credit(game, 0, 10'000);
  auto const kept = town.purchase(game, 0, 100);
  auto const returned = town.purchase(game, 0, 200);
  static_cast<void>(read("orders"));  // the refund comes in a later transaction than the order
  auto const refund = town.refund(game, returned);

  auto view = read("orders");
  auto const order = read_order(view, domain::OrderId(returned->first));
  ASSERT_TRUE(order && order.value());
  EXPECT_EQ(order.value()->player, town.player(game, 0));
  EXPECT_EQ(order.value()->refund, refund->first);
  EXPECT_EQ(order.value()->refunded_at, refund->at);
  auto const other = read_order(view, domain::OrderId(kept->first));
  ASSERT_TRUE(other && other.value());
  EXPECT_EQ(other.value()->refund, domain::Position{});
}

TEST_F(Orders, WhatIsNotAnOrderIsNone) {
  auto const& game = town.create_game("g", {"gold"});
  auto const credit = town.credit(game, 0, 10'000);
  auto view = read("orders");
  for (auto const position : {credit->first, domain::Position(1'000'000), domain::Position(~std::uint64_t{0})}) {
    auto const order = read_order(view, domain::OrderId(position));
    ASSERT_TRUE(order);
    EXPECT_FALSE(order.value());
  }
}

TEST_F(Orders, AForeignCursorIsRefused) {
  auto const& game = town.create_game("g", {"gold"});
  town.credit(game, 0, 10'000);
  town.credit(game, 1, 10'000);
  town.purchase(game, 0, 100);
  auto const other = town.purchase(game, 1, 100);
  auto view = read("orders");
  for (std::uint64_t const cursor : {other->first.value(), std::uint64_t{0}, std::uint64_t{1} << 50}) {
    auto const page = read_orders(view, town.player(game, 0), 10, cursor);
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().kind, eventstore::Fault::Kind::missing);
  }
}

}  // namespace
}  // namespace florin::projections
