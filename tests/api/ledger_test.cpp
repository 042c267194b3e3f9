// What api/ledger answers, asked directly: no route, no HTTP. The routes only prepare what there is to ask about.
#include "api/ledger/ledger.h"

#include <gtest/gtest.h>

#include "api/ledger/card_orders.h"
#include "api/ledger/checkout_sessions.h"
#include "api/ledger/item_orders.h"
#include "api/ledger/payouts.h"
#include "api/ledger/transaction_details.h"
#include "api/ledger/transfers.h"
#include "tests/api/await.h"
#include "tests/api/route_scene.h"

namespace florin::api {
namespace {

using domain::Position;

class LedgerReads : public ::testing::Test {
 protected:
  Response post(std::string_view operation, std::string const& key, std::string body) {
    Asking asking;
    asking.key = key;
    asking.body = std::move(body);
    return scene_.ask(operation, asking);
  }
  // The position of what Ada bought for 20.00.
  domain::OrderId buy_sword(std::string const& key) {
    auto const credited =
        post("creditBalance", key,
             R"({"client_request_id":"c","player_email":"ada@example.com","amount":"100.00","reason":"welcome"})");
    EXPECT_EQ(credited.status, 200) << credited.body;
    auto const bought =
        post("purchaseItem", key,
             R"({"client_request_id":"s","player_email":"ada@example.com","item_id":"sword","item_name":"Sword",)"
             R"("item_quantity":2,"unit_price":"10.00","total_price":"20.00"})");
    EXPECT_EQ(bought.status, 200) << bought.body;
    return *domain::parse_order_id(text_of(bought.body, "order_id"));
  }
  domain::OrderId order_currency(std::string const& key, std::string const& method) {
    auto const ordered = post("purchaseCurrency", key,
                              R"({"client_request_id":"o","player_email":"ada@example.com","usd_amount":"5.00",)"
                              R"("payment_method_id":")" +
                                  method + "\"}");
    return *domain::parse_order_id(text_of(ordered.body, "order_id"));
  }
  [[nodiscard]] Reader reader(Inbox& inbox) { return {ledger(), workers_, inbox}; }
  [[nodiscard]] Ledger const& ledger() { return scene_.environment().ledger(); }
  [[nodiscard]] domain::Game game_of_key(std::string const& key) {
    return *ledger().state.games()->find_by_key(eventstore::sha256(key), ledger().clock.now());
  }
  // What work(ViewReader&) returns once the view shows everything durable.
  template <class Work>
  auto look(View view, Work const& work) {
    return await([&](Inbox& inbox) { return reader(inbox).view(view, ledger().state.position(), work); });
  }

  RouteScene scene_;
  WorkerPool workers_{1};
};

TEST_F(LedgerReads, AnItemOrderIsItsGamesAndShowsItsRefund) {
  auto const key = scene_.make_game();
  auto const other = game_of_key(scene_.make_game()).id;
  auto const game = game_of_key(key).id;
  auto const order = buy_sword(key);
  auto const load = [&](domain::GameId who) {
    return look(View::orders, [&, who](ViewReader& view) { return load_item_order(ledger(), view, who, order); });
  };
  auto const bought = load(game);
  ASSERT_TRUE(bought && bought.value());
  EXPECT_EQ(bought.value()->event().item.id, "sword");
  EXPECT_FALSE(bought.value()->refund);
  EXPECT_FALSE(load(other).value());
  EXPECT_TRUE(find_item_sale(ledger(), game, order).value());
  EXPECT_FALSE(find_item_sale(ledger(), other, order).value());

  auto const refunded =
      post("refundItem", key,
           R"({"client_request_id":"r","reason":"broken","order_id":")" + domain::format_order_id(order) + "\"}");
  ASSERT_EQ(refunded.status, 200) << refunded.body;
  EXPECT_TRUE(load(game).value()->refund);
}

