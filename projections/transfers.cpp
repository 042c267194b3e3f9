#include "projections/transfers.h"

#include <map>
#include <string>

#include "projections/sqlite.h"

namespace florin::projections {
namespace {

using domain::Overloaded;
using domain::Position;
using eventstore::Fault;
using eventstore::ResultOr;

constexpr std::string_view kSchema =
    // outcome: 0 open, 1 completed, 2 + the ReturnReason's number.
    "CREATE TABLE transfers(position INTEGER PRIMARY KEY, flavour INTEGER NOT NULL, stage INTEGER NOT NULL,"
    " guardian INTEGER NOT NULL, outcome INTEGER NOT NULL, initiated_at INTEGER NOT NULL,"
    " pin_expires_at INTEGER NOT NULL, guardian_expires_at INTEGER NOT NULL, verified_at INTEGER NOT NULL,"
    " claim_expires_at INTEGER NOT NULL, ended_at INTEGER NOT NULL, ended_in INTEGER NOT NULL,"
    " receiver INTEGER NOT NULL) STRICT;"
    // outcome: 0 open, 1 + the ShareEnd's number.
    "CREATE TABLE shares(position INTEGER PRIMARY KEY, phone INTEGER NOT NULL, asked_at INTEGER NOT NULL,"
    " expires_at INTEGER NOT NULL, outcome INTEGER NOT NULL, ended_at INTEGER NOT NULL) STRICT";

constexpr int kOpen = 0;
constexpr int kCompleted = 1;
constexpr int kFirstReturn = 2;
constexpr int kFirstShareEnd = 1;

template <class Enum>
bool enumerated(std::int64_t number, Enum& out, Enum last) {
  if (number < 0 || number > static_cast<std::int64_t>(last)) return false;
  out = static_cast<Enum>(number);
  return true;
}

// How a record lies in its table.
struct TransferTable {
  using Key = domain::TransferId;
  using Record = TransferRecord;
  static constexpr char const* kSelect =
      "SELECT flavour, stage, guardian, outcome, initiated_at, pin_expires_at, guardian_expires_at, verified_at,"
      " claim_expires_at, ended_at, ended_in, receiver FROM transfers WHERE position = ?";
  static constexpr char const* kReplace =
      "INSERT OR REPLACE INTO transfers VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

  // nullopt: the row cannot be.
  static std::optional<Record> get(domain::TransferId transaction, Statement const& row) {
    Record record;
    record.transaction = transaction;
    auto const outcome = row.integer(3);
    if (!enumerated(row.integer(0), record.flavour, domain::Flavour::send) ||
        !enumerated(row.integer(1), record.stage, domain::TransferStage::claim) ||
        !enumerated(row.integer(2), record.guardian, domain::GuardianState::approved) ||
        (outcome != kOpen && outcome != kCompleted &&
         !enumerated(outcome - kFirstReturn, record.reason, domain::ReturnReason::cancelled))) {
      return std::nullopt;
    }
    if (outcome == kCompleted) record.end = domain::TransferEnd::completed;
    if (outcome >= kFirstReturn) record.end = domain::end_of(record.reason);
    record.initiated_at = row.time(4);
    record.pin_expires_at = row.time(5);
    record.guardian_expires_at = row.time(6);
    record.verified_at = row.time(7);
    record.claim_expires_at = row.time(8);
    record.ended_at = row.time(9);
    record.ended_in = row.position(10);
    record.receiver = domain::PlayerId(row.number(11));
    return record;
  }

  static ResultOr<Unit> put(Statement& replace, Record const& record) {
    return replace.run(record.transaction, static_cast<int>(record.flavour), static_cast<int>(record.stage),
                       static_cast<int>(record.guardian), outcome_of(record), record.initiated_at,
                       record.pin_expires_at, record.guardian_expires_at, record.verified_at, record.claim_expires_at,
                       record.ended_at, record.ended_in, record.receiver);
  }

