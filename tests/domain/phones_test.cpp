#include "domain/phones.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/domain/ledger_dsl.h"

namespace florin::domain::testing {
namespace {

BlindIndex const kPhone = index_of("+15550000001");
constexpr IdentityId kFirst(1);
constexpr IdentityId kSecond(2);

TEST(Phones, ANamedPhoneIsNotOnFile) {
  Phones phones;
  auto const id = phones.record(kPhone, kFirst);
  EXPECT_EQ(phones.find(kPhone, kFirst), id);
  EXPECT_EQ(phones.find(kPhone, kSecond), std::nullopt);
  EXPECT_EQ(phones.owner(kPhone), std::nullopt);
  EXPECT_TRUE(phones.people(kPhone).empty());
  EXPECT_TRUE(phones.may_use(kPhone, kSecond));
  EXPECT_TRUE(phones.may_use(kPhone, std::nullopt));
}

TEST(Phones, TheFirstWhoProvesToHaveItOwnsIt) {
  Phones phones;
  auto const named = phones.record(kPhone, kFirst);
  auto const proved = phones.record(kPhone, kSecond);
  phones.verify(proved);
  EXPECT_EQ(phones.owner(kPhone), proved);
  EXPECT_FALSE(phones.may_use(kPhone, kFirst));
  EXPECT_FALSE(phones.may_use(kPhone, std::nullopt));
  EXPECT_TRUE(phones.may_use(kPhone, kSecond));
  phones.verify(named);
  EXPECT_EQ(phones.owner(kPhone), proved);
  EXPECT_TRUE(phones.may_use(kPhone, kFirst));
}

TEST(Phones, WhoSharesItMayUseItAndMayStillProveIt) {
  Phones phones;
  auto const owner = phones.record(kPhone, kFirst);
  auto const guest = phones.record(kPhone, kSecond);
  phones.verify(owner);
  phones.share(guest);
  EXPECT_TRUE(phones.may_use(kPhone, kSecond));
  EXPECT_EQ(phones[guest].on_file_as, Phones::kShared);
  EXPECT_EQ(phones.people(kPhone), (std::vector{kFirst, kSecond}));
  phones.verify(guest);
  EXPECT_EQ(phones[guest].on_file_as, Phones::kVerified);
  EXPECT_EQ(phones.people(kPhone), (std::vector{kFirst, kSecond}));
  phones.share(guest);
  EXPECT_EQ(phones[guest].on_file_as, Phones::kVerified) << "a later approval takes nothing away";
}

TEST(Phones, WhoClaimedWithItKeepsNobodyFromIt) {
  Phones phones;
  auto const claimant = phones.record(kPhone, kFirst);
  auto const other = phones.record(kPhone, kSecond);
  phones.claim(claimant);
  EXPECT_EQ(phones.owner(kPhone), std::nullopt);
  EXPECT_TRUE(phones.may_use(kPhone, kSecond));
  EXPECT_EQ(phones.people(kPhone), std::vector{kFirst});
  phones.verify(other);
  EXPECT_EQ(phones.owner(kPhone), other);
  EXPECT_FALSE(phones.may_use(kPhone, kFirst)) << "a claim gives no leave either";
  EXPECT_EQ(phones.people(kPhone), (std::vector{kSecond, kFirst}));
  phones.share(claimant);
  EXPECT_TRUE(phones.may_use(kPhone, kFirst));
  phones.claim(claimant);
  phones.claim(other);
  EXPECT_EQ(phones[claimant].on_file_as, Phones::kShared) << "a later claim takes nothing away";
  EXPECT_EQ(phones[other].on_file_as, Phones::kVerified);
}

TEST(PhonesDeathTest, OnlyAPhoneOnFileCanBeShared) {
  Phones phones;
  auto const id = phones.record(kPhone, kFirst);
  EXPECT_DEATH(phones.share(id), "invariant broken");
  phones.claim(id);
  EXPECT_DEATH(phones.share(id), "invariant broken") << "a claimant is no owner";
  EXPECT_DEATH(phones.verify(PhoneId(2)), "invariant broken");
  EXPECT_DEATH(phones.verify(PhoneId(0)), "invariant broken");
  EXPECT_DEATH(phones.record(kPhone, kFirst), "invariant broken");
}

// Rows as a snapshot gives them back.
bool restores(std::vector<Phones::Row> const& rows) {
  Phones phones;
  for (auto const& row : rows) phones.restore(row);
  return phones.restore_owners();
}

Phones::Row row(std::uint32_t identity, std::uint32_t on_file_as, std::uint32_t next, BlindIndex const& of = kPhone) {
  return {of, identity, next, on_file_as, 0};
}

TEST(Phones, RowsThatContradictEachOtherAreNotRestored) {
  auto const other = index_of("+15550000002");
  EXPECT_TRUE(restores({row(1, Phones::kVerified, 2), row(2, Phones::kShared, 0)}));
  EXPECT_FALSE(restores({row(1, Phones::kVerified, 0), row(2, Phones::kVerified, 0)})) << "two owners";
  EXPECT_FALSE(restores({row(1, Phones::kVerified, 3), row(2, Phones::kShared, 0)})) << "past the end";
  EXPECT_FALSE(restores({row(1, Phones::kVerified, 2), row(2, Phones::kShared, 0, other)})) << "another's number";
  EXPECT_FALSE(restores({row(1, Phones::kVerified, 3), row(2, Phones::kVerified, 3), row(3, Phones::kShared, 0)}))
      << "two before one";
  EXPECT_TRUE(restores({row(1, Phones::kClaimed, 2), row(2, Phones::kClaimed, 0)}));
  EXPECT_TRUE(restores({row(1, Phones::kClaimed, 0), row(2, Phones::kVerified, 1)}));
  EXPECT_FALSE(restores({row(1, Phones::kClaimed, 2), row(2, Phones::kVerified, 0)})) << "an owner who is not first";
  EXPECT_FALSE(restores({row(1, Phones::kClaimed, 2), row(2, Phones::kShared, 0)})) << "shared by nobody";
  EXPECT_FALSE(restores({row(1, Phones::kVerified, 2), row(2, Phones::kNamed, 0)})) << "somebody not on file";
  EXPECT_FALSE(restores({row(1, Phones::kNamed, 2), row(2, Phones::kShared, 0)})) << "after somebody not on file";
  EXPECT_FALSE(restores({row(1, Phones::kVerified, 2), row(2, Phones::kVerified, 1)})) << "a ring";
  EXPECT_FALSE(restores({row(1, Phones::kVerified, 0), row(2, Phones::kShared, 3), row(3, Phones::kShared, 2)}))
      << "a ring beside the owner";
  EXPECT_FALSE(restores({row(1, Phones::kVerified, 1)})) << "its own successor";
  EXPECT_FALSE(restores({row(1, Phones::kShared, 0)})) << "shared, and nobody owns it";
}

// Lists of who holds what, in order.
struct NaivePhones {
  struct Held {
    int phone = 0;
    std::uint64_t identity = 0;
    std::uint32_t as = Phones::kNamed;
  };
  std::vector<Held> rows;
  std::map<int, std::vector<std::uint64_t>> on_file;  // the owner first
  std::map<int, std::uint64_t> owners;

