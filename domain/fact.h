// A past event with its place in the log. Only the reader of the log makes one (eventstore/store/facts.h), so what a
// command refers to has happened: decide need not and cannot look it up, because the state forgets what is finished.
// Were it a plain event, whoever builds the command could refund what was never bought.
//
// A value; copyable, comparable; any thread.
#pragma once

#include <utility>

#include "domain/ids.h"
#include "domain/time.h"

namespace florin::eventstore {
class FactReader;
}

namespace florin::domain {

struct TestFacts;  // tests/support/facts.h: a house rule refuses it anywhere else

template <class E>
class Fact {
 public:
  [[nodiscard]] E const& operator*() const { return event_; }
  [[nodiscard]] E const* operator->() const { return &event_; }
  // The first position of the event's commit, and that commit's time.
  [[nodiscard]] Position commit() const { return commit_; }
  [[nodiscard]] Timestamp at() const { return at_; }

  friend bool operator==(Fact const&, Fact const&) = default;

 private:
  friend class eventstore::FactReader;
  friend struct TestFacts;
  Fact(E event, Position commit, Timestamp at) : event_(std::move(event)), commit_(commit), at_(at) {}

  E event_;
  Position commit_;
  Timestamp at_;
};

}  // namespace florin::domain
