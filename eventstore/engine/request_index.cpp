#include "eventstore/engine/request_index.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "domain/contract.h"
#include "eventstore/engine/request_run.h"
#include "eventstore/engine/request_table.h"
#include "eventstore/runtime/durable_file.h"
#include "eventstore/runtime/thread.h"

namespace florin::eventstore {
namespace {

namespace fs = std::filesystem;
using domain::GameId;
using domain::Position;

constexpr std::size_t kMergeRuns = 8;  // runs of a tier that become one of the next
constexpr int kSortNice = 10;          // sorting a million entries must not delay a decision on a shared core
constexpr std::chrono::seconds kRetryWriteAfter{1};
constexpr char const* kKeyName = "key";
constexpr std::uint64_t kKeyLabel = 0x6b65'7900'0000'0000;

// What look-ups see. Replaced as a whole, so that a table vanishes exactly when its run appears.
struct View {
  std::shared_ptr<RequestTable const> sealed;  // full, being written
  std::vector<RequestRun> runs;                // oldest first, ranges adjoin
};

std::uint64_t end_of(std::vector<RequestRun> const& runs) { return runs.empty() ? 0 : runs.back().range().to; }

bool is_run_file(fs::path const& file) { return parse_run_file_name(file.filename().string()).has_value(); }

ResultOr<SipKey> make_key(Runtime& runtime, fs::path const& file) {
  SipKey key;
  runtime.draw(std::as_writable_bytes(std::span(&key, 1)));
  auto const check = siphash64(key, kKeyLabel, {});
  std::string bytes(24, '\0');
  std::memcpy(bytes.data(), &key, 16);
  std::memcpy(bytes.data() + 16, &check, 8);
  FLORIN_TRY(replace_file(runtime.files(), file, bytes, 0600));
  return key;
}

// The folder's hash key; nullopt when it is lost or damaged, which makes every run worthless.
ResultOr<std::optional<SipKey>> read_key(Files& files, fs::path const& file) {
  auto const bytes = read_file(files, file, 24);
  if (!bytes) {
    if (bytes.error().kind == Fault::Kind::io) return fail(bytes.error());
    return std::optional<SipKey>();
  }
  if (bytes.value().size() != 24) return std::optional<SipKey>();
  SipKey key;
  std::uint64_t check = 0;
  std::memcpy(&key, bytes.value().data(), 16);
  std::memcpy(&check, bytes.value().data() + 16, 8);
  if (check != siphash64(key, kKeyLabel, {})) return std::optional<SipKey>();
  return std::optional<SipKey>(key);
}

// A damaged run must not be trusted at the next start either.
void distrust(Files& files, RequestRun const& run, Fault const& why) {
  if (why.kind == Fault::Kind::corrupt) static_cast<void>(files.remove(run.file()));
}

// The longest chain of good runs from position 0 that does not reach beyond `limit`. A merged run wins over the
// ones that it replaced. Every other run or temporary file is deleted.
ResultOr<std::vector<RequestRun>> open_runs(Files& files, fs::path const& folder, SipKey key, bool fresh,
                                            std::uint64_t limit) {
  std::vector<fs::path> stale;
  std::vector<RunRange> ranges;
  auto const names = FLORIN_TRY(files.list(folder));
  for (fs::path const name : names) {
    auto const range = parse_run_file_name(name.string());
    if (range && !fresh && range->to <= limit) {
      ranges.push_back(*range);
    } else if (range || (name.extension() == kTemporarySuffix && is_run_file(name.stem()))) {
      stale.push_back(folder / name);
    }
  }
  std::sort(ranges.begin(), ranges.end(), [](RunRange a, RunRange b) {
    return a.after != b.after ? a.after < b.after : a.to > b.to;  // the widest first
  });
  std::vector<RequestRun> runs;
  for (auto const range : ranges) {
    auto const file = folder / run_file_name(range);
    if (range.after == end_of(runs)) {
      auto run = RequestRun::open(files, file, key);
      if (run && run.value().range() == range) {
        runs.push_back(std::move(run).value());
        continue;
      }
      if (!run && run.error().kind == Fault::Kind::io) return fail(run.error());
    }
    stale.push_back(file);
  }
  for (auto const& file : stale) {
    FLORIN_TRY(files.remove(file));
  }
  return runs;
}

// Filters into memory from the newest run back, as far as the budget goes.
ResultOr<Unit> load_filters(Files& files, std::vector<RequestRun>& runs, std::size_t budget) {
  for (std::size_t i = runs.size(); i-- > 0;) {
    if (runs[i].filter_bytes() > budget) {
      budget = 0;
      runs[i] = runs[i].without_filter();
      continue;
    }
    budget -= runs[i].filter_bytes();
    auto loaded = runs[i].with_filter();
    if (!loaded) {
      distrust(files, runs[i], loaded.error());
      return fail(loaded.error());
    }
    runs[i] = std::move(loaded).value();
  }
  return Unit{};
}

}  // namespace

struct RequestIndex::Impl {
  Impl(Files& in_files, fs::path in, SipKey with_key, RequestIndexOptions with, std::vector<RequestRun> runs)
      : files(in_files),
        folder(std::move(in)),
        key(with_key),
        options(with),
        added_to(end_of(runs)),
        active(std::make_shared<RequestTable>(options.memory_entries)),
        view(std::make_shared<View const>(View{nullptr, std::move(runs)})),
        shared_view(view),
        background([this] { run_background(); }) {}

