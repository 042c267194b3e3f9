// Payouts: the operator who approves and exports them, and the bank that takes the files. The files are planned as the
// product plans them (sagas/payouts/payout_files.h). The bank is another company: its books survive whatever happens to
// the server.
#pragma once

#include <map>
#include <random>
#include <vector>

#include "domain/commands.h"
#include "domain/ledger.h"
#include "eventstore/store/facts.h"
#include "eventstore/store/vault.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/past_commits.h"

namespace florin::simulation {

// One thread.
class SimulatedBank {
 public:
  SimulatedBank(std::uint64_t seed, FaultCounts& counts) : random_(seed), counts_(counts) {}

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
  // Every payout that is open goes on by one step.
  void settle(Server const& server, std::vector<domain::Command>& out);

  // After settle() has nothing more to say. Throws a Violation when what the ledger takes for paid is not what the bank
  // paid, or when it was sent a file that it does not take.
  void compare(domain::State const& state, PastCommits const& past) const;

 private:
  enum class Entry : std::uint8_t { received, paid, returned };

  void step(Server const& server, domain::OpenPayout const& payout, std::vector<domain::Command>& out);
  void bank_step(domain::OpenPayout const& payout, std::vector<domain::Command>& out);
  void export_days(Server const& server, std::vector<domain::Command>& out);
  void tell(domain::AdvancePayout command, std::vector<domain::Command>& out);
  std::uint64_t draw(std::uint64_t below) { return random_() % below; }
  bool one_in(std::uint64_t times) { return !calm_ && draw(times) == 0; }

  std::mt19937_64 random_;
  FaultCounts& counts_;
  bool calm_ = false;
  std::map<domain::PayoutId, std::pair<domain::Usd, Entry>> entries_;
  std::vector<domain::Command> late_;
};

}  // namespace florin::simulation
