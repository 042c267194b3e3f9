// Strong identifiers: swapped arguments do not compile. Zero is "none" in every one of them.
#pragma once

#include <array>
#include <compare>
#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace florin::domain {

// A kind of id that is the position of the event which began what it names.
template <class Tag>
concept NamedByPosition = Tag::named_by_position;

struct PositionTag {
  static constexpr bool named_by_position = false;
};

template <class Tag>
class Id {
 public:
  constexpr Id() = default;
  explicit constexpr Id(std::uint64_t value) : value_(value) {}
  template <std::same_as<Id<PositionTag>> Position>
    requires NamedByPosition<Tag>
  explicit constexpr Id(Position position) : value_(position.value()) {}
  [[nodiscard]] constexpr Id<PositionTag> position() const
    requires NamedByPosition<Tag>
  {
    return Id<PositionTag>(value_);
  }
  [[nodiscard]] constexpr std::uint64_t value() const { return value_; }
  explicit constexpr operator bool() const { return value_ != 0; }
  friend constexpr auto operator<=>(Id, Id) = default;

 private:
  std::uint64_t value_ = 0;
};

// Where an event stands in the log: 1, 2, 3 … without gaps (DESIGN, Fixed points).
using Position = Id<PositionTag>;
// A transfer or a send: the first position of the commit that initiated it.
struct TransferTag {
  static constexpr bool named_by_position = true;
};
using TransferId = Id<TransferTag>;
// A phone share: the first position of the commit that asked for it.
struct ApprovalTag {
  static constexpr bool named_by_position = true;
};
using ApprovalId = Id<ApprovalTag>;
// An order, of items or of currency: the first position of the commit that placed it. One type for both, because both
// have one form on the wire ("ord_…"), and what was ordered is only known when the event is read.
struct OrderTag {
  static constexpr bool named_by_position = true;
};
using OrderId = Id<OrderTag>;
// A checkout: the first position of the commit that opened it.
struct SessionTag {
  static constexpr bool named_by_position = true;
};
using SessionId = Id<SessionTag>;
// A payout: the first position of the commit that requested it.
struct PayoutTag {
  static constexpr bool named_by_position = true;
};
using PayoutId = Id<PayoutTag>;
// A refund of a card order: the position of the event that asked for it.
struct RefundTag {
  static constexpr bool named_by_position = true;
};
using RefundId = Id<RefundTag>;
// Twelve decimal digits, drawn at creation.
using GameId = Id<struct GameTag>;
// Dense sequences from 1, assigned by the writer; they index flat tables.
using CurrencyId = Id<struct CurrencyTag>;
using IdentityId = Id<struct IdentityTag>;
using PlayerId = Id<struct PlayerTag>;
// A phone of one person: the same number under another e-mail is another one.
using PhoneId = Id<struct PhoneTag>;

constexpr Position next(Position position, std::uint64_t steps = 1) { return Position(position.value() + steps); }

// A keyed hash of something personal (an e-mail, a phone): equal inputs are equal, and nothing else can be learned
// without the vault's key.
using BlindIndex = std::array<std::uint8_t, 16>;
// SHA-256.
using Digest = std::array<std::uint8_t, 32>;

// A transaction and its order are named by the position of the first event of their commit, in 13 letters of
// Crockford base 32: "txn_0000000000G4K". Opaque to clients, and a look-up without any index for us. A transaction is
// whatever a commit did, so its name is a position; a transfer is one of them.
[[nodiscard]] std::string format_transaction_id(Position first);
[[nodiscard]] std::string format_transaction_id(TransferId transfer);
[[nodiscard]] std::string format_order_id(OrderId order);
[[nodiscard]] std::string format_session_id(SessionId session);  // "cs_…"
[[nodiscard]] std::string format_payout_id(PayoutId payout);     // "po_…"
[[nodiscard]] std::string format_refund_id(RefundId refund);     // "re_…"
[[nodiscard]] std::string format_identity_id(IdentityId identity);
// nullopt unless it is exactly what the formatter writes.
[[nodiscard]] std::optional<Position> parse_transaction_id(std::string_view text);
[[nodiscard]] std::optional<TransferId> parse_transfer_id(std::string_view text);  // "txn_…", where a transfer is meant
[[nodiscard]] std::optional<OrderId> parse_order_id(std::string_view text);
[[nodiscard]] std::optional<SessionId> parse_session_id(std::string_view text);
[[nodiscard]] std::optional<PayoutId> parse_payout_id(std::string_view text);
[[nodiscard]] std::optional<IdentityId> parse_identity_id(std::string_view text);

// Twelve digits, no leading zero.
[[nodiscard]] std::optional<GameId> parse_game_id(std::string_view text);
[[nodiscard]] constexpr bool is_game_id(std::uint64_t value) {
  return value >= 100'000'000'000 && value <= 999'999'999'999;
}
// Plain decimal digits of a positive integer below 2^53.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);

[[nodiscard]] std::string to_hex(std::string_view bytes);

}  // namespace florin::domain

template <class Tag>
struct std::hash<florin::domain::Id<Tag>> {
  std::size_t operator()(florin::domain::Id<Tag> id) const noexcept { return std::hash<std::uint64_t>{}(id.value()); }
};
