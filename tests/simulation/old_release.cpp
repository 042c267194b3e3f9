#include "tests/simulation/old_release.h"

#include <optional>
#include <string>
#include <vector>

#include "domain/contract.h"
#include "eventstore/store/chain.h"
#include "eventstore/store/codec.h"
#include "eventstore/store/vault.h"
#include "tests/simulation/process.h"
#include "tests/support/commands.h"
#include "tests/support/facts.h"
#include "tests/support/format_1_log.h"

namespace florin::simulation {

using namespace domain;
using eventstore::ResultOr;

namespace {

constexpr std::int64_t kWrittenSeconds = 1'799'990'000;  // hours before the simulation begins
constexpr std::uint64_t kEntropy = 4'711;

struct OldStore {
  std::optional<test_support::Format1Log> log;
  std::unique_ptr<eventstore::Vault> vault;
  State state;
  eventstore::Head head;

  [[nodiscard]] static Timestamp at() { return Timestamp::from_seconds(kWrittenSeconds); }

  // One commit, durable when it returns.
  ResultOr<Commit> record(std::vector<Event> events) {
    Commit commit{next(head.position), at(), {}, std::move(events)};
    std::vector<eventstore::PersonSeed> seeds;
    FLORIN_TRY(vault->seal(commit, seeds));
    apply(state, commit);
    std::string bytes;
    eventstore::Encoder().encode(commit, bytes);
    head = {commit.last(), eventstore::chain_link(head.link, commit.last(), bytes)};
    eventstore::StoredCommit const row{commit.last(), bytes, head.link};
    FLORIN_TRY(vault->keep(seeds));
    FLORIN_TRY(log->append({&row, 1}));
    return commit;
  }
  ResultOr<Commit> run(Command const& command) {
    auto decision = decide(state, command, {at(), next(head.position), kEntropy});
    FLORIN_ASSERT(decision.ok());
    return record(std::move(decision).value());
  }
};

}  // namespace

ResultOr<Unit> write_old_release(SimulatedRuntime& runtime, Companies& companies, bool won) {
  OldStore store;
  if (auto made = runtime.files().make_folder(kFolder); !made) return fail(made.error());
  store.log = FLORIN_TRY(test_support::Format1Log::create(kFolder + "/log.db"));
  auto vault = eventstore::Vault::open(kFolder + "/vault", runtime);
  if (!vault) return fail(vault.error());
  store.vault = std::move(vault).value();

  auto create = test_support::create_game("old game");
  create.settings.status = GameStatus::live;
  if (auto created = store.run(create); !created) return fail(created.error());
  auto const& game = store.state.games()[0];
  auto const usd = Usd::from_minor(2'000);
  auto player = test_support::person(0);
  player.email_index = store.vault->email_index(player.email);
  auto placed = store.run(OrderCurrency{game.id, player, {}, usd, "pm_card", {}});
  if (!placed) return fail(placed.error());
  auto const fact = samples::fact_in<CurrencyOrdered>(placed.value());
  auto const report = companies.charge(fact);
  if (auto paid = store.run(ReportPayment{report, fact, {}}); !paid) return fail(paid.error());
  auto const name = companies.dispute(report.reference, won).disputes.front().reference;
  auto const& ordered = *fact;
  auto const fee = Usd::from_minor(1'500);
  auto const before = store.state.wallet(ordered.player, ordered.currency).available;
  auto opened = store.record(
      {DisputeOpened{ordered.order, name, ordered.player, ordered.currency, usd, fee, before - units_of(usd)}});
  if (!opened) return fail(opened.error());
  auto closed = store.record({DisputeClosed{ordered.order, name, ordered.player, ordered.currency, usd, won,
                                            won ? before : before - units_of(usd)}});
  if (!closed) return fail(closed.error());
  return Unit{};
}

}  // namespace florin::simulation
