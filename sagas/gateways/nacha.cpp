#include "sagas/gateways/nacha.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "domain/contract.h"
#include "sagas/gateways/ach_text.h"

namespace florin::sagas {
namespace {

using domain::Money;
using std::chrono::sys_days;

constexpr std::size_t kLineLetters = 94;
constexpr std::size_t kLineBytes = kLineLetters + 1;
constexpr std::size_t kBlockLines = 10;
constexpr std::size_t kBatchesMax = (kAchEntriesMax + kAchBatchEntriesMax - 1) / kAchBatchEntriesMax;
constexpr std::size_t kLinesMax = (2 + 2 * kBatchesMax + kAchEntriesMax + kBlockLines - 1) / kBlockLines * kBlockLines;
constexpr std::uint64_t kHashModulus = 10'000'000'000;
constexpr std::size_t kDestinationNameWidth = 23;
constexpr std::size_t kOriginNameWidth = 23;
constexpr std::size_t kCompanyNameWidth = 16;
constexpr std::size_t kDescriptionWidth = 10;
constexpr std::size_t kIdentificationWidth = 15;
constexpr std::string_view kCredits = "220";
constexpr std::string_view kTransactionPrefix = "txn_";

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_digit_or_letter(char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); }
bool are_digits(std::string_view text) { return std::ranges::all_of(text, is_digit); }

// ---- writing ------------------------------------------------------------------------------------------------------

// Left-justified, blanks behind. It fits: everything was checked before.
void put(std::string& out, std::string_view text, std::size_t width) {
  FLORIN_ASSERT(text.size() <= width);
  out.append(text).append(width - text.size(), ' ');
}

void put_number(std::string& out, std::uint64_t value, std::size_t width) {
  std::size_t const end = out.size() + width;
  out.append(width, '0');
  for (std::size_t i = end; i-- > end - width; value /= 10) out[i] = static_cast<char>('0' + value % 10);
  FLORIN_ASSERT(value == 0);
}

void put_cents(std::string& out, Money usd, std::size_t width) {
  FLORIN_ASSERT(usd >= Money{});
  put_number(out, static_cast<std::uint64_t>(usd.minor()), width);
}

void put_date(std::string& out, sys_days day) {
  std::chrono::year_month_day const date(day);
  put_number(out, static_cast<std::uint64_t>(static_cast<int>(date.year()) % 100), 2);
  put_number(out, static_cast<unsigned>(date.month()), 2);
  put_number(out, static_cast<unsigned>(date.day()), 2);
}

void end_line(std::string& out) {
  FLORIN_ASSERT(out.size() % kLineBytes == kLineLetters);
  out += '\n';
}

// The letters that name a position are the same in every kind of id.
std::string letters_of(domain::Position payout) {
  return domain::format_transaction_id(payout).substr(kTransactionPrefix.size());
}

// Counts what control records say of the entries above them.
struct Tally {
  std::uint64_t entries = 0;
  std::uint64_t hash = 0;
  Money usd;

  void add(AchEntry const& entry) {
    std::uint64_t bank = 0;
    for (char const digit : std::string_view(entry.routing).substr(0, 8)) {
      bank = bank * 10 + static_cast<std::uint64_t>(digit - '0');
    }
    ++entries;
    hash = (hash + bank) % kHashModulus;
    usd += entry.usd;
  }
  void add(Tally const& batch) {
    entries += batch.entries;
    hash = (hash + batch.hash) % kHashModulus;
    usd += batch.usd;
  }
};

void put_file_header(std::string& out, AchFile const& file) {
  out += "101";
  out += ' ';
  put(out, file.origin.destination, 9);
  if (file.origin.origin.size() == 9) out += ' ';
  out += file.origin.origin;
  auto const minute = std::chrono::floor<std::chrono::minutes>(
      std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(file.created.micros())));
  auto const day = std::chrono::floor<std::chrono::days>(minute);
  auto const minutes = static_cast<std::uint64_t>((minute - day).count());
  put_date(out, day);
  put_number(out, minutes / 60, 2);
  put_number(out, minutes % 60, 2);
  out += file.modifier;
  out += "094101";
  put(out, ach_text(file.origin.destination_name, kDestinationNameWidth), kDestinationNameWidth);
  put(out, ach_text(file.origin.origin_name, kOriginNameWidth), kOriginNameWidth);
  put(out, "", 8);
  end_line(out);
}

