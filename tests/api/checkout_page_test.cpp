#include "api/web/checkout_page.h"

#include <array>
#include <string>

#include <gtest/gtest.h>
#include <openssl/evp.h>

namespace florin::api {
namespace {

using domain::Money;

Sale const kSale{"Dragon Harbour",          "https://cdn.example/icon.png", "Gold Coins", "GC",
                 Money::from_minor(10'000), domain::Usd::from_minor(1'000), false};

PayPage pay(Sale const& sale = kSale) { return {sale, "/checkout?session=a&b", "https://shop.example/cart", {}, {}}; }
DonePage done(std::string_view success_url) { return {kSale, success_url, "cs_1", "txn_1", "ord_1"}; }

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto i = text.find(part); i != std::string_view::npos; i = text.find(part, i + part.size())) ++found;
  return found;
}

std::vector<Page> every_page(Sale const& sale) {
  std::vector<CardFault> const faults{{"exp", "This date is past."}};
  std::vector<Page> pages{pay_page({sale, "/checkout", "https://shop.example/", {}, {}}),
                          pay_page({sale, "/checkout", "", faults, "No."}),
                          challenge_hop_page(sale, "https://bank.example/3ds?x=1&y=2", "https://shop.example/"),
                          pending_page(sale, "/checkout?session=a&b"),
                          unsure_page("/checkout?session=a&b", sale.sandbox),
                          done_page({sale, "https://shop.example/", "cs_1", "txn_1", "ord_1"}),
                          done_page({sale, "", "cs_1", "txn_1", "ord_1"}),
                          bank_page("100.00 Gold Coins", sale.usd, "/bank"),
                          returned_page(sale.sandbox),
                          bank_end_page("Done.", "/checkout")};
  for (auto const end : {CheckoutEnd::used, CheckoutEnd::paid_elsewhere, CheckoutEnd::expired, CheckoutEnd::unknown,
                         CheckoutEnd::tries_spent, CheckoutEnd::closed, CheckoutEnd::unavailable}) {
    pages.push_back(end_page(end, "https://shop.example/", sale.sandbox));
  }
  return pages;
}

// What stands between each <tag …> and its </tag>.
std::vector<std::string> inside(std::string const& html, std::string const& tag) {
  std::vector<std::string> texts;
  for (auto open = html.find("<" + tag); open != std::string::npos; open = html.find("<" + tag, open + 1)) {
    auto const from = html.find('>', open) + 1;
    texts.push_back(html.substr(from, html.find("</" + tag + ">", from) - from));
  }
  return texts;
}

std::string hash_source(std::string const& text) {
  std::array<unsigned char, 32> digest{};
  EXPECT_EQ(EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr), 1);
  std::array<unsigned char, 45> encoded{};
  EVP_EncodeBlock(encoded.data(), digest.data(), 32);
  return "'sha256-" + std::string(reinterpret_cast<char const*>(encoded.data())) + "'";
}

std::string policy(Page const& page) {
  std::string const name = "Content-Security-Policy: ";
  EXPECT_TRUE(page.headers.starts_with(name));
  return page.headers.substr(name.size(), page.headers.find("\r\n") - name.size());
}

TEST(CheckoutPage, PolicyLetsThroughTheTextsOfThePageAndNothingElse) {
  for (auto const& page : every_page(kSale)) {
    auto const said = policy(page);
    EXPECT_TRUE(said.starts_with("default-src 'none'; style-src "));
    EXPECT_TRUE(contains(said, "base-uri 'none'; frame-ancestors 'none'"));
    EXPECT_FALSE(contains(said, "unsafe"));
    EXPECT_FALSE(contains(said, "*"));
    auto const styles = inside(page.html, "style");
    ASSERT_EQ(styles.size(), 1u);
    EXPECT_TRUE(contains(said, "style-src " + hash_source(styles[0])));
    auto const scripts = inside(page.html, "script");
    ASSERT_LE(scripts.size(), 1u);
    EXPECT_EQ(contains(said, "script-src"), scripts.size() == 1);
    for (auto const& script : scripts) EXPECT_TRUE(contains(said, "script-src " + hash_source(script)));
    EXPECT_EQ(!contains(said, "; img-src data:;"), contains(page.html, "<img"));
    EXPECT_EQ(contains(said, "form-action 'self'"), contains(page.html, "<form"));
    EXPECT_EQ(contains(said, "form-action 'none'"), !contains(page.html, "<form"));
    EXPECT_EQ(count(page.html, " style="), 0u);
    for (char const* handler : {" onclick=", " onsubmit=", " onload=", " onerror="}) {
      EXPECT_FALSE(contains(page.html, handler));
    }
  }
}

