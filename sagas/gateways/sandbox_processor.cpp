#include "sagas/gateways/sandbox_processor.h"

#include <algorithm>
#include <exception>
#include <map>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "domain/contract.h"
#include "eventstore/runtime/runtime.h"
#include "sagas/gateways/stripe_event.h"
#include "sagas/gateways/stripe_signature.h"
#include "sagas/workers.h"

namespace florin::sagas {
namespace {

using eventstore::ResultOr;

constexpr std::size_t kPostsMax = 8;
constexpr std::size_t kScheduledMax = 10'000;
constexpr std::size_t kBatch = 256;        // events read from the file at a time
constexpr std::size_t kChangesPage = 100;  // as Stripe's longest page

std::string with_outcome(std::string_view url, std::string const& reference, bool succeeded) {
  std::size_t const fragment = std::min(url.find('#'), url.size());
  std::string out(url.substr(0, fragment));
  out += out.find('?') == std::string::npos ? '?' : '&';
  out.append("payment_intent=").append(reference);
  out.append("&redirect_status=").append(succeeded ? "succeeded" : "failed");
  return out.append(url.substr(fragment));
}

}  // namespace

std::string sandbox_event_body(SandboxEvent const& event) {
  std::string const created = std::to_string(event.created.micros() / domain::kMicrosPerSecond);
  std::string out = R"({"id":")" + event.id + R"(","object":"event","api_version":"2024-06-20","created":)" + created;
  out += R"(,"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":")";
  out += event.type + R"(","data":{"object":{"id":")" + event.object_id + R"(","object":")" + event.object + "\"";
  if (event.object != "payment_intent") out += R"(,"payment_intent":")" + event.reference + "\"";
  return out + "}}}";
}

// Posts the callbacks. Its state belongs to the effects thread; posts under way share it, so that they may end after
// a stop.
struct SandboxProcessor::CallbackSender : std::enable_shared_from_this<CallbackSender> {
  struct Delivery {
    SandboxEvent event;
    unsigned copies = 1;    // still to be taken
    unsigned attempts = 0;  // in vain, so far
  };

  CallbackSender(SandboxProcessor& owner, asio::io_context& context, DeliverCallback way)
      : processor(&owner), io(context), timer(context.get_executor()), deliver(std::move(way)) {}

  // Any thread: there may be news in the file.
  static void wake(std::shared_ptr<CallbackSender> const& self) {
    if (self->woken.exchange(true)) return;
    asio::post(self->io, [self] {
      self->woken = false;
      self->send_due();
    });
  }

