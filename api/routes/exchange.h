// What every route shares: who is calling, handing a command to the writer, waiting for a view, and the JSON parts
// that several replies have in common.
//
// All of it runs on the request's io thread, except what is passed to the worker pool.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/budget.h"
#include "api/environment.h"
#include "api/http/errors.h"
#include "api/http/json.h"
#include "api/http/message.h"
#include "api/http/router.h"
#include "api/http/worker.h"
#include "api/limits.h"
#include "api/routes/access.h"
#include "api/routes/card_tries.h"
#include "api/routes/hinted_questions.h"
#include "api/stream_slots.h"
#include "domain/ledger.h"

namespace florin::api {

// One environment as its routes see it. Outlives the router.
struct Services {
  Environment& environment;
  WorkerPool& workers;  // the environment's own: what the sandbox waits for never holds production up
  Limits& limits;
  Budget& batch_bytes;                  // of batch replies on their way to slow readers, in the whole process
  std::string root;                     // "" for production, "/sandbox" for the sandbox
  std::string_view admin_token_hash{};  // SHA-256; empty: no operator may call
  eventstore::AdjustableClock* adjustable_clock = nullptr;  // the sandbox's
  std::span<Services* const> environments{};                // every environment of the process
  StreamSlots streams{};
  HintedQuestions hinted{};
  CardTries card_tries{};
  [[nodiscard]] std::string api() const { return root + "/api"; }
};

// Runs blocking work on the pool. False: the pool is full and nothing ran; answer server_busy().
template <class Work>
[[nodiscard]] Awaitable<bool> on_worker(Services& services, Request const& request, Work work) {
  auto const done = co_await services.workers.run(*request.inbox, std::move(work));
  co_return done.has_value();
}
[[nodiscard]] Response server_busy(Request const& request);

// 429 RATE_LIMITED when the subject (zero: the game itself) has used up its requests of this kind.
[[nodiscard]] std::optional<Response> refuse_over_limit(Request const& request, Services& services,
                                                        domain::Game const& game, domain::LimitKind kind,
                                                        std::uint64_t subject = 0);
// The limits' subject for who calls: a subscriber (api/http/forwarded.h).
[[nodiscard]] std::uint64_t client_subject(Request const& request);
// The limits' subject for a player.
[[nodiscard]] std::uint64_t limit_subject(domain::BlindIndex const& email);

// An e-mail from a path, a query or a body: `written`, `key` for fingerprints, and the index; 400 INVALID_EMAIL.
using Email = Mailboxes::Found;
[[nodiscard]] Result<Email, Response> read_email(Request const& request, Environment& environment, std::string_view raw,
                                                 std::string_view field);

// As replies show it: as it was first written, or as it is now where nobody is known by it.
[[nodiscard]] std::string first_spelling(Environment& environment, Email const& email);
// The same to a game that has the player; to another one as it wrote the e-mail itself, because who has a mailbox, and
// how they write it, is nothing that a game learns of another game's player.
[[nodiscard]] std::string shown_email(Environment& environment, domain::GameId game, Email const& email);

// The request id and the payload's fingerprint. The payload is built field by field: the operation's name first, then
// every field that means something, each length-prefixed.
class Payload {
 public:
  explicit Payload(std::string_view operation) { add(operation); }
  Payload& add(std::string_view field);
  Payload& add(std::uint64_t field);
  [[nodiscard]] std::string_view bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Reads and checks client_request_id: 400 INVALID_REQUEST, 400 CLIENT_REQUEST_ID_RESERVED.
[[nodiscard]] std::string_view read_request_id(JsonBody& body);

// player_email and player_name of a body.
struct PlayerFields {
  Email email;
  std::string name;
  domain::PlayerRef ref;
};
[[nodiscard]] Result<PlayerFields, Response> read_player(Request const& request, Environment& environment,
                                                         domain::Game const& game, JsonBody& body);

// "+" and 10 to 15 digits (CONTRACT, Phones).
[[nodiscard]] bool is_phone(std::string_view text);
// A required e-mail of a body, for read_email to look at: an empty one is there, and no e-mail.
[[nodiscard]] std::string_view read_email_text(JsonBody& body, std::string_view field);
// A required phone of a body; 400 INVALID_PHONE.
[[nodiscard]] std::string_view read_phone(JsonBody& body, std::string_view field);
// A player as the game names one, with what the balances know of the name.
[[nodiscard]] domain::PlayerRef player_ref(Environment& environment, domain::GameId game, Email const& email,
                                           std::string_view name);

// An outcome, and what the balances had reached when it came. That is the durable log up to the writer's last batch;
// Writer::durable() itself may be a batch ahead of them for a moment, and a read at it would be refused.
struct Performed : eventstore::Outcome {
  domain::Position reached;
};

// A JSON string: what ErrorExtra takes.
[[nodiscard]] std::string json_text(std::string_view text);

// Hands the command to the writer and waits for its durable outcome, at most kWriteDeadlineSeconds.
inline constexpr int kWriteDeadlineSeconds = 10;
[[nodiscard]] Awaitable<Performed> perform(Request const& request, Environment& environment, domain::Command command,
                                           domain::GameId game, std::string_view request_id, Payload const& payload);

// Turns an outcome into the reply. `render(body, commit)` writes the whole success body; a repeated request gets it
// under "original" of a 409 DUPLICATE_REQUEST. A refusal carries the position that it can be read at.
//
// Render refers to the caller's lambda for the length of the call; a std::function would copy what it captures to the
// heap for every request.
class Render {
 public:
  template <class Write>
  Render(Write const& write)  // NOLINT(google-explicit-constructor): a lambda is passed as it stands
      : write_(&write), call_([](void const* the_write, std::string& body, domain::Commit const& commit) {
          (*static_cast<Write const*>(the_write))(body, commit);
        }) {}
  void operator()(std::string& body, domain::Commit const& commit) const { call_(write_, body, commit); }

