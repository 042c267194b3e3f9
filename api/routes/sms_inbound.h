// The SMS provider's inbound webhook, for its own route and for the sandbox's phone, which posts to it like the
// provider.
#pragma once

#include "api/routes/route.h"

namespace florin::api {

[[nodiscard]] Awaitable<Response> receive_text(Services& services, Request const& request);

}  // namespace florin::api
