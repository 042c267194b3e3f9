#include "api/ledger/views.h"

#include <cstdlib>
#include <memory>
#include <utility>

namespace florin::api {

namespace {

class ViewReply final : public projections::ViewWaiter {
 public:
  explicit ViewReply(Completer<bool> completer) : completer_(std::move(completer)) {}
  void tell(bool reached) override { completer_.complete(reached); }

 private:
  Completer<bool> completer_;
};

std::string_view name_of(View view) {
  switch (view) {
    case View::history: return "history";
    case View::orders: return "orders";
    case View::payments: return "payments";
    case View::reconciliation: return "reconciliation";
    case View::transfers: return "transfers";
  }
  std::abort();
}

Awaitable<bool> wait_for(Inbox& inbox, projections::ReadModels& views, std::string_view name, domain::Position wanted,
                         int timeout_ms) {
  if (views.position(name) >= wanted) co_return true;
  Completion<bool> reached(inbox);
  auto waiter = std::make_unique<ViewReply>(reached.completer());
  if (!views.when_reached(name, wanted, timeout_ms, std::move(waiter))) co_return false;
  auto const told = co_await reached.wait_ms(timeout_ms);
  co_return told.value_or(false);
}

}  // namespace

Awaitable<bool> Views::reach(Inbox& inbox, View view, domain::Position wanted) const {
  auto const name = name_of(view);
  if (wanted) {
    bool const reached = co_await wait_for(inbox, models_, name, wanted, kWaitMs);
    co_return reached;
  }
  auto const durable = state_.position();
  auto const there = models_.position(name);
  if (there < durable && durable.value() - there.value() <= kNearlyThere) {
    (void)co_await wait_for(inbox, models_, name, durable, kGraceMs);
  }
  co_return true;
}

eventstore::ResultOr<ViewReader> Views::read(View view) const { return models_.read(name_of(view)); }

}  // namespace florin::api
