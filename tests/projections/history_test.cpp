#include "projections/history.h"

#include <map>
#include <set>

#include "tests/projections/views_fixture.h"

namespace florin::projections {
namespace {

using domain::CurrencyId;
using domain::Money;
using domain::PlayerId;

class History : public ViewsTest {
 protected:
  MovementPage page(PlayerId player, std::size_t limit = 100, std::optional<std::uint64_t> cursor = {},
                    CurrencyId currency = {}) {
    auto view = read("history");
    auto page = read_history(view, player, currency, limit, cursor);
    EXPECT_TRUE(page) << page.error().what;
    return page.value();
  }

  // The whole history in pages of `limit`.
  std::vector<Movement> all(PlayerId player, std::size_t limit, CurrencyId currency = {}) {
    std::vector<Movement> movements;
    std::optional<std::uint64_t> cursor;
    do {
      auto const one = page(player, limit, cursor, currency);
      EXPECT_LE(one.movements.size(), limit);
      movements.insert(movements.end(), one.movements.begin(), one.movements.end());
      cursor = one.next;
    } while (cursor);
    return movements;
  }
};

TEST_F(History, ShowsEveryMovementNewestFirstWithTheRunningBalance) {
  auto const& game = town.create_game("g", {"gold"}, Money::from_minor(500));
  town.credit(game, 0, 1'000);
  auto const bought = town.purchase(game, 0, 300);
  auto const back = town.refund(game, bought);
  auto const taken = town.debit(game, 0, 200);

  auto const movements = page(town.player(game, 0)).movements;
  ASSERT_EQ(movements.size(), 5u);
  EXPECT_EQ(movements[0].kind, MovementKind::debit);
  EXPECT_EQ(movements[0].change, Money::from_minor(-200));
  EXPECT_EQ(movements[0].available_after, Money::from_minor(1'300));
  EXPECT_EQ(movements[0].position, taken->last());
  EXPECT_EQ(movements[0].order, domain::OrderId(taken->first));
  EXPECT_EQ(movements[0].at, taken->at);
  EXPECT_EQ(movements[1].kind, MovementKind::item_refund);
  EXPECT_EQ(movements[1].order, domain::OrderId(bought->first));
  EXPECT_EQ(movements[1].transaction, back->first);
  EXPECT_EQ(movements[2].kind, MovementKind::item_purchase);
  EXPECT_EQ(movements[2].change, Money::from_minor(-300));
  EXPECT_EQ(movements[2].order, domain::OrderId(bought->first));
  EXPECT_EQ(movements[3].kind, MovementKind::credit);
  EXPECT_EQ(movements[3].order.position(), movements[3].transaction);
  EXPECT_EQ(movements[4].kind, MovementKind::starting_balance);
  EXPECT_EQ(movements[4].order, domain::OrderId{});
  EXPECT_EQ(movements[4].available_after, Money::from_minor(500));
  EXPECT_EQ(movements[4].transaction, movements[3].transaction) << "joined by the same command";
  EXPECT_LT(movements[4].position, movements[3].position);
}

TEST_F(History, PagesNeitherRepeatNorSkip) {
  auto const& game = town.create_game("g", {"gold", "gems"});
  for (int i = 0; i < 25; ++i) {
    town.credit(game, 0, 100 + i, static_cast<std::size_t>(i % 2));
    town.credit(game, 1, 100);
  }
  auto const player = town.player(game, 0);
  auto const whole = all(player, 100);
  ASSERT_EQ(whole.size(), 25u);
  for (std::size_t const limit : {1u, 7u, 24u, 25u}) {
    auto const paged = all(player, limit);
    ASSERT_EQ(paged.size(), whole.size()) << limit;
    for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_EQ(paged[i].position, whole[i].position);
  }
}

TEST_F(History, AnExactLastPageHasNoCursor) {
  auto const& game = town.create_game("g", {"gold"});
  for (int i = 0; i < 4; ++i) town.credit(game, 0, 100);
  auto const first = page(town.player(game, 0), 2);
  ASSERT_TRUE(first.next);
  EXPECT_FALSE(page(town.player(game, 0), 2, first.next).next);
}

TEST_F(History, OfOneCurrencyShowsThatWalletOnly) {
  auto const& game = town.create_game("g", {"gold", "gems"});
  for (int i = 0; i < 10; ++i) town.credit(game, 0, 100, i % 3 == 0 ? 1 : 0);
  auto const gems = game.currencies[1].currency;
  auto const movements = all(town.player(game, 0), 2, gems);
  ASSERT_EQ(movements.size(), 4u);
  for (auto const& movement : movements) EXPECT_EQ(movement.currency, gems);
  EXPECT_EQ(movements.front().available_after, Money::from_minor(400));
}

TEST_F(History, AForeignCursorIsRefused) {
  auto const& game = town.create_game("g", {"gold", "gems"});
  auto const other = town.credit(game, 1, 100);
  auto const mine = town.credit(game, 0, 100);
  auto view = read("history");
  auto const player = town.player(game, 0);
  for (std::uint64_t const cursor : {2 * other->last().value(), 2 * mine->last().value() + 1, std::uint64_t{0},
                                     std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    auto const page = read_history(view, player, {}, 10, cursor);
    ASSERT_FALSE(page) << cursor;
    EXPECT_EQ(page.error().kind, eventstore::Fault::Kind::missing);
  }
  auto const other_wallet = read_history(view, player, game.currencies[1].currency, 10, 2 * mine->last().value());
  ASSERT_FALSE(other_wallet);
  EXPECT_EQ(other_wallet.error().kind, eventstore::Fault::Kind::missing);
}

TEST_F(History, OfAnUnknownPlayerIsEmpty) {
  auto const& game = town.create_game("g", {"gold"});
  town.credit(game, 0, 100);
  auto const none = page(PlayerId(77));
  EXPECT_TRUE(none.movements.empty());
  EXPECT_FALSE(none.next);
}

TEST_F(History, ATransferIsSetAsideAndThenGone) {
  town.create_game("a", {"gold", "gems"});
  town.create_game("b", {"silver"});
  auto const a = town.game(0);
  auto const b = town.game(1);
  town.credit(a, 0, 1'000);
  auto const initiated = town.initiate(a, 0, b, 0, 400);
  ASSERT_TRUE(initiated);
  town.credit(a, 0, 50);
  ASSERT_TRUE(town.verify(domain::TransferId(initiated->first)));
  auto const claimed = town.claim(domain::TransferId(initiated->first));
  ASSERT_TRUE(claimed);

  auto const sent = page(town.player(a, 0)).movements;
  ASSERT_EQ(sent.size(), 4u);
  EXPECT_EQ(sent[0].kind, MovementKind::transfer_completed);
  EXPECT_EQ(sent[0].transaction, claimed->first);
  EXPECT_EQ(sent[0].order, domain::OrderId(initiated->first));
  EXPECT_EQ(sent[0].change, Money{});
  EXPECT_EQ(sent[0].available_after, Money::from_minor(650));
  EXPECT_EQ(sent[0].reserved_change, Money::from_minor(-400));
  EXPECT_EQ(sent[0].reserved_after, Money{});
  EXPECT_EQ(sent[1].kind, MovementKind::credit);
  EXPECT_EQ(sent[1].available_after, Money::from_minor(650));
  EXPECT_EQ(sent[1].reserved_change, Money{});
  EXPECT_EQ(sent[1].reserved_after, Money::from_minor(400)) << "set aside all along";
  EXPECT_EQ(sent[2].kind, MovementKind::transfer_reserved);
  EXPECT_EQ(sent[2].order, domain::OrderId(initiated->first));
  EXPECT_EQ(sent[2].change, Money::from_minor(-400));
  EXPECT_EQ(sent[2].available_after, Money::from_minor(600));
  EXPECT_EQ(sent[2].reserved_after, Money::from_minor(400));

  auto const received = page(town.player(b, 0)).movements;
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].kind, MovementKind::transfer_received);
  EXPECT_EQ(received[0].position, sent[0].position) << "one event, two sides";
  EXPECT_EQ(received[0].order, domain::OrderId(initiated->first));
  EXPECT_EQ(received[0].currency, b.currencies[0].currency);
  EXPECT_EQ(received[0].change, Money::from_minor(360));
  EXPECT_EQ(received[0].available_after, Money::from_minor(360));
  EXPECT_EQ(received[0].reserved_after, Money{});
}

TEST_F(History, ASendThatEndsOtherwiseComesBack) {
  auto const& game = town.create_game("g", {"gold"});
  town.credit(game, 0, 1'000);
  auto const initiated = town.initiate(game, 0, game, 1, 400);
  ASSERT_TRUE(initiated);
  static_cast<void>(read("history"));  // the end comes in a later transaction
  auto const cancelled = town.cancel(domain::TransferId(initiated->first));
  ASSERT_TRUE(cancelled);
  auto const movements = page(town.player(game, 0)).movements;
  ASSERT_EQ(movements.size(), 3u);
  EXPECT_EQ(movements[0].kind, MovementKind::send_returned);
  EXPECT_EQ(movements[0].transaction, cancelled->first);
  EXPECT_EQ(movements[0].order, domain::OrderId(initiated->first));
  EXPECT_EQ(movements[0].change, Money::from_minor(400));
  EXPECT_EQ(movements[0].available_after, Money::from_minor(1'000));
  EXPECT_EQ(movements[0].reserved_change, Money::from_minor(-400));
  EXPECT_EQ(movements[0].reserved_after, Money{});
  EXPECT_EQ(movements[1].kind, MovementKind::send_reserved);
}

// On a phone that the sender shares with the receiver the claim may go to the sender: one event, both rows theirs.
TEST_F(History, BothSidesOfAClaimMayBeOnePlayers) {
  auto const& game = town.create_game("g", {"gold"});
  town.credit(game, 0, 1'000);
  town.credit(game, 1, 1'000);
  auto const owned = town.initiate(game, 1, game, 0, 10);  // the right PIN puts their phone on file
  ASSERT_TRUE(owned && town.verify(domain::TransferId(owned->first)));
  ASSERT_TRUE(town.ask_for_phone(0, 1));
  ASSERT_TRUE(town.reply(1, domain::ReplyWord::yes));
  auto const initiated = town.initiate(game, 0, game, 1, 400);
  ASSERT_TRUE(initiated && town.verify(domain::TransferId(initiated->first)));
  auto const player = town.player(game, 0);
  ASSERT_FALSE(town.claim(domain::TransferId(initiated->first), 0, player)) << "refused by now";
  auto const sent = *town.state().find_transfer(domain::TransferId(initiated->first));
  auto const wallet = town.state().wallet(player, sent.currency);
  town.record(
      {domain::TransferClaimed{sent.transaction, sent.flavour, sent.sender, sent.currency, player, sent.currency,
                               sent.amount, sent.fees, wallet.reserved - sent.amount, wallet.available + sent.net(),
                               sent.target, sent.sender_phone, sent.receiver_phone}});
  for (std::size_t const limit : {1u, 2u, 100u}) {
    auto const movements = all(player, limit);
    ASSERT_EQ(movements.size(), 4u) << limit;
    EXPECT_EQ(movements[0].kind, MovementKind::send_received);
    EXPECT_EQ(movements[0].available_after, Money::from_minor(960));
    EXPECT_EQ(movements[1].kind, MovementKind::send_completed);
    EXPECT_EQ(movements[1].available_after, Money::from_minor(600));
    EXPECT_EQ(movements[1].reserved_after, Money{});
    EXPECT_EQ(movements[0].position, movements[1].position);
  }
}

TEST_F(History, RunningBalancesEqualTheFold) {
  std::random_device device;
  auto const seed = device();
  SCOPED_TRACE("seed " + std::to_string(seed));
  town.reseed(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 3'000; ++i) {
    town.play_random(12);
    // Sometimes in small transactions, sometimes in large ones.
    if (random() % 100 == 0) static_cast<void>(read("history"));
  }
  std::set<MovementKind> kinds;
  auto view = read("history");
  for (std::uint64_t id = 1; id <= town.state().player_count(); ++id) {
    PlayerId const player(id);
    auto const pages = read_history(view, player, {}, 100'000, {});
    ASSERT_TRUE(pages);
    std::map<CurrencyId, domain::Wallet> running;
    auto const& movements = pages.value().movements;
    for (auto movement = movements.rbegin(); movement != movements.rend(); ++movement) {
      kinds.insert(movement->kind);
      auto& wallet = running[movement->currency];
      wallet.available += movement->change;
      wallet.reserved += movement->reserved_change;
      EXPECT_EQ(wallet.available, movement->available_after);
      EXPECT_EQ(wallet.reserved, movement->reserved_after);
    }
    for (auto const& [currency, held] : running) {
      EXPECT_EQ(held, town.state().wallet(player, currency));
      auto const wallet = read_history(view, player, currency, 100'000, {});
      ASSERT_TRUE(wallet);
      EXPECT_EQ(static_cast<std::ptrdiff_t>(wallet.value().movements.size()),
                std::count_if(movements.begin(), movements.end(),
                              [&](Movement const& movement) { return movement.currency == currency; }));
    }
  }
  EXPECT_GE(kinds.size(), 12u) << "every kind; whether a game grants a starting balance is left to chance";
}

}  // namespace
}  // namespace florin::projections
