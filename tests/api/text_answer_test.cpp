#include "api/routes/text_answer.h"

#include <string>

#include <gtest/gtest.h>

namespace florin::api {
namespace {

// "YES 123456", "NO", "123456", "unclear" or "command".
std::string meaning(std::string_view text) {
  auto const answer = read_text_answer(text);
  if (answer.kind == TextAnswer::Kind::command) return "command";
  if (answer.kind == TextAnswer::Kind::unclear) {
    EXPECT_TRUE(answer.code.empty() && answer.word == domain::ReplyWord::none) << text;
    return "unclear";
  }
  std::string out = answer.word == domain::ReplyWord::yes ? "YES" : answer.word == domain::ReplyWord::no ? "NO" : "";
  if (!answer.code.empty()) out += (out.empty() ? "" : " ") + answer.code;
  return out;
}

TEST(TextAnswer, YesAndNoHoweverAPhoneWritesThem) {
  for (auto const* text : {"YES",         "yes",
                           " Yes ",       "Yes.",
                           "yes!",        "Y",
                           "y",           "Yes 👍",
                           "👍 yes",      "“Yes”",
                           "„Yes“",       "«yes»",
                           "'Yes'",       "(yes)",
                           "*YES*",       "Yes…",
                           "YES\n",       "\u200eYes\u200f",
                           "ＹＥＳ",      "yes ✅",
                           "yes, please", "Yes thank you",
                           "YES YES",     "yes 👍🏽",
                           "Yes ❤️",       "yes 👩‍👧",
                           "\ufeffyes",   "yes 🙏🇩🇪",
                           "–Yes–",       "Yes :)"}) {
    EXPECT_EQ(meaning(text), "YES") << text;
  }
  for (auto const* text :
       {"NO", "no", "N", "n.", "No 👍", "“No”", "no thanks", "No, thank you!", "NO!!!", "ＮＯ", "no 🙂"}) {
    EXPECT_EQ(meaning(text), "NO") << text;
  }
}

TEST(TextAnswer, CodesHoweverAPhoneWritesThem) {
  for (auto const* text : {"123456", "123 456", "123-456", "12 34 56", "123.456", "１２３４５６", "١٢٣٤٥٦", "“123456”",
                           "code 123456", "Code: 123 456", "1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣", "123\u00a0456", "#123456"}) {
    EXPECT_EQ(meaning(text), "123456") << text;
  }
  for (auto const* text : {"Yes: 123456", "YES 123456", "yes,123456", "Y 123 456", "123456 yes", "YES123456",
                           "Yes – 123456 👍", "yes\n123456"}) {
    EXPECT_EQ(meaning(text), "YES 123456") << text;
  }
  for (auto const* text : {"No: 123456", "N 123 456", "123456 NO", "no thanks 123456"}) {
    EXPECT_EQ(meaning(text), "NO 123456") << text;
  }
}

// A yes moves money: what could mean something else is asked again.
TEST(TextAnswer, WhatCouldMeanSomethingElseIsUnclear) {
  for (auto const* text : {"",
                           " ",
                           "👍",
                           "👎",
                           "hello",
                           "yes or no",
                           "yes no",
                           "Y N",
                           "Yes?",
                           "yes ？",
                           "¿yes",
                           "yes 👎",
                           "yes ❌",
                           "no ❓",
                           "not yes",
                           "yes but only 5",
                           "never say yes",
                           "yesterday",
                           "nope",
                           "yeah",
                           "ja",
                           "sí",
                           "yesé",
                           "да",
                           "はい",
                           "Yes 12345",
                           "1234567",
                           "YES 123456 7",
                           "123456 123456",
                           "5",
                           "yes 2",
                           "A123456",
                           "yes x123456",
                           "please",
                           "thanks",
                           "code",
                           "stop yes",
                           "🤔 yes",
                           "YE S",
                           "n o",
                           "\xff\xfe",
                           "yes\xff"}) {
    EXPECT_EQ(meaning(text), "unclear") << text;
  }
}

TEST(TextAnswer, TheProvidersKeyWordsAreItsOwn) {
  for (auto const* text :
       {"STOP", "stop", "Stop.", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "HELP", "info", "START", "“stop”"}) {
    EXPECT_EQ(meaning(text), "command") << text;
  }
}

}  // namespace
}  // namespace florin::api
