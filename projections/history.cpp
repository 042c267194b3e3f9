#include "projections/history.h"

#include <algorithm>
#include <utility>

#include "domain/contract.h"
#include "projections/packed.h"
#include "projections/sqlite.h"

namespace florin::projections {
namespace {

using domain::Overloaded;
using eventstore::Fault;
using eventstore::ResultOr;

// A row's number is twice its event's position; plus one for who receives, where the same event takes from another.
// `transaction` is stored as the distance back from that position, so that it takes one byte.
constexpr std::string_view kSchema =
    "CREATE TABLE movements(number INTEGER PRIMARY KEY, player INTEGER NOT NULL, currency INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, change INTEGER NOT NULL, available_after INTEGER NOT NULL,"
    " reserved_change INTEGER NOT NULL, reserved_after INTEGER NOT NULL, at INTEGER NOT NULL,"
    " into_transaction INTEGER NOT NULL, order_position INTEGER NOT NULL, previous INTEGER NOT NULL,"
    " previous_in_wallet INTEGER NOT NULL) STRICT;"
    // last, and in wallets: numbers of rows. wallets: the wallet heads, packed (currency u32, row u64, available i64,
    // reserved i64).
    "CREATE TABLE heads(player INTEGER PRIMARY KEY, last INTEGER NOT NULL, wallets BLOB NOT NULL) STRICT";

constexpr std::uint64_t kRowsPerEvent = 2;
std::uint64_t number_of(domain::Position position) { return position.value() * kRowsPerEvent; }

constexpr char const* kInsertMovement = "INSERT INTO movements VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr char const* kSelectHead = "SELECT last, wallets FROM heads WHERE player = ?";
constexpr char const* kReplaceHead = "INSERT OR REPLACE INTO heads VALUES(?, ?, ?)";
constexpr char const* kSelectMovement =
    "SELECT player, currency, kind, change, available_after, reserved_change, reserved_after, at, into_transaction,"
    " order_position, previous, previous_in_wallet FROM movements WHERE number = ?";

// The last movement of a wallet, and what it left.
struct WalletHead {
  std::uint64_t last = 0;  // zero: none yet
  std::int64_t available = 0;
  std::int64_t reserved = 0;
};
constexpr std::size_t kWalletHeadBytes = sizeof(std::uint32_t) + sizeof(WalletHead);

// The last movement of a player, and the heads of their wallets.
struct Heads {
  std::uint64_t last = 0;
  std::string wallets;

  [[nodiscard]] std::size_t find(std::uint32_t currency) const {
    for (std::size_t i = 0; i + kWalletHeadBytes <= wallets.size(); i += kWalletHeadBytes) {
      if (packed_at<std::uint32_t>(wallets, i) == currency) return i;
    }
    return wallets.size();
  }
  [[nodiscard]] WalletHead in_wallet(std::uint32_t currency) const {
    auto const i = find(currency);
    return i == wallets.size() ? WalletHead{} : packed_at<WalletHead>(wallets, i + sizeof currency);
  }
  void put(std::uint32_t currency, WalletHead const& head) {
    last = head.last;
    auto const i = find(currency);
    if (i == wallets.size()) {
      append_packed(wallets, currency);
      append_packed(wallets, head);
    } else {
      set_packed(wallets, i + sizeof currency, head);
    }
  }
};

struct Row {
  std::uint64_t number = 0;
  std::uint64_t player = 0;
  std::uint32_t currency = 0;
  MovementKind kind = MovementKind::credit;
  std::uint32_t into_transaction = 0;
  domain::Money change;
  domain::Money reserved_change;
  domain::Timestamp at;
  std::uint64_t order = 0;
  domain::Money available_after;
  domain::Money reserved_after;
  std::uint64_t previous = 0;
  std::uint64_t previous_in_wallet = 0;
};

// What a transfer is called in its flavour.
struct TransferKinds {
  MovementKind reserved, returned, completed, received;
};
TransferKinds kinds_of(domain::Flavour flavour) {
  using enum MovementKind;
  switch (flavour) {
    case domain::Flavour::transfer:
      return {transfer_reserved, transfer_returned, transfer_completed, transfer_received};
    case domain::Flavour::send: return {send_reserved, send_returned, send_completed, send_received};
  }
  FLORIN_ASSERT(false);
  return {};
}

// Gathers a transaction's rows, then links them player by player: heads are read and written once each, in the order
// of the table, and the rows go in at the end of theirs. The running balances are kept with the heads, because an event
// names only those that it changes.
class HistoryWriter final : public ProjectionWriter {
 public:
  HistoryWriter(Statement insert, Statement select_head, Statement replace_head)
      : insert_(insert), select_head_(select_head), replace_head_(replace_head) {}

