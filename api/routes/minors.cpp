// CONTRACT, Operators: PUT|DELETE /admin/identities/by-email/{email}/minor. No reply of any other route says who is
// one.
#include "api/routes/operators.h"

namespace florin::api {
namespace {

struct MinorRoutes {
  Services& services;
  AdminOptions options;

  Result<Email, Response> read_person(Request const& request, PathValues const& path) const {
    auto const decoded = percent_decode(path.values[0]);
    return read_email(request, services.environment, decoded.value_or(""), "email");
  }

  static void write_flag(std::string& out, std::string_view email, bool minor, bool guardian) {
    JsonWriter json(out);
    json.begin_object();
    json.string("status", "success");
    json.string("email", email);
    json.boolean("minor", minor);
    json.boolean("guardian_on_file", guardian);
    json.end_object();
  }

  Awaitable<Response> flag(Request const& request, PathValues const& path) const {
    if (auto refused = refuse_unless_operator(request, options)) co_return std::move(*refused);
    auto email = read_person(request, path);
    if (!email) co_return std::move(email).error();
    domain::FlagMinor command{{email.value().index, email.value().written}, std::nullopt};
    if (!request.body.empty()) {
      auto body = JsonBody::parse(request);
      if (body.has("guardian_phone")) {
        auto const phone = read_phone(body, "guardian_phone");
        command.guardian = {services.environment.vault().phone_index(phone), std::string(phone)};
      }
      if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
    }
    bool const guardian = command.guardian.has_value();
    auto const outcome =
        co_await perform(request, services.environment, std::move(command), {}, "", Payload("flag-minor"));
    if (changed_nothing(outcome)) {
      Response response;
      write_flag(response.body, first_spelling(services.environment, email.value()), true, guardian);
      co_return with_position(std::move(response), outcome);
    }
    co_return write_response(request, outcome, [&](std::string& out, domain::Commit const&) {
      write_flag(out, first_spelling(services.environment, email.value()), true, guardian);
    });
  }

  Awaitable<Response> clear(Request const& request, PathValues const& path) const {
    if (auto refused = refuse_unless_operator(request, options)) co_return std::move(*refused);
    auto email = read_person(request, path);
    if (!email) co_return std::move(email).error();
    if (auto wrong = refuse_needless_body(request)) co_return std::move(*wrong);
    auto const outcome = co_await perform(request, services.environment, domain::ClearMinor{email.value().index}, {},
                                          "", Payload("clear-minor"));
    co_return write_response(request, outcome, [&](std::string& out, domain::Commit const&) {
      write_flag(out, first_spelling(services.environment, email.value()), false, false);
    });
  }
};

}  // namespace

void add_minor_routes(Router& router, Services& services, AdminOptions const& options) {
  auto const routes = std::make_shared<MinorRoutes const>(services, options);
  auto const path = services.root + "/admin/identities/by-email/{email}/minor";
  router.add(Method::put, path,
             [routes](Request const& request, PathValues const& values) { return routes->flag(request, values); });
  router.add(Method::del, path,
             [routes](Request const& request, PathValues const& values) { return routes->clear(request, values); });
}

}  // namespace florin::api
