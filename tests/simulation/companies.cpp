#include "tests/simulation/companies.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "tests/simulation/promises.h"

namespace florin::simulation {

using namespace domain;
using sagas::Awaitable;

namespace {

constexpr std::size_t kPage = 100;
constexpr char const* kCard = "pm_card_visa";

Usd cents(std::int64_t amount) { return Usd::from_minor(amount); }

// A call whose answer is there at once.
template <class T>
T answer_of(Awaitable<T> call) {
  sagas::asio::io_context io;
  std::optional<T> answer;
  auto const work = [](Awaitable<T> made, std::optional<T>& into) -> Awaitable<void> {
    into.emplace(co_await std::move(made));
  };
  sagas::asio::co_spawn(io, work(std::move(call), answer), sagas::asio::detached);
  io.poll();
  return std::move(answer).value();
}

}  // namespace

sagas::SandboxPhoneOptions phone_options() {
  sagas::SandboxPhoneOptions options;
  options.webhook_url = "https://florin.example/webhooks/sms/inbound";
  options.auth_token = "a token";
  return options;
}

// What a call meets on its way.
struct Companies::Line {
  std::mt19937_64 random;
  FaultCounts& counts;
  bool calm = false;

  [[nodiscard]] std::uint64_t draw(std::uint64_t below) { return random() % below; }
  [[nodiscard]] bool one_in(std::uint64_t times) { return !calm && draw(times) == 0; }
  // One call in so many; it is counted.
  [[nodiscard]] bool happens(std::uint64_t one_in_times, Fault fault) {
    bool const now = one_in(one_in_times);
    if (now) counts.add(fault);
    return now;
  }
};

// Orders the phone's own faults for the very text that goes out.
class Companies::TextLine final : public sagas::SmsGateway {
 public:
  TextLine(Line& line, sagas::SandboxPhone& phone) : line_(line), phone_(phone) {}

  Awaitable<sagas::SmsResult> send(sagas::TextMessage message) override {
    bool const before = line_.happens(10, Fault::timeout_before);
    bool const after = !before && line_.happens(10, Fault::timeout_after);
    phone_.fail_next(before ? 1 : 0);
    phone_.lose_answer_next(after ? 1 : 0);
    phone_.drop_next(!before && !after && line_.happens(12, Fault::never) ? 1 : 0);
    return phone_.send(std::move(message));
  }

 private:
  Line& line_;
  sagas::SandboxPhone& phone_;
};

// The processor fails by itself; here its answers come late: after others, which were given later.
class Companies::CardLine final : public sagas::PaymentGateway {
 public:
  CardLine(Line& line, sagas::SandboxProcessor& processor, std::vector<std::string>& payments)
      : line_(line), processor_(processor), payments_(payments) {}

  [[nodiscard]] std::string_view name() const override { return processor_.name(); }
  Awaitable<sagas::PaymentAnswer> create(sagas::CreatePayment request) override {
    return carry(processor_.create(std::move(request)));
  }
  Awaitable<sagas::PaymentAnswer> confirm(sagas::ConfirmPayment request) override {
    return carry(processor_.confirm(std::move(request)));
  }
  Awaitable<sagas::PaymentAnswer> retrieve(std::string reference) override {
    return carry(processor_.retrieve(std::move(reference)));
  }
  Awaitable<sagas::PaymentAnswer> cancel(std::string reference) override {
    return carry(processor_.cancel(std::move(reference)));
  }
  Awaitable<sagas::PaymentAnswer> refund(sagas::RefundPayment request) override {
    return carry(processor_.refund(std::move(request)));
  }
  Awaitable<sagas::MethodAnswer> tokenize(sagas::Card card) override {
    return carry(processor_.tokenize(std::move(card)));
  }
  Awaitable<sagas::EventsAnswer> list_events(Timestamp since, std::string from) override {
    return carry(processor_.list_events(since, std::move(from)));
  }
  Result<sagas::Callback, sagas::CallbackFault> read_callback(std::string_view signature, std::string_view body,
                                                              Timestamp now) const override {
    return processor_.read_callback(signature, body, now);
  }

