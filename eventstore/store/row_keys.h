// The keys of the log's rows: whoever edits a row can make its link anew, but not its MAC. In a file of their own
// beside master.key, because an auditor who may check rows need not be able to open names, and because they can be
// exchanged: a new key is added, rows of the older ones stay readable.
//
// rows.keys (mode 0600): "FLORINRK" | version 1 | seven zeros | a key of 32 bytes after the other | SHA-256 of all that
// stands before. The key of number n (from 1) is the n-th; rows are written under the last one.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "domain/events/keys.h"
#include "eventstore/fault.h"
#include "eventstore/runtime/files.h"
#include "eventstore/runtime/runtime.h"
#include "eventstore/store/keyed_hash.h"

namespace florin::eventstore {

// Which key a row was written under; 0: none.
using RowKeyNumber = std::uint32_t;

class RowKeys {
 public:
  static constexpr std::size_t kKeyBytes = 32;
  static constexpr std::size_t kKeysMax = 1024;

  // Kind::missing when there is no such file, Kind::corrupt when it is not what was written, Kind::unknown when it is
  // of a newer version.
  [[nodiscard]] static ResultOr<RowKeys> open(std::filesystem::path const& file, Files& files = machine_files());
  // A file with one key. Durable when it returns; replaces a file that is there.
  [[nodiscard]] static ResultOr<RowKeys> create(std::filesystem::path const& file, Runtime& runtime = machine());
  // Adds a key, under which rows are written from then on. Durable when it returns. Kind::full at kKeysMax.
  [[nodiscard]] ResultOr<Unit> add(std::filesystem::path const& file, Runtime& runtime = machine());

  // Any thread, while nobody calls add().
  [[nodiscard]] RowKeyNumber newest() const { return static_cast<RowKeyNumber>(keys_.size()); }
  // The key of this number; nullptr when there is none.
  [[nodiscard]] KeyedHash const* find(RowKeyNumber number) const {
    return number == 0 || number > keys_.size() ? nullptr : &keys_[number - 1];
  }
  // Tells the key of this number from any other and says nothing about it: the first half of an HMAC under it. nullopt:
  // there is none.
  [[nodiscard]] std::optional<domain::KeyCheck> check(RowKeyNumber number) const;

 private:
  RowKeys() = default;
  std::vector<KeyedHash> keys_;
};

}  // namespace florin::eventstore
