// What fold_check says about phones, transfers, guardians, phone shares and texts.
#include <limits>

#include <gtest/gtest.h>

#include "eventstore/engine/fold_check.h"
#include "eventstore/engine/recovery.h"
#include "eventstore/store/chain.h"
#include "eventstore/store/codec.h"
#include "tests/support/memory_log.h"

namespace florin::eventstore {
namespace {

using namespace domain;

constexpr GameId kGame{123'456'789'012};
constexpr GameId kOther{123'456'789'013};
constexpr GameId kNowhere{999'999'999'999};
constexpr PlayerId kAnn{1};
constexpr PlayerId kMinor{2};
constexpr PlayerId kCid{3};    // of the other game
constexpr PlayerId kIdler{4};  // of the first game, on a phone with Ann
constexpr IdentityId kAnnIdentity{1};
constexpr IdentityId kMinorIdentity{2};
constexpr IdentityId kCidIdentity{3};
constexpr IdentityId kIdlerIdentity{4};
constexpr PhoneId kAnnPhone{1};
constexpr PhoneId kMinorPhone{2};
constexpr PhoneId kCidPhone{3};
constexpr PhoneId kGuardianPhone{4};
constexpr PhoneId kIdlerPhone{5};  // Ann's number; so are the next two
constexpr PhoneId kSharedPhone{6};
constexpr PhoneId kAskedPhone{7};
constexpr CurrencyId kGold{1};
constexpr CurrencyId kSilver{2};  // of the other game

Money minor(std::int64_t amount) { return Money::from_minor(amount); }
Timestamp minute(std::int64_t count) { return Timestamp::from_seconds(1'800'000'000 + 60 * count); }

BlindIndex index_of(std::uint8_t first) {
  BlindIndex index{};
  index[0] = first;
  return index;
}

GameCreated game(GameId id, CurrencyId currency) {
  GameCreated created;
  created.game = id;
  created.settings.name = "Alpha";
  created.currencies.push_back({currency, "Gold", "G", Money{}, minor(1), {}});
  return created;
}

struct Town {
  std::vector<Commit> commits;
  State state;
  // All of Ann's to Cid but the one of the minor.
  TransferId fresh;
  TransferId tired;  // three wrong PINs
  TransferId verified;
  TransferId asked;
  ApprovalId share;
  ApprovalId tired_share;  // five wrong codes

  [[nodiscard]] Position next() const { return commits.empty() ? Position(1) : domain::next(commits.back().last()); }
  Position commit(std::vector<Event> events) {
    commits.push_back({next(), minute(0), {}, std::move(events)});
    apply(state, commits.back());
    return commits.back().first;
  }

  [[nodiscard]] TransferInitiated initiation(PlayerId sender, std::int64_t amount) const {
    TransferInitiated out;
    out.transaction = TransferId(next());
    out.flavour = Flavour::send;
    out.sender = sender;
    out.currency = kGold;
    out.target = kOther;
    out.sender_phone = sender == kAnn ? kAnnPhone : kMinorPhone;
    out.receiver = kCidIdentity;
    out.receiver_phone = kCidPhone;
    out.amount = minor(amount);
    out.fees = {minor(2), minor(3), minor(5)};
    out.source_rate = out.target_rate = BasisPoints(350);
    out.available_after = state.wallet(sender, kGold).available - out.amount;
    out.reserved_after = state.wallet(sender, kGold).reserved + out.amount;
    out.pin_expires_at = minute(10);
    if (sender == kMinor) {
      out.guardian = kGuardianPhone;
      out.guardian_expires_at = minute(15);
    }
    return out;
  }
  [[nodiscard]] TransferClaimed claim(TransferId transaction) const {
    auto const& open = *state.find_transfer(transaction);
    return {transaction,
            open.flavour,
            open.sender,
            open.currency,
            kCid,
            kSilver,
            open.amount,
            open.fees,
            state.wallet(open.sender, open.currency).reserved - open.amount,
            state.wallet(kCid, kSilver).available + open.net(),
            open.target,
            open.sender_phone,
            open.receiver_phone};
  }
  [[nodiscard]] TransferReleased give_back(TransferId transaction, ReturnReason reason) const {
    auto const& open = *state.find_transfer(transaction);
    auto const wallet = state.wallet(open.sender, open.currency);
    return {transaction,
            open.flavour,
            reason,
            open.sender,
            open.currency,
            open.amount,
            wallet.available + open.amount,
            wallet.reserved - open.amount,
            open.target,
            open.sender_phone};
  }
  [[nodiscard]] PhoneShareRequested request(PhoneId phone) const {
    return {ApprovalId(next()), phone, kAnnPhone, minute(10)};
  }
};

Town town() {
  Town out;
  std::vector<Event> people{game(kGame, kGold), game(kOther, kSilver)};
  for (std::uint8_t i = 1; i <= 4; ++i) people.emplace_back(IdentityRegistered{IdentityId(i), index_of(i), {}});
  for (std::uint64_t i = 1; i <= 4; ++i) {
    people.emplace_back(PlayerJoined{PlayerId(i), i == 3 ? kOther : kGame, IdentityId(i), {}, 0});
  }
  for (auto const player : {kAnn, kMinor}) {
    people.emplace_back(BalanceCredited{player, kGold, minor(10'000), minor(10'000), ""});
  }
  auto const phone = [&](PhoneId id, IdentityId identity, std::uint8_t number) {
    people.emplace_back(PhoneRecorded{id, identity, index_of(number), {"sealed", true}});
  };
  phone(kAnnPhone, kAnnIdentity, 1);
  phone(kMinorPhone, kMinorIdentity, 2);
  phone(kCidPhone, kCidIdentity, 3);
  phone(kGuardianPhone, kMinorIdentity, 4);
  phone(kIdlerPhone, kIdlerIdentity, 1);
  phone(kSharedPhone, kCidIdentity, 1);
  phone(kAskedPhone, kMinorIdentity, 1);
  people.emplace_back(PhoneVerified{kAnnPhone});
  people.emplace_back(MinorFlagged{kMinorIdentity, kGuardianPhone});
  people.emplace_back(MinorFlagged{kIdlerIdentity, PhoneId()});
  out.commit(people);
  out.fresh = TransferId(out.commit({out.initiation(kAnn, 1'000)}));
  out.tired = TransferId(out.commit({out.initiation(kAnn, 500)}));
  out.commit({PinRejected{out.tired, 2}, PinRejected{out.tired, 1}, PinRejected{out.tired, 0}});
  out.verified = TransferId(out.commit({out.initiation(kAnn, 2'000)}));
  out.commit({PinVerified{out.verified, minute(1'440)}});
  out.asked = TransferId(out.commit({out.initiation(kMinor, 3'000)}));
  out.share = ApprovalId(out.commit({out.request(kIdlerPhone)}));
  out.tired_share = ApprovalId(out.commit({out.request(kSharedPhone)}));
  for (std::uint8_t left = 5; left-- > 0;) out.commit({ShareCodeRejected{out.tired_share, left}});
  return out;
}

struct Row {
  char const* what;
  Event event;
  std::int64_t at = 1;  // minutes
};

template <class E, class Change>
E but(E event, Change change) {
  change(event);
  return event;
}

// One for every assertion that apply makes, at least.
std::vector<Row> impossible(Town const& town) {
  auto const lowest = minor(std::numeric_limits<std::int64_t>::min());
  auto const highest = minor(std::numeric_limits<std::int64_t>::max());
  TransferId const nothing(999);
  ApprovalId const no_share(999);
  auto const start = town.initiation(kAnn, 1'000);
  auto const young = town.initiation(kMinor, 1'000);
  auto const claim = town.claim(town.verified);
  auto const back = town.give_back(town.fresh, ReturnReason::cancelled);
  auto const ask = town.request(kAskedPhone);
  auto const pin = TextKind::pin;
  using Start = TransferInitiated;
  using Claim = TransferClaimed;
  using Back = TransferReleased;
  return {
      {"a phone out of sequence", PhoneRecorded{PhoneId(9), kAnnIdentity, index_of(9), {}}},
      {"phone zero", PhoneRecorded{PhoneId(), kAnnIdentity, index_of(9), {}}},
      {"a phone of nobody", PhoneRecorded{PhoneId(8), IdentityId(), index_of(9), {}}},
      {"a phone of a person that is not", PhoneRecorded{PhoneId(8), IdentityId(5), index_of(9), {}}},
      {"a phone twice", PhoneRecorded{PhoneId(8), kAnnIdentity, index_of(1), {}}},
      {"a proof of no phone", PhoneVerified{PhoneId(8)}},
      {"a proof of phone zero", PhoneVerified{}},
      {"a minor who is nobody", MinorFlagged{IdentityId(), PhoneId()}},
      {"a minor who is not", MinorFlagged{IdentityId(5), PhoneId()}},
      {"a guardian without a phone", MinorFlagged{kAnnIdentity, PhoneId(8)}},
      {"a guardian on somebody else's phone", MinorFlagged{kAnnIdentity, kGuardianPhone}},
      {"a clearing of nobody", MinorCleared{}},
      {"a clearing of no minor", MinorCleared{kAnnIdentity}},

      {"a start without a name", but(start, [](Start& e) { e.transaction = {}; })},
      {"a start under an older name", but(start, [&](Start& e) { e.transaction = town.fresh; })},
      {"a start under a later name",
       but(start, [&](Start& e) { e.transaction = TransferId(next(e.transaction.position())); })},
      {"a start by nobody", but(start, [](Start& e) { e.sender = PlayerId(5); })},
      {"a start by player zero", but(start, [](Start& e) { e.sender = {}; })},
      {"a start in a foreign currency", but(start, [](Start& e) { e.currency = kSilver; })},
      {"a start to no game", but(start, [](Start& e) { e.target = kNowhere; })},
      {"a start with no phone", but(start, [](Start& e) { e.sender_phone = PhoneId(8); })},
      {"a start with another's phone", but(start, [](Start& e) { e.sender_phone = kMinorPhone; })},
      {"a start to nobody", but(start, [](Start& e) { e.receiver = IdentityId(5); })},
      {"a start to identity zero", but(start, [](Start& e) { e.receiver = {}; })},
      {"a start to no phone", but(start, [](Start& e) { e.receiver_phone = {}; })},
      {"a start to another's phone", but(start, [](Start& e) { e.receiver_phone = kMinorPhone; })},
      {"a start of nothing", but(start,
                                 [](Start& e) {
                                   e.amount = {};
                                   e.fees = {};
                                   e.available_after += minor(1'000);
                                   e.reserved_after -= minor(1'000);
                                 })},
      {"a start of less than nothing", but(start, [](Start& e) { e.amount = minor(-5); })},
      {"a start of the lowest number", but(start, [&](Start& e) { e.amount = lowest; })},
      {"a start of the highest number", but(start, [&](Start& e) { e.amount = highest; })},
      {"a start that does not add up", but(start, [](Start& e) { e.available_after += minor(1); })},
      {"a start that reserves too little", but(start, [](Start& e) { e.reserved_after -= minor(1); })},
      {"a start of more than there is", town.initiation(kAnn, 6'501)},
      {"a fee below zero", but(start, [](Start& e) { e.fees.source = minor(-1); })},
      {"a second fee below zero", but(start, [](Start& e) { e.fees.target = minor(-1); })},
      {"a third fee below zero", but(start, [](Start& e) { e.fees.network = minor(-1); })},
      {"fees past the amount", but(start, [](Start& e) { e.fees.source = minor(993); })},
      {"fees past every number", but(start, [&](Start& e) { e.fees = {highest, highest, highest}; })},
      {"a rate below zero", but(start, [](Start& e) { e.source_rate = BasisPoints(-1); })},
      {"another rate below zero", but(start, [](Start& e) { e.target_rate = BasisPoints(-1); })},
      {"a PIN that has run out already", but(start, [](Start& e) { e.pin_expires_at = minute(1); })},
      {"a PIN for ever", but(start, [](Start& e) { e.pin_expires_at = Timestamp::from_micros(INT64_MAX); })},
      {"a guardian of somebody grown up", but(start,
                                              [](Start& e) {
                                                e.guardian = kGuardianPhone;
                                                e.guardian_expires_at = minute(15);
                                              })},
      {"a guardian's time without a guardian", but(start, [](Start& e) { e.guardian_expires_at = minute(15); })},
      {"a minor without a guardian", but(young,
                                         [](Start& e) {
                                           e.guardian = {};
                                           e.guardian_expires_at = {};
                                         })},
      {"a minor with another guardian", but(young, [](Start& e) { e.guardian = kAnnPhone; })},
      {"a minor with a guardian without a phone", but(young, [](Start& e) { e.guardian = PhoneId(8); })},
      {"a guardian who has no time", but(young, [](Start& e) { e.guardian_expires_at = minute(1); })},
      {"a minor whom nobody answers for", but(start,
                                              [](Start& e) {
                                                e.sender = kIdler;
                                                e.sender_phone = kIdlerPhone;
                                              })},

      {"another PIN of nothing", PinReissued{nothing, 1, minute(11)}},
      {"another PIN of a verified transfer", PinReissued{town.verified, 1, minute(11)}},
      {"the same PIN again", PinReissued{town.fresh, 0, minute(11)}},
      {"a PIN too many", PinReissued{town.fresh, 2, minute(11)}},
      {"another PIN that has run out already", PinReissued{town.fresh, 1, minute(1)}},
      {"a wrong PIN of nothing", PinRejected{nothing, 2}},
      {"a wrong PIN of a verified transfer", PinRejected{town.verified, 2}},
      {"a wrong PIN while the guardian is asked", PinRejected{town.asked, 2}},
      {"a wrong PIN miscounted", PinRejected{town.fresh, 1}},
      {"a fourth wrong PIN", PinRejected{town.tired, 255}},
      {"a right PIN of nothing", PinVerified{nothing, minute(1'440)}},
      {"a right PIN twice", PinVerified{town.verified, minute(1'440)}},
      {"a right PIN while the guardian is asked", PinVerified{town.asked, minute(1'440)}},
      {"a right PIN too late", PinVerified{town.fresh, minute(1'440)}, 10},
      {"a claim code that has run out already", PinVerified{town.fresh, minute(1)}},
      {"an approval of nothing", GuardianApproved{nothing}},
      {"an approval that nobody asked for", GuardianApproved{town.fresh}},
      {"an approval too late", GuardianApproved{town.asked}, 15},

      {"a claim of nothing", but(claim, [&](Claim& e) { e.transaction = nothing; })},
      {"a claim before the PIN", town.claim(town.fresh)},
      {"a claim too late", claim, 1'440},
      {"a claim of another flavour", but(claim, [](Claim& e) { e.flavour = Flavour::transfer; })},
      {"a claim from another sender", but(claim, [](Claim& e) { e.sender = kMinor; })},
      {"a claim from no sender", but(claim, [](Claim& e) { e.sender = {}; })},
      {"a claim of another currency", but(claim, [](Claim& e) { e.currency = kSilver; })},
      {"a claim of another amount", but(claim, [](Claim& e) { e.amount += minor(1); })},
      {"a claim with other fees", but(claim, [](Claim& e) { std::swap(e.fees.source, e.fees.target); })},
      {"a claim in a game that was not the target", but(claim, [](Claim& e) { e.target = kGame; })},
      {"a claim from another phone", but(claim, [](Claim& e) { e.sender_phone = kCidPhone; })},
      {"a claim on another phone", but(claim, [](Claim& e) { e.receiver_phone = kAnnPhone; })},
      {"a claim by nobody", but(claim, [](Claim& e) { e.receiver = PlayerId(5); })},
      {"a claim by player zero", but(claim, [](Claim& e) { e.receiver = {}; })},
      {"a claim in another game", but(claim,
                                      [](Claim& e) {
                                        e.receiver = kIdler;
                                        e.target_currency = kGold;
                                      })},
      {"a claim into a foreign currency", but(claim, [](Claim& e) { e.target_currency = kGold; })},
      {"a claim that does not add up", but(claim, [](Claim& e) { e.available_after += minor(1); })},
      {"a claim that leaves too much reserved", but(claim, [](Claim& e) { e.reserved_after += minor(1); })},

      {"a return of nothing", but(back, [&](Back& e) { e.transaction = nothing; })},
      {"a return of another flavour", but(back, [](Back& e) { e.flavour = Flavour::transfer; })},
      {"a return to another", but(back, [](Back& e) { e.sender = kMinor; })},
      {"a return of another currency", but(back, [](Back& e) { e.currency = kSilver; })},
      {"a return of another amount", but(back, [](Back& e) { e.amount += minor(1); })},
      {"a return from another game", but(back, [](Back& e) { e.target = kGame; })},
      {"a return to another phone", but(back, [](Back& e) { e.sender_phone = kCidPhone; })},
      {"a return that does not add up", but(back, [](Back& e) { e.available_after += minor(1); })},
      {"a return that leaves too much reserved", but(back, [](Back& e) { e.reserved_after += minor(1); })},
      {"a return for wrong PINs that were not", town.give_back(town.fresh, ReturnReason::wrong_pins)},
      {"a return before the PIN ran out", town.give_back(town.fresh, ReturnReason::pin_expired), 9},
      {"a return for a claim not waited for", town.give_back(town.fresh, ReturnReason::claim_expired), 2'000},
      {"a return for a guardian not asked", town.give_back(town.fresh, ReturnReason::guardian_rejected)},
      {"a return for a late guardian not asked", town.give_back(town.fresh, ReturnReason::guardian_expired), 2'000},
      {"a return for a PIN not waited for", town.give_back(town.verified, ReturnReason::pin_expired), 2'000},
      {"a return before the claim ran out", town.give_back(town.verified, ReturnReason::claim_expired), 1'439},
      {"a cancellation after the PIN", town.give_back(town.verified, ReturnReason::cancelled)},
      {"a return for a PIN that waits for a guardian", town.give_back(town.asked, ReturnReason::pin_expired), 12},
      {"a return before the guardian's time", town.give_back(town.asked, ReturnReason::guardian_expired), 14},

      {"a share without a name", but(ask, [](PhoneShareRequested& e) { e.approval = {}; })},
      {"a share under another's name", but(ask, [&](PhoneShareRequested& e) { e.approval = town.share; })},
      {"a share of no phone", but(ask, [](PhoneShareRequested& e) { e.phone = PhoneId(8); })},
      {"a share with no owner", but(ask, [](PhoneShareRequested& e) { e.owner = {}; })},
      {"a share asked of somebody else", but(ask, [](PhoneShareRequested& e) { e.owner = kSharedPhone; })},
      {"a share of another number", but(ask, [](PhoneShareRequested& e) { e.phone = kCidPhone; })},
      {"a share of one's own", but(ask, [](PhoneShareRequested& e) { e.phone = kAnnPhone; })},
      {"a share asked twice", town.request(kIdlerPhone)},
      {"a code that has run out already", but(ask, [](PhoneShareRequested& e) { e.expires_at = minute(1); })},
      {"a wrong code of nothing", ShareCodeRejected{no_share, 4}},
      {"a wrong code miscounted", ShareCodeRejected{town.share, 3}},
      {"a sixth wrong code", ShareCodeRejected{town.tired_share, 255}},
      {"an end of no share", PhoneShareEnded{no_share, ShareEnd::rejected}},
      {"an approval of a share too late", PhoneShareEnded{town.share, ShareEnd::approved}, 10},
      {"a refusal of a share too late", PhoneShareEnded{town.share, ShareEnd::rejected}, 10},
      {"an end of a share too early", PhoneShareEnded{town.share, ShareEnd::expired}, 9},
      {"an end for wrong codes that were not", PhoneShareEnded{town.share, ShareEnd::wrong_codes}},

      {"a text about nothing", TextSettled{{nothing.position(), pin, 0}, TextEnd::sent}},
      {"a text that is not owed yet", TextSettled{{town.fresh.position(), TextKind::claim_code, 0}, TextEnd::sent}},
      {"a text that is not owed any more", TextSettled{{town.verified.position(), pin, 0}, TextEnd::sent}},
      {"a text of another detail", TextSettled{{town.fresh.position(), pin, 1}, TextEnd::sent}},

      {"a time beyond the calendar", ReplyReceived{}, 4'200'000'000},
  };
}

std::vector<Row> possible(Town const& town) {
  auto const start = town.initiation(kAnn, 6'500);
  return {
      {"another phone", PhoneRecorded{PhoneId(8), kAnnIdentity, index_of(9), {}}},
      {"a proof", PhoneVerified{kCidPhone}},
      {"a proof again", PhoneVerified{kAnnPhone}},
      {"another guardian", MinorFlagged{kMinorIdentity, kMinorPhone}},
      {"no guardian", MinorFlagged{kAnnIdentity, PhoneId()}},
      {"grown up", MinorCleared{kMinorIdentity}},
      {"a start of everything", start},
      {"a start that is all fee", but(start, [](TransferInitiated& e) { e.fees = {minor(6'500), Money{}, Money{}}; })},
      {"a minor's start", town.initiation(kMinor, 7'000)},
      {"another PIN", PinReissued{town.fresh, 1, minute(11)}},
      {"another PIN while the guardian is asked", PinReissued{town.asked, 1, minute(11)}},
      {"a wrong PIN", PinRejected{town.fresh, 2}},
      {"a right PIN", PinVerified{town.fresh, minute(1'440)}},
      {"a right PIN at the last moment", PinVerified{town.fresh, minute(1'440)}, 9},
      {"a guardian's yes", GuardianApproved{town.asked}, 14},
      {"a claim", town.claim(town.verified), 1'439},
      {"a return for wrong PINs", town.give_back(town.tired, ReturnReason::wrong_pins)},
      {"a return of a PIN that ran out", town.give_back(town.fresh, ReturnReason::pin_expired), 10},
      {"a return of a claim that ran out", town.give_back(town.verified, ReturnReason::claim_expired), 1'440},
      {"a guardian's no", town.give_back(town.asked, ReturnReason::guardian_rejected)},
      {"a guardian's silence", town.give_back(town.asked, ReturnReason::guardian_expired), 15},
      {"a cancellation", town.give_back(town.fresh, ReturnReason::cancelled)},
      {"a cancellation while the guardian is asked", town.give_back(town.asked, ReturnReason::cancelled)},
      {"a share", town.request(kAskedPhone)},
      {"a wrong code", ShareCodeRejected{town.share, 4}},
      {"a shared phone", PhoneShareEnded{town.share, ShareEnd::approved}, 9},
      {"a refused phone", PhoneShareEnded{town.share, ShareEnd::rejected}, 9},
      {"a share that ran out", PhoneShareEnded{town.share, ShareEnd::expired}, 10},
      {"a share that ended in wrong codes", PhoneShareEnded{town.tired_share, ShareEnd::wrong_codes}},
      {"a share that was asked for again", PhoneShareEnded{town.share, ShareEnd::superseded}},
      {"a reply", ReplyReceived{index_of(1)}},
      {"a text sent", TextSettled{{town.fresh.position(), TextKind::pin, 0}, TextEnd::sent}},
      {"a text about a share", TextSettled{{town.share.position(), TextKind::share_code, 0}, TextEnd::dropped}},
  };
}

Place place(Town const& town, Row const& row) { return {minute(row.at), town.next(), town.next()}; }

TEST(FoldCheckTransfers, NamesWhatCannotHappen) {
  auto const here = town();
  for (auto const& row : impossible(here)) {
    EXPECT_NE(why_impossible(here.state, row.event, place(here, row)), nullptr) << row.what;
  }
  for (auto const& row : possible(here)) {
    auto const* why = why_impossible(here.state, row.event, place(here, row));
    EXPECT_EQ(why, nullptr) << row.what << ": " << why;
  }
}

TEST(FoldCheckTransfers, WhatItAcceptsCanBeApplied) {
  for (auto const& row : possible(town())) {
    SCOPED_TRACE(row.what);
    auto here = town();
    apply(here.state, row.event, minute(row.at));
  }
}

// A wallet's balances together never pass the largest, for what is reserved may come back.
TEST(FoldCheckTransfers, WhatIsReservedCountsTowardsTheLargestBalance) {
  auto const here = town();
  auto const wallet = here.state.wallet(kAnn, kGold);
  auto const room = kMaxBalance - wallet.total();
  auto const why = [&](Money amount) {
    BalanceCredited const credit{kAnn, kGold, amount, wallet.available + amount, ""};
    return why_impossible(here.state, credit, {minute(1), here.next(), here.next()});
  };
  EXPECT_EQ(why(room), nullptr);
  EXPECT_NE(why(room + minor(1)), nullptr);
}

// The receiver's side too.
TEST(FoldCheckTransfers, AClaimPastTheLargestBalanceIsRefused) {
  auto here = town();
  auto const room = kMaxBalance - here.state.find_transfer(here.verified)->net();
  here.commit({BalanceCredited{kCid, kSilver, room, room, ""}});
  Place const now{minute(1), here.next(), here.next()};
  EXPECT_EQ(why_impossible(here.state, here.claim(here.verified), now), nullptr);
  here.commit({BalanceCredited{kCid, kSilver, minor(1), room + minor(1), ""}});
  EXPECT_NE(why_impossible(here.state, here.claim(here.verified), now), nullptr);
}

// Two on one phone in one game: what comes back to the wallet that it left is released first.
TEST(FoldCheckTransfers, ASendMayComeBackToTheWalletThatItLeft) {
  auto here = town();
  auto start = here.initiation(kAnn, 1'000);
  start.target = kGame;
  TransferId const transaction(here.commit({start}));
  here.commit({PinVerified{transaction, minute(1'440)}});
  auto claim = here.claim(transaction);
  claim.receiver = kAnn;
  claim.target_currency = kGold;
  claim.available_after = here.state.wallet(kAnn, kGold).available + claim.net();
  EXPECT_EQ(why_impossible(here.state, claim, {minute(1), here.next(), here.next()}), nullptr);
  here.commit({claim});
}

TEST(FoldCheckTransfers, ATransferThatIsAllFeeIsClaimed) {
  auto here = town();
  auto start = here.initiation(kAnn, 10);
  TransferId const transaction(here.commit({start}));
  here.commit({PinVerified{transaction, minute(1'440)}});
  auto const claim = here.claim(transaction);
  Place const now{minute(1), here.next(), here.next()};
  EXPECT_EQ(why_impossible(here.state, claim, now), nullptr);
  EXPECT_NE(why_impossible(here.state, but(claim, [](TransferClaimed& e) { e.available_after += minor(1); }), now),
            nullptr);
  here.commit({claim});
}

// A log whose links and positions are right: somebody with SQL wrote it.
TEST(FoldCheckTransfers, AForgedLogIsReportedAtThePositionOfTheLie) {
  auto const here = town();
  auto rows = impossible(here);
  for (auto const& row : rows) {
    test_support::MemoryLog log;
    auto commits = here.commits;
    commits.push_back({here.next(), minute(row.at), {}, {row.event}});
    Digest link{};
    Position before;
    for (auto const& commit : commits) {
      std::string bytes;
      Encoder().encode(commit, bytes);
      link = chain_link(link, commit.last(), bytes);
      StoredCommit const stored{commit.last(), bytes, link};
      ASSERT_TRUE(log.append({before, log.lease().value(), {&stored, 1}}));
      before = commit.last();
    }
    auto const found = verify(log, nullptr);
    ASSERT_FALSE(found) << row.what;
    EXPECT_EQ(found.error().kind, Fault::Kind::corrupt) << row.what;
    auto const named = "position " + std::to_string(here.next().value()) + ": ";
    EXPECT_TRUE(found.error().what.starts_with(named)) << row.what << ": " << found.error().what;
  }
}

}  // namespace
}  // namespace florin::eventstore
