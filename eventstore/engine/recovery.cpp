#include "eventstore/engine/recovery.h"

#include "domain/wallets_moved.h"
#include "eventstore/engine/fold_check.h"
#include "eventstore/store/commit_reader.h"
#include "eventstore/store/linked_reader.h"

namespace florin::eventstore {
namespace {

using domain::Commit;
using domain::Position;

constexpr std::size_t kPrefetchCommits = 32;  // decoding them hides the misses of applying them

// What apply will look up first.
void prefetch(domain::State const& state, domain::Event const& event) {
  if (auto const* registered = std::get_if<domain::IdentityRegistered>(&event)) {
    state.prefetch_identity(registered->email_index);
  } else if (auto const* joined = std::get_if<domain::PlayerJoined>(&event)) {
    state.prefetch_player(joined->game, joined->identity);
  } else {
    domain::for_each_wallet(
        event, [&](domain::PlayerId player, domain::CurrencyId currency) { state.prefetch_wallet(player, currency); });
  }
}

// The index needs the ids of commits that the snapshot already contains.
ResultOr<Unit> refill(Log& log, RequestIndex& requests, Position until) {
  if (requests.covered() >= until) return Unit{};
  auto cursor = FLORIN_TRY(CommitReader::after(log, requests.covered()));
  if (!cursor) {
    return fault_at(requests.covered(), Fault::Kind::corrupt,
                    "no commit ends here, which the request index says: delete the folder requests, it is made anew");
  }
  while (cursor->head().position < until) {
    auto const commit = FLORIN_TRY(cursor->next());
    if (!commit) return Unit{};
    auto const& request = commit->request;
    if (request.id.empty()) continue;
    FLORIN_TRY(requests.add(request.game, request.id, commit->first, commit->last()));
  }
  return Unit{};
}

}  // namespace

ResultOr<Unit> replay(Log& log, Recovered& recovered, Position until, OnReplay const& on_replay) {
  auto before = recovered.head.position;
  LinkedReader reader(log, recovered.head, std::move(recovered.tree), until, nullptr);
  std::vector<Commit> group;
  group.reserve(kPrefetchCommits);
  auto const apply_group = [&] {
    for (auto const& commit : group) {
      for (auto const& event : commit.events) prefetch(recovered.state, event);
    }
    for (auto const& commit : group) {
      apply(recovered.state, commit);
      recovered.at = commit.at;
      if (on_replay) on_replay(commit);
    }
    group.clear();
  };
  for (;;) {
    auto const block = FLORIN_TRY(reader.next());
    if (block == nullptr) break;
    for (auto const& row : block->rows) {
      auto commit = FLORIN_TRY(open_row(block->of(row), row.last, before));
      before = row.last;
      group.push_back(std::move(commit));
      if (group.size() == kPrefetchCommits) apply_group();
    }
  }
  apply_group();
  recovered.head = reader.head();
  recovered.tree = std::move(reader.tree());
  return Unit{};
}

ResultOr<Recovered> recover(Log& log, std::filesystem::path const& snapshots, RequestIndex* requests,
                            DurableState* durable, std::vector<std::string>* skipped, Files& files) {
  auto const head = FLORIN_TRY(log.head());
  if (durable != nullptr) {
    auto read = durable->read_newest_snapshot(snapshots, log, head.position, skipped, files);
    if (!read && read.error().kind != Fault::Kind::missing && skipped != nullptr) {
      skipped->push_back(read.error().what);
    }
  }
  Recovered recovered;
  auto snapshot = read_newest_snapshot(snapshots, log, head.position, skipped, files);
  if (snapshot) {
    recovered = std::move(snapshot).value();
  } else if (snapshot.error().kind != Fault::Kind::missing) {
    return fail(snapshot.error());
  }
  if (requests != nullptr) {
    FLORIN_TRY(refill(log, *requests, recovered.head.position));
  }
  std::optional<Fault> fold_fault;  // the first, of what folds along
  auto const keep = [&](ResultOr<Unit> const& done) {
    if (!done && !fold_fault) fold_fault = done.error();
  };
  auto const fold = [&](Commit const& commit) {
    if (fold_fault) return;
    if (requests != nullptr && !commit.request.id.empty()) {
      keep(requests->add(commit.request.game, commit.request.id, commit.first, commit.last()));
    }
    if (durable == nullptr || commit.first <= durable->position()) return;
    // Its snapshot may be older than the write model's: then it reads what lies between.
    if (commit.first > next(durable->position())) keep(durable->catch_up(log, Position(commit.first.value() - 1)));
    if (!fold_fault) durable->apply(commit);
  };
  if (auto replayed = replay(log, recovered, {}, fold); !replayed) return fail(replayed.error());
  if (durable != nullptr && !fold_fault) keep(durable->catch_up(log, recovered.head.position));
  if (fold_fault) return fail(*fold_fault);
  if (recovered.head != head) {
    return fault_at(next(recovered.head.position), Fault::Kind::corrupt,
                    "missing; the log's head is position " + std::to_string(head.position.value()));
  }
  return recovered;
}

ResultOr<Unit> check_checkpoint(Log& log, Checkpoint const& checkpoint) {
  if (!checkpoint.head.position) return Unit{};
  auto cursor = FLORIN_TRY(log.read(checkpoint.head.position));
  auto const row = FLORIN_TRY(cursor->next());
  if (row && row->last == checkpoint.head.position && row->link == checkpoint.head.link) {
    return Unit{};
  }
  return fault_at(checkpoint.head.position, Fault::Kind::corrupt,
                  "not in the log as the signed checkpoint says: the log was truncated or exchanged");
}

ResultOr<Verified> verify(Log& log, Checkpoint const* checkpoint, std::function<void(Position)> const& progress) {
  Verified verified;
  domain::State state;
  domain::Timestamp at;
  Position before;
  LinkedReader reader(log, {}, {}, {}, checkpoint);
  for (;;) {
    auto const block = FLORIN_TRY(reader.next());
    if (block == nullptr) break;
    for (auto const& row : block->rows) {
      auto const opened = FLORIN_TRY(open_row(block->of(row), row.last, before));
      Commit const& commit = opened;
      if (commit.at < at) return fault_at(commit.first, Fault::Kind::corrupt, "earlier than the commit before");
      auto position = commit.first;
      for (auto const& event : commit.events) {
        if (auto const* why = why_impossible(state, event, {commit.at, commit.first, position})) {
          return fault_at(position, Fault::Kind::corrupt, std::string(event_name(event)) + ": " + why);
        }
        apply(state, event, commit.at);
        position = next(position);
      }
      at = commit.at;
      before = row.last;
      ++verified.commits;
      verified.events += commit.events.size();
    }
    if (progress) progress(before);
  }
  verified.keys = state.keys();
  // Where it says that it ends.
  if (auto const end = log.head(); !end) {
    return fault_at(next(reader.head().position), end.error().kind, end.error().what);
  }
  verified.head = reader.head();
  verified.root = reader.tree().root();
  return verified;
}

}  // namespace florin::eventstore
