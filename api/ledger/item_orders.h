// Items that were bought: the event from the log, plus the refund status from the view `orders`. On a worker.
#pragma once

#include <optional>

#include "api/ledger/ledger.h"
#include "api/ledger/list_page.h"

namespace florin::api {

struct ItemOrder {
  domain::Commit commit;
  domain::Position refund;  // first position of the refund's commit; zero: not refunded
  domain::Timestamp refunded_at;
  [[nodiscard]] domain::ItemPurchased const& event() const { return event_of<domain::ItemPurchased>(commit); }
};
// nullopt when nothing was bought under this id in this game.
[[nodiscard]] eventstore::ResultOr<std::optional<ItemOrder>> load_item_order(Ledger const& ledger, ViewReader& view,
                                                                             domain::GameId game,
                                                                             domain::OrderId order);

// Kind::missing for a cursor that no page gave.
[[nodiscard]] eventstore::ResultOr<ListPage<ItemOrder>> load_item_orders(Ledger const& ledger, ViewReader& view,
                                                                         domain::GameId game, domain::PlayerId player,
                                                                         std::size_t limit,
                                                                         std::optional<std::uint64_t> cursor);

// The fact that a refund refers to; nullopt as above.
[[nodiscard]] eventstore::ResultOr<std::optional<domain::Fact<domain::ItemPurchased>>> find_item_sale(
    Ledger const& ledger, domain::GameId game, domain::OrderId order);

}  // namespace florin::api
