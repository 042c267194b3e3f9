// One projection's place in the runner: its file as the projector writes it, the generation that readers get, and
// what is known about both. Internal to the runner.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "projections/build_view.h"
#include "projections/generation.h"
#include "projections/runner.h"
#include "projections/view_file.h"

namespace florin::projections {

class ViewSlot {
 public:
  ViewSlot(Projection const& projection, std::filesystem::path folder, std::chrono::milliseconds retry_after,
           eventstore::Runtime& runtime)
      : projection_(projection), folder_(std::move(folder)), retry_after_(retry_after), runtime_(runtime) {}

  [[nodiscard]] Projection const& projection() const { return projection_; }

  // --- The projector (and start(), before it runs).

  // Opens the newest file. False: there is none that is good, and the view is to be built; meanwhile a file of an older
  // version is read, where there is one that the projection serves. `head` is the log's.
  [[nodiscard]] bool open(eventstore::Log& log, eventstore::Head const& head);
  // The files that take commits: the live one, and a built one on its last stretch. Either may be null.
  [[nodiscard]] ViewFile* live() { return live_.get(); }
  [[nodiscard]] ViewFile* built() { return built_.get(); }
  // Takes over the finished build file: it catches up beside the live one from now on.
  void adopt(domain::Position head);
  // Publishes the adopted file once it is nowhere behind the live one.
  void swap_when_caught_up();
  // After the live file's transaction: what readers now see.
  void committed();
  // The live file takes no more commits and is not read.
  void stop_live(eventstore::Fault const& fault);
  // The same for a fault of the view's own. True: it is damaged and is to be built anew (once in a process: a disk
  // that damages every file needs a person).
  [[nodiscard]] bool fail_live(eventstore::Fault const& fault);
  void fail_build(eventstore::Fault const& fault);
  // When a view that stopped on a fault that may pass (Kind::io, Kind::full) is to be tried again; nullopt: it goes on,
  // or needs a person.
  [[nodiscard]] std::optional<eventstore::SteadyTime> retry_at() const { return retry_at_; }
  // Opens the file that stopped; it goes on from what it has. True: there is none, and it is to be built.
  [[nodiscard]] bool retry(eventstore::Log& log);
  void close();

  // --- Any thread.

  [[nodiscard]] domain::Position position() const { return domain::Position(position_); }
  [[nodiscard]] bool failed() const;
  [[nodiscard]] std::shared_ptr<Generation> generation() const;  // null: not built yet
  // True: a reader found that the file is damaged; it is read no more, and the view is to be built anew (once in a
  // process, as for fail_live).
  [[nodiscard]] bool drop_distrusted();
  // The generation to read. Kind::missing: being built; Kind::io: stopped, with the reason.
  [[nodiscard]] eventstore::ResultOr<std::shared_ptr<Generation>> readable() const;
  [[nodiscard]] ProjectionStatus status(domain::Position head) const;
  // Null when a build is under way already.
  [[nodiscard]] std::shared_ptr<BuildProgress> begin_build();
  [[nodiscard]] std::filesystem::path build_file() const;

 private:
  void publish(std::filesystem::path const& file, int version, domain::Position position);
  void publish_live(std::filesystem::path const& file);
  void serve_older_version(eventstore::Log& log);
  void plan_retry(eventstore::Fault const& fault);

  Projection const& projection_;
  std::filesystem::path const folder_;
  std::chrono::milliseconds const retry_after_;
  eventstore::Runtime& runtime_;

  // The projector's.
  std::unique_ptr<ViewFile> live_;
  std::unique_ptr<ViewFile> built_;
  std::filesystem::path built_path_;
  domain::Position built_target_;  // with no live file to compare with: the log's head at adoption
  std::uint64_t newest_generation_ = 0;
  std::optional<eventstore::SteadyTime> retry_at_;  // set only while live_ is null or nobody can read

  std::atomic<std::uint64_t> position_{0};

  mutable std::mutex mutex_;  // guards what follows; held for moments
  std::shared_ptr<Generation> generation_;
  int served_version_ = 0;  // of generation_
  bool rebuilt_after_damage_ = false;
  std::shared_ptr<BuildProgress> build_;  // from the order to the swap
  bool failed_ = false;
  std::string error_;
};

}  // namespace florin::projections
