// Payouts that the sandbox's bank carries out, and a process that dies on the way.
#include "sagas/payouts/payouts.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "eventstore/store/read_commit.h"
#include "tests/sagas/card_rig.h"

namespace florin::sagas {
namespace {

using domain::Money;
using domain::PayoutId;
using domain::PayoutStatus;
using domain::Position;
using test_support::CardRig;
using test_support::CardWorld;
using test_support::kSecond;
using test_support::MemoryLog;
using test_support::units;

constexpr std::int64_t kDay = domain::kMicrosPerDay;

domain::Usd usd(std::int64_t cents) { return domain::Usd::from_minor(cents); }

// The game earns at least a hundred units: ten dollars.
domain::GameId earning_game(CardRig& rig) {
  auto const game = test_support::live_game(rig);
  if (rig.view().all<domain::ItemPurchased>().empty()) {
    rig.commit(test_support::credit(game, 1, units(1000)));
    rig.commit(test_support::purchase(game, 1, units(1000)));
  }
  return game;
}

domain::RequestPayout request(domain::GameId game, std::string account = "000123456789") {
  return {game,        test_support::somebody(9),    usd(1000), "Aurora Games", std::move(account),
          "021000021", domain::AccountType::checking};
}

std::vector<PayoutStatus> statuses(CardRig const& rig) {
  std::vector<PayoutStatus> all;
  for (auto const& e : rig.view().all<domain::PayoutAdvanced>()) all.push_back(e.status);
  return all;
}

// Counts who reads, and fails on demand.
class WatchedLog final : public eventstore::Log {
 public:
  explicit WatchedLog(MemoryLog& log) : log_(log) {}
  eventstore::ResultOr<eventstore::Epoch> lease() override { return log_.lease(); }
  eventstore::ResultOr<Unit> append(eventstore::Append const& append) override { return log_.append(append); }
  eventstore::ResultOr<std::unique_ptr<eventstore::LogCursor>> read(Position from) override {
    ++reads;
    if (failing) return eventstore::fault(eventstore::Fault::Kind::io, "ordered");
    return log_.read(from);
  }
  eventstore::ResultOr<eventstore::Head> head() override { return log_.head(); }
  void keep_seeds_in(eventstore::SeedKeeper& keeper) override { log_.keep_seeds_in(keeper); }
  std::atomic<int> reads = 0;
  std::atomic<bool> failing = false;

 private:
  MemoryLog& log_;
};

struct PayoutsTest : testing::Test {
  CardWorld world;
  test_support::TempFolder vault;
  MemoryLog log;
  WatchedLog watched{log};
  std::unique_ptr<CardRig> rig;
  domain::GameId game;

