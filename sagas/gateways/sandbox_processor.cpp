#include "sagas/gateways/sandbox_processor.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <spdlog/spdlog.h>
#include <sqlite3.h>

#include "domain/contract.h"
#include "eventstore/sqlite.h"
#include "sagas/gateways/stripe_callback.h"

namespace florin::sagas {

namespace sqlite = eventstore::sqlite;
using domain::Money;
using domain::PaymentStatus;
using domain::Position;
using eventstore::Fault;
using eventstore::Faulty;

namespace {

constexpr char const* kSchema =
    "CREATE TABLE IF NOT EXISTS payments(reference TEXT PRIMARY KEY, order_position INTEGER NOT NULL,"
    " usd INTEGER NOT NULL, status INTEGER NOT NULL, method TEXT NOT NULL, code TEXT NOT NULL, fee INTEGER NOT NULL,"
    " secret TEXT NOT NULL, return_url TEXT NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS refunds(reference TEXT PRIMARY KEY, payment TEXT NOT NULL, refund INTEGER NOT NULL,"
    " usd INTEGER NOT NULL) STRICT;"
    "CREATE INDEX IF NOT EXISTS refunds_of ON refunds(payment);"
    "CREATE TABLE IF NOT EXISTS disputes(reference TEXT PRIMARY KEY, payment TEXT NOT NULL, usd INTEGER NOT NULL,"
    " fee INTEGER NOT NULL, status INTEGER NOT NULL) STRICT;"
    "CREATE INDEX IF NOT EXISTS disputes_of ON disputes(payment);"
    "CREATE TABLE IF NOT EXISTS keys(key TEXT PRIMARY KEY, reference TEXT NOT NULL) STRICT;"
    // due: when it is to be delivered; 0: it was, or is lost.
    "CREATE TABLE IF NOT EXISTS events(number INTEGER PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL,"
    " payment TEXT NOT NULL, at INTEGER NOT NULL, due INTEGER NOT NULL, tries INTEGER NOT NULL) STRICT;"
    "CREATE INDEX IF NOT EXISTS events_due ON events(due) WHERE due > 0;"
    "CREATE INDEX IF NOT EXISTS events_at ON events(at);";

// How a card behaves, as the token that stands for it says.
constexpr std::string_view kVisa = "pm_card_visa";
constexpr std::string_view kDeclined = "pm_card_chargeDeclined";
constexpr std::string_view kInsufficient = "pm_card_chargeDeclinedInsufficientFunds";
constexpr std::string_view kChallenged = "pm_card_threeDSecure2Required";
constexpr std::string_view kDisputed = "pm_card_createDispute";
constexpr std::array kMethods = {kVisa, kDeclined, kInsufficient, kChallenged, kDisputed};

// CONTRACT, Currency purchase.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kCards = {{{"4242424242424242", kVisa},
                                                                                  {"4000000000000002", kDeclined},
                                                                                  {"4000000000009995", kInsufficient},
                                                                                  {"4000002760003184", kChallenged},
                                                                                  {"4000000000000259", kDisputed}}};

constexpr Money kDisputeFee = Money::from_minor(1'500);
constexpr std::int64_t kLateMicros = 3 * domain::kMicrosPerSecond;
// Between two tries of a callback, doubled each time up to the cap; for three days, as Stripe does.
constexpr std::int64_t kFirstRetryMicros = 1 * domain::kMicrosPerSecond;
constexpr std::int64_t kRetryCapMicros = 600 * domain::kMicrosPerSecond;
constexpr std::int64_t kTriesMax = 450;
constexpr std::int64_t kDeliveringMax = 16;
constexpr std::int64_t kPage = 100;
constexpr auto kFaultDelay = std::chrono::milliseconds(20);
constexpr auto kIdle = std::chrono::milliseconds(500);

Money charge_fee(Money usd) {
  constexpr domain::BasisPoints kRate{290};
  return domain::share_half_up(usd, kRate) + Money::from_minor(30);
}

std::string random_hex(std::size_t bytes) {
  std::string out(bytes, '\0');
  FLORIN_ASSERT(RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(bytes)) == 1);
  return domain::to_hex(out);
}

