#include "api/http/forwarded.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "api/http/asio.h"
#include "api/http/field_value.h"

namespace florin::api {
namespace {

constexpr std::size_t kAddressMax = 45;  // the longest IPv6 address in letters

}  // namespace

asio::ip::address plain_address(asio::ip::address const& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

Subscriber subscriber_of(asio::ip::address const& address) {
  auto const plain = plain_address(address);
  if (plain.is_v4()) return {false, plain.to_v4().to_uint()};
  auto const bytes = plain.to_v6().to_bytes();
  Subscriber subscriber{true, 0};
  std::memcpy(&subscriber.network, bytes.data(), sizeof subscriber.network);
  return subscriber;
}

TrustedProxies::TrustedProxies(std::vector<asio::ip::address> addresses) : addresses_(std::move(addresses)) {
  for (auto& address : addresses_) address = plain_address(address);
}

bool TrustedProxies::contains(asio::ip::address const& address) const {
  return std::find(addresses_.begin(), addresses_.end(), plain_address(address)) != addresses_.end();
}

std::string TrustedProxies::client_of(std::string_view forwarded_for) const {
  for (int hop = 0; hop < kHopsMax; ++hop) {
    auto const comma = forwarded_for.rfind(',');
    auto const last = trimmed(comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1));
    boost::system::error_code error;
    if (last.empty() || last.size() > kAddressMax) return {};
    auto const address = asio::ip::make_address(last, error);
    if (error) return {};
    if (comma == std::string_view::npos || !contains(address)) return plain_address(address).to_string();
    forwarded_for = forwarded_for.substr(0, comma);
  }
  return {};
}

}  // namespace florin::api
