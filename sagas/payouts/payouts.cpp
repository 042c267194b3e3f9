#include "sagas/payouts/payouts.h"

#include <chrono>
#include <set>

#include <spdlog/spdlog.h>

#include "eventstore/store/read_commit.h"
#include "sagas/writer_call.h"

namespace florin::sagas {

using domain::PayoutId;
using domain::PayoutStatus;

namespace {

constexpr auto kCheckEvery = std::chrono::seconds(1);

}  // namespace

struct Payouts::Impl {
  Impl(asio::io_context& context, Bank const& their_bank, AchSettings from, LedgerView const& ledger,
       eventstore::Log& events, eventstore::Vault const& keys, eventstore::Clock const& time)
      : io(context),
        bank(their_bank),
        settings(std::move(from)),
        view(ledger),
        log(events),
        vault(keys),
        clock(time),
        alarm(context.get_executor()) {}

  asio::io_context& io;
  Bank const& bank;
  AchSettings const settings;
  LedgerView const& view;
  eventstore::Log& log;
  eventstore::Vault const& vault;
  eventstore::Clock const& clock;
  eventstore::Submitter* writer = nullptr;

  // The effects thread's.
  std::set<PayoutId> processing;
  std::set<PayoutId> reporting;
  std::set<domain::Day> writing;
  std::set<domain::Day> complained;  // about: once each
  SteadyTimer alarm;
  bool stopping = false;

  void check();
  void ask_about(PayoutId payout);
  bool is_with_the_bank(domain::OpenPayout const& open);
  void write_files(domain::Day day);
  void report(PayoutId payout, PayoutStatus status, std::string note);
};

void Payouts::Impl::check() {
  if (stopping) return;
  auto const now_processing = processing;
  for (auto const payout : now_processing) ask_about(payout);
  alarm.expires_after(kCheckEvery);
  alarm.async_wait([this](boost::system::error_code error) {
    if (!error) check();
  });
}

void Payouts::Impl::ask_about(PayoutId payout) {
  auto const open = view.payout(payout);
  if (!open || open->status != PayoutStatus::processing) {
    processing.erase(payout);
    return;
  }
  if (reporting.contains(payout) || clock.now() < bank.answers_at(open->since)) return;
  if (!is_with_the_bank(*open)) return;
  auto const entry = entry_of(log, vault, payout);
  if (!entry) {
    bool const lost = entry.error().kind == eventstore::Fault::Kind::missing ||
                      entry.error().kind == eventstore::Fault::Kind::corrupt;
    if (!lost) return;  // the log or the vault as a whole: asked again
    if (!open->filed) return report(payout, PayoutStatus::failed, "the bank details cannot be opened");
    // The bank has it, and may have paid: its statement says so to an operator.
    spdlog::error("payout {}: its contact was erased since it went to the bank: an operator says what became of it",
                  domain::format_payout_id(payout));
    processing.erase(payout);
    return;
  }
  if (!open->filed) {
    auto const file = write_nacha(old_file(settings.origin, domain::day_of(open->processing_at), {entry.value()}));
    if (!file) return report(payout, PayoutStatus::failed, file.error());
  }
  auto const answer = bank.outcome(entry.value(), open->since, clock.now());
  switch (answer.outcome) {
    case BankOutcome::pending: return;
    case BankOutcome::settled: return report(payout, PayoutStatus::completed, "");
    case BankOutcome::returned:
      return report(payout, PayoutStatus::failed, answer.return_code + " " + answer.return_reason);
  }
}

// Whether the bank can be asked about this payout. When its day is over and no file of that day exists, writes the
// day's files. A payout that was left out of them is not asked about again.
bool Payouts::Impl::is_with_the_bank(domain::OpenPayout const& open) {
  if (open.filed) return true;
  auto const day = domain::day_of(open.processing_at);
  if (view.has_payout_files(day)) {
    processing.erase(open.payout);
    return false;
  }
  // Its day's file follows from the day alone, so it was with the bank when the day was over.
  if (!open.dated_by_export && !view.is_dated_by_export(day)) return true;
  if (clock.now() >= files_from(day)) write_files(day);
  return false;
}

void Payouts::Impl::write_files(domain::Day day) {
  if (writing.contains(day)) return;
  auto const payouts = view.payouts_of(day);
  auto const complain = [&](std::string const& why) {
    if (complained.insert(day).second) spdlog::error("payouts of {}: {}", domain::to_date(day), why);
  };
  auto const now = clock.now();
  auto const used = view.files_used(domain::day_of(now));
  auto planned = plan_files(log, vault, settings, day, now, payouts, used);
  if (!planned) return complain(planned.error().what);
  if (lacks_letters(planned.value(), used)) return complain("no file can be created any more on this date");
  if (planned.value().command.files.empty()) {
    for (auto const payout : payouts) processing.erase(payout);
    return;
  }
  for (auto const& text : planned.value().texts) {
    if (auto const taken = bank.submit(text); !taken) return complain("the bank refuses its file: " + taken.error());
  }
  writing.insert(day);
  submit(io, *writer, domain::Command(std::move(planned.value().command)),
         [this, day, payouts](eventstore::Outcome const& outcome) {
           writing.erase(day);
           // The writer has stopped: a restart takes them up again.
           if (is_busy(outcome) || !std::holds_alternative<eventstore::Unavailable>(outcome)) return;
           for (auto const payout : payouts) processing.erase(payout);
         });
}

void Payouts::Impl::report(PayoutId payout, PayoutStatus status, std::string note) {
  reporting.insert(payout);
  domain::Command command = domain::AdvancePayout{payout, status, std::move(note)};
  submit(io, *writer, std::move(command), [this, payout](eventstore::Outcome const& outcome) {
    reporting.erase(payout);
    if (!is_busy(outcome)) processing.erase(payout);
  });
}

Payouts::Payouts(EffectsLoop& loop, Bank const& bank, AchSettings settings, LedgerView const& view,
                 eventstore::Log& log, eventstore::Vault const& vault, eventstore::Clock const& clock)
    : impl_(std::make_unique<Impl>(loop.io(), bank, std::move(settings), view, log, vault, clock)) {
  loop.add(*this);
}

Payouts::~Payouts() = default;

void Payouts::resume(domain::State const& state) {
  for (auto const& [position, payout] : state.payouts()) {
    if (payout.status == PayoutStatus::processing) impl_->processing.insert(position);
  }
}

void Payouts::start(eventstore::Submitter& writer) {
  impl_->writer = &writer;
  asio::post(impl_->io, [impl = impl_.get()] { impl->check(); });
}

void Payouts::on_commits(std::span<eventstore::CommitPtr const> commits) {
  for (auto const& commit : commits) {
    for (auto const& event : commit->events) {
      auto const* advanced = std::get_if<domain::PayoutAdvanced>(&event);
      if (advanced == nullptr || advanced->status != PayoutStatus::processing) continue;
      impl_->processing.insert(advanced->payout);
    }
  }
}

void Payouts::check() { impl_->check(); }

bool Payouts::is_idle() {
  impl_->check();
  return impl_->reporting.empty() && impl_->writing.empty();
}

void Payouts::stop() {
  impl_->stopping = true;
  impl_->alarm.cancel();
}

}  // namespace florin::sagas
