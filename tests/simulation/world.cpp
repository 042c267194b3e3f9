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
#include "tests/simulation/front_door.h"
#include "tests/simulation/machine.h"
#include "tests/simulation/old_release.h"
#include "tests/simulation/process.h"
#include "tests/simulation/promises.h"
#include "tests/simulation/reads.h"
#include "tests/simulation/traffic.h"

namespace florin::simulation {
namespace {

using eventstore::ResultOr;

constexpr std::size_t kPersons = 12;
constexpr std::int64_t kDayMicros = domain::kMicrosPerDay;
// Hours in which nothing runs. With what the clocks jump it is less than the day for which the poll of the card
// processor's events reaches back at a start (sagas/card_payments/event_poll.cpp).
constexpr std::uint64_t kPauseMicros = 8 * 3'600'000'000;
constexpr std::int64_t kMomentMicros = 20'000;  // after which the sagas report what they gathered

std::string why(ResultOr<Unit> const& done) { return done ? std::string() : done.error().what; }

// Receives one outcome.
class Answer final : public eventstore::Reply {
 public:
  explicit Answer(std::optional<eventstore::Outcome>& into) : into_(into) {}
  void complete(eventstore::Outcome outcome) override { into_ = std::move(outcome); }

 private:
  std::optional<eventstore::Outcome>& into_;
};

// What clients and operators ask for together, and what comes back.
struct Round {
  struct Asked {
    std::size_t request = 0;  // its number
    std::optional<eventstore::Outcome> answer;
  };
  // Over HTTP: the numbers of the request and of its exchange.
  struct Exchange {
    std::size_t request = 0;
    std::size_t number = 0;
    bool other = false;  // another payload under the same id
  };
  std::vector<Asked> clients;  // commands that have no route
  std::vector<Exchange> exchanges;
  std::vector<domain::Command> operators;
  std::size_t submitted = 0;  // with what sagas submitted
};

class World {
 public:
  explicit World(Options const& options)
      : steps_(options.steps),
        read_models_(read_models(options.seed, options.views)),
        machine_(options.seed),
        traffic_(machine_.draw_seed(), kPersons),
        clients_(machine_.draw_seed()),
        companies_(machine_.draw_seed(), machine_.runtime(), machine_.faults()),
        operators_(machine_.draw_seed(), bank_, machine_.faults()) {}

  Outcome run() {
    try {
      if (draw(8) == 0) begin_with_old_log();
      start();
      for (std::size_t step = 0; step < steps_ || is_short(); ++step) live(step);
      if (process_) end(Fault::clean_restart);
      disk_.restart();
      start();
      settle();
      checks_.check_log(*process_, clients_, true);
    } catch (Violation const& violation) {
      outcome_.violation = violation.what;
      disk_.die();  // nothing more reaches the disk while it is taken down
    }
    front_.reset();
    process_.reset();
    companies_.count_faults();
    outcome_.faults = machine_.faults();
    outcome_.log = checks_.content();
    return std::move(outcome_);
  }

 private:
  std::uint64_t draw(std::uint64_t below) { return machine_.draw(below); }
  void count(Fault fault) { machine_.count(fault); }

  // --- a life

  void begin_with_old_log() {
    require(write_old_release(runtime_, companies_, draw(2) == 0).ok(), Promise::sound_disk_serves, "an old release");
  }

