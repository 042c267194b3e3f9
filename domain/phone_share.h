// Phone-share approval: somebody wants to use a phone that is on file under another e-mail, and its owner is asked by
// text (seed "initiate send"; CONTRACT, Phone-share approval). And the questions that a reply by text can settle:
// these, and a guardian's.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "domain/ids.h"
#include "domain/time.h"

namespace florin::domain {

// How an approval ended. Stored as its number.
enum class ShareEnd : std::uint8_t {
  approved = 0,
  rejected = 1,
  expired = 2,
  wrong_codes = 3,
  superseded = 4,  // a newer one for the same phone and e-mail
};
[[nodiscard]] char const* share_end_name(ShareEnd end);  // "wrong_codes"

// An approval is named by the first position of the commit that asked for it, and waits for an answer.
struct OpenShare {
  ApprovalId approval;
  PhoneId phone;  // of the person who asks
  PhoneId owner;  // of the person who is asked: the same number
  std::uint8_t wrong_codes = 0;
  Timestamp asked_at;
  Timestamp expires_at;
  GameId game{};  // through which they ask: only it may answer with the code; zero: a log that did not say yet
  friend bool operator==(OpenShare const&, OpenShare const&) = default;
};

// OTP: 6 digits, 10 minutes, 5 attempts; 30 s between two for a phone and e-mail; 40 an hour for a phone.
inline constexpr std::int64_t kShareMicros = std::int64_t{600} * kMicrosPerSecond;
inline constexpr std::uint8_t kWrongCodesMax = 5;
inline constexpr std::int64_t kShareCooldownMicros = 30 * kMicrosPerSecond;
inline constexpr std::uint32_t kShareCodesPerPhoneHour = 40;

// Single-threaded; part of State.
class OpenShares {
 public:
  [[nodiscard]] OpenShare const* find(ApprovalId approval) const;
  // The one that waits for this person's use of this phone.
  [[nodiscard]] OpenShare const* find_for(PhoneId phone) const;
  [[nodiscard]] std::map<ApprovalId, OpenShare> const& all() const { return open_; }

  void add(OpenShare const& share);
  void count_wrong_code(ApprovalId approval);
  void remove(ApprovalId approval);

  friend bool operator==(OpenShares const& a, OpenShares const& b) { return a.open_ == b.open_; }

 private:
  std::map<ApprovalId, OpenShare> open_;
  std::map<PhoneId, ApprovalId> by_phone_;
};

// What a phone was asked and has not answered, oldest first: (phone, position of the transaction or the approval).
using Questions = std::set<std::pair<BlindIndex, Position>>;

}  // namespace florin::domain
