// How a saga reports to the writer and goes on when the outcome is durable. Effects thread.
#pragma once

#include <functional>
#include <memory>

#include <boost/asio/post.hpp>

#include "eventstore/engine/submission.h"
#include "sagas/gateways/asio.h"
#include "sagas/one_shot.h"

namespace florin::sagas {

// Calls `then` on the io_context's thread. An outcome that comes after the io_context has ended is dropped.
class WriterReport final : public eventstore::Reply {
 public:
  using Then = std::function<void(eventstore::Outcome const&)>;
  WriterReport(asio::io_context& io, Then then) : io_(io), then_(std::move(then)) {}
  void complete(eventstore::Outcome outcome) override {
    asio::post(io_, [then = std::move(then_), result = std::move(outcome)] { then(result); });
  }

 private:
  asio::io_context& io_;
  Then then_;
};

inline void submit(asio::io_context& io, eventstore::Submitter& writer, domain::Command command,
                   WriterReport::Then then) {
  writer.submit({std::move(command), {}, std::make_unique<WriterReport>(io, std::move(then))});
}

[[nodiscard]] inline bool is_busy(eventstore::Outcome const& outcome) {
  if (std::holds_alternative<eventstore::Fault>(outcome)) return true;  // until somebody restores what is damaged
  auto const* unavailable = std::get_if<eventstore::Unavailable>(&outcome);
  return unavailable != nullptr && *unavailable == eventstore::Unavailable::busy;
}

// The same for a coroutine.
[[nodiscard]] inline Awaitable<eventstore::Outcome> ask(asio::io_context& io, eventstore::Submitter& writer,
                                                        domain::Command command) {
  OneShot<eventstore::Outcome> const answer(io);
  submit(io, writer, std::move(command), answer.setter());
  co_return co_await answer.wait();
}

}  // namespace florin::sagas
