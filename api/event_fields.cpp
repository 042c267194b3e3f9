// Longer than others because it has an arm for every event.
#include "api/event_fields.h"

#include "api/game_json.h"
#include "api/http/printable_text.h"

namespace florin::api {
namespace {

using namespace domain;
using eventstore::Field;

std::string hex(auto const& bytes) { return to_hex({reinterpret_cast<char const*>(bytes.data()), bytes.size()}); }

// 64 bits as hex: JSON readers round integers above 2^53.
std::string tag_text(std::uint64_t tag) {
  std::string bytes(8, '\0');
  for (std::size_t i = bytes.size(); i-- > 0; tag >>= 8) bytes[i] = static_cast<char>(tag & 0xff);
  return to_hex(bytes);
}

std::string currency_list(std::vector<CurrencySpec> const& currencies) {
  std::string out;
  for (auto const& currency : currencies) {
    if (!out.empty()) out += ", ";
    out += std::to_string(currency.currency.value()) + " " + terminal_quoted(currency.name);
  }
  return out;
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
  auto trace = file.first_trace;
  json.objects("entries", file.payouts, [&](auto const payout) {
    json.string("payout_id", format_payout_id(payout));
    json.string("trace_number", format_trace_number(origin, trace++));
  });
  json.end_object();
}

// Where the fields of an event go: into an object for programs, or into a line for people. Each function takes the
// field's name in either; the one that has none ("") leaves it out.
class Fields {
 public:
  Fields(JsonWriter* json, std::string* line, eventstore::Vault const* vault)
      : json_(json), line_(line), vault_(vault) {}

  [[nodiscard]] JsonWriter* json() { return json_; }  // null: it is a line

  void text(std::string_view name, std::string_view label, std::string_view value) {
    if (has_json(name)) json_->string(name, value);
    if (has_line(label)) add(label, value);
  }
  // Texts of others: quoted in a line.
  void quoted(std::string_view name, std::string_view label, std::string_view value) {
    if (has_json(name)) json_->string(name, value);
    if (has_line(label)) add(label, terminal_quoted(value));
  }
  // The same, left out of a line when it is empty.
  void note(std::string_view name, std::string_view label, std::string_view value) {
    quoted(name, value.empty() ? std::string_view() : label, value);
  }
  [[nodiscard]] std::string opened(IdentityId identity, Field field, PersonalText const& sealed) const {
    return personal_text(identity, field, sealed, vault_);
  }

  void number(std::string_view name, std::string_view label, std::uint64_t value) {
    if (has_json(name)) json_->integer(name, value);
    if (has_line(label)) add(label, std::to_string(value));
  }
  template <class Tag>
  void id(std::string_view name, std::string_view label, Id<Tag> value) {
    number(name, label, value.value());
  }
  template <class Unit>
  void amount(std::string_view name, std::string_view label, Amount<Unit> value) {
    if (has_json(name)) json_->amount(name, value);
    if (has_line(label)) add(label, to_string(value));
  }
  void time(std::string_view name, std::string_view label, Timestamp value) {
    text(name, label, to_iso8601_micros(value));
  }
  // Zero is "none": null in an object, left out of a line.
  template <class Tag>
  void id_or_none(std::string_view name, std::string_view label, Id<Tag> value) {
    if (value) return id(name, label, value);
    if (has_json(name)) json_->null(name);
  }
  void time_or_none(std::string_view name, std::string_view label, Timestamp value) {
    if (value != Timestamp{}) return time(name, label, value);
    if (has_json(name)) json_->null(name);
  }