bool passes_luhn(std::string_view number) {
  int sum = 0;
  for (std::size_t i = 0; i < number.size(); ++i) {
    auto const digit = number[number.size() - 1 - i] - '0';
    if (digit < 0 || digit > 9) return false;
    auto const doubled = digit * 2;
    sum += i % 2 == 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return number.size() >= 12 && number.size() <= 19 && sum % 10 == 0;
}

std::optional<int> number_in(std::string_view text) {
  int value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

// The file. Every member is called under the processor's mutex; a fault of the disk stops the twin, as it would stop
// the bank.
struct SandboxProcessor::Books {
  sqlite::Connection connection;

  class Query {
   public:
    Query(Books const& books, char const* sql) {
      auto prepared = sqlite::prepare(books.connection.get(), sql);
      FLORIN_ASSERT(prepared.ok());
      statement_ = std::move(prepared).value();
    }
    Query& bind(std::int64_t value) {
      FLORIN_ASSERT(sqlite3_bind_int64(statement_.get(), ++bound_, value) == SQLITE_OK);
      return *this;
    }
    Query& bind(Money value) { return bind(value.minor()); }
    Query& bind(std::string_view value) {
      FLORIN_ASSERT(sqlite3_bind_text(statement_.get(), ++bound_, value.data(), static_cast<int>(value.size()),
                                      SQLITE_TRANSIENT) == SQLITE_OK);
      return *this;
    }
    // True: there is a row.
    bool step() {
      auto const code = sqlite3_step(statement_.get());
      FLORIN_ASSERT(code == SQLITE_ROW || code == SQLITE_DONE);
      return code == SQLITE_ROW;
    }
    void run() {
      while (step()) {
      }
    }
    [[nodiscard]] std::int64_t number(int column) const { return sqlite3_column_int64(statement_.get(), column); }
    [[nodiscard]] Money money(int column) const { return Money::from_minor(number(column)); }
    [[nodiscard]] std::string text(int column) const {
      auto const* bytes = reinterpret_cast<char const*>(sqlite3_column_text(statement_.get(), column));
      return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
    }

   private:
    sqlite::Statement statement_;
    int bound_ = 0;
  };

  // All or nothing.
  class Transaction {
   public:
    explicit Transaction(Books const& books) : books_(books) { Query(books_, "BEGIN IMMEDIATE").run(); }
    ~Transaction() { Query(books_, "COMMIT").run(); }
    Transaction(Transaction const&) = delete;
    Transaction& operator=(Transaction const&) = delete;

   private:
    Books const& books_;
  };

  struct Payment {
    Position order;
    Money usd;
    PaymentStatus status = PaymentStatus::unconfirmed;
    std::string method;
    std::string code;
    Money fee;
    std::string secret;
    std::string return_url;
  };

  [[nodiscard]] std::optional<Payment> find(std::string_view reference) const {
    Query query(*this,
                "SELECT order_position, usd, status, method, code, fee, secret, return_url FROM payments"
                " WHERE reference = ?");
    if (!query.bind(reference).step()) return std::nullopt;
    return Payment{Position(static_cast<std::uint64_t>(query.number(0))),
                   query.money(1),
                   static_cast<PaymentStatus>(query.number(2)),
                   query.text(3),
                   query.text(4),
                   query.money(5),
                   query.text(6),
                   query.text(7)};
  }

  void put(std::string_view reference, Payment const& payment) const {
    Query query(*this, "INSERT OR REPLACE INTO payments VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query.bind(reference).bind(static_cast<std::int64_t>(payment.order.value())).bind(payment.usd);
    query.bind(static_cast<std::int64_t>(payment.status)).bind(payment.method).bind(payment.code).bind(payment.fee);
    query.bind(payment.secret).bind(payment.return_url).run();
  }

  [[nodiscard]] std::optional<std::string> by_key(std::string_view key) const {
    Query query(*this, "SELECT reference FROM keys WHERE key = ?");
    if (!query.bind(key).step()) return std::nullopt;
    return query.text(0);
  }
  void keep_key(std::string_view key, std::string_view reference) const {
    Query(*this, "INSERT INTO keys VALUES(?, ?)").bind(key).bind(reference).run();
  }

  [[nodiscard]] Money refunded(std::string_view reference) const {
    Query query(*this, "SELECT coalesce(sum(usd), 0) FROM refunds WHERE payment = ?");
    FLORIN_ASSERT(query.bind(reference).step());
    return query.money(0);
  }
  void refund(std::string_view reference, Position refund, Money usd) const {
    Query query(*this, "INSERT INTO refunds VALUES(?, ?, ?, ?)");
    query.bind("re_" + random_hex(12)).bind(reference).bind(static_cast<std::int64_t>(refund.value())).bind(usd).run();
  }

  [[nodiscard]] bool disputed(std::string_view reference) const {
    Query query(*this, "SELECT 1 FROM disputes WHERE payment = ?");
    return query.bind(reference).step();
  }
  void dispute(std::string_view reference, Money usd) const {
    Query query(*this, "INSERT INTO disputes VALUES(?, ?, ?, ?, ?)");
    query.bind("dp_" + random_hex(12)).bind(reference).bind(usd).bind(kDisputeFee);
    query.bind(static_cast<std::int64_t>(domain::DisputeStatus::open)).run();
  }

  void event(std::string_view type, std::string_view payment, domain::Timestamp at, std::int64_t due) const {
    Query query(*this, "INSERT INTO events(id, type, payment, at, due, tries) VALUES(?, ?, ?, ?, ?, 0)");
    query.bind("evt_" + random_hex(12)).bind(type).bind(payment).bind(at.micros()).bind(due).run();
  }
};

Faulty<std::unique_ptr<SandboxProcessor>> SandboxProcessor::open(asio::io_context& io,
                                                                 std::filesystem::path const& file,
                                                                 eventstore::Clock const& clock,
                                                                 SandboxProcessorOptions options) {
  auto connection = sqlite::open(file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!connection) return fail(connection.error());
  auto books = std::make_unique<Books>();
  books->connection = std::move(connection).value();
  for (auto const* sql : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", kSchema}) {
    if (auto done = sqlite::execute(books->connection.get(), sql); !done) return fail(done.error());
  }
  return std::unique_ptr<SandboxProcessor>(new SandboxProcessor(io, std::move(books), clock, std::move(options)));
}

SandboxProcessor::SandboxProcessor(asio::io_context& io, std::unique_ptr<Books> books, eventstore::Clock const& clock,
                                   SandboxProcessorOptions options)
    : io_(io), clock_(clock), options_(std::move(options)), books_(std::move(books)), alarm_(io) {}

SandboxProcessor::~SandboxProcessor() = default;

bool SandboxProcessor::chance(unsigned percent) { return percent > 0 && random_() % 100 < percent; }

template <class Answer, class Work>
Awaitable<Answer> SandboxProcessor::call(Work work) {
  bool before = false;
  bool after = false;
  Answer answer;
  {
    std::lock_guard const lock(mutex_);
    before = chance(faults_.timeout_before);
    if (!before) {
      Books::Transaction const transaction(*books_);
      answer = work();
    }
    after = chance(faults_.timeout_after);
  }
  schedule();
  if (!before && !after) co_return answer;
  asio::steady_timer wait(io_);
  wait.expires_after(kFaultDelay);
  boost::system::error_code ignored;
  co_await wait.async_wait(asio::redirect_error(use_awaitable, ignored));
  Answer lost;
  lost.code = "timeout";
  co_return lost;
}

PaymentAnswer SandboxProcessor::answer_of(std::string const& reference) const {
  PaymentAnswer answer;
  auto const payment = books_->find(reference);
  if (!payment) {
    answer.outcome = PaymentOutcome::refused;
    answer.code = "resource_missing";
    return answer;
  }
  answer.outcome = PaymentOutcome::answered;
  auto& report = answer.payment;
  report.reference = reference;
  report.order = payment->order;
  report.status = payment->status;
  report.usd = payment->usd;
  report.fee = payment->fee;
  report.decline_code = payment->code;
  Books::Query refunds(*books_, "SELECT reference, refund, usd FROM refunds WHERE payment = ? ORDER BY rowid");
  refunds.bind(reference);
  while (refunds.step()) {
    report.refunds.push_back({refunds.text(0), Position(static_cast<std::uint64_t>(refunds.number(1))),
                              refunds.money(2), domain::RefundStatus::succeeded});
  }
  Books::Query disputes(*books_, "SELECT reference, usd, fee, status FROM disputes WHERE payment = ? ORDER BY rowid");
  disputes.bind(reference);
  while (disputes.step()) {
    report.disputes.push_back({disputes.text(0), disputes.money(1), disputes.money(2),
                               static_cast<domain::DisputeStatus>(disputes.number(3))});
  }
  if (payment->status == PaymentStatus::requires_action) {
    answer.client_secret = payment->secret;
    answer.redirect_url = options_.challenge_url + "?payment=" + reference + "&secret=" + payment->secret;
  }
  return answer;
}

Awaitable<PaymentAnswer> SandboxProcessor::open(OpenPayment request) {
  auto const work = [&] {
    if (auto const known = books_->by_key(request.key)) return answer_of(*known);
    auto const reference = "pi_" + random_hex(12);
    books_->put(reference, {request.order, request.usd, PaymentStatus::unconfirmed, "", "", Money{},
                            reference + "_secret_" + random_hex(16), ""});
    books_->keep_key(request.key, reference);
    return answer_of(reference);
  };
  co_return co_await call<PaymentAnswer>(work);
}

Awaitable<PaymentAnswer> SandboxProcessor::confirm(ConfirmPayment request) {
  auto const work = [&]() -> PaymentAnswer {
    auto payment = books_->find(request.reference);
    if (!payment || payment->status != PaymentStatus::unconfirmed) return answer_of(request.reference);
    if (std::find(kMethods.begin(), kMethods.end(), request.method) == kMethods.end()) {
      PaymentAnswer refused;
      refused.outcome = PaymentOutcome::refused;
      refused.code = "resource_missing";
      return refused;
    }
    payment->method = request.method;
    payment->return_url = request.return_url;
    auto const now = clock_.now();
    auto const due = chance(faults_.lost_callback)   ? std::int64_t{0}
                     : chance(faults_.late_callback) ? (now + kLateMicros).micros()
                                                     : now.micros();
    std::string_view type = "payment_intent.succeeded";
    if (payment->method == kDeclined || payment->method == kInsufficient) {
      payment->status = PaymentStatus::declined;
      payment->code = payment->method == kDeclined ? "generic_decline" : "insufficient_funds";
      type = "payment_intent.payment_failed";
    } else if (payment->method == kChallenged) {
      payment->status = PaymentStatus::requires_action;
      type = "payment_intent.requires_action";
    } else {
      payment->status = PaymentStatus::succeeded;
      payment->fee = charge_fee(payment->usd);
    }
    books_->put(request.reference, *payment);
    books_->event(type, request.reference, now, due);
    if (payment->method == kDisputed) {
      books_->dispute(request.reference, payment->usd);
      books_->event("charge.dispute.created", request.reference, now, due);
    }
    return answer_of(request.reference);
  };
  co_return co_await call<PaymentAnswer>(work);
}

Awaitable<PaymentAnswer> SandboxProcessor::look(std::string reference) {
  auto const work = [&] { return answer_of(reference); };
  co_return co_await call<PaymentAnswer>(work);
}

Awaitable<PaymentAnswer> SandboxProcessor::cancel(std::string reference) {
  auto const work = [&] {
    auto payment = books_->find(reference);
    if (payment && payment->status != PaymentStatus::succeeded && payment->status != PaymentStatus::cancelled) {
      payment->status = PaymentStatus::cancelled;
      books_->put(reference, *payment);
      books_->event("payment_intent.canceled", reference, clock_.now(), clock_.now().micros());
    }
    return answer_of(reference);
  };
  co_return co_await call<PaymentAnswer>(work);
}

Awaitable<PaymentAnswer> SandboxProcessor::refund(RefundPayment request) {
  auto const work = [&]() -> PaymentAnswer {
    if (books_->by_key(request.key)) return answer_of(request.reference);
    auto const payment = books_->find(request.reference);
    bool const possible = payment && payment->status == PaymentStatus::succeeded && request.usd > Money{} &&
                          books_->refunded(request.reference) + request.usd <= payment->usd &&
                          !books_->disputed(request.reference);
    if (!possible) {
      PaymentAnswer refused;
      refused.outcome = PaymentOutcome::refused;
      refused.code = "charge_not_refundable";
      return refused;
    }
    books_->refund(request.reference, request.refund, request.usd);
    books_->keep_key(request.key, request.reference);
    books_->event("charge.refunded", request.reference, clock_.now(), clock_.now().micros());
    return answer_of(request.reference);
  };
  co_return co_await call<PaymentAnswer>(work);
}

Awaitable<MethodAnswer> SandboxProcessor::tokenize(Card card) {
  auto const work = [&] {
    MethodAnswer answer;
    answer.outcome = PaymentOutcome::refused;
    auto const month = number_in(card.month);
    auto const year = number_in(card.year);
    auto const found =
        std::find_if(kCards.begin(), kCards.end(), [&](auto const& known) { return known.first == card.number; });
    if (!passes_luhn(card.number)) {
      answer.code = "incorrect_number";
    } else if (!month || *month < 1 || *month > 12) {
      answer.code = "invalid_expiry_month";
    } else if (!year || *year < 2020 || *year > 2100) {
      answer.code = "invalid_expiry_year";
    } else if (card.cvc.size() < 3 || card.cvc.size() > 4 || !number_in(card.cvc)) {
      answer.code = "invalid_cvc";
    } else if (found == kCards.end()) {
      answer.code = "test_mode_live_card";
    } else {
      answer.outcome = PaymentOutcome::answered;
      answer.method = found->second;
    }
    return answer;
  };
  auto const answer = co_await call<MethodAnswer>(work);
  OPENSSL_cleanse(card.number.data(), card.number.size());
  OPENSSL_cleanse(card.cvc.data(), card.cvc.size());
  co_return answer;
}

Awaitable<ChangesAnswer> SandboxProcessor::changes(domain::Timestamp since, std::string from) {
  auto const work = [&] {
    ChangesAnswer answer;
    answer.outcome = PaymentOutcome::answered;
    auto const after = number_in(from).value_or(0);
    Books::Query query(*books_,
                       "SELECT number, id, payment FROM events WHERE at >= ? AND number > ? ORDER BY number LIMIT ?");
    query.bind(since.micros()).bind(after).bind(kPage);
    while (query.step()) {
      answer.changes.push_back({query.text(1), query.text(2)});
      answer.next = std::to_string(query.number(0));
    }
    answer.more = static_cast<std::int64_t>(answer.changes.size()) == kPage;
    return answer;
  };
  co_return co_await call<ChangesAnswer>(work);
}

Result<Callback, CallbackFault> SandboxProcessor::read_callback(std::string_view signature, std::string_view body,
                                                                domain::Timestamp now) const {
  return read_stripe_callback(options_.webhook_secret, signature, body, now);
}

// ---- callbacks

void SandboxProcessor::start(Deliver deliver) {
  deliver_ = std::move(deliver);
  running_ = true;
  schedule();
}

void SandboxProcessor::stop() {
  running_ = false;
  alarm_.cancel();
}

void SandboxProcessor::schedule() {
  asio::post(io_, [this] { deliver_due(); });
}

// Each event that is due, in order, until it is taken; then looks again after a while.
void SandboxProcessor::deliver_due() {
  if (!running_) return;
  struct Due {
    std::int64_t number;
    std::string body;
  };
  std::vector<Due> due;
  auto const now = clock_.now();
  {
    std::lock_guard const lock(mutex_);
    Books::Transaction const transaction(*books_);
    Books::Query query(*books_,
                       "SELECT number, id, type, payment, at, tries FROM events WHERE due > 0 AND due <= ?"
                       " ORDER BY due LIMIT ?");
    query.bind(now.micros()).bind(kDeliveringMax - delivering_);
    std::vector<std::pair<std::int64_t, std::int64_t>> later;
    while (delivering_ < kDeliveringMax && query.step()) {
      bool const intent = query.text(2).starts_with("payment_intent.");
      auto body = R"({"id":")" + query.text(1) + R"(","object":"event","type":")" + query.text(2) + R"(","created":)" +
                  std::to_string(query.number(4) / domain::kMicrosPerSecond) + R"(,"data":{"object":{)" +
                  (intent ? R"("object":"payment_intent","id":")" : R"("object":"charge","payment_intent":")") +
                  query.text(3) + R"("}}})";
      auto const tries = query.number(5);
      auto const wait = std::min(kRetryCapMicros, kFirstRetryMicros << std::min<std::int64_t>(tries, 20));
      // Not due again until this try has had its time.
      later.emplace_back(query.number(0), tries + 1 >= kTriesMax ? 0 : (now + wait).micros());
      due.push_back({query.number(0), std::move(body)});
      ++delivering_;
    }
    for (auto const& [number, again] : later) {
      Books::Query(*books_, "UPDATE events SET due = ?, tries = tries + 1 WHERE number = ?")
          .bind(again)
          .bind(number)
          .run();
    }
  }
  for (auto const& event : due) {
    auto const signature = sign_callback(options_.webhook_secret, event.body, now);
    auto const done = [this, number = event.number](bool taken) {
      --delivering_;
      std::lock_guard const lock(mutex_);
      if (taken) Books::Query(*books_, "UPDATE events SET due = 0 WHERE number = ?").bind(number).run();
    };
    bool doubled = false;
    {
      std::lock_guard const lock(mutex_);
      doubled = chance(faults_.doubled_callback);
    }
    if (doubled) deliver_(event.body, signature, [](bool) {});
    deliver_(event.body, signature, done);
  }
  alarm_.expires_after(due.empty() ? kIdle : std::chrono::milliseconds(1));
  alarm_.async_wait([this](boost::system::error_code error) {
    if (!error) deliver_due();
  });
}