  static int outcome_of(Record const& record) {
    if (!record.end) return kOpen;
    return *record.end == domain::TransferEnd::completed ? kCompleted : kFirstReturn + static_cast<int>(record.reason);
  }
};

struct ShareTable {
  using Key = domain::ApprovalId;
  using Record = ShareRecord;
  static constexpr char const* kSelect =
      "SELECT phone, asked_at, expires_at, outcome, ended_at FROM shares WHERE position = ?";
  static constexpr char const* kReplace = "INSERT OR REPLACE INTO shares VALUES(?, ?, ?, ?, ?, ?)";

  static std::optional<Record> get(domain::ApprovalId approval, Statement const& row) {
    Record record;
    record.approval = approval;
    record.phone = domain::PhoneId(row.number(0));
    record.asked_at = row.time(1);
    record.expires_at = row.time(2);
    if (row.integer(3) != kOpen &&
        !enumerated(row.integer(3) - kFirstShareEnd, record.end.emplace(), domain::ShareEnd::superseded)) {
      return std::nullopt;
    }
    record.ended_at = row.time(4);
    return record;
  }

  static ResultOr<Unit> put(Statement& replace, Record const& record) {
    auto const outcome = record.end ? kFirstShareEnd + static_cast<int>(*record.end) : kOpen;
    return replace.run(record.approval, record.phone, record.asked_at, record.expires_at, outcome, record.ended_at);
  }
};

template <class Table>
ResultOr<std::optional<typename Table::Record>> look_up(Statement& select, typename Table::Key key) {
  auto const found = FLORIN_TRY(select.first(key));
  std::optional<typename Table::Record> record;
  if (found) record = Table::get(key, select);
  select.reset();
  if (found && !record) {
    return eventstore::fault(Fault::Kind::corrupt,
                             "transfers: the row of " + std::to_string(key.value()) + " is broken");
  }
  return record;
}

template <class Table>
ResultOr<std::optional<typename Table::Record>> look_up(ViewReader& view, typename Table::Key key) {
  auto select = FLORIN_TRY(view.database().statement(Table::kSelect));
  auto record = look_up<Table>(select, key);
  if (!record && record.error().kind == Fault::Kind::corrupt) return view.distrust(record.error().what);
  return record;
}

// The rows that the transaction at hand touches: each is read and written at most once, in the order of the table.
template <class Table>
class Touched {
 public:
  using Key = typename Table::Key;
  using Record = typename Table::Record;

  ResultOr<Unit> prepare(Database& database) {
    auto select = FLORIN_TRY(database.statement(Table::kSelect));
    auto replace = FLORIN_TRY(database.statement(Table::kReplace));
    select_ = select;
    replace_ = replace;
    return Unit{};
  }

  void add(Key key, Record const& record) { rows_.insert_or_assign(key, record); }

  // change(record), of the one that an event at `at` is about.
  template <class Change>
  ResultOr<Unit> change(Key key, Position at, Change&& change) {
    auto row = rows_.find(key);
    if (row == rows_.end()) {
      auto const stored = FLORIN_TRY(look_up<Table>(select_, key));
      if (!stored) {
        return eventstore::fault(Fault::Kind::corrupt, "transfers: the event at " + std::to_string(at.value()) +
                                                           " is about one that was never begun");
      }
      row = rows_.emplace(key, *stored).first;
    }
    change(row->second);
    return Unit{};
  }

  ResultOr<Unit> write() {
    for (auto const& [key, record] : rows_) {
      FLORIN_TRY(Table::put(replace_, record));
    }
    rows_.clear();
    return Unit{};
  }

 private:
  Statement select_;
  Statement replace_;
  std::map<Key, Record> rows_;
};

class TransfersWriter final : public ProjectionWriter {
 public:
  ResultOr<Unit> prepare(Database& database) {
    FLORIN_TRY(transfers_.prepare(database));
    return shares_.prepare(database);
  }

  ResultOr<Unit> apply(domain::Commit const& commit) override {
    auto position = commit.first;
    for (auto const& event : commit.events) {
      FLORIN_TRY(fold(event, commit, position));
      position = next(position);
    }
    return Unit{};
  }

  ResultOr<Unit> flush() override {
    FLORIN_TRY(transfers_.write());
    return shares_.write();
  }

 private:
  static ResultOr<Unit> nothing() { return Unit{}; }

