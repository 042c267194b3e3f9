// What a transaction_id names, and where the log has it. One rule for replies, histories and GET /transactions: each
// event that moves something belongs to one transaction.
#pragma once

#include <optional>

#include "api/ledger/ledger.h"

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
[[nodiscard]] eventstore::ResultOr<std::optional<LocatedEvent>> find_transaction(Ledger const& ledger,
                                                                                 domain::Position name);

}  // namespace florin::api
