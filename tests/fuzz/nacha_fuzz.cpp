// Any bytes as a NACHA file, and any bytes as a name in one. What the reader takes is exactly what the writer makes of
// it; a file made of the bytes is read back, and with the bytes laid over it either refused or again what is written.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sagas/gateways/ach_text.h"
#include "sagas/gateways/nacha.h"

namespace {

using namespace florin::sagas;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_is_written(std::string_view text) {
  auto const file = read_nacha(text);
  if (!file) {
    require(!file.error().empty());
    return;
  }
  auto const again = write_nacha(file.value());
  require(again.ok() && again.value() == text);
}

AchFile file_for(std::string const& holder, std::size_t entries) {
  AchFile file;
  file.origin = {"091000019", "First Bank", "091000019", "Florin", "Florin", "1123456789", "09100001", "PAYOUT"};
  file.created = florin::domain::Timestamp::from_seconds(1'795'000'000);
  file.effective = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20);
  for (std::size_t i = 1; i <= entries; ++i) {
    file.entries.push_back({florin::domain::PayoutId(i), holder, "021000021", "000123456789",
                            florin::domain::AccountType::savings, florin::domain::Usd::from_minor(100)});
  }
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const bytes(reinterpret_cast<char const*>(data), size);
  read_is_written(bytes);

  std::string const name = ach_text(bytes, florin::domain::kHolderNameLettersInFile);
  require(name.size() <= florin::domain::kHolderNameLettersInFile && ach_text(name, 22) == name);
  auto const text = write_nacha(file_for(std::string(bytes), 1 + size % 7));
  require(text.ok() == !name.empty());
  if (!text) return 0;
  auto const read = read_nacha(text.value());
  require(read.ok() && read.value().entries.front().holder == name);

  // The first two bytes say where the rest is laid over it.
  if (size < 3) return 0;
  std::string damaged = text.value();
  std::size_t const at = (std::size_t{data[0]} << 8 | data[1]) % damaged.size();
  std::string_view const patch = bytes.substr(2, damaged.size() - at);
  std::copy(patch.begin(), patch.end(), damaged.begin() + static_cast<std::ptrdiff_t>(at));
  read_is_written(damaged);
  return 0;
}
