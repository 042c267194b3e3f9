#include "eventstore/store/opened_names.h"

#include <gtest/gtest.h>

namespace florin::eventstore {
namespace {

using domain::IdentityId;

TEST(OpenedNames, AnswersOnlyForThePersonAndTheBytesItWasGiven) {
  OpenedNames names;
  EXPECT_FALSE(names.find(IdentityId(1), "box"));
  names.put(IdentityId(1), "box", "Ann", names.erasures());
  EXPECT_EQ(names.find(IdentityId(1), "box"), "Ann");
  EXPECT_FALSE(names.find(IdentityId(1), "bo"));
  EXPECT_FALSE(names.find(IdentityId(1), "boy"));
  EXPECT_FALSE(names.find(IdentityId(2), "box"));
}

TEST(OpenedNames, ARenameReplacesTheName) {
  OpenedNames names;
  names.put(IdentityId(1), "box", "Ann", names.erasures());
  names.put(IdentityId(1), "another", "Anna", names.erasures());
  EXPECT_FALSE(names.find(IdentityId(1), "box"));
  EXPECT_EQ(names.find(IdentityId(1), "another"), "Anna");
}

TEST(OpenedNames, ManyPeopleEvictEachOtherAndNeverAnswerForAnother) {
  OpenedNames names;
  for (std::uint64_t i = 1; i <= 100'000; ++i) {
    names.put(IdentityId(i), "box" + std::to_string(i), "name" + std::to_string(i), names.erasures());
  }
  std::size_t kept = 0;
  for (std::uint64_t i = 1; i <= 100'000; ++i) {
    auto const name = names.find(IdentityId(i), "box" + std::to_string(i));
    if (!name) continue;
    EXPECT_EQ(*name, "name" + std::to_string(i));
    ++kept;
  }
  EXPECT_EQ(kept, 32'768u);
}

TEST(OpenedNames, ALongNameIsNotKept) {
  OpenedNames names;
  names.put(IdentityId(1), std::string(84, 'b'), std::string(47, 'n'), names.erasures());
  EXPECT_EQ(names.find(IdentityId(1), std::string(84, 'b')), std::string(47, 'n'));
  names.put(IdentityId(2), std::string(85, 'b'), std::string(48, 'n'), names.erasures());
  EXPECT_FALSE(names.find(IdentityId(2), std::string(85, 'b')));
}

TEST(OpenedNames, AnOpeningThatAnErasureOvertookIsNotKept) {
  OpenedNames names;
  auto const before = names.erasures();
  names.put(IdentityId(1), "box", "Ann", before);
  names.erase(IdentityId(1));
  EXPECT_FALSE(names.find(IdentityId(1), "box"));
  names.put(IdentityId(1), "box", "Ann", before);
  EXPECT_FALSE(names.find(IdentityId(1), "box"));
  names.put(IdentityId(2), "box", "Bob", names.erasures());
  EXPECT_EQ(names.find(IdentityId(2), "box"), "Bob");
}

}  // namespace
}  // namespace florin::eventstore
