#include "eventstore/store/chain.h"

#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/eventstore/temporary_folder.h"

namespace florin::eventstore {
namespace {

std::string hex(domain::Digest const& digest) {
  return domain::to_hex({reinterpret_cast<char const*>(digest.data()), digest.size()});
}

domain::Digest digest(std::uint8_t byte) {
  domain::Digest out;
  out.fill(byte);
  return out;
}

std::string content(std::filesystem::path const& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void replace(std::filesystem::path const& path, std::string const& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

TEST(Chain, Sha256IsSha256) {
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Chain, ALinkIsTheHashOfPreviousLinkPositionAndBytes) {
  std::string input(32, '\x07');
  input += std::string("\x08\x07\x06\x05\x04\x03\x02\x01", 8);
  input += "bytes";
  EXPECT_EQ(chain_link(digest(7), domain::Position(0x0102030405060708), "bytes"), sha256(input));
}

// ---- the tree

// RFC 6962 section 2.1 as it is written: recursion over the largest power of two below n.
domain::Digest reference_root(std::vector<domain::Digest> const& leaves) {
  auto const text = [](domain::Digest const& d) { return std::string(reinterpret_cast<char const*>(d.data()), 32); };
  if (leaves.empty()) return sha256("");
  if (leaves.size() == 1) return sha256(std::string(1, '\0') + text(leaves[0]));
  std::size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  auto const middle = leaves.begin() + static_cast<std::ptrdiff_t>(k);
  return sha256("\x01" + text(reference_root({leaves.begin(), middle})) + text(reference_root({middle, leaves.end()})));
}

TEST(MerkleTree, HasTheRootOfRfc6962AtEverySize) {
  MerkleTree tree;
  std::vector<domain::Digest> leaves;
  EXPECT_EQ(hex(tree.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (std::uint8_t i = 0; i < 130; ++i) {
    leaves.push_back(sha256(std::string(1, static_cast<char>(i))));
    tree.add(leaves.back());
    ASSERT_EQ(tree.size(), leaves.size());
    ASSERT_EQ(tree.root(), reference_root(leaves)) << leaves.size();
  }
}

// Made with Python's hashlib: leaf i is 32 bytes of value i.
TEST(MerkleTree, HasTheRootsThatAnotherImplementationFinds) {
  std::array<char const*, 8> const roots = {"7f9c9e31ac8256ca2f258583df262dbc7d6f68f2a03043d5c99a4ae5a7396ce9",
                                            "28fb81e496897e0ce886f08602392e9239b65c659041e5202163e58ad898f444",
                                            "ba8d94b7fbcecae7b81c4c80574fe24734a6917bf9c1ecd66ff3e0c34ead4620",
                                            "fdea52008cdae79fa8bf806261959e23f5e11681646a2fa2bc9b5e56b32030a2",
                                            "85e20cac1f02fda7bcdb2fc3f908568c57018c77815f1fa361acad13994f08bf",
                                            "380272ed524daf3398067faf4717782ba90805d4823ea6e1e594668c9fd40bba",
                                            "7318881c41fce3c1de3640df8e8c110c93f43f686b74204a9d1ad5b8c71c2047",
                                            "f907f23f76aa01b755a614d31ef9832909f44638b4590073301e61e6d01f9a1d"};
  MerkleTree tree;
  for (std::uint8_t i = 0; i < roots.size(); ++i) {
    tree.add(digest(i));
    EXPECT_EQ(hex(tree.root()), roots[i]) << int{i};
  }
}

TEST(MerkleTree, ARestoredTreeGoesOnAsTheOriginal) {
  MerkleTree tree;
  for (std::uint8_t i = 0; i < 100; ++i) {
    auto restored = MerkleTree::restore(tree.size(), tree.subtrees());
    EXPECT_EQ(restored, tree);
    tree.add(digest(i));
    restored.add(digest(i));
    ASSERT_EQ(restored.root(), tree.root());
  }
}

// ---- the checkpoint file

Checkpoint checkpoint() { return {17, digest(0xab), {domain::Position(42), digest(0xcd)}}; }

TEST(CheckpointFile, IsMissingBeforeTheFirstWrite) {
  TemporaryFolder const folder;
  auto const file = CheckpointFile::open(folder.path());
  ASSERT_TRUE(file);
  EXPECT_EQ(file.value().read().error().kind, Fault::Kind::missing);
}

TEST(CheckpointFile, KeepsItsKeyAndReadsWhatItWrote) {
  TemporaryFolder const folder;
  auto const first = CheckpointFile::open(folder.path());
  ASSERT_TRUE(first.value().write(checkpoint()));
  auto const second = CheckpointFile::open(folder.path());
  EXPECT_EQ(second.value().read().value(), checkpoint());
  EXPECT_EQ(second.value().public_key_text(), first.value().public_key_text());
  EXPECT_EQ(second.value().note(checkpoint()), first.value().note(checkpoint()));
}

TEST(CheckpointFile, TheKeyIsReadableByItsOwnerOnly) {
  TemporaryFolder const folder;
  ASSERT_TRUE(CheckpointFile::open(folder.path()));
  struct stat status;
  ASSERT_EQ(::stat((folder / "checkpoint.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(CheckpointFile, AnAuditorNeedsThePublicKeyOnly) {
  TemporaryFolder const folder;
  ASSERT_TRUE(CheckpointFile::open(folder.path()).value().write(checkpoint()));
  std::filesystem::remove(folder / "checkpoint.key");
  EXPECT_EQ(CheckpointFile::open_read_only(folder.path()).value().read().value(), checkpoint());
}

TEST(CheckpointFile, AnyAlteredByteOfTheNoteIsCorrupt) {
  TemporaryFolder const folder;
  auto const file = CheckpointFile::open(folder.path());
  ASSERT_TRUE(file.value().write(checkpoint()));
  auto const note = content(folder / "checkpoint");
  for (std::size_t i = 0; i < note.size(); ++i) {
    auto changed = note;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    replace(folder / "checkpoint", changed);
    auto const read = file.value().read();
    ASSERT_FALSE(read) << i;
    ASSERT_EQ(read.error().kind, Fault::Kind::corrupt) << i;
  }
  for (auto const& changed : {note.substr(0, note.size() - 1), note + "\n", std::string()}) {
    replace(folder / "checkpoint", changed);
    EXPECT_EQ(file.value().read().error().kind, Fault::Kind::corrupt);
  }
}

TEST(CheckpointFile, AnotherEnvironmentsNoteIsCorrupt) {
  TemporaryFolder const one;
  TemporaryFolder const other;
  auto const file = CheckpointFile::open(one.path());
  ASSERT_TRUE(CheckpointFile::open(other.path()).value().write(checkpoint()));
  std::filesystem::copy_file(other / "checkpoint", one / "checkpoint");
  EXPECT_EQ(file.value().read().error().kind, Fault::Kind::corrupt);
}

TEST(CheckpointFile, ALostKeyIsNotSilentlyReplaced) {
  TemporaryFolder const folder;
  ASSERT_TRUE(CheckpointFile::open(folder.path()));
  std::filesystem::remove(folder / "checkpoint.key");
  EXPECT_EQ(CheckpointFile::open(folder.path()).error().kind, Fault::Kind::corrupt);
}

TEST(CheckpointFile, ADamagedKeyIsCorrupt) {
  TemporaryFolder const folder;
  ASSERT_TRUE(CheckpointFile::open(folder.path()));
  auto const key = content(folder / "checkpoint.key");
  for (std::size_t i = 0; i < key.size(); ++i) {
    auto changed = key;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    replace(folder / "checkpoint.key", changed);
    ASSERT_EQ(CheckpointFile::open(folder.path()).error().kind, Fault::Kind::corrupt) << i;
  }
}

// Computed once with Python and the openssl command line for the seed 0x00 … 0x1f: the note is Go's
// signed-note form to the byte, so the tools of transparency logs read it.
TEST(CheckpointFile, WritesExactlyTheSignedNoteForm) {
  TemporaryFolder const folder;
  replace(folder / "checkpoint.key", "PRIVATE+KEY+florin/test+23a533c0+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n");
  auto const file = CheckpointFile::open(folder.path());
  ASSERT_TRUE(file) << file.error().what;
  EXPECT_EQ(file.value().public_key_text(), "florin/test+23a533c0+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4");
  EXPECT_EQ(file.value().note(checkpoint()),
            "florin/test\n17\nq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=\nposition 42\nlink " + hex(digest(0xcd)) +
                "\n\n\u2014 florin/test "
                "I6UzwG5pv1bREqwcg2ZsFDhQt1YS9aLTaWxTCpcaUX4fgZ3OfXK3QiM9aFrs8qqE/+q7E/Z9H2yPZdTl9ECjvEQROwM=\n");
}

}  // namespace
}  // namespace florin::eventstore
