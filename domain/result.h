// Result<T, E>: a value or the reason there is none. Used on every path where a refusal is an ordinary
// outcome; exceptions are kept for faults of third-party code and are caught at the adapter that owns it.
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

// The value of an expression of type Result; its failure is returned from the function (which is no coroutine):
//
//   auto const head = FLORIN_TRY(log.head());
//   FLORIN_TRY(files.make_folder(path));
//
// It is a whole statement or all of what is right of "=", because a return from within a larger expression would not
// destroy the temporaries that this expression has made.
#define FLORIN_TRY(...) FLORIN_TRY_AS(FLORIN_TRY_JOIN(tried_, __COUNTER__), __VA_ARGS__)
#define FLORIN_TRY_JOIN(a, b) FLORIN_TRY_JOIN_NOW(a, b)
#define FLORIN_TRY_JOIN_NOW(a, b) a##b
#define FLORIN_TRY_AS(tried, ...)                                \
  ({                                                             \
    auto tried = (__VA_ARGS__);                                  \
    if (!tried) return ::florin::fail(std::move(tried).error()); \
    std::move(tried).take();                                     \
  })

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
  [[nodiscard]] T take() && { return std::get<0>(std::move(held_)); }  // what FLORIN_TRY gives
  [[nodiscard]] E const& error() const& { return std::get<1>(held_); }
  [[nodiscard]] E&& error() && { return std::get<1>(std::move(held_)); }

 private:
  std::variant<T, E> held_;
};

}  // namespace florin
