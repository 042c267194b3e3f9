// florin_simulator: runs the simulation over many seeds; --help.
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <spdlog/spdlog.h>

#include "tests/simulation/jobs.h"
#include "tests/simulation/promises.h"
#include "tests/simulation/world.h"
#include "tests/support/event_kinds.h"

namespace florin::simulation {
namespace {

constexpr char const* kHelp =
    "Runs the server, without its sockets, under simulated faults, one seed after another.\n"
    "\n"
    "  florin_simulator --seeds 2000 --first 1      seeds 1 to 2000\n"
    "  florin_simulator --seeds 1 --first 4711      one of them again\n"
    "  florin_simulator --seeds 2000 --first new    seeds that nobody has run\n"
    "\n"
    "  --seeds N    how many seeds (100)\n"
    "  --first S    the first one (1)\n"
    "  --steps K    batches of requests a seed (120)\n"
    "  --jobs J     processes beside each other (1)\n"
    "  --again K    one seed in K is run twice, and must have the same history (64)\n"
    "  --views V    read models that follow, of the five (2)\n"
    "  --least L    every kind of event and of fault must have occurred so often (0)\n"
    "\n"
    "A seed of 60 steps or more makes at least 200 commands and has at least one crash, or the run fails.\n"
    "Exits 0 only when no seed failed. A failing seed is named in the last line with the command that replays it, cut "
    "to\n"
    "the fewest steps that still fail.\n";

struct Arguments {
  std::uint64_t seeds = 100;
  std::uint64_t first = 1;
  std::uint64_t steps = Options{}.steps;
  std::uint64_t jobs = 1;
  std::uint64_t again = 64;
  std::uint64_t least = 0;
  std::uint64_t views = Options{}.views;
};

// Says what is wrong with the command line; always false.
bool complain(std::string_view option, char const* what) {
  std::fprintf(stderr, "florin_simulator: %.*s %s; see --help\n", static_cast<int>(option.size()), option.data(), what);
  return false;
}

bool parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 == argc) return complain(argv[i], "is no option, or lacks its number");
    std::string_view const name = argv[i];
    std::string_view const text = argv[i + 1];
    auto const value = name == "--first" && text == "new"
                           ? static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count())
                           : std::strtoull(argv[i + 1], nullptr, 10);
    bool const is_number = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
    if (name == "--seeds") {
      arguments.seeds = value;
    } else if (name == "--first") {
      arguments.first = value;
    } else if (name == "--steps") {
      arguments.steps = value;
    } else if (name == "--jobs") {
      arguments.jobs = value;
    } else if (name == "--again") {
      arguments.again = value;
    } else if (name == "--views") {
      arguments.views = value;
    } else if (name == "--least") {
      arguments.least = value;
    } else {
      return complain(name, "is no option");
    }
    if (name == "--first" && text == "new") continue;
    if (!is_number || (value == 0 && name != "--views")) return complain(name, "needs a whole number above zero");
  }
  return true;
}

// The fewest steps with which the seed still fails: by halving, which finds a small number though not always the least.
std::size_t shrink(std::uint64_t seed, std::size_t steps, std::size_t views) {
  for (std::size_t cut = steps / 2; cut > 0;) {
    if (steps > cut && !run({seed, steps - cut, views}).violation.empty()) {
      steps -= cut;
    } else {
      cut /= 2;
    }
  }
  return steps;
}

struct Totals {
  std::uint64_t commands = 0;
  std::uint64_t commits = 0;
  std::vector<std::uint64_t> faults = std::vector<std::uint64_t>(kFaults);
  std::map<std::string, std::uint64_t> events;
};

// What a seed that failed needs to be seen again: its last line replays it.
std::string failure_text(std::uint64_t seed, std::uint64_t steps, Arguments const& arguments, std::string const& what) {
  auto const number = std::to_string(seed);
  return "seed " + number + " " + what + "\nreplay: florin_simulator --seeds 1 --first " + number + " --steps " +
         std::to_string(steps) + " --views " + std::to_string(arguments.views) + "\n";
}

[[noreturn]] void report_failure(std::uint64_t seed, Arguments const& arguments, std::string const& what, Job& job) {
  job.fail(failure_text(seed, shrink(seed, arguments.steps, arguments.views), arguments, "failed: " + what));
}

// A run of full length that asks for little or that nothing happens to says nothing; empty: it does.
std::string weakness_of(Outcome const& outcome, Arguments const& arguments) {
  if (arguments.steps < kFullSteps) return {};
  if (outcome.commands < kCommandsLeast) return "only " + std::to_string(outcome.commands) + " commands";
  auto const& faults = outcome.faults;
  if (faults.of(Fault::kill) + faults.of(Fault::power_cut) + faults.of(Fault::death_at_call) == 0) return "no crash";
  return {};
}

// A line every ten seconds, by the first job.
class Progress {
 public:
  Progress(Arguments const& arguments, bool tells) : arguments_(arguments), tells_(tells) {}
  void count(std::uint64_t done) {
    auto const now = std::chrono::steady_clock::now();
    if (!tells_ || now < next_) return;
    next_ = now + kEvery;
    std::printf("%" PRIu64 " of %" PRIu64 " seeds\n", done, arguments_.seeds);
    std::fflush(stdout);
  }

 private:
  static constexpr std::chrono::seconds kEvery{10};
  Arguments const& arguments_;
  bool const tells_;
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + kEvery;
};

