// CONTRACT, Transfers and sends: initiate, verify, resend, cancel, claim. One handler each for both flavours.
#include "api/routes/phone_share.h"
#include "api/routes/routes.h"
#include "api/routes/transfer_replies.h"
#include "domain/claim_candidates.h"
#include "eventstore/codes.h"

namespace florin::api {
namespace {

using domain::Flavour;
using domain::LimitKind;
using domain::Rejection;

// What a player may initiate in a while; none when limits are switched off.
std::optional<domain::VelocityLimits> velocity_limits(Services& services, domain::Game const& game, Flavour flavour) {
  if (!services.limits.enabled()) return std::nullopt;
  bool const transfer = flavour == Flavour::transfer;
  auto const units =
      limit_of(game, transfer ? LimitKind::transfer_units_per_player_day : LimitKind::send_units_per_player_day);
  return domain::VelocityLimits{
      limit_of(game, transfer ? LimitKind::transfers_per_player_hour : LimitKind::sends_per_player_hour),
      domain::Money::from_minor(std::int64_t{units} * 100)};
}

Response sms_unavailable(Request const& request, Services& services) {
  return error_response(request, 503, "SMS_UNAVAILABLE",
                        "Texts cannot be sent at the moment; nothing was initiated. Retry later.", {},
                        static_cast<int>(services.environment.effects().retry_after_seconds()));
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

struct TransferRoutes {
  Services& services;
  FlavourWords const& words;

  [[nodiscard]] Environment& environment() const { return services.environment; }
  [[nodiscard]] TransferScene scene(Caller const& caller) const { return {services, *caller.directory, words}; }

  Awaitable<Response> initiate(Request const& request, PathValues const&) const {
    auto caller = authenticate(request, environment());
    if (!caller) co_return std::move(caller).error();
    auto const& game = *caller.value();
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
    auto sender = read_email(request, environment(), sender_email, words.sender_email);
    if (!sender) co_return std::move(sender).error();
    // A transfer is to the same person, unless another e-mail of theirs is named.
    bool const named = receiver_email && (words.flavour == Flavour::send || !receiver_email->empty());
    auto receiver = read_email(request, environment(), named ? *receiver_email : sender_email, words.receiver_email);
    if (!receiver) co_return std::move(receiver).error();
    auto const subject = limit_subject(sender.value().index);
    for (auto const& [kind, whose] : {std::pair(LimitKind::initiations_per_player_minute, subject),
                                      std::pair(LimitKind::initiations_per_player_hour, subject),
                                      std::pair(LimitKind::initiations_per_ip_hour, client_subject(request))}) {
      if (auto limited = refuse_over_limit(request, services, game, kind, whose)) co_return std::move(*limited);
    }
    auto const& vault = environment().vault();
    domain::InitiateTransfer command;
    command.flavour = words.flavour;
    command.game = game.id;
    command.sender = player_ref(environment(), game.id, sender.value(), name);
    command.sender_phone = {vault.phone_index(sender_phone), std::string(sender_phone)};
    command.target = target;
    command.receiver = {receiver.value().index, receiver.value().written};
    command.receiver_phone = {vault.phone_index(receiver_phone), std::string(receiver_phone)};
    command.currency = domain::CurrencyId(static_cast<std::uint64_t>(currency));
    command.amount = amount;
    command.limits = velocity_limits(services, game, words.flavour);
    command.can_text = environment().effects().sms_available();

    Payload payload(words.initiate);
    payload.add(name).add(sender.value().key).add(sender_phone).add(receiver.value().key).add(receiver_phone);
    payload.add(target.value()).add(static_cast<std::uint64_t>(amount.minor())).add(command.currency.value());
    auto const outcome = co_await perform(request, environment(), command, game.id, request_id, payload);
    if (auto const* refusal = std::get_if<domain::Refusal>(&outcome)) {
      if (refusal->reason == Rejection::sms_unavailable) {
        co_return with_position(sms_unavailable(request, services), outcome);
      }
      if (refusal->reason == Rejection::phone_share_required) {
        auto const& asked = refusal->receiver_side ? receiver.value() : sender.value();
        auto const& phone = refusal->receiver_side ? command.receiver_phone : command.sender_phone;
        domain::PersonRef const person{asked.index, shown_email(environment(), game.id, asked)};
        co_return co_await phone_share_required(services, request, game.id, phone, person);
      }
      co_return with_position(initiation_refusal(request, scene(caller.value()), game, target, *refusal), outcome);
    }
    auto const* done = std::get_if<eventstore::Committed>(&outcome);
    bool const held = done != nullptr && event_of<domain::TransferInitiated>(*done->commit).guardian;
    co_return write_response(
        request, outcome,
        [&](std::string& out, domain::Commit const& commit) {
          write_initiated(out, scene(caller.value()), commit, sender_phone, receiver_phone);
        },
        held ? 202 : 201);
  }

  Awaitable<Response> verify(Request const& request, PathValues const&) const {
    auto caller = authenticate(request, environment());
    if (!caller) co_return std::move(caller).error();
    auto const& game = *caller.value();
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

    auto const matching = environment().vault().codes().matching_pins(*transaction, pin, domain::kPinsMax);
    auto const outcome =
        co_await perform(request, environment(), domain::VerifyPin{game.id, words.flavour, *transaction, matching},
                         game.id, "", Payload("verify-pin"));
    if (auto const* refusal = std::get_if<domain::Refusal>(&outcome)) {
      if (refusal->reason == Rejection::guardian_pending) {
        co_return with_position(verification_held(*open), outcome);
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
      auto const wallet = environment().balances().read(
          [&](domain::State const& state) { return state.wallet(open->sender, open->currency); });
      write_verified(out, scene(caller.value()), *open, event_of<domain::PinVerified>(commit).claim_expires_at, wallet);
    });
  }

  static Response wrong_pin(Request const& request, unsigned attempts_left) {
    if (attempts_left == 0) {
      return error_response(request, 400, "PIN_ATTEMPTS_EXCEEDED",
                            "Wrong PIN, for the third time: the transaction has failed and the amount is back.",
                            {{"attempts_remaining", "0"}});
    }
    return error_response(request, 400, "INVALID_PIN", "The PIN is wrong. Check the newest text message.",
                          {{"attempts_remaining", std::to_string(attempts_left)}});
  }

  // "Verify while pending: 202, no attempt used" (CONTRACT, Guardian approval).
  [[nodiscard]] Response verification_held(domain::OpenTransfer const& open) const {
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

  Awaitable<Response> resend(Request const& request, PathValues const&) const {
    auto caller = authenticate(request, environment());
    if (!caller) co_return std::move(caller).error();
    auto const& game = *caller.value();
    auto body = JsonBody::parse(request);
    auto const transaction_text = body.required_string("transaction_id", 64);
    if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
    auto const transaction = domain::parse_transaction_id(transaction_text);
    if (!transaction) co_return transaction_not_found(request);
    if (!find_own(services, game.id, words.flavour, *transaction)) {
      co_return co_await not_open(services, request, game.id, words.flavour, *transaction);
    }
    if (!environment().effects().sms_available()) co_return sms_unavailable(request, services);
    auto const outcome =
        co_await perform(request, environment(), domain::ResendPin{game.id, words.flavour, *transaction}, game.id, "",
                         Payload("resend-pin"));
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

  Awaitable<Response> cancel(Request const& request, PathValues const& path) const {
    auto caller = authenticate(request, environment());
    if (!caller) co_return std::move(caller).error();
    auto const& game = *caller.value();
    if (auto wrong = refuse_needless_body(request)) co_return std::move(*wrong);
    auto const transaction = domain::parse_transaction_id(path.values[0]);
    if (!transaction) co_return transaction_not_found(request);
    auto const outcome =
        co_await perform(request, environment(), domain::CancelTransfer{game.id, words.flavour, *transaction}, game.id,
                         "", Payload("cancel-transfer"));
    if (auto const* refusal = std::get_if<domain::Refusal>(&outcome)) {
      if (refusal->reason == Rejection::transfer_not_open) {
        co_return co_await not_open(services, request, game.id, words.flavour, *transaction);
      }
      co_return with_position(refusal_response(request, *refusal), outcome);
    }
    co_return write_response(request, outcome, [&](std::string& out, domain::Commit const& commit) {
      auto const& event = event_of<domain::TransferReturned>(commit);
      JsonWriter json(out);
      json.begin_object();
      json.string("status", "success");
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

  Awaitable<Response> claim(Request const& request, PathValues const&) const {
    auto caller = authenticate(request, environment());
    if (!caller) co_return std::move(caller).error();
    auto const& game = *caller.value();
    auto body = JsonBody::parse(request);
    auto const code = body.required_code("claim_code", CodeForm::claim_code);
    auto const name = body.required_string(words.claimant_name, 255);
    auto const email_text = read_email_text(body, words.claimant_email);
    auto const phone = read_phone(body, words.claimant_phone);
    auto const player = body.optional_id(words.claimant_id).value_or(0);
    auto const currency = words.flavour == Flavour::transfer ? body.optional_id("target_currency_id").value_or(0) : 0;
    if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
    auto email = read_email(request, environment(), email_text, words.claimant_email);
    if (!email) co_return std::move(email).error();
    for (auto const& [kind, whose] : {std::pair(LimitKind::claims_per_player_hour, limit_subject(email.value().index)),
                                      std::pair(LimitKind::claims_per_ip_hour, client_subject(request))}) {
      if (auto limited = refuse_over_limit(request, services, game, kind, whose)) co_return std::move(*limited);
    }
    auto const transaction = environment().vault().codes().parse_claim_code(code);
    if (!transaction) co_return claim_not_found(request);

    domain::ClaimTransfer command;
    command.game = game.id;
    command.flavour = words.flavour;
    command.transaction = *transaction;
    command.receiver = player_ref(environment(), game.id, email.value(), name);
    command.phone = {environment().vault().phone_index(phone), std::string(phone)};
    command.currency = domain::CurrencyId(static_cast<std::uint64_t>(currency));
    command.player = domain::PlayerId(static_cast<std::uint64_t>(player));
    auto const outcome = co_await perform(request, environment(), command, game.id, "", Payload("claim"));
    if (auto const* refusal = std::get_if<domain::Refusal>(&outcome)) {
      if (refusal->reason == Rejection::transfer_not_open) {
        co_return co_await unclaimable(request, game.id, *transaction, command.phone.index);
      }
      if (refusal->reason == Rejection::phone_share_required) {
        domain::PersonRef const person{email.value().index, shown_email(environment(), game.id, email.value())};
        co_return co_await phone_share_required(services, request, game.id, command.phone, person);
      }
      if (refusal->reason == Rejection::account_selection) {
        auto selection = account_selection(game, *transaction, command.currency, code);
        // Claimed or expired since the decision.
        if (!selection) co_return co_await unclaimable(request, game.id, *transaction, command.phone.index);
        co_return with_position(std::move(*selection), outcome);
      }
      co_return with_position(refusal_response(request, *refusal), outcome);
    }
    co_return write_response(request, outcome, [&](std::string& out, domain::Commit const& commit) {
      auto const& event = event_of<domain::TransferClaimed>(commit);
      auto const credited = environment().balances().by_id(game.id, event.receiver);
      auto const named = environment().balances().name_of(game.id, event.receiver);
      ClaimReceiver receiver{email.value().written, std::string(name)};
      if (credited)
        receiver.email = reveal(environment(), credited->identity, eventstore::Field::email, credited->email);
      if (named) receiver.name = reveal(environment(), named->identity, eventstore::Field::name, named->name);
      write_claimed(out, scene(caller.value()), commit, receiver);
    });
  }

  static Response claim_not_found(Request const& request) {
    return error_response(request, 404, "CLAIM_NOT_FOUND",
                          "No claim waits under this code in this game. Check the code in the text message.");
  }

  [[nodiscard]] Response why_unclaimable(Request const& request, domain::GameId game,
                                         std::optional<TransferStory> const& story,
                                         domain::BlindIndex const& phone) const {
    bool const ended = story && story->initiated.target == game && story->record && story->record->end;
    auto const theirs = ended && environment().balances().read([&](domain::State const& state) {
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
  Awaitable<Response> unclaimable(Request const& request, domain::GameId game, domain::Position transaction,
                                  domain::BlindIndex const& phone) const {
    auto story = co_await load_story(services, request, game, words.flavour, transaction);
    if (!story) co_return std::move(story).error();
    co_return why_unclaimable(request, game, story.value(), phone);
  }

  // Whom the claimant may choose from, by the rule that decides; nullopt when the transfer is not open any more.
  [[nodiscard]] std::optional<Response> account_selection(domain::Game const& game, domain::Position transaction,
                                                          domain::CurrencyId currency, std::string_view code) const {
    auto const into = currency ? currency : game.currencies.front().currency;
    auto const candidates = environment().balances().read([&](domain::State const& state) {
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
      auto const known = environment().balances().by_id(game.id, player);
      if (!known) continue;
      json.begin_object();
      json.integer("player_id", player.value());
      json.string("email_hint", email_hint(environment(), known->identity));
      json.end_object();
    }
    json.end_array();
    json.string("claim_code", code);
    json.end_object();
    return response;
  }
};

}  // namespace

void add_transfer_routes(Router& router, Services& services) {
  for (auto const flavour : {Flavour::transfer, Flavour::send}) {
    auto const& words = words_of(flavour);
    auto const routes = std::make_shared<TransferRoutes const>(services, words);
    auto const base = services.api() + std::string(words.base);
    auto const bind = [&](Awaitable<Response> (TransferRoutes::*handler)(Request const&, PathValues const&) const) {
      return [routes, handler](Request const& request, PathValues const& path) {
        return (routes.get()->*handler)(request, path);
      };
    };
    router.add(Method::post, base + std::string(words.initiate), bind(&TransferRoutes::initiate));
    router.add(Method::post, base + "/verify-sms", bind(&TransferRoutes::verify));
    router.add(Method::post, base + "/resend-pin", bind(&TransferRoutes::resend));
    router.add(Method::post, base + "/{transaction_id}/cancel", bind(&TransferRoutes::cancel));
    router.add(Method::post, base + std::string(words.claim), bind(&TransferRoutes::claim));
  }
}

}  // namespace florin::api
