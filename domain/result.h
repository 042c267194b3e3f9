// Result<T, E>: a value or the reason there is none. Used on every path where a refusal is an ordinary
// outcome; exceptions are kept for faults of third-party code and are caught at the adapter that owns it.
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

namespace florin {

struct Unit {
  friend bool operator==(Unit, Unit) = default;
};

template <class E>
struct Failure {
  E error;
};

template <class E>
Failure<std::decay_t<E>> fail(E&& error) {
  return {std::forward<E>(error)};
}

template <class T, class E>
class [[nodiscard]] Result {
 public:
  // Both convert without being asked: `return value;` and `return fail(reason);` are the whole point.
  explicit(false) Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  template <class F>
  explicit(false) Result(Failure<F> failure) : held_(std::in_place_index<1>, std::move(failure.error)) {}

  explicit operator bool() const { return held_.index() == 0; }
  [[nodiscard]] bool ok() const { return held_.index() == 0; }

  // Calling the wrong one is a bug and throws std::bad_variant_access.
  [[nodiscard]] T& value() & { return std::get<0>(held_); }
  [[nodiscard]] T const& value() const& { return std::get<0>(held_); }
  [[nodiscard]] T&& value() && { return std::get<0>(std::move(held_)); }
  [[nodiscard]] E const& error() const& { return std::get<1>(held_); }
  [[nodiscard]] E&& error() && { return std::get<1>(std::move(held_)); }

 private:
  std::variant<T, E> held_;
};

}  // namespace florin
