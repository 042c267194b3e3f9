// Minors and their guardians (CONTRACT, Guardian approval). The approval itself is part of the transfer it holds up; it
// is given or refused by text (phone_share.cpp, ReceiveReply).
#include "domain/decider.h"

namespace florin::domain {

Decision Decider::operator()(FlagMinor const& command) const {
  std::vector<Event> events;
  NewIds new_ids(state, events);
  auto const identity = new_ids.identity(command.person.email_index, command.person.email);
  auto const guardian = command.guardian ? new_ids.phone(identity, *command.guardian) : PhoneId{};
  // A phone that the minor holds is refused, because the minor could answer the guardian's questions there.
  if (guardian && state.phones().contains(guardian) && state.phones().is_held(guardian)) {
    return refuse(RejectionCode::guardian_is_minor);
  }
  if (events.empty() && state.minor(identity) == guardian) return refuse(RejectionCode::nothing_new);
  events.emplace_back(MinorFlagged{identity, guardian});
  return events;
}

Decision Decider::operator()(ClearMinor const& command) const {
  auto const identity = state.find_identity(command.email_index);
  if (!identity || !state.minor(*identity)) return refuse(RejectionCode::minor_not_found);
  return std::vector<Event>{MinorCleared{*identity}};
}

void Fold::operator()(MinorFlagged const& e) const {
  FLORIN_ASSERT(e.identity.value() != 0 && e.identity.value() <= state.identity_count());
  FLORIN_ASSERT(!e.guardian || state.phones_.contains(e.guardian));
  state.minors_[e.identity] = e.guardian;
}

void Fold::operator()(MinorCleared const& e) const { FLORIN_ASSERT(state.minors_.erase(e.identity) == 1); }

void Fold::operator()(GuardianApproved const& e) const {
  auto& transfer = open_transfer(e.transaction);
  FLORIN_ASSERT(transfer.guardian == GuardianState::pending);
  transfer.guardian = GuardianState::approved;
  state.questions_.erase({state.phones_[transfer.guardian_phone].phone, e.transaction.position()});
  state.owed_texts_.erase({e.transaction.position(), TextKind::guardian_question, 0});
}

}  // namespace florin::domain
