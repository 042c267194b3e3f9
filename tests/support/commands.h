// Commands and requests with sensible defaults.
#pragma once

#include <cstring>
#include <string>

#include "domain/commands.h"

namespace florin::test_support {

inline domain::Money units(std::int64_t whole) { return domain::Money::from_minor(whole * 100); }
inline domain::Usd dollars(std::int64_t whole) { return domain::Usd::from_minor(whole * 100); }

inline domain::CreateGame create_game(std::string const& name = "Alpha") {
  domain::CreateGame command;
  command.settings.name = name;
  command.currencies.push_back({});
  command.currencies.back().name = name + " coins";
  command.currencies.back().symbol = "AC";
  command.key_hash[0] = 7;
  return command;
}

// A person by number: index and e-mail differ for different numbers.
inline domain::PlayerRef person(std::uint64_t number) {
  domain::PlayerRef ref;
  auto const spread = (number + 1) * 0x9e37'79b9'7f4a'7c15;
  std::memcpy(ref.email_index.data(), &spread, sizeof spread);
  std::memcpy(ref.email_index.data() + 8, &number, sizeof number);
  ref.email = "player" + std::to_string(number) + "@example.org";
  return ref;
}

inline domain::CreditBalance credit(domain::GameId game, std::uint64_t player, domain::Money amount) {
  return {game, person(player), {}, amount, "test"};
}

inline domain::PurchaseItem purchase(domain::GameId game, std::uint64_t player, domain::Money price) {
  return {game, person(player), {}, {"sword_1", "Sword", "weapons", "A sharp one"}, 1, price, price};
}

inline domain::PersonRef somebody(std::uint64_t number) {
  auto const ref = person(number);
  return {ref.email_index, ref.email};
}

// A phone by number: index and digits differ for different numbers.
inline domain::PhoneRef phone(std::uint64_t number) {
  domain::PhoneRef ref;
  auto const spread = (number + 1) * 0xc2b2'ae3d'27d4'eb4f;
  std::memcpy(ref.index.data(), &spread, sizeof spread);
  std::memcpy(ref.index.data() + 8, &number, sizeof number);
  ref.number = "+4670" + std::to_string(1'000'000 + number);
  return ref;
}

// A send: everybody's phone is the one of their own number.
inline domain::InitiateTransfer send(domain::GameId game, std::uint64_t sender, domain::GameId target,
                                     std::uint64_t receiver, domain::Money amount) {
  return {domain::Flavour::send, game, person(sender), phone(sender), target, somebody(receiver),
          phone(receiver),       {},   amount,
          /*unlimited=*/true};
}

inline domain::Request request(domain::GameId game, std::string id, std::uint8_t fingerprint = 1) {
  domain::Request asked{game, std::move(id), {}};
  asked.fingerprint[0] = fingerprint;
  return asked;
}

}  // namespace florin::test_support
