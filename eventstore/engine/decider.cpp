#include "eventstore/engine/decider.h"

#include <algorithm>

#include "domain/contract.h"
#include "domain/postings.h"
#include "eventstore/store/read_commit.h"

namespace florin::eventstore {
namespace {

using domain::Commit;
using domain::Position;

// Durable commits kept at hand: a client that repeats a request does so within moments.
constexpr std::size_t kRecentCommits = 4096;

// Stored bytes are wrong, or of a newer version: trying again cannot help. Any other fault of a look-up (no descriptor,
// no memory, a disk that does not answer) may pass, and has left nothing undone.
bool is_damage(Fault const& fault) { return fault.kind == Fault::Kind::corrupt || fault.kind == Fault::Kind::unknown; }

}  // namespace

void Batch::clear() {
  bytes.clear();
  seeds.clear();
  rows.clear();
  commits.clear();
  answers.clear();
}

void Batch::take(Batch& later) {
  if (empty()) {
    std::swap(*this, later);
    later.clear();
    return;
  }
  auto const shift = bytes.size();
  bytes += later.bytes;
  for (auto const row : later.rows) rows.push_back({row.last, row.begin + shift, row.end + shift});
  seeds.insert(seeds.end(), later.seeds.begin(), later.seeds.end());
  std::move(later.commits.begin(), later.commits.end(), std::back_inserter(commits));
  std::move(later.answers.begin(), later.answers.end(), std::back_inserter(answers));
  later.clear();
}

std::uint64_t Entropy::draw() {
  if (next_ == drawn_.size()) {
    runtime_.draw(std::as_writable_bytes(std::span(drawn_)));
    next_ = 0;
  }
  return drawn_[next_++];
}

Decider::Decider(domain::State state, Position head, domain::Timestamp at, Log& log, Vault& vault,
                 RequestIndex& requests, Clock const& clock, Runtime& runtime, std::optional<domain::KeysBound> keys)
    : state_(std::move(state)),
      next_(next(head)),
      at_(at),
      now_(at),
      log_(log),
      vault_(vault),
      requests_(requests),
      clock_(clock),
      entropy_(runtime),
      keys_(keys) {}

void Decider::read_clock() { now_ = std::max(at_, clock_.now()); }

ResultOr<Unit> Decider::handle(Submission& submission, Position durable, Batch& batch) {
  while (recent_.size() > kRecentCommits && recent_.front()->last() <= durable) recent_.pop_front();
  auto const answer = [&](Outcome outcome) {
    batch.answers.push_back({std::move(submission.reply), std::move(outcome)});
    return Unit{};
  };
  auto& request = submission.request;
  if (!request.id.empty()) {
    auto const candidates = requests_.candidates(request.game, request.id);
    if (!candidates && is_damage(candidates.error())) return fail(candidates.error());  // a restart makes it anew
    if (!candidates) return answer(Unavailable::busy);
    auto earlier = find_earlier(request, candidates.value());
    if (!earlier && is_damage(earlier.error())) return answer(earlier.error());
    if (!earlier) return answer(Unavailable::busy);
    if (auto& original = earlier.value()) {
      if (original->request.fingerprint == request.fingerprint) return answer(Repeated{std::move(original)});
      return answer(Reused{std::move(original)});
    }
  }
  FLORIN_TRY(bind_keys(batch));
  auto decision = decide(state_, submission.command, {now_, next_, entropy_.draw()});
  if (!decision) return answer(decision.error());
  auto sealed = seal(std::move(request), std::move(decision).value(), batch);
  if (!sealed) return answer(is_damage(sealed.error()) ? Outcome(sealed.error()) : Unavailable::busy);
  auto recorded = FLORIN_TRY(record(std::move(sealed).value(), batch));
  return answer(Committed{std::move(recorded)});
}

// Before the first decision, so that it knows its position.
ResultOr<Unit> Decider::bind_keys(Batch& batch) {
  if (!keys_ || state_.keys() == keys_) return Unit{};
  FLORIN_TRY(record(std::make_shared<Commit>(Commit{next_, now_, {}, {*keys_}}), batch));
  return Unit{};
}

// Nothing was done when a key cannot be read: the people whom the commit would have registered are forgotten again.
ResultOr<std::shared_ptr<Commit>> Decider::seal(domain::Request request, std::vector<domain::Event> events,
                                                Batch& batch) {
  FLORIN_ASSERT(!events.empty());
  auto commit = std::make_shared<Commit>(Commit{next_, now_, std::move(request), std::move(events)});
  FLORIN_TRY(vault_.seal(*commit, batch.seeds));
  return commit;
}

ResultOr<CommitPtr> Decider::record(std::shared_ptr<Commit> commit, Batch& batch) {
  // The last look before it is history. To stop is better than to write money that came from nowhere.
  for (auto const& event : commit->events) {
    if (!domain::is_balanced(event)) {
      return fault(Fault::Kind::corrupt, "position " + std::to_string(next_.value()) + ": the postings of " +
                                             domain::event_name(event) +
                                             " do not sum to zero; it was not written, and the writer stops");
    }
  }
  if (!commit->request.id.empty()) {
    FLORIN_TRY(requests_.add(commit->request.game, commit->request.id, commit->first, commit->last()));
  }
  apply(state_, *commit);
  auto const begin = batch.bytes.size();
  encoder_.encode(*commit, batch.bytes);
  batch.rows.push_back({commit->last(), begin, batch.bytes.size()});
  batch.commits.push_back(commit);
  recent_.push_back(commit);
  next_ = next(commit->last());
  at_ = now_;
  return CommitPtr(std::move(commit));
}

ResultOr<CommitPtr> Decider::find_earlier(domain::Request const& request, std::span<Position const> candidates) {
  for (auto const first : candidates) {
    auto commit = commit_at(first);
    if (!commit) return commit;
    auto const& theirs = commit.value()->request;
    if (theirs.game == request.game && theirs.id == request.id) return commit;
  }
  return CommitPtr();
}

ResultOr<CommitPtr> Decider::commit_at(Position first) {
  auto const recent = std::lower_bound(recent_.begin(), recent_.end(), first,
                                       [](CommitPtr const& commit, Position at) { return commit->first < at; });
  if (recent != recent_.end() && (*recent)->first == first) return *recent;
  // Not among the recent ones: durable.
  auto commit = FLORIN_TRY(read_commit(log_, first));
  if (!commit) {
    return fault(Fault::Kind::corrupt, "position " + std::to_string(first.value()) + ": no commit begins here");
  }
  return std::make_shared<Commit const>(*std::move(commit));
}

}  // namespace florin::eventstore
