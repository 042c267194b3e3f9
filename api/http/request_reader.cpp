#include "api/http/request_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace florin::api {
namespace {

constexpr std::size_t kFirstRead = std::size_t{4} << 10;      // a request of ours fits, and so do a few pipelined ones
constexpr std::size_t kBodyRead = std::size_t{256} << 10;     // a batch's body comes in few reads
constexpr std::size_t kKeptCapacity = std::size_t{64} << 10;  // what an idle connection may hold on to

constexpr RequestRefusal kBodyTooLarge{413, "PAYLOAD_TOO_LARGE",
                                       "The body is too large. Split the request into smaller ones."};

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
  std::size_t const free = capacity_ - end_;
  // Behind a large body comes little of the next request, so that next() can give the buffer back.
  return {data_.get() + end_, stage_ == Stage::header ? free : std::min(free, std::max(wanted, kFirstRead))};
}

RequestReader::State RequestReader::advance() {
  switch (stage_) {
    case Stage::header: break;
    case Stage::sized_body: return complete_when_whole();
    case Stage::chunked_body: return read_chunks();
  }
  // One empty line before a request is old clients' habit (RFC 9112, 2.2).
  if (!skipped_blank_ && end_ - begin_ >= 2 && data_[begin_] == '\r' && data_[begin_ + 1] == '\n') {
    begin_ += 2;
    scanned_ = line_ = 0;
    skipped_blank_ = true;
  }
  if (begin_ == end_) return State::need_more;

  std::string_view const seen(data_.get() + begin_, std::min(end_ - begin_, kHeaderLimit));
  // Told at once: who speaks TLS to us would wait for an answer, and we for an end of the line.
  if (!is_token(seen.substr(0, 1)) && seen != "\r") return refuse("The request is not valid HTTP/1.1.");
  for (;;) {
    std::size_t const lf = seen.find('\n', scanned_);
    if (lf == std::string_view::npos) break;
    if (lf == 0 || seen[lf - 1] != '\r')
      return refuse("A line of the request's head ends without CR. End it with CRLF.");
    bool const empty = lf - 1 == line_;
    line_ = scanned_ = lf + 1;
    if (empty) return read_head(lf + 1);
  }
  if (seen.size() == kHeaderLimit) return refuse_long_head(seen);
  scanned_ = seen.size();
  return State::need_more;
}

RequestReader::State RequestReader::refuse_long_head(std::string_view seen) {
  if (line_ != 0) {
    return refuse({431, "HEADERS_TOO_LARGE", "The request's headers are too large. Send fewer or shorter headers."});
  }
  if (!starts_as_request(seen)) return refuse("The request is not valid HTTP/1.1.");
  return refuse({414, "URI_TOO_LONG", "The request's target is too long. Send less in its path and query."});
}

RequestReader::State RequestReader::read_head(std::size_t size) {
  ParsedHead const parsed = parse_head(
      {data_.get() + begin_, size}, router_ != nullptr ? router_->options().own_headers : std::span<OwnHeader const>{});
  auto const& head = parsed.head;
  keep(head);
  if (parsed.refusal) return refuse(*parsed.refusal);
  body_ = size;
  std::size_t limit = body_limit_;
  if (router_ != nullptr && (head.chunked || head.length != 0)) {
    limit = std::min(limit, router_->find(head.method, head.path).body_limit);
  }
  if (head.chunked) {
    stage_ = Stage::chunked_body;
    read_ = body_;
    chunks_ = ChunkDecoder(limit);
    if (head.expects_continue || limit > kBodyLimit) pending_ = PendingBody{limit, head.expects_continue};
    return read_chunks();
  }
  if (head.length > limit) return refuse(kBodyTooLarge);
  body_size_ = static_cast<std::size_t>(head.length);
  message_end_ = body_ + body_size_;
  stage_ = Stage::sized_body;
  if (body_size_ != 0 && (head.expects_continue || body_size_ > kBodyLimit)) {
    pending_ = PendingBody{body_size_, head.expects_continue};
  }
  return complete_when_whole();
}

