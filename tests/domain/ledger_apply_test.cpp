// State as the events leave it, and the impossible transitions that stop the process.
#include <type_traits>

#include <gtest/gtest.h>

#include "tests/domain/ledger_dsl.h"

namespace florin::domain::testing {
namespace {

constexpr auto kAnn = "ann@example.com";
constexpr auto kBob = "bob@example.com";

// A state is large and has one owner: copying it by accident does not compile.
static_assert(!std::is_copy_constructible_v<State> && std::is_move_constructible_v<State>);

State after(std::vector<Event> const& events) { return state_after(events); }

std::vector<Event> ann_and_bob() {
  return ann_with_gold(units("5.00")) + std::vector<Event>{registered(2, kBob), joined(2, kGame, 2, kBob),
                                                           joined(3, kTesting, 1, kAnn),
                                                           credited(3, kDust, units("1.00"), units("1.00"))};
}

TEST(State, AnEmptyOneKnowsNobody) {
  State const state;
  EXPECT_EQ(state.find_game(kGame), nullptr);
  EXPECT_EQ(state.find_identity(index_of(kAnn)), std::nullopt);
  EXPECT_EQ(state.find_player(kGame, IdentityId(1)), std::nullopt);
  EXPECT_EQ(state.wallet(PlayerId(1), kGold), Wallet{});
  EXPECT_EQ(state.find_wallet(PlayerId(1), kGold), std::nullopt);
  EXPECT_EQ(state.game_of(PlayerId(0)), nullptr);
  EXPECT_EQ(state.game_of(PlayerId(1)), nullptr);
  EXPECT_EQ(state.identity_of(PlayerId(1)), std::nullopt);
  EXPECT_FALSE(state.is_refunded(OrderId(1)));
}

TEST(State, OnePersonIsOneIdentityInEveryGame) {
  auto const state = after(ann_and_bob());
  auto const ann = state.find_identity(index_of(kAnn));
  ASSERT_EQ(ann, IdentityId(1));
  EXPECT_EQ(state.find_player(kGame, *ann), PlayerId(1));
  EXPECT_EQ(state.find_player(kTesting, *ann), PlayerId(3));
  EXPECT_EQ(state.find_player(kSuspended, *ann), std::nullopt);
  EXPECT_EQ(state.find_player(kUnknown, *ann), std::nullopt);
  EXPECT_EQ(state.identity_of(PlayerId(3)), ann);
  EXPECT_EQ(state.game_of(PlayerId(3))->id, kTesting);
  EXPECT_EQ(state.identity_count(), 2u);
  EXPECT_EQ(state.player_count(), 3u);
}

TEST(State, EmailsThatShareHalfOfTheirBlindIndexAreTwoPeople) {
  BlindIndex one{};
  BlindIndex other{};
  other[15] = 1;
  auto const state = after({IdentityRegistered{IdentityId(1), one, {}}, IdentityRegistered{IdentityId(2), other, {}}});
  EXPECT_EQ(state.find_identity(one), IdentityId(1));
  EXPECT_EQ(state.find_identity(other), IdentityId(2));
}

TEST(State, WalletsExistFromTheirFirstTouchInThatOrder) {
  auto const state = after(ann_and_bob() + std::vector<Event>{credited(1, kGems, units("2.00"), units("2.00"))});
  EXPECT_EQ(state.wallet_count(), 3u);
  EXPECT_EQ(state.find_wallet(PlayerId(1), kGold), 0u);
  EXPECT_EQ(state.find_wallet(PlayerId(3), kDust), 1u);
  EXPECT_EQ(state.find_wallet(PlayerId(1), kGems), 2u);
  EXPECT_EQ(state.find_wallet(PlayerId(2), kGold), std::nullopt);
  EXPECT_EQ(state.wallet(PlayerId(1), kGold), (Wallet{units("5.00"), Money{}}));
  EXPECT_EQ(state.wallet(PlayerId(1), kGold).total(), units("5.00"));
}

TEST(State, PrefetchingChangesNothingAndAcceptsAnything) {
  auto const state = after(ann_and_bob());
  state.prefetch_identity(index_of("nobody"));
  state.prefetch_player(kUnknown, IdentityId(9));
  state.prefetch_player(kGame, IdentityId(1));
  state.prefetch_wallet(PlayerId(9), CurrencyId(9));
  EXPECT_EQ(state, after(ann_and_bob()));
}

TEST(State, RotationKeepsTheLastKeyForItsGrace) {
  auto const until = kNow + kKeyGraceMicros;
  auto const state = after(three_games() + std::vector<Event>{SdkKeyRotated{kGame, Digest{2}, until}});
  auto const* game = state.find_game(kGame);
  EXPECT_EQ(game->key_hash, Digest{2});
  EXPECT_EQ(game->previous_keys, (std::vector<PreviousKey>{{Digest{1}, until}}));
  EXPECT_EQ(game->created_at, kNow);
}

TEST(State, ASecondRotationKeepsTheFirstKeyForItsGraceAndAnImmediateOneCutsAll) {
  auto const until = kNow + kKeyGraceMicros;
  auto const twice = three_games() + std::vector<Event>{SdkKeyRotated{kGame, Digest{2}, until},
                                                        SdkKeyRotated{kGame, Digest{3}, until + 1}};
  EXPECT_EQ(after(twice).find_game(kGame)->previous_keys,
            (std::vector<PreviousKey>{{Digest{1}, until}, {Digest{2}, until + 1}}));
  auto const cut = after(twice + std::vector<Event>{SdkKeyRotated{kGame, Digest{4}, Timestamp{}}});
  EXPECT_TRUE(cut.find_game(kGame)->previous_keys.empty());
}

TEST(State, PreviousKeysAreBoundedAndForgottenAfterTheirGrace) {
  auto many = three_games();
  for (std::uint8_t i = 2; i < 40; ++i) many.push_back(SdkKeyRotated{kGame, Digest{i}, kNow + kKeyGraceMicros});
  EXPECT_EQ(after(many).find_game(kGame)->previous_keys.size(), kPreviousKeysMax);
  auto state = after(many);
  apply(state, SdkKeyRotated{kGame, Digest{99}, kNow + 3 * kKeyGraceMicros}, kNow + 2 * kKeyGraceMicros);
  EXPECT_EQ(state.find_game(kGame)->previous_keys.size(), 1u);
}

TEST(State, AnUpdateKeepsKeysAndCurrencies) {
  GameUpdated update{kGame, {}};
  update.settings.name = "New name";
  auto const before = after(three_games());
  auto const state = after(three_games() + std::vector<Event>{update});
  EXPECT_EQ(state.find_game(kGame)->settings, update.settings);
  EXPECT_EQ(state.find_game(kGame)->currencies, before.find_game(kGame)->currencies);
  EXPECT_EQ(state.find_game(kGame)->key_hash, before.find_game(kGame)->key_hash);
}

TEST(State, EqualityNoticesEveryPart) {
  auto const base = ann_and_bob();
  auto const state = after(base);
  EXPECT_EQ(state, after(base));
  GameUpdated update{kGame, {}};
  ItemRefunded const refund{OrderId(3), PlayerId(1), kGold, units("1.00"), Money{}, units("1.00"), units("6.00"), ""};
  for (Event const& more :
       std::initializer_list<Event>{update, registered(3, "cat@example.com"), joined(4, kTesting, 2, kBob),
                                    credited(1, kGold, units("1.00"), units("6.00")), refund}) {
    EXPECT_FALSE(state == after(base + std::vector<Event>{more})) << event_name(more);
  }
}

TEST(State, RowsInAndOutMakeAnEqualStateThatAnswersAlike) {
  auto const state = after(ann_and_bob());
  auto const copy = restored_from(state);
  EXPECT_EQ(copy, state);
  EXPECT_EQ(copy.currency_count(), state.currency_count());
  EXPECT_EQ(copy.find_identity(index_of(kBob)), IdentityId(2));
  EXPECT_EQ(copy.find_player(kTesting, IdentityId(1)), PlayerId(3));
  EXPECT_EQ(copy.wallet(PlayerId(3), kDust).available, units("1.00"));
}

TEST(State, RefundsComeOutInOrder) {
  State state;
  for (auto const order : {9u, 2u, 5u}) state.restore_refunded(order);
  EXPECT_EQ(state.refunded_orders(), (std::vector<std::uint64_t>{2, 5, 9}));
}

TEST(State, ACommitIsAppliedWithItsOwnTime) {
  State state;
  auto const at = Timestamp::from_seconds(5);
  apply(state, Commit{Position(1), at, {}, three_games()});
  EXPECT_EQ(state.find_game(kGame)->created_at, at);
}

TEST(Events, EachHasItsOwnName) {
  EXPECT_STREQ(event_name(GameCreated{}), "GameCreated");
  EXPECT_STREQ(event_name(GameUpdated{}), "GameUpdated");
  EXPECT_STREQ(event_name(SdkKeyRotated{}), "SdkKeyRotated");
  EXPECT_STREQ(event_name(IdentityRegistered{}), "IdentityRegistered");
  EXPECT_STREQ(event_name(PlayerJoined{}), "PlayerJoined");
  EXPECT_STREQ(event_name(PlayerRenamed{}), "PlayerRenamed");
  EXPECT_STREQ(event_name(StartingBalanceGranted{}), "StartingBalanceGranted");
  EXPECT_STREQ(event_name(BalanceCredited{}), "BalanceCredited");
  EXPECT_STREQ(event_name(BalanceDebited{}), "BalanceDebited");
  EXPECT_STREQ(event_name(ItemPurchased{}), "ItemPurchased");
  EXPECT_STREQ(event_name(ItemRefunded{}), "ItemRefunded");
  EXPECT_STREQ(event_name(PhoneRecorded{}), "PhoneRecorded");
  EXPECT_STREQ(event_name(PhoneVerified{}), "PhoneVerified");
  EXPECT_STREQ(event_name(MinorFlagged{}), "MinorFlagged");
  EXPECT_STREQ(event_name(MinorCleared{}), "MinorCleared");
  EXPECT_STREQ(event_name(TransferInitiated{}), "TransferInitiated");
  EXPECT_STREQ(event_name(PinReissued{}), "PinReissued");
  EXPECT_STREQ(event_name(PinRejected{}), "PinRejected");
  EXPECT_STREQ(event_name(PinVerified{}), "PinVerified");
  EXPECT_STREQ(event_name(GuardianApproved{}), "GuardianApproved");
  EXPECT_STREQ(event_name(TransferClaimed{}), "TransferClaimed");
  EXPECT_STREQ(event_name(TransferReleased{}), "TransferReturned");
  EXPECT_STREQ(event_name(PhoneShareRequested{}), "PhoneShareRequested");
  EXPECT_STREQ(event_name(ShareCodeRejected{}), "ShareCodeRejected");
  EXPECT_STREQ(event_name(PhoneShareEnded{}), "PhoneShareEnded");
  EXPECT_STREQ(event_name(ReplyReceived{}), "ReplyReceived");
  EXPECT_STREQ(event_name(TextSettled{}), "TextSettled");
  EXPECT_STREQ(event_name(CheckoutOpened{}), "CheckoutOpened");
  EXPECT_STREQ(event_name(CurrencyOrdered{}), "CurrencyOrdered");
  EXPECT_STREQ(event_name(PaymentOpened{}), "PaymentOpened");
  EXPECT_STREQ(event_name(PaymentChallenged{}), "PaymentChallenged");
  EXPECT_STREQ(event_name(CurrencyPurchased{}), "CurrencyPurchased");
  EXPECT_STREQ(event_name(PaymentFailed{}), "PaymentFailed");
  EXPECT_STREQ(event_name(RefundRequested{}), "RefundRequested");
  EXPECT_STREQ(event_name(RefundSettled{}), "RefundSettled");
  EXPECT_STREQ(event_name(DisputeOpened{}), "DisputeOpened");
  EXPECT_STREQ(event_name(DisputeClosed{}), "DisputeClosed");
  EXPECT_STREQ(event_name(PayoutRequested{}), "PayoutRequested");
  EXPECT_STREQ(event_name(PayoutAdvanced{}), "PayoutAdvanced");
  EXPECT_STREQ(event_name(DisputeMoved{}), "DisputeMoved");
  EXPECT_STREQ(event_name(CurrencyAdded{}), "CurrencyAdded");
  EXPECT_STREQ(event_name(CurrencyChanged{}), "CurrencyChanged");
}

TEST(Events, ACommitEndsWhereItsEventsEnd) {
  EXPECT_EQ((Commit{Position(7), kNow, {}, three_games()}).last(), Position(9));
}

// ---- history that cannot be --------------------------------------------------------------------------------------

struct Impossible {
  char const* why;
  Event event;
};

ItemPurchased sale(Money total, Money fee, Money revenue, Money available_after) {
  return {PlayerId(1), kGold, {}, 1, total, total, fee, revenue, available_after};
}
ItemRefunded refund(Money total, Money fee, Money revenue, Money available_after) {
  return {OrderId(7), PlayerId(1), kGold, total, fee, revenue, available_after, ""};
}

// On the history of ann_and_bob() with order 99 refunded.
std::vector<Impossible> impossible_events() {
  auto const least = Money::from_minor(std::numeric_limits<std::int64_t>::min());
  auto done = refund(units("1.00"), units("0.10"), units("0.90"), units("7.00"));
  done.order = OrderId(99);
  return {
      {"a game created twice", game_created(kGame, GameStatus::live, {currency(CurrencyId(5), "gold")})},
      {"a game without a currency", game_created(kUnknown, GameStatus::live, {})},
      {"a currency out of sequence", game_created(kUnknown, GameStatus::live, {currency(CurrencyId(6), "gold")})},
      {"an update of an unknown game", GameUpdated{kUnknown, {}}},
      {"a currency of an unknown game", CurrencyAdded{kUnknown, currency(CurrencyId(5), "ore")}},
      {"an added currency out of sequence", CurrencyAdded{kGame, currency(CurrencyId(6), "ore")}},
      {"a change of another game's currency", CurrencyChanged{kGame, currency(kDust, "ore")}},
      {"a new key for an unknown game", SdkKeyRotated{kUnknown, {}, {}}},
      {"an identity out of sequence", registered(4, "dan@example.com")},
      {"an e-mail registered twice", registered(3, kAnn)},
      {"a player out of sequence", joined(5, kTesting, 2, kBob)},
      {"a player of an unknown identity", joined(4, kTesting, 3, kBob)},
      {"a player of no identity", joined(4, kTesting, 0, kBob)},
      {"a player in an unknown game", joined(4, kUnknown, 2, kBob)},
      {"a player who joins twice", joined(4, kGame, 1, kAnn)},
      {"a name under another's key", PlayerRenamed{PlayerId(1), IdentityId(2), {}, 0}},
      {"a name for an unknown player", PlayerRenamed{PlayerId(9), IdentityId(1), {}, 0}},
      {"a balance that does not add up", credited(1, kGold, units("1.00"), units("6.01"))},
      {"a credit of nothing", credited(1, kGold, Money{}, units("6.00"))},
      {"a negative credit", credited(1, kGold, -units("1.00"), units("5.00"))},
      {"a credit above every balance", credited(1, kGold, kMaxBalance, kMaxBalance + units("6.00"))},
      {"a credit to an unknown player", credited(9, kGold, units("1.00"), units("1.00"))},
      {"a credit to nobody", credited(0, kGold, units("1.00"), units("1.00"))},
      {"a credit in another game's currency", credited(1, kDust, units("1.00"), units("1.00"))},
      {"a credit in an unknown currency", credited(1, CurrencyId(77), units("1.00"), units("1.00"))},
      {"a debit below zero", debited(1, kGold, units("6.01"), -units("0.01"))},
      {"a negative debit", debited(1, kGold, -units("1.00"), units("7.00"))},
      {"a debit that overflows", debited(1, kGold, least, Money{})},
      {"a starting balance of nothing", StartingBalanceGranted{PlayerId(2), kGold, Money{}, Money{}}},
      {"a sale below zero", sale(units("7.00"), units("0.70"), units("6.30"), -units("1.00"))},
      {"a sale whose shares do not sum", sale(units("1.00"), units("0.10"), units("0.91"), units("5.00"))},
      {"a sale with a negative share", sale(units("1.00"), -units("0.10"), units("1.10"), units("5.00"))},
      {"a refund whose shares do not sum", refund(units("1.00"), units("0.10"), units("0.91"), units("7.00"))},
      {"an order refunded twice", done},
  };
}

TEST(ApplyDeathTest, AnImpossibleTransitionStopsTheProcess) {
  auto first = refund(units("1.00"), units("0.10"), units("0.90"), units("6.00"));
  first.order = OrderId(99);
  auto state = after(ann_and_bob() + std::vector<Event>{first});
  for (auto const& [why, event] : impossible_events()) {
    EXPECT_DEATH(apply(state, event, kNow), "invariant broken") << why;
  }
}

}  // namespace
}  // namespace florin::domain::testing
