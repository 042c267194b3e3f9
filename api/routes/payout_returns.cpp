// CONTRACT, Operators: the bank's returns and notifications of change, imported. Each entry is booked or refused by
// itself: nothing that is wrong with one holds up another, and what was refused is in the answer with its reason. A
// file that is imported again changes nothing, so after any doubt it is imported again.
//
// A trace number alone names no payout for ever, because ours start anew with each day: the payout's id, the trace
// number, the account, the receiving bank, the company and, in a return, the amount must all be those of the entry that
// we sent.
#include <algorithm>

#include "api/routes/payouts.h"
#include "api/routes/routes.h"
#include "domain/contract.h"
#include "eventstore/store/facts.h"
#include "eventstore/store/read_commit.h"
#include "sagas/gateways/ach_returns.h"
#include "sagas/payouts/payout_files.h"

namespace florin::api {
namespace {

using domain::PayoutId;
using domain::PayoutStatus;

// About 22,000 entries of two lines. The bodies of all requests have a budget (session.h), and a body no more than 8
// MiB unless configured otherwise, so that a whole day's file of 100,000 entries (19 MiB) is imported in parts, as the
// bank splits it: a part is a file with a control record of its own, and importing one twice changes nothing.
constexpr std::size_t kReturnsBodyMax = std::size_t{4} << 20;
// How far back a trace number without a payout's id is looked for: longer than any return takes.
constexpr auto kTraceDays = std::chrono::days(90);
constexpr std::size_t kOdfiDigits = 8;

// What became of one entry.
struct Booking {
  sagas::AchReturn entry;
  std::optional<domain::Fact<domain::PayoutRequested>> payout;  // whose it is
  PayoutStatus status = PayoutStatus::requested;                // before
  std::string refusal;                                          // a code for programs; empty: booked
  std::string why;                                              // in a sentence

