// Why a command was refused, in order of precedence. One exhaustive switch in api/ turns each into HTTP.
#pragma once

#include <cstdint>

#include "domain/ids.h"
#include "domain/money.h"

namespace florin::domain {

enum class RejectionCode : std::uint8_t {
  game_not_found,
  game_not_active,
  linked_game_not_found,
  invalid_game,           // no name, no currency, duplicate currency names, a rate or an amount out of range
  too_many_currencies,    // kCurrenciesPerGameMax
  currency_not_found,     // not one of the calling game's, or of the game to change
  invalid_currency,       // no name, or an amount out of range
  currency_name_taken,    // by another currency of the game
  player_not_found,       // a debit never creates a player; an account selected at a claim is not on that phone
  order_not_found,        // nothing bought under this id in the calling game
  target_not_found,       // no such game to send to
  game_in_testing,        // transfers run between live games only
  transfer_policy,        // the sending or the receiving game does not allow it
  same_player,            // a transfer within one game, or a send to oneself in it, or claimed by its own sender
  invalid_amount,         // zero, negative or above kMaxAmount; an order's total not below kItemTotalLimit
  transfer_amount_range,  // outside what the currencies allow; minimum in available, maximum in required (zero: none)
  invalid_quantity,       // outside 1–1000
  total_mismatch,         // total is not unit price × quantity
  already_refunded,       // an order is refunded once
  insufficient_balance,   // available < required; both are in the refusal
  velocity_count,         // too many initiations in the hour; retry_after
  velocity_amount,        // too many units in the day; retry_after
  duplicate_transfer,     // the same sender, receiver, game and amount moments ago; retry_after
  guardian_required,      // a minor without a guardian who could be asked
  sms_unavailable,        // the PIN could not be texted
  transfer_not_open,      // no such transaction, not this game's or flavour's, or it has ended
  already_verified,
  guardian_pending,      // verification waits for the guardian; no attempt was used
  verification_blocked,  // too many wrong PINs of this player, phone, game or environment in the hour; retry_after
  pin_expired,
  resend_cooldown,  // retry_after
  resend_limit,     // kPinsMax were sent
  claim_expired,
  phone_mismatch,        // the claim is locked to another phone
  phone_share_required,  // the phone is on file under another e-mail; `receiver_side` says whose
  account_selection,     // several players on that phone: name one
  minor_not_found,       // nobody flagged under this e-mail
  guardian_is_minor,     // the guardian's phone is on file as the minor's own
  share_not_needed,      // the phone is free, the person's own, or approved already
  share_cooldown,        // asked moments ago; retry_after. `about` still waits for its answer, zero: it has ended
  share_rate_limited,    // too many codes to this phone; retry_after
  share_not_open,        // no such approval, or it has ended
  share_expired,
  not_due,  // a timer that came early, or late
  nothing_to_settle,
  order_not_paid,          // nothing to refund: the payment is open or came to nothing
  order_disputed,          // the cardholder's bank decides about it
  refund_exceeds_payment,  // what is left of it is in usd_available
  too_many_refunds,        // kRefundsMax
  payments_unavailable,    // the processor cannot be reached; retry_after
  payment_mismatch,        // a report of another payment, amount or currency than was ordered
  nothing_new,             // a report of what is known
  order_not_open,          // settled already
  payout_exceeds_balance,  // what there is is in usd_available
  payout_not_found,        // no such payout, or it has ended for good
  payout_not_next,         // not a step from where it is
  balance_limit,           // the wallet would pass kMaxBalance
};

struct Rejection {
  RejectionCode code = RejectionCode::game_not_found;
  Money available{};    // with insufficient_balance, transfer_amount_range
  Money required{};     // with insufficient_balance, transfer_amount_range
  Usd usd_available{};  // with refund_exceeds_payment, payout_exceeds_balance
  Usd usd_required{};   // with refund_exceeds_payment, payout_exceeds_balance
  Position about{};
  std::int64_t retry_after = 0;  // seconds
  bool receiver_side = false;
  friend bool operator==(Rejection const&, Rejection const&) = default;
};

}  // namespace florin::domain
