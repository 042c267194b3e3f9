// A disk in memory that forgets what was not synced, for our own files (eventstore/runtime/files.h) and for SQLite's (a
// VFS, while one is installed). Everything that a file system may do to a process that relies on more than it was
// promised: writes and names that were not synced are lost, kept in another order, or torn, sector by sector; a call
// fails, or fails half-way; the process dies at any call.
//
// One disk at a time is installed, because SQLite's default VFS is the process's. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "eventstore/runtime/files.h"

namespace florin::simulation {

// What happens to the k-th call that changes the disk (a write, a sync, a new name), or to the k-th read.
enum class DiskFault : std::uint8_t {
  none,
  read_error,   // the read fails
  io_error,     // the call does nothing and fails
  disk_full,    // a write does nothing and fails with "no space"
  short_write,  // a write puts some of its bytes there and fails
  death,        // the process dies before it; every later call fails
};

class SimulatedDisk {
 public:
  explicit SimulatedDisk(std::uint64_t seed);
  ~SimulatedDisk();
  SimulatedDisk(SimulatedDisk const&) = delete;
  SimulatedDisk& operator=(SimulatedDisk const&) = delete;

  [[nodiscard]] eventstore::Files& files();

  // Plans one fault: at the k-th changing call, or read, from now (1: the next one).
  void plan(DiskFault fault, std::uint64_t calls_from_now);
  [[nodiscard]] bool fault_came() const;
  // Whether the planned fault came; plans nothing any more.
  [[nodiscard]] bool take_fault();
  // The process has died: the disk is as it was at that moment, whatever is called now. power_cut or restart follows.
  void die();
  [[nodiscard]] bool dead() const;

  // A new process finds all that was written. (What was not synced can still be lost by a power cut.)
  void restart();
  struct Losses {
    int lost = 0;        // writes that never reached the disk
    int torn = 0;        // of which a part did
    int kept = 0;        // that reached it although nobody synced
    int names_lost = 0;  // names that were never made durable
  };
  // A new process finds what was synced, and of the rest what chance leaves.
  Losses power_cut();

  // Flips one bit in a file whose name contains `part`; false: there is none with anything in it.
  bool rot(std::string_view part);

  // --- For SQLite's VFS and the house's files.

  struct Node;
  struct Handle;
  using NodePtr = std::shared_ptr<Node>;
  [[nodiscard]] NodePtr find(std::string const& path) const;
  // The file of this name, made when it is absent; null: a fault.
  [[nodiscard]] NodePtr create(std::string const& path, eventstore::Fault* why);
  [[nodiscard]] eventstore::ResultOr<std::size_t> read(Node const& node, std::uint64_t offset, std::span<char> into);
  [[nodiscard]] std::optional<eventstore::Fault> write(Node& node, std::uint64_t offset, std::string_view bytes);
  [[nodiscard]] std::optional<eventstore::Fault> truncate(Node& node, std::uint64_t size);
  [[nodiscard]] std::optional<eventstore::Fault> sync(Node& node);
  [[nodiscard]] std::uint64_t size(Node const& node) const;
  [[nodiscard]] std::optional<eventstore::Fault> rename(std::string const& from, std::string const& to);
  [[nodiscard]] std::optional<eventstore::Fault> remove(std::string const& path);
  // Makes the names in the folder durable.
  [[nodiscard]] std::optional<eventstore::Fault> sync_names(std::string const& folder);
  [[nodiscard]] std::vector<std::string> list(std::string const& folder) const;
  [[nodiscard]] bool lock(std::string const& path);
  void unlock(std::string const& path);

 private:
  class SimulatedFiles;
  struct NameChange {
    std::string path;
    NodePtr node;  // null: removed
  };
  [[nodiscard]] std::optional<DiskFault> next_call();
  void forget_dead();
  void boot();
  static void apply(std::map<std::string, NodePtr>& names, NameChange const& change);

  mutable std::recursive_mutex mutex_;
  std::mt19937_64 random_;
  std::map<std::string, NodePtr> names_;
  std::map<std::string, NodePtr> durable_names_;
  std::vector<NameChange> name_changes_;  // since they were durable, in order
  std::set<std::string> locks_;
  DiskFault planned_ = DiskFault::none;
  std::uint64_t calls_left_ = 0;
  int boots_ = 0;
  bool fault_came_ = false;
  bool dead_ = false;
  std::unique_ptr<SimulatedFiles> files_;
};

// Registers a VFS over the disk as SQLite's default for its life.
class InstalledVfs {
 public:
  explicit InstalledVfs(SimulatedDisk& disk, std::uint64_t seed);
  ~InstalledVfs();
  InstalledVfs(InstalledVfs const&) = delete;
  InstalledVfs& operator=(InstalledVfs const&) = delete;
};

}  // namespace florin::simulation
