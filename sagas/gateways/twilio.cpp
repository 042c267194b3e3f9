#include "sagas/gateways/twilio.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <simdjson.h>

#include "eventstore/store/base64.h"
#include "sagas/gateways/form.h"

namespace florin::sagas {
namespace {

bool is_sid(std::string_view text, std::string_view prefix) {
  return text.size() == 34 && text.starts_with(prefix) && std::ranges::all_of(text.substr(2), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

std::string basic_authorization(std::string_view user, std::string_view password) {
  return "Basic " + eventstore::base64(std::string(user) + ":" + std::string(password));
}

// A string field at the top of a JSON object; empty when there is none.
std::string message_sid_of(std::string const& body) {
  simdjson::dom::parser parser;
  std::string_view sid;
  if (parser.parse(body)["sid"].get(sid) != simdjson::SUCCESS) return {};
  // It goes into our log: only what looks like one.
  return is_sid(sid, "SM") || is_sid(sid, "MM") ? std::string(sid) : std::string();
}

// Twilio's number for what is wrong, or "http_404" when the reply has none.
std::string error_code_of(HttpsReply const& reply) {
  simdjson::dom::parser parser;
  std::uint64_t code = 0;
  if (parser.parse(reply.body)["code"].get(code) == simdjson::SUCCESS) return std::to_string(code);
  return "http_" + std::to_string(reply.status);
}

SmsResult result_of(HttpsReply const& reply) {
  if (reply.status == 201 || reply.status == 200) {
    std::string sid = message_sid_of(reply.body);
    return sid.empty() ? SmsResult::unavailable("no_sid") : SmsResult::sent(std::move(sid));
  }
  bool const about_the_text = reply.status >= 400 && reply.status < 500 && reply.status != 401 && reply.status != 404 &&
                              reply.status != 408 && reply.status != 429;
  std::string code = error_code_of(reply);
  return about_the_text ? SmsResult::refused(std::move(code)) : SmsResult::unavailable(std::move(code));
}

}  // namespace

Result<std::unique_ptr<TwilioGateway>, std::string> TwilioGateway::make(asio::io_context& io,
                                                                        TwilioConfig const& config) {
  if (!is_sid(config.account_sid, "AC")) return fail(std::string("account_sid: AC and 32 hex digits"));
  if (config.auth_token.empty() || config.auth_token.size() > 256) return fail(std::string("auth_token: is needed"));
  if (!config.api_key_sid.empty() && !is_sid(config.api_key_sid, "SK")) {
    return fail(std::string("api_key_sid: SK and 32 hex digits"));
  }
  if (!config.messaging_service_sid.empty() && !is_sid(config.messaging_service_sid, "MG")) {
    return fail(std::string("messaging_service_sid: MG and 32 hex digits"));
  }
  if (config.from.empty() && config.messaging_service_sid.empty()) {
    return fail(std::string("from: this or messaging_service_sid is needed"));
  }
  HttpsOptions options;
  options.base_url = config.base_url;
  options.timeout = config.timeout;
  options.connections_max = config.connections_max;
  options.ca_file = config.ca_file;
  auto client = FLORIN_TRY(HttpsClient::make(io, std::move(options)));
  return std::unique_ptr<TwilioGateway>(new TwilioGateway(config, std::move(client)));
}

TwilioGateway::TwilioGateway(TwilioConfig const& config, std::unique_ptr<HttpsClient> client)
    : target_("/2010-04-01/Accounts/" + config.account_sid + "/Messages.json"),
      authorization_(
          basic_authorization(config.api_key_sid.empty() ? config.account_sid : config.api_key_sid, config.auth_token)),
      from_(config.from),
      messaging_service_sid_(config.messaging_service_sid),
      client_(std::move(client)) {}

Awaitable<SmsResult> TwilioGateway::send(TextMessage message) {
  Form form = {{"To", std::move(message.to)}, {"Body", std::move(message.body)}};
  if (!messaging_service_sid_.empty()) form.push_back({"MessagingServiceSid", messaging_service_sid_});
  if (!from_.empty()) form.push_back({"From", from_});
  HttpsClient::Request request;
  request.target = target_;
  request.authorization = authorization_;
  request.content_type = "application/x-www-form-urlencoded";
  request.body = encode_form(form);
  auto const reply = co_await client_->send(std::move(request));
  if (!reply) co_return SmsResult::unavailable(std::string(https_fault_name(reply.error())));
  co_return result_of(reply.value());
}

}  // namespace florin::sagas
