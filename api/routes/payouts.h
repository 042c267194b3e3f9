// Payouts as replies show them: of the game that asked, and of the operators.
#pragma once

#include <map>

#include "api/routes/route.h"
#include "api/routes/routes.h"
#include "projections/payments.h"

namespace florin::api {

// Where a payout stands in the bank's files of its day, or why it is in none.
struct PayoutPlace {
  domain::Day day;
  char letter = 'A';
  std::string trace;                              // 15 digits; empty: it was left out
  std::optional<domain::LeftOutReason> left_out;  // the reason, if the event lists it
};

// The files of the days that one request asks about, read from the log once each. On a worker.
class PayoutFiles {
 public:
  explicit PayoutFiles(Environment& environment) : environment_(environment) {}

  // nullptr: they were never written, or the day is one whose file follows from the day alone. Until the next call.
  [[nodiscard]] eventstore::Faulty<domain::PayoutFileWritten const*> of(domain::Day day);
  // nullopt: its day has no such event.
  [[nodiscard]] eventstore::Faulty<std::optional<PayoutPlace>> find(domain::PayoutId payout,
                                                                    domain::Timestamp processing_at);

 private:
  Environment& environment_;
  std::map<domain::Day, std::optional<domain::PayoutFileWritten>> days_;
};

// What the receiving bank corrected last. Account numbers are masked (domain/bank.h).
struct AccountCorrection {
  std::string code;
  std::string corrected;  // empty once it was erased
  domain::Timestamp at;
};

// The request and what became of it, out of the log. On a worker.
struct PayoutStory {
  domain::PayoutRequested requested;
  domain::Timestamp requested_at;
  domain::PayoutStatus status = domain::PayoutStatus::requested;
  domain::Timestamp changed_at;
  std::string note;
  domain::Timestamp processing_at{};  // zero: it never was
  std::optional<PayoutPlace> place{};
  std::optional<AccountCorrection> correction{};
};
[[nodiscard]] eventstore::Faulty<std::optional<PayoutStory>> load_payout(Environment& environment,
                                                                         projections::ViewReader& view,
                                                                         PayoutFiles& files, domain::PayoutId payout);

// One page of them, newest first: of a game (zero: of all), in this status.
[[nodiscard]] Awaitable<Response> list_payouts(Call call, domain::GameId game,
                                               std::optional<domain::PayoutStatus> status);

// One element of a list of payouts.
void write_payout(JsonWriter& json, Environment& environment, PayoutStory const& story);

[[nodiscard]] std::optional<domain::PayoutStatus> parse_payout_status(std::string_view text);

}  // namespace florin::api
