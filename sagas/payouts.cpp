#include "sagas/payouts.h"

#include <future>
#include <set>
#include <thread>

#include <spdlog/spdlog.h>

#include "eventstore/read_commit.h"
#include "sagas/writer_call.h"

namespace florin::sagas {

using domain::PayoutStatus;
using domain::Position;

namespace {

constexpr auto kLookEvery = std::chrono::seconds(1);

}  // namespace

eventstore::Faulty<AchEntry> entry_of(eventstore::Log& log, eventstore::Vault const& vault, Position payout) {
  auto const commit = eventstore::read_commit(log, payout);
  if (!commit) return fail(commit.error());
  if (commit.value()) {
    for (auto const& event : commit.value()->events) {
      auto const* asked = std::get_if<domain::PayoutRequested>(&event);
      if (asked == nullptr) continue;
      auto holder = vault.open(asked->contact, eventstore::Field::bank_holder, asked->holder);
      if (!holder) return fail(holder.error());
      auto account = vault.open(asked->contact, eventstore::Field::bank_account, asked->account);
      if (!account) return fail(account.error());
      // What is sealed for somebody who was erased before is empty.
      if (holder.value().empty() || account.value().empty()) break;
      return AchEntry{payout,    std::move(holder).value(), asked->routing, std::move(account).value(), asked->type,
                      asked->usd};
    }
  }
  return eventstore::fault(eventstore::Fault::Kind::missing, "no payout with bank details was requested there");
}

eventstore::Faulty<DayEntries> entries_of(eventstore::Log& log, eventstore::Vault const& vault,
                                          std::span<DayPayout const> payouts) {
  DayEntries day;
  for (auto const& [payout, has_failed] : payouts) {
    auto entry = entry_of(log, vault, payout);
    if (entry) {
      day.entries.push_back(std::move(entry).value());
    } else if (entry.error().kind != eventstore::Fault::Kind::missing) {
      return fail(entry.error());
    } else if (!has_failed) {
      day.unreadable = payout;
      return day;
    }
  }
  return day;
}

struct Payouts::Impl {
  Impl(asio::io_context& context, Bank const& their_bank, AchOrigin from, LedgerView const& ledger,
       eventstore::Log& events, eventstore::Vault const& keys, eventstore::Clock const& time)
      : io(context),
        bank(their_bank),
        origin(std::move(from)),
        view(ledger),
        log(events),
        vault(keys),
        clock(time),
        alarm(context) {}

  asio::io_context& io;
  Bank const& bank;
  AchOrigin const origin;
  LedgerView const& view;
  eventstore::Log& log;
  eventstore::Vault const& vault;
  eventstore::Clock const& clock;
  eventstore::Writer* writer = nullptr;

  // The effects thread's.
  std::set<Position> processing;
  std::set<Position> reporting;
  asio::steady_timer alarm;

  void look();
  void ask_about(Position payout);
  void report(Position payout, PayoutStatus status, std::string note);
};

void Payouts::Impl::look() {
  auto const now_processing = processing;
  for (auto const payout : now_processing) ask_about(payout);
  alarm.expires_after(kLookEvery);
  alarm.async_wait([this](boost::system::error_code error) {
    if (!error) look();
  });
}

void Payouts::Impl::ask_about(Position payout) {
  auto const open = view.payout(payout);
  if (!open || open->status != PayoutStatus::processing) {
    processing.erase(payout);
    return;
  }
  if (reporting.contains(payout) || clock.now() < bank.answers_at(open->since)) return;
  auto const entry = entry_of(log, vault, payout);
  if (!entry) {
    report(payout, PayoutStatus::failed, "the bank details cannot be opened");
    return;
  }
  auto const file = write_nacha({origin, open->since, 'A', next_banking_day(day_of(open->since)), {entry.value()}});
  if (!file) return report(payout, PayoutStatus::failed, file.error());
  if (auto const taken = bank.submit(file.value()); !taken) return report(payout, PayoutStatus::failed, taken.error());
  auto const answer = bank.outcome(entry.value(), open->since, clock.now());
  switch (answer.outcome) {
    case BankOutcome::pending: return;
    case BankOutcome::settled: return report(payout, PayoutStatus::completed, "");
    case BankOutcome::returned:
      return report(payout, PayoutStatus::failed, answer.return_code + " " + answer.return_reason);
  }
}

void Payouts::Impl::report(Position payout, PayoutStatus status, std::string note) {
  reporting.insert(payout);
  domain::Command command = domain::AdvancePayout{payout, status, std::move(note)};
  submit(io, *writer, std::move(command), [this, payout](eventstore::Outcome const& outcome) {
    reporting.erase(payout);
    if (!is_busy(outcome)) processing.erase(payout);
  });
}

Payouts::Payouts(asio::io_context& io, Bank const& bank, AchOrigin origin, LedgerView const& view, eventstore::Log& log,
                 eventstore::Vault const& vault, eventstore::Clock const& clock)
    : impl_(std::make_unique<Impl>(io, bank, std::move(origin), view, log, vault, clock)) {}

Payouts::~Payouts() = default;

void Payouts::resume(domain::State const& state) {
  for (auto const& [position, payout] : state.payouts()) {
    if (payout.status == PayoutStatus::processing) impl_->processing.insert(position);
  }
}

void Payouts::start(eventstore::Writer& writer) {
  impl_->writer = &writer;
  asio::post(impl_->io, [impl = impl_.get()] { impl->look(); });
}

void Payouts::on_commits(std::span<eventstore::CommitPtr const> commits) {
  for (auto const& commit : commits) {
    for (auto const& event : commit->events) {
      auto const* advanced = std::get_if<domain::PayoutAdvanced>(&event);
      if (advanced == nullptr || advanced->status != PayoutStatus::processing) continue;
      asio::post(impl_->io, [impl = impl_.get(), payout = advanced->payout] { impl->processing.insert(payout); });
    }
  }
}

bool Payouts::settle(int timeout_ms) {
  auto const until = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  do {
    std::promise<bool> answer;
    auto quiet = answer.get_future();
    asio::post(impl_->io, [impl = impl_.get(), &answer] {
      impl->look();
      answer.set_value(impl->reporting.empty());
    });
    if (quiet.get()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  } while (std::chrono::steady_clock::now() < until);
  return false;
}

}  // namespace florin::sagas
