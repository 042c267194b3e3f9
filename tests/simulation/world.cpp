#include "tests/simulation/world.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "eventstore/engine/moment.h"
#include "eventstore/store/commit_reader.h"
#include "projections/history.h"
#include "projections/orders.h"
#include "projections/payments.h"
#include "projections/reconciliation.h"
#include "projections/transfers.h"
#include "tests/simulation/books.h"
#include "tests/simulation/clients.h"
#include "tests/simulation/old_release.h"
#include "tests/simulation/process.h"
#include "tests/simulation/promises.h"
#include "tests/simulation/simulated_bank.h"
#include "tests/simulation/simulated_disk.h"
#include "tests/simulation/simulated_processor.h"
#include "tests/simulation/traffic.h"

namespace florin::simulation {
namespace {

using eventstore::Faulty;

constexpr std::size_t kPersons = 12;
constexpr std::int64_t kDayMicros = domain::kMicrosPerDay;

std::string why(Faulty<Unit> const& done) { return done ? std::string() : done.error().what; }

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
        random_(options.seed),
        disk_(random_()),
        vfs_(disk_, random_()),
        runtime_(random_(), disk_),
        traffic_(random_(), kPersons),
        clients_(random_()),
        processor_(random_(), outcome_.faults),
        bank_(random_(), outcome_.faults) {}

  Outcome run() {
    try {
      if (draw(8) == 0) begin_with_old_log();
      start();
      for (std::size_t step = 0; step < steps_; ++step) live(step);
      if (process_) end(Fault::clean_restart);
      disk_.restart();
      start();
      settle();
      check(true);
    } catch (Violation const& violation) {
      outcome_.violation = violation.what;
      disk_.die();  // nothing more reaches the disk while it is taken down
    }
    process_.reset();
    return std::move(outcome_);
  }

 private:
  std::uint64_t draw(std::uint64_t below) { return random_() % below; }
  void count(Fault fault) { outcome_.faults.add(fault); }

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
    last_time_.reset();
    check();
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
    check_time();
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
    plan_disk_fault();
    plan_read_fault();
    serve();
  }

  void must(Faulty<Unit> const& done) { require(done.ok(), Promise::sound_disk_serves, why(done)); }

  void plan_disk_fault() {
    if (draw(12) != 0) return;
    constexpr std::array<DiskFault, 4> kKinds{DiskFault::death, DiskFault::io_error, DiskFault::disk_full,
                                              DiskFault::short_write};
    planned_ = kKinds[draw(kKinds.size())];
    disk_.plan(planned_, 1 + draw(14));
  }

  // Not where somebody reads ahead: which read is the k-th would not follow from the seed.
  void plan_read_fault() {
    if (planned_ != DiskFault::none || draw(12) != 0) return;
    planned_ = DiskFault::read_error;
    disk_.plan(planned_, 1 + draw(6));
  }

