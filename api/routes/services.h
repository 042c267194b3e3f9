// What the routes of one environment work with. Built by serve(), outlives the router.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "api/budget.h"
#include "api/http/message.h"
#include "api/http/worker.h"
#include "api/ledger/reader.h"
#include "api/ledger/sandbox.h"
#include "api/limits.h"
#include "api/openapi.h"
#include "api/routes/card_tries.h"
#include "api/routes/hinted_questions.h"
#include "api/stream_slots.h"
#include "eventstore/runtime/runtime.h"

namespace florin::api {

class Environment;

// One environment as its routes see it. Outlives the router.
struct Services {
  Ledger const& ledger;
  WorkerPool& workers;  // the environment's own: what the sandbox waits for never holds production up
  Limits& limits;
  Budget& batch_bytes;                           // of batch replies on their way to slow readers, in the whole process
  std::string root;                              // "" for production, "/sandbox" for the sandbox
  std::string_view admin_token_hash{};           // SHA-256; empty: no operator may call
  std::span<Environment* const> environments{};  // every one of the process
  eventstore::AdjustableClock* adjustable_clock = nullptr;  // the sandbox's
  Sandbox* sandbox = nullptr;                               // the simulated outside world; null in production
  ApiDocument openapi{};
  ApiDocument openapi_3_0{};
  eventstore::Runtime& runtime = eventstore::machine();  // new keys are drawn from it
  StreamSlots streams{};
  HintedQuestions hinted{};
  CardTries card_tries{};
  [[nodiscard]] std::string api() const { return root + "/api"; }
};

}  // namespace florin::api
