#include "api/game_json.h"

#include <set>

#include <gtest/gtest.h>

namespace florin::api {
namespace {

// The log's text and the operators' replies both write a limit under its name, and both would lose one without.
TEST(GameJson, EveryLimitHasANameOfItsOwn) {
  std::set<std::string_view> names;
  auto const last = static_cast<int>(domain::kLastLimitKind);
  domain::GameSettings settings;
  for (int number = 0; number <= last; ++number) {
    auto const kind = static_cast<domain::LimitKind>(number);
    EXPECT_FALSE(std::string_view(limit_name(kind)).empty()) << number;
    names.insert(limit_name(kind));
    settings.limits.push_back({kind, 7});
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(last) + 1);
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  write_settings(json, settings);
  json.end_object();
  for (auto const name : names) {
    EXPECT_NE(out.find('"' + std::string(name) + "\":7"), std::string::npos) << name;
  }
}

TEST(GameJson, ACurrencyWithoutAMaximumSaysNull) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  write_currencies(json, {{domain::CurrencyId(2), "Shards", "SHD", {}, domain::Money::from_minor(1), std::nullopt}});
  json.end_object();
  EXPECT_EQ(out, R"({"currencies":[{"currency_id":2,"currency_name":"Shards","currency_symbol":"SHD",)"
                 R"("starting_amount":"0.00","minimum_transfer":"0.01","maximum_transfer":null}]})");
}

}  // namespace
}  // namespace florin::api