  void count_disk_fault() {
    switch (std::exchange(planned_, DiskFault::none)) {
      case DiskFault::none: break;
      case DiskFault::read_error: count(Fault::read_error); break;
      case DiskFault::death: count(Fault::death_at_call); break;
      case DiskFault::io_error: count(Fault::io_error); break;
      case DiskFault::disk_full: count(Fault::disk_full); break;
      case DiskFault::short_write: count(Fault::short_write); break;
    }
  }

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
    bool const faulted = disk_.take_fault();
    if (faulted) count_disk_fault();
    planned_ = DiskFault::none;
    // Whoever was answered by a process that then died was not answered.
    if (!disk_.dead()) learn(round);
    require(done.ok() || faulted || disk_.dead() || damage_found(done), Promise::sound_disk_serves, why(done));
    if (!done || disk_.dead()) restart(draw(2) == 0 ? Fault::power_cut : Fault::kill);
  }

  // Through every step of the engine.
  Faulty<Unit> perform(Round& round) {
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
      books_.add(*commit);
      past_.add(*commit);
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
      } else if (one.timer && std::holds_alternative<domain::Refusal>(*one.answer)) {
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
      auto command = traffic_.next({state, past_, *process_->facts});
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
  bool damage_found(Faulty<Unit> const& done) {
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
    return {state, *process_->log, *process_->vault, *process_->facts, past_, process_->clock.now()};
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
    process_->durable.read([&](domain::State const& state) { require_settled(state); });
  }

  void require_settled(domain::State const& state) {
    require(state.transfers().empty(), Promise::due_has_ended, state.transfers().size(), "transfers");
    require(state.shares().all().empty(), Promise::due_has_ended, state.shares().all().size(), "phone shares");
    require(state.orders().empty(), Promise::due_has_ended, state.orders().size(), "orders");
    require(state.questions().empty(), Promise::due_has_ended, state.questions().size(), "questions");
    require(state.owed_texts().empty(), Promise::texts_are_handed, state.owed_texts().size(), "are owed");
    bank_.compare(state, past_);
    auto const statement = processor_.statement();
    for (std::uint64_t id = 1; id <= state.currency_count(); ++id) {
      auto const found = statement.find(id);
      auto const cents = domain::Usd::from_minor(found == statement.end() ? 0 : found->second);
      auto const booked = books_.sum(domain::CurrencyId(id), domain::Account::card_clearing);
      require(-booked == domain::units_of(cents).minor(), Promise::clearing_is_statement, "currency", id, "booked",
              -booked, "stated", domain::units_of(cents).minor());
    }
  }

  // --- files that save time, and persons who are forgotten

  void take_snapshot() {
    auto& process = *process_;
    auto const head = process.tail->head();
    auto state = eventstore::state_at(*process.log, head);
    require(state.ok(), Promise::sound_disk_serves, "the state at the head");
    plan_disk_fault();
    auto& files = disk_.files();
    auto written = eventstore::write_snapshot(kFolder + "/snapshots", state.value(), files);
    if (written) written = process.durable.write_snapshot(kFolder + "/snapshots", *process.log, files);
    if (written) written = flush_index();
    if (disk_.take_fault()) count_disk_fault();
    planned_ = DiskFault::none;
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
  Faulty<Unit> flush_index() {
    constexpr int kFlushesMax = 7;
    return ++flushes_ > kFlushesMax ? Faulty<Unit>(Unit{}) : process_->requests->flush();
  }

  void erase() {
    auto const people = process_->durable.read([](domain::State const& state) { return state.identity_count(); });
    if (people == 0) return;
    domain::IdentityId const person(1 + draw(people));
    must(process_->vault->destroy(person));
    erased_.insert(person);
    count(Fault::erasure);
    if (auto const email = emails_.find(person); email != emails_.end()) check_person(email->second);
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

  // --- what was promised

  // Within a life: a tenth slower while it is ahead of the wall clock, and at most a minute faster.
  void check_time() {
    constexpr std::int64_t kLeadMicros = 60 * domain::kMicrosPerSecond;
    auto const ledger = process_->clock.now().micros();
    auto const steady = runtime_.clocks().steady;
    if (auto const last = std::exchange(last_time_, std::pair(ledger, steady))) {
      auto const passed = steady - last->second;
      auto const told = ledger - last->first;
      require(told >= passed / 10 * 9 - 10 && told <= passed + kLeadMicros, Promise::time_is_steady, told, "of",
              passed);
    }
  }

  void check_person(domain::IdentityRegistered const& person) {
    emails_[person.identity] = person;
    auto const email = process_->vault->open(person.identity, eventstore::Field::email, person.email);
    if (erased_.contains(person.identity)) {
      require(!email && email.error().kind == eventstore::Fault::Kind::missing, Promise::erased_stay_erased);
    } else {
      require(email.ok(), Promise::people_have_keys, email ? "" : email.error().what);
    }
  }

  // `whole`: the audit, too, which otherwise follows one start in four.
  void check(bool whole = false) {
    auto& process = *process_;
    Clients::Found found;
    domain::State folded;
    books_ = {};
    past_ = {};
    auto reader = eventstore::CommitReader::after(*process.log, {});
    require(reader.ok() && reader.value().has_value(), Promise::sound_disk_serves, "the log's beginning");
    outcome_.commits = 0;
    outcome_.events.clear();
    for (;;) {
      auto const commit = reader.value()->next();
      require(commit.ok(), Promise::sound_disk_serves, commit ? "" : commit.error().what);
      if (!commit.value()) break;
      Clients::find(found, *commit.value());
      for (auto const& event : commit.value()->events) {
        ++outcome_.events[domain::event_name(event)];
        if (auto const* person = std::get_if<domain::IdentityRegistered>(&event)) check_person(*person);
      }
      books_.add(*commit.value());
      past_.add(*commit.value());
      domain::apply(folded, *commit.value());
      ++outcome_.commits;
    }
    outcome_.link = reader.value()->head().link;
    clients_.compare(found);
    require(process.durable.read([&](domain::State const& state) { return state == folded; }), Promise::state_is_fold);
    books_.compare(folded);
    if (whole || draw(3) == 0) {
      process.views->catch_up();
      process.views->compare(folded, whole);
    }
    if (!whole && draw(4) != 0) return;
    auto const checkpoint = process.checkpoints->read();
    auto const verified = eventstore::verify(*process.log, checkpoint ? &checkpoint.value() : nullptr);
    require(verified.ok(), Promise::audit_passes, verified ? "" : verified.error().what);
  }

  Outcome outcome_;
  std::size_t const steps_;
  std::vector<projections::Projection const*> const read_models_;
  std::mt19937_64 random_;
  SimulatedDisk disk_;
  InstalledVfs vfs_;
  SimulatedRuntime runtime_;
  Traffic traffic_;
  Clients clients_;
  SimulatedProcessor processor_;
  SimulatedBank bank_;
  DiskFault planned_ = DiskFault::none;
  bool rotten_index_ = false;
  int flushes_ = 0;
  std::unique_ptr<Process> process_;
  Books books_;       // of the log's commits that are published
  PastCommits past_;  // likewise
  std::set<domain::IdentityId> erased_;
  std::map<domain::IdentityId, domain::IdentityRegistered> emails_;  // of who was registered before this life
  std::optional<std::pair<std::int64_t, std::int64_t>> last_time_;   // the ledger's and the steady clock's
};

}  // namespace

Outcome run(Options const& options) {
  World world(options);
  return world.run();
}

}  // namespace florin::simulation
