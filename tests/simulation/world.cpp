#include "tests/simulation/world.h"

#include <array>
#include <optional>

#include "domain/postings.h"
#include "eventstore/engine/engine.h"
#include "eventstore/engine/moment.h"
#include "eventstore/runtime/clock.h"
#include "eventstore/store/codec.h"
#include "eventstore/store/commit_reader.h"
#include "eventstore/store/sqlite_log.h"
#include "tests/simulation/simulated_disk.h"
#include "tests/simulation/simulated_runtime.h"
#include "tests/simulation/traffic.h"

namespace florin::simulation {
namespace {

using eventstore::Faulty;

constexpr std::size_t kPersons = 12;
constexpr std::array<char const*, kFaults> kFaultNames{
    "kill",          "power cut",      "death at a call", "I/O error",    "disk full",        "short write",
    "clock forward", "clock set back", "rotten snapshot", "rotten index", "repeated request", "id used again",
    "race",          "clean restart"};

std::string const kFolder = "/ledger";

// A promise that was not kept. Thrown inside this file only: it ends the run wherever it is noticed.
struct Violation {
  std::string what;
};

void require(bool holds, std::string const& what) {
  if (!holds) throw Violation{what};
}

// What a client knows of a request that it made.
enum class Knows : std::uint8_t { acknowledged, unknown, refused };

struct Asked {
  domain::Command command;
  domain::Request request;
  Knows knows = Knows::unknown;
  domain::Position first;  // acknowledged
};

// Receives one outcome.
class Answer final : public eventstore::Reply {
 public:
  explicit Answer(std::optional<eventstore::Outcome>& into) : into_(into) {}
  void complete(eventstore::Outcome outcome) override { into_ = std::move(outcome); }

 private:
  std::optional<eventstore::Outcome>& into_;
};

// One process's worth.
struct Process {
  std::unique_ptr<eventstore::SqliteLog> log;
  std::unique_ptr<eventstore::Vault> vault;
  std::unique_ptr<eventstore::RequestIndex> requests;
  std::unique_ptr<eventstore::CheckpointFile> checkpoints;
  eventstore::LedgerClock clock;
  eventstore::DurableState durable;
  std::unique_ptr<eventstore::Tail> tail;
  std::unique_ptr<eventstore::TailCursor> cursor;
  std::unique_ptr<eventstore::Engine> engine;

  explicit Process(SimulatedRuntime const& runtime) : clock(eventstore::clocks_of(runtime)) {}
};

class World {
 public:
  explicit World(Options const& options)
      : steps_(options.steps),
        random_(options.seed),
        disk_(random_()),
        vfs_(disk_, random_()),
        runtime_(random_(), disk_),
        traffic_(random_(), kPersons) {}

