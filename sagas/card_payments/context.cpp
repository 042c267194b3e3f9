#include "sagas/card_payments/context.h"

#include <algorithm>

#include <spdlog/spdlog.h>

#include "eventstore/store/facts.h"
#include "sagas/gateways/circuit_breaker.h"

namespace florin::sagas {

using domain::CurrencyOrdered;
using domain::Position;

eventstore::ResultOr<std::optional<LoggedOrder>> CardContext::find_order(domain::OrderId order) const {
  auto found = eventstore::FactReader(log).find<CurrencyOrdered>(order.position());
  if (!found) spdlog::error("order {}: {}", domain::format_order_id(order), found.error().what);
  return found;
}

std::string CardContext::return_url(CurrencyOrdered const& ordered) const {
  if (!ordered.session) return options.return_url;
  return options.checkout_url + vault.codes().checkout_token(ordered.session) + options.checkout_url_end;
}

IdempotencyKey CardContext::key(std::string_view purpose, Position of, domain::Timestamp at) const {
  auto const digest =
      vault.fingerprint(std::string(purpose) + ":" + std::to_string(of.value()) + ":" + std::to_string(at.micros()));
  return "florin-" + domain::to_hex({reinterpret_cast<char const*>(digest.data()), digest.size()});
}

std::int64_t CardContext::backoff(unsigned failures) {
  BackoffPolicy const policy;
  auto const wait = backoff_micros(policy, std::min(failures, policy.attempts - 1), random());
  return wait.value_or(policy.cap_micros);
}

}  // namespace florin::sagas
