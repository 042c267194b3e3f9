#include "tests/simulation/jobs.h"

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "domain/contract.h"

namespace florin::simulation {
namespace {

// The first byte of what a job sends.
constexpr char kResult = '+';
constexpr char kFailure = '-';

// One for all jobs and one for each: see Job::Shared.
class SharedMemory {
 public:
  explicit SharedMemory(std::size_t count) : bytes_(count * sizeof(Job::Shared)) {
    void* const memory = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    FLORIN_ASSERT(memory != MAP_FAILED);
    first_ = static_cast<Job::Shared*>(memory);
    std::uninitialized_default_construct_n(first_, count);
  }
  ~SharedMemory() { ::munmap(first_, bytes_); }
  SharedMemory(SharedMemory const&) = delete;
  SharedMemory& operator=(SharedMemory const&) = delete;
  [[nodiscard]] Job::Shared* at(std::size_t index) const { return first_ + index; }

 private:
  std::size_t bytes_;
  Job::Shared* first_ = nullptr;
};

struct Child {
  pid_t process = 0;
  int pipe = -1;  // -1: it has ended
  std::string sent;
};

// Reads what is there. False: it has ended.
bool receive(Child& child) {
  char bytes[4096];
  auto const count = ::read(child.pipe, bytes, sizeof bytes);
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  child.sent.append(bytes, static_cast<std::size_t>(count));
  return count > 0;
}

int wait_for(Child& child) {
  ::close(std::exchange(child.pipe, -1));
  int status = 0;
  while (::waitpid(child.process, &status, 0) < 0) FLORIN_ASSERT(errno == EINTR);
  return status;
}

std::string text_of(int status) {
  return WIFSIGNALED(status) ? "ended by signal " + std::to_string(WTERMSIG(status))
                             : "ended with status " + std::to_string(WEXITSTATUS(status));
}

Child start(std::size_t number, SharedMemory const& shared, std::function<void(Job&)> const& work) {
  int ends[2];
  FLORIN_ASSERT(::pipe(ends) == 0);
  auto const process = ::fork();
  FLORIN_ASSERT(process >= 0);
  if (process == 0) {
    ::close(ends[0]);
    Job job(number, ends[1], shared.at(0), shared.at(1 + number));
    work(job);
    job.succeed({});
  }
  ::close(ends[1]);
  return {process, ends[0], {}};
}

}  // namespace

void Job::send(char kind, std::string const& text) {
  auto const all = kind + text;
  for (std::size_t at = 0; at < all.size();) {
    auto const count = ::write(pipe_, all.data() + at, all.size() - at);
    if (count < 0 && errno != EINTR) std::_Exit(2);
    if (count > 0) at += static_cast<std::size_t>(count);
  }
  std::_Exit(kind == kResult ? 0 : 1);
}

void Job::fail(std::string const& report) { send(kFailure, report); }
void Job::succeed(std::string const& result) { send(kResult, result); }

JobResults run_jobs(std::size_t count, std::function<void(Job&)> const& work) {
  SharedMemory const shared(1 + count);
  std::vector<Child> children;
  for (std::size_t i = 0; i < count; ++i) children.push_back(start(i, shared, work));
  JobResults found;
  for (std::size_t running = count; running > 0;) {
    std::vector<pollfd> wanted;
    for (auto const& child : children) wanted.push_back({child.pipe, POLLIN, 0});  // -1 is passed over
    if (::poll(wanted.data(), wanted.size(), -1) < 0) continue;
    for (std::size_t i = 0; i < count; ++i) {
      auto& child = children[i];
      if (child.pipe < 0 || wanted[i].revents == 0 || receive(child)) continue;
      auto const status = wait_for(child);
      --running;
      auto const& sent = child.sent;
      if (status == 0 && sent.starts_with(kResult)) {
        found.results.push_back(sent.substr(1));
      } else if (!found.failure) {
        bool const told = WIFEXITED(status) && sent.starts_with(kFailure);
        found.failure = {shared.at(1 + i)->seed, told ? sent.substr(1) : std::string(), text_of(status)};
        for (auto const& other : children) {
          if (other.pipe >= 0) ::kill(other.process, SIGKILL);
        }
      }
    }
  }
  return found;
}

}  // namespace florin::simulation
