#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "api/http/json.h"
#include "api/routes/body_fields.h"

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

TEST(JsonWriter, EscapesTheLineEndsOfUnicodeAndReplacesWhatIsNoUtf8) {
  std::string out;
  append_json_escaped(out,
                      "a\xe2\x80\xa8"
                      "b\xe2\x80\xa9"
                      "c\xff"
                      "d\xed\xa0\x80\xc3\xa9\xf0\x9f\x8e\xb2");
  EXPECT_EQ(out, "a\\u2028b\\u2029c\\ufffdd\\ufffd\\ufffd\\ufffd\xc3\xa9\xf0\x9f\x8e\xb2");
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
  EXPECT_EQ(body.optional_bool("flag"), false);
  EXPECT_EQ(required_amount(body, "amount").minor(), 10050);
  EXPECT_EQ(optional_percentage(body, "percent"), domain::BasisPoints(350));
  EXPECT_EQ(optional_percentage(body, "whole"), domain::BasisPoints(700));
  EXPECT_EQ(required_game_id(body, "game").value(), 123456789012u);
  EXPECT_EQ(required_game_id(body, "other_game").value(), 210987654321u);
  auto const games = optional_game_ids(body, "games", 2);
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
  EXPECT_EQ(parse_error(std::string_view()), "400 INVALID_REQUEST ");  // no body: a null pointer
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
  EXPECT_EQ(required_amount(body, "amount").minor(), 0);
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
  EXPECT_EQ(error(R"({"s":"\ud83d\ude00"})", 1), "") << "a pair is one character";
}

// Wherever in the body: in a field that is read, in one that is ignored, in a key, in what is kept as JSON.
TEST(JsonBody, HalfASurrogatePairIsNoCharacter) {
  for (auto const* half :
       {R"(\ud800)", R"(\udc00)", R"(\uDBFF)", R"(\udfff)", R"(\ud800\u0041)", R"(\ud800\ud800)", R"(\udc00\ud800)",
        R"(\ud800x\udc00)", R"(\ud800\n)", R"(\\\ud800)", R"(\ud83d\ude00\ude00)"}) {
    for (auto const& body :
         {"{\"s\":\"" + std::string(half) + "\"}", "{\"s\":\"a\",\"other\":[{\"x\":\"" + std::string(half) + "\"}]}",
          "{\"s\":\"a\",\"" + std::string(half) + "\":1}", "{\"m\":{\"k\":\"" + std::string(half) + "\"}}"}) {
      EXPECT_EQ(error_of(JsonBody::parse(with_body(body))), "400 INVALID_REQUEST ") << body;
    }
  }
  for (auto const* whole : {R"(\ud83d\ude00)", R"(\\ud800)", R"(\uD83D\uDE00\ud83d\ude00)", R"(\u00e9)", R"(\ufffd)"}) {
    auto const body = "{\"s\":\"" + std::string(whole) + "\"}";
    EXPECT_EQ(error_of(JsonBody::parse(with_body(body))), "") << body;
  }
}

TEST(JsonBody, BytesThatAreNotUtf8AreRefusedWhereverTheyAre) {
  for (auto const* bad : {"\xff", "\xc3", "\xed\xa0\x80", "\xc0\xaf", "\xf5\x80\x80\x80"}) {
    for (auto const& body : {"{\"s\":\"" + std::string(bad) + "\"}", "{\"" + std::string(bad) + "\":1}"}) {
      EXPECT_EQ(error_of(JsonBody::parse(with_body(body))), "400 INVALID_REQUEST ") << body;
    }
  }
}

