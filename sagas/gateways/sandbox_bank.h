// The simulated bank. It keeps nothing: what becomes of an entry follows from its account number and the time, so it
// is the same after every restart, and the sandbox's clock moves it along.
//
// The account numbers are those of Stripe's test bank accounts:
//
//   000123456789   paid
//   000111111116   returned, R03 no such account
//   000111111113   returned, R02 account closed
//   000222222227   returned, R01 insufficient funds: no bank says that of a credit, but the number is known for it
//   000333333335   returned, R23 credit refused by the receiver (Stripe's debit_not_authorized, turned around)
//   any other      paid
#pragma once

#include "sagas/gateways/bank.h"

namespace florin::sagas {

// After a file was submitted. Real credits take one or two banking days; here no day is off.
inline constexpr std::int64_t kSandboxSettlementMicros = domain::kMicrosPerDay;

class SandboxBank final : public Bank {
 public:
  [[nodiscard]] Result<BankReceipt, std::string> submit(std::string_view file) const override;
  [[nodiscard]] domain::Timestamp answers_at(domain::Timestamp submitted_at) const override;
  // Pending until kSandboxSettlementMicros after `submitted_at`, then for ever the same.
  [[nodiscard]] BankAnswer outcome(AchEntry const& entry, domain::Timestamp submitted_at,
                                   domain::Timestamp now) const override;
};

}  // namespace florin::sagas
