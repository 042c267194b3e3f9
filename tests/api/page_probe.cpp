// Every page of the checkout, for tests/e2e/web: a line "NAME HEADER-BYTES HTML-BYTES", then those bytes, and so on.
//
//   api_page_probe SUCCESS_URL CANCEL_URL ICON_URL
#include <cstdio>
#include <string>
#include <string_view>

#include "api/web/checkout_page.h"

namespace {

using namespace florin::api;

void print(std::string_view name, Page const& page) {
  std::printf("%.*s %zu %zu\n", static_cast<int>(name.size()), name.data(), page.headers.size(), page.html.size());
  std::fwrite(page.headers.data(), 1, page.headers.size(), stdout);
  std::fwrite(page.html.data(), 1, page.html.size(), stdout);
}

}  // namespace

int main(int count, char** words) {
  using florin::domain::Money;
  using florin::domain::Usd;
  if (count != 4) {
    std::fputs("usage: api_page_probe SUCCESS_URL CANCEL_URL ICON_URL\n", stderr);
    return 2;
  }
  std::string_view const success_url = words[1];
  std::string_view const cancel_url = words[2];
  std::string const icon_url = words[3];
  constexpr std::string_view kAction = "/checkout?session=cs_probe";

  Sale test{"Dragon Harbour", icon_url, "Gold Coins", "GC", Money::from_minor(10'000), Usd::from_minor(1'000), true};
  Sale real = test;
  real.sandbox = false;
  Sale plain = test;
  plain.icon_url = {};
  std::string const no_icon = icon_url + ".missing";
  Sale broken = test;
  broken.icon_url = no_icon;

  std::vector<CardFault> const faults{{"card_number", "The number is not complete. Check it and type it again."},
                                      {"exp", "This date is past. Check it, or use another card."},
                                      {"cvc", "The code is 3 digits on the back of the card, or 4 on its front."}};
  constexpr std::string_view kDeclined = "Your bank declined the card. Try another one.";
  print("pay", pay_page({test, kAction, cancel_url, {}, {}}));
  print("pay_live", pay_page({real, kAction, cancel_url, {}, {}}));
  print("pay_without_icon", pay_page({plain, kAction, {}, {}, {}}));
  print("pay_broken_icon", pay_page({broken, kAction, cancel_url, {}, {}}));
  print("pay_declined", pay_page({test, kAction, cancel_url, {}, kDeclined}));
  print("pay_faults", pay_page({test, kAction, cancel_url, faults, {}}));

  std::string long_name(100, 'W');
  Sale wide = test;
  wide.game = long_name;
  wide.icon_url = {};
  wide.currency = long_name;
  wide.symbol = "WWWWWWWWWW";
  wide.units = Money::from_minor(999'999);
  wide.usd = Usd::from_minor(99'999);
  print("pay_wide", pay_page({wide, kAction, cancel_url, faults, kDeclined}));
  Sale hostile = test;
  hostile.icon_url = "javascript:alert(1)";
  hostile.game = "\xE2\x80\xAE</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
  hostile.currency = "</style>\xD7\x96\xD7\x94\xD7\x91 \xF0\x9F\xAA\x99";
  hostile.symbol = "<b>";
  print("pay_hostile", pay_page({hostile, kAction, "javascript:alert(1)", {}, "<script>alert(1)</script>"}));

  print("hop", challenge_hop_page(test, "/bank", cancel_url));
  print("hop_nowhere", challenge_hop_page(test, "javascript:alert(1)", {}));
  print("pending", pending_page(test, "/done_closing"));
  print("unsure", unsure_page("/done_closing", true));
  print("done", done_page({test, success_url, "cs_probe", "txn_01PROBE", "ord_01PROBE"}));
  print("done_closing", done_page({real, {}, "cs_probe", "txn_01PROBE", "ord_01PROBE"}));
  print("end_used", end_page(CheckoutEnd::used, {}, false));
  print("end_expired", end_page(CheckoutEnd::expired, cancel_url, true));
  print("end_expired_declined", end_page(CheckoutEnd::expired, cancel_url, true, kDeclined));
  print("end_paid_elsewhere", end_page(CheckoutEnd::paid_elsewhere, {}, false, {}, "/done"));
  print("end_unknown", end_page(CheckoutEnd::unknown, {}, false));
  print("end_tries_spent", end_page(CheckoutEnd::tries_spent, cancel_url, true));
  print("end_closed", end_page(CheckoutEnd::closed, cancel_url, false));
  print("end_unavailable", end_page(CheckoutEnd::unavailable, cancel_url, false));
  print("returned", returned_page(false));
  print("bank", bank_page("100.00 Gold Coins", test.usd, "/bank?payment=pi_probe"));
  print("bank_end", bank_end_page("The payment is confirmed.", "/done"));
  return 0;
}
