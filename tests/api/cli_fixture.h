// Runs the command line in this process and keeps what it said. serve() is replaced by one that keeps its Config.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "api/cli/cli.h"
#include "api/config.h"
#include "tests/support/offline_store.h"

namespace florin::api::cli {

// What the last `serve` was called with (cli_fixture.cpp).
std::optional<Config>& served_config();

struct CliResult {
  int code = -1;
  std::string out;
  std::string err;
};

inline CliResult run_cli(std::vector<std::string> words) {
  words.insert(words.begin(), "florin");
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  CliResult result;
  result.code = run(static_cast<int>(argv.size()), argv.data());
  std::fflush(stdout);
  result.out = testing::internal::GetCapturedStdout();
  result.err = testing::internal::GetCapturedStderr();
  return result;
}

inline bool contains(std::string const& text, std::string_view part) { return text.find(part) != std::string::npos; }

// A folder with a sandbox in it: one game with two currencies, two players, a credit, a debit, three purchases and a
// refund; a commit each second from 2026-01-01T00:00:01Z on.
class CliStoreTest : public testing::Test {
 protected:
  static constexpr std::int64_t kStart = 1'767'225'600;  // 2026-01-01T00:00:00Z

  void SetUp() override;
  void TearDown() override;

  [[nodiscard]] CliResult cli(std::vector<std::string> words) const {
    words.insert(words.end(), {"--data", folder_.string(), "--sandbox"});
    return run_cli(std::move(words));
  }
  // Ada sends Bob 20.00, which he claims in a new game, and 30.00, which wait for their PIN.
  void send_to_another_game();
  [[nodiscard]] Layout layout() const { return environment_layout(folder_, true); }

  std::filesystem::path folder_;
  std::optional<tests::OfflineStore> store_;  // still open, as a live server's would be
  domain::GameId game_;
  domain::OrderId refunded_order_;
  std::vector<domain::Position> commit_ends_;  // last position of each commit, in order
};

}  // namespace florin::api::cli
