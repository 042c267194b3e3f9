// One commit of every event kind, with a value in every field: for golden bytes, round trips and benchmarks.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "domain/events.h"

namespace florin::samples {

template <std::size_t Size>
std::array<std::uint8_t, Size> bytes(std::uint8_t first) {
  std::array<std::uint8_t, Size> out;
  for (std::size_t i = 0; i < Size; ++i) out[i] = static_cast<std::uint8_t>(first + i);
  return out;
}

inline domain::Money money(std::int64_t minor) { return domain::Money::from_minor(minor); }
inline domain::Usd usd(std::int64_t cents) { return domain::Usd::from_minor(cents); }

inline domain::GameSettings settings() {
  domain::GameSettings out;
  out.name = "Gränsland";
  out.developer_name = "North Gate";
  out.genre = "strategy";
  out.icon_url = "https://example.org/icon.png";
  out.status = domain::GameStatus::live;
  out.universal_transfers = false;
  out.allows_outgoing_transfers = true;
  out.allows_incoming_transfers = false;
  out.linked_games = {domain::GameId(200'000'000'001), domain::GameId(200'000'000'002)};
  out.transfer_fee = domain::BasisPoints(275);
  out.item_fee = domain::BasisPoints(1'250);
  out.limits = {{domain::LimitKind::batch_reads_per_minute, 40},
                {domain::LimitKind::item_purchases_per_player_minute, 120}};
  return out;
}

inline std::vector<domain::CurrencySpec> currencies() {
  return {{domain::CurrencyId(1), "Crowns", "CRN", money(50'000), money(100), money(1'000'000)},
          {domain::CurrencyId(2), "Shards", "SHD", money(0), money(1), std::nullopt}};
}

inline domain::TransferInitiated initiated() {
  using namespace domain;
  auto const at = Timestamp::from_micros(1'767'225'600'123'456);
  TransferInitiated out;
  out.transaction = TransferId(42);
  out.flavour = Flavour::send;
  out.sender = PlayerId(7);
  out.currency = CurrencyId(1);
  out.target = GameId(200'000'000'001);
  out.sender_phone = PhoneId(3);
  out.receiver = IdentityId(6);
  out.receiver_phone = PhoneId(6);
  out.amount = money(10'000);
  out.fees = {money(275), money(350), money(375)};
  out.source_rate = BasisPoints(275);
  out.target_rate = BasisPoints(350);
  out.universal = true;
  out.available_after = money(50'000);
  out.reserved_after = money(10'500);
  out.pin_expires_at = at + kPinMicros;
  out.guardian = PhoneId(4);
  out.guardian_expires_at = at + kGuardianMicros;
  return out;
}

// Every alternative of domain::Event, in its order.
inline std::vector<domain::Event> events() {
  using namespace domain;
  GameId const game(123'456'789'012);
  PlayerId const player(7);
  CurrencyId const crowns(1);
  IdentityId const identity(5);
  TransferId const transaction(42);
  ApprovalId const approval(42);
  TransferFees const fees{money(275), money(350), money(375)};
  auto const time = [](std::int64_t minutes) {
    return Timestamp::from_micros(1'767'225'600'123'456 + minutes * 60 * kMicrosPerSecond);
  };
  return {
      GameCreated{game, settings(), currencies(), bytes<32>(1)},
      GameUpdated{game, settings()},
      SdkKeyRotated{game, bytes<32>(2), Timestamp::from_micros(1'767'830'400'000'000)},
      IdentityRegistered{identity, bytes<16>(3), {"sealed e-mail of a person, as bytes", true}},
      PlayerJoined{player, game, identity, {"sealed name of the same person, too", true}, 0x1122'3344'5566'7788},
      PlayerRenamed{player, identity, {"another sealed name, also just bytes", true}, 0x8877'6655'4433'2211},
      StartingBalanceGranted{player, crowns, money(50'000), money(50'000)},
      BalanceCredited{player, crowns, money(10'050), money(60'050), "quest reward"},
      BalanceDebited{player, crowns, money(50), money(60'000), "correction"},
      ItemPurchased{player,
                    crowns,
                    {"sword_01", "Iron sword", "weapons", "A plain blade, well kept"},
                    2,
                    money(1'999),
                    money(3'998),
                    money(500),
                    money(3'498),
                    money(56'002)},
      ItemRefunded{OrderId(41), player, crowns, money(3'998), money(500), money(3'498), money(60'000), "changed mind"},
      PhoneRecorded{PhoneId(3), identity, bytes<16>(4), {"sealed number of a phone, as bytes", true}},
      PhoneVerified{PhoneId(3)},
      MinorFlagged{identity, PhoneId(4)},
      MinorCleared{identity},
      initiated(),
      PinReissued{transaction, 1, time(11)},
      PinRejected{transaction, 2},
      PinVerified{transaction, time(1440)},
      GuardianApproved{transaction},
      TransferClaimed{transaction, Flavour::send, player, crowns, PlayerId(8), CurrencyId(3), money(10'000), fees,
                      money(500), money(9'250), GameId(200'000'000'001), PhoneId(3), PhoneId(6)},
      TransferReleased{transaction, Flavour::send, ReturnReason::guardian_expired, player, crowns, money(10'000),
                       money(60'000), money(500), GameId(200'000'000'001), PhoneId(3)},
      PhoneShareRequested{approval, PhoneId(7), PhoneId(3), time(10), game},
      ShareCodeRejected{approval, 4},
      PhoneShareEnded{approval, ShareEnd::superseded},
      ReplyReceived{bytes<16>(5)},
      TextSettled{{transaction.position(), TextKind::sender_returned, 4}, TextEnd::dropped},
      CheckoutOpened{SessionId(42),
                     game,
                     identity,
                     crowns,
                     usd(1'050),
                     "https://game.example/thanks",
                     "https://game.example/shop",
                     {"sealed metadata of an order, bytes", true},
                     time(15)},
      CurrencyOrdered{OrderId(42), player, crowns, usd(1'050), "pm_card_visa", SessionId(40)},
      PaymentOpened{OrderId(41), "pi_3OqUSt2eZvKYlo2C"},
      PaymentChallenged{OrderId(41), time(15)},
      CurrencyPurchased{OrderId(41), player, crowns, usd(1'050), usd(60), "pi_3OqUSt2eZvKYlo2C", money(70'500)},
      PaymentFailed{OrderId(41), player, PaymentFailure::challenge_expired, "insufficient_funds"},
      RefundRequested{RefundId(42), OrderId(41), player, crowns, usd(500), money(-5'000), "bought by mistake",
                      "pi_3OqUSt2eZvKYlo2C", "re_3OqUSt2eZvKYlo2C"},
      RefundSettled{RefundId(41), OrderId(39), player, crowns, usd(500), RefundEnd::reversed, "re_3OqUSt2eZvKYlo2C",
                    money(5'000)},
      DisputeOpened{OrderId(41), "dp_1Pgc71B7WZ01zgkW", player, crowns, usd(1'050), usd(1'500), money(-10'500)},
      DisputeClosed{OrderId(41), "dp_1Pgc71B7WZ01zgkW", player, crowns, usd(1'050), true, money(70'500), usd(-1'500)},
      PayoutRequested{PayoutId(42),
                      game,
                      usd(10'000),
                      {{crowns, money(60'000)}, {CurrencyId(2), money(40'000)}},
                      identity,
                      {"sealed holder of an account, bytes", true},
                      {"sealed number of an account, bytes", true},
                      "021000021",
                      "6789",
                      AccountType::savings},
      PayoutAdvanced{PayoutId(41), game, usd(10'000), {{crowns, money(100'000)}}, PayoutStatus::failed, "R03"},
      DisputeMoved{OrderId(41), "dp_1Pgc71B7WZ01zgkW", player, crowns, usd(-1'050), usd(1'500), DisputeStatus::lost, 3,
                   money(-10'500)},
      CurrencyAdded{game, {CurrencyId(3), "Embers", "EMB", money(1'500), money(200), money(5'000)}},
      CurrencyChanged{game, {CurrencyId(2), "Splinters", "SPL", money(25), money(1), std::nullopt}},
      PayoutFileWritten{
          Position(42),
          Day(std::chrono::days(20'454)),
          time(60),
          {"091000019", "First Bank", "123456780", "Florin", "Florin Payouts", "1123456789", "09100001", "PAYOUT"},
          {{'A', Day(std::chrono::days(20'456)), 1, usd(10'000), bytes<32>(0x20), {PayoutId(31)}},
           {'B', Day(std::chrono::days(20'456)), 2, usd(9'999'999'999), bytes<32>(0x60), {PayoutId(33), PayoutId(37)}}},
          {{PayoutId(35), LeftOutReason::holder}}},
      PayoutAccountCorrected{PayoutId(41), game, identity, "C01", {"sealed data of a correction, bytes", true}},
      KeysBound{bytes<16>(0x30), 2, bytes<16>(0x50)},
  };
}

inline domain::Commit commit(std::vector<domain::Event> events) {
  domain::Commit out;
  out.first = domain::Position(42);
  out.at = domain::Timestamp::from_micros(1'767'225'600'123'456);
  out.request = {domain::GameId(123'456'789'012), "order-2026-000042", bytes<16>(0xf0)};
  out.events = std::move(events);
  return out;
}

inline domain::Commit commit(domain::Event event) { return commit(std::vector{std::move(event)}); }

// The purchase alone: what the figures for encode and decode are about.
inline domain::Commit purchase() { return commit(events()[9]); }

}  // namespace florin::samples