// ---- the operators' side

void SandboxProcessor::set_faults(ProcessorFaults const& faults) {
  std::lock_guard const lock(mutex_);
  faults_ = faults;
}

ProcessorStatement SandboxProcessor::statement() const {
  std::lock_guard const lock(mutex_);
  ProcessorStatement out;
  Books::Query charged(*books_,
                       "SELECT count(*), coalesce(sum(usd), 0), coalesce(sum(fee), 0) FROM payments WHERE status = ?");
  FLORIN_ASSERT(charged.bind(static_cast<std::int64_t>(PaymentStatus::succeeded)).step());
  out.payments = charged.number(0);
  out.charged = charged.money(1);
  out.fees = charged.money(2);
  Books::Query refunded(*books_, "SELECT coalesce(sum(usd), 0) FROM refunds");
  FLORIN_ASSERT(refunded.step());
  out.refunded = refunded.money(0);
  Books::Query disputed(*books_,
                        "SELECT coalesce(sum(iif(status = ?, 0, usd)), 0), coalesce(sum(fee), 0) FROM disputes");
  FLORIN_ASSERT(disputed.bind(static_cast<std::int64_t>(domain::DisputeStatus::won)).step());
  out.disputed = disputed.money(0);
  out.fees += disputed.money(1);
  return out;
}

