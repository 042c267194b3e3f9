// florin keys: the keys that a log is written with, from the folder of a stopped server.
#include "api/cli/command.h"
#include "api/cli/store.h"
#include "api/http/json.h"

namespace florin::api::cli {
namespace {

int rotate(Invocation const& invocation) {
  auto const store = open_store(invocation);
  if (!store) return complain(invocation, store.error());
  auto const& layout = store.value().layout;
  auto const number = add_row_key(layout);
  if (!number) {
    return complain(invocation,
                    {number.error().kind, place_of(invocation, store.value()) + ": " + number.error().what});
  }
  std::string out;
  if (invocation.json) {
    JsonWriter json(out);
    json.begin_object();
    json.string("status", "ok");
    json.integer("row_key", number.value());
    json.end_object();
    out += '\n';
  } else {
    out = "key " + std::to_string(number.value()) + " was added to " + layout.row_keys().string() +
          ": the next start writes under it, and the log's next commit says so. Rows of older keys stay readable.\n"
          "Back the vault up now: an older rows.keys does not open what is written from here on.\n";
  }
  return print(invocation, out) ? kOk : kUnreachable;
}

}  // namespace

void add_keys_commands(CLI::App& app, Invocation& invocation) {
  auto& group = *add_group(app, "keys", "The keys that a log is written with", R"(Examples:
  florin keys rotate --data /var/lib/florin)");
  auto* command =
      add_command(group, invocation, "rotate", "Add a key for the MACs of the log's rows; the server must not run",
                  R"(Examples:
  florin keys rotate --data /var/lib/florin
  florin keys rotate --data /var/lib/florin --sandbox --json)",
                  [&invocation] { return rotate(invocation); });
  add_data_options(*command, invocation);
}

}  // namespace florin::api::cli
