// The pages of a hosted checkout: each is a whole HTML document and the policy that it is sent with.
//
// Made for a phone and for a browser without scripts. Nothing of a page comes from another host but the game's icon;
// nothing that was typed into it is ever shown again. Every text of a game or player is escaped here, so callers pass
// what they have. Pure functions, any thread.
//
// Source: CONTRACT, Currency purchase (GET/POST /checkout).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/web/card_form.h"
#include "api/web/html.h"
#include "api/web/links.h"
#include "domain/money.h"

namespace florin::api {

struct Page {
  std::string html;
  // Every header line that a browser needs to hold the page to what it is, each "Name: value\r\n": the content policy,
  // no referrer, no sniffing, no frames.
  std::string headers;
};

// What a checkout sells, and for whom.
struct Sale {
  std::string_view game;      // its name, as it is shown
  std::string_view icon_url;  // empty or unfit: its first letter is drawn instead
  std::string_view currency;  // "Gold Coins"
  std::string_view symbol;    // "GC"; may be empty
  domain::Money units;        // of that currency
  domain::Usd usd;
  bool sandbox = false;  // said on every page: no card is charged
};

// The form. `action` is our own path with its query; `cancel_url` empty: no way back is offered.
struct PayPage {
  Sale sale;
  std::string_view action;
  std::string_view cancel_url;
  std::vector<CardFault> faults;  // of the last try's fields
  std::string_view declined;      // why the last card was not charged, for the payer; empty: no last try
};
[[nodiscard]] Page pay_page(PayPage const& page);

// The bank wants to hear from the cardholder at `redirect_url`; the page goes there by itself, where browsers let it.
[[nodiscard]] Page challenge_hop_page(Sale const& sale, std::string_view redirect_url, std::string_view cancel_url);
// Nobody knows yet whether the card was charged: looks at `refresh_url` again every few seconds.
[[nodiscard]] Page pending_page(Sale const& sale, std::string_view refresh_url);
// As pending_page, when the ledger itself cannot be asked at the moment: nothing of the sale is known either.
[[nodiscard]] Page unsure_page(std::string_view refresh_url, bool sandbox);

// Paid, just now. With a success_url it tells the window that opened it, if that is of the same origin as the URL, and
// goes there.
struct DonePage {
  Sale sale;
  std::string_view success_url;  // may be empty
  std::string_view session_id;
  std::string_view transaction_id;
  std::string_view order_id;
};
[[nodiscard]] Page done_page(DonePage const& page);

// Why there is nothing to pay here; says nothing of what the link was for.
enum class CheckoutEnd {
  used,            // it was paid
  paid_elsewhere,  // it was paid before this window's card was sent
  expired,         // its fifteen minutes are over
  unknown,         // no link of ours
  tries_spent,     // too many cards were declined
  closed,          // the game sells nothing at the moment, or the player cannot hold more
  unavailable,     // the processor cannot be reached: try again in a while
};
// `declined`: why the last card was not charged; empty: no card was tried, or it is not told. `look_url`: where the
// payer sees what was paid; empty: nowhere.
[[nodiscard]] Page end_page(CheckoutEnd end, std::string_view cancel_url, bool sandbox, std::string_view declined = {},
                            std::string_view look_url = {});

// Where a bank sends a browser whose payment the game ordered itself.
[[nodiscard]] Page returned_page(bool sandbox);

// The sandbox bank's question about `what`: two buttons of a form to `action`, `answer` being "complete" or "fail".
[[nodiscard]] Page bank_page(std::string_view what, domain::Usd usd, std::string_view action);
// After its answer, or when it asks nothing: where to go from here.
[[nodiscard]] Page bank_end_page(std::string_view message, std::string_view onward_url);

}  // namespace florin::api
