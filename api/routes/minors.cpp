// CONTRACT, Operators: PUT|DELETE /admin/identities/by-email/{email}/minor. No reply of any other route says who is
// one.
#include "api/routes/routes.h"
#include "domain/percent.h"

namespace florin::api {
namespace {

Result<Email, Response> read_person(Services& services, Request const& request, PathValues const& path) {
  auto const decoded = domain::percent_decode(path.values[0]);
  return read_email(request, services.ledger, decoded.value_or(""), "email");
}

void write_flag(std::string& out, std::string_view email, bool minor, bool guardian) {
  auto json = begin_success(out);
  json.string("email", email);
  json.boolean("minor", minor);
  json.boolean("guardian_on_file", guardian);
  json.end_object();
}

Awaitable<Response> flag(Call call) {
  auto const& [services, request, path, caller] = call;
  auto email = read_person(services, request, path);
  if (!email) co_return std::move(email).error();
  domain::FlagMinor command{{email.value().index, email.value().written}, std::nullopt};
  if (!request.body.empty()) {
    auto body = JsonBody::parse(request);
    if (body.has("guardian_phone")) {
      auto const phone = read_phone(body, "guardian_phone");
      command.guardian = services.ledger.people.phone(phone);
    }
    if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  }
  bool const guardian = command.guardian.has_value();
  auto const outcome = co_await call.execute(std::move(command), "", Payload("flag-minor"));
  if (changed_nothing(outcome)) {
    Response response;
    write_flag(response.body, first_spelling(services.ledger, email.value()), true, guardian);
    co_return with_position(std::move(response), outcome);
  }
  co_return write_response(request, outcome, [&](std::string& out, domain::Commit const&) {
    write_flag(out, first_spelling(services.ledger, email.value()), true, guardian);
  });
}

Awaitable<Response> clear(Call call) {
  auto const& [services, request, path, caller] = call;
  auto email = read_person(services, request, path);
  if (!email) co_return std::move(email).error();
  domain::ClearMinor const command{email.value().index};
  auto const outcome = co_await call.execute(command, "", Payload("clear-minor"));
  co_return write_response(request, outcome, [&](std::string& out, domain::Commit const&) {
    write_flag(out, first_spelling(services.ledger, email.value()), false, false);
  });
}

}  // namespace

std::span<Route const> minor_routes() {
  static constexpr Route kRows[] = {
      row(Method::put, "/admin/identities/by-email/{email}/minor", "flagMinor", Who::operators, flag,
          {.body = Body::optional_json}),
      row(Method::del, "/admin/identities/by-email/{email}/minor", "clearMinor", Who::operators, clear,
          {.body = Body::ignored}),
  };
  return kRows;
}

}  // namespace florin::api
