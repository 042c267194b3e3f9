#include "api/metrics.h"

#include <sstream>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace florin::api {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// One figure an environment. Prometheus knows no other numbers than floating ones; none of these is money.
template <class Read>
MetricFamily family(std::string name, std::string help, MetricType type, std::span<Environment* const> environments,
                    Read const& read) {
  MetricFamily family{std::move(name), std::move(help), type, {}};
  for (auto const* environment : environments) {
    ClientMetric metric;
    metric.label.push_back({"environment", environment->name()});
    (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = static_cast<double>(read(*environment));
    family.metric.push_back(std::move(metric));
  }
  return family;
}

void add_clock(std::vector<MetricFamily>& families, std::span<Environment* const> environments) {
  families.push_back(
      family("florin_clock_lead_seconds",
             "The ledger's time less the wall clock. Above zero it is worked off; below zero the wall clock is ahead.",
             MetricType::Gauge, environments, [](Environment const& environment) {
               return static_cast<double>(environment.ledger().clock.state().lead_micros) /
                      static_cast<double>(domain::kMicrosPerSecond);
             }));
  families.push_back(family(
      "florin_clock_following", "0: the wall clock is too far ahead and is not followed until an operator confirms it.",
      MetricType::Gauge, environments,
      [](Environment const& environment) { return environment.ledger().clock.state().following ? 1 : 0; }));
  families.push_back(family(
      "florin_clock_wall_jumps_total", "How often the wall clock was set by a second or more.", MetricType::Counter,
      environments, [](Environment const& environment) { return environment.ledger().clock.state().wall_jumps; }));
}

// Views, sagas and snapshots: whoever follows the tail.
void add_consumers(std::vector<MetricFamily>& families, std::span<Environment* const> environments) {
  MetricFamily lag{
      "florin_consumer_lag_events", "Events of the log that a consumer has not seen yet.", MetricType::Gauge, {}};
  for (auto const* environment : environments) {
    for (auto const& consumer : environment->consumers()) {
      ClientMetric metric;
      metric.label = {{"environment", environment->name()}, {"consumer", consumer.name}};
      metric.gauge.value = static_cast<double>(consumer.lag);
      lag.metric.push_back(std::move(metric));
    }
  }
  families.push_back(std::move(lag));
}

}  // namespace

std::string metrics_text(std::span<Environment* const> environments) {
  std::vector<MetricFamily> families;
  add_clock(families, environments);
  add_consumers(families, environments);
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return std::move(out).str();
}

}  // namespace florin::api
