#include "sagas/gateways/ach_returns.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "sagas/gateways/nacha_lines.h"

namespace florin::sagas {
namespace {

using domain::Usd;
using namespace nacha;

constexpr std::size_t kTraceDigits = 15;

struct Reason {
  std::string_view code;
  std::string_view words;
};
// Those that a credit can come back with.
constexpr Reason kReasons[] = {
    {"R01", "insufficient funds"},
    {"R02", "account closed"},
    {"R03", "no such account"},
    {"R04", "invalid account number"},
    {"R06", "returned at the originating bank's request"},
    {"R09", "uncollected funds"},
    {"R12", "account sold to another bank"},
    {"R13", "invalid routing number"},
    {"R14", "account holder deceased"},
    {"R15", "beneficiary deceased"},
    {"R16", "account frozen"},
    {"R17", "the receiving bank could not process the entry"},
    {"R18", "improper effective date"},
    {"R20", "not a transaction account"},
    {"R21", "invalid company identification"},
    {"R22", "invalid individual identification"},
    {"R23", "credit refused by the receiver"},
    {"R24", "duplicate entry"},
    {"R31", "permitted late return"},
    {"R34", "the receiving bank takes no such entries"},
};

// What control records say, and what their entries add up to.
struct Sums {
  std::uint64_t records = 0;  // entries and addenda
  std::uint64_t hash = 0;
  std::uint64_t debits = 0;  // cents
  std::uint64_t credits = 0;

  void add(Sums const& other) {
    records += other.records;
    hash = (hash + other.hash) % kHashModulus;
    debits += other.debits;
    credits += other.credits;
  }
  friend bool operator==(Sums const&, Sums const&) = default;
};

// The four fields from column `first` on; nullopt: no numbers.
std::optional<Sums> sums_in(Line const& at, std::size_t first, std::size_t last) {
  auto const records = number_in(at.columns(first, last));
  auto const hash = number_in(at.columns(last + 1, last + 10));
  auto const debits = number_in(at.columns(last + 11, last + 22));
  auto const credits = number_in(at.columns(last + 23, last + 34));
  if (!records || !hash || !debits || !credits) return std::nullopt;
  return Sums{*records, *hash, *debits, *credits};
}

// 21 to 24, 31 to 34 … move money to the account, 26 to 29, 36 to 39 … from it.
bool is_credit(std::string_view transaction_code) { return transaction_code[1] < '5'; }

bool is_printable(char c) { return c >= ' ' && c <= '~'; }

bool is_code(std::string_view text, char letter) { return text[0] == letter && are_digits(text.substr(1)); }

// Between the two banks: about a return that is itself in doubt, or a correction that was refused.
bool is_about_another_return(std::string_view code) { return code[1] >= '6'; }

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {
    bool const has_ends = text.find('\n') != std::string_view::npos;
    in_one_ = !has_ends && text.size() > kLineLetters && text.size() % kLineLetters == 0;
  }

  Result<std::vector<AchReturn>, std::string> read() {
    bool has_header = false;
    while (next()) {
      if (line_.empty()) continue;
      if (!has_header && line_.front() != '1') break;
      has_header = true;
      take(line_.front());
    }
    if (!has_header) return fail(std::string("The first line is no file header of a NACHA file (1…)."));
    end_file("The file ends before its control record: it is not whole. Import all of it.");
    return std::move(entries_);
  }

