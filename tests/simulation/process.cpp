#include "tests/simulation/process.h"

#include "eventstore/engine/bound_keys.h"
#include "eventstore/engine/snapshot_files.h"

namespace florin::simulation {

using eventstore::ResultOr;

namespace {

// More entries than a simulation has requests: runs are written when it says so. The index's own thread would write
// them at any time, and the history would not follow from the seed.
constexpr eventstore::RequestIndexOptions kRequestIndex{1u << 12, 1u << 16};
constexpr std::size_t kRecentCommits = 16;

}  // namespace

ResultOr<Unit> Process::open(std::vector<projections::Projection const*> const& read_models, Companies& companies,
                             RecordingBank const& bank) {
  auto& files = runtime.files();
  if (auto made = files.make_folder(kFolder); !made) return made;
  auto opened_log = eventstore::SqliteLog::open(kFolder + "/log.db", files);
  if (!opened_log) return fail(opened_log.error());
  log = std::move(opened_log).value();
  auto const epoch = log->lease();
  if (!epoch) return fail(epoch.error());
  auto const head = log->head();
  if (!head) return fail(head.error());
  if (auto checked = eventstore::check_none_beyond(files, kFolder + "/snapshots", head.value().position); !checked) {
    return checked;
  }
  facts = std::make_unique<eventstore::FactReader>(*log);
  auto opened_vault = eventstore::Vault::open(kFolder + "/vault", runtime);
  if (!opened_vault) return fail(opened_vault.error());
  vault = std::move(opened_vault).value();
  if (auto used = log->use_keys(kFolder + "/vault/rows.keys", runtime); !used) return used;
  auto opened_checkpoints = eventstore::CheckpointFile::open(kFolder, runtime);
  if (!opened_checkpoints) return fail(opened_checkpoints.error());
  checkpoints = std::make_unique<eventstore::CheckpointFile>(std::move(opened_checkpoints).value());
  auto opened_requests =
      eventstore::RequestIndex::open(kFolder + "/requests", head.value().position, kRequestIndex, runtime);
  if (!opened_requests) return fail(opened_requests.error());
  requests = std::move(opened_requests).value();
  if (auto signed_note = checkpoints->read()) {
    if (auto checked = eventstore::check_checkpoint(*log, signed_note.value()); !checked) return checked;
  }
  auto recovered = eventstore::recover(*log, kFolder + "/snapshots", requests.get(), &durable, nullptr, files);
  if (!recovered) return fail(recovered.error());
  if (auto checked = eventstore::check_keys(recovered.value().state.keys(), *vault, *log->keys()); !checked)
    return checked;
  clock.not_before(recovered.value().at);
  tail = std::make_unique<eventstore::Tail>(*log, recovered.value().head, kRecentCommits);
  cursor = tail->follow("checks", recovered.value().head.position, [] {});
  effects.emplace(sagas::EffectsParts{*log, *vault, durable, clock, runtime});
  auto outside = companies.outside();
  outside.bank = &bank;
  outside.ach = ach_settings();
  effects->open(recovered.value(), *tail, std::move(outside));
  effects->start(submissions);
  companies.connect(*effects);
  engine = std::make_unique<eventstore::Engine>(
      std::move(recovered).value(), eventstore::EngineParts{*log, epoch.value(), *vault, *requests, *checkpoints, clock,
                                                            durable, *tail, runtime, log->keys()});
  views = std::make_unique<Views>(*log, *tail, runtime, read_models);
  return views->open();
}

}  // namespace florin::simulation
