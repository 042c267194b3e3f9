#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "api/http/json.h"

namespace florin::api {
namespace {

Request with_body(std::string_view body, std::string_view content_type = "application/json") {
  Request request;
  request.body = body;
  request.content_type = content_type;
  return request;
}

// The first error's "code field: message", or "" when there is none.
std::string error_of(JsonBody const& body) {
  BodyError const* const error = body.error();
  if (error == nullptr) return "";
  return std::to_string(error->status) + " " + std::string(error->code) + " " + error->field;
}

std::string parse_error(std::string_view text) { return error_of(JsonBody::parse(with_body(text))); }

TEST(JsonWriter, WritesNestedObjectsAndArrays) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.string("a", "x");
  json.integer("b", -5);
  json.integer("big", std::uint64_t{18446744073709551615u});
  json.boolean("c", true);
  json.null("d");
  json.amount("e", domain::Money::from_minor(10050));
  json.time("t", domain::Timestamp::from_seconds(0));
  json.begin_array("list");
  json.string("1");
  json.begin_object();
  json.end_object();
  json.integer(3);
  json.begin_array();
  json.end_array();
  json.end_array();
  json.string_or_null("n", std::nullopt);
  json.raw("r", "[1,2]");
  json.end_object();
  EXPECT_EQ(out,
            R"({"a":"x","b":-5,"big":18446744073709551615,"c":true,"d":null,"e":"100.50","t":"1970-01-01T00:00:00Z",)"
            R"("list":["1",{},3,[]],"n":null,"r":[1,2]})");
}

TEST(JsonWriter, EscapesQuotesBackslashesAndControlCharacters) {
  std::string out;
  JsonWriter json(out);
  json.string(std::string_view("\"\\\n\r\t\b\x01\x1f\0é€", 14));
  EXPECT_EQ(out, "\"\\\"\\\\\\n\\r\\t\\u0008\\u0001\\u001f\\u0000é€\"");
}

TEST(JsonWriter, WhatItWritesTheReaderReadsBack) {
  std::string text;
  for (int letter = 1; letter < 128; ++letter) text.push_back(static_cast<char>(letter));
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.string("text", text);
  json.end_object();
  auto body = JsonBody::parse(with_body(out));
  EXPECT_EQ(body.required_string("text", 200), text);
  EXPECT_EQ(error_of(body), "");
}

TEST(JsonBody, ReadsEveryKindOfField) {
  auto body = JsonBody::parse(with_body(R"({
    "email": "a@b.example", "quantity": 3, "flag": false, "amount": "100.50", "percent": "3.5", "whole": 7,
    "game": "123456789012", "other_game": 210987654321, "games": ["123456789012", 210987654321],
    "emails": ["x", "y"], "unknown": {"deep": [1.5e300]}, "nothing": null,
    "bank": {"last4": "1234"}, "currencies": [{"name": "Gold"}, {"name": "Gems"}]})"));
  EXPECT_EQ(body.required_string("email", 254), "a@b.example");
  EXPECT_EQ(body.required_integer("quantity", 1, 1000), 3);
  EXPECT_FALSE(body.required_bool("flag"));
  EXPECT_EQ(body.required_amount("amount").minor(), 10050);
  EXPECT_EQ(body.optional_percentage("percent"), domain::BasisPoints(350));
  EXPECT_EQ(body.optional_percentage("whole"), domain::BasisPoints(700));
  EXPECT_EQ(body.required_game_id("game").value(), 123456789012u);
  EXPECT_EQ(body.required_game_id("other_game").value(), 210987654321u);
  auto const games = body.optional_game_ids("games", 2);
  ASSERT_TRUE(games);
  EXPECT_EQ(games->at(1).value(), 210987654321u);
  EXPECT_EQ(body.required_strings("emails", 2, 254), (std::vector<std::string_view>{"x", "y"}));
  EXPECT_FALSE(body.optional_string("nothing", 5));
  EXPECT_FALSE(body.has("nothing"));
  EXPECT_FALSE(body.optional_integer("missing", 0, 1));
  auto bank = body.optional_object("bank");
  ASSERT_TRUE(bank);
  EXPECT_EQ(bank->required_string("last4", 4), "1234");
  auto currencies = body.required_objects("currencies", 1, 8);
  ASSERT_EQ(currencies.size(), 2u);
  EXPECT_EQ(currencies[1].required_string("name", 64), "Gems");
  EXPECT_EQ(error_of(body), "");
}

TEST(JsonBody, RefusesWhatIsNotAJsonObject) {
  EXPECT_EQ(parse_error(""), "400 INVALID_REQUEST ");
  EXPECT_EQ(parse_error("[]"), "400 INVALID_REQUEST ");
  EXPECT_EQ(parse_error("\"text\""), "400 INVALID_REQUEST ");
  EXPECT_EQ(parse_error("{\"a\":1"), "400 INVALID_REQUEST ");
  EXPECT_EQ(parse_error("{\"a\":1}{}"), "400 INVALID_REQUEST ");
  EXPECT_EQ(parse_error("{'a':1}"), "400 INVALID_REQUEST ");
  EXPECT_EQ(parse_error("{\"a\":01}"), "400 INVALID_REQUEST ");
  EXPECT_EQ(parse_error("{\"a\":NaN}"), "400 INVALID_REQUEST ");
  EXPECT_EQ(parse_error("{\"a\":\"\xff\"}"), "400 INVALID_REQUEST ");
  EXPECT_EQ(parse_error("{\"a\":\"\n\"}"), "400 INVALID_REQUEST ");
  EXPECT_EQ(parse_error("{}"), "");
}

TEST(JsonBody, RefusesDuplicateKeysAtAnyDepth) {
  EXPECT_EQ(parse_error(R"({"amount":"1","amount":"2"})"), "400 INVALID_REQUEST ");
  EXPECT_EQ(parse_error(R"({"amount":"1","\u0061mount":"2"})"), "400 INVALID_REQUEST ") << "escaped spelling";
  EXPECT_EQ(parse_error(R"({"x":[{"y":{"a":1,"b":2,"a":3}}]})"), "400 INVALID_REQUEST ");
  EXPECT_EQ(parse_error(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]})"), "") << "the same key in different objects";
  std::string many = "{";
  for (int i = 0; i < 1000; ++i) many += "\"k" + std::to_string(i) + "\":1,";
  EXPECT_EQ(parse_error(many + "\"k1000\":1}"), "");
  EXPECT_EQ(parse_error(many + "\"k17\":1}"), "400 INVALID_REQUEST ");
}