void RequestReader::keep(RequestHead const& head) {
  head_.method = head.method;
  head_.is_head = head.is_head;
  head_.http10 = head.http10;
  head_.keep_alive = head.keep_alive;
  head_.whole_server = head.whole_server;
  for (auto const& [into, from] :
       {std::pair(&head_.path, head.path), std::pair(&head_.query, head.query),
        std::pair(&head_.authorization, head.authorization), std::pair(&head_.content_type, head.content_type),
        std::pair(&head_.forwarded, head.forwarded), std::pair(&head_.if_none_match, head.if_none_match)}) {
    *into = piece_of(from);
  }
  for (std::size_t i = 0; i < kOwnHeadersMax; ++i) head_.own[i] = piece_of(head.own[i]);
}

RequestReader::State RequestReader::complete_when_whole() {
  complete_ = end_ - begin_ >= message_end_;
  return complete_ ? State::complete : State::need_more;
}

RequestReader::State RequestReader::read_chunks() {
  auto const state = chunks_.decode(data_.get() + begin_, body_, read_, end_ - begin_);
  body_size_ = chunks_.body_size();
  switch (state) {
    case ChunkDecoder::State::too_large: return refuse(kBodyTooLarge);
    case ChunkDecoder::State::malformed: return refuse("The chunked body is malformed.");
    case ChunkDecoder::State::done: message_end_ = read_; return complete_when_whole();
    case ChunkDecoder::State::need_more: break;
  }
  // Close the gap between the body and the bytes that are not decoded yet, so that framing never adds up.
  std::size_t const rest = end_ - begin_ - read_;
  char* const gap = data_.get() + begin_ + body_ + body_size_;
  if (rest != 0) std::memmove(gap, data_.get() + begin_ + read_, rest);
  read_ = body_ + body_size_;
  end_ = begin_ + read_ + rest;
  return State::need_more;
}

Request RequestReader::request() const {
  Request request;
  request.method = head_.method;
  request.is_head = head_.is_head;
  request.path = head_.whole_server ? std::string_view("*") : view(head_.path);
  request.query = view(head_.query);
  request.keep_alive = head_.keep_alive;
  request.authorization = view(head_.authorization);
  request.content_type = view(head_.content_type);
  for (std::size_t i = 0; i < kOwnHeadersMax; ++i) request.own[i] = view(head_.own[i]);
  request.forwarded = view(head_.forwarded);
  request.if_none_match = view(head_.if_none_match);
  if (complete_ && body_size_ != 0) request.body = {data_.get() + begin_ + body_, body_size_};
  return request;
}

std::optional<RequestReader::PendingBody> RequestReader::take_pending_body() {
  auto pending = std::exchange(pending_, std::nullopt);
  if (pending && end_ - begin_ > body_) {  // who has begun to send it does not wait
    pending->expects_continue = false;
    if (pending->most <= kBodyLimit) return std::nullopt;
  }
  return pending;
}

void RequestReader::next() {
  begin_ += message_end_;
  std::size_t const rest = end_ - begin_;
  if (capacity_ > kKeptCapacity) {
    std::unique_ptr<char[]> kept;
    if (rest != 0) {
      kept = std::make_unique_for_overwrite<char[]>(rest);
      std::memcpy(kept.get(), data_.get() + begin_, rest);
    }
    data_ = std::move(kept);
    capacity_ = end_ = rest;
    begin_ = 0;
  } else if (rest == 0) {
    begin_ = end_ = 0;
  }
  stage_ = Stage::header;
  line_ = scanned_ = body_ = body_size_ = read_ = message_end_ = 0;
  skipped_blank_ = complete_ = false;
  pending_.reset();
  head_ = {};
}

void RequestReader::drop() {
  data_.reset();
  capacity_ = begin_ = end_ = 0;
}

RequestReader::State RequestReader::refuse(RequestRefusal refusal) {
  refusal_ = refusal;
  complete_ = false;
  head_.keep_alive = false;
  return State::refused;
}

}  // namespace florin::api