  void refuse(std::string_view code, std::string sentence) {
    refusal = code;
    why = std::move(sentence);
  }
};

bool says_text(std::string_view content_type) {
  auto type = std::string(content_type.substr(0, content_type.find(';')));
  while (type.ends_with(' ')) type.pop_back();
  std::ranges::transform(type, type.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return type.empty() || type == "text/plain" || type == "application/octet-stream";
}

// Finds the payouts that entries are about. On a worker.
class Matching {
 public:
  Matching(Environment& environment, projections::ViewReader& view)
      : environment_(environment), view_(view), files_(environment) {}

  eventstore::Faulty<Unit> match(Booking& booking) {
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
      auto traced = payouts_of_trace(entry.trace, unreadable);
      if (!traced) return fail(traced.error());
      candidates = std::move(traced).value();
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
  eventstore::Faulty<Unit> compare(Booking& booking, PayoutId payout) {
    auto const& entry = booking.entry;
    auto const story = load_payout(environment_, view_, files_, payout);
    if (!story) return fail(story.error());
    if (!story.value()) return Unit{};
    auto const& asked = story.value()->requested;
    auto const trace = trace_of(*story.value());
    if (!trace) return fail(trace.error());
    auto const name = domain::format_payout_id(payout);
    if (trace.value().trace.empty()) {
      booking.refuse("NOT_SENT", name + " is in no file that went to the bank.");
    } else if (trace.value().trace != entry.trace) {
      booking.refuse("WRONG_TRACE", name + " has another trace number.");
    } else if (trace.value().company_id != entry.company_id) {
      booking.refuse("NOT_OURS", "The batch is of another company than " + name + ".");
    } else if (!entry.is_correction && asked.usd != entry.usd) {
      booking.refuse("WRONG_AMOUNT", name + " is of " + domain::to_string(asked.usd) + ", and the entry of " +
                                         domain::to_string(entry.usd) + ".");
    } else if (!entry.bank.empty() && entry.bank != asked.routing.substr(0, entry.bank.size())) {
      booking.refuse("WRONG_ACCOUNT", name + " went to another bank.");
    } else {
      auto const sent = sagas::entry_of(environment_.log(), environment_.vault(), payout);
      if (!sent && sent.error().kind != eventstore::Fault::Kind::missing) return fail(sent.error());
      if (!sent) {
        booking.refuse("NOT_READABLE", "The account of " + name +
                                           " was erased and cannot be compared: look at the entry, "
                                           "and fail the payout by hand.");
      } else if (sent.value().account != entry.account) {
        booking.refuse("WRONG_ACCOUNT", name + " went to another account.");
      } else {
        auto requested = eventstore::FactReader(environment_.log()).find<domain::PayoutRequested>(payout.position());
        if (!requested) return fail(requested.error());
        if (!requested.value()) return distrust_steps(view_, payout.position());
        booking.payout = std::move(requested).value();
        booking.status = story.value()->status;
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
  eventstore::Faulty<Sent> trace_of(PayoutStory const& story) {
    if (story.processing_at == domain::Timestamp{}) return Sent{};
    auto const day = domain::day_of(story.processing_at);
    if (story.place) {
      auto const event = files_.of(day);
      if (!event) return fail(event.error());
      return Sent{story.place->trace, event.value()->origin.company_id};
    }
    // Of a day whose file follows from the day alone.
    auto const from = domain::start_of(day);
    auto const rows = projections::read_processed(view_, from, from + domain::kMicrosPerDay);
    if (!rows) return fail(rows.error());
    auto const at = std::ranges::find(rows.value(), story.requested.payout, &projections::PayoutRow::payout);
    bool const waits =
        environment_.balances().read([&](domain::State const& state) { return state.is_dated_by_export(day); });
    if (at == rows.value().end() || waits) return Sent{};
    auto const& origin = environment_.ach().origin;
    return Sent{domain::format_trace_number(origin, static_cast<std::uint32_t>(at - rows.value().begin()) + 1),
                origin.company_id};
  }

  // The entries of the last days that have this trace number, the newest first. `unreadable`: a day of which nothing
  // is known.
  eventstore::Faulty<std::vector<PayoutId>> payouts_of_trace(std::string_view trace, std::string& unreadable) {
    auto const oldest = domain::day_of(environment_.clock().now()) - kTraceDays;
    std::vector<domain::Day> days;
    environment_.balances().read([&](domain::State const& state) {
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

  Environment& environment_;
  projections::ViewReader& view_;
  PayoutFiles files_;
};

std::optional<Response> match_all(Services& services, Request const& request, std::vector<Booking>& bookings) {
  auto entries = sagas::read_returns(request.body);
  if (!entries) return error_response(request, 400, "INVALID_REQUEST", entries.error());
  auto& environment = services.environment;
  auto view = environment.views().read("payments");
  if (!view) return view_unavailable(request, view.error());
  Matching matching(environment, view.value());
  for (auto& entry : entries.value()) {
    Booking booking;
    booking.entry = std::move(entry);
    if (auto const matched = matching.match(booking); !matched) return view_unavailable(request, matched.error());
    bookings.push_back(std::move(booking));
  }
  return std::nullopt;
}

// By now: the same return may stand in the file twice.
Awaitable<bool> has_failed(Services& services, Request const& request, PayoutId payout) {
  auto& environment = services.environment;
  bool failed = false;
  bool const reached =
      co_await reach_view(*request.inbox, services.environment, "payments", environment.balances().position());
  bool const ran = reached && co_await on_worker(services, request, [&] {
                     auto view = environment.views().read("payments");
                     if (!view) return;
                     PayoutFiles files(environment);
                     auto const story = load_payout(environment, view.value(), files, payout);
                     failed = story && story.value() && story.value()->status == PayoutStatus::failed;
                   });
  co_return ran&& failed;
}

Awaitable<void> book(Services& services, Request const& request, Booking& booking) {
  auto const& entry = booking.entry;
  auto const payout = (*booking.payout)->payout;
  auto const name = domain::format_payout_id(payout);
  std::optional<Performed> outcome;
  if (entry.is_correction) {
    // The same change about the same payout is booked once for ever: its request id says what it is, and holds a
    // keyed hash of the data in place of the data.
    Payload payload("correct-payout-account");
    payload.add(payout.value()).add(entry.code).add(entry.corrected);
    auto const hash = services.environment.vault().fingerprint(payload.bytes());
    auto const id = "ach-" + name + "-" + entry.code + "-" +
                    domain::to_hex({reinterpret_cast<char const*>(hash.data()), hash.size()});
    domain::CorrectPayoutAccount command{*booking.payout, entry.code, entry.corrected};
    outcome = co_await perform(*request.inbox, services.environment, std::move(command), {}, id, payload);
  } else {
    auto note = sagas::return_note(entry.code);
    Payload payload("advance-payout");
    payload.add(payout.value()).add(static_cast<std::uint64_t>(PayoutStatus::failed)).add(note);
    domain::AdvancePayout command{payout, PayoutStatus::failed, std::move(note)};
    outcome = co_await perform(*request.inbox, services.environment, std::move(command), {}, "", payload);
  }
  if (std::holds_alternative<eventstore::Committed>(*outcome)) co_return;
  if (std::holds_alternative<eventstore::Repeated>(*outcome)) {
    co_return booking.refuse("ALREADY_IMPORTED", "This change of " + name + " is known.");
  }
  if (std::holds_alternative<domain::Refusal>(*outcome)) {
    // The ledger forgets what failed, and what was completed for longer than a return may take.
    if (booking.status == PayoutStatus::completed && !co_await has_failed(services, request, payout)) {
      co_return booking.refuse("TOO_LATE", name + " was completed more than 60 days ago; a return comes within them.");
    }
    co_return booking.refuse("ALREADY_IMPORTED", name + " has failed already; its money was given back then.");
  }
  booking.refuse("TRY_AGAIN", "Nothing was decided in time. Import the file again.");
}

Response answer(Services& services, std::vector<Booking> const& bookings) {
  std::size_t returned = 0;
  std::size_t corrected = 0;
  domain::Money usd;
  for (auto const& booking : bookings) {
    if (!booking.refusal.empty()) continue;
    ++(booking.entry.is_correction ? corrected : returned);
    if (!booking.entry.is_correction) usd += booking.entry.usd;
  }
  Response response;
  response.position = services.environment.balances().position().value();
  auto json = begin_success(response.body);
  json.integer("returned", returned);
  json.integer("corrected", corrected);
  json.integer("refused", bookings.size() - returned - corrected);
  json.amount("returned_usd", usd);
  json.begin_array("entries");
  for (auto const& booking : bookings) {
    auto const& entry = booking.entry;
    json.begin_object();
    json.integer("line", entry.line);
    json.text_or_null("payout_id", booking.payout ? domain::format_payout_id((*booking.payout)->payout) : "");
    json.text_or_null("code", entry.code);
    json.text_or_null("trace_number", entry.trace);
    json.amount("amount_usd", entry.usd);
    json.string("outcome", !booking.refusal.empty() ? "refused" : entry.is_correction ? "corrected" : "returned");
    json.text_or_null("reason_code", booking.refusal);
    json.text_or_null("reason", booking.why);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return response;
}

Awaitable<Response> import_returns(Call call) {
  auto const& [services, request, path, caller] = call;
  if (!says_text(request.content_type)) {
    co_return error_response(request, 415, "UNSUPPORTED_MEDIA_TYPE",
                             "Send the bank's file as it is, with Content-Type: text/plain.");
  }
  auto& environment = services.environment;
  bool const reached =
      co_await reach_view(*request.inbox, services.environment, "payments", environment.balances().position());
  if (!reached) co_return view_behind(request);
  std::vector<Booking> bookings;
  std::optional<Response> failed;
  if (!co_await on_worker(services, request, [&] { failed = match_all(services, request, bookings); }))
    co_return server_busy(request);
  if (failed) co_return std::move(*failed);
  for (auto& booking : bookings) {
    if (booking.refusal.empty()) co_await book(services, request, booking);
  }
  co_return answer(services, bookings);
}

}  // namespace

std::span<Route const> payout_return_routes() {
  static constexpr Route kRows[] = {
      row(Method::post, "/admin/payouts/ach/returns", "importReturns", Who::operators, import_returns,
          {.body = Body::text, .body_limit = kReturnsBodyMax}),
  };
  return kRows;
}

}  // namespace florin::api