  void start() {
    auto process = std::make_unique<Process>(runtime_);
    auto const opened = process->open(read_models_, companies_, bank_);
    require(opened.ok(), Promise::sound_disk_opens, why(opened));
    process_ = std::move(process);
    front_.emplace(*process_, limits_, exchanges_);
    checks_.check_log(*process_, clients_);
    // The log was found to give this state. (Handlers lock it once more: with one thread nobody waits to write.)
    process_->durable.read([&](domain::State const& folded) {
      Reads{*front_, clients_, machine_}.compare(folded, checks_.past(), kPersons);
    });
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

  [[nodiscard]] bool is_short() const { return steps_ >= kFullSteps && outcome_.commands < kCommandsLeast; }

  // Something happens to the process or the machine, then clients ask.
  void live(std::size_t step) {
    runtime_.pass(static_cast<std::int64_t>(1 + draw(20'000'000)));
    checks_.check_time(*process_);
    companies_.act(checks_.past());
    if (draw(8) != 0) process_->effects->loop().poll();
    auto const happening = draw(40);
    // Every run has at least one crash with loss, whatever else would have happened in this step.
    if (step == steps_ / 2) return restart(Fault::power_cut);
    switch (happening) {
      case 0:
        runtime_.set_wall_clock(static_cast<std::int64_t>(draw(7'200'000'000)));
        count(Fault::clock_forward);
        break;
      case 1:
        runtime_.set_wall_clock(-static_cast<std::int64_t>(draw(7'200'000'000)));
        count(Fault::clock_back);
        break;
      case 2:
      case 11: runtime_.pass(static_cast<std::int64_t>(draw(kPauseMicros))); break;
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
    machine_.plan_disk_fault();
    machine_.plan_read_fault();
    serve();
  }

  void must(ResultOr<Unit> const& done) { require(done.ok(), Promise::sound_disk_serves, why(done)); }

  // One batch of clients' requests and sagas' commands.
  void serve() {
    Round round;
    for (auto count = 1 + draw(4); count > 0; --count) {
      auto const number = ask(round);
      if (!number || !send(round, *number)) continue;
      if (draw(16) == 0 && send(round, *number)) this->count(Fault::race);
    }
    if (draw(2) == 0)
      process_->durable.read([&](domain::State const& state) { operators_.act(server(state), round.operators); });
    auto const done = perform(round);
    bool const faulted = machine_.take_fault();
    // Whoever was answered by a process that then died was not answered.
    if (!disk_.dead()) learn(round, faulted);
    require(done.ok() || faulted || disk_.dead() || damage_found(done), Promise::sound_disk_serves, why(done));
    if (!done || disk_.dead()) restart(draw(2) == 0 ? Fault::power_cut : Fault::kill);
  }

  // False: nobody knows a key of the game.
  bool send(Round& round, std::size_t number) {
    auto const& asked = clients_[number];
    if (!asked.http) {
      round.clients.push_back({number, {}});
      return true;
    }
    return exchange(round, number, asked.http->request.body, false);
  }

  bool exchange(Round& round, std::size_t number, std::string const& body, bool other) {
    auto const& request = clients_[number].http->request;
    auto const* key = request.game ? clients_.key_of(request.game) : nullptr;
    if (request.game && key == nullptr) return false;
    if (!other) clients_.sent(number);
    round.exchanges.push_back({number, front_->begin(request, key != nullptr ? *key : std::string(), body), other});
    return true;
  }

  // With what handlers and sagas have submitted, and what handlers submit when they are answered.
  ResultOr<Unit> perform(Round& round) {
    front_->go_on();
    auto submissions = process_->submissions.take();
    for (auto& one : round.clients) {
      auto const& asked = clients_[one.request];
      submissions.push_back({asked.command, asked.request, std::make_unique<Answer>(one.answer)});
    }
    for (auto& command : round.operators) {
      submissions.push_back({std::move(command), {}, std::make_unique<Answer>(unheard_)});
    }
    while (!submissions.empty()) {
      round.submitted += submissions.size();
      auto done = decide(submissions);
      if (!done || disk_.dead()) return done;
      front_->go_on();
      submissions = process_->submissions.take();
    }
    if (draw(3) == 0) follow();
    if (draw(6) == 0) process_->views->catch_up();
    if (draw(2) == 0) process_->effects->loop().poll();
    return Unit{};
  }

  // Through every step of the engine.
  ResultOr<Unit> decide(std::vector<eventstore::Submission>& submissions) {
    outcome_.commands += submissions.size();
    auto& engine = *process_->engine;
    eventstore::Batch batch;
    auto done = engine.decide(submissions, batch);
    if (done) done = engine.append(batch);
    if (!done || disk_.dead()) return done;
    engine.publish(batch);
    for (auto const& commit : batch.commits) checks_.add(*commit);
    engine.answer(batch);
    return done;
  }

  // `faulted`: a person's key may not have been read, and then the reply shows nothing of the person.
  void learn(Round& round, bool faulted) {
    for (auto const& [request, number, other] : round.exchanges) {
      auto const reply = front_->take_reply(number);
      if (!reply) continue;
      if (other) {
        clients_.learn_of_other(request, *reply);
      } else if (draw(24) == 0) {
        count(Fault::give_up);
      } else {
        if (faulted) clients_.forget_reply(request);
        clients_.learn(request, *reply, process_->durable.position());
        if (faulted) clients_.forget_reply(request);
      }
    }
    for (auto& one : round.clients) {
      if (!one.answer) continue;
      if (draw(24) == 0) {
        count(Fault::give_up);
      } else {
        clients_.learn(one.request, *one.answer, process_->durable.position());
      }
    }
  }

  // A new request, or an old one again.
  std::optional<std::size_t> ask(Round& round) {
    if (clients_.count() > 0 && draw(6) == 0) {
      auto const old = draw(clients_.count());
      if (draw(4) != 0) {
        count(Fault::repeat);
        clients_.ask_again(old);
        return old;
      }
      if (clients_[old].knows == Knows::acknowledged) reuse(round, old);
      return std::nullopt;
    }
    return process_->durable.read([&](domain::State const& state) -> std::optional<std::size_t> {
      auto command = traffic_.next({state, checks_.past(), *process_->facts, front_->ledger().people});
      if (!command) return std::nullopt;
      Desk const desk{state, front_->ledger(), companies_.phone()};
      auto http = as_request(*command, clients_.next_id(), desk);
      if (http && http->request.game && clients_.key_of(http->request.game) == nullptr) {
        // The game has lost its key: an operator makes a new one.
        command = domain::RotateSdkKey{http->request.game, {0, 1}, true};
        http = as_request(*command, clients_.next_id(), desk);
      }
      return clients_.ask(std::move(*command), traffic_.asker(state), std::move(http));
    });
  }

  void reuse(Round& round, std::size_t number) {
    auto const& asked = clients_[number];
    if (!asked.http) return require_reused(asked);
    auto const& body = asked.http->request.other_body;
    if (!body.empty() && exchange(round, number, body, true)) count(Fault::reuse);
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

  // --- what follows from it

  Operators::Server server(domain::State const& state) {
    return {state, *process_->log, *process_->vault, *process_->facts, checks_.past(), process_->clock.now()};
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
    }
    require(process.cursor->position() == process.tail->head(), Promise::tail_is_in_order, "stops early");
  }

  // Nobody asks for anything any more, nothing is lost, and days go by: everything that was begun ends.
  void settle() {
    constexpr int kDaysLeast = 5;
    constexpr int kDaysMost = 20;
    companies_.calm_down();
    operators_.calm_down();
    bool idle = false;
    for (int day = 0; day < kDaysLeast || (day < kDaysMost && !idle); ++day) {
      runtime_.pass(kDayMicros + kDayMicros / 24);
      follow();
      idle = !finish_day();
    }
    checks_.check_settled(*process_, companies_, bank_);
  }

  // Until nothing more follows. Whether there was anything.
  bool finish_day() {
    constexpr int kRoundsMost = 1'000;
    bool any = false;
    for (int quiet = 0, rounds = 0; quiet < 3; ++rounds) {
      require(rounds < kRoundsMost, Promise::due_has_ended, "a day without an end");
      runtime_.pass(kMomentMicros);
      process_->effects->loop().poll();
      Round round;
      process_->durable.read([&](domain::State const& state) { operators_.settle(server(state), round.operators); });
      auto const done = perform(round);
      if (damage_found(done)) {
        restart(Fault::kill);
        continue;
      }
      must(done);
      quiet = round.submitted == 0 ? quiet + 1 : 0;
      any = any || round.submitted > 0;
    }
    return any;
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
    clients_.forget_person(front_->ledger().people.email_of(person));
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
    front_.reset();
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
  std::size_t exchanges_ = 0;  // begun so far, in all lives
  std::vector<projections::Projection const*> const read_models_;
  Machine machine_;
  SimulatedDisk& disk_ = machine_.disk();
  SimulatedRuntime& runtime_ = machine_.runtime();
  Traffic traffic_;
  Clients clients_;
  Companies companies_;
  RecordingBank bank_;
  Operators operators_;
  bool rotten_index_ = false;
  int flushes_ = 0;
  api::Limits limits_{true};  // they outlive a life: a process would forget them, and be kinder
  std::unique_ptr<Process> process_;
  std::optional<FrontDoor> front_;
  Checks checks_{machine_};
  std::optional<eventstore::Outcome> unheard_;  // of operators
};

}  // namespace

Outcome run(Options const& options) {
  World world(options);
  return world.run();
}

}  // namespace florin::simulation
