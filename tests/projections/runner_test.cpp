#include "projections/runner.h"

#include <fstream>
#include <future>
#include <set>
#include <thread>

#include <sqlite3.h>

#include "projections/view_file.h"
#include "tests/projections/views_fixture.h"

namespace florin::projections {
namespace {

namespace fs = std::filesystem;
using domain::Position;
using eventstore::Fault;
using eventstore::ResultOr;

// A projection that counts events, of any version, and can be told to fail.
class Counter final : public Projection {
 public:
  explicit Counter(std::string name, int version = 1) : name_(std::move(name)), version_(version) {}
  std::string_view name() const override { return name_; }
  int version() const override { return version_; }
  std::string_view schema() const override { return "CREATE TABLE seen(position INTEGER PRIMARY KEY, count INTEGER)"; }
  ResultOr<std::unique_ptr<ProjectionWriter>> open(Database& database) const override {
    return std::unique_ptr<ProjectionWriter>(std::make_unique<Writer>(*this, database));
  }

  std::vector<int> served_versions() const override { return serves; }

  std::vector<int> serves;
  // While it holds, no commit is folded in.
  mutable std::atomic<bool> holds{false};
  void go_on() {
    holds = false;
    holds.notify_all();
  }
  std::atomic<std::uint64_t> fails_at{0};
  std::atomic<Fault::Kind> fails_with{Fault::Kind::io};

 private:
  class Writer final : public ProjectionWriter {
   public:
    Writer(Counter const& counter, Database& database) : counter_(counter), database_(database) {}
    ResultOr<Unit> apply(domain::Commit const& commit) override {
      counter_.holds.wait(true);
      if (commit.first.value() == counter_.fails_at) return eventstore::fault(counter_.fails_with, "told to fail");
      seen_.emplace_back(commit.first, commit.events.size());
      return Unit{};
    }
    ResultOr<Unit> flush() override {
      auto insert = database_.statement("INSERT INTO seen VALUES(?, ?)");
      if (!insert) return fail(insert.error());
      for (auto const& [position, count] : seen_) {
        if (auto const in = insert.value().run(position, std::uint64_t{count}); !in) return in;
      }
      seen_.clear();
      return Unit{};
    }

   private:
    Counter const& counter_;
    Database& database_;
    std::vector<std::pair<Position, std::size_t>> seen_;
  };

