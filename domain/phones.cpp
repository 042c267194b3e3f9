#include "domain/phones.h"

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

std::optional<PhoneId> Phones::owner(BlindIndex const& phone) const {
  auto const row =
      owners_.find(hash_of(phone), [&](std::uint32_t candidate) { return rows_[candidate].phone == phone; });
  if (row == HashIndex::kNone) return std::nullopt;
  return PhoneId(std::uint64_t{row} + 1);
}

bool Phones::may_use(BlindIndex const& phone, std::optional<IdentityId> identity) const {
  if (!owner(phone)) return true;
  if (!identity) return false;
  auto const own = find(phone, *identity);
  return own && (*this)[*own].on_file_as != kNamed;
}

std::vector<IdentityId> Phones::people(BlindIndex const& phone) const {
  std::vector<IdentityId> out;
  auto const first = owner(phone);
  for (auto at = first ? first->value() : 0; at != 0; at = rows_[at - 1].next) {
    out.emplace_back(rows_[at - 1].identity);
  }
  return out;
}

PhoneId Phones::record(BlindIndex const& phone, IdentityId identity) {
  FLORIN_ASSERT(!find(phone, identity));
  restore(Row{phone, static_cast<std::uint32_t>(identity.value()), 0, kNamed, 0});
  return PhoneId(rows_.size());
}

void Phones::verify(PhoneId phone) { put_on_file(phone, kVerified); }

void Phones::share(PhoneId phone) {
  FLORIN_ASSERT(contains(phone) && owner((*this)[phone].phone));
  if ((*this)[phone].on_file_as == kNamed) put_on_file(phone, kShared);
}

void Phones::put_on_file(PhoneId phone, std::uint32_t as) {
  FLORIN_ASSERT(contains(phone));
  auto& row = rows_[row_of(phone)];
  auto const before = row.on_file_as;
  row.on_file_as = as;
  if (before != kNamed) return;
  auto const first = owner(row.phone);
  if (!first) {
    owners_.insert(hash_of(row.phone), static_cast<std::uint32_t>(row_of(phone)));
    return;
  }
  // Behind the owner: the order of the others means nothing.
  auto& head = rows_[row_of(*first)];
  row.next = head.next;
  head.next = static_cast<std::uint32_t>(phone.value());
}

void Phones::restore(Row const& row) {
  auto const at = rows_.push_back(row);
  pairs_.insert(pair_hash(row.phone, row.identity), static_cast<std::uint32_t>(at));
}

bool Phones::restore_owners() {
  // The owner is the one on file that no other row of its number points at.
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
    if (rows_[i].on_file_as != kVerified || owner(rows_[i].phone)) return false;
    owners_.insert(hash_of(rows_[i].phone), static_cast<std::uint32_t>(i));
    for (auto at = i + 1; at != 0; at = rows_[at - 1].next) ++reached;
  }
  return reached == on_file;  // less: some point at each other in a ring, and no owner at them
}

bool operator==(Phones const& a, Phones const& b) {
  if (a.count() != b.count()) return false;
  for (std::size_t i = 0; i < a.count(); ++i) {
    if (std::memcmp(&a.rows_[i], &b.rows_[i], sizeof a.rows_[i]) != 0) return false;
  }
  return true;
}

}  // namespace florin::domain
