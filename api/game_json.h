// A game's settings and currencies as JSON, and what their values are called there: the operators' replies and the
// text of events say the same, because they say it here. Any thread.
#pragma once

#include <vector>

#include "api/http/json_writer.h"
#include "domain/game.h"

namespace florin::api {

[[nodiscard]] char const* game_status_name(domain::GameStatus status);  // "live"
[[nodiscard]] char const* limit_name(domain::LimitKind kind);           // "batch_reads_per_minute"

// Members of the open object: "game_name" to "limits". Of the limits only the overrides.
void write_settings(JsonWriter& json, domain::GameSettings const& settings);

// "minimum_transfer" and "maximum_transfer", null when there is none: members of the open object.
void write_transfer_range(JsonWriter& json, domain::CurrencySpec const& currency);

// "currency_id" to "maximum_transfer": members of the open object.
void write_currency_fields(JsonWriter& json, domain::CurrencySpec const& currency);

// "currency":{…}
void write_currency(JsonWriter& json, domain::CurrencySpec const& currency);

// "currencies":[…]
void write_currencies(JsonWriter& json, std::vector<domain::CurrencySpec> const& currencies);

}  // namespace florin::api
