#include "domain/ids.h"

#include <concepts>
#include <limits>
#include <string>
#include <type_traits>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace florin::domain {
namespace {

// Swapped arguments do not compile.
static_assert(!std::is_convertible_v<PlayerId, IdentityId>);
static_assert(!std::is_convertible_v<std::uint64_t, PlayerId>);
static_assert(!std::is_convertible_v<PlayerId, std::uint64_t>);

template <class A, class B>
concept Comparable = requires(A a, B b) { a == b; };
// Whether an A can be made of a B, or compared with one.
template <class A, class B>
concept Mixes = std::is_constructible_v<A, B> || Comparable<A, B>;

template <class A, class... Others>
constexpr bool mixes_with_none = !(Mixes<A, Others> || ...) && !(Mixes<Others, A> || ...);

// What positions name: each kind is its own.
static_assert(mixes_with_none<TransferId, ApprovalId, OrderId, SessionId, PayoutId, RefundId>);
static_assert(mixes_with_none<ApprovalId, OrderId, SessionId, PayoutId, RefundId>);
static_assert(mixes_with_none<OrderId, SessionId, PayoutId, RefundId>);
static_assert(mixes_with_none<SessionId, PayoutId, RefundId>);
static_assert(mixes_with_none<PayoutId, RefundId>);

// From a position and to one only by name; what no position names, not even so.
template <class Named>
concept NamesByPosition = std::is_constructible_v<Named, Position> && !std::is_convertible_v<Position, Named> &&
                          !std::is_convertible_v<Named, Position> && !std::is_constructible_v<Position, Named> &&
                          !Comparable<Named, Position> && requires(Named id) {
                            { id.position() } -> std::same_as<Position>;
                          };
static_assert(NamesByPosition<TransferId> && NamesByPosition<ApprovalId> && NamesByPosition<OrderId> &&
              NamesByPosition<SessionId> && NamesByPosition<PayoutId> && NamesByPosition<RefundId>);
static_assert(!NamesByPosition<PlayerId> && !std::is_constructible_v<PlayerId, Position>);
static_assert(mixes_with_none<Position, PlayerId, IdentityId, PhoneId, GameId, CurrencyId>);

// A formatter takes its own kind only.
template <class T>
concept FormatsAsOrder = requires(T id) { format_order_id(id); };
template <class T>
concept FormatsAsTransaction = requires(T id) { format_transaction_id(id); };
static_assert(FormatsAsOrder<OrderId> && !FormatsAsOrder<TransferId> && !FormatsAsOrder<Position>);
static_assert(FormatsAsTransaction<Position> && FormatsAsTransaction<TransferId> && !FormatsAsTransaction<OrderId>);

TEST(Ids, ZeroMeansNone) {
  EXPECT_FALSE(PlayerId{});
  EXPECT_TRUE(PlayerId(1));
  EXPECT_EQ(next(Position(7)), Position(8));
  EXPECT_EQ(next(Position(7), 3), Position(10));
  EXPECT_FALSE(TransferId{});
  EXPECT_FALSE(TransferId(Position{}));
}

TEST(Ids, AreNamedByAPosition) {
  EXPECT_EQ(TransferId(Position(7)).position(), Position(7));
  EXPECT_EQ(OrderId(Position(7)), OrderId(7));
}

// Clients store these: the form is for ever.
TEST(Ids, WritesThirteenLettersOfCrockfordBase32) {
  EXPECT_EQ(format_transaction_id(Position(1)), "txn_0000000000001");
  EXPECT_EQ(format_transaction_id(Position(32)), "txn_0000000000010");
  EXPECT_EQ(format_transaction_id(TransferId(32)), "txn_0000000000010");
  EXPECT_EQ(format_session_id(SessionId(32)), "cs_0000000000010");
  EXPECT_EQ(format_order_id(OrderId(16'531)), "ord_0000000000G4K");
  EXPECT_EQ(format_identity_id(IdentityId(31)), "idn_000000000000Z");
  EXPECT_EQ(format_order_id(OrderId(std::numeric_limits<std::uint64_t>::max())), "ord_FZZZZZZZZZZZZ");
}

RC_GTEST_PROP(IdsProperty, ParseUndoesFormat, (std::uint64_t value)) {
  RC_PRE(value != 0);
  RC_ASSERT(parse_transaction_id(format_transaction_id(Position(value))) == Position(value));
  RC_ASSERT(parse_order_id(format_order_id(OrderId(value))) == OrderId(value));
  RC_ASSERT(parse_session_id(format_session_id(SessionId(value))) == SessionId(value));
  RC_ASSERT(parse_identity_id(format_identity_id(IdentityId(value))) == IdentityId(value));
}

TEST(Ids, OneTextPerIdAndOneIdPerText) {
  for (auto const* text :
       {"", "txn_", "txn_0000000000000", "ord_0000000000001", "txn_000000000001", "txn_00000000000001",
        "txn_000000000000a", "txn_000000000000I", "txn_000000000000L", "txn_000000000000O", "txn_000000000000U",
        "TXN_0000000000001", "txn-0000000000001", "txn_G000000000000", "txn_ZZZZZZZZZZZZZ", " txn_000000000001",
        "txn_00000000000 1", "0000000000001"}) {
    EXPECT_EQ(parse_transaction_id(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_transaction_id(std::string_view("txn_000000000000\0", 17)), std::nullopt);
  EXPECT_EQ(parse_order_id("txn_0000000000001"), std::nullopt);
  EXPECT_EQ(parse_identity_id("ord_0000000000001"), std::nullopt);
}

RC_GTEST_PROP(IdsProperty, WhateverParsesIsWhatTheFormatterWrites, ()) {
  auto const letters = *rc::gen::container<std::string>(
      13, rc::gen::weightedElement<char>({{20, '0'}, {4, '7'}, {4, 'F'}, {4, 'Z'}, {1, 'G'}, {1, 'I'}, {1, 'z'}}));
  auto const text = "txn_" + letters;
  if (auto const position = parse_transaction_id(text)) RC_ASSERT(format_transaction_id(*position) == text);
}

TEST(Ids, GameIdsHaveTwelveDigits) {
  EXPECT_EQ(parse_game_id("100000000000"), GameId(100'000'000'000));
  EXPECT_EQ(parse_game_id("999999999999"), GameId(999'999'999'999));
  for (auto const* text : {"", "99999999999", "1000000000000", "012345678901", "-12345678901", "+12345678901",
                           "12345678901a", " 12345678901", "1234567890.1"}) {
    EXPECT_EQ(parse_game_id(text), std::nullopt) << text;
  }
  EXPECT_FALSE(is_game_id(99'999'999'999));
  EXPECT_FALSE(is_game_id(1'000'000'000'000));
}

TEST(Ids, NumbersArePositiveAndExactInEveryJsonReader) {
  EXPECT_EQ(parse_number("1"), 1u);
  EXPECT_EQ(parse_number("9007199254740991"), (std::uint64_t{1} << 53) - 1);
  for (auto const* text : {"", "0", "00", "9007199254740992", "18446744073709551617", "99999999999999999", "-1", "+1",
                           " 1", "1 ", "1.0", "1e3", "0x10", "١"}) {
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
  }
}

TEST(Ids, HexIsLowerCaseAndKeepsHighBytes) {
  EXPECT_EQ(to_hex(std::string_view("\x00\x7f\x80\xff", 4)), "007f80ff");
  EXPECT_EQ(to_hex(""), "");
}

}  // namespace
}  // namespace florin::domain
