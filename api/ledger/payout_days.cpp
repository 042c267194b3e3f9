#include "api/ledger/payout_days.h"

#include <utility>

#include "api/ledger/payouts.h"
#include "projections/payments.h"

namespace florin::api {
namespace {

using domain::Day;
using domain::PayoutFileWritten;
using domain::PayoutId;
using eventstore::ResultOr;
using Why = NoFiles::Why;
using Found = Result<DayFiles, NoFiles>;

Found none(Why why, std::string what) { return fail(NoFiles{why, std::move(what)}); }
Found none_to_pay() { return none(Why::none_to_pay, "No payout of that day is to be paid."); }

ResultOr<Found> load_written(Ledger const& ledger, Day day) {
  WrittenFiles written(ledger);
  auto const event = FLORIN_TRY(written.of(day));
  DayFiles files;
  files.event = *event;
  return Found(std::move(files));
}

// The file that older releases made of the day. Without an old_text when those could not make it either: then nobody
// has it, and the day is written as any other.
ResultOr<Found> load_old(Ledger const& ledger, ViewReader& view, Day day) {
  auto const from = domain::start_of(day);
  auto const rows = FLORIN_TRY(projections::read_processed(view, from, from + domain::kMicrosPerDay));
  std::vector<sagas::DayPayout> payouts;
  payouts.reserve(rows.size());
  for (auto const& row : rows) payouts.push_back({row.payout, row.status == domain::PayoutStatus::failed});
  auto entries = FLORIN_TRY(ledger.bank_files.entries_of(payouts));
  if (auto const unreadable = entries.unreadable) {
    return none(Why::not_readable, "The bank details of " + domain::format_payout_id(*unreadable) +
                                       " cannot be opened: their contact was erased. Fail this payout, and the file is "
                                       "made without it.");
  }
  if (entries.entries.empty()) return none_to_pay();
  auto const file = sagas::old_file(ledger.bank_files.settings().origin, day, std::move(entries.entries));
  DayFiles files;
  auto text = sagas::write_nacha(file);
  if (!text) return Found(std::move(files));
  domain::PayoutFile one{file.modifier, file.effective, file.first_trace, sagas::total_of(file), {}, {}};
  for (auto const& entry : file.entries) one.payouts.push_back(entry.payout);
  files.old_event = PayoutFileWritten{{}, day, file.created, file.origin, {std::move(one)}, {}};
  files.old_text = std::move(text).value();
  return Found(std::move(files));
}

ResultOr<Found> plan(Ledger const& ledger, Day day, std::vector<PayoutId> const& payouts) {
  if (payouts.empty()) return none_to_pay();
  auto const now = ledger.clock.now();
  auto const used =
      ledger.state.read([&](domain::State const& state) { return state.files_used(domain::day_of(now)); });
  auto planned = FLORIN_TRY(ledger.bank_files.plan(day, now, payouts, used));
  if (sagas::lacks_letters(planned, used)) {
    return none(Why::not_writable, "The files of one creation date have no letters left: export this day tomorrow.");
  }
  auto& command = planned.command;
  if (command.files.empty()) {
    auto const& first = command.left_out.front();
    return none(Why::not_writable, "None of that day's payouts can be written, " +
                                       domain::format_payout_id(first.payout) + " because " +
                                       domain::left_out_reason(first.reason) + ". Fail them.");
  }
  DayFiles files;
  files.event = PayoutFileWritten{{},
                                  command.day,
                                  command.created,
                                  std::move(command.origin),
                                  std::move(command.files),
                                  std::move(command.left_out)};
  files.texts = std::move(planned.texts);
  return Found(std::move(files));
}

}  // namespace

Awaitable<Readable<Found>> load_day(Reader reader, Day day) {
  auto const& ledger = reader.ledger;
  struct Standing {
    bool is_written = false;
    bool is_dated_by_export = false;
    std::vector<PayoutId> payouts;
  };
  auto const standing = ledger.state.read([&](domain::State const& state) {
    return Standing{state.find_payout_file(day).has_value(), state.is_dated_by_export(day), state.payouts_of(day)};
  });
  if (standing.is_written) {
    auto written = co_await reader.disk([&] { return load_written(ledger, day); });
    co_return written;
  }
  if (auto const wrong = sagas::fault_of(ledger.bank_files.settings().origin); !wrong.empty()) {
    co_return none(Why::not_configured, "The settings [ach] are not complete: " + wrong);
  }
  if (auto const from = sagas::files_from(day); ledger.clock.now() < from) {
    co_return none(Why::day_not_over, "Payouts can still join or leave that day's file. Ask again from " +
                                          domain::to_iso8601(from) + " on.");
  }
  if (standing.is_dated_by_export) {
    auto planned = co_await reader.disk([&] { return plan(ledger, day, standing.payouts); });
    co_return planned;
  }
  auto found = co_await reader.view(View::payments, ledger.state.position(), [&](ViewReader& view) -> ResultOr<Found> {
    auto old = load_old(ledger, view, day);
    if (!old || !old.value() || old.value().value().old_text) return old;
    return plan(ledger, day, standing.payouts);
  });
  co_return found;
}

}  // namespace florin::api
