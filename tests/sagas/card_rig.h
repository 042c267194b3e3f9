// One process's worth of card payments and payouts: vault, writer, CardPayments and Payouts over a given log, in front
// of the sandbox's processor with faults to order. The processor and the clock are the world's and outlive the process:
// a crash is destroying the rig and making another over the same log.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <set>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "domain/postings.h"
#include "sagas/card_payments/card_payments.h"
#include "sagas/gateways/guarded_payments.h"
#include "sagas/gateways/sandbox_bank.h"
#include "sagas/gateways/sandbox_processor.h"
#include "sagas/payouts/payouts.h"
#include "tests/sagas/saga_rig.h"

namespace florin::test_support {

enum class Call { create, confirm, retrieve, cancel, refund, list_events, tokenize };
inline char const* call_name(Call call) {
  static constexpr char const* kNames[] = {"create", "confirm",     "retrieve", "cancel",
                                           "refund", "list_events", "tokenize"};
  return kNames[static_cast<int>(call)];
}

enum class Trouble {
  unreachable,     // nothing was done
  timeout_before,  // nothing was done
  timeout_after,   // it was done, and nobody was told
  stored,          // nothing was done, and to the same key the processor says so for ever
};

// The processor, with troubles to order for single calls. Any thread orders; the calls are the effects thread's.
class TroubledGateway final : public sagas::PaymentGateway {
 public:
  explicit TroubledGateway(sagas::PaymentGateway& gateway) : gateway_(gateway) {}

  void order(Call call, Trouble trouble, int times = 1) {
    std::lock_guard const lock(mutex_);
    for (int i = 0; i < times; ++i) troubles_[call].push_back(trouble);
  }
  // What was ordered and did not happen yet never does.
  void heal() {
    std::lock_guard const lock(mutex_);
    troubles_.clear();
  }
  // No answer to a call of this kind is given before release().
  void hold(Call call) {
    std::lock_guard const lock(mutex_);
    held_[call] = true;
  }
  void release() {
    std::lock_guard const lock(mutex_);
    held_.clear();
  }
  // Changes what retrieve and refund tell.
  void tamper(std::function<void(domain::PaymentReport&)> with) {
    std::lock_guard const lock(mutex_);
    tamper_ = std::move(with);
  }
  // On the effects thread, before each call.
  void on_call(std::function<void(Call)> then) {
    std::lock_guard const lock(mutex_);
    on_call_ = std::move(then);
  }
  // Without `changes`, which the clock brings about.
  [[nodiscard]] std::vector<Call> made() const {
    std::lock_guard const lock(mutex_);
    return made_;
  }
  [[nodiscard]] long made(Call call) const {
    auto const all = made();
    return std::count(all.begin(), all.end(), call);
  }

  // Until so many calls of the kind were made; false: not within ten seconds.
  [[nodiscard]] bool wait_for(Call call, long calls) const {
    std::unique_lock lock(mutex_);
    return called_.wait_for(lock, std::chrono::seconds(10),
                            [&] { return std::count(made_.begin(), made_.end(), call) >= calls; });
  }

  // What was retrieved, in its order.
  [[nodiscard]] std::vector<std::string> retrieved() const {
    std::lock_guard const lock(mutex_);
    return retrieved_;
  }
  // Of the calls that have one, in their order.
  [[nodiscard]] std::vector<sagas::IdempotencyKey> keys(Call call) const {
    std::lock_guard const lock(mutex_);
    auto const found = keys_.find(call);
    return found == keys_.end() ? std::vector<sagas::IdempotencyKey>() : found->second;
  }

  // From when on what happened was asked for, in the order of the calls.
  [[nodiscard]] std::vector<domain::Timestamp> asked_since() const {
    std::lock_guard const lock(mutex_);
    return asked_since_;
  }