void put_batch_header(std::string& out, AchFile const& file, std::uint64_t batch) {
  out += '5';
  out += kCredits;
  put(out, ach_text(file.origin.company_name, kCompanyNameWidth), kCompanyNameWidth);
  put(out, "", 20);
  put(out, file.origin.company_id, 10);
  out += "CCD";
  put(out, ach_text(file.origin.entry_description, kDescriptionWidth), kDescriptionWidth);
  put(out, "", 6);
  put_date(out, file.effective);
  put(out, "", 3);  // the settlement date is the operator's
  out += '1';
  put(out, file.origin.odfi, 8);
  put_number(out, batch, 7);
  end_line(out);
}

void put_entry(std::string& out, AchOrigin const& origin, AchEntry const& entry, std::uint64_t number) {
  out += '6';
  out += entry.type == domain::AccountType::savings ? "32" : "22";
  put(out, entry.routing, 9);
  put(out, entry.account, domain::kAccountNumberMax);
  put_cents(out, entry.usd, 10);
  put(out, letters_of(entry.payout), kIdentificationWidth);
  put(out, ach_text(entry.holder, domain::kHolderNameLettersInFile), domain::kHolderNameLettersInFile);
  put(out, "", 2);
  out += '0';
  put(out, origin.odfi, 8);
  put_number(out, number, 7);
  end_line(out);
}

void put_batch_control(std::string& out, AchOrigin const& origin, Tally const& tally, std::uint64_t batch) {
  out += '8';
  out += kCredits;
  put_number(out, tally.entries, 6);
  put_number(out, tally.hash, 10);
  put_number(out, 0, 12);
  put_cents(out, tally.usd, 12);
  put(out, origin.company_id, 10);
  put(out, "", 25);
  put(out, origin.odfi, 8);
  put_number(out, batch, 7);
  end_line(out);
}

std::size_t blocks_of(std::size_t lines) { return (lines + kBlockLines - 1) / kBlockLines; }

// Everything above it is written.
void put_file_control(std::string& out, Tally const& tally, std::uint64_t batches) {
  out += '9';
  put_number(out, batches, 6);
  put_number(out, blocks_of(out.size() / kLineBytes + 1), 6);
  put_number(out, tally.entries, 8);
  put_number(out, tally.hash, 10);
  put_number(out, 0, 12);
  put_cents(out, tally.usd, 12);
  put(out, "", 39);
  end_line(out);
}

bool is_written_in_two_digits(sys_days day) {
  using namespace std::chrono;
  return day >= sys_days(2000y / January / 1) && day <= sys_days(2099y / December / 31);
}

std::string named(domain::Position payout) { return "Payout po_" + letters_of(payout); }

std::string_view fault_of(AchEntry const& entry) {
  if (!domain::is_routing_number(entry.routing)) return "the routing number is not one";
  if (!domain::is_account_number(entry.account)) return "the account number is not one";
  if (ach_text(entry.holder, domain::kHolderNameLettersInFile).empty()) return "the account has no holder's name";
  if (entry.usd <= Money{}) return "the amount is not above zero";
  if (entry.usd > domain::kMaxBankAmount) return "the amount has more than ten digits";
  return {};
}

std::string fault_of(AchFile const& file) {
  if (std::string fault = fault_of(file.origin); !fault.empty()) return fault;
  if (!is_digit_or_letter(file.modifier)) return "The file's modifier is A to Z or 0 to 9.";
  auto const created = day_of(file.created);
  if (!is_written_in_two_digits(created) || !is_written_in_two_digits(file.effective)) {
    return "The file's dates are in the years 2000 to 2099.";
  }
  if (file.effective < created) return "The effective date is before the day of the file.";
  if (file.entries.empty()) return "There is no payout to write.";
  if (file.entries.size() > kAchEntriesMax) {
    return "There are more than " + std::to_string(kAchEntriesMax) + " payouts: write several files.";
  }
  std::vector<domain::Position> payouts;
  payouts.reserve(file.entries.size());
  for (auto const& entry : file.entries) {
    if (!entry.payout) return "An entry names no payout.";
    if (auto const fault = fault_of(entry); !fault.empty()) {
      return named(entry.payout).append(": ").append(fault).append(".");
    }
    payouts.push_back(entry.payout);
  }
  std::ranges::sort(payouts);
  if (auto const twice = std::ranges::adjacent_find(payouts); twice != payouts.end()) {
    return named(*twice) + " is there twice.";
  }
  // A hundred thousand amounts of ten digits are far from an overflow.
  if (total_of(file) > kAchTotalMax) return "The total has more than twelve digits: write several files.";
  return {};
}

