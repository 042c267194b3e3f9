// Asking a phone's owner whether somebody else may use it, and how an approval ended.
#pragma once

#include <optional>
#include <variant>

#include "api/ledger/reader.h"

namespace florin::api {

// What asking came to. The approval is absent when too many codes went to this phone, or when the last one has ended
// moments ago.
struct ShareRequest {
  bool already_approved = false;
  std::optional<domain::ApprovalId> approval;
  bool ours = true;  // another game asked: its approval is answered through it alone
  domain::Timestamp expires_at;
  bool code_sent = false;
  std::int64_t cooldown_seconds = 0;
  std::int64_t retry_after_seconds = 0;  // > 0: rate limited
};
struct ShareAnswer {
  Performed outcome;
  std::optional<ShareRequest> asked;  // none: the writer could not say, or refused for another reason
};
[[nodiscard]] Awaitable<ShareAnswer> ask_owner(Reader reader, domain::GameId game, domain::PhoneRef phone,
                                               domain::PersonRef person);

// Whether `game` may answer the request, which it or nobody's game asked.
[[nodiscard]] bool is_answered_by(domain::OpenShare const& share, domain::GameId game);

struct ShareStanding {
  bool approved = false;
  std::optional<domain::OpenShare> pending;
};
[[nodiscard]] ShareStanding share_standing(Ledger const& ledger, domain::BlindIndex const& phone,
                                           domain::BlindIndex const& email);

// Those who may use the phone. Not those who merely claimed with it: nobody asks them.
[[nodiscard]] std::vector<domain::IdentityId> owners_of(Ledger const& ledger, domain::BlindIndex const& phone);

// How an approval ended that `game` may answer and that does not wait any more; nullopt: it is not known, or not the
// game's. Its end is final, so a view that knows of it need not be any newer; else it is waited for.
[[nodiscard]] Awaitable<Readable<std::optional<domain::ShareEnd>>> share_end(Reader reader, domain::GameId game,
                                                                             domain::ApprovalId approval);

}  // namespace florin::api
