#include "eventstore/engine/state_file.h"

#include <cstring>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/eventstore/open_matters.h"
#include "tests/support/memory_log.h"
#include "tests/support/temp_folder.h"

namespace florin::eventstore {
namespace {

namespace fs = std::filesystem;
using namespace test_support;
using domain::Position;
using domain::State;

constexpr BlockFileKind kKind{"FLORINTT", 1};

std::string content(fs::path const& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

class StateFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto const row_keys = must(RowKeys::create(folder.path() / "rows.keys"));
    Store store(folder.path(), log, {}, {64, 1u << 20}, &row_keys);
    matters = open_matters(store);
    recovered = must(store.writer().stop());
  }

  [[nodiscard]] State const& state() const { return recovered.state; }
  [[nodiscard]] fs::path file() const { return folder.path() / "state"; }

  // The state's games and rows and nothing of its open matters.
  [[nodiscard]] State rows() const {
    State out;
    out.restore_games(state().games());
    auto const copy = [](auto const& from, auto restore) {
      for (std::size_t i = 0; i < from.size(); ++i) restore(from[i]);
    };
    copy(state().identity_rows(), [&](auto const& row) { out.restore_identity(row); });
    copy(state().player_rows(), [&](auto const& row) { out.restore_player(row); });
    copy(state().wallet_rows(), [&](auto const& row) { out.restore_wallet(row); });
    return out;
  }

  // What put_open_matters writes, without the file's frame.
  [[nodiscard]] std::string bytes() const {
    auto writer = must(BlockWriter::create(file(), kKind));
    put_open_matters(*writer, state());
    must(writer->commit());
    auto const whole = content(file());
    std::uint64_t size = 0;
    std::memcpy(&size, whole.data() + 16, sizeof size);
    return whole.substr(24, size);
  }

  // Whether these bytes are taken for the rest of a state. The file is framed by hand: a real one is synced.
  bool get(std::string_view with, State& into) const {
    std::string whole("FLORINTT\1\0\0\0\0\0\0\0", 16);
    auto digest = sha256(whole);
    for (std::uint64_t block = 0; block < 2; ++block, with = {}) {
      std::uint64_t const size = with.size();
      digest = chain_link(digest, Position(block), with);
      whole.append(reinterpret_cast<char const*>(&size), sizeof size).append(with);
      whole.append(reinterpret_cast<char const*>(digest.data()), digest.size());
      if (size == 0) break;
    }
    std::ofstream(file(), std::ios::binary | std::ios::trunc) << whole;
    auto reader = must(BlockReader::open(file(), kKind));
    return get_open_matters(*reader, into) && reader->at_end();
  }
  [[nodiscard]] bool takes(std::string_view with) const {
    auto into = rows();
    return get(with, into);
  }

