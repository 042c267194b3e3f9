#include "eventstore/engine/fold_check.h"

#include <functional>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include "eventstore/engine/recovery.h"
#include "eventstore/store/chain.h"
#include "eventstore/store/codec.h"
#include "tests/support/memory_log.h"

namespace florin::eventstore {
namespace {

using namespace domain;

Money minor(std::int64_t amount) { return Money::from_minor(amount); }
constexpr GameId kGame{123'456'789'012};
constexpr GameId kNowhere{999'999'999'999};

GameCreated game(GameId id, std::vector<std::uint32_t> const& currencies) {
  GameCreated created;
  created.game = id;
  created.settings.name = "Alpha";
  for (auto const currency : currencies) {
    auto name = "Currency " + std::to_string(created.currencies.size());
    created.currencies.push_back({CurrencyId(currency), std::move(name), "G", Money{}, minor(1), {}});
  }
  return created;
}

BlindIndex email(std::uint8_t first) {
  BlindIndex index{};
  index[0] = first;
  return index;
}

// A game with two currencies; one player, who holds 10.00 of the first and refunded the order at position 9.
std::vector<Event> town() {
  return {game(kGame, {1, 2}), IdentityRegistered{IdentityId(1), email(1), {"sealed", true}},
          PlayerJoined{PlayerId(1), kGame, IdentityId(1), {}, 0},
          BalanceCredited{PlayerId(1), CurrencyId(1), minor(900), minor(900), ""},
          ItemRefunded{OrderId(9), PlayerId(1), CurrencyId(1), minor(100), minor(10), minor(90), minor(1000), ""}};
}

constexpr Place kPlace{Timestamp(), Position(6), Position(6)};

State after(std::vector<Event> const& events) {
  State state;
  apply(state, Commit{Position(1), Timestamp(), {}, events});
  return state;
}

ItemPurchased purchase(std::int64_t total, std::int64_t fee, std::int64_t revenue, std::int64_t available_after) {
  ItemPurchased bought;
  bought.player = PlayerId(1);
  bought.currency = CurrencyId(1);
  bought.total = minor(total);
  bought.platform_fee = minor(fee);
  bought.developer_revenue = minor(revenue);
  bought.available_after = minor(available_after);
  return bought;
}

ItemRefunded refund(std::int64_t total, std::int64_t fee, std::int64_t revenue, std::int64_t available_after) {
  return {OrderId(8), PlayerId(1), CurrencyId(1), minor(total), minor(fee), minor(revenue), minor(available_after), ""};
}

struct Row {
  char const* what;
  Event event;
};

// One for every assertion that apply makes, at least.
std::vector<Row> impossible() {
  auto const max = kMaxBalance.minor();
  auto const lowest = std::numeric_limits<std::int64_t>::min();
  auto const highest = std::numeric_limits<std::int64_t>::max();
  auto const credit = [](std::uint64_t player, std::uint32_t currency, std::int64_t amount, std::int64_t then) {
    return BalanceCredited{PlayerId(player), CurrencyId(currency), minor(amount), minor(then), ""};
  };
  auto const debit = [](std::int64_t amount, std::int64_t then) {
    return BalanceDebited{PlayerId(1), CurrencyId(1), minor(amount), minor(then), ""};
  };
  auto const grant = [](std::uint64_t player, std::uint32_t currency, std::int64_t amount, std::int64_t then) {
    return StartingBalanceGranted{PlayerId(player), CurrencyId(currency), minor(amount), minor(then)};
  };
  using Spec = CurrencySpec;
  auto const created = [](auto const& change) {
    auto out = game(kNowhere, {3, 4});
    change(out.currencies);
    return out;
  };
  auto const added = [](auto const& change) {
    CurrencyAdded out{kGame, {CurrencyId(3), "Gems", "GEM", {}, minor(1), {}}};
    change(out.currency);
    return out;
  };
  auto const changed = [](auto const& change) {
    CurrencyChanged out{kGame, {CurrencyId(1), "Gems", "GEM", {}, minor(1), {}}};
    change(out.currency);
    return out;
  };
  return {
      {"a game with two currencies of one name", created([](auto& all) { all[1].name = all[0].name; })},
      {"a game with a nameless currency", created([](auto& all) { all[1].name.clear(); })},
      {"a game that grants less than nothing", created([](auto& all) { all[0].starting_amount = minor(-1); })},
      {"a game of more currencies than one may have", created([](auto& all) {
         for (std::uint32_t next = 5; all.size() <= kCurrenciesPerGameMax; ++next) {
           all.push_back({CurrencyId(next), std::to_string(next), "G", {}, minor(1), {}});
         }
       })},
      {"an added currency without a name", added([](Spec& spec) { spec.name.clear(); })},
      {"an added currency of a taken name", added([](Spec& spec) { spec.name = "Currency 0"; })},
      {"an added currency that grants less than nothing", added([](Spec& spec) { spec.starting_amount = minor(-1); })},
      {"an added currency without a minimum", added([](Spec& spec) { spec.minimum_transfer = {}; })},
      {"an added currency with a maximum below the minimum",
       added([](Spec& spec) { spec.maximum_transfer = minor(0); })},
      {"a changed currency without a name", changed([](Spec& spec) { spec.name.clear(); })},
      {"a changed currency of a taken name", changed([](Spec& spec) { spec.name = "Currency 1"; })},
      {"a changed currency that grants less than nothing",
       changed([](Spec& spec) { spec.starting_amount = minor(-1); })},
      {"a changed currency without a minimum", changed([](Spec& spec) { spec.minimum_transfer = {}; })},
      {"a game that exists", game(kGame, {3})},
      {"a game without a currency", game(kNowhere, {})},
      {"a currency out of sequence", game(kNowhere, {4})},
      {"a currency twice", game(kNowhere, {3, 3})},
      {"an update of no game", GameUpdated{kNowhere, {}}},
      {"a currency for no game", CurrencyAdded{kNowhere, {CurrencyId(3), "c", "c", {}, minor(1), {}}}},
      {"an added currency out of sequence", CurrencyAdded{kGame, {CurrencyId(4), "c", "c", {}, minor(1), {}}}},
      {"a changed currency of no game", CurrencyChanged{kNowhere, {CurrencyId(1), "c", "c", {}, minor(1), {}}}},
      {"a changed currency of another game", CurrencyChanged{kGame, {CurrencyId(3), "c", "c", {}, minor(1), {}}}},
      {"a new key of no game", SdkKeyRotated{kNowhere, {}, {}}},
      {"an identity out of sequence", IdentityRegistered{IdentityId(3), email(2), {}}},
      {"identity zero", IdentityRegistered{IdentityId(), email(2), {}}},
      {"an e-mail twice", IdentityRegistered{IdentityId(2), email(1), {}}},
      {"a player out of sequence", PlayerJoined{PlayerId(3), kGame, IdentityId(1), {}, 0}},
      {"a player of identity zero", PlayerJoined{PlayerId(2), kGame, IdentityId(), {}, 0}},
      {"a player of no identity", PlayerJoined{PlayerId(2), kGame, IdentityId(2), {}, 0}},
      {"a player of no game", PlayerJoined{PlayerId(2), kNowhere, IdentityId(1), {}, 0}},
      {"a player twice", PlayerJoined{PlayerId(2), kGame, IdentityId(1), {}, 0}},
      {"a foreign identity's rename", PlayerRenamed{PlayerId(1), IdentityId(2), {}, 0}},
      {"a rename of nobody", PlayerRenamed{PlayerId(2), IdentityId(1), {}, 0}},
      {"a rename of player zero", PlayerRenamed{PlayerId(), IdentityId(), {}, 0}},
      {"a grant of nothing", grant(1, 2, 0, 0)},
      {"a grant below zero", grant(1, 1, -1, 999)},
      {"a grant to nobody", grant(2, 1, 5, 5)},
      {"a grant of a foreign currency", grant(1, 3, 5, 5)},
      {"a grant that does not add up", grant(1, 2, 5, 6)},
      {"a credit of nothing", credit(1, 1, 0, 1000)},
      {"a credit below zero", credit(1, 1, -1, 999)},
      {"a credit of the lowest number", credit(1, 1, lowest, 0)},
      {"a credit to nobody", credit(2, 1, 5, 5)},
      {"a credit to player zero", credit(0, 1, 5, 5)},
      {"a credit of a foreign currency", credit(1, 3, 5, 5)},
      {"a credit that does not add up", credit(1, 1, 5, 1004)},
      {"a credit past the largest balance", credit(1, 1, max, max + 1000)},
      {"a credit past every number", credit(1, 1, highest, highest)},
      {"a debit of nothing", debit(0, 1000)},
      {"a debit below zero", debit(-1, 1001)},
      {"a debit of the lowest number", debit(lowest, 0)},
      {"a debit that does not add up", debit(5, 996)},
      {"a debit of more than there is", debit(1001, -1)},
      {"a purchase of nothing", purchase(0, 0, 0, 1000)},
      {"a purchase below zero", purchase(-1, 0, -1, 1001)},
      {"a purchase of the lowest number", purchase(lowest, 0, lowest, 0)},
      {"a purchase with a fee below zero", purchase(100, -10, 110, 900)},
      {"a purchase with a revenue below zero", purchase(100, 110, -10, 900)},
      {"a purchase with parts past every number", purchase(100, highest, highest, 900)},
      {"a purchase whose parts are not the total", purchase(100, 10, 91, 900)},
      {"a purchase of more than there is", purchase(1001, 1, 1000, -1)},
      {"a purchase that does not add up", purchase(100, 10, 90, 901)},
      {"a second refund",
       ItemRefunded{OrderId(9), PlayerId(1), CurrencyId(1), minor(100), minor(10), minor(90), minor(1100), ""}},
      {"a refund of nothing", refund(0, 0, 0, 1000)},
      {"a refund below zero", refund(-1, 0, -1, 999)},
      {"a refund of the lowest number", refund(lowest, lowest, 0, 0)},
      {"a refund whose parts are not the total", refund(100, 10, 89, 1100)},
      {"a refund with a fee below zero", refund(100, -10, 110, 1100)},
      {"a refund past the largest balance", refund(max, 0, max, max + 1000)},
      {"a refund that does not add up", refund(100, 10, 90, 1101)},
  };
}

std::vector<Row> possible() {
  auto const max = kMaxBalance.minor();
  return {
      {"another game", game(kNowhere, {3, 4})},
      {"another currency", CurrencyAdded{kGame, {CurrencyId(3), "Gems", "GEM", {}, minor(1), {}}}},
      {"a currency that keeps its name", CurrencyChanged{kGame, {CurrencyId(1), "Currency 0", "C", {}, minor(1), {}}}},
      {"another identity", IdentityRegistered{IdentityId(2), email(2), {}}},
      {"a rename", PlayerRenamed{PlayerId(1), IdentityId(1), {}, 0}},
      {"a grant", StartingBalanceGranted{PlayerId(1), CurrencyId(2), minor(5), minor(5)}},
      {"a credit up to the largest balance",
       BalanceCredited{PlayerId(1), CurrencyId(1), minor(max - 1000), minor(max), ""}},
      {"a debit down to nothing", BalanceDebited{PlayerId(1), CurrencyId(1), minor(1000), minor(0), ""}},
      {"a purchase without a fee", purchase(1000, 0, 1000, 0)},
      {"a refund that is all fee", refund(100, 100, 0, 1100)},
  };
}

TEST(FoldCheck, NamesWhatCannotHappen) {
  auto const state = after(town());
  for (auto const& row : impossible()) EXPECT_NE(why_impossible(state, row.event, kPlace), nullptr) << row.what;
  for (auto const& row : possible()) EXPECT_EQ(why_impossible(state, row.event, kPlace), nullptr) << row.what;
}

TEST(FoldCheck, AGameHasNoMoreCurrenciesThanItMay) {
  std::vector<std::uint32_t> all(kCurrenciesPerGameMax);
  std::iota(all.begin(), all.end(), 1u);
  auto const next = static_cast<std::uint32_t>(all.size() + 1);
  CurrencyAdded const added{kGame, {CurrencyId(next), "Gems", "GEM", {}, minor(1), {}}};
  EXPECT_STREQ(why_impossible(after({game(kGame, all)}), added, kPlace), "adds more currencies than a game may have");
}

TEST(FoldCheck, WhatItAcceptsCanBeApplied) {
  for (auto const& row : possible()) {
    SCOPED_TRACE(row.what);
    auto state = after(town());
    apply(state, row.event, kPlace.at);
  }
}

// A log whose links and positions are right: somebody with SQL wrote it.
TEST(FoldCheck, AForgedLogIsReportedAtThePositionOfTheLie) {
  for (auto const& row : impossible()) {
    test_support::MemoryLog log;
    auto events = town();
    events.push_back(row.event);
    std::string bytes;
    Encoder().encode(Commit{Position(1), Timestamp(), {}, events}, bytes);
    auto const last = Position(events.size());
    StoredCommit const stored{last, bytes, chain_link({}, last, bytes)};
    ASSERT_TRUE(log.append({{}, log.lease().value(), {&stored, 1}}));
    auto const found = verify(log, nullptr);
    ASSERT_FALSE(found) << row.what;
    EXPECT_EQ(found.error().kind, Fault::Kind::corrupt) << row.what;
    // Some of them cannot even be written down: then the codec refuses the commit.
    EXPECT_NE(found.error().what.find("position "), std::string::npos) << row.what << ": " << found.error().what;
  }
}

}  // namespace
}  // namespace florin::eventstore
