#include "api/ledger/card_gateway.h"

#include <chrono>
#include <memory>
#include <utility>

#include "api/ledger/execute.h"

namespace florin::api {

Awaitable<std::optional<sagas::PaymentUpdate>> CardGateway::watch(Inbox& inbox, domain::OrderId order,
                                                                  int patience_seconds, bool last_look) const {
  Completion<sagas::PaymentUpdate> told(inbox);
  auto const answer = std::make_shared<Completer<sagas::PaymentUpdate>>(told.completer());
  payments_->watch(
      order, std::chrono::seconds(patience_seconds),
      [answer](sagas::PaymentUpdate const& update) { answer->complete(update); }, last_look);
  auto update = co_await told.wait(patience_seconds);
  co_return update;
}

Awaitable<Result<CallbackTaken, sagas::CallbackFault>> CardGateway::receive(Inbox& inbox, std::string_view signature,
                                                                            std::string_view body,
                                                                            eventstore::Clock const& clock) const {
  auto read = sagas::read_fresh_callback(*processor_, signature, body, clock);
  if (!read) co_return fail(read.error());
  if (!read.value().event) co_return CallbackTaken::not_ours;
  Completion<bool> handled(inbox);
  auto const answer = std::make_shared<Completer<bool>>(handled.completer());
  payments_->handle_event(std::move(*read.value().event), [answer](bool done) { answer->complete(done); });
  auto const done = co_await handled.wait(kWriteDeadlineSeconds);
  co_return done.value_or(false) ? CallbackTaken::logged : CallbackTaken::not_yet;
}

}  // namespace florin::api