// ---- reading ------------------------------------------------------------------------------------------------------

// What is wrong with the line at hand; the first one ends the reading.
using Fault = std::string_view;
constexpr Fault kFine{};

std::optional<std::uint64_t> number_in(std::string_view text) {
  if (!are_digits(text)) return std::nullopt;
  std::uint64_t value = 0;
  for (char const digit : text) value = value * 10 + static_cast<std::uint64_t>(digit - '0');
  return value;
}

std::optional<sys_days> date_in(std::string_view text) {
  auto const value = number_in(text);
  if (!value) return std::nullopt;
  std::chrono::year_month_day const date{std::chrono::year(2000 + static_cast<int>(*value / 10'000)),
                                         std::chrono::month(static_cast<unsigned>(*value / 100 % 100)),
                                         std::chrono::day(static_cast<unsigned>(*value % 100))};
  if (!date.ok()) return std::nullopt;
  return sys_days(date);
}

// Fields are named by Nacha's columns, from 1.
class Line {
 public:
  explicit Line(std::string_view text) : text_(text) {}
  [[nodiscard]] char type() const { return text_.front(); }
  [[nodiscard]] std::string_view columns(std::size_t first, std::size_t last) const {
    return text_.substr(first - 1, last - first + 1);
  }
  [[nodiscard]] std::string words(std::size_t first, std::size_t last) const {
    return std::string(trimmed(columns(first, last)));
  }
  [[nodiscard]] bool says(std::size_t first, std::string_view text) const {
    return columns(first, first + text.size() - 1) == text;
  }
  [[nodiscard]] bool says(std::size_t first, std::size_t last, std::uint64_t number) const {
    return number_in(columns(first, last)) == number;
  }

 private:
  std::string_view text_;
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text), lines_(text.size() / kLineBytes) {}

  Result<AchFile, std::string> read() {
    Fault fault = form();
    if (fault.empty()) fault = whole_file();
    if (fault.empty()) return std::move(file_);
    return fail("Line " + std::to_string(at_ + 1) + ": " + std::string(fault) + ".");
  }

 private:
  [[nodiscard]] Line line() const { return Line(text_.substr(at_ * kLineBytes, kLineLetters)); }

  Fault form() {
    for (at_ = 0; at_ < lines_; ++at_) {
      auto const bytes = text_.substr(at_ * kLineBytes, kLineBytes);
      if (bytes.back() != '\n') return "it does not end after 94 characters";
      if (std::ranges::any_of(bytes.substr(0, kLineLetters), [](char c) { return c < ' ' || c > '~'; })) {
        return "it is not printable ASCII";
      }
    }
    at_ = 0;
    return kFine;
  }

  Fault whole_file() {
    if (auto const fault = file_header(); !fault.empty()) return fault;
    while (true) {
      if (!next()) return "the file control is missing";
      if (line().type() == '9') break;
      if (auto const fault = batch(); !fault.empty()) return fault;
    }
    if (auto const fault = file_control(); !fault.empty()) return fault;
    while (next()) {
      if (text_.substr(at_ * kLineBytes, kLineLetters) != std::string(kLineLetters, '9')) {
        return "only lines of nines follow the file control";
      }
    }
    return kFine;
  }

  bool next() {
    if (at_ + 1 == lines_) return false;
    ++at_;
    return true;
  }

  Fault file_header() {
    auto const at = line();
    if (!at.says(1, "101 ")) return "it is no file header";
    if (!at.says(35, "094101")) return "the record size, the blocking or the format is another one";
    auto const day = date_in(at.columns(24, 29));
    auto const hour = number_in(at.columns(30, 31));
    auto const minute = number_in(at.columns(32, 33));
    if (!day || !hour || !minute || *hour > 23 || *minute > 59) return "the file's date or time is none";
    file_.created = domain::Timestamp::from_seconds(std::chrono::seconds(day->time_since_epoch()).count() +
                                                    static_cast<std::int64_t>(*hour * 3'600 + *minute * 60));
    file_.modifier = at.columns(34, 34).front();
    file_.origin.destination = at.columns(5, 13);
    file_.origin.origin = at.words(14, 23);
    file_.origin.destination_name = at.words(41, 63);
    file_.origin.origin_name = at.words(64, 86);
    return kFine;
  }

  Fault batch() {
    if (auto const fault = batch_header(); !fault.empty()) return fault;
    Tally tally;
    while (true) {
      if (!next()) return "the batch control is missing";
      if (line().type() == '8') break;
      if (auto const fault = entry(); !fault.empty()) return fault;
      tally.add(file_.entries.back());
    }
    total_.add(tally);
    return batch_control(tally);
  }

  Fault batch_header() {
    auto const at = line();
    if (at.type() != '5') return "it is no batch header";
    if (!at.says(2, kCredits)) return "the batch is not of credits only";
    if (!at.says(51, "CCD")) return "the batch is not of class CCD";
    if (!at.says(88, 94, ++batches_)) return "the batch number does not follow";
    if (batches_ == 1) {
      auto const effective = date_in(at.columns(70, 75));
      if (!effective) return "the effective date is none";
      file_.effective = *effective;
      file_.origin.company_name = at.words(5, 20);
      file_.origin.company_id = at.columns(41, 50);
      file_.origin.entry_description = at.words(54, 63);
      file_.origin.odfi = at.columns(80, 87);
      first_header_ = at.columns(1, 87);
    }
    if (at.columns(1, 87) != first_header_) return "the batch is of another company or day than the first";
    return kFine;
  }

  Fault entry() {
    auto const at = line();
    if (at.type() != '6') return "it is no entry";
    if (file_.entries.size() == kAchEntriesMax) return "there are too many entries";
    bool const savings = at.says(2, "32");
    if (!savings && !at.says(2, "22")) return "the transaction is not a credit";
    AchEntry entry;
    entry.type = savings ? domain::AccountType::savings : domain::AccountType::checking;
    entry.routing = at.columns(4, 12);
    if (!domain::is_routing_number(entry.routing)) return "the receiving bank has no such routing number";
    entry.account = at.words(13, 29);
    auto const cents = number_in(at.columns(30, 39));
    if (!cents) return "the amount is not a number";
    entry.usd = Money::from_minor(static_cast<std::int64_t>(*cents));
    auto const payout = domain::parse_transaction_id(std::string(kTransactionPrefix) + at.words(40, 54));
    if (!payout) return "the identification number is not a payout";
    entry.payout = *payout;
    entry.holder = at.words(55, 76);
    if (!at.says(79, "0")) return "an addendum is announced";
    if (at.columns(80, 87) != file_.origin.odfi) return "the trace number is another bank's";
    file_.entries.push_back(std::move(entry));
    if (!at.says(88, 94, file_.entries.size())) return "the trace number does not follow";
    return kFine;
  }

  Fault batch_control(Tally const& tally) {
    auto const at = line();
    if (!at.says(2, kCredits)) return "the batch control is not of credits only";
    if (auto const fault = control(at, tally, 5, 10); !fault.empty()) return fault;
    if (at.columns(45, 54) != file_.origin.company_id) return "the batch control is another company's";
    if (at.columns(80, 87) != file_.origin.odfi) return "the batch control is another bank's";
    if (!at.says(88, 94, batches_)) return "the batch control is another batch's";
    return kFine;
  }

  Fault file_control() {
    auto const at = line();
    if (!at.says(2, 7, batches_)) return "the batch count is wrong";
    if (!at.says(8, 13, blocks_of(at_ + 1))) return "the block count is wrong";
    if (lines_ != blocks_of(at_ + 1) * kBlockLines) return "the block does not end in lines of nines";
    return control(at, total_, 14, 21);
  }

  // The four fields that both controls have, from the count on.
  static Fault control(Line const& at, Tally const& tally, std::size_t first, std::size_t last) {
    if (!at.says(first, last, tally.entries)) return "the entry count is wrong";
    if (!at.says(last + 1, last + 10, tally.hash)) return "the entry hash is wrong";
    if (!at.says(last + 11, last + 22, 0)) return "there are debits";
    if (!at.says(last + 23, last + 34, static_cast<std::uint64_t>(tally.usd.minor()))) return "the total is wrong";
    return kFine;
  }

  std::string_view text_;
  std::size_t lines_;
  std::size_t at_ = 0;
  AchFile file_;
  std::uint64_t batches_ = 0;
  std::string_view first_header_;
  Tally total_;
};

}  // namespace

std::chrono::sys_days day_of(domain::Timestamp at) {
  return std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(at.micros())));
}

