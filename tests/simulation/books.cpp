#include "tests/simulation/books.h"

#include "tests/simulation/promises.h"

namespace florin::simulation {

using domain::Account;
using domain::CurrencyId;

namespace {

using Sums = std::map<std::uint64_t, std::int64_t>;  // by currency

std::int64_t of(Sums const& sums, std::uint64_t currency) {
  auto const found = sums.find(currency);
  return found == sums.end() ? 0 : found->second;
}

}  // namespace

void Books::follow_transfer(domain::Event const& event) {
  if (auto const* begun = std::get_if<domain::TransferInitiated>(&event)) {
    require(open_transfers_.insert(begun->transaction).second, Promise::transfers_end_once, "begun twice");
  } else if (auto const* claimed = std::get_if<domain::TransferClaimed>(&event)) {
    require(open_transfers_.erase(claimed->transaction) == 1, Promise::transfers_end_once, "claimed");
  } else if (auto const* released = std::get_if<domain::TransferReleased>(&event)) {
    require(open_transfers_.erase(released->transaction) == 1, Promise::transfers_end_once, "released");
  }
}

void Books::add(domain::Commit const& commit) {
  for (auto const& event : commit.events) {
    follow_transfer(event);
    Sums zero;
    for (auto const& posting : domain::postings(event)) {
      zero[posting.currency.value()] += posting.amount.minor();
      sums_[{posting.currency.value(), posting.account}] += posting.amount.minor();
    }
    for (auto const& [currency, sum] : zero) {
      require(sum == 0, Promise::postings_are_zero, domain::event_name(event), "in currency", currency);
    }
  }
}

std::int64_t Books::sum(CurrencyId currency, Account account) const {
  auto const found = sums_.find({currency.value(), account});
  return found == sums_.end() ? 0 : found->second;
}

void Books::compare(domain::State const& state) const {
  Sums available;
  Sums reserved;
  Sums held;
  Sums refunds;
  for (std::size_t i = 0; i < state.wallet_count(); ++i) {
    auto const& row = state.wallet_rows()[i];
    available[row.currency] += row.available;
    reserved[row.currency] += row.reserved;
  }
  for (auto const& [transaction, transfer] : state.transfers()) {
    held[transfer.currency.value()] += transfer.amount.minor();
    require(open_transfers_.contains(transaction), Promise::transfers_end_once, "open without a beginning");
  }
  require(open_transfers_.size() == state.transfers().size(), Promise::transfers_end_once, "not open and not ended");
  for (auto const& [order, returned] : state.returned_orders()) {
    for (auto const& refund : returned.refunds) {
      if (refund.status != domain::RefundStatus::pending) continue;
      refunds[returned.currency.value()] += domain::units_of(refund.usd).minor();
    }
  }
  std::int64_t crossing = 0;
  for (std::uint64_t id = 1; id <= state.currency_count(); ++id) {
    CurrencyId const currency(id);
    auto const revenue = state.revenue(currency);
    crossing += sum(currency, Account::transfer_clearing);
    require(sum(currency, Account::player_available) == of(available, id), Promise::wallets_are_posted, "currency", id);
    require(sum(currency, Account::player_reserved) == of(reserved, id), Promise::wallets_are_posted, "reserved", id);
    require(of(reserved, id) == of(held, id), Promise::reserved_is_held, "currency", id);
    require(sum(currency, Account::game_revenue) == revenue.owed.minor(), Promise::revenue_is_posted, "owed", id);
    require(sum(currency, Account::payouts_in_flight) == revenue.in_flight.minor(), Promise::revenue_is_posted,
            "in flight", id);
    require(sum(currency, Account::payouts_paid) == revenue.paid.minor(), Promise::revenue_is_posted, "paid", id);
    require(sum(currency, Account::refunds_in_flight) == of(refunds, id), Promise::refunds_are_in_flight, "currency",
            id);
  }
  require(crossing == 0, Promise::clearing_crosses_zero);
}

}  // namespace florin::simulation
