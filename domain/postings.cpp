#include "domain/postings.h"

namespace florin::domain {
namespace {

using Postings = std::vector<Posting>;

// amount goes from promotional issuance to the player (or back, when negative).
Postings issue(PlayerId player, CurrencyId currency, Money amount) {
  return {{Account::player_available, player, currency, amount},
          {Account::promotional_issuance, PlayerId{}, currency, -amount}};
}

// From the player's available balance to what is reserved of it (or back, when negative).
Postings reserve(PlayerId player, CurrencyId currency, Money amount) {
  return {{Account::player_available, player, currency, -amount}, {Account::player_reserved, player, currency, amount}};
}

void post(Postings& to, Account account, PlayerId player, CurrencyId currency, Money amount) {
  if (amount != Money{}) to.push_back({account, player, currency, amount});
}

// What crosses from one currency to another leaves the first through the clearing account and enters the second through
// it, one for one: every branded unit is a tenth of a dollar.
Postings claim(TransferClaimed const& e) {
  Postings out;
  auto const crossing = e.net() + e.fees.target;
  post(out, Account::player_reserved, e.sender, e.currency, -e.amount);
  post(out, Account::game_revenue, PlayerId{}, e.currency, e.fees.source);
  post(out, Account::network_fees, PlayerId{}, e.currency, e.fees.network);
  if (e.currency != e.target_currency) {
    post(out, Account::transfer_clearing, PlayerId{}, e.currency, crossing);
    post(out, Account::transfer_clearing, PlayerId{}, e.target_currency, -crossing);
  }
  post(out, Account::game_revenue, PlayerId{}, e.target_currency, e.fees.target);
  post(out, Account::player_available, e.receiver, e.target_currency, e.net());
  return out;
}

// So many dollars' units for the player, against what the processor holds: `usd` came to it (went, when negative), and
// it kept `fee`.
Postings through_clearing(PlayerId player, CurrencyId currency, Usd usd, Usd fee) {
  Postings out;
  post(out, Account::player_available, player, currency, units_of(usd));
  post(out, Account::card_clearing, PlayerId{}, currency, units_of(fee - usd));
  post(out, Account::processor_fees, PlayerId{}, currency, -units_of(fee));
  return out;
}

Postings between(Account from, Account to, PlayerId player, CurrencyId currency, Money amount) {
  auto const owner = [&](Account account) { return account == Account::player_available ? player : PlayerId{}; };
  return {{from, owner(from), currency, -amount}, {to, owner(to), currency, amount}};
}

Postings settle(RefundSettled const& e) {
  auto const from = e.end == RefundEnd::reversed ? Account::card_clearing : Account::refunds_in_flight;
  auto const to = e.end == RefundEnd::succeeded ? Account::card_clearing : Account::player_available;
  return between(from, to, e.player, e.currency, units_of(e.usd));
}

Postings pay_out(std::vector<PayoutShare> const& shares, Account from, Account to) {
  Postings out;
  for (auto const& share : shares) {
    post(out, from, PlayerId{}, share.currency, -share.amount);
    post(out, to, PlayerId{}, share.currency, share.amount);
  }
  return out;
}

Postings advance(PayoutAdvanced const& e) {
  if (!is_end(e.status)) return {};
  return pay_out(e.shares, e.was_completed ? Account::payouts_paid : Account::payouts_in_flight,
                 e.status == PayoutStatus::completed ? Account::payouts_paid : Account::game_revenue);
}

}  // namespace

std::vector<Posting> postings(Event const& event) {
  return std::visit(
      Overloaded{
          [](GameEvent auto const&) { return Postings{}; },
          [](PersonEvent auto const&) { return Postings{}; },
          [](OneOf<StartingBalanceGranted, BalanceCredited> auto const& e) {
            return issue(e.player, e.currency, e.amount);
          },
          [](BalanceDebited const& e) { return issue(e.player, e.currency, -e.amount); },
          [](ItemPurchased const& e) {
            return Postings{{Account::player_available, e.player, e.currency, -e.total},
                            {Account::game_revenue, PlayerId{}, e.currency, e.developer_revenue},
                            {Account::network_fees, PlayerId{}, e.currency, e.platform_fee}};
          },
          [](ItemRefunded const& e) {
            return Postings{{Account::player_available, e.player, e.currency, e.total},
                            {Account::game_revenue, PlayerId{}, e.currency, -e.developer_revenue},
                            {Account::network_fees, PlayerId{}, e.currency, -e.platform_fee}};
          },
          [](TransferInitiated const& e) { return reserve(e.sender, e.currency, e.amount); },
          [](TransferClaimed const& e) { return claim(e); },
          [](TransferReleased const& e) { return reserve(e.sender, e.currency, -e.amount); },
          [](OneOf<PinReissued, PinRejected, PinVerified, GuardianApproved> auto const&) { return Postings{}; },
          [](PhoneShareEvent auto const&) { return Postings{}; },
          [](TextEvent auto const&) { return Postings{}; },
          [](CurrencyPurchased const& e) { return through_clearing(e.player, e.currency, e.usd, e.fee); },
          [](OneOf<CheckoutOpened, CurrencyOrdered, PaymentOpened, PaymentChallenged, PaymentFailed> auto const&) {
            return Postings{};
          },
          [](RefundRequested const& e) {
            return between(Account::player_available, Account::refunds_in_flight, e.player, e.currency,
                           units_of(e.usd));
          },
          [](RefundSettled const& e) { return settle(e); },
          [](DisputeOpened const& e) { return through_clearing(e.player, e.currency, -e.usd, e.fee); },
          [](DisputeClosed const& e) { return through_clearing(e.player, e.currency, e.won ? e.usd : Usd{}, e.fee); },
          [](DisputeMoved const& e) { return through_clearing(e.player, e.currency, e.usd, e.fee); },
          [](PayoutRequested const& e) { return pay_out(e.shares, Account::game_revenue, Account::payouts_in_flight); },
          [](PayoutAdvanced const& e) { return advance(e); },
          [](PayoutEvent auto const&) { return Postings{}; },
      },
      event);
}

char const* account_name(Account account) {
  switch (account) {
    case Account::player_available: return "player_available";
    case Account::player_reserved: return "player_reserved";
    case Account::game_revenue: return "game_revenue";
    case Account::network_fees: return "network_fees";
    case Account::promotional_issuance: return "promotional_issuance";
    case Account::transfer_clearing: return "transfer_clearing";
    case Account::card_clearing: return "card_clearing";
    case Account::processor_fees: return "processor_fees";
    case Account::refunds_in_flight: return "refunds_in_flight";
    case Account::payouts_in_flight: return "payouts_in_flight";
    case Account::payouts_paid: return "payouts_paid";
  }
  return "";
}

}  // namespace florin::domain