std::chrono::sys_days next_banking_day(std::chrono::sys_days day) {
  do day += std::chrono::days(1);
  while (std::chrono::weekday(day) == std::chrono::Saturday || std::chrono::weekday(day) == std::chrono::Sunday);
  return day;
}

std::string fault_of(AchOrigin const& origin) {
  if (!domain::is_routing_number(origin.destination)) return "The destination is not a routing number.";
  if (ach_text(origin.destination_name, kDestinationNameWidth).empty()) return "The destination has no name.";
  bool const plain = origin.origin.size() == 9 && are_digits(origin.origin);
  bool const assigned = origin.origin.size() == 10 && std::ranges::all_of(origin.origin, is_digit_or_letter);
  if (!plain && !assigned) return "The origin is 9 digits, or 10 digits and capital letters.";
  if (ach_text(origin.origin_name, kOriginNameWidth).empty()) return "The origin has no name.";
  if (ach_text(origin.company_name, kCompanyNameWidth).empty()) return "The company has no name.";
  if (origin.company_id.size() != 10 || !std::ranges::all_of(origin.company_id, is_digit_or_letter)) {
    return "The company's id is 10 digits and capital letters.";
  }
  if (origin.odfi.size() != 8 || !are_digits(origin.odfi)) {
    return "The originating bank is the first 8 digits of a routing number.";
  }
  if (ach_text(origin.entry_description, kDescriptionWidth).empty()) return "The entries have no description.";
  return {};
}

