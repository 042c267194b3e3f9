// CONTRACT, Transfers and sends: initiate, verify, resend, cancel, claim. One handler each for both flavours.
#include "api/routes/body_fields.h"
#include "api/routes/phone_share.h"
#include "api/routes/routes.h"
#include "api/routes/transfer_replies.h"

namespace florin::api {
namespace {

using domain::Flavour;
using domain::LimitKind;
using domain::RejectionCode;

Response sms_unavailable(Request const& request, Ledger const& ledger) {
  return error_response(request, 503, "SMS_UNAVAILABLE",
                        "Texts cannot be sent at the moment; nothing was initiated. Retry later.", {},
                        static_cast<int>(ledger.texts.retry_after_seconds()));
}

// A transaction that is not open: what became of it decides what the call is told.
Response closed_response(Request const& request, TransferDetails const& transfer) {
  using domain::ReturnReason;
  auto const reason = transfer.record ? transfer.record->reason : ReturnReason::cancelled;
  auto const status = status_of(transfer);
  std::vector<ErrorExtra> extras{{"transaction_status", "\"" + std::string(status) + "\""}};
  if (status == "completed") {
    return error_response(request, 409, "TRANSACTION_COMPLETED", "The transaction is complete. Nothing was changed.",
                          extras);
  }
  extras.push_back({"failure_reason", "\"" + std::string(domain::reason_name(reason)) + "\""});
  if (reason == ReturnReason::wrong_pins) {
    return error_response(request, 400, "PIN_ATTEMPTS_EXCEEDED",
                          "Too many wrong PINs: the transaction has failed and the amount is back. Initiate again.",
                          extras);
  }
  if (reason == ReturnReason::pin_expired) {
    return error_response(request, 400, "PIN_EXPIRED", "The PIN has expired and the amount is back. Initiate again.",
                          extras, 0, "pin_expired");
  }
  return error_response(request, 409, "TRANSACTION_CLOSED",
                        "The transaction has ended and the amount is back with the sender. Initiate again.", extras);
}

// A call about a transaction that the ledger does not know as open.
Awaitable<Response> not_open(Call const& call, Flavour flavour, domain::TransferId transaction) {
  auto const game = call.caller->id;
  auto const transfer = co_await load_transfer(call.reader(), game, flavour, transaction);
  if (!transfer) co_return unread_response(call.request, transfer.error());
  bool const ours = transfer.value() && transfer.value()->source == game;
  co_return ours ? closed_response(call.request, *transfer.value()) : transaction_not_found(call.request);
}

std::uint64_t player_subject(domain::PlayerId player) { return player.value() << 1 | 1; }

Response wrong_pin(Request const& request, unsigned attempts_left) {
  if (attempts_left == 0) {
    return error_response(request, 400, "PIN_ATTEMPTS_EXCEEDED",
                          "Wrong PIN, for the third time: the transaction has failed and the amount is back.",
                          {{"attempts_remaining", "0"}});
  }
  return error_response(request, 400, "INVALID_PIN", "The PIN is wrong. Check the newest text message.",
                        {{"attempts_remaining", std::to_string(attempts_left)}});
}

// "Verify while pending: 202, no attempt used" (CONTRACT, Guardian approval).
Response verification_held(Services& services, domain::OpenTransfer const& open) {
  Response response;
  response.status = 202;
  JsonWriter json(response.body);
  json.begin_object();
  json.string("status", "pending_guardian_approval");
  json.string("message", "The guardian on file has not answered yet. No PIN attempt was used; verify again later.");
  json.string("transaction_id", domain::format_transaction_id(open.transaction));
  json.string("order_id", domain::format_order_id(domain::OrderId(open.transaction.position())));
  write_guardian(json, services, open.transaction, "pending", open.guardian_expires_at);
  json.end_object();
  return response;
}

Response claim_not_found(Request const& request) {
  return error_response(request, 404, "CLAIM_NOT_FOUND",
                        "No claim waits under this code in this game. Check the code in the text message.");
}

Awaitable<Response> unclaimable(Call const& call, FlavourWords const& words, domain::TransferId transaction,
                                domain::BlindIndex const& phone) {
  auto const& request = call.request;
  auto const game = call.caller->id;
  auto const transfer = co_await load_transfer(call.reader(), game, words.flavour, transaction);
  if (!transfer) co_return unread_response(request, transfer.error());
  switch (why_unclaimable(call.services.ledger, game, transfer.value(), phone)) {
    case Unclaimable::unknown: break;
    case Unclaimable::claimed_before:
      co_return error_response(request, 409, "ALREADY_CLAIMED", "This code was used. Nothing was credited.");
    case Unclaimable::expired: co_return rejection_response(request, RejectionCode::claim_expired);
  }
  co_return claim_not_found(request);
}

// nullopt when the transfer is not open any more.
std::optional<Response> account_selection(Ledger const& ledger, domain::Game const& game,
                                          domain::TransferId transaction, domain::CurrencyId currency,
                                          std::string_view code) {
  auto const candidates = claimants(ledger, transaction, currency ? currency : game.currencies.front().currency);
  if (!candidates) return std::nullopt;
  Response response;
  JsonWriter json(response.body);
  json.begin_object();
  json.string("status", "needs_account_selection");
  json.string("message", "Several players use this phone. Claim again and name one of them; nothing was credited.");
  json.begin_array("candidates");
  for (auto const player : *candidates) {
    auto const known = ledger.state.by_id(game.id, player);
    if (!known) continue;
    json.begin_object();
    json.integer("player_id", player.value());
    json.string("email_hint", email_hint(ledger, known->identity));
    json.end_object();
  }
  json.end_array();
  json.string("claim_code", code);
  json.end_object();
  return response;
}

Awaitable<Response> initiate(Call call, FlavourWords const& words) {
  auto const& [services, request, path, caller] = call;
  auto const& game = *caller;
  auto body = JsonBody::parse(request);
  auto const request_id = read_request_id(body);
  auto const name = body.required_string(words.sender_name, 255);
  auto const sender_email = read_email_text(body, words.sender_email);
  auto const sender_phone = read_phone(body, words.sender_phone);
  auto const receiver_email = words.flavour == Flavour::send
                                  ? std::optional(read_email_text(body, words.receiver_email))
                                  : body.optional_string(words.receiver_email, 320);
  auto const receiver_phone = read_phone(body, words.receiver_phone);
  auto const target = required_game_id(body, words.target_game_field);
  auto const amount = required_amount(body, "amount");
  auto const currency = words.flavour == Flavour::transfer ? optional_id(body, "currency_id").value_or(0) : 0;
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  auto sender = read_email(request, services.ledger, sender_email, words.sender_email);
  if (!sender) co_return std::move(sender).error();
  // A transfer is to the same person, unless another e-mail of theirs is named.
  bool const named = receiver_email && (words.flavour == Flavour::send || !receiver_email->empty());
  auto receiver = read_email(request, services.ledger, named ? *receiver_email : sender_email, words.receiver_email);
  if (!receiver) co_return std::move(receiver).error();
  auto const subject = limit_subject(sender.value().index);
  for (auto const& [kind, whose] : {std::pair(LimitKind::initiations_per_player_minute, subject),
                                    std::pair(LimitKind::initiations_per_player_hour, subject),
                                    std::pair(LimitKind::initiations_per_ip_hour, client_subject(request))}) {
    if (auto limited = call.limit(kind, whose)) co_return std::move(*limited);
  }
  auto const& people = services.ledger.people;
  domain::InitiateTransfer command;
  command.flavour = words.flavour;
  command.game = game.id;
  command.sender = services.ledger.people.player(game.id, sender.value(), name);
  command.sender_phone = people.phone(sender_phone);
  command.target = target;
  command.receiver = {receiver.value().index, receiver.value().written};
  command.receiver_phone = people.phone(receiver_phone);
  command.currency = domain::CurrencyId(static_cast<std::uint64_t>(currency));
  command.amount = amount;
  command.unlimited = !services.limits.enabled();
  command.can_text = services.ledger.texts.sms_available();

  auto const payload = payload_of(command, sender.value(), receiver.value());
  auto const outcome = co_await call.execute(command, request_id, payload);
  if (auto const* rejection = std::get_if<domain::Rejection>(&outcome)) {
    if (rejection->code == RejectionCode::sms_unavailable) {
      co_return with_position(sms_unavailable(request, services.ledger), outcome);
    }
    if (rejection->code == RejectionCode::phone_share_required) {
      auto const& asked = rejection->receiver_side ? receiver.value() : sender.value();
      auto const& phone = rejection->receiver_side ? command.receiver_phone : command.sender_phone;
      domain::PersonRef const person{asked.index, shown_email(services.ledger, game.id, asked)};
      co_return co_await phone_share_required(call, phone, person);
    }
    co_return with_position(initiation_rejection(request, TransferScene{services, words}, game, target, *rejection),
                            outcome);
  }
  auto const* done = std::get_if<Committed>(&outcome);
  bool const held = done != nullptr && event_of<domain::TransferInitiated>(*done->commit).guardian;
  co_return write_response(
      request, outcome,
      [&](std::string& out, domain::Commit const& commit) {
        write_initiated(out, TransferScene{services, words}, commit, sender_phone, receiver_phone);
      },
      held ? 202 : 201);
}

Awaitable<Response> verify(Call call, FlavourWords const& words) {
  auto const& [services, request, path, caller] = call;
  auto const& game = *caller;
  auto body = JsonBody::parse(request);
  auto const transaction_text = body.required_string("transaction_id", 64);
  auto const pin = required_code(body, "sms_pin", CodeForm::six_digits);
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  if (auto limited = call.limit(LimitKind::verifications_per_ip_hour, client_subject(request)))
    co_return std::move(*limited);
  auto const transaction = domain::parse_transfer_id(transaction_text);
  if (!transaction) co_return transaction_not_found(request);
  auto const open = find_open_transfer(services.ledger, game.id, words.flavour, *transaction);
  if (!open) co_return co_await not_open(call, words.flavour, *transaction);
  if (auto limited = call.limit(LimitKind::verifications_per_player_hour, player_subject(open->sender)))
    co_return std::move(*limited);

  auto const matching = services.ledger.codes.matching_pins(*transaction, pin, domain::kPinsMax);
  domain::VerifyPin const command{game.id, words.flavour, *transaction, matching};
  auto const outcome = co_await call.execute(command, "", Payload("verify-pin"));
  if (is_rejected(outcome, RejectionCode::guardian_pending)) {
    co_return with_position(verification_held(services, *open), outcome);
  }
  if (is_rejected(outcome, RejectionCode::transfer_not_open)) {
    co_return co_await not_open(call, words.flavour, *transaction);
  }
  if (auto const* done = std::get_if<Committed>(&outcome)) {
    for (auto const& event : done->commit->events) {
      if (auto const* rejected = std::get_if<domain::PinRejected>(&event)) {
        co_return with_position(wrong_pin(request, rejected->attempts_left), outcome);
      }
    }
  }
  co_return write_response(request, outcome, [&](std::string& out, domain::Commit const& commit) {
    auto const wallet = services.ledger.state.read(
        [&](domain::State const& state) { return state.wallet(open->sender, open->currency); });
    write_verified(out, TransferScene{services, words}, *open, event_of<domain::PinVerified>(commit).claim_expires_at,
                   wallet);
  });
}

Awaitable<Response> resend(Call call, FlavourWords const& words) {
  auto const& [services, request, path, caller] = call;
  auto const& game = *caller;
  auto body = JsonBody::parse(request);
  auto const transaction_text = body.required_string("transaction_id", 64);
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  auto const transaction = domain::parse_transfer_id(transaction_text);
  if (!transaction) co_return transaction_not_found(request);
  if (!find_open_transfer(services.ledger, game.id, words.flavour, *transaction)) {
    co_return co_await not_open(call, words.flavour, *transaction);
  }
  if (!services.ledger.texts.sms_available()) co_return sms_unavailable(request, services.ledger);
  domain::ResendPin const command{game.id, words.flavour, *transaction};
  auto const outcome = co_await call.execute(command, "", Payload("resend-pin"));
  if (is_rejected(outcome, RejectionCode::transfer_not_open)) {
    co_return co_await not_open(call, words.flavour, *transaction);
  }
  co_return write_response(request, outcome, [&](std::string& out, domain::Commit const& commit) {
    auto const& event = event_of<domain::PinReissued>(commit);
    JsonWriter json(out);
    json.begin_object();
    json.string("status", "resent");
    json.string("transaction_id", domain::format_transaction_id(*transaction));
    json.time("verification_expires_at", event.expires_at);
    json.end_object();
  });
}

Awaitable<Response> cancel(Call call, FlavourWords const& words) {
  auto const& [services, request, path, caller] = call;
  auto const& game = *caller;
  auto const transaction = domain::parse_transfer_id(path.values[0]);
  if (!transaction) co_return transaction_not_found(request);
  domain::CancelTransfer const command{game.id, words.flavour, *transaction};
  auto const outcome = co_await call.execute(command, "", Payload("cancel-transfer"));
  if (is_rejected(outcome, RejectionCode::transfer_not_open)) {
    co_return co_await not_open(call, words.flavour, *transaction);
  }
  co_return write_response(request, outcome, [&](std::string& out, domain::Commit const& commit) {
    auto const& event = event_of<domain::TransferReleased>(commit);
    auto json = begin_success(out);
    json.string("message", std::string(words.noun) + " cancelled; the amount is back.");
    json.string("transaction_id", domain::format_transaction_id(*transaction));
    json.string("order_id", domain::format_order_id(domain::OrderId(transaction->position())));
    json.string("transaction_status", "cancelled");
    json.amount("amount_returned", event.amount);
    json.amount("new_balance", event.available_after);
    json.string("currency_name", currency_name(game, event.currency));
    json.end_object();
  });
}

Awaitable<Response> claim(Call call, FlavourWords const& words) {
  auto const& [services, request, path, caller] = call;
  auto const& game = *caller;
  auto body = JsonBody::parse(request);
  auto const code = required_code(body, "claim_code", CodeForm::claim_code);
  auto const name = body.required_string(words.claimant_name, 255);
  auto const email_text = read_email_text(body, words.claimant_email);
  auto const phone = read_phone(body, words.claimant_phone);
  auto const player = optional_id(body, words.claimant_id).value_or(0);
  auto const currency = words.flavour == Flavour::transfer ? optional_id(body, "target_currency_id").value_or(0) : 0;
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  auto email = read_email(request, services.ledger, email_text, words.claimant_email);
  if (!email) co_return std::move(email).error();
  for (auto const& [kind, whose] : {std::pair(LimitKind::claims_per_player_hour, limit_subject(email.value().index)),
                                    std::pair(LimitKind::claims_per_ip_hour, client_subject(request))}) {
    if (auto limited = call.limit(kind, whose)) co_return std::move(*limited);
  }
  auto const transaction = services.ledger.codes.parse_claim_code(code);
  if (!transaction) co_return claim_not_found(request);

  domain::ClaimTransfer command;
  command.game = game.id;
  command.flavour = words.flavour;
  command.transaction = *transaction;
  command.receiver = services.ledger.people.player(game.id, email.value(), name);
  command.phone = services.ledger.people.phone(phone);
  command.currency = domain::CurrencyId(static_cast<std::uint64_t>(currency));
  command.player = domain::PlayerId(static_cast<std::uint64_t>(player));
  auto const outcome = co_await call.execute(command, "", Payload("claim"));
  if (is_rejected(outcome, RejectionCode::transfer_not_open)) {
    co_return co_await unclaimable(call, words, *transaction, command.phone.index);
  }
  if (is_rejected(outcome, RejectionCode::phone_share_required)) {
    domain::PersonRef const person{email.value().index, shown_email(services.ledger, game.id, email.value())};
    co_return co_await phone_share_required(call, command.phone, person);
  }
  if (is_rejected(outcome, RejectionCode::account_selection)) {
    auto selection = account_selection(services.ledger, game, *transaction, command.currency, code);
    // Claimed or expired since the decision.
    if (!selection) co_return co_await unclaimable(call, words, *transaction, command.phone.index);
    co_return with_position(std::move(*selection), outcome);
  }
  co_return write_response(request, outcome, [&](std::string& out, domain::Commit const& commit) {
    auto const& event = event_of<domain::TransferClaimed>(commit);
    auto const credited = services.ledger.state.by_id(game.id, event.receiver);
    auto const named = services.ledger.state.name_of(game.id, event.receiver, commit.first);
    ClaimReceiver receiver{email.value().written, std::string(name)};
    if (credited) receiver.email = services.ledger.people.reveal(credited->identity, Field::email, credited->email);
    if (named) receiver.name = services.ledger.people.reveal(named->identity, Field::name, named->name);
    write_claimed(out, TransferScene{services, words}, commit, receiver);
  });
}

}  // namespace

std::span<Route const> transfer_routes() {
  static constexpr Accepts kInitiate{.body = Body::json,
                                     .limits = {{{LimitKind::initiations_per_player_minute, Subject::handler},
                                                 {LimitKind::initiations_per_player_hour, Subject::handler},
                                                 {LimitKind::initiations_per_ip_hour, Subject::handler}}}};
  static constexpr Accepts kVerify{.body = Body::json,
                                   .limits = {{{LimitKind::verifications_per_ip_hour, Subject::handler},
                                               {LimitKind::verifications_per_player_hour, Subject::handler}}}};
  static constexpr Accepts kClaim{.body = Body::json,
                                  .limits = {{{LimitKind::claims_per_player_hour, Subject::handler},
                                              {LimitKind::claims_per_ip_hour, Subject::handler}}}};
  static constexpr Route kRows[] = {
      row(Method::post, "/api/transfers/initiate-transfer", "initiateTransfer", Who::game,
          with<Flavour::transfer, initiate>, kInitiate),
      row(Method::post, "/api/transfers/verify-sms", "verifyTransfer", Who::game, with<Flavour::transfer, verify>,
          kVerify),
      row(Method::post, "/api/transfers/resend-pin", "resendTransferPin", Who::game, with<Flavour::transfer, resend>,
          {.body = Body::json}),
      row(Method::post, "/api/transfers/{transaction_id}/cancel", "cancelTransfer", Who::game,
          with<Flavour::transfer, cancel>, {.body = Body::ignored}),
      row(Method::post, "/api/transfers/claim-transfer", "claimTransfer", Who::game, with<Flavour::transfer, claim>,
          kClaim),
      row(Method::post, "/api/currency-sends/initiate-send", "initiateSend", Who::game, with<Flavour::send, initiate>,
          kInitiate),
      row(Method::post, "/api/currency-sends/verify-sms", "verifySend", Who::game, with<Flavour::send, verify>,
          kVerify),
      row(Method::post, "/api/currency-sends/resend-pin", "resendSendPin", Who::game, with<Flavour::send, resend>,
          {.body = Body::json}),
      row(Method::post, "/api/currency-sends/{transaction_id}/cancel", "cancelSend", Who::game,
          with<Flavour::send, cancel>, {.body = Body::ignored}),
      row(Method::post, "/api/currency-sends/claim-currency", "claimSend", Who::game, with<Flavour::send, claim>,
          kClaim),
  };
  return kRows;
}

}  // namespace florin::api
