#include "sagas/texting/wording.h"

#include <algorithm>

namespace florin::sagas {
namespace {

using domain::Flavour;

constexpr std::string_view kNeverAsked = "Our employees will never ask you for this code.";

std::string_view word(Flavour flavour) { return flavour == Flavour::send ? "currency send" : "currency transfer"; }

// "Your Invo currency send from Adventure Quest to Space Warriors"
std::string yours(TransferFacts const& facts, LedgerView::Names const& names) {
  std::string text = "Your Invo ";
  text += word(facts.flavour);
  text += " from " + names.source_game + " to " + names.target_game;
  return text;
}

std::string money(domain::Money amount, LedgerView::Names const& names) {
  return domain::to_string(amount) + " " + names.currency;
}

std::string_view why(domain::ReturnReason reason) {
  using domain::ReturnReason;
  switch (reason) {
    case ReturnReason::wrong_pins: return "failed after too many wrong codes";
    case ReturnReason::pin_expired: return "expired because it was not verified in time";
    case ReturnReason::claim_expired: return "expired because it was not claimed in time";
    case ReturnReason::guardian_rejected: return "was not approved by the guardian";
    case ReturnReason::guardian_expired: return "expired because the guardian did not answer in time";
    case ReturnReason::cancelled: return "was cancelled";
  }
  return "ended";
}

}  // namespace

std::string pin_text(TransferFacts const& facts, LedgerView::Names const& names, std::string_view pin) {
  auto text = yours(facts, names) + " verification code is ";
  text += pin;
  text += ". Valid for 10 minutes. ";
  text += kNeverAsked;
  return text;
}

std::string claim_text(TransferFacts const& facts, LedgerView::Names const& names, std::string_view claim_code) {
  std::string text = "You have received an Invo ";
  text += word(facts.flavour);
  text += " of " + money(facts.net, names) + " from " + names.source_game + ". Your claim code in " +
          names.target_game + " is ";
  text += claim_code;
  text += ". Valid for 24 hours, with this phone only. ";
  text += kNeverAsked;
  return text;
}

std::string guardian_text(TransferFacts const& facts, LedgerView::Names const& names, std::string_view code) {
  std::string text = "You are the guardian on file for an Invo player who asks for a ";
  text += word(facts.flavour);
  text +=
      " of " + money(facts.amount, names) + " from " + names.source_game + " to " + names.target_game + ". Reply YES ";
  text += code;
  text += " to approve or NO ";
  text += code;
  text += " to reject within 15 minutes.";
  return text;
}

std::string sender_completed_text(TransferFacts const& facts, LedgerView::Names const& names) {
  return yours(facts, names) + " is complete: " + money(facts.amount, names) + " left your balance.";
}

std::string receiver_completed_text(TransferFacts const& facts, LedgerView::Names const& names) {
  std::string text = "Your Invo claim is complete: " + domain::to_string(facts.net) + " arrived in " +
                     names.target_game + ", sent from " + names.source_game + ".";
  return text;
}

std::string returned_text(TransferFacts const& facts, LedgerView::Names const& names, domain::ReturnReason reason) {
  auto text = yours(facts, names) + " ";
  text += why(reason);
  text += ". " + money(facts.amount, names) + " are back in your balance.";
  return text;
}

std::string share_text(std::string_view email_hint, std::string_view code) {
  std::string text = "The Invo account ";
  text += email_hint;
  text += " asks to use this phone number. Your approval code is ";
  text += code;
  text += ". Valid for 10 minutes. Reply YES to approve or NO to reject. ";
  text += kNeverAsked;
  return text;
}

std::string_view how_to_answer_text() {
  // One segment of GSM-7: at most 160 characters.
  return "Your answer was not understood and changed nothing. Reply YES or NO, or YES or NO and the 6-digit code of "
         "our "
         "text.";
}

std::string mask_email(std::string_view email) {
  auto const at = email.rfind('@');
  if (at == std::string_view::npos) return "***";
  auto shown = std::min<std::size_t>(at > 2 ? 2 : 1, at);
  // Never half of a character.
  while (shown < at && (static_cast<unsigned char>(email[shown]) & 0xc0u) == 0x80u) ++shown;
  return std::string(email.substr(0, shown)) + "***" + std::string(email.substr(at));
}

}  // namespace florin::sagas
