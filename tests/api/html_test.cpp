#include "api/web/html.h"

#include <string>

#include <gtest/gtest.h>

namespace florin::api {
namespace {

TEST(HtmlText, EscapesEverythingThatEndsATextOrAValue) {
  EXPECT_EQ(html_text("</title><script>alert('1')</script> & \"x\""),
            "&lt;/title&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;x&quot;");
  EXPECT_EQ(html_text("&amp;"), "&amp;amp;");
  EXPECT_EQ(html_text(""), "");
}

TEST(HtmlText, LeavesOutControlCharacters) {
  EXPECT_EQ(html_text(std::string_view("a\0b\tc\nd\re\x1B[31mf\x7Fg", 17)), "abcde[31mfg");
  EXPECT_EQ(html_text("a\xC2\x85z\xC2\x9Fz"), "azz");
  EXPECT_EQ(html_text("a\xE2\x80\xA8z\xE2\x80\xA9z\xEF\xBB\xBFz"), "azzz");
}

TEST(HtmlText, LeavesOutWhatTurnsTheDirectionAndKeepsWhatIsWrittenInIt) {
  for (char const* mark :
       {"\xD8\x9C", "\xE2\x80\x8E", "\xE2\x80\x8F", "\xE2\x80\xAA", "\xE2\x80\xAB", "\xE2\x80\xAC", "\xE2\x80\xAD",
        "\xE2\x80\xAE", "\xE2\x81\xA6", "\xE2\x81\xA7", "\xE2\x81\xA8", "\xE2\x81\xA9", "\xE2\x81\xAA"}) {
    EXPECT_EQ(html_text(std::string("10 ") + mark + "01"), "10 01");
  }
  EXPECT_EQ(html_text("\xD7\x96\xD7\x94\xD7\x91"), "\xD7\x96\xD7\x94\xD7\x91");
}

TEST(HtmlText, KeepsEmojiWithTheirJoiners) {
  std::string const astronaut = "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x9A\x80";
  EXPECT_EQ(html_text(astronaut), astronaut);
}

TEST(HtmlText, ReplacesWhatIsNotUtf8) {
  std::string const sign = "\xEF\xBF\xBD";
  EXPECT_EQ(html_text("a\xFFz"), "a" + sign + "z");
  EXPECT_EQ(html_text("\xC0\xBCscript"), sign + sign + "script");       // an over-long "<"
  EXPECT_EQ(html_text("\xE0\x80\xBC"), sign + sign + sign);             // the same in three bytes
  EXPECT_EQ(html_text("\xED\xA0\x80"), sign + sign + sign);             // a surrogate
  EXPECT_EQ(html_text("\xF4\x90\x80\x80"), sign + sign + sign + sign);  // past the last character
  EXPECT_EQ(html_text("\xE2\x80<"), sign + sign + "&lt;");              // cut short: what follows is still escaped
  EXPECT_EQ(html_text("\xF0\x9F\xAA"), sign + sign + sign);             // cut short at the end
}

TEST(HtmlInitial, IsTheFirstCharacterThatIsSeen) {
  EXPECT_EQ(html_initial("dragon"), "D");
  EXPECT_EQ(html_initial("  \xE2\x80\xAE"
                         "2048"),
            "2");
  EXPECT_EQ(html_initial("<b>"), "&lt;");
  EXPECT_EQ(html_initial("\xC3\xA9lan"), "\xC3\xA9");
  EXPECT_EQ(html_initial("\xF0\x9F\x90\x89 Harbour"), "\xF0\x9F\x90\x89");
  EXPECT_EQ(html_initial(""), "\xE2\x80\xA2");
  EXPECT_EQ(html_initial("\xFF \xE2\x80\x8F"), "\xE2\x80\xA2");
}

}  // namespace
}  // namespace florin::api
