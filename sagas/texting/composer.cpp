#include "sagas/texting/composer.h"

#include "eventstore/store/codes.h"
#include "eventstore/store/read_commit.h"

namespace florin::sagas {
namespace {

using domain::GuardianState;
using domain::TextKind;
using domain::TextRef;
using domain::Timestamp;
using domain::TransferStage;
using eventstore::Fault;
using eventstore::Field;
using eventstore::ResultOr;

TransferFacts facts_of(domain::OpenTransfer const& open) {
  return {open.flavour, open.sender,       open.currency,       open.target,        open.amount,
          open.net(),   open.sender_phone, open.receiver_phone, open.guardian_phone};
}

// The text of a person's field; nullopt when the person was erased.
ResultOr<std::optional<std::string>> reveal(eventstore::Vault const& vault, domain::IdentityId identity, Field field,
                                            domain::PersonalText const& text) {
  auto clear = vault.open(identity, field, text);
  if (clear) return std::optional(std::move(clear).value());
  if (clear.error().kind == Fault::Kind::missing) return std::optional<std::string>{};
  return fail(clear.error());
}

}  // namespace

std::optional<TransferFacts> closing_facts(domain::Event const& event) {
  if (auto const* claimed = std::get_if<domain::TransferClaimed>(&event)) {
    return TransferFacts{claimed->flavour,      claimed->sender,         claimed->currency,
                         claimed->target,       claimed->amount,         claimed->net(),
                         claimed->sender_phone, claimed->receiver_phone, {}};
  }
  if (auto const* returned = std::get_if<domain::TransferReleased>(&event)) {
    return TransferFacts{returned->flavour,
                         returned->sender,
                         returned->currency,
                         returned->target,
                         returned->amount,
                         domain::Money{},
                         returned->sender_phone,
                         {},
                         {}};
  }
  return std::nullopt;
}

ResultOr<std::optional<TransferFacts>> Composer::facts_in_log(domain::TransferId transaction) const {
  auto commit = FLORIN_TRY(eventstore::read_commit(log_, transaction.position()));
  if (!commit) return std::optional<TransferFacts>{};
  for (auto const& event : commit->events) {
    auto const* e = std::get_if<domain::TransferInitiated>(&event);
    if (e == nullptr) continue;
    return std::optional(TransferFacts{e->flavour, e->sender, e->currency, e->target, e->amount,
                                       e->amount - e->fees.total(), e->sender_phone, e->receiver_phone, e->guardian});
  }
  return std::optional<TransferFacts>{};
}

// PIN, claim code, guardian's question: only while the transfer waits for exactly that.
std::optional<Composer::Draft> Composer::draft_open(TextRef const& text, Timestamp now) const {
  auto const open = view_.transfer(domain::TransferId(text.about));
  if (!open || now >= open->expires_at()) return std::nullopt;
  auto const facts = facts_of(*open);
  auto const names = view_.names(open->sender, open->currency, open->target);
  switch (text.kind) {
    case TextKind::pin:
      if (open->stage != TransferStage::pin || now >= open->pin_expires_at) return std::nullopt;
      if (text.detail + 1 != open->pins_issued) return std::nullopt;
      return Draft{open->sender_phone, pin_text(facts, names, vault_.codes().pin(open->transaction, text.detail))};
    case TextKind::claim_code:
      if (open->stage != TransferStage::claim) return std::nullopt;
      return Draft{open->receiver_phone, claim_text(facts, names, vault_.codes().claim_code(open->transaction))};
    case TextKind::guardian_question:
      if (open->guardian != GuardianState::pending) return std::nullopt;
      return Draft{open->guardian_phone, guardian_text(facts, names, vault_.codes().otp(text.about))};
    case TextKind::share_code:
    case TextKind::sender_completed:
    case TextKind::receiver_completed:
    case TextKind::sender_returned: break;
  }
  return std::nullopt;
}

std::optional<Composer::Draft> Composer::draft_share(TextRef const& text, Timestamp now) const {
  auto const share = view_.share(domain::ApprovalId(text.about));
  if (!share || now >= share->expires_at) return std::nullopt;
  auto const asking = view_.phone(share->phone);
  if (!asking) return std::nullopt;
  auto const email = reveal(vault_, asking->identity, Field::email, asking->email);
  if (!email || !email.value()) return std::nullopt;
  return Draft{share->owner, share_text(mask_email(*email.value()), vault_.codes().otp(text.about))};
}

ResultOr<std::optional<Composer::Draft>> Composer::draft(PendingText const& pending, Timestamp now) const {
  auto const& text = pending.text;
  switch (text.kind) {
    case TextKind::pin:
    case TextKind::claim_code:
    case TextKind::guardian_question: return draft_open(text, now);
    case TextKind::share_code: return draft_share(text, now);
    case TextKind::sender_completed:
    case TextKind::receiver_completed:
    case TextKind::sender_returned: break;
  }
  auto facts = pending.facts;
  if (!facts) {
    auto read = FLORIN_TRY(facts_in_log(domain::TransferId(text.about)));
    facts = read;
  }
  if (!facts) return std::optional<Draft>{};
  auto const names = view_.names(facts->sender, facts->currency, facts->target);
  if (text.kind == TextKind::sender_completed) {
    return std::optional(Draft{facts->sender_phone, sender_completed_text(*facts, names)});
  }
  if (text.kind == TextKind::receiver_completed) {
    return std::optional(Draft{facts->receiver_phone, receiver_completed_text(*facts, names)});
  }
  return std::optional(
      Draft{facts->sender_phone, returned_text(*facts, names, static_cast<domain::ReturnReason>(text.detail))});
}

ResultOr<std::optional<TextMessage>> Composer::compose(PendingText const& pending, Timestamp now) const {
  auto drafted = FLORIN_TRY(draft(pending, now));
  if (!drafted) return std::optional<TextMessage>{};
  auto const phone = view_.phone(drafted->to);
  if (!phone) return std::optional<TextMessage>{};
  auto number = FLORIN_TRY(reveal(vault_, phone->identity, Field::phone, phone->number));
  if (!number || number->empty()) return std::optional<TextMessage>{};
  auto const& text = pending.text;
  return std::optional(TextMessage{std::move(*number), std::move(drafted->body),
                                   "text-" + std::to_string(text.about.value()) + "-" +
                                       std::to_string(static_cast<int>(text.kind)) + "-" +
                                       std::to_string(text.detail)});
}

}  // namespace florin::sagas
