#include "api/ledger/item_orders.h"

#include <algorithm>
#include <utility>

#include "projections/orders.h"

namespace florin::api {
namespace {

using domain::ItemPurchased;
using eventstore::Faulty;

Faulty<std::optional<ItemOrder>> find_purchase(Ledger const& ledger, domain::GameId game, domain::OrderId order) {
  auto commit = ledger.commits.at(order.position());
  if (!commit) return fail(commit.error());
  auto& found = commit.value();
  bool const is_purchase =
      found && found->request.game == game &&
      std::ranges::any_of(found->events, [](auto const& e) { return std::holds_alternative<ItemPurchased>(e); });
  return is_purchase ? std::optional(ItemOrder{std::move(*found), {}, {}}) : std::nullopt;
}

}  // namespace

Faulty<std::optional<ItemOrder>> load_item_order(Ledger const& ledger, ViewReader& view, domain::GameId game,
                                                 domain::OrderId order) {
  auto found = find_purchase(ledger, game, order);
  if (!found || !found.value()) return found;
  auto const status = projections::read_order(view, order);
  if (!status) return fail(status.error());
  if (status.value()) {
    found.value()->refund = status.value()->refund;
    found.value()->refunded_at = status.value()->refunded_at;
  }
  return found;
}

Faulty<ItemOrderPage> load_item_orders(Ledger const& ledger, ViewReader& view, domain::GameId game,
                                       domain::PlayerId player, std::size_t limit,
                                       std::optional<std::uint64_t> cursor) {
  auto const rows = projections::read_orders(view, player, limit, cursor);
  if (!rows) return fail(rows.error());
  ItemOrderPage page;
  page.next = rows.value().next;
  for (auto const& row : rows.value().orders) {
    auto found = find_purchase(ledger, game, row.order);
    if (!found) return fail(found.error());
    if (!found.value()) return view.distrust("orders: no item was bought at " + domain::format_order_id(row.order));
    page.orders.push_back({std::move(found.value()->commit), row.refund, row.refunded_at});
  }
  return page;
}

Faulty<std::optional<domain::Fact<ItemPurchased>>> find_item_sale(Ledger const& ledger, domain::GameId game,
                                                                  domain::OrderId order) {
  auto const found = find_purchase(ledger, game, order);
  if (!found) return fail(found.error());
  if (!found.value()) return std::optional<domain::Fact<ItemPurchased>>{};
  return ledger.commits.fact<ItemPurchased>(order.position());
}

}  // namespace florin::api
