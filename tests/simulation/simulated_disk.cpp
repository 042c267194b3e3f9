#include "tests/simulation/simulated_disk.h"

#include <algorithm>
#include <cstring>

#include "domain/contract.h"

namespace florin::simulation {

using eventstore::Fault;
using eventstore::File;
using eventstore::OpenFor;
using eventstore::ResultOr;

namespace {

constexpr std::size_t kSector = 512;
constexpr char const* kBootFile = "/proc/sys/kernel/random/boot_id";

std::string folder_of(std::string const& path) {
  auto const slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

void put(std::string& content, std::uint64_t offset, std::string_view bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
  std::memcpy(content.data() + offset, bytes.data(), bytes.size());
}

std::optional<Fault> failure(Fault::Kind kind, std::string_view what) {
  return Fault{kind, "simulated: " + std::string(what)};
}

}  // namespace

// A change of a file's content that was not synced.
struct Change {
  bool truncates = false;
  std::uint64_t offset = 0;  // or the new size
  std::string bytes;
};

struct SimulatedDisk::Node {
  std::string content;  // what a reader sees
  std::string durable;
  std::vector<Change> changes;  // from durable to content, in order
};

namespace {

void apply_change(std::string& content, Change const& change) {
  if (change.truncates) {
    content.resize(change.offset);
  } else {
    put(content, change.offset, change.bytes);
  }
}

}  // namespace

// The house's files on the disk.
class SimulatedDisk::SimulatedFiles final : public eventstore::Files {
 public:
  explicit SimulatedFiles(SimulatedDisk& disk) : disk_(disk) {}

  ResultOr<std::unique_ptr<File>> open(std::filesystem::path const& path, OpenFor what, mode_t) override;
  ResultOr<Unit> replace(std::filesystem::path const& from, std::filesystem::path const& to) override {
    if (auto const why = disk_.rename(from.string(), to.string())) return fail(*why);
    if (auto const why = disk_.sync_names(folder_of(to.string()))) return fail(*why);
    return Unit{};
  }
  ResultOr<Unit> remove(std::filesystem::path const& path) override {
    if (!disk_.find(path.string())) return Unit{};
    if (auto const why = disk_.remove(path.string())) return fail(*why);
    return Unit{};
  }
  ResultOr<Unit> make_folder(std::filesystem::path const& folder) override {
    auto at = folder.string();
    for (int levels = 0; levels < 3; ++levels, at = folder_of(at)) {
      if (auto const why = disk_.sync_names(at)) return fail(*why);
    }
    return Unit{};
  }
  ResultOr<std::vector<std::string>> list(std::filesystem::path const& folder) override {
    return disk_.list(folder.string());
  }

 private:
  SimulatedDisk& disk_;
};

namespace {

class SimulatedFile final : public File {
 public:
  SimulatedFile(SimulatedDisk& disk, SimulatedDisk::NodePtr node, std::string locked)
      : disk_(disk), node_(std::move(node)), locked_(std::move(locked)) {}
  ~SimulatedFile() override {
    if (!locked_.empty()) disk_.unlock(locked_);
  }
  ResultOr<std::size_t> read(std::uint64_t offset, std::span<char> into) const override {
    return disk_.read(*node_, offset, into);
  }
  ResultOr<Unit> write(std::uint64_t offset, std::string_view bytes) override {
    if (auto const why = disk_.write(*node_, offset, bytes)) return fail(*why);
    return Unit{};
  }
  ResultOr<Unit> sync() override {
    if (auto const why = disk_.sync(*node_)) return fail(*why);
    return Unit{};
  }
  ResultOr<std::uint64_t> size() const override { return disk_.size(*node_); }