TEST_F(LedgerReads, ATransactionIsToldToWhoHasAPartInIt) {
  auto const key = scene_.make_game();
  auto const other = game_of_key(scene_.make_game());
  auto const game = game_of_key(key);
  auto const order = buy_sword(key);
  auto const load = [&](domain::Game const& who) {
    return await([&](Inbox& inbox) { return load_transaction(reader(inbox), who, order.position()); });
  };
  auto const found = load(game);
  ASSERT_TRUE(found && found.value());
  EXPECT_EQ(found.value()->name.kind, TransactionKind::item_purchase);
  EXPECT_EQ(found.value()->status, "completed");
  EXPECT_EQ(found.value()->facts.amount, domain::Money::from_minor(2'000));
  EXPECT_FALSE(found.value()->postings.empty());
  EXPECT_FALSE(load(other).value());
}

TEST_F(LedgerReads, APaymentIsFollowedToItsEnd) {
  auto const key = scene_.make_game();
  auto const game = game_of_key(key).id;
  auto const order = order_currency(key, "pm_card_visa");
  auto const followed = await([&](Inbox& inbox) { return follow_payment(reader(inbox), order); });
  ASSERT_TRUE(followed);
  EXPECT_EQ(followed.value().state, FollowedPayment::State::paid);
  auto const paid =
      look(View::payments, [&](ViewReader& view) { return find_paid_order(ledger(), view, game, order); });
  EXPECT_TRUE(paid.value().is_known);
  EXPECT_TRUE(paid.value().purchased);
  domain::GameId const nobody(999);
  auto const theirs =
      look(View::payments, [&](ViewReader& view) { return find_paid_order(ledger(), view, nobody, order); });
  EXPECT_FALSE(theirs.value().is_known);
}

TEST_F(LedgerReads, ADeclinedOrderIsKnownAndNotPaid) {
  auto const key = scene_.make_game();
  auto const order = order_currency(key, "pm_card_chargeDeclined");
  auto const game = game_of_key(key).id;
  auto const loaded =
      look(View::payments, [&](ViewReader& view) { return load_card_order(ledger(), view, game, order); });
  ASSERT_TRUE(loaded && loaded.value());
  EXPECT_STREQ(loaded.value()->status(), "failed");
  EXPECT_EQ(refundable_usd(ledger(), game, *loaded.value()), domain::Usd{});
}

TEST_F(LedgerReads, ACheckoutSessionIsOpenUntilItExpires) {
  auto const key = scene_.make_game();
  auto const opened =
      post("openCheckout", key, R"({"client_request_id":"o","player_email":"ada@example.com","usd_amount":"5.00"})");
  ASSERT_EQ(opened.status, 201) << opened.body;
  auto const session = *domain::parse_session_id(text_of(opened.body, "session_id"));
  EXPECT_EQ(text_of(opened.body, "checkout_url"), checkout_url(ledger(), session));
  auto const game = game_of_key(key).id;
  auto const loaded = await([&](Inbox& inbox) { return load_session(reader(inbox), game, session); });
  ASSERT_TRUE(loaded && loaded.value());
  auto const& found = *loaded.value();
  EXPECT_STREQ(session_status(found, std::nullopt, ledger().clock.now()), "open");
  EXPECT_STREQ(session_status(found, std::nullopt, found.opened.expires_at), "expired");
  EXPECT_EQ(player_of(ledger(), found.opened)->email, "ada@example.com");
  domain::GameId const nobody(999);
  EXPECT_FALSE(await([&](Inbox& inbox) { return load_session(reader(inbox), nobody, session); }).value());
}

TEST_F(LedgerReads, NoTransferIsFoundWhereNoneBegins) {
  auto const key = scene_.make_game();
  auto const order = buy_sword(key);
  auto const game = game_of_key(key).id;
  for (auto const transfer : {domain::TransferId(order.position()), domain::TransferId(1'000'000)}) {
    auto const found = await([&](Inbox& inbox) { return load_transfer(reader(inbox), game, std::nullopt, transfer); });
    ASSERT_TRUE(found);
    EXPECT_FALSE(found.value());
  }
  EXPECT_EQ(why_unclaimable(ledger(), game, std::nullopt, {}), Unclaimable::unknown);
}

TEST_F(LedgerReads, AFullPoolIsBusyAndRunsNothing) {
  WorkerPool full(1, 0);
  bool ran = false;
  auto const read = await([&](Inbox& inbox) {
    return Reader{ledger(), full, inbox}.disk([&]() -> eventstore::ResultOr<Unit> {
      ran = true;
      return Unit{};
    });
  });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().why, Unread::Why::busy);
  EXPECT_FALSE(ran);
}

TEST_F(LedgerReads, AFaultOfTheReadIsPassedOn) {
  auto const read = await([&](Inbox& inbox) {
    return reader(inbox).disk([]() -> eventstore::ResultOr<Unit> {
      return eventstore::fault(eventstore::Fault::Kind::corrupt, "a row is not what was written");
    });
  });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().why, Unread::Why::fault);
  EXPECT_EQ(read.error().fault.what, "a row is not what was written");
}

TEST_F(LedgerReads, AViewThatDoesNotGetThereInTimeIsBehind) {
  auto const key = scene_.make_game();
  Position const never(1'000'000);
  auto const read = await([&](Inbox& inbox) {
    return reader(inbox).view(View::history, never, [](ViewReader&) -> eventstore::ResultOr<Unit> { return Unit{}; });
  });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().why, Unread::Why::behind);
}

}  // namespace
}  // namespace florin::api
