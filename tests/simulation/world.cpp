#include "tests/simulation/world.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "eventstore/engine/moment.h"
#include "projections/history.h"
#include "projections/orders.h"
#include "projections/payments.h"
#include "projections/reconciliation.h"
#include "projections/transfers.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/clients.h"
#include "tests/simulation/machine.h"
#include "tests/simulation/old_release.h"
#include "tests/simulation/process.h"
#include "tests/simulation/promises.h"
#include "tests/simulation/simulated_bank.h"
#include "tests/simulation/simulated_processor.h"
#include "tests/simulation/traffic.h"

namespace florin::simulation {
namespace {

using eventstore::ResultOr;

constexpr std::size_t kPersons = 12;
constexpr std::int64_t kDayMicros = domain::kMicrosPerDay;

std::string why(ResultOr<Unit> const& done) { return done ? std::string() : done.error().what; }

// Receives one outcome.
class Answer final : public eventstore::Reply {
 public:
  explicit Answer(std::optional<eventstore::Outcome>& into) : into_(into) {}
  void complete(eventstore::Outcome outcome) override { into_ = std::move(outcome); }

 private:
  std::optional<eventstore::Outcome>& into_;
};

// What goes to the engine together, and what comes back.
struct Round {
  struct One {
    domain::Command command;
    std::optional<std::size_t> client;  // the number of the request; none: a saga's command
    std::optional<sagas::Timer> timer;  // of the expiry saga
    std::optional<eventstore::Outcome> answer;
  };
  std::vector<One> all;
  eventstore::Batch batch;

  void add(domain::Command command) { all.push_back({std::move(command), {}, {}, {}}); }
};

class World {
 public:
  explicit World(Options const& options)
      : steps_(options.steps),
        read_models_(read_models(options.seed, options.views)),
        machine_(options.seed),
        traffic_(machine_.draw_seed(), kPersons),
        clients_(machine_.draw_seed()),
        processor_(machine_.draw_seed(), machine_.faults()),
        bank_(machine_.draw_seed(), machine_.faults()) {}

  Outcome run() {
    try {
      if (draw(8) == 0) begin_with_old_log();
      start();
      for (std::size_t step = 0; step < steps_; ++step) live(step);
      if (process_) end(Fault::clean_restart);
      disk_.restart();
      start();
      settle();
      checks_.check_log(*process_, clients_, true);
    } catch (Violation const& violation) {
      outcome_.violation = violation.what;
      disk_.die();  // nothing more reaches the disk while it is taken down
    }
    process_.reset();
    outcome_.faults = machine_.faults();
    outcome_.log = checks_.content();
    return std::move(outcome_);
  }

 private:
  std::uint64_t draw(std::uint64_t below) { return machine_.draw(below); }
  void count(Fault fault) { machine_.count(fault); }

  // --- a life

  void begin_with_old_log() {
    auto order = write_old_release(runtime_, draw(2) == 0);
    require(order.ok(), Promise::sound_disk_serves, "an old release");
    processor_.adopt(order.value().ordered, order.value().report);
  }

  void start() {
    auto process = std::make_unique<Process>(runtime_);
    auto const opened = process->open(read_models_);
    require(opened.ok(), Promise::sound_disk_opens, why(opened));
    process_ = std::move(process);
    processor_.forget();
    checks_.check_log(*process_, clients_);
  }

  // All five would take most of the time.
  static std::vector<projections::Projection const*> read_models(std::uint64_t seed, std::size_t count) {
    std::array<projections::Projection const*, 5> const all{
        &projections::history_projection(), &projections::orders_projection(),
        &projections::reconciliation_projection(), &projections::transfers_projection(),
        &projections::payments_projection()};
    auto const between = 1 + seed / all.size() % (all.size() - 1);
    std::vector<projections::Projection const*> chosen;
    for (std::size_t i = 0; i < std::min(count, all.size()); ++i)
      chosen.push_back(all[(seed + i * between) % all.size()]);
    return chosen;
  }

