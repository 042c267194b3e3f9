#include <fstream>

#include <gtest/gtest.h>

#include "eventstore/engine/durable_state.h"
#include "tests/projections/town.h"
#include "tests/support/temp_folder.h"

namespace florin::projections {
namespace {

namespace fs = std::filesystem;
using domain::Position;
using eventstore::Fault;

class BalancesSnapshot : public testing::Test {
 protected:
  void play(int commands) {
    auto const before = town.commits().size();
    for (int i = 0; i < commands; ++i) town.play_random(50);
    balances.apply(std::span(town.commits()).subspan(before));
  }
  // One of everything that can wait for somebody, among people whom chance does not touch.
  void leave_open() {
    auto const before = town.commits().size();
    auto const game = town.game(0);
    town.credit(game, 101, 10'000);
    town.credit(game, 104, 10'000);
    ASSERT_TRUE(town.initiate(game, 101, game, 102, 100));
    auto const claimable = town.initiate(game, 101, game, 103, 100);
    ASSERT_TRUE(claimable && town.verify(domain::TransferId(claimable->first)));
    ASSERT_TRUE(town.ask_for_phone(103, 101));
    ASSERT_TRUE(town.flag_minor(104, 105));
    ASSERT_TRUE(town.initiate(game, 104, game, 102, 100));
    EXPECT_GE(town.state().questions().size(), 2u);
    balances.apply(std::span(town.commits()).subspan(before));
  }
  void write() {
    auto const written = balances.write_snapshot(folder.path(), town.log());
    ASSERT_TRUE(written) << written.error().what;
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    for (auto const& entry : fs::directory_iterator(folder.path())) found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
  }
  // What a reply shows of every player is the same.
  static void expect_same(eventstore::DurableState const& a, eventstore::DurableState const& b,
                          domain::State const& state) {
    ASSERT_EQ(a.position(), b.position());
    EXPECT_EQ(a.games()->games(), b.games()->games());
    EXPECT_TRUE(a.read([&](domain::State const& held) { return held == state; }));
    EXPECT_TRUE(b.read([&](domain::State const& held) { return held == state; }));
    for (std::uint64_t id = 1; id <= state.player_count(); ++id) {
      auto const game = state.game_of(domain::PlayerId(id))->id;
      auto const left = a.by_id(game, domain::PlayerId(id));
      auto const right = b.by_id(game, domain::PlayerId(id));
      ASSERT_TRUE(left && right);
      EXPECT_EQ(left->email, right->email);
      EXPECT_EQ(left->name, right->name);
      EXPECT_EQ(left->name_tag, right->name_tag);
      EXPECT_EQ(left->joined, right->joined);
      EXPECT_EQ(left->last_active, right->last_active);
      ASSERT_EQ(left->balances.size(), right->balances.size());
      for (std::size_t i = 0; i < left->balances.size(); ++i) {
        EXPECT_EQ(left->balances[i].wallet, right->balances[i].wallet);
        EXPECT_EQ(left->balances[i].last_transaction, right->balances[i].last_transaction);
      }
    }
  }

  test_support::TempFolder folder;
  Town town{std::random_device()()};
  eventstore::DurableState balances;
};

// Currency numbers of a game do not follow one another any more, and what was is kept for old replies.
TEST_F(BalancesSnapshot, KeepsAddedAndRenamedCurrenciesAndWhatTheyWere) {
  town.create_game("a", {"gold"});
  town.create_game("b", {"silver"});
  auto const a = town.game(0).id;
  auto const gold = town.game(0).currencies[0].currency;
  auto const created = town.commits()[0]->first;
  domain::ChangeCurrency rename{a, gold, {}};
  rename.changes.name = "crowns";
  auto const renamed = town.play(rename);
  domain::CurrencySpec gems;
  gems.name = "gems";
  gems.symbol = "g";
  auto const added = town.play(domain::AddCurrency{a, gems});
  domain::UpdateGame update{a, {}};
  update.changes.name = "castle";
  auto const updated = town.play(update);
  ASSERT_TRUE(renamed && added && updated);
  town.credit(town.game(0), 1, 500, 1);
  balances.apply(town.commits());
  write();
  eventstore::DurableState restored;
  ASSERT_TRUE(restored.read_newest_snapshot(folder.path(), town.log(), town.head()));
  expect_same(balances, restored, town.state());
  for (auto const* view : {&balances, &restored}) {
    auto const games = view->games();
    EXPECT_EQ(games->currency_name_at(a, gold, created), "gold");
    EXPECT_EQ(games->currency_name_at(a, gold, renamed->first), "crowns");
    EXPECT_EQ(games->name_at(a, added->first), "a");
    EXPECT_EQ(games->name_at(a, updated->first), "castle");
    EXPECT_EQ(games->currencies_at(a, created).size(), 1u);
    EXPECT_EQ(games->currencies_at(a, created)[0].name, "gold");
    EXPECT_EQ(games->currencies_at(a, renamed->first)[0].name, "crowns");
    EXPECT_EQ(games->currencies_at(a, added->first).size(), 2u);
  }
}

// A repeated request shows the name of then.
TEST_F(BalancesSnapshot, KeepsRenamedPlayersAndWhatTheyWereCalled) {
  town.create_game("a", {"gold"});
  auto const& game = town.game(0);
  ASSERT_TRUE(town.credit(game, 1, 500));
  ASSERT_TRUE(town.credit(game, 2, 500));
  auto const joined = town.commits().back()->first;
  auto const rename = [&](std::uint64_t number, std::string name) {
    domain::PlayerRef ref;
    ref.email_index = Town::email_index(number);
    ref.name_tag = 1'000 + name.size();
    ref.name = std::move(name);
    ref.renamed = true;
    auto const commit = town.play(domain::CreditBalance{game.id, ref, {}, domain::Money::from_minor(100), "rename"});
    EXPECT_TRUE(commit);
    return commit->first;
  };
  auto const first = rename(1, "first");
  auto const second = rename(1, "second");
  auto const between = town.commits().back()->last();
  auto const other = rename(2, "other");
  balances.apply(town.commits());
  write();
  eventstore::DurableState restored;
  ASSERT_TRUE(restored.read_newest_snapshot(folder.path(), town.log(), town.head()));
  domain::PlayerId const one(1);
  domain::PlayerId const two(2);
  for (auto const* state : {&balances, &restored}) {
    auto const name = [&](domain::PlayerId player, std::optional<domain::Position> moment) {
      return state->name_of(game.id, player, moment)->name;
    };
    EXPECT_EQ(name(one, first), name(one, domain::Position(second.value() - 1)));
    EXPECT_EQ(name(one, second), state->by_id(game.id, one)->name);
    EXPECT_EQ(name(one, between), name(one, std::nullopt));
    EXPECT_NE(name(one, joined), name(one, first));
    EXPECT_NE(name(one, first), name(one, second));
    EXPECT_NE(name(two, between), name(two, other));
    EXPECT_EQ(name(two, other), state->by_id(game.id, two)->name);
    EXPECT_FALSE(state->name_of(domain::GameId(1), one, first)) << "another game's";
  }
}

TEST_F(BalancesSnapshot, RestoresEverythingAndGoesOn) {
  play(2'000);
  leave_open();
  write();
  eventstore::DurableState restored;
  auto const read = restored.read_newest_snapshot(folder.path(), town.log(), town.head());
  ASSERT_TRUE(read) << read.error().what;
  expect_same(balances, restored, town.state());
  auto const before = town.commits().size();
  play(500);
  for (std::size_t i = before; i < town.commits().size(); ++i) restored.apply(*town.commits()[i]);
  expect_same(balances, restored, town.state());
}

TEST_F(BalancesSnapshot, ADamagedOneFallsBackToTheOneBefore) {
  play(300);
  write();
  auto const first = balances.position();
  play(300);
  write();
  play(300);
  write();
  ASSERT_EQ(files().size(), 2u) << "the newest two are kept";
  auto const newest = files().back();
  auto const size = fs::file_size(newest);
  for (std::uint64_t const at : {std::uint64_t{0}, std::uint64_t{20}, size / 2, size - 1}) {
    fs::copy_file(newest, newest.string() + ".good");
    {
      std::fstream file(newest, std::ios::in | std::ios::out | std::ios::binary);
      file.seekg(static_cast<std::streamoff>(at));
      auto const byte = static_cast<char>(file.get() ^ 1);
      file.seekp(static_cast<std::streamoff>(at));
      file.put(byte);
    }
    eventstore::DurableState restored;
    std::vector<std::string> skipped;
    ASSERT_TRUE(restored.read_newest_snapshot(folder.path(), town.log(), town.head(), &skipped)) << at;
    EXPECT_LT(restored.position(), balances.position());
    EXPECT_GT(restored.position(), first);
    EXPECT_EQ(skipped.size(), 1u);
    fs::remove(newest);
    fs::rename(newest.string() + ".good", newest);
  }
  fs::resize_file(newest, size - 40);
  eventstore::DurableState restored;
  ASSERT_TRUE(restored.read_newest_snapshot(folder.path(), town.log(), town.head()));
  EXPECT_LT(restored.position(), balances.position());
}

TEST_F(BalancesSnapshot, OneBeyondTheLimitOrOfAnotherLogIsNotTaken) {
  play(300);
  write();
  eventstore::DurableState restored;
  auto const limited = restored.read_newest_snapshot(folder.path(), town.log(), Position(town.head().value() - 1));
  ASSERT_FALSE(limited);
  EXPECT_EQ(limited.error().kind, Fault::Kind::missing);
  Town other(4);
  while (other.head() < town.head()) other.play_random(5);
  std::vector<std::string> skipped;
  EXPECT_FALSE(restored.read_newest_snapshot(folder.path(), other.log(), other.head(), &skipped));
  EXPECT_EQ(skipped.size(), 1u);
  EXPECT_EQ(restored.position(), Position{});
}

TEST_F(BalancesSnapshot, NothingIsWrittenOfAnEmptyView) {
  write();
  EXPECT_TRUE(files().empty());
  EXPECT_EQ(balances.read_newest_snapshot(folder.path(), town.log(), Position(1)).error().kind, Fault::Kind::missing);
}

TEST_F(BalancesSnapshot, ALogThatDoesNotReachIsRefused) {
  play(100);
  Town empty;
  auto const written = balances.write_snapshot(folder.path(), empty.log());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, Fault::Kind::conflict);
}

}  // namespace
}  // namespace florin::projections
