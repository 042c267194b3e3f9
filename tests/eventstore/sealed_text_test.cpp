// Texts about persons, byte for byte. The golden ones were computed by another program in another language.
#include "eventstore/store/sealed_text.h"

#include <string>

#include <gtest/gtest.h>

#include "domain/ids.h"
#include "eventstore/store/vault.h"

namespace florin::eventstore {
namespace {

using domain::IdentityId;
using domain::Position;

constexpr char kName[] = "Ada \xc3\x85ngstr\xc3\xb6m";
TextPlace const kPlace{IdentityId(7), Field::name, Position(42)};

PersonKey key() {
  PersonKey out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(i);
  return out;
}

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    out.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return out;
}

std::string golden(int version) {
  return from_hex(version == 1
                      ? "012a000000000000006465666768696a6b6c6d6e6f097fbf46ba6c38f94d162d2b6c085ba405166321a5342d"
                        "439f9e6d2202ec"
                      : "022a0000000000000011653e1a89adf66daab960f2427a6575f3e67cb8af801525a0b91b81dc6adb9c816a12"
                        "d283517ba1cd7932b67b2c8efe21f513ca4c9a9f99ac6815cbd77d");
}

TEST(SealedText, IsTheBytesOfTheFormat) { EXPECT_EQ(seal_text(key(), kPlace, kName), golden(2)); }

TEST(SealedText, OfEitherVersionOpensAtItsPlaceOnly) {
  auto other = key();
  other[31] ^= 1;
  for (int const version : {1, 2}) {
    auto const sealed = golden(version);
    EXPECT_EQ(open_text(key(), kPlace.identity, kPlace.field, sealed).value(), kName);
    EXPECT_EQ(open_text(other, kPlace.identity, kPlace.field, sealed).error().kind, Fault::Kind::corrupt);
    EXPECT_EQ(open_text(key(), IdentityId(8), kPlace.field, sealed).error().kind, Fault::Kind::corrupt);
    EXPECT_EQ(open_text(key(), IdentityId(), kPlace.field, sealed).error().kind, Fault::Kind::corrupt);
    EXPECT_EQ(open_text(key(), kPlace.identity, Field::email, sealed).error().kind, Fault::Kind::corrupt);
  }
}

TEST(SealedText, WithAnyByteAlteredOrMissingDoesNotOpen) {
  for (int const version : {1, 2}) {
    auto const whole = golden(version);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      for (int const bit : {0x01, 0x02, 0x80}) {
        auto changed = whole;
        changed[i] = static_cast<char>(changed[i] ^ bit);
        auto const expected =
            i == 0 && static_cast<std::uint8_t>(changed[0]) > 2 ? Fault::Kind::unknown : Fault::Kind::corrupt;
        auto const opened = open_text(key(), kPlace.identity, kPlace.field, changed);
        ASSERT_FALSE(opened) << version << ", byte " << i;
        EXPECT_EQ(opened.error().kind, expected) << version << ", byte " << i;
      }
      auto const cut = open_text(key(), kPlace.identity, kPlace.field, whole.substr(0, i));
      ASSERT_FALSE(cut) << version << ", byte " << i;
      EXPECT_EQ(cut.error().kind, Fault::Kind::corrupt);
    }
  }
}

// The beginning of its commitment is its nonce: one that was used twice would show what two texts have in common.
TEST(SealedText, AnotherTextOrPlaceHasAnotherNonce) {
  auto const nonce = [](std::string const& sealed) { return sealed.substr(9, 12); };
  auto const first = nonce(seal_text(key(), kPlace, kName));
  EXPECT_NE(nonce(seal_text(key(), kPlace, "Ada")), first);
  EXPECT_NE(nonce(seal_text(key(), {kPlace.identity, Field::email, kPlace.position}, kName)), first);
  EXPECT_NE(nonce(seal_text(key(), {kPlace.identity, kPlace.field, Position(43)}, kName)), first);
}

TEST(SealedText, MayBeEmpty) {
  EXPECT_EQ(open_text(key(), kPlace.identity, kPlace.field, seal_text(key(), kPlace, "")).value(), "");
}

}  // namespace
}  // namespace florin::eventstore