  ResultOr<Unit> apply(domain::Commit const& commit) override {
    auto position = commit.first;
    domain::OrderId const own_order(commit.first);
    for (auto const& event : commit.events) {
      std::visit(Overloaded{
                     [](domain::GameEvent auto const&) {},
                     [](domain::KeyEvent auto const&) {},
                     [](domain::PersonEvent auto const&) {},
                     [&](domain::StartingBalanceGranted const& e) {
                       add(commit, position, MovementKind::starting_balance, e, e.amount, {});
                     },
                     [&](domain::BalanceCredited const& e) {
                       add(commit, position, MovementKind::credit, e, e.amount, own_order);
                     },
                     [&](domain::BalanceDebited const& e) {
                       add(commit, position, MovementKind::debit, e, -e.amount, own_order);
                     },
                     [&](domain::ItemPurchased const& e) {
                       add(commit, position, MovementKind::item_purchase, e, -e.total, own_order);
                     },
                     [&](domain::ItemRefunded const& e) {
                       add(commit, position, MovementKind::item_refund, e, e.total, e.order);
                     },
                     [&](domain::TransferInitiated const& e) {
                       add_sender(commit, position, kinds_of(e.flavour).reserved, e, -e.amount, e.amount);
                     },
                     [&](domain::TransferClaimed const& e) {
                       add_sender(commit, position, kinds_of(e.flavour).completed, e, {}, -e.amount);
                       add(commit, position, {e.receiver, e.target_currency, true}, kinds_of(e.flavour).received,
                           e.net(), {}, domain::OrderId(e.transaction.position()));
                     },
                     [&](domain::TransferReleased const& e) {
                       add_sender(commit, position, kinds_of(e.flavour).returned, e, e.amount, -e.amount);
                     },
                     [](domain::TransferEvent auto const&) {},
                     [](domain::PhoneShareEvent auto const&) {},
                     [](domain::TextEvent auto const&) {},
                     [&](domain::CurrencyPurchased const& e) {
                       add(commit, position, MovementKind::currency_purchase, e, units_of(e.usd), e.order);
                     },
                     [](domain::CardOrderEvent auto const&) {},
                     [&](domain::RefundRequested const& e) {
                       add(commit, position, MovementKind::currency_refund, e, -units_of(e.usd), e.order);
                     },
                     [&](domain::RefundSettled const& e) {
                       if (e.end == domain::RefundEnd::succeeded) return;
                       add(commit, position, MovementKind::currency_refund_returned, e, units_of(e.usd), e.order);
                     },
                     [&](domain::DisputeOpened const& e) {
                       add(commit, position, MovementKind::chargeback, e, -units_of(e.usd), e.order);
                     },
                     [&](domain::DisputeClosed const& e) {
                       if (e.won) add(commit, position, MovementKind::chargeback_returned, e, units_of(e.usd), e.order);
                     },
                     [&](domain::DisputeMoved const& e) {
                       if (e.usd == domain::Usd{}) return;
                       auto const kind =
                           e.usd < domain::Usd{} ? MovementKind::chargeback : MovementKind::chargeback_returned;
                       add(commit, position, kind, e, units_of(e.usd), e.order);
                     },
                     [](domain::PayoutEvent auto const&) {},
                 },
                 event);
      position = next(position);
    }
    return Unit{};
  }

