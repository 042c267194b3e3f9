// florin log tail | show: the events themselves, read from the folder.
#include <chrono>
#include <csignal>
#include <thread>

#include "api/cli/command.h"
#include "api/cli/store.h"
#include "api/event_json.h"
#include "api/event_text.h"
#include "domain/postings.h"
#include "domain/time_input.h"
#include "eventstore/engine/moment.h"
#include "eventstore/runtime/thread.h"
#include "eventstore/store/commit_reader.h"

namespace florin::api::cli {
namespace {

using domain::Position;

constexpr auto kFollowPause = std::chrono::milliseconds(100);
constexpr std::uint64_t kDefaultTail = 10;
constexpr std::size_t kFlushBytes = 1u << 16;

std::sig_atomic_t volatile interrupted = 0;

struct LogArguments {
  bool follow = false;
  bool open = false;
  std::string from;         // a position or a time; empty: not given
  std::uint64_t count = 0;  // 0: not given
  std::string which;
};

// Prints events, opening personal text when asked to.
class Printer {
 public:
  Printer(Invocation const& invocation, eventstore::Vault const* vault) : json_(invocation.json), vault_(vault) {}

  void add(domain::Commit const& commit, std::size_t index) {
    if (json_) {
      append_event_json(out_, commit, index, vault_);
    } else {
      out_ += event_line(commit, index, vault_);
    }
    out_ += '\n';
    if (out_.size() >= kFlushBytes) flush();
  }
  void flush() {
    if (!out_.empty() && !(json_ ? print_json(out_) : print(out_))) gone_ = true;
    out_.clear();
  }
  [[nodiscard]] bool gone() const { return gone_; }

