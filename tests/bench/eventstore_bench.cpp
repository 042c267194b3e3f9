// What the event store costs: one operation each, on one core.
#include <benchmark/benchmark.h>

#include "eventstore/store/chain.h"
#include "eventstore/store/codec.h"
#include "eventstore/store/sqlite_log.h"
#include "eventstore/store/vault.h"
#include "tests/eventstore/samples.h"
#include "tests/eventstore/temporary_folder.h"

namespace florin::eventstore {
namespace {

void encode(benchmark::State& state) {
  auto const commit = samples::purchase();
  Encoder encoder;
  std::string out;
  for (auto _ : state) {
    out.clear();
    encoder.encode(commit, out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(encode);

void decode_aligned(benchmark::State& state) {
  std::string bytes;
  Encoder().encode(samples::purchase(), bytes);
  for (auto _ : state) benchmark::DoNotOptimize(decode(bytes));
}
BENCHMARK(decode_aligned);

void decode_unaligned(benchmark::State& state) {
  std::string bytes = " ";
  Encoder().encode(samples::purchase(), bytes);
  for (auto _ : state) benchmark::DoNotOptimize(decode(std::string_view(bytes).substr(1)));
}
BENCHMARK(decode_unaligned);

void sha256_of_256_bytes(benchmark::State& state) {
  std::string const bytes(256, 'x');
  for (auto _ : state) benchmark::DoNotOptimize(sha256(bytes));
}
BENCHMARK(sha256_of_256_bytes);

void link_and_tree(benchmark::State& state) {
  std::string const bytes(256, 'x');
  MerkleTree tree;
  domain::Digest link{};
  std::uint64_t last = 0;
  for (auto _ : state) {
    link = chain_link(link, domain::Position(++last), bytes);
    tree.add(link);
  }
}
BENCHMARK(link_and_tree);

// Batches of purchases: encode, link, append with a full sync. The rate counts commits.
void append_batches(benchmark::State& state) {
  TemporaryFolder const folder;
  auto const log = SqliteLog::open(folder / "log.db");
  auto const epoch = log.value()->lease().value();
  auto const batch_size = static_cast<std::size_t>(state.range(0));
  auto commit = samples::purchase();
  Encoder encoder;
  domain::Digest link{};
  std::uint64_t last = 0;
  std::vector<std::string> bytes(batch_size);
  std::vector<StoredCommit> batch(batch_size);
  // First fill the WAL once: from then on it is overwritten, as it is in a server that has run for a minute.
  std::string const large(1u << 20, 'x');
  constexpr std::uint64_t kFill = 20;
  for (; last < kFill; ++last) {
    link = chain_link(link, domain::Position(last + 1), large);
    StoredCommit const row{domain::Position(last + 1), large, link};
    if (!log.value()->append({domain::Position(last), epoch, {&row, 1}})) state.SkipWithError("append failed");
  }
  for (auto _ : state) {
    domain::Position const expected(last);
    for (std::size_t i = 0; i < batch_size; ++i) {
      commit.first = domain::Position(++last);
      bytes[i].clear();
      encoder.encode(commit, bytes[i]);
      link = chain_link(link, commit.first, bytes[i]);
      batch[i] = {commit.first, bytes[i], link};
    }
    if (!log.value()->append({expected, epoch, batch})) state.SkipWithError("append failed");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(last - kFill));
}
BENCHMARK(append_batches)->Arg(1)->Arg(16)->Arg(64)->Arg(256)->UseRealTime()->MinTime(2);

struct FilledLog {
  static constexpr std::uint64_t kRows = 500'000;
  TemporaryFolder folder;
  std::unique_ptr<SqliteLog> log;

  FilledLog() {
    log = std::move(SqliteLog::open(folder / "log.db")).value();
    auto const epoch = log->lease().value();
    std::string bytes;
    Encoder().encode(samples::purchase(), bytes);
    std::vector<StoredCommit> batch(5000);
    domain::Digest link{};
    for (std::uint64_t last = 0; last < kRows;) {
      domain::Position const expected(last);
      for (auto& commit : batch) {
        link = chain_link(link, domain::Position(++last), bytes);
        commit = {domain::Position(last), bytes, link};
      }
      if (!log->append({expected, epoch, batch})) std::abort();
    }
  }
};

void scan(benchmark::State& state) {
  FilledLog const filled;
  for (auto _ : state) {
    auto const cursor = std::move(filled.log->read(domain::Position(1))).value();
    std::uint64_t rows = 0;
    while (cursor->next().value()) ++rows;
    if (rows != FilledLog::kRows) state.SkipWithError("rows are missing");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * FilledLog::kRows));
}
BENCHMARK(scan)->UseRealTime();

void read_one(benchmark::State& state) {
  FilledLog const filled;
  std::uint64_t at = 1;
  for (auto _ : state) {
    at = at * 48'271 % 499'979;
    benchmark::DoNotOptimize(filled.log->read(domain::Position(at + 1)).value()->next().value());
  }
}
BENCHMARK(read_one);

void email_index(benchmark::State& state) {
  TemporaryFolder const folder;
  auto const vault = Vault::open(folder.path());
  for (auto _ : state) benchmark::DoNotOptimize(vault.value()->email_index("some.player@example.org"));
}
BENCHMARK(email_index);

domain::Commit registration(std::uint64_t identity) {
  domain::IdentityRegistered event;
  event.identity = domain::IdentityId(identity);
  event.email = {"some.player@example.org", false};
  return samples::commit(domain::Event(event));
}

void seal_new_person(benchmark::State& state) {
  TemporaryFolder const folder;
  auto const vault = Vault::open(folder.path());
  std::uint64_t identity = 0;
  std::vector<PersonSeed> seeds;
  for (auto _ : state) {
    auto commit = registration(++identity);
    seeds.clear();
    if (!vault.value()->seal(commit, seeds) || !vault.value()->keep(seeds)) state.SkipWithError("seal failed");
  }
}
BENCHMARK(seal_new_person);

void open_sealed(benchmark::State& state) {
  TemporaryFolder const folder;
  auto const vault = Vault::open(folder.path());
  auto commit = registration(1);
  std::vector<PersonSeed> seeds;
  if (!vault.value()->seal(commit, seeds) || !vault.value()->keep(seeds)) state.SkipWithError("seal failed");
  auto const& email = std::get<domain::IdentityRegistered>(commit.events[0]).email;
  for (auto _ : state) benchmark::DoNotOptimize(vault.value()->open(domain::IdentityId(1), Field::email, email));
}
BENCHMARK(open_sealed);

}  // namespace
}  // namespace florin::eventstore

BENCHMARK_MAIN();