  void send_due() {
    if (processor == nullptr) return;
    fill();
    auto const now = processor->runtime_.now();
    while (under_way < kPostsMax && !scheduled.empty() && scheduled.begin()->first <= now) {
      Delivery delivery = std::move(scheduled.begin()->second);
      scheduled.erase(scheduled.begin());
      ++under_way;
      spawn_worker(io, deliver_one(shared_from_this(), std::move(delivery)));
    }
    if (under_way == 0) note_delivered();
    if (scheduled.empty() || under_way >= kPostsMax) return;
    timer.expires_at(scheduled.begin()->first);
    timer.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
      if (!cancelled) self->send_due();
    });
  }

  void stop() {
    if (processor == nullptr) return;
    note_delivered();
    processor = nullptr;
    timer.cancel();
    scheduled.clear();
  }

 private:
  // Static, so that the frame owns the sender.
  static Awaitable<void> deliver_one(std::shared_ptr<CallbackSender> self, Delivery delivery) {
    bool taken = false;
    if (self->processor != nullptr) {
      std::string body = sandbox_event_body(delivery.event);
      std::string signature =
          stripe_signature(self->processor->options_.webhook_secret, body, self->processor->clock_.now());
      try {
        Awaitable<bool> posting = self->deliver(std::move(body), std::move(signature));
        taken = co_await std::move(posting);
      } catch (std::exception const&) {
        taken = false;  // the receiver's trouble, as a server that does not answer
      }
    }
    self->finish(std::move(delivery), taken);
  }

  void finish(Delivery delivery, bool taken) {
    --under_way;
    if (processor == nullptr) return;
    if (taken) {
      if (--delivery.copies > 0) {
        scheduled.emplace(processor->runtime_.now(), std::move(delivery));
      } else {
        delivered.push_back(delivery.event.sequence);
      }
    } else if (++delivery.attempts < processor->options_.attempts_max) {
      scheduled.emplace(processor->runtime_.now() + wait_after(delivery.attempts), std::move(delivery));
    }
    if (delivered.size() >= kBatch) note_delivered();
    send_due();
  }

  [[nodiscard]] std::chrono::milliseconds wait_after(unsigned attempts) const {
    auto wait = processor->options_.retry_first;
    for (unsigned i = 1; i < attempts && wait < processor->options_.retry_cap; ++i) wait *= 2;
    return std::min(wait, processor->options_.retry_cap);
  }

  void fill() {
    while (scheduled.size() + kBatch <= kScheduledMax) {
      std::vector<SandboxEvent> events;
      {
        std::lock_guard const lock(processor->mutex_);
        auto read = processor->books_->undelivered(cursor, kBatch);
        if (!read) return;  // the file does not answer now; the next round asks again
        events = std::move(read).value();
      }
      for (SandboxEvent& event : events) {
        cursor = event.sequence;
        auto const due =
            processor->runtime_.now() + (event.plan.late ? processor->options_.late_by : std::chrono::milliseconds(0));
        unsigned const copies = event.plan.copies;
        scheduled.emplace(due, Delivery{std::move(event), copies, 0});
      }
      if (events.size() < kBatch) return;
    }
  }

  void note_delivered() {
    if (delivered.empty()) return;
    std::lock_guard const lock(processor->mutex_);
    // Not noted: posted again after a restart, which is what at least once means.
    if (processor->books_->set_delivered(delivered)) delivered.clear();
  }

  std::atomic<bool> woken{false};
  SandboxProcessor* processor;  // null once stopped
  asio::io_context& io;
  SteadyTimer timer;
  DeliverCallback const deliver;
  std::multimap<eventstore::SteadyTime, Delivery> scheduled;
  std::vector<std::uint64_t> delivered;  // and not noted in the file yet
  std::uint64_t cursor = 0;              // the last event that was scheduled
  std::size_t under_way = 0;
};

SandboxProcessor::SandboxProcessor(eventstore::Clock const& clock, SandboxProcessorOptions options,
                                   eventstore::Runtime& runtime)
    : clock_(clock), options_(std::move(options)), runtime_(runtime) {}

SandboxProcessor::~SandboxProcessor() { stop(); }

ResultOr<std::unique_ptr<SandboxProcessor>> SandboxProcessor::open(eventstore::Clock const& clock,
                                                                   SandboxProcessorOptions options,
                                                                   eventstore::Runtime& runtime) {
  FLORIN_ASSERT(!options.webhook_secret.empty());
  auto processor = std::unique_ptr<SandboxProcessor>(new SandboxProcessor(clock, std::move(options), runtime));
  SandboxProcessor* const self = processor.get();
  auto books = SandboxBooks::open(
      self->options_.file, self->options_.amount_min, [self] { return self->draw_callback(); }, runtime);
  if (!books) return fail(std::move(books).error());
  processor->books_ = std::move(books).value();
  return processor;
}

void SandboxProcessor::start(asio::io_context& io, DeliverCallback deliver) {
  {
    std::lock_guard const lock(mutex_);
    FLORIN_ASSERT(sender_ == nullptr);
    sender_ = std::make_shared<CallbackSender>(*this, io, std::move(deliver));
  }
  wake();
}

void SandboxProcessor::stop() {
  std::shared_ptr<CallbackSender> sender;
  {
    std::lock_guard const lock(mutex_);
    sender = std::move(sender_);
  }
  if (sender) sender->stop();
}

void SandboxProcessor::wake() {
  std::lock_guard const lock(mutex_);
  if (sender_ != nullptr) CallbackSender::wake(sender_);
}

bool SandboxProcessor::happens(unsigned SandboxFaults::* kind) {
  unsigned const percent = faults_.*kind;
  bool const now = percent != 0 && eventstore::draw_number<unsigned>(runtime_) % 100 < percent;
  if (now) ++(faults_made_.*kind);
  return now;
}

