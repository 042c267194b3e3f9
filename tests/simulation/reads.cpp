#include "tests/simulation/reads.h"

#include <optional>
#include <string>

#include "domain/percent.h"
#include "domain/postings.h"
#include "tests/simulation/promises.h"
#include "tests/simulation/reply_text.h"
#include "tests/support/commands.h"

namespace florin::simulation {

using domain::State;

namespace {

// Looks at the amounts of the JSON object at this place.
void require_wallet(std::string_view object, domain::Wallet const& wallet, std::string_view route) {
  auto const available = text_member(object, "available_balance");
  auto const reserved = text_member(object, "reserved_balance");
  require(available == to_string(wallet.available) && reserved == to_string(wallet.reserved), Promise::reads_are_fold,
          std::string(route), "shows", available, "and", reserved, "instead of", to_string(wallet.available), "and",
          to_string(wallet.reserved));
}

}  // namespace

std::optional<api::Response> Reads::ask(HttpRequest const& request) const {
  auto const* key = clients.key_of(request.game);
  if (key == nullptr) return std::nullopt;
  auto reply = front.take_reply(front.begin(request, *key, {}));
  require(reply.has_value(), Promise::sound_disk_serves, std::string(request.operation), "waits");
  clients.learn_of_read(request.game, *reply);
  return reply->status == 200 || reply->status == 404 ? std::move(reply) : std::nullopt;
}

void Reads::compare_balances(State const& folded, domain::Game const& game, std::string const& email) const {
  HttpRequest const request{.operation = "getBalanceByEmail", .game = game.id, .path = {domain::percent_encode(email)}};
  auto const reply = ask(request);
  if (!reply) return;
  auto const identity = folded.find_identity(front.ledger().people.find(email).value().index);
  auto const player = identity ? folded.find_player(game.id, *identity) : std::nullopt;
  require((reply->status == 200) == player.has_value(), Promise::reads_are_fold, "a player", email, reply->status);
  if (!player) return;
  for (auto const& currency : game.currencies) {
    auto const start = "{\"currency_id\":" + std::to_string(currency.currency.value()) + ",";
    auto const at = reply->body.find(start);
    require(at != std::string::npos, Promise::reads_are_fold, "a balance is missing", currency.currency.value());
    require_wallet(std::string_view(reply->body).substr(at), folded.wallet(*player, currency.currency),
                   request.operation);
  }
}

// The newest line has what the wallet has. A view that is not followed, or is being built, is not read.
void Reads::compare_history(State const& folded, domain::Game const& game, std::string const& email) const {
  auto const currency = game.currencies[machine.draw(game.currencies.size())].currency;
  HttpRequest const request{.operation = "getHistory",
                            .game = game.id,
                            .path = {domain::percent_encode(email)},
                            .query = "limit=1&currency_id=" + std::to_string(currency.value())};
  auto const reply = ask(request);
  if (!reply || reply->status != 200 || domain::Position(reply->position) < front.ledger().state.position()) return;
  auto const identity = folded.find_identity(front.ledger().people.find(email).value().index);
  auto const player = identity ? folded.find_player(game.id, *identity) : std::nullopt;
  require(player.has_value(), Promise::reads_are_fold, "a history of nobody");
  auto const at = reply->body.find("{\"transaction_id\"");
  if (at == std::string::npos) {
    require(folded.wallet(*player, currency) == domain::Wallet{}, Promise::reads_are_fold, "an empty history");
  } else {
    require_wallet(std::string_view(reply->body).substr(at), folded.wallet(*player, currency), request.operation);
  }
}

// An item purchase: what it moved, and whether it was refunded.
void Reads::compare_purchase(State const& folded, domain::Position purchase) const {
  auto const commit = front.ledger().commits.at(purchase);
  require(commit.ok() && commit.value().has_value(), Promise::sound_disk_serves, "a purchase's commit");
  HttpRequest const request{.operation = "getTransaction",
                            .game = commit.value()->request.game,
                            .path = {domain::format_transaction_id(purchase)}};
  auto const reply = ask(request);
  if (!reply) return;
  auto const& sold = api::event_of<domain::ItemPurchased>(*commit.value());
  // With the starting amount of that currency, when the player came with this purchase.
  domain::Money change;
  for (auto const& event : commit.value()->events) {
    for (auto const& posting : domain::postings(event)) {
      bool const theirs = posting.account == domain::Account::player_available && posting.currency == sold.currency;
      if (theirs) change += posting.amount;
    }
  }
  bool const refunded = folded.is_refunded(domain::OrderId(purchase));
  require(reply->status == 200 && text_member(reply->body, "amount") == to_string(sold.total) &&
              text_member(reply->body, "balance_change") == to_string(change) &&
              text_member(reply->body, "transaction_status") == (refunded ? "refunded" : "completed"),
          Promise::reads_are_fold, reply->status, reply->body);
}

void Reads::compare(State const& folded, PastCommits const& past, std::size_t persons) const {
  constexpr int kPlayers = 3;
  if (folded.games().empty()) return;
  for (int i = 0; i < kPlayers; ++i) {
    auto const& game = folded.games()[machine.draw(folded.games().size())];
    auto const email = test_support::person(machine.draw(persons)).email;
    compare_balances(folded, game, email);
    compare_history(folded, game, email);
  }
  if (!past.purchases.empty()) compare_purchase(folded, past.purchases[machine.draw(past.purchases.size())]);
}

}  // namespace florin::simulation
