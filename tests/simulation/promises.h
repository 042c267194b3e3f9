// What the server promises whatever happens to it: one list, one name each. A run ends at the first that is broken.
#pragma once

#include <cstdint>
#include <string>

namespace florin::simulation {

enum class Promise : std::uint8_t {
  // of the disk and the process
  sound_disk_opens,   // also after a crash at any moment, and with derived files that are damaged
  sound_disk_serves,  // nothing fails but for a fault
  // of requests
  acknowledged_is_kept,
  done_once,
  refused_is_absent,
  nothing_is_invented,       // every request in the log was made
  payloads_are_told_apart,   // another payload under a used id changes nothing
  repeats_answer_alike,      // the first reply comes again, byte for byte
  wrong_codes_open_nothing,  // a PIN, or a password, that is another's
  reply_is_visible,          // no reply is ahead of what readers see
  // of the log and what follows from it
  tail_is_in_order,  // each commit once, in order, and none too early
  state_is_fold,     // the durable state, after every start
  people_have_keys,  // no commit without the keys of its people
  erased_stay_erased,
  audit_passes,
  same_history,    // of the same seed
  reads_are_fold,  // what a route answers of balances, movements and transactions
  views_are_fold,  // a read model is what it would be, built anew from the log
  // of money
  postings_are_zero,      // of every event, in every currency
  clearing_crosses_zero,  // what leaves one game's currency enters another's
  wallets_are_posted,
  reserved_is_held,       // what is reserved is what open transfers hold
  revenue_is_posted,      // what games are owed, what is in flight to them, what was paid
  refunds_are_in_flight,  // those that are pending, and no others
  transfers_end_once,     // claimed or released, never both, and never without a beginning
  clearing_is_statement,  // of the card processor
  payouts_are_statement,  // of the bank
  bank_takes_files,       // letters and trace numbers once a date, payouts once, on banking days
  // of time
  time_is_steady,    // while a process lives the ledger's time goes as fast as the steady clock
  due_has_ended,     // when nothing happens any more: transfers, phone shares and orders
  texts_are_handed,  // likewise: every text that is owed is settled
};
inline constexpr std::size_t kPromises = static_cast<std::size_t>(Promise::texts_are_handed) + 1;
[[nodiscard]] char const* promise_name(Promise promise);

// Thrown inside a simulation only: it ends the run wherever it is noticed.
struct Violation {
  std::string what;
};

inline std::string text_of(std::string const& text) { return text; }
inline std::string text_of(char const* text) { return text; }
template <class Number>
  requires std::is_arithmetic_v<Number>
std::string text_of(Number number) {
  return std::to_string(number);
}

// The parts are put together when it does not hold.
template <class... Parts>
void require(bool holds, Promise promise, Parts const&... parts) {
  if (holds) return;
  std::string what = promise_name(promise);
  ((what += " ", what += text_of(parts)), ...);
  throw Violation{what};
}

}  // namespace florin::simulation