 private:
  // The next line, with the blanks that it may lack.
  bool next() {
    if (rest_.empty()) return false;
    ++number_;
    auto const size = in_one_ ? kLineLetters : std::min(rest_.find('\n'), rest_.size());
    auto text = rest_.substr(0, size);
    rest_.remove_prefix(std::min(rest_.size(), in_one_ ? size : size + 1));
    while (!text.empty() && (text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
    is_long_ = text.size() > kLineLetters;
    line_.assign(text.substr(0, kLineLetters));
    if (!line_.empty()) line_.resize(kLineLetters, ' ');
    return true;
  }

  void take(char type) {
    if (is_long_) spoil_batch("Line " + std::to_string(number_) + " has more than 94 characters.");
    // What follows a file's control begins another one, header or not: its control must come too.
    if (type >= '5' && type <= '8') in_file_ = true;
    switch (type) {
      case '1':
        end_file("The file ends before its control record: it is not whole. Import all of it.");
        in_file_ = true;
        break;
      case '5': batch_header(); break;
      case '6': entry(); break;
      case '7': addenda(); break;
      case '8': batch_control(); break;
      case '9': file_control(); break;
      default: spoil_batch("Line " + std::to_string(number_) + " is of no known kind."); break;
    }
  }

  void batch_header() {
    end_batch("The batch ends before its control record.");
    in_batch_ = true;
    ++batches_;
    auto const at = Line(line_);
    company_id_ = at.words(41, 50);
    is_international_ = at.says(51, "IAT");
  }

  void entry() {
    auto const at = Line(line_);
    AchReturn one;
    one.line = number_;
    one.company_id = company_id_;
    one.account = at.words(13, 29);
    one.identification = at.words(40, 54);
    auto const cents = number_in(at.columns(30, 39));
    auto const bank = number_in(at.columns(4, 11));
    if (cents) one.usd = Usd::from_minor(static_cast<std::int64_t>(*cents));
    if (!in_batch_) one.fault = "The entry stands in no batch.";
    if (!cents || !bank || !are_digits(at.columns(2, 3))) one.fault = "The entry's amount, bank or kind is no number.";
    if (is_international_) one.fault = "International entries are not ours.";
    (is_credit(at.columns(2, 3)) ? batch_.credits : batch_.debits) += cents.value_or(0);
    batch_.hash = (batch_.hash + bank.value_or(0)) % kHashModulus;
    ++batch_.records;
    entries_.push_back(std::move(one));
    is_open_ = true;
  }

  void addenda() {
    ++batch_.records;
    if (!is_open_) return spoil_batch("Line " + std::to_string(number_) + " belongs to no entry.");
    auto const at = Line(line_);
    bool const is_return = at.says(2, "99");
    if (!is_return && !at.says(2, "98")) return;  // what the original entry said
    auto& one = entries_.back();
    auto const spoil = [&](std::string_view why) {
      if (one.fault.empty()) one.fault = why;
    };
    if (!one.code.empty()) return spoil("The entry announces two things.");
    one.is_correction = !is_return;
    one.code = at.columns(4, 6);
    one.trace = at.words(7, 21);
    one.bank = at.words(28, 35);
    if (one.is_correction) one.corrected = at.words(36, 64);
    if (!is_code(one.code, is_return ? 'R' : 'C')) {
      one.code.clear();
      one.trace.clear();
      return spoil("The code is none: R and two digits for a return, C and two digits for a change.");
    }
    if (one.trace.size() != kTraceDigits || !are_digits(one.trace)) {
      one.trace.clear();
      return spoil("The original trace number is none.");
    }
    if (is_about_another_return(one.code)) {
      return spoil(one.code + " is about an earlier return or change, which the banks settle: nothing is booked.");
    }
    if (one.is_correction && one.corrected.empty()) return spoil("The change says nothing.");
    if (!std::ranges::all_of(one.corrected, is_printable)) spoil("The change is not printable ASCII.");
  }

  void batch_control() {
    if (!in_batch_) return;
    auto const at = Line(line_);
    auto const stated = sums_in(at, 5, 10);
    if (stated) stated_.add(*stated);
    if (stated != batch_) spoil_batch("The batch's control record is not the sum of its entries.");
    if (at.words(45, 54) != company_id_) spoil_batch("The batch's control record is another company's.");
    end_batch({});
  }

  void file_control() {
    if (!in_file_) return;  // a line of nines, which fills the last block
    end_batch("The batch ends before its control record.");
    auto const at = Line(line_);
    auto const stated = sums_in(at, 14, 21);
    // Of a batch that does not add up only its own control tells.
    bool const adds_up = stated && (*stated == total_ || *stated == stated_) && at.says(2, 7, batches_);
    end_file(adds_up ? std::string_view()
                     : "The file's control record is not the sum of its batches: something is missing or altered.");
  }

  // `why`: what is wrong with it; empty: nothing.
  void end_batch(std::string_view why) {
    if (!in_batch_) return;
    end_entries();
    if (!why.empty()) spoil_batch(why);
    total_.add(batch_);
    batch_ = {};
    in_batch_ = is_open_ = is_international_ = false;
    company_id_.clear();
    first_of_batch_ = entries_.size();
  }

  void end_file(std::string_view why) {
    if (!in_file_) return;
    end_batch("The batch ends before its control record.");
    end_entries();
    if (!why.empty()) spoil(first_of_file_, why);
    in_file_ = false;
    first_of_file_ = first_of_batch_ = entries_.size();
    batches_ = 0;
    total_ = stated_ = batch_ = {};
  }

  void end_entries() {
    for (std::size_t i = first_of_batch_; i < entries_.size(); ++i) {
      auto& one = entries_[i];
      if (one.code.empty() && one.fault.empty()) one.fault = "The entry announces no return and no change.";
    }
  }

  void spoil_batch(std::string_view why) { spoil(first_of_batch_, why); }
  void spoil(std::size_t first, std::string_view why) {
    for (std::size_t i = first; i < entries_.size(); ++i) {
      if (entries_[i].fault.empty()) entries_[i].fault = why;
    }
  }

  std::string_view rest_;
  bool in_one_ = false;
  std::size_t number_ = 0;
  std::string line_;
  bool is_long_ = false;

  std::vector<AchReturn> entries_;
  bool in_file_ = false;
  bool in_batch_ = false;
  bool is_open_ = false;  // an entry whose addenda may follow
  bool is_international_ = false;
  std::string company_id_;
  std::size_t first_of_file_ = 0;
  std::size_t first_of_batch_ = 0;
  std::uint64_t batches_ = 0;
  Sums batch_;   // of its entries
  Sums total_;   // of the file's entries
  Sums stated_;  // of its batches' controls
};

}  // namespace

Result<std::vector<AchReturn>, std::string> read_returns(std::string_view text) { return Reader(text).read(); }

std::string return_note(std::string_view code) {
  std::string note(code);
  for (auto const& reason : kReasons) {
    if (reason.code == code) note.append(" ").append(reason.words);
  }
  return note;
}

}  // namespace florin::sagas