// What an old log holds is printed as JSON whatever it is.
TEST(JsonWriter, ABadByteComesOutAsTheReplacementCharacter) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.string("email",
              "a\xff"
              "b\xc3@é.example");
  json.raw("metadata", "{\"k\":\"\xed\xb0\x80\"}");
  json.end_object();
  EXPECT_EQ(out, "{\"email\":\"a\\ufffdb\\ufffd@é.example\",\"metadata\":{\"k\":\"\uFFFD\uFFFD\uFFFD\"}}");
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
  for (auto const* whole : {"1.0", "2.000", "1e2", "1E+2", "10.0e1", "1000.0", "1000e-1"})
    EXPECT_EQ(error(whole), "") << whole;
  for (auto const* wrong : {"0", "1001", "-1", "1.5", "0.0", "-0.0", "1e4", "1e-1", "1e300", "5e-324", "-2.0", "\"5\"",
                            "true", "null", "9223372036854775808", "99999999999999999999999", "[1]", "{}"}) {
    EXPECT_NE(error(wrong), "") << wrong;
  }
}

// What engines and plugins send, and what is none.
TEST(JsonBody, IdsAreIntegersOrTheirDigits) {
  auto const id = [](std::string_view value) {
    std::string const text = "{\"id\":" + std::string(value) + "}";
    auto body = JsonBody::parse(with_body(text));
    auto const read = optional_id(body, "id");
    return read ? std::to_string(*read) : error_of(body);
  };
  for (auto const* two : {"2", "\"2\"", "2.0", "2e0", "0.2e1", "20E-1", "2.000000"}) EXPECT_EQ(id(two), "2") << two;
  EXPECT_EQ(id("4294967295"), "4294967295");
  EXPECT_EQ(id("\"4294967295\""), "4294967295");
  EXPECT_EQ(id("null"), "") << "left out";
  for (auto const* wrong :
       {"0", "-2", "2.5", "\"\"", "\"2.0\"", "\" 2\"", "\"+2\"", "\"two\"", "4294967296", "\"4294967296\"", "true",
        "[2]", "{}", "99999999999999999999999", "1e400", "9007199254740993.0"}) {
    EXPECT_EQ(id(wrong), "400 INVALID_REQUEST id") << wrong;
  }
}

TEST(JsonBody, GameIdsAreTwelveDigitsHoweverTheyAreWritten) {
  auto const id = [](std::string_view value) {
    std::string const text = "{\"id\":" + std::string(value) + ",\"ids\":[" + std::string(value) + "]}";
    auto body = JsonBody::parse(with_body(text));
    auto const one = required_game_id(body, "id");
    auto const all = optional_game_ids(body, "ids", 3);
    if (all) {
      EXPECT_EQ(all->front(), one);
    }
    return body.error() == nullptr ? one.value() : 0;
  };
  for (auto const* game :
       {"630648526453", "\"630648526453\"", "630648526453.0", "6.30648526453e11", "6306485264530e-1"}) {
    EXPECT_EQ(id(game), 630648526453u) << game;
  }
  for (auto const* wrong :
       {"63064852645", "6306485264530", "630648526453.5", "-630648526453", "\"630648526453.0\"", "null"}) {
    EXPECT_EQ(id(wrong), 0u) << wrong;
  }
}

