// Events about payouts: what games cash out, and the bank's files.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "domain/bank.h"
#include "domain/events/family.h"
#include "domain/events/personal_text.h"
#include "domain/ids.h"
#include "domain/money.h"
#include "domain/payout.h"
#include "domain/time.h"

namespace florin::domain {

// A game cashes out. Account and holder are sealed under the key of the person to be told.
struct PayoutRequested {
  PayoutId payout;  // first position of this commit
  GameId game;
  Usd usd;
  std::vector<PayoutShare> shares;
  IdentityId contact;
  PersonalText holder;
  PersonalText account;
  std::string routing;  // of the bank: public
  std::string last4;    // of the account, see last_four(): all that ever leaves
  AccountType type = AccountType::checking;
  friend bool operator==(PayoutRequested const&, PayoutRequested const&) = default;
};

struct PayoutAdvanced {
  PayoutId payout;
  GameId game;
  Usd usd;
  std::vector<PayoutShare> shares;
  PayoutStatus status = PayoutStatus::approved;
  std::string note;            // the operator's reason, or the bank's return code
  bool was_completed = false;  // it failed after it was paid: the amount comes back from there
  // With status processing: its day's file is dated by its first export, which is a PayoutFileWritten. False in what
  // older releases wrote: their days' files follow from the day alone.
  bool dated_by_export = false;
  friend bool operator==(PayoutAdvanced const&, PayoutAdvanced const&) = default;
};

// The first export of a day's payouts: what its files say, for ever. At most one a day.
struct PayoutFileWritten {
  Position written;  // first position of this commit
  Day day;           // on which its payouts became processing
  Timestamp created;
  AchOrigin origin;               // as the settings were
  std::vector<PayoutFile> files;  // letters and trace numbers run on, over all files of one creation date
  std::vector<LeftOutPayout> left_out;
  friend bool operator==(PayoutFileWritten const&, PayoutFileWritten const&) = default;
};

// Letters in their order, trace numbers that run on, no file without a payout, no payout twice, numbers within bounds.
[[nodiscard]] bool is_well_formed(PayoutFileWritten const& e);

// The receiving bank corrects an account: a notification of change. Nothing moves.
struct PayoutAccountCorrected {
  PayoutId payout;
  GameId game;
  IdentityId contact;      // under whose key the correction is sealed
  std::string code;        // Nacha's: "C01"
  PersonalText corrected;  // the file's "corrected data"
  friend bool operator==(PayoutAccountCorrected const&, PayoutAccountCorrected const&) = default;
};

using PayoutEvents = std::variant<PayoutRequested, PayoutAdvanced, PayoutFileWritten, PayoutAccountCorrected>;
template <class E>
concept PayoutEvent = IsIn<E, PayoutEvents>;

}  // namespace florin::domain
