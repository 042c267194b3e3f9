#include "api/routes/identifiers.h"

namespace florin::api {

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
