#include "api/web/checkout_page.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "api/web/page_parts.h"
#include "eventstore/store/base64.h"
#include "eventstore/store/chain.h"

namespace florin::api {
namespace {

// A policy's word for one inline text.
std::string allowing(std::string_view text) {
  auto const hash = eventstore::sha256(text);
  return "'sha256-" + eventstore::base64({reinterpret_cast<char const*>(hash.data()), hash.size()}) + "'";
}

enum class Script { none, pay, done };

std::string_view text_of(Script script) {
  switch (script) {
    case Script::none: return {};
    case Script::pay: return kPayScript;
    case Script::done: return kDoneScript;
  }
  return {};
}

// Of a game's icon: empty when it is not to be shown. A policy has no form for an IPv6 address.
std::string icon_origin(std::string_view icon_url) {
  std::string origin = origin_of(icon_url);
  return origin.find('[') == std::string::npos ? origin : std::string();
}

struct Frame {
  std::string title;  // escaped
  std::string main;   // what stands in <main>
  std::string foot;   // in <footer>; may be empty
  bool sandbox = false;
  bool two_columns = false;
  bool form = false;
  Script script = Script::none;
  std::string icon_origin;  // of pages that show it
  // Where the browser goes by itself, and after how long; empty: nowhere. A header and not an element: it is the same
  // to browsers, and none of the page's text.
  std::string_view refresh_url;
  int refresh_seconds = 0;
};

Page framed(Frame const& frame) {
  static std::string const style_source = allowing(kStyle);
  static std::string const pay_source = allowing(kPayScript);
  static std::string const done_source = allowing(kDoneScript);

  Page page;
  auto& html = page.html;
  html.reserve(kStyle.size() + frame.main.size() + 2'048);
  html +=
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
      "%3Ccircle cx='8' cy='8' r='7' fill='%230b6b55'/%3E%3Ccircle cx='8' cy='8' r='4' fill='none' stroke='%23fff' "
      "stroke-width='1.5'/%3E%3C/svg%3E\">\n<title>";
  html += frame.title;
  html += "</title>\n<style>";
  html += kStyle;
  html += "</style>\n</head>\n<body>\n";
  if (frame.sandbox) {
    html += "<header class=\"strip\"><p><strong>Test mode:</strong> no card is charged</p></header>\n";
  }
  html += frame.two_columns ? "<main class=\"two\">\n<div class=\"sheet\">\n" : "<main>\n<div class=\"sheet\">\n";
  html += frame.main;
  html += "</div>\n</main>\n";
  if (!frame.foot.empty()) html += "<footer><p>" + frame.foot + "</p></footer>\n";
  if (frame.script != Script::none) {
    html += "<script>";
    html += text_of(frame.script);
    html += "</script>\n";
  }
  html += "</body>\n</html>\n";

  auto& headers = page.headers;
  headers += "Content-Security-Policy: default-src 'none'; style-src " + style_source;
  if (frame.script != Script::none)
    headers += "; script-src " + (frame.script == Script::pay ? pay_source : done_source);
  headers += "; img-src data:";  // the tab's icon
  if (!frame.icon_origin.empty()) headers += " " + frame.icon_origin;
  headers += frame.form ? "; form-action 'self'" : "; form-action 'none'";
  // No Cross-Origin-Opener-Policy: it would take away the window that is to be told of the payment.
  headers +=
      "; base-uri 'none'; frame-ancestors 'none'\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n"
      "X-Content-Type-Options: nosniff\r\nX-Robots-Tag: noindex\r\n"
      "Permissions-Policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()\r\n";
  if (!frame.refresh_url.empty()) {
    headers += "Refresh: " + std::to_string(frame.refresh_seconds) + ";url=";
    headers += frame.refresh_url;
    headers += "\r\n";
  }
  return page;
}

// ---- pieces ----

// Drawn without a fill: a tick, a bank's question, an open circle that turns, a mark of exclamation.
constexpr std::string_view kTick = "<path d=\"M5 12.5l4.5 4.5L19 7.5\"/>";
constexpr std::string_view kCard =
    "<rect x=\"3\" y=\"5.5\" width=\"18\" height=\"13\" rx=\"2\"/><path d=\"M3 10h18\"/>";
constexpr std::string_view kTurning = "<path d=\"M12 4a8 8 0 1 1-8 8\"/>";
constexpr std::string_view kMark = "<path d=\"M12 6v7M12 17.5v.01\"/>";

std::string sign(std::string_view drawing, std::string_view kind) {
  std::string out = "<div class=\"sign";
  out += kind;
  out += "\"><svg viewBox=\"0 0 24 24\" aria-hidden=\"true\">";
  out += drawing;
  out += "</svg></div>\n";
  return out;
}

// A name keeps its own direction, whatever stands around it.
std::string named(std::string_view name) { return "<bdi>" + html_text(name) + "</bdi>"; }

std::string dollars(Sale const& sale) { return "$" + domain::to_string(sale.usd); }
std::string bought(Sale const& sale) {
  return "<bdi>" + domain::to_string(sale.units) + " " + html_text(sale.currency) + "</bdi>";
}

// The letter lies under the icon: an icon that cannot be loaded leaves it to be seen.
std::string seller(Sale const& sale) {
  std::string out = "<div class=\"seller\"><span class=\"icon\"><span aria-hidden=\"true\">" + html_initial(sale.game);
  out += "</span>";
  if (!icon_origin(sale.icon_url).empty()) {
    out += "<img src=\"" + html_text(sale.icon_url) + "\" alt=\"\">";
  }
  out += "</span><span>" + named(sale.game) + "</span></div>\n";
  return out;
}

std::string row(std::string_view term, std::string_view value, std::string_view kind = {}) {
  std::string out = kind.empty() ? std::string("<div>") : "<div class=\"" + std::string(kind) + "\">";
  out += "<dt>";
  out += term;
  out += "</dt><dd>";
  out += value;
  out += "</dd></div>\n";
  return out;
}

std::string button_to(std::string_view url, std::string_view words) {
  std::string out = "<a class=\"button\" href=\"" + html_text(url) + "\">";
  out += words;
  out += "</a>\n";
  return out;
}

std::string way_back(std::string_view cancel_url, std::string_view words) {
  if (!link_allowed(cancel_url)) return {};
  std::string out = "<a class=\"back\" href=\"" + html_text(cancel_url) + "\">";
  out += words;
  out += "</a>\n";
  return out;
}

std::string form_to(std::string_view action) { return "<form method=\"post\" action=\"" + html_text(action) + "\">\n"; }

Frame frame_of(Sale const& sale, std::string title) {
  Frame frame;
  frame.title = std::move(title);
  frame.sandbox = sale.sandbox;
  return frame;
}

// ---- the form ----

struct Field {
  std::string_view name;
  std::string_view label;
  std::string_view hint;
  std::string_view autocomplete;
  std::string_view length_max;
  bool wide = false;
};
// The longest number is 19 digits in five groups; "MM / YYYY".
constexpr std::array<Field, 3> kFields{{{"card_number", "Card number", "", "cc-number", "23", true},
                                        {"exp", "Expiry date", "MM / YY", "cc-exp", "9", false},
                                        {"cvc", "Security code", "3 or 4 digits", "cc-csc", "4", false}}};

CardFault const* fault_of(std::vector<CardFault> const& faults, std::string_view field) {
  auto const found =
      std::find_if(faults.begin(), faults.end(), [&](CardFault const& each) { return each.field == field; });
  return found == faults.end() ? nullptr : &*found;
}

std::string input(Field const& field, CardFault const* fault) {
  std::string const name(field.name);
  std::string out = field.wide ? "<div class=\"wide\">" : "<div>";
  out += "<label for=\"" + name + "\">";
  out += field.label;
  out += "</label>";
  std::string described;
  if (!field.hint.empty()) {
    out += "<span class=\"hint\" id=\"" + name + "_hint\">";
    out += field.hint;
    out += "</span>";
    described = name + "_hint";
  }
  if (fault != nullptr) described += (described.empty() ? "" : " ") + name + "_fault";
  out += "<input id=\"" + name + "\" name=\"" + name + "\" type=\"text\" inputmode=\"numeric\" autocomplete=\"";
  out += field.autocomplete;
  out += "\" maxlength=\"";
  out += field.length_max;
  out += "\" spellcheck=\"false\" required";
  if (!described.empty()) out += " aria-describedby=\"" + described + "\"";
  if (fault != nullptr) out += " aria-invalid=\"true\"";
  out += ">";
  if (fault != nullptr) {
    out += "<span class=\"fault\" id=\"" + name + "_fault\">";
    out += html_text(fault->advice);
    out += "</span>";
  }
  out += "</div>\n";
  return out;
}

// What went wrong with the last try. It has the focus, so that it is read first.
std::string problem(PayPage const& page) {
  if (page.declined.empty() && page.faults.empty()) return {};
  std::string out = "<div class=\"alert\" role=\"alert\" tabindex=\"-1\" autofocus>\n";
  if (!page.declined.empty()) {
    out += "<h2>Your card was not charged</h2>\n<p>" + html_text(page.declined) + "</p>\n";
  } else {
    out += "<h2>Something about the card is not right</h2>\n";
  }
  if (!page.faults.empty()) {
    out += "<ul>";
    for (auto const& fault : page.faults) {
      out += "<li><a href=\"#" + html_text(fault.field) + "\">" + html_text(fault.advice) + "</a></li>";
    }
    out += "</ul>\n";
  }
  out += "<p>Nothing of the card was kept: please type all of it again.</p>\n</div>\n";
  return out;
}

// It looks again by itself, and not before the payer has read it.
Page waiting_page(Frame frame, std::string_view heading, std::string_view words, std::string_view refresh_url) {
  auto& out = frame.main;
  out += "<div class=\"part\">\n" + sign(kTurning, " quiet wait") + "<h1>";
  out += heading;
  out += "</h1>\n<p class=\"lead\">";
  out += words;
  out += "</p>\n";
  if (onward_allowed(refresh_url)) {
    out += "<a class=\"button second\" href=\"" + html_text(refresh_url) + "\">Look again now</a>\n";
    frame.refresh_url = refresh_url;
    frame.refresh_seconds = 3;
  }
  out += "</div>\n";
  return framed(frame);
}

}  // namespace

Page pay_page(PayPage const& page) {
  auto const& sale = page.sale;
  std::string const usd = dollars(sale);
  bool const again = !page.declined.empty() || !page.faults.empty();
  Frame frame = frame_of(sale, (again ? "Not paid: " : "") + usd + " to " + html_text(sale.game));
  frame.icon_origin = icon_origin(sale.icon_url);
  frame.two_columns = true;
  frame.form = true;
  frame.script = Script::pay;

  auto& out = frame.main;
  out += "<div class=\"part\">\n" + seller(sale) + "<h1>Buy " + bought(sale) + "</h1>\n<dl class=\"sum\">\n";
  std::string unit = named(sale.currency);
  if (!sale.symbol.empty()) unit += " (" + named(sale.symbol) + ")";
  out += row(unit, domain::to_string(sale.units), "amount") + row("Total", usd, "amount total") + "</dl>\n</div>\n";

  out += "<div class=\"part\">\n" + problem(page) + form_to(page.action) + "<div class=\"fields\">\n";
  for (auto const& field : kFields) out += input(field, fault_of(page.faults, field.name));
  out += "</div>\n";
  if (sale.sandbox) {
    out += "<p class=\"tip\">A card to try: <b>4242 4242 4242 4242</b>, any future date, any code.</p>\n";
  }
  out += "<button class=\"button\" type=\"submit\">Pay " + usd + "</button>\n</form>\n";
  out += way_back(page.cancel_url, "Cancel and go back");
  out += "<p class=\"note\">" + named(sale.game) + " charges your card " + usd + ", once.</p>\n</div>\n";
  frame.foot = "The card goes to the payment processor and nowhere else. Nothing of it is kept here.";
  return framed(frame);
}

Page challenge_hop_page(Sale const& sale, std::string_view redirect_url, std::string_view cancel_url) {
  Frame frame = frame_of(sale, "Your bank wants to confirm this payment");
  auto& out = frame.main;
  out += "<div class=\"part\">\n" + sign(kCard, "") + "<h1>Your bank wants to confirm this payment</h1>\n";
  if (onward_allowed(redirect_url)) {
    out += "<p class=\"lead\">It asks whether the card is yours before it pays " + dollars(sale) + " to " +
           named(sale.game) + ". Nothing is charged until you have answered on its page.</p>\n" +
           button_to(redirect_url, "Continue to your bank");
    frame.refresh_url = redirect_url;
  } else {
    out += "<p class=\"lead\">Its page cannot be opened from here. Go back to " + named(sale.game) +
           " and pay with another card.</p>\n";
  }
  out += way_back(cancel_url, "Cancel and go back") + "</div>\n";
  return framed(frame);
}

Page pending_page(Sale const& sale, std::string_view refresh_url) {
  return waiting_page(frame_of(sale, "Waiting for the payment"), "Waiting for the payment",
                      "We are asking whether " + dollars(sale) + " for " + bought(sale) +
                          " was paid. This page looks again every few seconds. Please do not pay a second time.",
                      refresh_url);
}

Page unsure_page(std::string_view refresh_url, bool sandbox) {
  Frame frame;
  frame.title = "Waiting for the payment";
  frame.sandbox = sandbox;
  return waiting_page(std::move(frame), "We cannot tell yet what came of your payment",
                      "Do not pay again. This page looks again by itself every few seconds.", refresh_url);
}

Page done_page(DonePage const& page) {
  auto const& sale = page.sale;
  std::string const origin = origin_of(page.success_url);
  Frame frame = frame_of(sale, "Payment complete");
  auto& out = frame.main;
  out += "<div class=\"part\"";
  if (!origin.empty()) {
    // What the script says, and to whom.
    out += " id=\"done\" data-origin=\"" + html_text(origin) + "\" data-url=\"" + html_text(page.success_url) +
           "\" data-session=\"" + html_text(page.session_id) + "\" data-transaction=\"" +
           html_text(page.transaction_id) + "\" data-order=\"" + html_text(page.order_id) + "\"";
  }
  out += ">\n" + sign(kTick, "") + "<h1>Payment complete</h1>\n<p class=\"lead\">You bought " + bought(sale) + " in " +
         named(sale.game) + ".</p>\n<dl class=\"sum\">\n";
  out += row("Order", html_text(page.order_id)) +
         row(sale.sandbox ? "Paid (a test)" : "Paid", dollars(sale), "amount total");
  out += "</dl>\n";
  if (!origin.empty()) {
    out += button_to(page.success_url, "Continue");
    out += "<p class=\"note\">The shop’s page opens by itself.</p>\n";
    frame.refresh_url = page.success_url;
    frame.refresh_seconds = 2;
    frame.script = Script::done;
  } else {
    out += "<p class=\"note\">You can close this page and go back to the game.</p>\n";
  }
  out += "</div>\n";
  return framed(frame);
}

Page end_page(CheckoutEnd end, std::string_view cancel_url, bool sandbox, std::string_view declined,
              std::string_view look_url) {
  std::string_view happened;
  std::string_view advice;
  switch (end) {
    case CheckoutEnd::used:
      happened = "Already paid";
      advice = "A payment link works once. To buy more, start again in the game.";
      break;
    case CheckoutEnd::paid_elsewhere:
      happened = "This was already paid in another window";
      advice = "Or the form was sent twice. It was charged once, and nothing more is charged now.";
      break;
    case CheckoutEnd::expired:
      happened = "This page is no longer good";
      advice = "A payment link is good for fifteen minutes. Go back to the game and start again.";
      break;
    case CheckoutEnd::unknown:
      happened = "This link leads nowhere";
      advice = "Part of it may be missing. Go back to the game and start again.";
      break;
    case CheckoutEnd::tries_spent:
      happened = "Too many cards were declined";
      advice = "Nothing was charged. Ask your bank why, or go back to the game and start again with another card.";
      break;
    case CheckoutEnd::closed:
      happened = "This cannot be bought now";
      advice = "The game sells nothing at the moment, or you hold as much as can be held. Nothing was charged.";
      break;
    case CheckoutEnd::unavailable:
      happened = "Cards cannot be charged right now";
      advice = "The payment processor does not answer. Wait a few minutes, then load this page again.";
      break;
  }
  Frame frame;
  frame.title = happened;
  frame.sandbox = sandbox;
  auto& out = frame.main;
  bool const paid = end == CheckoutEnd::used || end == CheckoutEnd::paid_elsewhere;
  out += "<div class=\"part\">\n" + sign(paid ? kTick : kMark, paid ? "" : " quiet");
  out += "<h1>";
  out += happened;
  out += "</h1>\n<p class=\"lead\">";
  out += advice;
  out += "</p>\n";
  if (!declined.empty()) out += "<p class=\"lead\">" + html_text(declined) + "</p>\n";
  if (!look_url.empty() && onward_allowed(look_url)) out += button_to(look_url, "See the payment");
  if (link_allowed(cancel_url)) out += button_to(cancel_url, "Go back");
  out += "</div>\n";
  return framed(frame);
}

Page bank_page(std::string_view what, domain::Usd usd, std::string_view action) {
  Frame frame;
  frame.title = "Test bank: is this payment yours?";
  frame.sandbox = true;
  frame.form = true;
  Sale paid;
  paid.usd = usd;
  auto& out = frame.main;
  out +=
      "<div class=\"part\">\n" + sign(kCard, " quiet") +
      "<h1>Is this payment yours?</h1>\n"
      "<p class=\"lead\">There is no bank behind this page: it stands in for the 3-D Secure question that a real one "
      "asks. Answer for the cardholder.</p>\n<dl class=\"sum\">\n" +
      row("For", "<bdi>" + html_text(what) + "</bdi>") + row("Amount", dollars(paid), "amount total") + "</dl>\n" +
      form_to(action) +
      "<button class=\"button\" name=\"answer\" value=\"complete\">Yes, complete it</button>\n"
      "<button class=\"button second\" name=\"answer\" value=\"fail\">No, fail it</button>\n</form>\n</div>\n";
  return framed(frame);
}

Page returned_page(bool sandbox) {
  Frame frame;
  frame.title = "Back from your bank";
  frame.sandbox = sandbox;
  frame.main +=
      "<div class=\"part\">\n" + sign(kCard, " quiet") +
      "<h1>Your bank has your answer</h1>\n"
      "<p class=\"lead\">You can close this page and go back to the game: it knows what became of the payment.</p>\n"
      "</div>\n";
  return framed(frame);
}

Page bank_end_page(std::string_view message, std::string_view onward_url) {
  Frame frame;
  frame.title = "Test bank";
  frame.sandbox = true;
  auto& out = frame.main;
  out += "<div class=\"part\">\n" + sign(kCard, " quiet") + "<h1>Test bank</h1>\n<p class=\"lead\">" +
         html_text(message) + "</p>\n";
  if (onward_allowed(onward_url)) {
    out += button_to(onward_url, "Continue");
    frame.refresh_url = onward_url;
    frame.refresh_seconds = 1;
  }
  out += "</div>\n";
  return framed(frame);
}

}  // namespace florin::api
