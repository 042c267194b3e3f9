// What the log holds that later commands and other companies refer to, as the read models would tell.
#pragma once

#include <map>
#include <vector>

#include "domain/events.h"

namespace florin::simulation {

struct PastCommits {
  struct Order {
    domain::Timestamp at;
    domain::CurrencyId currency;
  };
  // Where commits begin:
  std::vector<domain::Position> purchases;       // of items
  std::vector<domain::Position> card_purchases;  // charged
  std::vector<domain::Position> payouts;         // requested
  std::map<domain::OrderId, Order> orders;
  std::vector<domain::PayoutFileWritten> files;  // that the bank was sent

  void add(domain::Commit const& commit) {
    for (auto const& event : commit.events) {
      if (std::holds_alternative<domain::ItemPurchased>(event)) purchases.push_back(commit.first);
      if (std::holds_alternative<domain::CurrencyPurchased>(event)) card_purchases.push_back(commit.first);
      if (std::holds_alternative<domain::PayoutRequested>(event)) payouts.push_back(commit.first);
      if (auto const* ordered = std::get_if<domain::CurrencyOrdered>(&event)) {
        orders.emplace(ordered->order, Order{commit.at, ordered->currency});
      }
      if (auto const* written = std::get_if<domain::PayoutFileWritten>(&event)) files.push_back(*written);
    }
  }
};

}  // namespace florin::simulation
