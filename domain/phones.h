// Phones on file, and which people hold them. A phone comes on file when its person proves to have it (a PIN or a claim
// code that was texted to it comes back); other people come to share it when its owner approves (seed "initiate send",
// Phone-Share Approval). All people of one phone are one wallet.
//
// A row is one phone of one person, numbered from 1 in order of first mention; rows are never removed. About 60 bytes
// with its indexes, and only for people who were ever named with a phone. Single-threaded; part of State.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "domain/flat_table.h"
#include "domain/ids.h"

namespace florin::domain {

class Phones {
 public:
  // Stored in snapshots as it is.
  struct Row {
    BlindIndex phone{};
    std::uint32_t identity = 0;  // IdentityId
    std::uint32_t next = 0;      // PhoneId of the next one on file with the same number; 0: the last
    std::uint32_t on_file_as = kNamed;
    std::uint32_t reserved = 0;
  };
  // How a person holds a phone. Only the first is not on file: somebody merely said so.
  static constexpr std::uint32_t kNamed = 0;
  static constexpr std::uint32_t kShared = 1;    // the owner approved
  static constexpr std::uint32_t kVerified = 2;  // proved with a code that was texted there

  [[nodiscard]] std::optional<PhoneId> find(BlindIndex const& phone, IdentityId identity) const;
  // The first who proved to have it; nullopt: not on file.
  [[nodiscard]] std::optional<PhoneId> owner(BlindIndex const& phone) const;
  [[nodiscard]] Row const& operator[](PhoneId phone) const { return rows_[row_of(phone)]; }
  [[nodiscard]] bool contains(PhoneId phone) const { return phone && phone.value() <= rows_.size(); }
  [[nodiscard]] std::uint64_t count() const { return rows_.size(); }
  // Whether this person may use this phone without asking its owner.
  [[nodiscard]] bool may_use(BlindIndex const& phone, std::optional<IdentityId> identity) const;
  // Everyone on file with this phone, the owner first.
  [[nodiscard]] std::vector<IdentityId> people(BlindIndex const& phone) const;

  PhoneId record(BlindIndex const& phone, IdentityId identity);
  void verify(PhoneId phone);
  void share(PhoneId phone);

  // Snapshots: rows out in order, rows in in the same order.
  [[nodiscard]] ChunkedRows<Row> const& rows() const { return rows_; }
  void restore(Row const& row);
  // After the last row: which phone of a number is the owner's. False when the rows contradict each other.
  [[nodiscard]] bool restore_owners();

  friend bool operator==(Phones const& a, Phones const& b);

 private:
  static std::size_t row_of(PhoneId phone) { return phone.value() - 1; }
  void put_on_file(PhoneId phone, std::uint32_t as);

  ChunkedRows<Row> rows_;
  HashIndex pairs_;   // (phone, identity) -> row
  HashIndex owners_;  // phone -> the owner's row; chained by `next` to the others on file
};

// Well spread: it is the head of a keyed hash.
[[nodiscard]] std::uint64_t hash_of(BlindIndex const& index);

}  // namespace florin::domain
