// What fold_check says about checkouts, orders of currency, refunds, disputes and payouts: every sentence that it has.
#include <limits>
#include <set>

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
constexpr PlayerId kBob{2};
constexpr PlayerId kNobody{9};
constexpr IdentityId kAnnIdentity{1};
constexpr CurrencyId kGold{1};
constexpr CurrencyId kGems{2};
constexpr CurrencyId kSilver{3};  // of the other game

Money minor(std::int64_t amount) { return Money::from_minor(amount); }
Usd cents(std::int64_t amount) { return Usd::from_minor(amount); }
Usd const kTen = cents(1'000);  // a hundred units
Timestamp minute(std::int64_t count) { return Timestamp::from_seconds(1'800'000'000 + 60 * count); }

// A ledger in which there is one of everything. The game is owed 9,000 gold and 500 gems (in minor units), less what
// its payouts took.
struct Town {
  std::vector<Commit> commits;
  State state;
  OrderId ordered;    // no name yet
  OrderId opened;     // "pi_2"
  OrderId older;      // paid, and nothing of it went back
  OrderId paid;       // "pi_3": a refund is pending, one has succeeded, a dispute is open
  RefundId pending;   // the refund
  RefundId refunded;  // the other one
  PayoutId requested;
  PayoutId processing;
  PayoutId completed;

  [[nodiscard]] Position next() const { return commits.empty() ? Position(1) : domain::next(commits.back().last()); }
  Position commit(std::vector<Event> events) {
    commits.push_back({next(), minute(0), {}, std::move(events)});
    apply(state, commits.back());
    return commits.back().first;
  }
  [[nodiscard]] Money available() const { return state.wallet(kAnn, kGold).available; }
  [[nodiscard]] Money after(Usd usd) const { return available() + units_of(usd); }

  [[nodiscard]] CheckoutOpened checkout() const {
    return {SessionId(next()), kGame, kAnnIdentity, kGold, kTen, "", "", {}, minute(15)};
  }
  [[nodiscard]] CurrencyOrdered order() const { return {OrderId(next()), kAnn, kGold, kTen, "pm_1", {}}; }
  [[nodiscard]] CurrencyPurchased purchase() const {
    return {opened, kAnn, kGold, kTen, cents(59), "pi_2", after(kTen)};
  }
  [[nodiscard]] RefundRequested refund(Usd usd = cents(100)) const {
    return {RefundId(next()), paid, kAnn, kGold, usd, after(-usd), "", "pi_3", ""};
  }
  [[nodiscard]] RefundSettled settle(RefundEnd end) const {
    auto const usd = cents(end == RefundEnd::reversed ? 200 : 100);
    auto const left = end == RefundEnd::succeeded ? available() : after(usd);
    return {end == RefundEnd::reversed ? refunded : pending, paid, kAnn, kGold, usd, end, "re_1", left};
  }
  [[nodiscard]] DisputeOpened dispute(Usd usd = cents(300)) const {
    return {paid, "dp_2", kAnn, kGold, usd, cents(1'500), after(-usd)};
  }
  [[nodiscard]] DisputeClosed close(bool won) const {
    return {paid, "dp_1", kAnn, kGold, cents(400), won, won ? after(cents(400)) : available()};
  }
  // Of the dispute that is open, which debits 4.00 and cost 15.00.
  [[nodiscard]] DisputeMoved movement(Usd given_back, Usd fee = {}, DisputeStatus status = DisputeStatus::lost,
                                      std::uint32_t entries = 2) const {
    return {paid, "dp_1", kAnn, kGold, given_back, fee, status, entries, after(given_back)};
  }
  [[nodiscard]] PayoutRequested payout() const {
    return {PayoutId(next()), kGame,
            cents(100),       {{kGold, minor(900)}, {kGems, minor(100)}},
            kAnnIdentity,     {"sealed", true},
            {"sealed", true}, "021000021",
            "6789",           AccountType::checking};
  }
  [[nodiscard]] PayoutAdvanced advance(PayoutId id, PayoutStatus status) const {
    auto const& open = *state.find_payout(id);
    return {id,
            open.game,
            open.usd,
            open.shares,
            status,
            "",
            open.status == PayoutStatus::completed,
            status == PayoutStatus::processing};
  }
  [[nodiscard]] PayoutFileWritten files() const {
    auto const day = day_of(minute(1));
    PayoutFileWritten out{next(), day, start_of(day + std::chrono::days(1)),
                          {},     {},  {{requested, LeftOutReason::holder}}};
    out.files = {{'A', day + std::chrono::days(2), 1, cents(100), {}, {processing}},
                 {'B', day + std::chrono::days(2), 2, cents(100), {}, {completed}}};
    return out;
  }
  [[nodiscard]] PayoutAccountCorrected correct() const {
    return {processing, kGame, kAnnIdentity, "C01", {"sealed", true}};
  }
};

GameCreated game(GameId id, std::vector<CurrencyId> const& currencies) {
  GameCreated created;
  created.game = id;
  created.settings.name = "Alpha";
  for (auto const currency : currencies) {
    auto name = "Currency " + std::to_string(currency.value());
    created.currencies.push_back({currency, std::move(name), "G", Money{}, minor(1), {}});
  }
  return created;
}

Town town() {
  Town out;
  out.commit({game(kGame, {kGold, kGems}), game(kOther, {kSilver}), IdentityRegistered{kAnnIdentity, {}, {}},
              PlayerJoined{kAnn, kGame, kAnnIdentity, {}, 0}, PlayerJoined{kBob, kOther, kAnnIdentity, {}, 0}});
  auto const earn = [&](CurrencyId currency, std::int64_t total, std::int64_t owed) {
    out.commit(
        {BalanceCredited{kAnn, currency, minor(total), minor(total), ""},
         ItemPurchased{kAnn, currency, {}, 1, minor(total), minor(total), minor(total - owed), minor(owed), {}}});
  };
  earn(kGold, 10'000, 9'000);
  earn(kGems, 1'000, 500);
  out.ordered = OrderId(out.commit({out.order()}));
  out.opened = OrderId(out.commit({out.order()}));
  out.commit({PaymentOpened{out.opened, "pi_2"}});
  out.older = OrderId(out.commit({out.order()}));
  out.commit({PaymentOpened{out.older, "pi_0"}});
  out.commit({CurrencyPurchased{out.older, kAnn, kGold, kTen, cents(59), "pi_0", out.after(kTen)}});
  out.paid = OrderId(out.commit({out.order()}));
  out.commit({PaymentOpened{out.paid, "pi_3"}});
  out.commit({CurrencyPurchased{out.paid, kAnn, kGold, kTen, cents(59), "pi_3", out.after(kTen)}});
  out.pending = RefundId(out.commit({out.refund(cents(100))}));
  out.refunded = RefundId(out.commit({out.refund(cents(200))}));
  out.commit(
      {RefundSettled{out.refunded, out.paid, kAnn, kGold, cents(200), RefundEnd::succeeded, "re_2", out.available()}});
  out.commit({DisputeOpened{out.paid, "dp_1", kAnn, kGold, cents(400), cents(1'500), out.after(-cents(400))}});
  out.commit(
      {DisputeMoved{out.paid, "dp_7", kAnn, kGold, -cents(50), {}, DisputeStatus::open, 7, out.after(-cents(50))}});
  out.requested = PayoutId(out.commit({out.payout()}));
  out.processing = PayoutId(out.commit({out.payout()}));
  for (auto const status : {PayoutStatus::approved, PayoutStatus::processing}) {
    out.commit({out.advance(out.processing, status)});
  }
  out.completed = PayoutId(out.commit({out.payout()}));
  for (auto const status : {PayoutStatus::approved, PayoutStatus::processing, PayoutStatus::completed}) {
    out.commit({out.advance(out.completed, status)});
  }
  return out;
}

template <class E, class Change>
E but(E event, Change change) {
  change(event);
  return event;
}

// Ann's gold is `available`, and there is nothing else than people.
State with_gold(State const& state, Money available) {
  State out;
  out.restore_games(state.games());
  for (std::size_t i = 0; i < state.identity_count(); ++i) out.restore_identity(state.identity_rows()[i]);
  for (std::size_t i = 0; i < state.player_count(); ++i) out.restore_player(state.player_rows()[i]);
  out.restore_wallet({1, 1, available.minor(), 0});
  return out;
}

struct Row {
  char const* why;
  Event event;
};

std::vector<Row> impossible(Town const& town) {
  auto const lowest = cents(std::numeric_limits<std::int64_t>::min());
  auto const highest = cents(std::numeric_limits<std::int64_t>::max());
  auto const late = Timestamp::from_micros(std::numeric_limits<std::int64_t>::max());
  auto const over = kMaxPurchaseUsd + cents(1);
  auto const most_fee = cents(6 * kMaxPurchaseUsd.minor());
  auto const elsewhere = Position(town.next().value() + 1);
  auto const older = Position(town.next().value() - 1);
  auto const checkout = town.checkout();
  auto const order = town.order();
  auto const purchase = town.purchase();
  auto const refund = town.refund();
  auto const settle = town.settle(RefundEnd::succeeded);
  auto const dispute = town.dispute();
  auto const close = town.close(true);
  auto const moved = town.movement(cents(100));
  auto const payout = town.payout();
  auto const advance = town.advance(town.requested, PayoutStatus::approved);
  auto const files = town.files();
  auto const correct = town.correct();
  PaymentOpened const opening{town.ordered, "pi_1"};
  PaymentChallenged const challenge{town.opened, minute(15)};
  PaymentFailed const failure{town.ordered, kAnn, PaymentFailure::refused, ""};
  using Checkout = CheckoutOpened;
  using Order = CurrencyOrdered;
  using Purchase = CurrencyPurchased;
  using Refund = RefundRequested;
  using Settle = RefundSettled;
  using Dispute = DisputeOpened;
  using Close = DisputeClosed;
  using Moved = DisputeMoved;
  using Payout = PayoutRequested;
  using Advance = PayoutAdvanced;
  using Files = PayoutFileWritten;
  using Correct = PayoutAccountCorrected;
  char const* const out_of_range = "moves an amount out of range";
  char const* const foreign = "moves a currency that is not of the player's game";
  char const* const wrong_sum = "the balance after it does not add up";
  char const* const not_asked = "settles a refund that nobody asked for";
  char const* const not_open = "closes a dispute that is not open";
  return {
      {"opens a checkout under another name than its commit's",
       but(checkout, [&](Checkout& e) { e.session = SessionId(older); })},
      {"opens a checkout under another name than its commit's", but(checkout, [](Checkout& e) { e.session = {}; })},
      {"sells a currency that is not the game's", but(checkout, [](Checkout& e) { e.game = kNowhere; })},
      {"sells a currency that is not the game's", but(checkout, [](Checkout& e) { e.currency = kSilver; })},
      {"opens a checkout for nobody", but(checkout, [](Checkout& e) { e.identity = IdentityId(2); })},
      {"opens a checkout for nobody", but(checkout, [](Checkout& e) { e.identity = {}; })},
      {"asks for an amount out of range", but(checkout, [](Checkout& e) { e.usd = {}; })},
      {"asks for an amount out of range", but(checkout, [&](Checkout& e) { e.usd = over; })},
      {"has a link that never holds", but(checkout, [](Checkout& e) { e.expires_at = minute(1); })},
      {"has a link that never holds", but(checkout, [&](Checkout& e) { e.expires_at = late; })},

      {"orders under another name than its commit's", but(order, [&](Order& e) { e.order = OrderId(elsewhere); })},
      {"orders under another name than its commit's", but(order, [&](Order& e) { e.order = town.ordered; })},
      {"sells a currency that is not of the player's game", but(order, [](Order& e) { e.player = kNobody; })},
      {"sells a currency that is not of the player's game", but(order, [](Order& e) { e.player = {}; })},
      {"sells a currency that is not of the player's game", but(order, [](Order& e) { e.player = kBob; })},
      {"asks for an amount out of range", but(order, [](Order& e) { e.usd = cents(-1); })},
      {"asks for an amount out of range", but(order, [&](Order& e) { e.usd = lowest; })},
      {"is of a checkout that was not open", but(order, [](Order& e) { e.session = SessionId(e.order.position()); })},

      {"opens a payment that nobody waits for", but(opening, [&](PaymentOpened& e) { e.order = town.opened; })},
      {"opens a payment that nobody waits for", but(opening, [&](PaymentOpened& e) { e.order = town.paid; })},
      {"opens a payment that nobody waits for", but(opening, [&](PaymentOpened& e) { e.order = OrderId(elsewhere); })},
      {"opens a payment without a name", but(opening, [](PaymentOpened& e) { e.reference.clear(); })},
      {"challenges a payment that is not open", but(challenge, [&](PaymentChallenged& e) { e.order = town.ordered; })},
      {"challenges a payment that is not open", but(challenge, [&](PaymentChallenged& e) { e.order = town.paid; })},
      {"has a challenge that never holds", but(challenge, [](PaymentChallenged& e) { e.expires_at = minute(1); })},
      {"has a challenge that never holds", but(challenge, [&](PaymentChallenged& e) { e.expires_at = late; })},

      {"pays an order that is not open", but(purchase, [&](Purchase& e) { e.order = town.paid; })},
      {"pays an order that is not open", but(purchase, [](Purchase& e) { e.order = {}; })},
      {"pays another order than was made", but(purchase, [&](Purchase& e) { e.order = town.ordered; })},
      {"pays another order than was made", but(purchase, [](Purchase& e) { e.player = kBob; })},
      {"pays another order than was made", but(purchase, [](Purchase& e) { e.currency = kGems; })},
      {"pays another order than was made", but(purchase, [](Purchase& e) { e.usd += cents(1); })},
      {"pays another order than was made", but(purchase, [](Purchase& e) { e.reference = "pi_9"; })},
      {"has fees out of range", but(purchase, [](Purchase& e) { e.fee = cents(-1); })},
      {"has fees out of range", but(purchase, [&](Purchase& e) { e.fee = over; })},
      {wrong_sum, but(purchase, [](Purchase& e) { e.available_after += minor(1); })},
      {"gives up an order that is not open", but(failure, [&](PaymentFailed& e) { e.order = town.paid; })},
      {"gives up an order that is not open", but(failure, [](PaymentFailed& e) { e.player = kBob; })},

      {"refunds under another name than its place", but(refund, [&](Refund& e) { e.refund = RefundId(elsewhere); })},
      {"refunds what is not paid", but(refund, [&](Refund& e) { e.order = town.opened; })},
      {"refunds what is not paid", but(refund, [](Refund& e) { e.order = OrderId(e.refund.position()); })},
      {foreign, but(refund, [&](Refund& e) { e.order = town.older, e.player = kNobody; })},
      {foreign, but(refund, [&](Refund& e) { e.order = town.older, e.currency = kSilver; })},
      {out_of_range, but(refund, [](Refund& e) { e.usd = {}; })},
      {out_of_range, but(refund, [&](Refund& e) { e.usd = lowest; })},
      {out_of_range, but(refund, [&](Refund& e) { e.order = town.older, e.usd = highest; })},
      {out_of_range, but(town.refund(over), [&](Refund& e) { e.order = town.older; })},
      {wrong_sum, but(refund, [](Refund& e) { e.available_after -= minor(1); })},
      {"refunds another order than was paid", but(refund, [](Refund& e) { e.currency = kGems; })},
      {"refunds another order than was paid", but(refund, [](Refund& e) { e.player = kBob; })},
      {"refunds more than any order", town.refund(kMaxPurchaseUsd - cents(300) + cents(1))},

      {not_asked, but(settle, [&](Settle& e) { e.order = town.opened; })},
      {not_asked, but(settle, [](Settle& e) { e.refund = {}; })},
      {not_asked, but(settle, [](Settle& e) { e.usd += cents(1); })},
      {"settles a refund twice", but(settle, [](Settle& e) { e.end = RefundEnd::reversed; })},
      {"settles a refund twice",
       but(town.settle(RefundEnd::reversed), [](Settle& e) { e.end = RefundEnd::succeeded; })},
      {"settles a refund twice", but(town.settle(RefundEnd::reversed), [](Settle& e) { e.end = RefundEnd::failed; })},
      {wrong_sum, but(settle, [](Settle& e) { e.end = RefundEnd::failed; })},
      {wrong_sum, but(town.settle(RefundEnd::failed), [](Settle& e) { e.end = RefundEnd::succeeded; })},
      {"settles a refund of another order", but(settle, [](Settle& e) { e.player = kBob; })},
      {"settles a refund of another order", but(settle, [](Settle& e) { e.currency = kGems; })},

      {"disputes what is not paid", but(dispute, [&](Dispute& e) { e.order = town.ordered; })},
      {"disputes what is not paid", but(dispute, [&](Dispute& e) { e.order = OrderId(town.next()); })},
      {"opens a dispute twice", but(dispute, [](Dispute& e) { e.reference = "dp_1"; })},
      {"has fees out of range", but(dispute, [&](Dispute& e) { e.fee = most_fee + cents(1); })},
      {"has fees out of range", but(dispute, [&](Dispute& e) { e.fee = -most_fee - cents(1); })},
      {"has fees out of range", but(dispute, [&](Dispute& e) { e.fee = highest; })},
      {"has fees out of range", but(dispute, [&](Dispute& e) { e.fee = lowest; })},
      {out_of_range, but(town.dispute(over), [&](Dispute& e) { e.order = town.older; })},
      {out_of_range, but(dispute, [](Dispute& e) { e.usd = cents(-1); })},
      {out_of_range, but(dispute, [&](Dispute& e) { e.usd = lowest; })},
      {foreign, but(dispute, [&](Dispute& e) { e.order = town.older, e.player = {}; })},
      {foreign, but(dispute, [&](Dispute& e) { e.order = town.older, e.currency = kSilver; })},
      {out_of_range, town.dispute({})},
      {"disputes another order than was paid", but(dispute, [](Dispute& e) { e.player = kBob; })},
      {"disputes another order than was paid", but(dispute, [](Dispute& e) { e.currency = kGems; })},
      {wrong_sum, but(dispute, [](Dispute& e) { e.usd += cents(1); })},
      {not_open, but(close, [&](Close& e) { e.order = town.opened; })},
      {not_open, but(close, [](Close& e) { e.reference = "dp_9"; })},
      {not_open, but(close, [](Close& e) { e.usd += cents(1); })},
      {wrong_sum, but(close, [](Close& e) { e.won = false; })},
      {wrong_sum, but(town.close(false), [](Close& e) { e.won = true; })},
      {"closes a dispute of another order", but(close, [](Close& e) { e.player = kBob; })},
      {"closes a dispute of another order", but(close, [](Close& e) { e.currency = kGems; })},
      {"has fees out of range", but(close, [&](Close& e) { e.fee = highest; })},
      {"has fees out of range", but(close, [&](Close& e) { e.fee = lowest; })},
      {"has fees out of range", but(close, [&](Close& e) { e.fee = most_fee - cents(1'499); })},
      {"has fees out of range", but(close, [&](Close& e) { e.fee = -most_fee - cents(1'501); })},

      {"disputes under no name", but(moved, [](Moved& e) { e.reference.clear(); })},
      {"disputes what is not paid", but(moved, [&](Moved& e) { e.order = town.ordered; })},
      {"disputes what is not paid", but(moved, [&](Moved& e) { e.order = OrderId(town.next()); })},
      {foreign, but(moved, [](Moved& e) { e.player = kNobody; })},
      {foreign, but(moved, [](Moved& e) { e.currency = kSilver; })},
      {"disputes another order than was paid", but(moved, [](Moved& e) { e.currency = kGems; })},
      {"moves a dispute by an older word",
       but(town.movement({}, {}, DisputeStatus::lost, 6), [](Moved& e) { e.reference = "dp_7", e.entries = 6; })},
      {"moves nothing of a dispute", town.movement({}, {}, DisputeStatus::open, 0)},
      {out_of_range, but(moved, [&](Moved& e) { e.usd = over; })},
      {out_of_range, but(moved, [&](Moved& e) { e.usd = -over; })},
      {out_of_range, but(moved, [&](Moved& e) { e.usd = lowest; })},
      {out_of_range, but(moved, [&](Moved& e) { e.usd = highest; })},
      {"gives back more than a dispute took, or takes more than any order", town.movement(cents(401))},
      {"gives back more than a dispute took, or takes more than any order",
       town.movement(cents(400) - kMaxPurchaseUsd - cents(1))},
      {"gives back more than a dispute took, or takes more than any order",
       but(moved, [](Moved& e) { e.reference = "dp_9"; })},
      {"has fees out of range", town.movement({}, most_fee - cents(1'499))},
      {"has fees out of range", town.movement({}, -most_fee - cents(1'501))},
      {"has fees out of range", town.movement({}, lowest)},
      {"has fees out of range", town.movement({}, highest)},
      {wrong_sum, but(moved, [](Moved& e) { e.available_after += minor(1); })},
      {wrong_sum, but(moved, [](Moved& e) { e.usd -= cents(1); })},

      {"requests a payout under another name than its commit's",
       but(payout, [&](Payout& e) { e.payout = PayoutId(elsewhere); })},
      {"requests a payout under another name than its commit's",
       but(payout, [&](Payout& e) { e.payout = town.requested; })},
      {"pays a game that does not exist", but(payout, [](Payout& e) { e.game = kNowhere; })},
      {"has nobody to be told", but(payout, [](Payout& e) { e.contact = IdentityId(2); })},
      {"pays out an amount out of range", but(payout, [](Payout& e) { e.usd = {}; })},
      {"pays out an amount out of range", but(payout, [](Payout& e) { e.usd = kMaxPayoutUsd + cents(1); })},
      {"pays out a currency that is not of the game", but(payout, [](Payout& e) { e.shares[1].currency = kSilver; })},
      {"pays out a currency that is not of the game", but(payout, [](Payout& e) { e.game = kOther; })},
      {"pays out a currency twice", but(payout, [](Payout& e) { e.shares[1].currency = kGold; })},
      {"pays out a currency twice", but(payout, [](Payout& e) { std::swap(e.shares[0], e.shares[1]); })},
      {"pays out more than its amount", but(payout, [](Payout& e) { e.shares[1].amount += minor(1); })},
      {"pays out more than its amount", but(payout, [](Payout& e) { e.shares[1].amount = {}; })},
      {"pays out more than its amount", but(payout, [&](Payout& e) { e.shares[0].amount = minor(lowest.minor()); })},
      {"pays out more than its amount", but(payout, [&](Payout& e) { e.shares[0].amount = minor(highest.minor()); })},
      {"pays out less than its amount", but(payout, [](Payout& e) { e.shares[1].amount -= minor(1); })},
      {"pays out less than its amount", but(payout, [](Payout& e) { e.shares.clear(); })},
      {"pays out more than is owed", but(payout,
                                         [](Payout& e) {
                                           e.shares[0].amount -= minor(500);
                                           e.shares[1].amount += minor(500);
                                         })},
      {"moves a payout that is not open",
       but(advance, [&](Advance& e) { e.payout = PayoutId(town.ordered.position()); })},
      {"moves another payout", but(advance, [](Advance& e) { e.game = kOther; })},
      {"moves another payout", but(advance, [](Advance& e) { e.usd += cents(1); })},
      {"moves another payout", but(advance, [](Advance& e) { e.shares.pop_back(); })},
      {"moves a payout where it cannot go", but(advance, [](Advance& e) { e.status = PayoutStatus::processing; })},
      {"moves a payout where it cannot go", but(advance, [](Advance& e) { e.status = PayoutStatus::requested; })},
      {"moves a payout where it cannot go", town.advance(town.processing, PayoutStatus::rejected)},
      {"moves a payout where it cannot go", town.advance(town.completed, PayoutStatus::completed)},
      {"moves a payout from where it is not",
       but(town.advance(town.processing, PayoutStatus::failed), [](Advance& e) { e.was_completed = true; })},
      {"moves a payout from where it is not",
       but(town.advance(town.completed, PayoutStatus::failed), [](Advance& e) { e.was_completed = false; })},
      {"says of which form the file is of a payout that joins none",
       but(advance, [](Advance& e) { e.dated_by_export = true; })},

      {"writes a bank's file under another name than its commit's",
       but(files, [&](Files& e) { e.written = elsewhere; })},
      {"is no file of a day", but(files, [](Files& e) { e.created = Timestamp::from_micros(-1); })},
      {"is no file of a day", but(files, [&](Files& e) { e.created = late; })},
      {"is no file of a day", but(files, [](Files& e) { e.created = Timestamp::from_micros(e.created.micros() - 1); })},
      {"is no file of a day", but(files, [](Files& e) { e.day = Day{} - std::chrono::days(1); })},
      {"is no file of a day", but(files, [](Files& e) { e.files.clear(); })},
      {"is no file of a day", but(files, [](Files& e) { e.files[1].letter = 'A'; })},
      {"is no file of a day", but(files, [](Files& e) { e.files[1].first_trace = 3; })},
      {"is no file of a day", but(files, [](Files& e) { e.files[0].effective -= std::chrono::days(2); })},
      {"is no file of a day", but(files, [](Files& e) { e.files[1].payouts = e.files[0].payouts; })},
      {"is no file of a day", but(files, [](Files& e) { e.left_out[0].payout = e.files[0].payouts[0]; })},
      {"writes a payout that is not of that day",
       but(files, [&](Files& e) { e.files[0].payouts = {PayoutId(elsewhere)}; })},
      {"writes a payout that is not of that day",
       but(files, [&](Files& e) { e.left_out.clear(), e.files[0].payouts = {town.requested}; })},
      {"writes a payout that is not of that day", but(files, [](Files& e) { e.day -= std::chrono::days(1); })},
      {"writes a file whose total is not the sum of its payouts",
       but(files, [](Files& e) { e.files[1].usd += cents(1); })},
      {"corrects an account that nobody named", but(correct, [](Correct& e) { e.payout = {}; })},
      {"corrects an account that nobody named", but(correct, [&](Correct& e) { e.payout = PayoutId(town.next()); })},
      {"corrects an account under no code of a change", but(correct, [](Correct& e) { e.code = ""; })},
      {"corrects an account under no code of a change", but(correct, [](Correct& e) { e.code = "R01"; })},
      {"corrects an account under no code of a change", but(correct, [](Correct& e) { e.code = "C1x"; })},
      {"corrects an account under no code of a change", but(correct, [](Correct& e) { e.code = "C001"; })},
      {"corrects the account of a game that does not exist", but(correct, [](Correct& e) { e.game = kNowhere; })},
      {"has nobody to be told", but(correct, [](Correct& e) { e.contact = IdentityId(2); })},
  };
}

// One of every kind, and every way that it may go.
std::vector<Event> possible(Town const& town) {
  std::vector<Event> out{town.checkout(),
                         town.order(),
                         PaymentOpened{town.ordered, "pi_1"},
                         PaymentChallenged{town.opened, minute(15)},
                         town.purchase(),
                         PaymentFailed{town.ordered, kAnn, PaymentFailure::refused, ""},
                         PaymentFailed{town.opened, kAnn, PaymentFailure::declined, ""},
                         town.refund(),
                         town.refund(kMaxPurchaseUsd - cents(300)),
                         town.dispute(),
                         town.dispute(kMaxPurchaseUsd),
                         but(town.refund(kMaxPurchaseUsd), [](RefundRequested& e) { e.reference = "re_3"; }),
                         but(town.dispute(), [](DisputeOpened& e) { e.fee = cents(-1); }),
                         town.close(true),
                         but(town.close(true), [](DisputeClosed& e) { e.fee = cents(-1'500); }),
                         town.close(false),
                         town.payout()};
  for (auto const status : {DisputeStatus::open, DisputeStatus::won, DisputeStatus::lost}) {
    out.emplace_back(town.movement(cents(400), cents(-1'500), status));
    out.emplace_back(town.movement(cents(400) - kMaxPurchaseUsd, cents(1), status));
    out.emplace_back(town.movement({}, {}, status));
    // The first word about another one, which may be that it is over.
    out.emplace_back(
        but(town.movement(cents(-200), cents(1'500), status, 0), [](DisputeMoved& e) { e.reference = "dp_8"; }));
    out.emplace_back(but(town.movement({}, {}, status, 0), [](DisputeMoved& e) { e.reference = "dp_8"; }));
  }
  for (auto const end : {RefundEnd::succeeded, RefundEnd::failed, RefundEnd::reversed})
    out.emplace_back(town.settle(end));
  for (auto const status : {PayoutStatus::approved, PayoutStatus::rejected}) {
    out.emplace_back(town.advance(town.requested, status));
  }
  for (auto const status : {PayoutStatus::completed, PayoutStatus::failed}) {
    out.emplace_back(town.advance(town.processing, status));
  }
  out.emplace_back(town.advance(town.completed, PayoutStatus::failed));
  out.emplace_back(town.files());
  out.emplace_back(town.correct());
  return out;
}

TEST(FoldCheckPayments, WhatCanHappenMayAndIsApplied) {
  auto const here = town();
  for (auto const& event : possible(here)) {
    SCOPED_TRACE(event_name(event));
    EXPECT_EQ(why_impossible(here.state, event, {minute(1), here.next(), here.next()}), nullptr);
    auto again = town();
    again.commit({event});
  }
}

TEST(FoldCheckPayments, ADayIsWrittenOnce) {
  auto here = town();
  here.commit({here.files()});
  EXPECT_STREQ(why_impossible(here.state, here.files(), {minute(1), here.next(), here.next()}),
               "writes the file of a day twice");
}

TEST(FoldCheckPayments, EveryLieIsNamed) {
  auto const here = town();
  for (auto const& row : impossible(here)) {
    EXPECT_STREQ(why_impossible(here.state, row.event, {minute(1), here.next(), here.next()}), row.why)
        << event_name(row.event);
  }
}

// Far out, where sums of balances are not exact any more; a refund or a chargeback may lead below zero long before.
TEST(FoldCheckPayments, ACardLeadsBelowZeroButNotAnywhere) {
  auto here = town();
  here.commit({BalanceDebited{kAnn, kGold, here.available(), Money{}, ""}});
  auto const why = [&](Event const& event) {
    return why_impossible(here.state, event, {minute(1), here.next(), here.next()});
  };
  EXPECT_EQ(why(here.refund()), nullptr);
  EXPECT_EQ(why(here.dispute()), nullptr);
  auto const next = here.next();
  for (auto const left : {-kMaxBalance, -kMaxBalance + units_of(cents(100))}) {
    auto refund = here.refund(cents(100));
    refund.available_after = left - units_of(refund.usd);
    EXPECT_STREQ(why_impossible(with_gold(here.state, left), refund, {minute(1), next, next}),
                 left == -kMaxBalance ? "leaves a balance out of range" : nullptr);
  }
}

// A log whose links and positions are right: somebody with SQL wrote it.
TEST(FoldCheckPayments, AForgedLogIsReportedAtThePositionOfTheLie) {
  auto const here = town();
  for (auto const& row : impossible(here)) {
    test_support::MemoryLog log;
    auto commits = here.commits;
    commits.push_back({here.next(), minute(1), {}, {row.event}});
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
    ASSERT_FALSE(found) << row.why;
    EXPECT_EQ(found.error().kind, Fault::Kind::corrupt) << row.why;
    auto const named = "position " + std::to_string(here.next().value()) + ": ";
    EXPECT_TRUE(found.error().what.starts_with(named)) << row.why << ": " << found.error().what;
  }
}

}  // namespace
}  // namespace florin::eventstore
