#include "api/event_text.h"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "api/event_json.h"
#include "tests/eventstore/samples.h"

namespace florin::api {
namespace {

std::vector<std::string> read_lines(std::string const& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// Every kind of event against the committed text; FLORIN_WRITE_GOLDEN=1 writes it anew for review.
void expect_golden(std::string const& name, std::vector<std::string> const& actual) {
  auto const path = std::string(FLORIN_SOURCE_DIR "/tests/golden/") + name;
  if (std::getenv("FLORIN_WRITE_GOLDEN") != nullptr) {
    std::ofstream file(path);
    for (auto const& line : actual) file << line << '\n';
  }
  auto const expected = read_lines(path);
  ASSERT_EQ(expected.size(), actual.size()) << path;
  for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_EQ(actual[i], expected[i]);
}

TEST(EventText, EveryKindOfEventHasItsLine) {
  std::vector<std::string> lines;
  for (auto const& event : samples::events()) lines.push_back(event_line(samples::commit(event), 0));
  ASSERT_EQ(lines.size(), std::variant_size_v<domain::Event>);
  expect_golden("event_lines.txt", lines);
}

TEST(EventText, EveryKindOfEventHasItsJson) {
  std::vector<std::string> lines;
  for (auto const& event : samples::events()) append_event_json(lines.emplace_back(), samples::commit(event), 0);
  expect_golden("event_lines.jsonl", lines);
}

TEST(EventText, PositionsCountWithinTheCommit) {
  auto const commit = samples::commit(samples::events());
  auto const last = commit.events.size() - 1;
  EXPECT_TRUE(event_line(commit, last).starts_with("        86  "));
  std::string json;
  append_event_json(json, commit, last);
  EXPECT_TRUE(json.starts_with(R"({"position":86,)"));
}

TEST(EventText, ACommandWithoutARequestIdHasNoRequest) {
  auto commit = samples::purchase();
  commit.request = {};
  std::string json;
  append_event_json(json, commit, 0);
  EXPECT_NE(json.find(R"("request":null)"), std::string::npos);
}

std::string json_of(domain::Event const& event) {
  std::string out;
  append_event_json(out, samples::commit(event), 0);
  return out;
}

TEST(EventText, WhatIsNotThereIsNull) {
  auto initiated = samples::initiated();
  initiated.guardian = {};
  initiated.guardian_expires_at = {};
  auto const json = json_of(initiated);
  EXPECT_NE(json.find(R"("guardian_phone_id":null,"guardian_expires_at":null)"), std::string::npos) << json;
  EXPECT_EQ(event_line(samples::commit(initiated), 0).find("guardian"), std::string::npos);

  domain::MinorFlagged const alone{domain::IdentityId(5), {}};
  EXPECT_NE(json_of(alone).find(R"("guardian_phone_id":null)"), std::string::npos);
  EXPECT_TRUE(event_line(samples::commit(alone), 0).ends_with("identity idn_0000000000005"));
}

TEST(EventText, ATextIsNamedByWhatItIsAbout) {
  using domain::TextKind;
  auto const line = [](TextKind kind, std::uint8_t detail) {
    domain::TextSettled const settled{{domain::Position(42), kind, detail}, domain::TextEnd::sent};
    return event_line(samples::commit(settled), 0);
  };
  EXPECT_TRUE(line(TextKind::pin, 3).ends_with("transaction txn_000000000001A  text pin  pin index 3  end sent"));
  EXPECT_TRUE(line(TextKind::claim_code, 0).ends_with("transaction txn_000000000001A  text claim_code  end sent"));
  EXPECT_TRUE(line(TextKind::share_code, 0).ends_with("approval 42  text share_code  end sent"));
  domain::TextSettled const shared{{domain::Position(42), TextKind::share_code, 0}, domain::TextEnd::refused};
  EXPECT_NE(json_of(shared).find(R"("data":{"approval":42,"text":"share_code","end":"refused"})"), std::string::npos);
}

TEST(EventText, TextsCannotSteerTheTerminal) {
  EXPECT_EQ(terminal_quoted("a\x1b[2Jb\nc\x7f"), R"("a\x1b[2Jb\x0ac\x7f")");
  EXPECT_EQ(terminal_quoted("say \"hi\" \\"), R"("say \"hi\" \\")");
  EXPECT_EQ(terminal_quoted("\xc2\x9b"
                            "31m caf\xc3\xa9"),
            "\"\\u009b31m caf\xc3\xa9\"");
  EXPECT_EQ(terminal_quoted("Hron\xe2\x80\xae Sword\xe2\x80\xa8\xff"), "\"Hron\\u202e Sword\\u2028\\xff\"");
}

}  // namespace
}  // namespace florin::api
