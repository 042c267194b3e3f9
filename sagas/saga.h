// What runs on the effects loop (effects_loop.h): a process manager that follows the commits and acts outside.
//
// All functions are called on the loop's thread.
#pragma once

#include <span>

#include "eventstore/engine/commit.h"

namespace florin::sagas {

class Saga {
 public:
  Saga() = default;
  Saga(Saga const&) = delete;
  Saga& operator=(Saga const&) = delete;
  virtual ~Saga() = default;

  // The next commits of the ledger, in order, each once. Whatever was committed before a reply came is shown before
  // that reply is handled on the loop.
  virtual void on_commits(std::span<eventstore::CommitPtr const> commits) = 0;
  // The clock jumped: begins what is due by now.
  virtual void check() = 0;
  // Whether nothing is due or under way. May begin what is due.
  [[nodiscard]] virtual bool is_idle() = 0;
  // Begins nothing any more, and calls nobody: what waits for an answer is dropped.
  virtual void stop() = 0;
};

}  // namespace florin::sagas
