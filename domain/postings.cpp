#include "domain/postings.h"

#include <array>
#include <cstdint>
#include <utility>

namespace florin::domain {
namespace {

// Where postings go: all of them, or their sums.
class List {
 public:
  void add(Posting const& posting) { all_.push_back(posting); }
  [[nodiscard]] std::vector<Posting> take() { return std::move(all_); }

 private:
  std::vector<Posting> all_;
};

// Of currencies whose sum is zero nothing is kept. Every function below posts what a payout or a claim moves in one
// currency before it begins the next but one, so that two are open at a time; what opens more than kOpenMax does not
// balance.
class Sums {
 public:
  void add(Posting const& posting) {
    auto const minor = static_cast<std::uint64_t>(posting.amount.minor());
    for (std::size_t i = 0; i < count_; ++i) {
      auto& [currency, sum] = open_[i];
      if (currency != posting.currency) continue;
      sum += minor;
      if (sum == 0) open_[i] = open_[--count_];
      return;
    }
    if (minor == 0) return;
    if (count_ == open_.size()) {
      too_many_ = true;
    } else {
      open_[count_++] = {posting.currency, minor};
    }
  }
  [[nodiscard]] bool are_zero() const { return count_ == 0 && !too_many_; }

 private:
  static constexpr std::size_t kOpenMax = 4;
  struct Open {
    CurrencyId currency;
    std::uint64_t sum = 0;  // modulo 2^64, which an event of a few amounts below 2^63 does not reach
  };
  std::array<Open, kOpenMax> open_{};
  std::size_t count_ = 0;
  bool too_many_ = false;
};

template <class To>
void post(To& to, Account account, PlayerId player, CurrencyId currency, Money amount) {
  if (amount != Money{}) to.add({account, player, currency, amount});
}

// amount goes from promotional issuance to the player (or back, when negative).
template <class To>
void issue(To& to, PlayerId player, CurrencyId currency, Money amount) {
  to.add({Account::player_available, player, currency, amount});
  to.add({Account::promotional_issuance, PlayerId{}, currency, -amount});
}

// From the player's available balance to what is reserved of it (or back, when negative).
template <class To>
void reserve(To& to, PlayerId player, CurrencyId currency, Money amount) {
  to.add({Account::player_available, player, currency, -amount});
  to.add({Account::player_reserved, player, currency, amount});
}

// What crosses from one currency to another leaves the first through the clearing account and enters the second through
// it, one for one: every branded unit is a tenth of a dollar.
template <class To>
void claim(To& to, TransferClaimed const& e) {
  auto const crossing = e.net() + e.fees.target;
  post(to, Account::player_reserved, e.sender, e.currency, -e.amount);
  post(to, Account::game_revenue, PlayerId{}, e.currency, e.fees.source);
  post(to, Account::network_fees, PlayerId{}, e.currency, e.fees.network);
  if (e.currency != e.target_currency) {
    post(to, Account::transfer_clearing, PlayerId{}, e.currency, crossing);
    post(to, Account::transfer_clearing, PlayerId{}, e.target_currency, -crossing);
  }
  post(to, Account::game_revenue, PlayerId{}, e.target_currency, e.fees.target);
  post(to, Account::player_available, e.receiver, e.target_currency, e.net());
}

// So many dollars' units for the player, against what the processor holds: `usd` came to it (went, when negative), and
// it kept `fee`.
template <class To>
void through_clearing(To& to, PlayerId player, CurrencyId currency, Usd usd, Usd fee) {
  post(to, Account::player_available, player, currency, units_of(usd));
  post(to, Account::card_clearing, PlayerId{}, currency, units_of(fee - usd));
  post(to, Account::processor_fees, PlayerId{}, currency, -units_of(fee));
}

template <class To>
void between(To& to, Account from, Account into, PlayerId player, CurrencyId currency, Money amount) {
  auto const owner = [&](Account account) { return account == Account::player_available ? player : PlayerId{}; };
  to.add({from, owner(from), currency, -amount});
  to.add({into, owner(into), currency, amount});
}

template <class To>
void settle(To& to, RefundSettled const& e) {
  auto const from = e.end == RefundEnd::reversed ? Account::card_clearing : Account::refunds_in_flight;
  auto const into = e.end == RefundEnd::succeeded ? Account::card_clearing : Account::player_available;
  between(to, from, into, e.player, e.currency, units_of(e.usd));
}

template <class To>
void pay_out(To& to, std::vector<PayoutShare> const& shares, Account from, Account into) {
  for (auto const& share : shares) {
    post(to, from, PlayerId{}, share.currency, -share.amount);
    post(to, into, PlayerId{}, share.currency, share.amount);
  }
}

template <class To>
void advance(To& to, PayoutAdvanced const& e) {
  if (!is_end(e.status)) return;
  pay_out(to, e.shares, e.was_completed ? Account::payouts_paid : Account::payouts_in_flight,
          e.status == PayoutStatus::completed ? Account::payouts_paid : Account::game_revenue);
}

template <class To>
void post_event(To& to, Event const& event) {
  std::visit(
      Overloaded{
          [](GameEvent auto const&) {},
          [](KeyEvent auto const&) {},
          [](PersonEvent auto const&) {},
          [&](OneOf<StartingBalanceGranted, BalanceCredited> auto const& e) {
            issue(to, e.player, e.currency, e.amount);
          },
          [&](BalanceDebited const& e) { issue(to, e.player, e.currency, -e.amount); },
          [&](ItemPurchased const& e) {
            to.add({Account::player_available, e.player, e.currency, -e.total});
            to.add({Account::game_revenue, PlayerId{}, e.currency, e.developer_revenue});
            to.add({Account::network_fees, PlayerId{}, e.currency, e.platform_fee});
          },
          [&](ItemRefunded const& e) {
            to.add({Account::player_available, e.player, e.currency, e.total});
            to.add({Account::game_revenue, PlayerId{}, e.currency, -e.developer_revenue});
            to.add({Account::network_fees, PlayerId{}, e.currency, -e.platform_fee});
          },
          [&](TransferInitiated const& e) { reserve(to, e.sender, e.currency, e.amount); },
          [&](TransferClaimed const& e) { claim(to, e); },
          [&](TransferReleased const& e) { reserve(to, e.sender, e.currency, -e.amount); },
          [](OneOf<PinReissued, PinRejected, PinVerified, GuardianApproved> auto const&) {},
          [](PhoneShareEvent auto const&) {},
          [](TextEvent auto const&) {},
          [&](CurrencyPurchased const& e) { through_clearing(to, e.player, e.currency, e.usd, e.fee); },
          [](OneOf<CheckoutOpened, CurrencyOrdered, PaymentOpened, PaymentChallenged, PaymentFailed> auto const&) {},
          [&](RefundRequested const& e) {
            between(to, Account::player_available, Account::refunds_in_flight, e.player, e.currency, units_of(e.usd));
          },
          [&](RefundSettled const& e) { settle(to, e); },
          [&](DisputeOpened const& e) { through_clearing(to, e.player, e.currency, -e.usd, e.fee); },
          [&](DisputeClosed const& e) { through_clearing(to, e.player, e.currency, e.won ? e.usd : Usd{}, e.fee); },
          [&](DisputeMoved const& e) { through_clearing(to, e.player, e.currency, e.usd, e.fee); },
          [&](PayoutRequested const& e) { pay_out(to, e.shares, Account::game_revenue, Account::payouts_in_flight); },
          [&](PayoutAdvanced const& e) { advance(to, e); },
          [](PayoutEvent auto const&) {},
      },
      event);
}

}  // namespace

std::vector<Posting> postings(Event const& event) {
  List list;
  post_event(list, event);
  return list.take();
}

bool is_balanced(Event const& event) {
  Sums sums;
  post_event(sums, event);
  return sums.are_zero();
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
