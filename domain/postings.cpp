#include "domain/postings.h"

namespace florin::domain {
namespace {

using Postings = std::vector<Posting>;

// amount goes from promotional issuance to the player (or back, when negative).
Postings issue(PlayerId player, CurrencyId currency, Money amount) {
  return {{Account::player_available, player, currency, amount},
          {Account::promotional_issuance, PlayerId{}, currency, -amount}};
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
  }
  return "";
}

}  // namespace florin::domain
