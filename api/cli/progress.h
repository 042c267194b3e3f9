// How far a long job has come: a redrawn bar on a terminal, a plain line now and then elsewhere, a JSON line now and
// then with --json. On stderr, so that results on stdout stay clean; JSON lines go to stdout as the results do.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "eventstore/runtime/runtime.h"

namespace florin::api::cli {

class Progress {
 public:
  enum class Style : std::uint8_t { bar, lines, json };
  // bar when stderr is a terminal and `json` is not asked for.
  [[nodiscard]] static Style choose(bool json);

  // `job` is a word or two: "verify". `total` may be 0 when it is not known.
  Progress(std::string job, std::uint64_t total, Style style);
  ~Progress() { finish(); }
  Progress(Progress const&) = delete;
  Progress& operator=(Progress const&) = delete;

  // Cheap: draws at most a few times a second. The rate is measured here.
  void update(std::uint64_t done);
  // With a rate and an ETA that someone else measured; eta_seconds below 0: not known.
  void update(std::uint64_t done, std::uint64_t total, double events_per_second, std::int64_t eta_seconds);

  // Ends the bar's line, so that what follows starts on its own.
  void finish();

  [[nodiscard]] static std::string line(std::string const& job, std::uint64_t done, std::uint64_t total,
                                        double events_per_second, std::int64_t eta_seconds, bool bar);
  [[nodiscard]] static std::string json_line(std::string const& job, std::uint64_t done, std::uint64_t total,
                                             double events_per_second, std::int64_t eta_seconds);

 private:
  void draw(std::uint64_t done, double events_per_second, std::int64_t eta_seconds);

  std::string job_;
  std::uint64_t total_;
  Style style_;
  eventstore::SteadyTime started_;
  eventstore::SteadyTime next_draw_;
  bool drawn_ = false;
};

}  // namespace florin::api::cli
