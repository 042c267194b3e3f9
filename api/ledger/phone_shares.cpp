#include "api/ledger/phone_shares.h"

#include <algorithm>
#include <utility>

#include "projections/transfers.h"

namespace florin::api {
namespace {

using domain::RejectionCode;
using eventstore::ResultOr;

ShareRequest from_rejection(Ledger const& ledger, domain::GameId game, domain::Rejection const& rejection) {
  ShareRequest asked;
  if (rejection.code == RejectionCode::share_not_needed) asked.already_approved = true;
  if (rejection.code == RejectionCode::share_rate_limited) asked.retry_after_seconds = rejection.retry_after;
  if (rejection.code != RejectionCode::share_cooldown) return asked;
  asked.cooldown_seconds = rejection.retry_after;
  auto const open = ledger.state.read([&](domain::State const& state) {
    auto const* share = state.shares().find(domain::ApprovalId(rejection.about));
    return share != nullptr ? std::optional(*share) : std::nullopt;
  });
  if (!open) return asked;
  asked.approval = open->approval;
  asked.ours = is_answered_by(*open, game);
  asked.expires_at = open->expires_at;
  asked.code_sent = true;
  return asked;
}

bool says_what_came(RejectionCode reason) {
  return reason == RejectionCode::share_not_needed || reason == RejectionCode::share_cooldown ||
         reason == RejectionCode::share_rate_limited;
}

// What the view knows of an approval that `game` may answer: nothing of others', which is all it is told.
struct Found {
  bool ours = false;
  std::optional<projections::ShareRecord> record;
  [[nodiscard]] std::optional<domain::ShareEnd> end() const { return ours && record ? record->end : std::nullopt; }
};

ResultOr<Found> look_up(Ledger const& ledger, domain::GameId game, domain::ApprovalId approval) {
  Found found;
  if (approval.position() > ledger.state.position()) return found;
  auto const asked = FLORIN_TRY(ledger.commits.fact<domain::PhoneShareRequested>(approval.position()));
  found.ours = asked && (!(*asked)->game || (*asked)->game == game);
  if (!found.ours) return found;
  auto view = FLORIN_TRY(ledger.views.read(View::transfers));
  auto share = FLORIN_TRY(projections::read_share(view, approval));
  found.record = share;
  return found;
}

}  // namespace

bool is_answered_by(domain::OpenShare const& share, domain::GameId game) { return !share.game || share.game == game; }

Awaitable<ShareAnswer> ask_owner(Reader reader, domain::GameId game, domain::PhoneRef phone, domain::PersonRef person) {
  domain::RequestPhoneShare command{std::move(phone), std::move(person), game};
  Payload const payload("request-phone-share");
  domain::GameId const of_none;
  ShareAnswer answer;
  answer.outcome =
      co_await reader.ledger.commands.execute(reader.inbox, std::move(command), of_none, std::string_view(), payload);
  if (auto const* done = std::get_if<Committed>(&answer.outcome)) {
    auto const& event = event_of<domain::PhoneShareRequested>(*done->commit);
    answer.asked.emplace();
    answer.asked->approval = event.approval;
    answer.asked->expires_at = event.expires_at;
    answer.asked->code_sent = true;
  }
  auto const* rejection = std::get_if<domain::Rejection>(&answer.outcome);
  if (rejection != nullptr && says_what_came(rejection->code)) {
    answer.asked = from_rejection(reader.ledger, game, *rejection);
  }
  co_return answer;
}

ShareStanding share_standing(Ledger const& ledger, domain::BlindIndex const& phone, domain::BlindIndex const& email) {
  auto const now = ledger.clock.now();
  return ledger.state.read([&](domain::State const& state) {
    ShareStanding found;
    auto const identity = state.find_identity(email);
    auto const pair = identity ? state.phones().find(phone, *identity) : std::nullopt;
    found.approved = state.phones().may_use(phone, identity);  // the rule by which asking says already_approved
    auto const* open = pair ? state.shares().find_for(*pair) : nullptr;
    if (open != nullptr && now < open->expires_at) found.pending = *open;
    return found;
  });
}

std::vector<domain::IdentityId> owners_of(Ledger const& ledger, domain::BlindIndex const& phone) {
  return ledger.state.read([&](domain::State const& state) {
    auto found = state.phones().people(phone);
    std::erase_if(found, [&](domain::IdentityId identity) { return !state.phones().may_use(phone, identity); });
    return found;
  });
}

Awaitable<Readable<std::optional<domain::ShareEnd>>> share_end(Reader reader, domain::GameId game,
                                                               domain::ApprovalId approval) {
  auto const& ledger = reader.ledger;
  auto const wanted = ledger.state.position();
  auto const look = [&] { return look_up(ledger, game, approval); };
  auto const first = co_await reader.disk(look);
  if (!first) co_return fail(first.error());
  if (!first.value().ours || first.value().end()) co_return first.value().end();
  bool const reached = co_await ledger.views.reach(reader.inbox, View::transfers, wanted);
  Unread const behind{Unread::Why::behind, {}};
  if (!reached) co_return fail(behind);
  auto const second = co_await reader.disk(look);
  if (!second) co_return fail(second.error());
  co_return second.value().end();
}

}  // namespace florin::api
