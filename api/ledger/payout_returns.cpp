#include "api/ledger/payout_returns.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "api/ledger/payouts.h"
#include "domain/contract.h"
#include "projections/payments.h"

namespace florin::api {
namespace {

using domain::PayoutId;
using domain::PayoutStatus;
using eventstore::ResultOr;

// How far back a trace number without a payout's id is looked for: longer than any return takes.
constexpr auto kTraceDays = std::chrono::days(90);
constexpr std::size_t kOdfiDigits = 8;

// Finds the payouts that entries are about. On a worker.
class Matching {
 public:
  Matching(Ledger const& ledger, ViewReader& view) : ledger_(ledger), view_(view), files_(ledger) {}

  ResultOr<Unit> match(Booking& booking) {
    auto const& entry = booking.entry;
    if (!entry.fault.empty()) {
      booking.refuse("NOT_READABLE", entry.fault);
      return Unit{};
    }
    auto const named = domain::parse_payout_id("po_" + entry.identification);
    std::vector<PayoutId> candidates;
    std::string unreadable;  // may be what the entry is about
    if (named) {
      candidates.push_back(*named);
    } else if (entry.identification.empty()) {
      candidates = FLORIN_TRY(payouts_of_trace(entry.trace, unreadable));
    }
    booking.refuse("NOT_OURS", "No payout of ours has this identification number.");
    for (auto const candidate : candidates) {
      auto found = compare(booking, candidate);
      if (!found && !is_damage(found.error())) return fail(found.error());
      if (!found) unreadable = domain::format_payout_id(candidate);
      if (found && booking.refusal.empty()) return Unit{};
    }
    if (!unreadable.empty()) {
      booking.refuse("NOT_READABLE", unreadable + " cannot be read. Import the file again when it can.");
    }
    return Unit{};
  }

 private:
  // One damaged commit must not hold up what is to be booked of all others.
  static bool is_damage(eventstore::Fault const& fault) { return fault.kind == eventstore::Fault::Kind::corrupt; }

  // Fills the booking, or says in it what does not agree.
  ResultOr<Unit> compare(Booking& booking, PayoutId payout) {
    auto const& entry = booking.entry;
    auto const details = FLORIN_TRY(load_payout(ledger_, view_, files_, payout));
    if (!details) return Unit{};
    auto const& asked = details->requested;
    auto const trace = FLORIN_TRY(trace_of(*details));
    auto const name = domain::format_payout_id(payout);
    if (trace.trace.empty()) {
      booking.refuse("NOT_SENT", name + " is in no file that went to the bank.");
    } else if (trace.trace != entry.trace) {
      booking.refuse("WRONG_TRACE", name + " has another trace number.");
    } else if (trace.company_id != entry.company_id) {
      booking.refuse("NOT_OURS", "The batch is of another company than " + name + ".");
    } else if (!entry.is_correction && asked.usd != entry.usd) {
      booking.refuse("WRONG_AMOUNT", name + " is of " + domain::to_string(asked.usd) + ", and the entry of " +
                                         domain::to_string(entry.usd) + ".");
    } else if (!entry.bank.empty() && entry.bank != asked.routing.substr(0, entry.bank.size())) {
      booking.refuse("WRONG_ACCOUNT", name + " went to another bank.");
    } else {
      auto const sent = ledger_.bank_files.entry_of(payout);
      if (!sent && sent.error().kind != eventstore::Fault::Kind::missing) return fail(sent.error());
      if (!sent) {
        booking.refuse("NOT_READABLE", "The account of " + name +
                                           " was erased and cannot be compared: look at the entry, "
                                           "and fail the payout by hand.");
      } else if (sent.value().account != entry.account) {
        booking.refuse("WRONG_ACCOUNT", name + " went to another account.");
      } else {
        auto requested = FLORIN_TRY(ledger_.commits.fact<domain::PayoutRequested>(payout.position()));
        if (!requested) return projections::distrust_steps(view_, payout.position());
        booking.payout = std::move(requested);
        booking.status = details->status;
        booking.refusal.clear();
        booking.why.clear();
      }
    }
    return Unit{};
  }

  struct Sent {
    std::string trace;  // empty: in no file
    std::string company_id;
  };
  ResultOr<Sent> trace_of(PayoutDetails const& details) {
    if (details.processing_at == domain::Timestamp{}) return Sent{};
    auto const day = domain::day_of(details.processing_at);
    if (details.place) {
      auto const event = FLORIN_TRY(files_.of(day));
      return Sent{details.place->trace, event->origin.company_id};
    }
    // Of a day whose file follows from the day alone.
    auto const from = domain::start_of(day);
    auto const rows = FLORIN_TRY(projections::read_processed(view_, from, from + domain::kMicrosPerDay));
    auto const at = std::ranges::find(rows, details.requested.payout, &projections::PayoutRow::payout);
    bool const waits = ledger_.state.read([&](domain::State const& state) { return state.is_dated_by_export(day); });
    if (at == rows.end() || waits) return Sent{};
    auto const& origin = ledger_.bank_files.settings().origin;
    return Sent{domain::format_trace_number(origin, static_cast<std::uint32_t>(at - rows.begin()) + 1),
                origin.company_id};
  }

