#include "sagas/gateways/nacha.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "domain/contract.h"
#include "domain/payout.h"
#include "sagas/gateways/ach_text.h"
#include "sagas/gateways/nacha_lines.h"

namespace florin::sagas {
namespace {

using domain::Usd;
using std::chrono::sys_days;
using namespace nacha;

constexpr std::size_t kDestinationNameWidth = 23;
constexpr std::size_t kOriginNameWidth = 23;
constexpr std::size_t kCompanyNameWidth = 16;
constexpr std::size_t kDescriptionWidth = 10;
constexpr std::size_t kIdentificationWidth = 15;
constexpr std::uint32_t kTraceNumberMax = 9'999'999;

std::string written(AchFile const& file, std::string_view name, std::size_t width) {
  return ach_letters(name, width, file.lettering);
}

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

void put_cents(std::string& out, Usd usd, std::size_t width) {
  FLORIN_ASSERT(usd >= Usd{});
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
std::string letters_of(domain::PayoutId payout) {
  return domain::format_transaction_id(payout.position()).substr(kTransactionPrefix.size());
}

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
  put(out, written(file, file.origin.destination_name, kDestinationNameWidth), kDestinationNameWidth);
  put(out, written(file, file.origin.origin_name, kOriginNameWidth), kOriginNameWidth);
  put(out, "", 8);
  end_line(out);
}

void put_batch_header(std::string& out, AchFile const& file, std::uint64_t batch) {
  out += '5';
  out += kCredits;
  put(out, written(file, file.origin.company_name, kCompanyNameWidth), kCompanyNameWidth);
  put(out, "", 20);
  put(out, file.origin.company_id, 10);
  out += "CCD";
  put(out, written(file, file.origin.entry_description, kDescriptionWidth), kDescriptionWidth);
  put(out, "", 6);
  put_date(out, file.effective);
  put(out, "", 3);  // the settlement date is the operator's
  out += '1';
  put(out, file.origin.odfi, 8);
  put_number(out, batch, 7);
  end_line(out);
}

void put_entry(std::string& out, AchFile const& file, AchEntry const& entry, std::uint64_t number) {
  out += '6';
  out += entry.type == domain::AccountType::savings ? "32" : "22";
  put(out, entry.routing, 9);
  put(out, entry.account, domain::kAccountNumberMax);
  put_cents(out, entry.usd, 10);
  put(out, letters_of(entry.payout), kIdentificationWidth);
  put(out, written(file, entry.holder, domain::kHolderNameLettersInFile), domain::kHolderNameLettersInFile);
  put(out, "", 2);
  out += '0';
  put(out, file.origin.odfi, 8);
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

std::string named(domain::PayoutId payout) { return "Payout po_" + letters_of(payout); }

std::string fault_of(AchFile const& file) {
  if (std::string fault = fault_of(file.origin, file.lettering); !fault.empty()) return fault;
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
  if (file.first_trace == 0 || file.first_trace > kTraceNumberMax - (file.entries.size() - 1)) {
    return "The trace numbers are 1 to 9999999.";
  }
  std::vector<domain::PayoutId> payouts;
  payouts.reserve(file.entries.size());
  for (auto const& entry : file.entries) {
    if (!entry.payout) return "An entry names no payout.";
    if (auto const why = why_unwritable(entry, file.lettering)) {
      return named(entry.payout).append(": ").append(domain::left_out_reason(*why)).append(".");
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

}  // namespace

std::optional<domain::LeftOutReason> why_unwritable(AchEntry const& entry, AchLettering lettering) {
  using enum domain::LeftOutReason;
  if (ach_letters(entry.holder, domain::kHolderNameLettersInFile, lettering).empty()) return holder;
  if (!domain::is_routing_number(entry.routing)) return routing;
  if (!domain::is_account_number(entry.account)) return account;
  if (entry.usd <= Usd{} || entry.usd > domain::kMaxBankAmount) return amount;
  return std::nullopt;
}

std::string fault_of(AchOrigin const& origin, AchLettering lettering) {
  auto const unnamed = [&](std::string const& name, std::size_t width) {
    return ach_letters(name, width, lettering).empty();
  };
  if (!domain::is_routing_number(origin.destination)) return "The destination is not a routing number.";
  if (unnamed(origin.destination_name, kDestinationNameWidth)) return "The destination has no name.";
  bool const plain = origin.origin.size() == 9 && are_digits(origin.origin);
  bool const assigned = origin.origin.size() == 10 && std::ranges::all_of(origin.origin, is_digit_or_letter);
  if (!plain && !assigned) return "The origin is 9 digits, or 10 digits and capital letters.";
  if (unnamed(origin.origin_name, kOriginNameWidth)) return "The origin has no name.";
  if (unnamed(origin.company_name, kCompanyNameWidth)) return "The company has no name.";
  if (origin.company_id.size() != 10 || !std::ranges::all_of(origin.company_id, is_digit_or_letter)) {
    return "The company's id is 10 digits and capital letters.";
  }
  if (origin.odfi.size() != 8 || !are_digits(origin.odfi)) {
    return "The originating bank is the first 8 digits of a routing number.";
  }
  if (unnamed(origin.entry_description, kDescriptionWidth)) return "The entries have no description.";
  return {};
}

Usd total_of(AchFile const& file) {
  Usd total;
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
      put_entry(out, file, entry, file.first_trace + number++);
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

}  // namespace florin::sagas
