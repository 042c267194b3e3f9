// How events form families. A family is a variant of the events that belong together, in a header of its own; beside it
// stands a concept, so that a fold can treat the whole family in one arm:
//
//   [](PayoutEvent auto const&) {}              every event of the family that has no arm of its own
//   [&](PayoutRequested const& e) { … }         the exact arm wins over the family's
//   [&](OneOf<PinRejected, PinVerified> auto const& e) { … }
//
// An event whose family a fold does not name does not compile there: no arm takes everything.
#pragma once

#include <type_traits>
#include <variant>

namespace florin::domain {

template <class E, class Family>
inline constexpr bool kIsIn = false;
template <class E, class... Members>
inline constexpr bool kIsIn<E, std::variant<Members...>> = (std::is_same_v<E, Members> || ...);

template <class E, class Family>
concept IsIn = kIsIn<std::remove_cvref_t<E>, Family>;

template <class E, class... Members>
concept OneOf = IsIn<E, std::variant<Members...>>;

// One variant of all members of the families, in their order.
template <class... Families>
struct Concatenation;
template <class... Members>
struct Concatenation<std::variant<Members...>> {
  using type = std::variant<Members...>;
};
template <class... First, class... Second, class... Rest>
struct Concatenation<std::variant<First...>, std::variant<Second...>, Rest...>
    : Concatenation<std::variant<First..., Second...>, Rest...> {};
template <class... Families>
using Concatenated = typename Concatenation<Families...>::type;

}  // namespace florin::domain
