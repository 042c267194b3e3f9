// The command line itself: help, usage errors, and what serve is given.
#include "tests/api/cli_fixture.h"

namespace florin::api::cli {
namespace {

TEST(CliUsage, HelpStartsWithExamplesAndNamesTheExitCodes) {
  auto const help = run_cli({"--help"});
  EXPECT_EQ(help.code, kOk);
  EXPECT_TRUE(help.out.starts_with("Examples:\n  florin serve")) << help.out;
  EXPECT_TRUE(contains(help.out, "Exit codes: 0 ok"));
}

TEST(CliUsage, EveryCommandHasExamplesAndJson) {
  std::vector<std::vector<std::string>> const commands = {{"serve"},
                                                          {"game", "create"},
                                                          {"game", "list"},
                                                          {"game", "show"},
                                                          {"player", "balance"},
                                                          {"log", "tail"},
                                                          {"log", "show"},
                                                          {"audit", "verify"},
                                                          {"audit", "at"},
                                                          {"projection", "list"},
                                                          {"audit", "mailboxes"},
                                                          {"bench", "replay"},
                                                          {"projection", "rebuild"}};
  for (auto command : commands) {
    auto const name = testing::PrintToString(command);
    command.push_back("--help");
    auto const help = run_cli(command);
    EXPECT_EQ(help.code, kOk) << name;
    EXPECT_TRUE(help.out.starts_with("Examples:\n  ")) << name;
    EXPECT_TRUE(contains(help.out, "--json")) << name;
  }
}

TEST(CliUsage, MistakesAreTwoAndSayWhatIsWrong) {
  EXPECT_EQ(run_cli({}).code, kUsage);
  EXPECT_EQ(run_cli({"nonsense"}).code, kUsage);
  EXPECT_EQ(run_cli({"game"}).code, kUsage);
  EXPECT_EQ(run_cli({"audit", "verify"}).code, kUsage);
  auto const wrong = run_cli({"log", "tail", "--data", "/tmp", "-n", "none"});
  EXPECT_EQ(wrong.code, kUsage);
  EXPECT_TRUE(contains(wrong.err, "-n"));
}

TEST(CliUsage, WhatIsNotUtf8IsRefusedBeforeAnythingIsDone) {
  for (auto const& words :
       std::vector<std::vector<std::string>>{{"game", "create", "--name", "\xff"},
                                             {"player", "minor", "\xff@example.com"},
                                             {"payout", "list", "--status", "\xc3"},
                                             {"serve", "--data", "/srv", "--set", "ach.company_name=\xed\xa0\x80"},
                                             {"\xff"}}) {
    served_config().reset();
    auto const result = run_cli(words);
    EXPECT_EQ(result.code, kUsage) << testing::PrintToString(words);
    EXPECT_TRUE(contains(result.err, "is not UTF-8")) << result.err;
    EXPECT_FALSE(served_config());
  }
  ASSERT_EQ(::setenv("FLORIN_SERVER", "http://\xff", 1), 0);
  auto const result = run_cli({"game", "list"});
  ::unsetenv("FLORIN_SERVER");
  EXPECT_EQ(result.code, kUsage);
  EXPECT_TRUE(contains(result.err, "FLORIN_SERVER is not UTF-8")) << result.err;
}

TEST(CliUsage, AFolderWithoutALogIsNamed) {
  for (auto const& command : std::vector<std::vector<std::string>>{
           {"log", "tail"}, {"log", "show", "1"}, {"audit", "verify"}, {"audit", "at", "1"}, {"bench", "replay"}}) {
    auto words = command;
    words.insert(words.end(), {"--data", "/no/such/folder"});
    auto const result = run_cli(words);
    EXPECT_EQ(result.code, kUsage) << testing::PrintToString(command);
    EXPECT_TRUE(contains(result.err, "/no/such/folder/production/log.db")) << result.err;
    EXPECT_TRUE(result.out.empty());
  }
}

TEST(CliUsage, ServeGetsItsConfigFromTheFlags) {
  served_config().reset();
  auto const result = run_cli({"serve", "--data", "/srv", "--listen", "0.0.0.0:81", "--set", "limits.enabled=false",
                               "--set", "writer.batch_limit=9"});
  ASSERT_EQ(result.code, kOk) << result.err;
  ASSERT_TRUE(served_config());
  EXPECT_EQ(served_config()->data, "/srv");
  EXPECT_EQ(served_config()->server.host, "0.0.0.0");
  EXPECT_EQ(served_config()->server.port, 81);
  EXPECT_FALSE(served_config()->limits_enabled);
  EXPECT_EQ(served_config()->writer.batch_limit, 9u);
}

TEST(CliUsage, ServeRefusesAWrongConfig) {
  served_config().reset();
  EXPECT_EQ(run_cli({"serve"}).code, kUsage);
  EXPECT_EQ(run_cli({"serve", "--data", "/srv", "--listen", "nowhere"}).code, kUsage);
  EXPECT_EQ(run_cli({"serve", "--data", "/srv", "--set", "limits"}).code, kUsage);
  auto const unknown = run_cli({"serve", "--data", "/srv", "--set", "limits.enabeld=true", "--json"});
  EXPECT_EQ(unknown.code, kUsage);
  EXPECT_TRUE(contains(unknown.err, "limits.enabeld: no such setting"));
  EXPECT_TRUE(contains(unknown.out, R"("exit_code":2)"));
  EXPECT_FALSE(served_config());
}

}  // namespace
}  // namespace florin::api::cli
