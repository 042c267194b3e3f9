// Who sent a request that came through proxies.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>

namespace florin::api {

// Each proxy adds the address it was called from to X-Forwarded-For, at the right. So from the right everything is true
// up to the first address that is not a trusted proxy's: that is the client. What stands left of it anybody may write.
class TrustedProxies {
 public:
  TrustedProxies() = default;
  explicit TrustedProxies(std::vector<boost::asio::ip::address> addresses);

  [[nodiscard]] bool contains(boost::asio::ip::address const& address) const;
  // The client of a request that a trusted proxy passed on. "" when the header is malformed, empty or
  // names more than kHopsMax proxies: then the proxy itself counts as the client.
  [[nodiscard]] std::string client_of(std::string_view forwarded_for) const;
  static constexpr int kHopsMax = 16;

 private:
  std::vector<boost::asio::ip::address> addresses_;
};

// Who is behind an address, for whatever is counted by caller: an IPv4 address, or the /64 of an IPv6 one, which is
// what one subscriber has.
struct Subscriber {
  bool v6 = false;
  std::uint64_t network = 0;
  friend auto operator<=>(Subscriber const&, Subscriber const&) = default;
};
[[nodiscard]] Subscriber subscriber_of(boost::asio::ip::address const& address);

// The address, an IPv4 one that is written as IPv6 as what it is.
[[nodiscard]] boost::asio::ip::address plain_address(boost::asio::ip::address const& address);

}  // namespace florin::api
