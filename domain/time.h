// Timestamp: microseconds since 1970-01-01 UTC. The domain never asks for the time; it is handed one.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace florin::domain {

class Timestamp {
 public:
  constexpr Timestamp() = default;
  [[nodiscard]] static constexpr Timestamp from_micros(std::int64_t micros) { return Timestamp(micros); }
  [[nodiscard]] static constexpr Timestamp from_seconds(std::int64_t seconds) { return Timestamp(seconds * 1'000'000); }
  [[nodiscard]] constexpr std::int64_t micros() const { return micros_; }
  friend constexpr auto operator<=>(Timestamp, Timestamp) = default;

 private:
  explicit constexpr Timestamp(std::int64_t micros) : micros_(micros) {}
  std::int64_t micros_ = 0;
};

inline constexpr std::int64_t kMicrosPerSecond = 1'000'000;
inline constexpr std::int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

constexpr Timestamp operator+(Timestamp at, std::int64_t micros) {
  return Timestamp::from_micros(at.micros() + micros);
}

// "2026-11-20T12:34:56Z": whole seconds, as the wire has it.
void append_iso8601(std::string& out, Timestamp at);
[[nodiscard]] std::string to_iso8601(Timestamp at);
// With six decimals, for auditors: "2026-11-20T12:34:56.000001Z".
[[nodiscard]] std::string to_iso8601_micros(Timestamp at);
// Either form, "Z" required; years 1970 to 9999.
[[nodiscard]] std::optional<Timestamp> parse_iso8601(std::string_view text);

}  // namespace florin::domain