  [[nodiscard]] std::string_view name() const override { return gateway_.name(); }
  [[nodiscard]] sagas::Awaitable<sagas::PaymentAnswer> create(sagas::CreatePayment request) override {
    auto key = request.key;
    return serve(Call::create, gateway_.create(std::move(request)), std::move(key));
  }
  [[nodiscard]] sagas::Awaitable<sagas::PaymentAnswer> confirm(sagas::ConfirmPayment request) override {
    auto key = request.key;
    return serve(Call::confirm, gateway_.confirm(std::move(request)), std::move(key));
  }
  [[nodiscard]] sagas::Awaitable<sagas::PaymentAnswer> retrieve(std::string reference) override {
    {
      std::lock_guard const lock(mutex_);
      retrieved_.push_back(reference);
    }
    return serve(Call::retrieve, gateway_.retrieve(std::move(reference)));
  }
  [[nodiscard]] sagas::Awaitable<sagas::PaymentAnswer> cancel(std::string reference) override {
    return serve(Call::cancel, gateway_.cancel(std::move(reference)));
  }
  [[nodiscard]] sagas::Awaitable<sagas::PaymentAnswer> refund(sagas::RefundPayment request) override {
    return serve(Call::refund, gateway_.refund(std::move(request)));
  }
  [[nodiscard]] sagas::Awaitable<sagas::MethodAnswer> tokenize(sagas::Card card) override {
    return serve(Call::tokenize, gateway_.tokenize(std::move(card)));
  }
  [[nodiscard]] sagas::Awaitable<sagas::EventsAnswer> list_events(domain::Timestamp since, std::string from) override {
    {
      std::lock_guard const lock(mutex_);
      asked_since_.push_back(since);
    }
    return serve(Call::list_events, gateway_.list_events(since, std::move(from)));
  }
  [[nodiscard]] Result<sagas::Callback, sagas::CallbackFault> read_callback(std::string_view signature,
                                                                            std::string_view body,
                                                                            domain::Timestamp now) const override {
    return gateway_.read_callback(signature, body, now);
  }

 private:
  std::optional<Trouble> begin(Call call) {
    std::function<void(Call)> then;
    std::optional<Trouble> trouble;
    {
      std::lock_guard const lock(mutex_);
      if (call != Call::list_events) made_.push_back(call);
      called_.notify_all();
      if (auto& waiting = troubles_[call]; !waiting.empty()) {
        trouble = waiting.front();
        waiting.pop_front();
      }
      then = on_call_;
    }
    if (then) then(call);
    return trouble;
  }
  bool is_spoilt(Call call, sagas::IdempotencyKey const& key, std::optional<Trouble> trouble) {
    if (key.empty()) return false;
    std::lock_guard const lock(mutex_);
    keys_[call].push_back(key);
    if (trouble == Trouble::stored) spoilt_.insert(key);
    return spoilt_.contains(key);
  }
  [[nodiscard]] bool is_held(Call call) const {
    std::lock_guard const lock(mutex_);
    auto const found = held_.find(call);
    return found != held_.end() && found->second;
  }

  template <class Answer>
  sagas::Awaitable<Answer> serve(Call call, sagas::Awaitable<Answer> work, sagas::IdempotencyKey key = {}) {
    auto const trouble = begin(call);
    bool const spoilt = is_spoilt(call, key, trouble);
    Answer answer;
    answer.outcome = sagas::PaymentOutcome::unknown;
    answer.code = spoilt ? "http_500" : trouble == Trouble::unreachable ? "unreachable" : "timeout";
    if (spoilt) co_return answer;
    if (trouble && *trouble != Trouble::timeout_after) co_return answer;
    Answer real = co_await std::move(work);
    auto const executor = co_await boost::asio::this_coro::executor;
    while (is_held(call)) {
      boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                        sagas::Executor>
          pause(executor, std::chrono::milliseconds(1));
      boost::system::error_code ignored;
      co_await pause.async_wait(boost::asio::redirect_error(sagas::use_awaitable, ignored));
    }
    if (trouble) co_return answer;
    if constexpr (std::is_same_v<Answer, sagas::PaymentAnswer>) {
      std::lock_guard const lock(mutex_);
      if ((call == Call::retrieve || call == Call::refund) && tamper_) tamper_(real.payment);
    }
    co_return real;
  }

