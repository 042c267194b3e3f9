// A crash after every commit of a flow: whatever prefix of the log is left, a new process goes on from it and the flow
// ends as if nothing had happened.
#include <filesystem>
#include <functional>
#include <set>

#include <gtest/gtest.h>

#include "tests/sagas/saga_rig.h"

namespace florin::sagas {
namespace {

using domain::TextEnd;
using domain::TextKind;
using test_support::FoldedView;
using test_support::kMinute;
using test_support::person;
using test_support::phone;
using test_support::Rig;
using test_support::Town;
using test_support::units;

// One thing that somebody does, unless the log shows that it was done.
struct Step {
  std::function<bool(FoldedView const&)> done;
  std::function<void(Rig&, Town const&)> act;
};

struct Flow {
  char const* name;
  std::vector<Step> steps;
  std::vector<TextKind> texts;  // each must have been sent
  std::int64_t sender;          // units that player 1 holds in the end
  std::int64_t receiver;        // and player 2, in the other game
};

template <class E>
bool happened(FoldedView const& view) {
  return !view.all<E>().empty();
}

domain::OpenTransfer open_one(Rig& rig) {
  return rig.view().read([](domain::State const& state) { return state.transfers().begin()->second; });
}

Step flag_minor() {
  return {happened<domain::MinorFlagged>,
          [](Rig& rig, Town const&) { rig.commit(domain::FlagMinor{test_support::somebody(1), phone(9)}); }};
}

Step initiate() {
  return {happened<domain::TransferInitiated>, [](Rig& rig, Town const& town) {
            rig.commit(test_support::send(town.quest, 1, town.warriors, 2, units(500)), town.quest);
          }};
}

Step verify() {
  return {happened<domain::PinVerified>, [](Rig& rig, Town const& town) {
            auto const open = open_one(rig);
            rig.commit(
                domain::VerifyPin{town.quest, domain::Flavour::send, open.transaction, 1u << (open.pins_issued - 1u)},
                town.quest);
          }};
}

Step claim() {
  return {happened<domain::TransferClaimed>, [](Rig& rig, Town const& town) {
            rig.commit(
                domain::ClaimTransfer{
                    town.warriors, domain::Flavour::send, open_one(rig).transaction, person(2), phone(2), {}, {}},
                town.warriors);
          }};
}

Step guardian(domain::ReplyWord word, bool late = false) {
  return {happened<domain::ReplyReceived>, [word, late](Rig& rig, Town const&) {
            if (late && !rig.pass(12 * kMinute)) ADD_FAILURE() << "not quiet after twelve minutes";
            rig.commit(domain::ReceiveReply{phone(9).index, word, false, {}});
          }};
}

Step cancel() {
  return {happened<domain::TransferReleased>, [](Rig& rig, Town const& town) {
            rig.commit(domain::CancelTransfer{town.quest, domain::Flavour::send, open_one(rig).transaction},
                       town.quest);
          }};
}

template <class E>
Step wait(std::int64_t micros) {
  return {happened<E>, [micros](Rig& rig, Town const&) { EXPECT_TRUE(rig.pass(micros)); }};
}

// Player 3 wants to use the phone that player 1 has proved to have.
Step ask_to_share() {
  return {happened<domain::PhoneShareRequested>,
          [](Rig& rig, Town const&) { rig.commit(domain::RequestPhoneShare{phone(1), test_support::somebody(3)}); }};
}
Step owner_approves() {
  return {happened<domain::PhoneShareEnded>, [](Rig& rig, Town const&) {
            rig.commit(domain::ReceiveReply{phone(1).index, domain::ReplyWord::yes, false, {}});
          }};
}

std::vector<Flow> flows() {
  using enum TextKind;
  using domain::ReplyWord;
  auto const day = domain::kClaimMicros;
  return {
      {"happy", {initiate(), verify(), claim()}, {pin, claim_code, sender_completed, receiver_completed}, 500, 450},
      {"cancelled", {initiate(), cancel()}, {pin, sender_returned}, 1000, 0},
      {"pin expires", {initiate(), wait<domain::TransferReleased>(10 * kMinute)}, {pin, sender_returned}, 1000, 0},
      {"claim expires",
       {initiate(), verify(), wait<domain::TransferReleased>(day)},
       {pin, claim_code, sender_returned},
       1000,
       0},
      {"minor",
       {flag_minor(), initiate(), guardian(ReplyWord::yes), verify(), claim()},
       {pin, guardian_question, claim_code, sender_completed, receiver_completed},
       500,
       450},
      {"minor, late approval",
       {flag_minor(), initiate(), guardian(ReplyWord::yes, true), verify(), claim()},
       {pin, guardian_question, claim_code, sender_completed, receiver_completed},
       500,
       450},
      {"minor, rejected",
       {flag_minor(), initiate(), guardian(ReplyWord::no)},
       {pin, guardian_question, sender_returned},
       1000,
       0},
      {"guardian expires",
       {flag_minor(), initiate(), wait<domain::TransferReleased>(15 * kMinute)},
       {pin, guardian_question, sender_returned},
       1000,
       0},
      {"share",
       {initiate(), verify(), ask_to_share(), owner_approves(), claim()},
       {pin, claim_code, share_code, sender_completed, receiver_completed},
       500,
       450},
      {"share expires",
       {initiate(), verify(), ask_to_share(), wait<domain::PhoneShareEnded>(10 * kMinute), claim()},
       {pin, claim_code, share_code, sender_completed, receiver_completed},
       500,
       450},
  };
}

void play(Rig& rig, Town const& town, Flow const& flow) {
  ASSERT_TRUE(rig.quiet());
  for (auto const& step : flow.steps) {
    if (!step.done(rig.view())) step.act(rig, town);
    ASSERT_TRUE(rig.quiet());
    ASSERT_TRUE(step.done(rig.view()));
  }
}

void expect_ended(Rig& rig, Town const& town, Flow const& flow) {
  auto const& view = rig.view();
  EXPECT_EQ(rig.wallet(town.quest, 1), (domain::Wallet{units(flow.sender), {}}));
  EXPECT_EQ(rig.wallet(town.warriors, 2), (domain::Wallet{units(flow.receiver), {}}));
  EXPECT_EQ(view.all<domain::TransferInitiated>().size(), 1u);
  EXPECT_EQ(view.all<domain::TransferClaimed>().size() + view.all<domain::TransferReleased>().size(), 1u);
  EXPECT_TRUE(view.read([](domain::State const& state) { return state.transfers().empty(); }));
  EXPECT_TRUE(view.read([](domain::State const& state) { return state.shares().all().empty(); }));
  EXPECT_TRUE(view.read([](domain::State const& state) { return state.owed_texts().empty(); }));
  for (auto const kind : flow.texts) {
    auto const ends = view.settled(kind);
    EXPECT_NE(std::count(ends.begin(), ends.end(), TextEnd::sent), 0) << text_kind_name(kind);
  }
  std::set<domain::TextRef> settled;
  for (auto const& e : view.all<domain::TextSettled>()) EXPECT_TRUE(settled.insert(e.text).second);
}

class Resume : public testing::TestWithParam<std::size_t> {};

TEST_P(Resume, AFlowEndsTheSameAfterACrashAtAnyCommit) {
  auto const flow = flows()[GetParam()];
  SCOPED_TRACE(flow.name);
  test_support::TempFolder vault;
  test_support::MemoryLog whole;
  Town town;
  std::size_t built = 0;
  {
    Rig rig(vault.path(), whole);
    town = test_support::build_town(rig);
    built = whole.rows().size();
    play(rig, town, flow);
    expect_ended(rig, town, flow);
  }
  auto const rows = whole.rows();
  ASSERT_GT(rows.size(), built);
  for (auto length = built; length <= rows.size(); ++length) {
    SCOPED_TRACE(testing::Message() << "after " << length << " of " << rows.size() << " commits");
    test_support::MemoryLog prefix;
    prefix.rows().assign(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(length));
    // Each past goes on by itself: keys of people that a prefix does not know yet are made anew.
    test_support::TempFolder keys;
    std::filesystem::copy(vault.path(), keys.path(), std::filesystem::copy_options::recursive);
    Rig rig(keys.path(), prefix);
    play(rig, town, flow);
    expect_ended(rig, town, flow);
  }
}

INSTANTIATE_TEST_SUITE_P(Flows, Resume, testing::Range<std::size_t>(0, flows().size()));

}  // namespace
}  // namespace florin::sagas
