// What every event means in double entry. The postings of an event sum to zero in every currency; an auditor's
// trial balance is a fold over them. Amounts are in the branded currency's units; a positive amount increases
// what the account holds.
#pragma once

#include <vector>

#include "domain/events.h"

namespace florin::domain {

enum class Account : std::uint8_t {
  player_available,      // owner: the player
  player_reserved,       // owner: the player
  game_revenue,          // owed to the game that issues the currency
  network_fees,          // kept by the network
  promotional_issuance,  // credited or taken by a game without payment; goes below zero as units are issued
  transfer_clearing,     // between the currencies of two games; over all currencies it is zero
  card_clearing,         // what the processor holds for us, as a debt of ours: below zero, in units of ten cents
  processor_fees,        // what the processor kept: below zero
  refunds_in_flight,     // taken from players, not yet back on their cards
  payouts_in_flight,     // taken from what games are owed, not yet at their banks
  payouts_paid,
};

struct Posting {
  Account account = Account::player_available;
  PlayerId player;  // zero for accounts that no player owns
  CurrencyId currency;
  Money amount;
  friend bool operator==(Posting const&, Posting const&) = default;
};

// Empty for events that move nothing.
[[nodiscard]] std::vector<Posting> postings(Event const& event);
// Whether they sum to zero in every currency. Allocates nothing: the writer asks it of every event before the append.
[[nodiscard]] bool is_balanced(Event const& event);

[[nodiscard]] char const* account_name(Account account);

}  // namespace florin::domain
