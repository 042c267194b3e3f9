// Bank accounts in the United States. Source: CONTRACT, Withdrawals.
#pragma once

#include <cstdint>

namespace florin::domain {

enum class AccountType : std::uint8_t { checking = 0, savings = 1 };
[[nodiscard]] constexpr char const* account_type_name(AccountType type) {
  return type == AccountType::savings ? "savings" : "checking";
}

}  // namespace florin::domain
