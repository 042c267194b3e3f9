#include "api/ledger/execute.h"

#include <utility>

namespace florin::api {

namespace {

using eventstore::Outcome;

class WriterReply final : public eventstore::Reply {
 public:
  explicit WriterReply(Completer<Outcome> completer) : completer_(std::move(completer)) {}
  void complete(Outcome outcome) override { completer_.complete(std::move(outcome)); }

 private:
  Completer<Outcome> completer_;
};

}  // namespace

Awaitable<Performed> Commands::execute(Inbox& inbox, domain::Command command, domain::GameId game,
                                       std::string_view request_id, Payload const& payload) const {
  return submit(inbox, std::move(command), domain::Request{game, std::string(request_id), fingerprint(payload)});
}

Awaitable<Performed> Commands::submit(Inbox& inbox, domain::Command command, domain::Request request) const {
  Completion<Outcome> outcome(inbox);
  writer_.submit({std::move(command), std::move(request), std::make_unique<WriterReply>(outcome.completer())});
  auto result = co_await outcome.wait(kWriteDeadlineSeconds);
  auto const reached = state_.position();
  if (!result) co_return Performed{eventstore::Unavailable::outcome_unknown, reached};
  co_return Performed{std::move(*result), reached};
}

bool is_rejected(Performed const& outcome, domain::RejectionCode code) {
  auto const* rejection = std::get_if<domain::Rejection>(&outcome);
  return rejection != nullptr && rejection->code == code;
}

}  // namespace florin::api
