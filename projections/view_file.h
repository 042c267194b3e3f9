// One view's file as its single writer sees it: the projection's rows and the checkpoint, always of one transaction.
//
// A file that was open when the machine (not just the process) went down is not trusted: with synchronous=OFF its
// pages may be a mixture of old and new that no check would notice. The checkpoint row therefore names the boot
// during which the file is open; a clean close syncs the file and clears it. `files` is where the machine's boot is
// read.
//
// One thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "eventstore/runtime/files.h"
#include "eventstore/store/log.h"
#include "projections/projection.h"
#include "projections/sqlite.h"

namespace florin::projections {

class ViewFile {
 public:
  enum class Purpose : std::uint8_t {
    live,   // WAL: readers see the last transaction while the next one is written
    build,  // no journal: nobody reads it, and a crash throws it away
  };
  // `file` must not exist.
  [[nodiscard]] static eventstore::ResultOr<std::unique_ptr<ViewFile>> create(
      std::filesystem::path const& file, Projection const& projection, Purpose purpose,
      eventstore::Files& files = eventstore::machine_files());
  // Kind::corrupt: damaged, of another projection, version or file format, or not closed before the machine went
  // down. Such a file is to be deleted and built anew.
  [[nodiscard]] static eventstore::ResultOr<std::unique_ptr<ViewFile>> open(
      std::filesystem::path const& file, Projection const& projection,
      eventstore::Files& files = eventstore::machine_files());

  // Of a file of another version, only to be read: what its rows reflect. Kind::corrupt as open().
  [[nodiscard]] static eventstore::ResultOr<eventstore::Head> read_head(std::filesystem::path const& file,
                                                                        Projection const& projection, int version,
                                                                        eventstore::Files& files);

  // What the committed rows reflect: the last commit folded in, by its position and its link in the log's chain.
  [[nodiscard]] eventstore::Head const& checkpoint() const { return checkpoint_; }
  // The same, with the transaction at hand.
  [[nodiscard]] domain::Position reached() const { return reached_.position; }

  // Folds in the commit that follows reached(); opens a transaction when none is.
  [[nodiscard]] eventstore::ResultOr<Unit> apply(domain::Commit const& commit, eventstore::Head const& head);
  // Nothing to do when no transaction is open. After a fault of either the file must be dropped.
  [[nodiscard]] eventstore::ResultOr<Unit> commit();

  // Durable, and marked so. Destruction without it leaves a file that is good until the machine goes down.
  [[nodiscard]] eventstore::ResultOr<Unit> close();

 private:
  explicit ViewFile(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  [[nodiscard]] eventstore::ResultOr<Unit> read_checkpoint(Projection const& projection, std::string const& boot);

  std::unique_ptr<Database> database_;
  std::unique_ptr<ProjectionWriter> writer_;  // destroyed before the database its statements belong to
  eventstore::Head checkpoint_;
  eventstore::Head reached_;
  bool in_transaction_ = false;
};

// Changes when the checkpoint table or the way a file is used changes: files of another format are built anew.
inline constexpr int kViewFileFormat = 1;

}  // namespace florin::projections
