#include <gtest/gtest.h>

#include "api/http/asio.h"
#include "api/http/connection_counts.h"
#include "api/http/forwarded.h"

namespace florin::api {
namespace {

asio::ip::address address(char const* text) { return asio::ip::make_address(text); }

TrustedProxies const kProxies({address("10.0.0.1"), address("10.0.0.2"), address("fd00::1")});

TEST(TrustedProxies, TheRightMostAddressThatIsNoProxysIsTheClient) {
  EXPECT_EQ(kProxies.client_of("203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(kProxies.client_of("203.0.113.7, 10.0.0.2"), "203.0.113.7");
  EXPECT_EQ(kProxies.client_of("198.51.100.1,203.0.113.7 ,\t10.0.0.2 , fd00::1"), "203.0.113.7");
  EXPECT_EQ(kProxies.client_of("10.0.0.2, 203.0.113.7"), "203.0.113.7") << "whoever writes on the left";
  EXPECT_EQ(kProxies.client_of("10.0.0.1, 10.0.0.2"), "10.0.0.1") << "a proxy that asks for itself";
  EXPECT_EQ(kProxies.client_of("2001:db8::7"), "2001:db8::7");
  EXPECT_EQ(kProxies.client_of("::ffff:203.0.113.7"), "203.0.113.7");
}

TEST(TrustedProxies, AMalformedHeaderNamesNobody) {
  for (auto const* text : {"", " ", ",", "unknown", "203.0.113.7,", "203.0.113.7:4711", "[2001:db8::7]", "for=1.2.3.4",
                           "999.1.1.1", "203.0.113.7, , 10.0.0.2"}) {
    EXPECT_EQ(kProxies.client_of(text), "") << text;
  }
  std::string hops = "203.0.113.7";
  for (int i = 0; i < TrustedProxies::kHopsMax; ++i) hops += ",10.0.0.1";
  EXPECT_EQ(kProxies.client_of(hops), "");
  EXPECT_EQ(kProxies.client_of(std::string(10'000, '1')), "");
}

TEST(TrustedProxies, AreTheNamedOnesHoweverWritten) {
  EXPECT_TRUE(kProxies.contains(address("10.0.0.1")));
  EXPECT_TRUE(kProxies.contains(address("::ffff:10.0.0.1")));
  EXPECT_FALSE(kProxies.contains(address("10.0.0.3")));
  EXPECT_FALSE(TrustedProxies().contains(address("10.0.0.1")));
}

TEST(Subscriber, IsAnAddressOrTheNetworkOfOne) {
  auto const of = [](char const* text) { return subscriber_of(asio::ip::make_address(text)); };
  EXPECT_EQ(of("192.0.2.1"), of("192.0.2.1"));
  EXPECT_NE(of("192.0.2.1"), of("192.0.2.2"));
  EXPECT_EQ(of("192.0.2.1"), of("::ffff:192.0.2.1"));
  EXPECT_EQ(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
  EXPECT_NE(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
  EXPECT_NE(of("::192.0.2.1"), of("192.0.2.1"));
}

TEST(ConnectionCounts, GiveBackWhatEnds) {
  ConnectionCounts counts(2);
  auto const here = subscriber_of(asio::ip::make_address("192.0.2.1"));
  auto const there = subscriber_of(asio::ip::make_address("192.0.2.2"));
  auto first = counts.take(here);
  EXPECT_TRUE(first);
  {
    auto const second = counts.take(here);
    EXPECT_TRUE(second);
    EXPECT_FALSE(counts.take(here));
    EXPECT_TRUE(counts.take(there)) << "each has its own share";
  }
  auto moved = std::move(first);
  EXPECT_TRUE(counts.take(here));
  auto const again = counts.take(here);
  EXPECT_TRUE(again);
  EXPECT_FALSE(counts.take(here)) << "a ticket that was moved counts once";
}

}  // namespace
}  // namespace florin::api
