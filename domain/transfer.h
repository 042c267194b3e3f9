// Transfers (one person, two games) and sends (another person): one state machine in two flavours, which differ in
// words and limits only.
//
//   TransferInitiated -> [PIN] -> PinVerified -> [claim] -> TransferClaimed
//                          |  ^                     |
//        PinRejected × 3   |  PinReissued           |  24 h, nobody claimed
//        10 min · cancel   v                        v
//        guardian's no ->  TransferReleased  <------'
//
// The amount is reserved from the first event to the last: TransferClaimed moves it, TransferReleased gives it back,
// and each transaction has exactly one of the two. Sources: seeds "transfer overview" and "initiate send"; CONTRACT,
// Transfers and sends.
#pragma once

#include <cstdint>
#include <map>

#include "domain/ids.h"
#include "domain/money.h"
#include "domain/time.h"

namespace florin::domain {

enum class Flavour : std::uint8_t { transfer = 0, send = 1 };
[[nodiscard]] char const* flavour_name(Flavour flavour);  // "send": for replies, logs and auditors
[[nodiscard]] char const* policy_name(bool universal);    // which of the game's two policies allowed it: "linked"

// A transaction is named by the first position of the commit that initiated it.

// The user pays 10 %; what the two games do not get of it is the network's.
struct TransferFees {
  Money source;
  Money target;
  Money network;
  [[nodiscard]] Money total() const { return source + target + network; }
  friend bool operator==(TransferFees const&, TransferFees const&) = default;
};
inline constexpr BasisPoints kTransferFee{1'000};
// Each side's kickback at its own rate; together above 10 % they scale down in proportion (transfer overview,
// Per-tenant rate overrides). Each is rounded half up, the network takes the remainder: where rounding leaves none, the
// target's side gives way. amount > 0.
[[nodiscard]] TransferFees transfer_fees(Money amount, BasisPoints source, BasisPoints target);

// Why a transfer ended without moving anything. Stored and sent as its number: append only.
enum class ReturnReason : std::uint8_t {
  wrong_pins = 0,         // failed: the third wrong PIN
  pin_expired = 1,        // expired
  claim_expired = 2,      // expired
  guardian_rejected = 3,  // failed
  guardian_expired = 4,   // expired: the guardian did not answer
  cancelled = 5,
};
enum class TransferEnd : std::uint8_t { completed, failed, expired, cancelled };
[[nodiscard]] TransferEnd end_of(ReturnReason reason);
// "pin_expired": CONTRACT's failure_reason. Wrong PINs are "pin_attempts_exceeded".
[[nodiscard]] char const* reason_name(ReturnReason reason);

enum class TransferStage : std::uint8_t { pin = 0, claim = 1 };
enum class GuardianState : std::uint8_t { none = 0, pending = 1, approved = 2 };

// What decisions need of a transfer that has not ended.
struct OpenTransfer {
  TransferId transaction;
  Flavour flavour = Flavour::transfer;
  TransferStage stage = TransferStage::pin;
  GuardianState guardian = GuardianState::none;
  std::uint8_t pins_issued = 1;
  std::uint8_t wrong_pins = 0;
  PlayerId sender;
  CurrencyId currency;
  GameId target;
  PhoneId sender_phone;
  PhoneId receiver_phone;
  PhoneId guardian_phone;  // zero unless a guardian is asked
  Money amount;
  TransferFees fees;
  Timestamp initiated_at;
  Timestamp pin_issued_at;
  Timestamp pin_expires_at;
  Timestamp guardian_expires_at;
  Timestamp claim_expires_at;  // zero before verification

  [[nodiscard]] Money net() const { return amount - fees.total(); }
  // When it ends by itself: of the wait it is in.
  [[nodiscard]] Timestamp expires_at() const {
    if (stage == TransferStage::claim) return claim_expires_at;
    return guardian == GuardianState::pending ? guardian_expires_at : pin_expires_at;
  }
  [[nodiscard]] ReturnReason expiry_reason() const {
    if (stage == TransferStage::claim) return ReturnReason::claim_expired;
    return guardian == GuardianState::pending ? ReturnReason::guardian_expired : ReturnReason::pin_expired;
  }
  friend bool operator==(OpenTransfer const&, OpenTransfer const&) = default;
};
// Ordered by transaction. A tree and not a flat table: entries come and go for ever, a tree gives their memory back and
// never stops to rehash; a million of them are 250 MB and a look-up costs under a microsecond.
using OpenTransfers = std::map<TransferId, OpenTransfer>;

// Transfer overview, Time Limits; CONTRACT, Guardian approval.
inline constexpr std::int64_t kPinMicros = std::int64_t{600} * kMicrosPerSecond;
inline constexpr std::int64_t kClaimMicros = kMicrosPerDay;
inline constexpr std::int64_t kGuardianMicros = std::int64_t{900} * kMicrosPerSecond;
// "Maximum 3 attempts": wrong ones in all, whatever is resent. Else each resend would be three more guesses.
inline constexpr std::uint8_t kWrongPinsMax = 3;
inline constexpr std::int64_t kResendCooldownMicros = 30 * kMicrosPerSecond;
// A resend starts the ten minutes anew, so it must end somewhere. At one every 30 s these are the first ten minutes'.
inline constexpr std::uint8_t kPinsMax = 20;
// The same sender, receiver's number, receiving game and amount, by either flavour (CONTRACT, Limits). One that
// was cancelled does not count.
inline constexpr std::int64_t kDuplicateMicros = 30 * kMicrosPerSecond;
// Wrong PINs in an hour before verification is refused altogether: three guesses a transaction are few, but a stolen
// key could start many. Of a player, of a phone in one game, and of a game: whoever guesses blocks nobody in another
// game. 15 guesses an hour at a million codes; a game that guesses has 0.1 % an hour of one hit. The environment's is
// the last brake, for ten games that guess at once.
inline constexpr std::uint32_t kWrongPinsPerPlayerHour = 15;
inline constexpr std::uint32_t kWrongPinsPerPhoneHour = 15;
inline constexpr std::uint32_t kWrongPinsPerGameHour = 1'000;
inline constexpr std::uint32_t kWrongPinsPerHour = 10'000;

}  // namespace florin::domain
