#include "sagas/gateways/ach_text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace florin::sagas {
namespace {

TEST(AchText, IsUpperCaseAsciiOfEveryScript) {
  struct Case {
    std::string_view in;
    std::string_view out;
  };
  for (auto const& [in, out] : {
           Case{"Aurora Games, Inc.", "AURORA GAMES, INC."},
           Case{"  two  blanks ", "TWO  BLANKS"},
           Case{"ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏ", "AAAAAAAECEEEEIIII"},
           Case{"Łódź Größe Œuvre", "LODZ GROSSE OEUVRE"},
           Case{"e\xcc\x81te\xcc\x81", "ETE"},  // accents as characters of their own
           Case{"O’Brien “x” a–b\u00a0c\td", "O'BRIEN \"X\" A-B C D"},
           Case{"株式会社 A", "ZHU SHI HUI SHE A"},
           Case{"Иванов и сыновья", "IVANOV I SYNOV'A"},
           Case{"Παπαδόπουλος", "PAPADOPOULOS"},
           Case{"ＡＢＣ１２", "ABC12"},
           Case{"Studio 👾", "STUDIO"},
           Case{"a\nb\x7f"
                "c",
                "A BC"},
           Case{"\xff\xc3 x", "X"},
       }) {
    EXPECT_EQ(ach_text(in, 30), out) << in;
  }
}

// Nothing of them is left: they are refused where they are read.
TEST(AchText, IsEmptyWithoutALetterOrADigit) {
  for (std::string_view const name :
       {"", "   ", "\u00a0", "\u0301", "\u200b", "👾", "...", "???", "-", "\u3000\u3000", "\xff", "\xe2\x82"}) {
    EXPECT_EQ(ach_text(name, 22), "") << name;
  }
  EXPECT_EQ(ach_text("... 1", 4), "") << "cut before the digit";
}

// As the files of days before: their bytes do not change.
TEST(AchText, InPlainLetteringIsWhatItEverWas) {
  struct Case {
    std::string_view in;
    std::string_view out;
  };
  for (auto const& [in, out] : {
           Case{"Aurora Games, Inc.", "AURORA GAMES, INC."},
           Case{"  two  blanks ", "TWO  BLANKS"},
           Case{"ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏ", "AAAAAAAECEEEEIIII"},
           Case{"ÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß", "DNOOOOOXOUUUUYTHSS"},
           Case{"àáâãäåæçèéêëìíîï", "AAAAAAAECEEEEIIII"},
           Case{"ðñòóôõö÷øùúûüýþÿ", "DNOOOOO/OUUUUYTHY"},
           Case{"ĄćČďĐęĚğĢħİıĲĶĸ", "ACCDDEEGGHIIIJKK"},
           Case{"ĽĿŁłŃŉŊŋŌŐŒœŔřŚšȘ", "LLLLNNNNOOOEOERRSS?"},
           Case{"ŢŦŨųŴŶŸŹžſ", "TTUUWYYZZS"},
           Case{"e\xcc\x81te\xcc\x81", "ETE"},  // accents as characters of their own
           Case{"O’Brien “x” a–b\u00a0c\td", "O'BRIEN \"X\" A-B C D"},
           Case{"株式会社 A", "???? A"},
           Case{"👾", "?"},
           Case{"a\nb\x7f"
                "c",
                "A?B?C"},
           Case{"\xff\xc3", "??"},
           Case{"\xe2\x82", "??"},
           Case{"\xc0\x80", "??"},
           Case{"", ""},
           Case{"   ", ""},
       }) {
    EXPECT_EQ(ach_letters(in, 30, AchLettering::plain), out);
  }
}

TEST(AchText, IsCut) {
  EXPECT_EQ(ach_text("Société Générale de Jeux", 22), "SOCIETE GENERALE DE JE");
  EXPECT_EQ(ach_text("  AB CD", 3), "AB");
  EXPECT_EQ(ach_text("aß", 2), "AS");
  EXPECT_EQ(ach_text("abc", 0), "");
}

RC_GTEST_PROP(AchTextProperty, IsStableAndPrintable, (std::string const& any)) {
  for (std::size_t const width : {1U, 10U, 22U, 100U}) {
    std::string const text = ach_text(any, width);
    RC_ASSERT(text.size() <= width);
    RC_ASSERT(ach_text(text, width) == text);
    for (char const c : text) RC_ASSERT(c >= ' ' && c <= '~');
  }
}

}  // namespace
}  // namespace florin::sagas
