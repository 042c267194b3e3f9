// api/http with nothing behind it, to be held against bare_beast: what a request costs before any ledger is touched.
//
//   bare_florin --port 9001 --bytes 600 --threads 1
//     GET  /fixed    a body of --bytes bytes        POST /fixed    the same, after reading the body
//     POST /awaited  the same, completed by another thread (as the appender does), batched by its wake-ups

#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "api/http/server.h"

namespace {

using namespace florin::api;

// Stands for the writer and the appender: takes all that is queued and completes it.
class Completing {
 public:
  Completing() : thread_([this] { loop(); }) {}
  ~Completing() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  void submit(Completer<int> completer) {
    {
      std::lock_guard lock(mutex_);
      queue_.push_back(std::move(completer));
    }
    wake_.notify_one();
  }

 private:
  void loop() {
    std::vector<Completer<int>> batch;
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (stopping_) return;
        batch.swap(queue_);
      }
      for (auto& completer : batch) completer.complete(200);
      batch.clear();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Completer<int>> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace

int main(int argc, char** argv) {
  ServerOptions options;
  options.port = 9001;
  options.io_threads = 1;
  std::size_t bytes = 600;
  CLI::App app("api/http with nothing behind it");
  app.add_option("--port", options.port);
  app.add_option("--bytes", bytes, "Size of every reply's body");
  app.add_option("--threads", options.io_threads);
  CLI11_PARSE(app, argc, argv);

  // Block before any thread starts, so that sigwait alone sees them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  std::string const body(bytes, 'x');
  Completing completing;
  Router router;
  Handler const fixed = [&body](Request const&, PathValues const&) -> Awaitable<Response> {
    Response response;
    response.body = body;
    co_return response;
  };
  router.add(Method::get, "/fixed", fixed);
  router.add(Method::post, "/fixed", fixed);
  router.add(Method::post, "/awaited",
             [&body, &completing](Request const& request, PathValues const&) -> Awaitable<Response> {
               Completion<int> done(*request.inbox);
               completing.submit(done.completer());
               std::optional<int> const status = co_await done.wait(5);
               Response response;
               response.status = status.value_or(503);
               response.body = body;
               co_return response;
             });
  WorkerPool workers(1);
  Server server(options, router, workers);
  server.start();
  std::printf("listening on 127.0.0.1:%u\n", unsigned{server.port()});
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  server.stop(1);
}