TEST(JsonBody, KeysAreBounded) {
  auto const body_of = [](std::size_t keys) {
    std::string text = "{\"nested\":{";
    for (std::size_t i = 1; i < keys; ++i) text += (i == 1 ? "\"k" : ",\"k") + std::to_string(i) + "\":1";
    return text + "}}";
  };
  EXPECT_EQ(parse_error(body_of(kMaxJsonKeys)), "");
  auto const larger = body_of(kMaxJsonKeys + 1);
  auto const refused = JsonBody::parse(with_body(larger));
  EXPECT_EQ(error_of(refused), "400 INVALID_REQUEST ");
  EXPECT_NE(refused.error()->message.find("keys"), std::string::npos) << refused.error()->message;
}

TEST(JsonBody, NestingIsBounded) {
  auto const nested = [](int arrays) {
    return "{\"a\":" + std::string(static_cast<std::size_t>(arrays), '[') +
           std::string(static_cast<std::size_t>(arrays), ']') + "}";
  };
  EXPECT_EQ(parse_error(nested(14)), "");
  EXPECT_EQ(parse_error(nested(17)), "400 INVALID_REQUEST ");
  EXPECT_EQ(parse_error(nested(100'000)), "400 INVALID_REQUEST ") << "also after the parser has grown";
}

TEST(JsonBody, AReusedParserKeepsItsDepthLimit) {
  JsonParsers parsers;
  for (std::size_t const padding : {std::size_t{10}, std::size_t{30'000}, std::size_t{200'000}}) {
    std::string const text =
        "{\"p\":\"" + std::string(padding, 'x') + "\",\"a\":" + std::string(20, '[') + std::string(20, ']') + "}";
    Request request = with_body(text);
    request.parsers = &parsers;
    EXPECT_EQ(error_of(JsonBody::parse(request)), "400 INVALID_REQUEST ") << padding;
  }
}

TEST(JsonBody, WantsTheJsonContentType) {
  EXPECT_EQ(error_of(JsonBody::parse(with_body("{}", "text/plain"))), "415 UNSUPPORTED_MEDIA_TYPE ");
  EXPECT_EQ(error_of(JsonBody::parse(with_body("{}", "application/jsonx"))), "415 UNSUPPORTED_MEDIA_TYPE ");
  EXPECT_EQ(error_of(JsonBody::parse(with_body("{}", "application/x-www-form-urlencoded"))),
            "415 UNSUPPORTED_MEDIA_TYPE ");
  EXPECT_EQ(error_of(JsonBody::parse(with_body("{}", "Application/JSON ; charset=utf-8"))), "");
  EXPECT_EQ(error_of(JsonBody::parse(with_body("{}", "application/problem+json"))), "");
  EXPECT_EQ(error_of(JsonBody::parse(with_body("{}", ""))), "415 UNSUPPORTED_MEDIA_TYPE ") << "it must be said";
}

TEST(JsonBody, TheFirstErrorWinsAndNamesItsField) {
  auto body = JsonBody::parse(with_body(R"({"name":5,"amount":"x"})"));
  EXPECT_EQ(body.required_string("name", 10), "");
  EXPECT_EQ(body.required_amount("amount").minor(), 0);
  EXPECT_EQ(error_of(body), "400 INVALID_REQUEST name");
  EXPECT_EQ(body.error()->message, "name must be a string.");
}

TEST(JsonBody, NestedFieldsAreNamedByTheirPath) {
  auto body = JsonBody::parse(with_body(R"({"currencies":[{"name":"a"},{}]})"));
  for (auto& currency : body.required_objects("currencies", 1, 8)) currency.required_string("name", 10);
  EXPECT_EQ(error_of(body), "400 INVALID_REQUEST currencies[1].name");
}

TEST(JsonBody, StringsHaveLimitsInCharacters) {
  auto const error = [](std::string_view text, std::size_t max) {
    auto body = JsonBody::parse(with_body(text));
    body.required_string("s", max);
    return error_of(body);
  };
  EXPECT_EQ(error(R"({"s":"ééé"})", 3), "");
  EXPECT_EQ(error(R"({"s":"éééé"})", 3), "400 INVALID_REQUEST s");
  EXPECT_EQ(error(R"({"s":""})", 3), "400 INVALID_REQUEST s");
  EXPECT_EQ(error(R"({"s":null})", 3), "400 INVALID_REQUEST s");
  EXPECT_EQ(error(R"({})", 3), "400 INVALID_REQUEST s");
  EXPECT_EQ(error(R"({"s":"a\u0000b"})", 9), "400 INVALID_REQUEST s") << "NUL";
  EXPECT_NE(error(R"({"s":"\ud800"})", 9), "") << "a lone high surrogate";
  EXPECT_NE(error(R"({"s":"\udc00"})", 9), "") << "a lone low surrogate";
  EXPECT_EQ(error(R"({"s":"\ud83d\ude00"})", 1), "") << "a pair is one character";
}

TEST(JsonBody, IntegersAreIntegersInRange) {
  auto const error = [](std::string_view value) {
    std::string const text = "{\"n\":" + std::string(value) + "}";
    auto body = JsonBody::parse(with_body(text));
    body.required_integer("n", 1, 1000);
    return error_of(body);
  };
  EXPECT_EQ(error("1"), "");
  EXPECT_EQ(error("1000"), "");
  for (auto const* wrong : {"0", "1001", "-1", "1.0", "1e2", "\"5\"", "true", "null", "9223372036854775808",
                            "99999999999999999999999", "[1]", "{}"}) {
    EXPECT_NE(error(wrong), "") << wrong;
  }
}

TEST(JsonBody, AnAmountOutOfRangeNamesItsOwnRange) {
  auto const least = domain::Money::from_minor(1);
  auto const most = domain::Money::from_minor(99'999);
  auto fits = JsonBody::parse(with_body(R"({"usd":"999.99","part":"0.01"})"));
  EXPECT_EQ(fits.required_amount("usd", least, most), most);
  EXPECT_EQ(fits.optional_amount("part", least, most), least);
  EXPECT_EQ(fits.optional_amount("absent", least, most), std::nullopt);
  EXPECT_EQ(error_of(fits), "");
  auto body = JsonBody::parse(with_body(R"({"usd":"1000.00"})"));
  EXPECT_EQ(body.optional_amount("usd", least, most), std::nullopt);
  EXPECT_EQ(error_of(body), "400 INVALID_AMOUNT usd");
  EXPECT_EQ(body.error()->message, "usd must be from 0.01 to 999.99.");
}

TEST(JsonBody, AmountsAreDecimalStringsOnly) {
  auto const error = [](std::string_view value) {
    std::string const text = "{\"amount\":" + std::string(value) + "}";
    auto body = JsonBody::parse(with_body(text));
    body.required_amount("amount");
    return error_of(body);
  };
  EXPECT_EQ(error("\"0.01\""), "");
  EXPECT_EQ(error("\"999999999.99\""), "");
  for (auto const* wrong : {"100.5", "100", "\"\"", "\"0\"", "\"0.00\"", "\"-1\"", "\"+1\"", "\"1e2\"", "\"1,000\"",
                            "\" 1\"", "\"1.234\"", "\"1000000000\"", "true", "[]", "\"\xd9\xa1\""}) {
    EXPECT_EQ(error(wrong), "400 INVALID_AMOUNT amount") << wrong;
  }
  EXPECT_EQ(error("null"), "400 INVALID_REQUEST amount") << "absent";
  auto body = JsonBody::parse(with_body(R"({"amount":"0"})"));
  EXPECT_EQ(body.optional_amount("amount", domain::Money{}), domain::Money{});
  EXPECT_EQ(error_of(body), "");
}

TEST(JsonBody, EveryTextOfAnObjectIsSeen) {
  auto const body = JsonBody::parse(with_body(
      R"({"m":{"key":"v\u0034","list":[1,[-2,{"deep":18446744073709551615}]],"x":4.25e3,"y":1.5,"t":true,"n":null}})"));
  std::vector<std::string> seen;
  EXPECT_FALSE(body.any_text("m", [&](std::string_view text) {
    seen.emplace_back(text);
    return false;
  }));
  for (auto const* text : {"key", "v4", "list", "1", "-2", "deep", "18446744073709551615", "x", "4250", "y"}) {
    EXPECT_NE(std::find(seen.begin(), seen.end(), text), seen.end()) << text;
  }
  EXPECT_EQ(std::find(seen.begin(), seen.end(), "1.5"), seen.end()) << "a fraction is no text";
  EXPECT_TRUE(body.any_text("m", [](std::string_view text) { return text == "v4"; }));
  EXPECT_FALSE(body.any_text("absent", [](std::string_view) { return true; }));
}

TEST(JsonBody, ListsAreBoundedWithTheirOwnCode) {
  auto body = JsonBody::parse(with_body(R"({"e":["a","b","c"]})"));
  EXPECT_TRUE(body.required_strings("e", 2, 10, "BATCH_TOO_LARGE").empty());
  EXPECT_EQ(error_of(body), "400 BATCH_TOO_LARGE e");
  auto empty_element = JsonBody::parse(with_body(R"({"e":["a",""]})"));
  empty_element.required_strings("e", 2, 10);
  EXPECT_EQ(error_of(empty_element), "400 INVALID_REQUEST e");
}

TEST(JsonBody, ViewsHoldWhileAnotherBodyIsParsed) {
  JsonParsers parsers;
  Request first = with_body(R"({"s":"first"})");
  Request second = with_body(R"({"s":"other"})");
  first.parsers = second.parsers = &parsers;
  auto one = JsonBody::parse(first);
  auto const text = one.required_string("s", 10);
  auto two = JsonBody::parse(second);
  EXPECT_EQ(two.required_string("s", 10), "other");
  EXPECT_EQ(text, "first");
}

TEST(JsonBody, ReadsAHundredThousandEmails) {
  std::string text = "{\"player_emails\":[";
  for (int i = 0; i < 100'000; ++i) {
    if (i != 0) text += ',';
    text += "\"player" + std::to_string(i) + "@example.com\"";
  }
  text += "]}";
  auto body = JsonBody::parse(with_body(text));
  auto const emails = body.required_strings("player_emails", 100'000, 254, "BATCH_TOO_LARGE");
  EXPECT_EQ(error_of(body), "");
  ASSERT_EQ(emails.size(), 100'000u);
  EXPECT_EQ(emails.back(), "player99999@example.com");
}

}  // namespace
}  // namespace florin::api
