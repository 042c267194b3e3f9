// What /readyz looks at: a short list of checks an environment. Another part of the server that can keep requests from
// being served adds its own to readiness_checks(). Any thread; nothing here waits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/environment.h"
#include "api/http/json_writer.h"

namespace florin::api {

enum class CheckStatus : std::uint8_t {
  pass,
  warn,  // somebody should look; requests are served
  fail,  // send no requests here
};

struct ReadinessCheck {
  std::string_view name;
  CheckStatus status = CheckStatus::pass;
  std::string message = {};  // unless it passes: what is wrong and what to do
  std::string details = {};  // a serialised object; empty: none
};

[[nodiscard]] std::vector<ReadinessCheck> readiness_checks(Environment const& environment);

// An element of the open array: {environment, name, status, message?, details?}.
void write_check(JsonWriter& json, std::string_view environment, ReadinessCheck const& check);

}  // namespace florin::api
