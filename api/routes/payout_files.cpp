// CONTRACT, Operators: a day's files for the bank. The first export writes them (domain, PayoutFileWritten); every
// later one is the same bytes (sagas/payouts/payout_files.h).
#include <algorithm>

#include "api/ledger/payout_days.h"
#include "api/routes/routes.h"

namespace florin::api {
namespace {

using domain::Day;
using domain::PayoutFileWritten;

// A payout may fail while its day's files are made: then they are made again without it.
constexpr int kTries = 3;
// Of those left out, as a header names them; the list names all.
constexpr std::size_t kNamedInHeaderMax = 20;

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

Response no_files_response(Request const& request, NoFiles const& none) {
  switch (none.why) {
    case NoFiles::Why::none_to_pay: return error_response(request, 404, "NO_PAYOUTS", none.what);
    case NoFiles::Why::not_readable: return error_response(request, 409, "PAYOUT_NOT_READABLE", none.what);
    case NoFiles::Why::not_writable: return error_response(request, 409, "ACH_NOT_WRITABLE", none.what);
    case NoFiles::Why::not_configured: return error_response(request, 409, "ACH_NOT_CONFIGURED", none.what);
    case NoFiles::Why::day_not_over: return error_response(request, 409, "ACH_DAY_NOT_OVER", none.what);
  }
  std::abort();
}

// A day's files, or the reply that says why there are none.
Awaitable<Result<DayFiles, Response>> load(Call const& call, Day day) {
  auto loaded = co_await load_day(call.reader(), day);
  if (!loaded) co_return fail(unread_response(call.request, loaded.error()));
  auto& files = loaded.value();
  if (!files) co_return fail(no_files_response(call.request, files.error()));
  co_return std::move(files).value();
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

Response as_file(Services const& services, std::string text, PayoutFileWritten const& event, char letter) {
  Response response;
  response.body = std::move(text);
  response.position = services.ledger.state.position().value();
  set_headers(response, event, letter);
  return response;
}

Awaitable<Response> again(Call const& call, PayoutFileWritten const& event, domain::PayoutFile const& file) {
  auto const& services = call.services;
  auto made = co_await call.reader().disk([&] { return services.ledger.bank_files.again(event, file); });
  if (!made) co_return unread_response(call.request, made.error());
  if (made.value().text.empty()) {
    co_return error_response(call.request, 409, "PAYOUT_NOT_READABLE", made.value().why);
  }
  co_return as_file(services, std::move(made.value().text), event, file.letter);
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
    auto loaded = co_await load(call, day);
    if (!loaded) co_return std::move(loaded).error();
    auto& files = loaded.value();
    if (files.old_text) {
      if (letter.value_or("A") != "A") co_return no_such_file(request, *files.old_event);
      co_return as_file(services, std::move(*files.old_text), *files.old_event, 'A');
    }
    auto const chosen = letter ? letter->front() : files.event->files.front().letter;
    auto const at = std::ranges::find(files.event->files, chosen, &domain::PayoutFile::letter);
    if (at == files.event->files.end()) co_return no_such_file(request, *files.event);
    if (files.texts.empty()) co_return co_await again(call, *files.event, *at);
    auto const index = static_cast<std::size_t>(at - files.event->files.begin());
    // What the first export would answer. HEAD writes nothing (RFC 9110, 9.2.1), so the GET may still answer another.
    if (request.is_head) co_return as_file(services, std::move(files.texts[index]), *files.event, chosen);
    Payload const payload("write-payout-files", domain::to_date(day));
    auto const& e = *files.event;
    domain::WritePayoutFile command{e.day, e.created, e.origin, e.files, e.left_out};
    auto const outcome = co_await call.execute(std::move(command), "", payload);
    if (std::holds_alternative<domain::Rejection>(outcome)) continue;
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
  auto loaded = co_await load(call, wanted.value());
  if (!loaded) co_return std::move(loaded).error();
  auto const& files = loaded.value();
  auto const& event = files.event ? *files.event : *files.old_event;
  Response response;
  response.position = services.ledger.state.position().value();
  auto json = begin_success(response.body);
  json.string("date", domain::to_date(event.day));
  bool const is_fixed = files.old_text || files.texts.empty();
  json.time_or_null("created_at", is_fixed ? event.created : domain::Timestamp{});
  json.objects("files", event.files, [&](auto const& file) {
    json.string("file", std::string(1, file.letter));
    json.string("effective_date", domain::to_date(file.effective));
    json.integer("entries", file.payouts.size());
    json.amount("amount_usd", file.usd);
    json.string("first_trace_number", domain::format_trace_number(event.origin, file.first_trace));
  });
  json.objects("left_out", event.left_out, [&](auto const& left_out) {
    json.string("payout_id", domain::format_payout_id(left_out.payout));
    json.string("reason", domain::left_out_reason(left_out.reason));
  });
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
