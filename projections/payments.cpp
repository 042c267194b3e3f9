#include "projections/payments.h"

#include <limits>

#include "projections/sqlite.h"

namespace florin::projections {
namespace {

using domain::Overloaded;
using domain::Position;
using eventstore::ResultOr;

constexpr std::string_view kSchema =
    // about: the order or the payout. event_position, commit_position: of one of its events.
    "CREATE TABLE steps(about INTEGER NOT NULL, event_position INTEGER NOT NULL, commit_position INTEGER NOT NULL,"
    " PRIMARY KEY(about, event_position)) WITHOUT ROWID, STRICT;"
    "CREATE TABLE attempts(session INTEGER NOT NULL, order_position INTEGER NOT NULL,"
    " PRIMARY KEY(session, order_position)) WITHOUT ROWID, STRICT;"
    // The processor's name of a payment.
    "CREATE TABLE names(reference BLOB PRIMARY KEY, order_position INTEGER NOT NULL) WITHOUT ROWID, STRICT;"
    "CREATE TABLE payouts(position INTEGER PRIMARY KEY, game INTEGER NOT NULL, status INTEGER NOT NULL,"
    " processing_at INTEGER NOT NULL, failed_at INTEGER NOT NULL) STRICT;"
    "CREATE INDEX payouts_by_time ON payouts(processing_at, position)";

constexpr char const* kInsertStep = "INSERT INTO steps VALUES(?, ?, ?)";
constexpr char const* kInsertAttempt = "INSERT INTO attempts VALUES(?, ?)";
constexpr char const* kInsertName = "INSERT OR IGNORE INTO names VALUES(?, ?)";
constexpr char const* kInsertPayout = "INSERT INTO payouts VALUES(?, ?, ?, 0, 0)";
// The time when it became processing stays: what becomes of it on a later day does not change that day's file.
constexpr char const* kAdvancePayout =
    "UPDATE payouts SET status = ?, processing_at = max(processing_at, ?), failed_at = max(failed_at, ?)"
    " WHERE position = ?";
constexpr char const* kSelectSteps =
    "SELECT event_position, commit_position FROM steps WHERE about = ? ORDER BY event_position";
constexpr char const* kSelectAttempts = "SELECT order_position FROM attempts WHERE session = ? ORDER BY order_position";
constexpr char const* kSelectName = "SELECT order_position FROM names WHERE reference = ?";
// Zero and -1: any. A game has a payout a week or so: walking past those of others costs less than an index.
constexpr char const* kSelectPayouts =
    "SELECT position, game, status, processing_at, failed_at FROM payouts WHERE position <= ? AND (? = 0 OR game = ?)"
    " AND (? < 0 OR status = ?) ORDER BY position DESC LIMIT ?";
constexpr char const* kSelectProcessed =
    "SELECT position, game, status, processing_at, failed_at FROM payouts WHERE processing_at >= ?"
    " AND processing_at < ? AND (failed_at = 0 OR failed_at >= ?) ORDER BY position";

// Few: a row an event, in the order of the log.
class PaymentsWriter final : public ProjectionWriter {
 public:
  ResultOr<Unit> prepare(Database& database) {
    for (auto const& [statement, sql] :
         {std::pair{&insert_step_, kInsertStep}, std::pair{&insert_attempt_, kInsertAttempt},
          std::pair{&insert_name_, kInsertName}, std::pair{&insert_payout_, kInsertPayout},
          std::pair{&advance_payout_, kAdvancePayout}}) {
      auto prepared = database.statement(sql);
      if (!prepared) return fail(prepared.error());
      *statement = prepared.value();
    }
    return Unit{};
  }

  ResultOr<Unit> apply(domain::Commit const& commit) override {
    auto position = commit.first;
    for (auto const& event : commit.events) {
      if (auto const folded = fold(event, commit, position); !folded) return folded;
      position = next(position);
    }
    return Unit{};
  }

  ResultOr<Unit> flush() override { return Unit{}; }

 private:
  static ResultOr<Unit> nothing() { return Unit{}; }

