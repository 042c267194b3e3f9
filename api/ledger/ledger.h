// The one service that every way in uses: what may be asked of the ledger of an environment. Nothing above api/ledger
// reaches the engine, the store or the read models (a house rule).
//
//   commands     execute a command, wait until it is durable
//   state        every wallet, person and open matter as of the last durable commit; memory, never behind a reply
//   views        the read models on disk, with a freshness                        on a worker
//   commits      one commit, one past event                                       on a worker
//   people       e-mails, phones and names: looked up, and in clear
//   codes        PINs, one-time passwords, claim codes, approval ids, links
//   cards, texts, bank_files                                                      the outside world
//
// Use cases without HTTP stand beside it, a file each (card_orders.h, checkout_sessions.h, transfers.h, payouts.h …).
#pragma once

#include <string>

#include "api/ledger/bank_files.h"
#include "api/ledger/card_gateway.h"
#include "api/ledger/commits.h"
#include "api/ledger/execute.h"
#include "api/ledger/people.h"
#include "api/ledger/views.h"
#include "eventstore/runtime/clock.h"
#include "sagas/texting/text_sender.h"

namespace florin::api {

// Where the SMS provider posts what phones answer: its form is signed over this URL with this token.
struct InboundOptions {
  std::string public_url;
  std::string auth_token;  // empty: nothing is accepted
};

// Owned by the Environment, whose parts it refers to. Each part's header says which thread may use it.
struct Ledger {
  std::string const& name;  // "production" or "sandbox"
  eventstore::Clock& clock;
  Commands commands;
  eventstore::DurableState const& state;
  Views views;
  Commits commits;
  People people;
  eventstore::Codes const& codes;
  CardGateway cards;
  BankFiles bank_files;
  sagas::TextSender& texts;
  InboundOptions const& inbound;
  std::string const& public_url;  // where browsers and processors find it: "https://pay.example.com/sandbox"
};

}  // namespace florin::api
