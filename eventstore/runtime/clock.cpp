#include "eventstore/runtime/clock.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "domain/contract.h"
#include "eventstore/runtime/durable_file.h"
#include "eventstore/store/chain.h"

namespace florin::eventstore {
namespace {

// Bounds within which sums of tenths of µs are exact: the calendar's, and as much on the steady clock.
constexpr std::int64_t kFarMicros = std::int64_t{253'402'300'799} * domain::kMicrosPerSecond;
std::int64_t within_bounds(std::int64_t micros) { return std::clamp<std::int64_t>(micros, 0, kFarMicros); }

constexpr std::string_view kHead = "florin clock v";
constexpr std::string_view kVersion = "1\n";
constexpr std::string_view kAdvanced = "advanced ";
constexpr std::size_t kMaxFileBytes = 256;  // 100 at most

std::string file_text(std::int64_t offset_seconds) {
  std::string out;
  out.append(kHead).append(kVersion).append(kAdvanced).append(std::to_string(offset_seconds)).append("\n");
  auto const digest = sha256(out);
  return out + domain::to_hex({reinterpret_cast<char const*>(digest.data()), digest.size()}) + "\n";
}

// Only what file_text() writes.
ResultOr<std::int64_t> parse_file(std::string_view text, std::filesystem::path const& path) {
  auto const damaged = [&] { return fault(Fault::Kind::corrupt, path.string() + ": not what was written"); };
  auto rest = text;
  if (!rest.starts_with(kHead)) return damaged();
  rest.remove_prefix(kHead.size());
  if (!rest.starts_with(kVersion)) {
    if (kVersion.starts_with(rest)) return damaged();  // cut short
    return fault(Fault::Kind::unknown, path.string() + ": of a newer version");
  }
  rest.remove_prefix(kVersion.size());
  if (!rest.starts_with(kAdvanced)) return damaged();
  rest.remove_prefix(kAdvanced.size());
  std::int64_t seconds = 0;
  auto const parsed = std::from_chars(rest.data(), rest.data() + rest.size(), seconds);
  if (parsed.ec != std::errc() || seconds < 1 || seconds > AdjustableClock::kAdvanceSecondsMax) return damaged();
  if (file_text(seconds) != text) return damaged();
  return seconds;
}

}  // namespace

ReadClocks clocks_of(Runtime const& runtime) {
  return [&runtime] { return runtime.clocks(); };
}

ClockReading Clock::read() const {
  auto const at = now();
  return {at, at.micros()};
}

void Clock::not_before(domain::Timestamp) {}

ClockState Clock::state() const {
  auto const at = now();
  return {at, at};
}

std::int64_t Clock::confirm() { return 0; }

LedgerTime::LedgerTime(ClockReading start)
    : ledger_(within_bounds(start.wall.micros()) * 10), wall_(ledger_), steady_(within_bounds(start.steady)) {}

domain::Timestamp LedgerTime::advance(ClockReading reading) {
  auto const passed = std::max<std::int64_t>(0, within_bounds(reading.steady) - steady_);
  auto const wall = within_bounds(reading.wall.micros()) * 10;
  if (auto const jump = (wall - wall_) / 10 - passed; jump >= kJumpMicros || jump <= -kJumpMicros) {
    ++wall_jumps_;
    last_jump_ = jump;
  }
  steady_ += passed;
  wall_ = wall;
  allowance_ = std::min(kFollowMicros * 10, allowance_ + passed);  // a tenth of what passed
  auto const even = ledger_ + passed * 10;
  following_ = wall - even <= kFollowMicros * 10;
  if (wall < even) {
    ledger_ = std::max(wall, ledger_ + passed * 9);
  } else if (following_) {
    auto const step = std::min(wall - even, allowance_);
    allowance_ -= step;
    ledger_ = even + step;
  } else {
    ledger_ = even;
  }
  return domain::Timestamp::from_micros(ledger_ / 10);
}

void LedgerTime::not_before(domain::Timestamp held) { ledger_ = std::max(ledger_, within_bounds(held.micros()) * 10); }

std::int64_t LedgerTime::confirm(ClockReading reading) {
  (void)advance(reading);
  auto const step = std::max<std::int64_t>(0, wall_ - ledger_);
  ledger_ += step;
  following_ = true;
  return step / 10;
}

ClockState LedgerTime::state() const {
  return {domain::Timestamp::from_micros(wall_ / 10),
          domain::Timestamp::from_micros(ledger_ / 10),
          (ledger_ - wall_) / 10,
          following_,
          wall_jumps_,
          last_jump_};
}

LedgerClock::LedgerClock(ReadClocks read) : read_(std::move(read)), time_(read_()) {}

domain::Timestamp LedgerClock::now() const {
  std::lock_guard const lock(mutex_);
  return time_.advance(read_());
}

ClockReading LedgerClock::read() const { return read_(); }

void LedgerClock::not_before(domain::Timestamp held) {
  std::lock_guard const lock(mutex_);
  time_.not_before(held);
}

ClockState LedgerClock::state() const {
  std::lock_guard const lock(mutex_);
  (void)time_.advance(read_());
  return time_.state();
}

std::int64_t LedgerClock::confirm() {
  std::lock_guard const lock(mutex_);
  return time_.confirm(read_());
}

AdjustableClock::AdjustableClock(std::filesystem::path path, std::int64_t offset_seconds, ReadClocks read, Files& files)
    : base_(std::move(read)), files_(files), path_(std::move(path)), offset_seconds_(offset_seconds) {}

ResultOr<std::unique_ptr<AdjustableClock>> AdjustableClock::open(std::filesystem::path path, ReadClocks read,
                                                                 Files& files) {
  std::int64_t offset = 0;
  if (auto const text = read_file(files, path, kMaxFileBytes); text) {
    auto const parsed = FLORIN_TRY(parse_file(text.value(), path));
    // A process that died between renaming the file and syncing the folder: a power cut must not take the time back.
    FLORIN_TRY(files.make_folder(path.parent_path()));
    offset = parsed;
  } else if (text.error().kind != Fault::Kind::missing) {
    return fail(text.error());
  }
  return std::unique_ptr<AdjustableClock>(new AdjustableClock(std::move(path), offset, std::move(read), files));
}

domain::Timestamp AdjustableClock::now() const { return base_.now() + offset_micros(); }

ClockReading AdjustableClock::read() const {
  auto const reading = base_.read();
  auto const offset = offset_micros();
  return {reading.wall + offset, reading.steady + offset};
}

void AdjustableClock::not_before(domain::Timestamp held) { base_.not_before(held + -offset_micros()); }

ClockState AdjustableClock::state() const {
  auto state = base_.state();
  state.ledger = state.ledger + offset_micros();
  return state;
}

std::int64_t AdjustableClock::confirm() { return base_.confirm(); }

std::int64_t AdjustableClock::offset_seconds() const { return offset_seconds_.load(std::memory_order_acquire); }

ResultOr<std::optional<domain::Timestamp>> AdjustableClock::advance(std::int64_t seconds) {
  std::lock_guard const lock(mutex_);
  auto const before = offset_seconds();
  if (seconds < 1 || seconds > kAdvanceSecondsMax - before) return std::optional<domain::Timestamp>();
  FLORIN_TRY(replace_file(files_, path_, file_text(before + seconds), 0644));
  offset_seconds_.store(before + seconds, std::memory_order_release);
  auto const at = now();
  if (jumped_) jumped_();
  return std::optional(at);
}

void AdjustableClock::on_advance(std::function<void()> jumped) {
  std::lock_guard const lock(mutex_);
  jumped_.swap(jumped);
}

}  // namespace florin::eventstore
