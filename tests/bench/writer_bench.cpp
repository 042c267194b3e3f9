// The writer and what surrounds it, measured alone:
//
//   writer_bench writer [players] [past requests] [in flight] [seconds]   durable purchases a second, no HTTP
//   writer_bench replay [commits]                                         recovery and audit, events a second
//   writer_bench index [entries]                                          one look-up of a new id, ns
//   writer_bench snapshot [players]                                       write and read, seconds
//
// Files go to $TMPDIR. Pin with taskset to see one core.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <random>
#include <semaphore>
#include <thread>

#include <sys/resource.h>

#include "eventstore/engine/writer.h"
#include "eventstore/store/sqlite_log.h"
#include "tests/support/commands.h"
#include "tests/support/store.h"
#include "tests/support/temp_folder.h"

namespace florin::eventstore {
namespace {

using namespace test_support;
using domain::Position;

// Wall time, and the CPU time of the calling thread: the two differ by waiting and by other work on the machine.
class Stopwatch {
 public:
  [[nodiscard]] double cpu() const { return thread_cpu() - cpu_start_; }
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  static double thread_cpu() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  }
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double cpu_start_ = thread_cpu();
};

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  auto const of = [](timeval time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

domain::State state_of(std::uint64_t players) {
  domain::State state;
  auto game = create_game();
  game.currencies[0].currency = domain::CurrencyId(1);
  apply(state, domain::GameCreated{domain::GameId(123'456'789'012), game.settings, game.currencies, {}}, {});
  for (std::uint64_t i = 0; i < players; ++i) {
    state.restore_identity({person(i).email_index});
    state.restore_player({static_cast<std::uint32_t>(i + 1), 0});
    state.restore_wallet({static_cast<std::uint32_t>(i + 1), 1, 1'000'000'000'000, 0});
  }
  return state;
}

class Released final : public Reply {
 public:
  Released(std::counting_semaphore<>& slots, std::atomic<std::uint64_t>& committed)
      : slots_(slots), committed_(committed) {}
  void complete(Outcome outcome) override {
    if (std::holds_alternative<Committed>(outcome)) committed_.fetch_add(1, std::memory_order_relaxed);
    slots_.release();
  }

 private:
  std::counting_semaphore<>& slots_;
  std::atomic<std::uint64_t>& committed_;
};

// A game, its players with money, and purchases of theirs. Returns where the log then stands.
Head fill(Log& log, std::uint64_t players, std::uint64_t purchases) {
  Head head;
  Encoder encoder;
  domain::State state;
  auto const commits = players + purchases;
  std::mt19937_64 random(1);
  std::vector<std::string> bytes(256);
  std::vector<StoredCommit> rows;
  auto const epoch = must(log.lease());
  Position appended;
  for (std::uint64_t i = 0; i <= commits; ++i) {
    domain::Command command = create_game();
    if (i > 0 && i <= players) command = credit(state.games()[0].id, i, units(1'000'000));
    if (i > players) command = purchase(state.games()[0].id, 1 + random() % players, units(1));
    auto decided = decide(state, command, {{}, next(head.position), 5});
    FLORIN_ASSERT(decided.ok());
    domain::Commit commit{next(head.position),
                          {},
                          request(domain::GameId(7), "request-" + std::to_string(i)),
                          std::move(decided).value()};
    for (auto& event : commit.events) {
      if (auto* registered = std::get_if<domain::IdentityRegistered>(&event)) {
        registered->email = {std::string(64, 'x'), true};
      }
    }
    apply(state, commit);
    auto& row = bytes[rows.size()];
    row.clear();
    encoder.encode(commit, row);
    head = {commit.last(), chain_link(head.link, commit.last(), row)};
    rows.push_back({head.position, row, head.link});
    if (rows.size() == bytes.size() || i == commits) {
      must(log.append({appended, epoch, rows}));
      appended = head.position;
      rows.clear();
    }
  }
  return head;
}

int bench_writer(std::uint64_t players, std::uint64_t past, int in_flight, double seconds) {
  TempFolder const folder;
  auto const log = must(SqliteLog::open(folder.path() / "log.db"));
  auto const head = fill(*log, players, past);
  auto const vault = must(Vault::open(folder.path()));
  auto const requests = must(RequestIndex::open(folder.path() / "requests", head.position));
  DurableState durable;
  auto recovered = must(recover(*log, folder.path() / "snapshots", requests.get(), &durable));
  must(requests->flush());
  auto const checkpoints = must(CheckpointFile::open(folder.path()));
  SystemClock const clock;
  Tail tail(*log, head);
  auto const game = recovered.state.games()[0].id;
  Writer writer(std::move(recovered), {*log, must(log->lease()), *vault, *requests, checkpoints, clock, durable, tail});
  writer.start();

  std::counting_semaphore<> slots(in_flight);
  std::atomic<std::uint64_t> committed = 0;
  std::mt19937_64 random(1);
  auto const cpu = cpu_seconds();
  Stopwatch const watch;
  for (std::uint64_t i = 0; watch.seconds() < seconds; ++i) {
    slots.acquire();
    writer.submit({purchase(game, 1 + random() % players, units(1)), request(game, "purchase-" + std::to_string(i)),
                   std::make_unique<Released>(slots, committed)});
  }
  for (int i = 0; i < in_flight; ++i) slots.acquire();
  auto const took = watch.seconds();
  auto const used = cpu_seconds() - cpu;
  auto const count = static_cast<double>(committed.load());
  auto const stopped = writer.stop().ok();
  std::printf("writer: %.0f purchases/s durable, %d in flight, %.2f us CPU each, %" PRIu64 " players, %" PRIu64
              " past\n",
              count / took, in_flight, used / count * 1e6, players, past);
  return stopped ? 0 : 1;
}

int bench_replay(std::uint64_t commits) {
  TempFolder const folder;
  auto const log = must(SqliteLog::open(folder.path() / "log.db"));
  auto const players = std::max<std::uint64_t>(commits / 10, 1);
  auto const head = fill(*log, players, commits - std::min(commits, players));
  auto const report = [](char const* what, double events, Stopwatch const& watch, double all_cpu) {
    std::printf("%s: %.2f M events/s; CPU an event: %.2f us apply, %.2f us read and check\n", what,
                events / watch.seconds() / 1e6, watch.cpu() / events * 1e6, (all_cpu - watch.cpu()) / events * 1e6);
  };
  auto const events = static_cast<double>(head.position.value());
  auto cpu = cpu_seconds();
  Stopwatch const replaying;
  Recovered recovered;
  must(replay(*log, recovered));
  report("replay", events, replaying, cpu_seconds() - cpu);
  cpu = cpu_seconds();
  Stopwatch const verifying;
  auto const verified = must(verify(*log, nullptr));
  report("verify", events, verifying, cpu_seconds() - cpu);
  return verified.head == recovered.head ? 0 : 1;
}

int bench_index(std::uint64_t entries) {
  TempFolder const folder;
  auto const index = must(RequestIndex::open(folder.path(), Position(entries)));
  domain::GameId const game(123'456'789'012);
  Stopwatch const adding;
  for (std::uint64_t i = 1; i <= entries; ++i) {
    must(index->add(game, "request-" + std::to_string(i), Position(i), Position(i)));
  }
  auto const added = adding.cpu();
  std::this_thread::sleep_for(std::chrono::seconds(2));
  std::vector<std::string> ids;
  for (int i = 0; i < 1'000'000; ++i) ids.push_back("new-request-" + std::to_string(i));
  std::size_t found = 0;
  Stopwatch const looking;
  for (auto const& id : ids) found += must(index->candidates(game, id)).size();
  auto const looked = looking.cpu();
  std::printf("index: CPU of add %.0f ns, of a look-up of a new id %.0f ns at %" PRIu64 " entries (%zu candidates)\n",
              added / static_cast<double>(entries) * 1e9, looked / static_cast<double>(ids.size()) * 1e9, entries,
              found);
  Stopwatch const known;
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    found += must(index->candidates(game, "request-" + std::to_string(1 + random() % entries))).size();
  }
  std::printf("index: look-up of a known id %.0f ns\n", known.cpu() / 100'000 * 1e9);
  Stopwatch const flushing;
  must(index->flush());
  auto const covered = index->covered().value();
  std::printf("index: flush %.2f s, covered %" PRIu64 "\n", flushing.seconds(), covered);
  return 0;
}

int bench_snapshot(std::uint64_t players) {
  TempFolder const folder;
  auto const log = must(SqliteLog::open(folder.path() / "log.db"));
  StoredCommit const row{Position(9), "the past", chain_link({}, Position(9), "the past")};
  must(log->append({{}, must(log->lease()), {&row, 1}}));
  Recovered recovered;
  recovered.state = state_of(players);
  recovered.head = must(log->head());
  Stopwatch const writing;
  must(write_snapshot(folder.path(), recovered));
  auto const wrote = writing.seconds();
  auto const wrote_cpu = writing.cpu();
  auto const file = folder.path() / "snapshot-00000000000000000009.bin";
  std::printf("snapshot: %" PRIu64 " players, %.0f MB, written in %.2f s (%.2f s CPU)", players,
              static_cast<double>(std::filesystem::file_size(file)) / 1e6, wrote, wrote_cpu);
  recovered = {};
  Stopwatch const reading;
  auto const back = must(read_newest_snapshot(folder.path(), *log, Position(9)));
  std::printf(", read in %.2f s (%.2f s CPU)\n", reading.seconds(), reading.cpu());
  return back.state.player_count() == players ? 0 : 1;
}

}  // namespace
}  // namespace florin::eventstore

int main(int argc, char** argv) {
  using namespace florin::eventstore;
  auto const number = [&](int at, std::uint64_t otherwise) {
    return argc > at ? std::strtoull(argv[at], nullptr, 10) : otherwise;
  };
  std::string const what = argc > 1 ? argv[1] : "";
  if (what == "writer") {
    return bench_writer(number(2, 10'000), number(3, 0), static_cast<int>(number(4, 64)),
                        static_cast<double>(number(5, 5)));
  }
  if (what == "replay") return bench_replay(number(2, 1'000'000));
  if (what == "index") return bench_index(number(2, 5'000'000));
  if (what == "snapshot") return bench_snapshot(number(2, 5'000'000));
  std::fprintf(stderr, "usage: writer_bench writer|replay|index|snapshot [numbers]\n");
  return 2;
}
