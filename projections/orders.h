// Item orders: which a player has, newest first, and what became of each. The facts of an order are its event; this
// view only says where it is and whether it was refunded. Rows chain backwards as in history.h.
#pragma once

#include <optional>
#include <vector>

#include "projections/projection.h"
#include "projections/runner.h"

namespace florin::projections {

struct Order {
  domain::OrderId order;  // first position of the purchase's commit: read the facts from the log there
  domain::PlayerId player;
  domain::Position refund;  // first position of the refund's commit; zero: not refunded
  domain::Timestamp refunded_at;
};

struct OrderPage {
  std::vector<Order> orders;
  std::optional<std::uint64_t> next;
};

[[nodiscard]] Projection const& orders_projection();

[[nodiscard]] eventstore::ResultOr<std::optional<Order>> read_order(ViewReader& view, domain::OrderId order);
// cursor: a former page's `next`; one that is not an order of this player is Kind::missing.
[[nodiscard]] eventstore::ResultOr<OrderPage> read_orders(ViewReader& view, domain::PlayerId player, std::size_t limit,
                                                          std::optional<std::uint64_t> cursor);

}  // namespace florin::projections
