// kill -9 against a writer over the real log: a child journals to a pipe every request that it sends and every answer
// that it gets; after each kill the parent opens the store again and holds it to the journal.
#include <csignal>
#include <map>
#include <random>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "eventstore/store/sqlite_log.h"
#include "tests/support/store.h"
#include "tests/support/temp_folder.h"

namespace florin::eventstore {
namespace {

using namespace test_support;

// Busy counts as refused: nothing was done, and a slow disk makes the queue run full.
enum class Said : std::uint64_t { asked, committed, refused, wrong };

struct Line {
  std::uint64_t number = 0;  // of the request
  Said said = Said::asked;
  std::uint64_t first = 0;  // with committed: the position; with wrong: which outcome
};

// One write of a line is atomic: far below PIPE_BUF.
void journal(int pipe, Line line) { FLORIN_ASSERT(::write(pipe, &line, sizeof line) == sizeof line); }

class JournalReply final : public Reply {
 public:
  JournalReply(int pipe, std::uint64_t number) : pipe_(pipe), number_(number) {}
  void complete(Outcome outcome) override {
    if (auto const* committed = std::get_if<Committed>(&outcome)) {
      journal(pipe_, {number_, Said::committed, committed->commit->first.value()});
    } else if (auto const* why = std::get_if<Unavailable>(&outcome); why != nullptr && *why == Unavailable::busy) {
      journal(pipe_, {number_, Said::refused, 0});
    } else if (std::holds_alternative<domain::Rejection>(outcome)) {
      journal(pipe_, {number_, Said::refused, 0});
    } else {
      journal(pipe_, {number_, Said::wrong, outcome.index()});  // every id is new, and the disk is sound
    }
  }

 private:
  int pipe_;
  std::uint64_t number_;
};

std::string id_of(std::uint64_t number) { return "request-" + std::to_string(number); }

// Purchases by many players of whom some can pay, until it is killed.
[[noreturn]] void run_child(std::filesystem::path const& folder, domain::GameId game, std::uint64_t from, int pipe) {
  auto const log = must(SqliteLog::open(folder / "log.db"));
  WriterOptions options;
  options.checkpoint_every = 20'000;
  Store store(folder, *log, options);
  for (std::uint64_t number = from;; ++number) {
    journal(pipe, {number, Said::asked, 0});
    domain::Command command = purchase(game, number % 50, units(3));
    if (number % 4 == 0) command = credit(game, number % 50, units(5));
    store.writer().submit(
        {std::move(command), request(game, id_of(number)), std::make_unique<JournalReply>(pipe, number)});
    if (number % 64 == 0) std::this_thread::sleep_for(std::chrono::microseconds(300));
  }
}

// What the child says until it dies. It is killed so long after it has said so often that something was committed, or
// after it began, so that every machine, however slow, gets that far.
std::vector<Line> read_and_kill(int pipe, pid_t child, std::size_t committed, std::chrono::milliseconds after) {
  std::vector<Line> lines;
  std::thread killer;
  auto const kill_soon = [&] {
    if (killer.joinable()) return;
    killer = std::thread([child, after] {
      std::this_thread::sleep_for(after);
      ::kill(child, SIGKILL);
    });
  };
  if (committed == 0) kill_soon();
  for (Line line; ::read(pipe, &line, sizeof line) == sizeof line;) {
    lines.push_back(line);
    if (line.said == Said::committed && committed > 0 && --committed == 0) kill_soon();
  }
  kill_soon();
  killer.join();
  return lines;
}

TEST(Crash, NothingAcknowledgedIsLostOrDoubledOverTwentyKills) {
  auto const seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  TempFolder const folder;
  domain::GameId game;
  {
    auto const log = must(SqliteLog::open(folder.path() / "log.db"));
    Store store(folder.path(), *log);
    game = store.make_game();
    ASSERT_TRUE(store.writer().stop().ok());
  }
  std::map<std::uint64_t, std::uint64_t> acknowledged;  // request -> first position
  std::uint64_t number = 0;
  for (int cycle = 0; cycle < 20; ++cycle) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    auto const child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(pipe[0]);
      run_child(folder.path(), game, number, pipe[1]);
    }
    ::close(pipe[1]);
    // One in four may die before it has opened what is there.
    auto const committed = cycle % 4 == 0 ? 0 : 10 + random() % 200;
    auto const lines = read_and_kill(pipe[0], child, committed, std::chrono::milliseconds(random() % 60));
    ::close(pipe[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the child ended by itself";

    std::vector<std::uint64_t> refused;
    for (auto const& line : lines) {
      ASSERT_NE(line.said, Said::wrong) << "outcome " << line.first;
      if (line.said == Said::asked) number = line.number + 1;
      if (line.said == Said::committed) acknowledged[line.number] = line.first;
      if (line.said == Said::refused) refused.push_back(line.number);
    }

    auto const log = must(SqliteLog::open(folder.path() / "log.db"));
    std::map<std::string, std::uint64_t> found;
    auto const cursor = must(log->read(domain::Position(1)));
    while (auto const row = must(cursor->next())) {
      auto const commit = must(decode(row->bytes));
      if (commit.request.id.empty()) continue;
      ASSERT_TRUE(found.emplace(commit.request.id, commit.first.value()).second) << commit.request.id << " is doubled";
    }
    for (auto const& [request, first] : acknowledged) ASSERT_EQ(found[id_of(request)], first) << "lost or moved";
    for (auto const request : refused) ASSERT_FALSE(found.contains(id_of(request))) << "refused and yet there";
    auto const checkpoint = must(must(CheckpointFile::open_read_only(folder.path())).read());
    ASSERT_TRUE(check_checkpoint(*log, checkpoint).ok());
    ASSERT_TRUE(verify(*log, &checkpoint).ok());
  }
  // Whatever was asked is either known or new, exactly as the log says.
  EXPECT_GT(acknowledged.size(), 100u);
  auto const log = must(SqliteLog::open(folder.path() / "log.db"));
  Store store(folder.path(), *log);
  for (auto const& [request_number, first] : acknowledged) {
    auto again = store.ask(purchase(game, 1, units(3)), request(game, id_of(request_number)));
    ASSERT_EQ(std::get<Repeated>(again.get()).original->first.value(), first);
  }
}

}  // namespace
}  // namespace florin::eventstore
