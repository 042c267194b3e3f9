// florin clock: how the ledger's time stands to this machine's clock, and the word that the clock is right.
#include "api/cli/command.h"
#include "api/cli/server_call.h"

namespace florin::api::cli {
namespace {

int call_clock(Invocation const& invocation, std::string_view method, std::string path) {
  ServerCall call;
  call.method = method;
  call.path = std::move(path);
  auto const reply = call_server(invocation, call);
  return reply ? print_reply(invocation, reply.value()) : reply.error();
}

}  // namespace

void add_clock_commands(CLI::App& app, Invocation& invocation) {
  auto& group = *add_group(app, "clock",
                           "See how the ledger's time stands to the wall clock, and confirm a wall clock "
                           "that is far ahead",
                           R"(Examples:
  florin clock show
  florin clock confirm)");
  auto* show = add_command(group, invocation, "show", "Show both, and whether the wall clock is followed",
                           R"(Examples:
  florin clock show
  florin clock show --sandbox --json)",
                           [&invocation] { return call_clock(invocation, "GET", "/admin/clock"); });
  add_server_options(*show, invocation);
  auto* confirm = add_command(group, invocation, "confirm",
                              "Say that the wall clock is right: a ledger's time behind it goes there at once",
                              R"(Examples:
  florin clock confirm
  florin clock confirm --sandbox)",
                              [&invocation] { return call_clock(invocation, "POST", "/admin/clock/confirm"); });
  add_server_options(*confirm, invocation);
}

}  // namespace florin::api::cli
