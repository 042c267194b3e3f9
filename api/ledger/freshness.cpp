#include "api/ledger/freshness.h"

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

Awaitable<bool> reach(Inbox& inbox, Environment& environment, std::string_view name, domain::Position wanted,
                      int timeout_ms) {
  auto& views = environment.views();
  if (views.position(name) >= wanted) co_return true;
  Completion<bool> reached(inbox);
  auto waiter = std::make_unique<ViewReply>(reached.completer());
  if (!views.when_reached(name, wanted, timeout_ms, std::move(waiter))) co_return false;
  auto const told = co_await reached.wait_ms(timeout_ms);
  co_return told.value_or(false);
}

}  // namespace

Awaitable<bool> reach_view(Inbox& inbox, Environment& environment, std::string_view name, domain::Position wanted) {
  if (wanted) {
    bool const reached = co_await reach(inbox, environment, name, wanted, kViewWaitMs);
    co_return reached;
  }
  auto const durable = environment.writer().durable();
  auto const there = environment.views().position(name);
  if (there < durable && durable.value() - there.value() <= kNearlyThere) {
    (void)co_await reach(inbox, environment, name, durable, kViewGraceMs);
  }
  co_return true;
}

}  // namespace florin::api
