#include "eventstore/store/codes.h"

#include <array>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "eventstore/store/vault.h"
#include "tests/eventstore/samples.h"
#include "tests/eventstore/temporary_folder.h"

namespace florin::eventstore {
namespace {

using domain::Position;
using domain::TransferId;

constexpr std::uint64_t kClaimEnd = std::uint64_t{1} << 40;
constexpr std::uint64_t kApprovalEnd = std::uint64_t{1} << 48;
constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

Codes codes_of(std::uint8_t first_byte) { return Codes(KeyedHash(samples::bytes<32>(first_byte))); }
Codes const& codes() {
  static Codes const one = codes_of(0);
  return one;
}

bool is_pin(std::string const& text) {
  return text.size() == 6 && text.find_first_not_of("0123456789") == std::string::npos;
}

// Made with Python's hmac for the master key 00 01 … 1f. If one of these changes, texts that people hold at the time
// of the upgrade stop working.
TEST(Codes, OfAGivenMasterKeyNeverChange) {
  EXPECT_EQ(codes().pin(TransferId(42), 0), "845088");
  EXPECT_EQ(codes().pin(TransferId(42), 1), "991841");
  EXPECT_EQ(codes().pin(TransferId(43), 0), "648052");
  EXPECT_EQ(codes().pin(TransferId(19), 0), "006475");
  EXPECT_EQ(codes().otp(Position(42)), "286381");
  EXPECT_EQ(codes().otp(Position(81)), "005037");
  EXPECT_EQ(codes().claim_code(TransferId(1)), "SCT3-1AGM-0ZX2-W2ZD");
  EXPECT_EQ(codes().claim_code(TransferId(42)), "41Y4-JJPJ-BFX4-SH3C");
  EXPECT_EQ(codes().claim_code(TransferId(kClaimEnd - 1)), "42SC-JDVT-524B-W58Y");
  EXPECT_EQ(codes().approval_id(Position(1)), "c106449e-3ac4-87aa-8b0c-21a0f72bb538");
  EXPECT_EQ(codes().approval_id(Position(42)), "dba74dc5-47dc-827b-ac1d-038094f3c4a5");
  EXPECT_EQ(codes().approval_id(Position(kApprovalEnd - 1)), "745e8627-9c6a-8650-9969-4edb46d768cc");
}

TEST(Codes, OfAVaultAreThoseOfItsMasterKeyAlsoAfterReopening) {
  TemporaryFolder const one;
  TemporaryFolder const two;
  auto vault = std::move(Vault::open(one.path())).value();
  auto const code = vault->codes().claim_code(TransferId(7));
  auto const id = vault->codes().approval_id(Position(7));
  vault.reset();
  vault = std::move(Vault::open(one.path())).value();
  EXPECT_EQ(vault->codes().parse_claim_code(code), TransferId(7));
  EXPECT_EQ(vault->codes().parse_approval_id(id), Position(7));
  auto const other = std::move(Vault::open(two.path())).value();
  EXPECT_EQ(other->codes().parse_claim_code(code), std::nullopt);
  EXPECT_EQ(other->codes().parse_approval_id(id), std::nullopt);
}

// ---- PINs and one-time passwords

RC_GTEST_PROP(CodesProperty, APinIsSixDigitsOfItsTransactionAndAttempt, ()) {
  auto const transaction = TransferId(*rc::gen::inRange<std::uint64_t>(1, kClaimEnd));
  auto const attempt = *rc::gen::inRange<std::uint32_t>(0, Codes::kAttemptsMax);
  auto const pin = codes().pin(transaction, attempt);
  RC_ASSERT(is_pin(pin));
  RC_ASSERT(codes().pin(transaction, attempt) == pin);
  RC_ASSERT((codes().matching_pins(transaction, pin, attempt + 1) >> attempt) == 1u);
  RC_ASSERT((codes().matching_pins(transaction, pin, attempt) >> attempt) == 0u);
  auto const otp = codes().otp(transaction.position());
  RC_ASSERT(is_pin(otp));
  RC_ASSERT(codes().is_otp(transaction.position(), otp));
}

TEST(Codes, MatchingPinsNamesTheAttempts) {
  TransferId const transaction(42);
  for (std::uint32_t i = 0; i < Codes::kAttemptsMax; ++i) {
    EXPECT_EQ(codes().matching_pins(transaction, codes().pin(transaction, i), Codes::kAttemptsMax), 1u << i);
  }
  EXPECT_EQ(codes().matching_pins(transaction, codes().pin(transaction, 3), 3), 0u) << "not sent yet";
  EXPECT_EQ(codes().matching_pins(transaction, codes().pin(transaction, 0), 0), 0u);
  EXPECT_EQ(codes().matching_pins(transaction, codes().pin(TransferId(43), 0), Codes::kAttemptsMax), 0u);
  EXPECT_EQ(codes().matching_pins(transaction, codes().otp(transaction.position()), Codes::kAttemptsMax), 0u);
}

TEST(Codes, TwoAttemptsThatShareTheirDigitsBothMatch) {
  EXPECT_EQ(codes().matching_pins(TransferId(947), "505043", Codes::kAttemptsMax), 1u << 3 | 1u << 26);
}

TEST(Codes, WhatIsNotSixDigitsMatchesNothing) {
  TransferId const transaction(19);
  EXPECT_EQ(codes().matching_pins(transaction, "006475", 1), 1u);
  using namespace std::string_view_literals;
  for (auto const given : {""sv, "6475"sv, "00647"sv, "0064755"sv, " 006475"sv, "006475 "sv, "006 475"sv,
                           "\0\0\0\0\0\0"sv, "00647\0"sv, "006475\0"sv}) {
    EXPECT_EQ(codes().matching_pins(transaction, given, Codes::kAttemptsMax), 0u) << given;
    EXPECT_FALSE(codes().is_otp(Position(81), given)) << given;
  }
  EXPECT_TRUE(codes().is_otp(Position(81), "005037"));
  EXPECT_FALSE(codes().is_otp(Position(82), "005037"));
  EXPECT_FALSE(codes().is_otp(Position(81), codes().pin(TransferId(81), 0)));
}

// Each of 6 × 10 digit counts is about 6,000 ± 73; eight standard deviations do not happen by chance, and the key is
// fixed.
TEST(Codes, EveryDigitIsAsLikelyAsAnother) {
  for (bool const otp : {false, true}) {
    std::array<std::array<int, 10>, 6> counts{};
    std::set<std::string> distinct;
    for (std::uint32_t i = 1; i <= 60'000; ++i) {
      auto const digits = otp ? codes().otp(Position(i)) : codes().pin(TransferId(1 + i / 6), i % 6);
      distinct.insert(digits);
      for (std::size_t place = 0; place < 6; ++place) ++counts[place][static_cast<std::size_t>(digits[place] - '0')];
    }
    for (auto const& place : counts) {
      for (int const count : place) EXPECT_NEAR(count, 6'000, 600);
    }
    EXPECT_NEAR(static_cast<int>(distinct.size()), 58'235, 400);  // 10^6 (1 - e^-0.06)
  }
}

// ---- claim codes

RC_GTEST_PROP(CodesProperty, AClaimCodeFindsItsTransaction, ()) {
  auto const transaction = TransferId(*rc::gen::inRange<std::uint64_t>(1, kClaimEnd));
  auto const code = codes().claim_code(transaction);
  RC_ASSERT(code.size() == 19u);
  for (std::size_t i = 0; i < code.size(); ++i) {
    bool const fits = i % 5 == 4 ? code[i] == '-' : kCrockford.find(code[i]) != std::string_view::npos;
    RC_ASSERT(fits);
  }
  RC_ASSERT(codes().parse_claim_code(code) == transaction);
}

RC_GTEST_PROP(CodesProperty, AnotherLetterAnywhereIsNoClaimCode, ()) {
  auto const transaction = TransferId(*rc::gen::inRange<std::uint64_t>(1, kClaimEnd));
  auto const code = codes().claim_code(transaction);
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (code[i] == '-') continue;
    for (char const letter : kCrockford) {
      if (letter == code[i]) continue;
      auto changed = code;
      changed[i] = letter;
      RC_ASSERT(codes().parse_claim_code(changed) == std::nullopt);
    }
  }
}

TEST(Codes, AClaimCodeMayBeWrittenTheWayPeopleDo) {
  // "41Y4-JJPJ-BFX4-SH3C" and "SCT3-1AGM-0ZX2-W2ZD"
  for (auto const* text :
       {"41y4-jjpj-bfx4-sh3c", "41Y4JJPJBFX4SH3C", " 41Y4 JJPJ BFX4 SH3C ", "4 1-y4jj--PJbfx4sh3c-",
        "4IY4-JJPJ-BFX4-SH3C", "4LY4-JJPJ-BFX4-SH3C", "4iY4-JJPJ-BFX4-SH3C", "4lY4-JJPJ-BFX4-SH3C"}) {
    EXPECT_EQ(codes().parse_claim_code(text), TransferId(42)) << text;
  }
  for (auto const* text : {"SCT3-1AGM-OZX2-W2ZD", "sct3-lagm-ozx2-w2zd"}) {
    EXPECT_EQ(codes().parse_claim_code(text), TransferId(1)) << text;
  }
}

TEST(Codes, WhatIsNoClaimCodeIsNone) {
  using namespace std::string_view_literals;
  for (auto const text :
       {""sv, "-"sv, "0000-0000-0000-0000"sv, "ZZZZ-ZZZZ-ZZZZ-ZZZZ"sv, "41Y4-JJPJ-BFX4-SH3"sv, "41Y4-JJPJ-BFX4-SH3C0"sv,
        "041Y4-JJPJ-BFX4-SH3C"sv, "41Y4-JJPJ-BFX4-SH3U"sv, "41Y4_JJPJ_BFX4_SH3C"sv, "41Y4-JJPJ-BFX4-SH3C\n"sv,
        "41Y4-JJPJ-BFX4-SH3C\0"sv, "41Y4-JJPJ-BFX4-SH3\xc3\x87"sv, "BFX4-SH3C-41Y4-JJPJ"sv}) {
    EXPECT_EQ(codes().parse_claim_code(text), std::nullopt) << text;
  }
}

TEST(Codes, NeighboursShareNothingAndNoTwoAreAlike) {
  std::set<std::string> claims;
  std::set<std::string> beginnings;
  for (std::uint64_t i = 1; i <= 10'000; ++i) {
    auto const code = codes().claim_code(TransferId(i));
    claims.insert(code);
    beginnings.insert(code.substr(0, 9));
  }
  EXPECT_EQ(claims.size(), 10'000u);
  EXPECT_GE(beginnings.size(), 9'990u) << "the position does not show";
}

// ---- approval ids

RC_GTEST_PROP(CodesProperty, AnApprovalIdIsAUuidOfVersionEightThatFindsItsApproval, ()) {
  auto const approval = Position(*rc::gen::inRange<std::uint64_t>(1, kApprovalEnd));
  auto const id = codes().approval_id(approval);
  RC_ASSERT(id.size() == 36u);
  for (std::size_t i = 0; i < id.size(); ++i) {
    bool const dash = i == 8 || i == 13 || i == 18 || i == 23;
    bool const fits = dash ? id[i] == '-' : std::string_view("0123456789abcdef").find(id[i]) != std::string_view::npos;
    RC_ASSERT(fits);
  }
  RC_ASSERT(id[14] == '8');
  RC_ASSERT(std::string_view("89ab").find(id[19]) != std::string_view::npos);
  RC_ASSERT(codes().parse_approval_id(id) == approval);
}

RC_GTEST_PROP(CodesProperty, AnotherDigitAnywhereIsNoApprovalId, ()) {
  auto const approval = Position(*rc::gen::inRange<std::uint64_t>(1, kApprovalEnd));
  auto const id = codes().approval_id(approval);
  for (std::size_t i = 0; i < id.size(); ++i) {
    for (char const letter : std::string_view("0123456789abcdef-")) {
      if (letter == id[i]) continue;
      auto changed = id;
      changed[i] = letter;
      RC_ASSERT(codes().parse_approval_id(changed) == std::nullopt);
    }
  }
}

TEST(Codes, AnApprovalIdIsReadInEitherCaseAndNoOtherForm) {
  EXPECT_EQ(codes().parse_approval_id("DBA74DC5-47DC-827B-AC1D-038094F3C4A5"), Position(42));
  for (auto const* text : {"", "dba74dc547dc827bac1d038094f3c4a5", "{dba74dc5-47dc-827b-ac1d-038094f3c4a5}",
                           "dba74dc5-47dc-827b-ac1d-038094f3c4a", "dba74dc5-47dc-827b-ac1d-038094f3c4a50",
                           "dba74dc54-7dc-827b-ac1d-038094f3c4a5", "dba74dc5-47dc-827b-ac1d-038094f3c4ag",
                           "00000000-0000-0000-0000-000000000000", "00000000-0000-8000-8000-000000000000",
                           "ffffffff-ffff-ffff-ffff-ffffffffffff"}) {
    EXPECT_EQ(codes().parse_approval_id(text), std::nullopt) << text;
  }
}

// ---- bugs

TEST(CodesDeathTest, APositionThatDoesNotFitIsABug) {
  EXPECT_DEATH((void)codes().claim_code(TransferId(kClaimEnd)), "");
  EXPECT_DEATH((void)codes().approval_id(Position(kApprovalEnd)), "");
  EXPECT_DEATH((void)codes().pin(TransferId(), 0), "");
  EXPECT_DEATH((void)codes().claim_code(TransferId()), "");
  EXPECT_DEATH((void)codes().matching_pins(TransferId(1), "123456", Codes::kAttemptsMax + 1), "");
}

}  // namespace
}  // namespace florin::eventstore
