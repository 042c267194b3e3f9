// The whole of one transaction, for GET /transactions/{transaction_id}: whatever kind it is of.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/ledger/movements.h"
#include "api/ledger/reader.h"
#include "api/ledger/transactions.h"
#include "domain/postings.h"

namespace florin::api {

// Of the event that opened it.
struct TransactionFacts {
  domain::PlayerId player;  // zero: of no player
  domain::CurrencyId currency;
  domain::OrderId order;  // zero: of no order
  domain::Money amount;
  std::optional<domain::Usd> usd;
  std::optional<domain::Usd> usd_fee;
};

struct TransactionDetails {
  TransactionName name;
  LocatedEvent origin;
  TransactionFacts facts;
  std::string status;
  domain::PlayerId player;  // of the calling game; zero: none
  MovementDetails movement;
  std::vector<std::pair<domain::Timestamp, domain::Posting>> postings;  // in the currencies of the calling game
  domain::Position reached;                                             // where it can be read
};

// nullopt: there is none of this name in which `game` has a part.
[[nodiscard]] Awaitable<Readable<std::optional<TransactionDetails>>> load_transaction(Reader reader,
                                                                                      domain::Game const& game,
                                                                                      domain::Position name);

}  // namespace florin::api
