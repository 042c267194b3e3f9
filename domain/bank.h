// Bank accounts in the United States: what a routing number, an account number and a holder's name look like. A payout
// that passes these can be written into a NACHA file (sagas/gateways/nacha.h). Source: CONTRACT, Withdrawals.
//
// No threads, no state. An account number is personal data: it is sealed wherever it is kept, only last_four() leaves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/money.h"

namespace florin::domain {

enum class AccountType : std::uint8_t { checking = 0, savings = 1 };
[[nodiscard]] std::string_view account_type_name(AccountType type);  // "checking", "savings": the wire's words
[[nodiscard]] std::optional<AccountType> parse_account_type(std::string_view text);

// Nine digits, the first two in a range the American Bankers Association gives out (00–12, 21–32, 61–72, 80), the last
// one making 3-7-1-3-7-1-3-7-1 weigh a multiple of ten. Whether a bank has this number is only known by paying.
[[nodiscard]] bool is_routing_number(std::string_view text);

// 4 to 17 digits: 17 is what a NACHA entry holds. No blanks or dashes: nobody has to guess what was meant.
inline constexpr std::size_t kAccountNumberMin = 4;
inline constexpr std::size_t kAccountNumberMax = 17;
[[nodiscard]] bool is_account_number(std::string_view text);
// The only part of an account number that leaves: its last four digits, and of one with fewer than eight only so many
// that four stay hidden; of four digits none. The view is into `account_number`, whose form is checked.
[[nodiscard]] std::string_view last_four(std::string_view account_number);

// Text with account numbers in it, as it may leave: of every run of more than two digits only as many as last_four()
// shows, '*' for the others. A transaction code has two.
[[nodiscard]] std::string masked(std::string_view text);

// A NACHA entry holds 22 upper-case ASCII characters of a name. Longer names, and names in other letters, are kept as
// they are and cut and transliterated in the file: the bank pays by the numbers, the name is for people. A name of
// which nothing is left there (sagas/gateways/ach_text.h) is refused where it is read. 100 bytes hold any company's
// name and bound what is sealed.
inline constexpr std::size_t kHolderNameLettersInFile = 22;
inline constexpr std::size_t kHolderNameBytesMax = 100;
// UTF-8 (which the caller knows it is) of 1 to kHolderNameBytesMax bytes, not only blanks, no control characters.
[[nodiscard]] bool is_holder_name(std::string_view text);

// The most that one bank entry can carry: ten digits of cents, 99,999,999.99 USD. A larger payout is never accepted: it
// could not be paid.
inline constexpr Usd kMaxBankAmount = Usd::from_minor(9'999'999'999);
// Nacha's limit of an entry that asks to be paid on the day of its file (Same Day ACH, since March 2022).
inline constexpr Usd kMaxSameDayAmount = Usd::from_minor(100'000'000);

// What the bank and its customer agreed on when payouts were set up: who a file says it is from. Names are written as
// ach_text (sagas/gateways/ach_text.h) makes them.
struct AchOrigin {
  std::string destination;                   // routing number of the bank that takes the file
  std::string destination_name;              // 1 to 23 characters
  std::string origin;                        // who sends it, as the bank says: 9 digits, or 10 digits and letters
  std::string origin_name;                   // 1 to 23 characters
  std::string company_name;                  // 1 to 16 characters: what receivers see
  std::string company_id;                    // 10 digits and letters: "1" and the tax number
  std::string odfi;                          // first 8 digits of the originating bank's routing number
  std::string entry_description = "PAYOUT";  // 1 to 10 characters: what receivers see
  friend bool operator==(AchOrigin const&, AchOrigin const&) = default;
};

}  // namespace florin::domain