  void game(GameId game) { text("game_id", "game", std::to_string(game.value())); }
  void identity(IdentityId identity) { text("identity_id", "identity", format_identity_id(identity)); }
  void wallet(PlayerId player, CurrencyId currency) {
    id("player_id", "player", player);
    id("currency_id", "currency", currency);
  }
  void transaction(auto transaction) { text("transaction_id", "transaction", format_transaction_id(transaction)); }
  void flavour(Flavour flavour) { text("flavour", "flavour", flavour_name(flavour)); }
  void target(GameId game) { text("target_game_id", "target", std::to_string(game.value())); }
  void fees(Money amount_sent, TransferFees const& fees) {
    amount("amount", "amount", amount_sent);
    amount("source_fee", "source fee", fees.source);
    amount("target_fee", "target fee", fees.target);
    amount("network_fee", "network fee", fees.network);
    amount("net_amount", "net", amount_sent - fees.total());
  }
  void available(Money available) { amount("available_after", "available", available); }
  void reserved(Money reserved) { amount("reserved_after", "reserved", reserved); }
  void sale(Money total, Money fee, Money revenue) {
    amount("total", "total", total);
    amount("platform_fee", "fee", fee);
    amount("developer_revenue", "revenue", revenue);
  }
  // Of an event about an order of currency.
  void order(auto const& e) {
    text("order_id", "order", format_order_id(e.order));
    wallet(e.player, e.currency);
  }
  void usd(Usd usd, std::string_view units_label = "amount") {
    amount("usd", "usd", usd);
    amount("amount", units_label, units_of(usd));
  }
  void payout(auto const& e) {
    text("payout_id", "payout", format_payout_id(e.payout));
    game(e.game);
  }
  void shares(auto const& e) {
    amount("usd", "usd", e.usd);
    if (json_ == nullptr) return;
    json_->objects("shares", e.shares, [&](auto const& share) {
      json_->integer("currency_id", share.currency.value());
      json_->amount("amount", share.amount);
    });
  }
  void text_of(TextRef const& about) {
    if (about.kind == TextKind::share_code) {
      id("approval", "approval", about.about);
    } else {
      transaction(about.about);
    }
    text("text", "text", text_kind_name(about.kind));
    if (about.kind == TextKind::pin) number("pin_index", "pin index", about.detail);
    if (about.kind == TextKind::sender_returned) {
      text("reason", "reason", reason_name(static_cast<ReturnReason>(about.detail)));
    }
  }
  void settings(GameSettings const& settings) {
    if (json_ != nullptr) write_settings(*json_, settings);
    quoted("", "name", settings.name);
    text("", "status", game_status_name(settings.status));
  }
  void currency(CurrencySpec const& currency) {
    if (json_ != nullptr) write_currency(*json_, currency);
    text("", "currency", currency_list({currency}));
    quoted("", "symbol", currency.symbol);
    amount("", "starting amount", currency.starting_amount);
    amount("", "minimum", currency.minimum_transfer);
    text("", "maximum", currency.maximum_transfer ? to_string(*currency.maximum_transfer) : "none");
  }

 private:
  [[nodiscard]] bool has_json(std::string_view name) const { return json_ != nullptr && !name.empty(); }
  [[nodiscard]] bool has_line(std::string_view label) const { return line_ != nullptr && !label.empty(); }
  void add(std::string_view label, std::string_view value) {
    if (!line_->empty()) *line_ += "  ";
    line_->append(label).append(" ").append(value);
  }