TEST(CheckoutPage, HeadersKeepThePageFromCachesFramesAndReferrers) {
  for (auto const& page : every_page(kSale)) {
    for (char const* line : {"\r\nReferrer-Policy: no-referrer\r\n", "\r\nX-Content-Type-Options: nosniff\r\n",
                             "\r\nX-Frame-Options: DENY\r\n"}) {
      EXPECT_TRUE(contains(page.headers, line)) << line;
    }
    // It would part the page from the window that opened it.
    EXPECT_FALSE(contains(page.headers, "Cross-Origin-Opener-Policy"));
    EXPECT_TRUE(page.headers.ends_with("\r\n"));
    EXPECT_EQ(count(page.headers, "\n"), count(page.headers, "\r\n"));
  }
}

TEST(CheckoutPage, EveryPageIsOneDocumentWithOneHeading) {
  for (auto const& page : every_page(kSale)) {
    EXPECT_TRUE(page.html.starts_with("<!doctype html>"));
    EXPECT_TRUE(contains(page.html, "<html lang=\"en\">"));
    EXPECT_EQ(count(page.html, "<h1>"), 1u);
    EXPECT_EQ(count(page.html, "<main"), 1u);
    EXPECT_EQ(count(page.html, "<title>"), 1u);
  }
}

TEST(CheckoutPage, NoNameBreaksOut) {
  std::string const name =
      "</title></style></script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>\xE2\x80\xAE";
  Sale sale = kSale;
  sale.game = sale.currency = sale.symbol = sale.icon_url = name;
  auto pages = every_page(sale);
  pages.push_back(pay_page({sale, "\"><script>alert(1)</script>", name, {{"exp", name}}, name}));
  pages.push_back(challenge_hop_page(sale, name, name));
  pages.push_back(unsure_page(name, sale.sandbox));
  pages.push_back(end_page(CheckoutEnd::expired, name, sale.sandbox, name, name));
  pages.push_back(pending_page(sale, name));
  pages.push_back(done_page({sale, name, name, name, name}));
  pages.push_back(done_page({sale, "https://shop.example/", name, name, name}));
  pages.push_back(bank_page(name, sale.usd, name));
  pages.push_back(bank_end_page(name, name));
  for (auto const& page : pages) {
    EXPECT_FALSE(contains(page.html, "<script>alert"));
    EXPECT_FALSE(contains(page.html, "<img src=x"));
    EXPECT_FALSE(contains(page.html, "\xE2\x80\xAE"));
    EXPECT_EQ(count(page.html, "</title>"), 1u);
    EXPECT_EQ(count(page.html, "</style>"), 1u);
    EXPECT_LE(count(page.html, "</script>"), 1u);
    EXPECT_FALSE(contains(page.headers, "alert"));
  }
}

TEST(CheckoutPage, ATestIsCalledOneOnEveryPage) {
  Sale sale = kSale;
  for (auto const& page : every_page(sale)) {
    EXPECT_EQ(contains(page.html, "no card is charged"), contains(page.html, "Test bank"));
    EXPECT_FALSE(contains(page.html, "4242"));
  }
  sale.sandbox = true;
  for (auto const& page : every_page(sale)) EXPECT_TRUE(contains(page.html, "no card is charged"));
}

TEST(CheckoutPage, IconComesFromItsOwnOriginOrIsDrawn) {
  auto const page = pay_page(pay());
  EXPECT_TRUE(contains(policy(page), "; img-src data: https://cdn.example;"));
  EXPECT_TRUE(contains(page.html, "src=\"https://cdn.example/icon.png\" alt=\"\""));
  for (char const* icon :
       {"", "http://cdn.example/icon.png", "javascript:alert(1)", "data:image/png;base64,AA",
        "https://[2001:db8::1]/icon.png", "https://cdn.example/a;script-src *", "https://cdn.example *"}) {
    Sale sale = kSale;
    sale.icon_url = icon;
    auto const drawn = pay_page(pay(sale));
    if (link_allowed(icon) && !contains(icon, "[")) {
      EXPECT_TRUE(contains(policy(drawn), "; img-src data: https://cdn.example;"))
          << icon;  // its path is no part of it
      continue;
    }
    EXPECT_FALSE(contains(drawn.html, "<img")) << icon;
    EXPECT_TRUE(contains(policy(drawn), "; img-src data:;")) << icon;
    EXPECT_TRUE(contains(drawn.html, ">D</span>")) << icon;
  }
}