  [[nodiscard]] std::optional<std::size_t> find(int phone, std::uint64_t identity) const {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].phone == phone && rows[i].identity == identity) return i;
    }
    return std::nullopt;
  }
};

BlindIndex numbered(int phone) { return index_of("+1555000000" + std::to_string(phone)); }

void check_against(Phones const& phones, NaivePhones const& naive) {
  RC_ASSERT(phones.count() == naive.rows.size());
  for (int phone = 0; phone < 4; ++phone) {
    auto const found = naive.on_file.find(phone);
    auto const holders = found == naive.on_file.end() ? std::vector<std::uint64_t>{} : found->second;
    auto people = phones.people(numbered(phone));
    RC_ASSERT(people.size() == holders.size());
    auto const owner = naive.owners.find(phone);
    bool const owned = owner != naive.owners.end();
    RC_ASSERT(phones.owner(numbered(phone)).has_value() == owned);
    RC_ASSERT(phones.may_use(numbered(phone), std::nullopt) == !owned);
    if (owned) {
      RC_ASSERT(people.front().value() == owner->second);
      RC_ASSERT(phones[*phones.owner(numbered(phone))].identity == owner->second);
    }
    for (std::uint64_t identity = 1; identity <= 5; ++identity) {
      auto const holds = std::find(holders.begin(), holders.end(), identity) != holders.end();
      RC_ASSERT((std::find(people.begin(), people.end(), IdentityId(identity)) != people.end()) == holds);
      auto const row_of = naive.find(phone, identity);
      auto const as = row_of ? naive.rows[*row_of].as : Phones::kNamed;
      bool const may_use = !owned || as == Phones::kShared || as == Phones::kVerified;
      RC_ASSERT(phones.may_use(numbered(phone), IdentityId(identity)) == may_use);
      auto const id = phones.find(numbered(phone), IdentityId(identity));
      RC_ASSERT(id.has_value() == row_of.has_value());
      if (id) RC_ASSERT(id->value() == *row_of + 1 && phones[*id].on_file_as == naive.rows[*row_of].as);
    }
  }
}

RC_GTEST_PROP(PhonesProperty, KnowWhatListsWouldKnow, ()) {
  Phones phones;
  NaivePhones naive;
  auto const steps = *rc::gen::inRange(1, 60);
  for (int i = 0; i < steps; ++i) {
    auto const phone = *rc::gen::inRange(0, 4);
    auto const identity = *rc::gen::inRange<std::uint64_t>(1, 6);
    auto const at = naive.find(phone, identity);
    auto& holders = naive.on_file[phone];
    if (!at) {
      phones.record(numbered(phone), IdentityId(identity));
      naive.rows.push_back({phone, identity, Phones::kNamed});
    } else {
      auto& held = naive.rows[*at];
      auto const step = *rc::gen::inRange(0, 3);
      bool const owned = naive.owners.contains(phone);
      if (held.as == Phones::kNamed) holders.push_back(identity);
      if (step == 0) {
        phones.claim(PhoneId(*at + 1));
        if (held.as == Phones::kNamed) held.as = Phones::kClaimed;
      } else if (step == 1 || !owned) {
        phones.verify(PhoneId(*at + 1));
        held.as = Phones::kVerified;
        naive.owners.emplace(phone, identity);
      } else {
        phones.share(PhoneId(*at + 1));
        if (held.as != Phones::kVerified) held.as = Phones::kShared;
      }
    }
    check_against(phones, naive);
  }
  Phones copy;
  for (std::size_t i = 0; i < phones.count(); ++i) copy.restore(phones.rows()[i]);
  RC_ASSERT(copy.restore_owners());
  RC_ASSERT(copy == phones);
  check_against(copy, naive);
}

}  // namespace
}  // namespace florin::domain::testing
