#include "api/http/request_reader.h"

#include <algorithm>
#include <cstring>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>

namespace florin::api {

namespace http = boost::beast::http;

namespace {

constexpr std::size_t kFirstRead = std::size_t{4} << 10;      // a request of ours fits, and so do a few pipelined ones
constexpr std::size_t kBodyRead = std::size_t{256} << 10;     // a batch's body comes in few reads
constexpr std::size_t kKeptCapacity = std::size_t{64} << 10;  // what an idle connection may hold on to

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool iequals(std::string_view a, std::string_view b) {
  return boost::beast::iequals({a.data(), a.size()}, {b.data(), b.size()});
}

Method method_of(http::verb verb) {
  // Not one of our enums: the dozens of WebDAV verbs are all "other".
  if (verb == http::verb::get || verb == http::verb::head) return Method::get;
  if (verb == http::verb::post) return Method::post;
  if (verb == http::verb::put) return Method::put;
  if (verb == http::verb::patch) return Method::patch;
  if (verb == http::verb::delete_) return Method::del;
  return Method::other;
}

}  // namespace

std::span<char> RequestReader::prepare() {
  std::size_t wanted = kFirstRead;
  if (stage_ == Stage::sized_body) wanted = std::min(body_ + body_size_ - (end_ - begin_), kBodyRead);
  if (stage_ == Stage::chunked_body) wanted = kBodyRead / 8;
  if (begin_ == end_) begin_ = end_ = 0;
  if (capacity_ - end_ < wanted && begin_ != 0) {
    std::memmove(data_.get(), data_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (capacity_ - end_ < wanted) {
    std::size_t const grown = std::max(end_ + wanted, std::min(capacity_ * 2, body_limit_ + kHeaderLimit));
    auto larger = std::make_unique_for_overwrite<char[]>(grown);
    if (end_ != 0) std::memcpy(larger.get(), data_.get(), end_);
    data_ = std::move(larger);
    capacity_ = grown;
  }
  return {data_.get() + end_, capacity_ - end_};
}

RequestReader::State RequestReader::advance() {
  switch (stage_) {
    case Stage::header: break;
    case Stage::sized_body: return end_ - begin_ >= message_end_ ? State::complete : State::need_more;
    case Stage::chunked_body: return parse_chunks();
  }
  // One empty line before a request is old clients' habit (RFC 9112, 2.2).
  if (!skipped_blank_ && end_ - begin_ >= 2 && data_[begin_] == '\r' && data_[begin_ + 1] == '\n') {
    begin_ += 2;
    scanned_ = 0;
    skipped_blank_ = true;
  }
  if (begin_ == end_) return State::need_more;

  std::string_view const seen(data_.get() + begin_, std::min(end_ - begin_, kHeaderLimit));
  std::size_t const end = seen.find("\r\n\r\n", scanned_);
  if (end == std::string_view::npos) {
    if (seen.size() == kHeaderLimit) {
      return refuse(431, "HEADERS_TOO_LARGE", "The request's headers are too large. Send fewer or shorter headers.");
    }
    scanned_ = seen.size() < 3 ? 0 : seen.size() - 3;
    return State::need_more;
  }
  return parse_header(end + 4);
}

RequestReader::State RequestReader::parse_header(std::size_t header_size) {
  parser_.emplace(*this);
  parser_->header_limit(static_cast<std::uint32_t>(2 * kHeaderLimit));  // ours was checked before
  parser_->body_limit(body_limit_);
  boost::beast::error_code error;
  std::size_t const used = parser_->put({data_.get() + begin_, header_size}, error);
  if (error == http::error::body_limit) return refuse_body_size();
  if (!guard_.empty()) return refuse(guard_);
  if (error || used != header_size || !parser_->is_header_done()) {
    return refuse("The request is not valid HTTP/1.1.");
  }
  body_ = header_size;
  return finish_header();
}

RequestReader::State RequestReader::finish_header() {
  if (hosts_ == 0 && !http10_) return refuse("The Host header is missing.");
  if (codings_ != 0 && lengths_ != 0) return refuse("Send either Transfer-Encoding or Content-Length, not both.");
  if (codings_ != 0 && http10_) return refuse("HTTP/1.0 has no chunked bodies. Send Content-Length.");
  if (path_.size == 0) return refuse("The request target must be a path.");
  if (expects_other_) {
    return refuse(417, "EXPECTATION_FAILED", "Only \"Expect: 100-continue\" is understood.");
  }
  keep_alive_ = parser_->keep_alive();
  bool const has_body = codings_ != 0 || parser_->content_length().value_or(0) != 0;
  if (router_ != nullptr && has_body) {
    auto const limit = std::min(body_limit_, router_->find(method_, view(path_)).body_limit);
    if (codings_ == 0 && parser_->content_length().value_or(0) > limit) return refuse_body_size();
    parser_->body_limit(limit);
  }
  if (codings_ != 0) {
    stage_ = Stage::chunked_body;
    parsed_ = body_;
    in_trailers_ = true;  // header fields from now on are trailers, and ignored
    return parse_chunks();
  }
  body_size_ = lengths_ != 0 ? static_cast<std::size_t>(parser_->content_length().value_or(0)) : 0;
  message_end_ = body_ + body_size_;
  stage_ = Stage::sized_body;
  return end_ - begin_ >= message_end_ ? State::complete : State::need_more;
}

// Decodes in place: the body grows behind the header, always at or before what the parser has read.
RequestReader::State RequestReader::parse_chunks() {
  for (;;) {
    std::size_t const available = end_ - begin_ - parsed_;
    boost::beast::error_code error;
    std::size_t const used = parser_->put({data_.get() + begin_ + parsed_, available}, error);
    parsed_ += used;
    if (error == http::error::body_limit) return refuse_body_size();
    if (error && error != http::error::need_more) return refuse("The chunked body is malformed.");
    if (parser_->is_done()) {
      message_end_ = parsed_;
      return State::complete;
    }
    if (error || used == available) break;
  }
  // Close the gap between the body and the bytes not parsed yet, so that framing never adds up.
  std::size_t const rest = end_ - begin_ - parsed_;
  if (rest > kHeaderLimit) return refuse("A chunk's header or the trailers are too large.");
  char* const gap = data_.get() + begin_ + body_ + body_size_;
  if (rest != 0) std::memmove(gap, data_.get() + begin_ + parsed_, rest);
  parsed_ = body_ + body_size_;
  end_ = begin_ + parsed_ + rest;
  return State::need_more;
}

Request RequestReader::request() const {
  Request request;
  request.method = method_;
  request.path = view(path_);
  request.query = view(query_);
  request.keep_alive = keep_alive_;
  request.game_key = view(game_key_);
  request.authorization = view(authorization_);
  request.content_type = view(content_type_);
  if (min_position_.offset != 0) request.min_position = view(min_position_);
  request.signature = view(signature_);
  request.forwarded = view(forwarded_);
  if (body_size_ != 0) request.body = {data_.get() + begin_ + body_, body_size_};
  return request;
}

bool RequestReader::take_expects_continue() {
  bool const wanted = expects_continue_ && !http10_ && stage_ != Stage::header && end_ - begin_ <= body_;
  if (stage_ != Stage::header) expects_continue_ = false;
  return wanted;
}

void RequestReader::next() {
  begin_ += message_end_;
  if (begin_ == end_) {
    begin_ = end_ = 0;
    if (capacity_ > kKeptCapacity) {
      data_.reset();
      capacity_ = 0;
    }
  }
  stage_ = Stage::header;
  scanned_ = body_ = body_size_ = parsed_ = message_end_ = 0;
  method_ = Method::other;
  head_ = http10_ = skipped_blank_ = in_trailers_ = expects_continue_ = expects_other_ = false;
  keep_alive_ = true;
  hosts_ = lengths_ = codings_ = 0;
  path_ = query_ = game_key_ = authorization_ = content_type_ = min_position_ = signature_ = forwarded_ = {};
}

RequestReader::State RequestReader::refuse(int status, std::string_view code, std::string_view message) {
  refusal_ = {status, code, message};
  body_size_ = 0;
  keep_alive_ = false;
  return State::refused;
}

void RequestReader::guard(boost::beast::error_code& error, std::string_view reason) {
  guard_ = reason;
  error = http::error::bad_value;
}

void RequestReader::note(Piece& piece, std::string_view value, boost::beast::error_code& error) {
  if (piece.offset != 0) return guard(error, "A header that may come once came twice.");
  piece = value.empty() ? Piece{1, 0} : piece_of(value);
}

void RequestReader::read_target(std::string_view target) {
  if (!target.starts_with('/')) {  // absolute form: http://host/path (RFC 9112, 3.2.2)
    std::size_t const scheme = target.find("://");
    if (scheme == std::string_view::npos) return;
    std::size_t const path = target.find('/', scheme + 3);
    if (path == std::string_view::npos) return;
    target.remove_prefix(path);
  }
  std::size_t const mark = target.find('?');
  path_ = piece_of(target.substr(0, mark));
  if (mark != std::string_view::npos) query_ = piece_of(target.substr(mark + 1));
}

void RequestReader::Parser::on_request_impl(http::verb method, View, View target, int version, Error&) {
  reader_.method_ = method_of(method);
  reader_.head_ = method == http::verb::head;
  reader_.http10_ = version == 10;
  reader_.read_target({target.data(), target.size()});
}

void RequestReader::Parser::on_field_impl(http::field name, View name_text, View text, Error& error) {
  if (reader_.in_trailers_) return;
  std::string_view const value(text.data(), text.size());
  // A folded value is joined in the parser's own buffer: it does not lie in ours.
  char const* const begin = reader_.data_.get() + reader_.begin_;
  if (!value.empty() && (value.data() < begin || value.data() >= begin + kHeaderLimit)) {
    return reader_.guard(error, "A header line is folded. Send each header on one line.");
  }
  if (name == http::field::unknown) {
    if (iequals({name_text.data(), name_text.size()}, "X-Game-Secret-Key")) {
      reader_.note(reader_.game_key_, value, error);
    } else if (iequals({name_text.data(), name_text.size()}, "Florin-Min-Position")) {
      reader_.note(reader_.min_position_, value, error);
    } else if (iequals({name_text.data(), name_text.size()}, "X-Twilio-Signature") ||
               iequals({name_text.data(), name_text.size()}, "Stripe-Signature")) {
      reader_.note(reader_.signature_, value, error);
    } else if (iequals({name_text.data(), name_text.size()}, "X-Forwarded-For")) {
      // Each proxy adds its own line, or to the last one: the nearest proxy's word is in the last.
      reader_.forwarded_ = value.empty() ? Piece{} : reader_.piece_of(value);
    }
  } else if (name == http::field::host) {
    if (reader_.hosts_++ != 0) return reader_.guard(error, "The Host header comes twice.");
    if (value.find_first_of(" \t,/@") != std::string_view::npos) reader_.guard(error, "The Host header is malformed.");
  } else if (name == http::field::content_length) {
    if (reader_.lengths_++ != 0) return reader_.guard(error, "The Content-Length header comes twice.");
    if (!is_digits(value)) reader_.guard(error, "The Content-Length header is malformed.");
  } else if (name == http::field::transfer_encoding) {
    if (reader_.codings_++ != 0) return reader_.guard(error, "The Transfer-Encoding header comes twice.");
    if (!iequals(value, "chunked")) reader_.guard(error, "The only transfer coding understood is \"chunked\".");
  } else if (name == http::field::content_type) {
    reader_.note(reader_.content_type_, value, error);
  } else if (name == http::field::authorization) {
    reader_.note(reader_.authorization_, value, error);
  } else if (name == http::field::expect) {
    (iequals(value, "100-continue") ? reader_.expects_continue_ : reader_.expects_other_) = true;
  }
}

std::size_t RequestReader::Parser::on_chunk_body_impl(std::uint64_t, View piece, Error&) {
  char* const to = reader_.data_.get() + reader_.begin_ + reader_.body_ + reader_.body_size_;
  std::memmove(to, piece.data(), piece.size());
  reader_.body_size_ += piece.size();
  return piece.size();
}

}  // namespace florin::api
