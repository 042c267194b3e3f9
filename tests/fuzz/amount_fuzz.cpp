// Every text that becomes a value of the domain: amounts, percentages, ids, numbers, times. Whatever is accepted is
// within its bounds, and the formatter's text of it is accepted as the same value.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "domain/contract.h"
#include "domain/ids.h"
#include "domain/money.h"
#include "domain/time.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace florin::domain;
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  if (auto const amount = parse_amount(text)) {
    FLORIN_ASSERT(*amount >= Money{} && *amount <= kMaxAmount);
    FLORIN_ASSERT(parse_amount(to_string(*amount)) == amount);
  }
  if (auto const rate = parse_percentage(text)) {
    FLORIN_ASSERT(rate->value() >= 0 && rate->value() <= 10'000);
    FLORIN_ASSERT(parse_percentage(to_string(*rate)) == rate);
  }
  if (auto const number = parse_number(text)) FLORIN_ASSERT(*number > 0 && *number < std::uint64_t{1} << 53);
  if (auto const game = parse_game_id(text)) FLORIN_ASSERT(std::to_string(game->value()) == text);
  if (auto const position = parse_transaction_id(text)) FLORIN_ASSERT(format_transaction_id(*position) == text);
  if (auto const position = parse_order_id(text)) FLORIN_ASSERT(format_order_id(*position) == text);
  if (auto const identity = parse_identity_id(text)) FLORIN_ASSERT(format_identity_id(*identity) == text);
  if (auto const at = parse_iso8601(text)) {
    FLORIN_ASSERT(text.size() == 20 ? to_iso8601(*at) == text : to_iso8601_micros(*at) == text);
  }
  return 0;
}
