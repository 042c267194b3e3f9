// A town where everything waits for somebody: transfers in each of their states, a phone share, texts, minors, orders
// of currency, refunds, disputes and payouts.
#pragma once

#include "tests/support/facts.h"
#include "tests/support/store.h"

namespace florin::test_support {

struct OpenMatters {
  domain::TransferId fresh;     // waits for its PIN
  domain::TransferId tried;     // a second PIN, two wrong ones
  domain::TransferId verified;  // waits for its claim
  domain::TransferId asked;     // waits for a guardian
  domain::TransferId approved;  // a guardian said yes
  domain::ApprovalId share;     // waits for the owner of a phone
  domain::OrderId ordered;      // waits for its payment's name
  domain::OrderId challenged;   // waits for the cardholder
  domain::OrderId returned;     // paid; one refund succeeded, one failed, one is pending; a dispute is lost, one open
  domain::PayoutId requested;
  domain::PayoutId processing;
};

// Orders and payouts of player 1 and the first game. References are eight letters long: every field begins at a word.
inline void open_money_matters(Store& store, domain::GameId game, OpenMatters& out) {
  using namespace domain;
  store.commit(purchase(game, 1, units(500)));  // so the game is owed something
  auto const order = [&] {
    auto const commit = store.commit(OrderCurrency{game, person(1), {}, dollars(10), "pm_1", {}, true});
    return std::get<CurrencyOrdered>(commit->events.back());
  };
  auto const said = [](CurrencyOrdered const& ordered, PaymentStatus status, char const* reference) {
    PaymentReport report;
    report.reference = reference;
    report.order = ordered.order;
    report.status = status;
    report.usd = ordered.usd;
    return report;
  };
  out.ordered = order().order;
  auto const challenged = order();
  out.challenged = challenged.order;
  store.commit(
      ReportPayment{said(challenged, PaymentStatus::requires_action, "pi_00001"), samples::fact(challenged), {}});
  auto const paid = order();
  out.returned = paid.order;
  auto report = said(paid, PaymentStatus::succeeded, "pi_00002");
  report.refunds = {{"re_00001", {}, dollars(1), RefundStatus::succeeded},
                    {"re_00002", {}, dollars(1), RefundStatus::failed}};
  auto const commit = store.commit(ReportPayment{report, samples::fact(paid), {}});
  store.commit(RefundPurchase{game, samples::fact_in<CurrencyPurchased>(*commit), dollars(2), "", true});
  report.disputes = {{"dp_00001", dollars(1), dollars(15), DisputeStatus::lost},
                     {"dp_00002", dollars(3), dollars(15), DisputeStatus::open}};
  store.commit(ReportPayment{report, samples::fact(paid), {}});
  auto const payout = [&](std::int64_t usd) {
    auto const asked = store.commit(RequestPayout{game, somebody(8), dollars(usd), "Gold Games", "000123456789",
                                                  "021000021", AccountType::checking});
    return std::get<PayoutRequested>(asked->events.back()).payout;
  };
  auto const advance = [&](PayoutId id, PayoutStatus status) {
    return store.commit(AdvancePayout{id, status, ""})->at;
  };
  out.requested = payout(3);
  out.processing = payout(4);
  auto const completed = payout(5);
  for (auto const status : {PayoutStatus::approved, PayoutStatus::processing}) {
    advance(out.processing, status);
    advance(completed, status);
  }
  WritePayoutFile files;
  files.day = day_of(advance(completed, PayoutStatus::completed));
  files.created = start_of(files.day + std::chrono::days(1));
  files.files = {{'A', files.day + std::chrono::days(2), 1, dollars(9), {}, {out.processing, completed}}};
  store.commit(files);
}

inline OpenMatters open_matters(Store& store) {
  using namespace domain;
  auto const alpha = store.make_game();
  auto const beta = std::get<GameCreated>(store.commit(create_game("Beta"))->events.at(0)).game;
  GameChanges live;
  live.status = GameStatus::live;
  store.commit(UpdateGame{alpha, live});
  store.commit(UpdateGame{beta, live});
  for (std::uint64_t player = 1; player <= 3; ++player) store.commit(credit(alpha, player, units(1000)));
  // A transaction is named by the first position of its commit.
  auto const begin = [&](std::uint64_t sender, std::int64_t amount) {
    store.clock().advance(40 * kMicrosPerSecond);
    return TransferId(store.commit(send(alpha, sender, beta, 4, units(amount)))->first);
  };
  auto const verify = [&](TransferId transaction) { store.commit(VerifyPin{alpha, Flavour::send, transaction, 1}); };

  OpenMatters out;
  auto const completed = begin(1, 10);
  verify(completed);
  store.commit(ClaimTransfer{beta, Flavour::send, completed, person(4), phone(4), {}, {}});
  store.commit(CancelTransfer{alpha, Flavour::send, begin(1, 20)});
  out.fresh = begin(1, 30);
  out.tried = begin(1, 40);
  store.clock().advance(40 * kMicrosPerSecond);
  store.commit(ResendPin{alpha, Flavour::send, out.tried});
  for (int wrong = 0; wrong < 2; ++wrong) store.commit(VerifyPin{alpha, Flavour::send, out.tried, 1});
  out.verified = begin(1, 50);
  verify(out.verified);

  store.commit(FlagMinor{somebody(2), phone(20)});
  store.commit(FlagMinor{somebody(3), {}});
  store.commit(FlagMinor{somebody(5), phone(20)});
  store.commit(ClearMinor{somebody(5).email_index});
  out.asked = begin(2, 60);
  out.approved = begin(2, 70);
  store.commit(ReceiveReply{phone(20).index, ReplyWord::yes, false, {}});

  // The first is superseded by the second, and the third is approved.
  store.commit(RequestPhoneShare{phone(1), somebody(6)});
  store.clock().advance(40 * kMicrosPerSecond);
  auto const again = store.commit(RequestPhoneShare{phone(1), somebody(6)});
  out.share = ApprovalId(again->last().value() - 1);  // behind the end of the first
  store.commit(AnswerPhoneShare{out.share, false, false});
  ApprovalId const shared(store.commit(RequestPhoneShare{phone(1), somebody(7)})->first);
  store.commit(AnswerPhoneShare{shared, true, true});
  store.commit(SettleTexts{{{{out.fresh.position(), TextKind::pin, 0}, TextEnd::sent}}});
  open_money_matters(store, alpha, out);
  return out;
}

}  // namespace florin::test_support
