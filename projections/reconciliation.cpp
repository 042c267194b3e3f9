#include "projections/reconciliation.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "projections/packed.h"
#include "projections/sqlite.h"

namespace florin::projections {
namespace {

using domain::Overloaded;
using eventstore::Fault;
using eventstore::ResultOr;

// A row's key is the game's number << 40 | player: players of one game lie together. The hot columns are apart from
// the profile, so that a changed balance rewrites a page of a hundred rows and not one of thirty.
constexpr std::string_view kSchema =
    // currencies: packed u32, in the game's order; players: how many have joined.
    "CREATE TABLE games(number INTEGER PRIMARY KEY, game INTEGER NOT NULL UNIQUE, currencies BLOB NOT NULL,"
    " players INTEGER NOT NULL) STRICT;"
    "CREATE TABLE identities(identity INTEGER PRIMARY KEY, email BLOB NOT NULL) STRICT;"
    "CREATE TABLE players(key INTEGER PRIMARY KEY, identity INTEGER NOT NULL, email BLOB NOT NULL) STRICT;"
    // amounts: for each of the game's currencies (available i64, reserved i64), packed; without those that came after
    // the player's last movement.
    "CREATE TABLE balances(key INTEGER PRIMARY KEY, changed INTEGER NOT NULL, amounts BLOB NOT NULL) STRICT;"
    // place: twice the position, plus one for the second of two players whom one event concerns.
    "CREATE TABLE changes(place INTEGER PRIMARY KEY, key INTEGER NOT NULL) STRICT";

constexpr char const* kInsertGame = "INSERT INTO games VALUES(?, ?, ?, 0)";
constexpr char const* kSetCurrencies = "UPDATE games SET currencies = ? WHERE number = ?";
constexpr char const* kCountPlayers = "UPDATE games SET players = players + ? WHERE number = ?";
constexpr char const* kInsertIdentity = "INSERT INTO identities VALUES(?, ?)";
constexpr char const* kInsertPlayer =
    "INSERT INTO players SELECT ?, identity, email FROM identities WHERE identity = ?";
constexpr char const* kSelectAmounts = "SELECT amounts FROM balances WHERE key = ?";
constexpr char const* kReplaceBalance = "INSERT OR REPLACE INTO balances VALUES(?, ?, ?)";
constexpr char const* kInsertChange = "INSERT INTO changes VALUES(?, ?)";
constexpr char const* kPruneChanges = "DELETE FROM changes WHERE place <= ?";

constexpr char const* kScan =
    "SELECT b.key, b.changed, b.amounts, p.identity, p.email FROM balances b CROSS JOIN players p ON p.key = b.key"
    " WHERE b.key >= ? AND b.key < ? AND b.changed > ?";
// An entry is its player's latest exactly when the row says the same position: each player comes once.
constexpr char const* kWalk =
    "SELECT b.key, b.changed, b.amounts, p.identity, p.email FROM changes c"
    " CROSS JOIN balances b ON b.key = c.key AND b.changed = c.place / 2 CROSS JOIN players p ON p.key = c.key"
    " WHERE c.key >= ? AND c.key < ? AND c.place > ?";

// The journal reaches this far back. Longer only helps games of more players than this between two streams.
constexpr std::uint64_t kJournalPositions = 8'000'000;

// How many rows a scan passes over in the time in which a walk looks up one entry's rows, here and there in the file.
constexpr std::uint64_t kScannedForOneWalked = 16;

constexpr int kPlayerBits = 40;
// More than any installation has: a file that names a larger one is damaged, and nothing is allocated for it.
constexpr std::uint32_t kCurrenciesMax = 1u << 24;
constexpr std::size_t kAmountBytes = sizeof(std::int64_t);
constexpr std::uint32_t kAmounts = 2;  // of one currency
constexpr std::uint32_t kAvailable = 0;
constexpr std::uint32_t kReserved = 1;

// Of the journal: the last place that an event at this position can have.
std::uint64_t last_place(std::uint64_t position) { return position * 2 + 1; }

std::uint64_t key_of(std::uint64_t game_number, domain::PlayerId player) {
  return game_number << kPlayerBits | player.value();
}

struct Statements {
  Statement insert_game, set_currencies, count_players, insert_identity, insert_player, select_amounts, replace_balance,
      insert_change, prune_changes;

