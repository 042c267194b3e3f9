#include "api/cli/progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <unistd.h>

#include "api/cli/command.h"

namespace florin::api::cli {
namespace {

constexpr int kBarWidth = 30;
constexpr auto kBarInterval = std::chrono::milliseconds(100);
constexpr auto kLineInterval = std::chrono::seconds(2);

std::string duration_text(std::int64_t seconds) {
  if (seconds < 0) return "--:--";
  char text[32];
  if (seconds >= 3'600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", static_cast<long long>(seconds / 3'600),
                  static_cast<long long>(seconds / 60 % 60), static_cast<long long>(seconds % 60));
  } else {
    std::snprintf(text, sizeof text, "%02lld:%02lld", static_cast<long long>(seconds / 60),
                  static_cast<long long>(seconds % 60));
  }
  return text;
}

std::uint64_t whole(double rate) { return rate > 0 && rate < 1e15 ? static_cast<std::uint64_t>(rate) : 0; }

// In thousandths; a total of zero is done by definition.
std::uint64_t permille(std::uint64_t done, std::uint64_t total) {
  if (total == 0 || done >= total) return 1'000;
  return static_cast<std::uint64_t>(static_cast<long double>(done) / static_cast<long double>(total) * 1'000);
}

}  // namespace

Progress::Style Progress::choose(bool json) {
  if (json) return Style::json;
  return isatty(STDERR_FILENO) == 1 ? Style::bar : Style::lines;
}

Progress::Progress(std::string job, std::uint64_t total, Style style)
    : job_(std::move(job)),
      total_(total),
      style_(style),
      started_(eventstore::machine().now()),
      next_draw_(started_ + (style == Style::bar ? eventstore::SteadyTime::duration(kBarInterval) : kLineInterval)) {}

void Progress::finish() {
  if (drawn_ && style_ == Style::bar) std::fputc('\n', stderr);
  drawn_ = false;
}

void Progress::update(std::uint64_t done) {
  auto const now = eventstore::machine().now();
  if (now < next_draw_) return;
  double const seconds = std::chrono::duration<double>(now - started_).count();
  double const rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::int64_t const eta =
      rate > 0 && total_ >= done ? static_cast<std::int64_t>(std::ceil(static_cast<double>(total_ - done) / rate)) : -1;
  draw(done, rate, eta);
}

void Progress::update(std::uint64_t done, std::uint64_t total, double events_per_second, std::int64_t eta_seconds) {
  total_ = total;
  if (eventstore::machine().now() >= next_draw_) draw(done, events_per_second, eta_seconds);
}

void Progress::draw(std::uint64_t done, double events_per_second, std::int64_t eta_seconds) {
  drawn_ = true;
  next_draw_ = eventstore::machine().now() +
               (style_ == Style::bar ? eventstore::SteadyTime::duration(kBarInterval) : kLineInterval);
  switch (style_) {
    case Style::bar:
      // \r and "erase to the end of the line", so that a shorter line leaves nothing of a longer one.
      std::fprintf(stderr, "\r%s\x1b[K", line(job_, done, total_, events_per_second, eta_seconds, true).c_str());
      std::fflush(stderr);
      break;
    case Style::lines:
      std::fprintf(stderr, "%s\n", line(job_, done, total_, events_per_second, eta_seconds, false).c_str());
      break;
    case Style::json: (void)print_json(json_line(job_, done, total_, events_per_second, eta_seconds) + '\n'); break;
  }
}

std::string Progress::line(std::string const& job, std::uint64_t done, std::uint64_t total, double events_per_second,
                           std::int64_t eta_seconds, bool bar) {
  auto const part = permille(done, total);
  std::string out = job;
  if (bar) {
    auto const filled = static_cast<std::size_t>(part * kBarWidth / 1'000);
    out += " [" + std::string(filled, '#') + std::string(kBarWidth - filled, '.') + "]";
  }
  char percent[16];
  std::snprintf(percent, sizeof percent, " %3u.%u %%", static_cast<unsigned>(part / 10),
                static_cast<unsigned>(part % 10));
  return out + percent + "  " + grouped(done) + " of " + grouped(total) + "  " + grouped(whole(events_per_second)) +
         " events/s  ETA " + duration_text(eta_seconds);
}

std::string Progress::json_line(std::string const& job, std::uint64_t done, std::uint64_t total,
                                double events_per_second, std::int64_t eta_seconds) {
  // `job` is one of our own words: nothing to escape.
  return R"({"progress":")" + job + R"(","position":)" + std::to_string(done) + R"(,"target":)" +
         std::to_string(total) + R"(,"events_per_second":)" + std::to_string(whole(events_per_second)) +
         R"(,"eta_seconds":)" + (eta_seconds < 0 ? std::string("null") : std::to_string(eta_seconds)) + "}";
}

}  // namespace florin::api::cli