TEST(CheckoutPage, PayPageSaysWhatIsBoughtForHowMuchAndWhoCharges) {
  auto const page = pay_page(pay());
  EXPECT_TRUE(contains(page.html, "100.00 Gold Coins"));
  EXPECT_TRUE(contains(page.html, ">Pay $10.00</button>"));
  EXPECT_TRUE(contains(page.html, "<bdi>Dragon Harbour</bdi> charges your card $10.00, once."));
  EXPECT_TRUE(contains(page.html, "<form method=\"post\" action=\"/checkout?session=a&amp;b\">"));
  EXPECT_TRUE(contains(page.html, "href=\"https://shop.example/cart\""));
  EXPECT_FALSE(contains(page.html, "role=\"alert\""));
  EXPECT_FALSE(contains(page.headers, "Refresh:"));
  for (char const* input :
       {"name=\"card_number\" type=\"text\" inputmode=\"numeric\" autocomplete=\"cc-number\" maxlength=\"23\"",
        "name=\"exp\" type=\"text\" inputmode=\"numeric\" autocomplete=\"cc-exp\" maxlength=\"9\"",
        "name=\"cvc\" type=\"text\" inputmode=\"numeric\" autocomplete=\"cc-csc\" maxlength=\"4\""}) {
    EXPECT_TRUE(contains(page.html, input)) << input;
  }
  EXPECT_FALSE(contains(page.html, " value="));
}

TEST(CheckoutPage, ThereIsNoWayBackToWhereALinkMayNotLead) {
  for (char const* url : {"", "javascript:alert(1)", "http://shop.example/"}) {
    auto page = pay();
    page.cancel_url = url;
    EXPECT_FALSE(contains(pay_page(page).html, "Cancel")) << url;
    EXPECT_FALSE(contains(end_page(CheckoutEnd::expired, url, false).html, "<a ")) << url;
  }
}

TEST(CheckoutPage, FaultsAreSaidAtTheirFieldsAndAtTheTop) {
  auto page = pay();
  page.faults = {{"exp", "This date is past."}};
  auto const html = pay_page(page).html;
  EXPECT_TRUE(contains(html, "role=\"alert\" tabindex=\"-1\" autofocus"));
  EXPECT_TRUE(contains(html, "<a href=\"#exp\">This date is past.</a>"));
  EXPECT_TRUE(contains(html, "aria-describedby=\"exp_hint exp_fault\" aria-invalid=\"true\""));
  EXPECT_TRUE(contains(html, "id=\"exp_fault\">This date is past."));
  EXPECT_EQ(count(html, "aria-invalid=\"true\""), 1u);
  EXPECT_FALSE(contains(html, "not charged"));
}

TEST(CheckoutPage, ADeclineIsSaidAndNothingWasCharged) {
  auto page = pay();
  page.declined = "Your bank says no & means it.";
  auto const html = pay_page(page).html;
  EXPECT_TRUE(contains(html, "<h2>Your card was not charged</h2>\n<p>Your bank says no &amp; means it.</p>"));
  EXPECT_EQ(count(html, "aria-invalid=\"true\""), 0u);
}

TEST(CheckoutPage, ABanksQuestionCanBeWalkedAwayFrom) {
  auto const hop = challenge_hop_page(kSale, "https://bank.example/3ds", "https://shop.example/cart");
  EXPECT_TRUE(contains(hop.html, "<h1>Your bank wants to confirm this payment</h1>"));
  EXPECT_TRUE(contains(hop.html, ">Continue to your bank</a>"));
  EXPECT_TRUE(contains(hop.html, "href=\"https://shop.example/cart\">Cancel and go back</a>"));
  EXPECT_FALSE(contains(challenge_hop_page(kSale, "https://bank.example/3ds", "").html, "Cancel"));
}

TEST(CheckoutPage, WhoCannotKnowDoesNotLetAnybodyPayTwice) {
  auto const page = unsure_page("/checkout?session=a", true);
  EXPECT_TRUE(contains(page.html, "We cannot tell yet what came of your payment"));
  EXPECT_TRUE(contains(page.html, "Do not pay again. This page looks again by itself"));
  EXPECT_TRUE(contains(page.html, "href=\"/checkout?session=a\">Look again now"));
  EXPECT_FALSE(contains(page.html, "<form"));
}

TEST(CheckoutPage, AnEndSaysWhatCameOfTheLastCard) {
  auto const expired = end_page(CheckoutEnd::expired, "", false, "The card <expired>. Nothing was charged.");
  EXPECT_TRUE(contains(expired.html, "<p class=\"lead\">The card &lt;expired&gt;. Nothing was charged.</p>"));
  EXPECT_EQ(count(end_page(CheckoutEnd::expired, "", false).html, "class=\"lead\""), 1u);
}

TEST(CheckoutPage, TheLoserOfTwoWindowsSeesWhatWasPaid) {
  auto const page = end_page(CheckoutEnd::paid_elsewhere, "", false, "", "?session=a&return=1");
  EXPECT_TRUE(contains(page.html, "<h1>This was already paid in another window</h1>"));
  EXPECT_TRUE(contains(page.html, "href=\"?session=a&amp;return=1\">See the payment</a>"));
  EXPECT_FALSE(contains(end_page(CheckoutEnd::paid_elsewhere, "", false).html, "<a "));
  EXPECT_FALSE(contains(end_page(CheckoutEnd::paid_elsewhere, "", false, "", "javascript:x").html, "<a "));
}