Totals run_seeds(Arguments const& arguments, Job& job) {
  Totals totals;
  Progress progress(arguments, job.number() == 0);
  for (std::uint64_t i = job.number(); i < arguments.seeds; i += arguments.jobs) {
    auto const seed = arguments.first + i;
    job.begin(seed);
    auto outcome = run({seed, arguments.steps, arguments.views});
    if (!outcome.violation.empty()) report_failure(seed, arguments, outcome.violation, job);
    if (auto const weakness = weakness_of(outcome, arguments); !weakness.empty()) {
      job.fail(failure_text(seed, arguments.steps, arguments, "is too weak: " + weakness));
    }
    // The same seed has the same history.
    if (i % arguments.again == 0 && run({seed, arguments.steps, arguments.views}).log.link != outcome.log.link) {
      report_failure(seed, arguments, std::string(promise_name(Promise::same_history)), job);
    }
    totals.commands += outcome.commands;
    totals.commits += outcome.log.commits;
    for (std::size_t k = 0; k < kFaults; ++k) totals.faults[k] += outcome.faults.of(static_cast<Fault>(k));
    for (auto const& [name, count] : outcome.log.events) totals.events[name] += count;
    progress.count(job.finish());
  }
  return totals;
}

// One line a number, from a job's process to ours.
std::string text_of(Totals const& totals) {
  std::string out =
      "commands " + std::to_string(totals.commands) + "\ncommits " + std::to_string(totals.commits) + "\n";
  for (std::size_t k = 0; k < kFaults; ++k) {
    out += "fault " + std::to_string(totals.faults[k]) + " " + std::to_string(k) + "\n";
  }
  for (auto const& [name, count] : totals.events) out += "event " + std::to_string(count) + " " + name + "\n";
  return out;
}

void add_line(Totals& totals, char const* line) {
  std::uint64_t count = 0;
  char name[128] = "";
  if (std::sscanf(line, "commands %" SCNu64, &count) == 1) totals.commands += count;
  if (std::sscanf(line, "commits %" SCNu64, &count) == 1) totals.commits += count;
  if (std::sscanf(line, "fault %" SCNu64 " %127s", &count, name) == 2) {
    totals.faults[static_cast<std::size_t>(std::atoi(name))] += count;
  }
  if (std::sscanf(line, "event %" SCNu64 " %127s", &count, name) == 2) totals.events[name] += count;
}

void add(Totals& totals, std::string const& text) {
  for (std::size_t at = 0; at < text.size();) {
    auto const end = std::min(text.find('\n', at), text.size());
    add_line(totals, text.substr(at, end - at).c_str());
    at = end + 1;
  }
}

void print(Arguments const& arguments, Totals const& totals, double seconds) {
  std::printf("%-22s %10s\n", "fault", "times");
  for (std::size_t k = 0; k < kFaults; ++k) {
    std::printf("%-22s %10" PRIu64 "\n", fault_name(static_cast<Fault>(k)), totals.faults[k]);
  }
  std::printf("\n%-22s %10s\n", "event", "times");
  for (auto const& [name, count] : totals.events) std::printf("%-22s %10" PRIu64 "\n", name.c_str(), count);
  std::printf("\n%" PRIu64 " seeds from %" PRIu64 ", %" PRIu64 " commands, %" PRIu64
              " commits, %.1f s: every promise was kept\n",
              arguments.seeds, arguments.first, totals.commands, totals.commits, seconds);
}

// Whether everything occurred so often; names what did not.
bool occurred(Totals const& totals, std::uint64_t least) {
  bool enough = true;
  auto const look = [&](char const* kind, std::string const& name, std::uint64_t times) {
    if (times >= least) return;
    std::printf("too few: the %s %s occurred %" PRIu64 " times\n", kind, name.c_str(), times);
    enough = false;
  };
  for (std::size_t k = 0; k < kFaults; ++k) look("fault", fault_name(static_cast<Fault>(k)), totals.faults[k]);
  for (auto const& name : samples::KindsOf<domain::Event>::all()) {
    auto const found = totals.events.find(name);
    look("event", name, found == totals.events.end() ? 0 : found->second);
  }
  return enough;
}

int simulate(Arguments const& arguments) {
  auto const began = std::chrono::steady_clock::now();
  auto const done = run_jobs(arguments.jobs, [&](Job& job) { job.succeed(text_of(run_seeds(arguments, job))); });
  if (auto const& failure = done.failure) {
    auto const text = failure->report.empty() ? failure_text(failure->seed, arguments.steps, arguments,
                                                             "failed: its process " + failure->end)
                                              : failure->report;
    std::fputs(text.c_str(), stdout);
    return 1;
  }
  Totals totals;
  for (auto const& text : done.results) add(totals, text);
  std::chrono::duration<double> const took = std::chrono::steady_clock::now() - began;
  print(arguments, totals, took.count());
  return occurred(totals, arguments.least) ? 0 : 1;
}

}  // namespace
}  // namespace florin::simulation

int main(int argc, char** argv) {
  florin::simulation::Arguments arguments;
  if (argc == 2 && std::strcmp(argv[1], "--help") == 0)
    return std::fputs(florin::simulation::kHelp, stdout) < 0 ? 1 : 0;
  if (!florin::simulation::parse(argc, argv, arguments)) {
    return 2;
  }
  spdlog::set_level(spdlog::level::off);  // what the sagas tell an operator of faults
  return florin::simulation::simulate(arguments);
}
