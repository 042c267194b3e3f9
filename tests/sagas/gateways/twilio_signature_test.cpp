// The signature's own cases. tests/e2e/gateways holds it against Twilio's own package.
#include "sagas/gateways/twilio_signature.h"

#include <gtest/gtest.h>

#include "sagas/gateways/twilio_inbound.h"

namespace florin::sagas {
namespace {

constexpr char kToken[] = "12345";
constexpr char kUrl[] = "https://mycompany.com/myapp.php?foo=1&bar=2";
Form const kForm = {{"CallSid", "CA1234567890ABCDE"},
                    {"Digits", "1234"},
                    {"From", "+14158675309"},
                    {"To", "+18005551212"},
                    {"Caller", "+14158675309"}};

// The example of Twilio's documentation and libraries.
constexpr char kSignature[] = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";

TEST(TwilioSignature, IsThatOfTheDocumentation) {
  EXPECT_EQ(twilio_signature(kToken, kUrl, kForm), kSignature);
  EXPECT_TRUE(twilio_signature_valid(kToken, kUrl, kForm, kSignature));
}

TEST(TwilioSignature, AnyChangeBreaksIt) {
  EXPECT_FALSE(twilio_signature_valid("12346", kUrl, kForm, kSignature));
  EXPECT_FALSE(twilio_signature_valid("", kUrl, kForm, twilio_signature("", kUrl, kForm)));
  EXPECT_FALSE(twilio_signature_valid(kToken, "https://mycompany.com/myapp.php?foo=1&bar=3", kForm, kSignature));
  EXPECT_FALSE(twilio_signature_valid(kToken, "http://mycompany.com/myapp.php?foo=1&bar=2", kForm, kSignature));
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    Form other = kForm;
    other[i].value += "0";
    EXPECT_FALSE(twilio_signature_valid(kToken, kUrl, other, kSignature));
    other = kForm;
    other.erase(other.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(twilio_signature_valid(kToken, kUrl, other, kSignature));
  }
  std::string const good = kSignature;
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(twilio_signature_valid(kToken, kUrl, kForm, bad));
  }
  for (std::string const& bad : {std::string(), good + "=", good.substr(1), good + " "}) {
    EXPECT_FALSE(twilio_signature_valid(kToken, kUrl, kForm, bad));
  }
}

TEST(TwilioSignature, TheOrderOfTheFieldsDoesNotMatter) {
  Form const reversed(kForm.rbegin(), kForm.rend());
  EXPECT_EQ(twilio_signature(kToken, kUrl, reversed), kSignature);
}

TEST(TwilioSignature, OfARepeatedNameEachDifferentValueCountsOnceSorted) {
  Form const repeated = {{"a", "2"}, {"a", "1"}, {"a", "2"}, {"A", "3"}};
  EXPECT_EQ(twilio_signature(kToken, kUrl, repeated), twilio_signature(kToken, std::string(kUrl) + "A3a1a2", {}));
}

TEST(TwilioSignature, ThePortMayBeSignedOrNot) {
  struct Case {
    std::string configured, signed_as;
  };
  for (Case const& one : std::vector<Case>{{"https://h.example/x", "https://h.example:443/x"},
                                           {"https://h.example/x", "https://h.example/x"},
                                           {"https://h.example:8443/x", "https://h.example/x"},
                                           {"https://h.example:8443/x", "https://h.example:8443/x"},
                                           {"http://h.example/x?u=a:b", "http://h.example:80/x?u=a:b"},
                                           {"https://u:p@h.example:8443/x", "https://u:p@h.example/x"},
                                           {"https://[::1]:8443/x", "https://[::1]/x"},
                                           {"https://h.example", "https://h.example:443"}}) {
    EXPECT_TRUE(twilio_signature_valid(kToken, one.configured, kForm, twilio_signature(kToken, one.signed_as, kForm)))
        << one.configured << " " << one.signed_as;
  }
  EXPECT_FALSE(twilio_signature_valid(kToken, "https://h.example:8443/x", kForm,
                                      twilio_signature(kToken, "https://h.example:443/x", kForm)));
}

struct Inbound : testing::Test {
  Form form = {{"MessageSid", "SM0123456789abcdef0123456789abcdef"},
               {"From", "+15551230001"},
               {"To", "+15005550006"},
               {"Body", "YES"}};
  std::optional<InboundError> error() {
    auto const read = read_twilio_inbound(kToken, kUrl, encode_form(form), twilio_signature(kToken, kUrl, form));
    return read.ok() ? std::nullopt : std::optional(read.error());
  }
  std::optional<InboundError> error_with(std::string const& name, std::string const& value) {
    Form const before = form;
    for (auto& field : form) {
      if (field.name == name) field.value = value;
    }
    auto const found = error();
    form = before;
    return found;
  }
};

TEST_F(Inbound, TakesASignedText) {
  EXPECT_EQ(error(), std::nullopt);
  EXPECT_EQ(error_with("Body", ""), std::nullopt);
  EXPECT_EQ(error_with("To", "12345"), std::nullopt);
}

TEST_F(Inbound, FieldsOfAnotherFormAreNoTextEvenWhenSigned) {
  EXPECT_EQ(error_with("MessageSid", "SM0123456789abcdef0123456789abcde"), InboundError::no_text);
  EXPECT_EQ(error_with("MessageSid", "XX0123456789abcdef0123456789abcdef"), InboundError::no_text);
  EXPECT_EQ(error_with("From", "15551230001"), InboundError::no_text);
  EXPECT_EQ(error_with("From", "+1555123000a"), InboundError::no_text);
  EXPECT_EQ(error_with("From", "whatsapp:+15551230001"), InboundError::no_text);
  EXPECT_EQ(error_with("To", ""), InboundError::no_text);
  for (std::size_t i = 0; i < 4; ++i) {
    Form const whole = form;
    form.push_back(whole[i]);
    EXPECT_EQ(error(), InboundError::no_text) << "twice " << whole[i].name;
    form = whole;
    form.erase(form.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(error(), InboundError::no_text) << "without " << whole[i].name;
    form = whole;
  }
}

// The scheme signs no boundaries: a captured post cut differently still carries a good signature.
TEST_F(Inbound, ASignedPostCutDifferentlyIsNoText) {
  std::string const signature = twilio_signature(kToken, kUrl, form);
  Form const moved = {{"MessageSi", "dSM0123456789abcdef0123456789abcdef"},
                      {"From", "+15551230001"},
                      {"To", "+15005550006"},
                      {"Body", "YES"}};
  ASSERT_TRUE(twilio_signature_valid(kToken, kUrl, moved, signature));
  auto const read = read_twilio_inbound(kToken, kUrl, encode_form(moved), signature);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error(), InboundError::no_text);
}

}  // namespace
}  // namespace florin::sagas
