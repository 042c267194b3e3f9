// The files of a day's payouts: written once, by their first export, and never two of them for one payout.
#include <set>

#include "domain/payout.h"
#include "tests/domain/ledger_dsl.h"
#include "tests/support/facts.h"

namespace florin::domain::testing {
namespace {

constexpr Day kToday = std::chrono::sys_days(std::chrono::year(2027) / 1 / 15);  // kNow's
constexpr PayoutId kFirst(8);
constexpr PayoutId kSecond(9);
constexpr PayoutId kThird(10);

PayoutRequested asked_for(PayoutId at) {
  return {at,
          kGame,
          usd("1.00"),
          {{kGold, units("10.00")}},
          IdentityId(1),
          {"Gold Games", false},
          {"000123456789", false},
          "021000021",
          "6789",
          AccountType::checking};
}
PayoutAdvanced advanced(PayoutId at, PayoutStatus status) {
  PayoutAdvanced event{at, kGame, usd("1.00"), {{kGold, units("10.00")}}, status, ""};
  event.dated_by_export = status == PayoutStatus::processing;
  return event;
}

// Three payouts of a dollar; the first two are processing.
std::vector<Event> two_processing() {
  return ann_with_gold(units("100.00")) +
         std::vector<Event>{
             ItemPurchased{
                 PlayerId(1), kGold, {}, 1, units("100.00"), units("100.00"), Money{}, units("100.00"), Money{}},
             asked_for(kFirst),
             asked_for(kSecond),
             asked_for(kThird),
             advanced(kFirst, PayoutStatus::approved),
             advanced(kSecond, PayoutStatus::approved),
             advanced(kFirst, PayoutStatus::processing),
             advanced(kSecond, PayoutStatus::processing)};
}

WritePayoutFile files_of(std::vector<std::vector<PayoutId>> const& files, Day day = kToday) {
  WritePayoutFile command;
  command.day = day;
  command.created = start_of(day + std::chrono::days(1)) + 60 * kMicrosPerSecond;
  command.origin.company_id = "1123456789";
  std::uint32_t trace = 1;
  for (auto const& payouts : files) {
    PayoutFile file;
    file.letter = payout_file_letter(command.files.size());
    file.effective = day + std::chrono::days(3);
    file.first_trace = trace;
    file.usd = usd("1.00");
    file.payouts = payouts;
    trace += static_cast<std::uint32_t>(payouts.size());
    command.files.push_back(file);
  }
  return command;
}
PayoutFileWritten written(std::size_t events, WritePayoutFile const& command) {
  return {Position(events + 1), command.day, command.created, command.origin, command.files, command.left_out};
}

Rejection not_of_it(PayoutId payout) { return {.code = RejectionCode::payout_not_next, .about = payout.position()}; }

TEST(PayoutFile, FixesWhatTheFilesSay) {
  auto const world = two_processing();
  auto command = files_of({{kFirst}, {kSecond}});
  given(world).when(command).then({written(world.size(), command)});
  auto const state = state_after(world + std::vector<Event>{written(world.size(), command)});
  EXPECT_EQ(state.find_payout_file(kToday), Position(world.size() + 1));
  EXPECT_EQ(state.find_payout_file(kToday + std::chrono::days(1)), std::nullopt);
  EXPECT_TRUE(state.find_payout(kFirst)->filed);
  EXPECT_FALSE(state.find_payout(kThird)->filed);
  EXPECT_TRUE(state.payouts_of(kToday).empty());
}

TEST(PayoutFile, IsWrittenOnceADay) {
  auto const world = two_processing();
  auto const first = files_of({{kFirst}});
  auto const after = world + std::vector<Event>{written(world.size(), first)};
  given(after).when(files_of({{kSecond}})).then(RejectionCode::payout_not_next);
  given(after).when(first).then(RejectionCode::payout_not_next);
}

TEST(PayoutFile, HoldsWhatBecameProcessingOnItsDayAndHasNotFailed) {
  auto const world = two_processing();
  EXPECT_EQ(state_after(world).payouts_of(kToday), (std::vector{kFirst, kSecond}));
  EXPECT_TRUE(state_after(world).payouts_of(kToday + std::chrono::days(1)).empty());
  given(world).when(files_of({{kThird}})).then(not_of_it(kThird));
  given(world).when(files_of({{PayoutId(4)}})).then(not_of_it(PayoutId(4)));
  given(world).when(files_of({{kFirst}}, kToday + std::chrono::days(1))).then(not_of_it(kFirst));
  auto const failed = world + std::vector<Event>{advanced(kFirst, PayoutStatus::failed)};
  given(failed).when(files_of({{kFirst, kSecond}})).then(not_of_it(kFirst));
  auto const done = world + std::vector<Event>{advanced(kFirst, PayoutStatus::completed)};
  EXPECT_EQ(state_after(done).payouts_of(kToday), (std::vector{kFirst, kSecond})) << "the ledger says that it is paid";
}

TEST(PayoutFile, OfADayIsAnEventWhenOneOfItsPayoutsSaysSo) {
  auto old = two_processing();
  for (auto& event : old) {
    if (auto* e = std::get_if<PayoutAdvanced>(&event)) e->dated_by_export = false;
  }
  EXPECT_FALSE(state_after(old).is_dated_by_export(kToday));
  EXPECT_TRUE(state_after(two_processing()).is_dated_by_export(kToday));
  old.emplace_back(advanced(kThird, PayoutStatus::approved));
  old.emplace_back(advanced(kThird, PayoutStatus::processing));
  EXPECT_TRUE(state_after(old).is_dated_by_export(kToday));
  EXPECT_EQ(state_after(old).payouts_of(kToday), (std::vector{kFirst, kSecond, kThird}));
}

// Who was given the money back must not be paid as well, by a file that older releases would have made.
TEST(PayoutFile, OfADayStaysAnEventWhateverBecameOfItsPayouts) {
  auto const failed = two_processing() + std::vector<Event>{advanced(kFirst, PayoutStatus::failed),
                                                            advanced(kSecond, PayoutStatus::failed)};
  auto const state = state_after(failed);
  EXPECT_TRUE(state.is_dated_by_export(kToday));
  EXPECT_TRUE(state.payouts_of(kToday).empty());
}

// A bank takes a second file of the same date and letter for the first one, sent twice.
TEST(PayoutFile, LettersAndTraceNumbersRunOnOverACreationDate) {
  auto const tomorrow = kToday + std::chrono::days(1);
  auto const monday = kToday + std::chrono::days(5);
  auto first = files_of({{kFirst}, {kSecond}});
  first.created = start_of(monday);
  for (auto& file : first.files) file.effective = monday + std::chrono::days(1);
  auto world = two_processing() + std::vector<Event>{written(two_processing().size(), first)};
  auto const state = state_after(world);
  EXPECT_EQ(state.files_used(monday), (PayoutFilesUsed{monday, 2, 2}));
  EXPECT_EQ(state.files_used(monday + std::chrono::days(1)), (PayoutFilesUsed{monday + std::chrono::days(1), 0, 0}));

  auto const files = [&](char letter, std::uint32_t trace) {
    PayoutFile file;
    file.letter = letter;
    file.first_trace = trace;
    return std::vector{file};
  };
  EXPECT_TRUE(state.are_next_files(start_of(monday) + 1, files('C', 3)));
  EXPECT_FALSE(state.are_next_files(start_of(monday) + 1, files('A', 1)));
  EXPECT_FALSE(state.are_next_files(start_of(monday) + 1, files('C', 1)));
  EXPECT_FALSE(state.are_next_files(start_of(monday) + 1, files('D', 3)));
  EXPECT_TRUE(state.are_next_files(start_of(monday) + kMicrosPerDay, files('A', 1)));
  EXPECT_FALSE(state.are_next_files(start_of(monday) + -1, files('A', 1))) << "planned before the newest were written";
  auto late = files_of({{kThird}}, tomorrow);
  late.created = start_of(monday) + 1;
  given(world).when(late).then(RejectionCode::payout_not_next);
}

TEST(PayoutFile, SaysNothingThatContradictsItself) {
  auto const world = two_processing();
  auto const good = written(world.size(), files_of({{kFirst}, {kSecond}}));
  EXPECT_TRUE(is_well_formed(good));
  auto const bad = [&](auto spoil) {
    auto event = good;
    spoil(event);
    return !is_well_formed(event);
  };
  EXPECT_TRUE(bad([](auto& e) { e.files.clear(); }));
  EXPECT_TRUE(bad([](auto& e) { e.files[0].payouts.clear(); }));
  EXPECT_TRUE(bad([](auto& e) { e.files[1].letter = 'C'; }));
  EXPECT_TRUE(bad([](auto& e) { e.files[1].first_trace = 1; }));
  EXPECT_TRUE(bad([](auto& e) { e.files[1].payouts = {kFirst}; }));
  EXPECT_TRUE(bad([](auto& e) { e.files[0].payouts = {PayoutId()}; }));
  EXPECT_TRUE(bad([](auto& e) { e.files[0].effective = kToday; })) << "before it was made";
  EXPECT_TRUE(bad([](auto& e) { e.left_out = {{kSecond, LeftOutReason::holder}}; })) << "in it and left out";
  EXPECT_DEATH((void)state_after(world + std::vector<Event>{good, good}), "are_next_files");
}

TEST(PayoutFile, LettersAreSixAndThirty) {
  std::set<char> letters;
  for (std::size_t i = 0; i < kPayoutFilesMax; ++i) letters.insert(payout_file_letter(i));
  EXPECT_EQ(letters.size(), kPayoutFilesMax);
  EXPECT_EQ(payout_file_letter(0), 'A');
  EXPECT_EQ(payout_file_letter(25), 'Z');
  EXPECT_EQ(payout_file_letter(26), '0');
  EXPECT_EQ(payout_file_letter(35), '9');
}

TEST(AccountCorrection, IsKeptAndMovesNothing) {
  auto const world = two_processing();
  PayoutRequested requested;
  requested.payout = kFirst;
  requested.game = kGame;
  requested.contact = IdentityId(1);
  CorrectPayoutAccount const command{samples::fact(requested, kFirst.position()), "C01", "000999888777"};
  PayoutAccountCorrected const event{kFirst, kGame, IdentityId(1), "C01", {"000999888777", false}};
  given(world).when(command).then({event});
  EXPECT_TRUE(postings(event).empty());
}

TEST(AccountCorrection, ShowsNoMoreThanTheLastDigits) {
  EXPECT_EQ(masked("000999888777"), "********8777");
  EXPECT_EQ(masked("091000019   123456"), "*****0019   ****56");
  EXPECT_EQ(masked("1234"), "****");
  EXPECT_EQ(masked("123"), "***");
  EXPECT_EQ(masked("27"), "27") << "a transaction code";
  EXPECT_EQ(masked("NEW NAME LLC"), "NEW NAME LLC");
  EXPECT_EQ(masked("a12345"), "a****5");
  EXPECT_EQ(masked(""), "");
}

}  // namespace
}  // namespace florin::domain::testing
