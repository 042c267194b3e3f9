// Processes beside each other, each of which runs seeds. The first that fails ends the others, and the seed that it was
// at is known whatever it died of.
//
// One thread, which must not have started others: it forks.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace florin::simulation {

// What one job sees, in its own process.
class Job {
 public:
  // In memory that all jobs share.
  struct Shared {
    std::atomic<std::uint64_t> done{0};  // seeds, of all jobs
    std::atomic<std::uint64_t> seed{0};  // of each job: that it is at
  };

  Job(std::size_t number, int pipe, Shared* shared, Shared* own)
      : number_(number), pipe_(pipe), shared_(shared), own_(own) {}
  [[nodiscard]] std::size_t number() const { return number_; }
  // Before a seed is run.
  void begin(std::uint64_t seed) { own_->seed = seed; }
  // After it; how many are done.
  [[nodiscard]] std::uint64_t finish() { return ++shared_->done; }
  // The seed failed: ends the process. `report` is for who reads the run's output.
  [[noreturn]] void fail(std::string const& report);
  // The result: ends the process.
  [[noreturn]] void succeed(std::string const& result);

 private:
  [[noreturn]] void send(char kind, std::string const& text);

  std::size_t number_;
  int pipe_;
  Shared* shared_;
  Shared* own_;
};

struct JobFailure {
  std::uint64_t seed = 0;  // zero: none was begun
  std::string report;      // what fail() was given; empty: it ended in another way
  std::string end;         // how, in words
};

struct JobResults {
  std::vector<std::string> results;  // of the jobs that succeeded, one each
  std::optional<JobFailure> failure;
};

// Runs `work` in `count` processes. Aborts when the machine has no processes, pipes or memory for them.
[[nodiscard]] JobResults run_jobs(std::size_t count, std::function<void(Job&)> const& work);

}  // namespace florin::simulation
