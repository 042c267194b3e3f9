// The table of settings: for each its key, what it means, and how it is read from a configuration and written into one.
// config.cpp fills a configuration from it. Static, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/config.h"

namespace florin::api {

using Complaint = std::optional<std::string>;  // what is wrong with a value, without naming the key

struct Number {
  std::int64_t minimum = 0;
  std::int64_t maximum = 0;
  std::string_view unit;
  std::int64_t (*get)(Config const&) = nullptr;
  void (*set)(Config&, std::int64_t) = nullptr;
};
struct Switch {
  bool (*get)(Config const&) = nullptr;
  void (*set)(Config&, bool) = nullptr;
};
struct List {
  std::string (*get)(Config const&) = nullptr;
  Complaint (*set)(Config&, std::vector<std::string> const&) = nullptr;
};
struct Text {
  std::string (*get)(Config const&) = nullptr;
  Complaint (*set)(Config&, std::string const&) = nullptr;
};

struct Setting {
  std::string_view key;
  std::string_view meaning;
  std::variant<Number, Switch, Text, List> kind;
};

[[nodiscard]] std::span<Setting const> settings();

// Secrets, which are no settings: they come from the environment or a file of their own.
[[nodiscard]] Complaint set_admin_token(Config& config, std::string token);
[[nodiscard]] Complaint set_sms_token(Config& config, std::string token);
[[nodiscard]] Complaint set_secret(std::string& into, std::string secret);

[[nodiscard]] bool is_absolute_url(std::string_view text);

}  // namespace florin::api
