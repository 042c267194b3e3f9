#include "api/web/card_form.h"

#include <string>

#include <gtest/gtest.h>

#include "sagas/gateways/form.h"

namespace florin::api {
namespace {

domain::Timestamp at(std::string_view iso) { return domain::parse_iso8601(iso).value(); }
domain::Timestamp const kNow = at("2026-11-20T12:00:00Z");

std::string body(std::string_view number, std::string_view exp, std::string_view cvc) {
  return sagas::encode_form(
      {{"card_number", std::string(number)}, {"exp", std::string(exp)}, {"cvc", std::string(cvc)}});
}
std::string number_body(std::string_view number) { return body(number, "12/30", "123"); }
std::string exp_body(std::string_view exp) { return body("4242424242424242", exp, "123"); }
std::string cvc_body(std::string_view cvc) { return body("4242424242424242", "12/30", cvc); }

// The fields at fault, "card_number exp"; "" when the card was read.
std::string wrong(std::string_view form, domain::Timestamp now = kNow) {
  auto const card = parse_card(form, now);
  if (card) return "";
  std::string fields;
  for (auto const& fault : card.error()) {
    EXPECT_FALSE(fault.advice.empty());
    if (!fields.empty()) fields += ' ';
    fields += fault.field;
  }
  return fields;
}

std::string expiry(std::string_view exp, domain::Timestamp now = kNow) {
  auto const card = parse_card(exp_body(exp), now);
  return card ? card.value().month + " " + card.value().year : "fault";
}

TEST(CardForm, ReadsACardAsItIsTyped) {
  auto const card = parse_card("card_number=4242+4242-4242+4242&exp=03+%2F+31&cvc=+012+&pay=&x=1", kNow);
  ASSERT_TRUE(card);
  EXPECT_EQ(card.value().number, "4242424242424242");
  EXPECT_EQ(card.value().month, "3");
  EXPECT_EQ(card.value().year, "2031");
  EXPECT_EQ(card.value().cvc, "012");
}

TEST(CardForm, NumbersAre12To19DigitsWithACheckDigit) {
  for (char const* number : {"4242424242424242", "4000002760003184", "4000000000000259", "378282246310005",
                             "30569309025904", "6304000000000000", "676770000005", "6799990100000000019"}) {
    EXPECT_EQ(wrong(number_body(number)), "") << number;
  }
  for (char const* number :
       {"4242424242424241", "2424242424242424", "42424242424", "00000000000", "67999901000000000190",
        "00000000000000000000", "4242x24242424242", "+4242424242424242", "4242.4242.4242.4242", "4242\t424242424242",
        "\xD9\xA4\xD9\xA2\xD9\xA4\xD9\xA2\xD9\xA4\xD9\xA2\xD9\xA4\xD9\xA2", "-", " "}) {
    EXPECT_EQ(wrong(number_body(number)), "card_number") << number;
  }
}

TEST(CardForm, EverySingleWrongDigitIsNoticed) {
  std::string const good = "4000002760003184";
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (char digit = '0'; digit <= '9'; ++digit) {
      std::string number = good;
      number[i] = digit;
      EXPECT_EQ(wrong(number_body(number)), number == good ? "" : "card_number") << number;
    }
  }
}

TEST(CardForm, MonthAndYearInEveryUsualForm) {
  for (char const* exp :
       {"03/31", "3/31", "03 / 31", "03/2031", "03 / 2031", "03-31", "03 31", "03.2031", "0331", "032031", " 03/31 "}) {
    EXPECT_EQ(expiry(exp), "3 2031") << exp;
  }
  for (char const* exp : {"",
                          "/",
                          "03",
                          "331",
                          "03/",
                          "/31",
                          "03/3",
                          "03/031",
                          "003/31",
                          "13/31",
                          "00/31",
                          "0/31",
                          "2031/03",
                          "31/03",
                          "03/31/01",
                          "ab/cd",
                          "03/-1",
                          "03//x",
                          "03311",
                          "0",
                          "03\xE2\x81\x84"
                          "31",
                          "03/31x"}) {
    EXPECT_EQ(expiry(exp), "fault") << exp;
  }
}

TEST(CardForm, GoodUntilTheLastMomentOfItsMonth) {
  EXPECT_EQ(expiry("11/26", at("2026-11-30T23:59:59Z")), "11 2026");
  EXPECT_EQ(expiry("11/26", at("2026-12-01T00:00:00Z")), "fault");
  EXPECT_EQ(expiry("12/26", at("2026-12-31T23:59:59Z")), "12 2026");
  EXPECT_EQ(expiry("12/26", at("2027-01-01T00:00:00Z")), "fault");
  EXPECT_EQ(expiry("02/28", at("2028-02-29T23:59:59Z")), "2 2028");
  EXPECT_EQ(expiry("10/2026"), "fault");
  EXPECT_EQ(expiry("12/1931"), "fault");
}

TEST(CardForm, AtMostFiftyYearsAhead) {
  EXPECT_EQ(expiry("11/76"), "11 2076");
  EXPECT_EQ(expiry("12/76"), "fault");
  EXPECT_EQ(expiry("11/2077"), "fault");
  EXPECT_EQ(expiry("01/9999"), "fault");
}

TEST(CardForm, CodesAreThreeOrFourDigits) {
  EXPECT_EQ(wrong(cvc_body("000")), "");
  EXPECT_EQ(wrong(cvc_body("1234")), "");
  for (char const* cvc : {"", "12", "12345", "12a", "1 23", "-12", "12.", "\xD9\xA1\xD9\xA2\xD9\xA3"}) {
    EXPECT_EQ(wrong(cvc_body(cvc)), "cvc") << cvc;
  }
}

TEST(CardForm, TellsAllFaultsAtOnceInTheirOrder) {
  EXPECT_EQ(wrong("cvc=1&exp=13/31&card_number=1"), "card_number exp cvc");
  EXPECT_EQ(wrong("card_number=&exp=&cvc="), "card_number exp cvc");
  EXPECT_EQ(wrong("x=1"), "card_number exp cvc");
  EXPECT_EQ(wrong("card_number=4242424242424242&exp=13%2F31&cvc=12"), "exp cvc");
}

TEST(CardForm, ARepeatedFieldIsAFaultAndOtherNamesAreNot) {
  EXPECT_EQ(wrong(number_body("4242424242424242") + "&card_number=4242424242424242"), "card_number");
  EXPECT_EQ(wrong(number_body("4242424242424242") + "&exp=12%2F30&cvc=123"), "exp cvc");
  EXPECT_EQ(wrong(number_body("4242424242424242") + "&x=1&x=2&CVC=9"), "");
}

TEST(CardForm, ABodyThatIsNoFormIsWrongInEveryField) {
  std::string const all = "card_number exp cvc";
  EXPECT_EQ(wrong(""), all);
  EXPECT_EQ(wrong("{\"card_number\":\"4242424242424242\"}"), all);
  EXPECT_EQ(wrong("card_number=%zz"), all);
  EXPECT_EQ(wrong("card_number=%FF"), all);
  EXPECT_EQ(wrong(number_body("4242424242424242") + "&x=" + std::string(sagas::kFormBytesMax, 'a')), all);
  std::string many = number_body("4242424242424242");
  for (std::size_t i = 0; i < sagas::kFormFieldsMax; ++i) many += "&x=1";
  EXPECT_EQ(wrong(many), all);
}

TEST(CardForm, NoAdviceRepeatsWhatWasTyped) {
  for (auto const& form : {body("4242424242424241", "07/19", "98765"), body("9x87654321", "98/76", "9x8"),
                           body("98765", "9/8/7", "98"), body("9876543210987654321098", "09/98", "")}) {
    auto const card = parse_card(form, kNow);
    ASSERT_FALSE(card);
    for (auto const& fault : card.error()) {
      for (char const* typed : {"4242", "98", "76", "19", "9x"}) {
        // "between 01 and 12" and the like are all the digits that an advice has.
        EXPECT_EQ(fault.advice.find(typed), std::string_view::npos) << fault.advice;
      }
    }
  }
}

TEST(CardForm, IsAFormInWhateverWayTheBrowserWritesIt) {
  for (char const* type :
       {"application/x-www-form-urlencoded", "Application/X-WWW-Form-URLEncoded",
        "application/x-www-form-urlencoded; charset=UTF-8", "application/x-www-form-urlencoded ;charset=utf-8"}) {
    EXPECT_TRUE(is_form(type)) << type;
  }
  for (char const* type : {"", "text/plain", "multipart/form-data", "application/x-www-form-urlencodedx",
                           "application/x-www-form-urlencode", "application/json"}) {
    EXPECT_FALSE(is_form(type)) << type;
  }
}

TEST(CardForm, LeavesNothingOfACardBehind) {
  auto text = number_body("4242424242424242");
  {
    WipedAtEnd const typed(text);
    EXPECT_NE(text.find("4242"), std::string::npos);
  }
  EXPECT_EQ(text, std::string(text.size(), '\0'));
  WipedAtEnd const nothing({});

  sagas::Card card{"4242424242424242", "12", "2031", "123"};
  auto const* const number = card.number.data();
  auto const* const cvc = card.cvc.data();
  auto moved = std::move(card);
  wipe(card);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(std::string(cvc, 3), std::string(3, '\0')) << "a short text is left where it was moved from";
  EXPECT_EQ(moved.number, "4242424242424242");
  ASSERT_EQ(moved.number.data(), number);
  wipe(moved);
  EXPECT_TRUE(moved.number.empty());
  EXPECT_EQ(std::string(number, 16), std::string(16, '\0'));
}

}  // namespace
}  // namespace florin::api
