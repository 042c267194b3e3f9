// What every implementation of Log must keep (eventstore/store/log.h). A new one is a struct more in `Implementations`.

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "eventstore/store/codec.h"
#include "eventstore/store/sqlite_log.h"
#include "tests/eventstore/log_rows.h"
#include "tests/eventstore/temporary_folder.h"
#include "tests/support/memory_log.h"

namespace florin::eventstore {
namespace {

struct InSqlite {
  // Anew for each process that opens the log; the one before is gone then.
  Log& open() {
    log.reset();
    auto made = SqliteLog::open(folder / "log.db");
    if (!made) throw std::runtime_error(made.error().what);
    log = std::move(made).value();
    return *log;
  }
  // What another process gets, beside the one that has the log open.
  ResultOr<Epoch> lease_elsewhere() {
    auto made = SqliteLog::open(folder / "log.db");
    if (!made) return fail(made.error());
    return made.value()->lease();
  }

  TemporaryFolder const folder;
  std::unique_ptr<SqliteLog> log;
};

// The tests' own: what is tested with it is tested with a log that keeps the contract.
struct InMemory {
  Log& open() {
    log.restart();
    return log;
  }
  ResultOr<Epoch> lease_elsewhere() { return fault(Fault::Kind::conflict, "one owner: the test"); }

