// What the tests of the card payments share: one game, its buyer, and what must hold when all is at rest.
#pragma once

#include <gtest/gtest.h>

#include "tests/sagas/card_rig.h"
#include "tests/support/facts.h"

namespace florin::sagas {

using domain::Money;
using domain::OrderId;
using domain::PaymentFailure;
using domain::PaymentStatus;
using test_support::Call;
using test_support::call_name;
using test_support::kMinute;
using test_support::kSecond;
using test_support::order_currency;
using test_support::Trouble;
using test_support::units;

inline constexpr Trouble kTroubles[] = {Trouble::unreachable, Trouble::timeout_before, Trouble::timeout_after};
inline constexpr char kDeclined[] = "pm_card_chargeDeclinedInsufficientFunds";
inline constexpr char kAsked[] = "pm_card_threeDSecure2Required";
inline constexpr char kDisputed[] = "pm_card_createDispute";
inline constexpr auto kWait = std::chrono::hours(1);  // of who has patience

inline domain::Usd usd(std::int64_t cents) { return domain::Usd::from_minor(cents); }

struct CardPaymentsTest : testing::Test {
  test_support::CardWorld world;
  test_support::TempFolder vault;
  test_support::MemoryLog log;
  std::unique_ptr<test_support::CardRig> rig;
  domain::GameId game;

  void SetUp() override { start(); }
  void start(bool callbacks = true) {
    rig.reset();
    log.restart();
    rig = std::make_unique<test_support::CardRig>(vault.path(), log, world, callbacks);
    game = test_support::live_game(*rig);
  }

  // Nothing has been tried yet when it returns, as far as this thread knows.
  OrderId order(std::string method = "pm_card_visa", std::int64_t cents = 1000) {
    auto const commit = rig->commit(order_currency(game, 1, cents, std::move(method)));
    return std::get<domain::CurrencyOrdered>(commit->events.back()).order;
  }
  OrderId buy(std::string method = "pm_card_visa", std::int64_t cents = 1000) {
    auto const made = order(std::move(method), cents);
    EXPECT_TRUE(rig->quiet());
    return made;
  }
  domain::RefundId refund(std::optional<domain::Usd> amount = std::nullopt) {
    auto const original = rig->view().all<domain::CurrencyPurchased>().back();
    auto const commit =
        rig->commit(domain::RefundPurchase{game, samples::fact(original), amount, "changed mind", true});
    return std::get<domain::RefundRequested>(commit->events.back()).refund;
  }
  // Until so many calls were made.
  void await(Call call, long calls) { ASSERT_TRUE(rig->gateway().wait_for(call, calls)) << call_name(call); }
  template <class E>
  [[nodiscard]] std::size_t count() const {
    return rig->view().all<E>().size();
  }
  [[nodiscard]] bool settled() const { return count<domain::CurrencyPurchased>() + count<domain::PaymentFailed>() > 0; }
  [[nodiscard]] Money available() const { return rig->wallet(game, 1).available; }
  [[nodiscard]] domain::PaymentFailed failed() const {
    auto const all = rig->view().all<domain::PaymentFailed>();
    return all.size() == 1 ? all.front() : domain::PaymentFailed{};
  }

  // At rest: the processor charged once, the player was credited once, and the clearing is the statement.
  void expect_paid(Money after = units(100)) {
    EXPECT_EQ(count<domain::CurrencyPurchased>(), 1u);
    EXPECT_EQ(count<domain::PaymentFailed>(), 0u);
    EXPECT_EQ(world.statement().payments, 1u);
    EXPECT_EQ(world.statement().charges, 1u);
    EXPECT_EQ(available(), after);
    expect_balanced();
  }
  void expect_not_paid(PaymentFailure why, std::string const& code) {
    EXPECT_EQ(count<domain::CurrencyPurchased>(), 0u);
    EXPECT_EQ(count<domain::PaymentFailed>(), 1u);
    EXPECT_EQ(failed().failure, why);
    EXPECT_EQ(failed().code, code);
    EXPECT_EQ(world.statement().charges, 0u);
    EXPECT_EQ(available(), Money{});
    expect_balanced();
  }
  void expect_balanced() {
    EXPECT_EQ(rig->sum(domain::Account::card_clearing), -domain::units_of(world.statement().balance));
    EXPECT_EQ(rig->sum(domain::Account::refunds_in_flight), Money{});
  }
};

// Keeps the updates that it gets. Filled on the effects thread; read when the saga is idle.
struct Watcher {
  std::shared_ptr<std::vector<PaymentUpdate>> updates = std::make_shared<std::vector<PaymentUpdate>>();
  [[nodiscard]] std::function<void(PaymentUpdate const&)> callback() const {
    return [into = updates](PaymentUpdate const& update) { into->push_back(update); };
  }
};

}  // namespace florin::sagas
