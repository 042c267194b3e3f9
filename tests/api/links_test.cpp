#include "api/web/links.h"

#include <string>

#include <gtest/gtest.h>

namespace florin::api {
namespace {

TEST(Links, TakeTlsToAnyHostAndPlainHttpToThisMachine) {
  for (char const* url :
       {"https://shop.example", "https://shop.example/", "https://shop.example/a?b=1&c=%20#done",
        "HTTPS://Shop.Example/A", "https://shop.example:8443/x", "https://shop.example?x", "https://10.0.0.1/x",
        "https://[2001:db8::1]:8443/x", "https://xn--bcher-kva.example/", "http://localhost",
        "http://localhost:3000/ok", "http://127.0.0.1:3000/ok", "http://[::1]:3000/ok", "HTTP://LOCALHOST/ok"}) {
    EXPECT_TRUE(link_allowed(url)) << url;
  }
}

TEST(Links, RefuseEverythingElse) {
  for (char const* url : {"",
                          "/",
                          "x",
                          "//shop.example/",
                          "https:",
                          "https:/shop.example",
                          "https://",
                          "https:///x",
                          "https://?x",
                          "javascript:alert(1)",
                          "javascript://shop.example/%0aalert(1)",
                          "data:text/html,x",
                          "data://shop.example/",
                          "vbscript:x",
                          "file:///etc/passwd",
                          "ftp://shop.example/",
                          "myapp://done",
                          "http://shop.example/",
                          "http://localhost.evil.com/",
                          "http://localhost@evil.com/",
                          "http://evil.com/localhost",
                          "http://127.0.0.1.evil.com",
                          "http://127.0.0.2/",
                          "http://0.0.0.0/",
                          "http://localhost./",
                          "http://[::2]/",
                          "http://127.1/"}) {
    EXPECT_FALSE(link_allowed(url)) << url;
    EXPECT_EQ(origin_of(url), "") << url;
  }
}

TEST(Links, RefuseAUserBeforeTheHost) {
  for (char const* url : {"https://user@shop.example/", "https://shop.example:x@evil.com/", "https://@shop.example/",
                          "https://shop.example%40evil.com/", "https://shop.example\\@evil.com/"}) {
    EXPECT_FALSE(link_allowed(url)) << url;
  }
}

TEST(Links, RefuseWhatTwoReadersReadDifferently) {
  for (char const* url : {"https:\\\\shop.example",
                          "https://shop.example\\x",
                          "https://shop.example/a b",
                          " https://shop.example/",
                          "https://shop.example/\t",
                          "https://shop.example/\r\nSet-Cookie: a=b",
                          "https://shop.example/\"",
                          "https://shop.example/<",
                          "https://shop.example/`",
                          "https://shop.example/{x}",
                          "https://shop.example/a|b",
                          "https://shop.example/[x]",
                          "https://shop.example/%",
                          "https://shop.example/%2",
                          "https://shop.example/%zz",
                          "https://shop.example/#a#b",
                          "https://b\xC3\xBC"
                          "cher.example/",
                          "https://shop.example/\xC3\xBC",
                          "https://shop..example/",
                          "https://.example/",
                          "https://shop.example./",
                          "https://-shop.example/",
                          "https://shop-.example/",
                          "https://shop_.example/",
                          "https://2130706433/",
                          "https://0x7f000001/",
                          "https://127.0.0.01/",
                          "https://1.2.3/",
                          "https://a.0x/",
                          "https://*.example/",
                          "https://shop.example;x/",
                          "https://shop.example,evil.com/"}) {
    EXPECT_FALSE(link_allowed(url)) << url;
  }
  EXPECT_FALSE(link_allowed(std::string_view("https://shop.example/\0x", 23)));
}

TEST(Links, RefusePortsThatAreNone) {
  for (char const* url :
       {"https://shop.example:/", "https://shop.example:0/", "https://shop.example:65536/",
        "https://shop.example:99999999999/", "https://shop.example:8a/", "https://shop.example:80:90/",
        "https://[::1]8443/", "https://[::1", "https://[::1]]/", "https://[]/", "https://[::1%25eth0]/",
        "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[:::]/", "https://::1/"}) {
    EXPECT_FALSE(link_allowed(url)) << url;
  }
}

TEST(Links, AreBounded) {
  std::string const base = "https://shop.example/";
  EXPECT_TRUE(link_allowed(base + std::string(kLinkMax - base.size(), 'a')));
  EXPECT_FALSE(link_allowed(base + std::string(kLinkMax - base.size() + 1, 'a')));
  EXPECT_TRUE(link_allowed("https://" + std::string(63, 'a') + ".example/"));
  EXPECT_FALSE(link_allowed("https://" + std::string(64, 'a') + ".example/"));
}

TEST(Links, OriginIsAsABrowserWritesIt) {
  EXPECT_EQ(origin_of("https://shop.example:8443/a?b#c"), "https://shop.example:8443");
  EXPECT_EQ(origin_of("HTTPS://Shop.Example:443/A"), "https://shop.example");
  EXPECT_EQ(origin_of("https://shop.example:00443"), "https://shop.example");
  EXPECT_EQ(origin_of("https://shop.example:80"), "https://shop.example:80");
  EXPECT_EQ(origin_of("http://localhost:80/"), "http://localhost");
  EXPECT_EQ(origin_of("http://localhost:3000?x"), "http://localhost:3000");
  EXPECT_EQ(origin_of("https://[2001:DB8:0:0:0:0:0:1]:8443/"), "https://[2001:db8::1]:8443");
}

TEST(Links, OwnPathsAndProcessorsMayBePlain) {
  for (char const* url : {"/checkout?session=a.b-c_d", "/", "http://payments.lan:8080/challenge?payment=pi_1&secret=x",
                          "https://hooks.processor.example/3ds?x=1"}) {
    EXPECT_TRUE(onward_allowed(url)) << url;
  }
  for (char const* url : {"", "checkout", "//evil.com/", "/\\evil.com/", "/a\r\nX: y", "/a b", "/\"",
                          "javascript:alert(1)", "ftp://payments.lan/", "/a%", "http://u@payments.lan/"}) {
    EXPECT_FALSE(onward_allowed(url)) << url;
  }
  EXPECT_FALSE(onward_allowed("/" + std::string(kLinkMax, 'a')));
}

}  // namespace
}  // namespace florin::api
