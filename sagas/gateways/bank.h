// The bank that pays payouts out: it is handed a NACHA file and says later what became of each entry. The sandbox has
// its simulator (sandbox_bank.h). Production has none: there an operator carries the file to the bank's own site and
// tells Florin what the bank's statement says (CONTRACT, Operators: complete, fail).
//
// What was submitted and when is the ledger's knowledge, not the bank's: so asking again after a crash, or handing over
// the same file twice, changes nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "domain/money.h"
#include "domain/result.h"
#include "domain/time.h"
#include "sagas/gateways/nacha.h"

namespace florin::sagas {

enum class BankOutcome : std::uint8_t {
  pending,   // on its way: ask later
  settled,   // paid
  returned,  // the receiving bank gave it back; final
};

struct BankAnswer {
  BankOutcome outcome = BankOutcome::pending;
  std::string return_code;    // returned: Nacha's, "R03"
  std::string return_reason;  // returned: the same in words, "no such account"; nothing personal
  friend bool operator==(BankAnswer const&, BankAnswer const&) = default;
};

// What the bank read in a file.
struct BankReceipt {
  std::size_t entries = 0;
  domain::Usd usd;
  friend bool operator==(BankReceipt const&, BankReceipt const&) = default;
};

class Bank {
 public:
  Bank() = default;
  Bank(Bank const&) = delete;
  Bank& operator=(Bank const&) = delete;
  virtual ~Bank() = default;

  // Any thread; all answer at once and never throw.

  // Taken whole, or refused whole with a sentence that holds nothing personal.
  [[nodiscard]] virtual Result<BankReceipt, std::string> submit(std::string_view file) const = 0;
  // Before this time it says `pending` of every entry of a file that was submitted then: nobody need ask.
  [[nodiscard]] virtual domain::Timestamp answers_at(domain::Timestamp submitted_at) const = 0;
  // What became of an entry of a file that was submitted then. `settled` and `returned` stay.
  [[nodiscard]] virtual BankAnswer outcome(AchEntry const& entry, domain::Timestamp submitted_at,
                                           domain::Timestamp now) const = 0;
};

}  // namespace florin::sagas
