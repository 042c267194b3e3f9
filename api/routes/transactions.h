// What a transaction_id names, and what is said of a movement beyond its amounts. One rule for replies, histories and
// GET /transactions: each event that moves something belongs to one transaction.
#pragma once

#include "api/routes/route.h"

namespace florin::api {

enum class TransactionKind : std::uint8_t {
  credit,
  debit,
  item_purchase,
  item_refund,
  transfer,
  send,
  currency_purchase,
  currency_refund,
  chargeback,  // one movement of a dispute
  withdrawal,
};
[[nodiscard]] char const* transaction_kind_name(TransactionKind kind);  // "credit"

struct TransactionName {
  TransactionKind kind = TransactionKind::credit;
  domain::Position transaction;
  friend bool operator==(TransactionName const&, TransactionName const&) = default;
};
// Which transaction the commit's event at `index` belongs to. A starting balance belongs to what it was granted with.
// nullopt: to none.
[[nodiscard]] std::optional<TransactionName> transaction_of(domain::Commit const& commit, std::size_t index);

struct LocatedEvent {
  domain::Commit commit;
  std::size_t index = 0;
  [[nodiscard]] domain::Event const& event() const { return commit.events[index]; }
};
// The event that opened the transaction of this name, or of which the event at this position is a step. nullopt: none.
// Reads the disk: on a worker.
[[nodiscard]] eventstore::Faulty<std::optional<LocatedEvent>> find_transaction(Environment& environment,
                                                                               domain::Position name);

struct Counterparty {
  domain::GameId game;
  domain::IdentityId identity;  // zero: the calling game is not told who it is
  domain::PlayerId player;      // of the calling game; zero: of another one, or not known
};
struct MovementDetails {
  std::optional<std::string> reason;
  std::optional<domain::Item> item;
  std::uint32_t quantity = 0;  // of the item
  std::optional<Counterparty> counterparty;
  std::optional<domain::Money> fee;  // in units, of the amount
};
// As `game` may know them: it hears of a person whom it named itself or who is its own player, and of others the game
// only, as the texts and the other replies say it. `receives`: the event is told of its receiver's wallet. Reads the
// disk: on a worker.
[[nodiscard]] eventstore::Faulty<MovementDetails> details_of(Environment& environment, domain::GameId game,
                                                             domain::Event const& event, bool receives);
// "reason", "item", "counterparty" and "fee_amount", each null where there is none: members of the open object.
void write_details(JsonWriter& json, Environment& environment, eventstore::GameDirectory const& games,
                   MovementDetails const& details);

}  // namespace florin::api
