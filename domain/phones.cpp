#include "domain/phones.h"

#include <utility>

#include "domain/contract.h"

namespace florin::domain {
namespace {

std::uint64_t pair_hash(BlindIndex const& phone, std::uint64_t identity) { return hash_ids(hash_of(phone), identity); }

}  // namespace

static_assert(sizeof(Phones::Row) == 32);

std::uint64_t hash_of(BlindIndex const& index) {
  std::uint64_t hash = 0;
  std::memcpy(&hash, index.data(), sizeof hash);
  return hash;
}

std::optional<PhoneId> Phones::find(BlindIndex const& phone, IdentityId identity) const {
  auto const row = pairs_.find(pair_hash(phone, identity.value()), [&](std::uint32_t candidate) {
    return rows_[candidate].phone == phone && rows_[candidate].identity == identity.value();
  });
  if (row == HashIndex::kNone) return std::nullopt;
  return PhoneId(std::uint64_t{row} + 1);
}

std::optional<PhoneId> Phones::first(BlindIndex const& phone) const {
  auto const row =
      first_.find(hash_of(phone), [&](std::uint32_t candidate) { return rows_[candidate].phone == phone; });
  if (row == HashIndex::kNone) return std::nullopt;
  return PhoneId(std::uint64_t{row} + 1);
}

std::optional<PhoneId> Phones::owner(BlindIndex const& phone) const {
  auto const head = first(phone);
  return head && (*this)[*head].on_file_as == kVerified ? head : std::nullopt;
}

bool Phones::may_use(BlindIndex const& phone, std::optional<IdentityId> identity) const {
  if (!owner(phone)) return true;
  if (!identity) return false;
  auto const own = find(phone, *identity);
  return own && is_held(*own);
}

std::vector<IdentityId> Phones::people(BlindIndex const& phone) const {
  std::vector<IdentityId> out;
  auto const head = first(phone);
  for (auto at = head ? head->value() : 0; at != 0; at = rows_[at - 1].next) {
    out.emplace_back(rows_[at - 1].identity);
  }
  return out;
}

PhoneId Phones::record(BlindIndex const& phone, IdentityId identity) {
  FLORIN_ASSERT(!find(phone, identity));
  restore(Row{phone, static_cast<std::uint32_t>(identity.value()), 0, kNamed, 0});
  return PhoneId(rows_.size());
}

void Phones::verify(PhoneId phone) {
  FLORIN_ASSERT(contains(phone));
  auto& row = rows_[row_of(phone)];
  auto const head = first(row.phone);
  auto const before = std::exchange(row.on_file_as, kVerified);
  if (!head) return put_first(phone);
  if (head == phone) return;
  if (before != kNamed && before != kClaimed) return;
  bool const owned = (*this)[*head].on_file_as == kVerified;
  if (before == kNamed) return owned ? put_behind(*head, phone) : put_first(phone);
  if (owned) return;
  // Whoever proves it comes before those who merely claimed with it.
  unlink(*head, phone);
  put_first(phone);
}

void Phones::share(PhoneId phone) {
  FLORIN_ASSERT(contains(phone) && owner((*this)[phone].phone));
  auto& row = rows_[row_of(phone)];
  if (row.on_file_as == kVerified) return;
  auto const before = std::exchange(row.on_file_as, kShared);
  if (before == kNamed) put_behind(*first(row.phone), phone);
}

void Phones::claim(PhoneId phone) {
  FLORIN_ASSERT(contains(phone));
  auto& row = rows_[row_of(phone)];
  if (row.on_file_as != kNamed) return;
  row.on_file_as = kClaimed;
  if (auto const head = first(row.phone)) {
    put_behind(*head, phone);
  } else {
    put_first(phone);
  }
}

void Phones::put_first(PhoneId phone) {
  auto& row = rows_[row_of(phone)];
  auto const at = static_cast<std::uint32_t>(row_of(phone));
  auto const before = first(row.phone);
  if (!before) return first_.insert(hash_of(row.phone), at);
  row.next = static_cast<std::uint32_t>(before->value());
  first_.replace(hash_of(row.phone), [&](std::uint32_t candidate) { return rows_[candidate].phone == row.phone; }, at);
}

// The order of the others means nothing.
void Phones::put_behind(PhoneId first, PhoneId phone) {
  auto& head = rows_[row_of(first)];
  rows_[row_of(phone)].next = head.next;
  head.next = static_cast<std::uint32_t>(phone.value());
}

// From behind the first one. A phone has few people, so the walk is short.
void Phones::unlink(PhoneId first, PhoneId phone) {
  auto at = row_of(first);
  while (rows_[at].next != phone.value()) {
    FLORIN_ASSERT(rows_[at].next != 0);
    at = rows_[at].next - 1;
  }
  auto& row = rows_[row_of(phone)];
  rows_[at].next = std::exchange(row.next, 0);
}

void Phones::restore(Row const& row) {
  auto const at = rows_.push_back(row);
  pairs_.insert(pair_hash(row.phone, row.identity), static_cast<std::uint32_t>(at));
}

bool Phones::restore_owners() {
  // First is the one on file that no other row of its number points at.
  std::vector<bool> pointed_at(rows_.size() + 1, false);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    auto const next = rows_[i].next;
    if (next == 0) continue;
    if (next > rows_.size() || rows_[next - 1].phone != rows_[i].phone || pointed_at[next]) return false;
    if (rows_[i].on_file_as == kNamed || rows_[next - 1].on_file_as == kNamed) return false;
    pointed_at[next] = true;
  }
  std::size_t on_file = 0;
  std::size_t reached = 0;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i].on_file_as == kNamed) continue;
    ++on_file;
    if (pointed_at[i + 1]) continue;
    auto const head = rows_[i].on_file_as;
    if ((head != kVerified && head != kClaimed) || first(rows_[i].phone)) return false;
    first_.insert(hash_of(rows_[i].phone), static_cast<std::uint32_t>(i));
    for (auto at = i + 1; at != 0; at = rows_[at - 1].next) {
      if (head == kClaimed && rows_[at - 1].on_file_as != kClaimed) return false;  // shared by no owner
      ++reached;
    }
  }
  return reached == on_file;  // less: some rows form a ring that no first row leads to
}

bool operator==(Phones const& a, Phones const& b) {
  if (a.count() != b.count()) return false;
  for (std::size_t i = 0; i < a.count(); ++i) {
    if (std::memcmp(&a.rows_[i], &b.rows_[i], sizeof a.rows_[i]) != 0) return false;
  }
  return true;
}

}  // namespace florin::domain
