// A Log in memory, with the faults that a disk can have. Any thread, as the interface says.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/store/chain.h"
#include "eventstore/store/row.h"

namespace florin::test_support {

class MemoryLog final : public eventstore::Log {
 public:
  struct Row {
    domain::Position last;
    std::string bytes;
    domain::Digest link{};
  };
  enum class Failure { none, absent, durable };  // what the next append does, and what the log holds afterwards

  eventstore::ResultOr<eventstore::Epoch> lease() override {
    std::lock_guard const lock(mutex_);
    lease_ = eventstore::Epoch{++leases_};
    return *lease_;
  }

  eventstore::ResultOr<Unit> append(eventstore::Append const& append) override {
    std::unique_lock lock(mutex_);
    ++appends_started_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !blocked_; });
    if (stopped_) return eventstore::fault(eventstore::Fault::Kind::io, "stopped by an earlier failure");
    if (append.epoch != lease_) {
      return eventstore::fault(eventstore::Fault::Kind::conflict, "the writer does not have its lease");
    }
    if (append.expected != position()) {
      stopped_ = true;
      return eventstore::fault(eventstore::Fault::Kind::conflict, "another head");
    }
    if (!append.seeds.empty()) {
      lock.unlock();  // readers go on
      auto kept = seeds_->keep(append.seeds);
      lock.lock();
      if (!kept) {
        stopped_ = true;
        return kept;
      }
    }
    stopped_ = failure_ != Failure::none;
    if (failure_ != Failure::absent) {
      for (auto const& commit : append.commits) rows_.push_back({commit.last, std::string(commit.bytes), commit.link});
    }
    batches_.push_back(append.commits.size());
    if (stopped_) return eventstore::fault(eventstore::Fault::Kind::io, "injected");
    return Unit{};
  }

  eventstore::ResultOr<std::unique_ptr<eventstore::LogCursor>> read(domain::Position from) override {
    std::lock_guard const lock(mutex_);
    if (read_fault_) return fail(*read_fault_);
    return std::unique_ptr<eventstore::LogCursor>(std::make_unique<Cursor>(*this, from));
  }

  eventstore::ResultOr<eventstore::Head> head() override {
    std::lock_guard const lock(mutex_);
    if (rows_.empty()) return eventstore::Head{};
    return eventstore::Head{rows_.back().last, rows_.back().link};
  }

  void keep_seeds_in(eventstore::SeedKeeper& keeper) override { seeds_ = &keeper; }

  // Appends wait until unblock().
  void block() {
    std::lock_guard const lock(mutex_);
    blocked_ = true;
  }
  void unblock() {
    std::lock_guard const lock(mutex_);
    blocked_ = false;
    changed_.notify_all();
  }
  void wait_for_append(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return appends_started_ >= count; });
  }
  void fail_next(Failure failure) {
    std::lock_guard const lock(mutex_);
    failure_ = failure;
  }
  // What every read answers from now on; nullopt: the rows.
  void fail_reads(std::optional<eventstore::Fault> with) {
    std::lock_guard const lock(mutex_);
    read_fault_ = std::move(with);
  }
  // What a new process finds.
  void restart() {
    std::lock_guard const lock(mutex_);
    lease_.reset();
    failure_ = Failure::none;
    stopped_ = blocked_ = false;
  }

  // For damage. Not while anybody else uses the log.
  [[nodiscard]] std::vector<Row>& rows() { return rows_; }
  // Commits in each append so far.
  [[nodiscard]] std::vector<std::size_t> batches() const {
    std::lock_guard const lock(mutex_);
    return batches_;
  }

 private:
  class Cursor final : public eventstore::LogCursor {
   public:
    Cursor(MemoryLog& log, domain::Position from) : log_(log), from_(from) {}
    eventstore::ResultOr<std::optional<eventstore::StoredCommit>> next() override {
      std::lock_guard const lock(log_.mutex_);
      while (index_ < log_.rows_.size() && log_.rows_[index_].last < from_) ++index_;
      if (index_ >= log_.rows_.size()) return std::optional<eventstore::StoredCommit>();
      if (!head_)
        head_ = index_ == 0 ? eventstore::Head{}
                            : eventstore::Head{log_.rows_[index_ - 1].last, log_.rows_[index_ - 1].link};
      row_ = log_.rows_[index_];
      FLORIN_TRY(opener_.open(*head_, {row_.last, 1, eventstore::RowForm::commit, 0, row_.bytes, row_.link}, nullptr));
      ++index_;
      head_ = eventstore::Head{row_.last, row_.link};
      return std::optional(opener_.commits()[0]);
    }

   private:
    MemoryLog& log_;
    domain::Position from_;
    std::size_t index_ = 0;
    std::optional<eventstore::Head> head_;
    eventstore::RowOpener opener_;
    Row row_;
  };

  [[nodiscard]] domain::Position position() const { return rows_.empty() ? domain::Position() : rows_.back().last; }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Row> rows_;
  std::vector<std::size_t> batches_;
  std::size_t appends_started_ = 0;
  std::uint64_t leases_ = 0;
  std::optional<eventstore::Epoch> lease_;  // the last one given, of this process
  eventstore::SeedKeeper* seeds_ = nullptr;
  Failure failure_ = Failure::none;
  std::optional<eventstore::Fault> read_fault_;
  bool blocked_ = false;
  bool stopped_ = false;
};

}  // namespace florin::test_support
