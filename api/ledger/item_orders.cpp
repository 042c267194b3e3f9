#include "api/ledger/item_orders.h"

#include <algorithm>
#include <utility>

#include "projections/orders.h"

namespace florin::api {
namespace {

using domain::ItemPurchased;
using eventstore::ResultOr;

ResultOr<std::optional<ItemOrder>> find_purchase(Ledger const& ledger, domain::GameId game, domain::OrderId order) {
  auto commit = FLORIN_TRY(ledger.commits.at(order.position()));
  auto& found = commit;
  bool const is_purchase =
      found && found->request.game == game &&
      std::ranges::any_of(found->events, [](auto const& e) { return std::holds_alternative<ItemPurchased>(e); });
  return is_purchase ? std::optional(ItemOrder{std::move(*found), {}, {}}) : std::nullopt;
}

}  // namespace

ResultOr<std::optional<ItemOrder>> load_item_order(Ledger const& ledger, ViewReader& view, domain::GameId game,
                                                   domain::OrderId order) {
  auto found = find_purchase(ledger, game, order);
  if (!found || !found.value()) return found;
  auto const status = FLORIN_TRY(projections::read_order(view, order));
  if (status) {
    found.value()->refund = status->refund;
    found.value()->refunded_at = status->refunded_at;
  }
  return found;
}

ResultOr<ListPage<ItemOrder>> load_item_orders(Ledger const& ledger, ViewReader& view, domain::GameId game,
                                               domain::PlayerId player, std::size_t limit,
                                               std::optional<std::uint64_t> cursor) {
  auto const rows = FLORIN_TRY(projections::read_orders(view, player, limit, cursor));
  ListPage<ItemOrder> page;
  page.next = rows.next;
  for (auto const& row : rows.orders) {
    auto found = FLORIN_TRY(find_purchase(ledger, game, row.order));
    if (!found) return view.distrust("orders: no item was bought at " + domain::format_order_id(row.order));
    page.items.push_back({std::move(found->commit), row.refund, row.refunded_at});
  }
  return page;
}

ResultOr<std::optional<domain::Fact<ItemPurchased>>> find_item_sale(Ledger const& ledger, domain::GameId game,
                                                                    domain::OrderId order) {
  auto const found = FLORIN_TRY(find_purchase(ledger, game, order));
  if (!found) return std::optional<domain::Fact<ItemPurchased>>{};
  return ledger.commits.fact<ItemPurchased>(order.position());
}

}  // namespace florin::api