SandboxProcessor::Trouble SandboxProcessor::draw() {
  std::lock_guard const lock(mutex_);
  if (happens(&SandboxFaults::refused_connection)) return Trouble::refused;
  if (happens(&SandboxFaults::timeout_before)) return Trouble::before;
  if (happens(&SandboxFaults::timeout_after)) return Trouble::after;
  return Trouble::none;
}

CallbackPlan SandboxProcessor::draw_callback() {
  CallbackPlan plan;
  if (happens(&SandboxFaults::lost_callback)) {
    plan.copies = 0;
    return plan;
  }
  if (happens(&SandboxFaults::doubled_callback)) plan.copies = 2;
  plan.late = happens(&SandboxFaults::late_callback);
  return plan;
}

template <class Answer>
Awaitable<Answer> SandboxProcessor::serve(std::function<Answer()> work) {
  Trouble const trouble = draw();
  Answer answer;
  answer.outcome = PaymentOutcome::unknown;
  if (trouble == Trouble::refused) {
    answer.code = "unreachable";
    co_return answer;
  }
  if (trouble != Trouble::before) {
    Answer done = work();
    wake();
    if (trouble == Trouble::none) co_return done;
  }
  Executor const executor = co_await asio::this_coro::executor;
  SteadyTimer timer(executor, options_.fault_wait);
  co_await timer.async_wait(asio::as_tuple(use_awaitable));
  answer.code = "timeout";
  co_return answer;
}

PaymentAnswer SandboxProcessor::answer_of(SandboxBooks::Answer answer) const {
  PaymentAnswer out;
  out.outcome = answer.outcome;
  out.code = std::move(answer.code);
  out.payment = std::move(answer.payment.report);
  if (out.payment.status == domain::PaymentStatus::requires_action && out.outcome == PaymentOutcome::answered) {
    out.client_secret = std::move(answer.payment.client_secret);
    out.redirect_url =
        options_.public_base + "/challenge?payment=" + out.payment.reference + "&secret=" + out.client_secret;
  }
  return out;
}

Awaitable<PaymentAnswer> SandboxProcessor::create(CreatePayment request) {
  return serve<PaymentAnswer>([this, request = std::move(request)] {
    std::lock_guard const lock(mutex_);
    return answer_of(books_->create(request, clock_.now()));
  });
}

Awaitable<PaymentAnswer> SandboxProcessor::confirm(ConfirmPayment request) {
  return serve<PaymentAnswer>([this, request = std::move(request)] {
    std::lock_guard const lock(mutex_);
    return answer_of(books_->confirm(request, clock_.now()));
  });
}

Awaitable<PaymentAnswer> SandboxProcessor::retrieve(std::string reference) {
  return serve<PaymentAnswer>([this, reference = std::move(reference)] {
    std::lock_guard const lock(mutex_);
    return answer_of(books_->retrieve(reference));
  });
}

Awaitable<PaymentAnswer> SandboxProcessor::cancel(std::string reference) {
  return serve<PaymentAnswer>([this, reference = std::move(reference)] {
    std::lock_guard const lock(mutex_);
    return answer_of(books_->cancel(reference, clock_.now()));
  });
}

Awaitable<PaymentAnswer> SandboxProcessor::refund(RefundPayment request) {
  return serve<PaymentAnswer>([this, request = std::move(request)] {
    if (request.key.empty()) return answer_of({PaymentOutcome::refused, {}, "parameter_invalid", {}});
    std::lock_guard const lock(mutex_);
    return answer_of(books_->refund(request, clock_.now()));
  });
}

Awaitable<MethodAnswer> SandboxProcessor::tokenize(Card card) {
  return serve<MethodAnswer>([this, card = std::move(card)] {
    std::lock_guard const lock(mutex_);
    return books_->add_card(card, clock_.now());
  });
}

Awaitable<EventsAnswer> SandboxProcessor::list_events(domain::Timestamp since, std::string from) {
  return serve<EventsAnswer>([this, since, from = std::move(from)] {
    EventsAnswer answer;
    std::optional<std::uint64_t> const after = from.empty() ? 0 : domain::parse_number(from);
    if (!after) {
      answer.outcome = PaymentOutcome::refused;
      answer.code = "resource_missing";
      return answer;
    }
    std::lock_guard const lock(mutex_);
    auto const events = books_->events(since, *after, kChangesPage + 1);
    if (!events) {
      answer.code = "books_io";
      return answer;
    }
    answer.outcome = PaymentOutcome::answered;
    answer.more = events.value().size() > kChangesPage;
    std::size_t const count = std::min(events.value().size(), kChangesPage);
    for (std::size_t i = 0; i < count; ++i) {
      SandboxEvent const& event = events.value()[i];
      answer.events.push_back({event.id, event.reference, event.created});
      if (answer.more) answer.next = std::to_string(event.sequence);
    }
    return answer;
  });
}

