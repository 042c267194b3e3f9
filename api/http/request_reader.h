// Bytes of a connection -> requests, one after another. No sockets, so that the fuzzer and the tests run the same code
// as the server.
//
// Beast's basic_parser is the parser (HTTP grammar, chunks); this class owns the buffer and adds the guards that Beast
// 1.81 lacks. A request that two readers could frame differently is refused, never repaired: Transfer-Encoding with
// Content-Length, any coding but a single "chunked", chunked on HTTP/1.0, more than one Content-Length, Host, key or
// Content-Type, no Host on HTTP/1.1, folded header lines. Nothing is allocated per request once the buffer is warm.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "api/http/message.h"
#include "api/http/router.h"

namespace florin::api {

// Request line and headers. Ours are below 1 KiB; browsers and proxies stay below 8.
inline constexpr std::size_t kHeaderLimit = std::size_t{16} << 10;

class RequestReader {
 public:
  // `router`, which outlives the reader, knows the smaller limits of its routes; nullptr: body_limit is every one's.
  explicit RequestReader(std::size_t body_limit, Router const* router = nullptr)
      : body_limit_(body_limit), router_(router) {}

  // Where to put the next bytes, and how many came.
  [[nodiscard]] std::span<char> prepare();
  void commit(std::size_t count) { end_ += count; }

  enum class State : std::uint8_t { need_more, complete, refused };
  // Looks at what is buffered. After complete or refused call nothing but the accessors and next().
  [[nodiscard]] State advance();

  // complete: everything but id, client, clock, route and the io thread's pointers. refused: method and path, if they
  // were understood. The views hold until next().
  [[nodiscard]] Request request() const;
  [[nodiscard]] bool is_head() const { return head_; }
  [[nodiscard]] bool is_http10() const { return http10_; }

  struct Refusal {
    int status = 400;
    std::string_view code = "INVALID_REQUEST";
    std::string_view message;
  };
  [[nodiscard]] Refusal const& refusal() const { return refusal_; }

  // need_more: some of a request has arrived.
  [[nodiscard]] bool mid_request() const { return end_ != begin_; }
  // need_more: the client waits for "100 Continue" before it sends the body. True once per request.
  [[nodiscard]] bool take_expects_continue();

  // Forgets the complete request; bytes of the next one stay.
  void next();

 private:
  // A view that survives a move of the buffer: relative to begin_.
  struct Piece {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
  };
  enum class Stage : std::uint8_t { header, sized_body, chunked_body };

  class Parser final : public boost::beast::http::basic_parser<true> {
   public:
    explicit Parser(RequestReader& reader) : reader_(reader) {}

   private:
    using Error = boost::beast::error_code;
    using View = boost::beast::string_view;
    void on_request_impl(boost::beast::http::verb method, View method_text, View target, int version,
                         Error& error) override;
    void on_response_impl(int, View, int, Error&) override {}
    void on_field_impl(boost::beast::http::field name, View name_text, View value, Error& error) override;
    void on_header_impl(Error&) override {}
    void on_body_init_impl(boost::optional<std::uint64_t> const&, Error&) override {}
    std::size_t on_body_impl(View, Error&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, View, Error&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t remain, View body, Error& error) override;
    void on_finish_impl(Error&) override {}

    RequestReader& reader_;
  };

  State parse_header(std::size_t header_size);
  State finish_header();
  State parse_chunks();
  State refuse(int status, std::string_view code, std::string_view message);
  State refuse(std::string_view message) { return refuse(400, "INVALID_REQUEST", message); }
  State refuse_body_size() {
    return refuse(413, "PAYLOAD_TOO_LARGE", "The body is too large. Split the request into smaller ones.");
  }
  // From a parser callback: stops the parser; the refusal's message is `reason`.
  void guard(boost::beast::error_code& error, std::string_view reason);
  void note(Piece& piece, std::string_view value, boost::beast::error_code& error);
  void read_target(std::string_view target);
  [[nodiscard]] std::string_view view(Piece piece) const { return {data_.get() + begin_ + piece.offset, piece.size}; }
  [[nodiscard]] Piece piece_of(std::string_view text) const {
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
  std::size_t scanned_ = 0;      // header: bytes known not to start its end
  std::size_t body_ = 0;         // offset of the body
  std::size_t body_size_ = 0;    // sized: as announced; chunked: decoded so far, in place
  std::size_t parsed_ = 0;       // chunked: offset of the first byte the parser has not seen
  std::size_t message_end_ = 0;  // offset behind the complete request
  std::optional<Parser> parser_;
  Refusal refusal_;
  std::string_view guard_;  // why a callback stopped the parser; empty: it did not

  // Of the current request.
  Method method_ = Method::other;
  bool head_ = false;
  bool http10_ = false;
  bool keep_alive_ = true;
  bool skipped_blank_ = false;
  bool in_trailers_ = false;
  bool expects_continue_ = false;
  bool expects_other_ = false;
  std::uint8_t hosts_ = 0;
  std::uint8_t lengths_ = 0;
  std::uint8_t codings_ = 0;
  Piece path_;
  Piece query_;
  Piece game_key_;
  Piece authorization_;
  Piece content_type_;
  Piece min_position_;
  Piece signature_;
  Piece forwarded_;
};

}  // namespace florin::api
