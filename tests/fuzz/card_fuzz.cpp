// Any bytes as what a payer posts, as a name on a page and as a URL to go to. A card that is read has the form of one;
// a fault is at a field of ours; no text ends an element or a value; where a page may lead is fit for its header, and
// has an origin exactly when a link to it is allowed.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "api/web/card_form.h"
#include "api/web/html.h"
#include "api/web/links.h"
#include "sagas/gateways/form.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool digits(std::string_view text, std::size_t least, std::size_t most) {
  return text.size() >= least && text.size() <= most && text.find_first_not_of("0123456789") == std::string_view::npos;
}

void check_card(std::string_view body) {
  auto const now = florin::domain::Timestamp::from_seconds(1'800'000'000);  // January 2027
  auto const card = florin::api::parse_card(body, now);
  if (card) {
    auto const& read = card.value();
    require(body.size() <= florin::sagas::kFormBytesMax);
    require(digits(read.number, 12, 19) && digits(read.cvc, 3, 4) && digits(read.month, 1, 2) &&
            digits(read.year, 4, 4));
    int const month = std::stoi(read.month);
    int const year = std::stoi(read.year);
    require(month >= 1 && month <= 12 && year >= 2027 && (year < 2077 || (year == 2077 && month == 1)));
    return;
  }
  require(!card.error().empty() && card.error().size() <= 3);
  for (auto const& fault : card.error()) {
    require(fault.field == "card_number" || fault.field == "exp" || fault.field == "cvc");
    require(!fault.advice.empty());
  }
}

void check_text(std::string_view text) {
  for (auto const& shown : {florin::api::html_text(text), florin::api::html_initial(text)}) {
    require(shown.find_first_of("<>\"'") == std::string::npos);
    require(std::none_of(shown.begin(), shown.end(),
                         [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }));
    require(shown.find("\xE2\x80\xAE") == std::string::npos);
  }
}

void check_link(std::string_view url) {
  bool const allowed = florin::api::link_allowed(url);
  bool const onward = florin::api::onward_allowed(url);
  require(!allowed || onward);
  if (onward) {
    require(url.size() <= florin::api::kLinkMax && !url.starts_with("//"));
    require(std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < '\x7f'; }));
    require(url.find_first_of("\"<>\\^`{|}") == std::string_view::npos);
  }
  std::string const origin = florin::api::origin_of(url);
  require(allowed == !origin.empty());
  require(!allowed || (florin::api::link_allowed(origin) && florin::api::origin_of(origin) == origin));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const input(reinterpret_cast<char const*>(data), size);
  check_card(input);
  // Random bytes hardly ever are a whole form: the same bytes, line by line, as its three fields.
  auto const first = std::min(input.find('\n'), size);
  auto const rest = input.substr(std::min(first + 1, size));
  auto const second = std::min(rest.find('\n'), rest.size());
  check_card(florin::sagas::encode_form({{"card_number", std::string(input.substr(0, first))},
                                         {"exp", std::string(rest.substr(0, second))},
                                         {"cvc", std::string(rest.substr(std::min(second + 1, rest.size())))}}));
  check_text(input);
  check_link(input);
  return 0;
}
