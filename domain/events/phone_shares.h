// Events about phone shares: a person asks to use a phone that is on file under another e-mail. They move no money.
#pragma once

#include <cstdint>
#include <variant>

#include "domain/events/family.h"
#include "domain/ids.h"
#include "domain/phone_share.h"
#include "domain/time.h"

namespace florin::domain {

struct PhoneShareRequested {
  ApprovalId approval;  // first position of this commit
  PhoneId phone;        // of the person who wants to use it
  PhoneId owner;        // who is texted a code
  Timestamp expires_at;
  GameId game{};  // through which they ask; zero in logs from before this was written
  friend bool operator==(PhoneShareRequested const&, PhoneShareRequested const&) = default;
};

struct ShareCodeRejected {
  ApprovalId approval;
  std::uint8_t attempts_left = 0;
  friend bool operator==(ShareCodeRejected const&, ShareCodeRejected const&) = default;
};

struct PhoneShareEnded {
  ApprovalId approval;
  ShareEnd end = ShareEnd::approved;
  friend bool operator==(PhoneShareEnded const&, PhoneShareEnded const&) = default;
};

using PhoneShareEvents = std::variant<PhoneShareRequested, ShareCodeRejected, PhoneShareEnded>;
template <class E>
concept PhoneShareEvent = IsIn<E, PhoneShareEvents>;

}  // namespace florin::domain
