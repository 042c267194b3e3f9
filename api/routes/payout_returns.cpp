// CONTRACT, Operators: the bank's returns and notifications of change, imported (api/ledger/payout_returns.h).
#include "api/ledger/payout_returns.h"

#include <algorithm>

#include "api/routes/routes.h"

namespace florin::api {
namespace {

// About 22,000 entries of two lines. The bodies of all requests have a budget (session.h), and a body no more than 8
// MiB unless configured otherwise, so that a whole day's file of 100,000 entries (19 MiB) is imported in parts, as the
// bank splits it: a part is a file with a control record of its own, and importing one twice changes nothing.
constexpr std::size_t kReturnsBodyMax = std::size_t{4} << 20;
bool says_text(std::string_view content_type) {
  auto type = std::string(content_type.substr(0, content_type.find(';')));
  while (type.ends_with(' ')) type.pop_back();
  std::ranges::transform(type, type.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return type.empty() || type == "text/plain" || type == "application/octet-stream";
}

Response answer(Services const& services, std::vector<Booking> const& bookings) {
  std::size_t returned = 0;
  std::size_t corrected = 0;
  domain::Usd usd;
  for (auto const& booking : bookings) {
    if (!booking.refusal.empty()) continue;
    ++(booking.entry.is_correction ? corrected : returned);
    if (!booking.entry.is_correction) usd += booking.entry.usd;
  }
  Response response;
  response.position = services.ledger.state.position().value();
  auto json = begin_success(response.body);
  json.integer("returned", returned);
  json.integer("corrected", corrected);
  json.integer("refused", bookings.size() - returned - corrected);
  json.amount("returned_usd", usd);
  json.objects("entries", bookings, [&](Booking const& booking) {
    auto const& entry = booking.entry;
    json.integer("line", entry.line);
    json.text_or_null("payout_id", booking.payout ? domain::format_payout_id((*booking.payout)->payout) : "");
    json.text_or_null("code", entry.code);
    json.text_or_null("trace_number", entry.trace);
    json.amount("amount_usd", entry.usd);
    json.string("outcome", !booking.refusal.empty() ? "refused" : entry.is_correction ? "corrected" : "returned");
    json.text_or_null("reason_code", booking.refusal);
    json.text_or_null("reason", booking.why);
  });
  json.end_object();
  return response;
}

Awaitable<Response> receive(Call call) {
  auto const& [services, request, path, caller] = call;
  if (!says_text(request.content_type)) {
    co_return error_response(request, 415, "UNSUPPORTED_MEDIA_TYPE",
                             "Send the bank's file as it is, with Content-Type: text/plain.");
  }
  auto const imported = co_await import_returns(call.reader(), request.body);
  if (!imported) co_return unread_response(request, imported.error());
  auto const& bookings = imported.value();
  if (!bookings) co_return error_response(request, 400, "INVALID_REQUEST", bookings.error());
  co_return answer(services, bookings.value());
}

}  // namespace

std::span<Route const> payout_return_routes() {
  static constexpr Route kRows[] = {
      row(Method::post, "/admin/payouts/ach/returns", "importReturns", Who::operators, receive,
          {.body = Body::text, .body_limit = kReturnsBodyMax}),
  };
  return kRows;
}

}  // namespace florin::api
