// One process's worth of texts and expiries: vault, writer, the sagas and the simulated phone over a given log, on a
// clock that the test moves. A crash is destroying one and making another over a prefix of its log, in the same folder.
#pragma once

#include <chrono>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "eventstore/store/commit_reader.h"
#include "sagas/expiry/expiries.h"
#include "sagas/gateways/sandbox_phone.h"
#include "sagas/texting/text_sender.h"
#include "tests/support/memory_log.h"
#include "tests/support/store.h"
#include "tests/support/temp_folder.h"

namespace florin::test_support {

constexpr std::int64_t kSecond = domain::kMicrosPerSecond;
constexpr std::int64_t kMinute = 60 * kSecond;

// A State folded from the commits, and the commits. Any thread.
class FoldedView final : public sagas::LedgerView, public eventstore::CommitListener {
 public:
  void add(domain::Commit const& commit) {
    std::lock_guard const lock(mutex_);
    domain::apply(state_, commit);
    commits_.push_back(commit);
    added_.notify_all();
    for (auto const& event : commit.events) {
      if (auto const* e = std::get_if<domain::IdentityRegistered>(&event)) emails_[e->identity.value()] = e->email;
      if (auto const* e = std::get_if<domain::PhoneRecorded>(&event)) {
        phones_[e->phone.value()] = {e->identity, e->number, {}};
      }
    }
  }
  void add_all(eventstore::Log& log) {
    auto reader = must(eventstore::CommitReader::after(log, {}));
    while (auto const commit = must(reader->next())) add(*commit);
  }
  void on_commits(std::span<eventstore::CommitPtr const> commits) override {
    for (auto const& commit : commits) add(*commit);
  }

  std::optional<domain::OpenTransfer> transfer(domain::Position transaction) const override {
    std::lock_guard const lock(mutex_);
    auto const* open = state_.find_transfer(transaction);
    return open != nullptr ? std::optional(*open) : std::nullopt;
  }
  std::optional<domain::OpenShare> share(domain::Position approval) const override {
    std::lock_guard const lock(mutex_);
    auto const* open = state_.shares().find(approval);
    return open != nullptr ? std::optional(*open) : std::nullopt;
  }
  std::optional<domain::OpenOrder> order(domain::Position order) const override {
    std::lock_guard const lock(mutex_);
    auto const* open = state_.find_order(order);
    return open != nullptr ? std::optional(*open) : std::nullopt;
  }
  std::optional<domain::Returned> returned(domain::Position order) const override {
    std::lock_guard const lock(mutex_);
    auto const* found = state_.find_returned(order);
    return found != nullptr ? std::optional(*found) : std::nullopt;
  }
  std::optional<domain::OpenPayout> payout(domain::PayoutId payout) const override {
    std::lock_guard const lock(mutex_);
    auto const* open = state_.find_payout(payout);
    return open != nullptr ? std::optional(*open) : std::nullopt;
  }
  std::vector<domain::PayoutId> payouts_of(domain::Day day) const override {
    std::lock_guard const lock(mutex_);
    return state_.payouts_of(day);
  }
  bool has_payout_files(domain::Day day) const override {
    std::lock_guard const lock(mutex_);
    return state_.find_payout_file(day).has_value();
  }
  bool is_dated_by_export(domain::Day day) const override {
    std::lock_guard const lock(mutex_);
    return state_.is_dated_by_export(day);
  }
  domain::PayoutFilesUsed files_used(domain::Day created) const override {
    std::lock_guard const lock(mutex_);
    return state_.files_used(created);
  }
  std::string currency_name(domain::CurrencyId currency) const override {
    std::lock_guard const lock(mutex_);
    for (auto const& game : state_.games()) {
      if (auto const* spec = game.find_currency(currency)) return spec->name;
    }
    return {};
  }
  std::optional<Phone> phone(domain::PhoneId phone) const override {
    std::lock_guard const lock(mutex_);
    auto const found = phones_.find(phone.value());
    if (found == phones_.end()) return std::nullopt;
    auto known = found->second;
    known.email = emails_.at(known.identity.value());
    return known;
  }
  Names names(domain::PlayerId sender, domain::CurrencyId currency, domain::GameId target) const override {
    std::lock_guard const lock(mutex_);
    auto const* source = state_.game_of(sender);
    return {source->settings.name, state_.find_game(target)->settings.name, source->find_currency(currency)->name};
  }

