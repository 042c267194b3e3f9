#include "sagas/card_payments/payment_plan.h"

#include <gtest/gtest.h>

namespace florin::sagas {
namespace {

using domain::PaymentStatus;
using domain::Timestamp;
using Kind = PaymentStep::Kind;
constexpr std::int64_t kSecond = domain::kMicrosPerSecond;

struct PaymentPlan : testing::Test {
  domain::OpenOrder order;
  Timestamp const ordered = Timestamp::from_seconds(1'800'000'000);

  PaymentPlan() {
    order.ordered_at = ordered;
    order.reference = "pi_1";
  }
  PaymentStep step(std::optional<PaymentStatus> known, std::int64_t micros_later = 0) const {
    return next_step(order, known, ordered + micros_later);
  }
};

TEST_F(PaymentPlan, NothingIsChargedBeforeItsReferenceIsInTheLog) {
  order.reference.clear();
  EXPECT_EQ(step(std::nullopt).kind, Kind::create);
  EXPECT_EQ(step(PaymentStatus::unconfirmed).kind, Kind::create);
  order.reference = "pi_1";
  EXPECT_EQ(step(PaymentStatus::unconfirmed).kind, Kind::confirm);
}

TEST_F(PaymentPlan, ARestartAsksBeforeItConfirms) { EXPECT_EQ(step(std::nullopt).kind, Kind::retrieve); }

TEST_F(PaymentPlan, WhatIsDeclinedIsCancelledAndNotTriedAgain) {
  EXPECT_EQ(step(PaymentStatus::declined).kind, Kind::cancel);
}

TEST_F(PaymentPlan, AQuarterOfAnHourLaterNothingIsChargedAnyMore) {
  constexpr std::int64_t kAbandoned = 900 * kSecond;
  EXPECT_EQ(step(PaymentStatus::unconfirmed, kAbandoned).kind, Kind::confirm);
  EXPECT_EQ(step(PaymentStatus::unconfirmed, kAbandoned + 1).kind, Kind::cancel);
  EXPECT_EQ(step(std::nullopt, kAbandoned + 1).kind, Kind::retrieve) << "it may have been charged before";
  order.reference.clear();
  EXPECT_EQ(step(std::nullopt, kAbandoned).kind, Kind::create);
  EXPECT_EQ(step(std::nullopt, kAbandoned + 1).kind, Kind::give_up);
}

TEST_F(PaymentPlan, AChallengeIsWaitedForUntilItsEndAndThenCancelled) {
  order.challenge_expires_at = ordered + 600 * kSecond;
  EXPECT_EQ(step(PaymentStatus::requires_action, 100 * kSecond), (PaymentStep{Kind::wait, 500 * kSecond}));
  EXPECT_EQ(step(PaymentStatus::requires_action, 600 * kSecond - 1), (PaymentStep{Kind::wait, 1}));
  EXPECT_EQ(step(PaymentStatus::requires_action, 600 * kSecond).kind, Kind::cancel);
}

TEST_F(PaymentPlan, WhatTakesItsTimeOrCannotBeIsLookedAtLater) {
  EXPECT_EQ(step(PaymentStatus::processing), (PaymentStep{Kind::wait, 60 * kSecond}));
  EXPECT_EQ(step(PaymentStatus::succeeded), (PaymentStep{Kind::wait, kMismatchWaitMicros}));
  EXPECT_EQ(step(PaymentStatus::cancelled), (PaymentStep{Kind::wait, kMismatchWaitMicros}));
}

TEST(PaymentAnswerMeaning, NothingIsConcludedFromAnUnknownAnswer) {
  for (auto const kind : {Kind::create, Kind::retrieve, Kind::confirm, Kind::cancel}) {
    EXPECT_EQ(meaning_of(kind, PaymentStatus::unconfirmed, PaymentOutcome::unknown), AnswerMeans::try_again);
    EXPECT_EQ(meaning_of(kind, PaymentStatus::unconfirmed, PaymentOutcome::answered), AnswerMeans::report);
  }
}

TEST(PaymentAnswerMeaning, ARefusalEndsWhatWasAskedForAndNoMore) {
  using enum PaymentStatus;
  auto const refused = PaymentOutcome::refused;
  EXPECT_EQ(meaning_of(Kind::create, std::nullopt, refused), AnswerMeans::give_up);
  EXPECT_EQ(meaning_of(Kind::confirm, unconfirmed, refused), AnswerMeans::stop_charging);
  EXPECT_EQ(meaning_of(Kind::cancel, unconfirmed, refused), AnswerMeans::stop_charging);
  EXPECT_EQ(meaning_of(Kind::cancel, declined, refused), AnswerMeans::unknown_payment);
  EXPECT_EQ(meaning_of(Kind::retrieve, std::nullopt, refused), AnswerMeans::unknown_payment);
}

}  // namespace
}  // namespace florin::sagas
