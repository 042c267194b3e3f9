#include "tests/simulation/views.h"

#include <atomic>
#include <charconv>
#include <cstring>
#include <string>
#include <utility>

#include <sqlite3.h>

#include "projections/build_view.h"
#include "projections/generation.h"
#include "projections/packed.h"
#include "tests/simulation/promises.h"

namespace florin::simulation {

namespace {

constexpr char const* kViews = "/ledger/views";
constexpr char const* kFresh = "/ledger/fresh.db";
constexpr std::chrono::seconds kRetryAfter{5};

// A read-only connection of the comparison's own.
class Rows {
 public:
  explicit Rows(std::string const& file) {
    require(sqlite3_open_v2(file.c_str(), &database_, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK,
            Promise::views_are_fold, file, "does not open");
  }
  ~Rows() {
    sqlite3_finalize(statement_);
    sqlite3_close(database_);
  }
  Rows(Rows const&) = delete;
  Rows& operator=(Rows const&) = delete;

  void select(std::string const& sql) {
    sqlite3_finalize(std::exchange(statement_, nullptr));
    require(sqlite3_prepare_v2(database_, sql.c_str(), -1, &statement_, nullptr) == SQLITE_OK, Promise::views_are_fold,
            sql, sqlite3_errmsg(database_));
  }
  bool next() {
    auto const code = sqlite3_step(statement_);
    require(code == SQLITE_ROW || code == SQLITE_DONE, Promise::views_are_fold, sqlite3_errmsg(database_));
    return code == SQLITE_ROW;
  }
  [[nodiscard]] int columns() const { return sqlite3_column_count(statement_); }
  [[nodiscard]] std::string_view value(int column) const {
    auto const* bytes = static_cast<char const*>(sqlite3_column_blob(statement_, column));
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }

 private:
  sqlite3* database_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
};

// Amounts that are missing at the end of a row are zero (reconciliation.cpp): which rows have them depends on where a
// transaction ended.
std::string_view without_zeros(std::string_view blob) {
  auto const last = blob.find_last_not_of('\0');
  return blob.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

bool same_row(Rows const& a, Rows const& b) {
  for (int column = 0; column < a.columns(); ++column) {
    if (without_zeros(a.value(column)) != without_zeros(b.value(column))) return false;
  }
  return true;
}

// Every table but for the reconciliation's journal of changes, which has one entry a player and transaction.
std::vector<std::string> tables_of(std::string const& file) {
  Rows names(file);
  names.select(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('changes', 'checkpoint') ORDER BY name");
  std::vector<std::string> tables;
  while (names.next()) tables.emplace_back(names.value(0));
  return tables;
}

// The number in a column that holds one.
std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void require_wallet(domain::State const& state, domain::PlayerId player, domain::CurrencyId currency,
                    std::int64_t available, std::int64_t reserved, char const* view) {
  auto const wallet = state.wallet(player, currency);
  require(wallet.available.minor() == available && wallet.reserved.minor() == reserved, Promise::views_are_fold, view,
          "has another balance of player", player.value(), "in currency", currency.value());
}

// The heads of every wallet: projections/history.cpp.
void compare_history(std::string const& file, domain::State const& state) {
  constexpr std::size_t kHeadBytes = 28;  // currency u32, row u64, available i64, reserved i64
  Rows rows(file);
  rows.select("SELECT player, wallets FROM heads");
  while (rows.next()) {
    domain::PlayerId const player(number_of(rows.value(0)));
    auto const wallets = rows.value(1);
    for (std::size_t at = 0; at + kHeadBytes <= wallets.size(); at += kHeadBytes) {
      domain::CurrencyId const currency(projections::packed_at<std::uint32_t>(wallets, at));
      require_wallet(state, player, currency, projections::packed_at<std::int64_t>(wallets, at + 12),
                     projections::packed_at<std::int64_t>(wallets, at + 20), "history");
    }
  }
}

// Each player's balances, in the order of the game's currencies: projections/reconciliation.cpp.
void compare_reconciliation(std::string const& file, domain::State const& state) {
  constexpr std::size_t kBytes = 16;  // available i64, reserved i64
  constexpr int kPlayerBits = 40;
  Rows rows(file);
  rows.select("SELECT key, amounts FROM balances");
  std::uint64_t players = 0;
  for (; rows.next(); ++players) {
    auto const key = number_of(rows.value(0));
    domain::PlayerId const player(key & ((std::uint64_t{1} << kPlayerBits) - 1));
    auto const& currencies = state.games()[key >> kPlayerBits].currencies;
    auto const amounts = rows.value(1);
    for (std::size_t i = 0; i < currencies.size(); ++i) {
      bool const there = (i + 1) * kBytes <= amounts.size();
      require_wallet(state, player, currencies[i].currency,
                     there ? projections::packed_at<std::int64_t>(amounts, i * kBytes) : 0,
                     there ? projections::packed_at<std::int64_t>(amounts, i * kBytes + 8) : 0, "reconciliation");
    }
  }
  require(players == state.player_count(), Promise::views_are_fold, "reconciliation has other players");
}

// How many are open: projections/transfers.cpp.
void compare_transfers(std::string const& file, domain::State const& state) {
  Rows rows(file);
  rows.select("SELECT (SELECT count(*) FROM transfers WHERE outcome = 0), count(*) FROM shares WHERE outcome = 0");
  require(rows.next() && number_of(rows.value(0)) == state.transfers().size() &&
              number_of(rows.value(1)) == state.shares().all().size(),
          Promise::views_are_fold, "transfers shows others open");
}

}  // namespace

Views::Views(eventstore::Log& log, eventstore::Tail& tail, eventstore::Runtime& runtime,
             std::vector<projections::Projection const*> const& projections)
    : log_(log),
      tail_(tail),
      runtime_(runtime),
      projector_(
          log, tail, kViews, projections, kRetryAfter, runtime, [] {},
          [this](projections::ViewSlot& slot) { order_build(slot); }) {}

bool Views::order_build(projections::ViewSlot& slot) {
  auto progress = slot.begin_build();
  if (!progress) return false;
  ordered_.emplace_back(&slot, std::move(progress));
  return true;
}

eventstore::ResultOr<projections::ViewReader> Views::read(std::string_view name) {
  auto* slot = projector_.find(name);
  if (slot == nullptr) return eventstore::fault(eventstore::Fault::Kind::missing, "view: it is not followed");
  if (slot->drop_distrusted()) order_build(*slot);
  auto generation = slot->readable();
  if (!generation) return fail(generation.error());
  return projections::ViewReader::open(std::move(generation).value());
}

domain::Position Views::position(std::string_view name) const {
  for (auto const& slot : projector_.slots()) {
    if (slot.projection().name() == name) return slot.position();
  }
  return {};
}

bool Views::when_reached(std::string_view name, domain::Position wanted, int,
                         std::unique_ptr<projections::ViewWaiter> waiter) {
  if (projector_.find(name) != nullptr && position(name) < wanted) catch_up();
  waiter->tell(position(name) >= wanted);
  return true;
}

std::vector<projections::ProjectionStatus> Views::status() const {
  std::vector<projections::ProjectionStatus> all;
  for (auto const& slot : projector_.slots()) all.push_back(slot.status(tail_.head()));
  return all;
}

eventstore::ResultOr<Unit> Views::rebuild(std::string_view name) {
  auto* slot = projector_.find(name);
  if (slot == nullptr) return eventstore::fault(eventstore::Fault::Kind::missing, "view: it is not followed");
  if (!order_build(*slot)) return eventstore::fault(eventstore::Fault::Kind::conflict, "view: a rebuild is under way");
  return Unit{};
}

void Views::catch_up() {
  static std::atomic<bool> const kGoOn{false};
  bool caught_up = false;
  while (!caught_up || !ordered_.empty()) {
    for (auto const& [slot, progress] : std::exchange(ordered_, {})) {
      auto const built =
          projections::build_view(log_, slot->projection(), slot->build_file(), *progress, kGoOn, runtime_);
      projector_.finish(*slot, built ? std::nullopt : std::optional(built.error()));
    }
    caught_up = projector_.step([](eventstore::SteadyTime) { return false; });
  }
}

void Views::compare(domain::State const& state, bool all) {
  for (auto& slot : projector_.slots()) {
    require(!all || !slot.failed(), Promise::views_are_fold, std::string(slot.projection().name()),
            "stays stopped:", slot.status(tail_.head()).error);
    if (!slot.failed()) compare(slot, state);
  }
}

void Views::compare(projections::ViewSlot& slot, domain::State const& state) {
  auto const name = std::string(slot.projection().name());
  auto const generation = slot.generation();
  require(generation != nullptr, Promise::views_are_fold, name, "cannot be read");
  require(slot.position() == tail_.head(), Promise::views_are_fold, name, "is behind");
  projections::BuildProgress progress;
  std::atomic<bool> const go_on{false};
  auto const built = projections::build_view(log_, slot.projection(), kFresh, progress, go_on, runtime_);
  require(built.ok(), Promise::sound_disk_serves, "a build of", name);
  auto const file = generation->file().string();
  for (auto const& table : tables_of(kFresh)) {
    Rows live(file);
    Rows fresh(kFresh);
    for (auto* rows : {&live, &fresh}) rows->select("SELECT * FROM " + table + " ORDER BY 1, 2");
    for (;;) {
      bool const more = fresh.next();
      require(live.next() == more, Promise::views_are_fold, name, table, "has more or fewer rows");
      if (!more) break;
      require(same_row(live, fresh), Promise::views_are_fold, name, table, "has another row");
    }
  }
  projections::remove_view_file(runtime_.files(), kFresh);
  if (name == "history") compare_history(file, state);
  if (name == "reconciliation") compare_reconciliation(file, state);
  if (name == "transfers") compare_transfers(file, state);
}

}  // namespace florin::simulation
