#include "api/http/json_writer.h"

#include <array>
#include <charconv>

#include "api/http/printable_text.h"
#include "domain/utf8.h"

namespace florin::api {
namespace {

// Bytes that do not stand for themselves, or only if those after them agree.
constexpr std::array<bool, 256> escape_table() {
  std::array<bool, 256> table{};
  for (std::size_t letter = 0x80; letter < table.size(); ++letter) table[letter] = true;
  for (std::size_t letter = 0; letter < 0x20; ++letter) table[letter] = true;
  for (std::size_t letter = 0x80; letter < 0x100; ++letter) table[letter] = true;
  table['"'] = table['\\'] = true;
  return table;
}
constexpr std::array<bool, 256> kEscaped = escape_table();

template <class Integer>
void append_integer(std::string& out, Integer value) {
  std::array<char, 24> digits;
  auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

}  // namespace

void append_json_escaped(std::string& out, std::string_view text) {
  std::size_t plain = 0;  // start of the run not yet appended
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto const letter = static_cast<unsigned char>(text[i]);
    if (!kEscaped[letter]) continue;
    if (letter >= 0x80) {
      auto const [size, value] = code_point_at(text, i);
      // The two line ends that JSON allows and JavaScript once did not; and a byte that would not be JSON.
      char const* const escape = !value             ? "\\ufffd"
                                 : *value == 0x2028 ? "\\u2028"
                                 : *value == 0x2029 ? "\\u2029"
                                                    : nullptr;
      if (escape != nullptr) {
        out.append(text, plain, i - plain).append(escape);
        plain = i + size;
      }
      i += size - 1;
      continue;
    }
    out.append(text, plain, i - plain);
    plain = i + 1;
    if (letter >= 0x80) {
      out.append("\\ufffd");
      continue;
    }
    switch (letter) {
      case '"': out.append("\\\""); break;
      case '\\': out.append("\\\\"); break;
      case '\n': out.append("\\n"); break;
      case '\r': out.append("\\r"); break;
      case '\t': out.append("\\t"); break;
      default: {
        constexpr std::string_view kHex = "0123456789abcdef";
        out.append("\\u00");
        out.push_back(kHex[letter >> 4]);
        out.push_back(kHex[letter & 15]);
      }
    }
  }
  out.append(text, plain, text.size() - plain);
}

void JsonWriter::key(std::string_view name) {
  separate();
  out_.push_back('"');
  out_.append(name);
  out_.append("\":");
  comma_ = false;
}

void JsonWriter::string(std::string_view value) {
  separate();
  out_.push_back('"');
  append_json_escaped(out_, value);
  out_.push_back('"');
}

void JsonWriter::string_or_null(std::string_view name, std::optional<std::string_view> const& value) {
  if (value) {
    string(name, *value);
  } else {
    null(name);
  }
}

void JsonWriter::integer(std::int64_t value) {
  separate();
  append_integer(out_, value);
}

void JsonWriter::integer(std::string_view name, std::uint64_t value) {
  key(name);
  separate();
  append_integer(out_, value);
}

std::string json_text(std::string_view text) {
  std::string out = "\"";
  append_json_escaped(out, text);
  out.push_back('"');
  return out;
}

void JsonWriter::time(std::string_view name, domain::Timestamp value) {
  key(name);
  separate();
  out_.push_back('"');
  domain::append_iso8601(out_, value);
  out_.push_back('"');
}

void JsonWriter::raw(std::string_view json) {
  separate();
  if (domain::is_utf8(json)) {
    out_.append(json);
  } else {
    out_.append(domain::repaired_utf8(json));
  }
}

}  // namespace florin::api
