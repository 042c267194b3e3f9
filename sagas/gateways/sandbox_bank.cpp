#include "sagas/gateways/sandbox_bank.h"

namespace florin::sagas {
namespace {

struct Return {
  std::string_view account;
  std::string_view code;
  std::string_view reason;
};
constexpr Return kReturns[] = {
    {"000111111116", "R03", "no such account"},
    {"000111111113", "R02", "account closed"},
    {"000222222227", "R01", "insufficient funds"},
    {"000333333335", "R23", "credit refused by the receiver"},
};

}  // namespace

Result<BankReceipt, std::string> SandboxBank::submit(std::string_view file) const {
  auto const read = FLORIN_TRY(read_nacha(file));
  return BankReceipt{read.entries.size(), total_of(read)};
}

domain::Timestamp SandboxBank::answers_at(domain::Timestamp submitted_at) const {
  return submitted_at + kSandboxSettlementMicros;
}

BankAnswer SandboxBank::outcome(AchEntry const& entry, domain::Timestamp submitted_at, domain::Timestamp now) const {
  if (now < answers_at(submitted_at)) return {BankOutcome::pending, {}, {}};
  for (Return const& known : kReturns) {
    if (entry.account == known.account) {
      return {BankOutcome::returned, std::string(known.code), std::string(known.reason)};
    }
  }
  return {BankOutcome::settled, {}, {}};
}

}  // namespace florin::sagas