  TempFolder folder;
  MemoryLog log;
  OpenMatters matters;
  Recovered recovered;
};

void set_word(std::string& bytes, std::size_t at, std::uint64_t value) {
  ASSERT_LE(at + 8, bytes.size());
  std::memcpy(bytes.data() + at, &value, 8);
}

TEST_F(StateFileTest, TheTownHasEverythingOpen) {
  using namespace domain;
  auto const& transfers = state().transfers();
  EXPECT_EQ(transfers.size(), 5u);
  EXPECT_EQ(transfers.at(matters.fresh).pins_issued, 1);
  EXPECT_EQ(transfers.at(matters.tried).pins_issued, 2);
  EXPECT_EQ(transfers.at(matters.tried).wrong_pins, 2);
  EXPECT_EQ(transfers.at(matters.verified).stage, TransferStage::claim);
  EXPECT_EQ(transfers.at(matters.asked).guardian, GuardianState::pending);
  EXPECT_EQ(transfers.at(matters.approved).guardian, GuardianState::approved);
  ASSERT_NE(state().shares().find(matters.share), nullptr);
  EXPECT_EQ(state().shares().find(matters.share)->wrong_codes, 1);
  EXPECT_EQ(state().questions().size(), 2u);
  EXPECT_EQ(state().minors().size(), 2u);
  EXPECT_FALSE(state().owed_texts().empty());
  EXPECT_FALSE(state().velocity().entries().empty());
  EXPECT_EQ(state().phones().people(phone(1).index).size(), 2u);

  EXPECT_EQ(state().orders().size(), 2u);
  EXPECT_TRUE(state().orders().at(matters.ordered).reference.empty());
  EXPECT_EQ(state().orders().at(matters.challenged).reference, "pi_00001");
  EXPECT_NE(state().orders().at(matters.challenged).challenge_expires_at, Timestamp{});
  auto const& returned = state().returned_orders();
  ASSERT_EQ(returned.size(), 1u);
  EXPECT_EQ(returned.at(matters.returned).refunds.size(), 3u);
  EXPECT_EQ(returned.at(matters.returned).disputes.size(), 2u);
  EXPECT_EQ(state().payouts().size(), 3u) << "the completed one may still come back";
  EXPECT_EQ(state().payouts().at(matters.processing).status, PayoutStatus::processing);
  EXPECT_EQ(state().payout_files().size(), 1u);
  EXPECT_TRUE(state().payouts().at(matters.processing).filed);
  EXPECT_EQ(state().revenues().at(0).in_flight, units(70));
  EXPECT_EQ(state().revenues().at(0).paid, units(50));
}

// A transfer that is returned counts no more (CONTRACT, Limits), wherever a snapshot was taken meanwhile.
TEST_F(StateFileTest, WhatIsReturnedAfterOrBeforeItIsWrittenCountsNoMore) {
  using namespace domain;
  auto back = rows();
  ASSERT_TRUE(get(bytes(), back));
  auto const fresh = state().transfers().at(matters.fresh);
  auto const sent = [&](State const& in) {
    return in.velocity().recent(VelocityKind::sends, fresh.sender.value(), recovered.at, kMicrosPerDay);
  };
  auto const before = sent(state());
  for (auto* each : {&recovered.state, &back}) {
    auto const position = next(recovered.head.position);
    CancelTransfer const cancel{each->game_of(fresh.sender)->id, fresh.flavour, matters.fresh};
    auto decision = decide(*each, cancel, {recovered.at, position, 0});
    ASSERT_TRUE(decision.ok());
    apply(*each, Commit{position, recovered.at, {}, std::move(decision).value()});
    EXPECT_EQ(sent(*each).count, before.count);
    EXPECT_EQ(sent(*each).amount, before.amount - fresh.amount);
  }
  EXPECT_EQ(back.velocity().entries(), state().velocity().entries());
  auto later = rows();
  ASSERT_TRUE(get(bytes(), later));
  EXPECT_EQ(later.velocity().entries(), state().velocity().entries());
}

TEST_F(StateFileTest, ComesBackAsItWas) {
  auto back = rows();
  ASSERT_TRUE(get(bytes(), back));
  EXPECT_TRUE(back.phones() == state().phones());
  EXPECT_EQ(back.minors(), state().minors());
  EXPECT_EQ(back.transfers(), state().transfers());
  EXPECT_TRUE(back.shares() == state().shares());
  EXPECT_EQ(back.questions(), state().questions());
  EXPECT_EQ(back.owed_texts(), state().owed_texts());
  EXPECT_EQ(back.velocity().entries(), state().velocity().entries());
  EXPECT_EQ(back.orders(), state().orders());
  EXPECT_EQ(back.returned_orders(), state().returned_orders());
  EXPECT_EQ(back.payouts(), state().payouts());
  EXPECT_EQ(back.payout_files(), state().payout_files());
  EXPECT_EQ(back.revenues(), state().revenues());
  EXPECT_TRUE(back == state());
  EXPECT_EQ(back.phones().people(phone(1).index), state().phones().people(phone(1).index));
}

TEST_F(StateFileTest, AStateThatHasNothingOpenIsElevenCounts) {
  auto writer = must(BlockWriter::create(file(), kKind));
  put_open_matters(*writer, State());
  must(writer->commit());
  auto reader = must(BlockReader::open(file(), kKind));
  State back;
  EXPECT_TRUE(get_open_matters(*reader, back) && reader->at_end());
  EXPECT_TRUE(back == State());
}

TEST_F(StateFileTest, CutAnywhereItIsRefused) {
  auto const whole = bytes();
  ASSERT_TRUE(takes(whole));
  for (std::size_t size = 0; size < whole.size(); size += 8) {
    ASSERT_FALSE(takes(std::string_view(whole).substr(0, size))) << size;
  }
}

TEST_F(StateFileTest, WhatNoStateHoldsIsRefused) {
  auto const whole = bytes();
  auto const refused = [&](std::size_t at, std::uint64_t value) {
    auto altered = whole;
    set_word(altered, at, value);
    return !takes(altered);
  };
  auto const lowest = std::uint64_t{1} << 63;
  std::size_t const phones = 8;
  std::size_t const minors = phones + 32 * state().phones().count() + 8;
  std::size_t const transfers = minors + 16 * state().minors().size() + 8;
  std::size_t const shares = transfers + 8 * 21 * state().transfers().size() + 8;
  std::size_t const texts = shares + 8 * 7 * state().shares().all().size() + 8;
  std::size_t const velocity = texts + 8 * 3 * state().owed_texts().size() + 8;
  std::size_t const orders = velocity + 8 * 4 * state().velocity().entries().size() + 8;
  std::size_t const returned = orders + 8 * (7 + 8) + 8;  // the second order has a name
  std::size_t const disputes = returned + 8 * 4 + 8 * (5 + 5 + 4) + 8;
  std::size_t const payouts = disputes + 8 * 6 * 2 + 8;
  std::size_t const files = payouts + 8 * 11 * 3 + 8;
  std::size_t const export_days = files + 8 * 2 + 8;
  std::size_t const newest_files = export_days + 8 * state().export_days().size() + 8;
  std::size_t const keys = newest_files + 8 * 3 + 8;
  std::size_t const revenues = keys + 16 + 8 + 16 + 8;
  ASSERT_EQ(revenues + 8 * 3 * state().revenues().size(), whole.size());

  EXPECT_TRUE(refused(keys + 16, 0)) << "a key without a number";
  EXPECT_TRUE(refused(keys + 16, std::uint64_t{1} << 32)) << "a number that does not fit";
  EXPECT_TRUE(refused(keys - 8, 2)) << "keys twice";
  EXPECT_TRUE(refused(phones + 16, 0)) << "a phone of nobody";
  EXPECT_TRUE(refused(phones + 16, 99)) << "a phone of a person that is not";
  EXPECT_TRUE(refused(phones + 24, 3)) << "a phone on file in no known way";
  EXPECT_TRUE(refused(minors, 0)) << "a minor who is nobody";
  EXPECT_TRUE(refused(minors + 8, 99)) << "a guardian without a phone";
  EXPECT_TRUE(refused(minors + 16, 2)) << "a minor twice";
  EXPECT_TRUE(refused(transfers, 0)) << "a transaction without a name";
  for (std::size_t i = 1; i <= 3; ++i) EXPECT_TRUE(refused(transfers + 8 * i, 3)) << "flavour, stage, guardian: " << i;
  EXPECT_TRUE(refused(transfers + 8 * 4, 0)) << "no PIN";
  EXPECT_TRUE(refused(transfers + 8 * 4, 21)) << "more PINs than there may be";
  EXPECT_TRUE(refused(transfers + 8 * 4, 257)) << "a number that does not fit";
  EXPECT_TRUE(refused(transfers + 8 * 5, 3)) << "as many wrong PINs as end it";
  EXPECT_TRUE(refused(transfers + 8 * 6, 99)) << "no such sender";
  EXPECT_TRUE(refused(transfers + 8 * 7, 2)) << "a currency of another game";
  EXPECT_TRUE(refused(transfers + 8 * 8, 99)) << "no such target";
  for (std::size_t i = 9; i <= 11; ++i) EXPECT_TRUE(refused(transfers + 8 * i, 99)) << "no such phone: " << i;
  EXPECT_TRUE(refused(transfers + 8 * 12, 0)) << "an amount of nothing";
  EXPECT_TRUE(refused(transfers + 8 * 12, 100'000'000)) << "an amount that is not reserved";
  for (std::size_t i = 13; i <= 15; ++i) EXPECT_TRUE(refused(transfers + 8 * i, lowest)) << "a fee below zero: " << i;
  for (std::size_t i = 13; i <= 15; ++i) EXPECT_TRUE(refused(transfers + 8 * i, 3'000)) << "fees past all: " << i;
  for (std::size_t i = 16; i <= 20; ++i) EXPECT_TRUE(refused(transfers + 8 * i, lowest)) << "no such time: " << i;
  EXPECT_TRUE(refused(shares, 0)) << "an approval without a name";
  EXPECT_TRUE(refused(shares + 8, 99)) << "no such phone";
  EXPECT_TRUE(refused(shares + 16, 99)) << "no such owner";
  EXPECT_TRUE(refused(shares + 24, 5)) << "as many wrong codes as end it";
  EXPECT_TRUE(refused(shares + 40, lowest)) << "no such time";
  EXPECT_TRUE(refused(texts, 0)) << "a text about nothing";
  EXPECT_TRUE(refused(texts + 8, 7)) << "no such kind of text";
  EXPECT_TRUE(refused(texts + 16, 256)) << "a detail that does not fit";
  EXPECT_TRUE(refused(velocity, domain::kVelocityKinds)) << "no such window";
  EXPECT_TRUE(refused(velocity + 16, lowest)) << "no such time";
  EXPECT_TRUE(refused(velocity + 16, lowest - 1)) << "a time beyond the calendar";
  EXPECT_TRUE(refused(velocity + 32 + 16, 0)) << "back in time";
  EXPECT_TRUE(refused(velocity + 24, lowest)) << "an amount below zero";

  auto const usd_max = static_cast<std::uint64_t>(domain::kMaxPurchaseUsd.minor());
  std::size_t const second = orders + 8 * 7;
  EXPECT_TRUE(refused(orders, 0)) << "an order without a name";
  EXPECT_TRUE(refused(orders, matters.challenged.value())) << "an order twice";
  EXPECT_TRUE(refused(orders + 8, 99)) << "an order of nobody";
  EXPECT_TRUE(refused(orders + 8 * 2, 2)) << "an order of a currency of another game";
  for (auto const value : {std::uint64_t{0}, usd_max + 1, lowest}) EXPECT_TRUE(refused(orders + 8 * 3, value)) << value;
  EXPECT_TRUE(refused(orders + 8 * 4, 1u << 21)) << "a reference without an end";
  EXPECT_TRUE(refused(orders + 8 * 5, lowest)) << "no such time";
  EXPECT_TRUE(refused(second + 8 * 7, lowest - 1)) << "a time beyond the calendar";
  EXPECT_TRUE(refused(returned, 0)) << "what went back of nothing";
  EXPECT_TRUE(refused(returned, matters.ordered.value())) << "what went back of what is not paid";
  EXPECT_TRUE(refused(returned + 8, 99)) << "what went back of nobody's";
  EXPECT_TRUE(refused(returned + 8 * 2, 2)) << "what went back in a currency of another game";
  EXPECT_TRUE(refused(returned + 8 * 3, 4)) << "a refund too many";
  EXPECT_TRUE(refused(returned + 8 * 4, 0)) << "a refund without a name";
  EXPECT_TRUE(refused(returned + 8 * 7, usd_max + 1)) << "a refund out of range";
  EXPECT_TRUE(refused(returned + 8 * 8, 3)) << "a refund in no known state";
  EXPECT_TRUE(refused(disputes - 8, 1)) << "a dispute too few";
  EXPECT_TRUE(refused(disputes + 8 * 2, lowest)) << "a dispute below zero";
  EXPECT_TRUE(refused(disputes + 8 * 2, usd_max + 1)) << "a dispute out of range";
  EXPECT_TRUE(refused(disputes + 8 * 3, 3)) << "a dispute in no known state";
  for (auto const fee : {6 * usd_max + 1, ~(6 * usd_max)}) EXPECT_TRUE(refused(disputes + 8 * 4, fee)) << fee;
  EXPECT_TRUE(refused(disputes + 8 * 5, std::uint64_t{1} << 32)) << "more entries than there are numbers";
  EXPECT_TRUE(refused(payouts, 0)) << "a payout without a name";
  EXPECT_TRUE(refused(payouts, matters.processing.value())) << "a payout twice";
  EXPECT_TRUE(refused(payouts + 8, 99)) << "a payout of no game";
  EXPECT_TRUE(refused(payouts + 8 * 2, 301)) << "a payout of more than its shares";
  EXPECT_TRUE(refused(payouts + 8 * 3, 0)) << "a payout without a share";
  EXPECT_TRUE(refused(payouts + 8 * 4, 2)) << "a share in a currency of another game";
  for (auto const value : {std::uint64_t{0}, std::uint64_t{2'999}, lowest}) {
    EXPECT_TRUE(refused(payouts + 8 * 5, value)) << "a share that is not the amount";
  }
  for (auto const value : {3, 4, 5, 6}) {
    EXPECT_TRUE(refused(payouts + 8 * 6, static_cast<std::uint64_t>(value))) << "an ended payout";
  }
  EXPECT_TRUE(refused(payouts + 8 * 7, lowest)) << "no such time";
  EXPECT_TRUE(refused(payouts + 8 * 8, 1)) << "processed before it was approved";
  EXPECT_TRUE(refused(payouts + 8 * 8, lowest)) << "no such time";
  EXPECT_TRUE(refused(payouts + 8 * 9, 1)) << "waits for a file before it was processed";
  EXPECT_TRUE(refused(payouts + 8 * 10, 1)) << "in a file before it was processed";
  EXPECT_TRUE(refused(payouts + 8 * 11 + 8 * 8, 0)) << "processed at no time";
  EXPECT_TRUE(refused(payouts + 8 * 11 + 8 * 9, 2)) << "neither true nor false";
  EXPECT_TRUE(refused(files, lowest)) << "a day before there were any";
  EXPECT_TRUE(refused(files, std::uint64_t{1} << 40)) << "a day beyond the calendar";
  EXPECT_TRUE(refused(files + 8, 0)) << "files that nobody wrote";
  EXPECT_TRUE(refused(export_days, lowest)) << "a day before there were any";
  EXPECT_TRUE(refused(newest_files, std::uint64_t{1} << 40)) << "files created beyond the calendar";
  EXPECT_TRUE(refused(newest_files + 8, 0)) << "no letter used";
  EXPECT_TRUE(refused(newest_files + 8, domain::kPayoutFilesMax + 1)) << "more letters than there are";
  EXPECT_TRUE(refused(newest_files + 16, 0)) << "a file without entries";
  EXPECT_TRUE(refused(revenues - 8, 0)) << "payouts of what earned nothing";
  EXPECT_TRUE(refused(revenues - 8, 3)) << "more revenues than currencies";
  EXPECT_TRUE(refused(revenues, lowest - 1)) << "owed past all sums";
  EXPECT_TRUE(refused(revenues, lowest)) << "short of all sums";
  EXPECT_TRUE(refused(revenues + 8, 6'999)) << "less under way than payouts are";
  EXPECT_TRUE(refused(revenues + 8 * 2, lowest)) << "paid less than nothing";
}

// Whatever is taken is a state that can be written down again; nothing aborts.
TEST_F(StateFileTest, AnyWordMayBeAnything) {
  auto const whole = bytes();
  for (std::size_t at = 0; at < whole.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, whole.data() + at, 8);
    for (auto const value :
         {std::uint64_t{0}, word + 1, word - 1, word ^ (std::uint64_t{1} << 32), ~std::uint64_t{0}}) {
      auto altered = whole;
      set_word(altered, at, value);
      auto into = rows();
      if (!get(altered, into)) continue;
      auto writer = must(BlockWriter::create(file(), kKind));
      put_open_matters(*writer, into);
      must(writer->commit());
    }
  }
}

TEST_F(StateFileTest, ASnapshotHasThem) {
  must(write_snapshot(folder.path() / "snaps", recovered));
  auto const back = must(read_newest_snapshot(folder.path() / "snaps", log, recovered.head.position));
  EXPECT_TRUE(back.state == state());
  EXPECT_EQ(back.state.questions(), state().questions());
}

TEST_F(StateFileTest, ALogOfThemReplaysToTheSameStateAndVerifies) {
  Recovered replayed;
  must(replay(log, replayed));
  EXPECT_TRUE(replayed.state == state());
  auto const verified = verify(log, nullptr);
  ASSERT_TRUE(verified) << verified.error().what;
  EXPECT_EQ(verified.value().head, recovered.head);
}

TEST_F(StateFileTest, NoPhoneNumberIsStoredInClear) {
  must(write_snapshot(folder.path() / "snaps", recovered));
  auto const clear = [](std::string_view bytes) {
    return bytes.find("+4670") != std::string_view::npos || bytes.find("46701000") != std::string_view::npos;
  };
  ASSERT_TRUE(clear(phone(1).number));
  for (auto const& row : log.rows()) EXPECT_FALSE(clear(row.bytes)) << row.last.value();
  std::size_t files = 0;
  for (auto const& entry : fs::recursive_directory_iterator(folder.path())) {
    if (!entry.is_regular_file()) continue;
    ++files;
    EXPECT_FALSE(clear(content(entry.path()))) << entry.path();
  }
  EXPECT_GT(files, 3u);
}

}  // namespace
}  // namespace florin::eventstore