  ResultOr<Unit> prepare(Database& database) {
    for (auto const& [statement, sql] :
         {std::pair{&insert_game, kInsertGame}, std::pair{&set_currencies, kSetCurrencies},
          std::pair{&count_players, kCountPlayers}, std::pair{&insert_identity, kInsertIdentity},
          std::pair{&insert_player, kInsertPlayer}, std::pair{&select_amounts, kSelectAmounts},
          std::pair{&replace_balance, kReplaceBalance}, std::pair{&insert_change, kInsertChange},
          std::pair{&prune_changes, kPruneChanges}}) {
      auto prepared = FLORIN_TRY(database.statement(sql));
      *statement = prepared;
    }
    return Unit{};
  }
};

Failure<Fault> impossible(domain::Position position, char const* why) {
  return eventstore::fault(Fault::Kind::corrupt,
                           "reconciliation: the event at " + std::to_string(position.value()) + " " + why);
}

// Gathers a transaction's changes, then reads and writes each player's row once, in the order of the table.
class ReconciliationWriter final : public ProjectionWriter {
 public:
  explicit ReconciliationWriter(Statements statements) : sql_(statements) {}

  // The games known so far.
  ResultOr<Unit> load(Database& database) {
    auto select = FLORIN_TRY(database.statement("SELECT number, game, currencies FROM games ORDER BY number"));
    auto row = select.first();
    while (row && row.value()) {
      auto const packed = select.blob(2);
      std::vector<std::uint32_t> currencies(packed.size() / sizeof(std::uint32_t));
      for (std::size_t i = 0; i < currencies.size(); ++i) {
        currencies[i] = packed_at<std::uint32_t>(packed, i * sizeof(std::uint32_t));
        if (currencies[i] > kCurrenciesMax) {
          return eventstore::fault(Fault::Kind::corrupt, "reconciliation: a game has a currency that cannot be");
        }
      }
      learn(domain::GameId(select.number(1)), currencies);
      row = select.next();
    }
    if (!row) return fail(row.error());
    select.reset();
    return Unit{};
  }

  ResultOr<Unit> apply(domain::Commit const& commit) override {
    auto position = commit.first;
    for (auto const& event : commit.events) {
      auto const folded =
          std::visit(Overloaded{
                         [&](domain::GameCreated const& e) { return create_game(e); },
                         [&](domain::CurrencyAdded const& e) { return add_currency(position, e); },
                         [](domain::GameEvent auto const&) { return nothing(); },
                         [](domain::KeyEvent auto const&) { return nothing(); },
                         [&](domain::IdentityRegistered const& e) { return register_identity(e); },
                         [&](domain::PlayerJoined const& e) { return join(position, e); },
                         [](domain::PersonEvent auto const&) { return nothing(); },
                         [&](domain::WalletEvent auto const& e) { return change(position, e); },
                         [&](domain::ItemEvent auto const& e) { return change(position, e); },
                         [&](domain::OneOf<domain::TransferInitiated, domain::TransferReleased> auto const& e) {
                           return change_sender(position, e);
                         },
                         [&](domain::TransferClaimed const& e) { return claim(position, e); },
                         [](domain::OneOf<domain::PinReissued, domain::PinRejected, domain::PinVerified,
                                          domain::GuardianApproved> auto const&) { return nothing(); },
                         [](domain::PhoneShareEvent auto const&) { return nothing(); },
                         [](domain::TextEvent auto const&) { return nothing(); },
                         [&](domain::CurrencyPurchased const& e) { return change(position, e); },
                         [](domain::CardOrderEvent auto const&) { return nothing(); },
                         [&](domain::OneOf<domain::RefundRequested, domain::DisputeOpened> auto const& e) {
                           return change(position, e);
                         },
                         [&](domain::RefundSettled const& e) {
                           return e.end == domain::RefundEnd::succeeded ? nothing() : change(position, e);
                         },
                         [&](domain::DisputeClosed const& e) { return e.won ? change(position, e) : nothing(); },
                         [&](domain::DisputeMoved const& e) { return moves(e.usd) ? change(position, e) : nothing(); },
                         [](domain::PayoutEvent auto const&) { return nothing(); },
                     },
                     event);
      if (!folded) return folded;
      reached_ = position;
      position = next(position);
    }
    return Unit{};
  }

