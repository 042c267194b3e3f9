#include <chrono>
#include <thread>

#include <simdjson.h>

#include "tests/api/cli_fixture.h"

namespace florin::api::cli {
namespace {

std::vector<std::string> lines_of(std::string const& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    auto const end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    begin = end == std::string::npos ? text.size() : end + 1;
  }
  return lines;
}

using CliLog = CliStoreTest;

TEST_F(CliLog, TailPrintsTheLastEventsInOrder) {
  auto const last = commit_ends_.back().value();
  auto const result = cli({"log", "tail", "-n", "3"});
  ASSERT_EQ(result.code, kOk) << result.err;
  auto const lines = lines_of(result.out);
  ASSERT_EQ(lines.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(contains(lines[i], "  " + std::to_string(last - 2 + i) + "  2026-01-01T00:00:0")) << lines[i];
  }
  EXPECT_TRUE(contains(lines.back(), "ItemPurchased"));
}

TEST_F(CliLog, TailFromAPositionGoesToTheEndOrAsFarAsAsked) {
  EXPECT_EQ(lines_of(cli({"log", "tail", "--from", "1"}).out).size(), commit_ends_.back().value());
  auto const some = lines_of(cli({"log", "tail", "--from", "2", "-n", "2"}).out);
  ASSERT_EQ(some.size(), 2u);
  EXPECT_TRUE(contains(some[0], "IdentityRegistered"));
  EXPECT_TRUE(cli({"log", "tail", "--from", "100000"}).out.empty());
}

TEST_F(CliLog, JsonLinesParseAndCountPositions) {
  auto const result = cli({"log", "tail", "--from", "1", "--json"});
  ASSERT_EQ(result.code, kOk);
  std::uint64_t expected = 0;
  for (auto const& line : lines_of(result.out)) {
    simdjson::dom::parser parser;
    simdjson::dom::element event;
    ASSERT_EQ(parser.parse(line).get(event), simdjson::SUCCESS) << line;
    EXPECT_EQ(event["position"].get_uint64().value(), ++expected);
  }
  EXPECT_EQ(expected, commit_ends_.back().value());
}

TEST_F(CliLog, PersonalTextStaysSealedUnlessOpened) {
  auto const sealed = cli({"log", "tail", "--from", "1"});
  EXPECT_FALSE(contains(sealed.out, "ada@example.com"));
  EXPECT_TRUE(contains(sealed.out, "(sealed)"));
  auto const opened = cli({"log", "tail", "--from", "1", "--open", "--json"});
  EXPECT_TRUE(contains(opened.out, R"("email":"ada@example.com")"));
  EXPECT_TRUE(contains(opened.out, R"("name":"Ada")"));
}

TEST_F(CliLog, PhoneNumbersAreIdsUntilTheVaultIsOpened) {
  send_to_another_game();
  auto const sealed = cli({"log", "tail", "--from", "1", "--json"});
  ASSERT_EQ(sealed.code, kOk) << sealed.err;
  EXPECT_FALSE(contains(sealed.out, "+46701234567"));
  EXPECT_TRUE(contains(sealed.out, R"-("number":"(sealed)")-"));
  auto const opened = cli({"log", "tail", "--from", "1", "--open", "--json"});
  EXPECT_TRUE(contains(opened.out, R"("number":"+46701234567")"));
  EXPECT_TRUE(contains(opened.out, R"("sender_phone_id":1)"));
}

TEST_F(CliLog, OpeningWithoutAVaultSaysSoAndMakesNone) {
  std::filesystem::remove_all(layout().vault());
  auto const result = cli({"log", "tail", "--open"});
  EXPECT_EQ(result.code, kUsage);
  EXPECT_TRUE(contains(result.err, "no vault"));
  EXPECT_FALSE(std::filesystem::exists(layout().vault()));
}

TEST_F(CliLog, FollowPrintsWhatIsWrittenLater) {
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    domain::CreditBalance credit{game_, store_->player("ada@example.com"), {}, domain::Money::from_minor(7), "later"};
    auto const done = store_->run(credit, {game_, "c2", {}}, domain::Timestamp::from_seconds(kStart + 60), 1);
    ASSERT_TRUE(done && done.value());
    ASSERT_TRUE(store_->flush());
  });
  auto const from = std::to_string(commit_ends_.back().value() + 1);
  auto const result = cli({"log", "tail", "--follow", "--from", from, "-n", "1"});
  later.join();
  EXPECT_EQ(result.code, kOk);
  EXPECT_TRUE(contains(result.out, "reason \"later\"")) << result.out;
}

