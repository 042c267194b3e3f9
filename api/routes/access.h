// Who is calling, and how often they may. On the request's io thread.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/http/errors.h"
#include "api/http/message.h"
#include "api/routes/services.h"
#include "domain/game.h"

namespace florin::api {

// The calling game, alive for the length of the request.
struct Caller {
  std::shared_ptr<eventstore::GameDirectory const> directory;
  domain::Game const* game = nullptr;
  [[nodiscard]] domain::Game const& operator*() const { return *game; }
  [[nodiscard]] domain::Game const* operator->() const { return game; }
};
// 401 MISSING_GAME_SECRET, 401 INVALID_GAME_SECRET, 403 GAME_NOT_ACTIVE (CONTRACT, Auth).
[[nodiscard]] Result<Caller, Response> authenticate(Request const& request, Ledger const& ledger);

// 403 ADMIN_DISABLED, 401 MISSING_ADMIN_TOKEN, 401 INVALID_ADMIN_TOKEN. `token_hash`: SHA-256 of FLORIN_ADMIN_TOKEN;
// empty when there is none.
[[nodiscard]] std::optional<Response> refuse_stranger(Request const& request, std::string_view token_hash);

// 400 INVALID_REQUEST when the query names a parameter that is none of `known`; empty names are skipped.
[[nodiscard]] std::optional<Response> refuse_unknown_query(Request const& request,
                                                           std::span<std::string_view const> known);

// 429 RATE_LIMITED when the subject (zero: the game itself) has used up its requests of this kind.
[[nodiscard]] std::optional<Response> refuse_over_limit(Request const& request, Services& services,
                                                        domain::Game const& game, domain::LimitKind kind,
                                                        std::uint64_t subject = 0);
// The limits' subject for who calls: a subscriber (api/http/forwarded.h).
[[nodiscard]] std::uint64_t client_subject(Request const& request);
// The limits' subject for a player.
[[nodiscard]] std::uint64_t limit_subject(domain::BlindIndex const& email);

}  // namespace florin::api
