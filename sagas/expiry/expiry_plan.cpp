#include "sagas/expiry/expiry_plan.h"

namespace florin::sagas {

using domain::Timestamp;

void ExpiryPlan::resume(domain::State const& state) {
  for (auto const& [id, transfer] : state.transfers()) {
    timers_.add({transfer.expires_at(), id});
  }
  for (auto const& [id, share] : state.shares().all()) {
    timers_.add({share.expires_at, id});
  }
}

bool ExpiryPlan::add(domain::Event const& event) {
  if (auto const* e = std::get_if<domain::TransferInitiated>(&event)) {
    timers_.add({e->guardian ? e->guardian_expires_at : e->pin_expires_at, e->transaction});
  } else if (auto const* approved = std::get_if<domain::GuardianApproved>(&event)) {
    // The PIN's own end may come before the guardian's, which the timer stands at: look at once.
    timers_.add({Timestamp{}, approved->transaction});
  } else if (auto const* asked = std::get_if<domain::PhoneShareRequested>(&event)) {
    timers_.add({asked->expires_at, asked->approval});
  } else {
    return false;
  }
  return true;
}

domain::Command ExpiryPlan::command_of(Timer const& timer) {
  if (auto const* transfer = std::get_if<domain::TransferId>(&timer.about)) return domain::ExpireTransfer{*transfer};
  return domain::ExpirePhoneShare{std::get<domain::ApprovalId>(timer.about)};
}

}  // namespace florin::sagas