  // Something happens to the process or the machine, then clients ask.
  void live(std::size_t step) {
    runtime_.pass(static_cast<std::int64_t>(1 + draw(20'000'000)));
    checks_.check_time(*process_);
    switch (draw(40)) {
      case 0:
        runtime_.set_wall_clock(static_cast<std::int64_t>(draw(7'200'000'000)));
        count(Fault::clock_forward);
        break;
      case 1:
        runtime_.set_wall_clock(-static_cast<std::int64_t>(draw(7'200'000'000)));
        count(Fault::clock_back);
        break;
      case 2: runtime_.pass(static_cast<std::int64_t>(draw(90'000'000'000))); break;  // a day goes by
      case 3: return restart(Fault::kill);
      case 4: return restart(Fault::power_cut);
      case 5: return restart(Fault::clean_restart);
      case 6: return take_snapshot();
      case 7:
      case 8:
      case 9: return must(process_->engine->write_checkpoint());
      case 10: return erase();
      default: break;
    }
    // Every run has at least one crash with loss.
    if (step == steps_ / 2) return restart(Fault::power_cut);
    machine_.plan_disk_fault();
    machine_.plan_read_fault();
    serve();
  }

  void must(ResultOr<Unit> const& done) { require(done.ok(), Promise::sound_disk_serves, why(done)); }

  // One batch of clients' requests and sagas' commands.
  void serve() {
    Round round;
    for (auto count = 1 + draw(4); count > 0; --count) {
      auto const number = ask();
      if (!number) continue;
      round.all.push_back({clients_[*number].command, number, {}, {}});
      if (draw(16) == 0) {
        round.all.push_back({clients_[*number].command, number, {}, {}});
        this->count(Fault::race);
      }
    }
    add_saga_commands(round);
    auto const done = perform(round);
    bool const faulted = machine_.take_fault();
    // Whoever was answered by a process that then died was not answered.
    if (!disk_.dead()) learn(round);
    require(done.ok() || faulted || disk_.dead() || damage_found(done), Promise::sound_disk_serves, why(done));
    if (!done || disk_.dead()) restart(draw(2) == 0 ? Fault::power_cut : Fault::kill);
  }

  // Through every step of the engine.
  ResultOr<Unit> perform(Round& round) {
    std::vector<eventstore::Submission> submissions;
    for (auto& one : round.all) {
      auto const request = one.client ? clients_[*one.client].request : domain::Request{};
      submissions.push_back({one.command, request, std::make_unique<Answer>(one.answer)});
    }
    outcome_.commands += round.all.size();
    auto& engine = *process_->engine;
    auto done = engine.decide(submissions, round.batch);
    if (done) done = engine.append(round.batch);
    if (!done || disk_.dead()) return done;
    engine.publish(round.batch);
    for (auto const& commit : round.batch.commits) {
      checks_.add(*commit);
    }
    engine.answer(round.batch);
    if (draw(3) == 0) follow();
    if (draw(6) == 0) process_->views->catch_up();
    return done;
  }

  void learn(Round& round) {
    for (auto& one : round.all) {
      if (!one.answer) continue;
      if (one.client && draw(24) == 0) {
        count(Fault::give_up);
      } else if (one.client) {
        clients_.learn(*one.client, *one.answer, process_->durable.position());
      } else if (one.timer && std::holds_alternative<domain::Rejection>(*one.answer)) {
        process_->expiries.add({process_->clock.now() + domain::kMicrosPerSecond, one.timer->about});
      }
    }
  }

  // A new request, or an old one again.
  std::optional<std::size_t> ask() {
    if (clients_.count() > 0 && draw(6) == 0) {
      auto const old = draw(clients_.count());
      if (draw(4) != 0) {
        count(Fault::repeat);
        clients_.ask_again(old);
        return old;
      }
      if (clients_[old].knows == Knows::acknowledged) require_reused(clients_[old]);
      return std::nullopt;
    }
    return process_->durable.read([&](domain::State const& state) -> std::optional<std::size_t> {
      auto command = traffic_.next({state, checks_.past(), *process_->facts});
      if (!command) return std::nullopt;
      return clients_.ask(std::move(*command), traffic_.asker(state));
    });
  }

  // Another payload under an id that is used changes nothing.
  void require_reused(Asked const& asked) {
    count(Fault::reuse);
    auto other = asked.request;
    other.fingerprint[0] ^= 1;
    std::optional<eventstore::Outcome> answer;
    std::vector<eventstore::Submission> one;
    one.push_back({asked.command, other, std::make_unique<Answer>(answer)});
    eventstore::Batch batch;
    auto const decided = process_->engine->decide(one, batch);
    if (damage_found(decided)) return restart(Fault::kill);
    must(decided);
    require(batch.rows.empty(), Promise::payloads_are_told_apart, "decided again");
    process_->engine->answer(batch);
    if (answer && std::holds_alternative<eventstore::Unavailable>(*answer) && disk_.fault_came()) return;
    require(answer && std::holds_alternative<eventstore::Reused>(*answer), Promise::payloads_are_told_apart,
            "not noticed");
  }

  // A look-up met a bit that flipped in the request index: the engine stops, and the next start makes the run anew. (It
  // may be met again: after a power cut the file that was deleted can be there.)
  bool damage_found(ResultOr<Unit> const& done) {
    return !done && done.error().kind == eventstore::Fault::Kind::corrupt && rotten_index_;
  }

  // --- the sagas

  void add_due(Round& round, domain::State const& state, std::size_t most) {
    auto const now = process_->clock.now();
    while (round.all.size() < most) {
      auto due = process_->expiries.take(now, [&](sagas::Timer const& timer) { return end_of_wait(state, timer); });
      if (!due) return;
      round.all.push_back({std::move(due->command), {}, due->timer, {}});
    }
  }

  SimulatedBank::Server server(domain::State const& state) {
    return {state, *process_->log, *process_->vault, *process_->facts, checks_.past(), process_->clock.now()};
  }

  void add_saga_commands(Round& round) {
    std::vector<domain::Command> commands;
    process_->durable.read([&](domain::State const& state) {
      add_due(round, state, 8);
      processor_.act(state, *process_->facts, process_->clock.now(), commands);
      if (draw(2) == 0) bank_.act(server(state), commands);
    });
    for (auto& command : commands) round.add(std::move(command));
  }

  // The tail shows each commit once, in order, and none that the durable state lacks.
  void follow() {
    auto& process = *process_;
    for (;;) {
      auto const before = process.cursor->position();
      auto const found = process.cursor->next();
      if (!found && disk_.fault_came()) return;  // it goes on from here the next time
      require(found.ok(), Promise::sound_disk_serves, "the tail");
      if (!found.value()) break;
      auto const& commit = *found.value()->commit;
      require(commit.first == domain::next(before), Promise::tail_is_in_order, "left something out");
      require(commit.last() <= process.durable.position(), Promise::tail_is_in_order, "ahead of the durable state");
      for (auto const& event : commit.events) process.expiries.add(event);
    }
    require(process.cursor->position() == process.tail->head(), Promise::tail_is_in_order, "stops early");
  }

  // Nobody asks for anything any more, nothing is lost, and days go by: everything that was begun ends.
  void settle() {
    constexpr int kDaysLeast = 5;
    constexpr int kDaysMost = 20;
    processor_.calm_down();
    bank_.calm_down();
    bool idle = false;
    for (int day = 0; day < kDaysLeast || (day < kDaysMost && !idle); ++day) {
      runtime_.pass(kDayMicros + kDayMicros / 24);
      follow();
      Round round;
      std::vector<domain::Command> commands;
      process_->durable.read([&](domain::State const& state) {
        add_due(round, state, 1'000);
        domain::SettleTexts texts;
        for (auto const& text : state.owed_texts()) texts.texts.push_back({text, domain::TextEnd::sent});
        if (!texts.texts.empty()) commands.emplace_back(std::move(texts));
        processor_.settle(state, *process_->facts, process_->clock.now(), commands);
        bank_.settle(server(state), commands);
      });
      for (auto& command : commands) round.add(std::move(command));
      auto const done = perform(round);
      if (damage_found(done)) {
        restart(Fault::kill);
        continue;
      }
      must(done);
      learn(round);
      idle = round.batch.commits.empty();
    }
    process_->durable.read([&](domain::State const& state) { checks_.check_settled(state, processor_, bank_); });
  }

  // --- files that save time, and persons who are forgotten

  void take_snapshot() {
    auto& process = *process_;
    auto const head = process.tail->head();
    auto state = eventstore::state_at(*process.log, head);
    require(state.ok(), Promise::sound_disk_serves, "the state at the head");
    machine_.plan_disk_fault();
    auto& files = disk_.files();
    auto written = eventstore::write_snapshot(kFolder + "/snapshots", state.value(), files);
    if (written) written = process.durable.write_snapshot(kFolder + "/snapshots", *process.log, files);
    if (written) written = flush_index();
    machine_.take_fault();
    if (disk_.dead()) return restart(Fault::kill);
    if (!written || draw(3) != 0) return;  // a derived file that could not be written costs time only
    bool const index = draw(2) == 0;
    if (disk_.rot(index ? "/requests/" : "/snapshots/")) {
      count(index ? Fault::rotten_index : Fault::rotten_snapshot);
      rotten_index_ = rotten_index_ || index;
      restart(Fault::kill);
    }
  }

  // Not so often that the index merges its runs: it does that by itself, and the history would not follow from the
  // seed.
  ResultOr<Unit> flush_index() {
    constexpr int kFlushesMax = 7;
    return ++flushes_ > kFlushesMax ? ResultOr<Unit>(Unit{}) : process_->requests->flush();
  }

  void erase() {
    auto const people = process_->durable.read([](domain::State const& state) { return state.identity_count(); });
    if (people == 0) return;
    domain::IdentityId const person(1 + draw(people));
    must(process_->vault->destroy(person));
    count(Fault::erasure);
    checks_.erase(*process_, person);
  }

  void end(Fault how) {
    if (how == Fault::clean_restart) {
      process_->views->close();
      must(flush_index());
      if (process_->engine->has_unsigned()) must(process_->engine->write_checkpoint());
      auto const state = process_->engine->take_state();
      auto& files = disk_.files();
      must(eventstore::write_snapshot(kFolder + "/snapshots", state, files));
      must(process_->durable.write_snapshot(kFolder + "/snapshots", *process_->log, files));
    } else {
      disk_.die();  // what the destructors do does not happen
    }
    process_->engine.reset();
    process_.reset();
    count(how);
  }

  void restart(Fault how) {
    end(how);
    if (how == Fault::power_cut) {
      disk_.power_cut();
    } else {
      disk_.restart();
    }
    start();
  }

  Outcome outcome_;
  std::size_t const steps_;
  std::vector<projections::Projection const*> const read_models_;
  Machine machine_;
  SimulatedDisk& disk_ = machine_.disk();
  SimulatedRuntime& runtime_ = machine_.runtime();
  Traffic traffic_;
  Clients clients_;
  SimulatedProcessor processor_;
  SimulatedBank bank_;
  bool rotten_index_ = false;
  int flushes_ = 0;
  std::unique_ptr<Process> process_;
  Checks checks_{machine_};
};

}  // namespace

Outcome run(Options const& options) {
  World world(options);
  return world.run();
}

}  // namespace florin::simulation
