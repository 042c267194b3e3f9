// CONTRACT, Transfers and sends: status, available-destinations. Guardian approval: approval-status.
#include "api/game_json.h"
#include "api/routes/body_fields.h"
#include "api/routes/routes.h"
#include "api/routes/transfer_replies.h"

namespace florin::api {
namespace {

using domain::Flavour;

std::string_view verification_state(TransferDetails const& transfer) {
  if (transfer.open) return transfer.open->stage == domain::TransferStage::claim ? "approved" : "awaiting";
  auto const status = status_of(transfer);
  if (status == "completed" || status == "expired") return status;
  return transfer.record && transfer.record->end ? "failed" : "awaiting";
}

void write_status(std::string& out, Services& services, eventstore::GameDirectory const& games,
                  FlavourWords const& words, domain::GameId caller, TransferDetails const& transfer) {
  auto const& e = transfer.initiated;
  auto const* source = games.find(transfer.source);
  auto const* target = games.find(e.target);
  auto const ended = !transfer.open && transfer.record && transfer.record->end;
  auto const claim_expires = transfer.open
                                 ? transfer.open->claim_expires_at
                                 : (transfer.record ? transfer.record->claim_expires_at : domain::Timestamp{});
  auto json = begin_success(out);
  json.string("transaction_id", domain::format_transaction_id(transfer.commit.first));
  json.string("order_id", domain::format_order_id(domain::OrderId(transfer.commit.first)));
  json.string("transaction_type", domain::flavour_name(words.flavour));
  bool const is_source = caller == transfer.source;
  json.string("transaction_status", status_for(is_source, transfer));
  json.string("verification_state", verification_state(transfer));
  json.amount("amount", e.amount);
  json.amount("net_amount", e.amount - e.fees.total());
  json.amount("fee_amount", e.fees.total());
  json.time("created_at", transfer.commit.at);
  bool const completed = ended && *transfer.record->end == domain::TransferEnd::completed;
  json.time_or_null("completed_at", completed ? transfer.record->ended_at : domain::Timestamp{});
  json.integer("currency_id", e.currency.value());
  json.string("currency_name", source != nullptr ? currency_name(*source, e.currency) : std::string_view());
  bool const reached = is_source || (transfer.record && transfer.record->reason == domain::ReturnReason::claim_expired);
  json.text_or_null("failure_reason",
                    ended && !completed && reached ? domain::reason_name(transfer.record->reason) : "");
  json.string(words.source_game_id, std::to_string(transfer.source.value()));
  json.string(words.source_game_name, source != nullptr ? std::string_view(source->settings.name) : "");
  json.string(words.target_game_id, std::to_string(e.target.value()));
  json.string(words.target_game_name, target != nullptr ? std::string_view(target->settings.name) : "");
  bool const waits = is_source && transfer.open && transfer.open->stage == domain::TransferStage::claim;
  json.text_or_null("claim_code", waits ? services.ledger.codes.claim_code(transfer.initiated.transaction) : "");
  json.time_or_null("claim_code_expires_at", claim_expires);
  json.end_object();
}

Response approval_response(Services& services, Request const& request, TransferDetails const& transfer) {
  auto const reason = transfer.record ? std::optional(transfer.record->reason) : std::nullopt;
  bool const returned = !transfer.open && transfer.record && transfer.record->end &&
                        *transfer.record->end != domain::TransferEnd::completed;
  auto const approval_id = services.ledger.codes.approval_id(transfer.commit.first);
  if (returned &&
      (reason == domain::ReturnReason::guardian_rejected || reason == domain::ReturnReason::guardian_expired)) {
    bool const rejected = reason == domain::ReturnReason::guardian_rejected;
    return error_response(request, 410, rejected ? "GUARDIAN_REJECTED" : "GUARDIAN_EXPIRED",
                          rejected ? "The guardian said no; the amount is back."
                                   : "The guardian did not answer in time; the amount is back.",
                          {{"state", rejected ? "\"rejected\"" : "\"expired\""},
                           {"approval_id", "\"" + approval_id + "\""},
                           {"transaction_id", "\"" + domain::format_transaction_id(transfer.commit.first) + "\""}});
  }
  auto const guardian = transfer.open ? transfer.open->guardian
                                      : (transfer.record ? transfer.record->guardian : domain::GuardianState::pending);
  if (returned && guardian == domain::GuardianState::pending) {
    // Cancelled while the guardian was thinking.
    return error_response(request, 410, "TRANSACTION_CLOSED", "The transaction was cancelled; the amount is back.",
                          {{"state", "\"cancelled\""},
                           {"approval_id", "\"" + approval_id + "\""},
                           {"transaction_id", "\"" + domain::format_transaction_id(transfer.commit.first) + "\""}});
  }
  Response response;
  auto json = begin_success(response.body);
  json.string("transaction_id", domain::format_transaction_id(transfer.commit.first));
  json.string("approval_id", approval_id);
  json.string("state", guardian == domain::GuardianState::pending ? "pending" : "approved");
  json.time("expires_at", transfer.initiated.guardian_expires_at);
  json.string("transaction_status", status_of(transfer));
  json.end_object();
  return response;
}

Awaitable<Response> status(Call call, FlavourWords const& words) {
  auto const& [services, request, path, caller] = call;
  if (auto behind = check_balances(request, services)) co_return std::move(*behind);
  auto const transaction = domain::parse_transfer_id(path.values[0]);
  if (!transaction) co_return transaction_not_found(request);
  auto const game = caller->id;
  auto const position = services.ledger.state.position();
  auto const transfer = co_await load_transfer(call.reader(), game, words.flavour, *transaction);
  if (!transfer) co_return unread_response(request, transfer.error());
  if (!transfer.value()) co_return transaction_not_found(request);
  Response response;
  write_status(response.body, services, *caller.directory, words, game, *transfer.value());
  response.position = position.value();
  co_return response;
}

// Only for transactions that a guardian is or was asked about, and only in the game that initiated them.
Awaitable<Response> approval(Call call) {
  auto const& [services, request, path, caller] = call;
  if (auto behind = check_balances(request, services)) co_return std::move(*behind);
  auto const transaction = domain::parse_transfer_id(path.values[0]);
  if (!transaction) co_return transaction_not_found(request);
  auto const game = caller->id;
  auto const transfer = co_await load_transfer(call.reader(), game, std::nullopt, *transaction);
  if (!transfer) co_return unread_response(request, transfer.error());
  auto const& found = transfer.value();
  if (!found || found->source != game || !found->initiated.guardian) co_return transaction_not_found(request);
  co_return approval_response(services, request, *found);
}

Awaitable<Response> destinations(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const& game = *caller;
  auto const* source = &game.currencies.front();
  if (!request.body.empty()) {
    auto body = JsonBody::parse(request);
    auto const asked = optional_game_id(body, "source_game_id");
    auto const currency = optional_id(body, "currency_id");
    if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
    if (asked && *asked != game.id) {
      co_return rejection_response(request, domain::RejectionCode::game_not_found);
    }
    if (currency) source = game.find_currency(domain::CurrencyId(static_cast<std::uint64_t>(*currency)));
    if (source == nullptr) co_return rejection_response(request, domain::RejectionCode::currency_not_found);
  }
  auto const& settings = game.settings;
  Response response;
  response.position = services.ledger.state.position().value();
  auto json = begin_success(response.body);
  json.string("source_game_name", settings.name);
  json.string("universal_transfers", settings.universal_transfers ? "yes" : "no");
  json.string("transfer_mode", domain::policy_name(settings.universal_transfers));
  json.begin_array("available_games");
  std::uint64_t total = 0;
  for (auto const& target : caller.directory->games()) {
    if (target.id == game.id || domain::check_policy(game, target)) continue;
    auto const& currency = target.currencies.front();
    auto const range = domain::transfer_range(*source, currency);
    if (range.is_empty()) continue;
    ++total;
    json.begin_object();
    json.string("game_id", std::to_string(target.id.value()));
    json.string("game_name", target.settings.name);
    json.string("developer_name", target.settings.developer_name);
    json.string("genre", target.settings.genre);
    json.string("game_icon", target.settings.icon_url);
    json.string("currency_name", currency.name);
    json.string("currency_symbol", currency.symbol);
    write_transfer_range(json, range);
    json.end_object();
  }
  json.end_array();
  json.integer("total_destinations", total);
  json.end_object();
  co_return response;
}

}  // namespace

std::span<Route const> transfer_status_routes() {
  using domain::LimitKind;
  static constexpr Route kRows[] = {
      row(Method::get, "/api/transfers/{transaction_id}/status", "getTransferStatus", Who::game,
          with<Flavour::transfer, status>, {.min_position = true}),
      row(Method::get, "/api/currency-sends/{transaction_id}/status", "getSendStatus", Who::game,
          with<Flavour::send, status>, {.min_position = true}),
      row(Method::get, "/api/transactions/{transaction_id}/approval-status", "getApprovalStatus", Who::game, approval,
          {.min_position = true}),
      row(Method::post, "/api/transfers/available-destinations", "listTransferDestinations", Who::game, destinations,
          {.body = Body::optional_json, .limits = {{{LimitKind::destinations_per_ip_minute, Subject::address}}}}),
      row(Method::post, "/api/currency-sends/available-destinations", "listSendDestinations", Who::game, destinations,
          {.body = Body::optional_json, .limits = {{{LimitKind::destinations_per_ip_minute, Subject::address}}}}),
  };
  return kRows;
}

}  // namespace florin::api
