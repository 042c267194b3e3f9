#include "projections/generation.h"

namespace florin::projections {
namespace {

// As many as serve a burst without opening files; each keeps a page cache of up to 2 MB.
constexpr std::size_t kIdleConnections = 8;

}  // namespace

Generation::~Generation() {
  idle_.clear();
  if (retired_) remove_view_file(files_, file_);
}

eventstore::ResultOr<std::unique_ptr<Database>> Generation::take() {
  {
    std::lock_guard const lock(mutex_);
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  return Database::open(file_, Database::Mode::read_only);
}

void Generation::give_back(std::unique_ptr<Database> connection) {
  std::lock_guard const lock(mutex_);
  if (idle_.size() < kIdleConnections) idle_.push_back(std::move(connection));
}

void Generation::close_idle() {
  std::lock_guard const lock(mutex_);
  idle_.clear();
}

void Generation::retire() {
  std::lock_guard const lock(mutex_);
  retired_ = true;
}

void remove_view_file(eventstore::Files& files, std::filesystem::path const& file) {
  for (auto const* suffix : {"", "-wal", "-shm", "-journal"}) {
    auto part = file;
    part += suffix;
    static_cast<void>(files.remove(part));  // what cannot be removed is found again at the next start
  }
}

}  // namespace florin::projections
