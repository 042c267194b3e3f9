#include "api/routes/card_order_replies.h"

#include "api/routes/players.h"

namespace florin::api {

void write_metadata(JsonWriter& json, Ledger const& ledger, domain::CheckoutOpened const& opened) {
  auto const text = ledger.people.reveal(opened.identity, Field::metadata, opened.metadata);
  json.raw("metadata", text.empty() ? std::string_view("null") : text);
}

void write_payment_order(JsonWriter& json, Ledger const& ledger, domain::Game const& game, CardOrder const& order) {
  auto const& ordered = order.ordered;
  auto const player = ledger.state.by_id(game.id, ordered.player);
  auto const email = player ? ledger.people.email_of(player->identity) : std::string();
  json.begin_object("order");
  json.string("order_id", domain::format_order_id(ordered.order));
  json.string("transaction_id", domain::format_transaction_id(ordered.order.position()));
  json.string("order_status", order.status());
  json.time("created_at", order.ordered_at);
  if (order.checkout) {
    json.string("session_id", domain::format_session_id(order.checkout->session));
    write_metadata(json, ledger, *order.checkout);
  } else {
    json.null("session_id");
    json.null("metadata");
  }
  write_player(json, ledger, game, ordered.player, email, "");
  json.amount("usd_amount", ordered.usd);
  json.amount("currency_amount", domain::units_of(ordered.usd));
  json.integer("currency_id", ordered.currency.value());
  json.string("currency_name", currency_name(game, ordered.currency));
  json.end_object();

  json.begin_object("payment");
  json.text_or_null("payment_intent_id", order.reference);
  json.boolean("credited", order.purchased.has_value());
  json.amount("usd_charged", order.purchased ? order.purchased->usd : domain::Usd{});
  json.amount("usd_refunded", order.refunded());
  json.amount("usd_refundable", refundable_usd(ledger, game.id, order));
  json.time_or_null("paid_at", order.purchased_at);
  if (order.failed) {
    json.string("failure", domain::failure_name(order.failed->failure));
    json.string("decline_code", order.failed->code);
  } else {
    json.null("failure");
    json.null("decline_code");
  }
  json.end_object();

  json.objects("refunds", order.refunds, [&](auto const& refund) {
    json.string("refund_id", domain::format_refund_id(refund.asked.refund));
    json.string("refund_status", refund.status());
    json.amount("usd_amount", refund.asked.usd);
    json.amount("currency_amount", domain::units_of(refund.asked.usd));
    json.string("reason", refund.asked.reason);
    json.time("created_at", refund.asked_at);
  });
  json.objects("disputes", order.disputes, [&](auto const& dispute) {
    json.string("dispute_id", dispute.reference);
    json.string("dispute_status", domain::dispute_status_name(dispute.status()));
    json.amount("usd_amount", dispute.claimed());
    json.amount("currency_amount", domain::units_of(dispute.claimed()));
    json.amount("usd_withheld", dispute.withheld());
    json.amount("usd_fee", dispute.fee());
    json.time("opened_at", dispute.movements.front().at);
    json.objects("movements", dispute.movements, [&](auto const& movement) {
      json.amount("usd_amount", movement.usd);
      json.amount("currency_amount", domain::units_of(movement.usd));
      json.amount("usd_fee", movement.fee);
      json.string("dispute_status", domain::dispute_status_name(movement.status));
      json.time("created_at", movement.at);
    });
  });
  json.objects("postings", order.postings, [&](auto const& posting) {
    json.string("account", domain::account_name(posting.account));
    json.amount("amount", posting.amount);
  });
}

Response payment_order_not_found(Request const& request) {
  return error_response(request, 404, "ORDER_NOT_FOUND", "The game has no such order of currency. Check the order_id.");
}

Response payments_unavailable(Request const& request) {
  return error_response(request, 503, "PAYMENTS_UNAVAILABLE",
                        "Cards cannot be charged here: no processor is configured, or it does not answer.", {}, 5);
}

Response payment_failed_response(Request const& request, domain::PaymentFailed const& failed) {
  std::vector<ErrorExtra> extras{{"transaction_id", json_text(domain::format_transaction_id(failed.order.position()))},
                                 {"order_id", json_text(domain::format_order_id(failed.order))},
                                 {"decline_code", json_text(failed.code)}};
  switch (failed.failure) {
    case domain::PaymentFailure::declined:
      return error_response(request, 402, "CARD_DECLINED",
                            "The card was declined and nothing was charged. Ask the player for another card.", extras);
    case domain::PaymentFailure::challenge_failed:
    case domain::PaymentFailure::challenge_expired:
      return error_response(request, 402, "AUTHENTICATION_FAILED",
                            "The cardholder was not confirmed by their bank and nothing was charged. Order again.",
                            extras);
    case domain::PaymentFailure::refused:
      return error_response(request, 402, "PAYMENT_REFUSED",
                            "The processor does not take this payment and nothing was charged; decline_code says why.",
                            extras);
    case domain::PaymentFailure::abandoned:
      return error_response(request, 402, "PAYMENT_ABANDONED",
                            "The payment could not be made in time and nothing was charged. Order again.", extras);
  }
  return error_response(request, 402, "PAYMENT_REFUSED", "Nothing was charged.", extras);
}

}  // namespace florin::api