  ResultOr<Unit> fold(domain::Event const& event, domain::Commit const& commit, Position position) {
    auto const transfer = [&](domain::TransferId transaction, auto&& change) {
      return transfers_.change(transaction, position, change);
    };
    auto const end_transfer = [&](TransferRecord& record, domain::TransferEnd end) {
      record.end = end;
      record.ended_at = commit.at;
      record.ended_in = commit.first;
    };
    return std::visit(
        Overloaded{
            [](domain::GameEvent auto const&) { return nothing(); },
            [](domain::KeyEvent auto const&) { return nothing(); },
            [](domain::PersonEvent auto const&) { return nothing(); },
            [](domain::WalletEvent auto const&) { return nothing(); },
            [](domain::ItemEvent auto const&) { return nothing(); },
            [&](domain::TransferInitiated const& e) {
              TransferRecord record;
              record.transaction = e.transaction;
              record.flavour = e.flavour;
              record.guardian = e.guardian ? domain::GuardianState::pending : domain::GuardianState::none;
              record.initiated_at = commit.at;
              record.pin_expires_at = e.pin_expires_at;
              record.guardian_expires_at = e.guardian_expires_at;
              transfers_.add(e.transaction, record);
              return nothing();
            },
            [&](domain::PinReissued const& e) {
              return transfer(e.transaction, [&](TransferRecord& record) { record.pin_expires_at = e.expires_at; });
            },
            [&](domain::PinVerified const& e) {
              return transfer(e.transaction, [&](TransferRecord& record) {
                record.stage = domain::TransferStage::claim;
                record.verified_at = commit.at;
                record.claim_expires_at = e.claim_expires_at;
              });
            },
            [&](domain::GuardianApproved const& e) {
              return transfer(e.transaction,
                              [](TransferRecord& record) { record.guardian = domain::GuardianState::approved; });
            },
            [&](domain::TransferClaimed const& e) {
              return transfer(e.transaction, [&](TransferRecord& record) {
                end_transfer(record, domain::TransferEnd::completed);
                record.receiver = e.receiver;
              });
            },
            [&](domain::TransferReleased const& e) {
              return transfer(e.transaction, [&](TransferRecord& record) {
                end_transfer(record, domain::end_of(e.reason));
                record.reason = e.reason;
              });
            },
            [](domain::TransferEvent auto const&) { return nothing(); },
            [&](domain::PhoneShareRequested const& e) {
              shares_.add(e.approval, {e.approval, e.phone, commit.at, e.expires_at, std::nullopt, {}});
              return nothing();
            },
            [&](domain::PhoneShareEnded const& e) {
              return shares_.change(e.approval, position, [&](ShareRecord& record) {
                record.end = e.end;
                record.ended_at = commit.at;
              });
            },
            [](domain::PhoneShareEvent auto const&) { return nothing(); },
            [](domain::TextEvent auto const&) { return nothing(); },
            [](domain::CardOrderEvent auto const&) { return nothing(); },
            [](domain::RefundEvent auto const&) { return nothing(); },
            [](domain::PayoutEvent auto const&) { return nothing(); },
        },
        event);
  }

  Touched<TransferTable> transfers_;
  Touched<ShareTable> shares_;
};

class TransfersProjection final : public Projection {
 public:
  std::string_view name() const override { return "transfers"; }
  int version() const override { return 1; }
  std::string_view schema() const override { return kSchema; }
  ResultOr<std::unique_ptr<ProjectionWriter>> open(Database& database) const override {
    auto writer = std::make_unique<TransfersWriter>();
    FLORIN_TRY(writer->prepare(database));
    return std::unique_ptr<ProjectionWriter>(std::move(writer));
  }
};

}  // namespace

Projection const& transfers_projection() {
  static TransfersProjection const projection;
  return projection;
}

ResultOr<std::optional<TransferRecord>> read_transfer(ViewReader& view, domain::TransferId transaction) {
  return look_up<TransferTable>(view, transaction);
}

ResultOr<std::optional<ShareRecord>> read_share(ViewReader& view, domain::ApprovalId approval) {
  return look_up<ShareTable>(view, approval);
}

}  // namespace florin::projections