  std::string name_;
  int version_;
};

std::uint64_t events_seen(ViewReader& view) {
  auto sum = view.database().statement("SELECT ifnull(sum(count), 0) FROM seen");
  EXPECT_TRUE(sum);
  EXPECT_TRUE(sum.value().first().value());
  auto const count = sum.value().number(0);
  sum.value().reset();
  return count;
}

// Every row of every table, as text; but for reconciliation's journal, which has an entry a player a transaction and
// so depends on how commits fell into transactions.
std::string contents(fs::path const& file) {
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
  std::string out;
  auto const append = [](void* text, int columns, char** values, char**) {
    for (int i = 0; i < columns; ++i) *static_cast<std::string*>(text) += std::string(values[i]) + "|";
    *static_cast<std::string*>(text) += "\n";
    return 0;
  };
  std::vector<std::string> tables;
  auto const collect = [](void* names, int, char** values, char**) {
    static_cast<std::vector<std::string>*>(names)->emplace_back(values[0]);
    return 0;
  };
  sqlite3_exec(database, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name != 'changes' ORDER BY name",
               collect, &tables, nullptr);
  for (auto const& table : tables) {
    // A blob shows as hexadecimal digits.
    std::string columns;
    auto const quoted = [](void* list, int, char** values, char**) {
      *static_cast<std::string*>(list) +=
          std::string(static_cast<std::string*>(list)->empty() ? "" : ",") + "quote(" + values[1] + ")";
      return 0;
    };
    sqlite3_exec(database, ("PRAGMA table_info(" + table + ")").c_str(), quoted, &columns, nullptr);
    out += table + "\n";
    sqlite3_exec(database, ("SELECT " + columns + " FROM " + table + " ORDER BY 1").c_str(), append, &out, nullptr);
  }
  sqlite3_close(database);
  return out;
}

std::set<std::string> files_in(fs::path const& folder) {
  std::set<std::string> names;
  for (auto const& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

void fill(fs::path const& file, std::string const& bytes) { std::ofstream(file, std::ios::binary) << bytes; }

// Whatever fails meanwhile, the builder does not wait for ever.
struct GoOn {
  Counter& counter;
  ~GoOn() { counter.go_on(); }
};

class RunnerTest : public ViewsTest {
 protected:
  void start(std::vector<Projection const*> projections) {
    tail = std::make_unique<eventstore::Tail>(town.log(), town.log_head());
    runner = std::make_unique<Runner>(town.log(), *tail, folder.path(), std::move(projections), retry_after);
    ASSERT_TRUE(runner->start());
  }
  void restart(std::vector<Projection const*> projections) {
    runner.reset();
    start(std::move(projections));
  }
  void play(int commands) {
    for (int i = 0; i < commands; ++i) town.play_random(30);
  }
  std::uint64_t seen(std::string_view name) {
    auto view = read(name);
    return events_seen(view);
  }

  Counter counter{"counter"};
  std::chrono::milliseconds retry_after = std::chrono::hours(1);  // longer than any test
};

TEST_F(RunnerTest, FollowsTheLog) {
  start({&counter});
  EXPECT_EQ(seen("counter"), 0u);
  play(100);
  EXPECT_EQ(seen("counter"), town.head().value());
  EXPECT_EQ(status("counter").lag, 0u);
  EXPECT_FALSE(runner->wait_for("counter", next(town.head()), 1)) << "nothing is there yet";
  EXPECT_FALSE(runner->wait_for("nothing", Position(1), 1));
  EXPECT_EQ(runner->read("nothing").error().kind, Fault::Kind::missing);
}

class Told final : public ViewWaiter {
 public:
  explicit Told(std::promise<bool> answer) : answer_(std::move(answer)) {}
  void tell(bool reached) override { answer_.set_value(reached); }

 private:
  std::promise<bool> answer_;
};

TEST_F(RunnerTest, TellsThoseWhoWaitWithoutAThread) {
  start({&counter});
  std::vector<std::future<bool>> answers;
  auto const wait = [&](Position position, int timeout_ms) {
    std::promise<bool> answer;
    answers.push_back(answer.get_future());
    return runner->when_reached("counter", position, timeout_ms, std::make_unique<Told>(std::move(answer)));
  };
  ASSERT_TRUE(wait(runner->position("counter"), kPatienceMs));
  EXPECT_TRUE(answers.back().get()) << "there is nothing to wait for";
  answers.clear();
  play(1);
  static_cast<void>(read("counter"));  // from now on the projector moves only when it hears of more
  play(10);
  ASSERT_GT(town.head(), runner->position("counter"));
  for (std::size_t i = 0; i < Runner::kWaitersMax; ++i) ASSERT_TRUE(wait(town.head(), kPatienceMs));
  std::promise<bool> nobodys;
  EXPECT_FALSE(runner->when_reached("counter", town.head(), 1, std::make_unique<Told>(std::move(nobodys))));
  announce();
  for (auto& answer : answers) ASSERT_TRUE(answer.get());
  EXPECT_EQ(runner->position("counter"), town.head());
}

TEST_F(RunnerTest, WhoseTimeIsOverMakesRoomAndWhoWaitsAtTheEndIsTold) {
  start({&counter});
  auto const far = Position(town.head().value() + 1'000'000);
  auto const wait = [&](int timeout_ms) {
    std::promise<bool> answer;
    auto future = answer.get_future();
    EXPECT_TRUE(runner->when_reached("counter", far, timeout_ms, std::make_unique<Told>(std::move(answer))));
    return future;
  };
  std::vector<std::future<bool>> late;
  // The projector may come by meanwhile and make room too.
  for (std::size_t i = 0; i < 2 * Runner::kWaitersMax + 1; ++i) late.push_back(wait(0));
  auto last = wait(kPatienceMs);
  for (std::size_t i = 0; i < Runner::kWaitersMax; ++i) ASSERT_FALSE(late[i].get());
  runner->stop();
  EXPECT_FALSE(last.get());
  EXPECT_FALSE(wait(kPatienceMs).get()) << "nothing moves any more";
}

TEST_F(RunnerTest, CatchesUpWithoutAnyoneWaiting) {
  start({&counter});
  play(50);
  announce();
  for (int tries = 0; tries < 6'000 && status("counter").position < town.head(); ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(status("counter").position, town.head());
}

TEST_F(RunnerTest, GoesOnWhereItStopped) {
  start({&counter});
  play(100);
  static_cast<void>(read("counter"));
  runner.reset();
  play(100);
  start({&counter});
  EXPECT_EQ(seen("counter"), town.head().value());
  EXPECT_EQ(files_in(folder.path()).count("counter.v1.1.db"), 1u) << "not built anew";
}

TEST_F(RunnerTest, AViewThatIsNotThereIsBuiltBeforeItIsRead) {
  play(300);
  start({&counter});
  ASSERT_TRUE(runner->wait_for("counter", town.head(), kPatienceMs));
  EXPECT_EQ(seen("counter"), town.head().value());
  EXPECT_EQ(status("counter").error, "");
}

TEST_F(RunnerTest, ADamagedFileIsBuiltAnew) {
  play(200);
  start({&counter});
  static_cast<void>(read("counter"));
  for (auto const& damage : std::vector<std::string>{"", "not a database at all", std::string(100'000, 'x')}) {
    runner.reset();
    for (auto const& name : files_in(folder.path())) fill(folder.path() / name, damage);
    start({&counter});
    EXPECT_EQ(seen("counter"), town.head().value());
  }
}

TEST_F(RunnerTest, AFileOfAnotherLogIsBuiltAnew) {
  Town other(99);
  for (int i = 0; i < 1'000; ++i) other.play_random(5);
  {
    eventstore::Tail others(other.log(), other.log_head());
    Runner elsewhere(other.log(), others, folder.path(), {&counter});
    ASSERT_TRUE(elsewhere.start());
    ASSERT_TRUE(elsewhere.wait_for("counter", other.head(), kPatienceMs));
  }
  play(100);  // a shorter log
  start({&counter});
  EXPECT_EQ(seen("counter"), town.head().value());
  runner.reset();
  play(3'000);  // and a longer one: the position exists, its link differs
  {
    fs::remove_all(folder.path());
    eventstore::Tail others(other.log(), other.log_head());
    Runner elsewhere(other.log(), others, folder.path(), {&counter});
    ASSERT_TRUE(elsewhere.start());
    ASSERT_TRUE(elsewhere.wait_for("counter", other.head(), kPatienceMs));
  }
  start({&counter});
  EXPECT_EQ(seen("counter"), town.head().value());
}

TEST_F(RunnerTest, AFileThatWasOpenWhenTheMachineWentDownIsNotTrusted) {
  play(100);
  auto const file = folder.path() / "counter.v1.1.db";
  {
    auto view = ViewFile::create(file, counter, ViewFile::Purpose::live);
    ASSERT_TRUE(view);
  }
  ASSERT_TRUE(ViewFile::open(file, counter)) << "a crash of the process alone leaves it good";
  {
    auto database = Database::open(file, Database::Mode::read_write);
    ASSERT_TRUE(database.value()->execute("UPDATE checkpoint SET open_in_boot = x'41'"));
  }
  auto const refused = ViewFile::open(file, counter);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Fault::Kind::corrupt);
  start({&counter});
  EXPECT_EQ(seen("counter"), town.head().value());
}

TEST_F(RunnerTest, ACleanCloseIsTrustedAfterTheMachineWentDown) {
  auto const file = folder.path() / "counter.v1.1.db";
  {
    auto view = ViewFile::create(file, counter, ViewFile::Purpose::live);
    ASSERT_TRUE(view);
    ASSERT_TRUE(view.value()->close());
  }
  auto database = Database::open(file, Database::Mode::read_only);
  auto boot = database.value()->statement("SELECT length(open_in_boot) FROM checkpoint");
  ASSERT_TRUE(boot && boot.value().first().value());
  EXPECT_EQ(boot.value().integer(0), 0);
}

TEST_F(RunnerTest, WhatACrashLeftOverIsRemoved) {
  play(50);
  start({&counter});
  static_cast<void>(read("counter"));
  ASSERT_TRUE(runner->rebuild("counter"));
  wait_for_rebuild("counter");
  runner.reset();
  fs::copy(folder.path() / "counter.v1.2.db", folder.path() / "counter.v1.1.db");  // swapped out, not yet deleted
  fill(folder.path() / "counter.v1.build.db", "half");
  fill(folder.path() / "counter.v1.build.db-journal", "half");
  fill(folder.path() / "counterpart.v1.build.db", "another view's");
  start({&counter});
  EXPECT_EQ(seen("counter"), town.head().value());
  runner.reset();
  EXPECT_EQ(files_in(folder.path()), (std::set<std::string>{"counter.v1.2.db", "counterpart.v1.build.db"}));
}

TEST_F(RunnerTest, AnotherVersionsFileStaysUntilTheNewOneHasCaughtUp) {
  play(200);
  start({&counter});
  static_cast<void>(read("counter"));
  Counter next_version("counter", 2);
  town.append_garbage();
  restart({&next_version});
  wait_for_rebuild("counter");
  EXPECT_TRUE(status("counter").failed) << "the log cannot be read to its end";
  EXPECT_EQ(files_in(folder.path()).count("counter.v1.1.db"), 1u);
}

TEST_F(RunnerTest, AnOlderVersionIsReadUntilTheNewOneIsBuilt) {
  play(200);
  start({&counter});
  auto const before = seen("counter");
  runner.reset();
  play(50);
  Counter next_version("counter", 2);
  next_version.serves = {1};
  next_version.holds = true;
  GoOn const at_the_end{next_version};
  restart({&next_version});
  {
    auto view = runner->read("counter");
    ASSERT_TRUE(view) << view.error().what;
    EXPECT_EQ(events_seen(view.value()), before);
    EXPECT_EQ(view.value().position(), Position(before));
    EXPECT_TRUE(status("counter").readable);
    EXPECT_EQ(status("counter").served_version, 1);
    EXPECT_EQ(status("counter").version, 2);
  }
  next_version.go_on();
  EXPECT_EQ(seen("counter"), town.head().value());
  EXPECT_EQ(status("counter").served_version, 2);
  runner.reset();
  EXPECT_EQ(files_in(folder.path()), (std::set<std::string>{"counter.v2.1.db"}));
}

TEST_F(RunnerTest, AVersionThatReadersCannotReadIsNotServed) {
  play(20);
  start({&counter});
  static_cast<void>(read("counter"));
  Counter next_version("counter", 3);
  next_version.serves = {2};
  next_version.holds = true;
  GoOn const at_the_end{next_version};
  restart({&next_version});
  auto const view = runner->read("counter");
  ASSERT_FALSE(view);
  EXPECT_EQ(view.error().kind, Fault::Kind::missing);
  EXPECT_FALSE(status("counter").readable);
  EXPECT_EQ(status("counter").served_version, 0);
  next_version.go_on();
  EXPECT_EQ(seen("counter"), town.head().value());
  EXPECT_TRUE(status("counter").readable);
}

TEST_F(RunnerTest, ADamagedFileOfAnOlderVersionIsNotServed) {
  play(20);
  start({&counter});
  static_cast<void>(read("counter"));
  runner.reset();
  fill(folder.path() / "counter.v1.1.db", "no database at all");
  Counter next_version("counter", 2);
  next_version.serves = {1};
  start({&next_version});
  EXPECT_EQ(seen("counter"), town.head().value());
  EXPECT_EQ(status("counter").served_version, 2);
}

TEST_F(RunnerTest, ARowThatCannotBeIsReadNoMoreAndTheViewIsBuiltAnewOnce) {
  play(50);
  start({&counter});
  for (int round = 0; round < 2; ++round) {
    {
      auto view = read("counter");
      auto const fault = view.distrust("counter: told so");
      EXPECT_EQ(fault.error.kind, Fault::Kind::corrupt);
    }
    auto const refused = runner->read("counter");
    ASSERT_FALSE(refused);
    if (round == 0) {
      wait_for_rebuild("counter");
      EXPECT_EQ(seen("counter"), town.head().value());
    }
  }
  EXPECT_TRUE(status("counter").failed) << "a disk that damages every file needs a person";
  ASSERT_TRUE(runner->rebuild("counter"));
  wait_for_rebuild("counter");
  EXPECT_EQ(seen("counter"), town.head().value());
}

TEST_F(RunnerTest, AnotherVersionsFileGoesWhenTheNewOneHasCaughtUp) {
  play(200);
  start({&counter});
  static_cast<void>(read("counter"));
  Counter next_version("counter", 2);
  restart({&next_version});
  EXPECT_EQ(seen("counter"), town.head().value());
  runner.reset();
  EXPECT_EQ(files_in(folder.path()), (std::set<std::string>{"counter.v2.1.db"}));
}

TEST_F(RunnerTest, AFaultStopsOnlyThatView) {
  Counter sick("sick");
  start({&counter, &sick});
  play(100);
  static_cast<void>(read("sick"));
  auto const good_until = town.head();
  sick.fails_at = next(good_until).value();
  while (town.head() == good_until) play(1);
  play(100);
  EXPECT_EQ(seen("counter"), town.head().value());
  EXPECT_FALSE(runner->wait_for("sick", town.head(), kPatienceMs)) << "and says so at once";
  auto const sick_status = status("sick");
  EXPECT_TRUE(sick_status.failed);
  EXPECT_EQ(sick_status.error, "told to fail");
  EXPECT_EQ(sick_status.position, good_until);
  EXPECT_FALSE(status("counter").failed);
  auto const refused = runner->read("sick");
  ASSERT_FALSE(refused) << "what it has grows old";
  EXPECT_EQ(refused.error().kind, Fault::Kind::io);
  EXPECT_NE(refused.error().what.find("told to fail"), std::string::npos);

  sick.fails_at = 0;
  ASSERT_TRUE(runner->rebuild("sick"));
  wait_for_rebuild("sick");
  EXPECT_EQ(seen("sick"), town.head().value());
  EXPECT_FALSE(status("sick").failed);
}

TEST_F(RunnerTest, AFaultThatPassesStopsAViewForAWhile) {
  for (auto const kind : {Fault::Kind::io, Fault::Kind::full}) {
    runner.reset();
    retry_after = std::chrono::milliseconds(20);
    Counter sick("sick" + std::to_string(static_cast<int>(kind)));
    start({&counter, &sick});
    play(100);
    static_cast<void>(read(sick.name()));
    sick.fails_with = kind;
    auto const before = town.head();
    sick.fails_at = next(before).value();
    while (town.head() == before) play(1);
    play(50);
    announce();
    EXPECT_FALSE(runner->wait_for(sick.name(), town.head(), kPatienceMs));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // several tries
    EXPECT_EQ(status(sick.name()).position, before);
    sick.fails_at = 0;
    for (int tries = 0; tries < 6'000 && status(sick.name()).lag != 0; ++tries) {
      announce();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_EQ(seen(sick.name()), town.head().value());
    EXPECT_FALSE(status(sick.name()).failed);
    EXPECT_FALSE(status(sick.name()).rebuild) << "it went on from what it had";
    runner.reset();
  }
}

TEST_F(RunnerTest, ABuildThatStoppedOnAFaultThatPassesIsTriedAgain) {
  retry_after = std::chrono::milliseconds(20);
  play(100);
  counter.fails_at = 1;
  start({&counter});
  for (int tries = 0; tries < 6'000 && !status("counter").failed; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_TRUE(status("counter").failed);
  counter.fails_at = 0;
  for (int tries = 0; tries < 6'000 && status("counter").failed; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(seen("counter"), town.head().value());
}

TEST_F(RunnerTest, DamageFoundWhileRunningIsRepairedOnce) {
  start({&counter});
  play(100);
  static_cast<void>(read("counter"));
  counter.fails_with = Fault::Kind::corrupt;
  counter.fails_at = next(town.head()).value();
  auto const before = town.head();
  while (town.head() == before) play(1);
  announce();
  for (int tries = 0; tries < 6'000 && !status("counter").failed; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  wait_for_rebuild("counter");  // which meets the same fault, and is not tried again
  EXPECT_TRUE(status("counter").failed);
  EXPECT_EQ(runner->read("counter").error().kind, Fault::Kind::io) << "a damaged file is not read";
  counter.fails_at = 0;
  ASSERT_TRUE(runner->rebuild("counter"));
  wait_for_rebuild("counter");
  EXPECT_EQ(seen("counter"), town.head().value());
}

TEST_F(RunnerTest, ALogThatCannotBeReadStopsEveryView) {
  start({&counter});
  play(100);
  static_cast<void>(read("counter"));
  auto const whole = town.head();
  runner.reset();
  town.append_garbage();
  start({&counter});
  EXPECT_FALSE(runner->wait_for("counter", town.head(), kPatienceMs));
  EXPECT_TRUE(status("counter").failed);
  EXPECT_EQ(status("counter").position, whole);
}

TEST_F(RunnerTest, ARebuildUnderTrafficGivesTheSameRows) {
  std::vector<Projection const*> const all{&history_projection(), &orders_projection(), &reconciliation_projection(),
                                           &transfers_projection()};
  play(2'000);
  start(all);
  for (auto const* projection : all) static_cast<void>(read(projection->name()));
  for (auto const* projection : all) ASSERT_TRUE(runner->rebuild(projection->name()));
  EXPECT_EQ(runner->rebuild("history").error().kind, Fault::Kind::conflict);
  EXPECT_EQ(runner->rebuild("nothing").error().kind, Fault::Kind::missing);
  auto old = read("history");
  auto const old_position = old.position();
  for (int i = 0; i < 200; ++i) {
    play(20);
    announce();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  for (auto const* projection : all) {
    wait_for_rebuild(projection->name());
    auto const view = read(projection->name());
    EXPECT_EQ(view.position(), town.head());
    EXPECT_FALSE(status(projection->name()).failed) << status(projection->name()).error;
  }
  EXPECT_EQ(old.position(), old_position);
  EXPECT_TRUE(read_history(old, domain::PlayerId(1), {}, 100, {})) << "a reader keeps the generation it has";
  {
    auto const gone = std::move(old);
  }
  runner.reset();
  for (auto const* projection : all) {
    auto const name = std::string(projection->name());
    auto const stem = name + ".v" + std::to_string(projection->version());
    auto const file = folder.path() / (stem + ".2.db");
    auto const rebuilt = contents(file);
    test_support::TempFolder fresh;
    {
      Runner again(town.log(), *tail, fresh.path(), {projection});
      ASSERT_TRUE(again.start());
      ASSERT_TRUE(again.wait_for(name, town.head(), kPatienceMs));
    }
    auto const built = contents(fresh.path() / (stem + ".1.db"));
    EXPECT_TRUE(rebuilt == built) << name;
    EXPECT_FALSE(fs::exists(folder.path() / (stem + ".1.db"))) << "the old generation went with its last reader";
  }
}

TEST_F(RunnerTest, ReadersSeeOnePositionWhileTheProjectorRuns) {
  start({&counter});
  std::atomic<bool> done{false};
  std::thread reader([&] {
    Position last;
    while (!done) {
      auto view = runner->read("counter");
      ASSERT_TRUE(view) << view.error().what;
      EXPECT_GE(view.value().position(), last);
      last = view.value().position();
      for (int i = 0; i < 3; ++i) EXPECT_EQ(events_seen(view.value()), last.value());
    }
  });
  for (int i = 0; i < 300; ++i) {
    play(10);
    announce();
    if (i == 100) {
      ASSERT_TRUE(runner->rebuild("counter"));
    }
    static_cast<void>(runner->wait_for("counter", town.head(), kPatienceMs));
  }
  done = true;
  reader.join();
}

TEST_F(RunnerTest, StopsInTheMiddleOfARebuild) {
  play(5'000);
  start({&counter});
  static_cast<void>(read("counter"));
  ASSERT_TRUE(runner->rebuild("counter"));
  runner->stop();
  runner->stop();
  EXPECT_EQ(runner->rebuild("counter").error().kind, Fault::Kind::missing);
  EXPECT_FALSE(fs::exists(folder.path() / "counter.v1.build.db"));
  restart({&counter});
  EXPECT_EQ(seen("counter"), town.head().value());
}

TEST_F(RunnerTest, AnEmptyLogHasReadableViews) {
  start({&history_projection(), &orders_projection(), &reconciliation_projection(), &transfers_projection()});
  auto view = runner->read("history");
  ASSERT_TRUE(view);
  EXPECT_EQ(view.value().position(), Position{});
  EXPECT_TRUE(read_history(view.value(), domain::PlayerId(1), {}, 10, {}).value().movements.empty());
}

}  // namespace
}  // namespace florin::projections
