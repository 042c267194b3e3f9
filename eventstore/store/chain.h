// Proofs that nothing was changed: a hash chain over the stored bytes of every commit, an RFC 6962 Merkle tree
// whose leaves are the chain's links, and Ed25519-signed checkpoints (C2SP signed-note / tlog-checkpoint form) kept
// outside the log file, so that a truncated log is noticed at boot.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/ids.h"
#include "eventstore/runtime/runtime.h"
#include "eventstore/store/log.h"

namespace florin::eventstore {

// SHA-256. Any thread.
[[nodiscard]] domain::Digest sha256(std::string_view bytes);

// SHA-256(previous || u64le last || bytes).
[[nodiscard]] domain::Digest chain_link(domain::Digest const& previous, domain::Position last, std::string_view bytes);

// RFC 6962 section 2.1 over leaves added one at a time; keeps log2(n) digests. One thread.
class MerkleTree {
 public:
  void add(domain::Digest const& leaf_data);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] domain::Digest root() const;  // of the empty tree: SHA-256("")
  // For snapshots: the roots of the complete subtrees, largest first.
  [[nodiscard]] std::vector<domain::Digest> const& subtrees() const { return subtrees_; }
  [[nodiscard]] static MerkleTree restore(std::uint64_t size, std::vector<domain::Digest> subtrees);
  friend bool operator==(MerkleTree const&, MerkleTree const&) = default;

 private:
  std::uint64_t size_ = 0;
  std::vector<domain::Digest> subtrees_;
};

// What a checkpoint states: after `size` commits the log ends at `head`, and the tree over them has `root`.
struct Checkpoint {
  std::uint64_t size = 0;
  domain::Digest root{};
  Head head;
  friend bool operator==(Checkpoint const&, Checkpoint const&) = default;
};

// An auditor's half: opens signed notes with one public key, and believes nothing else. Any thread.
class CheckpointVerifier {
 public:
  // C2SP vkey: "<origin>+<key id>+<base64>", with or without a line end. nullopt when it is none.
  [[nodiscard]] static std::optional<CheckpointVerifier> parse(std::string_view vkey);
  // A file that holds one, such as checkpoint.pub. Kind::corrupt when it holds something else.
  [[nodiscard]] static ResultOr<CheckpointVerifier> read_key(std::filesystem::path const& file);

  // Kind::missing when there is no such file, Kind::corrupt when it is not a checkpoint signed with this key.
  [[nodiscard]] ResultOr<Checkpoint> read_note(std::filesystem::path const& file,
                                               Files& files = machine().files()) const;
  [[nodiscard]] std::string const& origin() const { return origin_; }
  [[nodiscard]] std::string key_id() const;  // eight hexadecimal digits

 private:
  friend class CheckpointFile;
  CheckpointVerifier(std::string origin, std::string public_key);
  std::string origin_;
  std::string public_key_;
};

// An environment's signing key and the checkpoint file beside the log: checkpoint.key (mode 0600), checkpoint.pub
// (what an auditor needs) and checkpoint. Any thread may sign and read; one at a time writes.
// Text form: "<origin>\n<size>\n<base64 root>\nposition <n>\nlink <hex>\n\n— <origin> <base64(key id || signature)>\n".
class CheckpointFile {
 public:
  // Makes a key when there is none and none was ever used here. `origin` names the environment:
  // "florin/<environment uuid>"; created once and kept in the key file.
  [[nodiscard]] static ResultOr<CheckpointFile> open(std::filesystem::path const& folder, Runtime& runtime = machine());
  // For auditors: needs checkpoint.pub only, reads and never signs (write and note are then bugs).
  [[nodiscard]] static ResultOr<CheckpointFile> open_read_only(std::filesystem::path const& folder);

  // Replaces the file atomically and durably (write, fsync, rename, fsync folder). About 25 µs to sign.
  [[nodiscard]] ResultOr<Unit> write(Checkpoint const& checkpoint) const;
  // The last one written; Kind::missing when none, Kind::corrupt when the signature is wrong.
  [[nodiscard]] ResultOr<Checkpoint> read() const;
  [[nodiscard]] std::string note(Checkpoint const& checkpoint) const;
  [[nodiscard]] std::string public_key_text() const;  // C2SP vkey: "<origin>+<key id>+<base64>"

 private:
  Files* files_ = nullptr;
  std::filesystem::path folder_;
  std::string origin_;
  std::string seed_;  // empty when opened read-only
  std::string public_key_;
};

}  // namespace florin::eventstore
