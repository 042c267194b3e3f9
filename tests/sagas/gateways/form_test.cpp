#include "sagas/gateways/form.h"

#include <random>

#include <gtest/gtest.h>

namespace florin::sagas {
namespace {

Form decoded(std::string_view body) {
  auto form = decode_form(body);
  EXPECT_TRUE(form.ok()) << body;
  return form.ok() ? form.value() : Form{};
}

std::optional<FormError> refused(std::string_view body) {
  auto const form = decode_form(body);
  return form.ok() ? std::nullopt : std::optional(form.error());
}

TEST(Form, DecodesNamesValuesSpacesAndEscapes) {
  EXPECT_EQ(decoded("From=%2B15551234567&Body=YES+123%21&Empty="),
            (Form{{"From", "+15551234567"}, {"Body", "YES 123!"}, {"Empty", ""}}));
  EXPECT_EQ(decoded("a=%e2%82%AC"), (Form{{"a", "€"}}));
  EXPECT_EQ(decoded("a"), (Form{{"a", ""}}));
  EXPECT_EQ(decoded(""), Form{});
  EXPECT_EQ(decoded("a=1&a=2"), (Form{{"a", "1"}, {"a", "2"}}));
  EXPECT_EQ(decoded("a=%00%26%3D"), (Form{{"a", std::string("\0&=", 3)}}));
}

TEST(Form, RefusesWhatTwoReadersCouldReadDifferently) {
  for (std::string_view const body : {"a=%", "a=%4", "a=%4g", "a=%g4", "a=b%2", "=b", "&", "a=b&", "&a=b", "a=b&&c=d",
                                      "a=b=c", "a=b c", "a=\xe2\x82\xac", "a=b\r\n", "a=\x7f", "%=b"}) {
    EXPECT_EQ(refused(body), FormError::malformed) << body;
  }
  EXPECT_EQ(refused("a=%ff"), FormError::not_utf8);
  EXPECT_EQ(refused("a=%c0%80"), FormError::not_utf8);
  EXPECT_EQ(refused("%ed%a0%80=a"), FormError::not_utf8);
}

TEST(Form, IsBounded) {
  EXPECT_EQ(decoded("a=" + std::string(kFormBytesMax - 2, 'x')).front().value.size(), kFormBytesMax - 2);
  EXPECT_EQ(refused("a=" + std::string(kFormBytesMax - 1, 'x')), FormError::too_large);
  std::string body = "a=1";
  for (std::size_t i = 1; i < kFormFieldsMax; ++i) body += "&a=1";
  EXPECT_EQ(decoded(body).size(), kFormFieldsMax);
  EXPECT_EQ(refused(body + "&a=1"), FormError::too_many_fields);
}

TEST(Form, EncodesAsBrowsersDo) {
  EXPECT_EQ(encode_form({{"To", "+1555"}, {"Body", "a b~c&d=e%f*-._é\n"}}),
            "To=%2B1555&Body=a+b%7Ec%26d%3De%25f*-._%C3%A9%0A");
  EXPECT_EQ(encode_form({}), "");
}

TEST(Form, WhatIsEncodedDecodesToTheSame) {
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    Form form;
    for (auto fields = random() % 6; fields > 0; --fields) {
      FormField field{"n", ""};
      for (auto j = random() % 20; j > 0; --j) field.name += static_cast<char>(random() % 128);
      for (auto j = random() % 20; j > 0; --j) field.value += static_cast<char>(random() % 128);
      form.push_back(std::move(field));
    }
    EXPECT_EQ(decoded(encode_form(form)), form);
  }
}

TEST(Form, AFieldThatIsThereTwiceIsNoField) {
  Form const form = {{"a", "1"}, {"b", "2"}, {"a", "1"}};
  EXPECT_EQ(only_value(form, "a"), nullptr);
  EXPECT_EQ(only_value(form, "c"), nullptr);
  ASSERT_NE(only_value(form, "b"), nullptr);
  EXPECT_EQ(*only_value(form, "b"), "2");
}

}  // namespace
}  // namespace florin::sagas