TEST(JsonBody, AWholePercentageIsAnInteger) {
  auto body = JsonBody::parse(with_body(R"({"a":7.0,"b":1e2,"c":"3.5"})"));
  EXPECT_EQ(optional_percentage(body, "a"), domain::BasisPoints(700));
  EXPECT_EQ(optional_percentage(body, "b"), domain::BasisPoints(10'000));
  EXPECT_EQ(optional_percentage(body, "c"), domain::BasisPoints(350));
  EXPECT_EQ(error_of(body), "");
  for (auto const* wrong : {R"({"a":3.5})", R"({"a":101})", R"({"a":-1})", R"({"a":1e30})"}) {
    auto bad = JsonBody::parse(with_body(wrong));
    EXPECT_FALSE(optional_percentage(bad, "a"));
    EXPECT_EQ(error_of(bad), "400 INVALID_REQUEST a") << wrong;
  }
}

TEST(JsonBody, PastedCodesLoseTheirBlanksAndWrongFormsAreRefused) {
  auto const code = [](std::string_view value, CodeForm form) {
    std::string const text = "{\"c\":\"" + std::string(value) + "\"}";
    auto body = JsonBody::parse(with_body(text));
    auto const read = required_code(body, "c", form);
    return body.error() == nullptr ? read : error_of(body);
  };
  for (auto const* pin : {"222667", "222667 ", " 222 667", "2 2 2\\t6\\n6 7", "222 667", "　222667", "​222667﻿",
                          "‪222667‬", "２２２６６７", "222\\u00ad667", "٢٢٢٦٦٧"}) {
    EXPECT_EQ(code(pin, CodeForm::six_digits), "222667") << pin;
  }
  for (auto const* wrong :
       {"", " ", "abcdef", "22266", "2226677", "222-667", "222667.", "+22667", "0x2667", "22266é", "½22667"}) {
    EXPECT_EQ(code(wrong, CodeForm::six_digits), "400 INVALID_REQUEST c") << wrong;
  }
  for (auto const* claim : {"7K3M-Q9TB-0D4X-N8PE", "7K3MQ9TB0D4XN8PE", "7K3M Q9TB 0D4X N8PE", "7K3M–Q9TB—0D4X−N8PE "}) {
    auto letters = code(claim, CodeForm::claim_code);
    std::erase(letters, '-');
    EXPECT_EQ(letters, "7K3MQ9TB0D4XN8PE") << claim;
  }
  EXPECT_EQ(code("7k3m-q9tb-od4x-n8pe", CodeForm::claim_code), "7k3m-q9tb-od4x-n8pe");
  for (auto const* wrong :
       {"", "7K3M-Q9TB-0D4X-N8P", "7K3M-Q9TB-0D4X-N8PEE", "7K3M-Q9TB-0D4X-N8PU", "7K3M_Q9TB_0D4X_N8PE", "é"}) {
    EXPECT_EQ(code(wrong, CodeForm::claim_code), "400 INVALID_REQUEST c") << wrong;
  }
  auto number = JsonBody::parse(with_body(R"({"c":222667})"));
  EXPECT_EQ(required_code(number, "c", CodeForm::six_digits), "");
  EXPECT_EQ(number.error()->message, "c must be a string.");
}

TEST(JsonBody, WhereLeftOutMeansAllNullIsRefused) {
  auto const read = [](std::string_view text) {
    auto body = JsonBody::parse(with_body(text));
    body.refuse_null("usd_amount");
    (void)optional_amount(body, "usd_amount");
    return error_of(body);
  };
  EXPECT_EQ(read("{}"), "");
  EXPECT_EQ(read(R"({"usd_amount":"1.00"})"), "");
  EXPECT_EQ(read(R"({"usd_amount":null})"), "400 INVALID_REQUEST usd_amount");
}

TEST(JsonBody, ANumberThatNo64BitsHoldIsRefusedOnlyWhereItIsRead) {
  for (auto const* large :
       {"18446744073709551616", "-9223372036854775809", "123456789012345678901234567890", "1e400", "-1.5E999"}) {
    std::string const text =
        "{\"ignored\":" + std::string(large) + ",\"list\":[1," + large + "],\"name\":\"Ada\",\"read\":" + large + "}";
    {
      auto body = JsonBody::parse(with_body(text));
      EXPECT_EQ(body.required_string("name", 10), "Ada");
      EXPECT_EQ(error_of(body), "") << large;
    }
    auto const error = [&](auto&& get) {
      auto body = JsonBody::parse(with_body(text));
      get(body);
      return error_of(body) + ": " + (body.error() != nullptr ? body.error()->message : "");
    };
    EXPECT_EQ(error([](JsonBody& body) { body.optional_integer("read", 0, 9); }),
              "400 INVALID_REQUEST read: read must be an integer from 0 to 9.");
    EXPECT_EQ(error([](JsonBody& body) { body.optional_string("read", 9); }),
              "400 INVALID_REQUEST read: read must be a string.");
    EXPECT_TRUE(error([](JsonBody& body) { optional_amount(body, "read"); }).starts_with("400 INVALID_AMOUNT read"));
    EXPECT_TRUE(error([](JsonBody& body) { optional_id(body, "read"); }).starts_with("400 INVALID_REQUEST read"));
    EXPECT_TRUE(error([](JsonBody& body) { optional_game_id(body, "read"); }).starts_with("400 INVALID_REQUEST read"));
    EXPECT_TRUE(error([](JsonBody& body) { body.optional_bool("read"); }).starts_with("400 INVALID_REQUEST read"));
    EXPECT_TRUE(
        error([](JsonBody& body) { body.required_strings("list", 9, 9); }).starts_with("400 INVALID_REQUEST list"));
    std::string const kept = "{\"metadata\":" + text + "}";
    auto body = JsonBody::parse(with_body(kept));
    EXPECT_FALSE(body.optional_object_text("metadata", 1000)) << "what is kept is kept as it was, or not at all";
    EXPECT_EQ(error_of(body), "400 INVALID_REQUEST metadata");
  }
}

TEST(JsonBody, NoTextIsTakenForANumberThatNo64BitsHold) {
  std::string const text = R"({"large":1e400,"read":"\u0000","kept":{"a":"\u0000"}})";
  auto body = JsonBody::parse(with_body(text));
  EXPECT_EQ(body.optional_object_text("kept", 100), R"({"a":"\u0000"})");
  EXPECT_EQ(error_of(body), "");
  body.optional_string("read", 9);
  EXPECT_EQ(body.error()->message, "read holds a character that is not allowed.");
}

TEST(JsonBody, WhereItIsNotJsonItSaysWhere) {
  auto const message = [](std::string_view text) { return JsonBody::parse(with_body(text)).error()->message; };
  EXPECT_EQ(message("{\n  \"a\": 1,\n  \"é\": tru\n}"), "The body is not valid JSON at line 3, column 11.");
  EXPECT_EQ(message("{\"a\":1"), "The body is not valid JSON at line 1, column 7.");
  EXPECT_EQ(message("{'a':1}"), "The body is not valid JSON at line 1, column 2.");
  EXPECT_EQ(message("{\"a\":\"\xff\"}"), "The body is not valid UTF-8 at line 1, column 7.");
  EXPECT_EQ(message("{\"large\":18446744073709551616,}"), "The body is not valid JSON at line 1, column 31.");
}

TEST(JsonBody, AnAmountOutOfRangeNamesItsOwnRange) {
  auto const least = domain::Money::from_minor(1);
  auto const most = domain::Money::from_minor(99'999);
  auto fits = JsonBody::parse(with_body(R"({"usd":"999.99","part":"0.01"})"));
  EXPECT_EQ(required_amount(fits, "usd", least, most), most);
  EXPECT_EQ(optional_amount(fits, "part", least, most), least);
  EXPECT_EQ(optional_amount(fits, "absent", least, most), std::nullopt);
  EXPECT_EQ(error_of(fits), "");
  auto body = JsonBody::parse(with_body(R"({"usd":"1000.00"})"));
  EXPECT_EQ(optional_amount(body, "usd", least, most), std::nullopt);
  EXPECT_EQ(error_of(body), "400 INVALID_AMOUNT usd");
  EXPECT_EQ(body.error()->message, "usd must be from 0.01 to 999.99.");
}

TEST(JsonBody, DollarsHaveTheFormOfAnAmount) {
  auto const least = domain::Usd::from_minor(1);
  auto const most = domain::Usd::from_minor(99'999);
  auto fits = JsonBody::parse(with_body(R"({"usd":"999.99","part":"0.01"})"));
  EXPECT_EQ(required_amount(fits, "usd", least, most), most);
  EXPECT_EQ(optional_amount(fits, "part", least, most), least);
  EXPECT_EQ(optional_amount(fits, "absent", least, most), std::nullopt);
  EXPECT_EQ(error_of(fits), "");
  auto body = JsonBody::parse(with_body(R"({"usd":"1000.00"})"));
  EXPECT_EQ(required_amount(body, "usd", least, most), domain::Usd{});
  EXPECT_EQ(error_of(body), "400 INVALID_AMOUNT usd");
  EXPECT_EQ(body.error()->message, "usd must be from 0.01 to 999.99.");
}

TEST(JsonBody, AnAmountThatIsTooLargeIsToldTheRangeAndNotTheForm) {
  for (auto const* text : {"1000000000.00", "1000000000", "999999999999999999999999999.9"}) {
    auto body = JsonBody::parse(with_body("{\"amount\":\"" + std::string(text) + "\"}"));
    required_amount(body, "amount");
    ASSERT_EQ(error_of(body), "400 INVALID_AMOUNT amount");
    EXPECT_EQ(body.error()->message, "amount must be from 0.01 to 999999999.99.") << text;
  }
  auto body = JsonBody::parse(with_body(R"({"amount":"1000000000.001"})"));
  required_amount(body, "amount");
  ASSERT_EQ(error_of(body), "400 INVALID_AMOUNT amount");
  EXPECT_NE(body.error()->message.find("a decimal string with at most two decimals"), std::string::npos);
}

// CONTRACT, Errors: unknown fields are ignored, but refused on operators' routes.
class OperatorsBody : public testing::Test {
 protected:
  // The message, after reading what a game's change has.
  static std::string error(std::string_view text) {
    auto request = with_body(text);
    request.knows_all_fields = true;
    auto body = JsonBody::parse(request);
    (void)body.required_string("status", 16);
    if (auto limits = body.optional_object("limits")) (void)limits->optional_integer("sends_per_player_hour", 1, 9);
    if (body.has("currencies")) {
      for (auto& currency : body.required_objects("currencies", 1, 3)) {
        (void)currency.optional_string("currency_name", 9);
      }
    }
    if (auto const* wrong = body.error()) return wrong->field + ": " + wrong->message;
    return "";
  }
};

TEST_F(OperatorsBody, RefusesUnknownFieldsWithTheNearestName) {
  EXPECT_EQ(error(R"({"status":"live"})"), "");
  EXPECT_EQ(error(R"({"statuss":"live"})"), "statuss: Unknown field 'statuss': did you mean 'status'?")
      << "which says more than that status is missing";
  EXPECT_EQ(error(R"({"status":"live","limits":{"sends_per_hour":3}})"),
            "limits.sends_per_hour: Unknown field 'limits.sends_per_hour': did you mean 'sends_per_player_hour'?");
  EXPECT_EQ(error(R"({"status":"live","currencies":[{},{"name":"Gold"}]})"),
            "currencies[1].name: Unknown field 'currencies[1].name': did you mean 'currency_name'?");
  EXPECT_EQ(error(R"({"status":"live","zzz":null})"),
            "zzz: Unknown field 'zzz': known are 'currencies', 'limits' and 'status'.");
  EXPECT_EQ(error(R"({"status":7,"limits":{"sends_per_player_hour":99}})"), "status: status must be a string.")
      << "the first thing wrong, once every name is known";
  EXPECT_EQ(error(R"({"limits":{}})"), "status: status is required.");
}

TEST(JsonBody, GamesMaySendFieldsOfTomorrow) {
  auto request = with_body(R"({"tomorrow":1,"amount":"1.00"})");
  auto body = JsonBody::parse(request);
  EXPECT_EQ(required_amount(body, "amount"), domain::Money::from_minor(100));
  EXPECT_EQ(error_of(body), "");
}

TEST(JsonBody, AmountsAreDecimalStringsOnly) {
  auto const error = [](std::string_view value) {
    std::string const text = "{\"amount\":" + std::string(value) + "}";
    auto body = JsonBody::parse(with_body(text));
    required_amount(body, "amount");
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
  EXPECT_EQ(optional_amount(body, "amount", domain::Money{}), domain::Money{});
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
