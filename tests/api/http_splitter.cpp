#include "tests/api/http_splitter.h"

#include <cctype>
#include <optional>

namespace florin::api::testing {
namespace {

// A cursor over the bytes; every step that does not fit throws Doubt.
struct Doubt {};

class Splitter {
 public:
  Splitter(std::string_view bytes, Reading reading) : bytes_(bytes), strict_(reading == Reading::strict) {}

  std::vector<SplitRequest> run() {
    std::vector<SplitRequest> found;
    try {
      for (;;) found.push_back(request());
    } catch (Doubt const&) {
      return found;
    }
  }

 private:
  std::string line() {
    auto const lf = bytes_.find('\n', at_);
    if (lf == std::string_view::npos) throw Doubt();
    std::string text(bytes_.substr(at_, lf - at_));
    at_ = lf + 1;
    bool const cr = !text.empty() && text.back() == '\r';
    if (cr) text.pop_back();
    if (strict_) {
      if (!cr) throw Doubt();
      for (char const c : text) {
        auto const byte = static_cast<unsigned char>(c);
        if ((byte < 32 && c != '\t') || byte == 127) throw Doubt();
      }
    }
    return text;
  }

  static std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
  }
  static bool is_name(std::string const& text) {
    for (char const c : text) {
      bool const letter = std::isalnum(static_cast<unsigned char>(c)) != 0 && static_cast<unsigned char>(c) < 128;
      if (!letter && std::string("!#$%&'*+-.^_`|~").find(c) == std::string::npos) return false;
    }
    return !text.empty();
  }
  static std::string without_blanks(std::string const& text) {
    auto const first = text.find_first_not_of(" \t");
    if (first == std::string::npos) return "";
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
  }

  // "name: value" lines up to the empty one; tells the values of the two that frame.
  struct Framing {
    std::vector<std::string> lengths;
    std::vector<std::string> codings;
  };
  Framing fields() {
    Framing framing;
    for (auto text = line(); !text.empty(); text = line()) {
      auto const colon = text.find(':');
      if (colon == std::string::npos || (strict_ && !is_name(text.substr(0, colon)))) throw Doubt();
      auto const name = lower(without_blanks(text.substr(0, colon)));
      auto const value = without_blanks(text.substr(colon + 1));
      if (name == "content-length") framing.lengths.push_back(value);
      if (name == "transfer-encoding") framing.codings.push_back(lower(value));
    }
    return framing;
  }

  static std::size_t number(std::string const& digits, int base) {
    std::size_t value = 0;
    if (digits.empty()) throw Doubt();
    for (char const c : digits) {
      int const digit = c >= '0' && c <= '9'                                ? c - '0'
                        : std::isxdigit(static_cast<unsigned char>(c)) != 0 ? std::tolower(c) - 'a' + 10
                                                                            : 99;
      if (digit >= base || value > 1'000'000'000) throw Doubt();
      value = value * static_cast<std::size_t>(base) + static_cast<std::size_t>(digit);
    }
    return value;
  }

  std::string take(std::size_t count) {
    if (bytes_.size() - at_ < count) throw Doubt();
    at_ += count;
    return std::string(bytes_.substr(at_ - count, count));
  }

  // *( BWS ";" BWS name [ BWS "=" BWS value ] ), as a table of states.
  static void check_extension(std::string const& text) {
    enum { before, start, name, after_name, value_start, token, quoted, escaped, after_value } state = before;
    for (char const c : text) {
      bool const blank = c == ' ' || c == '\t';
      bool const word = is_name(std::string(1, c));
      switch (state) {
        case before: state = c == ';' ? start : blank ? before : throw Doubt(); break;
        case start: state = word ? name : blank ? start : throw Doubt(); break;
        case name:
          state = word ? name : c == '=' ? value_start : c == ';' ? start : blank ? after_name : throw Doubt();
          break;
        case after_name: state = c == '=' ? value_start : c == ';' ? start : blank ? after_name : throw Doubt(); break;
        case value_start: state = c == '"' ? quoted : word ? token : blank ? value_start : throw Doubt(); break;
        case token: state = word ? token : c == ';' ? start : blank ? after_value : throw Doubt(); break;
        case quoted: state = c == '"' ? after_value : c == '\\' ? escaped : quoted; break;
        case escaped: state = quoted; break;
        case after_value: state = c == ';' ? start : blank ? after_value : throw Doubt(); break;
      }
    }
    bool const ends = state == name || state == token || state == after_value || (state == before && text.empty());
    // A blank at the very end belongs to nothing.
    if (!ends || (!text.empty() && (text.back() == ' ' || text.back() == '\t'))) throw Doubt();
  }

  std::string chunks() {
    std::string body;
    for (;;) {
      auto const text = line();
      std::size_t digits = 0;
      while (digits < text.size() && std::isxdigit(static_cast<unsigned char>(text[digits])) != 0) ++digits;
      if (strict_) check_extension(text.substr(digits));
      auto const size = number(text.substr(0, digits), 16);
      if (size == 0) break;
      body += take(size);
      if (!line().empty()) throw Doubt();
    }
    (void)fields();
    return body;
  }

  SplitRequest request() {
    auto first = line();
    if (first.empty()) first = line();
    auto const blank = first.find(' ');
    auto const last = first.rfind(' ');
    if (blank == std::string::npos || last == blank) throw Doubt();
    SplitRequest request{first.substr(0, blank), first.substr(blank + 1, last - blank - 1), ""};
    auto const version = first.substr(last + 1);
    if (strict_ && (version.size() != 8 || version.substr(0, 7) != "HTTP/1." || !is_name(request.method)))
      throw Doubt();
    auto const framing = fields();
    if (framing.codings.size() + framing.lengths.size() > 1 && strict_) throw Doubt();
    if (!framing.codings.empty()) {
      if (framing.codings.back() != "chunked") throw Doubt();
      request.body = chunks();
    } else if (!framing.lengths.empty()) {
      request.body = take(number(framing.lengths.front(), 10));
    }
    return request;
  }

  std::string_view const bytes_;
  bool const strict_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<SplitRequest> split_requests(std::string_view bytes, Reading reading) {
  return Splitter(bytes, reading).run();
}

}  // namespace florin::api::testing
