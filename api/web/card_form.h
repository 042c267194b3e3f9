// What a payer types into the checkout's form: a card, or which field is wrong and what to do about it.
//
// The card is on its way to the processor and nowhere else: nothing here logs, keeps or repeats a value. Pure, any
// thread.
#pragma once

#include <string_view>
#include <vector>

#include "domain/result.h"
#include "domain/time.h"
#include "sagas/gateways/payment_gateway.h"

namespace florin::api {

struct CardFault {
  std::string_view field;   // "card_number", "exp" or "cvc"; static text
  std::string_view advice;  // "The number is not complete. Check it and type it again."; static text
  friend bool operator==(CardFault const&, CardFault const&) = default;
};

// `body`: application/x-www-form-urlencoded with card_number (12 to 19 digits, blanks and dashes allowed, Luhn), exp
// (MM/YY or MM/YYYY, or MMYY as a phone's number keys have no slash; not before the month of `now` in UTC, at most 50
// years ahead) and cvc (3 or 4 digits). Unknown fields are ignored; a repeated one of ours is a fault, and so is every
// field of a body that is no form. All faults are told at once, in the order of the fields; none repeats a value.
[[nodiscard]] Result<sagas::Card, std::vector<CardFault>> parse_card(std::string_view body, domain::Timestamp now);

// "application/x-www-form-urlencoded", in either case, with or without parameters.
[[nodiscard]] bool is_form(std::string_view content_type);

// Overwrites a card in memory, so that it is not there to be found later. What the processor's adapter and OpenSSL made
// of it is out of reach from here.
void wipe(sagas::Card& card);
// The same for a request's body when the handler is done with it, whatever came of it.
class WipedAtEnd {
 public:
  explicit WipedAtEnd(std::string_view body) : body_(body) {}
  ~WipedAtEnd();
  WipedAtEnd(WipedAtEnd const&) = delete;
  WipedAtEnd& operator=(WipedAtEnd const&) = delete;

 private:
  std::string_view body_;
};

}  // namespace florin::api
