// What must hold after any interleaving of the commands around transfers, with the clock going on between them. A
// failing run prints its steps, already shrunk, and the RC_PARAMS that replay it.
//
// RC_ASSERT overloads && and ||: what must not be evaluated without what stands before it has parentheses of its own.
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "domain/claim_candidates.h"
#include "domain/limits.h"
#include "tests/domain/ledger_books.h"
#include "tests/domain/transfer_world.h"
#include "tests/support/event_kinds.h"

namespace florin::domain::testing {
namespace {

// ---- invariants --------------------------------------------------------------------------------------------------

// What the log says of each transaction and approval, kept beside the state.
struct Ends {
  std::set<TransferId> initiated;
  std::set<TransferId> verified;
  std::map<TransferId, int> ended;
  std::set<ApprovalId> asked;
  std::map<ApprovalId, int> answered;

  void note(Event const& event) {
    if (auto const* e = std::get_if<TransferInitiated>(&event)) RC_ASSERT(initiated.insert(e->transaction).second);
    if (auto const* e = std::get_if<PinVerified>(&event)) RC_ASSERT(verified.insert(e->transaction).second);
    if (auto const* e = std::get_if<TransferClaimed>(&event)) end(e->transaction);
    if (auto const* e = std::get_if<TransferClaimed>(&event)) RC_ASSERT(verified.contains(e->transaction));
    if (auto const* e = std::get_if<TransferReleased>(&event)) end(e->transaction);
    if (auto const* e = std::get_if<PhoneShareRequested>(&event)) RC_ASSERT(asked.insert(e->approval).second);
    if (auto const* e = std::get_if<PhoneShareEnded>(&event)) {
      RC_ASSERT((asked.contains(e->approval) && ++answered[e->approval] == 1));
    }
  }
  void end(TransferId transaction) { RC_ASSERT((initiated.contains(transaction) && ++ended[transaction] == 1)); }

