#include "api/routes/replies.h"

#include <chrono>
#include <map>
#include <mutex>

#include <spdlog/spdlog.h>

#include "api/routes/headers.h"
#include "domain/events.h"
#include "eventstore/runtime/runtime.h"

namespace florin::api {

namespace {

// The order that the commit made, or that it is about; zero when it has none to do with.
domain::OrderId order_of(domain::Commit const& commit) {
  domain::OrderId order;
  domain::OrderId const own(commit.first);
  for (auto const& event : commit.events) {
    std::visit(domain::Overloaded{
                   [](domain::GameEvent auto const&) {},
                   [](domain::KeyEvent auto const&) {},
                   [](domain::PersonEvent auto const&) {},
                   [](domain::StartingBalanceGranted const&) {},
                   [&](domain::WalletEvent auto const&) { order = own; },
                   [&](domain::ItemPurchased const&) { order = own; },
                   [&](domain::ItemRefunded const& refund) { order = refund.order; },
                   [&](domain::TransferEvent auto const& e) { order = domain::OrderId(e.transaction.position()); },
                   [](domain::PhoneShareEvent auto const&) {},
                   [](domain::TextEvent auto const&) {},
                   [](domain::CheckoutOpened const&) {},
                   [&](domain::CardOrderEvent auto const& e) { order = e.order; },
                   [&](domain::RefundEvent auto const& e) { order = e.order; },
                   [](domain::PayoutEvent auto const&) {},
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

Response unavailable(Request const& request, Unavailable reason) {
  switch (reason) {
    case Unavailable::busy: return server_busy(request);
    case Unavailable::stopped:
      return error_response(request, 503, "STORE_UNAVAILABLE",
                            "The ledger is not accepting writes; nothing was done. Reads go on.", {}, 5);
    case Unavailable::outcome_unknown:
      return error_response(request, 503, "OUTCOME_UNKNOWN",
                            "It is not known yet whether this was done: ask again with the same client_request_id.", {},
                            5);
  }
  std::abort();
}

// One line a fault and minute, however many requests meet it.
void log_once(eventstore::Fault const& fault) {
  constexpr std::size_t kKnownMax = 64;
  static std::mutex mutex;
  static std::map<std::string, eventstore::SteadyTime> known;
  auto const now = eventstore::machine().now();
  std::lock_guard const lock(mutex);
  std::erase_if(known, [&](auto const& one) { return now - one.second > std::chrono::minutes(1); });
  if (known.size() >= kKnownMax || !known.emplace(fault.what, now).second) return;
  spdlog::error("{}", fault.what);
}

Response damaged(Request const& request, eventstore::Fault const& fault) {
  log_once(fault);
  return error_response(request, 503, "STORE_UNAVAILABLE",
                        "What the ledger stored about this cannot be read; nothing was done. The operator has to "
                        "restore it; other requests go on.",
                        {}, 5);
}

Response wrong_cursor(Request const& request) {
  return invalid_field(request, "cursor", "cursor is the next_cursor of an earlier page of the same list.");
}

}  // namespace

JsonWriter begin_success(std::string& body) {
  JsonWriter json(body);
  json.begin_object();
  json.string("status", "success");
  return json;
}

Response invalid_field(Request const& request, std::string_view field, std::string_view message) {
  return error_response(request, 400, "INVALID_REQUEST", message, {{"field", json_text(field)}});
}

Response server_busy(Request const& request) {
  return error_response(request, 503, "SERVER_BUSY", "Too many requests are waiting; nothing was done. Retry shortly.",
                        {}, 1);
}

Response write_response(Request const& request, Performed const& outcome, Render const& render, int success_status) {
  return std::visit(domain::Overloaded{
                        [&](Committed const& done) {
                          Response response;
                          response.status = success_status;
                          response.position = done.commit->last().value();
                          render(response.body, *done.commit);
                          return response;
                        },
                        [&](Repeated const& repeated) {
                          auto response = duplicate(request, *repeated.original, render);
                          response.position = repeated.original->last().value();
                          return response;
                        },
                        [&](eventstore::Reused const&) {
                          return error_response(
                              request, 422, "CLIENT_REQUEST_ID_REUSED",
                              "This client_request_id was already used for a different request; use a new one.");
                        },
                        [&](domain::Rejection const& rejection) {
                          auto response = rejection_response(request, rejection);
                          response.position = outcome.reached.value();
                          return response;
                        },
                        [&](Unavailable reason) { return unavailable(request, reason); },
                        [&](eventstore::Fault const& fault) { return damaged(request, fault); },
                    },
                    outcome);
}

Response with_position(Response response, Performed const& outcome) {
  auto const* done = std::get_if<Committed>(&outcome);
  response.position = done != nullptr ? done->commit->last().value() : outcome.reached.value();
  return response;
}

Result<domain::Position, Response> read_min_position(Request const& request, Services& services) {
  auto const asked = request.own[kMinPosition];
  if (asked.data() == nullptr || asked == "0") return domain::Position{};
  auto const value = domain::parse_number(asked);
  if (!value) {
    return fail(invalid_field(request, "Florin-Min-Position",
                              "Florin-Min-Position is a position that an earlier reply gave in Florin-Position."));
  }
  domain::Position const wanted(*value);
  if (wanted > services.ledger.state.position()) return fail(view_behind(request));
  return wanted;
}

std::optional<Response> check_balances(Request const& request, Services& services) {
  auto wanted = read_min_position(request, services);
  if (!wanted) return std::move(wanted).error();
  return std::nullopt;
}

Response view_behind(Request const& request) {
  return error_response(request, 503, "VIEW_BEHIND",
                        "This view has not reached the position asked for in Florin-Min-Position yet; retry.", {}, 1);
}

Response view_unavailable(Request const& request, eventstore::Fault const& fault) {
  // A view that is not there is no news of this request: the environment tells of it once, when it begins and when it
  // ends.
  if (fault.kind != eventstore::Fault::Kind::missing) log_once(fault);
  return error_response(request, 503, "VIEW_UNAVAILABLE", "This view is being rebuilt or cannot be read; retry.", {},
                        5);
}

std::optional<Response> response_to(Request const& request, std::exception const& thrown) {
  auto const* unreadable = dynamic_cast<Unreadable const*>(&thrown);
  if (unreadable == nullptr) return std::nullopt;
  if (request.method == Method::get) {
    return view_unavailable(request, unreadable->fault());
  }
  log_once(unreadable->fault());
  return unavailable(request, Unavailable::outcome_unknown);
}

Response page_unavailable(Request const& request, eventstore::Fault const& fault) {
  return fault.kind == eventstore::Fault::Kind::missing ? wrong_cursor(request) : view_unavailable(request, fault);
}

Response unread_response(Request const& request, Unread const& unread) {
  switch (unread.why) {
    case Unread::Why::busy: return server_busy(request);
    case Unread::Why::behind: return view_behind(request);
    case Unread::Why::fault: return view_unavailable(request, unread.fault);
  }
  std::abort();
}

Result<Paging, Response> read_paging(Request const& request) {
  Paging paging;
  if (auto const limit = request.query_value("limit")) {
    auto const value = domain::parse_number(*limit);
    if (!value || *value > 100) {
      return fail(invalid_field(request, "limit", "limit is a number from 1 to 100."));
    }
    paging.limit = *value;
  }
  if (auto const cursor = request.query_value("cursor")) {
    paging.cursor = domain::parse_number(*cursor);
    if (!paging.cursor) {
      return fail(wrong_cursor(request));
    }
  }
  return paging;
}

void write_pagination(JsonWriter& json, std::size_t limit, std::optional<std::uint64_t> next) {
  json.begin_object("pagination");
  json.integer("limit", std::uint64_t{limit});
  json.boolean("has_more", next.has_value());
  json.text_or_null("next_cursor", next ? std::to_string(*next) : "");
  json.end_object();
}

std::string_view currency_name(domain::Game const& game, domain::CurrencyId currency) {
  auto const* found = game.find_currency(currency);
  return found != nullptr ? std::string_view(found->name) : std::string_view();
}

std::string currency_name_at(Ledger const& ledger, domain::GameId game, domain::CurrencyId currency,
                             domain::Position moment) {
  return std::string(ledger.state.games()->currency_name_at(game, currency, moment));
}

}  // namespace florin::api