 private:
  void const* write_;
  void (*call_)(void const*, std::string&, domain::Commit const&);
};
[[nodiscard]] Response write_response(Request const& request, Performed const& outcome, Render const& render,
                                      int success_status = 200);

// The write was decided and left everything as it is (Rejection::nothing_new): nothing was written.
[[nodiscard]] bool changed_nothing(Performed const& outcome);

// A reply of a route's own about an outcome, with the position that it can be read at.
[[nodiscard]] Response with_position(Response response, Performed const& outcome);

// Florin-Min-Position; zero when absent or "0". 400 INVALID_REQUEST when it is not a number, and 503 VIEW_BEHIND at
// once for a position that is not durable yet: no reply gave it, so nobody waits for it.
[[nodiscard]] Result<domain::Position, Response> read_min_position(Request const& request, Services& services);
// The balance view is never behind what is durable, so there is nothing to wait for: 503 VIEW_BEHIND or nothing.
[[nodiscard]] std::optional<Response> check_balances(Request const& request, Services& services);
// Waits for a view on disk without holding a thread. With a wanted position: until there, or false after kViewWaitMs,
// and when Runner::kWaitersMax wait already. Without one: a view that is nearly there gets kViewGraceMs to show what
// was durable when the request came, so that a caller who writes and then reads sees the write; either way true.
[[nodiscard]] Awaitable<bool> reach_view(Services& services, Request const& request, std::string_view name,
                                         domain::Position wanted);
inline constexpr int kViewWaitMs = 2'000;
inline constexpr int kViewGraceMs = 100;
inline constexpr std::uint64_t kNearlyThere = 1'000;  // events: a few ms of work
[[nodiscard]] Response view_behind(Request const& request);
[[nodiscard]] Response view_unavailable(Request const& request, eventstore::Fault const& fault);

struct Paging {
  std::size_t limit = 20;
  std::optional<std::uint64_t> cursor;
};
// limit 1–100, cursor as a former reply gave it; 400 INVALID_REQUEST.
[[nodiscard]] Result<Paging, Response> read_paging(Request const& request);
void write_pagination(JsonWriter& json, std::size_t limit, std::optional<std::uint64_t> next);

// The game's currency by id; its name is "" for an id that is not the game's.
[[nodiscard]] std::string_view currency_name(domain::Game const& game, domain::CurrencyId currency);
// What it was called when the commit that begins at `moment` was decided: for the reply to a write, which a repeated
// request gets again whatever was renamed since.
[[nodiscard]] std::string currency_name_at(Environment& environment, domain::GameId game, domain::CurrencyId currency,
                                           domain::Position moment);
// Personal text for a reply; "" when there is none or its person was erased.
[[nodiscard]] std::string reveal(Environment& environment, domain::IdentityId identity, eventstore::Field field,
                                 domain::PersonalText const& text);

// The event of type E in the commit. A commit that lacks it is not the one that the route asked for: aborts.
template <class E>
[[nodiscard]] E const& event_of(domain::Commit const& commit) {
  for (auto const& event : commit.events) {
    if (auto const* found = std::get_if<E>(&event)) return *found;
  }
  std::abort();
}

}  // namespace florin::api
