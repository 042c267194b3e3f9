// The headers that are the product's own (CONTRACT): their names, and where a request holds them.
#pragma once

#include <optional>
#include <string_view>

#include "api/http/router.h"

namespace florin::api {

// Places in Request::own.
inline constexpr std::size_t kGameKey = 0;
inline constexpr std::size_t kMinPosition = 1;
inline constexpr std::size_t kSignature = 2;

inline constexpr OwnHeader kOwnHeaders[] = {{"x-game-secret-key", kGameKey},
                                            {"florin-min-position", kMinPosition},
                                            {"stripe-signature", kSignature},
                                            {"x-twilio-signature", kSignature}};
inline constexpr RouterOptions kRouterOptions{
    kOwnHeaders, "Florin-Position", nullptr,
    "The server could not answer. Try again with the same client_request_id, and give the error_id to support."};

}  // namespace florin::api
