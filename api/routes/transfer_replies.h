// The words of the two flavours and the JSON that the calls of transfers and sends answer with (CONTRACT, Transfers and
// sends).
#pragma once

#include "api/ledger/transfers.h"
#include "api/routes/route.h"

namespace florin::api {

// Where a transfer and a send differ on the wire. Static texts.
struct FlavourWords {
  domain::Flavour flavour;
  std::string_view noun;     // "transfer", "currency send"
  std::string_view plural;   // "transfers", "currency sends"
  std::string_view details;  // "transfer_details"
  std::string_view summary;
  // Request fields.
  std::string_view sender_name;
  std::string_view sender_email;
  std::string_view sender_phone;
  std::string_view receiver_email;
  std::string_view receiver_phone;
  std::string_view target_game_field;
  std::string_view claimant_name;
  std::string_view claimant_email;
  std::string_view claimant_phone;
  std::string_view claimant_id;
  // Reply fields.
  std::string_view source_game;
  std::string_view target_game;
  std::string_view target_game_id;
  std::string_view target_game_name;
  std::string_view source_game_id;
  std::string_view source_game_name;
  std::string_view target_currency;
  std::string_view receiver;
  std::string_view amount_sent;
  std::string_view sender_available;
  std::string_view source_fee;
  std::string_view target_fee;
  std::string_view network_fee;
  std::string_view policy_code;
};
[[nodiscard]] FlavourWords const& words_of(domain::Flavour flavour);

// A handler that serves both flavours, as the handler of one of them.
template <domain::Flavour Flavour, Awaitable<Response> (*Handler)(Call, FlavourWords const&)>
Awaitable<Response> with(Call call) {
  return Handler(std::move(call), words_of(Flavour));
}

// "******7890"
[[nodiscard]] std::string mask_phone(std::string_view phone);

// What every reply about a transaction looks things up in, as of the request.
struct TransferScene {
  Services& services;
  FlavourWords const& words;
  // As of the reply, and not of the request: a game may have been changed just before the commit.
  std::shared_ptr<eventstore::GameDirectory const> games = services.ledger.state.games();
};

// 201, and 202 while a guardian is asked.
void write_initiated(std::string& out, TransferScene const& scene, domain::Commit const& commit,
                     std::string_view sender_phone, std::string_view receiver_phone);
// "guardian_approval": {…}
void write_guardian(JsonWriter& json, Services& services, domain::TransferId transaction, std::string_view state,
                    domain::Timestamp expires_at);
void write_verified(std::string& out, TransferScene const& scene, domain::OpenTransfer const& transfer,
                    domain::Timestamp claim_expires_at, domain::Wallet const& wallet);
// Who was credited, as the receiving game has them on file.
struct ClaimReceiver {
  std::string email;
  std::string name;
};
void write_claimed(std::string& out, TransferScene const& scene, domain::Commit const& commit,
                   ClaimReceiver const& receiver);

// What an initiation is refused with, in the words of the seed "initiate send". Asking a phone's owner is the route's
// own.
[[nodiscard]] Response initiation_rejection(Request const& request, TransferScene const& scene,
                                            domain::Game const& source, domain::GameId target,
                                            domain::Rejection const& rejection);

}  // namespace florin::api
