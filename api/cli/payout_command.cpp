// florin payout: the operators' review of what games cash out (CONTRACT, Withdrawals and Operators).
#include <algorithm>
#include <cstdio>
#include <fstream>

#include "api/cli/command.h"
#include "api/cli/http_client.h"
#include "api/cli/server_call.h"
#include "api/http/json.h"
#include "api/http/printable_text.h"
#include "domain/ids.h"
#include "domain/percent.h"

namespace florin::api::cli {
namespace {

struct PayoutArguments {
  std::string id;
  std::string status;
  std::string reason;
  std::string date;
  std::string file;
  std::string cursor;
  int limit = 100;
};

int list(Invocation const& invocation, PayoutArguments const& arguments) {
  ServerCall call;
  call.path = "/admin/payouts?limit=" + std::to_string(arguments.limit);
  if (!arguments.status.empty()) call.path += "&status=" + domain::percent_encode(arguments.status);
  if (!arguments.cursor.empty()) call.path += "&cursor=" + domain::percent_encode(arguments.cursor);
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

int files(Invocation const& invocation, PayoutArguments const& arguments) {
  ServerCall call;
  call.path = "/admin/payouts/ach/files?date=" + domain::percent_encode(arguments.date);
  auto const reply = call_server(invocation, call);
  return reply ? print_reply(invocation, reply.value()) : reply.error();
}

// The file's bytes as the bank takes them, and nothing else: for a redirection. Of a day of several files one must be
// named, so that none is forgotten; who is in none is said on stderr.
int ach(Invocation const& invocation, PayoutArguments const& arguments) {
  ServerCall call;
  call.path = "/admin/payouts/ach/files?date=" + domain::percent_encode(arguments.date);
  auto const listed = call_server(invocation, call);
  if (!listed) return listed.error();
  std::string letters;
  std::size_t count = 0;
  for (auto const file : simdjson::dom::array(listed.value().root["files"])) {
    letters.append(count++ == 0 ? "" : ", ").append(std::string_view(file["file"]));
  }
  if (count > 1 && arguments.file.empty()) {
    return complain(invocation, kUsage, "that day has the files " + letters + ": take each of them with --file");
  }
  call.path = "/admin/payouts/ach?date=" + domain::percent_encode(arguments.date);
  if (!arguments.file.empty()) call.path += "&file=" + domain::percent_encode(arguments.file);
  auto const file = call_server_for_text(invocation, call);
  if (!file) return file.error();
  bool const plain = std::all_of(file.value().begin(), file.value().end(),
                                 [](char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\r'; });
  if (!plain) return complain(invocation, kUnreachable, invocation.server + " did not answer with a NACHA file");
  for (auto const left_out : simdjson::dom::array(listed.value().root["left_out"])) {
    std::fprintf(stderr, "florin: %s is in no file, because %s: fail it\n",
                 printable(std::string_view(left_out["payout_id"])).c_str(),
                 printable(std::string_view(left_out["reason"])).c_str());
  }
  return print_bytes(file.value()) ? kOk : kUnreachable;
}

int returns(Invocation const& invocation, PayoutArguments const& arguments) {
  constexpr std::size_t kFileBytesMax = std::size_t{4} << 20;
  std::ifstream in(arguments.file, std::ios::binary);
  ServerCall call;
  call.method = "POST";
  call.path = "/admin/payouts/ach/returns";
  call.content_type = "text/plain";
  call.body.resize(kFileBytesMax + 1);
  bool const opened = in.is_open();
  in.read(call.body.data(), static_cast<std::streamsize>(call.body.size()));
  call.body.resize(static_cast<std::size_t>(in.gcount()));
  auto const* const wrong = !opened || in.bad()                ? "cannot be read"
                            : call.body.empty()                ? "is empty"
                            : call.body.size() > kFileBytesMax ? "is larger than 4 MiB"
                                                               : nullptr;
  if (wrong != nullptr) return complain(invocation, kUsage, "'" + arguments.file + "' " + wrong);
  auto const reply = call_server(invocation, call);
  if (!reply) return reply.error();
  auto const count = [&](char const* name) {
    std::uint64_t number = 0;
    return reply.value().root[name].get_uint64().get(number) == simdjson::SUCCESS ? number : 0;
  };
  // To import a file twice is no mistake of the file, but somebody should see that nothing of it was booked.
  bool const nothing_booked = count("refused") > 0 && count("returned") == 0 && count("corrected") == 0;
  auto const printed = print_reply(invocation, reply.value());
  if (printed != kOk || !nothing_booked) return printed;
  remark("every entry was refused: nothing was booked");
  return kCheckFailed;
}

}  // namespace

void add_payout_commands(CLI::App& app, Invocation& invocation) {
  auto const arguments = std::make_shared<PayoutArguments>();
  auto& group = *add_group(app, "payout", "Review what games cash out, and write the bank's file", R"(Examples:
  florin payout list --status requested
  florin payout approve po_000000000002G
  florin payout process po_000000000002G
  florin payout ach 2026-11-20 > payouts.ach
  florin payout returns returns.ach
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
                  "Print a NACHA file of a day's payouts: there when the day (UTC) is over, and from then on the same",
                  R"(Examples:
  florin payout ach 2026-11-20 > payouts.ach
  florin payout ach 2026-11-20 --file B > payouts-B.ach)",
                  [&invocation, arguments] { return ach(invocation, *arguments); });
  ach_command->get_option("--json")->description("only of what goes wrong: the file is printed as it is");
  add_server_options(*ach_command, invocation);
  ach_command->add_option("date", arguments->date, "the day (UTC) on which they became processing")
      ->required()
      ->check(a_day());
  ach_command->add_option("--file", arguments->file, "which of the day's files, if there are several: A, B, …");

  auto* files_command = add_command(group, invocation, "files", "List the NACHA files of a day, and who is in none",
                                    R"(Examples:
  florin payout files 2026-11-20)",
                                    [&invocation, arguments] { return files(invocation, *arguments); });
  add_server_options(*files_command, invocation);
  files_command->add_option("date", arguments->date, "the day (UTC)")->required()->check(a_day());

  auto* returns_command = add_command(group, invocation, "returns",
                                      "Import what the bank sent back: returns fail their payouts, changes mark them "
                                      "(exit 1: every entry was refused)",
                                      R"(Examples:
  florin payout returns returns.ach)",
                                      [&invocation, arguments] { return returns(invocation, *arguments); });
  add_server_options(*returns_command, invocation);
  returns_command->add_option("file", arguments->file, "the bank's file; to import it again changes nothing")
      ->required();
}

}  // namespace florin::api::cli
