// From a text that is owed to a message: what it is about from the ledger, whose phone from the vault, the code
// derived, the words from wording.h.
#pragma once

#include <optional>

#include "eventstore/store/log.h"
#include "eventstore/store/vault.h"
#include "sagas/gateways/sms.h"
#include "sagas/ledger_view.h"
#include "sagas/texting/wording.h"

namespace florin::sagas {

// A text on its way.
struct PendingText {
  domain::TextRef text;
  std::optional<TransferFacts> facts;  // of a transfer that has ended, when its end was seen; else read from the log
  unsigned attempts = 0;
};

// What the text about a transfer's end needs, from the event that ended it; nullopt for any other event.
[[nodiscard]] std::optional<TransferFacts> closing_facts(domain::Event const& event);

// Effects thread. References outlive it.
class Composer {
 public:
  Composer(LedgerView const& view, eventstore::Log& log, eventstore::Vault const& vault)
      : view_(view), log_(log), vault_(vault) {}

  // nullopt: the text is pointless by now (its code has expired or was replaced, the matter has ended, or its person
  // was erased). A fault may pass.
  [[nodiscard]] eventstore::ResultOr<std::optional<TextMessage>> compose(PendingText const& pending,
                                                                         domain::Timestamp now) const;

 private:
  struct Draft {
    domain::PhoneId to;
    std::string body;
  };
  [[nodiscard]] eventstore::ResultOr<std::optional<Draft>> draft(PendingText const& pending,
                                                                 domain::Timestamp now) const;
  [[nodiscard]] std::optional<Draft> draft_open(domain::TextRef const& text, domain::Timestamp now) const;
  [[nodiscard]] std::optional<Draft> draft_share(domain::TextRef const& text, domain::Timestamp now) const;
  [[nodiscard]] eventstore::ResultOr<std::optional<TransferFacts>> facts_in_log(domain::TransferId transaction) const;

  LedgerView const& view_;
  eventstore::Log& log_;
  eventstore::Vault const& vault_;
};

}  // namespace florin::sagas