  void SetUp() override { start(); }
  void start() {
    rig.reset();
    log.restart();
    rig = std::make_unique<CardRig>(vault.path(), watched, world);
    game = earning_game(*rig);
  }
  PayoutId ask(std::string account = "000123456789") {
    auto const commit = rig->commit(request(game, std::move(account)));
    return std::get<domain::PayoutRequested>(commit->events.back()).payout;
  }
  void advance(PayoutId payout, PayoutStatus status) {
    rig->commit(domain::AdvancePayout{payout, status, ""});
    EXPECT_TRUE(rig->quiet());
  }
  PayoutId processing(std::string account = "000123456789") {
    auto const payout = ask(std::move(account));
    advance(payout, PayoutStatus::approved);
    advance(payout, PayoutStatus::processing);
    return payout;
  }
  // As soon as the payout's day is over.
  void export_day_of(PayoutId payout) {
    auto const day = domain::day_of(rig->ledger().payout(payout)->processing_at);
    ASSERT_TRUE(rig->pass(files_from(day).micros() - world.clock.now().micros()));
    std::vector const payouts{payout};
    auto planned =
        plan_files(log, rig->vault(), {test_support::ach_origin(), false}, day, world.clock.now(), payouts, {});
    rig->commit(std::move(planned).value().command);
  }
  [[nodiscard]] domain::PayoutAdvanced last() const { return rig->view().all<domain::PayoutAdvanced>().back(); }
};

TEST_F(PayoutsTest, TheBankPaysADayLater) {
  auto const payout = processing();
  ASSERT_TRUE(rig->pass(kDay - kSecond));
  EXPECT_EQ(last().status, PayoutStatus::processing);
  ASSERT_TRUE(rig->pass(kSecond));
  EXPECT_EQ(last().status, PayoutStatus::completed);
  EXPECT_EQ(last().payout, payout);
  EXPECT_EQ(rig->sum(domain::Account::payouts_in_flight), Money{});
  EXPECT_EQ(rig->sum(domain::Account::payouts_paid), units(100));
  ASSERT_TRUE(rig->pass(kDay));
  EXPECT_EQ(statuses(*rig).size(), 3u);  // told once
}

TEST_F(PayoutsTest, WhatTheBankReturnsIsOwedAgainAndSaysWhy) {
  for (auto const& [account, note] :
       {std::pair{"000111111116", "R03 no such account"}, std::pair{"000111111113", "R02 account closed"}}) {
    auto const owed = rig->sum(domain::Account::game_revenue);
    processing(account);
    EXPECT_EQ(rig->sum(domain::Account::game_revenue), owed - units(100));
    ASSERT_TRUE(rig->pass(kDay));
    EXPECT_EQ(last().status, PayoutStatus::failed);
    EXPECT_EQ(last().note, note);
    EXPECT_EQ(rig->sum(domain::Account::game_revenue), owed);
  }
  EXPECT_EQ(rig->sum(domain::Account::payouts_in_flight), Money{});
}

TEST_F(PayoutsTest, OnlyWhatIsProcessingGoesToTheBank) {
  ask();
  auto const approved = ask();
  advance(approved, PayoutStatus::approved);
  auto const rejected = ask();
  advance(rejected, PayoutStatus::rejected);
  ASSERT_TRUE(rig->pass(3 * kDay));
  EXPECT_EQ(statuses(*rig), (std::vector{PayoutStatus::approved, PayoutStatus::rejected}));
}

// The operator was quicker than the bank.
TEST_F(PayoutsTest, WhatWasEndedByHandIsLeftAlone) {
  auto const payout = processing();
  advance(payout, PayoutStatus::failed);
  ASSERT_TRUE(rig->pass(2 * kDay));
  EXPECT_EQ(statuses(*rig).size(), 3u);
  EXPECT_EQ(last().status, PayoutStatus::failed);
}

TEST_F(PayoutsTest, SeveralEndEachOnItsOwnDay) {
  auto const first = processing();
  ASSERT_TRUE(rig->pass(kDay / 2));
  auto const second = processing("000111111116");
  ASSERT_TRUE(rig->pass(kDay / 2));
  EXPECT_EQ(last().payout, first);
  EXPECT_EQ(last().status, PayoutStatus::completed);
  ASSERT_TRUE(rig->pass(kDay / 2));
  EXPECT_EQ(last().payout, second);
  EXPECT_EQ(last().status, PayoutStatus::failed);
}

// Its thread also does the sandbox's payments: no file is written, and the log is not read, only to wait.
TEST_F(PayoutsTest, WaitingForTheBankReadsNothing) {
  for (int i = 0; i < 3; ++i) processing();
  int const before = watched.reads;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(rig->pass(kSecond));
  EXPECT_EQ(watched.reads, before);
  ASSERT_TRUE(rig->pass(kDay));
  EXPECT_EQ(watched.reads, before + 3 + 3) << "each once for the day's file and once for the bank's answer";
  EXPECT_EQ(last().status, PayoutStatus::completed);
}

// Nobody exported the day: the sandbox does, once, and the bank answers for what is in a file and for nothing else.
TEST_F(PayoutsTest, TheBankAnswersForWhatIsInAFile) {
  auto const first = processing();
  auto unwritable = request(game);
  unwritable.holder = "\u00a0";
  auto const commit = rig->commit(unwritable);
  auto const second = std::get<domain::PayoutRequested>(commit->events.back()).payout;
  advance(second, PayoutStatus::approved);
  advance(second, PayoutStatus::processing);
  ASSERT_TRUE(rig->pass(2 * kDay));
  auto const files = rig->view().all<domain::PayoutFileWritten>();
  ASSERT_EQ(files.size(), 1u);
  ASSERT_EQ(files.front().files.size(), 1u);
  EXPECT_EQ(files.front().files.front().payouts, std::vector{first});
  EXPECT_EQ(files.front().left_out, (std::vector<domain::LeftOutPayout>{{second, domain::LeftOutReason::holder}}));
  EXPECT_EQ(last().payout, first);
  EXPECT_EQ(last().status, PayoutStatus::completed);
  ASSERT_TRUE(rig->pass(30 * kDay));
  EXPECT_EQ(rig->ledger().payout(second)->status, PayoutStatus::processing) << "until an operator fails it";
  advance(second, PayoutStatus::failed);
  EXPECT_EQ(rig->sum(domain::Account::payouts_in_flight), Money{});
}

// The bank has paid it: what cannot be read for a moment is no reason to owe the money again.
TEST_F(PayoutsTest, AReadThatFailsFailsNoPayout) {
  export_day_of(processing());
  watched.failing = true;
  ASSERT_TRUE(rig->pass(kDay));
  EXPECT_EQ(last().status, PayoutStatus::processing);
  watched.failing = false;
  ASSERT_TRUE(rig->pass(kSecond));
  EXPECT_EQ(last().status, PayoutStatus::completed);
}

// Likewise: who was erased after the file went to the bank is paid all the same.
TEST_F(PayoutsTest, WhatTheBankHasOfSomebodyErasedIsLeftToAnOperator) {
  auto const payout = processing();
  export_day_of(payout);
  auto const contact = rig->view().all<domain::PayoutRequested>().front().contact;
  rig.reset();
  ASSERT_TRUE(test_support::must(eventstore::Vault::open(vault.path()))->destroy(contact));
  start();
  ASSERT_TRUE(rig->pass(3 * kDay));
  EXPECT_EQ(rig->ledger().payout(payout)->status, PayoutStatus::processing);
  advance(payout, PayoutStatus::completed);
  EXPECT_EQ(rig->sum(domain::Account::payouts_paid), units(100));
}

// What the first export fixed is what every later one gives, whatever became of the payouts and of the settings.
TEST_F(PayoutsTest, AWrittenFileIsTheSameBytesForEver) {
  std::vector<PayoutId> const payouts{processing(), processing("000111111116"), processing()};
  AchSettings const settings{test_support::ach_origin(), false};
  auto const day = domain::day_of(rig->ledger().payout(payouts.front())->processing_at);
  auto const created = files_from(day) + 55 * 3'600 * kSecond;
  auto planned = plan_files(log, rig->vault(), settings, day, created, payouts, {});
  ASSERT_TRUE(planned.ok());
  ASSERT_EQ(planned.value().texts.size(), 1u);
  auto const text = planned.value().texts.front();
  auto const again = plan_files(log, rig->vault(), settings, day, created, payouts, {});
  EXPECT_EQ(again.value().texts.front(), text);
  rig->commit(planned.value().command);
  advance(payouts[0], PayoutStatus::failed);
  start();
  ASSERT_TRUE(rig->pass(3 * kDay));
  auto const event = rig->view().all<domain::PayoutFileWritten>().front();
  EXPECT_EQ(event.created, created) << "of the export, not of the midnight before";
  auto const made = file_again(log, rig->vault(), event, event.files.front());
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made.value().text, text);
  EXPECT_EQ(rig->view().all<domain::PayoutFileWritten>().size(), 1u);
  // Where the same bytes cannot be had any more, none are given.
  auto altered = event.files.front();
  altered.digest[0] ^= 1;
  auto const other = file_again(log, rig->vault(), event, altered);
  ASSERT_TRUE(other.ok());
  EXPECT_TRUE(other.value().text.empty() && !other.value().why.empty());
  auto const contact = std::get<domain::PayoutRequested>(
                           test_support::must(eventstore::read_commit(log, payouts[1].position()))->events.back())
                           .contact;
  rig.reset();
  auto keys = test_support::must(eventstore::Vault::open(vault.path()));
  ASSERT_TRUE(keys->destroy(contact));
  auto const erased = file_again(log, *keys, event, event.files.front());
  ASSERT_TRUE(erased.ok());
  EXPECT_TRUE(erased.value().text.empty());
  EXPECT_NE(erased.value().why.find("erased"), std::string::npos);
}

TEST_F(PayoutsTest, ADayOfTwoFilesIsMadeAgainFileByFile) {
  constexpr std::int64_t kSale = 999'998;  // the largest price of an item, in whole units
  for (int i = 0; i < 13; ++i) {
    rig->commit(test_support::credit(game, 1, units(kSale)));
    rig->commit(test_support::purchase(game, 1, units(kSale)));
  }
  auto large = request(game);
  large.usd = domain::kMaxSameDayAmount + usd(1);
  auto const asked = rig->commit(large);
  auto const first = std::get<domain::PayoutRequested>(asked->events.back()).payout;
  advance(first, PayoutStatus::approved);
  advance(first, PayoutStatus::processing);
  auto const second = processing();
  auto const day = domain::day_of(rig->ledger().payout(first)->processing_at);
  AchSettings const settings{test_support::ach_origin(), true};
  auto const planned = plan_files(log, rig->vault(), settings, day, files_from(day), rig->ledger().payouts_of(day), {});
  ASSERT_TRUE(planned.ok());
  ASSERT_EQ(planned.value().texts.size(), 2u) << "what is too large for the same day has a file of its own";
  rig->commit(planned.value().command);
  start();
  auto const event = rig->view().all<domain::PayoutFileWritten>().front();
  EXPECT_EQ(event.files[0].payouts, std::vector{second});
  EXPECT_EQ(event.files[1].payouts, std::vector{first});
  EXPECT_EQ(event.files[1].letter, 'B');
  EXPECT_EQ(event.files[1].first_trace, 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    auto const again = file_again(log, rig->vault(), event, event.files[i]);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again.value().text, planned.value().texts[i]);
    EXPECT_TRUE(SandboxBank().submit(again.value().text).ok());
  }
}

