// A chunked body (RFC 9112, 7.1), decoded in place as it arrives. Pure: bytes in, bytes out, no allocation.
//
// Strict: a line ends with CRLF and nothing else, and an extension is of the RFC's grammar, which has no control
// character, not even within quotes: behind a proxy that ends lines at LF one request would become two. Extensions and
// trailers are checked, bounded and then ignored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace florin::api {

class ChunkDecoder {
 public:
  // One line, and all extensions and trailers of a body together: nobody who means well sends any.
  static constexpr std::size_t kLineMax = std::size_t{4} << 10;
  static constexpr std::size_t kExtraMax = std::size_t{16} << 10;

  ChunkDecoder() = default;
  explicit ChunkDecoder(std::size_t body_limit) : body_limit_(body_limit) {}

  enum class State : std::uint8_t { need_more, done, malformed, too_large };

  // Decodes what it can of data[read, end). Body bytes are moved to data[body + body_size()...], always at or before
  // where they were; `read` is advanced past what was understood. Everything before `read` but the body is free then.
  [[nodiscard]] State decode(char* data, std::size_t body, std::size_t& read, std::size_t end);

  [[nodiscard]] std::size_t body_size() const { return size_; }

 private:
  enum class Stage : std::uint8_t { size, data, data_end, trailers };

  [[nodiscard]] State read_size(std::string_view line);

  std::size_t body_limit_ = 0;
  std::size_t size_ = 0;       // decoded so far
  std::size_t remaining_ = 0;  // data: of the current chunk
  std::size_t extra_ = 0;      // bytes of extensions and trailers so far
  Stage stage_ = Stage::size;
};

}  // namespace florin::api
