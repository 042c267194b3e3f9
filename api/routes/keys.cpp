#include "api/routes/keys.h"

#include <array>
#include <span>

#include "api/routes/routes.h"
#include "domain/contract.h"
#include "eventstore/store/chain.h"

namespace florin::api {
namespace {

Awaitable<Response> rotate(Call call) {
  auto const game = call.caller->id;
  return rotate_sdk_key(std::move(call), game, false);
}

}  // namespace

SdkKey make_sdk_key(eventstore::Runtime& runtime) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  SdkKey key;
  key.text = "ivsdk_";
  while (key.text.size() < 6 + 64) {
    std::array<std::uint8_t, 64> random;
    runtime.draw(std::as_writable_bytes(std::span(random)));
    for (auto const byte : random) {
      // 248 = 4 × 62: larger bytes are thrown away so that every letter is equally likely.
      if (byte < 248 && key.text.size() < 6 + 64) key.text.push_back(kLetters[byte % 62]);
    }
  }
  key.hash = eventstore::sha256(key.text);
  return key;
}

Awaitable<Response> rotate_sdk_key(Call call, domain::GameId game, bool by_operator) {
  auto const& [services, request, path, caller] = call;
  auto body = JsonBody::parse(request);
  bool const immediate = body.optional_bool("immediate").value_or(false);
  auto const request_id = body.has("client_request_id") ? read_request_id(body) : std::string_view();
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);

  auto const key = make_sdk_key(services.runtime);
  domain::RotateSdkKey const command{game, key.hash, immediate};
  auto const outcome = co_await call.execute(command, request_id, payload_of(command, by_operator));
  // A repeated request made another key the first time, which nobody can show again.
  bool const fresh = std::holds_alternative<Committed>(outcome);
  co_return write_response(
      request, outcome,
      [&](std::string& out, domain::Commit const& commit) {
        auto const& event = event_of<domain::SdkKeyRotated>(commit);
        auto json = begin_success(out);
        if (by_operator) json.string("game_id", std::to_string(event.game.value()));
        if (fresh) json.string("sdk_key", key.text);
        json.time_or_null("previous_key_valid_until", event.previous_valid_until);
        json.end_object();
      },
      by_operator ? 201 : 200);
}

std::span<Route const> key_routes() {
  static constexpr Route kRows[] = {
      row(Method::post, "/api/dev/keys/rotate", "rotateKey", Who::game, rotate, {.body = Body::json}),
  };
  return kRows;
}

}  // namespace florin::api
