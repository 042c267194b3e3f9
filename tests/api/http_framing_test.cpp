// Where requests end: whatever bytes come, RequestReader reads no request that another reader would not find at the
// very same place. The other readers are http_splitter.h's: one by the letter, and a careless one as a proxy could be.
//
// A failing case prints its seed: FLORIN_FRAMING_SEED=… with --gtest_filter=Framing.* runs it alone.
#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "api/http/request_reader.h"
#include "tests/api/http_splitter.h"

namespace florin::api {
namespace {

using testing::Reading;
using testing::split_requests;
using testing::SplitRequest;

struct Seen {
  std::vector<SplitRequest> requests;
  bool refused = false;
};

// What our reader makes of the bytes when they come in pieces of this size.
Seen read_all(std::string_view bytes, std::size_t piece) {
  Seen seen;
  RequestReader reader(100'000);
  for (;;) {
    switch (reader.advance()) {
      case RequestReader::State::complete: {
        auto const request = reader.request();
        seen.requests.push_back({std::string(request.is_head ? "HEAD" : method_name(request.method)),
                                 std::string(request.path), std::string(request.body)});
        reader.next();
        continue;
      }
      case RequestReader::State::refused: seen.refused = true; return seen;
      case RequestReader::State::need_more: break;
    }
    if (bytes.empty()) return seen;
    auto const space = reader.prepare();
    auto const count = std::min({piece, space.size(), bytes.size()});
    std::copy_n(bytes.begin(), count, space.begin());
    reader.commit(count);
    bytes.remove_prefix(count);
  }
}

void expect_prefix(std::vector<SplitRequest> const& ours, std::vector<SplitRequest> const& theirs, char const* whose) {
  ASSERT_LE(ours.size(), theirs.size()) << "a request that the " << whose << " reader does not see";
  for (std::size_t i = 0; i < ours.size(); ++i) {
    EXPECT_EQ(ours[i].body, theirs[i].body) << whose << ", request " << i;
    if (ours[i].target != "*") {  // "OPTIONS http://x" is about the whole server
      EXPECT_NE(theirs[i].target.find(ours[i].target), std::string::npos) << whose << ", request " << i;
    }
    if (ours[i].method != "OTHER") {
      EXPECT_EQ(ours[i].method, theirs[i].method) << whose << ", request " << i;
    }
  }
}

std::string pick(std::mt19937_64& random, std::vector<std::string> const& from) { return from[random() % from.size()]; }

std::string chunked_body(std::mt19937_64& random) {
  std::vector<std::string> const extensions = {
      "",  "",  "",       ";a",    ";a=b",        ";a=\"b\"", "; a = \"q\\\"q\"", ";a=\"\n\"", ";a=\"\r\n\"",
      " ", ";", ";a=\"x", ";\x01", ";a=\"\x7f\"", ";a\n"};
  std::string out;
  for (auto count = random() % 4; count != 0; --count) {
    std::string const data =
        pick(random, {"x", "abc", "GET /b HTTP/1.1\r\nHost: x\r\n\r\n", "0\r\n\r\n", std::string(40, 'y')});
    char size[32];
    std::snprintf(size, sizeof size, "%zx", data.size());
    out += size + pick(random, extensions) + "\r\n" + data + "\r\n";
  }
  return out + "0" + pick(random, extensions) + "\r\n" +
         pick(random, {"", "", "T: 1\r\n", "T : 1\r\n", "T: 1\n", " f\r\n"}) + "\r\n";
}

std::string some_request(std::mt19937_64& random) {
  std::string out = pick(random, {"", "", "", "\r\n", "\n"});
  out += pick(random, {"GET", "POST", "POST", "HEAD", "PUT", "OPTIONS", "BREW"}) + " ";
  out += pick(random, {"/a", "/a?b=c", "http://x/a", "http://x", "*", "foo?u=://x/y", "/"}) + " ";
  out += pick(random, {"HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "HTTP/1.1 "}) + "\r\n";
  out += pick(random, {"Host: x\r\n", "Host: x\r\n", "Host: [::1]:80\r\n", "Host: [::1\r\n", "Host:\r\n folded\r\n"});
  std::string const body = pick(random, {"", "abc", "GET /c HTTP/1.1\r\nHost: x\r\n\r\n"});
  switch (random() % 6) {
    case 0: return out + "\r\n";
    case 1:
    case 2: return out + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    case 3: {
      out += pick(random, {"Content-Length: 3\r\n", "Content-Length : 3\r\n", "Content-Length:\r\n 3\r\n",
                           "X: \nContent-Length: 3\r\n", "content-length: 03\r\n"});
      out += pick(random, {"Transfer-Encoding: chunked\r\n",
                           "Transfer-Encoding:\x0b"
                           "chunked\r\n",
                           "X: y\r\n", "Transfer-Encoding: identity\r\n"});
      return out + "\r\n" + chunked_body(random);
    }
    default: return out + "Transfer-Encoding: chunked\r\n\r\n" + chunked_body(random);
  }
}

std::string mutated(std::string bytes, std::mt19937_64& random) {
  for (auto changes = random() % 4; changes != 0 && !bytes.empty(); --changes) {
    auto const at = random() % bytes.size();
    switch (random() % 4) {
      case 0: bytes.erase(at, 1); break;
      case 1:
        bytes.insert(
            at, pick(random, {"\r", "\n", "\r\n", std::string(1, '\0'), "\x7f", " ", "\t", "\x0b", ":", ";", "\""}));
        break;
      case 2: bytes[at] = static_cast<char>(random() % 256); break;
      default: bytes.insert(at, bytes.substr(at, 1 + random() % 12)); break;
    }
  }
  return bytes;
}

void check_case(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string bytes;
  for (auto count = 1 + random() % 3; count != 0; --count) bytes += some_request(random);
  bytes = mutated(std::move(bytes), random);
  SCOPED_TRACE("FLORIN_FRAMING_SEED=" + std::to_string(seed) + "\n" + ::testing::PrintToString(bytes));
  auto const whole = read_all(bytes, bytes.size() + 1);
  expect_prefix(whole.requests, split_requests(bytes, Reading::strict), "strict");
  expect_prefix(whole.requests, split_requests(bytes, Reading::careless), "careless");
  auto const cut = read_all(bytes, 1 + random() % 5);
  EXPECT_EQ(cut.requests.size(), whole.requests.size()) << "how the bytes were cut changed what they mean";
  EXPECT_EQ(cut.refused, whole.refused);
}

TEST(Framing, NoRequestIsReadThatAnotherReaderWouldNotFindAtTheSamePlace) {
  if (char const* const seed = std::getenv("FLORIN_FRAMING_SEED")) return check_case(std::strtoull(seed, nullptr, 10));
  for (std::uint64_t seed = 0; seed < 60'000 && !HasFailure(); ++seed) check_case(seed);
}

// The property above holds for a reader that refuses everything, too.
TEST(Framing, WellFormedRequestsAreAllRead) {
  std::size_t read = 0;
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    std::mt19937_64 random(seed);
    auto const bytes = some_request(random);
    auto const ours = read_all(bytes, bytes.size() + 1);
    read += ours.requests.size();
  }
  EXPECT_GT(read, 200u);
  std::string const chunks =
      "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;a=\"q\\\"\t;\";b = c ;d\r\nabc\r\n00;z\r\nT: "
      "1\r\n\r\n";
  auto const ours = read_all(chunks + chunks, 1);
  EXPECT_FALSE(ours.refused);
  ASSERT_EQ(ours.requests.size(), 2u);
  EXPECT_EQ(ours.requests[1].body, "abc");
}

}  // namespace
}  // namespace florin::api
