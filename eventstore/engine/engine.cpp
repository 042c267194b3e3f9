#include "eventstore/engine/engine.h"

#include <optional>
#include <utility>

#include "eventstore/engine/bound_keys.h"

namespace florin::eventstore {

Engine::Engine(Recovered recovered, EngineParts const& parts)
    : parts_(parts),
      decider_(std::move(recovered.state), recovered.head.position, recovered.at, parts.log, parts.vault,
               parts.requests, parts.clock, parts.runtime,
               parts.row_keys != nullptr ? std::optional(keys_in_use(parts.vault, *parts.row_keys)) : std::nullopt),
      head_(recovered.head),
      tree_(std::move(recovered.tree)) {
  parts.log.keep_seeds_in(parts.vault);
  FLORIN_ASSERT(parts.durable.position() == head_.position && parts.tail.head() == head_.position);
}

ResultOr<Unit> Engine::decide(std::span<Submission> some, Batch& batch) {
  decider_.read_clock();
  for (auto& submission : some) {
    FLORIN_TRY(decider_.handle(submission, durable(), batch));
  }
  return Unit{};
}

ResultOr<Unit> Engine::append(Batch const& batch) {
  if (batch.rows.empty()) return Unit{};
  auto const expected = head_.position;
  rows_.clear();
  for (auto const& row : batch.rows) {
    auto const bytes = std::string_view(batch.bytes).substr(row.begin, row.end - row.begin);
    head_ = {row.last, chain_link(head_.link, row.last, bytes)};
    tree_.add(head_.link);
    rows_.push_back({row.last, bytes, head_.link});
  }
  return parts_.log.append({expected, parts_.epoch, rows_, batch.seeds});
}

void Engine::publish(Batch const& batch) {
  if (batch.commits.empty()) return;
  FLORIN_ASSERT(batch.commits.back()->last() == head_.position);  // it was appended, and nothing after it
  parts_.durable.apply(batch.commits);
  parts_.tail.publish(batch.commits, rows_);
}

void Engine::answer(Batch& batch) {
  FLORIN_ASSERT(batch.commits.empty() || batch.commits.back()->last() <= durable());  // it was published
  for (auto& answer : batch.answers) answer.reply->complete(std::move(answer.outcome));
}

ResultOr<Unit> Engine::write_checkpoint() {
  auto written = parts_.checkpoints.write({tree_.size(), tree_.root(), head_});
  if (written) signed_size_ = tree_.size();
  return written;
}

Recovered Engine::take_state() {
  return Recovered{std::move(decider_.state()), head_, std::move(tree_), decider_.at()};
}

}  // namespace florin::eventstore
