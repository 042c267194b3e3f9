// File balances-<position>.bin, in checked blocks (engine/block_file.h): position and link, the games (each as the
// encoded events that make it), then identity, player and wallet rows, each with what is shown of it, the refunded
// orders, the open matters (engine/state_file.h), and the phones' numbers. Texts lie with their rows, so what
// renames left behind in memory is gone after a restart.
#include <array>
#include <bit>

#include "eventstore/engine/block_file.h"
#include "eventstore/engine/durable_state_impl.h"
#include "eventstore/engine/game_fields.h"
#include "eventstore/engine/snapshot_files.h"
#include "eventstore/engine/state_file.h"
#include "eventstore/store/codec.h"
#include "eventstore/store/commit_reader.h"

namespace florin::eventstore {
namespace {

namespace fs = std::filesystem;
using domain::Position;
using domain::State;

// A new version for every change of the order below, of a row's layout, of a game's fields, or of the open matters.
constexpr BlockFileKind kKind{"FLORINBA", 5};
constexpr std::size_t kPrefetchRows = 32;  // enough to hide a miss in an index behind the work on the rows before it

static_assert(sizeof(State::IdentityRow) == 16 && sizeof(State::PlayerRow) == 8 && sizeof(State::WalletRow) == 24);
static_assert(std::endian::native == std::endian::little, "rows are stored as they are in memory");

template <class T>
void put(BlockWriter& out, T const& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  out.put({reinterpret_cast<char const*>(&value), sizeof value});
}

template <class T>
bool get(BlockReader& in, T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return in.get({reinterpret_cast<char*>(&value), sizeof value});
}

template <class Stream>
bool fields(Stream& s, Former& former) {
  bool there = former.spec.has_value();
  if (!field(s, former.game) || !field(s, former.currency) || !field(s, former.until) || !s.text(former.name) ||
      !s.number(there)) {
    return false;
  }
  if (!there) return true;
  if (!former.spec) former.spec.emplace();
  return fields(s, *former.spec);
}

void put_bytes(BlockWriter& out, std::string_view bytes) {
  put(out, static_cast<std::uint32_t>(bytes.size()));
  out.put(bytes);
}

bool get_bytes(BlockReader& in, std::string& bytes) {
  std::uint32_t size = 0;
  if (!get(in, size) || size > kMaxCommitBytes) return false;
  bytes.resize(size);
  return in.get({bytes.data(), bytes.size()});
}

void put_text(BlockWriter& out, domain::PersonalText const& text) {
  put(out, static_cast<std::uint8_t>(text.sealed));
  put_bytes(out, text.bytes);
}

bool get_text(BlockReader& in, domain::PersonalText& text) {
  std::uint8_t sealed = 0;
  if (!get(in, sealed) || sealed > 1) return false;
  text.sealed = sealed == 1;
  return get_bytes(in, text.bytes);
}

bool put_games(BlockWriter& to, State const& state, std::vector<Former> former) {
  FieldsOut out{to};
  auto games = state.games();
  return out.list(games, [&](domain::Game& game) { return fields(out, game); }) &&
         out.list(former, [&](Former& one) { return fields(out, one); });
}

bool get_games(BlockReader& from, State& state, std::vector<Former>& former) {
  FieldsIn in{from};
  std::vector<domain::Game> games;
  if (!in.list(games, [&](domain::Game& game) { return fields(in, game); })) return false;
  state.restore_games(std::move(games));
  return in.list(former, [&](Former& one) { return fields(in, one); });
}

// Reads `count` records a few ahead of their use: fetch(record) hints the index that use(record) will touch.
template <class Record, class Read, class Fetch, class Use>
bool get_records(BlockReader& in, Read&& read, Fetch&& fetch, Use&& use) {
  std::uint64_t left = 0;
  if (!get(in, left)) return false;
  std::array<Record, kPrefetchRows> window;
  while (left > 0) {
    auto const some = std::min<std::uint64_t>(left, window.size());
    for (std::size_t i = 0; i < some; ++i) {
      if (!read(window[i])) return false;
      fetch(window[i]);
    }
    for (std::size_t i = 0; i < some; ++i) {
      if (!use(window[i])) return false;
    }
    left -= some;
  }
  return true;
}

SnapshotFiles files_in(Files& files, fs::path const& folder) { return {files, folder, kBalanceSnapshots}; }

}  // namespace

ResultOr<Unit> DurableState::write_snapshot(fs::path const& folder, Log& log, Files& files) const {
  std::shared_lock const lock(impl_->mutex);
  auto const& view = *impl_;
  auto const& state = view.state;
  auto const position = domain::Position(view.position);
  if (!position) return Unit{};
  auto const link = FLORIN_TRY(link_at(log, position));
  if (!link) return fault(Fault::Kind::conflict, "balances: the log does not reach their position");
  auto snapshots = files_in(files, folder);
  FLORIN_TRY(snapshots.prepare());

  auto created = FLORIN_TRY(BlockWriter::create(snapshots.file(position), kKind, files));
  auto& out = *created;
  put(out, position);
  put(out, *link);
  put_games(out, state, view.former);
  put(out, state.identity_count());
  for (std::size_t i = 0; i < view.identities.size(); ++i) {
    put(out, state.identity_rows()[i]);
    put_text(out, view.texts.get(view.identities[i].email));
  }
  put(out, state.player_count());
  for (std::size_t i = 0; i < view.players.size(); ++i) {
    auto const& player = view.players[i];
    put(out, state.player_rows()[i]);
    put_text(out, view.texts.get(player.name));
    put(out, player.name_tag);
    put(out, player.joined);
    put(out, player.last_active);
  }
  put(out, state.wallet_count());
  for (std::size_t i = 0; i < view.wallets.size(); ++i) {
    put(out, state.wallet_rows()[i]);
    put(out, view.wallets[i]);
  }
  auto const refunded = state.refunded_orders();
  put(out, std::uint64_t{refunded.size()});
  for (auto const order : refunded) put(out, order);
  put_open_matters(out, state);
  for (std::size_t i = 0; i < view.phones.size(); ++i) put_text(out, view.texts.get(view.phones[i].number));
  put(out, std::uint64_t{view.former_names.size()});
  for (auto const& [until, name] : view.former_names) {
    put(out, until.first);
    put(out, until.second);
    put_text(out, name);
  }
  FLORIN_TRY(out.commit());
  // What stays is found again next time.
  static_cast<void>(snapshots.delete_others(position));
  return Unit{};
}

struct DurableState::SnapshotReader {
  BlockReader& in;
  Impl& view;

