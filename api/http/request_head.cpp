#include "api/http/request_head.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "api/http/authority.h"
#include "api/http/field_value.h"
#include "domain/digits.h"

namespace florin::api {
namespace {

// What a byte may be part of.
constexpr std::uint8_t kToken = 1;
constexpr std::uint8_t kFieldText = 2;
constexpr std::uint8_t kTarget = 4;

constexpr std::array<std::uint8_t, 256> kClasses = [] {
  std::array<std::uint8_t, 256> classes{};
  for (std::size_t c = 0; c < classes.size(); ++c) {
    auto const letter = static_cast<char>(c);
    bool const visible = c > 0x20 && c < 0x7f;
    bool const above = c >= 0x80;  // obs-text; in a target: UTF-8 that was not percent-encoded
    bool const alphanumeric =
        (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
    if (alphanumeric || std::string_view("!#$%&'*+-.^_`|~").find(letter) != std::string_view::npos) {
      classes[c] |= kToken;
    }
    if (visible || above || letter == ' ' || letter == '\t') classes[c] |= kFieldText;
    // Browsers leave some of what RFC 3986 wants encoded as it is. These never: a fragment is not sent, and a
    // backslash is a slash to some.
    if ((visible || above) && std::string_view("\"#<>\\").find(letter) == std::string_view::npos) {
      classes[c] |= kTarget;
    }
  }
  return classes;
}();

bool all_of(std::string_view text, std::uint8_t wanted) {
  return std::all_of(text.begin(), text.end(),
                     [wanted](char c) { return (kClasses[static_cast<unsigned char>(c)] & wanted) != 0; });
}

Method method_of(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, Method>, 8> kKnown = {{{"GET", Method::get},
                                                                          {"HEAD", Method::get},
                                                                          {"POST", Method::post},
                                                                          {"PUT", Method::put},
                                                                          {"PATCH", Method::patch},
                                                                          {"DELETE", Method::del},
                                                                          {"OPTIONS", Method::other},
                                                                          {"TRACE", Method::other}}};
  for (auto const& [name, method] : kKnown) {
    if (text == name) return method;
  }
  return Method::unknown;
}

class HeadParser {
 public:
  explicit HeadParser(std::span<OwnHeader const> own) : own_(own) {}

  ParsedHead parse(std::string_view text) {
    std::size_t end = text.find("\r\n");
    if (end == std::string_view::npos || !read_request_line(text.substr(0, end))) return finish();
    for (;;) {
      text.remove_prefix(end + 2);
      end = text.find("\r\n");
      if (end == std::string_view::npos) {
        refuse("The request's head does not end with an empty line.");
        return finish();
      }
      if (end == 0) break;
      auto const line = text.substr(0, end);
      if (!is_field_line(line)) {
        refuse("A header line is malformed. Send name, colon and value on one line, without control characters.");
        return finish();
      }
      auto const colon = line.find(':');
      read_field(line.substr(0, colon), trimmed(line.substr(colon + 1)));
      if (result_.refusal) return finish();
    }
    check();
    return finish();
  }

 private:
  ParsedHead finish() {
    if (result_.refusal) result_.head.keep_alive = false;
    return result_;
  }
  void refuse(int status, std::string_view code, std::string_view message) {
    if (!result_.refusal) result_.refusal = RequestRefusal{status, code, message};
  }
  void refuse(std::string_view message) { refuse(400, "INVALID_REQUEST", message); }

  bool read_request_line(std::string_view line) {
    auto const first = line.find(' ');
    auto const last = line.rfind(' ');
    auto const method = line.substr(0, first);
    if (first == std::string_view::npos || last == first || !is_token(method)) {
      refuse("The request is not valid HTTP/1.1: send a method, a target and a version.");
      return false;
    }
    read_version(line.substr(last + 1));
    if (result_.refusal) return false;
    if (method == "CONNECT") {
      refuse(501, "NOT_IMPLEMENTED", "This server is no proxy: it does not take CONNECT.");
      return false;
    }
    result_.head.method = method_of(method);
    result_.head.is_head = method == "HEAD";
    read_target(line.substr(first + 1, last - first - 1), method == "OPTIONS");
    return !result_.refusal.has_value();
  }

  void read_version(std::string_view version) {
    if (version.size() != 8 || !version.starts_with("HTTP/") || version[6] != '.' || !domain::is_digit(version[5]) ||
        !domain::is_digit(version[7])) {
      return refuse("The request is not valid HTTP/1.1: its first line ends with the version, such as HTTP/1.1.");
    }
    if (version[5] != '1') {
      return refuse(505, "HTTP_VERSION_NOT_SUPPORTED", "This server speaks HTTP/1.1. Send the request in it.");
    }
    result_.head.http10 = version[7] == '0';
  }

  // RFC 9112, 3.2: origin-form, absolute-form, and for OPTIONS the asterisk.
  void read_target(std::string_view target, bool is_options) {
    if (target == "*" && is_options) {
      result_.head.path = target;
      result_.head.whole_server = true;
      return;
    }
    if (!all_of(target, kTarget)) {
      return refuse("The request target holds a character that must be percent-encoded.");
    }
    if (!target.starts_with('/')) {
      auto const mark = std::min(target.find("://"), target.size());
      auto const scheme = target.substr(0, mark);
      if (mark == target.size() || (!iequals(scheme, "http") && !iequals(scheme, "https"))) {
        return refuse("The request target must be a path, such as /readyz, or an http URL.");
      }
      auto const slash = target.substr(mark + 2, 1);  // the last of "://"
      target.remove_prefix(mark + 3);
      auto const end = std::min(target.find_first_of("/?"), target.size());
      if (!is_authority(target.substr(0, end))) {
        return refuse("The URL in the request target has no valid host, such as example.com or example.com:8080.");
      }
      target.remove_prefix(end);
      if (!target.starts_with('/')) {
        // Without a path the URL means "/" (RFC 9110, 4.2.3), and for OPTIONS the whole server (RFC 9112, 3.2.4).
        result_.head.path = slash;
        result_.head.whole_server = is_options && target.empty();
        if (!target.empty()) result_.head.query = target.substr(1);
        return;
      }
    }
    auto const question = std::min(target.find('?'), target.size());
    result_.head.path = target.substr(0, question);
    if (question != target.size()) result_.head.query = target.substr(question + 1);
  }

  // A header that may come once.
  void read_once(std::string_view& into, std::string_view value) {
    if (into.data() != nullptr) return refuse("A header that may come once came twice.");
    into = value;
  }

  void read_field(std::string_view name, std::string_view value) {
    auto& head = result_.head;
    if (iequals(name, "host")) {
      if (hosts_++ != 0) return refuse("The Host header comes twice.");
      // Empty is what RFC 9112, 3.2 has for a target without a host.
      if (!value.empty() && !is_authority(value)) {
        refuse("The Host header is malformed. Send a host, and a port if any, such as example.com:8080.");
      }
    } else if (iequals(name, "content-type")) {
      read_once(head.content_type, value);
    } else if (iequals(name, "content-length")) {
      if (head.has_length) return refuse("The Content-Length header comes twice.");
      read_length(value);
    } else if (iequals(name, "connection")) {
      while (!value.empty()) {
        auto const option = take_element(value);
        closes_ = closes_ || iequals(option, "close");
        stays_ = stays_ || iequals(option, "keep-alive");
      }
    } else if (auto const own = std::find_if(own_.begin(), own_.end(),
                                             [name](OwnHeader const& each) { return iequals(name, each.name); });
               own != own_.end()) {
      read_once(head.own[own->place], value);
    } else if (iequals(name, "authorization")) {
      read_once(head.authorization, value);
    } else if (iequals(name, "transfer-encoding")) {
      if (codings_++ != 0) return refuse("The Transfer-Encoding header comes twice.");
      read_codings(value);
    } else if (iequals(name, "x-forwarded-for")) {
      // Each proxy adds its own line, or to the last one: the nearest proxy's word is in the last.
      head.forwarded = value;
    } else if (iequals(name, "if-none-match")) {
      head.if_none_match = value;
    } else if (iequals(name, "expect")) {
      (iequals(value, "100-continue") ? head.expects_continue : expects_other_) = true;
    }
  }

  void read_length(std::string_view value) {
    auto& head = result_.head;
    head.has_length = true;
    if (value.empty()) refuse("The Content-Length header is malformed. Send a whole number.");
    for (char const c : value) {
      if (c < '0' || c > '9') return refuse("The Content-Length header is malformed. Send a whole number.");
      auto const digit = static_cast<std::uint64_t>(c - '0');
      constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
      head.length = head.length > (kMax - digit) / 10 ? kMax : head.length * 10 + digit;
    }
  }

  void read_codings(std::string_view value) {
    bool understood = true;
    do {
      bool const last = value.find(',') == std::string_view::npos;
      auto const coding = take_element(value);
      bool const is_chunked = iequals(coding, "chunked");
      // Where a body ends whose last coding is not "chunked" nobody can tell (RFC 9112, 6.3).
      if (!is_token(coding) || (is_chunked && !last)) return refuse("The Transfer-Encoding header is malformed.");
      understood = understood && is_chunked;
    } while (!value.empty());
    if (!understood) {
      return refuse(501, "NOT_IMPLEMENTED", "The only transfer coding understood is \"chunked\".");
    }
    result_.head.chunked = true;
  }

  // What only the whole head shows.
  void check() {
    auto& head = result_.head;
    if (hosts_ == 0 && !head.http10) return refuse("The Host header is missing.");
    if (head.chunked && head.has_length) return refuse("Send either Transfer-Encoding or Content-Length, not both.");
    if (head.chunked && head.http10) return refuse("HTTP/1.0 has no chunked bodies. Send Content-Length.");
    if (expects_other_) {
      return refuse(417, "EXPECTATION_FAILED", "Only \"Expect: 100-continue\" is understood.");
    }
    if (head.http10) head.expects_continue = false;
    head.keep_alive = !closes_ && (!head.http10 || stays_);
  }

  std::span<OwnHeader const> own_;
  ParsedHead result_;
  int hosts_ = 0;
  int codings_ = 0;
  bool closes_ = false;
  bool stays_ = false;
  bool expects_other_ = false;
};

}  // namespace

bool is_token(std::string_view text) { return !text.empty() && all_of(text, kToken); }

bool is_field_text(std::string_view text) { return all_of(text, kFieldText); }

bool is_field_line(std::string_view line) {
  auto const colon = line.find(':');
  // A folded line starts with a blank, which no name does.
  return colon != std::string_view::npos && is_token(line.substr(0, colon)) && is_field_text(line.substr(colon + 1));
}

bool starts_as_request(std::string_view text) {
  auto const blank = text.find(' ');
  return blank != std::string_view::npos && is_token(text.substr(0, blank)) &&
         all_of(text.substr(blank + 1, text.find(' ', blank + 1) - blank - 1), kTarget);
}

ParsedHead parse_head(std::string_view text, std::span<OwnHeader const> own) { return HeadParser(own).parse(text); }

}  // namespace florin::api
