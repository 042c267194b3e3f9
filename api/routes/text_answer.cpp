#include "api/routes/text_answer.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "api/http/pasted_text.h"
#include "api/routes/body_fields.h"

namespace florin::api {
namespace {

// Twilio's key words (Advanced Opt-Out, default words): the provider answers them itself.
constexpr std::array<std::string_view, 14> kCommands{"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END",
                                                     "QUIT", "REVOKE",  "OPTOUT",      "START",  "UNSTOP",
                                                     "HELP", "INFO",    "ARRET",       "AIDE"};
// Said beside a yes or a no, and changing nothing about it.
constexpr std::array<std::string_view, 7> kFillers{"PLEASE", "PLS", "THANK", "THANKS", "THX", "YOU", "CODE"};

// Question marks, and pictures that say no: whoever sends one beside a yes may mean the opposite.
constexpr std::array<char32_t, 22> kDoubts{U'?',    0xBF,    0x37E,   0x61F,   0x203D,  0x2047, 0x2048, 0x2049,
                                           0x26D4,  0x2716,  0x2718,  0x274C,  0x274E,  0x2753, 0x2754, 0x1F44E,
                                           0x1F645, 0x1F6AB, 0x1F6D1, 0x1F914, 0x1F937, 0x1F928};

bool is_digit(char32_t letter) { return letter >= U'0' && letter <= U'9'; }
bool is_ascii_letter(char32_t letter) {
  return (letter >= U'A' && letter <= U'Z') || (letter >= U'a' && letter <= U'z');
}

// Beyond ASCII: what is no letter of any script. Unlisted ones count as letters, so that a word that is not known is
// never taken for its known part.
bool is_sign(char32_t letter) {
  struct Range {
    char32_t first;
    char32_t last;
  };
  constexpr std::array<Range, 11> kSigns{{{0x80, 0xA9},
                                          {0xAB, 0xB4},
                                          {0xB6, 0xB9},
                                          {0xBB, 0xBF},
                                          {0xD7, 0xD7},
                                          {0x2010, 0x2BFF},  // punctuation, arrows, symbols, pictures
                                          {0x3001, 0x3004},
                                          {0x3008, 0x3020},
                                          {0xFE10, 0xFE6F},
                                          {0xFF61, 0xFF65},
                                          {0x1F000, 0x1FAFF}}};
  return is_blank(letter) || std::any_of(kSigns.begin(), kSigns.end(), [&](Range const& range) {
           return letter >= range.first && letter <= range.last;
         });
}

bool is_one_of(std::span<std::string_view const> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

TextAnswer read_text_answer(std::string_view text) {
  TextAnswer out;
  std::vector<std::string> words;
  bool in_word = false;
  bool doubtful = false;
  while (!text.empty()) {
    auto const letter = plain_form(take_code_point(text));
    doubtful = doubtful || std::find(kDoubts.begin(), kDoubts.end(), letter) != kDoubts.end();
    if (is_digit(letter)) {
      out.code.push_back(static_cast<char>(letter));
      in_word = false;
    } else if (letter < 0x80 ? !is_ascii_letter(letter) : is_sign(letter)) {
      in_word = false;
    } else {
      if (!in_word) words.emplace_back();
      in_word = true;
      bool const small = letter >= U'a' && letter <= U'z';
      words.back().push_back(letter < 0x80 ? static_cast<char>(small ? letter - U'a' + U'A' : letter) : '?');
    }
  }
  if (words.size() == 1 && out.code.empty() && is_one_of(kCommands, words.front())) {
    out.kind = TextAnswer::Kind::command;
    return out;
  }
  bool yes = false;
  bool no = false;
  for (auto const& word : words) {
    if (word == "YES" || word == "Y") {
      yes = true;
    } else if (word == "NO" || word == "N") {
      no = true;
    } else if (!is_one_of(kFillers, word)) {
      doubtful = true;
    }
  }
  bool const whole_code = has_form(out.code, CodeForm::six_digits);
  bool const says_something = yes || no || whole_code;
  if (doubtful || (yes && no) || !says_something || (!out.code.empty() && !whole_code)) return {};
  out.kind = TextAnswer::Kind::understood;
  out.word = yes ? domain::ReplyWord::yes : no ? domain::ReplyWord::no : domain::ReplyWord::none;
  return out;
}

}  // namespace florin::api
