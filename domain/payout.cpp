// What games earn and cash out.
#include "domain/payout.h"

#include <algorithm>

#include "domain/decider.h"

namespace florin::domain {

char const* payout_status_name(PayoutStatus status) {
  switch (status) {
    case PayoutStatus::requested: return "requested";
    case PayoutStatus::approved: return "approved";
    case PayoutStatus::processing: return "processing";
    case PayoutStatus::completed: return "completed";
    case PayoutStatus::rejected: return "rejected";
    case PayoutStatus::failed: return "failed";
  }
  return "";
}

bool can_follow(PayoutStatus next, PayoutStatus now) {
  switch (next) {
    case PayoutStatus::requested: return false;
    case PayoutStatus::approved: return now == PayoutStatus::requested;
    case PayoutStatus::processing: return now == PayoutStatus::approved;
    case PayoutStatus::completed: return now == PayoutStatus::processing;
    case PayoutStatus::failed: return now == PayoutStatus::processing || now == PayoutStatus::completed;
    case PayoutStatus::rejected: return now == PayoutStatus::requested || now == PayoutStatus::approved;
  }
  return false;
}

char const* left_out_reason(LeftOutReason reason) {
  switch (reason) {
    case LeftOutReason::unreadable: return "the bank details cannot be opened";
    case LeftOutReason::holder: return "nothing of the holder's name can be written";
    case LeftOutReason::routing: return "the routing number is not one";
    case LeftOutReason::account: return "the account number is not one";
    case LeftOutReason::amount: return "the amount does not fit into an entry";
    case LeftOutReason::no_room: return "the day has more payouts than its files hold";
  }
  return "";
}

char payout_file_letter(std::size_t index) {
  FLORIN_ASSERT(index < kPayoutFilesMax);
  constexpr std::size_t kLetters = 26;
  return static_cast<char>(index < kLetters ? 'A' + index : '0' + (index - kLetters));
}

std::optional<std::size_t> payout_file_index(char letter) {
  for (std::size_t index = 0; index < kPayoutFilesMax; ++index) {
    if (payout_file_letter(index) == letter) return index;
  }
  return std::nullopt;
}

std::string format_trace_number(AchOrigin const& origin, std::uint32_t number) {
  constexpr std::size_t kDigits = 7;
  auto digits = std::to_string(number);
  if (digits.size() < kDigits) digits.insert(0, kDigits - digits.size(), '0');
  return origin.odfi + digits;
}

Day day_of(Timestamp at) {
  using std::chrono::microseconds;
  return std::chrono::floor<std::chrono::days>(std::chrono::sys_time<microseconds>(microseconds(at.micros())));
}

Timestamp start_of(Day day) { return Timestamp::from_seconds(std::chrono::seconds(day.time_since_epoch()).count()); }

std::string to_date(Day day) {
  constexpr std::size_t kDateLetters = 10;
  return to_iso8601(start_of(day)).substr(0, kDateLetters);
}

// Letters and trace numbers follow from the order, and nobody is paid twice.
bool is_well_formed(PayoutFileWritten const& e) {
  if (e.files.empty() || e.day < Day{} || e.created < start_of(e.day + std::chrono::days(1))) return false;
  auto const first = payout_file_index(e.files.front().letter);
  auto const first_trace = e.files.front().first_trace;
  if (!first || *first + e.files.size() > kPayoutFilesMax || first_trace == 0) return false;
  std::vector<PayoutId> payouts;
  for (std::size_t i = 0; i < e.files.size(); ++i) {
    auto const& file = e.files[i];
    if (file.letter != payout_file_letter(*first + i) || file.first_trace != first_trace + payouts.size()) return false;
    if (file.payouts.empty() || file.effective < day_of(e.created)) return false;
    payouts.insert(payouts.end(), file.payouts.begin(), file.payouts.end());
    if (payouts.size() > kFiledPayoutsMax || first_trace + payouts.size() - 1 > kTraceNumberMax) return false;
  }
  for (auto const& left_out : e.left_out) payouts.push_back(left_out.payout);
  std::ranges::sort(payouts);
  return payouts.front() && std::ranges::adjacent_find(payouts) == payouts.end();
}

bool belongs_to(OpenPayout const& payout, Day day) {
  bool const is_out = payout.status == PayoutStatus::processing || payout.status == PayoutStatus::completed;
  return is_out && !payout.filed && day_of(payout.processing_at) == day;
}

// In USD, whole cents: what is left below a cent stays owed. `owed` of all its currencies together: what one of them
// is short of, the others pay.
Usd payable_usd(State const& state, Game const& game) {
  Money owed;
  for (auto const& currency : game.currencies) owed += state.revenue(currency.currency).owed;
  return owed <= Money{} ? Usd{} : Usd::from_minor(owed.minor() / kUnitsPerDollar);
}

Decision Decider::operator()(RequestPayout const& command) const {
  auto const* game = state.find_game(command.game);
  if (game == nullptr) return refuse(RejectionCode::game_not_found);
  if (!may_call(game->settings.status)) return refuse(RejectionCode::game_not_active);
  if (command.usd <= Usd{} || command.usd > kMaxPayoutUsd) return refuse(RejectionCode::invalid_amount);
  auto const payable = payable_usd(state, *game);
  if (command.usd > payable) {
    return fail(Rejection{
        .code = RejectionCode::payout_exceeds_balance, .usd_available = payable, .usd_required = command.usd});
  }
  std::vector<PayoutShare> shares;
  auto left = units_of(command.usd);
  for (auto const& currency : game->currencies) {
    auto const part = std::min(left, state.revenue(currency.currency).owed);
    if (part <= Money{}) continue;
    shares.push_back({currency.currency, part});
    left -= part;
  }
  FLORIN_ASSERT(left == Money{});
  std::vector<Event> events;
  NewIds new_ids(state, events);
  auto const contact = new_ids.identity(command.contact.email_index, command.contact.email);
  events.emplace_back(PayoutRequested{PayoutId(context.next), command.game, command.usd, std::move(shares), contact,
                                      PersonalText{command.holder, false}, PersonalText{command.account, false},
                                      command.routing, std::string(last_four(command.account)), command.type});
  return events;
}

Decision Decider::operator()(AdvancePayout const& command) const {
  auto const* payout = state.find_payout(command.payout);
  if (payout == nullptr) return refuse(RejectionCode::payout_not_found);
  bool const was_completed = payout->status == PayoutStatus::completed;
  bool const too_late = was_completed && context.now >= payout->since + kPayoutReturnMicros;
  if (too_late || !can_follow(command.status, payout->status)) return refuse(RejectionCode::payout_not_next);
  return std::vector<Event>{PayoutAdvanced{payout->payout, payout->game, payout->usd, payout->shares, command.status,
                                           command.note, was_completed, command.status == PayoutStatus::processing}};
}

Decision Decider::operator()(WritePayoutFile const& command) const {
  if (state.find_payout_file(command.day)) return refuse(RejectionCode::payout_not_next);
  // Another day's files were written since these were planned.
  if (!state.are_next_files(command.created, command.files)) return refuse(RejectionCode::payout_not_next);
  for (auto const& file : command.files) {
    for (auto const id : file.payouts) {
      auto const* payout = state.find_payout(id);
      if (payout == nullptr || !belongs_to(*payout, command.day)) {
        return fail(Rejection{.code = RejectionCode::payout_not_next, .about = id.position()});
      }
    }
  }
  PayoutFileWritten event{context.next, command.day, command.created, command.origin, command.files, command.left_out};
  FLORIN_ASSERT(is_well_formed(event));
  return std::vector<Event>{std::move(event)};
}

Decision Decider::operator()(CorrectPayoutAccount const& command) const {
  auto const& requested = *command.payout;
  return std::vector<Event>{PayoutAccountCorrected{requested.payout, requested.game, requested.contact, command.code,
                                                   PersonalText{command.corrected, false}}};
}

Revenue& Fold::revenue(CurrencyId currency) const {
  FLORIN_ASSERT(currency && currency.value() <= state.currency_count());
  if (state.revenues_.size() < currency.value()) state.revenues_.resize(currency.value());
  return state.revenues_[currency.value() - 1];
}

void Fold::operator()(PayoutRequested const& e) const {
  OpenPayout payout;
  payout.payout = e.payout;
  payout.game = e.game;
  payout.usd = e.usd;
  payout.shares = e.shares;
  payout.since = at;
  FLORIN_ASSERT(state.find_game(e.game) != nullptr && state.payouts_.emplace(e.payout, payout).second);
  Money sum;
  for (auto const& share : e.shares) {
    auto& part = revenue(share.currency);
    part.owed -= moved(share.amount);
    part.in_flight += share.amount;
    sum += share.amount;
  }
  FLORIN_ASSERT(sum == units_of(moved(e.usd)));
}

void Fold::operator()(PayoutAdvanced const& e) const {
  auto const found = state.payouts_.find(e.payout);
  FLORIN_ASSERT(found != state.payouts_.end());
  auto& payout = found->second;
  FLORIN_ASSERT(payout.game == e.game && payout.usd == e.usd && payout.shares == e.shares);
  FLORIN_ASSERT(can_follow(e.status, payout.status));
  FLORIN_ASSERT(e.was_completed == (payout.status == PayoutStatus::completed));
  payout.status = e.status;
  payout.since = at;
  if (e.status == PayoutStatus::processing) {
    payout.processing_at = at;
    payout.dated_by_export = e.dated_by_export;
    if (e.dated_by_export) state.export_days_.insert(day_of(at));
  }
  if (!is_end(e.status)) return;
  for (auto const& share : e.shares) {
    auto& part = revenue(share.currency);
    (e.was_completed ? part.paid : part.in_flight) -= share.amount;
    (e.status == PayoutStatus::completed ? part.paid : part.owed) += share.amount;
  }
  if (e.status != PayoutStatus::completed) {
    state.payouts_.erase(found);
    return;
  }
  std::erase_if(state.payouts_, [this](auto const& entry) {
    return entry.second.status == PayoutStatus::completed && at >= entry.second.since + kPayoutReturnMicros;
  });
}

void Fold::operator()(PayoutFileWritten const& e) const {
  FLORIN_ASSERT(is_well_formed(e) && state.are_next_files(e.created, e.files));
  FLORIN_ASSERT(state.payout_files_.emplace(e.day, e.written).second);
  auto const& last = e.files.back();
  state.newest_files_ = {day_of(e.created), static_cast<std::uint32_t>(*payout_file_index(last.letter) + 1),
                         static_cast<std::uint32_t>(last.first_trace + last.payouts.size() - 1)};
  for (auto const& file : e.files) {
    for (auto const id : file.payouts) {
      auto const found = state.payouts_.find(id);
      FLORIN_ASSERT(found != state.payouts_.end() && belongs_to(found->second, e.day));
      found->second.filed = true;
    }
  }
}

void Fold::operator()(PayoutAccountCorrected const& e) const {
  FLORIN_ASSERT(state.find_game(e.game) != nullptr && e.payout);
}

std::optional<Position> State::find_payout_file(Day day) const {
  auto const found = payout_files_.find(day);
  if (found == payout_files_.end()) return std::nullopt;
  return found->second;
}

std::vector<PayoutId> State::payouts_of(Day day) const {
  std::vector<PayoutId> payouts;
  for (auto const& [id, payout] : payouts_) {
    if (belongs_to(payout, day)) payouts.push_back(id);
  }
  return payouts;
}

bool State::is_dated_by_export(Day day) const { return export_days_.contains(day); }

PayoutFilesUsed State::files_used(Day created) const {
  return created == newest_files_.created ? newest_files_ : PayoutFilesUsed{created, 0, 0};
}

bool State::are_next_files(Timestamp created, std::vector<PayoutFile> const& files) const {
  auto const date = day_of(created);
  if (files.empty() || date < newest_files_.created) return false;
  auto const used = files_used(date);
  return payout_file_index(files.front().letter) == used.letters && files.front().first_trace == used.entries + 1;
}

bool State::restore_export_day(Day day) { return export_days_.insert(day).second; }

bool State::restore_newest_files(PayoutFilesUsed const& used) {
  if (newest_files_ != PayoutFilesUsed{} || used.letters == 0 || used.letters > kPayoutFilesMax) return false;
  if (used.entries < used.letters || used.entries > kTraceNumberMax) return false;
  newest_files_ = used;
  return true;
}

bool State::restore_payout_file(Day day, Position written) {
  return written && payout_files_.emplace(day, written).second;
}

OpenPayout const* State::find_payout(PayoutId payout) const {
  auto const found = payouts_.find(payout);
  return found == payouts_.end() ? nullptr : &found->second;
}

Revenue State::revenue(CurrencyId currency) const {
  if (!currency || currency.value() > revenues_.size()) return {};
  return revenues_[currency.value() - 1];
}

bool State::restore_payout(OpenPayout const& payout) {
  auto const* game = find_game(payout.game);
  if (!payout.payout || game == nullptr) return false;
  if (payout.status == PayoutStatus::rejected || payout.status == PayoutStatus::failed) return false;
  bool const was_processed = payout.status == PayoutStatus::processing || payout.status == PayoutStatus::completed;
  if (was_processed != (payout.processing_at != Timestamp{})) return false;
  if ((payout.dated_by_export || payout.filed) && !was_processed) return false;
  Money sum;
  for (auto const& share : payout.shares) {
    if (game->find_currency(share.currency) == nullptr) return false;
    if (share.amount <= Money{} || share.amount > units_of(kMaxPayoutUsd)) return false;
    sum += share.amount;
  }
  if (payout.usd <= Usd{} || payout.usd > kMaxPayoutUsd || sum != units_of(payout.usd)) return false;
  return payouts_.emplace(payout.payout, payout).second;
}

bool State::restore_revenue(CurrencyId currency, Revenue const& revenue) {
  if (!currency || currency.value() > currency_count_ || currency.value() != revenues_.size() + 1) return false;
  revenues_.push_back(revenue);
  return true;
}

}  // namespace florin::domain
