// Facts for tests that have no log. What is asserted of them is the test's own responsibility.
#pragma once

#include <utility>
#include <variant>

#include "domain/contract.h"
#include "domain/events.h"
#include "domain/fact.h"

namespace florin::domain {

struct TestFacts {
  template <class E>
  static Fact<E> make(E event, Position commit, Timestamp at) {
    return {std::move(event), commit, at};
  }
};

}  // namespace florin::domain

namespace florin::samples {

// As if the event were in a commit that begins there.
template <class E>
domain::Fact<E> fact(E event, domain::Position commit = {}, domain::Timestamp at = {}) {
  return domain::TestFacts::make(std::move(event), commit, at);
}

// The event of this kind in a commit that a test's writer made.
template <class E>
domain::Fact<E> fact_in(domain::Commit const& commit) {
  for (auto const& event : commit.events) {
    if (auto const* found = std::get_if<E>(&event)) return fact(*found, commit.first, commit.at);
  }
  FLORIN_ASSERT(false);  // the commit has no such event
  return fact(E{}, {}, {});
}

}  // namespace florin::samples
