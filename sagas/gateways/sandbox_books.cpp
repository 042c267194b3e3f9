// One file of more than 500 lines: every table is written here and nowhere else, and each rule stands beside its SQL.
#include "sagas/gateways/sandbox_books.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <unordered_map>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "domain/contract.h"
#include "eventstore/runtime/files.h"
#include "eventstore/store/sqlite.h"

namespace florin::sagas {
namespace {

namespace sqlite = eventstore::sqlite;
using domain::DisputeStatus;
using domain::Money;
using domain::PaymentStatus;
using domain::Position;
using domain::RefundStatus;
using domain::Timestamp;
using eventstore::Fault;
using eventstore::Faulty;

constexpr std::int64_t kApplicationId = 0x464c'5350;  // "FLSP" in the file's header
constexpr std::int64_t kFormat = 1;                   // user_version

// Amounts are cents. disputes.cents is what was claimed, withheld what is held back of it now, entries how often it was
// withdrawn, given back or charged for. The last two are NULL in rows from before an end could be taken back: there all
// was held back until the dispute was won (state 1). payments.state is a PaymentStatus, disputes.state a DisputeStatus,
// methods.card a TestCard.
constexpr char const* kCreate =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE payments(sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, ordered INTEGER NOT NULL,"
    " cents INTEGER NOT NULL, description TEXT NOT NULL, secret TEXT NOT NULL, state INTEGER NOT NULL,"
    " decline TEXT NOT NULL, fee INTEGER NOT NULL, return_url TEXT NOT NULL, created INTEGER NOT NULL,"
    " ordered_at INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE TABLE methods(id TEXT PRIMARY KEY, card INTEGER NOT NULL, last4 TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE keys(key TEXT PRIMARY KEY, asked BLOB NOT NULL, payment TEXT NOT NULL, refused TEXT NOT NULL,"
    " made TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE refunds(sequence INTEGER PRIMARY KEY, id TEXT NOT NULL, payment TEXT NOT NULL,"
    " refund INTEGER NOT NULL, cents INTEGER NOT NULL, created INTEGER NOT NULL,"
    " asked_at INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE INDEX refunds_of ON refunds(payment);"
    "CREATE TABLE disputes(sequence INTEGER PRIMARY KEY, id TEXT NOT NULL, payment TEXT NOT NULL,"
    " cents INTEGER NOT NULL, fee INTEGER NOT NULL, state INTEGER NOT NULL, created INTEGER NOT NULL,"
    " withheld INTEGER, entries INTEGER) STRICT;"
    "CREATE INDEX disputes_of ON disputes(payment);"
    "CREATE TABLE events(sequence INTEGER PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL, object TEXT NOT NULL,"
    " object_id TEXT NOT NULL, payment TEXT NOT NULL, created INTEGER NOT NULL, copies INTEGER NOT NULL,"
    " late INTEGER NOT NULL, waiting INTEGER NOT NULL) STRICT;"
    "CREATE INDEX events_waiting ON events(sequence) WHERE waiting = 1;"
    "PRAGMA application_id=1179407184;"  // kApplicationId
    "PRAGMA user_version=1;"             // kFormat
    "COMMIT";

// Columns that older files lack. The versions that made those read files with them too, so the format is the same.
struct AddedColumn {
  char const* count;
  char const* add;
};
constexpr std::array<AddedColumn, 4> kAdded = {
    {{"SELECT count(*) FROM pragma_table_info('disputes') WHERE name = 'withheld'",
      "ALTER TABLE disputes ADD COLUMN withheld INTEGER"},
     {"SELECT count(*) FROM pragma_table_info('disputes') WHERE name = 'entries'",
      "ALTER TABLE disputes ADD COLUMN entries INTEGER"},
     {"SELECT count(*) FROM pragma_table_info('payments') WHERE name = 'ordered_at'",
      "ALTER TABLE payments ADD COLUMN ordered_at INTEGER NOT NULL DEFAULT 0"},
     {"SELECT count(*) FROM pragma_table_info('refunds') WHERE name = 'asked_at'",
      "ALTER TABLE refunds ADD COLUMN asked_at INTEGER NOT NULL DEFAULT 0"}}};

constexpr std::size_t kIdLetters = 24;
constexpr domain::BasisPoints kFeeRate{290};
constexpr Money kFeeFixed = Money::from_minor(30);
constexpr Money kDisputeFee = Money::from_minor(1500);
constexpr Money kAmountMax = Money::from_minor(99'999'999);  // Stripe's: eight digits of cents
constexpr std::size_t kTextMax = 2048;                       // a key, a description, a URL: longer is refused
constexpr int kCardYearsMax = 50;

// Thrown and caught in this file: a fault of SQLite's in the middle of a rule.
struct Broken {
  Fault fault;
};

// What a card does. Stored: the numbers stay.
enum class TestCard : std::uint8_t { succeeds = 0, declines = 1, lacks_funds = 2, asks_bank = 3, disputed = 4 };

struct TestNumber {
  std::string_view number;
  std::string_view method;
  TestCard card;
};
// CONTRACT, Currency purchase: sandbox test cards.
constexpr std::array<TestNumber, 5> kTestNumbers = {
    {{"4242424242424242", "pm_card_visa", TestCard::succeeds},
     {"4000000000000002", "pm_card_chargeDeclined", TestCard::declines},
     {"4000000000009995", "pm_card_chargeDeclinedInsufficientFunds", TestCard::lacks_funds},
     {"4000002760003184", "pm_card_threeDSecure2Required", TestCard::asks_bank},
     {"4000000000000259", "pm_card_createDispute", TestCard::disputed}}};

std::string random_id(std::string_view prefix) {
  constexpr std::string_view kLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::array<unsigned char, 2 * kIdLetters> bytes;
  FLORIN_ASSERT(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  std::string id(prefix);
  for (std::size_t i = 0; i < kIdLetters; ++i) {
    id += kLetters[static_cast<std::size_t>(bytes[2 * i] * 256 + bytes[2 * i + 1]) % kLetters.size()];
  }
  return id;
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool passes_luhn(std::string_view digits) {
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    int const digit = digits[digits.size() - 1 - i] - '0';
    int const counted = i % 2 == 1 ? digit * 2 : digit;
    sum += counted > 9 ? counted - 9 : counted;
  }
  return sum % 10 == 0;
}

// As Stripe's test mode, in its order. Empty: it is one of the test cards and good.
std::string_view card_fault(Card const& card, Timestamp now) {
  if (!is_digits(card.number) || card.number.size() < 12 || card.number.size() > 19 || !passes_luhn(card.number)) {
    return "incorrect_number";
  }
  if (!is_digits(card.month) || card.month.size() > 2) return "invalid_expiry_month";
  int const month = std::stoi(card.month);
  if (month < 1 || month > 12) return "invalid_expiry_month";
  if (!is_digits(card.year) || (card.year.size() != 2 && card.year.size() != 4)) return "invalid_expiry_year";
  int const year = std::stoi(card.year) + (card.year.size() == 2 ? 2000 : 0);
  std::chrono::sys_days const day{std::chrono::days(now.micros() / domain::kMicrosPerDay)};
  std::chrono::year_month_day const today{day};
  int const this_year = static_cast<int>(today.year());
  if (year < this_year || year > this_year + kCardYearsMax) return "invalid_expiry_year";
  if (year == this_year && month < static_cast<int>(static_cast<unsigned>(today.month()))) {
    return "invalid_expiry_month";
  }
  if (!is_digits(card.cvc) || card.cvc.size() < 3 || card.cvc.size() > 4) return "invalid_cvc";
  bool const known =
      std::ranges::find(kTestNumbers, std::string_view(card.number), &TestNumber::number) != kTestNumbers.end();
  return known ? std::string_view() : "test_mode_live_card";
}

// What was asked, in 32 bytes: a key may be used again for the same call only. A hash, because a return URL may hold
// what this file must not.
std::string asked(std::initializer_list<std::string_view> words) {
  std::string text;
  for (std::string_view const word : words) text.append(std::to_string(word.size())).append(":").append(word);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<unsigned char const*>(text.data()), text.size(), digest.data());
  return {reinterpret_cast<char const*>(digest.data()), digest.size()};
}

std::string digits_of(std::int64_t number) { return std::to_string(number); }
std::string digits_of(std::uint64_t number) { return std::to_string(number); }

std::string code_of(Fault const& fault) {
  switch (fault.kind) {
    case Fault::Kind::full: return "books_full";
    case Fault::Kind::corrupt: return "books_corrupt";
    case Fault::Kind::conflict: return "books_locked";
    case Fault::Kind::io:
    case Fault::Kind::missing:
    case Fault::Kind::unknown: break;
  }
  return "books_io";
}

SandboxBooks::Answer refused(std::string code) { return {PaymentOutcome::refused, {}, std::move(code), {}}; }

// One run of a prepared statement.
class Query {
 public:
  Query(sqlite3* connection, sqlite3_stmt* statement) : connection_(connection), statement_(statement) {}
  Query(Query const&) = delete;
  Query& operator=(Query const&) = delete;
  ~Query() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }

  // A view of nothing is an empty text: SQLite would take its null pointer for NULL.
  Query& with(std::string_view text) {
    char const* const data = text.data() == nullptr ? "" : text.data();
    return check(sqlite3_bind_text(statement_, ++bound_, data, static_cast<int>(text.size()), SQLITE_TRANSIENT));
  }
  Query& with_bytes(std::string_view bytes) {
    return check(
        sqlite3_bind_blob(statement_, ++bound_, bytes.data(), static_cast<int>(bytes.size()), SQLITE_TRANSIENT));
  }
  Query& with(std::int64_t number) { return check(sqlite3_bind_int64(statement_, ++bound_, number)); }
  Query& with(std::uint64_t number) { return with(static_cast<std::int64_t>(number)); }
  Query& with(Money usd) { return with(usd.minor()); }
  Query& with(Timestamp at) { return with(at.micros()); }
  Query& with(PaymentStatus status) { return with(static_cast<std::int64_t>(status)); }
  Query& with(DisputeStatus status) { return with(static_cast<std::int64_t>(status)); }

  // The next row, if there is one.
  bool row() {
    int const code = sqlite3_step(statement_);
    if (code != SQLITE_ROW && code != SQLITE_DONE) fail_now();
    return code == SQLITE_ROW;
  }
  void run() {
    while (row()) {
    }
  }

  [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  [[nodiscard]] std::uint64_t count(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  [[nodiscard]] Money money(int column) const { return Money::from_minor(integer(column)); }
  [[nodiscard]] Timestamp time(int column) const { return Timestamp::from_micros(integer(column)); }
  [[nodiscard]] std::string text(int column) const {
    auto const* const data = static_cast<char const*>(sqlite3_column_blob(statement_, column));
    auto const size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return data == nullptr ? std::string() : std::string(data, size);
  }

 private:
  Query& check(int code) {
    if (code != SQLITE_OK) fail_now();
    return *this;
  }
  [[noreturn]] void fail_now() { throw Broken{sqlite::last_fault(connection_, "the sandbox processor's books").error}; }

  sqlite3* const connection_;
  sqlite3_stmt* const statement_;
  int bound_ = 0;
};

}  // namespace

struct SandboxBooks::Impl {
  sqlite::Connection connection;
  std::unordered_map<char const*, sqlite::Statement> statements;  // by the address of their text: literals below
  Money amount_min;
  std::function<CallbackPlan()> plan;

  Query query(char const* sql) {
    sqlite::Statement& statement = statements[sql];
    if (!statement) {
      auto prepared = sqlite::prepare(connection.get(), sql);
      if (!prepared) throw Broken{std::move(prepared).error()};
      statement = std::move(prepared).value();
    }
    return {connection.get(), statement.get()};
  }

  // All of it or nothing, in the file when this returns.
  template <class Work>
  auto transaction(Work work) {
    query("BEGIN IMMEDIATE").run();
    try {
      auto result = work();
      query("COMMIT").run();
      return result;
    } catch (Broken const&) {
      // A failed commit may have ended the transaction already; then this has nothing to undo and says so.
      sqlite3_exec(connection.get(), "ROLLBACK", nullptr, nullptr, nullptr);
      throw;
    }
  }

  template <class Work>
  Answer answer(Work work) {
    try {
      return transaction(std::move(work));
    } catch (Broken const& broken) {
      return {PaymentOutcome::unknown, {}, code_of(broken.fault), {}};
    }
  }

  template <class Work>
  auto read(Work work) -> Faulty<decltype(work())> {
    try {
      return work();
    } catch (Broken const& broken) {
      return fail(broken.fault);
    }
  }

  static SandboxPayment payment_of(Query& row) {
    SandboxPayment payment;
    payment.sequence = row.count(0);
    payment.report.reference = row.text(1);
    payment.report.order = Position(row.count(2));
    payment.report.usd = row.money(3);
    payment.description = row.text(4);
    payment.client_secret = row.text(5);
    payment.report.status = static_cast<PaymentStatus>(row.integer(6));
    payment.report.decline_code = row.text(7);
    payment.report.fee = row.money(8);
    payment.return_url = row.text(9);
    payment.created = row.time(10);
    payment.report.ordered_at = row.time(11);
    return payment;
  }

  void add_children(SandboxPayment& payment) {
    Query refunds = query("SELECT id, refund, cents, asked_at FROM refunds WHERE payment = ?1 ORDER BY sequence");
    refunds.with(payment.report.reference);
    while (refunds.row()) {
      payment.report.refunds.push_back(
          {refunds.text(0), Position(refunds.count(1)), refunds.money(2), RefundStatus::succeeded, refunds.time(3)});
    }
    Query disputes = query(
        "SELECT id, ifnull(withheld, iif(state = 1, 0, cents)), fee, state, ifnull(entries, iif(state = 1, 2, 1))"
        " FROM disputes WHERE payment = ?1 ORDER BY sequence");
    disputes.with(payment.report.reference);
    while (disputes.row()) {
      payment.report.disputes.push_back({disputes.text(0), disputes.money(1), disputes.money(2),
                                         static_cast<DisputeStatus>(disputes.integer(3)),
                                         static_cast<std::uint32_t>(disputes.count(4))});
    }
  }

  std::optional<SandboxPayment> find(std::string_view reference) {
    std::optional<SandboxPayment> found;
    {
      Query row = query("SELECT * FROM payments WHERE id = ?1");
      if (row.with(reference).row()) found = payment_of(row);
    }
    if (found) add_children(*found);
    return found;
  }

  Answer as_it_is(std::string_view reference, std::string made = {}) {
    auto found = find(reference);
    if (!found) return refused("resource_missing");
    return {PaymentOutcome::answered, std::move(*found), {}, std::move(made)};
  }

  // What the key's first call came to; nothing when it is the first.
  std::optional<Answer> repeated(std::string_view key, std::string const& what) {
    Query row = query("SELECT asked, payment, refused, made FROM keys WHERE key = ?1");
    if (!row.with(key).row()) return std::nullopt;
    if (row.text(0) != what) return Answer{PaymentOutcome::unknown, {}, "idempotency_error", {}};
    if (std::string code = row.text(2); !code.empty()) return refused(std::move(code));
    return as_it_is(row.text(1), row.text(3));
  }

  // Stripe keeps a key's refusal too.
  Answer keep(std::string_view key, std::string const& what, std::string_view reference, Answer answer) {
    query("INSERT INTO keys VALUES(?1, ?2, ?3, ?4, ?5)")
        .with(key)
        .with_bytes(what)
        .with(reference)
        .with(answer.code)
        .with(answer.made)
        .run();
    return answer;
  }

  void tell(std::string_view type, std::string_view object, std::string_view object_id, std::string_view reference,
            Timestamp now) {
    CallbackPlan const how = plan();
    query(
        "INSERT INTO events(id, type, object, object_id, payment, created, copies, late, waiting)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
        .with(random_id("evt_"))
        .with(type)
        .with(object)
        .with(object_id)
        .with(reference)
        .with(now)
        .with(std::uint64_t{how.copies})
        .with(std::int64_t{how.late})
        .with(std::int64_t{how.copies > 0})
        .run();
  }

  void set_state(std::string_view reference, PaymentStatus status, std::string_view decline, Money fee) {
    query("UPDATE payments SET state = ?2, decline = ?3, fee = ?4 WHERE id = ?1")
        .with(reference)
        .with(status)
        .with(decline)
        .with(fee)
        .run();
  }

  void charge(SandboxPayment const& payment, Timestamp now) {
    std::string const& reference = payment.report.reference;
    Money const fee = domain::share_half_up(payment.report.usd, kFeeRate) + kFeeFixed;
    set_state(reference, PaymentStatus::succeeded, {}, fee);
    tell("payment_intent.succeeded", "payment_intent", reference, reference, now);
  }

  void decline(std::string const& reference, std::string_view code, Timestamp now) {
    set_state(reference, PaymentStatus::declined, code, Money());
    tell("payment_intent.payment_failed", "payment_intent", reference, reference, now);
  }

  std::string dispute(std::string const& reference, Money usd, Timestamp now) {
    std::string id = random_id("dp_");
    query(
        "INSERT INTO disputes(id, payment, cents, fee, state, created, withheld, entries)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?3, 1)")
        .with(id)
        .with(reference)
        .with(usd)
        .with(kDisputeFee)
        .with(DisputeStatus::open)
        .with(now)
        .run();
    tell("charge.dispute.created", "dispute", id, reference, now);
    return id;
  }

  // What the dispute is from now on: one entry more, unless nothing but its status changed.
  void set_dispute(domain::DisputeReport const& before, Money withheld, Money fee, DisputeStatus status) {
    bool const booked = withheld != before.withheld || fee != before.fee;
    query("UPDATE disputes SET withheld = ?2, fee = ?3, state = ?4, entries = ?5 WHERE id = ?1")
        .with(before.reference)
        .with(withheld)
        .with(fee)
        .with(status)
        .with(std::uint64_t{before.entries} + (booked ? 1 : 0))
        .run();
  }

  // What its bank claimed at first: what is withdrawn again when it was won and then lost.
  Money claimed(std::string_view dispute) {
    Query row = query("SELECT cents FROM disputes WHERE id = ?1");
    row.with(dispute);
    return row.row() ? row.money(0) : Money();
  }

  // Who wins gets all of it back, the fee too; who loses after that pays both again.
  void end_dispute(domain::DisputeReport const& before, bool won, std::string_view reference, Timestamp now) {
    if (won) {
      set_dispute(before, {}, {}, DisputeStatus::won);
      tell("charge.dispute.funds_reinstated", "dispute", before.reference, reference, now);
    } else if (before.status == DisputeStatus::won) {
      set_dispute(before, claimed(before.reference), kDisputeFee, DisputeStatus::lost);
      tell("charge.dispute.funds_withdrawn", "dispute", before.reference, reference, now);
    } else {
      set_dispute(before, before.withheld, before.fee, DisputeStatus::lost);
    }
    tell("charge.dispute.closed", "dispute", before.reference, reference, now);
  }

  std::optional<TestCard> card_of(std::string const& method) {
    auto const* const known = std::ranges::find(kTestNumbers, std::string_view(method), &TestNumber::method);
    if (known != kTestNumbers.end()) return known->card;
    Query row = query("SELECT card FROM methods WHERE id = ?1");
    if (!row.with(method).row()) return std::nullopt;
    return static_cast<TestCard>(row.integer(0));
  }

  void try_card(SandboxPayment const& payment, TestCard card, Timestamp now) {
    std::string const& reference = payment.report.reference;
    switch (card) {
      case TestCard::succeeds: return charge(payment, now);
      case TestCard::declines: return decline(reference, "generic_decline", now);
      case TestCard::lacks_funds: return decline(reference, "insufficient_funds", now);
      case TestCard::asks_bank:
        set_state(reference, PaymentStatus::requires_action, {}, Money());
        return tell("payment_intent.requires_action", "payment_intent", reference, reference, now);
      case TestCard::disputed:
        charge(payment, now);
        (void)dispute(reference, payment.report.usd, now);
        return;
    }
  }
};

namespace {

// Of what was charged, neither refunded nor held back: what can still go either way.
Money remaining(domain::PaymentReport const& report) {
  if (report.status != PaymentStatus::succeeded) return {};
  Money rest = report.usd;
  for (auto const& refund : report.refunds) rest -= refund.usd;
  for (auto const& dispute : report.disputes) rest -= dispute.withheld;
  return rest;
}

bool is_disputed(domain::PaymentReport const& report) {
  return std::ranges::any_of(report.disputes, [](auto const& d) { return d.status != DisputeStatus::won; });
}

bool same_secret(std::string_view own, std::string_view given) {
  return own.size() == given.size() && CRYPTO_memcmp(own.data(), given.data(), own.size()) == 0;
}

Faulty<Unit> prepare_file(sqlite3* connection, std::string const& name) {
  constexpr char const* kSettings = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA mmap_size=0";
  if (auto done = sqlite::execute(connection, kSettings); !done) return done;
  auto const id = sqlite::query_integer(connection, "PRAGMA application_id");
  if (!id) return fail(id.error());
  auto const tables = sqlite::query_integer(connection, "SELECT count(*) FROM sqlite_schema");
  if (!tables) return fail(tables.error());
  // A crash in between leaves an empty database, which is again a new one.
  if (id.value() == 0 && tables.value() == 0) return sqlite::execute(connection, kCreate);
  if (id.value() != kApplicationId) {
    return eventstore::fault(Fault::Kind::corrupt, name + ": not a sandbox processor's books");
  }
  auto const format = sqlite::query_integer(connection, "PRAGMA user_version");
  if (!format) return fail(format.error());
  if (format.value() != kFormat) return eventstore::fault(Fault::Kind::unknown, name + ": books of another format");
  for (AddedColumn const& column : kAdded) {
    auto const there = sqlite::query_integer(connection, column.count);
    if (!there) return fail(there.error());
    if (there.value() != 0) continue;
    if (auto done = sqlite::execute(connection, column.add); !done) return done;
  }
  return Unit{};
}

}  // namespace

SandboxBooks::SandboxBooks(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SandboxBooks::~SandboxBooks() = default;

Faulty<std::unique_ptr<SandboxBooks>> SandboxBooks::open(std::filesystem::path const& file, Money amount_min,
                                                         std::function<CallbackPlan()> plan) {
  auto connection = sqlite::open(file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!connection) return fail(std::move(connection).error());
  if (auto done = prepare_file(connection.value().get(), file.string()); !done) return fail(std::move(done).error());
  // The ledger acts on what the processor says: it must not say what a power cut can undo.
  auto durable = sqlite::make_wal_durable(connection.value().get(), file.string());
  if (durable) durable = eventstore::machine_files().make_folder(file.parent_path());
  if (!durable) return fail(std::move(durable).error());
  auto impl = std::make_unique<Impl>();
  impl->connection = std::move(connection).value();
  impl->amount_min = amount_min;
  impl->plan = std::move(plan);
  return std::unique_ptr<SandboxBooks>(new SandboxBooks(std::move(impl)));
}

SandboxBooks::Answer SandboxBooks::create(CreatePayment const& request, Timestamp now) {
  if (request.usd > kAmountMax) return refused("amount_too_large");
  if (request.usd < impl_->amount_min || request.usd <= Money()) return refused("amount_too_small");
  if (request.key.empty() || std::max(request.key.size(), request.description.size()) > kTextMax) {
    return refused("parameter_invalid");
  }
  std::string const what = asked({"open", digits_of(request.order.value()), digits_of(request.ordered_at.micros()),
                                  digits_of(request.usd.minor()), request.description});
  return impl_->answer([&] {
    if (auto before = impl_->repeated(request.key, what)) return std::move(*before);
    std::string const id = random_id("pi_");
    impl_
        ->query(
            "INSERT INTO payments(id, ordered, cents, description, secret, state, decline, fee, return_url, created,"
            " ordered_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6, '', 0, '', ?7, ?8)")
        .with(id)
        .with(request.order.value())
        .with(request.usd)
        .with(request.description)
        .with(random_id(id + "_secret_"))
        .with(PaymentStatus::unconfirmed)
        .with(now)
        .with(request.ordered_at)
        .run();
    return impl_->keep(request.key, what, id, impl_->as_it_is(id));
  });
}

SandboxBooks::Answer SandboxBooks::confirm(ConfirmPayment const& request, Timestamp now) {
  if (request.key.empty() || std::max(request.key.size(), request.return_url.size()) > kTextMax) {
    return refused("parameter_invalid");
  }
  std::string const what = asked({"confirm", request.reference, request.method, request.return_url});
  return impl_->answer([&] {
    if (auto before = impl_->repeated(request.key, what)) return std::move(*before);
    auto const payment = impl_->find(request.reference);
    auto const card = impl_->card_of(request.method);
    if (!payment || !card) return impl_->keep(request.key, what, request.reference, refused("resource_missing"));
    switch (payment->report.status) {
      case PaymentStatus::unconfirmed:
      case PaymentStatus::requires_action:
      case PaymentStatus::declined:
        impl_->query("UPDATE payments SET return_url = ?2 WHERE id = ?1")
            .with(request.reference)
            .with(request.return_url)
            .run();
        impl_->try_card(*payment, *card, now);
        break;
      case PaymentStatus::processing:
      case PaymentStatus::succeeded:
      case PaymentStatus::cancelled: break;  // it is as it is
    }
    return impl_->keep(request.key, what, request.reference, impl_->as_it_is(request.reference));
  });
}

SandboxBooks::Answer SandboxBooks::retrieve(std::string const& reference) {
  return impl_->answer([&] { return impl_->as_it_is(reference); });
}

SandboxBooks::Answer SandboxBooks::cancel(std::string const& reference, Timestamp now) {
  return impl_->answer([&] {
    auto const payment = impl_->find(reference);
    if (!payment) return refused("resource_missing");
    switch (payment->report.status) {
      case PaymentStatus::unconfirmed:
      case PaymentStatus::requires_action:
      case PaymentStatus::declined:
        impl_->set_state(reference, PaymentStatus::cancelled, {}, Money());
        impl_->tell("payment_intent.canceled", "payment_intent", reference, reference, now);
        break;
      case PaymentStatus::processing:
      case PaymentStatus::succeeded:
      case PaymentStatus::cancelled: break;
    }
    return impl_->as_it_is(reference);
  });
}

SandboxBooks::Answer SandboxBooks::refund(RefundPayment const& request, Timestamp now) {
  if (request.key.size() > kTextMax) return refused("parameter_invalid");
  std::string const what = asked({"refund", request.reference, digits_of(request.refund.value()),
                                  digits_of(request.asked_at.micros()), digits_of(request.usd.minor())});
  return impl_->answer([&] {
    if (!request.key.empty()) {
      if (auto before = impl_->repeated(request.key, what)) return std::move(*before);
    }
    auto const keep = [&](Answer answer) {
      if (request.key.empty()) return answer;
      return impl_->keep(request.key, what, request.reference, std::move(answer));
    };
    auto const payment = impl_->find(request.reference);
    if (!payment) return keep(refused("resource_missing"));
    if (payment->report.status != PaymentStatus::succeeded) return keep(refused("payment_intent_unexpected_state"));
    if (is_disputed(payment->report)) return keep(refused("charge_disputed"));
    if (remaining(payment->report) <= Money()) return keep(refused("charge_already_refunded"));
    if (request.usd <= Money()) return keep(refused("parameter_invalid_integer"));
    if (request.usd > remaining(payment->report)) return keep(refused("amount_too_large"));
    std::string const id = random_id("re_");
    impl_->query("INSERT INTO refunds(id, payment, refund, cents, created, asked_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6)")
        .with(id)
        .with(request.reference)
        .with(request.refund.value())
        .with(request.usd)
        .with(now)
        .with(request.asked_at)
        .run();
    impl_->tell("refund.created", "refund", id, request.reference, now);
    return keep(impl_->as_it_is(request.reference, id));
  });
}

MethodAnswer SandboxBooks::add_card(Card const& card, Timestamp now) {
  if (std::string_view const code = card_fault(card, now); !code.empty()) {
    return {PaymentOutcome::refused, {}, std::string(code)};
  }
  auto const* const known = std::ranges::find(kTestNumbers, std::string_view(card.number), &TestNumber::number);
  std::string id = random_id("pm_");
  Answer const kept = impl_->answer([&] {
    impl_->query("INSERT INTO methods VALUES(?1, ?2, ?3)")
        .with(id)
        .with(static_cast<std::int64_t>(known->card))
        .with(std::string_view(card.number).substr(card.number.size() - 4))
        .run();
    return Answer{PaymentOutcome::answered, {}, {}, {}};
  });
  if (kept.outcome != PaymentOutcome::answered) return {kept.outcome, {}, kept.code};
  return {PaymentOutcome::answered, std::move(id), {}};
}

SandboxBooks::Answer SandboxBooks::challenge(std::string const& reference, std::string_view secret) {
  Answer answer = retrieve(reference);
  if (answer.outcome != PaymentOutcome::answered) return answer;
  return same_secret(answer.payment.client_secret, secret) ? answer : refused("resource_missing");
}

SandboxBooks::Answer SandboxBooks::complete_challenge(std::string const& reference, std::string_view secret,
                                                      bool success, Timestamp now) {
  return impl_->answer([&] {
    auto const payment = impl_->find(reference);
    if (!payment || !same_secret(payment->client_secret, secret)) return refused("resource_missing");
    if (payment->report.status == PaymentStatus::requires_action) {
      if (success) {
        impl_->charge(*payment, now);
      } else {
        impl_->decline(reference, "payment_intent_authentication_failure", now);
      }
    }
    return impl_->as_it_is(reference);
  });
}

SandboxBooks::Answer SandboxBooks::open_dispute(std::string const& reference, std::optional<Money> usd, Timestamp now) {
  return impl_->answer([&] {
    auto const payment = impl_->find(reference);
    if (!payment) return refused("resource_missing");
    Money const rest = remaining(payment->report);
    Money const amount = usd.value_or(rest);
    if (rest <= Money() || amount <= Money()) return refused("charge_not_disputable");
    if (amount > rest) return refused("amount_too_large");
    std::string id = impl_->dispute(reference, amount, now);
    return impl_->as_it_is(reference, std::move(id));
  });
}

SandboxBooks::Answer SandboxBooks::close_dispute(std::string const& reference, bool won, Timestamp now) {
  return impl_->answer([&] {
    auto const payment = impl_->find(reference);
    if (!payment) return refused("resource_missing");
    auto const wanted = won ? DisputeStatus::won : DisputeStatus::lost;
    std::string closed;
    for (auto const& dispute : payment->report.disputes) {
      if (dispute.status != DisputeStatus::open) continue;
      impl_->end_dispute(dispute, won, reference, now);
      closed = dispute.reference;
    }
    // None is open: the newest that ended the other way is decided anew.
    for (auto dispute = payment->report.disputes.rbegin(); closed.empty() && dispute != payment->report.disputes.rend();
         ++dispute) {
      if (dispute->status == wanted) continue;
      impl_->end_dispute(*dispute, won, reference, now);
      closed = dispute->reference;
    }
    if (closed.empty()) return refused("no_open_dispute");
    return impl_->as_it_is(reference, std::move(closed));
  });
}

SandboxBooks::Answer SandboxBooks::move_dispute(std::string const& reference, Money withdrawn, Money fee,
                                                Timestamp now) {
  return impl_->answer([&] {
    auto const payment = impl_->find(reference);
    if (!payment) return refused("resource_missing");
    auto const& disputes = payment->report.disputes;
    if (disputes.empty()) return refused("no_open_dispute");
    auto const& dispute = disputes.back();
    Money const withheld = dispute.withheld + withdrawn;
    Money const fees = dispute.fee + fee;
    if (withdrawn == Money() && fee == Money()) return refused("parameter_invalid_integer");
    if (withheld < Money() || withheld > payment->report.usd || fees < -domain::kMaxPurchaseUsd ||
        fees > domain::kMaxPurchaseUsd) {
      return refused("amount_too_large");
    }
    impl_->set_dispute(dispute, withheld, fees, dispute.status);
    std::string_view const type = withdrawn > Money()   ? "charge.dispute.funds_withdrawn"
                                  : withdrawn < Money() ? "charge.dispute.funds_reinstated"
                                                        : "charge.dispute.updated";
    impl_->tell(type, "dispute", dispute.reference, reference, now);
    return impl_->as_it_is(reference, dispute.reference);
  });
}

Faulty<std::vector<SandboxPayment>> SandboxBooks::payments(std::uint64_t after, std::size_t limit) {
  return impl_->read([&] {
    std::vector<SandboxPayment> out;
    {
      Query rows = impl_->query("SELECT * FROM payments WHERE sequence > ?1 ORDER BY sequence LIMIT ?2");
      rows.with(after).with(std::uint64_t{limit});
      while (rows.row()) out.push_back(Impl::payment_of(rows));
    }
    for (SandboxPayment& payment : out) impl_->add_children(payment);
    return out;
  });
}

namespace {

std::vector<SandboxEvent> events_of(Query& rows) {
  std::vector<SandboxEvent> out;
  while (rows.row()) {
    CallbackPlan const plan{static_cast<unsigned>(rows.integer(7)), rows.integer(8) != 0};
    out.push_back(
        {rows.count(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4), rows.text(5), rows.time(6), plan});
  }
  return out;
}

}  // namespace

Faulty<std::vector<SandboxEvent>> SandboxBooks::events(Timestamp since, std::uint64_t after, std::size_t limit) {
  return impl_->read([&] {
    Query rows = impl_->query("SELECT * FROM events WHERE sequence > ?1 AND created >= ?2 ORDER BY sequence LIMIT ?3");
    rows.with(after).with(since).with(std::uint64_t{limit});
    return events_of(rows);
  });
}

Faulty<std::vector<SandboxEvent>> SandboxBooks::undelivered(std::uint64_t after, std::size_t limit) {
  return impl_->read([&] {
    Query rows = impl_->query("SELECT * FROM events WHERE waiting = 1 AND sequence > ?1 ORDER BY sequence LIMIT ?2");
    rows.with(after).with(std::uint64_t{limit});
    return events_of(rows);
  });
}

// Without an fsync of its own: the next change's carries it along.
Faulty<Unit> SandboxBooks::set_delivered(std::span<std::uint64_t const> sequences) {
  if (sequences.empty()) return Unit{};
  if (auto done = sqlite::execute(impl_->connection.get(), "PRAGMA synchronous=NORMAL"); !done) return done;
  auto done = impl_->read([&] {
    return impl_->transaction([&] {
      for (std::uint64_t const sequence : sequences) {
        impl_->query("UPDATE events SET waiting = 0 WHERE sequence = ?1").with(sequence).run();
      }
      return Unit{};
    });
  });
  if (auto back = sqlite::execute(impl_->connection.get(), "PRAGMA synchronous=FULL"); !back) return back;
  return done;
}

Faulty<ProcessorStatement> SandboxBooks::statement() {
  return impl_->read([&] {
    return impl_->transaction([&] {
      ProcessorStatement out;
      {
        Query row = impl_->query(
            "SELECT count(*), count(*) FILTER (WHERE state = ?1), ifnull(sum(cents) FILTER (WHERE state = ?1), 0),"
            " ifnull(sum(fee), 0) FROM payments");
        row.with(PaymentStatus::succeeded).row();
        out.payments = row.count(0);
        out.charges = row.count(1);
        out.charged = row.money(2);
        out.fees = row.money(3);
      }
      {
        Query row = impl_->query("SELECT count(*), ifnull(sum(cents), 0) FROM refunds");
        row.row();
        out.refunds = row.count(0);
        out.refunded = row.money(1);
      }
      {
        Query row = impl_->query("SELECT count(*) FROM events WHERE waiting = 1");
        row.row();
        out.callbacks_waiting = row.count(0);
      }
      Query row = impl_->query(
          "SELECT count(*) FILTER (WHERE state = ?1), count(*) FILTER (WHERE state = ?2),"
          " count(*) FILTER (WHERE state = ?3), "
          " ifnull(sum(ifnull(withheld, iif(state = 1, 0, cents))), 0), ifnull(sum(fee), 0) FROM disputes");
      row.with(DisputeStatus::open).with(DisputeStatus::won).with(DisputeStatus::lost).row();
      out.disputes_open = row.count(0);
      out.disputes_won = row.count(1);
      out.disputes_lost = row.count(2);
      out.disputed = row.money(3);
      out.dispute_fees = row.money(4);
      out.balance = out.charged - out.refunded - out.disputed - out.fees - out.dispute_fees;
      return out;
    });
  });
}

}  // namespace florin::sagas
