// Events about transfers and sends (domain/transfer.h shows their order).
#pragma once

#include <cstdint>
#include <variant>

#include "domain/events/family.h"
#include "domain/ids.h"
#include "domain/money.h"
#include "domain/time.h"
#include "domain/transfer.h"

namespace florin::domain {

// The amount is reserved and the sender is texted a PIN.
struct TransferInitiated {
  TransferId transaction;  // first position of this commit
  Flavour flavour = Flavour::transfer;
  PlayerId sender;
  CurrencyId currency;
  GameId target;
  PhoneId sender_phone;
  IdentityId receiver;  // a transfer without a target e-mail: the sender
  PhoneId receiver_phone;
  Money amount;
  TransferFees fees;
  BasisPoints source_rate;  // as they were set, before any scaling
  BasisPoints target_rate;
  bool universal = false;  // the policy that allowed it: every live game, or a linked one
  Money available_after;
  Money reserved_after;
  Timestamp pin_expires_at;
  PhoneId guardian;  // zero unless the sender is a minor: then they are asked before anything else can happen
  Timestamp guardian_expires_at;
  friend bool operator==(TransferInitiated const&, TransferInitiated const&) = default;
};

// Another PIN takes the former one's place: asked for, or because the guardian took longer than the first lasted.
struct PinReissued {
  TransferId transaction;
  std::uint8_t pin = 0;  // which of the transaction's, from 0
  Timestamp expires_at;
  friend bool operator==(PinReissued const&, PinReissued const&) = default;
};

struct PinRejected {
  TransferId transaction;
  std::uint8_t attempts_left = 0;
  friend bool operator==(PinRejected const&, PinRejected const&) = default;
};

// The claim code is on its way to the receiver.
struct PinVerified {
  TransferId transaction;
  Timestamp claim_expires_at;
  friend bool operator==(PinVerified const&, PinVerified const&) = default;
};

struct GuardianApproved {
  TransferId transaction;
  friend bool operator==(GuardianApproved const&, GuardianApproved const&) = default;
};

struct TransferClaimed {
  TransferId transaction;
  Flavour flavour = Flavour::transfer;
  PlayerId sender;
  CurrencyId currency;
  PlayerId receiver;
  CurrencyId target_currency;
  Money amount;
  TransferFees fees;
  Money reserved_after;   // the sender's
  Money available_after;  // the receiver's
  GameId target;
  PhoneId sender_phone;  // where the outcome is texted
  PhoneId receiver_phone;
  [[nodiscard]] Money net() const { return amount - fees.total(); }
  friend bool operator==(TransferClaimed const&, TransferClaimed const&) = default;
};

struct TransferReleased {
  TransferId transaction;
  Flavour flavour = Flavour::transfer;
  ReturnReason reason = ReturnReason::wrong_pins;
  PlayerId sender;
  CurrencyId currency;
  Money amount;
  Money available_after;
  Money reserved_after;
  GameId target;
  PhoneId sender_phone;  // where the outcome is texted
  friend bool operator==(TransferReleased const&, TransferReleased const&) = default;
};

using TransferEvents = std::variant<TransferInitiated, PinReissued, PinRejected, PinVerified, GuardianApproved,
                                    TransferClaimed, TransferReleased>;
template <class E>
concept TransferEvent = IsIn<E, TransferEvents>;

}  // namespace florin::domain
