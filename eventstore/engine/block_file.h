// A long byte stream in checked blocks: what a snapshot is made of. Nothing is handed out before its digest, which
// covers every block up to it, has been checked. The other thread hashes and does the I/O of one block while the
// caller fills or uses another.
//
//   magic 8 | version u32 | 0 u32 | { length u64 | bytes | digest 32 }*      the last block is empty and ends the file
//
// digest of block i = chain_link(digest of block i-1, i, bytes), starting from SHA-256 of the first 16 bytes.
#pragma once

#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "eventstore/runtime/large_file.h"
#include "eventstore/store/chain.h"

namespace florin::eventstore {

inline constexpr std::size_t kFileBlockBytes = 4u << 20;

struct BlockFileKind {
  std::string_view magic;  // 8 letters
  std::uint32_t version = 0;
};

// One thread. A fault is remembered: later calls do nothing and commit() returns it.
class BlockWriter {
 public:
  [[nodiscard]] static ResultOr<std::unique_ptr<BlockWriter>> create(std::filesystem::path const& file,
                                                                     BlockFileKind kind,
                                                                     Files& files = machine_files());
  ~BlockWriter();
  void put(std::string_view bytes);
  [[nodiscard]] ResultOr<Unit> commit();

 private:
  BlockWriter(FileWriter file, BlockFileKind kind);
  void end_block();
  ResultOr<Unit> write_block();  // on the other thread
  void wait();

  FileWriter file_;
  std::uint64_t at_ = 0;
  std::uint64_t index_ = 0;
  domain::Digest digest_{};
  std::string filling_;
  std::string writing_;
  std::future<ResultOr<Unit>> pending_;
  std::optional<Fault> fault_;
};

// One thread. After a fault (damage, end of file) every read is refused.
class BlockReader {
 public:
  // Kind::unknown for another version.
  [[nodiscard]] static ResultOr<std::unique_ptr<BlockReader>> open(std::filesystem::path const& file,
                                                                   BlockFileKind kind, Files& files = machine_files());
  ~BlockReader();
  [[nodiscard]] bool get(std::span<char> into);
  // Everything was read and the file ends here.
  [[nodiscard]] bool at_end();
  // After get() or at_end() said no: it is the file's fault.
  [[nodiscard]] bool failed() const { return fault_.has_value(); }
  [[nodiscard]] Fault const& why() const { return *fault_; }

 private:
  BlockReader(FileReader file, domain::Digest digest, std::uint64_t size);
  ResultOr<std::string> read_block(std::string buffer);  // on the other thread
  bool next_block();

  FileReader file_;
  std::uint64_t size_;
  std::uint64_t at_ = 16;
  std::uint64_t index_ = 0;
  domain::Digest digest_;
  std::string block_;
  std::size_t used_ = 0;
  bool ended_ = false;
  std::future<ResultOr<std::string>> pending_;
  std::optional<Fault> fault_;
};

}  // namespace florin::eventstore
