#include "projections/view_slot.h"

#include <cmath>
#include <system_error>
#include <utility>

#include "eventstore/store/commit_reader.h"
#include "projections/view_folder.h"

namespace florin::projections {

using eventstore::Fault;

bool ViewSlot::open(eventstore::Log& log, eventstore::Head const& head) {
  newest_generation_ = clean_view_folder(runtime_.files(), folder_, projection_);
  if (newest_generation_ != 0) {
    auto const file = view_path(folder_, projection_, newest_generation_);
    auto view = ViewFile::open(file, projection_, runtime_.files());
    if (view) {
      auto const ours = eventstore::log_contains(log, view.value()->checkpoint());
      if (ours && ours.value()) {
        live_ = std::move(view).value();
        publish_live(file);
        return true;
      }
      view.value().reset();
    }
    // Damaged, or a view of another log: it holds nothing that cannot be had again.
    remove_view_file(runtime_.files(), file);
  }
  if (head.position != domain::Position{}) {
    serve_older_version(log);
    return false;
  }

  // An empty log: an empty view is complete.
  auto const file = view_path(folder_, projection_, ++newest_generation_);
  auto view = ViewFile::create(file, projection_, ViewFile::Purpose::live, runtime_.files());
  if (view) {
    live_ = std::move(view).value();
    publish_live(file);
  } else {
    stop_live(view.error());
  }
  return true;
}

void ViewSlot::serve_older_version(eventstore::Log& log) {
  for (int const version : projection_.served_versions()) {
    auto const file = newest_of_version(runtime_.files(), folder_, projection_, version);
    if (!file) continue;
    auto const head = ViewFile::read_head(*file, projection_, version, runtime_.files());
    if (!head) continue;
    auto const ours = eventstore::log_contains(log, head.value());
    if (ours && ours.value()) return publish(*file, version, head.value().position);
  }
}

void ViewSlot::publish_live(std::filesystem::path const& file) {
  publish(file, projection_.version(), live_->checkpoint().position);
}

void ViewSlot::publish(std::filesystem::path const& file, int version, domain::Position position) {
  auto fresh = std::make_shared<Generation>(runtime_.files(), file);
  {
    std::lock_guard const lock(mutex_);
    if (generation_) generation_->retire();
    std::swap(generation_, fresh);
    served_version_ = version;
  }
  position_ = position.value();
}  // the old generation's file goes here, or with its last reader

void ViewSlot::adopt(domain::Position head) {
  built_path_ = view_path(folder_, projection_, ++newest_generation_);
  auto const renamed = runtime_.files().replace(build_file(), built_path_);
  if (!renamed) return fail_build({Fault::Kind::io, "view: " + renamed.error().what});
  auto view = ViewFile::open(built_path_, projection_, runtime_.files());
  if (!view) return fail_build(view.error());
  built_ = std::move(view).value();
  built_target_ = head;
}

void ViewSlot::swap_when_caught_up() {
  if (!built_) return;
  auto const target = live_ ? live_->checkpoint().position : built_target_;
  if (built_->checkpoint().position < target) return;
  live_ = std::move(built_);
  retry_at_.reset();
  publish_live(built_path_);
  std::lock_guard const lock(mutex_);
  build_.reset();
  failed_ = false;
  error_.clear();
}

void ViewSlot::committed() { position_ = live_->checkpoint().position.value(); }

// What is wrong with the machine may pass; what is wrong with the bytes does not.
void ViewSlot::plan_retry(Fault const& fault) {
  retry_at_.reset();
  if (fault.kind != Fault::Kind::io && fault.kind != Fault::Kind::full) return;
  retry_at_ = runtime_.now() + retry_after_;
}

bool ViewSlot::retry(eventstore::Log& log) {
  retry_at_.reset();
  auto const current = generation();
  if (!current || status({}).served_version != projection_.version()) return true;
  auto view = ViewFile::open(current->file(), projection_, runtime_.files());
  if (!view) return fail_live(view.error());
  auto const ours = eventstore::log_contains(log, view.value()->checkpoint());
  if (!ours) return stop_live(ours.error()), false;
  if (!ours.value()) return fail_live({Fault::Kind::corrupt, "view: not of this log"});
  live_ = std::move(view).value();
  committed();
  std::lock_guard const lock(mutex_);
  failed_ = false;
  error_.clear();
  return false;
}

void ViewSlot::stop_live(Fault const& fault) {
  live_.reset();
  plan_retry(fault);
  std::lock_guard const lock(mutex_);
  failed_ = true;
  error_ = fault.what;
}

bool ViewSlot::fail_live(Fault const& fault) {
  stop_live(fault);
  if (fault.kind != Fault::Kind::corrupt) return false;
  std::shared_ptr<Generation> dropped;  // its file goes after the lock
  std::lock_guard const lock(mutex_);
  if (generation_) {
    generation_->retire();
    dropped.swap(generation_);
  }
  return !std::exchange(rebuilt_after_damage_, true);
}

void ViewSlot::fail_build(Fault const& fault) {
  built_.reset();
  remove_view_file(runtime_.files(), build_file());
  if (!built_path_.empty()) remove_view_file(runtime_.files(), built_path_);
  built_path_.clear();
  if (!live_ || !generation()) plan_retry(fault);
  std::lock_guard const lock(mutex_);
  build_.reset();
  failed_ = failed_ || !generation_;
  error_ = "rebuild: " + fault.what;
}

void ViewSlot::close() {
  if (built_) {
    built_.reset();
    remove_view_file(runtime_.files(), built_path_);
  }
  if (!live_) return;
  if (auto const readers = generation()) readers->close_idle();
  // A fault here costs a rebuild after the machine goes down, and nothing else.
  [[maybe_unused]] auto const closed = live_->close();
  live_.reset();
}

bool ViewSlot::failed() const {
  std::lock_guard const lock(mutex_);
  return failed_;
}

std::shared_ptr<Generation> ViewSlot::generation() const {
  std::lock_guard const lock(mutex_);
  return generation_;
}

eventstore::ResultOr<std::shared_ptr<Generation>> ViewSlot::readable() const {
  auto const view = "view " + std::string(projection_.name()) + ": ";
  std::lock_guard const lock(mutex_);
  if (!generation_ && build_) return eventstore::fault(Fault::Kind::missing, view + "being built");
  if (failed_) return eventstore::fault(Fault::Kind::io, view + "stopped: " + error_);
  if (!generation_) return eventstore::fault(Fault::Kind::missing, view + "not there");
  return generation_;
}

bool ViewSlot::drop_distrusted() {
  std::shared_ptr<Generation> dropped;  // its file goes after the lock
  std::lock_guard const lock(mutex_);
  if (!generation_ || !generation_->distrusted()) return false;
  generation_->retire();
  dropped.swap(generation_);
  if (!std::exchange(rebuilt_after_damage_, true)) return true;
  failed_ = true;
  error_ = "a reader found a row that cannot be";
  return false;
}

std::shared_ptr<BuildProgress> ViewSlot::begin_build() {
  std::lock_guard const lock(mutex_);
  if (build_) return nullptr;
  build_ = std::make_shared<BuildProgress>();
  return build_;
}

std::filesystem::path ViewSlot::build_file() const { return build_path(folder_, projection_); }

ProjectionStatus ViewSlot::status(domain::Position head) const {
  ProjectionStatus status;
  status.name = projection_.name();
  status.version = projection_.version();
  status.position = position();
  status.lag = head > status.position ? head.value() - status.position.value() : 0;
  std::lock_guard const lock(mutex_);
  status.readable = generation_ != nullptr && !failed_;
  status.served_version = generation_ != nullptr ? served_version_ : 0;
  status.failed = failed_;
  status.error = error_;
  if (!build_) return status;
  auto& rebuild = status.rebuild.emplace();
  rebuild.position = domain::Position(build_->position);
  rebuild.target = std::max(domain::Position(build_->target), rebuild.position);
  auto const started_ns = build_->started_ns.load();
  if (started_ns == 0 || rebuild.position == domain::Position{}) return status;
  auto const elapsed_ns = runtime_.now().time_since_epoch().count() - started_ns;
  rebuild.events_per_second = static_cast<double>(rebuild.position.value()) * 1e9 / static_cast<double>(elapsed_ns + 1);
  auto const left = static_cast<double>(rebuild.target.value() - rebuild.position.value());
  rebuild.eta_seconds = std::llround(left / rebuild.events_per_second);
  return status;
}

}  // namespace florin::projections
