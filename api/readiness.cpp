#include "api/readiness.h"

#include "api/clock_report.h"

namespace florin::api {
namespace {

std::string_view status_name(CheckStatus status) {
  switch (status) {
    case CheckStatus::pass: return "pass";
    case CheckStatus::warn: return "warn";
    case CheckStatus::fail: return "fail";
  }
  return "";
}

// After a failed append reads go on, but no balancer should send more here.
ReadinessCheck check_writes(Environment const& environment) {
  if (environment.accepts_writes()) return {"writes"};
  return {"writes", CheckStatus::fail, environment.name() + " does not accept writes: see the server's log."};
}

// A view that has neither this version's file nor one that its reader still serves: its routes answer 503.
ReadinessCheck check_views(Environment const& environment) {
  auto const views = environment.unreadable_views();
  if (views.empty()) return {"views"};
  return {"views", CheckStatus::fail,
          environment.name() + " cannot read its view " + views.front() +
              ": it is being built or has stopped; see the server's log."};
}

ReadinessCheck check_time(Environment const& environment) {
  auto const state = environment.ledger().clock.state();
  ReadinessCheck check{"time"};
  check.message = clock_trouble(state, environment.name());
  if (!check.message.empty()) check.status = CheckStatus::warn;
  JsonWriter json(check.details);
  json.begin_object();
  write_clock(json, state);
  json.end_object();
  return check;
}

}  // namespace

std::vector<ReadinessCheck> readiness_checks(Environment const& environment) {
  return {check_writes(environment), check_views(environment), check_time(environment)};
}

void write_check(JsonWriter& json, std::string_view environment, ReadinessCheck const& check) {
  json.begin_object();
  json.string("environment", environment);
  json.string("name", check.name);
  json.string("status", status_name(check.status));
  if (!check.message.empty()) json.string("message", check.message);
  if (!check.details.empty()) json.raw("details", check.details);
  json.end_object();
}

}  // namespace florin::api
