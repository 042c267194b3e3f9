#include "api/routes/identifiers.h"

namespace florin::api {
namespace {

bool is_blank(char letter) { return letter == ' ' || letter == '\t' || letter == '\r' || letter == '\n'; }

bool is_local(char letter) {
  auto const byte = static_cast<unsigned char>(letter);
  return byte > ' ' && byte != 0x7f && letter != '@' && letter != '"' && letter != '(' && letter != ')' &&
         letter != ',' && letter != ':' && letter != ';' && letter != '<' && letter != '>' && letter != '[' &&
         letter != ']' && letter != '\\';
}

bool is_domain(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-' || letter == '.' ||
         static_cast<unsigned char>(letter) >= 0x80;
}

template <class Predicate>
bool all(std::string_view text, Predicate&& predicate) {
  for (char const letter : text) {
    if (!predicate(letter)) return false;
  }
  return true;
}

}  // namespace

std::optional<std::string> normalise_email(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  if (text.size() > 254) return std::nullopt;
  std::string email(text);
  for (char& letter : email) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  auto const at = email.find('@');
  if (at == std::string::npos) return std::nullopt;
  auto const local = std::string_view(email).substr(0, at);
  auto const domain = std::string_view(email).substr(at + 1);
  if (local.empty() || local.size() > 64 || !all(local, is_local)) return std::nullopt;
  if (domain.size() < 3 || !all(domain, is_domain)) return std::nullopt;
  if (domain.front() == '.' || domain.back() == '.' || domain.find("..") != std::string_view::npos) return std::nullopt;
  if (domain.find('.') == std::string_view::npos) return std::nullopt;
  return email;
}

RequestIdProblem check_request_id(std::string_view id) {
  std::size_t characters = 0;
  for (char const byte : id) {
    if ((static_cast<unsigned char>(byte) & 0xc0) != 0x80) ++characters;  // not a UTF-8 continuation
  }
  if (characters < 1 || characters > 255) return RequestIdProblem::missing_or_long;
  if (id.starts_with("sub_")) return RequestIdProblem::reserved;
  return RequestIdProblem::none;
}

}  // namespace florin::api
