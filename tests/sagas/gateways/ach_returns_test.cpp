// What the bank sends back, read: an independent library's file, and what may be wrong with such files.
#include "sagas/gateways/ach_returns.h"

#include <algorithm>
#include <fstream>
#include <random>
#include <sstream>

#include <gtest/gtest.h>

namespace florin::sagas {
namespace {

using domain::Usd;

constexpr std::size_t kLine = 95;

std::string golden() {
  std::ifstream in(FLORIN_SOURCE_DIR "/tests/golden/ach/returns.ach", std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}
std::string replaced(std::string text, std::size_t line, std::size_t column, std::string_view by) {
  return text.replace((line - 1) * kLine + column - 1, by.size(), by);
}
std::string without_line(std::string text, std::size_t line) { return text.erase((line - 1) * kLine, kLine); }

std::vector<AchReturn> read(std::string_view text) {
  auto entries = read_returns(text);
  EXPECT_TRUE(entries.ok()) << entries.error();
  return entries.ok() ? std::move(entries).value() : std::vector<AchReturn>();
}
std::vector<std::string> faults(std::string_view text) {
  std::vector<std::string> all;
  for (auto const& entry : read(text)) all.push_back(entry.fault);
  return all;
}
using Faults = std::vector<std::string>;

TEST(AchReturns, ReadsReturnsAndNotificationsOfChange) {
  EXPECT_EQ(read(golden()), (std::vector<AchReturn>{
                                {3, false, "R01", "091000010000001", "1234567890", "98286949934934063", "000000000022E",
                                 "80935181", "", Usd::from_minor(9'999'999'999), ""},
                                {5, false, "R03", "091000010000003", "1234567890", "000000009411", "000000000022J",
                                 "29749118", "", Usd::from_minor(2), ""},
                                {7, false, "R02", "091000010000005", "1234567890", "000000001533", "000000000022P",
                                 "04049746", "", Usd::from_minor(99), ""},
                                {11, true, "C01", "091000010000004", "1234567890", "461661581186", "000000000022M",
                                 "71955597", "000999888777", Usd{}, ""},
                            }));
}

TEST(AchReturns, TakesEveryWayInWhichLinesAreEnded) {
  auto const text = golden();
  auto const expected = read(text);
  std::string windows;
  std::string bare;
  std::string short_lines;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    windows += line + "\r\n";
    bare += line;
    while (line.ends_with(' ')) line.pop_back();
    short_lines += line + "\n\n";
  }
  EXPECT_EQ(read(windows), expected);
  EXPECT_EQ(read(bare).size(), expected.size());
  EXPECT_EQ(faults(bare), Faults(4));
  EXPECT_EQ(faults(short_lines), Faults(4));
  EXPECT_EQ(faults(text.substr(0, text.size() - 1)), Faults(4)) << "without the last end";
  EXPECT_EQ(faults(text + text), Faults(8)) << "several files follow each other";
  auto const unfilled = text.substr(0, 14 * kLine);
  EXPECT_EQ(faults(unfilled), Faults(4)) << "without lines of nines";
}

TEST(AchReturns, WhatIsNoSuchFileIsRefusedWhole) {
  for (std::string const text : {"", "\n", "hello", "{\"a\":1}", "5200", "99"}) {
    auto const entries = read_returns(text);
    EXPECT_FALSE(entries.ok()) << text;
  }
}

// A fault is of an entry or of a batch: the others are taken.
TEST(AchReturns, AFaultSpoilsNoMoreThanItIsAbout) {
  auto const text = golden();
  std::string const sum = "The batch's control record is not the sum of its entries.";
  EXPECT_EQ(faults(replaced(text, 5, 39, "1")), (Faults{sum, sum, sum, ""})) << "an amount";
  EXPECT_EQ(faults(replaced(text, 9, 44, "2")), (Faults{sum, sum, sum, ""})) << "a total";
  EXPECT_EQ(faults(replaced(text, 13, 9, "3")), (Faults{"", "", "", sum})) << "a count";
  EXPECT_EQ(faults(replaced(text, 13, 20, "1")), (Faults{"", "", "", sum})) << "a hash";
  EXPECT_EQ(faults(replaced(text, 13, 54, "1")),
            (Faults{"", "", "", "The batch's control record is another company's."}));
  std::string const code = "The code is none: R and two digits for a return, C and two digits for a change.";
  EXPECT_EQ(faults(replaced(text, 4, 4, "X01")), (Faults{code, "", "", ""}));
  EXPECT_EQ(faults(replaced(text, 4, 4, "C01")), (Faults{code, "", "", ""}));
  EXPECT_EQ(faults(replaced(text, 12, 4, "R01")), (Faults{"", "", "", code}));
  EXPECT_EQ(faults(replaced(text, 6, 7, "09100001000000x")),
            (Faults{"", "The original trace number is none.", "", ""}));
  EXPECT_EQ(faults(replaced(text, 4, 2, "05")), (Faults{"The entry announces no return and no change.", "", "", ""}));
  EXPECT_EQ(faults(replaced(text, 12, 36, std::string(29, ' '))), (Faults{"", "", "", "The change says nothing."}));
  EXPECT_EQ(faults(replaced(text, 12, 36, "\xff")), (Faults{"", "", "", "The change is not printable ASCII."}));
  EXPECT_EQ(faults(replaced(text, 10, 51, "IAT")), (Faults{"", "", "", "International entries are not ours."}));
  EXPECT_EQ(faults(replaced(text, 8, 1, "4")),
            (Faults{"Line 8 is of no known kind.", "Line 8 is of no known kind.", "Line 8 is of no known kind.", ""}));
}

TEST(AchReturns, WhatTheBanksSettleAmongThemselvesIsNotBooked) {
  for (std::string const code : {"R61", "R67", "R70", "R71", "R77"}) {
    EXPECT_EQ(faults(replaced(golden(), 4, 4, code)),
              (Faults{code + " is about an earlier return or change, which the banks settle: nothing is booked.", "",
                      "", ""}));
  }
  EXPECT_EQ(faults(replaced(golden(), 12, 4, "C61")).back(),
            "C61 is about an earlier return or change, which the banks settle: nothing is booked.");
}

TEST(AchReturns, WhatIsNotWholeIsNotTaken) {
  auto const text = golden();
  std::string const cut = "The file ends before its control record: it is not whole. Import all of it.";
  std::string const wrong = "The file's control record is not the sum of its batches: something is missing or altered.";
  EXPECT_EQ(faults(text.substr(0, 13 * kLine)), Faults(4, cut));
  EXPECT_EQ(faults(text.substr(0, 13 * kLine) + text), (Faults{cut, cut, cut, cut, "", "", "", ""}));
  EXPECT_EQ(faults(replaced(text, 14, 55, "1")), Faults(4, wrong));
  EXPECT_EQ(faults(replaced(text, 14, 7, "3")), Faults(4, wrong));
  // A whole batch less, and the control says so.
  std::string lacking = text;
  lacking.erase(9 * kLine, 4 * kLine);
  EXPECT_EQ(faults(lacking), Faults(3, wrong));
  // Behind a file's control there is another file, which must be whole as well.
  auto const batch = text.substr(9 * kLine, 2 * kLine);
  EXPECT_EQ(faults(text + batch), (Faults{"", "", "", "", "The entry announces no return and no change."}));
  EXPECT_EQ(faults(text + text.substr(9 * kLine, 4 * kLine)), (Faults{"", "", "", "", cut}));
  // A batch without its control ends with the next one.
  auto const open = faults(without_line(text, 9));
  EXPECT_EQ(open.size(), 4U);
  EXPECT_EQ(open.front(), "The batch ends before its control record.");
}

TEST(AchReturns, SayNothingPersonal) {
  auto const text = golden();
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (char const by : {'0', '9', 'X', ' ', '\n'}) {
      auto damaged = text;
      damaged[at] = by;
      auto const entries = read_returns(damaged);
      if (!entries) continue;
      for (auto const& entry : entries.value()) {
        for (std::string_view const secret : {"98286949934934063", "000999888777", "461661581186", "STUDIO", "LODZ"}) {
          EXPECT_EQ(entry.fault.find(secret), std::string::npos) << entry.fault;
        }
      }
    }
  }
}

// Whatever changes, what is still taken of the money is what the control records say.
TEST(AchReturns, NoChangedAmountIsTaken) {
  auto const text = golden();
  for (std::size_t const line : {3U, 5U, 7U}) {
    for (std::size_t column = 30; column <= 39; ++column) {
      for (char digit = '0'; digit <= '9'; ++digit) {
        if (text[(line - 1) * kLine + column - 1] == digit) continue;
        auto const entries = read(replaced(text, line, column, std::string(1, digit)));
        EXPECT_TRUE(std::ranges::none_of(entries,
                                         [](auto const& entry) { return !entry.is_correction && entry.fault.empty(); }))
            << line << ":" << column;
      }
    }
  }
}

TEST(AchReturns, AreNamedInWords) {
  EXPECT_EQ(return_note("R03"), "R03 no such account");
  EXPECT_EQ(return_note("R99"), "R99");
}

}  // namespace
}  // namespace florin::sagas
