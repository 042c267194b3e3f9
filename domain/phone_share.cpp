#include "domain/phone_share.h"

#include <algorithm>

#include "domain/decider.h"
#include "domain/questions.h"

namespace florin::domain {

namespace {

std::uint64_t person_subject(BlindIndex const& phone, IdentityId person) {
  return hash_ids(hash_of(phone), person.value());
}

}  // namespace

char const* share_end_name(ShareEnd end) {
  switch (end) {
    case ShareEnd::approved: return "approved";
    case ShareEnd::rejected: return "rejected";
    case ShareEnd::expired: return "expired";
    case ShareEnd::wrong_codes: return "wrong_codes";
    case ShareEnd::superseded: return "superseded";
  }
  return "";
}

OpenShare const* OpenShares::find(ApprovalId approval) const {
  auto const found = open_.find(approval);
  return found == open_.end() ? nullptr : &found->second;
}

OpenShare const* OpenShares::find_for(PhoneId phone) const {
  auto const found = by_phone_.find(phone);
  return found == by_phone_.end() ? nullptr : find(found->second);
}

void OpenShares::add(OpenShare const& share) {
  FLORIN_ASSERT(by_phone_.emplace(share.phone, share.approval).second);
  FLORIN_ASSERT(open_.emplace(share.approval, share).second);
}

void OpenShares::count_wrong_code(ApprovalId approval) {
  auto const found = open_.find(approval);
  FLORIN_ASSERT(found != open_.end() && found->second.wrong_codes < kWrongCodesMax);
  ++found->second.wrong_codes;
}

void OpenShares::remove(ApprovalId approval) {
  auto const found = open_.find(approval);
  FLORIN_ASSERT(found != open_.end());
  by_phone_.erase(found->second.phone);
  open_.erase(found);
}

bool Decider::may_use(BlindIndex const& phone, BlindIndex const& email) const {
  return state.phones().may_use(phone, state.find_identity(email));
}

Decision Decider::operator()(RequestPhoneShare const& command) const {
  if (may_use(command.phone.index, command.person.email_index)) return refuse(RejectionCode::share_not_needed);
  std::vector<Event> events;
  NewIds new_ids(state, events);
  auto const identity = new_ids.identity(command.person.email_index, command.person.email);
  auto const phone = new_ids.phone(identity, command.phone);
  auto const* open = state.shares().find_for(phone);
  // Whatever the owner said meanwhile: a no is not followed by another text at once.
  auto const cooldown =
      state.velocity().seconds_until(VelocityKind::share_codes_person, person_subject(command.phone.index, identity),
                                     context.now, kShareCooldownMicros, 0);
  if (cooldown > 0) {
    return fail(Rejection{.code = RejectionCode::share_cooldown,
                          .about = open != nullptr ? open->approval.position() : Position{},
                          .retry_after = cooldown});
  }
  constexpr std::int64_t kHour = 3'600 * kMicrosPerSecond;
  auto const wait = state.velocity().seconds_until(VelocityKind::share_codes, hash_of(command.phone.index), context.now,
                                                   kHour, kShareCodesPerPhoneHour - 1);
  if (wait > 0) return fail(Rejection{.code = RejectionCode::share_rate_limited, .retry_after = wait});
  if (open != nullptr) events.emplace_back(PhoneShareEnded{open->approval, ShareEnd::superseded});
  auto const owner = *state.phones().owner(command.phone.index);
  events.emplace_back(
      PhoneShareRequested{ApprovalId(context.next), phone, owner, context.now + kShareMicros, command.game});
  return events;
}

Decision Decider::operator()(AnswerPhoneShare const& command) const {
  auto const* share = state.shares().find(command.approval);
  if (share == nullptr || (share->game && share->game != command.game)) return refuse(RejectionCode::share_not_open);
  if (context.now >= share->expires_at) return refuse(RejectionCode::share_expired);
  if (command.code_matches) {
    return std::vector<Event>{
        PhoneShareEnded{share->approval, command.approve ? ShareEnd::approved : ShareEnd::rejected}};
  }
  auto const left = static_cast<std::uint8_t>(kWrongCodesMax - share->wrong_codes - 1);
  std::vector<Event> events;
  events.emplace_back(ShareCodeRejected{share->approval, left});
  if (left == 0) events.emplace_back(PhoneShareEnded{share->approval, ShareEnd::wrong_codes});
  return events;
}

Decision Decider::operator()(ExpirePhoneShare const& command) const {
  auto const* share = state.shares().find(command.approval);
  if (share == nullptr || context.now < share->expires_at) return refuse(RejectionCode::not_due);
  return std::vector<Event>{PhoneShareEnded{share->approval, ShareEnd::expired}};
}

// "A reply settles the newest pending question for that phone (or the one its code names)." A code that is nobody's
// settles nothing, nor do words without a yes or a no. Always an event, so that a reply delivered twice is known for
// one.
Decision Decider::operator()(ReceiveReply const& command) const {
  std::vector<Event> events;
  events.emplace_back(ReplyReceived{command.phone});
  auto const yes = command.word == ReplyWord::yes || (command.word == ReplyWord::none && command.has_code);
  if (!yes && command.word != ReplyWord::no) return events;
  if (command.has_code && !command.named) return events;

  Position about;
  if (!command.has_code) {
    about = newest_question(state, command.phone, context.now);
  } else if (state.questions().contains({command.phone, command.named}) &&
             question_waits(state, command.named, context.now)) {
    about = command.named;
  }
  if (!about) return events;
  if (auto const* share = state.shares().find(ApprovalId(about))) {
    events.emplace_back(PhoneShareEnded{share->approval, yes ? ShareEnd::approved : ShareEnd::rejected});
    return events;
  }
  auto const& transfer = *state.find_transfer(TransferId(about));
  if (!yes) {
    events.push_back(released(transfer, ReturnReason::guardian_rejected));
    return events;
  }
  events.emplace_back(GuardianApproved{transfer.transaction});
  // "Approval after the PIN ran out issues a new PIN" (CONTRACT, Guardian approval).
  if (context.now >= transfer.pin_expires_at && transfer.pins_issued < kPinsMax) {
    events.emplace_back(another_pin(transfer));
  }
  return events;
}

void Fold::operator()(PhoneShareRequested const& e) const {
  FLORIN_ASSERT(state.phones_.contains(e.phone) && state.phones_.contains(e.owner));
  auto const& number = state.phones_[e.owner].phone;
  FLORIN_ASSERT(state.phones_[e.phone].phone == number);
  state.shares_.add({e.approval, e.phone, e.owner, 0, at, e.expires_at, e.game});
  state.questions_.emplace(number, e.approval.position());
  state.velocity_.record({VelocityKind::share_codes, hash_of(number), at, Money{}});
  auto const person = person_subject(number, IdentityId(state.phones_[e.phone].identity));
  state.velocity_.record({VelocityKind::share_codes_person, person, at, Money{}});
}

void Fold::operator()(ShareCodeRejected const& e) const {
  state.shares_.count_wrong_code(e.approval);
  FLORIN_ASSERT(e.attempts_left == kWrongCodesMax - state.shares_.find(e.approval)->wrong_codes);
}

void Fold::operator()(PhoneShareEnded const& e) const {
  auto const* share = state.shares_.find(e.approval);
  FLORIN_ASSERT(share != nullptr);
  state.questions_.erase({state.phones_[share->owner].phone, e.approval.position()});
  state.owed_texts_.erase({e.approval.position(), TextKind::share_code, 0});
  if (e.end == ShareEnd::approved) state.phones_.share(share->phone);
  state.shares_.remove(e.approval);
}

void Fold::operator()(ReplyReceived const&) const {}

}  // namespace florin::domain
