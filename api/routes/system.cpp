// Health and description of the process.
#include "api/metrics.h"
#include "api/readiness.h"
#include "api/routes/routes.h"

namespace florin::api {
namespace {

Awaitable<Response> live(Call) {
  Response response;
  response.body = R"({"status":"ok"})";
  co_return response;
}

// Ready: no check fails. ?verbose shows them all.
Awaitable<Response> ready(Call call) {
  auto const& [services, request, path, caller] = call;
  std::string checks;
  std::string failed;
  JsonWriter list(checks);
  list.begin_array();
  for (auto const* each : services.environments) {
    for (auto const& check : readiness_checks(*each)) {
      if (check.status == CheckStatus::fail && failed.empty()) failed = check.message;
      write_check(list, each->name(), check);
    }
  }
  list.end_array();
  bool const verbose = request.query_value("verbose").has_value();
  if (!failed.empty()) {
    std::vector<ErrorExtra> extras;
    if (verbose) extras.push_back({"checks", std::move(checks)});
    co_return error_response(request, 503, "NOT_READY", failed, extras, 5);
  }
  Response response;
  JsonWriter json(response.body);
  json.begin_object();
  json.string("status", "ready");
  json.begin_object("positions");
  for (auto const* each : services.environments) {
    json.integer(each->name(), each->ledger().state.position().value());
  }
  json.end_object();
  if (verbose) json.raw("checks", checks);
  json.end_object();
  co_return response;
}

Awaitable<Response> metrics(Call call) {
  Response response;
  response.content_type = kMetricsType;
  response.body = metrics_text(call.services.environments);
  co_return response;
}

// In the program's own memory: who asks for it has no key, so it costs nobody a copy, and a client that has it already
// is told so.
Response description(Request const& request, ApiDocument const& document) {
  Response response;
  response.cache_control = "no-cache";
  response.headers.append("ETag: ").append(document.tag).append("\r\n");
  if (names_tag(request.if_none_match, document.tag)) {
    response.status = 304;
  } else {
    response.fixed_body = document.json;
  }
  return response;
}

Awaitable<Response> openapi(Call call) { co_return description(call.request, call.services.openapi); }
Awaitable<Response> openapi_3_0(Call call) { co_return description(call.request, call.services.openapi_3_0); }

}  // namespace

ApiDocument document_of(std::string_view json) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string tag = "\"";
  auto const hash = eventstore::sha256(json);
  for (std::size_t i = 0; i < 8; ++i) {
    tag.push_back(kHex[hash[i] >> 4]);
    tag.push_back(kHex[hash[i] & 15]);
  }
  return {json, tag + "\""};
}

std::span<Route const> system_routes() {
  static constexpr Route kRows[] = {
      row(Method::get, "/livez", "getLiveness", Who::anybody, live),
      row(Method::get, "/readyz", "getReadiness", Who::anybody, ready, {.query = {"verbose"}}),
      row(Method::get, "/metrics", "getMetrics", Who::anybody, metrics),
      row(Method::get, "/openapi.json", "getOpenApi", Who::anybody, openapi),
      row(Method::get, "/openapi-3.0.json", "getOpenApi30", Who::anybody, openapi_3_0),
  };
  return kRows;
}

}  // namespace florin::api
