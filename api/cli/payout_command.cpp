// florin payout: the operators' review of what games cash out (CONTRACT, Withdrawals and Operators).
#include <algorithm>

#include "api/cli/command.h"
#include "api/cli/http_client.h"
#include "api/cli/server_call.h"
#include "api/http/json.h"
#include "domain/ids.h"

namespace florin::api::cli {
namespace {

struct PayoutArguments {
  std::string id;
  std::string status;
  std::string reason;
  std::string date;
  std::string cursor;
  int limit = 100;
};

int list(Invocation const& invocation, PayoutArguments const& arguments) {
  ServerCall call;
  call.path = "/admin/payouts?limit=" + std::to_string(arguments.limit);
  if (!arguments.status.empty()) call.path += "&status=" + percent_encode(arguments.status);
  if (!arguments.cursor.empty()) call.path += "&cursor=" + percent_encode(arguments.cursor);
  auto const reply = call_server(invocation, call);
  return reply ? print_reply(invocation, reply.value()) : reply.error();
}

int advance(Invocation const& invocation, PayoutArguments const& arguments, std::string_view verb) {
  if (!domain::parse_payout_id(arguments.id)) {
    return complain(invocation, kUsage, "'" + arguments.id + "' is not a payout id, like po_0000000000G4K");
  }
  ServerCall call;
  call.method = "POST";
  call.path = "/admin/payouts/" + arguments.id + "/" + std::string(verb);
  JsonWriter json(call.body);
  json.begin_object();
  if (!arguments.reason.empty()) json.string("reason", arguments.reason);
  json.end_object();
  auto const reply = call_server(invocation, call);
  return reply ? print_reply(invocation, reply.value()) : reply.error();
}

// The file's bytes as the bank takes them, and nothing else: for a redirection.
int ach(Invocation const& invocation, PayoutArguments const& arguments) {
  ServerCall call;
  call.path = "/admin/payouts/ach?date=" + percent_encode(arguments.date);
  auto const file = call_server_for_text(invocation, call);
  if (!file) return file.error();
  bool const plain = std::all_of(file.value().begin(), file.value().end(),
                                 [](char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\r'; });
  if (!plain) return complain(invocation, kUnreachable, invocation.server + " did not answer with a NACHA file");
  return print_bytes(file.value()) ? kOk : kUnreachable;
}

}  // namespace

void add_payout_commands(CLI::App& app, Invocation& invocation) {
  auto const arguments = std::make_shared<PayoutArguments>();
  auto& group = *add_group(app, "payout", "Review what games cash out, and write the bank's file", R"(Examples:
  florin payout list --status requested
  florin payout approve po_000000000002G
  florin payout process po_000000000002G
  florin payout ach 2026-11-20 > payouts.ach
  florin payout complete po_000000000002G)");

  auto* list_command = add_command(group, invocation, "list", "List payouts, the newest first", R"(Examples:
  florin payout list
  florin payout list --status requested --sandbox --json)",
                                   [&invocation, arguments] { return list(invocation, *arguments); });
  add_server_options(*list_command, invocation);
  list_command->add_option("--status", arguments->status, "only those of this status")
      ->check(one_of({"requested", "approved", "processing", "completed", "rejected", "failed"}));
  list_command->add_option("--limit", arguments->limit, "how many")->check(whole_number(1, 100))->capture_default_str();
  list_command->add_option("--cursor", arguments->cursor, "next_cursor of the page before");

  struct Verb {
    char const* name;
    char const* what;
    char const* examples;
  };
  for (auto const& verb : {
           Verb{"approve", "Approve a requested payout", "Examples:\n  florin payout approve po_000000000002G"},
           Verb{"reject", "Reject a payout that no file has; the amount returns to the game",
                "Examples:\n  florin payout reject po_000000000002G --reason \"unknown account holder\""},
           Verb{"process", "Put an approved payout into today's file, which there is tomorrow (UTC)",
                "Examples:\n  florin payout process po_000000000002G"},
           Verb{"complete", "The bank has paid it", "Examples:\n  florin payout complete po_000000000002G"},
           Verb{"fail", "The bank sent it back, even after paying it; the amount returns to the game",
                "Examples:\n  florin payout fail po_000000000002G --reason \"R02 account closed\""},
       }) {
    std::string_view const name = verb.name;
    auto* command = add_command(group, invocation, verb.name, verb.what, verb.examples,
                                [&invocation, arguments, name] { return advance(invocation, *arguments, name); });
    add_server_options(*command, invocation);
    command->add_option("id", arguments->id, "the payout's id")->required();
    command->add_option("--reason", arguments->reason, "kept with the payout, and shown to the game");
  }

  auto* ach_command =
      add_command(group, invocation, "ach",
                  "Print the NACHA file of a day's payouts: when the day (UTC) is over, always the same one",
                  R"(Examples:
  florin payout ach 2026-11-20 > payouts.ach)",
                  [&invocation, arguments] { return ach(invocation, *arguments); });
  add_server_options(*ach_command, invocation);
  ach_command->add_option("date", arguments->date, "the day (UTC) on which they became processing, YYYY-MM-DD")
      ->required();
}

}  // namespace florin::api::cli