Money total_of(AchFile const& file) {
  Money total;
  for (auto const& entry : file.entries) total += entry.usd;
  return total;
}

Result<std::string, std::string> write_nacha(AchFile const& file) {
  if (std::string fault = fault_of(file); !fault.empty()) return fail(std::move(fault));
  std::size_t const batches = (file.entries.size() + kAchBatchEntriesMax - 1) / kAchBatchEntriesMax;
  std::size_t const blocks = blocks_of(2 + 2 * batches + file.entries.size());
  std::string out;
  out.reserve(blocks * kBlockLines * kLineBytes);
  put_file_header(out, file);
  Tally total;
  std::uint64_t number = 0;
  for (std::uint64_t batch = 1; batch <= batches; ++batch) {
    put_batch_header(out, file, batch);
    Tally tally;
    while (number < file.entries.size() && tally.entries < kAchBatchEntriesMax) {
      AchEntry const& entry = file.entries[number];
      put_entry(out, file.origin, entry, ++number);
      tally.add(entry);
    }
    put_batch_control(out, file.origin, tally, batch);
    total.add(tally);
  }
  put_file_control(out, total, batches);
  while (out.size() < blocks * kBlockLines * kLineBytes) {
    out.append(kLineLetters, '9');
    end_line(out);
  }
  return out;
}

Result<AchFile, std::string> read_nacha(std::string_view text) {
  if (text.empty() || text.size() % (kLineBytes * kBlockLines) != 0) {
    return fail(std::string("The file is not made of blocks of ten lines of 94 characters."));
  }
  if (text.size() > kLinesMax * kLineBytes)
    return fail(std::string("The file is larger than any that is written here."));
  auto file = Reader(text).read();
  if (!file) return file;
  auto const again = write_nacha(file.value());
  if (!again) return fail(again.error());
  if (again.value() != text) return fail(std::string("The file is not in the form in which files are written here."));
  return file;
}

}  // namespace florin::sagas
