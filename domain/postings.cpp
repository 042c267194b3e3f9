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

}  // namespace

std::vector<Posting> postings(Event const& event) {
  return std::visit(Overloaded{
                        [](GameCreated const&) { return Postings{}; },
                        [](GameUpdated const&) { return Postings{}; },
                        [](SdkKeyRotated const&) { return Postings{}; },
                        [](IdentityRegistered const&) { return Postings{}; },
                        [](PlayerJoined const&) { return Postings{}; },
                        [](PlayerRenamed const&) { return Postings{}; },
                        [](StartingBalanceGranted const& e) { return issue(e.player, e.currency, e.amount); },
                        [](BalanceCredited const& e) { return issue(e.player, e.currency, e.amount); },
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
                        [](PhoneRecorded const&) { return Postings{}; },
                        [](PhoneVerified const&) { return Postings{}; },
                        [](MinorFlagged const&) { return Postings{}; },
                        [](MinorCleared const&) { return Postings{}; },
                        [](TransferInitiated const& e) { return reserve(e.sender, e.currency, e.amount); },
                        [](PinReissued const&) { return Postings{}; },
                        [](PinRejected const&) { return Postings{}; },
                        [](PinVerified const&) { return Postings{}; },
                        [](GuardianApproved const&) { return Postings{}; },
                        [](TransferClaimed const& e) { return claim(e); },
                        [](TransferReturned const& e) { return reserve(e.sender, e.currency, -e.amount); },
                        [](PhoneShareRequested const&) { return Postings{}; },
                        [](ShareCodeRejected const&) { return Postings{}; },
                        [](PhoneShareEnded const&) { return Postings{}; },
                        [](ReplyReceived const&) { return Postings{}; },
                        [](TextSettled const&) { return Postings{}; },
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
  }
  return "";
}

}  // namespace florin::domain
