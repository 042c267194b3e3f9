// The command line itself: help, usage errors, and what serve is given.
#include <fstream>

#include "tests/api/cli_fixture.h"

namespace florin::api::cli {
namespace {

TEST(CliUsage, HelpStartsWithExamplesAndNamesTheExitCodes) {
  auto const help = run_cli({"--help"});
  EXPECT_EQ(help.code, kOk);
  EXPECT_TRUE(help.out.starts_with("Examples:\n  florin serve")) << help.out;
  for (auto const& [code, meaning] : kExitMeanings) {
    EXPECT_TRUE(contains(help.out, "  " + std::to_string(code) + "  " + meaning + "\n")) << help.out;
  }
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
  EXPECT_TRUE(contains(wrong.err, "-n: 'none' is not a whole number from 1 to 1,000,000,000")) << wrong.err;
}

TEST(CliUsage, AMistypedWordIsNamedWithTheNearest) {
  auto const error = [](std::vector<std::string> words) {
    auto const result = run_cli(std::move(words));
    EXPECT_EQ(result.code, kUsage);
    EXPECT_TRUE(result.out.empty()) << result.out;
    return result.err;
  };
  EXPECT_TRUE(contains(error({"gaem", "list"}), "'gaem' is no command of florin: did you mean 'game'?"));
  EXPECT_TRUE(contains(error({"audit", "verfy"}), "'verfy' is no command of florin audit: did you mean 'verify'?"));
  EXPECT_TRUE(contains(error({"zzz"}), "'zzz' is no command of florin: known are 'serve', 'game', "));
  EXPECT_TRUE(contains(error({}), "florin needs a command: known are 'serve'"));
  EXPECT_TRUE(contains(error({"log"}), "florin log needs a command: known are 'tail' and 'show'"));
  EXPECT_TRUE(contains(error({"payout", "list", "--statsu", "failed"}),
                       "--statsu is no option of florin payout list: did you mean '--status'?"));
  EXPECT_TRUE(contains(error({"payout", "list", "--status", "faild"}), "did you mean 'failed'?"));
  EXPECT_TRUE(contains(error({"payout", "list", "--limit", "0"}), "'0' is not a whole number from 1 to 100"));
  EXPECT_TRUE(contains(error({"payout", "ach", "2026-99-20"}), "'2026-99-20' is not a day like 2026-11-20"));
  EXPECT_TRUE(contains(error({"payout", "files", "today"}), "'today' is not a day like 2026-11-20"));
  EXPECT_TRUE(contains(error({"log", "tail", "--data", "/x", "--from", "yesterday"}),
                       "--from: 'yesterday' is neither a position from 1 on nor a time like 2026-11-20T12:00:00Z"));
  EXPECT_TRUE(contains(error({"log", "tail", "--data", "/x", "-n", "0"}), "-n: '0' is not a whole number from 1 to"));
  EXPECT_TRUE(
      contains(error({"--data", "/x", "log", "tail"}), "--data is no option of florin: options follow the command"));
  EXPECT_TRUE(contains(error({"game", "list", "more"}), "'more' is one word too many for florin game list"));
  EXPECT_TRUE(contains(error({"audit", "verify"}), "--data is required: give it, or FLORIN_DATA"));
  EXPECT_TRUE(contains(error({"game", "list", "-x"}), "-x is no option of florin game list: known are "));
  EXPECT_TRUE(contains(error({"game", "update", "482910573621", "--status", "suspendd"}), "did you mean 'suspended'?"));
  EXPECT_TRUE(contains(error({"game", "create", "--naem", "K"}),
                       "--naem is no option of florin game create: did you mean '--name'?"))
      << "and not that --name is missing";
  EXPECT_TRUE(contains(error({"game", "create", "--currency", "Gold:GLD"}), "--name is required"));
  EXPECT_TRUE(contains(error({"log", "show", "--data", "/x"}), "commit is required"));
  auto const json = run_cli({"gaem", "--json"});
  EXPECT_TRUE(contains(json.out, R"("exit_code":2)"));
}

// What an operator pasted must not steer the terminal that says so.
TEST(CliUsage, ComplaintsShowHiddenCharactersOfTheirArguments) {
  std::string const trick = "\x1b[2J\xe2\x80\xaeok";
  for (auto const& words : std::vector<std::vector<std::string>>{{trick},
                                                                 {"log", trick},
                                                                 {"log", "show", trick, "--data", "/x"},
                                                                 {"audit", "at", trick, "--data", "/x"},
                                                                 {"log", "tail", "--data", "/x", "-n", trick},
                                                                 {"log", "tail", "--data", trick},
                                                                 {"game", "list", "--" + trick},
                                                                 {"game", "list", "--server", trick},
                                                                 {"serve", "--data", "/x", "--set", trick}}) {
    auto const result = run_cli(words);
    EXPECT_NE(result.code, kOk);
    EXPECT_TRUE(contains(result.err, "\\x1b[2J\\u202eok")) << result.err;
    EXPECT_FALSE(contains(result.err, "\x1b")) << result.err;
  }
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
  auto const json = run_cli({"game", "show", "\xff", "--json"});
  EXPECT_TRUE(contains(json.out, R"("exit_code":2,"message":"argument 3 is not UTF-8)")) << json.out;
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
    EXPECT_EQ(result.code, kUnreachable) << testing::PrintToString(command);
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

// Whoever gives a flag means it, whatever the shell has set.
TEST(CliUsage, AFlagBeatsItsVariableInEveryCommand) {
  auto const groups = std::vector<std::vector<std::string>>{
      {"log", "tail"}, {"log", "show", "1"}, {"audit", "verify"}, {"audit", "at", "1"}, {"bench", "replay"}};
  ::setenv("FLORIN_DATA", "/no/such/variable", 1);
  for (auto words : groups) {
    auto const by_variable = run_cli(words);
    EXPECT_TRUE(contains(by_variable.err, "/no/such/variable/production")) << by_variable.err;
    words.insert(words.end(), {"--data", "/no/such/flag"});
    auto const by_flag = run_cli(words);
    EXPECT_TRUE(contains(by_flag.err, "/no/such/flag/production")) << by_flag.err;
    EXPECT_FALSE(contains(by_flag.err, "/no/such/variable")) << by_flag.err;
  }
  served_config().reset();
  ASSERT_EQ(run_cli({"serve", "--data", "/flag"}).code, kOk);
  EXPECT_EQ(served_config()->data, "/flag");
  ASSERT_EQ(run_cli({"serve"}).code, kOk);
  EXPECT_EQ(served_config()->data, "/no/such/variable");
  ::setenv("FLORIN_DATA", "", 1);
  for (auto const& words : groups) EXPECT_TRUE(contains(run_cli(words).err, "--data is required"));
  EXPECT_TRUE(contains(run_cli({"serve"}).err, "data: no folder is named"));
  ::unsetenv("FLORIN_DATA");

  ::setenv("FLORIN_ADMIN_TOKEN", "token-of-the-operator", 1);
  ::setenv("FLORIN_GAME_KEY", "ivsdk_variable", 1);
  auto const asking = std::vector<std::vector<std::string>>{
      {"game", "list"},
      {"game", "show", "482910573621"},
      {"game", "rotate-key", "482910573621"},
      {"game", "create", "--name", "K", "--currency", "Gold:GLD"},
      {"player", "balance", "ada@example.com"},
      {"player", "minor", "ada@example.com"},
      {"payout", "list"},
      {"payout", "approve", "po_000000000002G"},
      {"payout", "reject", "po_000000000002G"},
      {"payout", "process", "po_000000000002G"},
      {"payout", "complete", "po_000000000002G"},
      {"payout", "fail", "po_000000000002G"},
      {"payout", "ach", "2026-11-20"},
      {"projection", "list"},
      {"projection", "rebuild", "history"},
  };
  for (auto words : asking) {
    ::setenv("FLORIN_SERVER", "not-the-variable", 1);
    auto const by_variable = run_cli(words);
    EXPECT_TRUE(contains(by_variable.err, "not-the-variable")) << testing::PrintToString(words) << by_variable.err;
    words.insert(words.end(), {"--server", "not-the-flag"});
    auto const by_flag = run_cli(words);
    EXPECT_TRUE(contains(by_flag.err, "not-the-flag")) << by_flag.err;
    EXPECT_FALSE(contains(by_flag.err, "not-the-variable")) << by_flag.err;
    ::unsetenv("FLORIN_SERVER");
  }
  for (auto const* name : {"FLORIN_ADMIN_TOKEN", "FLORIN_GAME_KEY"}) ::unsetenv(name);
}

TEST(CliUsage, ServeTakesItsFileFromTheFlagBeforeTheVariable) {
  auto const folder = std::filesystem::temp_directory_path();
  auto const file = [&](std::string const& name, std::string const& data) {
    auto const path = folder / (name + std::to_string(::getpid()) + ".toml");
    std::ofstream(path) << "data = \"" << data << "\"\n";
    return path.string();
  };
  auto const flag = file("flag", "/from-flag");
  auto const variable = file("variable", "/from-variable");
  ::setenv("FLORIN_CONFIG", variable.c_str(), 1);
  ASSERT_EQ(run_cli({"serve"}).code, kOk);
  EXPECT_EQ(served_config()->data, "/from-variable");
  ASSERT_EQ(run_cli({"serve", "--config", flag}).code, kOk);
  EXPECT_EQ(served_config()->data, "/from-flag");
  ::unsetenv("FLORIN_CONFIG");
  for (auto const& path : {flag, variable}) std::filesystem::remove(path);
}

TEST(CliUsage, AMistypedVariableIsRemarkedAndAForeignOneIsNot) {
  ::setenv("FLORIN_SERVR", "x", 1);
  ::setenv("FLORIN_PORT", "tcp://10.0.0.1:80", 1);
  ::setenv("FLORIN_SERVICE_HOST", "10.0.0.1", 1);
  auto const result = run_cli({"log", "tail", "--data", "/no/such"});
  EXPECT_TRUE(contains(result.err,
                       "FLORIN_SERVR is set, but no setting has this name: it is ignored; did you mean "
                       "FLORIN_SERVER?"))
      << result.err;
  EXPECT_FALSE(contains(result.err, "FLORIN_PORT")) << result.err;
  EXPECT_FALSE(contains(result.err, "FLORIN_SERVICE")) << result.err;
  ::unsetenv("FLORIN_SERVR");
  ::unsetenv("FLORIN_PORT");
  ::unsetenv("FLORIN_SERVICE_HOST");
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
