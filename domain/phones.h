// Phones on file, and which people hold them. A phone comes to be owned when its person proves to have it: a PIN that
// was texted to it, and is in no reply of ours, comes back. Other people come to share it when its owner approves (seed
// "initiate send", Phone-Share Approval). A claim proves nothing, for the sender's game reads the claim code in a
// reply: who claims with a phone is known to use it, and neither owns it nor keeps anybody from it. All people of one
// phone are one wallet.
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
  // Relation of a person to a phone. kNamed is an unproven claim and does not count as on file.
  static constexpr std::uint32_t kNamed = 0;
  static constexpr std::uint32_t kShared = 1;    // the owner approved
  static constexpr std::uint32_t kVerified = 2;  // proved with a secret that was texted there; the first one owns it
  // Used it without such proof: claimed with it, or verified a PIN after somebody else had come to own it. Found when
  // the people of a phone are chosen from, and nothing else: it has to be asked for like any stranger's.
  static constexpr std::uint32_t kClaimed = 3;
  static constexpr std::uint32_t kLastStanding = kClaimed;

  [[nodiscard]] std::optional<PhoneId> find(BlindIndex const& phone, IdentityId identity) const;
  // The first who proved to have it; nullopt: nobody did.
  [[nodiscard]] std::optional<PhoneId> owner(BlindIndex const& phone) const;
  [[nodiscard]] Row const& operator[](PhoneId phone) const { return rows_[row_of(phone)]; }
  [[nodiscard]] bool contains(PhoneId phone) const { return phone && phone.value() <= rows_.size(); }
  [[nodiscard]] std::uint64_t count() const { return rows_.size(); }
  // Whether this person may use this phone without asking its owner.
  [[nodiscard]] bool may_use(BlindIndex const& phone, std::optional<IdentityId> identity) const;
  // Whether its person reads this phone: owns, verified or shares it.
  [[nodiscard]] bool is_held(PhoneId phone) const {
    auto const as = (*this)[phone].on_file_as;
    return as == kShared || as == kVerified;
  }
  // Everyone on file with this phone, the owner first; without an owner, those who claimed with it.
  [[nodiscard]] std::vector<IdentityId> people(BlindIndex const& phone) const;

  PhoneId record(BlindIndex const& phone, IdentityId identity);
  void verify(PhoneId phone);
  void share(PhoneId phone);  // there is an owner
  void claim(PhoneId phone);  // takes nothing from one who has more

  // Snapshots: rows out in order, rows in in the same order.
  [[nodiscard]] ChunkedRows<Row> const& rows() const { return rows_; }
  void restore(Row const& row);
  // After the last row: which phone of a number comes first. False when the rows contradict each other.
  [[nodiscard]] bool restore_owners();

  friend bool operator==(Phones const& a, Phones const& b);

 private:
  static std::size_t row_of(PhoneId phone) { return phone.value() - 1; }
  [[nodiscard]] std::optional<PhoneId> first(BlindIndex const& phone) const;
  void put_first(PhoneId phone);
  void put_behind(PhoneId first, PhoneId phone);
  void unlink(PhoneId first, PhoneId phone);

  ChunkedRows<Row> rows_;
  HashIndex pairs_;  // (phone, identity) -> row
  // phone -> the first row on file, chained by `next` to the others. The owner's, if there is one; else a claimant's,
  // and so are the others.
  HashIndex first_;
};

// Well spread: it is the head of a keyed hash.
[[nodiscard]] std::uint64_t hash_of(BlindIndex const& index);

}  // namespace florin::domain
