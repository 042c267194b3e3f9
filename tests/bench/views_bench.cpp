// The read models at scale:  views_bench [players] [purchases]
//
// Makes a log of that many players and realistic purchases in a temporary folder, then measures the balance view
// (fold, look-ups, batch), the rebuild of each view on disk, the projector beside live appends, and a full stream.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <malloc.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include "eventstore/engine/durable_state.h"
#include "eventstore/store/chain.h"
#include "eventstore/store/codec.h"
#include "eventstore/store/commit_reader.h"
#include "eventstore/store/sqlite_log.h"
#include "projections/build_view.h"
#include "projections/history.h"
#include "projections/orders.h"
#include "projections/reconciliation.h"
#include "projections/runner.h"
#include "tests/support/temp_folder.h"

namespace florin::projections {
namespace {

using namespace domain;
using Steady = std::chrono::steady_clock;

double seconds_since(Steady::time_point start) { return std::chrono::duration<double>(Steady::now() - start).count(); }

double cpu_seconds(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}
// Of every thread but the calling one.
double others_cpu_seconds() { return cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_seconds(CLOCK_THREAD_CPUTIME_ID); }

template <class T>
T must(eventstore::ResultOr<T> result) {
  if (!result) {
    std::fprintf(stderr, "views_bench: %s\n", result.error().what.c_str());
    std::exit(1);
  }
  return std::move(result).value();
}

constexpr GameId kGame{123'456'789'012};
constexpr CurrencyId kGold{1};
constexpr Money kGift = Money::from_minor(100'000'000);
constexpr Money kPrice = Money::from_minor(150);

BlindIndex email_index(std::uint64_t person) {
  auto const digest = eventstore::sha256({reinterpret_cast<char const*>(&person), sizeof person});
  BlindIndex index{};
  std::copy_n(digest.begin(), index.size(), index.begin());
  return index;
}

// Makes events as the writer would, without deciding: the benchmark is of what comes after.
class Maker {
 public:
  explicit Maker(std::uint64_t players) : available_(players + 1, kGift) {}

  Commit game() {
    GameCreated created{kGame, {}, {}, {}};
    created.settings.name = "bench";
    created.currencies.push_back({kGold, "Gold", "G", {}, Money::from_minor(1), std::nullopt});
    return commit({created});
  }
  Commit join(std::uint64_t player) {
    PersonalText const email{std::string(64, 'e'), true};
    PersonalText const name{std::string(50, 'n'), true};
    return commit({IdentityRegistered{IdentityId(player), email_index(player), email},
                   PlayerJoined{PlayerId(player), kGame, IdentityId(player), name, player},
                   BalanceCredited{PlayerId(player), kGold, kGift, kGift, "welcome"}});
  }
  Commit purchase() {
    auto const player = 1 + random_() % (available_.size() - 1);
    auto& available = available_[player];
    available -= kPrice;
    return commit({ItemPurchased{PlayerId(player),
                                 kGold,
                                 {"sword_of_dawn", "Sword of Dawn", "weapons", ""},
                                 1,
                                 kPrice,
                                 kPrice,
                                 Money::from_minor(15),
                                 Money::from_minor(135),
                                 available}});
  }
  [[nodiscard]] std::mt19937_64& random() { return random_; }

 private:
  Commit commit(std::vector<Event> events) {
    Commit made{next_, at_, {kGame, "6f9619ff-8b86-d011-b42d-00cf4fc964ff", {}}, std::move(events)};
    at_ = at_ + 10;
    next_ = domain::next(made.last());
    return made;
  }

  std::mt19937_64 random_{7};
  std::vector<Money> available_;
  Position next_{1};
  Timestamp at_ = Timestamp::from_seconds(1'800'000'000);
};

class Appender {
 public:
  explicit Appender(eventstore::Log& log) : log_(log), epoch_(must(log.lease())) {}

  // One durable append. What it returns are positions and links only.
  std::vector<eventstore::StoredCommit> const& append(std::vector<eventstore::CommitPtr> const& commits) {
    std::vector<std::string> bytes(commits.size());
    rows_.clear();
    auto const expected = head_.position;
    for (std::size_t i = 0; i < commits.size(); ++i) {
      encoder_.encode(*commits[i], bytes[i]);
      auto const last = commits[i]->last();
      head_ = {last, eventstore::chain_link(head_.link, last, bytes[i])};
      rows_.push_back({last, bytes[i], head_.link});
    }
    must(log_.append({expected, epoch_, rows_}));
    for (auto& row : rows_) row.bytes = {};
    return rows_;
  }

 private:
  eventstore::Log& log_;
  eventstore::Epoch const epoch_;
  eventstore::Encoder encoder_;
  eventstore::Head head_;
  std::vector<eventstore::StoredCommit> rows_;
};

template <class Make>
void fill(Appender& appender, eventstore::DurableState& balances, std::uint64_t count, Make&& make, char const* what) {
  double folding = 0;
  std::uint64_t events = 0;
  for (std::uint64_t i = 0; i < count;) {
    std::vector<eventstore::CommitPtr> commits;
    for (; commits.size() < 256 && i < count; ++i) {
      commits.push_back(std::make_shared<Commit const>(make(i)));
      events += commits.back()->events.size();
    }
    appender.append(commits);
    auto const start = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    balances.apply(commits);
    folding += cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - start;
  }
  std::printf("balances fold, %-10s %10.2f M events/s  %6.0f ns/commit (CPU)\n", what,
              static_cast<double>(events) / folding / 1e6, folding * 1e9 / static_cast<double>(count));
}

void look_up(eventstore::DurableState const& balances, Maker& maker, std::uint64_t players) {
  std::vector<BlindIndex> emails(100'000);
  for (auto& email : emails) email = email_index(1 + maker.random()() % players);
  // CPU time beside the wall's: on a busy machine the two differ.
  auto start = Steady::now();
  auto cpu = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
  std::uint64_t found = 0;
  for (auto const& email : emails) found += balances.by_email(kGame, email)->balances.size();
  std::printf("by_email                  %10.0f ns (%.0f ns CPU)\n", seconds_since(start) * 1e9 / 1e5,
              (cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - cpu) * 1e9 / 1e5);
  start = Steady::now();
  for (int i = 0; i < 1'000'000; ++i) found += balances.games()->games().size();
  std::printf("games()                   %10.1f ns\n", seconds_since(start) * 1e3);
  std::vector<eventstore::BatchEntry> entries;
  std::vector<eventstore::CurrencyBalance> wallets;
  auto const directory = balances.games();
  double best = 1e9;
  double best_cpu = 1e9;
  for (int i = 0; i < 5; ++i) {
    for (auto& email : emails) email = email_index(1 + maker.random()() % players);  // not those just looked up
    start = Steady::now();
    cpu = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    balances.batch(*directory->find(kGame), emails, entries, wallets);
    best = std::min(best, seconds_since(start));
    best_cpu = std::min(best_cpu, cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - cpu);
  }
  std::printf("batch of 100,000          %10.1f ms (%.1f ms CPU; best of 5)\n", best * 1e3, best_cpu * 1e3);
  if (found == 0) std::exit(1);
}

void rebuild(eventstore::Log& log, std::filesystem::path const& folder, std::uint64_t events) {
  auto const start = Steady::now();
  auto reader = must(eventstore::CommitReader::after(log, {}));
  while (must(reader->next())) {
  }
  std::printf("read and decode alone     %10.0f k events/s\n",
              static_cast<double>(events) / seconds_since(start) / 1e3);
  for (auto const* projection : {&history_projection(), &orders_projection(), &reconciliation_projection()}) {
    auto const file = folder / (std::string(projection->name()) + ".bench.db");
    BuildProgress progress;
    std::atomic<bool> const stopping{false};
    auto const began = Steady::now();
    auto const cpu = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
    must(build_view(log, *projection, file, progress, stopping));
    auto const took = seconds_since(began);
    std::printf("rebuild %-17s %10.0f k events/s  (%.1f s, %.1f s CPU, %.0f bytes/event)\n",
                std::string(projection->name()).c_str(), static_cast<double>(events) / took / 1e3, took,
                cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu,
                static_cast<double>(std::filesystem::file_size(file)) / static_cast<double>(events));
  }
}

// The projector beside appends of `rate` purchases a second for a few seconds.
void live(Runner& runner, eventstore::Tail& tail, Appender& appender, Maker& maker, std::uint64_t rate) {
  constexpr int kSeconds = 5;
  auto const total = rate * kSeconds;
  auto const start = Steady::now();
  auto const cpu = others_cpu_seconds();
  std::vector<eventstore::CommitPtr> commits;
  std::uint64_t worst_lag = 0;
  for (std::uint64_t done = 0; done < total;) {
    auto const due = std::min(total, static_cast<std::uint64_t>(seconds_since(start) * static_cast<double>(rate)));
    commits.clear();
    for (; done < due && commits.size() < 256; ++done) {
      commits.push_back(std::make_shared<Commit const>(maker.purchase()));
    }
    if (commits.empty()) {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      continue;
    }
    tail.publish(commits, appender.append(commits));
    if (done % 64 == 0) {
      for (auto const& status : runner.status()) worst_lag = std::max(worst_lag, status.lag);
    }
  }
  auto const appended = seconds_since(start);
  for (auto const& status : runner.status()) {
    if (!runner.wait_for(status.name, commits.back()->last(), 600'000)) std::exit(1);
  }
  std::printf(
      "live, three views         %10.0f k purchases/s offered: caught up %.2f s after the last; %.1f µs CPU a"
      " purchase; worst lag %llu\n",
      static_cast<double>(total) / appended / 1e3, seconds_since(start) - appended,
      (others_cpu_seconds() - cpu) * 1e6 / static_cast<double>(total), static_cast<unsigned long long>(worst_lag));
}

void stream(Runner& runner, Position since, char const* what) {
  auto const start = Steady::now();
  auto lines = must(ReconciliationStream::open(must(runner.read("reconciliation")), kGame, since));
  std::uint64_t rows = 0;
  ReconciledPlayer player;
  while (must(lines.next(player))) ++rows;
  auto const took = seconds_since(start);
  std::printf("stream, %-17s %10.0f k rows/s  (%llu rows, %.3f s)\n", what, static_cast<double>(rows) / took / 1e3,
              static_cast<unsigned long long>(rows), took);
}

void page(Runner& runner, Maker& maker, std::uint64_t players) {
  auto const start = Steady::now();
  constexpr int kPages = 20'000;
  std::size_t movements = 0;
  for (int i = 0; i < kPages; ++i) {
    auto view = must(runner.read("history"));
    movements += must(read_history(view, PlayerId(1 + maker.random()() % players), {}, 20, {})).movements.size();
  }
  std::printf("history page              %10.1f µs (%.1f movements)\n", seconds_since(start) * 1e6 / kPages,
              static_cast<double>(movements) / kPages);
}

int run(std::uint64_t players, std::uint64_t purchases) {
  test_support::TempFolder const folder;
  auto const log = must(eventstore::SqliteLog::open(folder.path() / "events.db"));
  Appender appender(*log);
  Maker maker(players);
  std::printf("%llu players, %llu purchases\n", static_cast<unsigned long long>(players),
              static_cast<unsigned long long>(purchases));
  {
    eventstore::DurableState balances;
    fill(appender, balances, 1, [&](std::uint64_t) { return maker.game(); }, "game");
    auto const before = ::mallinfo2();
    fill(appender, balances, players, [&](std::uint64_t i) { return maker.join(i + 1); }, "joins");
    auto const after = ::mallinfo2();
    std::printf("balances memory           %10.0f bytes/player\n",
                static_cast<double>(after.uordblks + after.hblkhd - before.uordblks - before.hblkhd) /
                    static_cast<double>(players));
    fill(appender, balances, purchases, [&](std::uint64_t) { return maker.purchase(); }, "purchases");
    look_up(balances, maker, players);
  }
  std::fflush(stdout);
  rebuild(*log, folder.path(), must(log->head()).position.value());
  std::fflush(stdout);

  eventstore::Tail tail(*log, must(log->head()));
  Runner runner(*log, tail, folder.path() / "views",
                {&history_projection(), &orders_projection(), &reconciliation_projection()});
  must(runner.start());
  for (auto const* name : {"history", "orders", "reconciliation"}) {
    if (!runner.wait_for(name, must(log->head()).position, 3'600'000)) return 1;
  }
  page(runner, maker, players);
  stream(runner, {}, "all");
  for (std::uint64_t const rate : {5'000u, 20'000u, 80'000u}) live(runner, tail, appender, maker, rate);
  auto const head = must(log->head()).position.value();
  stream(runner, {}, "all");
  stream(runner, Position(head - 10'000), "last 10,000");
  stream(runner, Position(head - 400'000), "last 400,000");
  return 0;
}

}  // namespace
}  // namespace florin::projections

int main(int argc, char** argv) {
  ::sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  auto const players = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  auto const purchases = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1'000'000;
  return florin::projections::run(players, purchases);
}
