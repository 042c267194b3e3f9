// Texts (SMS) that are owed. What is to be texted follows from the events; that it was handed to the provider is an
// event of its own, so a restart goes on with exactly those that are still owed. A text carries no words here: sagas/
// writes them when it sends.
#pragma once

#include <compare>
#include <cstdint>
#include <set>

#include "domain/ids.h"

namespace florin::domain {

// Stored as its number: append only.
enum class TextKind : std::uint8_t {
  pin = 0,                 // to the sender; detail: which PIN of the transaction, from 0
  claim_code = 1,          // to the receiver
  guardian_question = 2,   // to the guardian
  share_code = 3,          // to the phone's owner
  sender_completed = 4,    // to the sender: claimed
  receiver_completed = 5,  // to the receiver: credited
  sender_returned = 6,     // to the sender: the money is back; detail: the ReturnReason
};
inline constexpr TextKind kLastTextKind = TextKind::sender_returned;
[[nodiscard]] char const* text_kind_name(TextKind kind);  // "guardian_question"

struct TextRef {
  Position about;  // of the transfer or of the approval, as `kind` says
  TextKind kind = TextKind::pin;
  std::uint8_t detail = 0;
  friend auto operator<=>(TextRef const&, TextRef const&) = default;
};
using OwedTexts = std::set<TextRef>;

// Stored as its number: append only.
enum class TextEnd : std::uint8_t {
  sent = 0,     // the provider has it
  refused = 1,  // the provider will never take it: a number that does not exist
  dropped = 2,  // too late to be of use, or its person was erased
};
[[nodiscard]] char const* text_end_name(TextEnd end);  // "refused"

}  // namespace florin::domain
