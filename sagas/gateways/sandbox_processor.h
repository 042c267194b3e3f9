// The twin of the card processor: what the sandbox charges instead of cards. Another company's books, so they are its
// own: one SQLite file, durable on every call, which a crash of ours does not touch.
//
// It behaves as Stripe where that shows: a payment is opened, confirmed, perhaps challenged, and then charged or
// declined; the same idempotency key has one effect; it keeps 2.9 % and 30 cents of a charge and 15 dollars of a
// dispute; it tells of everything by signed callbacks, at least once, and lists its events. Its test cards are the
// contract's, by number or as a payment method. No card number is kept: a token stands for how the card behaves.
//
// Faults on demand: calls that time out before or after their effect, callbacks that are lost, doubled or late.
//
// Threads: PaymentGateway's on the effects thread; the rest on any; one mutex. A call writes to the disk.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>

#include <boost/asio/steady_timer.hpp>

#include "eventstore/clock.h"
#include "eventstore/fault.h"
#include "sagas/gateways/payments.h"

namespace florin::sagas {

struct SandboxProcessorOptions {
  std::string challenge_url;   // "…/processor/challenge": where a cardholder is asked
  std::string webhook_secret;  // signs the callbacks
};

// In percent of the calls, or of the callbacks.
struct ProcessorFaults {
  unsigned timeout_before = 0;  // nothing is done, and nobody knows
  unsigned timeout_after = 0;   // it is done, and nobody knows
  unsigned lost_callback = 0;
  unsigned doubled_callback = 0;
  unsigned late_callback = 0;  // by a few seconds
};

// What it says of all it ever did, in USD: what it holds is `balance`.
struct ProcessorStatement {
  std::int64_t payments = 0;  // charged
  domain::Money charged;
  domain::Money refunded;
  domain::Money disputed;  // taken back, and not won
  domain::Money fees;      // of charges and disputes
  [[nodiscard]] domain::Money balance() const { return charged - refunded - disputed - fees; }
};

struct Challenge {
  std::string reference;
  domain::Money usd;
  bool open = false;  // waits for its answer
};

class SandboxProcessor final : public PaymentGateway {
 public:
  // A callback: its body and Stripe-Signature. done(true): taken. Called on the effects thread.
  using Deliver = std::function<void(std::string body, std::string signature, std::function<void(bool)> done)>;

  // `io` is the effects thread's; `clock` the sandbox's, and outlives it.
  [[nodiscard]] static eventstore::Faulty<std::unique_ptr<SandboxProcessor>> open(asio::io_context& io,
                                                                                  std::filesystem::path const& file,
                                                                                  eventstore::Clock const& clock,
                                                                                  SandboxProcessorOptions options);
  ~SandboxProcessor() override;

  [[nodiscard]] std::string_view name() const override { return "sandbox"; }
  [[nodiscard]] Awaitable<PaymentAnswer> open(OpenPayment request) override;
  [[nodiscard]] Awaitable<PaymentAnswer> confirm(ConfirmPayment request) override;
  [[nodiscard]] Awaitable<PaymentAnswer> look(std::string reference) override;
  [[nodiscard]] Awaitable<PaymentAnswer> cancel(std::string reference) override;
  [[nodiscard]] Awaitable<PaymentAnswer> refund(RefundPayment request) override;
  [[nodiscard]] Awaitable<MethodAnswer> tokenize(Card card) override;
  [[nodiscard]] Awaitable<ChangesAnswer> changes(domain::Timestamp since, std::string from) override;
  [[nodiscard]] Result<Callback, CallbackFault> read_callback(std::string_view signature, std::string_view body,
                                                              domain::Timestamp now) const override;

  // Begins to deliver: what a former process left undelivered, too. stop() on the effects thread, or after it.
  void start(Deliver deliver);
  void stop();

  void set_faults(ProcessorFaults const& faults);
  [[nodiscard]] ProcessorStatement statement() const;
  // The bank's question to the cardholder; nullopt unless the secret is the payment's.
  [[nodiscard]] std::optional<Challenge> find_challenge(std::string_view reference, std::string_view secret) const;
  // The cardholder's answer. The page to go on to; nullopt when nothing is asked.
  [[nodiscard]] std::optional<std::string> answer_challenge(std::string_view reference, std::string_view secret,
                                                            bool passed);
  // What happens at a processor without our doing. False: the payment cannot.
  [[nodiscard]] bool open_dispute(std::string_view reference);
  [[nodiscard]] bool close_dispute(std::string_view reference, bool won);
  [[nodiscard]] bool refund_there(std::string_view reference, domain::Money usd);

 private:
  struct Books;
  SandboxProcessor(asio::io_context& io, std::unique_ptr<Books> books, eventstore::Clock const& clock,
                   SandboxProcessorOptions options);

  // What a call does, with its faults around it.
  template <class Answer, class Work>
  Awaitable<Answer> call(Work work);
  [[nodiscard]] PaymentAnswer answer_of(std::string const& reference) const;
  bool chance(unsigned percent);
  void schedule();
  void deliver_due();

  asio::io_context& io_;
  eventstore::Clock const& clock_;
  SandboxProcessorOptions const options_;
  mutable std::recursive_mutex mutex_;
  std::unique_ptr<Books> books_;
  ProcessorFaults faults_;
  std::mt19937_64 random_{std::random_device{}()};
  Deliver deliver_;
  asio::steady_timer alarm_;
  std::int64_t delivering_ = 0;
  bool running_ = false;
};

}  // namespace florin::sagas
