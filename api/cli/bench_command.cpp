// florin bench replay: how fast this machine recovers a log without any snapshot.
#include <chrono>

#include "api/cli/command.h"
#include "api/cli/progress.h"
#include "api/cli/store.h"
#include "api/http/json.h"
#include "eventstore/engine/recovery.h"
#include "eventstore/runtime/runtime.h"

namespace florin::api::cli {
namespace {

int replay(Invocation const& invocation) {
  auto store = open_store(invocation);
  if (!store) return complain(invocation, store.error());
  auto const head = store.value().log->head();
  if (!head) return complain(invocation, head.error());

  eventstore::Recovered recovered;
  Progress progress("replay", head.value().position.value(), Progress::choose(invocation.json));
  auto const began = eventstore::machine().now();
  // The callback costs a clock reading: once in many commits is enough.
  std::uint64_t commits = 0;
  auto const done = eventstore::replay(*store.value().log, recovered, {}, [&](domain::Commit const& commit) {
    if (++commits % 4096 == 0) progress.update(commit.last().value());
  });
  auto const micros =
      std::chrono::duration_cast<std::chrono::microseconds>(eventstore::machine().now() - began).count();
  progress.finish();
  if (!done) return complain(invocation, done.error());

  auto const events = recovered.head.position.value();
  auto const rate =
      micros > 0 ? static_cast<std::uint64_t>(static_cast<double>(events) * 1e6 / static_cast<double>(micros)) : 0;
  std::string out;
  if (invocation.json) {
    JsonWriter json(out);
    json.begin_object();
    json.integer("events", events);
    json.integer("commits", commits);
    json.integer("players", recovered.state.player_count());
    json.integer("micros", std::int64_t{micros});
    json.integer("events_per_second", rate);
    json.end_object();
    out += '\n';
  } else {
    out = table({{"events", grouped(events)},
                 {"commits", grouped(commits)},
                 {"players", grouped(recovered.state.player_count())},
                 {"milliseconds", grouped(static_cast<std::uint64_t>(micros) / 1'000)},
                 {"events/s", grouped(rate)}},
                {false, true});
  }
  return print(invocation, out) ? kOk : kUnreachable;
}

}  // namespace

void add_bench_commands(CLI::App& app, Invocation& invocation) {
  auto& group = *add_group(app, "bench", "Measure this machine", R"(Examples:
  florin bench replay --data /var/lib/florin)");
  auto* command = add_command(group, invocation, "replay", "Replay the whole log into memory, proofs checked",
                              R"(Examples:
  florin bench replay --data /var/lib/florin
  florin bench replay --data /var/lib/florin --sandbox --json)",
                              [&invocation] { return replay(invocation); });
  add_data_options(*command, invocation);
}

}  // namespace florin::api::cli
