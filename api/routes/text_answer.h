// What a person means who answers a text: YES or NO, a code, or both, however their phone writes it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "domain/commands.h"

namespace florin::api {

struct TextAnswer {
  enum class Kind : std::uint8_t {
    understood,
    unclear,  // whoever sent it is told what to answer
    command,  // STOP, HELP and their like are the provider's own: nobody is texted back
  };
  Kind kind = Kind::unclear;
  domain::ReplyWord word = domain::ReplyWord::none;
  std::string code;  // six digits; empty: none
};

// `YES`, `Y`, `NO`, `N` and six digits, in any order and case, each at most one thing: "Yes 👍", "“Yes”", "Y",
// "Yes: 123456", "123 456", "no thanks". Pictures, quotes and punctuation say nothing; a question mark, a picture that
// says no, or any other word make it unclear, because a yes moves money.
[[nodiscard]] TextAnswer read_text_answer(std::string_view text);

}  // namespace florin::api
