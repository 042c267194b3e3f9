// What runs out of time ends at its moment, once, however the clock gets there.
#include "sagas/expiry/expiries.h"

#include "tests/sagas/transfer_fixture.h"

namespace florin::sagas {
namespace {

using test_support::kMinute;
using test_support::phone;
using test_support::units;

class ExpiriesTest : public test_support::TransferTest {};

TEST_F(ExpiriesTest, APinsEndIsExact) {
  initiate();
  EXPECT_TRUE(rig->pass(10 * kMinute - 1));
  EXPECT_EQ(returned(), std::nullopt);
  EXPECT_EQ(rig->wallet(town.quest, 1), (domain::Wallet{units(500), units(500)}));
  EXPECT_TRUE(rig->pass(1));
  EXPECT_EQ(returned(), domain::ReturnReason::pin_expired);
  expect_all_back();
}

TEST_F(ExpiriesTest, AResendStartsTheTenMinutesAnew) {
  auto const transaction = initiate();
  EXPECT_TRUE(rig->pass(9 * kMinute));
  rig->commit(domain::ResendPin{town.quest, domain::Flavour::send, transaction}, town.quest);
  EXPECT_TRUE(rig->pass(10 * kMinute - 1));
  EXPECT_EQ(returned(), std::nullopt);
  EXPECT_NE(rig->texts(phone(1)).back().find(rig->vault().codes().pin(transaction, 1)), std::string::npos);
  EXPECT_TRUE(rig->pass(1));
  EXPECT_EQ(returned(), domain::ReturnReason::pin_expired);
}

TEST_F(ExpiriesTest, AClaimsEndIsExact) {
  verify(initiate());
  EXPECT_TRUE(rig->pass(domain::kClaimMicros - 1));
  EXPECT_EQ(returned(), std::nullopt);
  EXPECT_TRUE(rig->pass(1));
  EXPECT_EQ(returned(), domain::ReturnReason::claim_expired);
  expect_all_back();
}

TEST_F(ExpiriesTest, AGuardiansEndIsExactAndNotThePins) {
  flag_minor();
  initiate();
  EXPECT_EQ(rig->texts(phone(9)).size(), 1u);
  EXPECT_TRUE(rig->pass(15 * kMinute - 1));
  EXPECT_EQ(returned(), std::nullopt);
  EXPECT_TRUE(rig->pass(1));
  EXPECT_EQ(returned(), domain::ReturnReason::guardian_expired);
  expect_all_back();
}

TEST_F(ExpiriesTest, AGuardiansEarlyApprovalLeavesThePinItsOwnEnd) {
  flag_minor();
  initiate();
  guardian_says(domain::ReplyWord::yes);
  EXPECT_TRUE(rig->pass(10 * kMinute - 1));
  EXPECT_EQ(returned(), std::nullopt);
  EXPECT_TRUE(rig->pass(1));
  EXPECT_EQ(returned(), domain::ReturnReason::pin_expired);
}

TEST_F(ExpiriesTest, AGuardiansLateApprovalTextsAnotherPinThatLastsTenMinutes) {
  flag_minor();
  auto const transaction = initiate();
  EXPECT_TRUE(rig->pass(12 * kMinute));
  guardian_says(domain::ReplyWord::yes);
  EXPECT_NE(rig->texts(phone(1)).back().find(rig->vault().codes().pin(transaction, 1)), std::string::npos);
  EXPECT_TRUE(rig->pass(10 * kMinute - 1));
  EXPECT_EQ(returned(), std::nullopt);
  verify(transaction, 1);
  claim(transaction);
  EXPECT_EQ(rig->wallet(town.warriors, 2).available, units(450));
}

TEST_F(ExpiriesTest, OneJumpPastEverythingEndsEverythingOnce) {
  auto const first = initiate();
  verify(first);
  for (int i = 1; i <= 20; ++i) {
    rig->commit(test_support::send(town.quest, 1, town.warriors, 2, units(i)), town.quest);
  }
  EXPECT_TRUE(rig->quiet());
  EXPECT_TRUE(rig->pass(10 * domain::kMicrosPerDay));
  EXPECT_EQ(rig->view().all<domain::TransferReleased>().size(), 21u);
  EXPECT_EQ(rig->wallet(town.quest, 1), (domain::Wallet{units(1000), {}}));
  EXPECT_TRUE(rig->view().read([](domain::State const& state) { return state.owed_texts().empty(); }));
}

}  // namespace
}  // namespace florin::sagas
