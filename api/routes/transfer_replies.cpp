#include "api/routes/transfer_replies.h"

#include <algorithm>

#include <spdlog/spdlog.h>

#include "domain/limits.h"

namespace florin::api {
namespace {

using domain::Flavour;
using domain::RejectionCode;

constexpr FlavourWords kTransfer{
    .flavour = Flavour::transfer,
    .noun = "Transfer",
    .plural = "transfers",
    .details = "transfer_details",
    .summary = "transfer_summary",
    .sender_name = "source_player_name",
    .sender_email = "source_player_email",
    .sender_phone = "source_player_phone",
    .receiver_email = "target_player_email",
    .receiver_phone = "target_player_phone",
    .target_game_field = "target_game_id",
    .claimant_name = "target_player_name",
    .claimant_email = "target_player_email",
    .claimant_phone = "target_player_phone",
    .claimant_id = "target_player_id",
    .source_game = "source_game",
    .target_game = "target_game",
    .target_game_id = "target_game_id",
    .target_game_name = "target_game_name",
    .source_game_id = "source_game_id",
    .source_game_name = "source_game_name",
    .target_currency = "target_currency",
    .receiver = "target_player",
    .amount_sent = "amount_initiated",
    .sender_available = "source_player_current_available_balance",
    .source_fee = "source_game_fee",
    .target_fee = "target_game_fee",
    .network_fee = "invo_fee",
    .policy_code = "TRANSFER_POLICY_VIOLATION",
};

constexpr FlavourWords kSend{
    .flavour = Flavour::send,
    .noun = "Currency send",
    .plural = "currency sends",
    .details = "send_details",
    .summary = "send_summary",
    .sender_name = "sender_player_name",
    .sender_email = "sender_player_email",
    .sender_phone = "sender_player_phone",
    .receiver_email = "receiver_player_email",
    .receiver_phone = "receiver_player_phone",
    .target_game_field = "receiving_game_id",
    .claimant_name = "receiver_player_name",
    .claimant_email = "receiver_player_email",
    .claimant_phone = "receiver_player_phone",
    .claimant_id = "receiver_player_id",
    .source_game = "sending_game",
    .target_game = "receiving_game",
    .target_game_id = "receiving_game_id",
    .target_game_name = "receiving_game_name",
    .source_game_id = "sending_game_id",
    .source_game_name = "sending_game_name",
    .target_currency = "receiving_currency",
    .receiver = "receiver_player",
    .amount_sent = "amount_sent",
    .sender_available = "sender_current_available_balance",
    .source_fee = "sending_game_fee",
    .target_fee = "receiving_game_fee",
    .network_fee = "platform_fee",
    .policy_code = "CURRENCY_SEND_POLICY_VIOLATION",
};

std::string_view name_of(domain::Game const* game) {
  return game != nullptr ? std::string_view(game->settings.name) : std::string_view();
}

std::string_view currency_of(domain::Game const* game, domain::CurrencyId currency) {
  return game != nullptr ? currency_name(*game, currency) : std::string_view();
}

domain::Game const* game_of_player(TransferScene const& scene, domain::PlayerId player) {
  auto const id = scene.services.ledger.state.read([&](domain::State const& state) {
    auto const* game = state.game_of(player);
    return game != nullptr ? game->id : domain::GameId{};
  });
  return scene.games->find(id);
}

void write_fees(JsonWriter& json, std::string_view name, TransferScene const& scene,
                domain::TransferInitiated const& e) {
  json.begin_object(name);
  json.amount("total_fee", e.fees.total());
  json.amount("net_amount", e.amount - e.fees.total());
  json.amount(scene.words.source_fee, e.fees.source);
  json.amount(scene.words.target_fee, e.fees.target);
  json.amount(scene.words.network_fee, e.fees.network);
  json.string("source_rate_pct", to_string(e.source_rate));
  json.string("target_rate_pct", to_string(e.target_rate));
  json.end_object();
}

}  // namespace

FlavourWords const& words_of(Flavour flavour) { return flavour == Flavour::transfer ? kTransfer : kSend; }

std::string mask_phone(std::string_view phone) {
  return "******" + std::string(phone.size() > 4 ? phone.substr(phone.size() - 4) : std::string_view());
}

void write_guardian(JsonWriter& json, Services& services, domain::TransferId transaction, std::string_view state,
                    domain::Timestamp expires_at) {
  json.begin_object("guardian_approval");
  json.string("approval_id", services.ledger.codes.approval_id(transaction.position()));
  json.string("state", state);
  json.time("expires_at", expires_at);
  json.string("poll_endpoint",
              services.api() + "/transactions/" + domain::format_transaction_id(transaction) + "/approval-status");
  json.end_object();
}

void write_initiated(std::string& out, TransferScene const& scene, domain::Commit const& commit,
                     std::string_view sender_phone, std::string_view receiver_phone) {
  auto const& e = event_of<domain::TransferInitiated>(commit);
  auto const& words = scene.words;
  auto const source = commit.request.game;
  auto const currency = scene.games->currency_name_at(source, e.currency, commit.first);
  bool const held = bool{e.guardian};
  std::string message(words.noun);
  message += held ? " initiated. SMS PIN sent to your phone, but verification is held until the guardian on file "
                    "approves via SMS."
                  : " initiated. Please verify with the SMS PIN sent to your phone.";
  out.reserve(2048);
  JsonWriter json(out);
  json.begin_object();
  json.string("status", held ? "pending_guardian_approval" : "success");
  json.string("message", message);
  json.string("transaction_id", domain::format_transaction_id(commit.first));
  json.string("order_id", domain::format_order_id(domain::OrderId(commit.first)));
  json.amount("new_balance", e.available_after);
  json.string("currency_name", currency);
  json.string("verification_method", "sms");
  json.time("verification_expires_at", e.pin_expires_at);
  if (held) write_guardian(json, scene.services, e.transaction, "pending", e.guardian_expires_at);
  json.begin_object(words.details);
  json.string(words.source_game, scene.games->name_at(source, commit.first));
  json.string(words.target_game, scene.games->name_at(e.target, commit.first));
  json.string(words.target_game_id, std::to_string(e.target.value()));
  json.string("currency", currency);
  json.integer("currency_id", e.currency.value());
  json.amount("amount_initiated", e.amount);
  write_fees(json, "fees_preview", scene, e);
  json.string("receiver_phone", receiver_phone);
  bool const same_game = commit.request.game == e.target;
  json.string("send_type", same_game ? "peer_to_peer" : "cross_game");
  json.begin_object("transfer_policy");
  json.string("source_universal_transfers", e.universal ? "yes" : "no");
  json.string("policy_applied", domain::policy_name(e.universal));
  json.raw("target_in_linked_list", e.universal || same_game ? "null" : "true");
  json.end_object();
  json.end_object();
  write_fees(json, "fee_breakdown", scene, e);
  json.begin_object("verification_required");
  json.string("phone_number_masked", mask_phone(sender_phone));
  json.integer("pin_expires_in_minutes", static_cast<int>(domain::kPinMicros / (60 * domain::kMicrosPerSecond)));
  json.end_object();
  json.end_object();
}

void write_verified(std::string& out, TransferScene const& scene, domain::OpenTransfer const& transfer,
                    domain::Timestamp claim_expires_at, domain::Wallet const& wallet) {
  auto const& words = scene.words;
  auto const* target = scene.games->find(transfer.target);
  auto const* source = game_of_player(scene, transfer.sender);
  auto json = begin_success(out);
  json.string("message", "SMS PIN verified. The receiver has been sent a claim code.");
  json.string("transaction_id", domain::format_transaction_id(transfer.transaction));
  json.string("order_id", domain::format_order_id(domain::OrderId(transfer.transaction.position())));
  json.string("claim_code", scene.services.ledger.codes.claim_code(transfer.transaction));
  json.amount("new_balance", wallet.available);
  json.string("currency_name", currency_of(source, transfer.currency));
  json.begin_object("claim_instructions");
  json.string("message", "The receiver enters the claim code in the receiving game, with the phone it was sent to.");
  json.string(words.target_game_id, std::to_string(transfer.target.value()));
  json.string(words.target_game_name, name_of(target));
  json.boolean("receiver_notified", scene.services.ledger.texts.sms_available());
  json.time("claim_code_expires_at", claim_expires_at);
  json.end_object();
  json.begin_object(words.summary);
  json.amount(words.amount_sent, transfer.amount);
  json.amount("net_amount_for_claim", transfer.net());
  json.amount("fees_deducted", transfer.fees.total());
  json.amount(words.sender_available, wallet.available);
  json.end_object();
  json.end_object();
}

void write_claimed(std::string& out, TransferScene const& scene, domain::Commit const& commit,
                   ClaimReceiver const& receiver) {
  auto const& e = event_of<domain::TransferClaimed>(commit);
  auto const& words = scene.words;
  auto const* source = game_of_player(scene, e.sender);
  auto const currency = scene.games->currency_name_at(e.target, e.target_currency, commit.first);
  auto json = begin_success(out);
  json.string("message", std::string(words.noun) + " claimed.");
  json.string("transaction_id", domain::format_transaction_id(e.transaction));
  json.string("order_id", domain::format_order_id(domain::OrderId(e.transaction.position())));
  json.string("currency_name", currency);
  json.amount("new_balance", e.available_after);
  json.begin_object(words.details);
  json.amount("amount_received", e.net());
  json.string(words.source_game,
              source != nullptr ? scene.games->name_at(source->id, commit.first) : std::string_view());
  json.string(words.target_currency, currency);
  json.string(words.receiver, receiver.name);
  json.amount("new_balance", e.available_after);
  json.end_object();
  json.begin_object("player");
  json.integer("player_id", e.receiver.value());
  json.string("player_email", receiver.email);
  json.string("player_name", receiver.name);
  json.end_object();
  json.time("completion_time", commit.at);
  json.end_object();
}

namespace {

std::string named(domain::Game const* game, domain::GameId id) {
  return "'" + std::string(name_of(game)) + "' (ID: " + std::to_string(id.value()) + ")";
}

// Why the policy says no, as far as the games of this moment tell; in the words of the seed.
std::string policy_reason(domain::Game const& source, domain::Game const* target, domain::GameId target_id) {
  auto const& settings = source.settings;
  auto const& linked = settings.linked_games;
  if (!settings.allows_outgoing_transfers) return "Sending game '" + settings.name + "' does not allow outgoing ones.";
  if (target != nullptr && !target->settings.allows_incoming_transfers) {
    return "Receiving game " + named(target, target_id) + " does not allow incoming ones.";
  }
  if (settings.universal_transfers || std::find(linked.begin(), linked.end(), target_id) != linked.end()) {
    return "Receiving game " + named(target, target_id) + " is not active.";
  }
  constexpr std::size_t kNamedMax = 20;  // a thousand may be linked
  std::string list;
  for (std::size_t i = 0; i < std::min(linked.size(), kNamedMax); ++i) {
    list += (i > 0 ? ", " : "") + std::to_string(linked[i].value());
  }
  if (linked.size() > kNamedMax) list += ", …";
  return "Receiving game " + named(target, target_id) + " is not in the linked games list for sending game '" +
         settings.name + "'. Linked games: [" + list + "]";
}

}  // namespace

Response initiation_rejection(Request const& request, TransferScene const& scene, domain::Game const& source,
                              domain::GameId target_id, domain::Rejection const& rejection) {
  auto const noun = std::string(scene.words.noun);
  auto const* target = scene.games->find(target_id);
  if (rejection.code == RejectionCode::transfer_policy) {
    return error_response(request, 403, scene.words.policy_code,
                          noun + " not allowed: " + policy_reason(source, target, target_id));
  }
  if (rejection.code == RejectionCode::game_in_testing) {
    bool const from = source.settings.status == domain::GameStatus::testing;
    auto const& game = from ? source.settings.name : std::string(name_of(target));
    return error_response(request, 403, "GAME_IN_TESTING",
                          noun + "s are not allowed " + (from ? "from" : "to") + " games in testing status. " +
                              (from ? "Sending game '" : "Receiving game '") + game + "' must be live to " +
                              (from ? "initiate " : "receive ") + std::string(scene.words.plural) + ".");
  }
  if (rejection.code == RejectionCode::velocity_count || rejection.code == RejectionCode::velocity_amount) {
    bool const count = rejection.code == RejectionCode::velocity_count;
    bool const transfer = scene.words.flavour == Flavour::transfer;
    using domain::LimitKind;
    auto const kind =
        count ? (transfer ? LimitKind::transfers_per_player_hour : LimitKind::sends_per_player_hour)
              : (transfer ? LimitKind::transfer_units_per_player_day : LimitKind::send_units_per_player_day);
    // "Hourly currency send limit of 25 sends exceeded."
    auto const plural = scene.words.plural;
    auto message = std::string(count ? "Hourly " : "Daily ") + std::string(plural.substr(0, plural.size() - 1)) +
                   " limit of " + std::to_string(limit_of(source, kind)) + " ";
    message += count ? std::string(domain::flavour_name(scene.words.flavour)) + "s" : std::string("currency units");
    return error_response(request, 429, "VELOCITY_LIMIT_EXCEEDED", message + " exceeded. Please try again later.", {},
                          static_cast<int>(rejection.retry_after), "velocity_limit_exceeded");
  }
  return rejection_response(request, rejection);
}

}  // namespace florin::api
