#include "api/cli/server_call.h"

#include "api/cli/http_client.h"
#include "api/cli/json_view.h"
#include "api/config.h"
#include "api/http/printable_text.h"

namespace florin::api::cli {
namespace {

ExitCode exit_code_of_status(int status) {
  if (status == 409) return kConflict;
  if (status == 429 || status >= 500) return kUnreachable;  // the same command may work later
  return kUsage;
}

// For a sentence of ours: without quotes, and without anything that could steer the terminal. Empty: it is no text.
std::string words_of(simdjson::simdjson_result<simdjson::dom::element> value) {
  std::string_view text;
  return value.get_string().get(text) == simdjson::SUCCESS ? printable(text) : std::string();
}

// The envelope's own words (CONTRACT, Errors), or the status alone when there is no envelope.
std::string refusal_text(int status, std::string const& body) {
  auto out = "the server answered " + std::to_string(status);
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(body).get(root) != simdjson::SUCCESS) return out;
  auto const message = words_of(root["message"]);
  auto const code = words_of(root["error_code"]);
  auto const id = words_of(root["error_id"]);
  if (!message.empty()) out += ": " + message;
  if (!code.empty()) out += " (" + code + (id.empty() ? ")" : ", " + id + ")");
  return out;
}

}  // namespace

Result<std::string, int> call_server_for_text(Invocation const& invocation, ServerCall const& call) {
  auto const address = parse_server_url(invocation.server);
  if (!address) {
    return fail(complain(invocation, kUsage,
                         "--server " + invocation.server + ": write http://HOST:PORT (the server speaks plain HTTP)"));
  }
  std::vector<Header> headers;
  if (call.credentials == Credentials::admin) {
    auto const token = process_environment("FLORIN_ADMIN_TOKEN");
    if (!token || token->empty()) {
      return fail(complain(invocation, kUsage,
                           "FLORIN_ADMIN_TOKEN is not set: give this command the token the server was started with"));
    }
    headers.emplace_back("Authorization", "Bearer " + *token);
  } else {
    headers.emplace_back("X-Game-Secret-Key", call.game_key);
  }
  if (!call.body.empty()) headers.emplace_back("Content-Type", std::string(call.content_type));
  for (auto const& [name, value] : headers) {
    if (value.find_first_of("\r\n") != std::string::npos) {
      return fail(complain(invocation, kUsage, name + ": the credential holds a line break"));
    }
  }
  auto const target = (invocation.sandbox ? "/sandbox" : "") + call.path;
  auto reply = http_exchange(*address, call.method, target, call.body, headers);
  if (!reply) {
    return fail(complain(invocation, kUnreachable,
                         "no answer from " + invocation.server + ": " + reply.error() +
                             ". Is `florin serve` running there? Another address: --server URL or FLORIN_SERVER"));
  }
  if (reply.value().status < 200 || reply.value().status > 299) {
    return fail(complain(invocation, exit_code_of_status(reply.value().status),
                         refusal_text(reply.value().status, reply.value().body)));
  }
  return std::move(reply.value().body);
}

Result<ServerReply, int> call_server(Invocation const& invocation, ServerCall const& call) {
  auto body = FLORIN_TRY(call_server_for_text(invocation, call));
  ServerReply parsed{std::make_unique<simdjson::dom::parser>(), {}, std::move(body)};
  if (parsed.parser->parse(parsed.body).get(parsed.root) != simdjson::SUCCESS) {
    return fail(complain(invocation, kUnreachable, invocation.server + " did not answer with JSON: is it florin?"));
  }
  return parsed;
}

int print_reply(Invocation const& invocation, ServerReply const& reply) {
  auto const text = invocation.json ? simdjson::minify(reply.root) + '\n' : render(reply.root);
  return print(invocation, text) ? kOk : kUnreachable;
}

}  // namespace florin::api::cli