  // What has begun and not ended is open, and nothing else.
  void check(State const& state) const {
    RC_ASSERT(state.transfers().size() == initiated.size() - ended.size());
    for (auto const& [transaction, transfer] : state.transfers()) {
      RC_ASSERT((initiated.contains(transaction) && !ended.contains(transaction)));
      RC_ASSERT(verified.contains(transaction) == (transfer.stage == TransferStage::claim));
    }
    RC_ASSERT(state.shares().all().size() == asked.size() - answered.size());
    for (auto const& [approval, share] : state.shares().all()) RC_ASSERT(!answered.contains(approval));
  }
};

void check_reserved(State const& state) {
  std::map<std::pair<PlayerId, CurrencyId>, Money> reserved;
  for (auto const& [transaction, transfer] : state.transfers()) {
    reserved[{transfer.sender, transfer.currency}] += transfer.amount;
  }
  for (std::size_t i = 0; i < state.wallet_count(); ++i) {
    auto const& row = state.wallet_rows()[i];
    auto const found = reserved.find({PlayerId(row.player), CurrencyId(row.currency)});
    RC_ASSERT(row.reserved == (found == reserved.end() ? 0 : found->second.minor()));
  }
}

void check_owed(State const& state, Ends const& ends) {
  for (auto const& text : state.owed_texts()) {
    auto const* transfer = state.find_transfer(TransferId(text.about));
    auto const ended = ends.ended.contains(TransferId(text.about));
    switch (text.kind) {
      case TextKind::pin:
        RC_ASSERT((transfer != nullptr && transfer->stage == TransferStage::pin));
        RC_ASSERT(text.detail + 1 == transfer->pins_issued);
        break;
      case TextKind::claim_code: RC_ASSERT((transfer != nullptr && transfer->stage == TransferStage::claim)); break;
      case TextKind::guardian_question:
        RC_ASSERT((transfer != nullptr && transfer->guardian == GuardianState::pending));
        break;
      case TextKind::share_code: RC_ASSERT(state.shares().find(ApprovalId(text.about)) != nullptr); break;
      case TextKind::sender_completed: RC_ASSERT(ended); break;
      case TextKind::receiver_completed: RC_ASSERT(ended); break;
      case TextKind::sender_returned: RC_ASSERT(ended); break;
    }
  }
}

void check_questions(State const& state) {
  Questions expected;
  for (auto const& [transaction, transfer] : state.transfers()) {
    if (transfer.guardian != GuardianState::pending) continue;
    expected.emplace(state.phones()[transfer.guardian_phone].phone, transaction.position());
  }
  for (auto const& [approval, share] : state.shares().all()) {
    expected.emplace(state.phones()[share.owner].phone, approval.position());
  }
  RC_ASSERT(state.questions() == expected);
}

// The limits by a list of every transaction that there ever was, in the state that it is in now.
void check_velocity(TransferWorld const& world) {
  struct Made {
    TransferInitiated event;
    Timestamp at;
    bool returned = false;
  };
  std::map<TransferId, Made> made;
  for (auto const& commit : world.log) {
    for (auto const& event : commit.events) {
      if (auto const* e = std::get_if<TransferInitiated>(&event)) made[e->transaction] = {*e, commit.at};
      if (auto const* e = std::get_if<TransferReleased>(&event)) made.at(e->transaction).returned = true;
    }
  }
  for (auto const span : {kHour, kDay}) {
    std::map<std::pair<Flavour, PlayerId>, Velocity::Sum> lately;
    for (auto const& [transaction, transfer] : made) {
      auto& sum = lately[{transfer.event.flavour, transfer.event.sender}];
      if (transfer.at + span <= world.now) continue;
      if (transfer.event.flavour == Flavour::send || !transfer.returned) ++sum.count;
      if (!transfer.returned) sum.amount += transfer.event.amount;
    }
    for (auto const& [key, sum] : lately) {
      auto const kind = key.first == Flavour::send ? VelocityKind::sends : VelocityKind::transfers;
      auto const known = world.state.velocity().recent(kind, key.second.value(), world.now, span);
      RC_ASSERT(known.count == sum.count);
      RC_ASSERT(known.amount == sum.amount);
    }
  }
}

// Whoever a claimant is offered can be chosen.
void check_candidates(TransferWorld const& world) {
  for (auto const& [transaction, transfer] : world.state.transfers()) {
    if (transfer.stage != TransferStage::claim || world.now >= transfer.claim_expires_at) continue;
    ClaimTransfer claim;
    claim.game = transfer.target;
    claim.flavour = transfer.flavour;
    claim.transaction = transaction;
    claim.phone = phone(name_of(kNumbers, world.state.phones()[transfer.receiver_phone].phone));
    auto const currency = world.state.find_game(transfer.target)->currencies.front().currency;
    auto const candidates = claim_candidates(world.state, transfer, currency);
    for (auto const* claimant : kPeople) {
      claim.receiver = player(claimant);
      claim.player = PlayerId{};
      auto const asked = decide(world.state, claim, world.context());
      if (asked.ok() || asked.error().code != RejectionCode::account_selection) continue;
      RC_ASSERT(candidates.size() > 1);
      for (auto const candidate : candidates) {
        claim.player = candidate;
        RC_ASSERT(decide(world.state, claim, world.context()).ok());
      }
    }
  }
}

struct Watch {
  Books books;
  Ends ends;
  std::size_t seen = 0;

