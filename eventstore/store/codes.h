// What a person reads from a text or holds as a ticket: PINs, one-time passwords, claim codes, approval ids. All of
// them are computed from the vault's master key and a position in the log, and none is ever stored: no file and no
// event holds one, a resend is the next attempt number, and a code leads to its transaction without an index, also
// long after it has finished.
//
// A value that lives in the vault (Vault::codes). Any thread; about 0.3 µs a hash, no allocation but the returned
// text. Whether a code may be used *now* (attempts, expiry, state) is the domain's to say; counting wrong guesses
// is what makes six digits enough.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/ids.h"
#include "eventstore/store/keyed_hash.h"

namespace florin::eventstore {

class Codes {
 public:
  // The largest number of attempts one call compares: a bit each.
  static constexpr std::uint32_t kAttemptsMax = 32;

  explicit Codes(KeyedHash const& master);

  // Six digits for the attempt-th text about this transaction. A 64-bit number modulo 10^6: no digit is likelier
  // than another by more than 10^6 / 2^64, which nobody can measure.
  [[nodiscard]] std::string pin(domain::TransferId transaction, std::uint32_t attempt) const;
  // Bit i is set when `given` is pin(transaction, i), for every i < attempts <= kAttemptsMax. Two attempts may share
  // their digits (one chance in a million), so more than one bit may be set. Constant time: all are always computed.
  [[nodiscard]] std::uint32_t matching_pins(domain::TransferId transaction, std::string_view given,
                                            std::uint32_t attempts) const;

  // Six digits for a question: a transfer's to the guardian, or an approval's to the phone's owner. It is named by the
  // position of the one or the other. Unrelated to any PIN. Compares in constant time.
  [[nodiscard]] std::string otp(domain::Position question) const;
  [[nodiscard]] bool is_otp(domain::Position question, std::string_view given) const;

  // "7K3M-Q9TB-…": 16 letters of Crockford base 32 in four groups. They hold 80 bits, of which 40 only the key can
  // make: a guess is one of this vault's with a chance of 2^-40. Positions below 2^40, else a bug.
  [[nodiscard]] std::string claim_code(domain::TransferId transaction) const;
  // Lower case, missing or additional dashes and spaces, O for 0 and I or L for 1 are a person's way to write it.
  // nullopt unless claim_code of this vault made it. The transfer need not be there: a code may
  // be from before the log was restored from a backup.
  [[nodiscard]] std::optional<domain::TransferId> parse_claim_code(std::string_view text) const;

  // A UUID (RFC 9562, version 8, lower case) for a question, named as for otp(). 74 of its bits only the key can make.
  // Positions below 2^48, else a bug.
  [[nodiscard]] std::string approval_id(domain::Position question) const;
  // Either case. nullopt unless approval_id of this vault made it.
  [[nodiscard]] std::optional<domain::Position> parse_approval_id(std::string_view text) const;

  // The same form, for a checkout session's link. Unrelated to any approval's.
  [[nodiscard]] std::string checkout_token(domain::SessionId session) const;
  [[nodiscard]] std::optional<domain::SessionId> parse_checkout_token(std::string_view text) const;

 private:
  // The two keys of a ticket, a deterministic authenticated encryption of a position (the shape of SIV):
  // tag = HMAC(tags, position), shown beside position ^ HMAC(masks, tag).
  struct TicketKeys {
    KeyedHash tags;
    KeyedHash masks;
  };

  KeyedHash pins_;
  KeyedHash otps_;
  TicketKeys claims_;
  TicketKeys approvals_;
  TicketKeys checkouts_;
};

}  // namespace florin::eventstore
