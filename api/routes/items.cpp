// CONTRACT, Item purchase: buy, history of purchases, one order, refund.
#include "api/routes/players.h"
#include "api/routes/routes.h"
#include "eventstore/store/facts.h"
#include "eventstore/store/read_commit.h"
#include "projections/orders.h"

namespace florin::api {
namespace {

using domain::ItemPurchased;

void write_breakdown(JsonWriter& json, ItemPurchased const& event) {
  json.begin_object("financial_breakdown");
  json.amount("total_paid", event.total);
  json.amount("platform_fee", event.platform_fee);
  json.amount("developer_revenue", event.developer_revenue);
  json.end_object();
}

void write_details(JsonWriter& json, std::string_view currency, ItemPurchased const& event,
                   std::string_view purchased_by) {
  json.begin_object("purchase_details");
  json.string("item_id", event.item.id);
  json.string("item_name", event.item.name);
  json.string("item_description", event.item.description);
  json.string("item_category", event.item.category);
  json.string("purchased_by", purchased_by);
  json.string("currency_name", currency);
  json.integer("quantity", std::uint64_t{event.quantity});
  json.amount("unit_price", event.unit_price);
  json.amount("total_price", event.total);
  json.end_object();
}

void write_purchase_reply(std::string& out, Environment& environment, domain::Game const& game, PlayerFields const& who,
                          domain::Commit const& commit) {
  auto const& event = event_of<ItemPurchased>(commit);
  auto const currency = currency_name_at(environment, game.id, event.currency, commit.first);
  out.reserve(1024);
  auto json = begin_success(out);
  json.string("message", "Item purchased.");
  json.string("transaction_id", domain::format_transaction_id(commit.first));
  json.string("order_id", domain::format_order_id(commit.first));
  json.amount("new_balance", event.available_after);
  json.string("currency_name", currency);
  json.begin_object("balance_info");
  json.amount("previous_balance", event.available_after + event.total);
  json.amount("new_balance", event.available_after);
  json.amount("amount_spent", event.total);
  json.end_object();
  write_breakdown(json, event);
  auto const email = first_spelling(environment, who.email);
  write_player(json, environment, game, event.player, email, who.name);
  write_details(json, currency, event, email);
  json.end_object();
}

Awaitable<Response> purchase(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const& game = *caller;
  auto body = JsonBody::parse(request);
  auto const request_id = read_request_id(body);
  domain::Item item;
  item.id = body.required_string("item_id", 255);
  item.name = body.required_string("item_name", 255);
  item.category = body.optional_string("item_category", 255).value_or("");
  item.description = body.optional_string("item_description", 1000).value_or("");
  auto const quantity = body.required_integer("item_quantity", 0, 1'000'000);
  auto const unit_price = body.required_amount("unit_price");
  auto const total = body.required_amount("total_price");
  auto const currency = static_cast<std::uint64_t>(body.optional_id("currency_id").value_or(0));
  auto player = read_player(request, services.environment, game, body);
  if (!player) co_return std::move(player).error();
  auto const& who = player.value();
  if (auto limited = refuse_over_limit(request, services, game, domain::LimitKind::item_purchases_per_player_minute,
                                       limit_subject(who.email.index)))
    co_return std::move(*limited);

  Payload payload("purchase-item");
  payload.add(who.email.key).add(who.name).add(item.id).add(item.name).add(item.category).add(item.description);
  payload.add(static_cast<std::uint64_t>(quantity)).add(static_cast<std::uint64_t>(unit_price.minor()));
  payload.add(static_cast<std::uint64_t>(total.minor())).add(currency);
  domain::PurchaseItem command{
      game.id,    who.ref, domain::CurrencyId(currency), std::move(item), static_cast<std::uint32_t>(quantity),
      unit_price, total};
  auto const outcome =
      co_await perform(*request.inbox, services.environment, std::move(command), game.id, request_id, payload);
  co_return write_response(request, outcome, [&](std::string& out, domain::Commit const& commit) {
    write_purchase_reply(out, services.environment, game, who, commit);
  });
}

// An order: its facts from the log, its fate from the orders view.
struct OrderRecord {
  domain::Commit commit;
  projections::Order fate;
};

// On a worker. nullopt when nothing was bought under this id in this game.
eventstore::Faulty<std::optional<OrderRecord>> load_purchase(Environment& environment, domain::GameId game,
                                                             domain::Position order) {
  auto commit = eventstore::read_commit(environment.log(), order);
  if (!commit) return fail(commit.error());
  if (!commit.value() || commit.value()->request.game != game) return std::optional<OrderRecord>{};
  for (auto const& event : commit.value()->events) {
    if (std::holds_alternative<ItemPurchased>(event)) {
      return std::optional(OrderRecord{*std::move(commit).value(), projections::Order{order, {}, {}, {}}});
    }
  }
  return std::optional<OrderRecord>{};
}

// The same as the fact that a refund refers to.
eventstore::Faulty<std::optional<domain::Fact<ItemPurchased>>> load_sale(Environment& environment, domain::GameId game,
                                                                         domain::Position order) {
  auto const record = load_purchase(environment, game, order);
  if (!record) return fail(record.error());
  if (!record.value()) return std::optional<domain::Fact<ItemPurchased>>{};
  return eventstore::FactReader(environment.log()).find<ItemPurchased>(order);
}

void write_order_fields(JsonWriter& json, domain::Game const& game, OrderRecord const& order,
                        std::string_view purchased_by) {
  auto const& event = event_of<ItemPurchased>(order.commit);
  json.string("order_id", domain::format_order_id(order.commit.first));
  json.string("transaction_id", domain::format_transaction_id(order.commit.first));
  json.string("order_status", order.fate.refund ? "refunded" : "completed");
  json.time("created_at", order.commit.at);
  if (order.fate.refund) {
    json.time("refunded_at", order.fate.refunded_at);
    json.string("refund_transaction_id", domain::format_transaction_id(order.fate.refund));
  } else {
    json.null("refunded_at");
    json.null("refund_transaction_id");
  }
  json.integer("currency_id", event.currency.value());
  json.string("currency_name", currency_name(game, event.currency));
  write_details(json, currency_name(game, event.currency), event, purchased_by);
  write_breakdown(json, event);
}

Response order_not_found(Request const& request) {
  return refusal_response(request, {domain::Rejection::order_not_found, {}, {}});
}

Awaitable<Response> order_details(Call call) {
  auto const& [services, request, path, caller] = call;
  auto& environment = services.environment;
  auto const& game = *caller;
  auto const text = request.query_value("order_id");
  if (!text) {
    co_return invalid_field(request, "order_id", "Name the order: ?order_id=ord_…");
  }
  auto const order = domain::parse_order_id(*text);
  if (!order) co_return order_not_found(request);
  auto wanted = read_min_position(request, services);
  if (!wanted) co_return std::move(wanted).error();

  // The order itself is in the log; what became of it is as fresh as the caller asks.
  bool const reached = co_await reach_view(*request.inbox, services.environment, "orders", wanted.value());
  if (!reached) co_return view_behind(request);
  Response response;
  if (!co_await on_worker(services, request, [&] {
        auto record = load_purchase(environment, game.id, *order);
        if (!record) return void(response = view_unavailable(request, record.error()));
        if (!record.value()) return void(response = order_not_found(request));
        auto view = environment.views().read("orders");
        if (!view) return void(response = view_unavailable(request, view.error()));
        auto fate = projections::read_order(view.value(), *order);
        if (!fate) return void(response = view_unavailable(request, fate.error()));
        if (fate.value()) record.value()->fate = *fate.value();

        auto const& event = event_of<ItemPurchased>(record.value()->commit);
        auto const player = environment.balances().by_id(game.id, event.player);
        auto const email =
            player ? reveal(environment, player->identity, eventstore::Field::email, player->email) : std::string();
        response.position = view.value().position().value();
        auto json = begin_success(response.body);
        json.begin_object("order");
        write_order_fields(json, game, *record.value(), email);
        write_player(json, environment, game, event.player, email, "");
        json.end_object();
        json.end_object();
      }))
    co_return server_busy(request);
  co_return response;
}

Awaitable<Response> purchase_history(Call call) {
  auto const& [services, request, path, caller] = call;
  auto& environment = services.environment;
  auto const& game = *caller;
  auto email = read_email(request, environment, request.query_value("player_email").value_or(""), "player_email");
  if (!email) co_return std::move(email).error();
  auto paging = read_paging(request);
  if (!paging) co_return std::move(paging).error();
  auto wanted = read_min_position(request, services);
  if (!wanted) co_return std::move(wanted).error();
  auto const player = environment.balances().by_email(game.id, email.value().index);
  if (!player) co_return refusal_response(request, {domain::Rejection::player_not_found, {}, {}});

  bool const reached = co_await reach_view(*request.inbox, services.environment, "orders", wanted.value());
  if (!reached) co_return view_behind(request);
  Response response;
  if (!co_await on_worker(services, request, [&] {
        auto view = environment.views().read("orders");
        if (!view) return void(response = view_unavailable(request, view.error()));
        auto page = projections::read_orders(view.value(), player->player, paging.value().limit, paging.value().cursor);
        if (!page) {
          return void(response = page.error().kind == eventstore::Fault::Kind::missing
                                     ? invalid_field(request, "cursor",
                                                     "cursor is the next_cursor of an earlier page of the same list.")
                                     : view_unavailable(request, page.error()));
        }
        auto const shown = first_spelling(environment, email.value());
        auto json = begin_success(response.body);
        write_player(json, environment, game, player->player, shown, "");
        json.begin_array("purchases");
        for (auto const& fate : page.value().orders) {
          auto record = load_purchase(environment, game.id, fate.order);
          if (!record) return void(response = view_unavailable(request, record.error()));
          if (!record.value()) {
            auto const wrong =
                view.value().distrust("orders: no item was bought at " + domain::format_order_id(fate.order));
            return void(response = view_unavailable(request, wrong.error));
          }
          record.value()->fate = fate;
          json.begin_object();
          write_order_fields(json, game, *record.value(), shown);
          json.end_object();
        }
        json.end_array();
        write_pagination(json, paging.value().limit, page.value().next);
        json.end_object();
        response.position = view.value().position().value();
      }))
    co_return server_busy(request);
  co_return response;
}

Awaitable<Response> refund(Call call) {
  auto const& [services, request, path, caller] = call;
  auto& environment = services.environment;
  auto const& game = *caller;
  auto body = JsonBody::parse(request);
  auto const request_id = read_request_id(body);
  auto const order_text = body.required_string("order_id", 64);
  auto const reason = body.required_string("reason", 500);
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  auto const order = domain::parse_order_id(order_text);
  if (!order) co_return order_not_found(request);

  std::optional<eventstore::Faulty<std::optional<domain::Fact<ItemPurchased>>>> loaded;
  if (!co_await on_worker(services, request, [&] { loaded = load_sale(environment, game.id, *order); }))
    co_return server_busy(request);
  if (!*loaded) co_return view_unavailable(request, loaded->error());
  if (!loaded->value()) co_return order_not_found(request);

  Payload payload("refund-item");
  payload.add(order->value()).add(reason);
  domain::RefundItem command{game.id, *loaded->value(), std::string(reason)};
  auto const outcome = co_await perform(*request.inbox, environment, std::move(command), game.id, request_id, payload);
  co_return write_response(request, outcome, [&](std::string& out, domain::Commit const& commit) {
    auto const& event = event_of<domain::ItemRefunded>(commit);
    auto json = begin_success(out);
    json.string("message", "Order refunded.");
    json.string("transaction_id", domain::format_transaction_id(commit.first));
    json.string("order_id", domain::format_order_id(event.order));
    json.string("order_status", "refunded");
    json.amount("new_balance", event.available_after);
    json.string("currency_name", currency_name_at(environment, game.id, event.currency, commit.first));
    json.begin_object("balance_info");
    json.amount("previous_balance", event.available_after - event.total);
    json.amount("new_balance", event.available_after);
    json.amount("amount_refunded", event.total);
    json.end_object();
    json.end_object();
  });
}

}  // namespace

std::span<Route const> item_routes() {
  using domain::LimitKind;
  static constexpr Route kRows[] = {
      row(Method::post, "/api/item-purchases/purchase-item", "purchaseItem", Who::game, purchase,
          {.body = Body::json, .limits = {{{LimitKind::item_purchases_per_player_minute, Subject::handler}}}}),
      row(Method::get, "/api/item-purchases/player-purchase-history", "getPurchases", Who::game, purchase_history,
          {.query = {"player_email", "limit", "cursor"}, .min_position = true}),
      row(Method::get, "/api/item-purchases/order-details", "getOrder", Who::game, order_details,
          {.query = {"order_id"}, .min_position = true}),
      row(Method::post, "/api/item-purchases/refund", "refundItem", Who::game, refund, {.body = Body::json}),
  };
  return kRows;
}

}  // namespace florin::api
