#include "sagas/gateways/ach_day.h"

#include <algorithm>

#include "sagas/gateways/banking_days.h"

namespace florin::sagas {
namespace {

// Fills one file after another.
class Sharing {
 public:
  Sharing(AchSettings const& settings, domain::Timestamp created, AchDayLimits const& limits,
          domain::PayoutFilesUsed const& used, AchDay& day)
      : settings_(settings), created_(created), limits_(limits), used_(used), day_(day) {}

  // The next entry starts a new file, for this day.
  void start(std::chrono::sys_days effective) {
    effective_ = effective;
    is_open_ = false;
  }

  void add(AchEntry entry) {
    bool const fits =
        is_open_ && day_.files.back().entries.size() < limits_.entries && total_ + entry.usd <= limits_.total;
    if ((!fits && used_.letters + day_.files.size() >= limits_.files) || payouts_ == limits_.payouts) {
      day_.left_out.push_back({entry.payout, domain::LeftOutReason::no_room});
      return;
    }
    if (!fits) open();
    total_ += entry.usd;
    ++payouts_;
    day_.files.back().entries.push_back(std::move(entry));
  }

 private:
  void open() {
    AchFile file;
    file.origin = settings_.origin;
    file.created = created_;
    file.modifier = domain::payout_file_letter(used_.letters + day_.files.size());
    file.first_trace = static_cast<std::uint32_t>(used_.entries + payouts_ + 1);
    file.effective = effective_;
    day_.files.push_back(std::move(file));
    total_ = {};
    is_open_ = true;
  }

  AchSettings const& settings_;
  domain::Timestamp created_;
  AchDayLimits const& limits_;
  domain::PayoutFilesUsed const& used_;
  AchDay& day_;
  std::chrono::sys_days effective_;
  bool is_open_ = false;
  domain::Usd total_;
  std::size_t payouts_ = 0;
};

}  // namespace

domain::Usd entry_limit(AchSettings const& settings) {
  return settings.same_day ? domain::kMaxSameDayAmount : domain::kMaxBankAmount;
}

AchDay share_out(AchSettings const& settings, domain::Timestamp created, std::vector<AchEntry> entries,
                 AchDayLimits const& limits, domain::PayoutFilesUsed const& used) {
  AchDay day;
  Sharing sharing(settings, created, limits, used, day);
  auto const today = day_of(created);
  auto const next = next_banking_day(today);
  std::vector<AchEntry> larger;
  sharing.start(settings.same_day && is_banking_day(today) ? today : next);
  for (auto& entry : entries) {
    if (auto const why = why_unwritable(entry)) {
      day.left_out.push_back({entry.payout, *why});
    } else if (entry.usd > entry_limit(settings)) {
      larger.push_back(std::move(entry));
    } else {
      sharing.add(std::move(entry));
    }
  }
  sharing.start(next);
  for (auto& entry : larger) sharing.add(std::move(entry));
  return day;
}

}  // namespace florin::sagas
