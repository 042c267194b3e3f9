#include "sagas/payouts/payout_files.h"

#include <algorithm>

#include "eventstore/store/chain.h"
#include "eventstore/store/read_commit.h"
#include "sagas/gateways/banking_days.h"

namespace florin::sagas {

using domain::PayoutId;
using eventstore::Fault;
using eventstore::ResultOr;

ResultOr<AchEntry> entry_of(eventstore::Log& log, eventstore::Vault const& vault, PayoutId payout) {
  auto const commit = FLORIN_TRY(eventstore::read_commit(log, payout.position()));
  if (commit) {
    for (auto const& event : commit->events) {
      auto const* asked = std::get_if<domain::PayoutRequested>(&event);
      if (asked == nullptr) continue;
      auto holder = FLORIN_TRY(vault.open(asked->contact, eventstore::Field::bank_holder, asked->holder));
      auto account = FLORIN_TRY(vault.open(asked->contact, eventstore::Field::bank_account, asked->account));
      // What is sealed for somebody who was erased before is empty.
      if (holder.empty() || account.empty()) break;
      return AchEntry{payout, std::move(holder), asked->routing, std::move(account), asked->type, asked->usd};
    }
  }
  return eventstore::fault(Fault::Kind::missing, "no payout with bank details was requested there");
}

domain::Timestamp files_from(domain::Day day) {
  return domain::start_of(day + std::chrono::days(1)) + kLateCommitsMicros;
}

ResultOr<PlannedFiles> plan_files(eventstore::Log& log, eventstore::Vault const& vault, AchSettings const& settings,
                                  domain::Day day, domain::Timestamp created, std::span<PayoutId const> payouts,
                                  domain::PayoutFilesUsed const& used) {
  PlannedFiles planned;
  std::vector<AchEntry> entries;
  std::vector<domain::LeftOutPayout> unreadable;
  for (auto const payout : payouts) {
    auto entry = entry_of(log, vault, payout);
    if (entry) {
      entries.push_back(std::move(entry).value());
    } else if (entry.error().kind == Fault::Kind::missing || entry.error().kind == Fault::Kind::corrupt) {
      unreadable.push_back({payout, domain::LeftOutReason::unreadable});
    } else {
      return fail(entry.error());
    }
  }
  auto shared = share_out(settings, created, std::move(entries), {}, used);
  auto& command = planned.command;
  command.day = day;
  command.created = created;
  command.origin = settings.origin;
  command.left_out = std::move(unreadable);
  command.left_out.insert(command.left_out.end(), shared.left_out.begin(), shared.left_out.end());
  if (command.left_out.size() > domain::kLeftOutListedMax) command.left_out.resize(domain::kLeftOutListedMax);
  for (auto const& file : shared.files) {
    auto text = write_nacha(file);
    if (!text) return eventstore::fault(Fault::Kind::unknown, "the file of payouts: " + text.error());
    domain::PayoutFile fixed{
        file.modifier, file.effective, file.first_trace, total_of(file), eventstore::sha256(text.value()), {}};
    for (auto const& entry : file.entries) fixed.payouts.push_back(entry.payout);
    command.files.push_back(std::move(fixed));
    planned.texts.push_back(std::move(text).value());
  }
  return planned;
}

bool lacks_letters(PlannedFiles const& planned, domain::PayoutFilesUsed const& used) {
  return used.letters != 0 && std::ranges::any_of(planned.command.left_out, [](domain::LeftOutPayout const& left_out) {
           return left_out.reason == domain::LeftOutReason::no_room;
         });
}

ResultOr<FileAgain> file_again(eventstore::Log& log, eventstore::Vault const& vault,
                               domain::PayoutFileWritten const& event, domain::PayoutFile const& fixed) {
  AchFile file;
  file.origin = event.origin;
  file.created = event.created;
  file.modifier = fixed.letter;
  file.first_trace = fixed.first_trace;
  file.effective = fixed.effective;
  for (auto const payout : fixed.payouts) {
    auto entry = entry_of(log, vault, payout);
    if (!entry && entry.error().kind == Fault::Kind::missing) {
      return FileAgain{{},
                       "The file was written at " + domain::to_iso8601(event.created) +
                           " and cannot be made again, because the contact of " + domain::format_payout_id(payout) +
                           " was erased since."};
    }
    if (!entry) return fail(entry.error());
    file.entries.push_back(std::move(entry).value());
  }
  auto text = write_nacha(file);
  if (text && eventstore::sha256(text.value()) == fixed.digest) return FileAgain{std::move(text).value(), {}};
  return FileAgain{{},
                   "The file was written at " + domain::to_iso8601(event.created) +
                       ", and this release would write other bytes: take it from where you kept it."};
}

ResultOr<DayEntries> entries_of(eventstore::Log& log, eventstore::Vault const& vault,
                                std::span<DayPayout const> payouts) {
  DayEntries day;
  for (auto const& [payout, has_failed] : payouts) {
    auto entry = entry_of(log, vault, payout);
    if (entry) {
      day.entries.push_back(std::move(entry).value());
    } else if (entry.error().kind != Fault::Kind::missing) {
      return fail(entry.error());
    } else if (!has_failed) {
      day.unreadable = payout;
      return day;
    }
  }
  return day;
}

AchFile old_file(AchOrigin const& origin, domain::Day day, std::vector<AchEntry> entries) {
  AchFile file;
  file.origin = origin;
  file.created = domain::start_of(day + std::chrono::days(1));
  file.effective = next_weekday(day);
  file.lettering = AchLettering::plain;
  file.entries = std::move(entries);
  return file;
}

}  // namespace florin::sagas
