#include "sagas/texting/wording.h"

#include <gtest/gtest.h>

namespace florin::sagas {
namespace {

LedgerView::Names const kNames{"Adventure Quest", "Space Warriors", "Gold Coins"};

TransferFacts facts(domain::Flavour flavour = domain::Flavour::send) {
  TransferFacts facts;
  facts.flavour = flavour;
  facts.amount = domain::Money::from_minor(50'000);
  facts.net = domain::Money::from_minor(45'000);
  return facts;
}

TEST(Wording, TheSendPinIsTheSeedsLetterByLetter) {
  EXPECT_EQ(pin_text(facts(), kNames, "123456"),
            "Your Invo currency send from Adventure Quest to Space Warriors verification code is 123456. Valid for 10 "
            "minutes. Our employees will never ask you for this code.");
}

TEST(Wording, ATransferIsCalledOne) {
  EXPECT_EQ(pin_text(facts(domain::Flavour::transfer), kNames, "000001"),
            "Your Invo currency transfer from Adventure Quest to Space Warriors verification code is 000001. Valid for "
            "10 minutes. Our employees will never ask you for this code.");
}

TEST(Wording, TheClaimTellsWhatArrivesAndNotWhatWasSent) {
  EXPECT_EQ(claim_text(facts(), kNames, "7K3M-Q9TB-AAAA-BBBB"),
            "You have received an Invo currency send of 450.00 Gold Coins from Adventure Quest. Your claim code in "
            "Space Warriors is 7K3M-Q9TB-AAAA-BBBB. Valid for 24 hours, with this phone only. Our employees will never "
            "ask you for this code.");
}

TEST(Wording, TheGuardianLearnsHowToAnswerAndHowLong) {
  EXPECT_EQ(guardian_text(facts(), kNames, "123456"),
            "You are the guardian on file for an Invo player who asks for a currency send of 500.00 Gold Coins from "
            "Adventure Quest to Space Warriors. Reply YES 123456 to approve or NO 123456 to reject within 15 minutes.");
}

TEST(Wording, EveryReasonForAReturnReadsDifferently) {
  using domain::ReturnReason;
  std::vector<std::string> seen;
  for (auto const reason : {ReturnReason::wrong_pins, ReturnReason::pin_expired, ReturnReason::claim_expired,
                            ReturnReason::guardian_rejected, ReturnReason::guardian_expired, ReturnReason::cancelled}) {
    auto const text = returned_text(facts(), kNames, reason);
    EXPECT_TRUE(text.ends_with(". 500.00 Gold Coins are back in your balance.")) << text;
    EXPECT_EQ(std::count(seen.begin(), seen.end(), text), 0) << text;
    seen.push_back(text);
  }
}

// One text message, and no character that XML would have escaped.
TEST(Wording, HowToAnswerFitsOneText) {
  auto const text = how_to_answer_text();
  EXPECT_LE(text.size(), 160u);
  for (char const c : text) EXPECT_TRUE(c >= ' ' && c < 0x7f && c != '<' && c != '>' && c != '&' && c != '`') << c;
}

TEST(Wording, ThePhonesOwnerIsToldWhoAsksMasked) {
  auto const text = share_text(mask_email("alice@example.com"), "654321");
  EXPECT_NE(text.find("The Invo account al***@example.com asks"), std::string::npos) << text;
  EXPECT_NE(text.find("code is 654321."), std::string::npos) << text;
}

TEST(Wording, AMaskShowsLittleOfAShortNameAndNeverHalfACharacter) {
  EXPECT_EQ(mask_email("a@b.se"), "a***@b.se");
  EXPECT_EQ(mask_email("ab@b.se"), "a***@b.se");
  EXPECT_EQ(mask_email("abc@b.se"), "ab***@b.se");
  EXPECT_EQ(mask_email("@b.se"), "***@b.se");
  EXPECT_EQ(mask_email("nobody"), "***");
  EXPECT_EQ(mask_email("a\xc3\xa5z@b.se"), "a\xc3\xa5***@b.se");
}

}  // namespace
}  // namespace florin::sagas
