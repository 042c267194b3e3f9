// Handing a command to the writer of an environment and waiting for what became of it. On an io thread.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "api/environment.h"
#include "api/http/asio.h"
#include "api/http/completion.h"
#include "domain/ledger.h"
#include "eventstore/engine/writer.h"

namespace florin::api {

// The request id and the payload's fingerprint. The payload is built field by field: the operation's name first, then
// every field that means something, each length-prefixed.
class Payload {
 public:
  explicit Payload(std::string_view operation) { add(operation); }
  Payload& add(std::string_view field);
  Payload& add(std::uint64_t field);
  [[nodiscard]] std::string_view bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// An outcome, and what the balances had reached when it came. That is the durable log up to the writer's last batch;
// Writer::durable() itself may be a batch ahead of them for a moment, and a read at it would be refused.
struct Performed : eventstore::Outcome {
  domain::Position reached;
};

// Hands the command to the writer and waits for its durable outcome, at most kWriteDeadlineSeconds.
inline constexpr int kWriteDeadlineSeconds = 10;
[[nodiscard]] Awaitable<Performed> perform(Inbox& inbox, Environment& environment, domain::Command command,
                                           domain::GameId game, std::string_view request_id, Payload const& payload);

// The write was decided and left everything as it is (Rejection::nothing_new): nothing was written.
[[nodiscard]] bool changed_nothing(Performed const& outcome);

// The event of type E in the commit. A commit that lacks it is not the one that the route asked for: aborts.
template <class E>
[[nodiscard]] E const& event_of(domain::Commit const& commit) {
  for (auto const& event : commit.events) {
    if (auto const* found = std::get_if<E>(&event)) return *found;
  }
  std::abort();
}

}  // namespace florin::api