  ~Impl() {
    {
      std::lock_guard const lock(mutex);
      stopping = true;
    }
    abandon = true;
    changed.notify_all();
    background.join();
  }

  // --- the caller's thread ---

  View const& fresh_view() {
    if (version.load(std::memory_order_acquire) != seen_version) {
      std::lock_guard const lock(mutex);
      view = shared_view;
      seen_version = version.load(std::memory_order_relaxed);
    }
    return *view;
  }

  ResultOr<std::vector<Position>> candidates(Hash128 hash) {
    View const& now = fresh_view();
    // One miss each, all at once.
    active->prefetch(hash);
    if (now.sealed) now.sealed->prefetch(hash);
    for (RequestRun const& run : now.runs) run.prefetch(hash);

    std::vector<Position> found;
    active->find(hash, found);
    if (now.sealed) now.sealed->find(hash, found);
    for (std::size_t i = now.runs.size(); i-- > 0;) {
      RequestRun const& run = now.runs[i];
      if (run.surely_absent(hash)) continue;
      auto const may = run.may_contain(hash);
      if (!may) return give_up(run, may.error());
      if (!may.value()) continue;
      if (auto read = run.find(hash, found); !read) return give_up(run, read.error());
    }
    if (found.size() > 1) std::sort(found.begin(), found.end(), std::greater<>());
    return found;
  }

  Failure<Fault> give_up(RequestRun const& run, Fault const& why) const {
    distrust(files, run, why);
    return fail(why);
  }

  ResultOr<Unit> add(RunEntry entry, std::uint64_t last) {
    if (last <= added_to) return Unit{};
    if (active->size() >= options.memory_entries) {
      FLORIN_TRY(seal(active->full()));
    }
    active->add(entry, last);
    return Unit{};
  }

  // Hands the active table to the background thread, unless it is still busy with the one before: then waits if
  // `wait`, else leaves everything as it is.
  ResultOr<Unit> seal(bool wait) {
    std::unique_lock lock(mutex);
    if (wait) {
      changed.wait(lock, [this] { return !shared_view->sealed || write_fault; });
      if (write_fault) return fail(*write_fault);
    }
    if (shared_view->sealed) return Unit{};
    added_to = active->last();
    auto next = std::make_shared<View>(*shared_view);
    next->sealed = std::exchange(active, std::move(spare));
    if (!active) active = std::make_shared<RequestTable>(options.memory_entries);
    publish(std::move(next));
    view = shared_view;
    seen_version = version.load(std::memory_order_relaxed);
    lock.unlock();
    changed.notify_all();
    return Unit{};
  }

