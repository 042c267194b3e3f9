#include "tests/support/offline_store.h"

namespace florin::tests {

using eventstore::Fault;
using eventstore::ResultOr;

ResultOr<OfflineStore> OfflineStore::create(api::Layout layout) {
  std::error_code error;
  std::filesystem::create_directories(layout.vault(), error);
  if (error) return eventstore::fault(Fault::Kind::io, layout.vault().string() + ": " + error.message());
  OfflineStore store;
  auto log = eventstore::SqliteLog::open(layout.log());
  if (!log) return fail(log.error());
  auto const epoch = log.value()->lease();
  if (!epoch) return fail(epoch.error());
  auto const head = log.value()->head();
  if (!head) return fail(head.error());
  if (head.value().position) {
    return eventstore::fault(Fault::Kind::conflict, layout.log().string() + " already holds events");
  }
  auto vault = eventstore::Vault::open(layout.vault());
  if (!vault) return fail(vault.error());
  if (auto used = log.value()->use_keys(layout.row_keys()); !used) return fail(used.error());
  auto checkpoints = eventstore::CheckpointFile::open(layout.folder);
  if (!checkpoints) return fail(checkpoints.error());
  store.log_ = std::move(log).value();
  store.epoch_ = epoch.value();
  store.vault_ = std::move(vault).value();
  store.log_->keep_seeds_in(*store.vault_);
  store.checkpoints_ = std::make_unique<eventstore::CheckpointFile>(std::move(checkpoints).value());
  store.encoder_ = std::make_unique<eventstore::Encoder>();
  return store;
}

ResultOr<domain::Decision> OfflineStore::run(domain::Command const& command, domain::Request request,
                                             domain::Timestamp at, std::uint64_t entropy) {
  auto const first = domain::next(recovered_.head.position);
  auto decision = domain::decide(recovered_.state, command, {at, first, entropy});
  if (!decision) return decision;
  domain::Commit commit{first, at, std::move(request), decision.value()};
  if (auto sealed = vault_->seal(commit, seeds_); !sealed) return fail(sealed.error());
  domain::apply(recovered_.state, commit);
  Pending pending{commit.last(), bytes_.size(), 0, {}};
  encoder_->encode(commit, bytes_);
  pending.end = bytes_.size();
  pending.link = eventstore::chain_link(recovered_.head.link, pending.last,
                                        std::string_view(bytes_).substr(pending.begin, pending.end - pending.begin));
  recovered_.tree.add(pending.link);
  recovered_.head = {pending.last, pending.link};
  pending_.push_back(pending);
  return decision;
}

ResultOr<Unit> OfflineStore::flush() {
  if (pending_.empty()) return Unit{};
  std::vector<eventstore::StoredCommit> rows;
  rows.reserve(pending_.size());
  for (auto const& commit : pending_) {
    rows.push_back(
        {commit.last, std::string_view(bytes_).substr(commit.begin, commit.end - commit.begin), commit.link});
  }
  if (auto appended = log_->append({durable_, epoch_, rows, seeds_}); !appended) return appended;
  durable_ = recovered_.head.position;
  pending_.clear();
  seeds_.clear();
  bytes_.clear();
  return Unit{};
}

ResultOr<Unit> OfflineStore::write_checkpoint() {
  if (auto flushed = flush(); !flushed) return flushed;
  return checkpoints_->write({recovered_.tree.size(), recovered_.tree.root(), recovered_.head});
}

domain::PlayerRef OfflineStore::player(std::string email, std::string name) const {
  domain::PlayerRef ref;
  ref.email_index = vault_->email_index(email);
  ref.name_tag = vault_->name_tag(name);
  ref.email = std::move(email);
  ref.name = std::move(name);
  return ref;
}

}  // namespace florin::tests