  ResultOr<Unit> flush() override {
    for (auto const& joined : joined_) {
      FLORIN_TRY(sql_.insert_player.run(joined.key, joined.identity));
    }
    joined_.clear();
    for (std::size_t number = 0; number < games_.size(); ++number) {
      auto const count = std::exchange(games_[number].joined, 0);
      if (count == 0) continue;
      if (auto const counted = sql_.count_players.run(count, std::uint64_t{number}); !counted) return counted;
    }
    FLORIN_TRY(write_balances());
    // In the order of the journal: appended, not inserted.
    std::sort(journal_.begin(), journal_.end());
    std::uint64_t before = 0;
    for (auto const& [position, key] : journal_) {
      bool const second = std::exchange(before, position) == position;
      FLORIN_TRY(sql_.insert_change.run(last_place(position) - (second ? 0 : 1), key));
    }
    journal_.clear();
    if (reached_.value() <= kJournalPositions) return Unit{};
    return sql_.prune_changes.run(last_place(reached_.value() - kJournalPositions));
  }

 private:
  struct KnownGame {
    std::size_t currencies = 0;
    std::string packed;        // their ids, as stored
    std::uint64_t joined = 0;  // in the transaction at hand
  };
  struct CurrencyPlace {
    std::uint64_t game_number = 0;
    std::uint32_t index = 0;  // in the game's order
  };
  struct Joined {
    std::uint64_t key = 0;
    domain::IdentityId identity;
  };
  static constexpr std::uint32_t kNoAmount = 0xffff'ffff;  // a player joined: a row of zeros
  struct Change {
    std::uint64_t key = 0;
    std::uint64_t position = 0;
    std::uint32_t amount_index = 0;  // in the player's row
    std::int64_t amount = 0;
  };

  static ResultOr<Unit> nothing() { return Unit{}; }
  static bool moves(domain::Usd usd) { return usd != domain::Usd{}; }

  void learn(domain::GameId game, std::vector<std::uint32_t> const& currencies) {
    auto const number = std::uint64_t{games_.size()};
    numbers_.emplace(game, number);
    games_.push_back({currencies.size(), {}, 0});
    for (auto const currency : currencies) append_packed(games_.back().packed, currency);
    for (std::uint32_t i = 0; i < currencies.size(); ++i) {
      if (currencies[i] >= places_.size()) places_.resize(currencies[i] + 1);
      places_[currencies[i]] = {number, i};
    }
  }

  ResultOr<Unit> create_game(domain::GameCreated const& event) {
    std::vector<std::uint32_t> currencies;
    currencies.reserve(event.currencies.size());
    for (auto const& currency : event.currencies) {
      currencies.push_back(static_cast<std::uint32_t>(currency.currency.value()));
    }
    auto const number = std::uint64_t{games_.size()};
    learn(event.game, currencies);
    return sql_.insert_game.run(number, event.game, std::string_view(games_.back().packed));
  }

  // The rows of players who are there stay shorter until they move: what is missing at the end is zero.
  ResultOr<Unit> add_currency(domain::Position position, domain::CurrencyAdded const& event) {
    auto const number = numbers_.find(event.game);
    if (number == numbers_.end()) return impossible(position, "names an unknown game");
    auto const currency = static_cast<std::uint32_t>(event.currency.currency.value());
    auto& game = games_[number->second];
    if (currency >= places_.size()) places_.resize(currency + 1);
    places_[currency] = {number->second, static_cast<std::uint32_t>(game.currencies++)};
    append_packed(game.packed, currency);
    return sql_.set_currencies.run(std::string_view(game.packed), number->second);
  }

  ResultOr<Unit> register_identity(domain::IdentityRegistered const& event) {
    return sql_.insert_identity.run(event.identity, std::string_view(event.email.bytes));
  }

