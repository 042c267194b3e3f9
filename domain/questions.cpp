#include "domain/questions.h"

namespace florin::domain {

bool question_waits(State const& state, Position about, Timestamp now) {
  if (auto const* share = state.shares().find(ApprovalId(about))) return now < share->expires_at;
  auto const* transfer = state.find_transfer(TransferId(about));
  return transfer != nullptr && now < transfer->guardian_expires_at;
}

Position newest_question(State const& state, BlindIndex const& phone, Timestamp now) {
  Position newest;
  auto const& questions = state.questions();
  for (auto at = questions.lower_bound({phone, Position{}}); at != questions.end() && at->first == phone; ++at) {
    if (question_waits(state, at->second, now)) newest = at->second;  // ascending: the last one is the newest
  }
  return newest;
}

}  // namespace florin::domain
