#include "api/routes/exchange.h"

#include <chrono>
#include <cstring>
#include <map>
#include <mutex>

#include <spdlog/spdlog.h>

#include "api/http/completion.h"
#include "api/http/forwarded.h"
#include "api/routes/identifiers.h"
#include "domain/contract.h"

namespace florin::api {
namespace {

using eventstore::Outcome;

class WriterReply final : public eventstore::Reply {
 public:
  explicit WriterReply(Completer<Outcome> completer) : completer_(std::move(completer)) {}
  void complete(Outcome outcome) override { completer_.complete(std::move(outcome)); }

 private:
  Completer<Outcome> completer_;
};

class ViewReply final : public projections::ViewWaiter {
 public:
  explicit ViewReply(Completer<bool> completer) : completer_(std::move(completer)) {}
  void tell(bool reached) override { completer_.complete(reached); }

 private:
  Completer<bool> completer_;
};

Awaitable<bool> reach(Services& services, Request const& request, std::string_view name, domain::Position wanted,
                      int timeout_ms) {
  auto& views = services.environment.views();
  if (views.position(name) >= wanted) co_return true;
  Completion<bool> reached(*request.inbox);
  auto waiter = std::make_unique<ViewReply>(reached.completer());
  if (!views.when_reached(name, wanted, timeout_ms, std::move(waiter))) co_return false;
  auto const told = co_await reached.wait_ms(timeout_ms);
  co_return told.value_or(false);
}

// The order that the commit made, or that it is about; zero when it has none to do with.
domain::Position order_of(domain::Commit const& commit) {
  domain::Position order;
  for (auto const& event : commit.events) {
    std::visit(domain::Overloaded{
                   [](domain::GameCreated const&) {},
                   [](domain::GameUpdated const&) {},
                   [](domain::CurrencyAdded const&) {},
                   [](domain::CurrencyChanged const&) {},
                   [](domain::SdkKeyRotated const&) {},
                   [](domain::IdentityRegistered const&) {},
                   [](domain::PlayerJoined const&) {},
                   [](domain::PlayerRenamed const&) {},
                   [](domain::StartingBalanceGranted const&) {},
                   [&](domain::BalanceCredited const&) { order = commit.first; },
                   [&](domain::BalanceDebited const&) { order = commit.first; },
                   [&](domain::ItemPurchased const&) { order = commit.first; },
                   [&](domain::ItemRefunded const& refund) { order = refund.order; },
                   [](domain::PhoneRecorded const&) {},
                   [](domain::PhoneVerified const&) {},
                   [](domain::MinorFlagged const&) {},
                   [](domain::MinorCleared const&) {},
                   [&](domain::TransferInitiated const& e) { order = e.transaction; },
                   [&](domain::PinReissued const& e) { order = e.transaction; },
                   [&](domain::PinRejected const& e) { order = e.transaction; },
                   [&](domain::PinVerified const& e) { order = e.transaction; },
                   [&](domain::GuardianApproved const& e) { order = e.transaction; },
                   [&](domain::TransferClaimed const& e) { order = e.transaction; },
                   [&](domain::TransferReturned const& e) { order = e.transaction; },
                   [](domain::PhoneShareRequested const&) {},
                   [](domain::ShareCodeRejected const&) {},
                   [](domain::PhoneShareEnded const&) {},
                   [](domain::ReplyReceived const&) {},
                   [](domain::TextSettled const&) {},
                   [](domain::CheckoutOpened const&) {},
                   [&](domain::CurrencyOrdered const& e) { order = e.order; },
                   [&](domain::PaymentOpened const& e) { order = e.order; },
                   [&](domain::PaymentChallenged const& e) { order = e.order; },
                   [&](domain::CurrencyPurchased const& e) { order = e.order; },
                   [&](domain::PaymentFailed const& e) { order = e.order; },
                   [&](domain::RefundRequested const& e) { order = e.order; },
                   [&](domain::RefundSettled const& e) { order = e.order; },
                   [&](domain::DisputeOpened const& e) { order = e.order; },
                   [&](domain::DisputeClosed const& e) { order = e.order; },
                   [](domain::PayoutRequested const&) {},
                   [](domain::PayoutAdvanced const&) {},
                   [&](domain::DisputeMoved const& e) { order = e.order; },
                   [](domain::PayoutFileWritten const&) {},
                   [](domain::PayoutAccountCorrected const&) {},
               },
               event);
  }
  return order;
}

// The `status` that the original reply had: a minor's initiation waits for the guardian.
std::string_view status_of_original(domain::Commit const& commit) {
  for (auto const& event : commit.events) {
    auto const* initiated = std::get_if<domain::TransferInitiated>(&event);
    if (initiated != nullptr && initiated->guardian) return "pending_guardian_approval";
  }
  return "success";
}

Response duplicate(Request const& request, domain::Commit const& original, Render const& render) {
  std::string body;
  render(body, original);
  std::vector<ErrorExtra> extras{{"transaction_id", json_text(domain::format_transaction_id(original.first))}};
  if (auto const order = order_of(original)) {
    extras.push_back({"order_id", json_text(domain::format_order_id(order))});
  }
  extras.push_back({"original_status", json_text(status_of_original(original))});
  extras.push_back({"original", std::move(body)});
  return error_response(request, 409, "DUPLICATE_REQUEST",
                        "This client_request_id was already used for the same request; its result is under original.",
                        extras);
}

Response unavailable(Request const& request, eventstore::Unavailable reason) {
  switch (reason) {
    case eventstore::Unavailable::busy: return server_busy(request);
    case eventstore::Unavailable::stopped:
      return error_response(request, 503, "STORE_UNAVAILABLE",
                            "The ledger is not accepting writes; nothing was done. Reads go on.", {}, 5);
    case eventstore::Unavailable::outcome_unknown:
      return error_response(request, 503, "OUTCOME_UNKNOWN",
                            "It is not known yet whether this was done: ask again with the same client_request_id.", {},
                            5);
  }
  std::abort();
}

}  // namespace

std::string json_text(std::string_view text) {
  std::string out = "\"";
  append_json_escaped(out, text);
  out.push_back('"');
  return out;
}

Response server_busy(Request const& request) {
  return error_response(request, 503, "SERVER_BUSY", "Too many requests are waiting; nothing was done. Retry shortly.",
                        {}, 1);
}

std::optional<Response> refuse_over_limit(Request const& request, Services& services, domain::Game const& game,
                                          domain::LimitKind kind, std::uint64_t subject) {
  auto const wait = services.limits.take(game, kind, subject, services.environment.clock().read().steady);
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

Result<Email, Response> read_email(Request const& request, Environment& environment, std::string_view raw,
                                   std::string_view field) {
  auto email = environment.mailboxes().find(raw);
  if (email) return std::move(email).value();
  return fail(error_response(
      request, 400, "INVALID_EMAIL",
      std::string(field) + " is not an e-mail address like player@example.com: " + std::string(email.error()) + ".",
      {{"field", json_text(field)}}));
}

std::string first_spelling(Environment& environment, Email const& email) {
  auto const& balances = environment.balances();
  auto const identity = balances.read([&](domain::State const& state) { return state.find_identity(email.index); });
  auto const sealed = identity ? balances.email_of(*identity) : std::nullopt;
  auto first = sealed ? reveal(environment, *identity, eventstore::Field::email, *sealed) : std::string();
  return first.empty() ? email.written : first;
}

std::string shown_email(Environment& environment, domain::GameId game, Email const& email) {
  bool const own = environment.balances().read([&](domain::State const& state) {
    auto const identity = state.find_identity(email.index);
    return identity && state.find_player(game, *identity);
  });
  return own ? first_spelling(environment, email) : email.written;
}

Payload& Payload::add(std::string_view field) {
  add(field.size());
  bytes_.append(field);
  return *this;
}

Payload& Payload::add(std::uint64_t field) {
  bytes_.append(reinterpret_cast<char const*>(&field), sizeof field);
  return *this;
}

std::string_view read_request_id(JsonBody& body) {
  auto const id = body.required_string("client_request_id", 255);
  if (check_request_id(id) == RequestIdProblem::reserved) {
    body.fail("client_request_id", "The prefix sub_ is reserved; use another client_request_id.",
              "CLIENT_REQUEST_ID_RESERVED");
  }
  return id;
}

Result<PlayerFields, Response> read_player(Request const& request, Environment& environment, domain::Game const& game,
                                           JsonBody& body) {
  auto const raw_email = read_email_text(body, "player_email");
  auto const name = body.optional_string("player_name", 255);
  if (auto const* wrong = body.error()) return fail(body_error_response(request, *wrong));
  auto email = read_email(request, environment, raw_email, "player_email");
  if (!email) return fail(std::move(email).error());
  PlayerFields player{std::move(email).value(), std::string(name.value_or("")), {}};
  player.ref = player_ref(environment, game.id, player.email, player.name);
  return player;
}

domain::PlayerRef player_ref(Environment& environment, domain::GameId game, Email const& email, std::string_view name) {
  domain::PlayerRef ref;
  ref.email_index = email.index;
  ref.email = email.written;
  ref.name = name;
  if (!name.empty()) {
    ref.name_tag = environment.vault().name_tag(name);
    ref.renamed = environment.balances().name_differs(game, email.index, ref.name_tag);
  }
  return ref;
}

bool is_phone(std::string_view text) {
  if (text.size() < 11 || text.size() > 16 || text.front() != '+') return false;
  return std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view read_email_text(JsonBody& body, std::string_view field) {
  auto const email = body.optional_string(field, 320);
  if (!email) body.fail(field, std::string(field) + " is required.");
  return email.value_or(std::string_view());
}

std::string_view read_phone(JsonBody& body, std::string_view field) {
  auto const phone = body.optional_string(field, 64);
  if (!phone) {
    body.fail(field, std::string(field) + " is required.");
  } else if (!is_phone(*phone)) {
    body.fail(field, std::string(field) + " is not + and 10 to 15 digits, like +12025550123.", "INVALID_PHONE");
  }
  return phone.value_or(std::string_view());
}

Awaitable<Performed> perform(Request const& request, Environment& environment, domain::Command command,
                             domain::GameId game, std::string_view request_id, Payload const& payload) {
  Completion<Outcome> outcome(*request.inbox);
  environment.writer().submit(
      {std::move(command),
       domain::Request{game, std::string(request_id), environment.vault().fingerprint(payload.bytes())},
       std::make_unique<WriterReply>(outcome.completer())});
  auto result = co_await outcome.wait(kWriteDeadlineSeconds);
  auto const reached = environment.balances().position();
  if (!result) co_return Performed{eventstore::Unavailable::outcome_unknown, reached};
  co_return Performed{std::move(*result), reached};
}

Response write_response(Request const& request, Performed const& outcome, Render const& render, int success_status) {
  return std::visit(domain::Overloaded{
                        [&](eventstore::Committed const& done) {
                          Response response;
                          response.status = success_status;
                          response.position = done.commit->last().value();
                          render(response.body, *done.commit);
                          return response;
                        },
                        [&](eventstore::Repeated const& repeated) {
                          auto response = duplicate(request, *repeated.original, render);
                          response.position = repeated.original->last().value();
                          return response;
                        },
                        [&](eventstore::Reused const&) {
                          return error_response(
                              request, 422, "CLIENT_REQUEST_ID_REUSED",
                              "This client_request_id was already used for a different request; use a new one.");
                        },
                        [&](domain::Refusal const& refusal) {
                          auto response = refusal_response(request, refusal);
                          response.position = outcome.reached.value();
                          return response;
                        },
                        [&](eventstore::Unavailable reason) { return unavailable(request, reason); },
                    },
                    outcome);
}

bool changed_nothing(Performed const& outcome) {
  auto const* refusal = std::get_if<domain::Refusal>(&outcome);
  return refusal != nullptr && refusal->reason == domain::Rejection::nothing_new;
}

Response with_position(Response response, Performed const& outcome) {
  auto const* done = std::get_if<eventstore::Committed>(&outcome);
  response.position = done != nullptr ? done->commit->last().value() : outcome.reached.value();
  return response;
}

Result<domain::Position, Response> read_min_position(Request const& request, Services& services) {
  if (!request.min_position || *request.min_position == "0") return domain::Position{};
  auto const value = domain::parse_number(*request.min_position);
  if (!value) {
    return fail(error_response(request, 400, "INVALID_REQUEST",
                               "Florin-Min-Position is a position that an earlier reply gave in Florin-Position.",
                               {{"field", "\"Florin-Min-Position\""}}));
  }
  domain::Position const wanted(*value);
  if (wanted > services.environment.writer().durable()) return fail(view_behind(request));
  return wanted;
}

std::optional<Response> check_balances(Request const& request, Services& services) {
  auto wanted = read_min_position(request, services);
  if (!wanted) return std::move(wanted).error();
  if (wanted.value() > services.environment.balances().position()) return view_behind(request);
  return std::nullopt;
}

Awaitable<bool> reach_view(Services& services, Request const& request, std::string_view name, domain::Position wanted) {
  if (wanted) {
    bool const reached = co_await reach(services, request, name, wanted, kViewWaitMs);
    co_return reached;
  }
  auto const durable = services.environment.writer().durable();
  auto const there = services.environment.views().position(name);
  if (there < durable && durable.value() - there.value() <= kNearlyThere) {
    (void)co_await reach(services, request, name, durable, kViewGraceMs);
  }
  co_return true;
}

Response view_behind(Request const& request) {
  return error_response(request, 503, "VIEW_BEHIND",
                        "This view has not reached the position asked for in Florin-Min-Position yet; retry.", {}, 1);
}

namespace {

// One line a fault and minute, however many requests meet it.
void log_once(eventstore::Fault const& fault) {
  using Clock = std::chrono::steady_clock;
  constexpr std::size_t kKnownMax = 64;
  static std::mutex mutex;
  static std::map<std::string, Clock::time_point> known;
  auto const now = Clock::now();
  std::lock_guard const lock(mutex);
  std::erase_if(known, [&](auto const& one) { return now - one.second > std::chrono::minutes(1); });
  if (known.size() >= kKnownMax || !known.emplace(fault.what, now).second) return;
  spdlog::error("{}", fault.what);
}

}  // namespace

Response view_unavailable(Request const& request, eventstore::Fault const& fault) {
  // A view that is not there is no news of this request: the environment tells of it once, when it begins and when it
  // ends.
  if (fault.kind != eventstore::Fault::Kind::missing) log_once(fault);
  return error_response(request, 503, "VIEW_UNAVAILABLE", "This view is being rebuilt or cannot be read; retry.", {},
                        5);
}

Result<Paging, Response> read_paging(Request const& request) {
  Paging paging;
  if (auto const limit = request.query_value("limit")) {
    auto const value = domain::parse_number(*limit);
    if (!value || *value > 100) {
      return fail(error_response(request, 400, "INVALID_REQUEST", "limit is a number from 1 to 100.",
                                 {{"field", "\"limit\""}}));
    }
    paging.limit = *value;
  }
  if (auto const cursor = request.query_value("cursor")) {
    paging.cursor = domain::parse_number(*cursor);
    if (!paging.cursor) {
      return fail(error_response(request, 400, "INVALID_REQUEST",
                                 "cursor is the next_cursor of an earlier page of the same list.",
                                 {{"field", "\"cursor\""}}));
    }
  }
  return paging;
}

void write_pagination(JsonWriter& json, std::size_t limit, std::optional<std::uint64_t> next) {
  json.begin_object("pagination");
  json.integer("limit", std::uint64_t{limit});
  json.boolean("has_more", next.has_value());
  if (next) {
    json.string("next_cursor", std::to_string(*next));
  } else {
    json.null("next_cursor");
  }
  json.end_object();
}

std::string_view currency_name(domain::Game const& game, domain::CurrencyId currency) {
  auto const* found = game.find_currency(currency);
  return found != nullptr ? std::string_view(found->name) : std::string_view();
}

std::string currency_name_at(Environment& environment, domain::GameId game, domain::CurrencyId currency,
                             domain::Position moment) {
  return std::string(environment.balances().games()->currency_name_at(game, currency, moment));
}

std::string reveal(Environment& environment, domain::IdentityId identity, eventstore::Field field,
                   domain::PersonalText const& text) {
  auto clear = environment.vault().open(identity, field, text);
  if (clear) return std::move(clear).value();
  if (clear.error().kind != eventstore::Fault::Kind::missing) spdlog::error("vault: {}", clear.error().what);
  return {};
}

}  // namespace florin::api
