// Any bytes as a file of returns. What is taken of it has the form that it says it has, and no text in it could break a
// reply.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sagas/gateways/ach_returns.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  auto const entries = florin::sagas::read_returns(text);
  if (!entries) {
    require(!entries.error().empty());
    return 0;
  }
  std::size_t line = 0;
  for (auto const& entry : entries.value()) {
    require(entry.line > line && entry.line <= size);
    line = entry.line;
    require(is_printable(entry.fault) && is_printable(entry.code) && is_printable(entry.trace));
    require(entry.code.empty() || entry.code.size() == 3);
    require(entry.usd >= florin::domain::Usd{});
    if (!entry.fault.empty()) continue;
    require(entry.code.size() == 3 && entry.trace.size() == 15 && is_printable(entry.corrected));
    require(entry.code.front() == (entry.is_correction ? 'C' : 'R'));
    require(entry.is_correction == !entry.corrected.empty());
  }
  return 0;
}
