// Card payments, from the order to their end, and what comes after it: refunds and disputes.
//
//   commits ─▶ orders, refunds ─▶ PaymentGateway ─▶ what it says ─▶ ReportPayment ─▶ writer
//   callbacks, polls ─▶ "something happened to payment X" ─▶ look at X ─────┘
//
// Nothing is concluded from a time-out, and nothing from a callback's contents: the processor is asked what it knows of
// the payment, and its whole word is reported. Whatever it repeats changes nothing. So a call that may or may not have
// been made is looked up, a lost callback is found by the poll, and a forged one only costs a look.
//
// Nothing is kept on disk: the open orders and refunds are in the ledger's state, so a restart resumes from the log.
//
// Threads: on_commits by the appender; resume, start and stop by the owner; the rest by any.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "eventstore/engine/writer.h"
#include "eventstore/runtime/clock.h"
#include "eventstore/store/log.h"
#include "eventstore/store/vault.h"
#include "sagas/gateways/payment_gateway.h"
#include "sagas/ledger_view.h"

namespace florin::sagas {

// What a caller is told who waits for an order.
struct PaymentUpdate {
  enum class State : std::uint8_t {
    ended,            // paid or failed: the ledger says which
    action_required,  // the cardholder is asked by their bank
    pending,          // not known yet; nothing is lost, it goes on
  };
  State state = State::pending;
  // ended: how, unless it ended long ago. One of the two.
  std::optional<domain::CurrencyPurchased> purchased;
  std::optional<domain::PaymentFailed> failed;
  domain::Position position;  // of the event that ended it
  std::string reference;
  std::string client_secret;  // with action_required. A secret: for the payer's browser only
  std::string redirect_url;
};

struct CardPaymentsOptions {
  // Where a browser goes after its bank's challenge: back to the checkout's page, whose token is put between the two;
  // or, when the game ordered itself, to a page that says so.
  std::string checkout_url;
  std::string checkout_url_end;
  std::string return_url;
  // How often the processor is asked for what lost callbacks would have told.
  std::int64_t poll_micros = 60 * domain::kMicrosPerSecond;
};

class CardPayments final : public eventstore::CommitListener {
 public:
  // All references outlive it. `io` is the effects thread's.
  CardPayments(asio::io_context& io, PaymentGateway& gateway, LedgerView const& view, eventstore::Log& log,
               eventstore::Vault const& vault, eventstore::Clock const& clock, CardPaymentsOptions options);
  ~CardPayments() override;

  // Before start: every open order and refund; what happened at the processor since `last_commit` is asked for.
  void resume(domain::State const& state, domain::Timestamp last_commit);
  void start(eventstore::Writer& writer);
  // Before the writer stops. Nothing is called or submitted after it.
  void stop();

  void on_commits(std::span<eventstore::CommitPtr const> commits) override;

  // `told` is called on the effects thread, once: as soon as the order is settled or waits for the cardholder;
  // `pending` when the processor says that it takes its time, or something of it that cannot be; and `pending`, up to a
  // second late, when `patience` is over. Looks at the order now when it is waiting already. stop() drops whoever waits
  // still. At most kWatchersMax wait for one order: one more, and the one who has waited longest is told `pending`.
  // With `last_look`, told at once that the cardholder is asked when a look of the last second found so: for who cannot
  // have answered yet.
  void watch(domain::Position order, std::chrono::milliseconds patience, std::function<void(PaymentUpdate const&)> told,
             bool last_look = false);
  static constexpr std::size_t kWatchersMax = 16;  // one page, reloaded in impatience
  // A callback's. told(true): what it is about is in the log, or concerns us not; false: post it again.
  void handle_event(ProcessorEvent change, std::function<void(bool)> told);
  // `told` on the effects thread, once, unless it stops. Too many under way: unknown "busy" at once, nobody is called.
  void tokenize(Card card, std::function<void(MethodAnswer const&)> told);

  // Any thread. What keeps it from finding what lost callbacks would have told, one sentence; nullopt: nothing. That
  // it did not run for longer than a processor keeps its events is said until the next start: nothing here can make up
  // for it.
  [[nodiscard]] std::optional<std::string> trouble() const;

  // The clock jumped: what waits is looked at now.
  void look_again();
  // Waits until nothing is due or under way, at most timeout_ms. False when time ran out. Blocks.
  [[nodiscard]] bool wait_until_idle(int timeout_ms);
  // What is to be done later, stale entries among it: at most twice what waits, or 64. Blocks.
  [[nodiscard]] std::size_t delayed();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace florin::sagas
