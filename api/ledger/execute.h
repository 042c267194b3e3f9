// Handing a command to the ledger and waiting for what became of it.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "api/http/asio.h"
#include "api/http/completion.h"
#include "api/ledger/payload.h"
#include "domain/ledger.h"
#include "eventstore/engine/durable_state.h"
#include "eventstore/engine/submission.h"
#include "eventstore/store/vault.h"

namespace florin::api {

using eventstore::Committed;
using eventstore::Repeated;
using eventstore::Unavailable;

// An outcome, and what the durable state had reached when it came.
struct Performed : eventstore::Outcome {
  domain::Position reached;
};

// Owned by the Ledger. Its parts outlive it.
class Commands {
 public:
  Commands(eventstore::Submitter& writer, eventstore::Vault const& vault, eventstore::DurableState const& state)
      : writer_(writer), vault_(vault), state_(state) {}

  // On the io thread of `inbox`. Hands the command to the writer and waits for its durable outcome, at most
  // kWriteDeadlineSeconds. `game` is zero, and the request id empty, where there is none. Id and payload need not
  // outlive the call.
  [[nodiscard]] Awaitable<Performed> execute(Inbox& inbox, domain::Command command, domain::GameId game,
                                             std::string_view request_id, Payload const& payload) const;
  // Any thread.
  [[nodiscard]] domain::Fingerprint fingerprint(Payload const& payload) const {
    return vault_.fingerprint(payload.bytes());
  }

 private:
  [[nodiscard]] Awaitable<Performed> submit(Inbox& inbox, domain::Command command, domain::Request request) const;

  eventstore::Submitter& writer_;
  eventstore::Vault const& vault_;
  eventstore::DurableState const& state_;
};
inline constexpr int kWriteDeadlineSeconds = 10;

[[nodiscard]] bool is_rejected(Performed const& outcome, domain::RejectionCode code);
// The write was decided and left everything as it is: nothing was written.
[[nodiscard]] inline bool changed_nothing(Performed const& outcome) {
  return is_rejected(outcome, domain::RejectionCode::nothing_new);
}

// The event of type E in the commit. A commit that lacks it is not the one that the caller asked for: aborts.
template <class E>
[[nodiscard]] E const& event_of(domain::Commit const& commit) {
  for (auto const& event : commit.events) {
    if (auto const* found = std::get_if<E>(&event)) return *found;
  }
  std::abort();
}

}  // namespace florin::api
