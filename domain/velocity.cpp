#include "domain/velocity.h"

#include <algorithm>

#include "domain/contract.h"

namespace florin::domain {
namespace {

constexpr std::int64_t kHour = 3'600 * kMicrosPerSecond;

std::int64_t seconds_left(Timestamp until, Timestamp now) {
  return std::max<std::int64_t>(1, (until.micros() - now.micros() + kMicrosPerSecond - 1) / kMicrosPerSecond);
}

}  // namespace

std::int64_t window_of(VelocityKind kind) {
  switch (kind) {
    case VelocityKind::transfers:
    case VelocityKind::sends: return kMicrosPerDay;
    case VelocityKind::same_transfer:
    case VelocityKind::share_codes_person: return 30 * kMicrosPerSecond;
    case VelocityKind::wrong_pins_player:
    case VelocityKind::wrong_pins_phone:
    case VelocityKind::wrong_pins_game:
    case VelocityKind::wrong_pins:
    case VelocityKind::share_codes: return kHour;
  }
  return 0;
}

void Velocity::record(Entry const& entry) {
  forget(entry.kind, entry.at);
  auto& order = order_[static_cast<std::size_t>(entry.kind)];
  FLORIN_ASSERT(order.empty() || order.back().first <= entry.at);
  order.emplace_back(entry.at, entry.subject);
  moments_[{entry.kind, entry.subject}].push_back({entry.at, entry.amount});
}

void Velocity::withdraw(VelocityKind kind, std::uint64_t subject, Timestamp at) {
  auto const found = moments_.find({kind, subject});
  if (found == moments_.end()) return;
  auto& moments = found->second;
  auto const moment = std::find_if(moments.begin(), moments.end(), [&](Moment const& m) { return m.at == at; });
  if (moment == moments.end()) return;
  auto& order = order_[static_cast<std::size_t>(kind)];
  auto const place = std::find(std::lower_bound(order.begin(), order.end(), std::pair(at, std::uint64_t{0})),
                               order.end(), std::pair(at, subject));
  FLORIN_ASSERT(place != order.end());
  order.erase(place);
  moments.erase(moment);
  if (moments.empty()) moments_.erase(found);
}

void Velocity::forget(VelocityKind kind, Timestamp now) {
  auto& order = order_[static_cast<std::size_t>(kind)];
  auto const window = window_of(kind);
  while (!order.empty() && order.front().first + window <= now) {
    auto const found = moments_.find({kind, order.front().second});
    FLORIN_ASSERT(found != moments_.end());
    found->second.erase(found->second.begin());
    if (found->second.empty()) moments_.erase(found);
    order.pop_front();
  }
}

Velocity::Sum Velocity::recent(VelocityKind kind, std::uint64_t subject, Timestamp now, std::int64_t span) const {
  Sum sum;
  auto const found = moments_.find({kind, subject});
  if (found == moments_.end()) return sum;
  for (auto const& moment : found->second) {
    if (moment.at + span <= now) continue;
    ++sum.count;
    sum.amount += moment.amount;
  }
  return sum;
}

std::int64_t Velocity::seconds_until(VelocityKind kind, std::uint64_t subject, Timestamp now, std::int64_t span,
                                     std::uint32_t allowed) const {
  auto const count = recent(kind, subject, now, span).count;
  if (count <= allowed) return 0;
  auto const& moments = moments_.find({kind, subject})->second;
  // The newest one that must have left.
  return seconds_left(moments[moments.size() - allowed - 1].at + span, now);
}

std::int64_t Velocity::seconds_until_amount(VelocityKind kind, std::uint64_t subject, Timestamp now, std::int64_t span,
                                            Money allowed) const {
  auto left = recent(kind, subject, now, span).amount;
  if (left <= allowed) return 0;
  if (allowed < Money{}) return span / kMicrosPerSecond;
  for (auto const& moment : moments_.find({kind, subject})->second) {
    if (moment.at + span <= now) continue;
    left -= moment.amount;
    if (left <= allowed) return seconds_left(moment.at + span, now);
  }
  return span / kMicrosPerSecond;
}

std::vector<Velocity::Entry> Velocity::entries() const {
  std::vector<Entry> out;
  std::map<Key, std::size_t> seen;
  for (std::size_t kind = 0; kind < kVelocityKinds; ++kind) {
    for (auto const& [at, subject] : order_[kind]) {
      Key const key{static_cast<VelocityKind>(kind), subject};
      auto const& moment = moments_.at(key)[seen[key]++];
      out.push_back({key.first, subject, at, moment.amount});
    }
  }
  return out;
}

}  // namespace florin::domain
