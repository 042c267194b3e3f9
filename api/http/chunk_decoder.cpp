#include "api/http/chunk_decoder.h"

#include <algorithm>
#include <cstring>

#include "api/http/request_head.h"

namespace florin::api {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void skip_blanks(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

bool take(std::string_view& text, char wanted) {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(1);
  return true;
}

bool take_token(std::string_view& text) {
  auto const end = std::min(text.find_first_of(" \t;=\"\\,"), text.size());
  if (!is_token(text.substr(0, end))) return false;
  text.remove_prefix(end);
  return true;
}

// RFC 9110, 5.6.4, from the opening quote to the closing one.
bool take_quoted(std::string_view& text) {
  if (!take(text, '"')) return false;
  while (!text.empty() && text.front() != '"') {
    if (text.front() == '\\') text.remove_prefix(1);  // the next letter stands for itself, a quote too
    if (text.empty() || !is_field_text(text.substr(0, 1))) return false;
    text.remove_prefix(1);
  }
  return take(text, '"');
}

// RFC 9112, 7.1.1: what follows a chunk's size on its line.
bool is_extensions(std::string_view text) {
  while (!text.empty()) {
    skip_blanks(text);
    if (!take(text, ';')) return false;
    skip_blanks(text);
    if (!take_token(text)) return false;
    auto after = text;
    skip_blanks(after);
    if (!take(after, '=')) continue;
    skip_blanks(after);
    text = after;
    if (!(text.starts_with('"') ? take_quoted(text) : take_token(text))) return false;
  }
  return true;
}

}  // namespace

ChunkDecoder::State ChunkDecoder::decode(char* data, std::size_t body, std::size_t& read, std::size_t end) {
  for (;;) {
    if (stage_ == Stage::data) {
      std::size_t const count = std::min(remaining_, end - read);
      if (count != 0) std::memmove(data + body + size_, data + read, count);
      size_ += count;
      read += count;
      remaining_ -= count;
      if (remaining_ != 0) return State::need_more;
      stage_ = Stage::data_end;
    }
    std::string_view const seen(data + read, end - read);
    auto const lf = seen.find('\n');
    if (lf == std::string_view::npos) {
      // After a chunk's data comes CRLF and nothing else; any other line is bounded.
      std::size_t const longest = stage_ == Stage::data_end ? 1 : kLineMax;
      return seen.size() > longest ? State::malformed : State::need_more;
    }
    if (lf == 0 || lf > kLineMax || seen[lf - 1] != '\r') return State::malformed;
    auto const line = seen.substr(0, lf - 1);
    read += lf + 1;
    switch (stage_) {
      case Stage::data: break;  // left above
      case Stage::size:
        if (auto const state = read_size(line); state != State::need_more) return state;
        break;
      case Stage::data_end:
        if (!line.empty()) return State::malformed;
        stage_ = Stage::size;
        break;
      case Stage::trailers:
        if (line.empty()) return State::done;
        extra_ += line.size();
        if (extra_ > kExtraMax || !is_field_line(line)) return State::malformed;
        break;
    }
  }
}

// need_more: understood.
ChunkDecoder::State ChunkDecoder::read_size(std::string_view line) {
  // Leading zeros mean nothing, so the line's length is what bounds them; past the limit the value stands still.
  std::size_t digits = 0;
  std::size_t value = 0;
  for (; digits < line.size() && hex_value(line[digits]) >= 0; ++digits) {
    if (value <= body_limit_) value = value * 16 + static_cast<std::size_t>(hex_value(line[digits]));
  }
  extra_ += line.size() - digits;
  if (digits == 0 || extra_ > kExtraMax || !is_extensions(line.substr(digits))) return State::malformed;
  if (value > body_limit_ - size_) return State::too_large;
  remaining_ = value;
  stage_ = value != 0 ? Stage::data : Stage::trailers;
  return State::need_more;
}

}  // namespace florin::api
