#include "api/http/errors.h"

#include <spdlog/spdlog.h>

#include "eventstore/runtime/clock.h"
#include "eventstore/runtime/runtime.h"

namespace florin::api {
namespace {

// The environment's time, so that an error of the sandbox can be laid beside its other replies.
domain::Timestamp time_of(Request const& request) {
  if (request.clock != nullptr) return request.clock->now();
  return eventstore::machine().clocks().wall;
}

// "ERR_20261120_00f3…": the same 16 digits as the reply's Request-Id.
std::string error_id(std::uint64_t request_id, std::string_view iso8601) {
  std::string id = "ERR_";
  id.append(iso8601, 0, 4);
  id.append(iso8601, 5, 2);
  id.append(iso8601, 8, 2);
  id.push_back('_');
  append_request_id(id, request_id);
  return id;
}

// Could this segment of an unknown path hold anything personal? Only short plain words are let through.
bool is_plain(std::string_view segment) {
  if (segment.size() > 32) return false;
  for (char const letter : segment) {
    bool const plain = (letter >= 'a' && letter <= 'z') || letter == '-' || letter == '_';
    if (!plain) return false;
  }
  return true;
}

}  // namespace

std::string loggable_path(Request const& request) {
  if (!request.route.empty()) return std::string(request.route);
  std::string out;
  std::string_view rest = request.path;
  for (int segments = 0; segments < 2 && !rest.empty() && rest.front() == '/'; ++segments) {
    rest.remove_prefix(1);
    std::string_view const segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    out.push_back('/');
    out.append(is_plain(segment) ? segment : "*");
  }
  if (!rest.empty()) out.append("/…");
  return out;
}

Response error_response(Request const& request, int status, std::string_view code, std::string_view message,
                        std::vector<ErrorExtra> const& extras, int retry_after_seconds, std::string_view error_token) {
  std::string const now = domain::to_iso8601(time_of(request));
  std::string const id = error_id(request.id, now);

  Response response;
  response.status = status;
  response.retry_after_seconds = retry_after_seconds;
  response.body.reserve(384);
  JsonWriter json(response.body);
  json.begin_object();
  json.string("status", "error");
  json.string("error", error_token.empty() ? message : error_token);
  json.string("message", message);
  json.string("error_code", code);
  json.string("error_id", id);
  json.string("timestamp", now);
  for (ErrorExtra const& extra : extras) json.raw(extra.name, extra.json);
  if (retry_after_seconds > 0) json.integer("retry_after", retry_after_seconds);
  json.end_object();

  // What passes by itself is told once, by whoever knows that it began and that it ended, and not by each request.
  bool const passes = status == 503 && retry_after_seconds > 0;
  // The client's doing, whatever the first digit says: anybody could ring the operator's alarm.
  bool const is_clients = status == 501 || status == 505;
  spdlog::log(status >= 500 && !passes && !is_clients ? spdlog::level::err : spdlog::level::info, "{} {} {} {} {}", id,
              method_name(request.method), loggable_path(request), status, code);
  return response;
}

Response unauthorized_response(Request const& request, std::string_view challenge, std::string_view code,
                               std::string_view message) {
  Response response = error_response(request, 401, code, message);
  response.challenge = challenge;
  return response;
}

Response body_error_response(Request const& request, BodyError const& error) {
  std::vector<ErrorExtra> extras;
  if (!error.field.empty()) extras.push_back({"field", json_text(error.field)});
  return error_response(request, error.status, error.code, error.message, extras);
}

}  // namespace florin::api
