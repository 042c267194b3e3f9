// Payouts out of the log: the request, what became of it, and where it stands in the bank's files. On a worker.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/ledger/list_page.h"
#include "api/ledger/reader.h"

namespace florin::api {

// Where a payout stands in the bank's files of its day, or why it is in none.
struct PayoutPlace {
  domain::Day day;
  char letter = 'A';
  std::string trace;                              // 15 digits; empty: it was left out
  std::optional<domain::LeftOutReason> left_out;  // the reason, if the event lists it
};

// The files of the days that one request asks about, read from the log once each. On a worker.
class WrittenFiles {
 public:
  explicit WrittenFiles(Ledger const& ledger) : ledger_(ledger) {}

  // nullptr: they were never written, or the day is one whose file follows from the day alone. Until the next call.
  [[nodiscard]] eventstore::ResultOr<domain::PayoutFileWritten const*> of(domain::Day day);
  // nullopt: its day has no such event.
  [[nodiscard]] eventstore::ResultOr<std::optional<PayoutPlace>> find(domain::PayoutId payout,
                                                                      domain::Timestamp processing_at);

 private:
  Ledger const& ledger_;
  std::map<domain::Day, std::optional<domain::PayoutFileWritten>> days_;
};

// What the receiving bank corrected last. Account numbers are masked (domain/bank.h).
struct AccountCorrection {
  std::string code;
  std::string corrected;  // empty once it was erased
  domain::Timestamp at;
};

// The request and what became of it, out of the log. On a worker.
struct PayoutDetails {
  domain::PayoutRequested requested;
  domain::Timestamp requested_at;
  domain::PayoutStatus status = domain::PayoutStatus::requested;
  domain::Timestamp changed_at;
  std::string note;
  domain::Timestamp processing_at{};  // zero: it never was
  std::optional<PayoutPlace> place{};
  std::optional<AccountCorrection> correction{};
};
[[nodiscard]] eventstore::ResultOr<std::optional<PayoutDetails>> load_payout(Ledger const& ledger, ViewReader& view,
                                                                             WrittenFiles& files,
                                                                             domain::PayoutId payout);

// Of a game (zero: of all), in this status.
[[nodiscard]] eventstore::ResultOr<ListPage<PayoutDetails>> load_payouts(Ledger const& ledger, ViewReader& view,
                                                                         domain::GameId game,
                                                                         std::optional<domain::PayoutStatus> status,
                                                                         std::size_t limit,
                                                                         std::optional<std::uint64_t> cursor);

}  // namespace florin::api