 private:
  bool json_;
  eventstore::Vault const* vault_;
  std::string out_;
  bool gone_ = false;  // nobody reads any more
};

struct Opened {
  Store store;
  std::unique_ptr<eventstore::Vault> vault;  // null: personal text stays sealed
};

eventstore::ResultOr<Opened> open_all(Invocation const& invocation, bool open_personal) {
  auto store = FLORIN_TRY(open_store(invocation));
  Opened opened{std::move(store), nullptr};
  if (open_personal) {
    opened.vault = FLORIN_TRY(open_vault(opened.store.layout));
  }
  return opened;
}

std::string from_problem(std::string const& text) {
  if (domain::parse_number(text) || domain::parse_time_input(text)) return {};
  return "'" + text + "' is neither a position from 1 on nor a time like 2026-11-20T12:00:00Z";
}

// Zero when it was not given. A time is that of the first commit in it or after it.
eventstore::ResultOr<std::uint64_t> first_position(eventstore::Log& log, Position head, std::string const& from) {
  if (auto const position = domain::parse_number(from)) return *position;
  auto const time = domain::parse_time_input(from);
  if (!time) return std::uint64_t{0};
  auto const before = FLORIN_TRY(moment_of(log, head, time->first + -1));
  return before.last.value() + 1;
}

int tail(Invocation const& invocation, LogArguments const& arguments) {
  auto opened = open_all(invocation, arguments.open);
  if (!opened) return complain(invocation, opened.error());
  auto& log = *opened.value().store.log;
  auto const head = log.head();
  if (!head) return complain(invocation, head.error());

  auto const last = head.value().position.value();
  if (last == 0) remark(place_of(invocation, opened.value().store) + ": " + empty_text(invocation));
  auto const given = first_position(log, head.value().position, arguments.from);
  if (!given) return complain(invocation, given.error());
  auto from = given.value();
  auto remaining = arguments.count;  // 0: no end
  if (from == 0) {
    auto const wanted = arguments.count == 0 ? kDefaultTail : arguments.count;
    from = last > wanted ? last - wanted + 1 : 1;
    remaining = 0;
  }
  auto reader = eventstore::CommitReader::containing(log, Position(from));
  if (!reader) return complain(invocation, reader.error());
  interrupted = 0;
  std::signal(SIGINT, [](int) { interrupted = 1; });
  Printer printer(invocation, opened.value().vault.get());
  while (interrupted == 0) {
    auto const commit = reader.value().next();
    if (!commit) {
      printer.flush();
      return complain(invocation, commit.error());
    }
    if (!commit.value()) {
      printer.flush();
      if (!arguments.follow || printer.gone()) return kOk;
      eventstore::pause_this_thread(kFollowPause);
      continue;
    }
    for (std::size_t i = 0; i < commit.value()->events.size(); ++i) {
      if (domain::next(commit.value()->first, i).value() < from) continue;
      printer.add(*commit.value(), i);
      if (remaining == 0) continue;
      --remaining;
      if (remaining == 0) {
        printer.flush();
        return kOk;
      }
    }
  }
  printer.flush();
  return kOk;
}

std::optional<Position> parse_place(std::string const& text) {
  if (auto const transaction = domain::parse_transaction_id(text)) return transaction;
  if (auto const order = domain::parse_order_id(text)) return order->position();
  if (auto const number = domain::parse_number(text)) return Position(*number);
  return std::nullopt;
}

std::string commit_text(domain::Commit const& commit, eventstore::Vault const* vault) {
  std::vector<std::vector<std::string>> head{
      {"transaction", domain::format_transaction_id(commit.first)},
      commit.events.size() == 1 ? std::vector<std::string>{"position", std::to_string(commit.first.value())}
                                : std::vector<std::string>{"positions", std::to_string(commit.first.value()) + " to " +
                                                                            std::to_string(commit.last().value())},
      {"at", domain::to_iso8601_micros(commit.at)},
      {"game", commit.request.game ? std::to_string(commit.request.game.value()) : "-"},
      {"client_request_id", commit.request.id.empty() ? "-" : terminal_quoted(commit.request.id)},
  };
  auto out = table(head, {false, false}) + '\n';
  std::vector<std::vector<std::string>> rows{{"position", "account", "player", "currency", "amount"}};
  for (std::size_t i = 0; i < commit.events.size(); ++i) {
    out += event_line(commit, i, vault) + '\n';
    for (auto const& posting : domain::postings(commit.events[i])) {
      rows.push_back({std::to_string(domain::next(commit.first, i).value()), domain::account_name(posting.account),
                      posting.player ? std::to_string(posting.player.value()) : "",
                      std::to_string(posting.currency.value()), domain::to_string(posting.amount)});
    }
  }
  if (rows.size() > 1) out += "\npostings\n" + table(rows, {true, false, true, true, true});
  return out;
}

int show(Invocation const& invocation, LogArguments const& arguments) {
  auto const place = parse_place(arguments.which);
  if (!place) {
    return complain(invocation, kUsage, "'" + arguments.which + "' is neither a position nor a txn_… or ord_… id");
  }
  auto opened = open_all(invocation, arguments.open);
  if (!opened) return complain(invocation, opened.error());
  auto const head = opened.value().store.log->head();
  if (!head) return complain(invocation, head.error());
  if (*place > head.value().position) {
    return complain(invocation, kUsage,
                    arguments.which + " is position " + std::to_string(place->value()) + ", past the log's end at " +
                        std::to_string(head.value().position.value()));
  }
  auto reader = eventstore::CommitReader::containing(*opened.value().store.log, *place);
  if (!reader) return complain(invocation, reader.error());
  auto const commit = reader.value().next();
  if (!commit) return complain(invocation, commit.error());
  if (!commit.value()) return complain(invocation, kCheckFailed, "position " + arguments.which + " is missing");
  auto const* vault = opened.value().vault.get();
  if (!invocation.json) {
    (void)print(commit_text(*commit.value(), vault));
    return kOk;
  }
  Printer printer(invocation, vault);
  for (std::size_t i = 0; i < commit.value()->events.size(); ++i) printer.add(*commit.value(), i);
  printer.flush();
  return kOk;
}

}  // namespace

void add_log_commands(CLI::App& app, Invocation& invocation) {
  auto const arguments = std::make_shared<LogArguments>();
  auto& group = *add_group(app, "log", "Read the log's events", R"(Examples:
  florin log tail --data /var/lib/florin --follow
  florin log show 42 --data /var/lib/florin)");

  auto* tail_command = add_command(group, invocation, "tail", "Print the last events, or all from a position",
                                   R"(Examples:
  florin log tail --data /var/lib/florin -n 50
  florin log tail --data /var/lib/florin --from 2026-11-20T12:00:00Z
  florin log tail --data /var/lib/florin --follow --json
  florin log tail --data /var/lib/florin --from 1000 -n 100 --open)",
                                   [&invocation, arguments] { return tail(invocation, *arguments); });
  add_data_options(*tail_command, invocation);
  tail_command->add_flag("-f,--follow", arguments->follow, "go on printing as events are written, until Ctrl-C");
  tail_command->add_option("--from", arguments->from, "first position to print, or a time: from that second on")
      ->check(CLI::Validator(from_problem, "POSITION or TIME"));
  tail_command->add_option("-n", arguments->count, "how many events (10 without --from, else all)")
      ->check(whole_number(1, 1'000'000'000));
  tail_command->add_flag("--open", arguments->open, "open sealed personal text with the vault");

  auto* show_command = add_command(group, invocation, "show", "Print one commit: its events and their postings",
                                   R"(Examples:
  florin log show 42 --data /var/lib/florin
  florin log show txn_000000000002G --data /var/lib/florin
  florin log show ord_000000000002G --data /var/lib/florin --json --open)",
                                   [&invocation, arguments] { return show(invocation, *arguments); });
  add_data_options(*show_command, invocation);
  show_command->add_option("commit", arguments->which, "a position, a txn_… or an ord_… id")->required();
  show_command->add_flag("--open", arguments->open, "open sealed personal text with the vault");
}

}  // namespace florin::api::cli
