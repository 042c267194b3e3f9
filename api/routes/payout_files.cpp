// CONTRACT, Operators: a day's files for the bank. The first export writes them (domain, PayoutFileWritten); every
// later one is the same bytes (sagas/payouts/payout_files.h).
#include "sagas/payouts/payout_files.h"

#include "api/routes/payouts.h"
#include "api/routes/routes.h"

namespace florin::api {
namespace {

using domain::Day;
using domain::PayoutFileWritten;
using domain::PayoutId;

// A payout may fail while its day's files are made: then they are made again without it.
constexpr int kTries = 3;
// Of those left out, as a header names them; the list names all.
constexpr std::size_t kNamedInHeaderMax = 20;

// A day's files, and where they come from. Filled on a worker.
struct DayFiles {
  std::optional<PayoutFileWritten> event;      // as written, or as they would be
  std::vector<std::string> texts;              // not yet written: theirs
  std::optional<std::string> old_text;         // the file of a day that has no event
  std::optional<PayoutFileWritten> old_event;  // what the list says of it
};

Result<Day, Response> read_day(Request const& request) {
  auto const day = domain::parse_iso8601(request.query_value("date").value_or("") + "T00:00:00Z");
  if (!day) {
    return fail(invalid_field(request, "date", "Name the day: ?date=2026-11-20"));
  }
  auto const wanted = domain::day_of(*day);
  if (!domain::parse_iso8601(domain::to_iso8601(sagas::files_from(wanted)))) {
    return fail(invalid_field(request, "date", "date is at most 9999-12-30: the files of a later day are never made."));
  }
  return wanted;
}

std::optional<Response> load_written(Services& services, Request const& request, Day day, DayFiles& files) {
  PayoutFiles written(services.environment);
  auto const event = written.of(day);
  if (!event) return view_unavailable(request, event.error());
  files.event = *event.value();
  return std::nullopt;
}

// The file that older releases made of the day. Leaves `files` empty when those could not make it either: then nobody
// has it, and the day is written as any other.
std::optional<Response> load_old(Services& services, Request const& request, Day day, DayFiles& files) {
  auto& environment = services.environment;
  auto view = environment.views().read("payments");
  if (!view) return view_unavailable(request, view.error());
  auto const from = domain::start_of(day);
  auto const rows = projections::read_processed(view.value(), from, from + domain::kMicrosPerDay);
  if (!rows) return view_unavailable(request, rows.error());
  std::vector<sagas::DayPayout> payouts;
  for (auto const& row : rows.value()) payouts.push_back({row.payout, row.status == domain::PayoutStatus::failed});
  auto entries = sagas::entries_of(environment.log(), environment.vault(), payouts);
  if (!entries) return view_unavailable(request, entries.error());
  if (auto const unreadable = entries.value().unreadable) {
    return error_response(request, 409, "PAYOUT_NOT_READABLE",
                          "The bank details of " + domain::format_payout_id(*unreadable) +
                              " cannot be opened: their contact was erased. Fail this payout, and the file is made "
                              "without it.");
  }
  if (entries.value().entries.empty()) {
    return error_response(request, 404, "NO_PAYOUTS", "No payout of that day is to be paid.");
  }
  auto const file = sagas::old_file(environment.ach().origin, day, std::move(entries.value().entries));
  auto text = sagas::write_nacha(file);
  if (!text) return std::nullopt;
  domain::PayoutFile one{file.modifier, file.effective, file.first_trace, sagas::total_of(file), {}, {}};
  for (auto const& entry : file.entries) one.payouts.push_back(entry.payout);
  files.old_event = PayoutFileWritten{{}, day, file.created, file.origin, {std::move(one)}, {}};
  files.old_text = std::move(text).value();
  return std::nullopt;
}

std::optional<Response> plan(Services& services, Request const& request, Day day, std::vector<PayoutId> const& payouts,
                             DayFiles& files) {
  auto& environment = services.environment;
  if (payouts.empty()) return error_response(request, 404, "NO_PAYOUTS", "No payout of that day is to be paid.");
  auto const now = environment.clock().now();
  auto const used =
      environment.balances().read([&](domain::State const& state) { return state.files_used(domain::day_of(now)); });
  auto planned = sagas::plan_files(environment.log(), environment.vault(), environment.ach(), day, now, payouts, used);
  if (!planned) return view_unavailable(request, planned.error());
  if (sagas::lacks_letters(planned.value(), used)) {
    return error_response(request, 409, "ACH_NOT_WRITABLE",
                          "The files of one creation date have no letters left: export this day tomorrow.");
  }
  auto& command = planned.value().command;
  if (command.files.empty()) {
    auto const& first = command.left_out.front();
    return error_response(request, 409, "ACH_NOT_WRITABLE",
                          "None of that day's payouts can be written, " + domain::format_payout_id(first.payout) +
                              " because " + domain::left_out_reason(first.reason) + ". Fail them.");
  }
  files.event = PayoutFileWritten{{},
                                  command.day,
                                  command.created,
                                  std::move(command.origin),
                                  std::move(command.files),
                                  std::move(command.left_out)};
  files.texts = std::move(planned.value().texts);
  return std::nullopt;
}

// Fills `files`, or says why there are none.
Awaitable<std::optional<Response>> load(Services& services, Request const& request, Day day, DayFiles& files) {
  auto& environment = services.environment;
  struct Standing {
    bool is_written = false;
    bool is_dated_by_export = false;
    std::vector<PayoutId> payouts;
  };
  auto const standing = environment.balances().read([&](domain::State const& state) {
    return Standing{state.find_payout_file(day).has_value(), state.is_dated_by_export(day), state.payouts_of(day)};
  });
  std::optional<Response> failed;
  if (!standing.is_written) {
    if (auto const wrong = sagas::fault_of(environment.ach().origin); !wrong.empty()) {
      co_return error_response(request, 409, "ACH_NOT_CONFIGURED", "The settings [ach] are not complete: " + wrong);
    }
    if (auto const from = sagas::files_from(day); environment.clock().now() < from) {
      co_return error_response(
          request, 409, "ACH_DAY_NOT_OVER",
          "Payouts can still join or leave that day's file. Ask again from " + domain::to_iso8601(from) + " on.");
    }
    if (!standing.is_dated_by_export) {
      bool const reached =
          co_await reach_view(*request.inbox, services.environment, "payments", environment.balances().position());
      if (!reached) co_return view_behind(request);
    }
  }
  if (!co_await on_worker(services, request, [&] {
        if (standing.is_written) return void(failed = load_written(services, request, day, files));
        if (!standing.is_dated_by_export) {
          failed = load_old(services, request, day, files);
          if (failed || files.old_text) return;
        }
        failed = plan(services, request, day, standing.payouts, files);
      }))
    co_return server_busy(request);
  co_return failed;
}

std::string letters_of(PayoutFileWritten const& event) {
  std::string letters;
  for (auto const& file : event.files) letters.append(letters.empty() ? "" : ", ").push_back(file.letter);
  return letters;
}

Response no_such_file(Request const& request, PayoutFileWritten const& event) {
  return error_response(request, 404, "NO_PAYOUTS", "That day has no such file; it has " + letters_of(event) + ".");
}

// A day of several files says so on each of them, and names who is in none.
void set_headers(Response& response, PayoutFileWritten const& event, char letter) {
  response.content_type = "text/plain; charset=us-ascii";
  response.headers = "Content-Disposition: attachment; filename=\"payouts-" + domain::to_date(event.day) + "-" +
                     letter + ".ach\"\r\nFlorin-Ach-Files: " + letters_of(event) + "\r\n";
  if (event.left_out.empty()) return;
  response.headers += "Florin-Ach-Left-Out: ";
  for (std::size_t i = 0; i < std::min(event.left_out.size(), kNamedInHeaderMax); ++i) {
    response.headers.append(i == 0 ? "" : ", ").append(domain::format_payout_id(event.left_out[i].payout));
  }
  if (event.left_out.size() > kNamedInHeaderMax) response.headers += ", ...";
  response.headers += "\r\n";
}

Response as_file(Services& services, std::string text, PayoutFileWritten const& event, char letter) {
  Response response;
  response.body = std::move(text);
  response.position = services.environment.balances().position().value();
  set_headers(response, event, letter);
  return response;
}

Awaitable<Response> again(Services& services, Request const& request, PayoutFileWritten const& event,
                          domain::PayoutFile const& file) {
  auto& environment = services.environment;
  std::optional<eventstore::Faulty<sagas::FileAgain>> made;
  if (!co_await on_worker(services, request,
                          [&] { made = sagas::file_again(environment.log(), environment.vault(), event, file); }))
    co_return server_busy(request);
  if (!*made) co_return view_unavailable(request, made->error());
  if (made->value().text.empty()) {
    co_return error_response(request, 409, "PAYOUT_NOT_READABLE", made->value().why);
  }
  auto response = as_file(services, std::move(made->value().text), event, file.letter);
  response.position = environment.balances().position().value();
  co_return response;
}

bool is_file_letter(std::string_view text) {
  return text.size() == 1 && ((text[0] >= 'A' && text[0] <= 'Z') || (text[0] >= '0' && text[0] <= '9'));
}

Awaitable<Response> file(Call call) {
  auto const& [services, request, path, caller] = call;
  auto wanted = read_day(request);
  if (!wanted) co_return std::move(wanted).error();
  auto const day = wanted.value();
  auto const letter = request.query_value("file");
  if (letter && !is_file_letter(*letter)) {
    co_return invalid_field(request, "file", "file is a letter, A to Z or 0 to 9, of one that the day has.");
  }
  for (int i = 0; i < kTries; ++i) {
    DayFiles files;
    if (auto failed = co_await load(services, request, day, files)) co_return std::move(*failed);
    if (files.old_text) {
      if (letter.value_or("A") != "A") co_return no_such_file(request, *files.old_event);
      co_return as_file(services, std::move(*files.old_text), *files.old_event, 'A');
    }
    auto const chosen = letter ? letter->front() : files.event->files.front().letter;
    auto const at = std::ranges::find(files.event->files, chosen, &domain::PayoutFile::letter);
    if (at == files.event->files.end()) co_return no_such_file(request, *files.event);
    if (files.texts.empty()) co_return co_await again(services, request, *files.event, *at);
    auto const index = static_cast<std::size_t>(at - files.event->files.begin());
    // What the first export would answer. HEAD writes nothing (RFC 9110, 9.2.1), so the GET may still answer another.
    if (request.is_head) co_return as_file(services, std::move(files.texts[index]), *files.event, chosen);
    Payload payload("write-payout-files");
    payload.add(domain::to_date(day));
    auto const& e = *files.event;
    domain::WritePayoutFile command{e.day, e.created, e.origin, e.files, e.left_out};
    auto const outcome = co_await perform(*request.inbox, services.environment, std::move(command), {}, "", payload);
    if (std::holds_alternative<domain::Refusal>(outcome)) continue;
    auto response = write_response(
        request, outcome, [&](std::string& out, domain::Commit const&) { out = std::move(files.texts[index]); });
    if (response.status == 200) set_headers(response, *files.event, chosen);
    co_return response;
  }
  co_return server_busy(request);
}

// Writes nothing: the files as they are, or as the first export would make them now.
Awaitable<Response> list(Call call) {
  auto const& [services, request, path, caller] = call;
  auto wanted = read_day(request);
  if (!wanted) co_return std::move(wanted).error();
  DayFiles files;
  if (auto failed = co_await load(services, request, wanted.value(), files)) co_return std::move(*failed);
  auto const& event = files.event ? *files.event : *files.old_event;
  Response response;
  response.position = services.environment.balances().position().value();
  auto json = begin_success(response.body);
  json.string("date", domain::to_date(event.day));
  bool const is_fixed = files.old_text || files.texts.empty();
  json.time_or_null("created_at", is_fixed ? event.created : domain::Timestamp{});
  json.begin_array("files");
  for (auto const& file : event.files) {
    json.begin_object();
    json.string("file", std::string(1, file.letter));
    json.string("effective_date", domain::to_date(file.effective));
    json.integer("entries", file.payouts.size());
    json.amount("amount_usd", file.usd);
    json.string("first_trace_number", domain::format_trace_number(event.origin, file.first_trace));
    json.end_object();
  }
  json.end_array();
  json.begin_array("left_out");
  for (auto const& left_out : event.left_out) {
    json.begin_object();
    json.string("payout_id", domain::format_payout_id(left_out.payout));
    json.string("reason", domain::left_out_reason(left_out.reason));
    json.end_object();
  }
  json.end_array();
  json.end_object();
  co_return response;
}

}  // namespace

std::span<Route const> payout_file_routes() {
  static constexpr Route kRows[] = {
      row(Method::get, "/admin/payouts/ach", "exportPayouts", Who::operators, file, {.query = {"date", "file"}}),
      row(Method::get, "/admin/payouts/ach/files", "listPayoutFiles", Who::operators, list, {.query = {"date"}}),
  };
  return kRows;
}

}  // namespace florin::api
