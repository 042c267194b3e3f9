#include <thread>

#include <gtest/gtest.h>

#include "eventstore/engine/durable_state.h"
#include "tests/projections/town.h"
#include "tests/support/temp_folder.h"

namespace florin::projections {
namespace {

using domain::Money;

class BalancesTest : public testing::Test {
 protected:
  // Everything since the last call, as one batch.
  void deliver() {
    auto const& commits = town.commits();
    balances.apply(std::span(commits).subspan(delivered));
    delivered = commits.size();
  }

  Town town;
  eventstore::DurableState balances;
  std::size_t delivered = 0;
};

TEST_F(BalancesTest, ShowAPlayerWithEveryCurrencyOfTheGame) {
  auto const& game = town.create_game("g", {"gold", "gems"});
  auto const first = town.credit(game, 7, 1'234);
  auto const last = town.credit(game, 7, 66);
  deliver();
  auto const player = balances.by_email(game.id, Town::email_index(7));
  ASSERT_TRUE(player);
  EXPECT_EQ(player->player, town.player(game, 7));
  EXPECT_EQ(player->email, (domain::PersonalText{Town::sealed_email(7), true}));
  EXPECT_EQ(player->name.bytes, "sealed name7");
  EXPECT_EQ(player->joined, first->at);
  EXPECT_EQ(player->last_active, last->at);
  EXPECT_EQ(player->position, last->last());
  ASSERT_EQ(player->balances.size(), 2u);
  EXPECT_EQ(player->balances[0].wallet.available, Money::from_minor(1'300));
  EXPECT_EQ(player->balances[0].last_transaction, last->at);
  EXPECT_EQ(player->balances[1].currency, game.currencies[1].currency);
  EXPECT_EQ(player->balances[1].wallet, domain::Wallet{});
  EXPECT_EQ(player->balances[1].last_transaction, domain::Timestamp{});
}

TEST_F(BalancesTest, APlayerIsFoundByTheirOwnGameOnly) {
  town.create_game("a", {"gold"});
  town.create_game("b", {"gold"});
  auto const a = town.game(0);
  auto const b = town.game(1);
  town.credit(a, 1, 100);
  deliver();
  auto const player = town.player(a, 1);
  EXPECT_TRUE(balances.by_id(a.id, player));
  EXPECT_FALSE(balances.by_id(b.id, player));
  EXPECT_FALSE(balances.by_email(b.id, Town::email_index(1)));
  EXPECT_FALSE(balances.by_id(a.id, domain::PlayerId(99)));
  EXPECT_FALSE(balances.by_id(a.id, domain::PlayerId{}));
  EXPECT_FALSE(balances.by_email(a.id, Town::email_index(2)));
  EXPECT_FALSE(balances.by_email(domain::GameId(1), Town::email_index(1)));
}

TEST_F(BalancesTest, ARenameShowsTheNewName) {
  auto const& game = town.create_game("g", {"gold"});
  town.credit(game, 1, 100);
  deliver();
  auto const tag = balances.by_email(game.id, Town::email_index(1))->name_tag;
  EXPECT_FALSE(balances.name_differs(game.id, Town::email_index(1), tag));
  EXPECT_TRUE(balances.name_differs(game.id, Town::email_index(1), tag + 1));
  EXPECT_FALSE(balances.name_differs(game.id, Town::email_index(1), 0)) << "no name was given";
  EXPECT_FALSE(balances.name_differs(game.id, Town::email_index(2), tag)) << "nobody is there to be renamed";
  for (std::string const name : {"x", "a much longer name than the one before it", "short again", ""}) {
    town.rename(game, 1, name);
    deliver();
    auto const shown = balances.by_email(game.id, Town::email_index(1))->name.bytes;
    EXPECT_EQ(shown, name.empty() ? "sealed short again" : "sealed " + name);
  }
}

TEST_F(BalancesTest, ABatchAnswersInRequestOrder) {
  auto const& game = town.create_game("g", {"gold", "gems"});
  std::vector<domain::BlindIndex> emails;
  for (std::size_t i = 0; i < 10'000; ++i) {
    if (i % 3 != 0) town.credit(game, i, static_cast<std::int64_t>(i + 1), i % 2);
    emails.push_back(Town::email_index(i));
  }
  deliver();
  emails.push_back(emails[1]);  // the same one twice is answered twice
  std::vector<eventstore::BatchEntry> entries{{}, {}};
  std::vector<eventstore::CurrencyBalance> found;
  balances.batch(game, emails, entries, found);
  ASSERT_EQ(entries.size(), emails.size());
  for (std::size_t i = 0; i < 10'000; ++i) {
    if (i % 3 == 0) {
      EXPECT_FALSE(entries[i].player);
      continue;
    }
    ASSERT_EQ(entries[i].player, town.player(game, i));
    auto const& touched = found[entries[i].first_balance + i % 2];
    EXPECT_EQ(touched.wallet.available, Money::from_minor(static_cast<std::int64_t>(i + 1)));
    EXPECT_EQ(found[entries[i].first_balance + 1 - i % 2].wallet.available, Money{});
  }
  EXPECT_EQ(entries.back().player, entries[1].player);
  balances.batch(game, {}, entries, found);
  EXPECT_TRUE(entries.empty() && found.empty());
}

TEST_F(BalancesTest, FoldToTheSameStateAsTheWriter) {
  std::random_device device;
  auto const seed = device();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Town random_town(seed);
  eventstore::DurableState view;
  for (int i = 0; i < 3'000; ++i) {
    auto const commit = random_town.play_random(40);
    if (commit) view.apply({&commit, 1});
  }
  EXPECT_EQ(view.position(), random_town.head());
  EXPECT_TRUE(view.read([&](domain::State const& state) { return state == random_town.state(); }));
  auto const& state = random_town.state();
  EXPECT_EQ(view.games()->games(), state.games());
  for (std::uint64_t id = 1; id <= state.player_count(); ++id) {
    domain::PlayerId const player(id);
    auto const& game = *state.game_of(player);
    auto const shown = view.by_id(game.id, player);
    ASSERT_TRUE(shown);
    EXPECT_EQ(shown->identity, state.identity_of(player));
    ASSERT_EQ(shown->balances.size(), game.currencies.size());
    for (std::size_t i = 0; i < game.currencies.size(); ++i) {
      EXPECT_EQ(shown->balances[i].wallet, state.wallet(player, game.currencies[i].currency));
    }
  }
}

TEST_F(BalancesTest, ATransferTouchesTheWalletsItMoves) {
  town.create_game("a", {"gold"});
  town.create_game("b", {"silver", "gems"});
  auto const a = town.game(0);
  auto const b = town.game(1);
  town.credit(a, 0, 1'000);
  auto const initiated = town.initiate(a, 0, b, 1, 400);
  ASSERT_TRUE(initiated);
  deliver();
  auto sender = balances.by_email(a.id, Town::email_index(0))->balances[0];
  EXPECT_EQ(sender.wallet, (domain::Wallet{Money::from_minor(600), Money::from_minor(400)}));
  EXPECT_EQ(sender.last_transaction, initiated->at);
  ASSERT_TRUE(town.verify(domain::TransferId(initiated->first)));
  auto const claimed = town.claim(domain::TransferId(initiated->first), 1);
  ASSERT_TRUE(claimed);
  deliver();
  sender = balances.by_email(a.id, Town::email_index(0))->balances[0];
  EXPECT_EQ(sender.wallet, (domain::Wallet{Money::from_minor(600), {}}));
  EXPECT_EQ(sender.last_transaction, claimed->at);
  auto const receiver = balances.by_email(b.id, Town::email_index(1));
  ASSERT_TRUE(receiver);
  EXPECT_EQ(receiver->joined, claimed->at);
  EXPECT_EQ(receiver->balances[1].wallet, (domain::Wallet{Money::from_minor(360), {}}));
  EXPECT_EQ(receiver->balances[1].last_transaction, claimed->at);
  EXPECT_EQ(receiver->balances[0].last_transaction, domain::Timestamp{});

  town.pass(60);
  auto const again = town.initiate(a, 0, b, 1, 400);
  ASSERT_TRUE(again);
  auto const cancelled = town.cancel(domain::TransferId(again->first));
  ASSERT_TRUE(cancelled);
  deliver();
  sender = balances.by_email(a.id, Town::email_index(0))->balances[0];
  EXPECT_EQ(sender.wallet, (domain::Wallet{Money::from_minor(600), {}}));
  EXPECT_EQ(sender.last_transaction, cancelled->at);
}

TEST_F(BalancesTest, ShowWhatIsOpen) {
  town.create_game("a", {"gold"});
  town.create_game("b", {"silver"});
  auto const a = town.game(0);
  town.credit(a, 0, 1'000);
  auto const initiated = town.initiate(a, 0, town.game(1), 1, 400);
  ASSERT_TRUE(initiated);
  deliver();
  auto const open = balances.read([&](domain::State const& state) {
    auto const* transfer = state.find_transfer(domain::TransferId(initiated->first));
    return transfer == nullptr ? std::nullopt : std::optional(*transfer);
  });
  ASSERT_TRUE(open);
  EXPECT_EQ(open->amount, Money::from_minor(400));
  EXPECT_EQ(open->target, town.game(1).id);
}

TEST_F(BalancesTest, KnowTheEmailOfPeopleWhoDoNotPlay) {
  town.create_game("a", {"gold"});
  town.create_game("b", {"silver"});
  town.credit(town.game(0), 0, 1'000);
  ASSERT_TRUE(town.initiate(town.game(0), 0, town.game(1), 7, 400));
  deliver();
  auto const receiver = town.state().find_identity(Town::email_index(7));
  ASSERT_TRUE(receiver);
  EXPECT_EQ(balances.email_of(*receiver), (domain::PersonalText{Town::sealed_email(7), true}));
  EXPECT_FALSE(balances.email_of(domain::IdentityId{}));
  EXPECT_FALSE(balances.email_of(domain::IdentityId(receiver->value() + 1)));
}

TEST_F(BalancesTest, SkipCommitsThatTheyHave) {
  auto const& game = town.create_game("g", {"gold"});
  town.credit(game, 1, 100);
  deliver();
  for (auto const& commit : town.commits()) balances.apply(*commit);
  EXPECT_EQ(balances.by_email(game.id, Town::email_index(1))->balances[0].wallet.available, Money::from_minor(100));
}

TEST_F(BalancesTest, GamesAreThereWithTheCommitThatMadeThem) {
  EXPECT_TRUE(balances.games()->games().empty());
  auto const before = balances.games();
  auto const& game = town.create_game("g", {"gold"});
  deliver();
  ASSERT_NE(balances.games()->find(game.id), nullptr);
  EXPECT_EQ(before->find(game.id), nullptr) << "what a request holds does not change under it";
  EXPECT_EQ(balances.games(), balances.games()) << "swapped only when a game changes";
}

TEST_F(BalancesTest, ReadersSeeWholeBatchesWhileCommitsArrive) {
  auto const& game = town.create_game("g", {"gold", "gems"});
  for (int i = 0; i < 400; ++i) {
    town.credit(game, 1, 10, 0);
    town.credit(game, 1, 10, 1);
  }
  auto const& commits = town.commits();
  balances.apply(std::span(commits).first(3));
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int thread = 0; thread < 2; ++thread) {
    readers.emplace_back([&] {
      std::vector<eventstore::BatchEntry> entries;
      std::vector<eventstore::CurrencyBalance> found;
      std::vector<domain::BlindIndex> const emails(10, Town::email_index(1));
      auto const directory = balances.games();
      auto const* known = directory->find(game.id);
      domain::Position last;
      while (!done) {
        auto const before = balances.position();
        auto const player = balances.by_email(game.id, emails[0]);
        EXPECT_EQ(player->balances[0].wallet.available, player->balances[1].wallet.available);
        EXPECT_GE(player->position, before);
        EXPECT_GE(player->position, last);
        last = player->position;
        balances.batch(*known, emails, entries, found);
        EXPECT_EQ(found[0].wallet.available, found[1].wallet.available);
      }
    });
  }
  for (std::size_t i = 3; i + 2 <= commits.size(); i += 2) balances.apply(std::span(commits).subspan(i, 2));
  done = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(balances.position(), town.head());
}

TEST(GameDirectory, AnOldKeyWorksUntilItsGraceEnds) {
  domain::Game game;
  game.id = domain::GameId(123'456'789'012);
  game.key_hash.fill(1);
  domain::Digest previous;
  previous.fill(2);
  domain::Digest older;
  older.fill(4);
  game.previous_keys = {{older, domain::Timestamp::from_seconds(500)},
                        {previous, domain::Timestamp::from_seconds(1'000)}};
  auto cut = game;
  cut.id = domain::GameId(223'456'789'012);
  cut.key_hash.fill(3);
  cut.previous_keys.clear();
  eventstore::GameDirectory const games({cut, game});
  auto const before = domain::Timestamp::from_seconds(999);
  auto const after = domain::Timestamp::from_seconds(1'000);
  ASSERT_NE(games.find_by_key(game.key_hash, before), nullptr);
  EXPECT_EQ(games.find_by_key(game.key_hash, after)->id, game.id);
  ASSERT_NE(games.find_by_key(previous, before), nullptr);
  EXPECT_EQ(games.find_by_key(previous, before)->id, game.id);
  EXPECT_EQ(games.find_by_key(previous, after), nullptr);
  EXPECT_EQ(games.find_by_key(older, before), nullptr);
  EXPECT_EQ(games.end_of_key(older, before), domain::Timestamp::from_seconds(500));
  EXPECT_EQ(games.end_of_key(previous, before), std::nullopt) << "it still works";
  EXPECT_EQ(games.end_of_key(game.key_hash, after), std::nullopt) << "it works for ever";
  EXPECT_NE(games.find_by_key(older, domain::Timestamp::from_seconds(499)), nullptr) << "two rotations, two old keys";
  auto almost = game.key_hash;
  almost.back() ^= 1;
  EXPECT_EQ(games.find_by_key(almost, before), nullptr);
  EXPECT_EQ(games.find_by_key(domain::Digest{}, before), nullptr) << "an empty previous key is no key";
}

}  // namespace
}  // namespace florin::projections
