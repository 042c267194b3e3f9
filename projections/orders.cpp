#include "projections/orders.h"

#include <algorithm>
#include <string>
#include <utility>

#include "projections/sqlite.h"

namespace florin::projections {
namespace {

using domain::Overloaded;
using eventstore::Fault;
using eventstore::ResultOr;

constexpr std::string_view kSchema =
    "CREATE TABLE orders(position INTEGER PRIMARY KEY, player INTEGER NOT NULL, previous INTEGER NOT NULL,"
    " refund INTEGER NOT NULL, refunded_at INTEGER NOT NULL) STRICT;"
    "CREATE TABLE heads(player INTEGER PRIMARY KEY, last INTEGER NOT NULL) STRICT";

constexpr char const* kInsertOrder = "INSERT INTO orders VALUES(?, ?, ?, 0, 0)";
constexpr char const* kSetRefund = "UPDATE orders SET refund = ?, refunded_at = ? WHERE position = ?";
constexpr char const* kSelectHead = "SELECT last FROM heads WHERE player = ?";
constexpr char const* kReplaceHead = "INSERT OR REPLACE INTO heads VALUES(?, ?)";
constexpr char const* kSelectOrder = "SELECT player, previous, refund, refunded_at FROM orders WHERE position = ?";

class OrdersWriter final : public ProjectionWriter {
 public:
  OrdersWriter(Statement insert, Statement set_refund, Statement select_head, Statement replace_head)
      : insert_(insert), set_refund_(set_refund), select_head_(select_head), replace_head_(replace_head) {}

  ResultOr<Unit> apply(domain::Commit const& commit) override {
    for (auto const& event : commit.events) {
      std::visit(Overloaded{
                     [](domain::GameEvent auto const&) {},
                     [](domain::KeyEvent auto const&) {},
                     [](domain::PersonEvent auto const&) {},
                     [](domain::WalletEvent auto const&) {},
                     [&](domain::ItemPurchased const& e) {
                       purchases_.push_back({commit.first.value(), e.player.value(), 0});
                     },
                     [&](domain::ItemRefunded const& e) { refunds_.push_back({e.order, commit.first, commit.at}); },
                     [](domain::TransferEvent auto const&) {},
                     [](domain::PhoneShareEvent auto const&) {},
                     [](domain::TextEvent auto const&) {},
                     [](domain::CardOrderEvent auto const&) {},
                     [](domain::RefundEvent auto const&) {},
                     [](domain::PayoutEvent auto const&) {},
                 },
                 event);
    }
    return Unit{};
  }

  ResultOr<Unit> flush() override {
    FLORIN_TRY(link());
    for (auto const& purchase : purchases_) {
      FLORIN_TRY(insert_.run(purchase.position, purchase.player, purchase.previous));
    }
    purchases_.clear();
    for (auto const& refund : refunds_) {
      FLORIN_TRY(set_refund_.run(refund.refund, refund.at, refund.order));
    }
    refunds_.clear();
    return Unit{};
  }

 private:
  struct Purchase {
    std::uint64_t position = 0;
    std::uint64_t player = 0;
    std::uint64_t previous = 0;
  };
  struct Refund {
    domain::OrderId order;
    domain::Position refund;
    domain::Timestamp at;
  };

  // Each head is read and written once a transaction, in the order of its table.
  ResultOr<Unit> link() {
    by_player_.resize(purchases_.size());
    for (std::uint32_t i = 0; i < purchases_.size(); ++i) by_player_[i] = {purchases_[i].player, i};
    std::sort(by_player_.begin(), by_player_.end());
    for (std::size_t begin = 0; begin < by_player_.size();) {
      auto const player = by_player_[begin].first;
      auto const found = FLORIN_TRY(select_head_.first(player));
      std::uint64_t last = found ? select_head_.number(0) : 0;
      select_head_.reset();
      auto end = begin;
      for (; end < by_player_.size() && by_player_[end].first == player; ++end) {
        auto& purchase = purchases_[by_player_[end].second];
        purchase.previous = std::exchange(last, purchase.position);
      }
      FLORIN_TRY(replace_head_.run(player, last));
      begin = end;
    }
    return Unit{};
  }

  Statement insert_;
  Statement set_refund_;
  Statement select_head_;
  Statement replace_head_;
  std::vector<Purchase> purchases_;  // of the transaction at hand, by position
  std::vector<Refund> refunds_;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> by_player_;
};

class OrdersProjection final : public Projection {
 public:
  std::string_view name() const override { return "orders"; }
  int version() const override { return 1; }
  std::string_view schema() const override { return kSchema; }
  ResultOr<std::unique_ptr<ProjectionWriter>> open(Database& database) const override {
    auto insert = FLORIN_TRY(database.statement(kInsertOrder));
    auto set_refund = FLORIN_TRY(database.statement(kSetRefund));
    auto select_head = FLORIN_TRY(database.statement(kSelectHead));
    auto replace_head = FLORIN_TRY(database.statement(kReplaceHead));
    return std::unique_ptr<ProjectionWriter>(
        std::make_unique<OrdersWriter>(insert, set_refund, select_head, replace_head));
  }
};

// A row of orders and the player's order before it.
struct OrderRow {
  Order order;
  std::uint64_t previous = 0;
};

ResultOr<std::optional<OrderRow>> read_row(ViewReader& view, std::uint64_t position) {
  auto select = FLORIN_TRY(view.database().statement(kSelectOrder));
  auto& row = select;
  auto const found = FLORIN_TRY(row.first(position));
  std::optional<OrderRow> out;
  if (found) {
    out = OrderRow{{domain::OrderId(position), domain::PlayerId(row.number(0)), row.position(2), row.time(3)},
                   row.number(1)};
  }
  row.reset();
  return out;
}

ResultOr<std::uint64_t> newest(ViewReader& view, domain::PlayerId player) {
  auto select = FLORIN_TRY(view.database().statement(kSelectHead));
  auto const found = FLORIN_TRY(select.first(player));
  std::uint64_t const last = found ? select.number(0) : 0;
  select.reset();
  return last;
}

}  // namespace

Projection const& orders_projection() {
  static OrdersProjection const projection;
  return projection;
}

ResultOr<std::optional<Order>> read_order(ViewReader& view, domain::OrderId order) {
  auto const row = FLORIN_TRY(read_row(view, order.value()));
  if (!row) return std::optional<Order>{};
  return std::optional<Order>(row->order);
}

ResultOr<OrderPage> read_orders(ViewReader& view, domain::PlayerId player, std::size_t limit,
                                std::optional<std::uint64_t> cursor) {
  std::uint64_t position = cursor.value_or(0);
  if (!cursor) {
    auto const last = FLORIN_TRY(newest(view, player));
    position = last;
  }
  OrderPage page;
  bool at_cursor = cursor.has_value();
  while (position != 0 || at_cursor) {
    if (page.orders.size() == limit) {
      page.next = position;
      break;
    }
    auto const row = FLORIN_TRY(read_row(view, position));
    if (!row || row->order.player != player) {
      if (at_cursor)
        return eventstore::fault(Fault::Kind::missing, "orders: the cursor is not of this player's orders");
      return view.distrust("orders: the row at " + std::to_string(position) + " is broken");
    }
    at_cursor = false;
    page.orders.push_back(row->order);
    position = row->previous;
  }
  return page;
}

}  // namespace florin::projections