  JsonWriter* json_;
  std::string* line_;
  eventstore::Vault const* vault_;
};

void files_of(Fields& f, PayoutFileWritten const& e) {
  f.text("day", "day", to_date(e.day));
  f.text("created", "created", to_iso8601(e.created));
  if (auto* const json = f.json()) {
    origin_json(*json, e.origin);
    json->begin_array("files");
    for (auto const& file : e.files) file_json(*json, e.origin, file);
    json->end_array();
    json->objects("left_out", e.left_out, [&](auto const& left_out) {
      json->string("payout_id", format_payout_id(left_out.payout));
      json->string("reason", left_out_reason(left_out.reason));
    });
  }
  std::size_t payouts = 0;
  std::string letters;
  for (auto const& file : e.files) {
    letters += file.letter;
    payouts += file.payouts.size();
  }
  f.quoted("", "files", letters);
  f.number("", "payouts", payouts);
  f.number("", "left out", e.left_out.size());
}

void put(Fields& f, Event const& event) {
  std::visit(Overloaded{
                 [&](GameCreated const& e) {
                   f.game(e.game);
                   f.settings(e.settings);
                   if (f.json() != nullptr) write_currencies(*f.json(), e.currencies);
                   f.text("", "currencies", currency_list(e.currencies));
                   f.text("key_sha256", "", hex(e.key_hash));
                 },
                 [&](GameUpdated const& e) {
                   f.game(e.game);
                   f.settings(e.settings);
                 },
                 [&](CurrencyAdded const& e) {
                   f.game(e.game);
                   f.currency(e.currency);
                 },
                 [&](CurrencyChanged const& e) {
                   f.game(e.game);
                   f.currency(e.currency);
                 },
                 [&](SdkKeyRotated const& e) {
                   bool const cut = e.previous_valid_until == Timestamp{};
                   f.game(e.game);
                   f.text("key_sha256", "", hex(e.key_hash));
                   f.time_or_none("previous_valid_until", "", e.previous_valid_until);
                   f.text("", "previous key",
                          cut ? "cut at once" : "valid until " + to_iso8601(e.previous_valid_until));
                 },
                 [&](IdentityRegistered const& e) {
                   f.identity(e.identity);
                   f.text("email_index", "", hex(e.email_index));
                   f.quoted("email", "email", f.opened(e.identity, Field::email, e.email));
                 },
                 [&](PlayerJoined const& e) {
                   f.id("player_id", "player", e.player);
                   f.game(e.game);
                   f.identity(e.identity);
                   f.note("name", "name", f.opened(e.identity, Field::name, e.name));
                   f.text("name_tag", "", tag_text(e.name_tag));
                 },
                 [&](PlayerRenamed const& e) {
                   f.id("player_id", "player", e.player);
                   f.identity(e.identity);
                   f.note("name", "name", f.opened(e.identity, Field::name, e.name));
                   f.text("name_tag", "", tag_text(e.name_tag));
                 },
                 [&](StartingBalanceGranted const& e) {
                   f.wallet(e.player, e.currency);
                   f.amount("amount", "amount", e.amount);
                   f.available(e.available_after);
                 },
                 [&](BalanceCredited const& e) {
                   f.wallet(e.player, e.currency);
                   f.amount("amount", "amount", e.amount);
                   f.available(e.available_after);
                   f.note("reason", "reason", e.reason);
                 },
                 [&](BalanceDebited const& e) {
                   f.wallet(e.player, e.currency);
                   f.amount("amount", "amount", e.amount);
                   f.available(e.available_after);
                   f.note("reason", "reason", e.reason);
                 },
                 [&](ItemPurchased const& e) {
                   f.wallet(e.player, e.currency);
                   f.quoted("item_id", "item", e.item.id);
                   f.quoted("item_name", "name", e.item.name);
                   f.text("item_category", "", e.item.category);
                   f.text("item_description", "", e.item.description);
                   f.number("quantity", "quantity", e.quantity);
                   f.amount("unit_price", "unit price", e.unit_price);
                   f.sale(e.total, e.platform_fee, e.developer_revenue);
                   f.available(e.available_after);
                 },
                 [&](ItemRefunded const& e) {
                   f.text("order_id", "", format_order_id(e.order));
                   f.wallet(e.player, e.currency);
                   f.text("", "order", format_order_id(e.order));
                   f.sale(e.total, e.platform_fee, e.developer_revenue);
                   f.available(e.available_after);
                   f.note("reason", "reason", e.reason);
                 },
                 [&](PhoneRecorded const& e) {
                   f.id("phone_id", "phone", e.phone);
                   f.identity(e.identity);
                   f.text("phone_index", "", hex(e.phone_index));
                   f.quoted("number", "number", f.opened(e.identity, Field::phone, e.number));
                 },
                 [&](PhoneVerified const& e) { f.id("phone_id", "phone", e.phone); },
                 [&](MinorFlagged const& e) {
                   f.identity(e.identity);
                   f.id_or_none("guardian_phone_id", "guardian phone", e.guardian);
                 },
                 [&](MinorCleared const& e) { f.identity(e.identity); },
                 [&](TransferInitiated const& e) {
                   f.transaction(e.transaction);
                   f.flavour(e.flavour);
                   f.id("sender_player_id", "sender", e.sender);
                   f.id("currency_id", "currency", e.currency);
                   f.target(e.target);
                   f.id("sender_phone_id", "sender phone", e.sender_phone);
                   f.text("receiver_identity_id", "receiver", format_identity_id(e.receiver));
                   f.id("receiver_phone_id", "receiver phone", e.receiver_phone);
                   f.fees(e.amount, e.fees);
                   f.text("source_rate_pct", "source rate", to_string(e.source_rate));
                   f.text("target_rate_pct", "target rate", to_string(e.target_rate));
                   f.text("policy_applied", "policy", policy_name(e.universal));
                   f.available(e.available_after);
                   f.reserved(e.reserved_after);
                   f.time("pin_expires_at", "pin expires", e.pin_expires_at);
                   f.id_or_none("guardian_phone_id", "guardian phone", e.guardian);
                   f.time_or_none("guardian_expires_at", "guardian expires", e.guardian_expires_at);
                 },
                 [&](PinReissued const& e) {
                   f.transaction(e.transaction);
                   f.number("pin_index", "pin index", e.pin);
                   f.time("expires_at", "expires", e.expires_at);
                 },
                 [&](PinRejected const& e) {
                   f.transaction(e.transaction);
                   f.number("attempts_left", "attempts left", e.attempts_left);
                 },
                 [&](PinVerified const& e) {
                   f.transaction(e.transaction);
                   f.time("claim_expires_at", "claim expires", e.claim_expires_at);
                 },
                 [&](GuardianApproved const& e) { f.transaction(e.transaction); },
                 [&](TransferClaimed const& e) {
                   f.transaction(e.transaction);
                   f.flavour(e.flavour);
                   f.id("sender_player_id", "sender", e.sender);
                   f.id("currency_id", "currency", e.currency);
                   f.id("receiver_player_id", "receiver", e.receiver);
                   f.id("target_currency_id", "target currency", e.target_currency);
                   f.target(e.target);
                   f.fees(e.amount, e.fees);
                   f.amount("sender_reserved_after", "sender reserved", e.reserved_after);
                   f.amount("receiver_available_after", "receiver available", e.available_after);
                   f.id("sender_phone_id", "sender phone", e.sender_phone);
                   f.id("receiver_phone_id", "receiver phone", e.receiver_phone);
                 },
                 [&](TransferReleased const& e) {
                   f.transaction(e.transaction);
                   f.flavour(e.flavour);
                   f.text("reason", "reason", reason_name(e.reason));
                   f.id("sender_player_id", "sender", e.sender);
                   f.id("currency_id", "currency", e.currency);
                   f.target(e.target);
                   f.amount("amount", "amount", e.amount);
                   f.available(e.available_after);
                   f.reserved(e.reserved_after);
                   f.id("sender_phone_id", "sender phone", e.sender_phone);
                 },
                 [&](PhoneShareRequested const& e) {
                   f.id("approval", "approval", e.approval);
                   f.id("phone_id", "phone", e.phone);
                   f.id("owner_phone_id", "owner phone", e.owner);
                   f.time("expires_at", "expires", e.expires_at);
                   if (e.game || f.json() == nullptr) f.game(e.game);
                 },
                 [&](ShareCodeRejected const& e) {
                   f.id("approval", "approval", e.approval);
                   f.number("attempts_left", "attempts left", e.attempts_left);
                 },
                 [&](PhoneShareEnded const& e) {
                   f.id("approval", "approval", e.approval);
                   f.text("end", "end", share_end_name(e.end));
                 },
                 [&](ReplyReceived const& e) { f.text("phone_index", "phone index", hex(e.phone_index)); },
                 [&](TextSettled const& e) {
                   f.text_of(e.text);
                   f.text("end", "end", text_end_name(e.end));
                 },
                 [&](CheckoutOpened const& e) {
                   f.text("session_id", "session", format_session_id(e.session));
                   f.game(e.game);
                   f.identity(e.identity);
                   f.id("currency_id", "currency", e.currency);
                   f.amount("usd", "usd", e.usd);
                   f.text("success_url", "", e.success_url);
                   f.text("cancel_url", "", e.cancel_url);
                   f.text("metadata", "", f.opened(e.identity, Field::metadata, e.metadata));
                   f.time("expires_at", "", e.expires_at);
                   f.text("", "expires", to_iso8601(e.expires_at));
                 },
                 [&](CurrencyOrdered const& e) {
                   f.order(e);
                   f.amount("usd", "usd", e.usd);
                   f.quoted("payment_method", "method", e.method);
                   if (e.session) f.text("session_id", "session", format_session_id(e.session));
                 },
                 [&](PaymentOpened const& e) {
                   f.text("order_id", "order", format_order_id(e.order));
                   f.quoted("reference", "reference", e.reference);
                 },
                 [&](PaymentChallenged const& e) {
                   f.text("order_id", "order", format_order_id(e.order));
                   f.time("expires_at", "", e.expires_at);
                   f.text("", "expires", to_iso8601(e.expires_at));
                 },
                 [&](CurrencyPurchased const& e) {
                   f.order(e);
                   f.usd(e.usd);
                   f.amount("processor_fee_usd", "fee usd", e.fee);
                   f.quoted("reference", "reference", e.reference);
                   f.available(e.available_after);
                 },
                 [&](PaymentFailed const& e) {
                   f.text("order_id", "order", format_order_id(e.order));
                   f.id("player_id", "player", e.player);
                   f.text("failure", "failure", failure_name(e.failure));
                   f.note("code", "code", e.code);
                 },
                 [&](RefundRequested const& e) {
                   f.text("refund_id", "", format_refund_id(e.refund));
                   f.order(e);
                   f.text("", "refund", format_refund_id(e.refund));
                   f.usd(e.usd);
                   f.available(e.available_after);
                   f.note("reason", "reason", e.reason);
                   f.text("payment", "", e.payment);
                   f.text("reference", "", e.reference);
                 },
                 [&](RefundSettled const& e) {
                   f.text("refund_id", "", format_refund_id(e.refund));
                   f.order(e);
                   f.text("", "refund", format_refund_id(e.refund));
                   f.usd(e.usd, "");
                   f.text("end", "end", refund_end_name(e.end));
                   f.text("reference", "", e.reference);
                   f.available(e.available_after);
                 },
                 [&](DisputeOpened const& e) {
                   f.order(e);
                   f.quoted("reference", "reference", e.reference);
                   f.usd(e.usd);
                   f.amount("processor_fee_usd", "fee usd", e.fee);
                   f.available(e.available_after);
                 },
                 [&](DisputeClosed const& e) {
                   f.order(e);
                   f.quoted("reference", "reference", e.reference);
                   f.usd(e.usd, "");
                   if (f.json() != nullptr) f.json()->boolean("won", e.won);
                   f.text("", "won", e.won ? "yes" : "no");
                   f.amount("processor_fee_change_usd", "fee change usd", e.fee);
                   f.available(e.available_after);
                 },
                 [&](DisputeMoved const& e) {
                   f.order(e);
                   f.quoted("reference", "reference", e.reference);
                   f.usd(e.usd);
                   f.amount("processor_fee_change_usd", "fee change usd", e.fee);
                   f.text("dispute_status", "status", dispute_status_name(e.status));
                   f.number("entries", "", e.entries);
                   f.available(e.available_after);
                 },
                 [&](PayoutRequested const& e) {
                   f.payout(e);
                   f.shares(e);
                   f.text("contact_identity_id", "contact", format_identity_id(e.contact));
                   f.quoted("account_holder_name", "holder", f.opened(e.contact, Field::bank_holder, e.holder));
                   f.quoted("routing_number", "bank", e.routing);
                   f.text("last4", "", e.last4);
                   f.quoted("", "account", "…" + e.last4);
                   f.text("account_type", "", account_type_name(e.type));
                 },
                 [&](PayoutAdvanced const& e) {
                   f.payout(e);
                   f.shares(e);
                   f.text("status", "status", payout_status_name(e.status));
                   f.note("note", "note", e.note);
                   if (e.was_completed) f.text("", "after", "completed");
                   if (f.json() != nullptr && e.was_completed) f.json()->boolean("was_completed", true);
                   if (f.json() != nullptr && e.dated_by_export) f.json()->boolean("dated_by_export", true);
                 },
                 [&](KeysBound const& e) {
                   f.text("vault", "vault", hex(e.vault));
                   f.number("row_key", "row key", e.row_key);
                   f.text("row_key_check", "check", hex(e.row_key_check));
                 },
                 [&](PayoutFileWritten const& e) { files_of(f, e); },
                 [&](PayoutAccountCorrected const& e) {
                   f.payout(e);
                   f.text("contact_identity_id", "contact", format_identity_id(e.contact));
                   f.quoted("code", "code", e.code);
                   f.quoted("corrected", "corrected", masked(f.opened(e.contact, Field::bank_correction, e.corrected)));
                 },
             },
             event);
}

}  // namespace

void write_event_fields(JsonWriter& json, Event const& event, eventstore::Vault const* vault) {
  Fields fields(&json, nullptr, vault);
  put(fields, event);
}

std::string event_details(Event const& event, eventstore::Vault const* vault) {
  std::string line;
  Fields fields(nullptr, &line, vault);
  put(fields, event);
  return line;
}

std::string personal_text(IdentityId identity, eventstore::Field field, PersonalText const& text,
                          eventstore::Vault const* vault) {
  if (!text.sealed && text.bytes.empty()) return {};
  if (vault == nullptr) return "(sealed)";
  auto opened = vault->open(identity, field, text);
  if (opened) return std::move(opened).value();
  return opened.error().kind == eventstore::Fault::Kind::missing ? "(erased)" : "(unreadable)";
}

std::string terminal_quoted(std::string_view text) {
  std::string marked;
  for (char const letter : text) {
    if (letter == '"' || letter == '\\') marked += '\\';
    marked += letter;
  }
  return '"' + printable(marked) + '"';
}

}  // namespace florin::api
