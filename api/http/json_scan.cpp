#include "api/http/json_scan.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "api/http/pasted_text.h"
#include "domain/digits.h"

namespace florin::api {
namespace {

// The value of the four hex digits at `at`; nullopt when there are none.
std::optional<unsigned> hex4(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) return std::nullopt;
  unsigned value = 0;
  auto const [end, error] = std::from_chars(text.data() + at, text.data() + at + 4, value, 16);
  bool const whole = error == std::errc() && end == text.data() + at + 4;
  return whole ? std::optional(value) : std::nullopt;
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  JsonScan run() {
    if (!document()) out_.broken_at = at_;
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool more() const { return at_ < text_.size(); }
  [[nodiscard]] bool next_is(char c) const { return more() && text_[at_] == c; }
  bool take(char c) {
    bool const there = next_is(c);
    if (there) ++at_;
    return there;
  }
  void blanks() {
    while (more() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) ++at_;
  }

  // One value and nothing behind it. `open_` holds the brackets that are open.
  bool document() {
    for (;;) {
      blanks();
      bool const opened = next_is('{') || next_is('[');
      if (opened) {
        open_.push_back(text_[at_++]);
        blanks();
        if (open_.back() == '{' ? next_is('}') : next_is(']')) {
          ++at_;
          open_.pop_back();
        } else {
          if (open_.back() == '{' && !name()) return false;
          continue;
        }
      } else if (!scalar()) {
        return false;
      }
      // A value has ended: what may follow it?
      for (;;) {
        blanks();
        if (open_.empty()) return !more();
        if (take(',')) {
          blanks();
          if (open_.back() == '{' && !name()) return false;
          break;
        }
        if (!take(open_.back() == '{' ? '}' : ']')) return false;
        open_.pop_back();
      }
    }
  }

  bool name() {
    if (!next_is('"') || !string()) return false;
    blanks();
    return take(':');
  }

  bool scalar() {
    if (!more()) return false;
    switch (text_[at_]) {
      case '"': return string();
      case 't': return word("true");
      case 'f': return word("false");
      case 'n': return word("null");
      default: return number();
    }
  }

  bool word(std::string_view wanted) {
    for (char const c : wanted) {
      if (!take(c)) return false;
    }
    return true;
  }

  bool string() {
    ++at_;
    while (more()) {
      char const c = text_[at_];
      if (c == '"') return ++at_, true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '\\') {
        if (!escape()) return false;
      } else if (static_cast<unsigned char>(c) < 0x80) {
        ++at_;
      } else {
        auto rest = text_.substr(at_);
        bool const real = rest.starts_with("\xEF\xBF\xBD");
        if (take_code_point(rest) == 0xFFFD && !real) return false;
        at_ = text_.size() - rest.size();
      }
    }
    return false;
  }

  bool escape() {
    auto const start = at_++;
    if (!more()) return false;
    if (text_[at_] != 'u') {
      if (std::string_view("\"\\/bfnrt").find(text_[at_]) == std::string_view::npos) return false;
      return ++at_, true;
    }
    auto const first = hex4(text_, ++at_);
    if (!first) return false;
    at_ += 4;
    if (*first < 0xD800 || *first > 0xDFFF) return true;
    // Half a surrogate pair: a first one needs its second, and a second one alone is nothing.
    auto const second = next_is('\\') && at_ + 1 < text_.size() && text_[at_ + 1] == 'u' ? hex4(text_, at_ + 2)
                                                                                         : std::optional<unsigned>();
    if (*first > 0xDBFF || !second || *second < 0xDC00 || *second > 0xDFFF) {
      at_ = start;
      return false;
    }
    at_ += 6;
    return true;
  }

  std::string_view digits() {
    auto const start = at_;
    while (more() && domain::is_digit(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  bool number() {
    auto const start = at_;
    bool const negative = take('-');
    auto const whole = digits();
    if (whole.empty()) return false;
    if (whole.size() > 1 && whole.front() == '0') {
      at_ -= whole.size() - 1;
      return false;
    }
    bool integer = true;
    std::string_view fraction;
    if (take('.')) {
      integer = false;
      fraction = digits();
      if (fraction.empty()) return false;
    }
    std::int64_t power = 0;
    if (more() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      integer = false;
      ++at_;
      bool const down = next_is('-');
      if (!take('-')) take('+');
      auto const exponent = digits();
      if (exponent.empty()) return false;
      for (char const digit : exponent) power = std::min<std::int64_t>(power * 10 + (digit - '0'), 1'000'000'000);
      if (down) power = -power;
    }
    if (integer ? !fits(negative, whole) : magnitude(whole, fraction) + power > 308) {
      out_.large_numbers.push_back({start, at_});
    }
    return true;
  }

  static bool fits(bool negative, std::string_view digits) {
    std::uint64_t value = 0;
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && (!negative || value <= std::uint64_t{1} << 63);
  }

  // How many digits stand before the point once leading zeros are gone: 3 for 123.4, -1 for 0.012; far below for zero.
  static std::int64_t magnitude(std::string_view whole, std::string_view fraction) {
    if (whole != "0") return static_cast<std::int64_t>(whole.size());
    auto const first = fraction.find_first_not_of('0');
    return first == std::string_view::npos ? -2'000'000'000 : -static_cast<std::int64_t>(first);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string open_;
  JsonScan out_;
};

}  // namespace

JsonScan scan_json(std::string_view text) { return Scanner(text).run(); }

std::string line_and_column(std::string_view text, std::size_t at) {
  auto const before = text.substr(0, at);
  auto const line = 1 + std::count(before.begin(), before.end(), '\n');
  auto const start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  auto const column = 1 + std::count_if(before.begin() + static_cast<std::ptrdiff_t>(start), before.end(),
                                        [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

}  // namespace florin::api