  ResultOr<Unit> flush() override {
    FLORIN_TRY(link());
    for (auto const& row : rows_) {
      FLORIN_TRY(insert_.run(row.number, row.player, row.currency, static_cast<int>(row.kind), row.change,
                             row.available_after, row.reserved_change, row.reserved_after, row.at, row.into_transaction,
                             row.order, row.previous, row.previous_in_wallet));
    }
    rows_.clear();
    return Unit{};
  }

 private:
  struct Place {
    domain::PlayerId player;
    domain::CurrencyId currency;
    bool second = false;  // of the event's two
  };
  void add(domain::Commit const& commit, domain::Position position, Place const& place, MovementKind kind,
           domain::Money change, domain::Money reserved_change, domain::OrderId order) {
    Row row;
    row.number = number_of(position) + (place.second ? 1 : 0);
    row.player = place.player.value();
    row.currency = static_cast<std::uint32_t>(place.currency.value());
    row.kind = kind;
    row.into_transaction = static_cast<std::uint32_t>(position.value() - commit.first.value());
    row.change = change;
    row.reserved_change = reserved_change;
    row.at = commit.at;
    row.order = order.value();
    rows_.push_back(row);
  }
  template <class Movement>
  void add(domain::Commit const& commit, domain::Position position, MovementKind kind, Movement const& event,
           domain::Money change, domain::OrderId order) {
    add(commit, position, {event.player, event.currency}, kind, change, {}, order);
  }
  template <class Movement>
  void add_sender(domain::Commit const& commit, domain::Position position, MovementKind kind, Movement const& event,
                  domain::Money change, domain::Money reserved_change) {
    add(commit, position, {event.sender, event.currency}, kind, change, reserved_change,
        domain::OrderId(event.transaction.position()));
  }

  ResultOr<Unit> link() {
    by_player_.resize(rows_.size());
    for (std::uint32_t i = 0; i < rows_.size(); ++i) by_player_[i] = {rows_[i].player, i};
    std::sort(by_player_.begin(), by_player_.end());
    for (std::size_t begin = 0; begin < by_player_.size();) {
      auto const player = by_player_[begin].first;
      FLORIN_TRY(read_heads(player));
      auto end = begin;
      for (; end < by_player_.size() && by_player_[end].first == player; ++end) {
        auto& row = rows_[by_player_[end].second];
        auto const before = heads_.in_wallet(row.currency);
        row.previous = heads_.last;
        row.previous_in_wallet = before.last;
        auto const available = domain::Money::checked_add(domain::Money::from_minor(before.available), row.change);
        auto const reserved =
            domain::Money::checked_add(domain::Money::from_minor(before.reserved), row.reserved_change);
        if (!available || !reserved) {
          return eventstore::fault(Fault::Kind::corrupt,
                                   "history: the balances of player " + std::to_string(player) + " are broken");
        }
        row.available_after = *available;
        row.reserved_after = *reserved;
        heads_.put(row.currency, {row.number, row.available_after.minor(), row.reserved_after.minor()});
      }
      FLORIN_TRY(replace_head_.run(player, heads_.last, std::string_view(heads_.wallets)));
      begin = end;
    }
    return Unit{};
  }

  ResultOr<Unit> read_heads(std::uint64_t player) {
    auto const found = FLORIN_TRY(select_head_.first(player));
    heads_.last = found ? select_head_.number(0) : 0;
    heads_.wallets = found ? select_head_.blob(1) : std::string_view{};
    select_head_.reset();
    return Unit{};
  }

