#include "eventstore/clock.h"

#include <charconv>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "eventstore/chain.h"
#include "eventstore/durable_file.h"

namespace florin::eventstore {
namespace {

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
Faulty<std::int64_t> parse_file(std::string_view text, std::filesystem::path const& path) {
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

domain::Timestamp SystemClock::now() const {
  auto const since = std::chrono::system_clock::now().time_since_epoch();
  return domain::Timestamp::from_micros(std::chrono::duration_cast<std::chrono::microseconds>(since).count());
}

AdjustableClock::AdjustableClock(std::filesystem::path path, std::int64_t offset_seconds)
    : path_(std::move(path)), offset_seconds_(offset_seconds) {}

Faulty<std::unique_ptr<AdjustableClock>> AdjustableClock::open(std::filesystem::path path) {
  std::int64_t offset = 0;
  if (auto const text = read_file(path, kMaxFileBytes); text) {
    auto const parsed = parse_file(text.value(), path);
    if (!parsed) return fail(parsed.error());
    // A process that died between renaming the file and syncing the folder: a power cut must not take the time back.
    if (auto synced = sync_folder(path.parent_path()); !synced) return fail(std::move(synced).error());
    offset = parsed.value();
  } else if (text.error().kind != Fault::Kind::missing) {
    return fail(text.error());
  }
  return std::unique_ptr<AdjustableClock>(new AdjustableClock(std::move(path), offset));
}

domain::Timestamp AdjustableClock::now() const { return system_.now() + offset_seconds() * domain::kMicrosPerSecond; }

std::int64_t AdjustableClock::offset_seconds() const { return offset_seconds_.load(std::memory_order_acquire); }

Faulty<std::optional<domain::Timestamp>> AdjustableClock::advance(std::int64_t seconds) {
  std::lock_guard const lock(mutex_);
  auto const before = offset_seconds();
  if (seconds < 1 || seconds > kAdvanceSecondsMax - before) return std::optional<domain::Timestamp>();
  if (auto kept = replace_file(path_, file_text(before + seconds), 0644); !kept) return fail(std::move(kept).error());
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
