// One projection's place in the runner: its file as the projector writes it, the generation that readers get, and
// what is known about both. Internal to the runner.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "projections/build_view.h"
#include "projections/generation.h"
#include "projections/runner.h"
#include "projections/view_file.h"

namespace florin::projections {

class ViewSlot {
 public:
  ViewSlot(Projection const& projection, std::filesystem::path folder)
      : projection_(projection), folder_(std::move(folder)) {}

  [[nodiscard]] Projection const& projection() const { return projection_; }

  // --- The projector (and start(), before it runs).

  // Opens the newest file. False: there is none that is good, and the view is to be built. `head` is the log's.
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
  // The live file takes no more commits; readers keep what it has.
  void stop_live(eventstore::Fault const& fault);
  // The same for a fault of the view's own. True: it is damaged, nobody may read it, and it is to be built anew (once
  // in a process: a disk that damages every file needs a person).
  [[nodiscard]] bool fail_live(eventstore::Fault const& fault);
  void fail_build(eventstore::Fault const& fault);
  void close();

  // --- Any thread.

  [[nodiscard]] domain::Position position() const { return domain::Position(position_); }
  [[nodiscard]] bool failed() const;
  [[nodiscard]] std::shared_ptr<Generation> generation() const;  // null: not built yet
  [[nodiscard]] ProjectionStatus status(domain::Position head) const;
  // Null when a build is under way already.
  [[nodiscard]] std::shared_ptr<BuildProgress> begin_build();
  [[nodiscard]] std::filesystem::path build_file() const;

 private:
  void publish(std::filesystem::path const& file);

  Projection const& projection_;
  std::filesystem::path const folder_;

  // The projector's.
  std::unique_ptr<ViewFile> live_;
  std::unique_ptr<ViewFile> built_;
  std::filesystem::path built_path_;
  domain::Position built_target_;  // with no live file to compare with: the log's head at adoption
  std::uint64_t newest_generation_ = 0;
  bool rebuilt_after_damage_ = false;

  std::atomic<std::uint64_t> position_{0};

  mutable std::mutex mutex_;  // guards what follows; held for moments
  std::shared_ptr<Generation> generation_;
  std::shared_ptr<BuildProgress> build_;  // from the order to the swap
  bool failed_ = false;
  std::string error_;
};

}  // namespace florin::projections
