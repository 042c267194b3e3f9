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
  return std::visit(Overloaded{
                        [](GameCreated const&) { return Texts{}; },
                        [](GameUpdated const&) { return Texts{}; },
                        [](CurrencyAdded const&) { return Texts{}; },
                        [](CurrencyChanged const&) { return Texts{}; },
                        [](SdkKeyRotated const&) { return Texts{}; },
                        [](IdentityRegistered const&) { return Texts{}; },
                        [](PlayerJoined const&) { return Texts{}; },
                        [](PlayerRenamed const&) { return Texts{}; },
                        [](StartingBalanceGranted const&) { return Texts{}; },
                        [](BalanceCredited const&) { return Texts{}; },
                        [](BalanceDebited const&) { return Texts{}; },
                        [](ItemPurchased const&) { return Texts{}; },
                        [](ItemRefunded const&) { return Texts{}; },
                        [](PhoneRecorded const&) { return Texts{}; },
                        [](PhoneVerified const&) { return Texts{}; },
                        [](MinorFlagged const&) { return Texts{}; },
                        [](MinorCleared const&) { return Texts{}; },
                        [](TransferInitiated const& e) {
                          Texts texts{{e.transaction, TextKind::pin, 0}};
                          if (e.guardian) texts.push_back({e.transaction, TextKind::guardian_question, 0});
                          return texts;
                        },
                        [](PinReissued const& e) { return Texts{{e.transaction, TextKind::pin, e.pin}}; },
                        [](PinRejected const&) { return Texts{}; },
                        [](PinVerified const& e) { return Texts{{e.transaction, TextKind::claim_code, 0}}; },
                        [](GuardianApproved const&) { return Texts{}; },
                        [](TransferClaimed const& e) {
                          return Texts{{e.transaction, TextKind::sender_completed, 0},
                                       {e.transaction, TextKind::receiver_completed, 0}};
                        },
                        [](TransferReleased const& e) {
                          return Texts{{e.transaction, TextKind::sender_returned, static_cast<std::uint8_t>(e.reason)}};
                        },
                        [](PhoneShareRequested const& e) { return Texts{{e.approval, TextKind::share_code, 0}}; },
                        [](ShareCodeRejected const&) { return Texts{}; },
                        [](PhoneShareEnded const&) { return Texts{}; },
                        [](ReplyReceived const&) { return Texts{}; },
                        [](TextSettled const&) { return Texts{}; },
                        [](CheckoutOpened const&) { return Texts{}; },
                        [](CurrencyOrdered const&) { return Texts{}; },
                        [](PaymentOpened const&) { return Texts{}; },
                        [](PaymentChallenged const&) { return Texts{}; },
                        [](CurrencyPurchased const&) { return Texts{}; },
                        [](PaymentFailed const&) { return Texts{}; },
                        [](RefundRequested const&) { return Texts{}; },
                        [](RefundSettled const&) { return Texts{}; },
                        [](DisputeOpened const&) { return Texts{}; },
                        [](DisputeClosed const&) { return Texts{}; },
                        [](PayoutRequested const&) { return Texts{}; },
                        [](PayoutAdvanced const&) { return Texts{}; },
                        [](DisputeMoved const&) { return Texts{}; },
                        [](PayoutFileWritten const&) { return Texts{}; },
                        [](PayoutAccountCorrected const&) { return Texts{}; },
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
  if (events.empty()) return refuse(Rejection::nothing_to_settle);
  return events;
}

void Fold::operator()(TextSettled const& e) const { FLORIN_ASSERT(state.owed_texts_.erase(e.text) == 1); }

}  // namespace florin::domain