  bool identities() {
    struct Record {
      State::IdentityRow row;
      domain::PersonalText email;
    };
    return get_records<Record>(
        in, [&](Record& r) { return get(in, r.row) && get_text(in, r.email); },
        [&](Record const& r) { view.state.prefetch_identity(r.row.email_index); },
        [&](Record const& r) {
          view.state.restore_identity(r.row);
          view.identities.push_back({view.texts.add(r.email)});
          return true;
        });
  }

  bool players() {
    struct Record {
      State::PlayerRow row;
      domain::PersonalText name;
      Impl::PlayerProfile profile;
    };
    auto const& games = view.state.games();
    return get_records<Record>(
        in,
        [&](Record& r) {
          return get(in, r.row) && get_text(in, r.name) && get(in, r.profile.name_tag) && get(in, r.profile.joined) &&
                 get(in, r.profile.last_active) && r.row.game < games.size() && r.row.identity != 0 &&
                 r.row.identity <= view.state.identity_count();
        },
        [&](Record const& r) { view.state.prefetch_player(games[r.row.game].id, domain::IdentityId(r.row.identity)); },
        [&](Record& r) {
          view.state.restore_player(r.row);
          r.profile.name = view.texts.add(r.name);
          view.players.push_back(r.profile);
          return true;
        });
  }

