// The words of every text. Pure. The send PIN's is the seed's, letter by letter; the others follow its style: who,
// what, the code, how long, and that nobody of ours ever asks for it.
#pragma once

#include <string>
#include <string_view>

#include "domain/events.h"
#include "sagas/ledger_view.h"

namespace florin::sagas {

// What a text about a transfer tells of it.
struct TransferFacts {
  domain::Flavour flavour = domain::Flavour::transfer;
  domain::PlayerId sender;
  domain::CurrencyId currency;
  domain::GameId target;
  domain::Money amount;
  domain::Money net;
  domain::PhoneId sender_phone;
  domain::PhoneId receiver_phone;
  domain::PhoneId guardian_phone;
};

[[nodiscard]] std::string pin_text(TransferFacts const& facts, LedgerView::Names const& names, std::string_view pin);
[[nodiscard]] std::string claim_text(TransferFacts const& facts, LedgerView::Names const& names,
                                     std::string_view claim_code);
// code: which of several questions is answered; YES or NO without it answers the newest.
[[nodiscard]] std::string guardian_text(TransferFacts const& facts, LedgerView::Names const& names,
                                        std::string_view code);
[[nodiscard]] std::string sender_completed_text(TransferFacts const& facts, LedgerView::Names const& names);
[[nodiscard]] std::string receiver_completed_text(TransferFacts const& facts, LedgerView::Names const& names);
[[nodiscard]] std::string returned_text(TransferFacts const& facts, LedgerView::Names const& names,
                                        domain::ReturnReason reason);
// email_hint: of the person who asks, masked.
[[nodiscard]] std::string share_text(std::string_view email_hint, std::string_view code);

// Back to a phone whose answer was not understood, or answered nothing that waits. ASCII without XML's own characters.
[[nodiscard]] std::string_view how_to_answer_text();

// "al***@example.com": two characters of the name, or one of a name of two or less.
[[nodiscard]] std::string mask_email(std::string_view email);

}  // namespace florin::sagas