TEST_F(CliLog, ShowFindsACommitByAnyOfItsNames) {
  auto const order = domain::format_order_id(refunded_order_);
  auto const by_order = cli({"log", "show", order});
  ASSERT_EQ(by_order.code, kOk) << by_order.err;
  EXPECT_TRUE(contains(by_order.out, "ItemPurchased"));
  EXPECT_TRUE(contains(by_order.out, "\"p2\""));
  EXPECT_TRUE(contains(by_order.out, "promotional_issuance") == false);
  EXPECT_TRUE(contains(by_order.out, "network_fees"));
  EXPECT_EQ(cli({"log", "show", domain::format_transaction_id(refunded_order_.position())}).out, by_order.out);
  EXPECT_EQ(cli({"log", "show", std::to_string(refunded_order_.value())}).out, by_order.out);
}

TEST_F(CliLog, ShowPrintsEveryEventOfTheCommitAsJson) {
  auto const result = cli({"log", "show", "3", "--json"});  // inside the first credit's commit
  ASSERT_EQ(result.code, kOk);
  auto const lines = lines_of(result.out);
  ASSERT_EQ(lines.size(), commit_ends_[1].value() - commit_ends_[0].value());
  EXPECT_TRUE(contains(lines.front(), "IdentityRegistered"));
  EXPECT_TRUE(contains(lines.back(), "BalanceCredited"));
}

TEST_F(CliLog, OneEventIsAtOnePosition) {
  auto const last = commit_ends_.back().value();
  auto const one = cli({"log", "show", std::to_string(last)});
  auto const events = last - commit_ends_[commit_ends_.size() - 2].value();
  ASSERT_GT(events, 1u);
  EXPECT_TRUE(
      contains(one.out, "positions          " + std::to_string(last + 1 - events) + " to " + std::to_string(last)))
      << one.out;
  auto const game = cli({"log", "show", "1"});
  ASSERT_EQ(game.code, kOk) << game.err;
  EXPECT_TRUE(contains(game.out, "\nposition           1\n")) << game.out;
}

TEST_F(CliLog, WhatAGameWroteCannotFoolWhoReadsIt) {
  std::string const trick = "Gift\xe2\x80\xae\xe2\x80\xa8\xe2\x80\x8b\xc2\x9b[2J\nok: the log is whole";
  domain::CreditBalance credit{game_, store_->player("ada@example.com"), {}, domain::Money::from_minor(7), trick};
  auto const done = store_->run(credit, {game_, trick, {}}, domain::Timestamp::from_seconds(kStart + 60), 1);
  ASSERT_TRUE(done && done.value());
  ASSERT_TRUE(store_->flush());
  auto const position = std::to_string(store_->head().position.value());
  for (auto const& words : std::vector<std::vector<std::string>>{
           {"log", "tail", "-n", "1"}, {"log", "show", position}, {"log", "show", position, "--json"}}) {
    auto const result = cli(words);
    ASSERT_EQ(result.code, kOk) << result.err;
    for (std::string_view const raw : {"\xe2\x80\xae", "\xe2\x80\xa8", "\xe2\x80\x8b", "\xc2\x9b", "\nok: "}) {
      EXPECT_FALSE(contains(result.out, raw)) << testing::PrintToString(words) << result.out;
    }
    EXPECT_TRUE(contains(result.out, "\\u202e\\u2028\\u200b\\u009b[2J")) << result.out;
  }
}

TEST_F(CliLog, ShowRefusesWhatIsNotThere) {
  EXPECT_EQ(cli({"log", "show", "nonsense"}).code, kUsage);
  EXPECT_EQ(cli({"log", "show", "0"}).code, kUsage);
  EXPECT_EQ(cli({"log", "show", "idn_0000000000001"}).code, kUsage);
  auto const past = cli({"log", "show", "99999"});
  EXPECT_EQ(past.code, kUsage);
  EXPECT_TRUE(contains(past.err, "past the log's end"));
}

}  // namespace
}  // namespace florin::api::cli
