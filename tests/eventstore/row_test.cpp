#include "eventstore/store/row.h"

#include <cstring>
#include <fstream>
#include <random>

#include <gtest/gtest.h>
#include <zstd.h>

#include "eventstore/store/chain.h"
#include "tests/eventstore/temporary_folder.h"

namespace florin::eventstore {
namespace {

using domain::Position;

// Linked commits of the given bytes, an event each, after `before`.
struct Chain {
  explicit Chain(std::vector<std::string> made, Head const& after = {}) : before(after), bytes(std::move(made)) {
    auto head = before;
    for (auto const& each : bytes) {
      auto const last = domain::next(head.position);
      commits.push_back({last, each, chain_link(head.link, last, each), head});
      head = {last, commits.back().link};
    }
  }
  Head before;
  std::vector<std::string> bytes;
  std::vector<StoredCommit> commits;
};

std::string text_of(std::size_t number, std::size_t size) {
  std::string text(size, static_cast<char>('a' + number % 26));
  std::memcpy(text.data(), &number, std::min(size, sizeof number));
  return text;
}

std::vector<std::string> texts(std::size_t count, std::size_t size) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(text_of(i, size));
  return out;
}

void expect_same(std::span<StoredCommit const> found, std::span<StoredCommit const> wanted) {
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].last, wanted[i].last);
    EXPECT_EQ(found[i].bytes, wanted[i].bytes);
    EXPECT_EQ(found[i].link, wanted[i].link);
    EXPECT_EQ(found[i].before, wanted[i].before);
  }
}

// A row whose bytes are its own.
struct Kept {
  explicit Kept(StoredRow const& from) : row(from), words(from.bytes.size() / 8 + 1), size(from.bytes.size()) {
    std::memcpy(words.data(), from.bytes.data(), size);
  }
  [[nodiscard]] StoredRow shown() {
    row.bytes = {bytes(), size};
    return row;
  }
  [[nodiscard]] char* bytes() { return reinterpret_cast<char*>(words.data()); }
  StoredRow row;
  std::vector<std::uint64_t> words;
  std::size_t size;
};

class RowTest : public testing::Test {
 protected:
  RowTest() {
    auto made = RowKeys::create(file);
    EXPECT_TRUE(made) << (made ? "" : made.error().what);
    keys = std::move(made).value();
  }

  TemporaryFolder const folder;
  std::filesystem::path const file = folder / "rows.keys";
  std::optional<RowKeys> keys;
  RowPacker packer;
  RowOpener opener;
};

TEST_F(RowTest, CommitsComeBackAsTheyWere) {
  for (std::size_t const count : {1u, 2u, 3u, 4u, 17u, 64u}) {
    for (std::size_t const size : {1u, 8u, 200u}) {
      Chain const chain(texts(count, size), {Position(41), sha256("before")});
      auto const packed = packer.pack(chain.before.position, chain.commits, &*keys);
      EXPECT_EQ(packed.commits, count);
      EXPECT_EQ(packed.row.last, chain.commits.back().last);
      Kept kept(packed.row);
      auto const opened = opener.open(chain.before, kept.shown(), &*keys);
      ASSERT_TRUE(opened) << opened.error().what;
      expect_same(opener.commits(), chain.commits);
    }
  }
}

TEST_F(RowTest, WhatRepeatsIsCompressedAndWhatDoesNotStaysAsItIs) {
  Chain const alike(texts(64, 200));
  auto const small = packer.pack({}, alike.commits, &*keys).row;
  EXPECT_EQ(small.form, RowForm::compressed);
  EXPECT_LT(small.bytes.size(), 64u * 200 / 4);

  std::mt19937 random(4);
  auto noise = texts(64, 200);
  for (auto& each : noise) {
    for (auto& letter : each) letter = static_cast<char>(random());
  }
  Chain const unlike(noise);
  EXPECT_EQ(packer.pack({}, unlike.commits, &*keys).row.form, RowForm::packed);
}

