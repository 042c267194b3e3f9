// What open transfers, shares, minors and texts leave in the state, and the impossible transitions that stop the
// process.
#include <gtest/gtest.h>

#include "tests/domain/transfer_dsl.h"

namespace florin::domain::testing {
namespace {

// A field changed in a fact that was sound.
template <class E, class Change>
E with(E event, Change&& change) {
  change(event);
  return event;
}

TransferReleased back() { return returned(ReturnReason::cancelled); }
TransferClaimed claim() { return claimed(PlayerId(2), units("450.00")); }
PhoneShareRequested share(std::uint64_t phone_id, std::uint64_t owner, ApprovalId approval = ApprovalId(30)) {
  return {approval, PhoneId(phone_id), PhoneId(owner), kNow + kHour};
}

// A send that waits for its claim, Bob who plays kOther, and Cat who named his phone.
std::vector<Event> ready() {
  return waiting_for_claim() +
         std::vector<Event>{joined(2, kOther, 2, kBob), registered(3, kCat), recorded(3, 3, kBobsPhone), verified(2)};
}

TEST(TransferState, AnOpenTransferHoldsWhatDecisionsNeed) {
  auto const state = state_after(waiting_for_pin());
  auto const* transfer = state.find_transfer(kSend);
  ASSERT_NE(transfer, nullptr);
  EXPECT_EQ(transfer->net(), units("450.00"));
  EXPECT_EQ(transfer->initiated_at, kNow);
  EXPECT_EQ(transfer->expires_at(), kNow + 10 * kMinute);
  EXPECT_EQ(transfer->expiry_reason(), ReturnReason::pin_expired);
  EXPECT_EQ(state.wallet(PlayerId(1), kGold), (Wallet{units("500.00"), units("500.00")}));
  auto const claiming = state_after(waiting_for_claim());
  EXPECT_EQ(claiming.find_transfer(kSend)->expires_at(), kNow + kDay);
  EXPECT_EQ(claiming.find_transfer(kSend)->expiry_reason(), ReturnReason::claim_expired);
  auto const asked = state_after(waiting_for_guardian());
  EXPECT_EQ(asked.find_transfer(kMinorsSend)->expires_at(), kNow + 15 * kMinute);
  EXPECT_EQ(asked.find_transfer(kMinorsSend)->expiry_reason(), ReturnReason::guardian_expired);
}

TEST(TransferState, AnEndedTransferLeavesNothingButBalances) {
  auto const state = state_after(ready() + std::vector<Event>{claim()});
  EXPECT_TRUE(state.transfers().empty());
  EXPECT_EQ(state.wallet(PlayerId(1), kGold), (Wallet{units("500.00"), Money{}}));
  EXPECT_EQ(state.wallet(PlayerId(2), kCoins), (Wallet{units("450.00"), Money{}}));
}

TEST(TransferState, EqualityNoticesEveryPart) {
  auto const base = ready();
  auto const state = state_after(base);
  for (Event const& more : std::initializer_list<Event>{
           recorded(4, 1, kMumsPhone), verified(3), MinorFlagged{IdentityId(1), {}}, back(), share(3, 2),
           TextSettled{{kSend.position(), TextKind::claim_code, 0}, TextEnd::sent}}) {
    EXPECT_FALSE(state == state_after(base + std::vector<Event>{more})) << event_name(more);
  }
}

TEST(TransferState, RowsThatNameNobodyAreNotRestored) {
  auto state = state_after(waiting_for_pin());
  auto const sound = *state.find_transfer(kSend);
  auto const other = [&](auto&& change) {
    auto transfer = sound;
    transfer.transaction = TransferId(99);
    change(transfer);
    return state.restore_transfer(transfer);
  };
  EXPECT_FALSE(state.restore_transfer(sound)) << "it is there";
  EXPECT_FALSE(other([](OpenTransfer& t) { t.sender_phone = PhoneId(9); }));
  EXPECT_FALSE(other([](OpenTransfer& t) { t.receiver_phone = PhoneId(9); }));
  EXPECT_FALSE(other([](OpenTransfer& t) { t.guardian_phone = PhoneId(9); }));
  EXPECT_FALSE(other([](OpenTransfer& t) { t.guardian = GuardianState::pending; }));
  EXPECT_FALSE(other([](OpenTransfer& t) { t.sender = PlayerId(9); }));
  EXPECT_FALSE(state.restore_minor(IdentityId(9), {}));
  EXPECT_FALSE(state.restore_minor(IdentityId(1), PhoneId(9)));
  EXPECT_TRUE(state.restore_minor(IdentityId(1), PhoneId(1)));
  EXPECT_FALSE(state.restore_minor(IdentityId(1), PhoneId(1)));
  EXPECT_FALSE(state.restore_share({ApprovalId(99), PhoneId(9), PhoneId(1), 0, kNow, kNow}));
  EXPECT_TRUE(state.restore_share({ApprovalId(99), PhoneId(2), PhoneId(1), 0, kNow, kNow}));
  EXPECT_FALSE(state.restore_share({ApprovalId(99), PhoneId(1), PhoneId(2), 0, kNow, kNow}));
  EXPECT_FALSE(state.restore_share({ApprovalId(98), PhoneId(2), PhoneId(1), 0, kNow, kNow}));
  EXPECT_FALSE(state.restore_phone({index_of(kAnnsPhone), 1, 0, 0, 0})) << "it is there";
  EXPECT_FALSE(state.restore_phone({index_of(kMumsPhone), 9, 0, 0, 0})) << "nobody's";
}

struct Impossible {
  char const* why;
  Event event;
};

std::vector<Impossible> impossible_events() {
  auto second = initiated(TransferId(30));
  second.available_after = Money{};
  second.reserved_after = units("1000.00");
  return {
      {"a phone out of sequence", recorded(5, 1, kMumsPhone)},
      {"a phone of nobody", recorded(4, 9, kMumsPhone)},
      {"a phone recorded twice", recorded(4, 1, kAnnsPhone)},
      {"an unknown phone proved", verified(9)},
      {"an unknown minor", MinorFlagged{IdentityId(9), {}}},
      {"an unknown guardian", MinorFlagged{IdentityId(1), PhoneId(9)}},
      {"a minor cleared who is none", MinorCleared{IdentityId(1)}},
      {"a send initiated twice", with(second, [](auto& e) { e.transaction = kSend; })},
      {"a send to an unknown game", with(second, [](auto& e) { e.target = kUnknown; })},
      {"a send from an unknown phone", with(second, [](auto& e) { e.sender_phone = PhoneId(9); })},
      {"a send to an unknown phone", with(second, [](auto& e) { e.receiver_phone = PhoneId(9); })},
      {"a send with an unknown guardian", with(second, [](auto& e) { e.guardian = PhoneId(9); })},
      {"a send whose balance does not add up", with(second, [](auto& e) { e.available_after = units("0.01"); })},
      {"a send whose reserve does not add up", with(second, [](auto& e) { e.reserved_after = units("500.00"); })},
      {"a send below zero", with(second,
                                 [](auto& e) {
                                   e.amount = units("500.01");
                                   e.available_after = -units("0.01");
                                   e.reserved_after = units("1000.01");
                                 })},
      {"a send of nothing", with(second,
                                 [](auto& e) {
                                   e.amount = Money{};
                                   e.available_after = e.reserved_after = units("500.00");
                                 })},
      {"a negative fee", with(second, [](auto& e) { e.fees.network = -units("15.00"); })},
      {"fees above the amount", with(second, [](auto& e) { e.fees.network = units("465.01"); })},
      {"a PIN after verification", PinReissued{kSend, 1, kNow}},
      {"a wrong PIN after verification", PinRejected{kSend, 2}},
      {"a second verification", PinVerified{kSend, kNow}},
      {"a guardian who was not asked", GuardianApproved{kSend}},
      {"a PIN for what is not open", PinReissued{TransferId(7), 1, kNow}},
      {"a return of what is not open", with(back(), [](auto& e) { e.transaction = TransferId(7); })},
      {"a return of another amount", with(back(), [](auto& e) { e.amount = units("499.00"); })},
      {"a return to another", with(back(), [](auto& e) { e.sender = PlayerId(2); })},
      {"a return for another game", with(back(), [](auto& e) { e.target = kGame; })},
      {"a return texted to another phone", with(back(), [](auto& e) { e.sender_phone = PhoneId(2); })},
      {"a return that does not add up", with(back(), [](auto& e) { e.available_after = units("999.00"); })},
      {"a claim of what is not open", with(claim(), [](auto& e) { e.transaction = TransferId(7); })},
      {"a claim of another amount", with(claim(), [](auto& e) { e.amount = units("499.00"); })},
      {"a claim at other fees", with(claim(), [](auto& e) { e.fees.network = Money{}; })},
      {"a claim in another flavour", with(claim(), [](auto& e) { e.flavour = Flavour::transfer; })},
      {"a claim in another game", with(claim(), [](auto& e) { e.receiver = PlayerId(1); })},
      {"a claim for another target", with(claim(), [](auto& e) { e.target = kGame; })},
      {"a claim of another sender's phone", with(claim(), [](auto& e) { e.sender_phone = PhoneId(2); })},
      {"a claim of another receiver's phone", with(claim(), [](auto& e) { e.receiver_phone = PhoneId(1); })},
      {"a claim by nobody", with(claim(), [](auto& e) { e.receiver = PlayerId(9); })},
      {"a claim in an unknown currency", with(claim(), [](auto& e) { e.target_currency = kGold; })},
      {"a claim that does not add up", with(claim(), [](auto& e) { e.available_after = units("451.00"); })},
      {"a claim that leaves a reserve", with(claim(), [](auto& e) { e.reserved_after = units("1.00"); })},
      {"a share of an unknown phone", share(9, 2)},
      {"a share asked of an unknown owner", share(3, 9)},
      {"a share of another number", share(1, 2)},
      {"a wrong code for no approval", ShareCodeRejected{ApprovalId(7), 4}},
      {"an end of no approval", PhoneShareEnded{ApprovalId(7), ShareEnd::expired}},
      {"a text that is not owed", TextSettled{{kSend.position(), TextKind::pin, 0}, TextEnd::sent}},
  };
}

TEST(TransferApplyDeathTest, AnImpossibleTransitionStopsTheProcess) {
  auto state = state_after(ready());
  for (auto const& [why, event] : impossible_events()) {
    EXPECT_DEATH(apply(state, event, kNow), "invariant broken") << why;
  }
}

TEST(TransferApplyDeathTest, NothingComesOutOfTurnBeforeVerification) {
  auto state = state_after(waiting_for_pin());
  for (auto const& [why, event] : std::vector<Impossible>{{"a claim before verification", claim()},
                                                          {"a PIN that skips one", PinReissued{kSend, 2, kNow}},
                                                          {"a PIN that repeats one", PinReissued{kSend, 0, kNow}},
                                                          {"attempts miscounted", PinRejected{kSend, 1}}}) {
    EXPECT_DEATH(apply(state, event, kNow), "invariant broken") << why;
  }
  auto asked = state_after(waiting_for_guardian());
  EXPECT_DEATH(apply(asked, PinVerified{kMinorsSend, kNow}, kNow), "invariant broken");
}

TEST(TransferApplyDeathTest, OneApprovalAtATimeForAPersonsPhone) {
  auto state = state_after(ready() + std::vector<Event>{share(3, 2)});
  EXPECT_DEATH(apply(state, share(3, 2, ApprovalId(31)), kNow), "invariant broken");
  EXPECT_DEATH(apply(state, ShareCodeRejected{ApprovalId(30), 3}, kNow), "invariant broken");
}

}  // namespace
}  // namespace florin::domain::testing