  ResultOr<Unit> fold(domain::Event const& event, domain::Commit const& commit, Position position) {
    auto const step = [&](Position about) { return insert_step_.run(about, position, commit.first); };
    return std::visit(
        Overloaded{
            [](domain::GameEvent auto const&) { return nothing(); },
            [](domain::KeyEvent auto const&) { return nothing(); },
            [](domain::PersonEvent auto const&) { return nothing(); },
            [](domain::WalletEvent auto const&) { return nothing(); },
            [](domain::ItemEvent auto const&) { return nothing(); },
            [](domain::TransferEvent auto const&) { return nothing(); },
            [](domain::PhoneShareEvent auto const&) { return nothing(); },
            [](domain::TextEvent auto const&) { return nothing(); },
            [&](domain::CurrencyOrdered const& e) {
              if (e.session) {
                if (auto const in = insert_attempt_.run(e.session, e.order); !in) return in;
              }
              return step(e.order.position());
            },
            [&](domain::PaymentOpened const& e) {
              auto const in = insert_name_.run(std::string_view(e.reference), e.order);
              return in ? step(e.order.position()) : in;
            },
            [](domain::CheckoutOpened const&) { return nothing(); },
            [&](domain::CardOrderEvent auto const& e) { return step(e.order.position()); },
            [&](domain::RefundEvent auto const& e) { return step(e.order.position()); },
            [&](domain::PayoutRequested const& e) {
              auto const in = insert_payout_.run(e.payout, e.game, static_cast<int>(domain::PayoutStatus::requested));
              return in ? step(e.payout.position()) : in;
            },
            [&](domain::PayoutAdvanced const& e) {
              auto const processing_at = e.status == domain::PayoutStatus::processing ? commit.at : domain::Timestamp{};
              auto const failed_at = e.status == domain::PayoutStatus::failed ? commit.at : domain::Timestamp{};
              auto const set = advance_payout_.run(static_cast<int>(e.status), processing_at, failed_at, e.payout);
              return set ? step(e.payout.position()) : set;
            },
            [&](domain::PayoutAccountCorrected const& e) { return step(e.payout.position()); },
            [](domain::PayoutFileWritten const&) { return nothing(); },
        },
        event);
  }

  Statement insert_step_;
  Statement insert_attempt_;
  Statement insert_name_;
  Statement insert_payout_;
  Statement advance_payout_;
};

class PaymentsProjection final : public Projection {
 public:
  std::string_view name() const override { return "payments"; }
  int version() const override { return 2; }
  std::string_view schema() const override { return kSchema; }
  ResultOr<std::unique_ptr<ProjectionWriter>> open(Database& database) const override {
    auto writer = std::make_unique<PaymentsWriter>();
    if (auto const prepared = writer->prepare(database); !prepared) return fail(prepared.error());
    return std::unique_ptr<ProjectionWriter>(std::move(writer));
  }
};

// Every row of a query, read by `get`.
template <class Get, class... Arguments>
auto all_rows(ViewReader& view, char const* sql, Get&& get, Arguments const&... arguments)
    -> ResultOr<std::vector<decltype(get(std::declval<Statement const&>()))>> {
  auto select = view.database().statement(sql);
  if (!select) return fail(select.error());
  auto& row = select.value();
  std::vector<decltype(get(row))> rows;
  auto found = row.first(arguments...);
  while (found && found.value()) {
    rows.push_back(get(row));
    found = row.next();
  }
  row.reset();
  if (!found) return fail(found.error());
  return rows;
}

PayoutRow payout_of(Statement const& row) {
  return {domain::PayoutId(row.number(0)), domain::GameId(row.number(1)),
          static_cast<domain::PayoutStatus>(row.integer(2)), row.time(3), row.time(4)};
}

}  // namespace

Projection const& payments_projection() {
  static PaymentsProjection const projection;
  return projection;
}

ResultOr<std::vector<Step>> read_steps(ViewReader& view, Position about) {
  auto const get = [](Statement const& row) { return Step{row.position(0), row.position(1)}; };
  return all_rows(view, kSelectSteps, get, about);
}

Failure<eventstore::Fault> distrust_steps(ViewReader& view, Position about) {
  return view.distrust("payments: a step of " + std::to_string(about.value()) + " is no event of the log");
}

ResultOr<std::vector<domain::OrderId>> read_attempts(ViewReader& view, domain::SessionId session) {
  auto const get = [](Statement const& row) { return domain::OrderId(row.position(0)); };
  return all_rows(view, kSelectAttempts, get, session);
}

ResultOr<std::optional<domain::OrderId>> read_order_of(ViewReader& view, std::string_view reference) {
  auto const get = [](Statement const& row) { return domain::OrderId(row.position(0)); };
  auto rows = all_rows(view, kSelectName, get, reference);
  if (!rows) return fail(rows.error());
  if (rows.value().empty()) return std::optional<domain::OrderId>();
  return std::optional(rows.value().front());
}

ResultOr<PayoutPage> read_payouts(ViewReader& view, domain::GameId game, std::optional<domain::PayoutStatus> status,
                                  std::size_t limit, std::optional<std::uint64_t> cursor) {
  int const wanted = status ? static_cast<int>(*status) : -1;
  auto const newest = std::min<std::uint64_t>(cursor.value_or(std::numeric_limits<std::int64_t>::max()),
                                              std::numeric_limits<std::int64_t>::max());
  // One on top, to know whether there are more.
  auto rows = all_rows(view, kSelectPayouts, payout_of, newest, game, game, wanted, wanted, std::uint64_t{limit + 1});
  if (!rows) return fail(rows.error());
  PayoutPage page{std::move(rows).value(), std::nullopt};
  if (page.payouts.size() > limit) {
    page.next = page.payouts.back().payout.value();
    page.payouts.pop_back();
  }
  return page;
}

ResultOr<std::vector<PayoutRow>> read_processed(ViewReader& view, domain::Timestamp from, domain::Timestamp until) {
  return all_rows(view, kSelectProcessed, payout_of, from, until, until);
}

}  // namespace florin::projections