  sagas::PaymentGateway& gateway_;
  mutable std::mutex mutex_;
  mutable std::condition_variable called_;
  std::map<Call, std::deque<Trouble>> troubles_;
  std::map<Call, bool> held_;
  std::map<Call, std::vector<sagas::IdempotencyKey>> keys_;
  std::set<sagas::IdempotencyKey> spoilt_;
  std::vector<std::string> retrieved_;
  std::vector<domain::Timestamp> asked_since_;
  std::function<void(domain::PaymentReport&)> tamper_;
  std::function<void(Call)> on_call_;
  std::vector<Call> made_;
};

// A log whose n-th append from now fails, as the last thing that this process writes: it is there afterwards, or not.
class MortalLog final : public eventstore::Log {
 public:
  explicit MortalLog(MemoryLog& log) : log_(log) {}
  void die_at(std::size_t append, MemoryLog::Failure how) {
    left_ = append;
    how_ = how;
  }
  eventstore::ResultOr<eventstore::Epoch> lease() override { return log_.lease(); }
  eventstore::ResultOr<Unit> append(eventstore::Append const& append) override {
    if (left_ > 0 && --left_ == 0) log_.fail_next(how_);
    return log_.append(append);
  }
  eventstore::ResultOr<std::unique_ptr<eventstore::LogCursor>> read(domain::Position from) override {
    return log_.read(from);
  }
  eventstore::ResultOr<eventstore::Head> head() override { return log_.head(); }
  void keep_seeds_in(eventstore::SeedKeeper& keeper) override { log_.keep_seeds_in(keeper); }

 private:
  MemoryLog& log_;
  std::size_t left_ = 0;
  MemoryLog::Failure how_ = MemoryLog::Failure::none;
};

// What no process of ours takes with it when it dies.
struct CardWorld {
  TempFolder folder;
  FixedClock clock;
  std::unique_ptr<sagas::SandboxProcessor> processor;

  CardWorld() {
    sagas::SandboxProcessorOptions options;
    options.file = folder.path() / "processor.db";
    options.public_base = "http://127.0.0.1:1/processor";
    options.webhook_secret = "whsec_rig";
    options.fault_wait = options.late_by = options.retry_first = std::chrono::milliseconds(1);
    options.retry_cap = std::chrono::milliseconds(4);
    processor = must(sagas::SandboxProcessor::open(clock, std::move(options)));
  }
  [[nodiscard]] sagas::ProcessorStatement statement() const { return must(processor->statement()); }
  // The only payment there.
  [[nodiscard]] sagas::SandboxPayment payment() const {
    auto const all = must(processor->payments(0, 2));
    FLORIN_ASSERT(all.size() == 1);
    return all.front();
  }
};

inline sagas::AchOrigin ach_origin() {
  return {"091000019", "First Example Bank", "091000019", "Florin", "Florin", "1123456789", "09100001", "PAYOUT"};
}

class CardRig {
 public:
  // The clock goes on where the log ends. callbacks: false when every post of the processor gets lost.
  CardRig(std::filesystem::path const& vault_folder, eventstore::Log& log, CardWorld& world, bool callbacks = true)
      : world_(world),
        vault_(must(eventstore::Vault::open(vault_folder))),
        requests_(must(eventstore::RequestIndex::open(own_.path() / "requests", {}, {64, 1u << 20}))),
        checkpoints_(must(eventstore::CheckpointFile::open(own_.path()))),
        gateway_(*world.processor),
        guarded_(gateway_, machine_, [] { return std::uint64_t{0}; }),
        payments_(loop_, guarded_, ledger_, log, *vault_, world.clock,
                  {"https://pay.example/checkout?session=", "&return=1", "https://pay.example/checkout/return",
                   3600 * kSecond}),
        payouts_(loop_, bank_, {ach_origin(), false}, ledger_, log, *vault_, world.clock) {
    auto recovered = must(eventstore::recover(log, own_.path() / "snapshots", requests_.get(), &durable_));
    tail_ = std::make_unique<eventstore::Tail>(log, recovered.head);
    view_.follow(*tail_);
    loop_.follow(*tail_, recovered.head.position);
    payments_.resume(recovered.state, recovered.at);
    payouts_.resume(recovered.state);
    eventstore::EngineParts const parts{log,          must(log.lease()), *vault_,  *requests_,
                                        checkpoints_, world.clock,       durable_, *tail_};
    writer_ = std::make_unique<eventstore::Writer>(std::move(recovered), parts);
    writer_->start();
    payments_.start(*writer_);
    payouts_.start(*writer_);
    if (callbacks) {
      loop_.add(*world.processor);
      world.processor->start(loop_.io(), [this](std::string body, std::string signature) {
        return payments_.take_callback(std::move(body), std::move(signature));
      });
    }
    loop_.start();
  }
  ~CardRig() {
    gateway_.release();
    loop_.stop();
    writer_.reset();
  }
  CardRig(CardRig const&) = delete;
  CardRig& operator=(CardRig const&) = delete;

