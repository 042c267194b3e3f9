// An auditor of the simulation: adds up what every commit means in double entry, and compares it with a state.
#pragma once

#include <map>
#include <set>

#include "domain/ledger.h"
#include "domain/postings.h"

namespace florin::simulation {

// One thread.
class Books {
 public:
  // The next commit. Throws a Violation when an event's postings do not sum to zero, or a transfer ends that is not
  // open.
  void add(domain::Commit const& commit);
  // Throws a Violation when the state is not what was posted.
  void compare(domain::State const& state) const;
  // Over all of a kind, by currency, in minor units; zero when nothing was posted.
  [[nodiscard]] std::int64_t sum(domain::CurrencyId currency, domain::Account account) const;

 private:
  void follow_transfer(domain::Event const& event);

  std::map<std::pair<std::uint64_t, domain::Account>, std::int64_t> sums_;
  std::set<domain::TransferId> open_transfers_;
};

}  // namespace florin::simulation
