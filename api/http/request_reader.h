// Bytes of a connection -> requests, one after another. No sockets, so that the fuzzer and the tests run the same code
// as the server.
//
// Owns the buffer and frames: request_head.h says which heads are taken, chunk_decoder.h which chunked bodies. After a
// refusal nothing more is read as a request. Nothing is allocated per request once the buffer is warm.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "api/http/chunk_decoder.h"
#include "api/http/message.h"
#include "api/http/request_head.h"
#include "api/http/router.h"

namespace florin::api {

// Request line and headers. Ours are below 1 KiB; browsers and proxies stay below 8.
inline constexpr std::size_t kHeaderLimit = std::size_t{16} << 10;

class RequestReader {
 public:
  // `router`, which outlives the reader, knows the smaller limits of its routes and its own headers; nullptr:
  // body_limit is every one's, and there are none.
  explicit RequestReader(std::size_t body_limit, Router const* router = nullptr)
      : body_limit_(body_limit), router_(router) {}

  // Where to put the next bytes, and how many came.
  [[nodiscard]] std::span<char> prepare();
  void commit(std::size_t count) { end_ += count; }

  enum class State : std::uint8_t { need_more, complete, refused };
  // Looks at what is buffered. After complete or refused call nothing but the accessors and next().
  [[nodiscard]] State advance();

  // complete: everything but id, client, clock, route and the io thread's pointers. A body that is still to come: the
  // same without it. refused: method and path, if they were understood. The views hold until next() or prepare().
  [[nodiscard]] Request request() const;
  [[nodiscard]] bool is_http10() const { return head_.http10; }

  [[nodiscard]] RequestRefusal const& refusal() const { return refusal_; }

  // need_more: some of a request has arrived.
  [[nodiscard]] bool mid_request() const { return end_ != begin_; }

  // A body that is still to come, and that the client wants to be asked for or that may be a large one.
  struct PendingBody {
    std::size_t most = 0;           // how large it can be
    bool expects_continue = false;  // the client waits for "100 Continue" before it sends it
  };
  // need_more: said once a request, when its head has been read: the time to refuse what the head alone decides.
  [[nodiscard]] std::optional<PendingBody> take_pending_body();

  // Forgets the complete request and gives the buffer of a large body back; bytes of the next request stay.
  void next();
  // refused: gives the buffer back, with all that the views point into. The reader is not used again.
  void drop();

 private:
  // A view that survives a move of the buffer: relative to begin_.
  struct Piece {
    std::uint32_t offset = 0;  // 0: there is none, as a head starts with its method
    std::uint32_t size = 0;
  };
  struct Head {
    Method method = Method::unknown;
    bool is_head = false;
    bool http10 = false;
    bool keep_alive = true;
    bool whole_server = false;
    Piece path;
    Piece query;
    std::array<Piece, kOwnHeadersMax> own;
    Piece authorization;
    Piece content_type;
    Piece forwarded;
    Piece if_none_match;
  };
  enum class Stage : std::uint8_t { header, sized_body, chunked_body };

  State read_head(std::size_t size);
  State read_chunks();
  State complete_when_whole();
  State refuse(RequestRefusal refusal);
  State refuse(std::string_view message) { return refuse({400, "INVALID_REQUEST", message}); }
  State refuse_long_head(std::string_view seen);
  void keep(RequestHead const& head);
  [[nodiscard]] std::string_view view(Piece piece) const {
    return piece.offset == 0 ? std::string_view{} : std::string_view(data_.get() + begin_ + piece.offset, piece.size);
  }
  [[nodiscard]] Piece piece_of(std::string_view text) const {
    if (text.data() == nullptr) return {};
    return {static_cast<std::uint32_t>(text.data() - (data_.get() + begin_)), static_cast<std::uint32_t>(text.size())};
  }

  std::size_t const body_limit_;
  Router const* const router_;

  // [begin_, end_) holds the current request and what follows it.
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;

  Stage stage_ = Stage::header;
  std::size_t line_ = 0;         // header: where its current line starts
  std::size_t scanned_ = 0;      // header: bytes that are known to hold no further line's end
  std::size_t body_ = 0;         // offset of the body
  std::size_t body_size_ = 0;    // sized: as announced; chunked: decoded so far, in place
  std::size_t read_ = 0;         // chunked: offset of the first byte that is not decoded
  std::size_t message_end_ = 0;  // offset behind the complete request
  bool skipped_blank_ = false;
  bool complete_ = false;
  std::optional<PendingBody> pending_;  // until it was taken
  ChunkDecoder chunks_;
  RequestRefusal refusal_;
  Head head_;
};

}  // namespace florin::api
