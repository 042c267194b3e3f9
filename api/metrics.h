// What /metrics tells (Prometheus' text format). Every figure is read when it is asked for, so that nothing is counted
// twice and nothing is counted while nobody asks. Any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "api/environment.h"

namespace florin::api {

inline constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

[[nodiscard]] std::string metrics_text(std::span<Environment* const> environments);

}  // namespace florin::api
