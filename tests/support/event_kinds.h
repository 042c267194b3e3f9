// The kinds of events, for tests that count which of them occurred.
#pragma once

#include <set>
#include <string>
#include <variant>

#include "domain/events.h"

namespace florin::samples {

using EventKinds = std::set<std::string>;  // by event_name

template <class Family>
struct KindsOf;
template <class... Events>
struct KindsOf<std::variant<Events...>> {
  static EventKinds all() { return {domain::event_name(domain::Event(Events{}))...}; }
};

// The kinds in these families.
template <class... Families>
EventKinds kinds_of() {
  return KindsOf<domain::Concatenated<Families...>>::all();
}

}  // namespace florin::samples
