// Texts through Twilio: POST /2010-04-01/Accounts/{Sid}/Messages.json (Messages resource, Create).
//
//   201, 200 with a message sid                       sent
//   4xx but for the next line                         refused, with Twilio's own code ("21211": not a number)
//   401, 404, 408, 429, 5xx, 3xx, time-outs, a        unavailable. 401 and 404 are our account or our secret, not the
//   broken connection, a reply nobody can read        number: no text would get through, and the breaker should open
//
// Twilio has no idempotency key for messages: after `unavailable` the text may have been sent. A text tried again says
// the same as the first (PINs are derived), so a doubled one changes nothing.
//
// Thread, deadline, bounds: https_client.h. The secret is in the Authorization header and nowhere else.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "domain/result.h"
#include "sagas/gateways/https_client.h"
#include "sagas/gateways/sms.h"

namespace florin::sagas {

struct TwilioConfig {
  std::string account_sid;            // "AC" and 32 hex digits
  std::string auth_token;             // the account's, or the API key's secret when api_key_sid is set
  std::string api_key_sid;            // optional: "SK" and 32 hex digits
  std::string from;                   // a number or sender id; or
  std::string messaging_service_sid;  // "MG" and 32 hex digits. At least one of the two
  std::string base_url = "https://api.twilio.com";
  std::chrono::milliseconds timeout{10'000};
  std::size_t connections_max = 4;
  std::string ca_file;  // empty: the system's authorities
};

class TwilioGateway final : public SmsGateway {
 public:
  // The error says which setting is wrong, never what it was.
  [[nodiscard]] static Result<std::unique_ptr<TwilioGateway>, std::string> make(asio::io_context& io,
                                                                                TwilioConfig const& config);

  [[nodiscard]] Awaitable<SmsResult> send(TextMessage message) override;

 private:
  TwilioGateway(TwilioConfig const& config, std::unique_ptr<HttpsClient> client);

  std::string const target_;
  std::string const authorization_;
  std::string const from_;
  std::string const messaging_service_sid_;
  std::unique_ptr<HttpsClient> const client_;
};

}  // namespace florin::sagas