  ResultOr<Unit> join(domain::Position position, domain::PlayerJoined const& event) {
    auto const number = numbers_.find(event.game);
    if (number == numbers_.end()) return impossible(position, "names an unknown game");
    auto const key = key_of(number->second, event.player);
    joined_.push_back({key, event.identity});
    ++games_[number->second].joined;
    changes_.push_back({key, position.value(), kNoAmount, 0});
    return Unit{};
  }

  ResultOr<Unit> change(domain::Position position, domain::PlayerId player, domain::CurrencyId currency,
                        std::uint32_t which, domain::Money after) {
    if (currency.value() >= places_.size()) return impossible(position, "names an unknown currency");
    auto const& place = places_[currency.value()];
    changes_.push_back(
        {key_of(place.game_number, player), position.value(), place.index * kAmounts + which, after.minor()});
    return Unit{};
  }

  template <class Movement>
  ResultOr<Unit> change(domain::Position position, Movement const& event) {
    return change(position, event.player, event.currency, kAvailable, event.available_after);
  }

  template <class Movement>
  ResultOr<Unit> change_sender(domain::Position position, Movement const& event) {
    FLORIN_TRY(change(position, event.sender, event.currency, kAvailable, event.available_after));
    return change(position, event.sender, event.currency, kReserved, event.reserved_after);
  }

  ResultOr<Unit> claim(domain::Position position, domain::TransferClaimed const& event) {
    FLORIN_TRY(change(position, event.sender, event.currency, kReserved, event.reserved_after));
    return change(position, event.receiver, event.target_currency, kAvailable, event.available_after);
  }

  ResultOr<Unit> write_balances() {
    std::sort(changes_.begin(), changes_.end(), [](Change const& a, Change const& b) {
      return a.key != b.key ? a.key < b.key : a.position < b.position;
    });
    for (std::size_t begin = 0; begin < changes_.size();) {
      auto const key = changes_[begin].key;
      FLORIN_TRY(read_amounts(changes_[begin]));
      auto end = begin;
      for (; end < changes_.size() && changes_[end].key == key; ++end) {
        if (changes_[end].amount_index == kNoAmount) continue;
        set_packed(amounts_, changes_[end].amount_index * kAmountBytes, changes_[end].amount);
      }
      auto const changed = changes_[end - 1].position;
      FLORIN_TRY(sql_.replace_balance.run(key, changed, std::string_view(amounts_)));
      journal_.emplace_back(changed, key);
      begin = end;
    }
    changes_.clear();
    return Unit{};
  }

  // The player's amounts before their first change of this transaction.
  ResultOr<Unit> read_amounts(Change const& first) {
    if (first.amount_index == kNoAmount) {
      amounts_.assign(games_[first.key >> kPlayerBits].currencies * kAmounts * kAmountBytes, '\0');
      return Unit{};
    }
    auto const found = FLORIN_TRY(sql_.select_amounts.first(first.key));
    if (found) amounts_ = sql_.select_amounts.blob(0);
    sql_.select_amounts.reset();
    if (!found) return impossible(domain::Position(first.position), "names a player who never joined");
    auto const size = games_[first.key >> kPlayerBits].currencies * kAmounts * kAmountBytes;
    if (amounts_.size() > size || amounts_.size() % (kAmounts * kAmountBytes) != 0) return broken_row(first.key);
    amounts_.resize(size, '\0');  // of currencies that came since
    return Unit{};
  }

  static Failure<Fault> broken_row(std::uint64_t key) {
    return eventstore::fault(Fault::Kind::corrupt, "reconciliation: the row of " + std::to_string(key) + " is broken");
  }