  ResultOr<Unit> flush() {
    for (;;) {
      std::unique_lock lock(mutex);
      write_fault.reset();  // one more try counts
      retry_now = true;
      changed.notify_all();
      changed.wait(lock, [this] { return !shared_view->sealed || write_fault; });
      if (write_fault) return fail(*write_fault);
      if (active->size() == 0) return Unit{};
      lock.unlock();
      FLORIN_TRY(seal(true));
    }
  }

  // --- either thread, with the mutex held ---

  void publish(std::shared_ptr<View const> next) {
    shared_view = std::move(next);
    version.fetch_add(1, std::memory_order_release);
  }

  // --- the background thread ---

  void run_background() {
    name_this_thread("request-index");
    lower_this_thread(kSortNice);
    std::unique_lock lock(mutex);
    for (;;) {
      if (!spare && !shared_view->sealed) {
        lock.unlock();
        auto table = std::make_shared<RequestTable>(options.memory_entries);
        lock.lock();
        spare = std::move(table);
      }
      changed.wait(lock, [this] { return stopping || shared_view->sealed; });
      if (stopping) return;
      write_sealed(lock);
      while (!stopping && !shared_view->sealed && merge_tail(lock)) {
      }
    }
  }

  // Runs `older` and then `newest`, with their filters.
  ResultOr<std::shared_ptr<View>> view_of(std::span<RequestRun const> older, ResultOr<RequestRun> newest) const {
    if (!newest) return fail(newest.error());
    auto next = std::make_shared<View>();
    next->runs.assign(older.begin(), older.end());
    next->runs.push_back(std::move(newest).value());
    FLORIN_TRY(load_filters(files, next->runs, options.filter_memory_bytes));
    return next;
  }

  void write_sealed(std::unique_lock<std::mutex>& lock) {
    auto const current = shared_view;
    retry_now = false;
    lock.unlock();
    auto next = view_of(current->runs, write_table(*current->sealed, end_of(current->runs)));
    lock.lock();
    if (next) {
      write_fault.reset();
      publish(std::move(next).value());
      changed.notify_all();
      return;
    }
    write_fault = next.error();
    changed.notify_all();
    changed.wait_for(lock, kRetryWriteAfter, [this] { return stopping || retry_now; });
  }

  ResultOr<RequestRun> write_table(RequestTable const& table, std::uint64_t after) {
    auto const entries = table.sorted();
    RunRange const range{after, table.last()};
    bool handed = false;
    return write_run(files, folder / run_file_name(range), key, range, entries.size(),
                     [&]() -> ResultOr<std::span<RunEntry const>> {
                       return std::exchange(handed, true) ? std::span<RunEntry const>() : entries;
                     });
  }

  // Tier of a run: how often a full table has been multiplied by kMergeRuns.
  [[nodiscard]] std::size_t tier(RequestRun const& run) const {
    std::size_t tier = 0;
    for (auto limit = options.memory_entries * 2; run.count() > limit; limit *= kMergeRuns) ++tier;
    return tier;
  }

  // Merges the newest runs when at least kMergeRuns of them are of one tier or below; false when there is nothing to
  // merge. A fault leaves everything as it was: more runs than wanted are slower, never wrong.
  bool merge_tail(std::unique_lock<std::mutex>& lock) {
    auto const current = shared_view;
    auto const begin = merge_begin(current->runs);
    if (!begin) return false;
    lock.unlock();
    std::vector<RequestRun> const inputs(current->runs.begin() + static_cast<std::ptrdiff_t>(*begin),
                                         current->runs.end());
    auto merged = view_of(std::span(current->runs).first(*begin), merge(inputs));
    lock.lock();
    if (!merged) return false;
    auto next = std::move(merged).value();
    next->sealed = shared_view->sealed;  // may have been sealed meanwhile
    publish(std::move(next));
    for (auto const& input : inputs) {
      static_cast<void>(files.remove(input.file()));  // a file left behind is deleted at the next open
    }
    return true;
  }

  [[nodiscard]] std::optional<std::size_t> merge_begin(std::vector<RequestRun> const& runs) const {
    std::size_t begin = runs.size();
    while (begin > 0) {
      auto const up_to = tier(runs[begin - 1]);
      while (begin > 0 && tier(runs[begin - 1]) <= up_to) --begin;
      if (runs.size() - begin >= kMergeRuns) return begin;
    }
    return std::nullopt;
  }