  void check(TransferWorld const& world) {
    for (; seen < world.log.size(); ++seen) {
      for (auto const& event : world.log[seen].events) {
        books.post(event);
        ends.note(event);
      }
    }
    books.check(world.state);
    ends.check(world.state);
    check_reserved(world.state);
    check_owed(world.state, ends);
    check_questions(world.state);
    check_candidates(world);
  }
};

// ---- properties --------------------------------------------------------------------------------------------------

RC_GTEST_PROP(TransferProperty, MoneyAndOpenMattersAddUpAtEveryStep, ()) {
  auto const steps = *long_transfer_history();
  TransferWorld world;
  Watch watch;
  for (auto const& step : steps) {
    (void)world.take(step);
    watch.check(world);
    check_velocity(world);
  }
  RC_CLASSIFY(!watch.ends.verified.empty(), "verified");
  RC_CLASSIFY(watch.ends.ended.size() > 3, "more than three ended");
}

RC_GTEST_PROP(TransferProperty, AfterEveryExpiryNothingIsReservedOpenOrOwed, ()) {
  auto const steps = *long_transfer_history();
  TransferWorld world;
  Watch watch;
  for (auto const& step : steps) (void)world.take(step);
  world.now = world.now + 2 * kDay;
  for (auto const transaction : world.transactions) {
    auto const open = world.state.find_transfer(transaction) != nullptr;
    RC_ASSERT(world.execute(ExpireTransfer{transaction}).ok() == open);
  }
  for (auto const approval : world.approvals) {
    auto const open = world.state.shares().find(approval) != nullptr;
    RC_ASSERT(world.execute(ExpirePhoneShare{approval}).ok() == open);
  }
  watch.check(world);
  auto const& state = world.state;
  RC_ASSERT(state.transfers().empty() && state.shares().all().empty() && state.questions().empty());
  for (std::size_t i = 0; i < state.wallet_count(); ++i) RC_ASSERT(state.wallet_rows()[i].reserved == 0);
  for (auto const transaction : world.transactions) RC_ASSERT(watch.ends.ended.at(transaction) == 1);

  SettleTexts all;
  for (auto const& text : state.owed_texts()) all.texts.push_back({text, TextEnd::sent});
  RC_ASSERT(world.execute(all).ok() == !all.texts.empty());
  RC_ASSERT(state.owed_texts().empty());
}

RC_GTEST_PROP(TransferProperty, DecideIsDeterministicAndNeverChangesTheState, ()) {
  auto const steps = *long_transfer_history();
  TransferWorld world;
  TransferWorld twin;
  for (auto const& step : steps) {
    if (step.act != Act::wait) {
      auto const first = decide(world.state, world.command(step), world.context());
      RC_ASSERT(same_state(world.state, twin.state));  // who has not been asked yet
      RC_ASSERT(same(first, decide(twin.state, twin.command(step), twin.context())));
      if (first.ok()) RC_ASSERT(!first.value().empty());
    }
    (void)world.take(step);
    (void)twin.take(step);
  }
  RC_ASSERT(world.log == twin.log);
  RC_ASSERT(same_state(world.state, twin.state));
}

RC_GTEST_PROP(TransferProperty, ASnapshotAndItsTailEqualTheWholeHistory, ()) {
  auto const steps = *long_transfer_history();
  TransferWorld world;
  for (auto const& step : steps) (void)world.take(step);
  auto const cut = *rc::gen::inRange<std::size_t>(0, world.log.size() + 1);
  State prefix;
  for (std::size_t i = 0; i < cut; ++i) apply(prefix, world.log[i]);
  auto resumed = restored_from(prefix);
  RC_ASSERT(same_state(resumed, prefix));
  for (std::size_t i = cut; i < world.log.size(); ++i) apply(resumed, world.log[i]);
  RC_ASSERT(same_state(resumed, world.state));
  // Not only equal: it goes on deciding alike.
  for (auto const& step : steps) {
    if (step.act == Act::wait) continue;
    auto const command = world.command(step);
    RC_ASSERT(same(decide(resumed, command, world.context()), decide(world.state, command, world.context())));
  }
}

bool same_reason(Decision const& a, Decision const& b) {
  return !a.ok() && !b.ok() && a.error().code == b.error().code;
}

// What came to its end while somebody waited.
bool has_expired(Decision const& decision) {
  return !decision.ok() && (decision.error().code == RejectionCode::pin_expired ||
                            decision.error().code == RejectionCode::transfer_not_open);
}

// A refusal with a time is over at that time: what was refused for a wait is not refused for it any more then, and is
// refused for it until then, unless it has expired meanwhile.
RC_GTEST_PROP(TransferProperty, ARetryAfterIsTrue, ()) {
  auto const steps = *long_transfer_history();
  TransferWorld world;
  for (auto const& step : steps) {
    if (step.act != Act::wait) {
      auto const command = world.command(step);
      auto const refused = decide(world.state, command, world.context());
      if (!refused.ok() && refused.error().retry_after > 0) {
        auto const* initiate = std::get_if<InitiateTransfer>(&command);
        auto const never =
            initiate != nullptr && !initiate->unlimited &&
            initiate->amount > velocity_limits(*world.state.find_game(initiate->game), initiate->flavour).per_day;
        auto later = world.context();
        later.now = later.now + refused.error().retry_after * kSecond;
        auto const again = decide(world.state, command, later);
        if (!never) RC_ASSERT(!same_reason(refused, again));
        later.now = later.now + (-kSecond - 1);
        if (later.now >= world.now) {
          auto const sooner = decide(world.state, command, later);
          RC_ASSERT(same_reason(refused, sooner) || has_expired(sooner));
        }
      }
    }
    (void)world.take(step);
  }
}

// The properties above say nothing of what no history reaches.
TEST(TransferProperty, RandomHistoriesReachEveryEventAndEveryRefusal) {
  florin::samples::EventKinds events;
  std::set<RejectionCode> refusals;
  std::set<ReturnReason> returns;
  std::set<ShareEnd> share_ends;
  auto const histories = rc::gen::arbitrary<TransferSteps>();
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    TransferWorld world;
    for (auto const& step : histories(rc::Random(seed), 400).value()) {
      auto const decision = world.take(step);
      if (decision && !decision->ok()) refusals.insert(decision->error().code);
    }
    for (auto const& commit : world.log) {
      for (auto const& event : commit.events) {
        events.insert(event_name(event));
        if (auto const* e = std::get_if<TransferReleased>(&event)) returns.insert(e->reason);
        if (auto const* e = std::get_if<PhoneShareEnded>(&event)) share_ends.insert(e->end);
      }
    }
  }
  auto expected = florin::samples::kinds_of<GameEvents, PersonEvents, WalletEvents, ItemEvents, TransferEvents,
                                            PhoneShareEvents, TextEvents>();
  for (auto const* elsewhere : {"SdkKeyRotated", "CurrencyAdded", "CurrencyChanged"}) expected.erase(elsewhere);
  for (auto const& kind : expected) EXPECT_TRUE(events.contains(kind)) << kind;
  EXPECT_EQ(returns.size(), 6u);
  EXPECT_EQ(share_ends.size(), 5u);
  // Not to be met here: what only an operator's commands, quantities and totals bring about, and the fullest limits.
  std::set<RejectionCode> const elsewhere{RejectionCode::linked_game_not_found,  RejectionCode::invalid_game,
                                          RejectionCode::invalid_quantity,       RejectionCode::total_mismatch,
                                          RejectionCode::resend_limit,           RejectionCode::share_rate_limited,
                                          RejectionCode::verification_blocked,   RejectionCode::balance_limit,
                                          RejectionCode::sms_unavailable,        RejectionCode::order_not_paid,
                                          RejectionCode::order_disputed,         RejectionCode::refund_exceeds_payment,
                                          RejectionCode::too_many_refunds,       RejectionCode::payments_unavailable,
                                          RejectionCode::payment_mismatch,       RejectionCode::order_not_open,
                                          RejectionCode::payout_exceeds_balance, RejectionCode::payout_not_found,
                                          RejectionCode::payout_not_next,        RejectionCode::too_many_currencies,
                                          RejectionCode::invalid_currency,       RejectionCode::currency_name_taken};
  for (int i = 0; i <= static_cast<int>(RejectionCode::balance_limit); ++i) {
    auto const reason = static_cast<RejectionCode>(i);
    EXPECT_TRUE(elsewhere.contains(reason) || refusals.contains(reason)) << "refusal " << i;
  }
}

}  // namespace
}  // namespace florin::domain::testing