  Outcome run() {
    try {
      start();
      for (std::size_t step = 0; step < steps_; ++step) live(step);
      if (process_) end(Fault::clean_restart);
      disk_.restart();
      start();
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
  void count(Fault fault) { ++outcome_.faults[static_cast<std::size_t>(fault)]; }

  // --- a life

  void start() {
    auto process = std::make_unique<Process>(runtime_);
    auto const opened = open(*process);
    require(opened.ok(), "a sound disk does not open: " + (opened ? "" : opened.error().what));
    process_ = std::move(process);
    check();
  }

  Faulty<Unit> open(Process& process) {
    auto& files = disk_.files();
    if (auto made = files.make_folder(kFolder); !made) return made;
    auto log = eventstore::SqliteLog::open(kFolder + "/log.db", files);
    if (!log) return fail(log.error());
    process.log = std::move(log).value();
    auto vault = eventstore::Vault::open(kFolder + "/vault", runtime_);
    if (!vault) return fail(vault.error());
    process.vault = std::move(vault).value();
    auto checkpoints = eventstore::CheckpointFile::open(kFolder, runtime_);
    if (!checkpoints) return fail(checkpoints.error());
    process.checkpoints = std::make_unique<eventstore::CheckpointFile>(std::move(checkpoints).value());
    auto const head = process.log->head();
    if (!head) return fail(head.error());
    auto requests =
        eventstore::RequestIndex::open(kFolder + "/requests", head.value().position, {1u << 12, 1u << 16}, runtime_);
    if (!requests) return fail(requests.error());
    process.requests = std::move(requests).value();
    if (auto signed_note = process.checkpoints->read()) {
      if (auto checked = eventstore::check_checkpoint(*process.log, signed_note.value()); !checked) return checked;
    }
    auto recovered = eventstore::recover(*process.log, kFolder + "/snapshots", process.requests.get(), &process.durable,
                                         nullptr, files);
    if (!recovered) return fail(recovered.error());
    process.clock.not_before(recovered.value().at);
    process.tail = std::make_unique<eventstore::Tail>(*process.log, recovered.value().head, 16);
    process.cursor = process.tail->follow("simulation", recovered.value().head.position, [] {});
    process.engine = std::make_unique<eventstore::Engine>(
        std::move(recovered).value(),
        eventstore::EngineParts{*process.log, *process.vault, *process.requests, *process.checkpoints, process.clock,
                                process.durable, *process.tail, runtime_});
    return Unit{};
  }

  // Something happens to the process or the machine, then clients ask.
  void live(std::size_t step) {
    runtime_.pass(static_cast<std::int64_t>(1 + draw(20'000'000)));
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
      case 9: return restart_if_dead(process_->engine->write_checkpoint());
      default: break;
    }
    // Every run has at least one crash with loss.
    if (step == steps_ / 2) return restart(Fault::power_cut);
    plan_disk_fault();
    serve();
  }

  void plan_disk_fault() {
    if (draw(12) != 0) return;
    constexpr std::array<DiskFault, 4> kKinds{DiskFault::death, DiskFault::io_error, DiskFault::disk_full,
                                              DiskFault::short_write};
    planned_ = kKinds[draw(kKinds.size())];
    disk_.plan(planned_, 1 + draw(14));
  }

  void count_disk_fault() {
    switch (std::exchange(planned_, DiskFault::none)) {
      case DiskFault::none: break;
      case DiskFault::death: count(Fault::death_at_call); break;
      case DiskFault::io_error: count(Fault::io_error); break;
      case DiskFault::disk_full: count(Fault::disk_full); break;
      case DiskFault::short_write: count(Fault::short_write); break;
    }
  }

  // One batch of requests through every step of the engine.
  void serve() {
    std::vector<std::size_t> asked;  // indexes into asked_
    for (auto count = 1 + draw(4); count > 0; --count) {
      if (auto const index = ask()) {
        asked.push_back(*index);
        if (draw(16) == 0) {
          asked.push_back(*index);
          this->count(Fault::race);
        }
      }
    }
    std::vector<std::optional<eventstore::Outcome>> answers(asked.size());
    std::vector<eventstore::Submission> submissions;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      auto const& one = asked_[asked[i]];
      submissions.push_back({one.command, one.request, std::make_unique<Answer>(answers[i])});
    }
    outcome_.commands += asked.size();
    eventstore::Batch batch;
    auto done = process_->engine->decide(submissions, batch);
    if (done) done = process_->engine->append(batch);
    if (done && !disk_.dead()) {
      process_->engine->publish(batch);
      process_->engine->answer(batch);
      follow();
    }
    bool const faulted = disk_.take_fault();
    if (faulted) count_disk_fault();
    planned_ = DiskFault::none;
    // Whoever was answered by a process that then died was not answered.
    if (!disk_.dead()) {
      for (std::size_t i = 0; i < asked.size(); ++i) {
        if (answers[i]) learn(asked_[asked[i]], *answers[i]);
      }
    }
    for (auto& submission : submissions) submission.reply.reset();
    require(done.ok() || faulted || disk_.dead() || damage_found(done),
            "a sound disk fails: " + (done ? "" : done.error().what));
    if (!done || disk_.dead()) restart(draw(2) == 0 ? Fault::power_cut : Fault::kill);
  }

  // A new request, or an old one again.
  std::optional<std::size_t> ask() {
    if (!asked_.empty() && draw(6) == 0) {
      auto const old = draw(asked_.size());
      if (draw(4) != 0) {
        count(Fault::repeat);
        // What was refused used up nothing: it may be done this time.
        if (asked_[old].knows == Knows::refused) asked_[old].knows = Knows::unknown;
        return old;
      }
      if (asked_[old].knows == Knows::acknowledged) {
        count(Fault::reuse);
        auto other = asked_[old];
        other.request.fingerprint[0] ^= 1;
        require_reused(other);
      }
      return std::nullopt;
    }
    auto command = process_->durable.read([&](domain::State const& state) { return traffic_.next(state); });
    if (!command) return std::nullopt;
    domain::Request request;
    request.game = process_->durable.read([&](domain::State const& state) { return traffic_.asker(state); });
    request.id = "request-" + std::to_string(asked_.size());
    for (auto& byte : request.fingerprint) byte = static_cast<std::uint8_t>(random_());
    by_id_[request.id] = asked_.size();
    asked_.push_back({std::move(*command), std::move(request), Knows::unknown, {}});
    return asked_.size() - 1;
  }

