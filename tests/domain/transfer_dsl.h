// People, phones and facts for scenarios with transfers: Ann plays kGame and holds 1,000 gold; Bob plays nowhere;
// kOther is another live game. Nobody's phone is on file.
#pragma once

#include <string_view>
#include <vector>

#include "tests/domain/ledger_dsl.h"

namespace florin::domain::testing {

constexpr GameId kOther(444'444'444'444);  // live; coins (default) and stars
constexpr CurrencyId kCoins(5);
constexpr CurrencyId kStars(6);

constexpr auto kAnn = "ann@example.com";  // identity 1, player 1
constexpr auto kBob = "bob@example.com";
constexpr auto kCat = "cat@example.com";
constexpr auto kAnnsPhone = "+15550000001";
constexpr auto kBobsPhone = "+15550000002";
constexpr auto kMumsPhone = "+15550000003";

constexpr std::int64_t kSecond = kMicrosPerSecond;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

inline PersonRef person(std::string_view email) { return {index_of(email), std::string(email)}; }
inline PhoneRef phone(std::string_view number) { return {index_of(number), std::string(number)}; }

// ---- facts -------------------------------------------------------------------------------------------------------

inline PhoneRecorded recorded(std::uint64_t id, std::uint64_t identity, std::string_view number) {
  return {PhoneId(id), IdentityId(identity), index_of(number), PersonalText{std::string(number), false}};
}
inline PhoneVerified verified(std::uint64_t id) { return {PhoneId(id)}; }

inline std::vector<Event> four_games() {
  return three_games() + std::vector<Event>{game_created(kOther, GameStatus::live,
                                                         {currency(kCoins, "coins"), currency(kStars, "stars")})};
}
inline std::vector<Event> ann_at_home(Money gold = units("1000.00")) {
  return four_games() +
         std::vector<Event>{registered(1, kAnn), joined(1, kGame, 1, kAnn), credited(1, kGold, gold, gold)};
}

// Changes of a game's settings, as the fact that an operator's change leaves.
template <class Change>
GameUpdated changed(GameId game, Change&& change) {
  GameUpdated event{game, {}};
  event.settings.name = "game " + std::to_string(game.value());
  event.settings.status = GameStatus::live;
  change(event.settings);
  return event;
}

// ---- a send of 500.00 from Ann to Bob, from kGame to kOther ------------------------------------------------------

inline InitiateTransfer send_to_bob(Money amount = units("500.00")) {
  InitiateTransfer command;
  command.flavour = Flavour::send;
  command.game = kGame;
  command.sender = player(kAnn);
  command.sender_phone = phone(kAnnsPhone);
  command.target = kOther;
  command.receiver = person(kBob);
  command.receiver_phone = phone(kBobsPhone);
  command.amount = amount;
  return command;
}

constexpr TransferId kSend(8);  // after ann_at_home()

inline TransferInitiated initiated(TransferId transaction = kSend, Timestamp at = kNow) {
  TransferInitiated event;
  event.transaction = transaction;
  event.flavour = Flavour::send;
  event.sender = PlayerId(1);
  event.currency = kGold;
  event.target = kOther;
  event.sender_phone = PhoneId(1);
  event.receiver = IdentityId(2);
  event.receiver_phone = PhoneId(2);
  event.amount = units("500.00");
  event.fees = {units("17.50"), units("17.50"), units("15.00")};
  event.source_rate = BasisPoints(350);
  event.target_rate = BasisPoints(350);
  event.universal = true;
  event.available_after = units("500.00");
  event.reserved_after = units("500.00");
  event.pin_expires_at = at + 10 * kMinute;
  return event;
}

// The commit of the first send: Bob and both phones become known with it.
inline std::vector<Event> first_send(TransferInitiated const& event = initiated()) {
  return {registered(2, kBob), recorded(1, 1, kAnnsPhone), recorded(2, 2, kBobsPhone), event};
}
inline std::vector<Event> waiting_for_pin() { return ann_at_home() + first_send(); }

// kMumsPhone is Ann's guardian's. The flag stands before the send, so the send is named by position 10.
constexpr TransferId kMinorsSend(10);
inline std::vector<Event> ann_the_minor() {
  return ann_at_home() + std::vector<Event>{recorded(1, 1, kMumsPhone), MinorFlagged{IdentityId(1), PhoneId(1)}};
}
inline TransferInitiated initiated_by_minor() {
  auto event = initiated(kMinorsSend);
  event.sender_phone = PhoneId(2);
  event.receiver_phone = PhoneId(3);
  event.guardian = PhoneId(1);
  event.guardian_expires_at = kNow + 15 * kMinute;
  return event;
}
inline std::vector<Event> waiting_for_guardian() {
  return ann_the_minor() + std::vector<Event>{registered(2, kBob), recorded(2, 1, kAnnsPhone),
                                              recorded(3, 2, kBobsPhone), initiated_by_minor()};
}

inline TransferReleased returned(ReturnReason reason, TransferId transaction = kSend) {
  PhoneId const anns(transaction == kMinorsSend ? 2 : 1);
  return {transaction,     Flavour::send,    reason,  PlayerId(1), kGold,
          units("500.00"), units("1000.00"), Money{}, kOther,      anns};
}

// `matching` is a bit for each PIN of the transaction that the given one equals.
inline VerifyPin verify(std::uint32_t matching, TransferId transaction = kSend) {
  return {kGame, Flavour::send, transaction, matching};
}
constexpr std::uint32_t kWrong = 0;
constexpr std::uint32_t kFirstPin = 1;
constexpr std::uint32_t kSecondPin = 2;

// Verified at once.
inline std::vector<Event> waiting_for_claim() {
  return waiting_for_pin() + std::vector<Event>{verified(1), PinVerified{kSend, kNow + kDay}};
}

inline ClaimTransfer claim_by_bob(TransferId transaction = kSend) {
  ClaimTransfer command;
  command.game = kOther;
  command.flavour = Flavour::send;
  command.transaction = transaction;
  command.receiver = player(kBob);
  command.phone = phone(kBobsPhone);
  return command;
}

inline TransferClaimed claimed(PlayerId receiver, Money available_after, CurrencyId currency = kCoins) {
  return {kSend,     Flavour::send,   PlayerId(1),     kGold,
          receiver,  currency,        units("500.00"), {units("17.50"), units("17.50"), units("15.00")},
          Money{},   available_after, kOther,          PhoneId(1),
          PhoneId(2)};
}

inline ReceiveReply reply(std::string_view number, ReplyWord word) {
  ReceiveReply command;
  command.phone = index_of(number);
  command.word = word;
  return command;
}
inline ReceiveReply reply_with_code(std::string_view number, ReplyWord word, Position named) {
  auto command = reply(number, word);
  command.has_code = true;
  command.named = named;
  return command;
}
inline ReplyReceived replied(std::string_view number) { return {index_of(number)}; }

}  // namespace florin::domain::testing
