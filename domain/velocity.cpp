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

auto Velocity::Moments::since(Timestamp now, std::int64_t span) const {
  return std::partition_point(begin(), end(), [&](Moment const& moment) { return moment.at + span <= now; });
}

void Velocity::record(Entry const& entry) {
  forget(entry.kind, entry.at);
  auto& order = order_[static_cast<std::size_t>(entry.kind)];
  FLORIN_ASSERT(order.empty() || order.back().first <= entry.at);
  order.emplace_back(entry.at, entry.subject);
  moments_[{entry.kind, entry.subject}].all.push_back({entry.at, entry.amount});
}

Velocity::Moment* Velocity::find(Entry const& entry) {
  auto const found = moments_.find({entry.kind, entry.subject});
  if (found == moments_.end()) return nullptr;
  auto& [all, forgotten] = found->second;
  auto moment = std::partition_point(all.begin() + static_cast<std::ptrdiff_t>(forgotten), all.end(),
                                     [&](Moment const& m) { return m.at < entry.at; });
  for (; moment != all.end() && moment->at == entry.at; ++moment) {
    if (moment->counts && moment->amount == entry.amount) return &*moment;
  }
  return nullptr;
}

void Velocity::withdraw(Entry const& entry) {
  if (auto* const moment = find(entry)) moment->counts = false;
}

void Velocity::withdraw_amount(Entry const& entry) {
  if (auto* const moment = find(entry)) moment->amount = Money{};
}

void Velocity::forget(VelocityKind kind, Timestamp now) {
  auto& order = order_[static_cast<std::size_t>(kind)];
  auto const window = window_of(kind);
  while (!order.empty() && order.front().first + window <= now) {
    auto const found = moments_.find({kind, order.front().second});
    FLORIN_ASSERT(found != moments_.end());
    auto& [all, forgotten] = found->second;
    ++forgotten;
    if (forgotten == all.size()) {
      moments_.erase(found);
    } else if (forgotten * 2 > all.size()) {
      all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(forgotten));
      forgotten = 0;
    }
    order.pop_front();
  }
}

Velocity::Sum Velocity::recent(VelocityKind kind, std::uint64_t subject, Timestamp now, std::int64_t span) const {
  Sum sum;
  auto const found = moments_.find({kind, subject});
  if (found == moments_.end()) return sum;
  auto const& moments = found->second;
  for (auto moment = moments.since(now, span); moment != moments.end(); ++moment) {
    if (!moment->counts) continue;
    ++sum.count;
    sum.amount += moment->amount;
  }
  return sum;
}

std::int64_t Velocity::seconds_until(VelocityKind kind, std::uint64_t subject, Timestamp now, std::int64_t span,
                                     std::uint32_t allowed) const {
  auto left = recent(kind, subject, now, span).count;
  if (left <= allowed) return 0;
  auto const& moments = moments_.find({kind, subject})->second;
  auto moment = moments.since(now, span);
  for (;; ++moment) {
    FLORIN_ASSERT(moment != moments.end());
    if (moment->counts && --left <= allowed) return seconds_left(moment->at + span, now);
  }
}

std::int64_t Velocity::seconds_until_amount(VelocityKind kind, std::uint64_t subject, Timestamp now, std::int64_t span,
                                            Money allowed) const {
  auto left = recent(kind, subject, now, span).amount;
  if (left <= allowed) return 0;
  if (allowed < Money{}) return span / kMicrosPerSecond;
  auto const& moments = moments_.find({kind, subject})->second;
  for (auto moment = moments.since(now, span); moment != moments.end(); ++moment) {
    if (!moment->counts) continue;
    left -= moment->amount;
    if (left <= allowed) return seconds_left(moment->at + span, now);
  }
  return span / kMicrosPerSecond;
}

std::vector<Velocity::Entry> Velocity::entries() const {
  std::vector<Entry> out;
  std::map<Key, std::size_t> seen;
  for (std::size_t kind = 0; kind < kVelocityKinds; ++kind) {
    for (auto const& [at, subject] : order_[kind]) {
      Key const key{static_cast<VelocityKind>(kind), subject};
      auto const& moment = *(moments_.at(key).begin() + static_cast<std::ptrdiff_t>(seen[key]++));
      if (moment.counts) out.push_back({key.first, subject, at, moment.amount});
    }
  }
  return out;
}

}  // namespace florin::domain