TEST_F(RowTest, ARowIsBoundedInCommitsAndInBytes) {
  Chain const many(texts(kRowCommitsMax + 1, 8));
  EXPECT_EQ(packer.pack({}, many.commits, &*keys).commits, kRowCommitsMax);
  Chain const large(texts(3, kRowBytesMax / 2));
  EXPECT_EQ(packer.pack({}, large.commits, &*keys).commits, 2u);
  // One that is larger goes alone.
  Chain const huge(texts(2, kMaxCommitBytes));
  auto const packed = packer.pack({}, huge.commits, &*keys);
  EXPECT_EQ(packed.commits, 1u);
  EXPECT_LE(packed.row.bytes.size(), kStoredRowBytesMax);
  Kept kept(packed.row);
  ASSERT_TRUE(opener.open({}, kept.shown(), &*keys));
  expect_same(opener.commits(), std::span(huge.commits).first(1));
}

// Whoever edits a row and makes its link anew has no MAC for it.
TEST_F(RowTest, AnythingThatIsChangedIsFound) {
  for (std::size_t const count : {1u, 40u}) {
    Chain const chain(texts(count, 64));
    Kept kept(packer.pack({}, chain.commits, &*keys).row);
    ASSERT_TRUE(opener.open({}, kept.shown(), &*keys));
    auto const refused = [&](char const* what) {
      auto const opened = opener.open({}, kept.shown(), &*keys);
      EXPECT_FALSE(opened) << what;
      EXPECT_TRUE(opener.commits().empty());
      if (!opened) {
        EXPECT_EQ(opened.error().kind, Fault::Kind::corrupt);
        EXPECT_TRUE(opened.error().what.starts_with("position 1: ")) << opened.error().what;
      }
    };
    for (std::size_t at = 0; at < kept.size; ++at) {
      kept.bytes()[at] = static_cast<char>(kept.bytes()[at] ^ 0x10);
      refused("bytes");
      kept.bytes()[at] = static_cast<char>(kept.bytes()[at] ^ 0x10);
    }
    auto const with = [&](char const* what, auto&& change) {
      auto const before = kept.row;
      change(kept.row);
      refused(what);
      kept.row = before;
    };
    with("last", [](StoredRow& row) { row.last = domain::next(row.last); });
    with("commits", [](StoredRow& row) { ++row.commits; });
    with("form",
         [](StoredRow& row) { row.form = row.form == RowForm::packed ? RowForm::compressed : RowForm::packed; });
    with("key", [](StoredRow& row) { ++row.key; });
    with("no key", [](StoredRow& row) { row.key = 0; });
    with("link", [](StoredRow& row) { row.link[31] ^= 1; });
    with("mac", [](StoredRow& row) { row.mac[0] ^= 1; });
    ASSERT_TRUE(opener.open({}, kept.shown(), &*keys)) << "all of it was put back";
    EXPECT_FALSE(opener.open({Position(1), {}}, kept.shown(), &*keys)) << "at another place";
    EXPECT_FALSE(opener.open({{}, sha256("another past")}, kept.shown(), &*keys)) << "behind another row";
  }
}

// A forger knows the format and everything but the key.
TEST_F(RowTest, AForgedRowWithARightLinkIsRefused) {
  Chain const chain({"a credit of 1,000,000.00"});
  for (bool const keyless : {true, false}) {
    auto other = RowKeys::create(folder / "other.keys");
    ASSERT_TRUE(other);
    Kept forged(packer.pack({}, chain.commits, keyless ? nullptr : &other.value()).row);
    EXPECT_FALSE(opener.open({}, forged.shown(), &*keys));
    EXPECT_TRUE(opener.open({}, forged.shown(), nullptr)) << "an auditor without keys sees its links";
  }
}

TEST_F(RowTest, WithoutKeysTheLinksAreChecked) {
  Chain const chain(texts(1, 64));
  Kept kept(packer.pack({}, chain.commits, &*keys).row);
  ASSERT_TRUE(opener.open({}, kept.shown(), nullptr));
  kept.bytes()[kept.size - 1] ^= 1;
  EXPECT_FALSE(opener.open({}, kept.shown(), nullptr));
}