 private:
  SimulatedDisk& disk_;
  SimulatedDisk::NodePtr node_;
  std::string locked_;
};

}  // namespace

ResultOr<std::unique_ptr<File>> SimulatedDisk::SimulatedFiles::open(std::filesystem::path const& path, OpenFor what,
                                                                    mode_t) {
  auto const name = path.string();
  auto node = disk_.find(name);
  bool const makes = what == OpenFor::creating || what == OpenFor::locking;
  if (!node && !makes) return eventstore::fault(Fault::Kind::missing, name + ": no such file");
  if (!node) {
    Fault why;
    node = disk_.create(name, &why);
    if (!node) return fail(why);
  } else if (what == OpenFor::creating && disk_.size(*node) > 0) {
    if (auto const why = disk_.truncate(*node, 0)) return fail(*why);
  }
  if (what == OpenFor::locking && !disk_.lock(name)) {
    return eventstore::fault(Fault::Kind::conflict, name + ": held by another process");
  }
  return std::unique_ptr<File>(
      std::make_unique<SimulatedFile>(disk_, std::move(node), what == OpenFor::locking ? name : std::string()));
}

SimulatedDisk::SimulatedDisk(std::uint64_t seed) : random_(seed), files_(std::make_unique<SimulatedFiles>(*this)) {
  boot();
}
SimulatedDisk::~SimulatedDisk() = default;

eventstore::Files& SimulatedDisk::files() { return *files_; }

void SimulatedDisk::plan(DiskFault fault, std::uint64_t calls_from_now) {
  std::lock_guard const lock(mutex_);
  planned_ = fault;
  calls_left_ = calls_from_now;
  fault_came_ = false;
}

bool SimulatedDisk::fault_came() const {
  std::lock_guard const lock(mutex_);
  return fault_came_;
}

bool SimulatedDisk::take_fault() {
  std::lock_guard const lock(mutex_);
  planned_ = DiskFault::none;
  return std::exchange(fault_came_, false);
}

void SimulatedDisk::die() {
  std::lock_guard const lock(mutex_);
  dead_ = true;
}

bool SimulatedDisk::dead() const {
  std::lock_guard const lock(mutex_);
  return dead_;
}

// What is to happen to this changing call; nullopt: nothing.
std::optional<DiskFault> SimulatedDisk::next_call() {
  if (dead_) return DiskFault::death;
  if (planned_ == DiskFault::none || planned_ == DiskFault::read_error || --calls_left_ > 0) return std::nullopt;
  fault_came_ = true;
  auto const fault = std::exchange(planned_, DiskFault::none);
  if (fault == DiskFault::death) dead_ = true;
  return fault;
}

void SimulatedDisk::forget_dead() {
  dead_ = false;
  planned_ = DiskFault::none;
  fault_came_ = false;
  locks_.clear();
}

void SimulatedDisk::restart() {
  std::lock_guard const lock(mutex_);
  forget_dead();
}

// The kernel's name of this start of the machine.
void SimulatedDisk::boot() {
  auto node = std::make_shared<Node>();
  node->content = node->durable = "boot-" + std::to_string(++boots_) + "\n";
  names_[kBootFile] = durable_names_[kBootFile] = std::move(node);
}

void SimulatedDisk::apply(std::map<std::string, NodePtr>& names, NameChange const& change) {
  if (change.node) {
    names[change.path] = change.node;
  } else {
    names.erase(change.path);
  }
}

SimulatedDisk::Losses SimulatedDisk::power_cut() {
  std::lock_guard const lock(mutex_);
  forget_dead();
  Losses losses;
  std::set<NodePtr> nodes;
  for (auto const* names : {&names_, &durable_names_}) {
    for (auto const& [name, node] : *names) nodes.insert(node);
  }
  // In the order of the names, so that the same seed loses the same.
  std::vector<std::pair<std::string, NodePtr>> ordered;
  for (auto const* names : {&durable_names_, &names_}) {
    for (auto const& [name, node] : *names) {
      if (nodes.erase(node) > 0) ordered.emplace_back(name, node);
    }
  }
  for (auto const& [name, node] : ordered) {
    auto content = node->durable;
    for (auto const& change : node->changes) {
      switch (random_() % 4) {
        case 0:
        case 1: ++losses.lost; break;
        case 2:
          apply_change(content, change);
          ++losses.kept;
          break;
        default: {
          if (change.truncates || change.bytes.size() <= kSector) {
            ++losses.lost;
            break;
          }
          // Any of its sectors.
          for (std::size_t at = 0; at < change.bytes.size(); at += kSector) {
            if (random_() % 2 == 0)
              put(content, change.offset + at, std::string_view(change.bytes).substr(at, kSector));
          }
          ++losses.torn;
        }
      }
    }
    node->changes.clear();
    node->content = content;
    node->durable = std::move(content);
  }
  // A journal of names keeps their order: some of the last changes are lost.
  auto const kept = name_changes_.empty() ? 0 : random_() % (name_changes_.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) apply(durable_names_, name_changes_[i]);
  losses.names_lost = static_cast<int>(name_changes_.size() - kept);
  name_changes_.clear();
  names_ = durable_names_;
  boot();
  return losses;
}

bool SimulatedDisk::rot(std::string_view part) {
  std::lock_guard const lock(mutex_);
  std::vector<NodePtr> found;
  for (auto const& [name, node] : names_) {
    if (name.find(part) != std::string::npos && !node->content.empty() && node->changes.empty()) found.push_back(node);
  }
  if (found.empty()) return false;
  auto& content = found[random_() % found.size()]->content;
  auto const bit = random_() % (content.size() * 8);
  content[bit / 8] = static_cast<char>(content[bit / 8] ^ (1 << (bit % 8)));
  for (auto const& node : found) node->durable = node->content;
  return true;
}

SimulatedDisk::NodePtr SimulatedDisk::find(std::string const& path) const {
  std::lock_guard const lock(mutex_);
  auto const found = names_.find(path);
  return found == names_.end() ? nullptr : found->second;
}

SimulatedDisk::NodePtr SimulatedDisk::create(std::string const& path, Fault* why) {
  std::lock_guard const lock(mutex_);
  if (auto known = find(path)) return known;
  if (auto const fault = next_call()) {
    *why = *failure(*fault == DiskFault::disk_full ? Fault::Kind::full : Fault::Kind::io, "create " + path);
    return nullptr;
  }
  auto node = std::make_shared<Node>();
  names_[path] = node;
  name_changes_.push_back({path, node});
  return node;
}

ResultOr<std::size_t> SimulatedDisk::read(Node const& node, std::uint64_t offset, std::span<char> into) {
  std::lock_guard const lock(mutex_);
  if (planned_ == DiskFault::read_error && --calls_left_ == 0) {
    fault_came_ = true;
    planned_ = DiskFault::none;
    return fail(*failure(Fault::Kind::io, "read"));
  }
  if (offset >= node.content.size()) return std::size_t{0};
  auto const size = std::min<std::size_t>(into.size(), node.content.size() - offset);
  std::memcpy(into.data(), node.content.data() + offset, size);
  return size;
}

std::optional<Fault> SimulatedDisk::write(Node& node, std::uint64_t offset, std::string_view bytes) {
  std::lock_guard const lock(mutex_);
  auto const fault = next_call();
  if (fault == DiskFault::short_write && bytes.size() > 1) {
    bytes = bytes.substr(0, 1 + random_() % (bytes.size() - 1));
  } else if (fault) {
    return failure(fault == DiskFault::disk_full ? Fault::Kind::full : Fault::Kind::io, "write");
  }
  put(node.content, offset, bytes);
  node.changes.push_back({false, offset, std::string(bytes)});
  if (fault) return failure(Fault::Kind::io, "short write");
  return std::nullopt;
}

std::optional<Fault> SimulatedDisk::truncate(Node& node, std::uint64_t size) {
  std::lock_guard const lock(mutex_);
  if (next_call()) return failure(Fault::Kind::io, "truncate");
  node.content.resize(size);
  node.changes.push_back({true, size, {}});
  return std::nullopt;
}

std::optional<Fault> SimulatedDisk::sync(Node& node) {
  std::lock_guard const lock(mutex_);
  if (next_call()) return failure(Fault::Kind::io, "sync");
  for (auto const& change : node.changes) apply_change(node.durable, change);
  node.changes.clear();
  return std::nullopt;
}

std::uint64_t SimulatedDisk::size(Node const& node) const {
  std::lock_guard const lock(mutex_);
  return node.content.size();
}

std::optional<Fault> SimulatedDisk::rename(std::string const& from, std::string const& to) {
  std::lock_guard const lock(mutex_);
  auto const node = find(from);
  if (!node) return failure(Fault::Kind::missing, "rename " + from);
  if (next_call()) return failure(Fault::Kind::io, "rename " + from);
  for (auto const& change : {NameChange{to, node}, NameChange{from, nullptr}}) {
    apply(names_, change);
    name_changes_.push_back(change);
  }
  return std::nullopt;
}

std::optional<Fault> SimulatedDisk::remove(std::string const& path) {
  std::lock_guard const lock(mutex_);
  if (next_call()) return failure(Fault::Kind::io, "remove " + path);
  names_.erase(path);
  name_changes_.push_back({path, nullptr});
  return std::nullopt;
}

std::optional<Fault> SimulatedDisk::sync_names(std::string const& folder) {
  std::lock_guard const lock(mutex_);
  bool const any = std::any_of(name_changes_.begin(), name_changes_.end(),
                               [&](auto const& change) { return folder_of(change.path) == folder; });
  if (!any) return dead_ ? failure(Fault::Kind::io, "sync of names") : std::nullopt;
  if (next_call()) return failure(Fault::Kind::io, "sync of names");
  std::erase_if(name_changes_, [&](auto const& change) {
    if (folder_of(change.path) != folder) return false;
    apply(durable_names_, change);
    return true;
  });
  return std::nullopt;
}

std::vector<std::string> SimulatedDisk::list(std::string const& folder) const {
  std::lock_guard const lock(mutex_);
  std::vector<std::string> found;
  for (auto const& [name, node] : names_) {
    if (folder_of(name) == folder) found.push_back(name.substr(folder.size() + 1));
  }
  return found;
}

bool SimulatedDisk::lock(std::string const& path) {
  std::lock_guard const lock(mutex_);
  return locks_.insert(path).second;
}

void SimulatedDisk::unlock(std::string const& path) {
  std::lock_guard const lock(mutex_);
  locks_.erase(path);
}

}  // namespace florin::simulation