  eventstore::Outcome ask(domain::Command command) {
    std::promise<eventstore::Outcome> promise;
    auto future = promise.get_future();
    writer_->submit({std::move(command), {}, std::make_unique<FutureReply>(std::move(promise))});
    return future.get();
  }
  eventstore::CommitPtr commit(domain::Command command) {
    return std::get<eventstore::Committed>(ask(std::move(command))).commit;
  }
  // False: something was still due or under way.
  [[nodiscard]] bool quiet(int timeout_ms = 10'000) { return loop_.wait_until_idle(timeout_ms); }
  // As the sandbox's clock does it: time goes on, and what is due then is done. The machine's goes with it.
  [[nodiscard]] bool pass(std::int64_t micros) {
    machine_.advance(micros);
    world_.clock.advance(micros);
    loop_.check();
    return quiet();
  }
  // Until `done`: in steps, because every failed try waits for a while.
  template <class Done>
  [[nodiscard]] bool pass_until(Done&& done, int steps = 20) {
    for (int i = 0; i < steps; ++i) {
      if (quiet() && done()) return true;
      if (!pass(kMinute)) return false;
    }
    return done();
  }

  [[nodiscard]] FoldedView const& view() const { return view_; }
  [[nodiscard]] sagas::LedgerView const& ledger() const { return ledger_; }
  [[nodiscard]] sagas::EffectsLoop& loop() { return loop_; }
  [[nodiscard]] sagas::CardPayments& payments() { return payments_; }
  [[nodiscard]] sagas::Payouts& payouts() { return payouts_; }
  [[nodiscard]] TroubledGateway& gateway() { return gateway_; }
  [[nodiscard]] sagas::GuardedPayments const& guarded() const { return guarded_; }
  [[nodiscard]] eventstore::Vault const& vault() const { return *vault_; }
  [[nodiscard]] FixedClock& machine() { return machine_; }
  [[nodiscard]] domain::Wallet wallet(domain::GameId game, std::uint64_t who) const {
    return view_.read([&](domain::State const& state) {
      auto const identity = state.find_identity(person(who).email_index);
      auto const player = identity ? state.find_player(game, *identity) : std::nullopt;
      return player ? state.wallet(*player, state.find_game(game)->currencies.front().currency) : domain::Wallet{};
    });
  }
  // Over all currencies, from the postings.
  [[nodiscard]] domain::Money sum(domain::Account account) const {
    domain::Money total;
    for (auto const& commit : view_.commits()) {
      for (auto const& event : commit.events) {
        for (auto const& posting : domain::postings(event)) {
          if (posting.account == account) total += posting.amount;
        }
      }
    }
    return total;
  }

 private:
  CardWorld& world_;
  TempFolder own_;
  FixedClock machine_;
  eventstore::DurableState durable_;
  std::unique_ptr<eventstore::Tail> tail_;
  sagas::LedgerView const ledger_{durable_};
  FoldedView view_;
  sagas::EffectsLoop loop_;
  std::unique_ptr<eventstore::Vault> vault_;
  std::unique_ptr<eventstore::RequestIndex> requests_;
  eventstore::CheckpointFile checkpoints_;
  TroubledGateway gateway_;
  sagas::GuardedPayments guarded_;
  sagas::SandboxBank bank_;
  sagas::CardPayments payments_;
  sagas::Payouts payouts_;
  std::unique_ptr<eventstore::Writer> writer_;
};

// A live game, made when the log has none.
inline domain::GameId live_game(CardRig& rig) {
  auto const made = rig.view().all<domain::GameCreated>();
  if (!made.empty()) return made.front().game;
  auto command = create_game("Adventure Quest");
  command.settings.status = domain::GameStatus::live;
  return std::get<domain::GameCreated>(rig.commit(command)->events.at(0)).game;
}

inline domain::OrderCurrency order_currency(domain::GameId game, std::uint64_t player, std::int64_t cents,
                                            std::string method = "pm_card_visa") {
  return {game, person(player), {}, domain::Usd::from_minor(cents), std::move(method), {}, true};
}

}  // namespace florin::test_support
