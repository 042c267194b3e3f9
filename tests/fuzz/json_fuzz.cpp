// Any bytes as a request's body: the getters never crash, what they return keeps its promises, what was read can be
// written and read back, and what is refused as no JSON is so from a byte on that can be named.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "api/http/json.h"
#include "api/http/json_scan.h"
#include "api/routes/body_fields.h"

namespace {

using namespace florin::api;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_everything(JsonObject& object) {
  auto const amount = optional_amount(object, "a");
  if (amount) require(amount->minor() >= 1 && *amount <= florin::domain::kMaxAmount);
  auto const number = object.optional_integer("n", -10, 1000);
  if (number) require(*number >= -10 && *number <= 1000);
  auto const id = optional_id(object, "i");
  if (id) require(*id >= 1 && *id <= 0xffff'ffff);
  (void)object.optional_bool("b");
  (void)optional_percentage(object, "p");
  auto const game = optional_game_id(object, "g");
  if (game) require(florin::domain::is_game_id(game->value()));
  (void)optional_game_ids(object, "gs", 3);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static JsonParsers parsers;
  Request request;
  request.body = {reinterpret_cast<char const*>(data), size};
  request.content_type = "application/json";
  request.parsers = &parsers;
  {
    auto body = JsonBody::parse(request);
    if (body.error() != nullptr && body.error()->message.starts_with("The body is not valid")) {
      auto const scan = scan_json(request.body);
      require(scan.broken_at && *scan.broken_at <= size);
    }
    read_everything(body);
    if (auto inner = body.optional_object("o")) read_everything(*inner);
    if (body.error() == nullptr) {
      for (auto& each : body.required_objects("os", 0, 4)) read_everything(each);
    }
  }
  {
    auto body = JsonBody::parse(request);
    for (auto const text : body.required_strings("ss", 8, 20)) require(!text.empty() && text.size() <= 80);
  }
  auto body = JsonBody::parse(request);
  auto const text = body.optional_string("s", 50);
  if (body.error() != nullptr || !text) return 0;
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.string("s", *text);
  json.end_object();
  Request again;
  again.body = out;
  again.content_type = "application/json";
  auto echo = JsonBody::parse(again);
  require(echo.optional_string("s", 50) == text);
  return 0;
}
