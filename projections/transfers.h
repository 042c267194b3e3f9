// What became of every transfer, send and phone-share approval; kept for ever. The facts of one are its first event:
// this view only says how far it has come and how it ended, in one row that is written over as it goes on.
#pragma once

#include <optional>

#include "projections/projection.h"
#include "projections/runner.h"

namespace florin::projections {

struct TransferRecord {
  domain::TransferId transaction;  // first position of the initiating commit: read the facts from the log there
  domain::Flavour flavour = domain::Flavour::transfer;
  domain::TransferStage stage = domain::TransferStage::pin;  // that it was in when it ended, if it has
  domain::GuardianState guardian = domain::GuardianState::none;
  std::optional<domain::TransferEnd> end;
  domain::ReturnReason reason = domain::ReturnReason::wrong_pins;  // of an end that is not `completed`
  domain::Timestamp initiated_at;
  domain::Timestamp pin_expires_at;       // of the newest PIN
  domain::Timestamp guardian_expires_at;  // zero: no guardian was asked
  domain::Timestamp verified_at;          // zero, with the next: not verified
  domain::Timestamp claim_expires_at;
  domain::Timestamp ended_at;
  domain::Position ended_in;  // first position of the commit that ended it
  domain::PlayerId receiver;  // who claimed
  friend bool operator==(TransferRecord const&, TransferRecord const&) = default;
};

struct ShareRecord {
  domain::ApprovalId approval;
  domain::PhoneId phone;  // of the person who wants to use it
  domain::Timestamp asked_at;
  domain::Timestamp expires_at;
  std::optional<domain::ShareEnd> end;
  domain::Timestamp ended_at;
  friend bool operator==(ShareRecord const&, ShareRecord const&) = default;
};

[[nodiscard]] Projection const& transfers_projection();

// nullopt: this is no transaction of a transfer or a send.
[[nodiscard]] eventstore::ResultOr<std::optional<TransferRecord>> read_transfer(ViewReader& view,
                                                                                domain::TransferId transaction);
// nullopt: no such approval.
[[nodiscard]] eventstore::ResultOr<std::optional<ShareRecord>> read_share(ViewReader& view,
                                                                          domain::ApprovalId approval);

}  // namespace florin::projections
