// Which transaction an event belongs to: every one that moves something has one, and it is one that can be found.
#include "api/ledger/transactions.h"

#include <gtest/gtest.h>

#include "domain/postings.h"
#include "tests/eventstore/samples.h"

namespace florin::api {
namespace {

using namespace domain;
using Kind = TransactionKind;

std::optional<TransactionName> name_in(std::vector<Event> events, std::size_t index) {
  return transaction_of(Commit{Position(40), {}, {}, std::move(events)}, index);
}

TEST(Transactions, EveryEventThatMovesSomethingBelongsToOne) {
  for (auto const& event : samples::events()) {
    SCOPED_TRACE(event_name(event));
    if (postings(event).empty()) continue;
    // A starting balance never stands alone.
    bool const granted = std::holds_alternative<StartingBalanceGranted>(event);
    auto const name = granted ? name_in({event, BalanceCredited{}}, 0) : name_in({event}, 0);
    ASSERT_TRUE(name);
    EXPECT_TRUE(name->transaction);
    EXPECT_STRNE(transaction_kind_name(name->kind), "");
  }
}

TEST(Transactions, StepsCarryTheNameOfTheirBeginning) {
  auto const is = [](std::optional<TransactionName> const& name, Kind kind, std::uint64_t position) {
    return name == TransactionName{kind, Position(position)};
  };
  TransferInitiated initiated;
  initiated.transaction = TransferId(40);
  TransferClaimed claimed;
  claimed.transaction = TransferId(7);
  claimed.flavour = Flavour::send;
  TransferReleased returned;
  returned.transaction = TransferId(7);
  EXPECT_TRUE(is(name_in({initiated}, 0), Kind::transfer, 40));
  EXPECT_TRUE(is(name_in({claimed}, 0), Kind::send, 7));
  EXPECT_TRUE(is(name_in({returned}, 0), Kind::transfer, 7));
  // What a claim grants beside itself belongs to it.
  EXPECT_TRUE(is(name_in({PlayerJoined{}, StartingBalanceGranted{}, claimed}, 1), Kind::send, 7));
  EXPECT_TRUE(is(name_in({StartingBalanceGranted{}, BalanceDebited{}}, 0), Kind::debit, 40));

  CurrencyPurchased purchased;
  purchased.order = OrderId(9);
  RefundRequested asked;
  asked.refund = RefundId(41);
  RefundSettled settled;
  settled.refund = RefundId(41);
  // A report that tells of everything at once: each movement by its own name.
  std::vector<Event> const report{purchased, asked, settled, DisputeMoved{}, DisputeMoved{}};
  EXPECT_TRUE(is(name_in(report, 0), Kind::currency_purchase, 9));
  EXPECT_TRUE(is(name_in(report, 1), Kind::currency_refund, 41));
  EXPECT_TRUE(is(name_in(report, 2), Kind::currency_refund, 41));
  EXPECT_TRUE(is(name_in(report, 3), Kind::chargeback, 43));
  EXPECT_TRUE(is(name_in(report, 4), Kind::chargeback, 44));
  EXPECT_FALSE(name_in(report, 5)) << "beyond the commit";
  EXPECT_FALSE(name_in({PinVerified{}}, 0));
}

}  // namespace
}  // namespace florin::api
