#include "tests/simulation/bank.h"

#include <iterator>
#include <string>

#include "sagas/payouts/payout_files.h"
#include "tests/simulation/promises.h"

namespace florin::simulation {

using namespace domain;

namespace {

// A simulation takes place in the first months of a year: their holidays are the third Mondays of January and February.
bool is_open(Day day) {
  using namespace std::chrono;
  year_month_day const date(day);
  weekday const of_week(day);
  if (of_week == Saturday || of_week == Sunday) return false;
  bool const third = date.day() > std::chrono::day(14) && date.day() <= std::chrono::day(21);
  return of_week != Monday || !third || date.month() > February;
}

// A bank takes a second file of the same date and letter for the first one sent twice, and pays on banking days only.
void require_taken(std::vector<PayoutFileWritten> const& all) {
  std::set<std::pair<Day, char>> letters;
  std::set<std::pair<Day, std::uint32_t>> traces;
  std::set<PayoutId> payouts;
  for (auto const& written : all) {
    auto const date = day_of(written.created);
    for (auto const& file : written.files) {
      require(letters.emplace(date, file.letter).second, Promise::bank_takes_files, "a letter twice on a date");
      require(file.effective > date && is_open(file.effective), Promise::bank_takes_files, "no banking day");
      auto trace = file.first_trace;
      for (auto const payout : file.payouts) {
        require(traces.emplace(date, trace++).second, Promise::bank_takes_files, "a trace number twice on a date");
        require(payouts.insert(payout).second, Promise::bank_takes_files, "a payout twice");
      }
    }
  }
}

}  // namespace

sagas::AchSettings ach_settings() {
  sagas::AchSettings settings;
  settings.origin = {"021000021", "First Bank", "1234567890", "Florin", "Florin", "1234567890", "02100002", "PAYOUT"};
  return settings;
}

Result<sagas::BankReceipt, std::string> RecordingBank::submit(std::string_view file) const {
  auto taken = bank_.submit(file);
  if (!taken) return taken;
  auto const read = sagas::read_nacha(file);
  for (auto const& entry : read.value().entries) entries_.insert_or_assign(entry.payout, entry);
  return taken;
}

bool RecordingBank::has_paid(PayoutId payout, Timestamp now) const {
  auto const handed = entries_.find(payout);
  require(handed != entries_.end(), Promise::bank_takes_files, "a file that it was not handed");
  auto const answer = bank_.outcome(handed->second, {}, now);
  return answer.outcome == sagas::BankOutcome::settled && !given_back_.contains(payout);
}

void Operators::tell(AdvancePayout command, std::vector<Command>& out) {
  if (one_in(10)) return counts_.add(Fault::never);
  bool const late = one_in(10);
  if (late || one_in(10)) {
    late_.emplace_back(command);
    if (late) return;
    counts_.add(Fault::twice);
  }
  out.emplace_back(std::move(command));
}

// It says what the receiver sent back, and what the payouts' saga cannot ask about.
void Operators::read_statement(Server const& server, OpenPayout const& payout, std::vector<Command>& out) {
  if (payout.status == PayoutStatus::completed && one_in(12)) bank_.give_back(payout.payout);
  if (bank_.was_given_back(payout.payout)) return tell({payout.payout, PayoutStatus::failed, "R03"}, out);
  if (payout.status != PayoutStatus::processing || server.now < payout.since + 2 * kMicrosPerDay) return;
  bool const paid = bank_.has_paid(payout.payout, server.now);
  tell({payout.payout, paid ? PayoutStatus::completed : PayoutStatus::failed, "statement"}, out);
}

void Operators::step(Server const& server, OpenPayout const& payout, std::vector<Command>& out) {
  if (payout.filed) return read_statement(server, payout, out);
  auto const advance = [&](PayoutStatus status) { out.push_back(AdvancePayout{payout.payout, status, "operator"}); };
  switch (payout.status) {
    case PayoutStatus::requested:
      if (one_in(12)) return advance(PayoutStatus::completed);  // which it cannot be yet
      return advance(one_in(8) ? PayoutStatus::rejected : PayoutStatus::approved);
    case PayoutStatus::approved: return advance(one_in(10) ? PayoutStatus::rejected : PayoutStatus::processing);
    case PayoutStatus::processing:
      // It was left out of its day's file, or is given up before that is written.
      if (one_in(12) || server.state.find_payout_file(day_of(payout.processing_at))) advance(PayoutStatus::failed);
      return;
    case PayoutStatus::completed:
    case PayoutStatus::rejected:
    case PayoutStatus::failed: return;
  }
}

void Operators::export_days(Server const& server, std::vector<Command>& out) {
  auto const& state = server.state;
  for (auto const day : state.export_days()) {
    if (state.find_payout_file(day) || server.now < sagas::files_from(day)) continue;
    auto const payouts = state.payouts_of(day);
    if (payouts.empty()) continue;
    auto const planned = sagas::plan_files(server.log, server.vault, ach_settings(), day, server.now, payouts,
                                           state.files_used(day_of(server.now)));
    if (!planned) return;
    if (!planned.value().command.files.empty()) {
      for (auto const& text : planned.value().texts) {
        require(bank_.submit(text).ok(), Promise::bank_takes_files, "an export");
      }
      out.emplace_back(planned.value().command);
      return;  // another day's letters come after these
    }
    // Nobody of the day can be paid: the operator gives them up.
    for (auto const payout : payouts) out.push_back(AdvancePayout{payout, PayoutStatus::failed, "unreadable"});
  }
}

void Operators::act(Server const& server, std::vector<Command>& out) {
  if (!late_.empty() && draw(3) == 0) {
    out.push_back(std::move(late_.back()));
    late_.pop_back();
    counts_.add(Fault::late);
  }
  if (server.state.payouts().empty()) return;
  if (draw(12) == 0) {
    auto const payout = server.facts.find<PayoutRequested>(server.past.payouts[draw(server.past.payouts.size())]);
    if (payout && payout.value()) out.push_back(CorrectPayoutAccount{*payout.value(), "C01", "021000021"});
  }
  auto const picked =
      std::next(server.state.payouts().begin(), static_cast<std::ptrdiff_t>(draw(server.state.payouts().size())));
  if (draw(2) == 0) step(server, picked->second, out);
  // Of what an operator gave up a moment before nothing is exported.
  if (draw(3) == 0) export_days(server, out);
}

void Operators::settle(Server const& server, std::vector<Command>& out) {
  auto const before = out.size();
  for (auto const& [id, payout] : server.state.payouts()) step(server, payout, out);
  if (out.size() == before) export_days(server, out);
}

void RecordingBank::compare(State const& state, PastCommits const& past, Timestamp now) const {
  require_taken(past.files);
  Money paid;
  for (auto const& written : past.files) {
    for (auto const& file : written.files) {
      for (auto const payout : file.payouts) {
        if (has_paid(payout, now)) paid += units_of(entries_.at(payout).usd);
      }
    }
  }
  Money booked;
  Money in_flight;
  for (auto const& revenue : state.revenues()) {
    booked += revenue.paid;
    in_flight += revenue.in_flight;
  }
  require(booked == paid, Promise::payouts_are_statement, "booked", booked.minor(), "paid", paid.minor());
  require(in_flight == Money{}, Promise::payouts_are_statement, "in flight", in_flight.minor());
}

}  // namespace florin::simulation
