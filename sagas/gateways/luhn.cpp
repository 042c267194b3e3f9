#include "sagas/gateways/luhn.h"

#include <cstddef>

namespace florin::sagas {

bool luhn_valid(std::string_view digits) {
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    int const digit = digits[digits.size() - 1 - i] - '0';
    int const counted = i % 2 == 1 ? digit * 2 : digit;
    sum += counted > 9 ? counted - 9 : counted;
  }
  return sum % 10 == 0;
}

}  // namespace florin::sagas
