#include "sagas/gateways/form.h"

#include <algorithm>
#include <optional>

#include <simdjson.h>

#include "domain/percent.h"

namespace florin::sagas {
namespace {

constexpr std::string_view kPlainMarks = "-._*";

// More may be plain than we would leave so: browsers and providers differ in what they escape.
std::optional<std::string> unescape(std::string_view text) {
  if (!std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f' && c != '='; })) return std::nullopt;
  return domain::percent_decode(text, domain::Plus::is_blank);
}

std::string escape(std::string_view text) { return domain::percent_encode(text, kPlainMarks, domain::Plus::is_blank); }

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
    out += escape(field.name) + "=" + escape(field.value);
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
