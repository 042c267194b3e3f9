// The sandbox's test cards (CONTRACT, Currency purchase), and what a card's fields are refused for. Pure.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "domain/time.h"
#include "sagas/gateways/payment_gateway.h"

namespace florin::sagas {

// What a card does. Stored by the sandbox's processor: the numbers stay.
enum class TestCard : std::uint8_t { succeeds = 0, declines = 1, lacks_funds = 2, asks_bank = 3, disputed = 4 };

// "4242424242424242"; nullopt: it is none of the test cards.
[[nodiscard]] std::optional<TestCard> test_card_of_number(std::string_view number);
// "pm_card_visa": the methods that every sandbox knows.
[[nodiscard]] std::optional<TestCard> test_card_of_method(std::string_view method);

// As Stripe's test mode, in its order. Empty: it is one of the test cards and good. Its one refusal that is about none
// of the fields is "test_mode_live_card".
[[nodiscard]] std::string_view card_fault(Card const& card, domain::Timestamp now);

}  // namespace florin::sagas