  ResultOr<RequestRun> merge(std::vector<RequestRun> const& inputs) {
    std::vector<RunCursor> cursors(inputs.begin(), inputs.end());
    std::vector<RunEntry const*> heads;
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      count += inputs[i].count();
      auto const head = FLORIN_TRY(cursors[i].peek());
      heads.push_back(head);
    }
    RunRange const range{inputs.front().range().after, inputs.back().range().to};
    std::vector<RunEntry> batch;
    batch.reserve(4096);
    return write_run(files, folder / run_file_name(range), key, range, count,
                     [&]() -> ResultOr<std::span<RunEntry const>> {
                       if (abandon.load(std::memory_order_relaxed))
                         return fault(Fault::Kind::io, "merge abandoned: closing");
                       batch.clear();
                       while (batch.size() < 4096) {
                         std::size_t least = heads.size();
                         for (std::size_t i = 0; i < heads.size(); ++i) {
                           if (heads[i] != nullptr && (least == heads.size() || *heads[i] < *heads[least])) least = i;
                         }
                         if (least == heads.size()) break;
                         batch.push_back(*heads[least]);
                         cursors[least].advance();
                         auto const head = FLORIN_TRY(cursors[least].peek());
                         heads[least] = head;
                       }
                       return std::span<RunEntry const>(batch);
                     });
  }

  Files& files;
  fs::path const folder;
  SipKey const key;
  RequestIndexOptions const options;

  // The caller's.
  std::uint64_t added_to;  // everything up to here is sealed or in runs
  std::shared_ptr<RequestTable> active;
  std::shared_ptr<View const> view;
  std::uint64_t seen_version = 0;

  std::mutex mutex;
  std::condition_variable changed;
  std::shared_ptr<View const> shared_view;  // guarded
  std::shared_ptr<RequestTable> spare;      // guarded: the next active table, memory touched
  std::optional<Fault> write_fault;         // guarded: why the sealed table is not a run yet
  bool retry_now = false;                   // guarded
  bool stopping = false;                    // guarded
  std::atomic<bool> abandon = false;
  std::atomic<std::uint64_t> version = 0;
  std::thread background;
};

ResultOr<std::unique_ptr<RequestIndex>> RequestIndex::open(fs::path const& folder, Position log_end,
                                                           RequestIndexOptions options, Runtime& runtime) {
  auto& files = runtime.files();
  FLORIN_TRY(files.make_folder(folder));
  auto known = FLORIN_TRY(read_key(files, folder / kKeyName));
  auto const fresh = !known;
  auto const key = FLORIN_TRY(fresh ? make_key(runtime, folder / kKeyName) : ResultOr<SipKey>(*known));
  for (;;) {
    auto runs = FLORIN_TRY(open_runs(files, folder, key, fresh, log_end.value()));
    auto loaded = load_filters(files, runs, options.filter_memory_bytes);
    if (loaded) {
      return std::unique_ptr<RequestIndex>(
          new RequestIndex(std::make_unique<Impl>(files, folder, key, options, std::move(runs))));
    }
    if (loaded.error().kind != Fault::Kind::corrupt) return fail(loaded.error());
  }
}

RequestIndex::RequestIndex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RequestIndex::~RequestIndex() = default;

ResultOr<std::vector<Position>> RequestIndex::candidates(GameId game, std::string_view id) {
  return impl_->candidates(siphash128(impl_->key, game.value(), id));
}

ResultOr<Unit> RequestIndex::add(GameId game, std::string_view id, Position first, Position last) {
  FLORIN_ASSERT(first.value() != 0 && first <= last);
  return impl_->add({siphash128(impl_->key, game.value(), id), first.value()}, last.value());
}

Position RequestIndex::covered() const {
  std::lock_guard const lock(impl_->mutex);
  return Position(end_of(impl_->shared_view->runs));
}

ResultOr<Unit> RequestIndex::flush() { return impl_->flush(); }

}  // namespace florin::eventstore
