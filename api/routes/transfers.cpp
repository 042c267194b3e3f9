// CONTRACT, Transfers and sends: initiate, verify, resend, cancel, claim. One handler each for both flavours.
#include "api/routes/phone_share.h"
#include "api/routes/routes.h"
#include "api/routes/transfer_replies.h"
#include "domain/claim_candidates.h"
#include "eventstore/store/codes.h"

namespace florin::api {
namespace {

using domain::Flavour;
using domain::LimitKind;
using domain::Rejection;

Response sms_unavailable(Request const& request, Services& services) {
  return error_response(request, 503, "SMS_UNAVAILABLE",
                        "Texts cannot be sent at the moment; nothing was initiated. Retry later.", {},
                        static_cast<int>(services.environment.texts().retry_after_seconds()));
}

Response transaction_not_found(Request const& request) {
  return refusal_response(request, {.reason = Rejection::transfer_not_open});
}

// A transaction that is not open: what became of it decides what the call is told.
Response closed_response(Request const& request, TransferStory const& story) {
  using domain::ReturnReason;
  auto const reason = story.record ? story.record->reason : ReturnReason::cancelled;
  auto const status = status_of(story);
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
Awaitable<Response> not_open(Services& services, Request const& request, domain::GameId game, Flavour flavour,
                             domain::Position transaction) {
  auto story = co_await load_story(services, request, game, flavour, transaction);
  if (!story) co_return std::move(story).error();
  bool const ours = story.value() && story.value()->source == game;
  if (ours) co_return closed_response(request, *story.value());
  co_return transaction_not_found(request);
}

// The open transfer as the durable ledger has it; nullopt when it is not open, or not this game's and flavour's.
std::optional<domain::OpenTransfer> find_own(Services& services, domain::GameId game, Flavour flavour,
                                             domain::Position transaction) {
  return services.environment.balances().read([&](domain::State const& state) {
    auto const* open = state.find_transfer(transaction);
    bool const ours = open != nullptr && open->flavour == flavour && state.game_of(open->sender)->id == game;
    return ours ? std::optional(*open) : std::nullopt;
  });
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
  json.string("order_id", domain::format_order_id(open.transaction));
  write_guardian(json, services, open.transaction, "pending", open.guardian_expires_at);
  json.end_object();
  return response;
}

Response claim_not_found(Request const& request) {
  return error_response(request, 404, "CLAIM_NOT_FOUND",
                        "No claim waits under this code in this game. Check the code in the text message.");
}

Response why_unclaimable(Services& services, Request const& request, domain::GameId game,
                         std::optional<TransferStory> const& story, domain::BlindIndex const& phone) {
  bool const ended = story && story->initiated.target == game && story->record && story->record->end;
  auto const theirs = ended && services.environment.balances().read([&](domain::State const& state) {
    return state.phones()[story->initiated.receiver_phone].phone == phone;
  });
  if (theirs && *story->record->end == domain::TransferEnd::completed) {
    return error_response(request, 409, "ALREADY_CLAIMED", "This code was used. Nothing was credited.");
  }
  if (theirs && story->record->reason == domain::ReturnReason::claim_expired) {
    return refusal_response(request, {.reason = Rejection::claim_expired});
  }
  return claim_not_found(request);
}

// A code of ours whose transfer is not waiting for a claim. Only who has the right game and phone learns why.
Awaitable<Response> unclaimable(Services& services, FlavourWords const& words, Request const& request,
                                domain::GameId game, domain::Position transaction, domain::BlindIndex const& phone) {
  auto story = co_await load_story(services, request, game, words.flavour, transaction);
  if (!story) co_return std::move(story).error();
  co_return why_unclaimable(services, request, game, story.value(), phone);
}

// Whom the claimant may choose from, by the rule that decides; nullopt when the transfer is not open any more.
std::optional<Response> account_selection(Services& services, domain::Game const& game, domain::Position transaction,
                                          domain::CurrencyId currency, std::string_view code) {
  auto const into = currency ? currency : game.currencies.front().currency;
  auto const candidates = services.environment.balances().read([&](domain::State const& state) {
    auto const* transfer = state.find_transfer(transaction);
    return transfer != nullptr ? std::optional(domain::claim_candidates(state, *transfer, into)) : std::nullopt;
  });
  if (!candidates) return std::nullopt;
  Response response;
  JsonWriter json(response.body);
  json.begin_object();
  json.string("status", "needs_account_selection");
  json.string("message", "Several players use this phone. Claim again and name one of them; nothing was credited.");
  json.begin_array("candidates");
  for (auto const player : *candidates) {
    auto const known = services.environment.balances().by_id(game.id, player);
    if (!known) continue;
    json.begin_object();
    json.integer("player_id", player.value());
    json.string("email_hint", email_hint(services.environment, known->identity));
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
  auto const target = body.required_game_id(words.target_game_field);
  auto const amount = body.required_amount("amount");
  auto const currency = words.flavour == Flavour::transfer ? body.optional_id("currency_id").value_or(0) : 0;
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  auto sender = read_email(request, services.environment, sender_email, words.sender_email);
  if (!sender) co_return std::move(sender).error();
  // A transfer is to the same person, unless another e-mail of theirs is named.
  bool const named = receiver_email && (words.flavour == Flavour::send || !receiver_email->empty());
  auto receiver =
      read_email(request, services.environment, named ? *receiver_email : sender_email, words.receiver_email);
  if (!receiver) co_return std::move(receiver).error();
  auto const subject = limit_subject(sender.value().index);
  for (auto const& [kind, whose] : {std::pair(LimitKind::initiations_per_player_minute, subject),
                                    std::pair(LimitKind::initiations_per_player_hour, subject),
                                    std::pair(LimitKind::initiations_per_ip_hour, client_subject(request))}) {
    if (auto limited = refuse_over_limit(request, services, game, kind, whose)) co_return std::move(*limited);
  }
  auto const& vault = services.environment.vault();
  domain::InitiateTransfer command;
  command.flavour = words.flavour;
  command.game = game.id;
  command.sender = player_ref(services.environment, game.id, sender.value(), name);
  command.sender_phone = {vault.phone_index(sender_phone), std::string(sender_phone)};
  command.target = target;
  command.receiver = {receiver.value().index, receiver.value().written};
  command.receiver_phone = {vault.phone_index(receiver_phone), std::string(receiver_phone)};
  command.currency = domain::CurrencyId(static_cast<std::uint64_t>(currency));
  command.amount = amount;
  if (services.limits.enabled()) command.limits = domain::velocity_limits(game, words.flavour);
  command.can_text = services.environment.texts().sms_available();

  Payload payload(words.initiate);
  payload.add(name).add(sender.value().key).add(sender_phone).add(receiver.value().key).add(receiver_phone);
  payload.add(target.value()).add(static_cast<std::uint64_t>(amount.minor())).add(command.currency.value());
  auto const outcome = co_await perform(*request.inbox, services.environment, command, game.id, request_id, payload);
  if (auto const* refusal = std::get_if<domain::Refusal>(&outcome)) {
    if (refusal->reason == Rejection::sms_unavailable) {
      co_return with_position(sms_unavailable(request, services), outcome);
    }
    if (refusal->reason == Rejection::phone_share_required) {
      auto const& asked = refusal->receiver_side ? receiver.value() : sender.value();
      auto const& phone = refusal->receiver_side ? command.receiver_phone : command.sender_phone;
      domain::PersonRef const person{asked.index, shown_email(services.environment, game.id, asked)};
      co_return co_await phone_share_required(services, request, game.id, phone, person);
    }
    co_return with_position(
        initiation_refusal(request, TransferScene{services, *caller.directory, words}, game, target, *refusal),
        outcome);
  }
  auto const* done = std::get_if<eventstore::Committed>(&outcome);
  bool const held = done != nullptr && event_of<domain::TransferInitiated>(*done->commit).guardian;
  co_return write_response(
      request, outcome,
      [&](std::string& out, domain::Commit const& commit) {
        write_initiated(out, TransferScene{services, *caller.directory, words}, commit, sender_phone, receiver_phone);
      },
      held ? 202 : 201);
}

Awaitable<Response> verify(Call call, FlavourWords const& words) {
  auto const& [services, request, path, caller] = call;
  auto const& game = *caller;
  auto body = JsonBody::parse(request);
  auto const transaction_text = body.required_string("transaction_id", 64);
  auto const pin = body.required_code("sms_pin", CodeForm::six_digits);
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  if (auto limited =
          refuse_over_limit(request, services, game, LimitKind::verifications_per_ip_hour, client_subject(request)))
    co_return std::move(*limited);
  auto const transaction = domain::parse_transaction_id(transaction_text);
  if (!transaction) co_return transaction_not_found(request);
  auto const open = find_own(services, game.id, words.flavour, *transaction);
  if (!open) co_return co_await not_open(services, request, game.id, words.flavour, *transaction);
  if (auto limited = refuse_over_limit(request, services, game, LimitKind::verifications_per_player_hour,
                                       player_subject(open->sender)))
    co_return std::move(*limited);

  auto const matching = services.environment.vault().codes().matching_pins(*transaction, pin, domain::kPinsMax);
  auto const outcome = co_await perform(*request.inbox, services.environment,
                                        domain::VerifyPin{game.id, words.flavour, *transaction, matching}, game.id, "",
                                        Payload("verify-pin"));
  if (auto const* refusal = std::get_if<domain::Refusal>(&outcome)) {
    if (refusal->reason == Rejection::guardian_pending) {
      co_return with_position(verification_held(services, *open), outcome);
    }
    if (refusal->reason == Rejection::transfer_not_open) {
      co_return co_await not_open(services, request, game.id, words.flavour, *transaction);
    }
    co_return with_position(refusal_response(request, *refusal), outcome);
  }
  if (auto const* done = std::get_if<eventstore::Committed>(&outcome)) {
    for (auto const& event : done->commit->events) {
      if (auto const* rejected = std::get_if<domain::PinRejected>(&event)) {
        co_return with_position(wrong_pin(request, rejected->attempts_left), outcome);
      }
    }
  }
  co_return write_response(request, outcome, [&](std::string& out, domain::Commit const& commit) {
    auto const wallet = services.environment.balances().read(
        [&](domain::State const& state) { return state.wallet(open->sender, open->currency); });
    write_verified(out, TransferScene{services, *caller.directory, words}, *open,
                   event_of<domain::PinVerified>(commit).claim_expires_at, wallet);
  });
}

Awaitable<Response> resend(Call call, FlavourWords const& words) {
  auto const& [services, request, path, caller] = call;
  auto const& game = *caller;
  auto body = JsonBody::parse(request);
  auto const transaction_text = body.required_string("transaction_id", 64);
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  auto const transaction = domain::parse_transaction_id(transaction_text);
  if (!transaction) co_return transaction_not_found(request);
  if (!find_own(services, game.id, words.flavour, *transaction)) {
    co_return co_await not_open(services, request, game.id, words.flavour, *transaction);
  }
  if (!services.environment.texts().sms_available()) co_return sms_unavailable(request, services);
  auto const outcome =
      co_await perform(*request.inbox, services.environment, domain::ResendPin{game.id, words.flavour, *transaction},
                       game.id, "", Payload("resend-pin"));
  if (auto const* refusal = std::get_if<domain::Refusal>(&outcome)) {
    if (refusal->reason == Rejection::transfer_not_open) {
      co_return co_await not_open(services, request, game.id, words.flavour, *transaction);
    }
    co_return with_position(refusal_response(request, *refusal), outcome);
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
  auto const transaction = domain::parse_transaction_id(path.values[0]);
  if (!transaction) co_return transaction_not_found(request);
  auto const outcome = co_await perform(*request.inbox, services.environment,
                                        domain::CancelTransfer{game.id, words.flavour, *transaction}, game.id, "",
                                        Payload("cancel-transfer"));
  if (auto const* refusal = std::get_if<domain::Refusal>(&outcome)) {
    if (refusal->reason == Rejection::transfer_not_open) {
      co_return co_await not_open(services, request, game.id, words.flavour, *transaction);
    }
    co_return with_position(refusal_response(request, *refusal), outcome);
  }
  co_return write_response(request, outcome, [&](std::string& out, domain::Commit const& commit) {
    auto const& event = event_of<domain::TransferReleased>(commit);
    auto json = begin_success(out);
    json.string("message", std::string(words.noun) + " cancelled; the amount is back.");
    json.string("transaction_id", domain::format_transaction_id(*transaction));
    json.string("order_id", domain::format_order_id(*transaction));
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
  auto const code = body.required_code("claim_code", CodeForm::claim_code);
  auto const name = body.required_string(words.claimant_name, 255);
  auto const email_text = read_email_text(body, words.claimant_email);
  auto const phone = read_phone(body, words.claimant_phone);
  auto const player = body.optional_id(words.claimant_id).value_or(0);
  auto const currency = words.flavour == Flavour::transfer ? body.optional_id("target_currency_id").value_or(0) : 0;
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  auto email = read_email(request, services.environment, email_text, words.claimant_email);
  if (!email) co_return std::move(email).error();
  for (auto const& [kind, whose] : {std::pair(LimitKind::claims_per_player_hour, limit_subject(email.value().index)),
                                    std::pair(LimitKind::claims_per_ip_hour, client_subject(request))}) {
    if (auto limited = refuse_over_limit(request, services, game, kind, whose)) co_return std::move(*limited);
  }
  auto const transaction = services.environment.vault().codes().parse_claim_code(code);
  if (!transaction) co_return claim_not_found(request);

  domain::ClaimTransfer command;
  command.game = game.id;
  command.flavour = words.flavour;
  command.transaction = *transaction;
  command.receiver = player_ref(services.environment, game.id, email.value(), name);
  command.phone = {services.environment.vault().phone_index(phone), std::string(phone)};
  command.currency = domain::CurrencyId(static_cast<std::uint64_t>(currency));
  command.player = domain::PlayerId(static_cast<std::uint64_t>(player));
  auto const outcome = co_await perform(*request.inbox, services.environment, command, game.id, "", Payload("claim"));
  if (auto const* refusal = std::get_if<domain::Refusal>(&outcome)) {
    if (refusal->reason == Rejection::transfer_not_open) {
      co_return co_await unclaimable(services, words, request, game.id, *transaction, command.phone.index);
    }
    if (refusal->reason == Rejection::phone_share_required) {
      domain::PersonRef const person{email.value().index, shown_email(services.environment, game.id, email.value())};
      co_return co_await phone_share_required(services, request, game.id, command.phone, person);
    }
    if (refusal->reason == Rejection::account_selection) {
      auto selection = account_selection(services, game, *transaction, command.currency, code);
      // Claimed or expired since the decision.
      if (!selection)
        co_return co_await unclaimable(services, words, request, game.id, *transaction, command.phone.index);
      co_return with_position(std::move(*selection), outcome);
    }
    co_return with_position(refusal_response(request, *refusal), outcome);
  }
  co_return write_response(request, outcome, [&](std::string& out, domain::Commit const& commit) {
    auto const& event = event_of<domain::TransferClaimed>(commit);
    auto const credited = services.environment.balances().by_id(game.id, event.receiver);
    auto const named = services.environment.balances().name_of(game.id, event.receiver);
    ClaimReceiver receiver{email.value().written, std::string(name)};
    if (credited)
      receiver.email = reveal(services.environment, credited->identity, eventstore::Field::email, credited->email);
    if (named) receiver.name = reveal(services.environment, named->identity, eventstore::Field::name, named->name);
    write_claimed(out, TransferScene{services, *caller.directory, words}, commit, receiver);
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
