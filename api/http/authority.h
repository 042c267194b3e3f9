// Hosts and ports as RFC 3986 writes them: what a Host header and the target of an absolute request name.
#pragma once

#include <string_view>

namespace florin::api {

// uri-host [ ":" port ]: a name, an IPv4 address or an IPv6 address in brackets, and a port of at most 65535 that may
// be empty. Stricter than the RFC in three points: the host is not empty (no http URI may have an empty one), a name
// has no comma (two Host lines that somebody joined would look like one name), and there is no user before it.
[[nodiscard]] bool is_authority(std::string_view text);

}  // namespace florin::api