  bool wallets() {
    struct Record {
      State::WalletRow row;
      Impl::WalletProfile profile;
    };
    return get_records<Record>(
        in,
        [&](Record& r) {
          return get(in, r.row) && get(in, r.profile) && r.row.player != 0 &&
                 r.row.player <= view.state.player_count() && r.row.currency != 0 &&
                 r.row.currency <= view.state.currency_count();
        },
        [&](Record const& r) {
          view.state.prefetch_wallet(domain::PlayerId(r.row.player), domain::CurrencyId(r.row.currency));
        },
        [&](Record const& r) {
          view.state.restore_wallet(r.row);
          view.wallets.push_back(r.profile);
          return true;
        });
  }

  // One for each phone of the state, which is there already.
  bool phones() {
    for (std::uint64_t i = 0; i < view.state.phones().count(); ++i) {
      domain::PersonalText number;
      if (!get_text(in, number)) return false;
      view.phones.push_back({view.texts.add(number)});
    }
    return true;
  }

  bool former_names() {
    struct Record {
      domain::PlayerId player;
      Position until;
      domain::PersonalText name;
    };
    return get_records<Record>(
        in, [&](Record& r) { return get(in, r.player) && get(in, r.until) && get_text(in, r.name); },
        [](Record const&) {},
        [&](Record& r) {
          if (view.state.game_of(r.player) == nullptr || !r.until) return false;
          return view.former_names.try_emplace({r.player, r.until}, std::move(r.name)).second;
        });
  }

  bool refunded() {
    return get_records<std::uint64_t>(
        in, [&](std::uint64_t& order) { return get(in, order); }, [](std::uint64_t) {},
        [&](std::uint64_t order) {
          view.state.restore_refunded(order);
          return true;
        });
  }
};

// The durable state in one file, or what is wrong with the file.
ResultOr<std::unique_ptr<DurableState::Impl>> DurableState::read_snapshot(Files& files, fs::path const& file,
                                                                          Position position, Log& log) {
  auto opened = FLORIN_TRY(BlockReader::open(file, kKind, files));
  auto& in = *opened;
  auto const refuse = [&] {
    if (in.failed()) return fail(in.why());
    return fault(Fault::Kind::corrupt, file.filename().string() + ": holds what no view can");
  };
  Position stands_at;
  domain::Digest link{};
  if (!get(in, stands_at) || !get(in, link) || stands_at != position) return refuse();
  auto const log_link = FLORIN_TRY(link_at(log, position));
  if (log_link != link) {
    return fault(Fault::Kind::conflict, file.filename().string() + ": not of this log");
  }
  auto view = std::make_unique<Impl>();
  SnapshotReader reader{in, *view};
  if (!get_games(in, view->state, view->former) || !reader.identities() || !reader.players() || !reader.wallets() ||
      !reader.refunded() || !get_open_matters(in, view->state) || !reader.phones() || !reader.former_names() ||
      !in.at_end()) {
    return refuse();
  }
  view->position = position.value();
  return view;
}

ResultOr<Unit> DurableState::read_newest_snapshot(fs::path const& folder, Log& log, Position limit,
                                                  std::vector<std::string>* skipped, Files& files) {
  FLORIN_ASSERT(impl_->position == 0);
  auto const found = FLORIN_TRY(files_in(files, folder).list());
  for (auto const& [position, file] : found) {
    if (position > limit) continue;
    auto view = read_snapshot(files, file, position, log);
    if (view) {
      impl_ = std::move(view).value();
      return Unit{};
    }
    if (skipped != nullptr) skipped->push_back(view.error().what);
  }
  return fault(Fault::Kind::missing, "no snapshot of the balances");
}

}  // namespace florin::eventstore
