#include "sagas/gateways/form.h"

#include <algorithm>
#include <optional>

#include <simdjson.h>

namespace florin::sagas {
namespace {

constexpr bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '*';
}

constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if (c == '+') {
      out += ' ';
    } else if (c == '%') {
      int const high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      int const low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high << 4 | low);
      i += 2;
    } else if (c > ' ' && c < '\x7f' && c != '=') {
      out += c;  // more than we would leave plain: browsers and providers differ in what they escape
    } else {
      return std::nullopt;
    }
  }
  return out;
}

void escape(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (char const c : text) {
    if (is_plain(c)) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      auto const byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
}

}  // namespace

Result<Form, FormError> decode_form(std::string_view body) {
  if (body.size() > kFormBytesMax) return fail(FormError::too_large);
  Form form;
  if (body.empty()) return form;
  for (bool last = false; !last;) {
    std::size_t const end = body.find('&');
    last = end == std::string_view::npos;
    std::string_view const field = body.substr(0, end);
    if (!last) body.remove_prefix(end + 1);
    if (form.size() == kFormFieldsMax) return fail(FormError::too_many_fields);
    std::size_t const equals = field.find('=');
    auto name = unescape(field.substr(0, equals));
    auto value = unescape(equals == std::string_view::npos ? std::string_view() : field.substr(equals + 1));
    if (!name || !value || name->empty()) return fail(FormError::malformed);
    if (!simdjson::validate_utf8(*name) || !simdjson::validate_utf8(*value)) return fail(FormError::not_utf8);
    form.push_back({std::move(*name), std::move(*value)});
  }
  return form;
}

std::string encode_form(Form const& form) {
  std::string out;
  for (FormField const& field : form) {
    if (!out.empty()) out += '&';
    escape(out, field.name);
    out += '=';
    escape(out, field.value);
  }
  return out;
}

std::string const* only_value(Form const& form, std::string_view name) {
  auto const named = [name](FormField const& field) { return field.name == name; };
  auto const first = std::ranges::find_if(form, named);
  if (first == form.end() || std::find_if(first + 1, form.end(), named) != form.end()) return nullptr;
  return &first->value;
}

}  // namespace florin::sagas
