#include "api/routes/access.h"

#include <cstring>

#include <openssl/crypto.h>

#include "api/http/forwarded.h"
#include "api/http/nearest_name.h"
#include "api/routes/headers.h"
#include "api/routes/replies.h"
#include "domain/contract.h"
#include "eventstore/store/chain.h"

namespace florin::api {
namespace {

constexpr std::string_view kSdkKeyPrefix = "ivsdk_";
constexpr std::size_t kSdkKeyLength = kSdkKeyPrefix.size() + 64;

// A key in a header of ours is an authentication scheme that nobody has registered.
constexpr std::string_view kGameChallenge = R"(Game-Secret-Key realm="florin", header="X-Game-Secret-Key")";

}  // namespace

Result<Caller, Response> authenticate(Request const& request, Ledger const& ledger) {
  auto const unknown = [&request](std::string_view code, std::string_view message) {
    return fail(unauthorized_response(request, kGameChallenge, code, message));
  };
  auto const key = request.own[kGameKey];
  if (key.empty()) return unknown("MISSING_GAME_SECRET", "Send your game's key in X-Game-Secret-Key.");
  Caller caller;
  if (key.size() == kSdkKeyLength && key.starts_with(kSdkKeyPrefix)) {
    caller.directory = ledger.state.games();
    auto const hash = eventstore::sha256(key);
    auto const now = ledger.clock.now();
    caller.game = caller.directory->find_by_key(hash, now);
    // Said only to who has the key.
    auto const ended = caller.game == nullptr ? caller.directory->end_of_key(hash, now) : std::nullopt;
    if (ended) {
      return unknown("INVALID_GAME_SECRET", "This key was replaced, and worked until " + domain::to_iso8601(*ended) +
                                                ". Use the game's new key.");
    }
  }
  if (caller.game == nullptr) {
    return unknown("INVALID_GAME_SECRET",
                   "This key is not known here. Keys of production and sandbox differ, and an immediate "
                   "rotation cuts the old keys at once. Check it, or ask the operator for a new one.");
  }
  if (!domain::may_call(caller.game->settings.status)) {
    return fail(error_response(request, 403, "GAME_NOT_ACTIVE", "This game is suspended; ask the operator."));
  }
  return caller;
}

std::optional<Response> refuse_stranger(Request const& request, std::string_view token_hash) {
  if (token_hash.empty()) {
    return error_response(request, 403, "ADMIN_DISABLED",
                          "The operators' routes are off: start the server with FLORIN_ADMIN_TOKEN set.");
  }
  auto const token = bearer_token(request.authorization);
  if (token.empty()) {
    return unauthorized_response(request, R"(Bearer realm="florin")", "MISSING_ADMIN_TOKEN",
                                 "Send the operator's token: Authorization: Bearer …");
  }
  auto const given = eventstore::sha256(token);
  if (CRYPTO_memcmp(given.data(), token_hash.data(), given.size()) != 0) {
    return unauthorized_response(request, R"(Bearer realm="florin", error="invalid_token")", "INVALID_ADMIN_TOKEN",
                                 "This is not the operator's token.");
  }
  return std::nullopt;
}

std::optional<Response> refuse_unknown_query(Request const& request, std::span<std::string_view const> known) {
  while (!known.empty() && known.back().empty()) known = known.first(known.size() - 1);
  auto const unknown = request.unknown_query_name(known);
  if (!unknown) return std::nullopt;
  auto const name = std::string(shortened_name(*unknown));
  auto message = "Unknown query parameter '" + name + "': " + nearest_hint(*unknown, {known.begin(), known.end()});
  if (!message.ends_with('?')) message += '.';
  return invalid_field(request, name, message);
}

std::optional<Response> refuse_over_limit(Request const& request, Services& services, domain::Game const& game,
                                          domain::LimitKind kind, std::uint64_t subject) {
  auto const wait = services.limits.take(game, kind, subject, services.ledger.clock.read().steady);
  if (wait == 0) return std::nullopt;
  return error_response(request, 429, "RATE_LIMITED",
                        "Too many requests of this kind; wait for retry_after seconds. Asking sooner makes it longer.",
                        {}, wait);
}

std::uint64_t client_subject(Request const& request) {
  boost::system::error_code error;
  auto const address = asio::ip::make_address(request.client, error);
  if (error) return 1;
  auto const subscriber = subscriber_of(address);
  return domain::hash_ids(subscriber.v6 ? 6 : 4, subscriber.network) | 1;
}

std::uint64_t limit_subject(domain::BlindIndex const& email) {
  std::uint64_t subject = 0;
  std::memcpy(&subject, email.data(), sizeof subject);
  return subject;
}

}  // namespace florin::api
