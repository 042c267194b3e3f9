// A whole event store around a given log, in a folder of its own: what a process owns. Restarting is destroying one
// and making another over the same folder and log.
#pragma once

#include <future>

#include "eventstore/engine/writer.h"
#include "tests/support/commands.h"
#include "tests/support/fixed_clock.h"

namespace florin::test_support {

class FutureReply final : public eventstore::Reply {
 public:
  explicit FutureReply(std::promise<eventstore::Outcome> promise) : promise_(std::move(promise)) {}
  void complete(eventstore::Outcome outcome) override { promise_.set_value(std::move(outcome)); }

 private:
  std::promise<eventstore::Outcome> promise_;
};

template <class T>
T must(eventstore::ResultOr<T> result) {
  if (!result) std::fprintf(stderr, "unexpected fault: %s\n", result.error().what.c_str());
  FLORIN_ASSERT(result.ok());
  return std::move(result).value();
}

class Store {
 public:
  Store(std::filesystem::path folder, eventstore::Log& log, eventstore::WriterOptions options = {},
        eventstore::RequestIndexOptions index = {64, 1u << 20}, eventstore::RowKeys const* row_keys = nullptr)
      : folder_(std::move(folder)),
        vault_(must(eventstore::Vault::open(folder_))),
        requests_(must(eventstore::RequestIndex::open(folder_ / "requests", must(log.head()).position, index))),
        checkpoints_(must(eventstore::CheckpointFile::open(folder_))),
        tail_(log, must(log.head())),
        writer_(must(eventstore::recover(log, folder_ / "snapshots", requests_.get(), &durable_)),
                {log, must(log.lease()), *vault_, *requests_, checkpoints_, clock_, durable_, tail_,
                 eventstore::machine(), row_keys},
                options) {
    writer_.start();
  }

  std::future<eventstore::Outcome> ask(domain::Command command, domain::Request request) {
    std::promise<eventstore::Outcome> promise;
    auto future = promise.get_future();
    writer_.submit({std::move(command), std::move(request), std::make_unique<FutureReply>(std::move(promise))});
    return future;
  }

  // The commit that must come of it.
  eventstore::CommitPtr commit(domain::Command command, domain::Request request = {}) {
    return std::get<eventstore::Committed>(ask(std::move(command), std::move(request)).get()).commit;
  }

  domain::GameId make_game() { return std::get<domain::GameCreated>(commit(create_game())->events.at(0)).game; }

  [[nodiscard]] eventstore::Writer& writer() { return writer_; }
  [[nodiscard]] eventstore::DurableState const& durable() const { return durable_; }
  [[nodiscard]] eventstore::Tail& tail() { return tail_; }
  [[nodiscard]] eventstore::CheckpointFile const& checkpoints() const { return checkpoints_; }
  [[nodiscard]] eventstore::RequestIndex& requests() { return *requests_; }
  [[nodiscard]] FixedClock& clock() { return clock_; }
  [[nodiscard]] std::filesystem::path snapshots() const { return folder_ / "snapshots"; }

 private:
  std::filesystem::path folder_;
  FixedClock clock_;
  std::unique_ptr<eventstore::Vault> vault_;
  std::unique_ptr<eventstore::RequestIndex> requests_;
  eventstore::CheckpointFile checkpoints_;
  eventstore::DurableState durable_;
  eventstore::Tail tail_;
  eventstore::Writer writer_;
};

}  // namespace florin::test_support
