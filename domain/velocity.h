// Velocity windows: what somebody did lately, exactly, so that a limit holds across restarts and replays. Memory is
// what happened inside the windows and nothing more: entries are forgotten in the order they came. What is taken back
// counts no more from then on; its place is kept until its window is over, so that taking back costs a binary search
// and not a shift of everybody's entries.
//
// Single-threaded; part of State.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "domain/money.h"
#include "domain/time.h"

namespace florin::domain {

// Stored in snapshots as their number.
enum class VelocityKind : std::uint8_t {
  transfers = 0,      // subject: the player; initiated transfers that were not returned, with their amounts
  sends = 1,          // subject: the player; initiated sends, with their amounts: of nothing once they were returned
  same_transfer = 2,  // subject: hash of sender, receiver, receiving game and amount
  wrong_pins_player = 3,
  wrong_pins_phone = 4,  // subject: hash of the game and the phone
  wrong_pins = 5,        // subject 0: everybody
  share_codes = 6,       // subject: hash of the phone
  wrong_pins_game = 7,
  share_codes_person = 8,  // subject: hash of the phone and the person who asks for it
};
inline constexpr std::size_t kVelocityKinds = 9;
// How long an entry of this kind counts.
[[nodiscard]] std::int64_t window_of(VelocityKind kind);

class Velocity {
 public:
  struct Entry {
    VelocityKind kind = VelocityKind::transfers;
    std::uint64_t subject = 0;
    Timestamp at;
    Money amount;
    friend bool operator==(Entry const&, Entry const&) = default;
  };

  // Times never go back. Also forgets what has left the windows by `entry.at`.
  void record(Entry const& entry);
  // Takes one entry back, as if it had not been recorded; nothing when it has been forgotten already. Of several equal
  // ones it takes one: they cannot be told apart.
  void withdraw(Entry const& entry);
  // Takes only the entry's amount back: it goes on to count as one, of nothing.
  void withdraw_amount(Entry const& entry);

  // Entries of the last `span` microseconds (at most the kind's window) before `now`, those at now - span excluded.
  struct Sum {
    std::uint32_t count = 0;
    Money amount;
  };
  [[nodiscard]] Sum recent(VelocityKind kind, std::uint64_t subject, Timestamp now, std::int64_t span) const;
  // Seconds, rounded up, until at most `allowed` of them are left; 0 when that is so already.
  [[nodiscard]] std::int64_t seconds_until(VelocityKind kind, std::uint64_t subject, Timestamp now, std::int64_t span,
                                           std::uint32_t allowed) const;

  // Likewise until their amounts add up to at most `allowed`; the whole span when they never will (allowed below zero).
  [[nodiscard]] std::int64_t seconds_until_amount(VelocityKind kind, std::uint64_t subject, Timestamp now,
                                                  std::int64_t span, Money allowed) const;

  // Everything remembered, in a fixed order: what a snapshot stores. record() each to restore.
  [[nodiscard]] std::vector<Entry> entries() const;
  friend bool operator==(Velocity const& a, Velocity const& b) { return a.entries() == b.entries(); }

 private:
  struct Moment {
    Timestamp at;
    Money amount;
    bool counts = true;  // false: taken back
  };
  // Oldest first. Forgotten ones leave the front in bulk, so that each costs the same however many there are.
  struct Moments {
    std::vector<Moment> all;
    std::size_t forgotten = 0;
    [[nodiscard]] auto begin() const { return all.begin() + static_cast<std::ptrdiff_t>(forgotten); }
    [[nodiscard]] auto end() const { return all.end(); }
    // Those that are newer than `span` before `now`.
    [[nodiscard]] auto since(Timestamp now, std::int64_t span) const;
  };
  using Key = std::pair<VelocityKind, std::uint64_t>;
  void forget(VelocityKind kind, Timestamp now);
  [[nodiscard]] Moment* find(Entry const& entry);

  std::map<Key, Moments> moments_;
  std::array<std::deque<std::pair<Timestamp, std::uint64_t>>, kVelocityKinds> order_;  // (at, subject), oldest first
};

}  // namespace florin::domain
