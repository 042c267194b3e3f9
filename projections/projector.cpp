#include "projections/projector.h"

#include <algorithm>
#include <chrono>

#include "projections/view_folder.h"

namespace florin::projections {
namespace {

using eventstore::Fault;
using eventstore::ResultOr;

// A transaction writes each page of heads once, however many of its players moved: the larger, the cheaper a commit.
// About 100 bytes of memory a commit and view.
constexpr std::uint64_t kTransactionCommits = 1u << 16;
constexpr std::uint64_t kLookAroundCommits = 256;  // between questions whether it is enough

}  // namespace

Projector::Projector(eventstore::Log& log, eventstore::Tail& tail, std::filesystem::path views,
                     std::vector<Projection const*> const& projections, std::chrono::milliseconds retry_after,
                     eventstore::Runtime& runtime, std::function<void()> wake,
                     std::function<void(ViewSlot&)> order_build)
    : log_(log),
      tail_(tail),
      runtime_(runtime),
      folder_(std::move(views)),
      order_build_(std::move(order_build)),
      cursor_(tail.follow("views", tail.head(), std::move(wake))) {
  for (auto const* projection : projections) slots_.emplace_back(*projection, folder_, retry_after, runtime_);
}

ViewSlot* Projector::find(std::string_view name) {
  for (auto& slot : slots_) {
    if (slot.projection().name() == name) return &slot;
  }
  return nullptr;
}

ResultOr<Unit> Projector::open() {
  FLORIN_TRY(runtime_.files().make_folder(folder_));
  auto const head = log_.head();
  if (!head) return florin::fail(head.error());
  start_head_ = head.value().position;
  for (auto& slot : slots_) {
    if (!slot.open(log_, head.value())) order_build_(slot);
  }
  return Unit{};
}

bool Projector::step(std::function<bool(eventstore::SteadyTime started)> const& enough) {
  retry_stopped();
  bool const caught_up = run_transaction(enough);
  for (auto& slot : slots_) slot.swap_when_caught_up();
  remove_old_files();
  return caught_up;
}

void Projector::finish(ViewSlot& slot, std::optional<Fault> const& fault) {
  if (fault) {
    slot.fail_build(*fault);
  } else {
    slot.adopt(tail_.head());
  }
}

void Projector::close() {
  for (auto& slot : slots_) slot.close();
}

bool Projector::is_behind() {
  auto const position = lowest();
  return position && tail_.head() > *position;
}

// Until a stopped view is to be tried again; below zero: none is.
int Projector::until_retry_ms() const {
  int least = -1;
  for (auto const& slot : slots_) {
    auto const at = slot.retry_at();
    if (!at) continue;
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(*at - runtime_.now()).count();
    auto const wait = static_cast<int>(std::max<std::int64_t>(left, 0));
    if (least < 0 || wait < least) least = wait;
  }
  return least;
}

void Projector::retry_stopped() {
  auto const now = runtime_.now();
  for (auto& slot : slots_) {
    if (slot.retry_at() && *slot.retry_at() <= now && slot.retry(log_)) order_build_(slot);
  }
}

// The position of the view that is furthest behind; nullopt when none takes commits.
std::optional<domain::Position> Projector::lowest() {
  std::optional<domain::Position> lowest;
  for (auto& slot : slots_) {
    for (auto const* file : {slot.live(), slot.built()}) {
      if (file != nullptr && (!lowest || file->reached() < *lowest)) lowest = file->reached();
    }
  }
  return lowest;
}

// Decodes each commit once and hands it to every file that is at its place. True when the log had no more.
bool Projector::run_transaction(std::function<bool(eventstore::SteadyTime started)> const& enough) {
  auto const from = lowest();
  if (!from) return true;
  if (cursor_->position() != *from) cursor_->move_to(*from);
  auto const started = runtime_.now();
  bool caught_up = false;
  for (std::uint64_t commits = 0; commits < kTransactionCommits; ++commits) {
    if (commits % kLookAroundCommits == kLookAroundCommits - 1) {
      if (enough(started)) break;
    }
    auto const found = cursor_->next();
    if (!found) return fail_all(found.error()), true;
    if (!found.value()) {
      caught_up = true;
      break;
    }
    auto const& [commit, head] = *found.value();
    for (auto& slot : slots_) {
      for (auto* file : {slot.live(), slot.built()}) {
        if (file == nullptr || domain::next(file->reached()) != commit->first) continue;
        auto const applied = file->apply(*commit, head);
        if (!applied) fail(slot, file, applied.error());
      }
    }
  }
  for (auto& slot : slots_) {
    for (auto* file : {slot.live(), slot.built()}) {
      if (file == nullptr) continue;
      auto const done = file->commit();
      if (!done) fail(slot, file, done.error());
    }
    if (slot.live() != nullptr) slot.committed();
  }
  return caught_up;
}

void Projector::remove_old_files() {
  if (other_versions_gone_) return;
  for (auto& slot : slots_) {
    if (slot.live() == nullptr || slot.position() < start_head_) return;
  }
  for (auto& slot : slots_) remove_other_versions(runtime_.files(), folder_, slot.projection());
  other_versions_gone_ = true;
}

void Projector::fail(ViewSlot& slot, ViewFile const* file, Fault const& fault) {
  if (file == slot.built()) return slot.fail_build(fault);
  if (slot.fail_live(fault)) order_build_(slot);
}

// The log could not be read: no view can go on.
void Projector::fail_all(Fault const& fault) {
  cursor_->move_to(cursor_->position());  // reads the log anew
  for (auto& slot : slots_) {
    if (slot.built() != nullptr) slot.fail_build(fault);
    if (slot.live() != nullptr) slot.stop_live(fault);
  }
}

}  // namespace florin::projections
