// One connection: read, guard, route, answer, again. A coroutine on its io thread, which owns it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <boost/asio/buffer.hpp>

#include "api/budget.h"
#include "api/http/forwarded.h"
#include "api/http/io_thread.h"
#include "api/http/message.h"
#include "api/http/request_reader.h"
#include "api/http/router.h"
#include "api/http/worker.h"

namespace florin::api {

struct SessionLimits {
  std::size_t body_limit = 0;
  int idle_seconds = 0;
  int request_seconds = 0;
  int reply_seconds = 0;
  TrustedProxies trusted_proxies{};
};

// What all sessions of a server have together.
struct SessionBudgets {
  SessionBudgets(std::size_t body_limit, std::size_t replies)
      : SessionBudgets(body_limit, std::max(kLargeBodies, 2 * body_limit), replies) {}

  // How many callers it takes to use up each of these: one has a quarter, or the largest body where that is more.
  static constexpr std::size_t kCallersMin = 4;
  // Bytes of request bodies over kBodyLimit, from the head of each until its handler has answered. Parsed, JSON takes
  // up to 14 times as much: below 1 GiB.
  static constexpr std::size_t kLargeBodies = std::size_t{64} << 20;
  // The same of routes without a gate, the processor's callbacks for one: strangers take nothing from callers with a
  // key. A share holds each of those routes' bodies: the largest is a callback of 256 KiB.
  static constexpr std::size_t kStrangersBodies = std::size_t{16} << 20;

  SharedBudget large_bodies;                                                        // by caller
  SharedBudget strangers_bodies{kStrangersBodies, kStrangersBodies / kCallersMin};  // by address, as the next
  SharedBudget strangers_replies;                                                   // ServerOptions::strangers_replies

 private:
  SessionBudgets(std::size_t body_limit, std::size_t bodies, std::size_t replies)
      : large_bodies(bodies, std::max(bodies / kCallersMin, body_limit)),
        strangers_replies(replies, std::max<std::size_t>(replies / kCallersMin, 1)) {}
};

class Session final : public Swept {
 public:
  Session(IoThread& io, Socket socket, Router const& router, WorkerPool& workers, SessionLimits const& limits,
          SessionBudgets& budgets);
  ~Session() override;

  // Serves the connection until it ends.
  [[nodiscard]] Awaitable<void> serve();
  // Answers 503 whatever is asked, and ends.
  [[nodiscard]] Awaitable<void> turn_away();

 private:
  void on_late() override;
  void on_drain() override;
  void on_destroy() override;

  void arm(std::int64_t deadline) {
    late_ = false;
    deadline_ = deadline;
  }
  void disarm() { deadline_ = 0; }

  [[nodiscard]] Request current_request();
  // The address that the current request is from.
  [[nodiscard]] Holder stranger() const;
  // What the head alone decides, while the body is still to come; takes what a large body needs. Nothing: read it.
  [[nodiscard]] std::optional<Response> refuse_by_head(Request& request, RequestReader::PendingBody const& pending);
  [[nodiscard]] Awaitable<Response> answer(Request& request);
  // The request's views need not hold any more. false: the connection is no longer usable.
  [[nodiscard]] Awaitable<bool> send(Response& response, std::uint64_t request_id, bool keep_alive);
  [[nodiscard]] Awaitable<bool> send_stream(BodyStream& stream, bool chunked);
  [[nodiscard]] bool try_write(asio::const_buffer head, asio::const_buffer body, std::size_t& written);
  [[nodiscard]] Awaitable<bool> write_rest(asio::const_buffer head, asio::const_buffer body, std::size_t written);
  [[nodiscard]] Awaitable<bool> write(asio::const_buffer head, asio::const_buffer body);
  [[nodiscard]] Awaitable<void> refuse(int status, std::string_view code, std::string_view message,
                                       int retry_after_seconds = 0);
  // Reads and drops what the client still sends, so that closing does not reset a reply it has not read yet.
  [[nodiscard]] Awaitable<void> linger();
  void cut();

  IoThread& io_;
  Socket socket_;
  Router const& router_;
  WorkerPool& workers_;
  SessionLimits const& limits_;
  SessionBudgets& budgets_;
  RequestReader reader_;
  std::string client_;            // the peer
  std::string forwarded_client_;  // of the current request, when the peer is a trusted proxy
  bool behind_proxy_ = false;
  std::string out_;                    // head and small bodies; kept warm
  std::int64_t request_deadline_ = 0;  // of the request being read; 0: none has begun
  bool is_head_ = false;               // of the current request, as the next
  bool is_http10_ = false;
  bool idle_ = false;                // waits for a request of which nothing has come
  bool late_ = false;                // the sweep ended the current wait
  bool let_in_ = false;              // the current request's caller is known: a gate's handler did not refuse it
  SharedBudget::Ticket large_body_;  // of the current request, until it was answered
};

}  // namespace florin::api
