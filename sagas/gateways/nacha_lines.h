// What the writer and the readers of NACHA files share: the measures of the format, one line by its columns, and the
// counts that control records hold. Included by nacha.cpp, nacha_reader.cpp and ach_returns.cpp only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/digits.h"
#include "domain/money.h"
#include "sagas/gateways/ach_text.h"
#include "sagas/gateways/nacha.h"

namespace florin::sagas::nacha {

inline constexpr std::size_t kLineLetters = 94;
inline constexpr std::size_t kLineBytes = kLineLetters + 1;
inline constexpr std::size_t kBlockLines = 10;
inline constexpr std::uint64_t kHashModulus = 10'000'000'000;
inline constexpr std::string_view kCredits = "220";
inline constexpr std::string_view kTransactionPrefix = "txn_";

using domain::is_digit;
constexpr bool is_digit_or_letter(char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); }
inline bool are_digits(std::string_view text) { return std::ranges::all_of(text, is_digit); }

// Up to 19 digits.
inline std::optional<std::uint64_t> number_in(std::string_view text) {
  if (!are_digits(text)) return std::nullopt;
  std::uint64_t value = 0;
  for (char const digit : text) value = value * 10 + static_cast<std::uint64_t>(digit - '0');
  return value;
}

// Fields are named by Nacha's columns, from 1. The line has 94 characters.
class Line {
 public:
  explicit Line(std::string_view text) : text_(text) {}
  [[nodiscard]] char type() const { return text_.front(); }
  [[nodiscard]] std::string_view columns(std::size_t first, std::size_t last) const {
    return text_.substr(first - 1, last - first + 1);
  }
  [[nodiscard]] std::string words(std::size_t first, std::size_t last) const {
    return std::string(trimmed(columns(first, last)));
  }
  [[nodiscard]] bool says(std::size_t first, std::string_view text) const {
    return columns(first, first + text.size() - 1) == text;
  }
  [[nodiscard]] bool says(std::size_t first, std::size_t last, std::uint64_t number) const {
    return number_in(columns(first, last)) == number;
  }

 private:
  std::string_view text_;
};

// Counts what control records say of the entries above them.
struct Tally {
  std::uint64_t entries = 0;
  std::uint64_t hash = 0;
  domain::Usd usd;

  void add(AchEntry const& entry) {
    std::uint64_t bank = 0;
    for (char const digit : std::string_view(entry.routing).substr(0, 8)) {
      bank = bank * 10 + static_cast<std::uint64_t>(digit - '0');
    }
    ++entries;
    hash = (hash + bank) % kHashModulus;
    usd += entry.usd;
  }
  void add(Tally const& batch) {
    entries += batch.entries;
    hash = (hash + batch.hash) % kHashModulus;
    usd += batch.usd;
  }
};

inline std::size_t blocks_of(std::size_t lines) { return (lines + kBlockLines - 1) / kBlockLines; }

}  // namespace florin::sagas::nacha
