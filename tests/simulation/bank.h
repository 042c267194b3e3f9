// The bank of a simulation: the product's simulated one, with books of what it was handed; and the operators who
// approve payouts, carry files to it and read its statement. The bank is another company: its books survive whatever
// happens to the server.
#pragma once

#include <map>
#include <random>
#include <set>
#include <vector>

#include "domain/commands.h"
#include "domain/ledger.h"
#include "eventstore/store/facts.h"
#include "eventstore/store/vault.h"
#include "sagas/gateways/ach_day.h"
#include "sagas/gateways/sandbox_bank.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/past_commits.h"

namespace florin::simulation {

[[nodiscard]] sagas::AchSettings ach_settings();

// One thread.
class RecordingBank final : public sagas::Bank {
 public:
  Result<sagas::BankReceipt, std::string> submit(std::string_view file) const override;
  domain::Timestamp answers_at(domain::Timestamp submitted_at) const override { return bank_.answers_at(submitted_at); }
  sagas::BankAnswer outcome(sagas::AchEntry const& entry, domain::Timestamp submitted_at,
                            domain::Timestamp now) const override {
    return bank_.outcome(entry, submitted_at, now);
  }

  // Sent back by the receiver after it was paid.
  void give_back(domain::PayoutId payout) { given_back_.insert(payout); }
  [[nodiscard]] bool was_given_back(domain::PayoutId payout) const { return given_back_.contains(payout); }
  // Of one that it was handed long ago.
  [[nodiscard]] bool has_paid(domain::PayoutId payout, domain::Timestamp now) const;
  // Throws a Violation when the ledger takes for paid what the bank did not pay, or the other way round, or when the
  // bank was sent a file that it does not take. `now`: when everything has been answered.
  void compare(domain::State const& state, PastCommits const& past, domain::Timestamp now) const;

 private:
  sagas::SandboxBank const bank_;
  mutable std::map<domain::PayoutId, sagas::AchEntry> entries_;  // that it was handed
  std::set<domain::PayoutId> given_back_;
};

// One thread.
class Operators {
 public:
  Operators(std::uint64_t seed, RecordingBank& bank, FaultCounts& counts)
      : random_(seed), bank_(bank), counts_(counts) {}

  struct Server {
    domain::State const& state;
    eventstore::Log& log;
    eventstore::Vault const& vault;
    eventstore::FactReader const& facts;
    PastCommits const& past;
    domain::Timestamp now;
  };
  void act(Server const& server, std::vector<domain::Command>& out);
  // From now on nothing is lost.
  void calm_down() { calm_ = true; }
  // Every payout that waits for an operator goes on by one step.
  void settle(Server const& server, std::vector<domain::Command>& out);

 private:
  void step(Server const& server, domain::OpenPayout const& payout, std::vector<domain::Command>& out);
  void read_statement(Server const& server, domain::OpenPayout const& payout, std::vector<domain::Command>& out);
  void export_days(Server const& server, std::vector<domain::Command>& out);
  void tell(domain::AdvancePayout command, std::vector<domain::Command>& out);
  std::uint64_t draw(std::uint64_t below) { return random_() % below; }
  bool one_in(std::uint64_t times) { return !calm_ && draw(times) == 0; }

  std::mt19937_64 random_;
  RecordingBank& bank_;
  FaultCounts& counts_;
  bool calm_ = false;
  std::vector<domain::Command> late_;
};

}  // namespace florin::simulation
