// What a run is held to between lives and at its end: the log that a new process finds, against all that is known of
// it. Each function throws a Violation that names the promise.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "domain/events.h"
#include "tests/simulation/bank.h"
#include "tests/simulation/books.h"
#include "tests/simulation/clients.h"
#include "tests/simulation/companies.h"
#include "tests/simulation/machine.h"
#include "tests/simulation/past_commits.h"
#include "tests/simulation/process.h"

namespace florin::simulation {

// What the log held at the last check.
struct LogContent {
  domain::Digest link{};  // of the last commit
  std::uint64_t commits = 0;
  std::map<std::string, std::uint64_t> events;  // by name
};

// One thread.
class Checks {
 public:
  explicit Checks(Machine& machine) : machine_(machine) {}

  // A process has opened the folder: its log is read from the beginning. `whole`: with the audit and the read models,
  // which otherwise follow one start in four and in three.
  void check_log(Process& process, Clients const& clients, bool whole = false);
  // A commit was published since.
  void add(domain::Commit const& commit);
  // The ledger's time goes on with the steady clock: called now and then within a life.
  void check_time(Process const& process);
  // The person's key is destroyed.
  void erase(Process& process, domain::IdentityId person);
  // After the quiet end: everything that was begun has ended, and other companies' books agree with ours.
  void check_settled(Process const& process, Companies const& companies, RecordingBank const& bank) const;

  [[nodiscard]] PastCommits const& past() const { return past_; }
  [[nodiscard]] LogContent const& content() const { return content_; }

 private:
  void check_person(Process& process, domain::IdentityRegistered const& person);

  Machine& machine_;
  LogContent content_;
  Books books_;       // of the log's commits that are published
  PastCommits past_;  // likewise
  std::set<domain::IdentityId> erased_;
  std::map<domain::IdentityId, domain::IdentityRegistered> emails_;  // of who was registered before this life
  std::optional<std::pair<std::int64_t, std::int64_t>> last_time_;   // the ledger's and the steady clock's
};

}  // namespace florin::simulation
