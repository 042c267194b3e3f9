#include "projections/reconciliation.h"

#include <map>

#include "domain/postings.h"
#include "eventstore/engine/durable_state.h"
#include "projections/view_file.h"
#include "tests/projections/views_fixture.h"

namespace florin::projections {
namespace {

using domain::Money;
using domain::PlayerId;
using domain::Position;

using Lines = std::map<PlayerId, ReconciledPlayer>;

Lines lines_of(ReconciliationStream& stream) {
  Lines lines;
  ReconciledPlayer player;
  while (true) {
    auto const more = stream.next(player);
    EXPECT_TRUE(more) << more.error().what;
    if (!more || !more.value()) return lines;
    EXPECT_TRUE(lines.emplace(player.player, player).second) << "each player once";
  }
}

class Reconciliation : public ViewsTest {
 protected:
  ReconciliationStream open(domain::GameId game, Position since = {}) {
    auto stream = ReconciliationStream::open(read("reconciliation"), game, since);
    EXPECT_TRUE(stream) << stream.error().what;
    return std::move(stream).value();
  }
  Lines lines(domain::GameId game, Position since = {}) {
    auto stream = open(game, since);
    return lines_of(stream);
  }
};

TEST_F(Reconciliation, ACurrencyThatComesLaterIsZeroUntilItMoves) {
  town.create_game("a", {"gold"});
  auto const a = town.game(0).id;
  town.credit(town.game(0), 0, 100);
  town.credit(town.game(0), 1, 50);
  EXPECT_EQ(lines(a).at(town.player(town.game(0), 0)).balances.size(), 1u);
  domain::CurrencySpec gems;
  gems.name = "gems";
  gems.symbol = "g";
  ASSERT_TRUE(town.play(domain::AddCurrency{a, gems}));
  town.credit(town.game(0), 0, 7, 1);
  town.credit(town.game(0), 2, 30, 1);
  runner.reset();  // also for a file that was written before
  auto const all = lines(a);
  auto const amounts = [&](std::size_t person) {
    std::vector<std::int64_t> out;
    for (auto const& balance : all.at(town.player(town.game(0), person)).balances) {
      out.push_back(balance.available.minor());
    }
    return out;
  };
  EXPECT_EQ(amounts(0), (std::vector<std::int64_t>{100, 7}));
  EXPECT_EQ(amounts(1), (std::vector<std::int64_t>{50, 0}));
  EXPECT_EQ(amounts(2), (std::vector<std::int64_t>{0, 30}));
}

TEST_F(Reconciliation, HasALineForEveryPlayerOfTheGame) {
  town.create_game("a", {"gold", "gems"});
  town.create_game("b", {"gold"});
  auto const a = town.game(0);
  auto const b = town.game(1);
  town.credit(a, 0, 100, 1);
  auto const other = town.credit(b, 0, 900);  // the same person in another game
  town.credit(a, 1, 50);
  auto const all = lines(a.id);
  ASSERT_EQ(all.size(), 2u);
  auto const& first = all.at(town.player(a, 0));
  EXPECT_EQ(first.email, (domain::PersonalText{Town::sealed_email(0), true}));
  EXPECT_EQ(first.identity, domain::IdentityId(1));
  ASSERT_EQ(first.balances.size(), 2u);
  EXPECT_EQ(first.balances[0].currency, a.currencies[0].currency);
  EXPECT_EQ(first.balances[0].available, Money{});
  EXPECT_EQ(first.balances[1].available, Money::from_minor(100));
  auto const there = lines(b.id);
  ASSERT_EQ(there.size(), 1u);
  EXPECT_EQ(there.begin()->second.email.bytes, Town::sealed_email(0)) << "registered by the other game";
  EXPECT_EQ(there.begin()->second.changed, other->last());
}

TEST_F(Reconciliation, SinceShowsOnlyWhatChangedAfterIt) {
  auto const& game = town.create_game("g", {"gold"});
  std::vector<eventstore::CommitPtr> credits;
  for (std::size_t i = 0; i < 100; ++i) credits.push_back(town.credit(game, i, 1'000));
  auto const cut = open(game.id).cut();
  EXPECT_EQ(cut, town.head());
  EXPECT_TRUE(lines(game.id, cut).empty());

  auto const bought = town.purchase(game, 3, 100);
  town.purchase(game, 5, 100);
  town.refund(game, bought);
  town.rename(game, 7, "new");  // credits too
  auto const changed = lines(game.id, cut);
  ASSERT_EQ(changed.size(), 3u);
  EXPECT_TRUE(changed.contains(town.player(game, 3)));
  EXPECT_TRUE(changed.contains(town.player(game, 5)));
  EXPECT_TRUE(changed.contains(town.player(game, 7)));

  // Exactly at a player's change, and one before it; far back, by the other way through the file.
  EXPECT_FALSE(lines(game.id, credits[50]->last()).contains(town.player(game, 50)));
  EXPECT_TRUE(lines(game.id, Position(credits[50]->last().value() - 1)).contains(town.player(game, 50)));
  EXPECT_TRUE(lines(game.id, Position(1'000'000)).empty());
  EXPECT_TRUE(lines(game.id, Position(~std::uint64_t{0})).empty());
}

TEST_F(Reconciliation, ARecentCursorAndAnOldOneAgree) {
  auto const seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  town.create_game("g", {"gold", "gems"});
  town.create_game("other", {"gold"});
  auto const game = town.game(0);
  auto const other = town.game(1);
  for (std::size_t i = 0; i < 2'000; ++i) town.credit(game, i, 1'000);
  static_cast<void>(read("reconciliation"));
  for (int i = 0; i < 300; ++i) {
    town.credit(random() % 4 == 0 ? other : game, random() % 100, 10);
    if (random() % 20 == 0) static_cast<void>(read("reconciliation"));
  }
  auto const all = lines(game.id);
  for (std::uint64_t const back : {1u, 2u, 10u, 50u, 120u, 124u, 126u, 200u, 400u, 2'000u}) {
    Position const since(town.head().value() - back);
    auto const changed = lines(game.id, since);
    for (auto const& [id, line] : all) {
      ASSERT_EQ(changed.contains(id), line.changed > since) << back;
      if (line.changed > since) {
        EXPECT_EQ(changed.at(id).balances[0].available, line.balances[0].available);
      }
    }
  }
}

TEST_F(Reconciliation, APlayerWhoOnlyJoinedHasZeroBalances) {
  auto const& game = town.create_game("g", {"gold", "gems"});
  domain::Commit const joins{next(town.head()),
                             {},
                             {},
                             {domain::IdentityRegistered{domain::IdentityId(1), {}, {"box", true}},
                              domain::PlayerJoined{PlayerId(1), game.id, domain::IdentityId(1), {}, 0}}};
  auto const file = folder.path() / "alone.db";
  auto view = ViewFile::create(file, reconciliation_projection(), ViewFile::Purpose::live);
  ASSERT_TRUE(view);
  ASSERT_TRUE(view.value()->apply(*town.commits()[0], {town.head(), {}}));
  ASSERT_TRUE(view.value()->apply(joins, {joins.last(), {}}));
  ASSERT_TRUE(view.value()->commit());
  auto database = Database::open(file, Database::Mode::read_only);
  ASSERT_TRUE(database);
  auto row = database.value()->statement("SELECT changed, length(amounts), amounts = zeroblob(32) FROM balances");
  ASSERT_TRUE(row);
  ASSERT_TRUE(row.value().first().value());
  EXPECT_EQ(row.value().position(0), joins.last());
  EXPECT_EQ(row.value().integer(1), 32);
  EXPECT_EQ(row.value().integer(2), 1);
}

TEST_F(Reconciliation, ATransferChangesBothItsPlayers) {
  town.create_game("a", {"gold", "gems"});
  town.create_game("b", {"silver"});
  auto const a = town.game(0);
  auto const b = town.game(1);
  // Enough others that a recent cursor walks the journal.
  for (std::size_t i = 0; i < 200; ++i) town.credit(a, i, 1'000);
  for (std::size_t i = 1; i < 200; ++i) town.credit(b, i, 1'000);
  auto const start = open(a.id).cut();
  auto const initiated = town.initiate(a, 0, b, 1, 400);
  ASSERT_TRUE(initiated);
  auto const sender = town.player(a, 0);
  auto const reserved = lines(a.id, start);
  ASSERT_EQ(reserved.size(), 1u);
  EXPECT_EQ(reserved.at(sender).balances[0].available, Money::from_minor(600));
  EXPECT_EQ(reserved.at(sender).balances[0].reserved, Money::from_minor(400));
  EXPECT_EQ(reserved.at(sender).balances[1].reserved, Money{});

  ASSERT_TRUE(town.verify(domain::TransferId(initiated->first)));
  auto const verified = town.head();
  auto const claimed = town.claim(domain::TransferId(initiated->first));
  ASSERT_TRUE(claimed);
  auto const sent = lines(a.id, verified);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent.at(sender).changed, claimed->last());
  EXPECT_EQ(sent.at(sender).balances[0].available, Money::from_minor(600));
  EXPECT_EQ(sent.at(sender).balances[0].reserved, Money{});
  auto const received = lines(b.id, verified);
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received.at(town.player(b, 1)).changed, claimed->last());
  EXPECT_EQ(received.at(town.player(b, 1)).balances[0].available, Money::from_minor(1'360));
  EXPECT_TRUE(lines(a.id, claimed->last()).empty());
  EXPECT_TRUE(lines(b.id, claimed->last()).empty());
}

TEST_F(Reconciliation, OfAnUnknownGameIsEmpty) {
  town.create_game("g", {"gold"});
  EXPECT_TRUE(lines(domain::GameId(42)).empty());
}

TEST_F(Reconciliation, AnEventOfAnUnknownCurrencyStopsTheView) {
  town.create_game("g", {"gold"});
  auto view = ViewFile::create(folder.path() / "alone.db", reconciliation_projection(), ViewFile::Purpose::live);
  ASSERT_TRUE(view);
  domain::Commit const odd{
      Position(1), {}, {}, {domain::BalanceCredited{PlayerId(1), domain::CurrencyId(9), {}, {}, ""}}};
  auto const applied = view.value()->apply(odd, {Position(1), {}});
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().kind, eventstore::Fault::Kind::corrupt);
}

TEST_F(Reconciliation, AStreamIsOneCutWhileWritesGoOn) {
  auto const& game = town.create_game("g", {"gold"});
  for (std::size_t i = 0; i < 500; ++i) town.credit(game, i, 1'000);
  auto stream = open(game.id);
  auto const cut = stream.cut();
  ReconciledPlayer player;
  ASSERT_TRUE(stream.next(player).value());
  for (std::size_t i = 0; i < 600; ++i) town.credit(game, i, 1);
  static_cast<void>(read("reconciliation"));
  auto rest = lines_of(stream);
  rest.emplace(player.player, player);
  ASSERT_EQ(rest.size(), 500u);
  for (auto const& [id, line] : rest) {
    EXPECT_EQ(line.balances[0].available, Money::from_minor(1'000));
    EXPECT_LE(line.changed, cut);
  }
  EXPECT_EQ(lines(game.id, cut).size(), 600u) << "its cut is the cursor for what came after";
}

TEST_F(Reconciliation, EqualsBalancesAndTheTrialBalance) {
  std::random_device device;
  auto const seed = device();
  SCOPED_TRACE("seed " + std::to_string(seed));
  town.reseed(seed);
  std::mt19937_64 random(seed);
  eventstore::DurableState balances;
  for (int i = 0; i < 2'000; ++i) {
    if (auto const commit = town.play_random(40)) balances.apply({&commit, 1});
    if (random() % 200 == 0) static_cast<void>(read("reconciliation"));
  }
  std::map<domain::CurrencyId, Money> trial;
  std::map<domain::CurrencyId, Money> trial_reserved;
  for (auto const& commit : town.commits()) {
    for (auto const& event : commit->events) {
      for (auto const& posting : domain::postings(event)) {
        if (posting.account == domain::Account::player_available) trial[posting.currency] += posting.amount;
        if (posting.account == domain::Account::player_reserved) trial_reserved[posting.currency] += posting.amount;
      }
    }
  }
  std::map<domain::CurrencyId, Money> streamed;
  std::map<domain::CurrencyId, Money> streamed_reserved;
  std::size_t count = 0;
  auto const since = Position(random() % town.head().value());
  for (auto const& game : town.state().games()) {
    auto const all = lines(game.id);
    auto const recent = lines(game.id, since);
    count += all.size();
    for (auto const& [id, line] : all) {
      auto const shown = balances.by_id(game.id, id);
      ASSERT_TRUE(shown);
      EXPECT_EQ(line.identity, shown->identity);
      EXPECT_EQ(line.email, shown->email);
      ASSERT_EQ(line.balances.size(), shown->balances.size());
      for (std::size_t i = 0; i < line.balances.size(); ++i) {
        EXPECT_EQ(line.balances[i].currency, shown->balances[i].currency);
        EXPECT_EQ(line.balances[i].available, shown->balances[i].wallet.available);
        EXPECT_EQ(line.balances[i].reserved, shown->balances[i].wallet.reserved);
        streamed[line.balances[i].currency] += line.balances[i].available;
        streamed_reserved[line.balances[i].currency] += line.balances[i].reserved;
      }
      EXPECT_EQ(recent.contains(id), line.changed > since);
    }
  }
  EXPECT_EQ(count, town.state().player_count());
  for (auto const& [currency, total] : trial) EXPECT_EQ(streamed[currency], total);
  for (auto const& [currency, total] : trial_reserved) EXPECT_EQ(streamed_reserved[currency], total);
}

}  // namespace
}  // namespace florin::projections
