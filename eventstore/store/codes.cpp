#include "eventstore/store/codes.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include <openssl/crypto.h>

#include "domain/contract.h"
#include "eventstore/store/little_endian.h"

namespace florin::eventstore {
namespace {

constexpr std::size_t kDigits = 6;
constexpr std::uint64_t kDigitsEnd = 1'000'000;
using Digits = std::array<char, kDigits>;

// Both tickets begin with the masked position and end with its tag.
constexpr std::size_t kClaimPositionBytes = 5;
constexpr std::size_t kApprovalPositionBytes = 6;
using ClaimTicket = std::array<std::uint8_t, 10>;
using ApprovalTicket = std::array<std::uint8_t, 16>;

constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::size_t kClaimLetters = 16;
constexpr std::size_t kClaimGroup = 4;
constexpr std::size_t kUuidLetters = 36;

std::string_view text_of(std::span<std::uint8_t const> bytes) {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

std::array<std::uint8_t, 8> little_endian(domain::Position position) {
  FLORIN_ASSERT(position);
  std::array<std::uint8_t, 8> out;
  put_little_endian(out.data(), position.value());
  return out;
}

Digits digits_of(domain::Digest const& digest) {
  auto number = get_little_endian<std::uint64_t>(digest.data()) % kDigitsEnd;
  Digits out;
  for (std::size_t i = kDigits; i-- > 0; number /= 10) out[i] = static_cast<char>('0' + number % 10);
  return out;
}

Digits pin_digits(KeyedHash const& pins, domain::TransferId transaction, std::uint32_t attempt) {
  std::array<std::uint8_t, 12> message;
  auto const position = little_endian(transaction.position());
  std::copy(position.begin(), position.end(), message.begin());
  put_little_endian(&message[8], attempt);
  return digits_of(pins(text_of(message)));
}

Digits otp_digits(KeyedHash const& otps, domain::Position question) {
  return digits_of(otps(text_of(little_endian(question))));
}

bool same(Digits const& one, Digits const& other) { return CRYPTO_memcmp(one.data(), other.data(), kDigits) == 0; }

// Never six digits when it is not of that length: a PIN has no '\0'.
Digits padded(std::string_view given) {
  Digits out{};
  if (given.size() == kDigits) std::copy(given.begin(), given.end(), out.begin());
  return out;
}

// The bits that name a UUID's version and variant stand in the tag's first and third byte.
void mark_as_uuid(std::span<std::uint8_t> tag) {
  tag[0] = static_cast<std::uint8_t>((tag[0] & 0x0f) | 0x80);
  tag[2] = static_cast<std::uint8_t>((tag[2] & 0x3f) | 0x80);
}
void leave_as_is(std::span<std::uint8_t>) {}

// Where a ticket's kinds differ: how many bytes the position has, and what is done to the tag before it is used.
template <std::size_t PositionBytes, auto Mark, class Ticket, class Keys>
Ticket make_ticket(Keys const& keys, domain::Position position) {
  FLORIN_ASSERT(position.value() >> (8 * PositionBytes) == 0);
  Ticket out;
  auto const tag = std::span(out).subspan(PositionBytes);
  auto const tag_hash = keys.tags(text_of(little_endian(position)));
  std::copy_n(tag_hash.begin(), tag.size(), tag.begin());
  Mark(tag);
  auto const mask = keys.masks(text_of(tag));
  for (std::size_t i = 0; i < PositionBytes; ++i) {
    auto const byte = static_cast<std::uint8_t>(position.value() >> (8 * (PositionBytes - 1 - i)));
    out[i] = static_cast<std::uint8_t>(byte ^ mask[i]);
  }
  return out;
}

template <std::size_t PositionBytes, auto Mark, class Ticket, class Keys>
std::optional<domain::Position> open_ticket(Keys const& keys, Ticket const& ticket) {
  auto const mask = keys.masks(text_of(std::span(ticket).subspan(PositionBytes)));
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < PositionBytes; ++i) value = value << 8 | static_cast<std::uint8_t>(ticket[i] ^ mask[i]);
  if (value == 0) return std::nullopt;
  domain::Position const position(value);
  auto const made = make_ticket<PositionBytes, Mark, Ticket>(keys, position);
  if (CRYPTO_memcmp(made.data(), ticket.data(), made.size()) != 0) return std::nullopt;
  return position;
}

template <class Named>
std::optional<Named> as(std::optional<domain::Position> position) {
  if (!position) return std::nullopt;
  return Named(*position);
}

std::optional<std::uint8_t> crockford_digit(char letter) {
  if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  if (letter == 'O') letter = '0';
  if (letter == 'I' || letter == 'L') letter = '1';
  auto const digit = kCrockford.find(letter);
  if (digit == std::string_view::npos) return std::nullopt;
  return static_cast<std::uint8_t>(digit);
}

std::optional<std::uint8_t> hex_digit(char letter) {
  if (letter >= 'A' && letter <= 'F') letter = static_cast<char>(letter - 'A' + 'a');
  auto const digit = kHex.find(letter);
  if (digit == std::string_view::npos) return std::nullopt;
  return static_cast<std::uint8_t>(digit);
}

constexpr bool is_uuid_dash(std::size_t place) { return place == 8 || place == 13 || place == 18 || place == 23; }

}  // namespace

Codes::Codes(KeyedHash const& master)
    : pins_(master.derived("florin pin v1")),
      otps_(master.derived("florin otp v1")),
      claims_{master.derived("florin claim code tag v1"), master.derived("florin claim code mask v1")},
      approvals_{master.derived("florin approval id tag v1"), master.derived("florin approval id mask v1")},
      checkouts_{master.derived("florin checkout tag v1"), master.derived("florin checkout mask v1")} {}

std::string Codes::pin(domain::TransferId transaction, std::uint32_t attempt) const {
  auto const digits = pin_digits(pins_, transaction, attempt);
  return {digits.data(), digits.size()};
}

std::uint32_t Codes::matching_pins(domain::TransferId transaction, std::string_view given,
                                   std::uint32_t attempts) const {
  FLORIN_ASSERT(attempts <= kAttemptsMax);
  auto const wanted = padded(given);
  std::uint32_t out = 0;
  for (std::uint32_t i = 0; i < attempts; ++i) {
    out |= std::uint32_t{same(pin_digits(pins_, transaction, i), wanted)} << i;
  }
  return out;
}

std::string Codes::otp(domain::Position question) const {
  auto const digits = otp_digits(otps_, question);
  return {digits.data(), digits.size()};
}

bool Codes::is_otp(domain::Position question, std::string_view given) const {
  return same(otp_digits(otps_, question), padded(given));
}

std::string Codes::claim_code(domain::TransferId transaction) const {
  auto const ticket = make_ticket<kClaimPositionBytes, leave_as_is, ClaimTicket>(claims_, transaction.position());
  std::string out;
  out.reserve(kClaimLetters + kClaimLetters / kClaimGroup - 1);
  std::uint32_t bits = 0;  // as many as `held` of them, not written yet
  std::uint32_t held = 0;
  std::size_t letters = 0;
  for (auto const byte : ticket) {
    bits = bits << 8 | byte;
    for (held += 8; held >= 5; held -= 5) {
      if (letters != 0 && letters % kClaimGroup == 0) out.push_back('-');
      out.push_back(kCrockford[bits >> (held - 5) & 31]);
      ++letters;
    }
  }
  return out;
}

std::optional<domain::TransferId> Codes::parse_claim_code(std::string_view text) const {
  ClaimTicket ticket{};
  std::uint32_t bits = 0;
  std::uint32_t held = 0;
  std::size_t letters = 0;
  std::size_t size = 0;
  for (char const letter : text) {
    if (letter == '-' || letter == ' ') continue;
    auto const digit = crockford_digit(letter);
    if (!digit || letters == kClaimLetters) return std::nullopt;
    ++letters;
    bits = bits << 5 | *digit;
    held += 5;
    if (held < 8) continue;
    held -= 8;
    ticket[size++] = static_cast<std::uint8_t>(bits >> held);
  }
  if (letters != kClaimLetters) return std::nullopt;
  return as<domain::TransferId>(open_ticket<kClaimPositionBytes, leave_as_is>(claims_, ticket));
}

namespace {

template <class Keys>
std::string uuid_of(Keys const& keys, domain::Position position) {
  auto const ticket = make_ticket<kApprovalPositionBytes, mark_as_uuid, ApprovalTicket>(keys, position);
  std::string out;
  out.reserve(kUuidLetters);
  for (auto const byte : ticket) {
    if (is_uuid_dash(out.size())) out.push_back('-');
    out.push_back(kHex[byte >> 4]);
    out.push_back(kHex[byte & 15]);
  }
  return out;
}

template <class Keys>
std::optional<domain::Position> position_of(Keys const& keys, std::string_view text) {
  if (text.size() != kUuidLetters) return std::nullopt;
  ApprovalTicket ticket{};
  std::size_t digits = 0;
  for (std::size_t place = 0; place < kUuidLetters; ++place) {
    if (is_uuid_dash(place)) {
      if (text[place] != '-') return std::nullopt;
      continue;
    }
    auto const digit = hex_digit(text[place]);
    if (!digit) return std::nullopt;
    ticket[digits / 2] = static_cast<std::uint8_t>(ticket[digits / 2] << 4 | *digit);
    ++digits;
  }
  return open_ticket<kApprovalPositionBytes, mark_as_uuid>(keys, ticket);
}

}  // namespace

std::string Codes::approval_id(domain::Position question) const { return uuid_of(approvals_, question); }

std::optional<domain::Position> Codes::parse_approval_id(std::string_view text) const {
  return position_of(approvals_, text);
}

std::string Codes::checkout_token(domain::SessionId session) const { return uuid_of(checkouts_, session.position()); }

std::optional<domain::SessionId> Codes::parse_checkout_token(std::string_view text) const {
  return as<domain::SessionId>(position_of(checkouts_, text));
}

}  // namespace florin::eventstore
