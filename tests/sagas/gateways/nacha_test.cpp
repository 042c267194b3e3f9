#include "sagas/gateways/nacha.h"

#include <algorithm>
#include <functional>
#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "sagas/gateways/ach_text.h"

namespace florin::sagas {
namespace {

using domain::AccountType;
using domain::PayoutId;
using domain::Usd;
using namespace std::chrono_literals;

constexpr std::size_t kLine = 95;
constexpr std::chrono::sys_days kMonday = 2026y / std::chrono::November / 23;

AchOrigin example_origin() {
  AchOrigin origin;
  origin.destination = "091000019";
  origin.destination_name = "First Example Bank";
  origin.origin = "123456780";
  origin.origin_name = "Florin Network";
  origin.company_name = "Florin Network";
  origin.company_id = "1123456789";
  origin.odfi = "09100001";
  return origin;
}

AchFile example_file() {
  AchFile file;
  file.origin = example_origin();
  file.created = *domain::parse_iso8601("2026-11-20T16:45:59Z");
  file.effective = kMonday;
  file.entries = {
      {PayoutId(1), "Société Générale de Jeux", "021000021", "000123456789", AccountType::checking,
       Usd::from_minor(10'050)},
      {PayoutId(1'024), "Aurora Games", "122105155", "1234", AccountType::savings, domain::kMaxBankAmount},
  };
  return file;
}

// Made by hand from the record formats: 02100002 + 12210515 = 14310517, 100.50 + 99,999,999.99 = 100,000,100.49.
constexpr std::string_view kExample =
    "101 091000019 1234567802611201645A094101FIRST EXAMPLE BANK     FLORIN NETWORK                 \n"
    "5220FLORIN NETWORK                      1123456789CCDPAYOUT          261123   1091000010000001\n"
    "622021000021000123456789     00000100500000000000001  SOCIETE GENERALE DE JE  0091000010000001\n"
    "6321221051551234             99999999990000000000100  AURORA GAMES            0091000010000002\n"
    "822000000200143105170000000000000100000100491123456789                         091000010000001\n"
    "9000001000001000000020014310517000000000000010000010049                                       \n"
    "9999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999\n"
    "9999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999\n"
    "9999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999\n"
    "9999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999\n";

std::string written(AchFile const& file) {
  auto text = write_nacha(file);
  EXPECT_TRUE(text.ok()) << text.error();
  return text.ok() ? text.value() : std::string();
}

std::string refused(AchFile const& file) {
  auto const text = write_nacha(file);
  return text.ok() ? "written" : text.error();
}

std::string unread(std::string_view text) {
  auto const file = read_nacha(text);
  return file.ok() ? "read" : file.error();
}

// What comes back: names as they were written, times to the minute.
AchFile as_written(AchFile file) {
  file.origin.destination_name = ach_text(file.origin.destination_name, 23);
  file.origin.origin_name = ach_text(file.origin.origin_name, 23);
  file.origin.company_name = ach_text(file.origin.company_name, 16);
  file.origin.entry_description = ach_text(file.origin.entry_description, 10);
  auto const minute = 60 * domain::kMicrosPerSecond;
  file.created = domain::Timestamp::from_micros(file.created.micros() / minute * minute);
  for (auto& entry : file.entries) entry.holder = ach_text(entry.holder, 22);
  file.lettering = AchLettering::plain;
  return file;
}

// `count` payouts of a cent each.
AchFile many(std::size_t count) {
  AchFile file = example_file();
  AchEntry entry = file.entries.front();
  entry.usd = Usd::from_minor(1);
  file.entries.clear();
  for (std::size_t i = 1; i <= count; ++i) {
    entry.payout = PayoutId(i);
    file.entries.push_back(entry);
  }
  return file;
}

std::string_view line_of(std::string_view text, std::size_t number) {
  return text.substr((number - 1) * kLine, kLine - 1);
}

std::string replaced(std::string_view text, std::size_t line, std::size_t column, std::string_view by) {
  std::string out(text);
  return out.replace((line - 1) * kLine + column - 1, by.size(), by);
}

TEST(Nacha, WritesTheseBytes) { EXPECT_EQ(written(example_file()), kExample); }

TEST(Nacha, ReadsThemBack) {
  auto const file = read_nacha(kExample);
  ASSERT_TRUE(file.ok()) << file.error();
  EXPECT_EQ(file.value(), as_written(example_file()));
  EXPECT_EQ(domain::to_string(total_of(file.value())), "100000100.49");
}

TEST(Nacha, WritesAnOriginOfTenCharactersWithoutABlank) {
  AchFile file = example_file();
  file.origin.origin = "9ABCDEFGHI";
  file.modifier = '7';
  std::string const text = written(file);
  EXPECT_EQ(line_of(text, 1).substr(0, 40), "101 0910000199ABCDEFGHI26112016457094101");
  EXPECT_EQ(read_nacha(text).value(), as_written(file));
}

TEST(Nacha, FillsTheLastBlock) {
  for (std::size_t count = 1; count <= 37; ++count) {
    std::string const text = written(many(count));
    std::size_t const lines = text.size() / kLine;
    EXPECT_EQ(lines, (count + 4 + 9) / 10 * 10) << count;
    EXPECT_EQ(line_of(text, count + 4).substr(7, 6), "00000" + std::to_string(lines / 10)) << count;
    EXPECT_EQ(read_nacha(text).value().entries.size(), count);
  }
}

TEST(Nacha, StartsANewBatchAfterTenThousandEntries) {
  std::string const text = written(many(kAchBatchEntriesMax + 2));
  std::size_t const first_control = 3 + kAchBatchEntriesMax;
  // 10,000 × 02100002 = 21,000,020,000 and 10,002 × 02100002 = 21,004,220,004: their last ten digits.
  EXPECT_EQ(line_of(text, first_control),
            "822001000010000200000000000000000000000100001123456789                         091000010000001");
  EXPECT_EQ(line_of(text, first_control + 1),
            "5220FLORIN NETWORK                      1123456789CCDPAYOUT          261123   1091000010000002");
  EXPECT_EQ(line_of(text, first_control + 2).substr(79), "091000010010001");
  EXPECT_EQ(line_of(text, first_control + 4),
            "822000000200042000040000000000000000000000021123456789                         091000010000002");
  EXPECT_EQ(line_of(text, first_control + 5),
            "900000200100100010002"
            "1004220004"
            "000000000000000000010002" +
                std::string(39, ' '));
  EXPECT_EQ(read_nacha(text).value(), as_written(many(kAchBatchEntriesMax + 2)));
  EXPECT_EQ(unread(replaced(text, first_control + 1, 94, "3")), "Line 10004: the batch number does not follow.");
  EXPECT_EQ(unread(replaced(text, first_control + 1, 5, "G")),
            "Line 10004: the batch is of another company or day than the first.");
  EXPECT_EQ(unread(replaced(text, first_control + 1, 75, "4")),
            "Line 10004: the batch is of another company or day than the first.");
}

TEST(Nacha, KeepsTheLastTenDigitsOfTheEntryHash) {
  AchFile file = many(1'000);
  for (auto& entry : file.entries) entry.routing = "322271627";  // 1,000 × 32227162 = 32,227,162,000
  std::string const text = written(file);
  EXPECT_EQ(line_of(text, 1'003).substr(10, 10), "2227162000");
  EXPECT_EQ(line_of(text, 1'004).substr(21, 10), "2227162000");
  EXPECT_TRUE(read_nacha(text).ok());
}

TEST(Nacha, HoldsAHundredThousandEntriesAndNoMore) {
  AchFile file = many(kAchEntriesMax);
  std::string const text = written(file);
  EXPECT_EQ(text.size() / kLine, 100'030U);  // 22 lines beside the entries, and 8 of nines
  EXPECT_EQ(line_of(text, 100'022).substr(0, 21), "900001001000300100000");
  EXPECT_EQ(read_nacha(text).value(), as_written(file));
  EXPECT_EQ(unread(text + text.substr(0, 10 * kLine)), "The file is larger than any that is written here.");
  file.entries.push_back(file.entries.back());
  EXPECT_EQ(refused(file), "There are more than 100000 payouts: write several files.");
}

TEST(Nacha, HoldsATotalOfTwelveDigitsAndNoMore) {
  AchFile file = many(101);
  for (std::size_t i = 0; i < 100; ++i) file.entries[i].usd = domain::kMaxBankAmount;
  file.entries.back().usd = Usd::from_minor(99);
  EXPECT_EQ(line_of(written(file), 104).substr(32, 12), "999999999999");
  EXPECT_EQ(read_nacha(written(file)).value(), as_written(file));
  file.entries.back().usd = Usd::from_minor(100);
  EXPECT_EQ(refused(file), "The total has more than twelve digits: write several files.");
}

TEST(Nacha, RefusesWhatCannotBePaid) {
  struct Case {
    std::string_view says;
    std::function<void(AchFile&)> spoil;
  };
  for (auto const& [says, spoil] : std::vector<Case>{
           {"There is no payout to write.", [](AchFile& f) { f.entries.clear(); }},
           {"An entry names no payout.", [](AchFile& f) { f.entries[1].payout = PayoutId(); }},
           {"Payout po_0000000000001 is there twice.", [](AchFile& f) { f.entries[1].payout = PayoutId(1); }},
           {"Payout po_0000000000100: the routing number is not one.",
            [](AchFile& f) { f.entries[1].routing = "122105156"; }},
           {"Payout po_0000000000100: the account number is not one.",
            [](AchFile& f) { f.entries[1].account = "123"; }},
           {"Payout po_0000000000100: the account number is not one.",
            [](AchFile& f) { f.entries[1].account = std::string(18, '1'); }},
           {"Payout po_0000000000100: nothing of the holder's name can be written.",
            [](AchFile& f) { f.entries[1].holder = " \xcc\x81 "; }},
           {"Payout po_0000000000100: the amount does not fit into an entry.",
            [](AchFile& f) { f.entries[1].usd = Usd(); }},
           {"Payout po_0000000000100: the amount does not fit into an entry.",
            [](AchFile& f) { f.entries[1].usd = Usd::from_minor(-1); }},
           {"Payout po_0000000000100: the amount does not fit into an entry.",
            [](AchFile& f) { f.entries[1].usd = Usd::from_minor(10'000'000'000); }},
           {"The file's modifier is A to Z or 0 to 9.", [](AchFile& f) { f.modifier = 'a'; }},
           {"The file's modifier is A to Z or 0 to 9.", [](AchFile& f) { f.modifier = ' '; }},
           {"The trace numbers are 1 to 9999999.", [](AchFile& f) { f.first_trace = 0; }},
           {"The trace numbers are 1 to 9999999.", [](AchFile& f) { f.first_trace = 9'999'999; }},
           {"The effective date is before the day of the file.",
            [](AchFile& f) { f.effective = 2026y / std::chrono::November / 19; }},
           {"The file's dates are in the years 2000 to 2099.", [](AchFile& f) { f.created = domain::Timestamp(); }},
           {"The file's dates are in the years 2000 to 2099.",
            [](AchFile& f) { f.created = domain::Timestamp::from_micros(std::numeric_limits<std::int64_t>::max()); }},
           {"The file's dates are in the years 2000 to 2099.",
            [](AchFile& f) { f.effective = 2100y / std::chrono::January / 1; }},
           {"The destination is not a routing number.", [](AchFile& f) { f.origin.destination = "091000018"; }},
           {"The destination has no name.", [](AchFile& f) { f.origin.destination_name = " "; }},
           {"The origin is 9 digits, or 10 digits and capital letters.",
            [](AchFile& f) { f.origin.origin = "12345678A"; }},
           {"The origin is 9 digits, or 10 digits and capital letters.", [](AchFile& f) { f.origin.origin.clear(); }},
           {"The origin is 9 digits, or 10 digits and capital letters.",
            [](AchFile& f) { f.origin.origin = " 12345678A"; }},
           {"The origin has no name.", [](AchFile& f) { f.origin.origin_name.clear(); }},
           {"The company has no name.", [](AchFile& f) { f.origin.company_name.clear(); }},
           {"The company's id is 10 digits and capital letters.",
            [](AchFile& f) { f.origin.company_id = "123456789"; }},
           {"The company's id is 10 digits and capital letters.",
            [](AchFile& f) { f.origin.company_id = "112345678a"; }},
           {"The originating bank is the first 8 digits of a routing number.",
            [](AchFile& f) { f.origin.odfi = "091000019"; }},
           {"The entries have no description.", [](AchFile& f) { f.origin.entry_description.clear(); }},
       }) {
    AchFile file = example_file();
    spoil(file);
    EXPECT_EQ(refused(file), says);
  }
}

TEST(Nacha, TraceNumbersRunOnFromFileToFile) {
  AchFile file = example_file();
  file.modifier = 'B';
  file.first_trace = 100'001;
  std::string const text = written(file);
  EXPECT_EQ(line_of(text, 3).substr(79), "091000010100001");
  EXPECT_EQ(line_of(text, 4).substr(79), "091000010100002");
  EXPECT_EQ(read_nacha(text).value(), as_written(file));
}

TEST(Nacha, PaysOnTheDayOfTheFileToo) {
  AchFile file = example_file();
  file.effective = 2026y / std::chrono::November / 20;
  EXPECT_EQ(read_nacha(written(file)).value(), as_written(file));
}

// ---- damage -------------------------------------------------------------------------------------------------------

struct Columns {
  std::size_t line;
  std::size_t first;
  std::size_t last;
  std::string_view name;
};

// What nothing else in the file repeats or adds up: changed, it is another file. Everything else is.
constexpr Columns kFree[] = {
    {1, 14, 23, "immediate origin"},
    {1, 24, 34, "date, time and modifier"},
    {1, 41, 86, "names"},
    {2, 5, 20, "company name"},
    {2, 54, 63, "entry description"},
    {2, 70, 75, "effective date"},
    {3, 2, 3, "transaction code"},
    {3, 13, 29, "account"},
    {3, 40, 54, "payout"},
    {3, 55, 76, "holder"},
    {4, 2, 3, "transaction code"},
    {4, 13, 29, "account"},
    {4, 40, 54, "payout"},
    {4, 55, 76, "holder"},
};

bool is_free(std::size_t line, std::size_t column) {
  return std::ranges::any_of(
      kFree, [&](Columns const& at) { return at.line == line && column >= at.first && column <= at.last; });
}

TEST(NachaDamage, EveryChangedCharacterIsNoticed) {
  AchFile const original = read_nacha(kExample).value();
  std::size_t refusals = 0;
  for (std::size_t at = 0; at < kExample.size(); ++at) {
    std::size_t const line = at / kLine + 1;
    std::size_t const column = at % kLine + 1;
    for (int byte = 0; byte < 256; ++byte) {
      if (static_cast<char>(byte) == kExample[at]) continue;
      std::string text(kExample);
      text[at] = static_cast<char>(byte);
      auto const file = read_nacha(text);
      if (!file) {
        ++refusals;
        continue;
      }
      ASSERT_TRUE(is_free(line, column)) << line << ":" << column << " became " << byte;
      ASSERT_FALSE(file.value() == original) << line << ":" << column << " became " << byte;
      ASSERT_EQ(written(file.value()), text);
    }
  }
  EXPECT_GT(refusals, 230'000U);
}

TEST(NachaDamage, IsNamedByItsLine) {
  struct Case {
    std::size_t line;
    std::size_t column;
    std::string_view by;
    std::string_view says;
  };
  for (auto const& [line, column, by, says] : {
           Case{1, 1, "2", "Line 1: it is no file header."},
           Case{1, 35, "095", "Line 1: the record size, the blocking or the format is another one."},
           Case{1, 24, "261131", "Line 1: the file's date or time is none."},
           Case{1, 30, "2460", "Line 1: the file's date or time is none."},
           Case{1, 13, "8", "The destination is not a routing number."},
           Case{2, 1, "6", "Line 2: it is no batch header."},
           Case{2, 2, "200", "Line 2: the batch is not of credits only."},
           Case{2, 51, "PPD", "Line 2: the batch is not of class CCD."},
           Case{2, 70, "261331", "Line 2: the effective date is none."},
           Case{2, 70, "261119", "The effective date is before the day of the file."},
           Case{2, 88, "0000002", "Line 2: the batch number does not follow."},
           Case{3, 1, "7", "Line 3: it is no entry."},
           Case{3, 2, "27", "Line 3: the transaction is not a credit."},
           Case{3, 4, "1", "Line 3: the receiving bank has no such routing number."},
           Case{3, 12, "2", "Line 3: the receiving bank has no such routing number."},
           Case{3, 13, " 000123456789", "The file is not in the form in which files are written here."},
           Case{3, 13, "A00123456789", "Payout po_0000000000001: the account number is not one."},
           Case{3, 30, "000010050A", "Line 3: the amount is not a number."},
           Case{3, 39, "1", "Line 5: the total is wrong."},
           Case{3, 40, "000000000000U", "Line 3: the identification number is not a payout."},
           Case{3, 40, "0000000000100", "Payout po_0000000000100 is there twice."},
           Case{3, 55, "s", "The file is not in the form in which files are written here."},
           Case{3, 79, "1", "Line 3: an addendum is announced."},
           Case{3, 87, "2", "Line 3: the trace number is another bank's."},
           Case{4, 94, "1", "Line 4: the trace number does not follow."},
           Case{5, 1, "9", "Line 5: it is no entry."},
           Case{5, 2, "225", "Line 5: the batch control is not of credits only."},
           Case{5, 10, "3", "Line 5: the entry count is wrong."},
           Case{5, 20, "8", "Line 5: the entry hash is wrong."},
           Case{5, 32, "1", "Line 5: there are debits."},
           Case{5, 44, "8", "Line 5: the total is wrong."},
           Case{5, 54, "8", "Line 5: the batch control is another company's."},
           Case{5, 87, "2", "Line 5: the batch control is another bank's."},
           Case{5, 94, "2", "Line 5: the batch control is another batch's."},
           Case{6, 1, "5", "Line 6: the batch is not of credits only."},
           Case{6, 7, "2", "Line 6: the batch count is wrong."},
           Case{6, 13, "2", "Line 6: the block count is wrong."},
           Case{6, 21, "3", "Line 6: the entry count is wrong."},
           Case{6, 31, "8", "Line 6: the entry hash is wrong."},
           Case{6, 43, "1", "Line 6: there are debits."},
           Case{6, 55, "8", "Line 6: the total is wrong."},
           Case{6, 56, "1", "The file is not in the form in which files are written here."},
           Case{7, 1, "8", "Line 7: only lines of nines follow the file control."},
           Case{10, 94, " ", "Line 10: only lines of nines follow the file control."},
           Case{4, 60, "\n", "Line 4: it is not printable ASCII."},
           Case{4, 60, "\xc3", "Line 4: it is not printable ASCII."},
           Case{4, 95, "\r", "Line 4: it does not end after 94 characters."},
       }) {
    EXPECT_EQ(unread(replaced(kExample, line, column, by)), says) << line << ":" << column << " " << by;
  }
}

TEST(NachaDamage, MissingMovedAndForeignLinesAreNoticed) {
  std::string const text(kExample);
  constexpr char kBlocks[] = "The file is not made of blocks of ten lines of 94 characters.";
  EXPECT_EQ(unread(""), kBlocks);
  for (std::size_t size = 1; size < text.size(); ++size) EXPECT_EQ(unread(text.substr(0, size)), kBlocks) << size;
  std::string windows;
  for (std::size_t line = 1; line <= 10; ++line) windows.append(line_of(text, line)).append("\r\n");
  EXPECT_EQ(unread(windows), kBlocks);

  std::string const nines(94, '9');
  auto const with_line = [&](std::size_t number, std::string_view line) { return replaced(text, number, 1, line); };
  EXPECT_EQ(unread(with_line(6, nines)), "Line 6: the batch count is wrong.");
  EXPECT_EQ(unread(with_line(5, nines)), "Line 5: it is no entry.");
  EXPECT_EQ(unread(with_line(4, line_of(text, 3))), "Line 4: the trace number does not follow.");
  std::string swapped = replaced(text, 3, 1, line_of(text, 4));
  swapped = replaced(swapped, 4, 1, line_of(text, 3));
  EXPECT_EQ(unread(swapped), "Line 4: the trace number does not follow.");

  std::string block;
  for (int i = 0; i < 10; ++i) block += nines + "\n";
  EXPECT_EQ(unread(text + block), "Line 6: the block does not end in lines of nines.");
  std::string entries(line_of(text, 1));
  entries.append("\n").append(line_of(text, 2)).append("\n");
  for (int i = 1; i <= 8; ++i) {
    std::string line(line_of(text, 3));
    line.back() = static_cast<char>('0' + i);
    entries += line + "\n";
  }
  EXPECT_EQ(unread(entries), "Line 10: the batch control is missing.");
  std::string batches(line_of(text, 1));
  batches += "\n";
  for (int i = 1; i <= 9; ++i) batches.append(line_of(text, 2)).append("\n");
  EXPECT_EQ(unread(batches), "Line 3: it is no entry.");
  // Five batches without an entry each: header and control by turns, up to the last line.
  std::string empty(line_of(text, 1));
  empty += "\n";
  for (int i = 1; i <= 5; ++i) {
    std::string header(line_of(text, 2));
    header.back() = static_cast<char>('0' + i);
    std::string control = "8220000000" + std::string(34, '0') + "1123456789" + std::string(25, ' ') + "091000010000000";
    control.back() = header.back();
    empty += header + "\n";
    if (i < 5) empty += control + "\n";
  }
  EXPECT_EQ(unread(empty), "Line 10: the batch control is missing.");
}

TEST(NachaDamage, ErrorsHoldNothingPersonal) {
  for (std::size_t at = 0; at < kExample.size(); ++at) {
    for (char const by : {'0', '5', 'X', ' ', '\n'}) {
      std::string text(kExample);
      text[at] = by;
      std::string const says = unread(text);
      for (std::string_view const secret : {"021000021", "122105155", "000123456789", "1234", "SOCIETE", "AURORA"}) {
        EXPECT_EQ(says.find(secret), std::string::npos) << says;
      }
    }
  }
}

// ---- properties ---------------------------------------------------------------------------------------------------

std::string digits(std::size_t count) {
  std::string out;
  for (auto const digit : *rc::gen::container<std::vector<int>>(count, rc::gen::inRange(0, 10))) {
    out += static_cast<char>('0' + digit);
  }
  return out;
}

std::string routing_number() {
  std::string number = *rc::gen::element<std::string>("01", "02", "09", "12", "21", "32", "61", "72", "80") + digits(6);
  for (char digit = '0'; digit <= '9'; ++digit) {
    if (domain::is_routing_number(number + digit)) return number + digit;
  }
  RC_FAIL("no check digit fits");
}

// Any bytes, with a letter or a digit in front so that something is left of them.
std::string name() {
  auto const bytes = *rc::gen::oneOf(
      rc::gen::arbitrary<std::string>(),
      rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
                       "a", "Z", " ", "é", "ß", "Ł", "Œ", "株", "👾", "’", "\xcc\x81", "\xff", "~", "0")),
                   [](std::vector<std::string> const& letters) {
                     std::string out;
                     for (auto const& letter : letters) out += letter;
                     return out;
                   }));
  return *rc::gen::element<std::string>("x", "É", "7") + bytes;
}

AchFile any_file() {
  AchFile file;
  file.origin.destination = routing_number();
  file.origin.destination_name = name();
  file.origin.origin = digits(*rc::gen::element<std::size_t>(9, 10));
  file.origin.origin_name = name();
  file.origin.company_name = name();
  file.origin.company_id = *rc::gen::element<std::string>("1", "9", "X") + digits(9);
  file.origin.odfi = digits(8);
  file.origin.entry_description = name();
  file.created = domain::Timestamp::from_seconds(*rc::gen::inRange<std::int64_t>(946'684'800, 4'102'444'800));
  file.modifier = *rc::gen::element('A', 'M', 'Z', '0', '9');
  file.first_trace = *rc::gen::element<std::uint32_t>(1, 2, 100'001, 9'000'000);
  file.effective = std::chrono::floor<std::chrono::days>(std::chrono::sys_time<std::chrono::seconds>(
                       std::chrono::seconds(file.created.micros() / domain::kMicrosPerSecond))) +
                   std::chrono::days(*rc::gen::inRange(0, 10));
  if (file.effective >= 2100y / std::chrono::January / 1) file.effective = 2099y / std::chrono::December / 31;
  for (auto const position : *rc::gen::nonEmpty(rc::gen::unique<std::vector<std::uint64_t>>(
           rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(1, 1'000),
                          rc::gen::inRange<std::uint64_t>(1, std::numeric_limits<std::uint64_t>::max()))))) {
    AchEntry entry;
    entry.payout = PayoutId(position);
    entry.holder = name();
    entry.routing = routing_number();
    entry.account = digits(*rc::gen::inRange<std::size_t>(4, 18));
    entry.type = *rc::gen::element(AccountType::checking, AccountType::savings);
    entry.usd = Usd::from_minor(*rc::gen::oneOf(rc::gen::inRange<std::int64_t>(1, 100'000),
                                                rc::gen::inRange<std::int64_t>(1, domain::kMaxBankAmount.minor() + 1)));
    file.entries.push_back(entry);
  }
  return file;
}

RC_GTEST_PROP(NachaProperty, WhatIsWrittenIsReadBack, ()) {
  AchFile const file = any_file();
  auto const text = write_nacha(file);
  if (!text) {  // only a total may be too large
    Usd total;
    for (auto const& entry : file.entries) total += entry.usd;
    RC_ASSERT(total > kAchTotalMax);
    return;
  }
  auto const& bytes = text.value();
  RC_ASSERT(bytes.size() % (10 * kLine) == 0U);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    bool const at_end = at % kLine == kLine - 1;
    bool const is_letter = bytes[at] >= ' ' && bytes[at] <= '~' && !(bytes[at] >= 'a' && bytes[at] <= 'z');
    RC_ASSERT((at_end ? bytes[at] == '\n' : is_letter));
  }
  auto const read = read_nacha(bytes);
  RC_ASSERT(read.ok());
  RC_ASSERT(read.value() == as_written(file));
  RC_ASSERT(write_nacha(read.value()).value() == bytes);
  RC_ASSERT(total_of(read.value()) == total_of(file));
}

// Two characters changed anywhere may make up for each other; what is then read is still exactly what is written.
RC_GTEST_PROP(NachaProperty, WhatIsReadIsWhatIsWritten, ()) {
  auto const text = write_nacha(any_file());
  RC_PRE(text.ok());
  std::string bytes = text.value();
  for (int changes = *rc::gen::inRange(1, 4); changes > 0; --changes) {
    bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::element('0', '1', '5', '9', ' ', 'A', 'z', '\n');
  }
  auto const read = read_nacha(bytes);
  if (read) RC_ASSERT(write_nacha(read.value()).value() == bytes);
}

}  // namespace
}  // namespace florin::sagas