  Statements sql_;
  std::vector<KnownGame> games_;  // by number
  std::unordered_map<domain::GameId, std::uint64_t> numbers_;
  std::vector<CurrencyPlace> places_;  // by CurrencyId: a currency is of one game
  domain::Position reached_;
  // Of the transaction at hand.
  std::vector<Joined> joined_;
  std::vector<Change> changes_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> journal_;  // position, key
  std::string amounts_;
};

class ReconciliationProjection final : public Projection {
 public:
  std::string_view name() const override { return "reconciliation"; }
  int version() const override { return 2; }
  std::string_view schema() const override { return kSchema; }
  ResultOr<std::unique_ptr<ProjectionWriter>> open(Database& database) const override {
    Statements statements;
    FLORIN_TRY(statements.prepare(database));
    auto writer = std::make_unique<ReconciliationWriter>(statements);
    FLORIN_TRY(writer->load(database));
    return std::unique_ptr<ProjectionWriter>(std::move(writer));
  }
};

}  // namespace

Projection const& reconciliation_projection() {
  static ReconciliationProjection const projection;
  return projection;
}

struct ReconciliationStream::Impl {
  ViewReader view;
  std::vector<domain::CurrencyId> currencies;
  Statement rows;  // absent when the game is unknown
  bool ended = false;
};

ReconciliationStream::ReconciliationStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ReconciliationStream::~ReconciliationStream() = default;
ReconciliationStream::ReconciliationStream(ReconciliationStream&&) noexcept = default;

domain::Position ReconciliationStream::cut() const { return impl_->view.position(); }

ResultOr<ReconciliationStream> ReconciliationStream::open(ViewReader view, domain::GameId game,
                                                          domain::Position since) {
  auto impl = std::make_unique<Impl>(Impl{std::move(view), {}, {}, false});
  auto& database = impl->view.database();
  auto select = FLORIN_TRY(database.statement("SELECT number, currencies, players FROM games WHERE game = ?"));
  auto const found = FLORIN_TRY(select.first(game));
  if (!found) {
    impl->ended = true;
    return ReconciliationStream(std::move(impl));
  }
  auto const number = select.number(0);
  auto const packed = select.blob(1);
  for (std::size_t i = 0; i + sizeof(std::uint32_t) <= packed.size(); i += sizeof(std::uint32_t)) {
    impl->currencies.emplace_back(packed_at<std::uint32_t>(packed, i));
  }
  auto const players = select.number(2);
  select.reset();

  auto const cut = impl->view.position().value();
  auto const behind = cut > since.value() ? cut - since.value() : 0;
  bool const walk = behind <= kJournalPositions && behind <= players / kScannedForOneWalked;
  auto rows = FLORIN_TRY(database.statement(walk ? kWalk : kScan));
  impl->rows = rows;
  // A cursor beyond what the journal can number is beyond the cut: nothing changed after it.
  constexpr std::uint64_t kLast = (std::uint64_t{1} << 62) - 1;
  auto const after = std::min(since.value(), kLast);
  auto const first =
      impl->rows.first(number << kPlayerBits, (number + 1) << kPlayerBits, walk ? last_place(after) : after);
  if (!first) return fail(first.error());
  impl->ended = !first.value();
  return ReconciliationStream(std::move(impl));
}

ResultOr<bool> ReconciliationStream::next(ReconciledPlayer& player) {
  if (impl_->ended) return false;
  auto& row = impl_->rows;
  auto const key = row.number(0);
  player.player = domain::PlayerId(key & ((std::uint64_t{1} << kPlayerBits) - 1));
  player.changed = row.position(1);
  auto const amounts = row.blob(2);
  player.identity = domain::IdentityId(row.number(3));
  player.email.bytes = row.blob(4);
  player.email.sealed = !player.email.bytes.empty();
  if (amounts.size() > impl_->currencies.size() * kAmounts * kAmountBytes ||
      amounts.size() % (kAmounts * kAmountBytes) != 0) {
    return impl_->view.distrust("reconciliation: the row of player " + std::to_string(player.player.value()) +
                                " is broken");
  }
  player.balances.clear();
  auto const amount = [&](std::size_t i) {
    if ((i + 1) * kAmountBytes > amounts.size()) return domain::Money{};  // of a currency that came since
    return domain::Money::from_minor(packed_at<std::int64_t>(amounts, i * kAmountBytes));
  };
  for (std::size_t i = 0; i < impl_->currencies.size(); ++i) {
    player.balances.push_back(
        {impl_->currencies[i], amount(i * kAmounts + kAvailable), amount(i * kAmounts + kReserved)});
  }
  auto const more = FLORIN_TRY(row.next());
  impl_->ended = !more;
  return true;
}

}  // namespace florin::projections