  // Another payload under an id that is used changes nothing.
  void require_reused(Asked const& other) {
    std::optional<eventstore::Outcome> answer;
    std::vector<eventstore::Submission> one;
    one.push_back({other.command, other.request, std::make_unique<Answer>(answer)});
    eventstore::Batch batch;
    auto const decided = process_->engine->decide(one, batch);
    if (damage_found(decided)) return restart(Fault::kill);
    require(decided.ok(), "a sound disk fails: " + (decided ? "" : decided.error().what));
    require(batch.rows.empty(), "an id that was used was decided again");
    process_->engine->answer(batch);
    require(answer && std::holds_alternative<eventstore::Reused>(*answer), "another payload was not noticed");
  }

  void learn(Asked& asked, eventstore::Outcome const& outcome) {
    if (auto const* committed = std::get_if<eventstore::Committed>(&outcome)) {
      require(asked.knows != Knows::acknowledged, "done twice: " + asked.request.id);
      asked.knows = Knows::acknowledged;
      asked.first = committed->commit->first;
      require(committed->commit->last() <= process_->durable.position(), "a reply is ahead of what readers see");
    } else if (auto const* repeated = std::get_if<eventstore::Repeated>(&outcome)) {
      require(asked.knows != Knows::acknowledged || asked.first == repeated->original->first,
              "a repeated request has two originals: " + asked.request.id);
      asked.knows = Knows::acknowledged;
      asked.first = repeated->original->first;
    } else if (std::holds_alternative<domain::Refusal>(outcome)) {
      require(asked.knows != Knows::acknowledged, "an acknowledged request was refused: " + asked.request.id);
      asked.knows = Knows::refused;
    } else {
      require(!std::holds_alternative<eventstore::Reused>(outcome), "our own payload is another: " + asked.request.id);
    }
  }

  // A look-up met a bit that flipped in the request index: the engine stops, and the next start makes the run anew. (It
  // may be met again: after a power cut the file that was deleted can be there.)
  bool damage_found(Faulty<Unit> const& done) {
    return !done && done.error().kind == eventstore::Fault::Kind::corrupt && rotten_index_;
  }

  // The tail shows each commit once, in order, and none that the durable state lacks.
  void follow() {
    if (draw(3) != 0) return;
    auto& process = *process_;
    for (;;) {
      auto const before = process.cursor->position();
      auto const found = process.cursor->next();
      require(found.ok(), "the tail: " + (found ? "" : found.error().what));
      if (!found.value()) break;
      require(found.value()->commit->first == domain::next(before), "the tail left something out");
      require(found.value()->commit->last() <= process.durable.position(), "the tail is ahead of the durable state");
    }
    require(process.cursor->position() == process.tail->head(), "the tail stops early");
  }

