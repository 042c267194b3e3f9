#include "domain/events.h"

#include <array>
#include <string_view>

namespace florin::domain {
namespace {

// The name of a type as the compiler spells it: "… [with E = florin::domain::GameCreated; …]".
template <class E>
constexpr std::string_view type_name() {
  std::string_view const function = __PRETTY_FUNCTION__;
  auto const begin = function.find("E = ") + 4;
  auto const qualified = function.substr(begin, function.find_first_of(";]", begin) - begin);
  return qualified.substr(qualified.rfind(':') + 1);
}

// An event that was renamed keeps the name that logs and auditors know.
template <class E>
constexpr std::string_view shown_name() {
  return type_name<E>();
}
template <>
constexpr std::string_view shown_name<TransferReleased>() {
  return "TransferReturned";
}

template <class E>
constexpr auto terminated_name() {
  std::array<char, shown_name<E>().size() + 1> out{};
  for (std::size_t i = 0; i + 1 < out.size(); ++i) out[i] = shown_name<E>()[i];
  return out;
}
template <class E>
constexpr auto kName = terminated_name<E>();

}  // namespace

char const* event_name(Event const& event) {
  return std::visit([]<class E>(E const&) { return kName<E>.data(); }, event);
}

}  // namespace florin::domain
