// florin projection list | rebuild: the read models of the running server. A rebuild is built beside the live one and
// swapped; this command waits until that is done.
#include <chrono>
#include <thread>

#include "api/cli/command.h"
#include "api/cli/http_client.h"
#include "api/cli/json_view.h"
#include "api/cli/progress.h"
#include "api/cli/server_call.h"
#include "api/http/json.h"
#include "domain/percent.h"
#include "eventstore/runtime/thread.h"

namespace florin::api::cli {
namespace {

namespace dom = simdjson::dom;

constexpr auto kPollPause = std::chrono::milliseconds(200);

std::uint64_t number(simdjson::simdjson_result<dom::element> value) {
  std::uint64_t out = 0;
  return value.get_uint64().get(out) == simdjson::SUCCESS ? out : 0;
}

double rate(simdjson::simdjson_result<dom::element> value) {
  double out = 0;
  return value.get_double().get(out) == simdjson::SUCCESS ? out : 0;
}

std::int64_t eta(simdjson::simdjson_result<dom::element> value) {
  std::int64_t out = 0;
  return value.get_int64().get(out) == simdjson::SUCCESS ? out : -1;
}

std::string state_of(dom::element projection) {
  dom::object rebuild;
  if (projection["rebuild"].get_object().get(rebuild) == simdjson::SUCCESS) {
    auto const target = number(rebuild["target"]);
    return "rebuilding, " + std::to_string(target == 0 ? 100 : number(rebuild["position"]) * 100 / target) + " %";
  }
  bool failed = false;
  if (projection["failed"].get_bool().get(failed) == simdjson::SUCCESS && failed) {
    return "failed: " + scalar_text(projection["error"]);
  }
  return "ok";
}

int list(Invocation const& invocation) {
  ServerCall call;
  call.path = "/admin/projections";
  auto const reply = call_server(invocation, call);
  if (!reply) return reply.error();
  if (invocation.json) return print_reply(invocation, reply.value());
  dom::array projections;
  if (reply.value().root["projections"].get_array().get(projections) != simdjson::SUCCESS) {
    return complain(invocation, kUnreachable, "the server's reply has no list of projections");
  }
  std::vector<std::vector<std::string>> rows{{"name", "version", "position", "lag", "state"}};
  for (auto const projection : projections) {
    rows.push_back({scalar_text(projection["name"]), scalar_text(projection["version"]),
                    grouped(number(projection["position"])), grouped(number(projection["lag"])), state_of(projection)});
  }
  return print(table(rows, {false, true, true, true, false})) ? kOk : kUnreachable;
}

int finished(Invocation const& invocation, std::string const& name, dom::element projection) {
  bool failed = false;
  if (projection["failed"].get_bool().get(failed) == simdjson::SUCCESS && failed) {
    return complain(invocation, kCheckFailed, name + ": the rebuild failed: " + scalar_text(projection["error"]));
  }
  auto const position = number(projection["position"]);
  std::string out;
  if (invocation.json) {
    JsonWriter json(out);
    json.begin_object();
    json.string("status", "success");
    json.string("name", name);
    json.integer("version", eta(projection["version"]));
    json.integer("position", position);
    json.integer("lag", number(projection["lag"]));
    json.end_object();
    out += '\n';
  } else {
    out = name + " is rebuilt and live at position " + grouped(position) + '\n';
  }
  return print(invocation, out) ? kOk : kUnreachable;
}

int rebuild(Invocation const& invocation, std::string const& name) {
  ServerCall start;
  start.method = "POST";
  start.path = "/admin/projections/" + domain::percent_encode(name) + "/rebuild";
  auto const started = call_server(invocation, start);
  if (!started) return started.error();

  ServerCall ask;
  ask.path = "/admin/projections/" + domain::percent_encode(name) + "/progress";
  Progress progress("rebuild " + domain::percent_encode(name), 0, Progress::choose(invocation.json));
  for (;;) {
    auto const reply = call_server(invocation, ask);
    if (!reply) return reply.error();
    dom::object running;
    if (reply.value().root["rebuild"].get_object().get(running) != simdjson::SUCCESS) {
      progress.finish();
      return finished(invocation, name, reply.value().root);
    }
    progress.update(number(running["position"]), number(running["target"]), rate(running["events_per_second"]),
                    eta(running["eta_seconds"]));
    eventstore::pause_this_thread(kPollPause);
  }
}

}  // namespace

void add_projection_commands(CLI::App& app, Invocation& invocation) {
  auto const name = std::make_shared<std::string>();
  auto& group = *add_group(app, "projection", "List and rebuild the read models", R"(Examples:
  florin projection list
  florin projection rebuild history)");
  auto* list_command = add_command(group, invocation, "list", "List the read models and how far behind each is",
                                   R"(Examples:
  florin projection list
  florin projection list --sandbox --json)",
                                   [&invocation] { return list(invocation); });
  add_server_options(*list_command, invocation);
  auto* rebuild_command =
      add_command(group, invocation, "rebuild", "Build a read model anew beside the live one, then swap", R"(Examples:
  florin projection rebuild history
  florin projection rebuild orders --sandbox --json)",
                  [&invocation, name] { return rebuild(invocation, *name); });
  add_server_options(*rebuild_command, invocation);
  rebuild_command->add_option("name", *name, "which: see florin projection list")->required();
}

}  // namespace florin::api::cli
