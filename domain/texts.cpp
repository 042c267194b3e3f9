#include "domain/texts.h"

#include "domain/decider.h"

namespace florin::domain {

char const* text_kind_name(TextKind kind) {
  switch (kind) {
    case TextKind::pin: return "pin";
    case TextKind::claim_code: return "claim_code";
    case TextKind::guardian_question: return "guardian_question";
    case TextKind::share_code: return "share_code";
    case TextKind::sender_completed: return "sender_completed";
    case TextKind::receiver_completed: return "receiver_completed";
    case TextKind::sender_returned: return "sender_returned";
  }
  return "";
}

char const* text_end_name(TextEnd end) {
  switch (end) {
    case TextEnd::sent: return "sent";
    case TextEnd::refused: return "refused";
    case TextEnd::dropped: return "dropped";
  }
  return "";
}

std::vector<TextRef> texts_owed(Event const& event) {
  using Texts = std::vector<TextRef>;
  return std::visit(
      Overloaded{
          [](GameEvent auto const&) { return Texts{}; },
          [](KeyEvent auto const&) { return Texts{}; },
          [](PersonEvent auto const&) { return Texts{}; },
          [](WalletEvent auto const&) { return Texts{}; },
          [](ItemEvent auto const&) { return Texts{}; },
          [](TransferInitiated const& e) {
            Texts texts{{e.transaction.position(), TextKind::pin, 0}};
            if (e.guardian) texts.push_back({e.transaction.position(), TextKind::guardian_question, 0});
            return texts;
          },
          [](PinReissued const& e) { return Texts{{e.transaction.position(), TextKind::pin, e.pin}}; },
          [](PinVerified const& e) { return Texts{{e.transaction.position(), TextKind::claim_code, 0}}; },
          [](TransferClaimed const& e) {
            return Texts{{e.transaction.position(), TextKind::sender_completed, 0},
                         {e.transaction.position(), TextKind::receiver_completed, 0}};
          },
          [](TransferReleased const& e) {
            return Texts{{e.transaction.position(), TextKind::sender_returned, static_cast<std::uint8_t>(e.reason)}};
          },
          [](TransferEvent auto const&) { return Texts{}; },
          [](PhoneShareRequested const& e) { return Texts{{e.approval.position(), TextKind::share_code, 0}}; },
          [](PhoneShareEvent auto const&) { return Texts{}; },
          [](TextEvent auto const&) { return Texts{}; },
          [](CardOrderEvent auto const&) { return Texts{}; },
          [](RefundEvent auto const&) { return Texts{}; },
          [](PayoutEvent auto const&) { return Texts{}; },
      },
      event);
}

// Those that are still owed: a text may have become pointless, or been settled, while its outcome was on the way.
Decision Decider::operator()(SettleTexts const& command) const {
  std::vector<Event> events;
  OwedTexts seen;
  for (auto const& settled : command.texts) {
    if (state.owed_texts().contains(settled.text) && seen.insert(settled.text).second) events.emplace_back(settled);
  }
  if (events.empty()) return refuse(RejectionCode::nothing_to_settle);
  return events;
}

void Fold::operator()(TextSettled const& e) const { FLORIN_ASSERT(state.owed_texts_.erase(e.text) == 1); }

}  // namespace florin::domain
