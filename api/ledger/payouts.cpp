#include "api/ledger/payouts.h"

#include <algorithm>
#include <utility>

#include "projections/payments.h"

namespace florin::api {

using eventstore::ResultOr;

ResultOr<domain::PayoutFileWritten const*> WrittenFiles::of(domain::Day day) {
  auto found = days_.find(day);
  if (found == days_.end()) {
    std::optional<domain::PayoutFileWritten> files;
    auto const written = ledger_.state.read([&](domain::State const& state) { return state.find_payout_file(day); });
    if (written) {
      auto const event = FLORIN_TRY(ledger_.commits.fact<domain::PayoutFileWritten>(*written));
      if (event) files = **event;
      if (!files) return eventstore::fault(eventstore::Fault::Kind::corrupt, "no files of payouts were written there");
    }
    found = days_.emplace(day, std::move(files)).first;
  }
  return found->second ? &*found->second : nullptr;
}

ResultOr<std::optional<PayoutPlace>> WrittenFiles::find(domain::PayoutId payout, domain::Timestamp processing_at) {
  PayoutPlace place;
  place.day = domain::day_of(processing_at);
  auto const files = FLORIN_TRY(of(place.day));
  if (files == nullptr) return std::optional<PayoutPlace>();
  auto const& event = *files;
  for (auto const& file : event.files) {
    auto const at = std::ranges::find(file.payouts, payout);
    if (at == file.payouts.end()) continue;
    place.letter = file.letter;
    place.trace = domain::format_trace_number(event.origin,
                                              file.first_trace + static_cast<std::uint32_t>(at - file.payouts.begin()));
    return std::optional(std::move(place));
  }
  for (auto const& left_out : event.left_out) {
    if (left_out.payout == payout) place.left_out = left_out.reason;
  }
  return std::optional(std::move(place));
}

namespace {

// Which payout an event is about; zero: none.
domain::PayoutId payout_of(domain::Event const& event) {
  if (auto const* requested = std::get_if<domain::PayoutRequested>(&event)) return requested->payout;
  if (auto const* advanced = std::get_if<domain::PayoutAdvanced>(&event)) return advanced->payout;
  if (auto const* corrected = std::get_if<domain::PayoutAccountCorrected>(&event)) return corrected->payout;
  return {};
}

}  // namespace

ResultOr<std::optional<PayoutDetails>> load_payout(Ledger const& ledger, ViewReader& view, WrittenFiles& files,
                                                   domain::PayoutId payout) {
  auto const steps = FLORIN_TRY(projections::read_steps(view, payout.position()));
  std::optional<PayoutDetails> details;
  for (auto const& step : steps) {
    auto const commit = FLORIN_TRY(ledger.commits.at(step.commit));
    auto const* event = commit ? event_at(*commit, step.event) : nullptr;
    if (event == nullptr || payout_of(*event) != payout) return projections::distrust_steps(view, payout.position());
    auto const at = commit->at;
    if (auto const* requested = std::get_if<domain::PayoutRequested>(event)) {
      details = PayoutDetails{*requested, at, domain::PayoutStatus::requested, at, {}};
    } else if (auto const* advanced = std::get_if<domain::PayoutAdvanced>(event); advanced != nullptr && details) {
      details->status = advanced->status;
      details->changed_at = at;
      details->note = advanced->note;
      if (advanced->status == domain::PayoutStatus::processing) details->processing_at = at;
    } else if (auto const* corrected = std::get_if<domain::PayoutAccountCorrected>(event);
               corrected != nullptr && details) {
      auto const text = ledger.people.reveal(corrected->contact, Field::bank_correction, corrected->corrected);
      details->correction = AccountCorrection{corrected->code, domain::masked(text), at};
    }
  }
  if (details && details->processing_at != domain::Timestamp{}) {
    details->place = FLORIN_TRY(files.find(payout, details->processing_at));
  }
  return details;
}

ResultOr<ListPage<PayoutDetails>> load_payouts(Ledger const& ledger, ViewReader& view, domain::GameId game,
                                               std::optional<domain::PayoutStatus> status, std::size_t limit,
                                               std::optional<std::uint64_t> cursor) {
  auto const rows = FLORIN_TRY(projections::read_payouts(view, game, status, limit, cursor));
  ListPage<PayoutDetails> page;
  page.next = rows.next;
  WrittenFiles files(ledger);
  for (auto const& row : rows.payouts) {
    auto payout = FLORIN_TRY(load_payout(ledger, view, files, row.payout));
    if (!payout) return projections::distrust_steps(view, row.payout.position());
    page.items.push_back(std::move(*payout));
  }
  return page;
}

}  // namespace florin::api
