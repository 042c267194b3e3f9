#include "api/http/reply.h"

#include <array>
#include <charconv>
#include <chrono>

namespace florin::api {
namespace {

std::string_view status_line(int status) {
  switch (status) {
    case 200: return "HTTP/1.1 200 OK\r\n";
    case 201: return "HTTP/1.1 201 Created\r\n";
    case 202: return "HTTP/1.1 202 Accepted\r\n";
    case 204: return "HTTP/1.1 204 No Content\r\n";
    case 302: return "HTTP/1.1 302 Found\r\n";
    case 303: return "HTTP/1.1 303 See Other\r\n";
    case 304: return "HTTP/1.1 304 Not Modified\r\n";
    case 400: return "HTTP/1.1 400 Bad Request\r\n";
    case 401: return "HTTP/1.1 401 Unauthorized\r\n";
    case 402: return "HTTP/1.1 402 Payment Required\r\n";
    case 403: return "HTTP/1.1 403 Forbidden\r\n";
    case 404: return "HTTP/1.1 404 Not Found\r\n";
    case 405: return "HTTP/1.1 405 Method Not Allowed\r\n";
    case 408: return "HTTP/1.1 408 Request Timeout\r\n";
    case 409: return "HTTP/1.1 409 Conflict\r\n";
    case 410: return "HTTP/1.1 410 Gone\r\n";
    case 413: return "HTTP/1.1 413 Content Too Large\r\n";
    case 414: return "HTTP/1.1 414 URI Too Long\r\n";
    case 415: return "HTTP/1.1 415 Unsupported Media Type\r\n";
    case 417: return "HTTP/1.1 417 Expectation Failed\r\n";
    case 422: return "HTTP/1.1 422 Unprocessable Content\r\n";
    case 429: return "HTTP/1.1 429 Too Many Requests\r\n";
    case 431: return "HTTP/1.1 431 Request Header Fields Too Large\r\n";
    case 500: return "HTTP/1.1 500 Internal Server Error\r\n";
    case 501: return "HTTP/1.1 501 Not Implemented\r\n";
    case 503: return "HTTP/1.1 503 Service Unavailable\r\n";
    case 505: return "HTTP/1.1 505 HTTP Version Not Supported\r\n";
  }
  return {};  // a status without a usual phrase
}

template <class Integer>
void append_number(std::string& out, Integer value) {
  std::array<char, 24> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

}  // namespace

void append_head(std::string& out, Response const& response, std::uint64_t request_id, ReplyFraming const& framing) {
  if (auto const line = status_line(response.status); !line.empty()) {
    out += line;
  } else {
    out += "HTTP/1.1 ";
    append_number(out, response.status);
    out += " \r\n";
  }
  bool const has_content = status_has_content(response.status);
  if (has_content) {
    out += "Content-Type: ";
    out += response.content_type;
    out += "\r\n";
  }
  out += "Cache-Control: ";
  out += response.cache_control;
  out += "\r\nRequest-Id: ";
  append_request_id(out, request_id);
  if (!framing.date.empty()) {
    out += "\r\nDate: ";
    out += framing.date;
  }
  if (!has_content) {
    // The empty line ends it, whatever a header said.
  } else if (response.stream) {
    if (!framing.http10) out += "\r\nTransfer-Encoding: chunked";
  } else {
    out += "\r\nContent-Length: ";
    append_number(out, response.content().size());
  }
  if (response.position != 0 && !framing.position_header.empty()) {
    out += "\r\n";
    out += framing.position_header;
    out += ": ";
    append_number(out, response.position);
  }
  if (response.retry_after_seconds > 0) {
    out += "\r\nRetry-After: ";
    append_number(out, response.retry_after_seconds);
  }
  if (!response.allow.empty()) {
    out += "\r\nAllow: ";
    out += response.allow;
  }
  if (!response.challenge.empty()) {
    out += "\r\nWWW-Authenticate: ";
    out += response.challenge;
  }
  if (!framing.keep_alive) {
    out += "\r\nConnection: close";
  } else if (framing.http10) {
    out += "\r\nConnection: keep-alive";
  }
  out += "\r\n";
  out += response.headers;
  out += "\r\n";
}

std::string http_date(std::int64_t unix_seconds) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun, ", "Mon, ", "Tue, ", "Wed, ", "Thu, ", "Fri, ", "Sat, "};
  constexpr std::array<std::string_view, 12> kMonths = {" Jan ", " Feb ", " Mar ", " Apr ", " May ", " Jun ",
                                                        " Jul ", " Aug ", " Sep ", " Oct ", " Nov ", " Dec "};
  std::chrono::sys_seconds const at{std::chrono::seconds(unix_seconds)};
  auto const day = std::chrono::floor<std::chrono::days>(at);
  std::chrono::year_month_day const date(day);
  std::chrono::hh_mm_ss const time(at - day);
  std::string out;
  auto const two = [&out](std::int64_t value) {
    out.push_back(static_cast<char>('0' + value / 10));
    out.push_back(static_cast<char>('0' + value % 10));
  };
  out += kDays[std::chrono::weekday(day).c_encoding()];
  two(static_cast<unsigned>(date.day()));
  out += kMonths[static_cast<unsigned>(date.month()) - 1];
  append_number(out, static_cast<int>(date.year()));
  out.push_back(' ');
  two(time.hours().count());
  out.push_back(':');
  two(time.minutes().count());
  out.push_back(':');
  two(time.seconds().count());
  out += " GMT";
  return out;
}

}  // namespace florin::api
