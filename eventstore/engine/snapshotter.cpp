#include "eventstore/engine/snapshotter.h"

#include "eventstore/engine/durable_state.h"
#include "eventstore/engine/recovery.h"
#include "eventstore/runtime/thread.h"

namespace florin::eventstore {
namespace {

using domain::Position;

ResultOr<Unit> snapshot_state(Log& log, std::filesystem::path const& folder, Position until, Files& files) {
  Recovered recovered;
  auto newest = read_newest_snapshot(folder, log, until, nullptr, files);
  if (newest) recovered = std::move(newest).value();
  FLORIN_TRY(replay(log, recovered, until));
  return write_snapshot(folder, recovered, files);
}

ResultOr<Unit> snapshot_durable(Log& log, std::filesystem::path const& folder, Position until, Files& files) {
  DurableState durable;
  auto newest = durable.read_newest_snapshot(folder, log, until, nullptr, files);
  if (!newest && newest.error().kind != Fault::Kind::missing) return newest;
  FLORIN_TRY(durable.catch_up(log, until));
  return durable.write_snapshot(folder, log, files);
}

}  // namespace

Snapshotter::Snapshotter(Log& log, Tail& tail, std::filesystem::path folder, Position last, std::uint64_t every_events,
                         Report report, Files& files)
    : log_(log),
      tail_(tail),
      files_(files),
      folder_(std::move(folder)),
      every_events_(every_events),
      report_(std::move(report)),
      cursor_(tail.follow("snapshots", last, [this] { wake_.signal(); })) {}

Snapshotter::~Snapshotter() { stop(); }

ResultOr<Unit> Snapshotter::start() {
  FLORIN_TRY(wake_.open());
  thread_ = std::thread([this] { run(); });
  return Unit{};
}

void Snapshotter::stop() {
  stopping_ = true;
  wake_.signal();
  if (thread_.joinable()) thread_.join();
}

void Snapshotter::run() {
  name_this_thread("snapshots");
  lower_this_thread(kBackgroundNice);
  while (!stopping_) {
    auto const due = domain::next(cursor_->position(), every_events_);
    auto const head = tail_.head();
    if (head < due) {
      cursor_->wake_at(due);
      wake_.wait(-1);
      continue;
    }
    auto done = snapshot_state(log_, folder_, head, files_);
    if (done) done = snapshot_durable(log_, folder_, head, files_);
    report_(head, done);
    cursor_->move_to(head);
  }
}

}  // namespace florin::eventstore
