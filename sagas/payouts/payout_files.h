// The files that a day's payouts go to the bank in: as they would be written now, and again as they were.
//
//   open payouts of the day ─▶ plan_files ─▶ WritePayoutFile ─▶ writer ─▶ PayoutFileWritten
//   PayoutFileWritten, its requests in the log, the vault ─▶ file_again ─▶ the same bytes
//
// The first export fixes creation time, letters, trace numbers and whom the files are from; nothing that happens later
// changes them. No file lies on a disk: account numbers stand there only sealed, so a file is made again whenever it is
// asked for, and its digest in the event says that it is the same.
//
// Days on which only older releases put payouts into processing have no event: old_file makes what those releases made.
//
// Blocking, any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/commands.h"
#include "eventstore/store/log.h"
#include "eventstore/store/vault.h"
#include "sagas/gateways/ach_day.h"

namespace florin::sagas {

// The entry of a payout, as its event tells it. Kind::missing when its contact was erased, Kind::corrupt when what was
// sealed is not what is there.
[[nodiscard]] eventstore::ResultOr<AchEntry> entry_of(eventstore::Log& log, eventstore::Vault const& vault,
                                                      domain::PayoutId payout);

// After a day is over, before its files are made: a commit of its last moment may still be on its way into the log, and
// the system's clock may be set back a little.
inline constexpr std::int64_t kLateCommitsMicros = 60 * domain::kMicrosPerSecond;
[[nodiscard]] domain::Timestamp files_from(domain::Day day);

struct PlannedFiles {
  domain::WritePayoutFile command;  // no files: nothing of the day can be written
  std::vector<std::string> texts;   // of its files, one for each
};
// Of the payouts given, in their order; `used`: State::files_used(). One that cannot be opened or written is left out.
// A fault is of the log or the vault as a whole: ask again. The settings' origin is without fault.
[[nodiscard]] eventstore::ResultOr<PlannedFiles> plan_files(eventstore::Log& log, eventstore::Vault const& vault,
                                                            AchSettings const& settings, domain::Day day,
                                                            domain::Timestamp created,
                                                            std::span<domain::PayoutId const> payouts,
                                                            domain::PayoutFilesUsed const& used);

// The date has no letters left for all of these: they are written on the next one. Files of one day that need more
// letters than a date has are another matter: then those that have no room are left out.
[[nodiscard]] bool lacks_letters(PlannedFiles const& planned, domain::PayoutFilesUsed const& used);

struct FileAgain {
  std::string text;  // empty: it cannot be made any more
  std::string why;   // then, in a sentence
};
// `file` is one of the event's.
[[nodiscard]] eventstore::ResultOr<FileAgain> file_again(eventstore::Log& log, eventstore::Vault const& vault,
                                                         domain::PayoutFileWritten const& event,
                                                         domain::PayoutFile const& file);

// One of a day's file, before there were events of it.
struct DayPayout {
  domain::PayoutId payout;
  bool has_failed = false;  // by now
};
struct DayEntries {
  std::vector<AchEntry> entries;
  // The first one whose bank details cannot be opened, because its contact was erased, and which has not failed:
  // without it the file would leave somebody unpaid who believes to be paid. One that has failed is left out.
  std::optional<domain::PayoutId> unreadable;
};
// In the order given. A fault is of the log or the vault: ask again.
[[nodiscard]] eventstore::ResultOr<DayEntries> entries_of(eventstore::Log& log, eventstore::Vault const& vault,
                                                          std::span<DayPayout const> payouts);
// The one file that older releases made of a day: dated by the midnight after it, effective on the next weekday, names
// in plain lettering.
[[nodiscard]] AchFile old_file(AchOrigin const& origin, domain::Day day, std::vector<AchEntry> entries);

}  // namespace florin::sagas
