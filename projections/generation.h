// One generation of a view as its readers see it: a file and a pool of read-only connections to it.
//
// Held by shared_ptr: by the runner while it is the current one and by every open reader. A generation that was
// swapped out deletes its file when the last of them lets go, so that a reader never sees its file change under it.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "eventstore/runtime/files.h"
#include "projections/sqlite.h"

namespace florin::projections {

class Generation {
 public:
  Generation(eventstore::Files& files, std::filesystem::path file) : files_(files), file_(std::move(file)) {}
  ~Generation();
  Generation(Generation const&) = delete;
  Generation& operator=(Generation const&) = delete;

  // Any thread. A connection from the pool, or a new one.
  [[nodiscard]] eventstore::ResultOr<std::unique_ptr<Database>> take();
  void give_back(std::unique_ptr<Database> connection);

  // Closes the connections that nobody uses: the last one to close tidies SQLite's files away.
  void close_idle();
  // From now on: delete the file at the end.
  void retire();

  // Any thread. A reader found what cannot be: nobody is to read it any more.
  void distrust() { distrusted_ = true; }
  [[nodiscard]] bool distrusted() const { return distrusted_; }

  [[nodiscard]] std::filesystem::path const& file() const { return file_; }

 private:
  eventstore::Files& files_;
  std::filesystem::path file_;
  std::mutex mutex_;  // never held while SQLite works
  std::vector<std::unique_ptr<Database>> idle_;
  bool retired_ = false;
  std::atomic<bool> distrusted_{false};
};

// The file with what SQLite keeps beside it.
void remove_view_file(eventstore::Files& files, std::filesystem::path const& file);

}  // namespace florin::projections
