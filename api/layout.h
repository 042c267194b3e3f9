// Where everything of one installation lies. Production and sandbox share nothing: not a file, not a key.
//
//   DIR/production/          DIR/sandbox/
//     log.db                 the log, and SQLite's -wal beside it (eventstore/store/sqlite_log.h)
//     vault/                 master.key, persons.keys (eventstore/store/vault.h),
//                            rows.keys (eventstore/store/row_keys.h)
//     <key and checkpoint>   in the folder itself (eventstore/store/chain.h, CheckpointFile)
//     processor.db           the sandbox's only: the books of its card processor, which is another company's
//     clock                  the sandbox's only, once it was put forward (eventstore/runtime/clock.h)
//     snapshots/ requests/ views/    derived: may be deleted while the server is stopped
#pragma once

#include <filesystem>
#include <string_view>

namespace florin::api {

inline constexpr std::string_view kProductionFolder = "production";
inline constexpr std::string_view kSandboxFolder = "sandbox";

struct Layout {
  std::filesystem::path folder;  // of the environment; also where its signed checkpoint lies

  [[nodiscard]] std::filesystem::path log() const { return folder / "log.db"; }
  [[nodiscard]] std::filesystem::path vault() const { return folder / "vault"; }
  [[nodiscard]] std::filesystem::path row_keys() const { return vault() / "rows.keys"; }
  [[nodiscard]] std::filesystem::path processor() const { return folder / "processor.db"; }
  [[nodiscard]] std::filesystem::path clock() const { return folder / "clock"; }
  [[nodiscard]] std::filesystem::path snapshots() const { return folder / "snapshots"; }
  [[nodiscard]] std::filesystem::path requests() const { return folder / "requests"; }
  [[nodiscard]] std::filesystem::path mailboxes() const { return snapshots() / "mailboxes.bin"; }
  [[nodiscard]] std::filesystem::path views() const { return folder / "views"; }
};

[[nodiscard]] inline Layout environment_layout(std::filesystem::path const& data, bool sandbox) {
  return {data / (sandbox ? kSandboxFolder : kProductionFolder)};
}

}  // namespace florin::api
