#include "domain/ids.h"

namespace florin::domain {
namespace {

constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kLetters = 13;  // 13 × 5 bits hold 64

std::string format(std::string_view prefix, std::uint64_t value) {
  std::string out(prefix.size() + kLetters, '0');
  out.replace(0, prefix.size(), prefix);
  for (std::size_t i = out.size(); i-- > prefix.size(); value >>= 5) out[i] = kCrockford[value & 31];
  return out;
}

std::optional<std::uint64_t> parse(std::string_view prefix, std::string_view text) {
  if (text.size() != prefix.size() + kLetters || !text.starts_with(prefix)) return std::nullopt;
  std::uint64_t value = 0;
  for (char const letter : text.substr(prefix.size())) {
    auto const digit = kCrockford.find(letter);
    if (digit == std::string_view::npos || value >> 59 != 0) return std::nullopt;
    value = value << 5 | digit;
  }
  if (value == 0) return std::nullopt;
  return value;
}

template <class T>
std::optional<T> parse_as(std::string_view prefix, std::string_view text) {
  auto const value = parse(prefix, text);
  if (!value) return std::nullopt;
  return T(*value);
}

}  // namespace

std::string format_transaction_id(Position first) { return format("txn_", first.value()); }
std::string format_transaction_id(TransferId transfer) { return format_transaction_id(transfer.position()); }
std::string format_order_id(OrderId order) { return format("ord_", order.value()); }
std::string format_session_id(SessionId session) { return format("cs_", session.value()); }
std::string format_payout_id(PayoutId payout) { return format("po_", payout.value()); }
std::string format_refund_id(RefundId refund) { return format("re_", refund.value()); }
std::string format_identity_id(IdentityId identity) { return format("idn_", identity.value()); }

std::optional<Position> parse_transaction_id(std::string_view text) { return parse_as<Position>("txn_", text); }
std::optional<TransferId> parse_transfer_id(std::string_view text) { return parse_as<TransferId>("txn_", text); }
std::optional<OrderId> parse_order_id(std::string_view text) { return parse_as<OrderId>("ord_", text); }
std::optional<SessionId> parse_session_id(std::string_view text) { return parse_as<SessionId>("cs_", text); }
std::optional<PayoutId> parse_payout_id(std::string_view text) { return parse_as<PayoutId>("po_", text); }
std::optional<IdentityId> parse_identity_id(std::string_view text) { return parse_as<IdentityId>("idn_", text); }

std::optional<std::uint64_t> parse_number(std::string_view text) {
  if (text.empty() || text.size() > 16) return std::nullopt;
  std::uint64_t value = 0;
  for (char const digit : text) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  if (value == 0 || value >= std::uint64_t{1} << 53) return std::nullopt;
  return value;
}

std::optional<GameId> parse_game_id(std::string_view text) {
  auto const value = parse_number(text);
  if (text.size() != 12 || !value || !is_game_id(*value)) return std::nullopt;
  return GameId(*value);
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (char const byte : bytes) {
    auto const value = static_cast<unsigned char>(byte);
    out.push_back(kDigits[value >> 4]);
    out.push_back(kDigits[value & 15]);
  }
  return out;
}

}  // namespace florin::domain
