#include "sagas/expiry/expiry_plan.h"

#include <gtest/gtest.h>

namespace florin::sagas {
namespace {

using domain::Timestamp;
using domain::TransferId;

Timestamp at(std::int64_t seconds) { return Timestamp::from_seconds(seconds); }

domain::TransferInitiated initiated(std::uint64_t transaction, std::int64_t pin_expires) {
  domain::TransferInitiated event;
  event.transaction = TransferId(transaction);
  event.pin_expires_at = at(pin_expires);
  return event;
}

// Every wait ends then.
auto ends_at(std::int64_t seconds) {
  return [seconds](Timer const&) { return std::optional(at(seconds)); };
}

TEST(ExpiryPlan, EndsWhatIsDueAndNothingBefore) {
  ExpiryPlan plan;
  EXPECT_TRUE(plan.add(initiated(7, 100)));
  EXPECT_FALSE(plan.take(at(99), ends_at(100)));
  auto const due = plan.take(at(100), ends_at(100));
  ASSERT_TRUE(due);
  EXPECT_EQ(std::get<domain::ExpireTransfer>(due->command).transaction, TransferId(7));
  EXPECT_FALSE(plan.take(at(1'000), ends_at(100))) << "once";
}

TEST(ExpiryPlan, WaitsOnForWhatWasProlonged) {
  ExpiryPlan plan;
  plan.add(initiated(7, 100));
  EXPECT_FALSE(plan.take(at(100), ends_at(250)));
  EXPECT_EQ(plan.next_due(), at(250));
  EXPECT_TRUE(plan.take(at(250), ends_at(250)));
}

TEST(ExpiryPlan, ForgetsWhatHasEnded) {
  ExpiryPlan plan;
  plan.add(initiated(7, 100));
  EXPECT_FALSE(plan.take(at(100), [](Timer const&) { return std::optional<Timestamp>(); }));
  EXPECT_FALSE(plan.next_due());
}

TEST(ExpiryPlan, LooksAtOnceWhenAGuardianHasApproved) {
  ExpiryPlan plan;
  auto asked = initiated(7, 100);
  asked.guardian = domain::PhoneId(1);
  asked.guardian_expires_at = at(900);
  plan.add(asked);
  EXPECT_EQ(plan.next_due(), at(900));
  plan.add(domain::GuardianApproved{TransferId(7)});
  EXPECT_TRUE(plan.take(at(101), ends_at(100)));
}

TEST(ExpiryPlan, HearsOfPhoneSharesAndOfNothingElse) {
  ExpiryPlan plan;
  domain::PhoneShareRequested asked;
  asked.approval = domain::ApprovalId(9);
  asked.expires_at = at(600);
  EXPECT_TRUE(plan.add(asked));
  EXPECT_FALSE(plan.add(domain::BalanceCredited{}));
  auto const due = plan.take(at(600), ends_at(600));
  ASSERT_TRUE(due);
  EXPECT_EQ(std::get<domain::ExpirePhoneShare>(due->command).approval, domain::ApprovalId(9));
}

}  // namespace
}  // namespace florin::sagas
