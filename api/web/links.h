// Where a page may send its reader.
//
// What a game gives (its icon, where to go after paying) is held to link_allowed. Nothing is repaired: a URL that two
// readers could read differently is refused. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace florin::api {

inline constexpr std::size_t kLinkMax = 2'048;  // what every browser and proxy takes

// https, or http to this machine (localhost, 127.0.0.1, [::1]); an absolute URL without a user, of at most kLinkMax
// characters, none of which RFC 3986 wants escaped. What a link may lead to.
[[nodiscard]] bool link_allowed(std::string_view url);
// "https://shop.example:8443": in lower case, without the port that the scheme implies, as a browser writes it; empty
// when the URL is not allowed.
[[nodiscard]] std::string origin_of(std::string_view url);

// For URLs of our own or of the processor, which may be served without TLS on a closed network: as link_allowed but
// http to any host; or a path of this server ("/checkout?session=…"; never "//host").
[[nodiscard]] bool onward_allowed(std::string_view url);

}  // namespace florin::api