  void take_snapshot() {
    auto& process = *process_;
    auto const head = process.tail->head();
    auto state = eventstore::state_at(*process.log, head);
    require(state.ok(), "the state at the head: " + (state ? "" : state.error().what));
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

  void restart_if_dead(Faulty<Unit> const& done) {
    require(done.ok(), "a sound disk fails: " + (done ? "" : done.error().what));
  }

  void end(Fault how) {
    if (how == Fault::clean_restart) {
      auto const flushed = flush_index();
      require(flushed.ok(), "flush: " + (flushed ? "" : flushed.error().what));
      if (process_->engine->has_unsigned()) restart_if_dead(process_->engine->write_checkpoint());
      auto const state = process_->engine->take_state();
      auto& files = disk_.files();
      require(eventstore::write_snapshot(kFolder + "/snapshots", state, files).ok(), "a snapshot at a clean end");
      require(process_->durable.write_snapshot(kFolder + "/snapshots", *process_->log, files).ok(),
              "a snapshot at a clean end");
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

  // `whole`: the audit, too, which otherwise follows one start in four.
  void check(bool whole = false) {
    auto& process = *process_;
    std::map<std::string, domain::Position> found;
    std::map<std::pair<std::uint64_t, int>, std::int64_t> books;  // by currency and account
    domain::State folded;
    auto reader = eventstore::CommitReader::after(*process.log, {});
    require(reader.ok() && reader.value().has_value(), "the log does not begin at its beginning");
    outcome_.commits = 0;
    outcome_.events.clear();
    for (;;) {
      auto const commit = reader.value()->next();
      require(commit.ok(), "the log: " + (commit ? "" : commit.error().what));
      if (!commit.value()) break;
      auto const& request = commit.value()->request;
      require(request.id.empty() || found.emplace(request.id, commit.value()->first).second,
              "a request is in the log twice: " + request.id);
      for (auto const& event : commit.value()->events) {
        ++outcome_.events[domain::event_name(event)];
        if (auto const* person = std::get_if<domain::IdentityRegistered>(&event)) {
          auto const email = process.vault->open(person->identity, eventstore::Field::email, person->email);
          require(email.ok(), "a commit without the key of its person: " + (email ? "" : email.error().what));
        }
        for (auto const& posting : domain::postings(event)) {
          books[{posting.currency.value(), -1}] += posting.amount.minor();
          books[{posting.currency.value(), static_cast<int>(posting.account)}] += posting.amount.minor();
        }
      }
      domain::apply(folded, *commit.value());
      ++outcome_.commits;
    }
    outcome_.link = reader.value()->head().link;
    for (auto& asked : asked_) {
      auto const there = found.find(asked.request.id);
      if (asked.knows == Knows::acknowledged) {
        require(there != found.end(), "an acknowledged request is lost: " + asked.request.id);
        require(there->second == asked.first, "an acknowledged request is elsewhere: " + asked.request.id);
      }
      require(asked.knows != Knows::refused || there == found.end(), "a refused request was done: " + asked.request.id);
    }
    for (auto const& [id, first] : found) require(by_id_.contains(id), "nobody asked for " + id);
    require(process.durable.read([&](domain::State const& state) { return state == folded; }),
            "the durable state is not the fold of the log");
    check_money(folded, books);
    if (!whole && draw(4) != 0) return;
    auto const checkpoint = process.checkpoints->read();
    auto const verified = eventstore::verify(*process.log, checkpoint ? &checkpoint.value() : nullptr);
    require(verified.ok(), "audit: " + (verified ? "" : verified.error().what));
  }

  static void check_money(domain::State const& state,
                          std::map<std::pair<std::uint64_t, int>, std::int64_t> const& books) {
    std::map<std::uint64_t, std::int64_t> available;
    std::map<std::uint64_t, std::int64_t> reserved;
    for (std::size_t i = 0; i < state.wallet_count(); ++i) {
      auto const& row = state.wallet_rows()[i];
      available[row.currency] += row.available;
      reserved[row.currency] += row.reserved;
    }
    std::map<std::uint64_t, std::int64_t> held;
    for (auto const& [transaction, transfer] : state.transfers())
      held[transfer.currency.value()] += transfer.amount.minor();
    for (auto const& [key, sum] : books) {
      auto const& [currency, account] = key;
      auto const where = " in currency " + std::to_string(currency);
      if (account == -1) require(sum == 0, "postings do not sum to zero" + where);
      if (account == static_cast<int>(domain::Account::player_available)) {
        require(sum == available[currency], "wallets are not what was posted" + where);
      }
      if (account == static_cast<int>(domain::Account::game_revenue)) {
        require(sum == state.revenue(domain::CurrencyId(currency)).owed.minor(),
                "what games are owed is not what was posted" + where);
      }
      if (account == static_cast<int>(domain::Account::player_reserved)) {
        require(sum == reserved[currency], "reserved is not what was posted" + where);
        require(sum == held[currency], "reserved is not what open transfers hold" + where);
      }
    }
  }

  std::size_t const steps_;
  std::mt19937_64 random_;
  SimulatedDisk disk_;
  InstalledVfs vfs_;
  SimulatedRuntime runtime_;
  Traffic traffic_;
  DiskFault planned_ = DiskFault::none;
  bool rotten_index_ = false;
  int flushes_ = 0;
  std::unique_ptr<Process> process_;
  std::vector<Asked> asked_;
  std::map<std::string, std::size_t> by_id_;
  Outcome outcome_;
};

}  // namespace

char const* fault_name(Fault fault) { return kFaultNames[static_cast<std::size_t>(fault)]; }

Outcome run(Options const& options) {
  World world(options);
  return world.run();
}

}  // namespace florin::simulation