std::optional<Challenge> SandboxProcessor::find_challenge(std::string_view reference, std::string_view secret) const {
  std::lock_guard const lock(mutex_);
  auto const payment = books_->find(reference);
  if (!payment || payment->secret.size() != secret.size() ||
      CRYPTO_memcmp(payment->secret.data(), secret.data(), secret.size()) != 0) {
    return std::nullopt;
  }
  return Challenge{std::string(reference), payment->usd, payment->status == PaymentStatus::requires_action};
}

std::optional<std::string> SandboxProcessor::answer_challenge(std::string_view reference, std::string_view secret,
                                                              bool passed) {
  std::optional<std::string> next;
  {
    std::lock_guard const lock(mutex_);
    auto const challenge = find_challenge(reference, secret);
    if (!challenge) return std::nullopt;
    auto payment = *books_->find(reference);
    next = payment.return_url;
    if (!challenge->open) return next;
    Books::Transaction const transaction(*books_);
    payment.status = passed ? PaymentStatus::succeeded : PaymentStatus::declined;
    payment.code = passed ? "" : "authentication_failure";
    if (passed) payment.fee = charge_fee(payment.usd);
    books_->put(reference, payment);
    auto const lost = chance(faults_.lost_callback);
    books_->event(passed ? "payment_intent.succeeded" : "payment_intent.payment_failed", reference, clock_.now(),
                  lost ? 0 : clock_.now().micros());
  }
  schedule();
  return next;
}

