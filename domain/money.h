// Exact amounts in hundredths of a unit. Money counts units of a branded currency, Usd counts US dollars. 1 USD = 10
// units, fixed. The two do not mix: neither is compared with the other, added to it or made of it, except by units_of()
// (domain/payment.h) and usd_value().
//
// Wire form is a decimal string (CONTRACT, Conventions): at most two decimals, no sign, no exponent. There is
// no conversion to floating point anywhere.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/contract.h"

namespace florin::domain {

// A value; any thread.
template <class Unit>
class Amount {
 public:
  constexpr Amount() = default;
  [[nodiscard]] static constexpr Amount from_minor(std::int64_t minor) { return Amount(minor); }
  [[nodiscard]] constexpr std::int64_t minor() const { return minor_; }

  // nullopt when the sum does not fit. Decisions about untrusted amounts use these.
  [[nodiscard]] static std::optional<Amount> checked_add(Amount a, Amount b) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a.minor_, b.minor_, &sum)) return std::nullopt;
    return Amount(sum);
  }
  [[nodiscard]] static std::optional<Amount> checked_multiply(Amount a, std::int64_t factor) {
    std::int64_t product = 0;
    if (__builtin_mul_overflow(a.minor_, factor, &product)) return std::nullopt;
    return Amount(product);
  }

  // Overflow here is a bug (amounts are bounded on entry): aborts.
  friend Amount operator+(Amount a, Amount b) {
    std::int64_t sum = 0;
    FLORIN_ASSERT(!__builtin_add_overflow(a.minor_, b.minor_, &sum));
    return Amount(sum);
  }
  friend Amount operator-(Amount a, Amount b) {
    std::int64_t difference = 0;
    FLORIN_ASSERT(!__builtin_sub_overflow(a.minor_, b.minor_, &difference));
    return Amount(difference);
  }
  friend Amount operator-(Amount a) { return Amount{} - a; }
  Amount& operator+=(Amount other) { return *this = *this + other; }
  Amount& operator-=(Amount other) { return *this = *this - other; }

  friend constexpr auto operator<=>(Amount, Amount) = default;

 private:
  explicit constexpr Amount(std::int64_t minor) : minor_(minor) {}
  std::int64_t minor_ = 0;
};

// Of a branded currency; which one, its holder says. Minor units are 0.01 of a unit.
using Money = Amount<struct CurrencyUnit>;
// US dollars. Minor units are cents.
using Usd = Amount<struct UsDollar>;

// Largest amount one request may name: 999,999,999.99 (CONTRACT, Conventions).
inline constexpr Money kMaxAmount = Money::from_minor(99'999'999'999);
// Largest balance a wallet may hold. 2^53 minor units: every JSON reader keeps it exact. Sums over wallets that a
// caller chooses can still pass an int64 (the same player named 100,000 times): add those with checked_add.
inline constexpr Money kMaxBalance = Money::from_minor(std::int64_t{1} << 53);

// Plain decimals only: "1", "1.5", "100.50"; up to 9 whole digits. Zero is parsed; callers that need > 0 check.
// Signs, exponents, separators, blanks, ".5", "5." and a third decimal are nullopt. Leading zeros are accepted
// ("007.50" is unambiguous), but no more than 9 whole digits in all.
[[nodiscard]] std::optional<Money> parse_amount(std::string_view text);

// Always two decimals, "-" in front when negative.
void append_amount(std::string& out, Money amount);
void append_amount(std::string& out, Usd usd);
[[nodiscard]] std::string to_string(Money amount);
[[nodiscard]] std::string to_string(Usd usd);

// A sum of any number of amounts: it cannot overflow (2^64 amounts of 2^63).
class Total {
 public:
  void add(Money amount) { minor_ += amount.minor(); }
  void add(Total const& other) { minor_ += other.minor_; }
  [[nodiscard]] std::string text() const;  // as to_string(Money)
  friend bool operator==(Total const&, Total const&) = default;

 private:
  __int128 minor_ = 0;
};

// A percentage in hundredths of a percent: 3.5 % is 350.
class BasisPoints {
 public:
  constexpr BasisPoints() = default;
  explicit constexpr BasisPoints(std::int32_t value) : value_(value) {}
  [[nodiscard]] constexpr std::int32_t value() const { return value_; }
  friend constexpr auto operator<=>(BasisPoints, BasisPoints) = default;

 private:
  std::int32_t value_ = 0;
};

// "3.5", "10", "0.25": at most two decimals, 0 to 100. nullopt otherwise.
[[nodiscard]] std::optional<BasisPoints> parse_percentage(std::string_view text);
// The shortest form: "3.5", "10".
[[nodiscard]] std::string to_string(BasisPoints rate);

// rate of amount, rounded half up to 0.01 (CONTRACT, Item purchase: "rounded half up"). amount >= 0.
[[nodiscard]] Money share_half_up(Money amount, BasisPoints rate);
[[nodiscard]] Usd share_half_up(Usd usd, BasisPoints rate);

// 10 units = 1 USD: units / 10, rounded half up (half away from zero for a negative balance).
[[nodiscard]] Usd usd_value(Money units);

}  // namespace florin::domain
