#include "api/event_json.h"

#include "api/event_text.h"
#include "api/game_json.h"
#include "api/http/json.h"
#include "domain/postings.h"

namespace florin::api {
namespace {

using namespace domain;

std::string hex(auto const& bytes) { return to_hex({reinterpret_cast<char const*>(bytes.data()), bytes.size()}); }

// 64 bits as hex: JSON readers round integers above 2^53.
std::string tag_text(std::uint64_t tag) {
  std::string bytes(8, '\0');
  for (std::size_t i = bytes.size(); i-- > 0; tag >>= 8) bytes[i] = static_cast<char>(tag & 0xff);
  return to_hex(bytes);
}

void time_micros(JsonWriter& json, std::string_view name, Timestamp at) { json.string(name, to_iso8601_micros(at)); }

void game_id(JsonWriter& json, GameId game) { json.string("game_id", std::to_string(game.value())); }

void wallet_json(JsonWriter& json, PlayerId player, CurrencyId currency) {
  json.integer("player_id", player.value());
  json.integer("currency_id", currency.value());
}

void transaction_json(JsonWriter& json, Position transaction) {
  json.string("transaction_id", format_transaction_id(transaction));
}

void fees_json(JsonWriter& json, Money amount, TransferFees const& fees) {
  json.amount("amount", amount);
  json.amount("source_fee", fees.source);
  json.amount("target_fee", fees.target);
  json.amount("network_fee", fees.network);
  json.amount("net_amount", amount - fees.total());
}

// Of an event about an order of currency.
void order_json(JsonWriter& json, auto const& e) {
  json.string("order_id", format_order_id(e.order));
  wallet_json(json, e.player, e.currency);
}

void usd_json(JsonWriter& json, Money usd) {
  json.amount("usd", usd);
  json.amount("amount", units_of(usd));
}

void origin_json(JsonWriter& json, AchOrigin const& origin) {
  json.begin_object("origin");
  json.string("destination", origin.destination);
  json.string("destination_name", origin.destination_name);
  json.string("origin", origin.origin);
  json.string("origin_name", origin.origin_name);
  json.string("company_name", origin.company_name);
  json.string("company_id", origin.company_id);
  json.string("odfi", origin.odfi);
  json.string("entry_description", origin.entry_description);
  json.end_object();
}

void file_json(JsonWriter& json, AchOrigin const& origin, PayoutFile const& file) {
  json.begin_object();
  json.string("file", std::string(1, file.letter));
  json.string("effective_date", to_date(file.effective));
  json.amount("usd", file.usd);
  json.string("sha256", hex(file.digest));
  json.begin_array("entries");
  auto trace = file.first_trace;
  for (auto const payout : file.payouts) {
    json.begin_object();
    json.string("payout_id", format_payout_id(payout));
    json.string("trace_number", format_trace_number(origin, trace++));
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void payout_json(JsonWriter& json, auto const& e) {
  json.string("payout_id", format_payout_id(e.payout));
  game_id(json, e.game);
  json.amount("usd", e.usd);
  json.begin_array("shares");
  for (auto const& share : e.shares) {
    json.begin_object();
    json.integer("currency_id", share.currency.value());
    json.amount("amount", share.amount);
    json.end_object();
  }
  json.end_array();
}

// Zero is "none".
void optional_phone(JsonWriter& json, std::string_view name, PhoneId phone) { json.id_or_null(name, phone.value()); }

// Zero is "never".
void optional_time(JsonWriter& json, std::string_view name, Timestamp at) {
  if (at == Timestamp{}) {
    json.null(name);
  } else {
    time_micros(json, name, at);
  }
}

void text_json(JsonWriter& json, TextRef const& text) {
  if (text.kind == TextKind::share_code) {
    json.integer("approval", text.about.value());
  } else {
    transaction_json(json, text.about);
  }
  json.string("text", text_kind_name(text.kind));
  if (text.kind == TextKind::pin) json.integer("pin_index", text.detail);
  if (text.kind == TextKind::sender_returned) {
    json.string("reason", reason_name(static_cast<ReturnReason>(text.detail)));
  }
}

void data_json(JsonWriter& json, Event const& event, eventstore::Vault const* vault) {
  using eventstore::Field;
  std::visit(Overloaded{
                 [&](GameCreated const& e) {
                   game_id(json, e.game);
                   write_settings(json, e.settings);
                   write_currencies(json, e.currencies);
                   json.string("key_sha256", hex(e.key_hash));
                 },
                 [&](GameUpdated const& e) {
                   game_id(json, e.game);
                   write_settings(json, e.settings);
                 },
                 [&](CurrencyAdded const& e) {
                   game_id(json, e.game);
                   write_currency(json, e.currency);
                 },
                 [&](CurrencyChanged const& e) {
                   game_id(json, e.game);
                   write_currency(json, e.currency);
                 },
                 [&](SdkKeyRotated const& e) {
                   game_id(json, e.game);
                   json.string("key_sha256", hex(e.key_hash));
                   optional_time(json, "previous_valid_until", e.previous_valid_until);
                 },
                 [&](IdentityRegistered const& e) {
                   json.string("identity_id", format_identity_id(e.identity));
                   json.string("email_index", hex(e.email_index));
                   json.string("email", personal_text(e.identity, Field::email, e.email, vault));
                 },
                 [&](PlayerJoined const& e) {
                   json.integer("player_id", e.player.value());
                   game_id(json, e.game);
                   json.string("identity_id", format_identity_id(e.identity));
                   json.string("name", personal_text(e.identity, Field::name, e.name, vault));
                   json.string("name_tag", tag_text(e.name_tag));
                 },
                 [&](PlayerRenamed const& e) {
                   json.integer("player_id", e.player.value());
                   json.string("identity_id", format_identity_id(e.identity));
                   json.string("name", personal_text(e.identity, Field::name, e.name, vault));
                   json.string("name_tag", tag_text(e.name_tag));
                 },
                 [&](StartingBalanceGranted const& e) {
                   wallet_json(json, e.player, e.currency);
                   json.amount("amount", e.amount);
                   json.amount("available_after", e.available_after);
                 },
                 [&](BalanceCredited const& e) {
                   wallet_json(json, e.player, e.currency);
                   json.amount("amount", e.amount);
                   json.amount("available_after", e.available_after);
                   json.string("reason", e.reason);
                 },
                 [&](BalanceDebited const& e) {
                   wallet_json(json, e.player, e.currency);
                   json.amount("amount", e.amount);
                   json.amount("available_after", e.available_after);
                   json.string("reason", e.reason);
                 },
                 [&](ItemPurchased const& e) {
                   wallet_json(json, e.player, e.currency);
                   json.string("item_id", e.item.id);
                   json.string("item_name", e.item.name);
                   json.string("item_category", e.item.category);
                   json.string("item_description", e.item.description);
                   json.integer("quantity", e.quantity);
                   json.amount("unit_price", e.unit_price);
                   json.amount("total", e.total);
                   json.amount("platform_fee", e.platform_fee);
                   json.amount("developer_revenue", e.developer_revenue);
                   json.amount("available_after", e.available_after);
                 },
                 [&](ItemRefunded const& e) {
                   json.string("order_id", format_order_id(e.order));
                   wallet_json(json, e.player, e.currency);
                   json.amount("total", e.total);
                   json.amount("platform_fee", e.platform_fee);
                   json.amount("developer_revenue", e.developer_revenue);
                   json.amount("available_after", e.available_after);
                   json.string("reason", e.reason);
                 },
                 [&](PhoneRecorded const& e) {
                   json.integer("phone_id", e.phone.value());
                   json.string("identity_id", format_identity_id(e.identity));
                   json.string("phone_index", hex(e.phone_index));
                   json.string("number", personal_text(e.identity, Field::phone, e.number, vault));
                 },
                 [&](PhoneVerified const& e) { json.integer("phone_id", e.phone.value()); },
                 [&](MinorFlagged const& e) {
                   json.string("identity_id", format_identity_id(e.identity));
                   optional_phone(json, "guardian_phone_id", e.guardian);
                 },
                 [&](MinorCleared const& e) { json.string("identity_id", format_identity_id(e.identity)); },
                 [&](TransferInitiated const& e) {
                   transaction_json(json, e.transaction);
                   json.string("flavour", flavour_name(e.flavour));
                   json.integer("sender_player_id", e.sender.value());
                   json.integer("currency_id", e.currency.value());
                   json.string("target_game_id", std::to_string(e.target.value()));
                   json.integer("sender_phone_id", e.sender_phone.value());
                   json.string("receiver_identity_id", format_identity_id(e.receiver));
                   json.integer("receiver_phone_id", e.receiver_phone.value());
                   fees_json(json, e.amount, e.fees);
                   json.string("source_rate_pct", to_string(e.source_rate));
                   json.string("target_rate_pct", to_string(e.target_rate));
                   json.string("policy_applied", policy_name(e.universal));
                   json.amount("available_after", e.available_after);
                   json.amount("reserved_after", e.reserved_after);
                   time_micros(json, "pin_expires_at", e.pin_expires_at);
                   optional_phone(json, "guardian_phone_id", e.guardian);
                   optional_time(json, "guardian_expires_at", e.guardian_expires_at);
                 },
                 [&](PinReissued const& e) {
                   transaction_json(json, e.transaction);
                   json.integer("pin_index", e.pin);
                   time_micros(json, "expires_at", e.expires_at);
                 },
                 [&](PinRejected const& e) {
                   transaction_json(json, e.transaction);
                   json.integer("attempts_left", e.attempts_left);
                 },
                 [&](PinVerified const& e) {
                   transaction_json(json, e.transaction);
                   time_micros(json, "claim_expires_at", e.claim_expires_at);
                 },
                 [&](GuardianApproved const& e) { transaction_json(json, e.transaction); },
                 [&](TransferClaimed const& e) {
                   transaction_json(json, e.transaction);
                   json.string("flavour", flavour_name(e.flavour));
                   json.integer("sender_player_id", e.sender.value());
                   json.integer("currency_id", e.currency.value());
                   json.integer("receiver_player_id", e.receiver.value());
                   json.integer("target_currency_id", e.target_currency.value());
                   json.string("target_game_id", std::to_string(e.target.value()));
                   fees_json(json, e.amount, e.fees);
                   json.amount("sender_reserved_after", e.reserved_after);
                   json.amount("receiver_available_after", e.available_after);
                   json.integer("sender_phone_id", e.sender_phone.value());
                   json.integer("receiver_phone_id", e.receiver_phone.value());
                 },
                 [&](TransferReleased const& e) {
                   transaction_json(json, e.transaction);
                   json.string("flavour", flavour_name(e.flavour));
                   json.string("reason", reason_name(e.reason));
                   json.integer("sender_player_id", e.sender.value());
                   json.integer("currency_id", e.currency.value());
                   json.string("target_game_id", std::to_string(e.target.value()));
                   json.amount("amount", e.amount);
                   json.amount("available_after", e.available_after);
                   json.amount("reserved_after", e.reserved_after);
                   json.integer("sender_phone_id", e.sender_phone.value());
                 },
                 [&](PhoneShareRequested const& e) {
                   json.integer("approval", e.approval.value());
                   json.integer("phone_id", e.phone.value());
                   json.integer("owner_phone_id", e.owner.value());
                   time_micros(json, "expires_at", e.expires_at);
                   if (e.game) game_id(json, e.game);
                 },
                 [&](ShareCodeRejected const& e) {
                   json.integer("approval", e.approval.value());
                   json.integer("attempts_left", e.attempts_left);
                 },
                 [&](PhoneShareEnded const& e) {
                   json.integer("approval", e.approval.value());
                   json.string("end", share_end_name(e.end));
                 },
                 [&](ReplyReceived const& e) { json.string("phone_index", hex(e.phone_index)); },
                 [&](TextSettled const& e) {
                   text_json(json, e.text);
                   json.string("end", text_end_name(e.end));
                 },
                 [&](CheckoutOpened const& e) {
                   json.string("session_id", format_session_id(e.session));
                   game_id(json, e.game);
                   json.string("identity_id", format_identity_id(e.identity));
                   json.integer("currency_id", e.currency.value());
                   json.amount("usd", e.usd);
                   json.string("success_url", e.success_url);
                   json.string("cancel_url", e.cancel_url);
                   json.string("metadata", personal_text(e.identity, Field::metadata, e.metadata, vault));
                   time_micros(json, "expires_at", e.expires_at);
                 },
                 [&](CurrencyOrdered const& e) {
                   order_json(json, e);
                   json.amount("usd", e.usd);
                   json.string("payment_method", e.method);
                   if (e.session) json.string("session_id", format_session_id(e.session));
                 },
                 [&](PaymentOpened const& e) {
                   json.string("order_id", format_order_id(e.order));
                   json.string("reference", e.reference);
                 },
                 [&](PaymentChallenged const& e) {
                   json.string("order_id", format_order_id(e.order));
                   time_micros(json, "expires_at", e.expires_at);
                 },
                 [&](CurrencyPurchased const& e) {
                   order_json(json, e);
                   usd_json(json, e.usd);
                   json.amount("processor_fee_usd", e.fee);
                   json.string("reference", e.reference);
                   json.amount("available_after", e.available_after);
                 },
                 [&](PaymentFailed const& e) {
                   json.string("order_id", format_order_id(e.order));
                   json.integer("player_id", e.player.value());
                   json.string("failure", failure_name(e.failure));
                   json.string("code", e.code);
                 },
                 [&](RefundRequested const& e) {
                   json.string("refund_id", format_refund_id(e.refund));
                   order_json(json, e);
                   usd_json(json, e.usd);
                   json.amount("available_after", e.available_after);
                   json.string("reason", e.reason);
                   json.string("payment", e.payment);
                   json.string("reference", e.reference);
                 },
                 [&](RefundSettled const& e) {
                   json.string("refund_id", format_refund_id(e.refund));
                   order_json(json, e);
                   usd_json(json, e.usd);
                   json.string("end", refund_end_name(e.end));
                   json.string("reference", e.reference);
                   json.amount("available_after", e.available_after);
                 },
                 [&](DisputeOpened const& e) {
                   order_json(json, e);
                   json.string("reference", e.reference);
                   usd_json(json, e.usd);
                   json.amount("processor_fee_usd", e.fee);
                   json.amount("available_after", e.available_after);
                 },
                 [&](DisputeClosed const& e) {
                   order_json(json, e);
                   json.string("reference", e.reference);
                   usd_json(json, e.usd);
                   json.boolean("won", e.won);
                   json.amount("processor_fee_change_usd", e.fee);
                   json.amount("available_after", e.available_after);
                 },
                 [&](PayoutRequested const& e) {
                   payout_json(json, e);
                   json.string("contact_identity_id", format_identity_id(e.contact));
                   json.string("account_holder_name", personal_text(e.contact, Field::bank_holder, e.holder, vault));
                   json.string("routing_number", e.routing);
                   json.string("last4", e.last4);
                   json.string("account_type", account_type_name(e.type));
                 },
                 [&](PayoutAdvanced const& e) {
                   payout_json(json, e);
                   json.string("status", payout_status_name(e.status));
                   json.string("note", e.note);
                   if (e.was_completed) json.boolean("was_completed", true);
                   if (e.dated_by_export) json.boolean("dated_by_export", true);
                 },
                 [&](PayoutFileWritten const& e) {
                   json.string("day", to_date(e.day));
                   json.time("created", e.created);
                   origin_json(json, e.origin);
                   json.begin_array("files");
                   for (auto const& file : e.files) file_json(json, e.origin, file);
                   json.end_array();
                   json.begin_array("left_out");
                   for (auto const& left_out : e.left_out) {
                     json.begin_object();
                     json.string("payout_id", format_payout_id(left_out.payout));
                     json.string("reason", left_out_reason(left_out.reason));
                     json.end_object();
                   }
                   json.end_array();
                 },
                 [&](PayoutAccountCorrected const& e) {
                   json.string("payout_id", format_payout_id(e.payout));
                   game_id(json, e.game);
                   json.string("contact_identity_id", format_identity_id(e.contact));
                   json.string("code", e.code);
                   json.string("corrected",
                               masked(personal_text(e.contact, Field::bank_correction, e.corrected, vault)));
                 },
                 [&](DisputeMoved const& e) {
                   order_json(json, e);
                   json.string("reference", e.reference);
                   usd_json(json, e.usd);
                   json.amount("processor_fee_change_usd", e.fee);
                   json.string("dispute_status", dispute_status_name(e.status));
                   json.integer("entries", e.entries);
                   json.amount("available_after", e.available_after);
                 },
             },
             event);
}

}  // namespace

void append_event_json(std::string& out, Commit const& commit, std::size_t index, eventstore::Vault const* vault) {
  auto const& event = commit.events[index];
  JsonWriter json(out);
  json.begin_object();
  json.integer("position", next(commit.first, index).value());
  time_micros(json, "at", commit.at);
  json.string("transaction_id", format_transaction_id(commit.first));
  if (commit.request.id.empty()) {
    json.null("request");
  } else {
    json.begin_object("request");
    if (commit.request.game) game_id(json, commit.request.game);
    json.string("client_request_id", commit.request.id);
    json.string("fingerprint", hex(commit.request.fingerprint));
    json.end_object();
  }
  json.string("event", event_name(event));
  json.begin_object("data");
  data_json(json, event, vault);
  json.end_object();
  json.begin_array("postings");
  for (auto const& posting : postings(event)) {
    json.begin_object();
    json.string("account", account_name(posting.account));
    if (posting.player) json.integer("player_id", posting.player.value());
    json.integer("currency_id", posting.currency.value());
    json.amount("amount", posting.amount);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

}  // namespace florin::api