TEST(CheckoutPage, PagesThatGoOnDoSoWithAndWithoutScripts) {
  auto const hop = challenge_hop_page(kSale, "https://bank.example/3ds?x=1&y=2", "");
  EXPECT_TRUE(contains(hop.headers, "\r\nRefresh: 0;url=https://bank.example/3ds?x=1&y=2\r\n"));
  EXPECT_TRUE(contains(hop.html, "href=\"https://bank.example/3ds?x=1&amp;y=2\""));
  EXPECT_TRUE(
      contains(pending_page(kSale, "/checkout?session=a").headers, "\r\nRefresh: 3;url=/checkout?session=a\r\n"));
  EXPECT_TRUE(
      contains(unsure_page("/checkout?session=a", false).headers, "\r\nRefresh: 3;url=/checkout?session=a\r\n"));
  EXPECT_TRUE(
      contains(done_page(done("https://shop.example/ok")).headers, "\r\nRefresh: 2;url=https://shop.example/ok\r\n"));
  EXPECT_TRUE(contains(bank_end_page("Done.", "/checkout").headers, "\r\nRefresh: 1;url=/checkout\r\n"));
}

TEST(CheckoutPage, NoPageGoesWhereItMayNot) {
  for (char const* url : {"", "javascript:alert(1)", "//evil.com/", "/a\r\nSet-Cookie: a=b", "data:text/html,x"}) {
    for (auto const& page : {challenge_hop_page(kSale, url, url), pending_page(kSale, url), unsure_page(url, false),
                             done_page(done(url)), bank_end_page("Done.", url)}) {
      EXPECT_FALSE(contains(page.headers, "Refresh:")) << url;
      EXPECT_FALSE(contains(page.headers, "Set-Cookie")) << url;
      EXPECT_FALSE(contains(page.html, "<a ")) << url;
    }
  }
  EXPECT_FALSE(contains(done_page(done("http://shop.example/")).headers, "Refresh:"));
}

TEST(CheckoutPage, DoneTellsTheOriginOfTheSuccessUrlOnly) {
  auto const page = done_page(done("https://Shop.example:443/ok?a=1&b=2"));
  EXPECT_TRUE(contains(page.html, "data-origin=\"https://shop.example\""));
  EXPECT_TRUE(contains(page.html, "data-url=\"https://Shop.example:443/ok?a=1&amp;b=2\""));
  EXPECT_TRUE(contains(page.html, "data-session=\"cs_1\" data-transaction=\"txn_1\" data-order=\"ord_1\""));
  EXPECT_TRUE(contains(page.html, "INVO_CHECKOUT_COMPLETE"));
  auto const closing = done_page(done(""));
  EXPECT_FALSE(contains(closing.html, "<script"));
  EXPECT_FALSE(contains(closing.html, "data-"));
  EXPECT_TRUE(contains(closing.html, "close this page"));
}

TEST(CheckoutPage, ScriptsAreTheSameWhateverIsSold) {
  Sale other = kSale;
  other.game = other.currency = "Other";
  EXPECT_EQ(inside(pay_page(pay()).html, "script"), inside(pay_page(pay(other)).html, "script"));
  EXPECT_EQ(inside(done_page(done("https://a.example/")).html, "script"),
            inside(done_page(done("https://b.example/")).html, "script"));
}

TEST(CheckoutPage, EndPagesSayNothingOfWhatTheLinkWasFor) {
  for (auto const& page : {end_page(CheckoutEnd::used, "", false), end_page(CheckoutEnd::expired, "", false),
                           end_page(CheckoutEnd::unknown, "", false)}) {
    EXPECT_FALSE(contains(page.html, "$"));
    EXPECT_FALSE(contains(page.html, "<bdi>"));
    EXPECT_FALSE(contains(page.html, "<img"));
  }
}

TEST(CheckoutPage, TheTestBankHasTwoAnswers) {
  auto const page = bank_page("100.00 Gold Coins", kSale.usd, "/bank?payment=pi_1&secret=x");
  EXPECT_TRUE(contains(page.html, "action=\"/bank?payment=pi_1&amp;secret=x\""));
  EXPECT_TRUE(contains(page.html, "name=\"answer\" value=\"complete\""));
  EXPECT_TRUE(contains(page.html, "name=\"answer\" value=\"fail\""));
  EXPECT_TRUE(contains(page.html, "There is no bank behind this page"));
}

}  // namespace
}  // namespace florin::api
