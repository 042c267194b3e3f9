#include "sagas/gateways/sandbox_bank.h"

#include <gtest/gtest.h>

namespace florin::sagas {
namespace {

using domain::Timestamp;

constexpr Timestamp kSubmitted = Timestamp::from_seconds(1'795'000'000);

AchEntry entry_to(std::string account) {
  return {domain::PayoutId(7),         "Aurora Games", "021000021", std::move(account), domain::AccountType::checking,
          domain::Usd::from_minor(100)};
}

AchFile file_of(std::vector<AchEntry> entries) {
  AchFile file;
  file.origin = {"091000019", "First Example Bank", "091000019", "Florin",
                 "Florin",    "1123456789",         "09100001",  "PAYOUT"};
  file.created = kSubmitted;
  file.effective = std::chrono::sys_days(std::chrono::year(2026) / 11 / 19);
  file.entries = std::move(entries);
  return file;
}

BankAnswer a_day_later(std::string account) {
  return SandboxBank().outcome(entry_to(std::move(account)), kSubmitted, kSubmitted + kSandboxSettlementMicros);
}

TEST(SandboxBank, PaysAfterADay) {
  SandboxBank const bank;
  BankAnswer const pending{BankOutcome::pending, {}, {}};
  BankAnswer const settled{BankOutcome::settled, {}, {}};
  for (auto const& entry : {entry_to("000123456789"), entry_to("1234")}) {
    EXPECT_EQ(bank.outcome(entry, kSubmitted, kSubmitted), pending);
    EXPECT_EQ(bank.outcome(entry, kSubmitted, kSubmitted + -1), pending);
    EXPECT_EQ(bank.outcome(entry, kSubmitted, kSubmitted + (86'400'000'000 - 1)), pending);
    EXPECT_EQ(bank.outcome(entry, kSubmitted, kSubmitted + 86'400'000'000), settled);
    EXPECT_EQ(bank.outcome(entry, kSubmitted, kSubmitted + 1'000 * domain::kMicrosPerDay), settled);
  }
}

TEST(SandboxBank, SaysWhenItIsWorthAsking) {
  EXPECT_EQ(SandboxBank().answers_at(kSubmitted), kSubmitted + kSandboxSettlementMicros);
}

TEST(SandboxBank, GivesBackWhatGoesToItsKnownAccounts) {
  EXPECT_EQ(a_day_later("000111111116"), (BankAnswer{BankOutcome::returned, "R03", "no such account"}));
  EXPECT_EQ(a_day_later("000111111113"), (BankAnswer{BankOutcome::returned, "R02", "account closed"}));
  EXPECT_EQ(a_day_later("000222222227"), (BankAnswer{BankOutcome::returned, "R01", "insufficient funds"}));
  EXPECT_EQ(a_day_later("000333333335"), (BankAnswer{BankOutcome::returned, "R23", "credit refused by the receiver"}));
  EXPECT_EQ(a_day_later("111111116").outcome, BankOutcome::settled);
  EXPECT_EQ(SandboxBank().outcome(entry_to("000111111116"), kSubmitted, kSubmitted).outcome, BankOutcome::pending);
}

TEST(SandboxBank, TakesAFileTwiceAndSaysTheSame) {
  SandboxBank const bank;
  AchEntry other = entry_to("000111111116");
  other.payout = domain::PayoutId(8);
  auto const file = write_nacha(file_of({entry_to("000123456789"), other}));
  ASSERT_TRUE(file.ok()) << file.error();
  for (int i = 0; i < 2; ++i) {
    auto const receipt = bank.submit(file.value());
    ASSERT_TRUE(receipt.ok()) << receipt.error();
    EXPECT_EQ(receipt.value(), (BankReceipt{2, domain::Usd::from_minor(200)}));
  }
  // What it reads in the file is what it is asked about.
  auto const read = read_nacha(file.value());
  EXPECT_EQ(bank.outcome(read.value().entries[1], kSubmitted, kSubmitted + kSandboxSettlementMicros).return_code,
            "R03");
}

TEST(SandboxBank, RefusesADamagedFileWhole) {
  SandboxBank const bank;
  auto file = write_nacha(file_of({entry_to("000123456789")})).value();
  file[2 * 95 + 29] = '1';  // the amount
  auto const receipt = bank.submit(file);
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.error(), "Line 4: the total is wrong.");
  EXPECT_FALSE(bank.submit("").ok());
}

}  // namespace
}  // namespace florin::sagas
