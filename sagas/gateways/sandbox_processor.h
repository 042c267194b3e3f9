// The simulated card processor: what the sandbox charges instead of Stripe, and what tests hold. It takes the test
// cards of the contract, asks for 3-D Secure, is disputed, makes the signed posts that Stripe would make, and fails on
// demand. Simulates a separate company: its state lives in its own SQLite file (sandbox_books.h) and shares nothing
// with the ledger.
//
// Threads: the gateway's functions on the effects thread; start and stop there or while it does not run; the rest on
// any. One mutex, held for one transaction of the books (about 0.3 ms, an fsync), never across a wait.
//
// Callbacks: at least once, until somebody takes them: 1 s after the first refusal, then doubling up to a minute, ten
// times; after that they wait for the next start. `list_events` tells of all of them, the lost ones too. Bounds: eight
// posts at a time, 10,000 scheduled in memory (3 MB); the rest waits in the file.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/runtime/clock.h"
#include "sagas/gateways/payment_gateway.h"
#include "sagas/gateways/sandbox_books.h"
#include "sagas/saga.h"

namespace florin::sagas {

struct SandboxProcessorOptions {
  std::filesystem::path file;  // the books; made when it is not there. Empty: in memory, and gone with the processor
  std::string public_base;     // where the challenge page is served: "{public_base}/challenge?payment=pi_…&secret=…"
  std::string webhook_secret;  // signs the callbacks
  domain::Usd amount_min = domain::Usd::from_minor(50);  // as Stripe for US dollars
  std::chrono::milliseconds fault_wait{50};              // a time-out on demand is not waited for in full
  std::chrono::milliseconds late_by{3'000};
  std::chrono::milliseconds retry_first{1'000};
  std::chrono::milliseconds retry_cap{60'000};
  unsigned attempts_max = 10;
};

// Percent of calls (the first three) and of events (the others); 0 to 100, more counts as 100. Or how many there were.
struct SandboxFaults {
  unsigned refused_connection = 0;  // nothing done, unknown "unreachable"
  unsigned timeout_before = 0;      // nothing done, unknown "timeout"
  unsigned timeout_after = 0;       // done, unknown "timeout"
  unsigned lost_callback = 0;       // never posted
  unsigned doubled_callback = 0;    // posted twice
  unsigned late_callback = 0;       // posted late_by after it happened
  friend bool operator==(SandboxFaults const&, SandboxFaults const&) = default;
};

// What the bank's page shows before it asks.
struct SandboxChallenge {
  std::string reference;
  domain::Usd usd;
  std::string description;
  domain::PaymentStatus status = domain::PaymentStatus::requires_action;  // any other: it was answered already
};

// Posts a body with its Stripe-Signature to its receiver. True: it was taken (2xx). On the effects thread.
using DeliverCallback = std::function<Awaitable<bool>(std::string body, std::string signature)>;

class SandboxProcessor final : public PaymentGateway, public Saga {
 public:
  // Both outlive it. `clock`: the sandbox's; it dates payments and signs callbacks. `runtime`: chance, and when to
  // post.
  [[nodiscard]] static eventstore::ResultOr<std::unique_ptr<SandboxProcessor>> open(
      eventstore::Clock const& clock, SandboxProcessorOptions options,
      eventstore::Runtime& runtime = eventstore::machine());
  ~SandboxProcessor() override;

  // Callbacks are posted from here on, those of former runs first.
  void start(asio::io_context& io, DeliverCallback deliver);

  // Saga's. Callbacks under way do not count as work: a real processor would not say either.
  void check() override {}
  void on_commits(std::span<eventstore::CommitPtr const>) override {}  // it is another company
  [[nodiscard]] bool is_idle() override { return true; }
  // Before the io_context is destroyed. Posts under way end by themselves and are forgotten: the next start makes them
  // again.
  void stop() override;

  [[nodiscard]] std::string_view name() const override { return "sandbox"; }
  // A key that was used before answers with the payment as it is now. A fault of the file is unknown, "books_…".
  [[nodiscard]] Awaitable<PaymentAnswer> create(CreatePayment request) override;
  [[nodiscard]] Awaitable<PaymentAnswer> confirm(ConfirmPayment request) override;
  [[nodiscard]] Awaitable<PaymentAnswer> retrieve(std::string reference) override;
  [[nodiscard]] Awaitable<PaymentAnswer> cancel(std::string reference) override;
  [[nodiscard]] Awaitable<PaymentAnswer> refund(RefundPayment request) override;
  // Test cards only; any other good number is refused "test_mode_live_card".
  [[nodiscard]] Awaitable<MethodAnswer> tokenize(Card card) override;
  [[nodiscard]] Awaitable<EventsAnswer> list_events(domain::Timestamp since, std::string from) override;
  [[nodiscard]] Result<Callback, CallbackFault> read_callback(std::string_view signature, std::string_view body,
                                                              domain::Timestamp now) const override;

  // The challenge page. nullopt: no such payment, not its secret (compared in constant time), or no books.
  [[nodiscard]] std::optional<SandboxChallenge> challenge(std::string const& reference, std::string_view secret);
  // The cardholder's answer: charged, or declined. The second answer changes nothing. Where the browser goes then: the
  // payment's return_url with payment_intent and redirect_status ("succeeded", "failed") behind it.
  [[nodiscard]] std::optional<std::string> complete_challenge(std::string const& reference, std::string_view secret,
                                                              bool success);

  // What operators and cardholders do at the processor without asking us. The dispute's or refund's reference, or the
  // code of the refusal. usd unset: all that is neither refunded nor disputed.
  [[nodiscard]] Result<std::string, std::string> open_dispute(std::string const& reference,
                                                              std::optional<domain::Usd> usd = std::nullopt);
  [[nodiscard]] Result<std::string, std::string> close_dispute(std::string const& reference, bool won);
  // What comes after a dispute was opened, at any time: a second withdrawal, a reinstatement, a fee; sandbox_books.h.
  [[nodiscard]] Result<std::string, std::string> move_dispute(std::string const& reference, domain::Usd withdrawn,
                                                              domain::Usd fee);
  [[nodiscard]] Result<std::string, std::string> refund_at_processor(std::string const& reference, domain::Usd usd);

  [[nodiscard]] eventstore::ResultOr<ProcessorStatement> statement() const;
  // In the order they were opened; after: the last one's sequence, 0 at first.
  [[nodiscard]] eventstore::ResultOr<std::vector<SandboxPayment>> payments(std::uint64_t after,
                                                                           std::size_t limit) const;
  [[nodiscard]] std::optional<SandboxPayment> payment(std::string const& reference) const;

  void set_faults(SandboxFaults faults);
  [[nodiscard]] SandboxFaults faults() const;
  // How often each kind was made so far.
  [[nodiscard]] SandboxFaults faults_made() const;

 private:
  struct CallbackSender;
  enum class Trouble : std::uint8_t { none, refused, before, after };

  SandboxProcessor(eventstore::Clock const& clock, SandboxProcessorOptions options, eventstore::Runtime& runtime);
  [[nodiscard]] bool happens(unsigned SandboxFaults::* kind);
  [[nodiscard]] Trouble draw();
  [[nodiscard]] CallbackPlan draw_callback();  // under mutex_
  template <class Answer>
  Awaitable<Answer> serve(std::function<Answer()> work);
  [[nodiscard]] PaymentAnswer answer_of(SandboxBooks::Answer answer) const;
  [[nodiscard]] Result<std::string, std::string> made(SandboxBooks::Answer answer);
  void wake();

  eventstore::Clock const& clock_;
  SandboxProcessorOptions const options_;
  eventstore::Runtime& runtime_;
  mutable std::mutex mutex_;
  SandboxFaults faults_;  // under mutex_, as all below
  SandboxFaults faults_made_;
  std::unique_ptr<SandboxBooks> books_;
  std::shared_ptr<CallbackSender> sender_;
};

// The post about an event, as Stripe makes it.
[[nodiscard]] std::string sandbox_event_body(SandboxEvent const& event);

}  // namespace florin::sagas