  // Until `done` of the state; false: not within ten seconds.
  template <class Done>
  [[nodiscard]] bool wait_for(Done&& done) const {
    std::unique_lock lock(mutex_);
    return added_.wait_for(lock, std::chrono::seconds(10), [&] { return done(state_); });
  }
  template <class Read>
  auto read(Read&& read) const {
    std::lock_guard const lock(mutex_);
    return read(state_);
  }
  [[nodiscard]] std::vector<domain::Commit> commits() const {
    std::lock_guard const lock(mutex_);
    return commits_;
  }
  template <class E>
  [[nodiscard]] std::vector<E> all() const {
    std::vector<E> found;
    for (auto const& commit : commits()) {
      for (auto const& event : commit.events) {
        if (auto const* e = std::get_if<E>(&event)) found.push_back(*e);
      }
    }
    return found;
  }
  // How the texts of one kind were settled, one entry for each settlement.
  [[nodiscard]] std::vector<domain::TextEnd> settled(domain::TextKind kind) const {
    std::vector<domain::TextEnd> ends;
    for (auto const& e : all<domain::TextSettled>()) {
      if (e.text.kind == kind) ends.push_back(e.end);
    }
    return ends;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable added_;
  domain::State state_;
  std::vector<domain::Commit> commits_;
  std::map<std::uint64_t, Phone> phones_;
  std::map<std::uint64_t, domain::PersonalText> emails_;
};

class Rig {
 public:
  // The clock stands where the log ends. gateway: null for the simulated phone.
  Rig(std::filesystem::path const& vault_folder, eventstore::Log& log, sagas::SmsGateway* gateway = nullptr)
      : vault_(must(eventstore::Vault::open(vault_folder))),
        requests_(must(eventstore::RequestIndex::open(own_.path() / "requests", {}, {64, 1u << 20}))),
        checkpoints_(must(eventstore::CheckpointFile::open(own_.path()))) {
    auto recovered = must(eventstore::recover(log, own_.path() / "snapshots", requests_.get(), &durable_));
    view_.add_all(log);
    if (recovered.head.position) clock_.advance(recovered.at.micros() - clock_.now().micros());
    tail_ = std::make_unique<eventstore::Tail>(log, recovered.head);
    sms_ = std::make_unique<sagas::GuardedSms>(gateway != nullptr ? *gateway : phone_, clock_,
                                               [] { return std::uint64_t{0}; });
    expiries_ = std::make_unique<sagas::Expiries>(loop_, view_, clock_);
    expiries_->resume(recovered.state);
    texts_ = std::make_unique<sagas::TextSender>(loop_, sms_.get(), view_, log, *vault_, clock_);
    texts_->resume(recovered.state);
    eventstore::EngineParts const parts{log, *vault_, *requests_, checkpoints_, clock_, durable_, *tail_};
    writer_ = std::make_unique<eventstore::Writer>(
        std::move(recovered), parts, std::vector<eventstore::CommitListener*>{&view_, expiries_.get(), texts_.get()});
    writer_->start();
    expiries_->start(*writer_);
    texts_->start(*writer_);
    loop_.start();
  }
  ~Rig() { loop_.stop(); }

  eventstore::Outcome ask(domain::Command command) {
    std::promise<eventstore::Outcome> promise;
    auto future = promise.get_future();
    writer_->submit({std::move(command), {}, std::make_unique<FutureReply>(std::move(promise))});
    return future.get();
  }
  // As game's request, which transfers are known by.
  eventstore::CommitPtr commit(domain::Command command, domain::GameId game = {}) {
    std::promise<eventstore::Outcome> promise;
    auto future = promise.get_future();
    domain::Request const asked{game, {}, {}};
    writer_->submit({std::move(command), asked, std::make_unique<FutureReply>(std::move(promise))});
    return std::get<eventstore::Committed>(future.get()).commit;
  }
  // False: something was still due, owed or under way.
  [[nodiscard]] bool quiet() { return loop_.wait_until_idle(10'000); }
  [[nodiscard]] bool pass(std::int64_t micros) {
    clock_.advance(micros);
    return quiet();
  }

  [[nodiscard]] FoldedView const& view() const { return view_; }
  [[nodiscard]] sagas::TextSender& sender() { return *texts_; }
  [[nodiscard]] sagas::SandboxPhone& phone() { return phone_; }
  [[nodiscard]] eventstore::Vault const& vault() const { return *vault_; }
  [[nodiscard]] FixedClock& clock() { return clock_; }
  [[nodiscard]] std::vector<std::string> texts(domain::PhoneRef const& to) const {
    std::vector<std::string> bodies;
    for (auto const& text : phone_.messages(to.number)) bodies.push_back(text.body);
    return bodies;
  }
  [[nodiscard]] domain::Wallet wallet(domain::GameId game, std::uint64_t who) const {
    return view_.read([&](domain::State const& state) {
      auto const identity = state.find_identity(person(who).email_index);
      auto const player = identity ? state.find_player(game, *identity) : std::nullopt;
      return player ? state.wallet(*player, state.find_game(game)->currencies.front().currency) : domain::Wallet{};
    });
  }

 private:
  TempFolder own_;
  FixedClock clock_;
  sagas::EffectsLoop loop_;
  std::unique_ptr<eventstore::Vault> vault_;
  std::unique_ptr<eventstore::RequestIndex> requests_;
  eventstore::CheckpointFile checkpoints_;
  eventstore::DurableState durable_;
  std::unique_ptr<eventstore::Tail> tail_;
  FoldedView view_;
  sagas::SandboxPhone phone_{clock_, {}};
  std::unique_ptr<sagas::GuardedSms> sms_;
  std::unique_ptr<sagas::Expiries> expiries_;
  std::unique_ptr<sagas::TextSender> texts_;
  std::unique_ptr<eventstore::Writer> writer_;
};

// Two live games; player 1 holds 1,000 in the first.
struct Town {
  domain::GameId quest;
  domain::GameId warriors;
};
inline Town build_town(Rig& rig) {
  Town town;
  auto const make = [&](char const* name, std::uint8_t key) {
    auto command = create_game(name);
    command.settings.status = domain::GameStatus::live;
    command.key_hash[0] = key;
    return std::get<domain::GameCreated>(rig.commit(command)->events.at(0)).game;
  };
  town.quest = make("Adventure Quest", 1);
  town.warriors = make("Space Warriors", 2);
  rig.commit(credit(town.quest, 1, units(1000)), town.quest);
  return town;
}

}  // namespace florin::test_support