  Statement insert_;
  Statement select_head_;
  Statement replace_head_;
  std::vector<Row> rows_;  // of the transaction at hand, by number
  std::vector<std::pair<std::uint64_t, std::uint32_t>> by_player_;
  Heads heads_;
};

class HistoryProjection final : public Projection {
 public:
  std::string_view name() const override { return "history"; }
  int version() const override { return 3; }
  std::string_view schema() const override { return kSchema; }
  ResultOr<std::unique_ptr<ProjectionWriter>> open(Database& database) const override {
    auto insert = FLORIN_TRY(database.statement(kInsertMovement));
    auto select_head = FLORIN_TRY(database.statement(kSelectHead));
    auto replace_head = FLORIN_TRY(database.statement(kReplaceHead));
    return std::unique_ptr<ProjectionWriter>(std::make_unique<HistoryWriter>(insert, select_head, replace_head));
  }
};

Failure<Fault> foreign_cursor() {
  return eventstore::fault(Fault::Kind::missing, "history: the cursor is not of this player's history");
}

// Where the player's (or the wallet's) newest movement is; zero when there is none.
ResultOr<std::uint64_t> newest(ViewReader& view, domain::PlayerId player, domain::CurrencyId currency) {
  auto select = FLORIN_TRY(view.database().statement(kSelectHead));
  auto const found = FLORIN_TRY(select.first(player));
  if (!found) return std::uint64_t{0};
  Heads const heads{select.number(0), std::string(select.blob(1))};
  select.reset();
  return currency ? heads.in_wallet(static_cast<std::uint32_t>(currency.value())).last : heads.last;
}

}  // namespace

char const* movement_name(MovementKind kind) {
  switch (kind) {
    case MovementKind::starting_balance: return "starting_balance";
    case MovementKind::credit: return "credit";
    case MovementKind::debit: return "debit";
    case MovementKind::item_purchase: return "item_purchase";
    case MovementKind::item_refund: return "item_refund";
    case MovementKind::transfer_reserved: return "transfer_reserved";
    case MovementKind::transfer_returned: return "transfer_returned";
    case MovementKind::transfer_completed: return "transfer_completed";
    case MovementKind::transfer_received: return "transfer_received";
    case MovementKind::send_reserved: return "send_reserved";
    case MovementKind::send_returned: return "send_returned";
    case MovementKind::send_completed: return "send_completed";
    case MovementKind::send_received: return "send_received";
    case MovementKind::currency_purchase: return "currency_purchase";
    case MovementKind::currency_refund: return "currency_refund";
    case MovementKind::currency_refund_returned: return "currency_refund_returned";
    case MovementKind::chargeback: return "chargeback";
    case MovementKind::chargeback_returned: return "chargeback_returned";
  }
  return "";
}

Projection const& history_projection() {
  static HistoryProjection const projection;
  return projection;
}

ResultOr<MovementPage> read_history(ViewReader& view, domain::PlayerId player, domain::CurrencyId currency,
                                    std::size_t limit, std::optional<std::uint64_t> cursor) {
  std::uint64_t number = cursor.value_or(0);
  if (!cursor) {
    auto const head = FLORIN_TRY(newest(view, player, currency));
    number = head;
  }
  auto select = FLORIN_TRY(view.database().statement(kSelectMovement));
  auto& row = select;
  MovementPage page;
  bool at_cursor = cursor.has_value();
  while (number != 0 || at_cursor) {
    if (page.movements.size() == limit) {
      page.next = number;
      break;
    }
    auto const found = FLORIN_TRY(row.first(number));
    bool const ours = found && row.number(0) == player.value() && (!currency || row.number(1) == currency.value());
    if (!ours) {
      row.reset();
      if (at_cursor) return foreign_cursor();
      return view.distrust("history: the row at " + std::to_string(number) + " is broken");
    }
    at_cursor = false;
    auto const position = number / kRowsPerEvent;
    auto const kind = row.integer(2);
    if (kind < 0 || kind > 255 || *movement_name(static_cast<MovementKind>(kind)) == '\0' || row.number(8) > position) {
      row.reset();
      return view.distrust("history: the row at " + std::to_string(number) + " is broken");
    }
    page.movements.push_back({domain::Position(position), domain::Position(position - row.number(8)),
                              domain::OrderId(row.number(9)), row.time(7), static_cast<MovementKind>(kind),
                              domain::CurrencyId(row.number(1)), row.money(3), row.money(4), row.money(5),
                              row.money(6)});
    number = row.number(currency ? 11 : 10);
  }
  row.reset();
  return page;
}

}  // namespace florin::projections