  // The entries of the last days that have this trace number, the newest first. `unreadable`: a day of which nothing
  // is known.
  ResultOr<std::vector<PayoutId>> payouts_of_trace(std::string_view trace, std::string& unreadable) {
    auto const oldest = domain::day_of(ledger_.clock.now()) - kTraceDays;
    std::vector<domain::Day> days;
    ledger_.state.read([&](domain::State const& state) {
      auto const& all = state.payout_files();
      for (auto at = all.lower_bound(oldest); at != all.end(); ++at) days.push_back(at->first);
    });
    std::vector<PayoutId> payouts;
    std::uint64_t number = 0;  // 15 digits, as the reader has checked
    for (char const digit : trace.substr(kOdfiDigits)) number = number * 10 + static_cast<std::uint64_t>(digit - '0');
    for (auto day = days.rbegin(); day != days.rend(); ++day) {
      auto const event = files_.of(*day);
      if (!event && !is_damage(event.error())) return fail(event.error());
      if (!event) {
        unreadable = "The bank's file of " + domain::to_date(*day);
        continue;
      }
      if (!trace.starts_with(event.value()->origin.odfi)) continue;
      for (auto const& file : event.value()->files) {
        if (number >= file.first_trace && number - file.first_trace < file.payouts.size()) {
          payouts.push_back(file.payouts[number - file.first_trace]);
        }
      }
    }
    return payouts;
  }

  Ledger const& ledger_;
  ViewReader& view_;
  WrittenFiles files_;
};

ResultOr<Bookings> match_all(Ledger const& ledger, ViewReader& view, std::string_view file) {
  auto entries = sagas::read_returns(file);
  if (!entries) return Bookings(fail(entries.error()));
  std::vector<Booking> bookings;
  Matching matching(ledger, view);
  for (auto& entry : entries.value()) {
    Booking booking;
    booking.entry = std::move(entry);
    FLORIN_TRY(matching.match(booking));
    bookings.push_back(std::move(booking));
  }
  return Bookings(std::move(bookings));
}

// By now: the same return may stand in the file twice.
Awaitable<bool> has_failed(Reader reader, PayoutId payout) {
  auto const& ledger = reader.ledger;
  auto const found = co_await reader.view(View::payments, ledger.state.position(), [&](ViewReader& view) {
    WrittenFiles files(ledger);
    return load_payout(ledger, view, files, payout);
  });
  co_return found&& found.value() && found.value()->status == PayoutStatus::failed;
}

Awaitable<void> book(Reader reader, Booking& booking) {
  auto const& commands = reader.ledger.commands;
  domain::GameId const of_none;
  auto const& entry = booking.entry;
  auto const payout = (*booking.payout)->payout;
  auto const name = domain::format_payout_id(payout);
  std::optional<Performed> outcome;
  if (entry.is_correction) {
    // The same change about the same payout is booked once for ever: its request id says what it is, and holds a
    // keyed hash of the data in place of the data.
    domain::CorrectPayoutAccount command{*booking.payout, entry.code, entry.corrected};
    auto const payload = payload_of(command);
    auto const hash = commands.fingerprint(payload);
    auto const id = "ach-" + name + "-" + entry.code + "-" +
                    domain::to_hex({reinterpret_cast<char const*>(hash.data()), hash.size()});
    outcome = co_await commands.execute(reader.inbox, std::move(command), of_none, id, payload);
  } else {
    domain::AdvancePayout command{payout, PayoutStatus::failed, sagas::return_note(entry.code)};
    auto const payload = payload_of(command);
    outcome = co_await commands.execute(reader.inbox, std::move(command), of_none, "", payload);
  }
  if (std::holds_alternative<Committed>(*outcome)) co_return;
  if (std::holds_alternative<Repeated>(*outcome)) {
    co_return booking.refuse("ALREADY_IMPORTED", "This change of " + name + " is known.");
  }
  if (std::holds_alternative<domain::Rejection>(*outcome)) {
    // The ledger forgets what failed, and what was completed for longer than a return may take.
    if (booking.status == PayoutStatus::completed && !co_await has_failed(reader, payout)) {
      co_return booking.refuse("TOO_LATE", name + " was completed more than 60 days ago; a return comes within them.");
    }
    co_return booking.refuse("ALREADY_IMPORTED", name + " has failed already; its money was given back then.");
  }
  booking.refuse("TRY_AGAIN", "Nothing was decided in time. Import the file again.");
}

}  // namespace

Awaitable<Readable<Bookings>> import_returns(Reader reader, std::string_view file) {
  auto const& ledger = reader.ledger;
  auto matched = co_await reader.view(View::payments, ledger.state.position(),
                                      [&](ViewReader& view) { return match_all(ledger, view, file); });
  if (!matched || !matched.value()) co_return matched;
  for (auto& booking : matched.value().value()) {
    if (booking.refusal.empty()) co_await book(reader, booking);
  }
  co_return matched;
}

}  // namespace florin::api
