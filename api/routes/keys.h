// SDK keys: "ivsdk_" and 64 letters of A-Z a-z 0-9 from the runtime's random source. Only the hash is ever kept.
#pragma once

#include <string>

#include "api/routes/route.h"
#include "domain/ids.h"
#include "eventstore/runtime/runtime.h"

namespace florin::api {

struct SdkKey {
  std::string text;  // shown once
  domain::Digest hash{};
};
[[nodiscard]] SdkKey make_sdk_key(eventstore::Runtime& runtime);

// The reply to a request that gives the game another key; an operator's reply names the game.
[[nodiscard]] Awaitable<Response> rotate_sdk_key(Call call, domain::GameId game, bool by_operator);

}  // namespace florin::api