TEST_F(RowTest, RowsOfAnExchangedKeyStayReadable) {
  Chain const chain(texts(1, 64));
  Kept old_row(packer.pack({}, chain.commits, &*keys).row);
  EXPECT_EQ(old_row.row.key, 1u);
  auto const first = *keys;
  auto const check = keys->check(1);
  ASSERT_TRUE(keys->add(file));
  Kept new_row(packer.pack({}, chain.commits, &*keys).row);
  EXPECT_EQ(new_row.row.key, 2u);
  EXPECT_NE(new_row.row.mac, old_row.row.mac);
  auto const read = RowKeys::open(file);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read.value().check(1), check);
  EXPECT_NE(read.value().check(2), check);
  EXPECT_FALSE(read.value().check(3));
  EXPECT_TRUE(opener.open({}, old_row.shown(), &read.value()));
  EXPECT_TRUE(opener.open({}, new_row.shown(), &read.value()));
  EXPECT_FALSE(opener.open({}, new_row.shown(), &first));
}

TEST_F(RowTest, AFrameThatClaimsToBeEnormousIsNotUnpacked) {
  std::string const bomb(std::size_t{64} << 20, '\0');
  std::string frame(ZSTD_compressBound(bomb.size()), '\0');
  frame.resize(ZSTD_compress(frame.data(), frame.size(), bomb.data(), bomb.size(), 1));
  Kept kept(StoredRow{Position(1), 1, RowForm::compressed, 0, frame});
  EXPECT_FALSE(opener.open({}, kept.shown(), nullptr));
  EXPECT_FALSE(opener.open({}, {Position(1), 1, RowForm::compressed, 0, "no frame"}, nullptr));
  EXPECT_FALSE(opener.open({}, {Position(1), 1, RowForm::compressed, 0, {}}, nullptr));
  EXPECT_FALSE(opener.open({}, {Position(1), 1, RowForm::packed, 0, {}}, nullptr));
}

// FORMAT.md's example: anybody can compute it from the key file and the row.
TEST_F(RowTest, TheMacIsTheOneThatTheFormatSays) {
  std::string keys_file("FLORINRK\1\0\0\0\0\0\0\0", 16);
  for (char byte = 0; byte < 32; ++byte) keys_file.push_back(byte);
  auto const digest = sha256(keys_file);
  keys_file.append(reinterpret_cast<char const*>(digest.data()), digest.size());
  std::ofstream(folder / "example.keys", std::ios::binary) << keys_file;
  auto const example = RowKeys::open(folder / "example.keys");
  ASSERT_TRUE(example) << example.error().what;
  Chain const chain({"commit"});
  auto const row = packer.pack({}, chain.commits, &example.value()).row;
  EXPECT_EQ(row.bytes, std::string_view("\x06\0\0\0\x01\0\0\0commit", 14));
  EXPECT_EQ(domain::to_hex({reinterpret_cast<char const*>(row.link.data()), row.link.size()}),
            "7b043a913f1adb7f075232a2f390a1217258f9fb082bf128b3d3f5d4d6034d47");
  EXPECT_EQ(domain::to_hex({reinterpret_cast<char const*>(row.mac.data()), row.mac.size()}),
            "7ecb44979a33eac80f44a0155c78256eed19c8852792a832b57cd4ec9ee294ab");
}

TEST_F(RowTest, AKeyFileThatIsNotWholeIsRefused) {
  std::ifstream in(file, std::ios::binary);
  std::string const whole((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  ASSERT_EQ(whole.size(), 16u + 32 + 32);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x40);
    std::ofstream(file, std::ios::binary | std::ios::trunc) << changed;
    auto const opened = RowKeys::open(file);
    ASSERT_FALSE(opened) << at;
    EXPECT_EQ(opened.error().kind, at == 8 ? Fault::Kind::unknown : Fault::Kind::corrupt);
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << whole.substr(0, size);
    EXPECT_EQ(RowKeys::open(file).error().kind, Fault::Kind::corrupt);
  }
  EXPECT_EQ(RowKeys::open(folder / "none.keys").error().kind, Fault::Kind::missing);
}

}  // namespace
}  // namespace florin::eventstore