bool SandboxProcessor::open_dispute(std::string_view reference) {
  {
    std::lock_guard const lock(mutex_);
    auto const payment = books_->find(reference);
    if (!payment || payment->status != PaymentStatus::succeeded || books_->disputed(reference)) return false;
    auto const left = payment->usd - books_->refunded(reference);
    if (left <= Money{}) return false;
    Books::Transaction const transaction(*books_);
    books_->dispute(reference, left);
    books_->event("charge.dispute.created", reference, clock_.now(), clock_.now().micros());
  }
  schedule();
  return true;
}

bool SandboxProcessor::close_dispute(std::string_view reference, bool won) {
  {
    std::lock_guard const lock(mutex_);
    Books::Transaction const transaction(*books_);
    auto const status = won ? domain::DisputeStatus::won : domain::DisputeStatus::lost;
    Books::Query close(*books_, "UPDATE disputes SET status = ? WHERE payment = ? AND status = ?");
    close.bind(static_cast<std::int64_t>(status)).bind(reference);
    close.bind(static_cast<std::int64_t>(domain::DisputeStatus::open)).run();
    if (sqlite3_changes(books_->connection.get()) == 0) return false;
    books_->event("charge.dispute.closed", reference, clock_.now(), clock_.now().micros());
  }
  schedule();
  return true;
}

bool SandboxProcessor::refund_there(std::string_view reference, Money usd) {
  {
    std::lock_guard const lock(mutex_);
    auto const payment = books_->find(reference);
    if (!payment || payment->status != PaymentStatus::succeeded || usd <= Money{} ||
        books_->refunded(reference) + usd > payment->usd) {
      return false;
    }
    Books::Transaction const transaction(*books_);
    books_->refund(reference, {}, usd);
    books_->event("charge.refunded", reference, clock_.now(), clock_.now().micros());
  }
  schedule();
  return true;
}

}  // namespace florin::sagas
