// florin_seed: fills a new store with players and purchases, offline and fast, through the very rules and bytes of
// the server. The events depend on the arguments and --seed only; keys and nonces are fresh, as they must be.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <openssl/rand.h>

#include "eventstore/runtime/clock.h"
#include "eventstore/store/chain.h"
#include "eventstore/store/codes.h"
#include "tests/support/offline_store.h"

namespace florin::tests {
namespace {

using domain::Money;
using domain::Timestamp;
using eventstore::Fault;
using eventstore::ResultOr;

struct Arguments {
  std::string data;
  bool sandbox = false;
  bool json = false;
  std::uint64_t players = 1'000;
  std::uint64_t purchases = 10'000;
  std::uint64_t claimable = 0;   // sends that wait for their claim
  std::uint64_t verifiable = 0;  // sends that wait for their PIN
  std::string codes;             // where their codes go
  std::uint64_t seed = 1;
  std::string game_key;
  std::string target_key;
};

constexpr std::uint64_t kBatch = 10'000;                       // commits made durable together
constexpr std::uint64_t kFirstMicros = 1'767'225'600'000'000;  // 2026-01-01T00:00:00Z
constexpr std::uint64_t kStepMicros = 250;                     // 4,000 commands a second

struct Ware {
  char const* id;
  char const* name;
  char const* category;
  std::int64_t price;  // minor units
};
constexpr Ware kWares[] = {
    {"sword_iron_01", "Iron Sword", "weapons", 1'250},   {"potion_small", "Small Healing Potion", "consumables", 99},
    {"skin_dragon", "Dragon Skin", "cosmetics", 4'999},  {"chest_gold", "Golden Chest", "loot", 2'500},
    {"pass_season_7", "Season Pass 7", "passes", 9'900}, {"arrow_bundle", "Bundle of Arrows", "consumables", 150},
    {"mount_wolf", "Wolf Mount", "mounts", 7'500},       {"emote_wave", "Wave", "cosmetics", 50},
};

// "ivsdk_" and 64 letters or digits (CONTRACT, Auth), from the system's generator.
std::string make_sdk_key() {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string key = "ivsdk_";
  while (key.size() < 70) {
    unsigned char byte = 0;
    if (RAND_bytes(&byte, 1) != 1) return {};
    if (byte < kLetters.size() * 4) key.push_back(kLetters[byte % kLetters.size()]);
  }
  return key;
}

domain::CreateGame demo_game(std::string const& sdk_key) {
  domain::CreateGame create;
  create.settings.name = "Seeded Game";
  create.settings.developer_name = "Florin";
  create.settings.genre = "benchmark";
  create.settings.status = domain::GameStatus::live;
  domain::CurrencySpec gold;
  gold.name = "Gold";
  gold.symbol = "GLD";
  gold.starting_amount = domain::kMaxAmount;  // enough for any number of purchases
  create.currencies.push_back(std::move(gold));
  create.key_hash = eventstore::sha256(sdk_key);
  return create;
}

// Runs the commands in order, flushing every kBatch.
class Seeder {
 public:
  Seeder(OfflineStore& store, std::uint64_t seed, std::uint64_t first_micros)
      : store_(store), random_(seed), first_micros_(first_micros) {}

  ResultOr<std::vector<domain::Event>> run(domain::Command const& command, domain::Request request) {
    auto const at = Timestamp::from_micros(static_cast<std::int64_t>(first_micros_ + step_ * kStepMicros));
    auto decision = store_.run(command, std::move(request), at, random_());
    if (!decision) return fail(decision.error());
    if (!decision.value()) {
      return eventstore::fault(Fault::Kind::conflict,
                               "refused with reason " +
                                   std::to_string(static_cast<int>(decision.value().error().code)) + " at command " +
                                   std::to_string(step_));
    }
    if (++step_ % kBatch == 0) {
      if (auto flushed = store_.flush(); !flushed) return fail(flushed.error());
    }
    return std::move(decision).value().value();
  }
  std::uint64_t draw(std::uint64_t below) { return random_() % below; }

 private:
  OfflineStore& store_;
  std::mt19937_64 random_;
  std::uint64_t first_micros_;
  std::uint64_t step_ = 0;
};

std::string email_of(std::uint64_t player) { return "player" + std::to_string(player) + "@example.com"; }
// Each player sends to a friend of theirs. Numbers of ten digits behind +1, one for each of either.
std::string friend_of(std::uint64_t player) { return "friend" + std::to_string(player) + "@example.com"; }
std::string phone_of(std::uint64_t player) { return "+1" + std::to_string(2'000'000'000 + player); }
std::string friends_phone(std::uint64_t player) { return "+1" + std::to_string(6'000'000'000 + player); }

// Sends that wait, of as many players in turn, and the codes that a client needs to go on with them.
class Sends {
 public:
  Sends(OfflineStore& store, Seeder& seeder, Arguments const& arguments, domain::GameId game, domain::GameId target)
      : store_(store), seeder_(seeder), players_(arguments.players), game_(game), target_(target) {}

  ResultOr<domain::TransferId> initiate(std::uint64_t number) {
    auto const player = number % players_ + 1;
    auto const round = static_cast<std::int64_t>(number / players_);
    domain::InitiateTransfer send;
    send.flavour = domain::Flavour::send;
    send.game = game_;
    send.sender = store_.player(email_of(player));
    send.sender_phone = {store_.vault().phone_index(phone_of(player)), phone_of(player)};
    send.target = target_;
    send.receiver = {store_.vault().email_index(friend_of(player)), friend_of(player)};
    send.receiver_phone = {store_.vault().phone_index(friends_phone(player)), friends_phone(player)};
    send.unlimited = true;
    send.amount = Money::from_minor(100 + round);  // another amount each round: the same one is a duplicate
    auto const id = "seed-send-" + std::to_string(number);
    auto done = seeder_.run(send, {game_, id, store_.vault().fingerprint(id)});
    if (!done) return fail(done.error());
    return std::get<domain::TransferInitiated>(done.value().back()).transaction;
  }

  ResultOr<Unit> verify(domain::TransferId transaction) {
    auto done = seeder_.run(domain::VerifyPin{game_, domain::Flavour::send, transaction, 1}, {game_, "", {}});
    if (!done) return fail(done.error());
    return Unit{};
  }

  // As if every text had been sent.
  ResultOr<Unit> settle_texts() {
    domain::SettleTexts settle;
    for (auto const& text : store_.state().owed_texts()) settle.texts.push_back({text, domain::TextEnd::sent});
    if (settle.texts.empty()) return Unit{};
    auto done = seeder_.run(settle, {});
    if (!done) return fail(done.error());
    return Unit{};
  }

 private:
  OfflineStore& store_;
  Seeder& seeder_;
  std::uint64_t players_;
  domain::GameId game_;
  domain::GameId target_;
};

ResultOr<Unit> fill_sends(OfflineStore& store, Seeder& seeder, Arguments const& arguments, domain::GameId game,
                          domain::GameId target) {
  constexpr std::uint64_t kSettleEvery = 1'000;
  std::ofstream codes(arguments.codes);
  Sends sends(store, seeder, arguments, game, target);
  for (std::uint64_t i = 0; i < arguments.claimable + arguments.verifiable; ++i) {
    auto const transaction = sends.initiate(i);
    if (!transaction) return fail(transaction.error());
    auto const player = i % arguments.players + 1;
    if (i < arguments.claimable) {
      if (auto verified = sends.verify(transaction.value()); !verified) return verified;
      codes << "claim " << store.vault().codes().claim_code(transaction.value()) << ' ' << friend_of(player) << ' '
            << friends_phone(player) << '\n';
    } else {
      codes << "verify " << domain::format_transaction_id(transaction.value()) << ' '
            << store.vault().codes().pin(transaction.value(), 0) << '\n';
    }
    if ((i + 1) % kSettleEvery == 0) {
      if (auto settled = sends.settle_texts(); !settled) return settled;
    }
  }
  if (auto settled = sends.settle_texts(); !settled) return settled;
  codes.flush();
  if (!codes) return eventstore::fault(Fault::Kind::io, arguments.codes + ": cannot be written");
  return Unit{};
}

ResultOr<domain::GameId> fill(OfflineStore& store, Arguments const& arguments) {
  // Sends run out of time, so they end with the present; anything else is from a fixed day.
  auto const sends = arguments.claimable + arguments.verifiable;
  auto const steps =
      arguments.players + arguments.purchases + 2 * arguments.claimable + arguments.verifiable + sends / 1'000 + 10;
  auto const now = static_cast<std::uint64_t>(eventstore::SystemClock().now().micros());
  Seeder seeder(store, arguments.seed, sends > 0 ? now - steps * kStepMicros : kFirstMicros);
  auto const created = seeder.run(demo_game(arguments.game_key), {});
  if (!created) return fail(created.error());
  auto const game = std::get<domain::GameCreated>(created.value().front()).game;

  auto const request = [&](std::string id) {
    auto const fingerprint = store.vault().fingerprint(id);
    return domain::Request{game, std::move(id), fingerprint};
  };
  for (std::uint64_t i = 1; i <= arguments.players; ++i) {
    domain::CreditBalance welcome;
    welcome.game = game;
    welcome.player = store.player(email_of(i), "Player " + std::to_string(i));
    welcome.amount = Money::from_minor(100);
    welcome.reason = "welcome";
    auto done = seeder.run(welcome, request("seed-credit-" + std::to_string(i)));
    if (!done) return fail(done.error());
  }
  for (std::uint64_t i = 1; i <= arguments.purchases; ++i) {
    auto const& ware = kWares[seeder.draw(std::size(kWares))];
    domain::PurchaseItem purchase;
    purchase.game = game;
    purchase.player = store.player(email_of(1 + seeder.draw(arguments.players)));
    purchase.item = {ware.id, ware.name, ware.category, ""};
    purchase.quantity = static_cast<std::uint32_t>(1 + seeder.draw(3));
    purchase.unit_price = Money::from_minor(ware.price);
    purchase.total_price = Money::from_minor(ware.price * purchase.quantity);
    auto done = seeder.run(purchase, request("seed-purchase-" + std::to_string(i)));
    if (!done) return fail(done.error());
  }
  if (sends > 0) {
    auto other = demo_game(arguments.target_key);
    other.settings.name = "Seeded Target";
    other.currencies.front().starting_amount = {};
    auto const made = seeder.run(other, {});
    if (!made) return fail(made.error());
    auto const target = std::get<domain::GameCreated>(made.value().front()).game;
    if (auto filled = fill_sends(store, seeder, arguments, game, target); !filled) return fail(filled.error());
    std::printf("{\"target_game_id\":\"%llu\",\"target_key\":\"%s\"}\n",
                static_cast<unsigned long long>(target.value()), arguments.target_key.c_str());
  }
  if (auto written = store.write_checkpoint(); !written) return fail(written.error());
  return game;
}

int seed(Arguments arguments) {
  using std::chrono::steady_clock;
  auto const complain = [](Fault const& fault) {
    std::fprintf(stderr, "florin_seed: %s\n", fault.what.c_str());
    return 1;
  };
  if (arguments.game_key.empty()) arguments.game_key = make_sdk_key();
  arguments.target_key = make_sdk_key();
  auto const began = steady_clock::now();
  auto store = OfflineStore::create(api::environment_layout(arguments.data, arguments.sandbox));
  if (!store) return complain(store.error());
  auto const game = fill(store.value(), arguments);
  if (!game) return complain(game.error());
  auto const seconds = std::chrono::duration<double>(steady_clock::now() - began).count();
  auto const events = store.value().head().position.value();
  std::printf(arguments.json ? "{\"game_id\":\"%llu\",\"sdk_key\":\"%s\",\"players\":%llu,\"commits\":%llu,"
                               "\"events\":%llu,\"seconds\":%.3f}\n"
                             : "game_id %llu\nsdk_key %s\nplayers %llu\ncommits %llu\nevents  %llu\nseconds %.3f\n",
              static_cast<unsigned long long>(game.value().value()), arguments.game_key.c_str(),
              static_cast<unsigned long long>(store.value().state().player_count()),
              static_cast<unsigned long long>(store.value().commits()), static_cast<unsigned long long>(events),
              seconds);
  return 0;
}

}  // namespace
}  // namespace florin::tests

int main(int argc, char** argv) {
  florin::tests::Arguments arguments;
  CLI::App app("Fills a new store with one game, its players and their purchases.", "florin_seed");
  app.add_option("--data", arguments.data, "the server's data folder")->required();
  app.add_flag("--sandbox", arguments.sandbox, "the sandbox instead of production");
  app.add_flag("--json", arguments.json, "print one JSON object");
  app.add_option("--players", arguments.players, "how many players")->check(CLI::Range(1ull, 4'000'000'000ull));
  app.add_option("--purchases", arguments.purchases, "how many purchases")->check(CLI::NonNegativeNumber);
  app.add_option("--claimable", arguments.claimable, "sends to a second game that wait for their claim");
  app.add_option("--verifiable", arguments.verifiable, "sends that wait for their PIN, of the last minutes");
  app.add_option("--codes", arguments.codes, "file for the codes of these sends, one a line");
  app.add_option("--seed", arguments.seed, "of the purchases' random choices");
  app.add_option("--game-key", arguments.game_key, "SDK key of the game; drawn when not given");
  CLI11_PARSE(app, argc, argv);
  return florin::tests::seed(std::move(arguments));
}
