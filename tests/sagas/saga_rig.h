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

// The commits of a ledger and the state that follows from them, as far as it has published. Any thread.
class FoldedView {
 public:
  // Once. Everything from the beginning.
  void follow(eventstore::Tail& tail) {
    cursor_ = tail.follow("test", {}, [this] {
      std::lock_guard const lock(wake_mutex_);
      woken_ = true;
      wake_.notify_all();
    });
  }

  // Until `done` of the state; false: not within ten seconds.
  template <class Done>
  [[nodiscard]] bool wait_for(Done&& done) const {
    auto const until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!read(done)) {
      std::unique_lock lock(wake_mutex_);
      if (!wake_.wait_until(lock, until, [&] { return std::exchange(woken_, false); })) return false;
    }
    return true;
  }
  template <class Read>
  auto read(Read&& read) const {
    std::lock_guard const lock(mutex_);
    catch_up();
    return read(std::as_const(state_));
  }
  [[nodiscard]] std::vector<domain::Commit> commits() const {
    std::lock_guard const lock(mutex_);
    catch_up();
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
  void catch_up() const {
    while (auto const found = must(cursor_->next())) {
      domain::apply(state_, *found->commit);
      commits_.push_back(*found->commit);
    }
  }

  mutable std::mutex mutex_;
  std::unique_ptr<eventstore::TailCursor> cursor_;  // under mutex_, and so are the next two
  mutable domain::State state_;
  mutable std::vector<domain::Commit> commits_;
  mutable std::mutex wake_mutex_;
  mutable std::condition_variable wake_;
  mutable bool woken_ = false;  // under wake_mutex_
};

class Rig {
 public:
  // The clock stands where the log ends. gateway: null for the simulated phone.
  Rig(std::filesystem::path const& vault_folder, eventstore::Log& log, sagas::SmsGateway* gateway = nullptr)
      : vault_(must(eventstore::Vault::open(vault_folder))),
        requests_(must(eventstore::RequestIndex::open(own_.path() / "requests", {}, {64, 1u << 20}))),
        checkpoints_(must(eventstore::CheckpointFile::open(own_.path()))) {
    auto recovered = must(eventstore::recover(log, own_.path() / "snapshots", requests_.get(), &durable_));
    if (recovered.head.position) clock_.advance(recovered.at.micros() - clock_.now().micros());
    tail_ = std::make_unique<eventstore::Tail>(log, recovered.head);
    view_.follow(*tail_);
    loop_.follow(*tail_, recovered.head.position);
    sms_ = std::make_unique<sagas::GuardedSms>(gateway != nullptr ? *gateway : phone_, clock_,
                                               [] { return std::uint64_t{0}; });
    expiries_ = std::make_unique<sagas::Expiries>(loop_, ledger_, clock_);
    expiries_->resume(recovered.state);
    texts_ = std::make_unique<sagas::TextSender>(loop_, sms_.get(), ledger_, log, *vault_, clock_);
    texts_->resume(recovered.state);
    eventstore::EngineParts const parts{log,    must(log.lease()), *vault_, *requests_, checkpoints_,
                                        clock_, durable_,          *tail_};
    writer_ = std::make_unique<eventstore::Writer>(std::move(recovered), parts);
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
  [[nodiscard]] sagas::LedgerView const& ledger() const { return ledger_; }
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
  eventstore::DurableState durable_;
  std::unique_ptr<eventstore::Tail> tail_;
  sagas::LedgerView const ledger_{durable_};
  FoldedView view_;
  sagas::EffectsLoop loop_;
  std::unique_ptr<eventstore::Vault> vault_;
  std::unique_ptr<eventstore::RequestIndex> requests_;
  eventstore::CheckpointFile checkpoints_;
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
