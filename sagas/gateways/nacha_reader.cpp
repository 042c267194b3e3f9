// The reader of what write_nacha writes, and of nothing else.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "sagas/gateways/nacha.h"
#include "sagas/gateways/nacha_lines.h"

namespace florin::sagas {
namespace {

using domain::Usd;
using std::chrono::sys_days;
using namespace nacha;

constexpr std::size_t kBatchesMax = (kAchEntriesMax + kAchBatchEntriesMax - 1) / kAchBatchEntriesMax;
constexpr std::size_t kLinesMax = (2 + 2 * kBatchesMax + kAchEntriesMax + kBlockLines - 1) / kBlockLines * kBlockLines;

// What is wrong with the line at hand; the first one ends the reading.
using Fault = std::string_view;
constexpr Fault kFine{};

std::optional<sys_days> date_in(std::string_view text) {
  auto const value = number_in(text);
  if (!value) return std::nullopt;
  std::chrono::year_month_day const date{std::chrono::year(2000 + static_cast<int>(*value / 10'000)),
                                         std::chrono::month(static_cast<unsigned>(*value / 100 % 100)),
                                         std::chrono::day(static_cast<unsigned>(*value % 100))};
  if (!date.ok()) return std::nullopt;
  return sys_days(date);
}

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
    entry.usd = Usd::from_minor(static_cast<std::int64_t>(*cents));
    auto const payout = domain::parse_transaction_id(std::string(kTransactionPrefix) + at.words(40, 54));
    if (!payout) return "the identification number is not a payout";
    entry.payout = domain::PayoutId(*payout);
    entry.holder = at.words(55, 76);
    if (!at.says(79, "0")) return "an addendum is announced";
    if (at.columns(80, 87) != file_.origin.odfi) return "the trace number is another bank's";
    file_.entries.push_back(std::move(entry));
    auto const trace = number_in(at.columns(88, 94));
    if (file_.entries.size() == 1 && trace) file_.first_trace = static_cast<std::uint32_t>(*trace);
    if (trace != file_.first_trace + file_.entries.size() - 1) return "the trace number does not follow";
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

Result<AchFile, std::string> read_nacha(std::string_view text) {
  if (text.empty() || text.size() % (kLineBytes * kBlockLines) != 0) {
    return fail(std::string("The file is not made of blocks of ten lines of 94 characters."));
  }
  if (text.size() > kLinesMax * kLineBytes)
    return fail(std::string("The file is larger than any that is written here."));
  auto file = Reader(text).read();
  if (!file) return file;
  // What is upper-case ASCII stays as it is in either lettering; the plain one also keeps names of '?' alone.
  file.value().lettering = AchLettering::plain;
  auto const again = FLORIN_TRY(write_nacha(file.value()));
  if (again != text) return fail(std::string("The file is not in the form in which files are written here."));
  return file;
}

}  // namespace florin::sagas
