// CONTRACT, Item purchase: buy, history of purchases, one order, refund.
#include "api/ledger/item_orders.h"
#include "api/routes/body_fields.h"
#include "api/routes/players.h"
#include "api/routes/routes.h"

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

void write_purchase_reply(std::string& out, Ledger const& ledger, domain::Game const& game, PlayerFields const& who,
                          domain::Commit const& commit) {
  auto const& event = event_of<ItemPurchased>(commit);
  auto const currency = currency_name_at(ledger, game.id, event.currency, commit.first);
  out.reserve(1024);
  auto json = begin_success(out);
  json.string("message", "Item purchased.");
  json.string("transaction_id", domain::format_transaction_id(commit.first));
  json.string("order_id", domain::format_order_id(domain::OrderId(commit.first)));
  json.amount("new_balance", event.available_after);
  json.string("currency_name", currency);
  json.begin_object("balance_info");
  json.amount("previous_balance", event.available_after + event.total);
  json.amount("new_balance", event.available_after);
  json.amount("amount_spent", event.total);
  json.end_object();
  write_breakdown(json, event);
  auto const email = first_spelling(ledger, who.email);
  write_player(json, ledger, game, event.player, email, who.name, commit.first);
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
  auto const unit_price = required_amount(body, "unit_price");
  auto const total = required_amount(body, "total_price");
  auto const currency = static_cast<std::uint64_t>(optional_id(body, "currency_id").value_or(0));
  auto player = read_player(request, services.ledger, game, body);
  if (!player) co_return std::move(player).error();
  auto const& who = player.value();
  if (auto limited = call.limit(domain::LimitKind::item_purchases_per_player_minute, limit_subject(who.email.index)))
    co_return std::move(*limited);

  domain::PurchaseItem command{
      game.id,    who.ref, domain::CurrencyId(currency), std::move(item), static_cast<std::uint32_t>(quantity),
      unit_price, total};
  auto const payload = payload_of(command, who.email);
  auto const outcome = co_await call.execute(std::move(command), request_id, payload);
  co_return write_response(request, outcome, [&](std::string& out, domain::Commit const& commit) {
    write_purchase_reply(out, services.ledger, game, who, commit);
  });
}

void write_order_fields(JsonWriter& json, domain::Game const& game, ItemOrder const& order,
                        std::string_view purchased_by) {
  auto const& event = order.event();
  json.string("order_id", domain::format_order_id(domain::OrderId(order.commit.first)));
  json.string("transaction_id", domain::format_transaction_id(order.commit.first));
  json.string("order_status", order.refund ? "refunded" : "completed");
  json.time("created_at", order.commit.at);
  json.time_or_null("refunded_at", order.refund ? order.refunded_at : domain::Timestamp{});
  json.text_or_null("refund_transaction_id", order.refund ? domain::format_transaction_id(order.refund) : "");
  json.integer("currency_id", event.currency.value());
  json.string("currency_name", currency_name(game, event.currency));
  write_details(json, currency_name(game, event.currency), event, purchased_by);
  write_breakdown(json, event);
}

Response order_not_found(Request const& request) {
  return rejection_response(request, domain::RejectionCode::order_not_found);
}

Awaitable<Response> order_details(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const& ledger = services.ledger;
  auto const& game = *caller;
  auto const text = request.query_value("order_id");
  if (!text) {
    co_return invalid_field(request, "order_id", "Name the order: ?order_id=ord_…");
  }
  auto const order = domain::parse_order_id(*text);
  if (!order) co_return order_not_found(request);
  auto wanted = read_min_position(request, services);
  if (!wanted) co_return std::move(wanted).error();

  // The order itself is in the log; whether it was refunded is as fresh as the caller asks.
  auto response = co_await call.view(View::orders, wanted.value(), [&](ViewReader& view) -> Response {
    auto const found = load_item_order(ledger, view, game.id, *order);
    if (!found) return view_unavailable(request, found.error());
    if (!found.value()) return order_not_found(request);
    auto const bought_by = found.value()->event().player;
    auto const player = ledger.state.by_id(game.id, bought_by);
    auto const email = player ? ledger.people.reveal(player->identity, Field::email, player->email) : std::string();
    Response shown;
    auto json = begin_success(shown.body);
    json.begin_object("order");
    write_order_fields(json, game, *found.value(), email);
    write_player(json, ledger, game, bought_by, email, "");
    json.end_object();
    json.end_object();
    return shown;
  });
  co_return response;
}

Awaitable<Response> purchase_history(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const& ledger = services.ledger;
  auto const& game = *caller;
  auto email = read_email(request, ledger, request.query_value("player_email").value_or(""), "player_email");
  if (!email) co_return std::move(email).error();
  auto paging = read_paging(request);
  if (!paging) co_return std::move(paging).error();
  auto wanted = read_min_position(request, services);
  if (!wanted) co_return std::move(wanted).error();
  auto const player = ledger.state.by_email(game.id, email.value().index);
  if (!player) co_return rejection_response(request, domain::RejectionCode::player_not_found);

  auto response = co_await call.view(View::orders, wanted.value(), [&](ViewReader& view) -> Response {
    auto const& [limit, cursor] = paging.value();
    auto const page = load_item_orders(ledger, view, game.id, player->player, limit, cursor);
    if (!page) return page_unavailable(request, page.error());
    auto const shown_as = first_spelling(ledger, email.value());
    Response shown;
    auto json = begin_success(shown.body);
    write_player(json, ledger, game, player->player, shown_as, "");
    write_page(json, "purchases", page.value(), limit,
               [&](ItemOrder const& order) { write_order_fields(json, game, order, shown_as); });
    return shown;
  });
  co_return response;
}

Awaitable<Response> refund(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const& ledger = services.ledger;
  auto const& game = *caller;
  auto body = JsonBody::parse(request);
  auto const request_id = read_request_id(body);
  auto const order_text = body.required_string("order_id", 64);
  auto const reason = body.required_string("reason", 500);
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  auto const order = domain::parse_order_id(order_text);
  if (!order) co_return order_not_found(request);

  auto const sale = co_await call.reader().disk([&] { return find_item_sale(ledger, game.id, *order); });
  if (!sale) co_return unread_response(request, sale.error());
  if (!sale.value()) co_return order_not_found(request);

  domain::RefundItem command{game.id, *sale.value(), std::string(reason)};
  auto const payload = payload_of(command);
  auto const outcome = co_await call.execute(std::move(command), request_id, payload);
  co_return write_response(request, outcome, [&](std::string& out, domain::Commit const& commit) {
    auto const& event = event_of<domain::ItemRefunded>(commit);
    auto json = begin_success(out);
    json.string("message", "Order refunded.");
    json.string("transaction_id", domain::format_transaction_id(commit.first));
    json.string("order_id", domain::format_order_id(event.order));
    json.string("order_status", "refunded");
    json.amount("new_balance", event.available_after);
    json.string("currency_name", currency_name_at(ledger, game.id, event.currency, commit.first));
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