Result<Callback, CallbackFault> SandboxProcessor::read_callback(std::string_view signature, std::string_view body,
                                                                domain::Timestamp now) const {
  return read_stripe_callback(options_.webhook_secret, signature, body, now);
}

std::optional<SandboxChallenge> SandboxProcessor::challenge(std::string const& reference, std::string_view secret) {
  std::lock_guard const lock(mutex_);
  auto const answer = books_->challenge(reference, secret);
  if (answer.outcome != PaymentOutcome::answered) return std::nullopt;
  auto const& payment = answer.payment;
  return SandboxChallenge{reference, payment.report.usd, payment.description, payment.report.status};
}

std::optional<std::string> SandboxProcessor::complete_challenge(std::string const& reference, std::string_view secret,
                                                                bool success) {
  SandboxBooks::Answer answer;
  {
    std::lock_guard const lock(mutex_);
    answer = books_->complete_challenge(reference, secret, success, clock_.now());
  }
  if (answer.outcome != PaymentOutcome::answered) return std::nullopt;
  wake();
  bool const charged = answer.payment.report.status == domain::PaymentStatus::succeeded;
  return with_outcome(answer.payment.return_url, reference, charged);
}

Result<std::string, std::string> SandboxProcessor::made(SandboxBooks::Answer answer) {
  if (answer.outcome != PaymentOutcome::answered) return fail(std::move(answer.code));
  wake();
  return std::move(answer.made);
}

Result<std::string, std::string> SandboxProcessor::open_dispute(std::string const& reference,
                                                                std::optional<domain::Usd> usd) {
  SandboxBooks::Answer answer;
  {
    std::lock_guard const lock(mutex_);
    answer = books_->open_dispute(reference, usd, clock_.now());
  }
  return made(std::move(answer));
}

Result<std::string, std::string> SandboxProcessor::close_dispute(std::string const& reference, bool won) {
  SandboxBooks::Answer answer;
  {
    std::lock_guard const lock(mutex_);
    answer = books_->close_dispute(reference, won, clock_.now());
  }
  return made(std::move(answer));
}

Result<std::string, std::string> SandboxProcessor::move_dispute(std::string const& reference, domain::Usd withdrawn,
                                                                domain::Usd fee) {
  SandboxBooks::Answer answer;
  {
    std::lock_guard const lock(mutex_);
    answer = books_->move_dispute(reference, withdrawn, fee, clock_.now());
  }
  return made(std::move(answer));
}

Result<std::string, std::string> SandboxProcessor::refund_at_processor(std::string const& reference, domain::Usd usd) {
  SandboxBooks::Answer answer;
  {
    std::lock_guard const lock(mutex_);
    answer = books_->refund({{}, reference, {}, usd, {}}, clock_.now());
  }
  return made(std::move(answer));
}

ResultOr<ProcessorStatement> SandboxProcessor::statement() const {
  std::lock_guard const lock(mutex_);
  return books_->statement();
}

ResultOr<std::vector<SandboxPayment>> SandboxProcessor::payments(std::uint64_t after, std::size_t limit) const {
  std::lock_guard const lock(mutex_);
  return books_->payments(after, limit);
}

std::optional<SandboxPayment> SandboxProcessor::payment(std::string const& reference) const {
  std::lock_guard const lock(mutex_);
  auto answer = books_->retrieve(reference);
  if (answer.outcome != PaymentOutcome::answered) return std::nullopt;
  return std::move(answer.payment);
}

void SandboxProcessor::set_faults(SandboxFaults faults) {
  std::lock_guard const lock(mutex_);
  faults_ = faults;
}

SandboxFaults SandboxProcessor::faults() const {
  std::lock_guard const lock(mutex_);
  return faults_;
}

SandboxFaults SandboxProcessor::faults_made() const {
  std::lock_guard const lock(mutex_);
  return faults_made_;
}

}  // namespace florin::sagas
