// The scanner says where a text stops being JSON. It must agree with the parser about which texts are JSON at all.
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "api/http/json.h"
#include "api/http/json_scan.h"

namespace florin::api {
namespace {

struct Broken {
  char const* text;
  std::size_t at;
};

TEST(JsonScan, NamesTheFirstByteThatCannotGoOn) {
  std::vector<Broken> const cases{{"", 0},
                                  {"  ", 2},
                                  {"{", 1},
                                  {"[1,]", 3},
                                  {"[1 2]", 3},
                                  {"{\"a\":1,}", 7},
                                  {"{\"a\" 1}", 5},
                                  {"{a:1}", 1},
                                  {"{\"a\":01}", 6},
                                  {"[-]", 2},
                                  {"[1.]", 3},
                                  {"[.5]", 1},
                                  {"[1e]", 3},
                                  {"[1e+]", 4},
                                  {"[+1]", 1},
                                  {"[nul]", 4},
                                  {"[True]", 1},
                                  {"[NaN]", 1},
                                  {"[\"\t\"]", 2},
                                  {"[\"\\x\"]", 3},
                                  {"[\"\\u12g4\"]", 4},
                                  {"[\"\\ud800\"]", 2},
                                  {"[\"\\ud800\\u0041\"]", 2},
                                  {"[\"\\ude80\"]", 2},
                                  {"[\"\xc3(\"]", 2},
                                  {"[\"\xed\xa0\x80\"]", 2},
                                  {"[\"open", 6},
                                  {"{}{}", 2},
                                  {"[1]]", 3},
                                  {"[}", 1},
                                  {"{]", 1},
                                  {"\xef\xbb\xbf{}", 0}};
  for (auto const& [text, at] : cases) {
    auto const scan = scan_json(text);
    ASSERT_TRUE(scan.broken_at) << text;
    EXPECT_EQ(*scan.broken_at, at) << text;
  }
  for (auto const* text :
       {"{}", " [ ] ", "0", "-0", "\"\"", "true", "[1.5e+7,-0.0,1E-400]", R"({"a":{"b":[{},[],null]}})",
        "\"\\ud83d\\ude00\\u0000\xef\xbf\xbd\"", "\r\n\t{\"\":\"\\/\"}"}) {
    EXPECT_FALSE(scan_json(text).broken_at) << text;
    EXPECT_TRUE(scan_json(text).large_numbers.empty()) << text;
  }
}

TEST(JsonScan, FindsTheNumbersThatNo64BitsHold) {
  std::string const text =
      "[18446744073709551615,18446744073709551616,-9223372036854775808,-9223372036854775809,1e308,1e307,"
      "0.0001e400,0e999,0.0e999,1e-999]";
  std::vector<std::string> found;
  for (auto const& span : scan_json(text).large_numbers)
    found.push_back(text.substr(span.begin, span.end - span.begin));
  EXPECT_EQ(found, (std::vector<std::string>{"18446744073709551616", "-9223372036854775809", "1e308", "0.0001e400"}));
}

TEST(JsonScan, LinesAndColumnsCountFromOneInCharacters) {
  EXPECT_EQ(line_and_column("", 0), "line 1, column 1");
  EXPECT_EQ(line_and_column("ab\ncd", 2), "line 1, column 3");
  EXPECT_EQ(line_and_column("ab\ncd", 3), "line 2, column 1");
  EXPECT_EQ(line_and_column("ab\nédü!", 8), "line 2, column 4");
}

// A body is refused as "not JSON" exactly when the scanner finds where: of 200,000 texts, each made of a sound one by a
// few random edits.
TEST(JsonScan, AgreesWithTheParser) {
  std::vector<std::string> const sound{
      R"({"a":[1,-2.5e3,0,true,false,null],"b":{"c":"x\u00e9\ud83d\ude00\\\"/"},"":[]})",
      R"({"n":18446744073709551616,"m":[1e999,-9223372036854775809],"s":"é😀"})",
      "{\n\t\"k\" : [ { } , [ ] , \"\" ] ,\r\n \"z\":-0.0e-0 }"};
  std::string const spice = "{}[]:,\"\\ueE+-.0129tfnrx \n\t\x01\x7f\xc3\xa9\xf0\x9f";
  std::mt19937 random(20'261'130);
  auto const below = [&](std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random); };
  JsonParsers parsers;
  std::size_t accepted = 0;
  std::size_t refused = 0;
  for (int round = 0; round < 200'000; ++round) {
    auto text = sound[below(sound.size())];
    for (auto edits = below(4); edits > 0 && !text.empty(); --edits) {
      auto const at = below(text.size());
      switch (below(4)) {
        case 0: text.erase(at, 1 + below(3)); break;
        case 1: text.insert(at, 1, spice[below(spice.size())]); break;
        case 2: text[at] = spice[below(spice.size())]; break;
        default: std::swap(text[at], text[below(text.size())]);
      }
    }
    Request request;
    request.body = text;
    request.content_type = "application/json";
    request.parsers = &parsers;
    auto const body = JsonBody::parse(request);
    auto const* error = body.error();
    bool const not_json = error != nullptr && error->message.find("not valid") != std::string::npos;
    bool const is_blank = text.find_first_not_of(" \t\r\n") == std::string::npos;
    if (is_blank) continue;  // "The body is empty."
    ASSERT_EQ(not_json, scan_json(text).broken_at.has_value()) << text << "\n" << (error ? error->message : "");
    ++(not_json ? refused : accepted);
    if (not_json) {
      ASSERT_NE(error->message.find(" at line "), std::string::npos) << text;
    }
  }
  EXPECT_GT(accepted, 20'000u);
  EXPECT_GT(refused, 20'000u);
}

}  // namespace
}  // namespace florin::api