// day.ach was made by the release before there were events of files: its entries give its bytes, to the last one.
TEST(OldDays, KeepTheirBytes) {
  auto const golden = [] {
    std::ifstream in(FLORIN_SOURCE_DIR "/tests/golden/ach/day.ach", std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }();
  AchOrigin origin{"091000019",      "Sandbox Bank", "091000019", "Florin Sandbox",
                   "Florin Sandbox", "1234567890",   "09100001",  "PAYOUT"};
  origin.origin = golden.substr(13, 10);
  if (origin.origin.starts_with(' ')) origin.origin.erase(0, 1);
  auto const read = read_nacha(golden);
  ASSERT_TRUE(read.ok()) << read.error();
  auto entries = read.value().entries;
  ASSERT_EQ(entries.size(), 5u);
  entries[1].holder = "Ünicode Spiele GmbH & Co. KG";
  entries[2].holder = "株式会社任天堂";
  entries[3].holder = "Straße";
  entries[4].holder = "Łódź Gry Sp. z o.o.";
  domain::Day const day = std::chrono::sys_days(std::chrono::year(2026) / 12 / 2);
  EXPECT_EQ(write_nacha(old_file(origin, day, entries)).value(), golden);
}

// A return comes up to two banking days after the money: the operator says so.
TEST_F(PayoutsTest, WhatTheBankHadPaidCanStillComeBack) {
  auto const owed = rig->sum(domain::Account::game_revenue);
  auto const payout = processing();
  ASSERT_TRUE(rig->pass(kDay));
  ASSERT_EQ(last().status, PayoutStatus::completed);
  start();  // the ledger remembers it
  ASSERT_TRUE(rig->pass(2 * kDay));
  advance(payout, PayoutStatus::failed);
  EXPECT_TRUE(last().was_completed);
  EXPECT_EQ(rig->sum(domain::Account::payouts_paid), Money{});
  EXPECT_EQ(rig->sum(domain::Account::payouts_in_flight), Money{});
  EXPECT_EQ(rig->sum(domain::Account::game_revenue), owed);
}

TEST_F(PayoutsTest, AnEntryIsWhatWasAskedForAndOpensOnlyHere) {
  auto const payout = ask();
  auto const entry = entry_of(log, rig->vault(), payout);
  ASSERT_TRUE(entry.ok());
  EXPECT_EQ(entry.value(),
            (AchEntry{payout, "Aurora Games", "021000021", "000123456789", domain::AccountType::checking, usd(1000)}));
  EXPECT_EQ(entry_of(log, rig->vault(), PayoutId(1)).error().kind, eventstore::Fault::Kind::missing);
  for (auto const& row : log.rows()) {
    EXPECT_EQ(row.bytes.find("000123456789"), std::string::npos);
    EXPECT_EQ(row.bytes.find("Aurora"), std::string::npos);
  }
}

// Nobody is left unpaid in silence: who cannot be paid is named, until the operator has failed that payout.
TEST_F(PayoutsTest, AFileIsMadeWithoutTheErasedWhosePayoutFailed) {
  auto const first = processing();
  auto erased_request = request(game);
  erased_request.contact = test_support::somebody(8);
  auto const commit = rig->commit(erased_request);
  auto const asked = std::get<domain::PayoutRequested>(commit->events.back());
  auto const last = processing();
  auto const ids = [](DayEntries const& day) {
    std::vector<PayoutId> payouts;
    for (auto const& entry : day.entries) payouts.push_back(entry.payout);
    return payouts;
  };
  std::vector<DayPayout> payouts{{first, true}, {asked.payout, false}, {last, false}};
  auto const before = entries_of(log, rig->vault(), payouts);
  ASSERT_TRUE(before.ok());
  EXPECT_EQ(before.value().unreadable, std::nullopt);
  EXPECT_EQ(ids(before.value()), (std::vector{first, asked.payout, last})) << "who can be opened is never left out";
  rig.reset();
  auto keys = test_support::must(eventstore::Vault::open(vault.path()));
  ASSERT_TRUE(keys->destroy(asked.contact));
  auto const open = entries_of(log, *keys, payouts);
  ASSERT_TRUE(open.ok());
  EXPECT_EQ(open.value().unreadable, asked.payout);
  payouts[1].has_failed = true;
  auto const failed = entries_of(log, *keys, payouts);
  ASSERT_TRUE(failed.ok());
  EXPECT_EQ(failed.value().unreadable, std::nullopt);
  EXPECT_EQ(ids(failed.value()), (std::vector{first, last}));
  // Nothing is sealed for them again: a payout that they ask for is not readable from the start.
  keys.reset();
  start();
  auto const again = rig->commit(erased_request);
  auto const payout = std::get<domain::PayoutRequested>(again->events.back()).payout;
  EXPECT_EQ(entry_of(log, rig->vault(), payout).error().kind, eventstore::Fault::Kind::missing);
}

TEST_F(PayoutsTest, NothingIsAskedOrReportedAfterAStop) {
  processing();
  rig->loop().stop();
  world.clock.advance(2 * kDay);
  auto const commits = rig->view().commits().size();
  rig->payouts().check();  // nobody else runs it now
  ASSERT_TRUE(rig->payouts().is_idle());
  rig->commit(test_support::credit(game, 1, units(1)));  // behind whatever else was submitted
  EXPECT_EQ(rig->view().commits().size(), commits + 1);
  start();
  ASSERT_TRUE(rig->quiet());
  EXPECT_EQ(last().status, PayoutStatus::completed);
  EXPECT_EQ(rig->sum(domain::Account::payouts_in_flight), Money{});
}

// In the middle of the bank's answers: each is reported before the stop or after the restart, and once.
TEST_F(PayoutsTest, AStopWithAnswersUnderWayLosesAndDoublesNone) {
  constexpr std::size_t kPayouts = 8;
  for (std::size_t i = 0; i < kPayouts; ++i) processing(i % 2 == 0 ? "000123456789" : "000111111116");
  world.clock.advance(kDay);
  rig->loop().check();
  rig->loop().stop();
  start();
  ASSERT_TRUE(rig->quiet());
  ASSERT_TRUE(rig->pass(kDay));
  auto const all = statuses(*rig);
  EXPECT_EQ(std::ranges::count(all, PayoutStatus::completed), kPayouts / 2);
  EXPECT_EQ(std::ranges::count(all, PayoutStatus::failed), kPayouts / 2);
  EXPECT_EQ(rig->view().all<domain::PayoutFileWritten>().size(), 1u);
  EXPECT_EQ(rig->sum(domain::Account::payouts_in_flight), Money{});
}

TEST_F(PayoutsTest, ADeathAtAnyCommitChangesNothing) {
  struct Case {
    char const* account;
    PayoutStatus end;
  };
  for (auto const& [account, end] :
       {Case{"000123456789", PayoutStatus::completed}, Case{"000111111116", PayoutStatus::failed}}) {
    // requested, approved, processing, the day's file, ended: the commit at which the process dies.
    for (std::size_t death = 1; death <= 5; ++death) {
      for (auto const how : {MemoryLog::Failure::absent, MemoryLog::Failure::durable}) {
        SCOPED_TRACE(testing::Message() << account << ", death " << death << " "
                                        << (how == MemoryLog::Failure::absent ? "not written" : "written"));
        CardWorld other;
        test_support::TempFolder keys;
        MemoryLog own;
        test_support::MortalLog mortal(own);
        auto const play = [&](CardRig& process, domain::GameId of) {
          using enum PayoutStatus;
          if (process.view().all<domain::PayoutRequested>().empty()) (void)process.ask(request(of, account));
          for (auto const next : {approved, processing}) {
            auto const asked = process.view().all<domain::PayoutRequested>();
            auto const open = asked.empty() ? std::nullopt : process.ledger().payout(asked.front().payout);
            if (open && domain::can_follow(next, open->status)) {
              (void)process.ask(domain::AdvancePayout{open->payout, next, ""});
            }
          }
          EXPECT_TRUE(process.pass(kDay));
        };
        {
          CardRig process(keys.path(), mortal, other);
          auto const of = earning_game(process);
          mortal.die_at(death, how);
          play(process, of);
          EXPECT_LT(statuses(process).size(), 3u) << "it went on after its death";
        }
        own.restart();
        CardRig process(keys.path(), own, other);
        play(process, earning_game(process));
        EXPECT_EQ(process.view().all<domain::PayoutRequested>().size(), 1u);
        EXPECT_EQ(process.view().all<domain::PayoutFileWritten>().size(), 1u);
        EXPECT_EQ(statuses(process), (std::vector{PayoutStatus::approved, PayoutStatus::processing, end}));
        EXPECT_EQ(process.sum(domain::Account::payouts_in_flight), Money{});
        EXPECT_EQ(process.sum(domain::Account::payouts_paid), end == PayoutStatus::completed ? units(100) : Money{});
      }
    }
  }
}

}  // namespace
}  // namespace florin::sagas
