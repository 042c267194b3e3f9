#include "eventstore/linked_reader.h"

namespace florin::eventstore {
namespace {

using domain::Position;

constexpr std::size_t kBlockBytes = 1u << 20;  // large enough that a hand-over costs nothing, small enough for caches
constexpr std::size_t kBlocksAhead = 4;

}  // namespace

Failure<Fault> fault_at(Position position, Fault::Kind kind, std::string_view what) {
  return fault(kind, "position " + std::to_string(position.value()) + ": " + std::string(what));
}

LinkedReader::LinkedReader(Log& log, Head head, MerkleTree tree, Position until, Checkpoint const* checkpoint)
    : log_(log), head_(head), tree_(std::move(tree)), until_(until), checkpoint_(checkpoint), thread_([this] {
        run();
      }) {}

LinkedReader::~LinkedReader() {
  {
    std::lock_guard const lock(mutex_);
    cancelled_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Faulty<LinkedReader::Block const*> LinkedReader::next() {
  std::unique_lock lock(mutex_);
  if (!current_.rows.empty()) {
    current_.bytes.clear();
    current_.rows.clear();
    spare_.push_back(std::move(current_));
    current_ = {};
  }
  changed_.wait(lock, [this] { return !ready_.empty() || ended_; });
  if (ready_.empty()) {
    if (fault_) return fail(*fault_);
    return nullptr;
  }
  current_ = std::move(ready_.front());
  ready_.pop_front();
  lock.unlock();
  changed_.notify_all();
  return &current_;
}

bool LinkedReader::hand_over() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ready_.size() < kBlocksAhead || cancelled_; });
  if (cancelled_) return false;
  ready_.push_back(std::move(filling_));
  filling_ = {};
  if (!spare_.empty()) {
    filling_ = std::move(spare_.back());
    spare_.pop_back();
  }
  lock.unlock();
  changed_.notify_all();
  return true;
}

void LinkedReader::run() {
  auto done = read_all();
  if (!filling_.rows.empty() && !hand_over()) return;
  {
    std::lock_guard const lock(mutex_);
    if (!done) fault_ = done.error();
    ended_ = true;
  }
  changed_.notify_all();
}

Faulty<Unit> LinkedReader::read_all() {
  auto const named = [this](Fault const& why) { return fault_at(domain::next(head_.position), why.kind, why.what); };
  auto cursor = log_.read(domain::next(head_.position));
  if (!cursor) return named(cursor.error());
  for (;;) {
    auto const row = cursor.value()->next();
    if (!row) return named(row.error());
    if (!row.value() || (until_ && row.value()->last > until_)) break;
    if (auto good = check(*row.value()); !good) return good;
    auto const bytes = row.value()->bytes;
    filling_.rows.push_back({row.value()->last, filling_.bytes.size(), bytes.size()});
    filling_.bytes.append(bytes);
    if (filling_.bytes.size() >= kBlockBytes && !hand_over()) return Unit{};
  }
  if (checkpoint_ != nullptr && !until_ && tree_.size() < checkpoint_->size) {
    return fault_at(domain::next(head_.position), Fault::Kind::corrupt,
                    "missing; the signed checkpoint says that the log reached position " +
                        std::to_string(checkpoint_->head.position.value()));
  }
  return Unit{};
}

Faulty<Unit> LinkedReader::check(StoredCommit const& row) {
  if (row.last <= head_.position || row.link != chain_link(head_.link, row.last, row.bytes)) {
    return fault_at(domain::next(head_.position), Fault::Kind::corrupt,
                    "the commit is missing or is not what was written: its link does not match");
  }
  head_ = {row.last, row.link};
  tree_.add(row.link);
  if (checkpoint_ != nullptr && tree_.size() == checkpoint_->size &&
      (head_ != checkpoint_->head || tree_.root() != checkpoint_->root)) {
    return fault_at(head_.position, Fault::Kind::corrupt,
                    "the log up to here was rewritten: it is not what the signed checkpoint says");
  }
  return Unit{};
}

}  // namespace florin::eventstore
