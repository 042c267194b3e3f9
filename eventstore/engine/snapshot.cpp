#include "eventstore/engine/snapshot.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "eventstore/engine/block_fields.h"
#include "eventstore/engine/game_fields.h"
#include "eventstore/engine/snapshot_files.h"
#include "eventstore/engine/state_file.h"
#include "eventstore/store/commit_reader.h"

namespace florin::eventstore {
namespace {

namespace fs = std::filesystem;
using domain::Position;
using domain::State;

// A new version for every change of what fields() or the row layouts say, and of what apply() makes of old events.
constexpr BlockFileKind kKind{"FLORINSS", 8};
static_assert(sizeof(State::IdentityRow) == 16 && sizeof(State::PlayerRow) == 8 && sizeof(State::WalletRow) == 24);

// Where a snapshot stands: the first thing in it.
struct Place {
  Head head;
  domain::Timestamp at;
  std::uint64_t tree_size = 0;
  std::vector<domain::Digest> subtrees;
};

template <class Stream>
bool fields(Stream& s, Place& place) {
  return field(s, place.head.position) && fields(s, place.head.link) && field(s, place.at) &&
         s.number(place.tree_size) && s.list(place.subtrees, [&](domain::Digest& digest) { return fields(s, digest); });
}

bool get_state(FieldsIn& in, State& state) {
  std::vector<domain::Game> games;
  if (!in.list(games, [&](domain::Game& game) { return fields(in, game); })) return false;
  state.restore_games(std::move(games));
  auto const& known = state.games();
  auto const restored =
      get_rows<State::IdentityRow>(
          in, [&](State::IdentityRow const& row) { state.prefetch_identity(row.email_index); },
          [&](State::IdentityRow const& row) {
            state.restore_identity(row);
            return true;
          }) &&
      get_rows<State::PlayerRow>(
          in,
          [&](State::PlayerRow const& row) {
            if (row.game < known.size()) state.prefetch_player(known[row.game].id, domain::IdentityId(row.identity));
          },
          [&](State::PlayerRow const& row) {
            if (row.game >= known.size() || row.identity == 0 || row.identity > state.identity_count()) return false;
            state.restore_player(row);
            return true;
          }) &&
      get_rows<State::WalletRow>(
          in,
          [&](State::WalletRow const& row) {
            state.prefetch_wallet(domain::PlayerId(row.player), domain::CurrencyId(row.currency));
          },
          [&](State::WalletRow const& row) {
            if (row.player == 0 || row.player > state.player_count()) return false;
            if (row.currency == 0 || row.currency > state.currency_count()) return false;
            state.restore_wallet(row);
            return true;
          });
  return restored &&
         get_rows<std::uint64_t>(
             in, [](std::uint64_t) {},
             [&](std::uint64_t order) {
               state.restore_refunded(order);
               return true;
             }) &&
         get_open_matters(in.from, state);
}

SnapshotFiles files_in(Files& files, fs::path const& folder) { return {files, folder, kStateSnapshots}; }

ResultOr<bool> log_has(Log& log, Head const& head) {
  auto const link = FLORIN_TRY(link_at(log, head.position));
  return link == head.link;
}

ResultOr<Recovered> read_snapshot(Files& files, fs::path const& file, Position position, Log& log) {
  auto opened = FLORIN_TRY(BlockReader::open(file, kKind, files));
  auto& reader = *opened;
  auto const refuse = [&] {
    if (reader.failed()) return fail(reader.why());
    return fault(Fault::Kind::corrupt, file.filename().string() + ": holds what no state can");
  };
  FieldsIn in{reader};
  Place place;
  if (!fields(in, place) || place.head.position != position) return refuse();
  if (static_cast<std::size_t>(std::popcount(place.tree_size)) != place.subtrees.size()) return refuse();
  auto const ours = FLORIN_TRY(log_has(log, place.head));
  if (!ours) return fault(Fault::Kind::conflict, file.filename().string() + ": not of this log");

  Recovered recovered;
  recovered.head = place.head;
  recovered.at = place.at;
  recovered.snapshot = place.head.position;
  recovered.tree = MerkleTree::restore(place.tree_size, std::move(place.subtrees));
  if (!get_state(in, recovered.state) || !reader.at_end()) return refuse();
  return recovered;
}

}  // namespace

ResultOr<Unit> write_snapshot(fs::path const& folder, Recovered const& recovered, Files& files) {
  if (!recovered.head.position) return Unit{};
  auto snapshots = files_in(files, folder);
  FLORIN_TRY(snapshots.prepare());
  auto created = FLORIN_TRY(BlockWriter::create(snapshots.file(recovered.head.position), kKind, files));
  FieldsOut out{*created};
  Place place{recovered.head, recovered.at, recovered.tree.size(), recovered.tree.subtrees()};
  fields(out, place);
  State const& state = recovered.state;
  auto games = state.games();
  out.list(games, [&](domain::Game& game) { return fields(out, game); });
  put_rows(out, state.identity_rows());
  put_rows(out, state.player_rows());
  put_rows(out, state.wallet_rows());
  auto const refunded = state.refunded_orders();
  out.number(refunded.size());
  out.raw(refunded.data(), refunded.size() * sizeof refunded[0]);
  put_open_matters(*created, state);
  FLORIN_TRY(created->commit());
  return snapshots.delete_others(recovered.head.position);
}

ResultOr<Recovered> read_newest_snapshot(fs::path const& folder, Log& log, Position limit,
                                         std::vector<std::string>* skipped, Files& files) {
  auto const found = FLORIN_TRY(files_in(files, folder).list());
  for (auto const& [position, file] : found) {
    if (position > limit) continue;
    auto recovered = read_snapshot(files, file, position, log);
    if (recovered) return recovered;
    if (skipped != nullptr) skipped->push_back(recovered.error().what);
  }
  return fault(Fault::Kind::missing, "no snapshot");
}

}  // namespace florin::eventstore