 private:
  template <class Answer>
  Awaitable<Answer> carry(Awaitable<Answer> call) {
    Answer answer = co_await std::move(call);
    if constexpr (std::is_same_v<Answer, sagas::PaymentAnswer>) note(answer.payment.reference);
    if (line_.happens(8, Fault::late)) {
      auto const executor = co_await sagas::asio::this_coro::executor;
      sagas::SteadyTimer timer(executor, std::chrono::milliseconds(line_.draw(60'000)));
      co_await timer.async_wait(sagas::asio::as_tuple(sagas::use_awaitable));
    }
    co_return answer;
  }
  void note(std::string const& reference) {
    if (!reference.empty() && std::ranges::find(payments_, reference) == payments_.end())
      payments_.push_back(reference);
  }

  Line& line_;
  sagas::SandboxProcessor& processor_;
  std::vector<std::string>& payments_;
};

Companies::Companies(std::uint64_t seed, SimulatedRuntime& runtime, FaultCounts& counts)
    : random_(seed), counts_(counts), clock_(runtime), phone_(clock_, phone_options(), runtime) {
  sagas::SandboxProcessorOptions options;  // no file: it is in memory
  options.public_base = "https://processor.example";
  options.webhook_secret = "whsec_simulated";
  auto opened = sagas::SandboxProcessor::open(clock_, std::move(options), runtime);
  require(opened.ok(), Promise::sound_disk_serves, "the processor's books");
  processor_ = std::move(opened).value();
  auto const percent = [&](std::uint64_t most) { return static_cast<unsigned>(draw(most + 1)); };
  processor_->set_faults({percent(8), percent(8), percent(16), percent(20), percent(25), percent(25)});
  line_ = std::make_unique<Line>(Line{std::mt19937_64(random_()), counts});
  texts_ = std::make_unique<TextLine>(*line_, phone_);
  cards_ = std::make_unique<CardLine>(*line_, *processor_, payments_);
}

Companies::~Companies() = default;

sagas::Outside Companies::outside() {
  sagas::Outside outside;
  outside.sms = texts_.get();
  outside.cards = cards_.get();
  outside.card_options.checkout_url = "https://florin.example/checkout?session=";
  outside.card_options.return_url = "https://florin.example/checkout/return";
  return outside;
}

void Companies::act(PastCommits const& past) {
  if (draw(30) == 0) charge_for_others(past);
  if (payments_.empty() || draw(2) != 0) return;
  if (auto const payment = processor_->payment(payments_[draw(payments_.size())])) {
    auto const& report = payment->report;
    if (report.status == PaymentStatus::requires_action) {
      (void)processor_->complete_challenge(report.reference, payment->client_secret, draw(3) != 0);
    } else if (report.status == PaymentStatus::succeeded) {
      move(report);
    }
  }
}

// What the processor's rules do not allow it refuses.
void Companies::move(PaymentReport const& payment) {
  if (draw(3) == 0) return move_dispute(payment);
  if (draw(3) != 0) return;
  auto const part = cents(static_cast<std::int64_t>(1 + draw(static_cast<std::uint64_t>(payment.usd.minor()))));
  (void)processor_->refund_at_processor(payment.reference, part);
}

void Companies::move_dispute(PaymentReport const& payment) {
  auto const& reference = payment.reference;
  auto const part = cents(static_cast<std::int64_t>(1 + draw(static_cast<std::uint64_t>(payment.usd.minor()))));
  if (payment.disputes.empty()) {
    auto const claimed = draw(3) == 0 ? std::optional(part) : std::nullopt;
    (void)processor_->open_dispute(reference, claimed);
    return;
  }
  auto const& dispute = payment.disputes.back();
  auto const fee = dispute.fee == Usd{} ? cents(1'500) : -dispute.fee;
  switch (draw(5)) {
    case 0: (void)processor_->close_dispute(reference, true); break;
    case 1: (void)processor_->close_dispute(reference, false); break;
    case 2: (void)processor_->move_dispute(reference, Usd{}, fee); break;
    case 3:
      (void)processor_->move_dispute(reference, dispute.withheld == Usd{} ? part : -dispute.withheld, Usd{});
      break;
    default: break;
  }
}

// Another installation on the same account: its payments bear numbers of orders that may be ours too.
void Companies::charge_for_others(PastCommits const& past) {
  if (line_->calm) return;
  auto const faults = processor_->faults();
  processor_->set_faults({});
  auto const order = past.orders.empty()
                         ? OrderId(1)
                         : std::next(past.orders.begin(), static_cast<std::ptrdiff_t>(draw(past.orders.size())))->first;
  auto const number = std::to_string(random_());
  sagas::CreatePayment create{"open" + number, order, cents(500), "another's", Timestamp::from_micros(1'000'000)};
  auto const made = answer_of(processor_->create(std::move(create)));
  sagas::ConfirmPayment confirm{"confirm" + number, made.payment.reference, kCard, ""};
  (void)answer_of(processor_->confirm(std::move(confirm)));
  payments_.push_back(made.payment.reference);
  processor_->set_faults(faults);
  counts_.add(Fault::mismatch);
}

void Companies::calm_down() {
  line_->calm = true;
  processor_->set_faults({});
}

PaymentReport Companies::charge(Fact<CurrencyOrdered> const& ordered) {
  auto const faults = processor_->faults();
  processor_->set_faults({});
  sagas::CreatePayment create{"open", ordered->order, ordered->usd, "an old order", ordered.at()};
  auto const made = answer_of(processor_->create(std::move(create)));
  sagas::ConfirmPayment confirm{"confirm", made.payment.reference, kCard, ""};
  auto const paid = answer_of(processor_->confirm(std::move(confirm)));
  processor_->set_faults(faults);
  payments_.push_back(paid.payment.reference);
  return paid.payment;
}

PaymentReport Companies::dispute(std::string const& reference, bool won) {
  require(processor_->open_dispute(reference).ok() && processor_->close_dispute(reference, won).ok(),
          Promise::sound_disk_serves, "an old dispute");
  return processor_->payment(reference).value().report;
}

std::map<std::uint64_t, std::int64_t> Companies::statement(PastCommits const& past) const {
  std::map<std::uint64_t, std::int64_t> held;
  for (std::uint64_t after = 0;;) {
    auto const page = processor_->payments(after, kPage);
    require(page.ok(), Promise::sound_disk_serves, "the processor's books");
    if (page.value().empty()) return held;
    after = page.value().back().sequence;
    for (auto const& payment : page.value()) {
      auto const& report = payment.report;
      auto const order = past.orders.find(report.order);
      bool const ours = order != past.orders.end() && order->second.at == report.ordered_at;
      if (!ours || report.status != PaymentStatus::succeeded) continue;
      auto sum = report.usd - report.fee;
      for (auto const& refund : report.refunds) sum -= refund.usd;
      for (auto const& dispute : report.disputes) sum -= dispute.withheld + dispute.fee;
      held[order->second.currency.value()] += sum.minor();
    }
  }
}

void Companies::count_faults() {
  auto const made = processor_->faults_made();
  counts_.add(Fault::timeout_before, made.refused_connection + made.timeout_before);
  counts_.add(Fault::timeout_after, made.timeout_after);
  counts_.add(Fault::never, made.lost_callback);
  counts_.add(Fault::twice, made.doubled_callback);
  counts_.add(Fault::late, made.late_callback);
}

}  // namespace florin::simulation
