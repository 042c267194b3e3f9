// Phone-share approval (seed "initiate send"; CONTRACT): Cat proved to have kBobsPhone, and Bob wants to use it.
#include "domain/phone_share.h"

#include <gtest/gtest.h>

#include "tests/domain/transfer_dsl.h"

namespace florin::domain::testing {
namespace {

constexpr auto kDan = "dan@example.com";
constexpr auto kPhone = kBobsPhone;
constexpr ApprovalId kShare(11);

std::vector<Event> cats_phone() {
  return ann_at_home() + std::vector<Event>{registered(2, kCat), recorded(1, 2, kPhone), verified(1)};
}
PhoneShareRequested requested(ApprovalId approval, std::uint64_t phone_id, Timestamp at = kNow) {
  return {approval, PhoneId(phone_id), PhoneId(1), at + 10 * kMinute};
}
std::vector<Event> bob_asks() { return {registered(3, kBob), recorded(2, 3, kPhone), requested(kShare, 2)}; }
std::vector<Event> waiting() { return cats_phone() + bob_asks(); }
std::vector<Event> share_ended(ShareEnd end) { return waiting() + std::vector<Event>{PhoneShareEnded{kShare, end}}; }

RequestPhoneShare request(std::string_view email = kBob) { return {phone(kPhone), person(email)}; }
constexpr AnswerPhoneShare kApprove{kShare, true, true};
constexpr AnswerPhoneShare kReject{kShare, true, false};
constexpr AnswerPhoneShare kWrongCode{kShare, false, true};

std::vector<Event> wrong_codes(std::uint8_t count) {
  std::vector<Event> events;
  for (std::uint8_t i = 1; i <= count; ++i) {
    events.emplace_back(ShareCodeRejected{kShare, static_cast<std::uint8_t>(kWrongCodesMax - i)});
  }
  return events;
}

// ---- request -----------------------------------------------------------------------------------------------------

TEST(PhoneShare, AskingTextsTheOwnerACode) { given(cats_phone()).when(request()).then(bob_asks()); }

TEST(PhoneShare, WhoMayUseThePhoneNeedNotAsk) {
  given(cats_phone()).when(request(kCat)).then(RejectionCode::share_not_needed);
  given(ann_at_home()).when(request()).then(RejectionCode::share_not_needed);
  given(share_ended(ShareEnd::approved)).when(request()).then(RejectionCode::share_not_needed);
  given(waiting() + std::vector<Event>{verified(2)}).when(request()).then(RejectionCode::share_not_needed);
}

TEST(PhoneShare, WithinThirtySecondsTheSameApprovalIsNamed) {
  given(waiting())
      .at(kNow + 12 * kSecond)
      .when(request())
      .then(Rejection{.code = RejectionCode::share_cooldown, .about = kShare.position(), .retry_after = 18});
  given(waiting())
      .at(kNow + (30 * kSecond - 1))
      .when(request())
      .then(Rejection{.code = RejectionCode::share_cooldown, .about = kShare.position(), .retry_after = 1});
}

// Else a no, or five wrong codes, would be followed by the next text at once.
TEST(PhoneShare, TheCooldownOutlivesTheAnswer) {
  for (auto const end : {ShareEnd::rejected, ShareEnd::wrong_codes}) {
    given(share_ended(end))
        .at(kNow + 12 * kSecond)
        .when(request())
        .then(Rejection{.code = RejectionCode::share_cooldown, .retry_after = 18});
  }
}

TEST(PhoneShare, OnlyTheGameThatAskedAnswersWithTheCode) {
  auto asked = requested(kShare, 2);
  asked.game = kGame;
  auto const events = cats_phone() + std::vector<Event>{registered(3, kBob), recorded(2, 3, kPhone), asked};
  auto command = request();
  command.game = kGame;
  given(cats_phone()).when(command).then({registered(3, kBob), recorded(2, 3, kPhone), asked});
  auto answer = kApprove;
  answer.game = kOther;
  given(events).when(answer).then(RejectionCode::share_not_open);
  answer.game = kGame;
  given(events).when(answer).then({PhoneShareEnded{kShare, ShareEnd::approved}});
  given(events)
      .when(reply(kPhone, ReplyWord::yes))
      .then({replied(kPhone), PhoneShareEnded{kShare, ShareEnd::approved}});
}

TEST(PhoneShare, AfterThirtySecondsANewOneTakesItsPlace) {
  auto const at = kNow + 30 * kSecond;
  given(waiting()).at(at).when(request()).then(
      {PhoneShareEnded{kShare, ShareEnd::superseded}, requested(ApprovalId(14), 2, at)});
}

TEST(PhoneShare, TheCooldownIsOfOneEMail) {
  given(waiting())
      .when(request(kDan))
      .then({registered(4, kDan), recorded(3, 4, kPhone), requested(ApprovalId(14), 3)});
}

TEST(PhoneShare, AfterARejectionAFreshRequestMakesANewApproval) {
  for (auto const end : {ShareEnd::rejected, ShareEnd::expired, ShareEnd::wrong_codes}) {
    auto const at = kNow + 30 * kSecond;
    given(share_ended(end)).at(at).when(request()).then({requested(ApprovalId(15), 2, at)});
  }
}

// Forty different people ask for Cat's phone, a second apart.
TEST(PhoneShare, APhoneGetsFortyCodesAnHour) {
  auto state = state_after(cats_phone());
  Position next(11);
  auto at = kNow;
  auto const ask = [&](int who) {
    return decide(state, request("p" + std::to_string(who) + "@example.com"), Context{at, next, 0});
  };
  for (int i = 0; i < 40; ++i) {
    auto const decision = ask(i);
    ASSERT_TRUE(decision.ok()) << i;
    apply(state, Commit{next, at, {}, decision.value()});
    next = domain::next(next, decision.value().size());
    at = at + kSecond;
  }
  ASSERT_FALSE(ask(40).ok());
  EXPECT_EQ(ask(40).error(), (Rejection{.code = RejectionCode::share_rate_limited, .retry_after = 3'560}));
  at = kNow + (kHour - 1);
  EXPECT_EQ(ask(40).error().retry_after, 1);
  at = kNow + kHour;
  EXPECT_TRUE(ask(40).ok());
}

// ---- answers with the code ---------------------------------------------------------------------------------------

TEST(PhoneShare, TheRightCodeApprovesOrRejects) {
  given(waiting()).when(kApprove).then({PhoneShareEnded{kShare, ShareEnd::approved}});
  given(waiting()).when(kReject).then({PhoneShareEnded{kShare, ShareEnd::rejected}});
}

TEST(PhoneShare, AnApprovedPairMayUseThePhoneAndARejectedOneMayNot) {
  auto const may_bob = [](ShareEnd end) {
    return state_after(share_ended(end)).phones().may_use(index_of(kPhone), IdentityId(3));
  };
  EXPECT_TRUE(may_bob(ShareEnd::approved));
  for (auto const end : {ShareEnd::rejected, ShareEnd::expired, ShareEnd::wrong_codes, ShareEnd::superseded}) {
    EXPECT_FALSE(may_bob(end));
  }
}

TEST(PhoneShare, TheFifthWrongCodeEndsIt) {
  given(waiting()).when(kWrongCode).then({ShareCodeRejected{kShare, 4}});
  given(waiting() + wrong_codes(3)).when(AnswerPhoneShare{kShare, false, false}).then({ShareCodeRejected{kShare, 1}});
  given(waiting() + wrong_codes(4))
      .when(kWrongCode)
      .then({ShareCodeRejected{kShare, 0}, PhoneShareEnded{kShare, ShareEnd::wrong_codes}});
  given(waiting() + wrong_codes(4)).when(kApprove).then({PhoneShareEnded{kShare, ShareEnd::approved}});
}

TEST(PhoneShare, ACodeLastsTenMinutesAndNotAMicrosecondMore) {
  given(waiting()).at(kNow + (10 * kMinute - 1)).when(kApprove).then({PhoneShareEnded{kShare, ShareEnd::approved}});
  for (auto const& answer : {kApprove, kReject, kWrongCode}) {
    given(waiting()).at(kNow + 10 * kMinute).when(answer).then(RejectionCode::share_expired);
  }
}

TEST(PhoneShare, AnEndIsAnEnd) {
  for (auto const end :
       {ShareEnd::approved, ShareEnd::rejected, ShareEnd::expired, ShareEnd::wrong_codes, ShareEnd::superseded}) {
    for (auto const& answer : {kApprove, kReject, kWrongCode}) {
      given(share_ended(end)).when(answer).then(RejectionCode::share_not_open);
    }
  }
  given(waiting()).when(AnswerPhoneShare{ApprovalId(7), true, true}).then(RejectionCode::share_not_open);
}

TEST(PhoneShare, ExpiresAfterTenMinutes) {
  given(waiting()).at(kNow + (10 * kMinute - 1)).when(ExpirePhoneShare{kShare}).then(RejectionCode::not_due);
  given(waiting())
      .at(kNow + 10 * kMinute)
      .when(ExpirePhoneShare{kShare})
      .then({PhoneShareEnded{kShare, ShareEnd::expired}});
  given(share_ended(ShareEnd::rejected)).at(kNow + kHour).when(ExpirePhoneShare{kShare}).then(RejectionCode::not_due);
}

TEST(PhoneShare, WhoProvedThePhoneMeanwhileKeepsIt) {
  auto const proved = waiting() + std::vector<Event>{verified(2)};
  given(proved).when(kApprove).then({PhoneShareEnded{kShare, ShareEnd::approved}});
  auto const state = state_after(proved + std::vector<Event>{PhoneShareEnded{kShare, ShareEnd::approved}});
  EXPECT_EQ(state.phones()[PhoneId(2)].on_file_as, Phones::kVerified);
}

// ---- answers by text ---------------------------------------------------------------------------------------------

TEST(PhoneShareReply, EveryFormOfYesApproves) {
  PhoneShareEnded const approved{kShare, ShareEnd::approved};
  given(waiting()).when(reply(kPhone, ReplyWord::yes)).then({replied(kPhone), approved});
  given(waiting()).when(reply_with_code(kPhone, ReplyWord::yes, kShare.position())).then({replied(kPhone), approved});
  given(waiting()).when(reply_with_code(kPhone, ReplyWord::none, kShare.position())).then({replied(kPhone), approved});
}

TEST(PhoneShareReply, EveryFormOfNoRejects) {
  PhoneShareEnded const rejected{kShare, ShareEnd::rejected};
  given(waiting()).when(reply(kPhone, ReplyWord::no)).then({replied(kPhone), rejected});
  given(waiting()).when(reply_with_code(kPhone, ReplyWord::no, kShare.position())).then({replied(kPhone), rejected});
}

TEST(PhoneShareReply, OtherWordsAndUnknownCodesSettleNothing) {
  given(waiting()).when(reply(kPhone, ReplyWord::none)).then({replied(kPhone)});
  for (auto const word : {ReplyWord::none, ReplyWord::yes, ReplyWord::no}) {
    given(waiting()).when(reply_with_code(kPhone, word, Position{})).then({replied(kPhone)});
    given(waiting()).when(reply_with_code(kPhone, word, Position(7))).then({replied(kPhone)});
  }
}

TEST(PhoneShareReply, OnlyTheOwnersPhoneAnswers) {
  given(waiting()).when(reply(kAnnsPhone, ReplyWord::yes)).then({replied(kAnnsPhone)});
  given(waiting()).when(reply_with_code(kAnnsPhone, ReplyWord::yes, kShare.position())).then({replied(kAnnsPhone)});
}

TEST(PhoneShareReply, AfterTenMinutesOrAnEndNothingWaits) {
  for (auto const word : {ReplyWord::yes, ReplyWord::no}) {
    given(waiting()).at(kNow + 10 * kMinute).when(reply(kPhone, word)).then({replied(kPhone)});
    given(waiting())
        .at(kNow + 10 * kMinute)
        .when(reply_with_code(kPhone, word, kShare.position()))
        .then({replied(kPhone)});
    given(share_ended(ShareEnd::rejected)).when(reply(kPhone, word)).then({replied(kPhone)});
    given(share_ended(ShareEnd::rejected))
        .when(reply_with_code(kPhone, word, kShare.position()))
        .then({replied(kPhone)});
    given(ann_at_home()).when(reply(kPhone, word)).then({replied(kPhone)});
  }
}

// Bob asks, then Dan.
std::vector<Event> both_ask() {
  return waiting() + std::vector<Event>{registered(4, kDan), recorded(3, 4, kPhone), requested(ApprovalId(14), 3)};
}

TEST(PhoneShareReply, TheNewestQuestionIsSettledUnlessACodeNamesAnother) {
  given(both_ask())
      .when(reply(kPhone, ReplyWord::yes))
      .then({replied(kPhone), PhoneShareEnded{ApprovalId(14), ShareEnd::approved}});
  given(both_ask())
      .when(reply_with_code(kPhone, ReplyWord::no, kShare.position()))
      .then({replied(kPhone), PhoneShareEnded{kShare, ShareEnd::rejected}});
  given(both_ask() + std::vector<Event>{PhoneShareEnded{ApprovalId(14), ShareEnd::rejected}})
      .when(reply(kPhone, ReplyWord::yes))
      .then({replied(kPhone), PhoneShareEnded{kShare, ShareEnd::approved}});
}

// The phone's owner is a guardian as well: 15 minutes for the older question, 10 for the newer.
TEST(PhoneShareReply, AQuestionWhoseTimeIsOverMakesWayForAnOlderOne) {
  auto const asked = kNow + kMinute;
  auto const world = [&] {
    return given(waiting_for_guardian())
        .at(asked)
        .also({registered(3, kCat), recorded(4, 3, kMumsPhone), verified(4), registered(4, kDan),
               recorded(5, 4, kMumsPhone),
               PhoneShareRequested{ApprovalId(17), PhoneId(5), PhoneId(4), asked + 10 * kMinute}});
  };
  world()
      .when(reply(kMumsPhone, ReplyWord::yes))
      .then({replied(kMumsPhone), PhoneShareEnded{ApprovalId(17), ShareEnd::approved}});
  world()
      .at(asked + 10 * kMinute)
      .when(reply(kMumsPhone, ReplyWord::no))
      .then({replied(kMumsPhone), returned(ReturnReason::guardian_rejected, kMinorsSend)});
}

}  // namespace
}  // namespace florin::domain::testing