  test_support::MemoryLog log;
};

template <class Implementation>
class LogContract : public testing::Test {
 protected:
  Implementation implementation;
};

using Implementations = testing::Types<InSqlite, InMemory>;
TYPED_TEST_SUITE(LogContract, Implementations);

using Positions = std::vector<std::uint64_t>;

TYPED_TEST(LogContract, IsEmptyAtFirst) {
  auto& log = this->implementation.open();
  EXPECT_EQ(log.head().value(), Head{});
  EXPECT_TRUE(positions(log, Position(1)).empty());
}

TYPED_TEST(LogContract, ReadsBackWhatWasAppendedAlsoAfterReopening) {
  auto* log = &this->implementation.open();
  ASSERT_TRUE(append(*log, Position(), {1, 3, 4}));
  ASSERT_TRUE(append(*log, Position(4), {9}));
  auto const head = log->head().value();
  EXPECT_EQ(head.position, Position(9));
  for (int lives = 0; lives < 2; ++lives) {
    EXPECT_EQ(log->head().value(), head);
    EXPECT_EQ(positions(*log, Position()), (Positions{1, 3, 4, 9}));
    log = &this->implementation.open();
  }
  EXPECT_TRUE(append(*log, Position(9), {10}));
}

TYPED_TEST(LogContract, ReadingStartsAtTheCommitThatContainsThePosition) {
  auto& log = this->implementation.open();
  ASSERT_TRUE(append(log, Position(), {1, 3, 7}));
  EXPECT_EQ(positions(log, Position(2)), (Positions{3, 7}));
  EXPECT_EQ(positions(log, Position(3)), (Positions{3, 7}));
  EXPECT_EQ(positions(log, Position(4)), (Positions{7}));
  EXPECT_TRUE(positions(log, Position(8)).empty());
  EXPECT_TRUE(positions(log, Position(~0ull)).empty());
}

TYPED_TEST(LogContract, ACaughtUpCursorFindsWhatCameLater) {
  auto& log = this->implementation.open();
  for (std::uint64_t const from : {1, 2}) {
    auto const head = log.head().value().position.value();
    ASSERT_TRUE(append(log, Position(head), {head + 1}));
    auto const cursor = std::move(log.read(Position(from))).value();
    while (cursor->next().value()) {
    }
    EXPECT_FALSE(cursor->next().value()) << "nothing, however often it is asked";
    ASSERT_TRUE(append(log, Position(head + 1), {head + 2}));
    EXPECT_EQ(cursor->next().value()->last, Position(head + 2));
    EXPECT_FALSE(cursor->next().value());
  }
  // One that began where nothing was yet.
  auto const head = log.head().value().position.value();
  auto const early = std::move(log.read(Position(head + 2))).value();
  EXPECT_FALSE(early->next().value());
  ASSERT_TRUE(append(log, Position(head), {head + 1, head + 2}));
  EXPECT_EQ(early->next().value()->last, Position(head + 2));
}

TYPED_TEST(LogContract, LongScansComeInOrder) {
  auto& log = this->implementation.open();
  for (std::uint64_t first = 1; first < 5000; first += 500) {
    ASSERT_TRUE(append(log, Position(first - 1), range(first, first + 499)));
  }
  EXPECT_EQ(positions(log, Position(1)), range(1, 5000));
  EXPECT_EQ(positions(log, Position(4321)), range(4321, 5000));
}

TYPED_TEST(LogContract, LargeCommitsComeBackWhole) {
  auto& log = this->implementation.open();
  std::vector<std::string> bytes;
  for (std::size_t i = 0; i < 5; ++i) bytes.emplace_back(kMaxCommitBytes - i, static_cast<char>('a' + i));
  for (std::uint64_t i = 0; i < bytes.size(); ++i) {
    ASSERT_TRUE(append_one(log, Position(i), Position(i + 1), bytes[i]));
  }
  auto const cursor = std::move(log.read(Position(1))).value();
  for (auto const& each : bytes) EXPECT_EQ(cursor->next().value()->bytes, each);
}

// Two writers that decided on the same head: the second one's commits must not stand beside the first one's.
TYPED_TEST(LogContract, AnAppendThatExpectsAnotherHeadLeavesNothingBehind) {
  for (std::uint64_t const expected : {0, 4, 6, 7}) {
    auto* log = &this->implementation.open();
    if (log->head().value().position == Position()) {
      ASSERT_TRUE(append(*log, Position(), {5}));
    }
    EXPECT_EQ(append(*log, Position(expected), {expected + 2, expected + 3}).error().kind, Fault::Kind::conflict);
    EXPECT_EQ(positions(*log, Position(1)), (Positions{5}));
  }
}

TYPED_TEST(LogContract, AfterAFaultEveryAppendIsRefusedUntilItIsOpenedAgain) {
  auto* log = &this->implementation.open();
  ASSERT_TRUE(append(*log, Position(), {5}));
  ASSERT_FALSE(append(*log, Position(4), {6}));
  EXPECT_FALSE(append(*log, Position(5), {6}));
  EXPECT_EQ(log->head().value().position, Position(5));
  EXPECT_EQ(positions(*log, Position(1)), (Positions{5})) << "reads go on";
  log = &this->implementation.open();
  EXPECT_TRUE(append(*log, Position(5), {6}));
}

// Keeps seeds as a vault does, or fails.
struct Keeper final : SeedKeeper {
  ResultOr<Unit> keep(std::span<PersonSeed const> seeds) override {
    head = log->head().value().position;
    if (failing) return fault(Fault::Kind::full, "no room");
    kept.insert(kept.end(), seeds.begin(), seeds.end());
    return Unit{};
  }
  Log* log = nullptr;
  bool failing = false;
  Position head;  // of the log, when it was asked
  std::vector<PersonSeed> kept;
};

TYPED_TEST(LogContract, SeedsAreKeptBeforeTheirCommitsAreThere) {
  auto& log = this->implementation.open();
  Keeper keeper;
  keeper.log = &log;
  log.keep_seeds_in(keeper);
  PersonSeed const seed{domain::IdentityId(7), {1, 2, 3}};
  ASSERT_TRUE(append_one(log, Position(), Position(3), "three", {&seed, 1}));
  EXPECT_EQ(keeper.head, Position());
  EXPECT_EQ(keeper.kept.size(), 1u);
  EXPECT_EQ(keeper.kept[0].identity, seed.identity);
  EXPECT_EQ(keeper.kept[0].seed, seed.seed);
  EXPECT_EQ(log.head().value().position, Position(3));
}

// A writer whose head is not the log's would replace the seeds of people whom another one has registered.
TYPED_TEST(LogContract, ARefusedAppendKeepsNoSeed) {
  auto& log = this->implementation.open();
  Keeper keeper;
  keeper.log = &log;
  log.keep_seeds_in(keeper);
  ASSERT_TRUE(append(log, Position(), {5}));
  PersonSeed const seed{domain::IdentityId(7), {1}};
  EXPECT_EQ(append_one(log, Position(4), Position(6), "six", {&seed, 1}).error().kind, Fault::Kind::conflict);
  EXPECT_TRUE(keeper.kept.empty());
}

TYPED_TEST(LogContract, WithoutItsSeedsNoCommitIsAppended) {
  auto* log = &this->implementation.open();
  Keeper keeper;
  keeper.log = log;
  keeper.failing = true;
  log->keep_seeds_in(keeper);
  PersonSeed const seed{domain::IdentityId(7), {1}};
  EXPECT_EQ(append_one(*log, Position(), Position(1), "one", {&seed, 1}).error().kind, Fault::Kind::full);
  EXPECT_FALSE(append(*log, Position(), {1})) << "as after every fault";
  EXPECT_EQ(log->head().value(), Head{});
  log = &this->implementation.open();
  EXPECT_EQ(log->head().value(), Head{});
}

StoredCommit after(domain::Digest const& link, std::uint64_t last, std::string_view bytes) {
  return {Position(last), bytes, chain_link(link, Position(last), bytes)};
}

TYPED_TEST(LogContract, WithoutTheLeaseNothingIsAppended) {
  auto& log = this->implementation.open();
  Keeper keeper;
  keeper.log = &log;
  log.keep_seeds_in(keeper);
  auto const row = after({}, 1, "one");
  PersonSeed const seed{domain::IdentityId(7), {1}};
  for (std::uint64_t number = 0; number < 3; ++number) {
    EXPECT_EQ(log.append({Position(), Epoch{number}, {&row, 1}, {&seed, 1}}).error().kind, Fault::Kind::conflict);
  }
  EXPECT_TRUE(keeper.kept.empty());
  EXPECT_EQ(log.head().value(), Head{});
  EXPECT_TRUE(append(log, Position(), {1})) << "whoever takes the lease is not stopped by those who had none";
}

TYPED_TEST(LogContract, WhoLostTheLeaseCanAppendNoMore) {
  auto& log = this->implementation.open();
  Keeper keeper;
  keeper.log = &log;
  log.keep_seeds_in(keeper);
  auto const former = log.lease().value();
  auto const one = after({}, 1, "one");
  auto const two = after(one.link, 2, "two");
  auto const three = after(two.link, 3, "three");
  PersonSeed const seed{domain::IdentityId(7), {1}};
  ASSERT_TRUE(log.append({Position(), former, {&one, 1}}));
  auto const latter = log.lease().value();
  EXPECT_NE(former, latter);
  EXPECT_EQ(log.append({Position(1), former, {&two, 1}, {&seed, 1}}).error().kind, Fault::Kind::conflict);
  EXPECT_TRUE(keeper.kept.empty());
  EXPECT_EQ(log.head().value().position, Position(1));
  ASSERT_TRUE(log.append({Position(1), latter, {&two, 1}, {&seed, 1}})) << "the old writer did not stop the new one";
  ASSERT_TRUE(log.append({Position(2), latter, {&three, 1}})) << "a lease is good for many appends";
  EXPECT_EQ(keeper.kept.size(), 1u);
  EXPECT_EQ(log.head().value().position, Position(3));
}

TYPED_TEST(LogContract, TheLeaseEndsWithTheProcess) {
  auto* log = &this->implementation.open();
  auto const former = log->lease().value();
  log = &this->implementation.open();
  auto const row = after({}, 1, "one");
  EXPECT_EQ(log->append({Position(), former, {&row, 1}}).error().kind, Fault::Kind::conflict);
  EXPECT_TRUE(append(*log, Position(), {1}));
}

TYPED_TEST(LogContract, ANewLeaseDoesNotUndoAFault) {
  auto& log = this->implementation.open();
  ASSERT_TRUE(append(log, Position(), {5}));
  ASSERT_FALSE(append(log, Position(4), {6}));
  auto const row = after({}, 6, "six");
  EXPECT_FALSE(log.append({Position(5), log.lease().value(), {&row, 1}}));
  EXPECT_EQ(log.head().value().position, Position(5));
}

TYPED_TEST(LogContract, OneWriterAtATime) {
  auto const held = this->implementation.open().lease();
  ASSERT_TRUE(held);
  EXPECT_EQ(this->implementation.lease_elsewhere().error().kind, Fault::Kind::conflict);
  auto& log = this->implementation.open();  // the first one is gone
  EXPECT_TRUE(append(log, Position(), {1}));
}

TYPED_TEST(LogContract, ManyReadersFollowOneWriter) {
  auto& log = this->implementation.open();
  constexpr std::uint64_t kRows = 3000;
  std::atomic<bool> failed{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      auto cursor = std::move(log.read(Position(1))).value();
      for (std::uint64_t expected = 1; expected <= kRows && !failed;) {
        auto const next = cursor->next();
        if (!next) {
          failed = true;
        } else if (next.value()) {
          if (next.value()->last != Position(expected++)) failed = true;
        } else if (expected % 7 == 0) {
          if (!log.head()) failed = true;
          cursor = std::move(log.read(Position(expected))).value();
        }
      }
    });
  }
  for (std::uint64_t last = 0; last < kRows; last += 10) {
    if (!append(log, Position(last), range(last + 1, last + 10))) failed = true;
  }
  for (auto& reader : readers) reader.join();
  EXPECT_FALSE(failed);
}

}  // namespace
}  // namespace florin::eventstore
