// CONTRACT, Ids: GET /transactions/{transaction_id}, for every id that a reply gives.
#include "api/routes/transactions.h"

#include <set>

#include "api/routes/payment_story.h"
#include "api/routes/payouts.h"
#include "api/routes/phone_share.h"
#include "api/routes/players.h"
#include "api/routes/routes.h"
#include "api/routes/transfer_replies.h"
#include "domain/postings.h"
#include "eventstore/store/codec.h"
#include "eventstore/store/read_commit.h"

namespace florin::api {
namespace {

using domain::Commit;
using domain::Event;
using domain::Money;
using domain::PlayerId;
using domain::Position;
using eventstore::Faulty;
using Kind = TransactionKind;
using Name = std::optional<TransactionName>;

struct Facts {
  PlayerId player;  // zero: of no player
  domain::CurrencyId currency;
  Position order;
  Money amount;
  std::optional<Money> usd;
  std::optional<Money> usd_fee;
};

Money magnitude(Money amount) { return amount < Money{} ? -amount : amount; }

// Of the event that opened a transaction.
Facts facts_of(Event const& event, Position transaction) {
  using domain::units_of;
  if (auto const* e = std::get_if<domain::BalanceCredited>(&event))
    return {e->player, e->currency, transaction, e->amount, {}, {}};
  if (auto const* e = std::get_if<domain::BalanceDebited>(&event))
    return {e->player, e->currency, transaction, e->amount, {}, {}};
  if (auto const* e = std::get_if<domain::ItemPurchased>(&event))
    return {e->player, e->currency, transaction, e->total, {}, {}};
  if (auto const* e = std::get_if<domain::ItemRefunded>(&event))
    return {e->player, e->currency, e->order, e->total, {}, {}};
  if (auto const* e = std::get_if<domain::TransferInitiated>(&event))
    return {e->sender, e->currency, transaction, e->amount, {}, {}};
  if (auto const* e = std::get_if<domain::CurrencyOrdered>(&event)) {
    return {e->player, e->currency, e->order, units_of(e->usd), e->usd, {}};
  }
  if (auto const* e = std::get_if<domain::RefundRequested>(&event)) {
    return {e->player, e->currency, e->order, units_of(e->usd), e->usd, {}};
  }
  if (auto const* e = std::get_if<domain::DisputeOpened>(&event)) {
    return {e->player, e->currency, e->order, units_of(e->usd), e->usd, e->fee};
  }
  if (auto const* e = std::get_if<domain::DisputeClosed>(&event)) {
    auto const usd = e->won ? e->usd : Money{};
    return {e->player, e->currency, e->order, units_of(usd), usd, e->fee};
  }
  if (auto const* e = std::get_if<domain::DisputeMoved>(&event)) {
    return {e->player, e->currency, e->order, units_of(magnitude(e->usd)), magnitude(e->usd), e->fee};
  }
  if (auto const* e = std::get_if<domain::PayoutRequested>(&event)) {
    return {{}, {}, transaction, units_of(e->usd), e->usd, {}};
  }
  return {};
}

Response transaction_not_found(Request const& request) {
  return refusal_response(request, {.reason = domain::Rejection::transfer_not_open});
}

// Who initiated, who gets it and in which game: of a transfer's or a send's first event.
Faulty<domain::TransferInitiated> initiation(Environment& environment, Position transaction) {
  auto const commit = eventstore::read_commit(environment.log(), transaction);
  if (!commit) return fail(commit.error());
  if (commit.value()) {
    for (auto const& event : commit.value()->events) {
      if (auto const* e = std::get_if<domain::TransferInitiated>(&event)) return *e;
    }
  }
  return eventstore::fault(eventstore::Fault::Kind::corrupt,
                           "position " + std::to_string(transaction.value()) + ": no transfer begins there");
}

domain::GameId game_of(Environment& environment, PlayerId player) {
  return environment.balances().read([&](domain::State const& state) {
    auto const* game = state.game_of(player);
    return game != nullptr ? game->id : domain::GameId{};
  });
}

domain::IdentityId identity_of(Environment& environment, PlayerId player) {
  return environment.balances().read(
      [&](domain::State const& state) { return state.identity_of(player).value_or(domain::IdentityId{}); });
}

// The receiver, whom the sender's game named. Once somebody claimed, in a game of its own: that player.
Counterparty receiver_of(Environment& environment, domain::GameId game, domain::TransferInitiated const& initiated,
                         PlayerId claimed_by) {
  if (initiated.target != game) return {initiated.target, initiated.receiver, {}};
  if (claimed_by) return {game, identity_of(environment, claimed_by), claimed_by};
  auto const player = environment.balances().read(
      [&](domain::State const& state) { return state.find_player(game, initiated.receiver).value_or(PlayerId{}); });
  return {game, initiated.receiver, player};
}

Counterparty sender_of(Environment& environment, domain::GameId game, PlayerId sender) {
  auto const source = game_of(environment, sender);
  if (source != game) return {source, {}, {}};
  return {game, identity_of(environment, sender), sender};
}

struct Looked {
  TransactionName name;
  LocatedEvent origin;
  std::string status;
  PlayerId player;  // of the calling game; zero: none
  MovementDetails details;
  std::optional<Money> usd_fee;
  std::vector<std::pair<domain::Timestamp, domain::Posting>> postings;
};

// The commits in which the transaction may have steps, its first one left out.
Faulty<std::vector<Position>> steps_about(Services& services, Position about) {
  auto view = services.environment.views().read("payments");
  if (!view) return fail(view.error());
  auto const steps = projections::read_steps(view.value(), about);
  if (!steps) return fail(steps.error());
  std::vector<Position> commits;
  for (auto const& step : steps.value()) commits.push_back(step.commit);
  return commits;
}

// Every posting of the transaction, in the currencies of `game`.
Faulty<Unit> add_postings(Services& services, domain::Game const& game, std::vector<Position> const& later,
                          Looked& looked) {
  std::set<Position> commits(later.begin(), later.end());
  commits.insert(looked.origin.commit.first);
  for (auto const first : commits) {
    auto const commit = eventstore::read_commit(services.environment.log(), first);
    if (!commit) return fail(commit.error());
    if (!commit.value()) continue;
    for (std::size_t i = 0; i < commit.value()->events.size(); ++i) {
      auto const& event = commit.value()->events[i];
      if (transaction_of(*commit.value(), i) != looked.name) continue;
      if (auto const* paid = std::get_if<domain::CurrencyPurchased>(&event)) looked.usd_fee = paid->fee;
      for (auto const& posting : domain::postings(event)) {
        if (game.find_currency(posting.currency) != nullptr) looked.postings.emplace_back(commit.value()->at, posting);
      }
    }
  }
  return Unit{};
}

// What is asked for, when `game` has a part in it.
Faulty<std::optional<Looked>> find(Services& services, domain::GameId game, Position position) {
  if (position > services.environment.balances().position()) return std::optional<Looked>();
  auto origin = find_transaction(services.environment, position);
  if (!origin) return fail(origin.error());
  if (!origin.value()) return std::optional<Looked>();
  Looked looked;
  looked.origin = std::move(*origin.value());
  looked.name = *transaction_of(looked.origin.commit, looked.origin.index);
  auto const& event = looked.origin.event();
  auto const facts = facts_of(event, looked.name.transaction);
  looked.usd_fee = facts.usd_fee;
  if (auto const* e = std::get_if<domain::PayoutRequested>(&event)) {
    return e->game == game ? std::optional(std::move(looked)) : std::nullopt;
  }
  if (game_of(services.environment, facts.player) == game) {
    looked.player = facts.player;
    return std::optional(std::move(looked));
  }
  auto const* initiated = std::get_if<domain::TransferInitiated>(&event);
  if (initiated != nullptr && initiated->target == game) return std::optional(std::move(looked));
  return std::optional<Looked>();
}

// Out of the log and the views, but for a transfer's story, which waits for its view by itself. On a worker.
std::optional<Response> complete(Services& services, Request const& request, domain::Game const& game, Looked& looked,
                                 std::optional<TransferStory> const& story) {
  auto const transaction = looked.name.transaction;
  std::vector<Position> later;
  looked.status = "completed";
  bool receives = false;
  switch (looked.name.kind) {
    case Kind::credit:
    case Kind::debit:
    case Kind::item_refund:
    case Kind::chargeback: break;
    case Kind::item_purchase: {
      bool const back = services.environment.balances().read(
          [&](domain::State const& state) { return state.is_refunded(transaction); });
      if (back) looked.status = "refunded";
      break;
    }
    case Kind::transfer:
    case Kind::send: {
      if (!story) return transaction_not_found(request);
      looked.status = status_for(game.id == story->source, *story);
      auto const& record = story->record;
      if (record && record->end) later.push_back(record->ended_in);
      receives = game.id != story->source;
      if (receives && record && record->end == domain::TransferEnd::completed) looked.player = record->receiver;
      break;
    }
    case Kind::currency_purchase:
    case Kind::currency_refund: {
      auto const order = facts_of(looked.origin.event(), transaction).order;
      auto loaded = load_story(services, request, game.id, order);
      if (loaded.refused) return std::move(loaded.refused);
      if (!loaded.story) return transaction_not_found(request);
      if (looked.name.kind == Kind::currency_purchase) looked.status = loaded.story->status();
      for (auto const& refund : loaded.story->refunds) {
        if (looked.name.kind == Kind::currency_refund && refund.asked.refund.position() == transaction) {
          looked.status = refund.status();
        }
      }
      auto steps = steps_about(services, order);
      if (!steps) return view_unavailable(request, steps.error());
      later = std::move(steps).value();
      break;
    }
    case Kind::withdrawal: {
      auto view = services.environment.views().read("payments");
      if (!view) return view_unavailable(request, view.error());
      PayoutFiles files(services.environment);
      auto const payout = load_payout(services.environment, view.value(), files, domain::PayoutId(transaction));
      if (!payout) return view_unavailable(request, payout.error());
      if (payout.value()) looked.status = domain::payout_status_name(payout.value()->status);
      auto steps = steps_about(services, transaction);
      if (!steps) return view_unavailable(request, steps.error());
      later = std::move(steps).value();
      break;
    }
  }
  auto details = details_of(services.environment, game.id, looked.origin.event(), receives);
  if (!details) return view_unavailable(request, details.error());
  looked.details = std::move(details).value();
  if (story && !receives && story->record && story->record->receiver) {
    looked.details.counterparty = receiver_of(services.environment, game.id, story->initiated, story->record->receiver);
  }
  if (auto const added = add_postings(services, game, later, looked); !added)
    return view_unavailable(request, added.error());
  return std::nullopt;
}

void write(Services& services, JsonWriter& json, Caller const& caller, Looked const& looked) {
  auto const& game = *caller;
  auto const transaction = looked.name.transaction;
  auto const facts = facts_of(looked.origin.event(), transaction);
  auto const is_own = [&](domain::Posting const& posting) {
    return looked.player && posting.account == domain::Account::player_available && posting.player == looked.player;
  };
  // Of one currency: the transaction's, and for a game that received it the one it came in as, which is posted last.
  auto shown = facts.currency;
  if (game.find_currency(shown) == nullptr) {
    for (auto const& [at, posting] : looked.postings) {
      if (is_own(posting)) shown = posting.currency;
    }
  }
  Money change;
  for (auto const& [at, posting] : looked.postings) {
    if (is_own(posting) && posting.currency == shown) change += posting.amount;
  }
  json.begin_object("transaction");
  json.string("transaction_id", domain::format_transaction_id(transaction));
  json.string("order_id", domain::format_order_id(facts.order));
  json.string("type", transaction_kind_name(looked.name.kind));
  json.string("transaction_status", looked.status);
  json.time("created_at", looked.origin.commit.at);
  json.amount("amount", facts.amount);
  json.amount("net_amount", facts.amount - looked.details.fee.value_or(Money{}));
  json.amount("balance_change", change);
  if (!facts.currency) {
    json.null("currency_id");
    json.null("currency_name");
  } else {
    auto const* source = caller.directory->find(game_of(services.environment, facts.player));
    json.integer("currency_id", facts.currency.value());
    json.string("currency_name", source != nullptr ? currency_name(*source, facts.currency) : std::string_view());
  }
  json.amount_or_null("usd_amount", facts.usd);
  json.amount_or_null("usd_fee", looked.usd_fee);
  write_details(json, services.environment, *caller.directory, looked.details);
  auto const player = looked.player ? services.environment.balances().by_id(game.id, looked.player) : std::nullopt;
  if (player) {
    auto const email = reveal(services.environment, player->identity, eventstore::Field::email, player->email);
    write_player(json, services.environment, game, looked.player, email, "");
  } else {
    json.null("player");
  }
  json.begin_array("postings");
  for (auto const& [at, posting] : looked.postings) {
    json.begin_object();
    json.string("account", domain::account_name(posting.account));
    json.id_or_null("player_id", posting.player.value());
    json.integer("currency_id", posting.currency.value());
    json.amount("amount", posting.amount);
    json.time("created_at", at);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

Awaitable<Response> transaction(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const& game = *caller;
  if (auto behind = check_balances(request, services)) co_return std::move(*behind);
  auto const position = domain::parse_transaction_id(path.values[0]);
  if (!position) co_return transaction_not_found(request);
  auto const reached_at = services.environment.balances().position();
  std::optional<Faulty<std::optional<Looked>>> found;
  if (!co_await on_worker(services, request, [&] { found = find(services, game.id, *position); })) {
    co_return server_busy(request);
  }
  if (!*found) co_return view_unavailable(request, found->error());
  if (!found->value()) co_return transaction_not_found(request);
  auto& looked = *found->value();
  std::optional<TransferStory> story;
  if (looked.name.kind == Kind::transfer || looked.name.kind == Kind::send) {
    auto loaded = co_await load_story(services, request, game.id, std::nullopt, looked.name.transaction);
    if (!loaded) co_return std::move(loaded).error();
    story = std::move(loaded).value();
  } else if (looked.name.kind == Kind::currency_purchase || looked.name.kind == Kind::currency_refund ||
             looked.name.kind == Kind::withdrawal) {
    bool const reached = co_await reach_view(*request.inbox, services.environment, "payments", reached_at);
    if (!reached) co_return view_behind(request);
  }
  Response response;
  if (!co_await on_worker(services, request, [&] {
        if (auto refused = complete(services, request, game, looked, story))
          return void(response = std::move(*refused));
        response.position = reached_at.value();
        auto json = begin_success(response.body);
        write(services, json, caller, looked);
        json.end_object();
      }))
    co_return server_busy(request);
  co_return response;
}

}  // namespace

Faulty<MovementDetails> details_of(Environment& environment, domain::GameId game, Event const& event, bool receives) {
  MovementDetails out;
  if (auto const* e = std::get_if<domain::BalanceCredited>(&event)) out.reason = e->reason;
  if (auto const* e = std::get_if<domain::BalanceDebited>(&event)) out.reason = e->reason;
  if (auto const* e = std::get_if<domain::ItemPurchased>(&event)) {
    out.item = e->item;
    out.quantity = e->quantity;
    out.fee = e->platform_fee;
  }
  if (auto const* e = std::get_if<domain::ItemRefunded>(&event)) {
    out.reason = e->reason;
    out.fee = e->platform_fee;
    auto const bought = eventstore::read_commit(environment.log(), e->order);
    if (!bought) return fail(bought.error());
    for (auto const& other : bought.value() ? bought.value()->events : std::vector<Event>()) {
      auto const* item = std::get_if<domain::ItemPurchased>(&other);
      if (item == nullptr) continue;
      out.item = item->item;
      out.quantity = item->quantity;
    }
  }
  if (auto const* e = std::get_if<domain::TransferInitiated>(&event)) {
    out.fee = e->fees.total();
    out.counterparty = receives ? sender_of(environment, game, e->sender) : receiver_of(environment, game, *e, {});
  }
  if (auto const* e = std::get_if<domain::TransferClaimed>(&event)) {
    out.fee = e->fees.total();
    if (receives) {
      out.counterparty = sender_of(environment, game, e->sender);
    } else {
      auto const initiated = initiation(environment, e->transaction);
      if (!initiated) return fail(initiated.error());
      out.counterparty = receiver_of(environment, game, initiated.value(), e->receiver);
    }
  }
  if (auto const* e = std::get_if<domain::TransferReleased>(&event)) {
    out.reason = domain::reason_name(e->reason);
    auto const initiated = initiation(environment, e->transaction);
    if (!initiated) return fail(initiated.error());
    out.counterparty = receiver_of(environment, game, initiated.value(), {});
  }
  if (auto const* e = std::get_if<domain::RefundRequested>(&event)) out.reason = e->reason;
  if (auto const* e = std::get_if<domain::RefundSettled>(&event)) out.reason = domain::refund_end_name(e->end);
  auto const dispute = [](domain::DisputeStatus status) {
    return std::string("dispute ") + domain::dispute_status_name(status);
  };
  if (std::holds_alternative<domain::DisputeOpened>(event)) out.reason = dispute(domain::DisputeStatus::open);
  if (auto const* e = std::get_if<domain::DisputeClosed>(&event)) {
    out.reason = dispute(e->won ? domain::DisputeStatus::won : domain::DisputeStatus::lost);
  }
  if (auto const* e = std::get_if<domain::DisputeMoved>(&event)) out.reason = dispute(e->status);
  return out;
}

void write_details(JsonWriter& json, Environment& environment, eventstore::GameDirectory const& games,
                   MovementDetails const& details) {
  json.string_or_null("reason", details.reason);
  if (details.item) {
    json.begin_object("item");
    json.string("item_id", details.item->id);
    json.string("item_name", details.item->name);
    json.integer("item_quantity", std::uint64_t{details.quantity});
    json.end_object();
  } else {
    json.null("item");
  }
  if (details.counterparty) {
    auto const& [game, identity, player] = *details.counterparty;
    auto const* found = games.find(game);
    json.begin_object("counterparty");
    json.string("game_id", std::to_string(game.value()));
    json.string("game_name", found != nullptr ? std::string_view(found->settings.name) : std::string_view());
    json.id_or_null("player_id", player.value());
    auto const hint = identity ? email_hint(environment, identity) : std::string();
    json.text_or_null("email_hint", hint);
    json.end_object();
  } else {
    json.null("counterparty");
  }
  json.amount_or_null("fee_amount", details.fee);
}

std::span<Route const> transaction_routes() {
  static constexpr Route kRows[] = {
      row(Method::get, "/api/transactions/{transaction_id}", "getTransaction", Who::game, transaction,
          {.min_position = true}),
  };
  return kRows;
}

}  // namespace florin::api
