// Deciders read as sentences: given(events).when(command).then(events) or .then(refusal). What takes time says so:
// given(events).at(later).also(more events).at(later still).when(command).
//
// `then` also proves what every decision owes: the state is as it was, and the events can be applied.
#pragma once

#include <initializer_list>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "domain/ledger.h"
#include "domain/postings.h"

namespace florin::domain {

inline void PrintTo(Money amount, std::ostream* out) { *out << to_string(amount); }
inline void PrintTo(Usd usd, std::ostream* out) { *out << to_string(usd); }
inline void PrintTo(RejectionCode code, std::ostream* out) { *out << "RejectionCode " << static_cast<int>(code); }

namespace testing {

constexpr Timestamp kNow = Timestamp::from_seconds(1'800'000'000);
constexpr GameId kGame(111'111'111'111);       // live; gold (default) and gems
constexpr GameId kTesting(222'222'222'222);    // may call, too; dust
constexpr GameId kSuspended(333'333'333'333);  // may not; ash
constexpr GameId kUnknown(999'999'999'999);
constexpr CurrencyId kGold(1);
constexpr CurrencyId kGems(2);
constexpr CurrencyId kDust(3);
constexpr CurrencyId kAsh(4);

// units("12.50"): a literal that must be an amount.
inline Money units(std::string_view text) {
  auto const amount = parse_amount(text);
  FLORIN_ASSERT(amount.has_value());
  return *amount;
}
inline Usd usd(std::string_view text) { return Usd::from_minor(units(text).minor()); }

inline BlindIndex index_of(std::string_view email) {
  auto const hash = std::hash<std::string_view>{}(email);
  BlindIndex index{};
  std::memcpy(index.data(), &hash, sizeof hash);
  index[15] = static_cast<std::uint8_t>(email.size());
  return index;
}

// Somebody as a game names them.
inline PlayerRef player(std::string_view email) {
  return PlayerRef{index_of(email), std::string(email), std::string(email.substr(0, email.find('@'))), 7, false};
}

// ---- facts -------------------------------------------------------------------------------------------------------

inline CurrencySpec currency(CurrencyId id, std::string name, Money starting = {}) {
  CurrencySpec spec;
  spec.currency = id;
  spec.symbol = name.substr(0, 1);
  spec.name = std::move(name);
  spec.starting_amount = starting;
  return spec;
}

inline GameCreated game_created(GameId id, GameStatus status, std::vector<CurrencySpec> currencies) {
  GameCreated event{id, {}, std::move(currencies), Digest{1}};
  event.settings.name = "game " + std::to_string(id.value());
  event.settings.status = status;
  return event;
}

// The world most scenarios start in: three games, nobody in them.
inline std::vector<Event> three_games(Money starting_gold = {}, Money starting_gems = {}) {
  return {game_created(kGame, GameStatus::live,
                       {currency(kGold, "gold", starting_gold), currency(kGems, "gems", starting_gems)}),
          game_created(kTesting, GameStatus::testing, {currency(kDust, "dust")}),
          game_created(kSuspended, GameStatus::suspended, {currency(kAsh, "ash")})};
}

inline IdentityRegistered registered(std::uint64_t identity, std::string_view email) {
  return {IdentityId(identity), index_of(email), PersonalText{std::string(email), false}};
}

inline PlayerJoined joined(std::uint64_t player_id, GameId game, std::uint64_t identity, std::string_view email) {
  auto const ref = player(email);
  return {PlayerId(player_id), game, IdentityId(identity), PersonalText{ref.name, false}, ref.name_tag};
}

inline BalanceCredited credited(std::uint64_t player_id, CurrencyId currency, Money amount, Money after) {
  return {PlayerId(player_id), currency, amount, after, "reward"};
}

inline BalanceDebited debited(std::uint64_t player_id, CurrencyId currency, Money amount, Money after) {
  return {PlayerId(player_id), currency, amount, after, "spent"};
}

inline std::vector<Event> operator+(std::vector<Event> events, std::vector<Event> const& more) {
  events.insert(events.end(), more.begin(), more.end());
  return events;
}

// Ann (identity 1, player 1) plays kGame and holds this much gold.
inline std::vector<Event> ann_with_gold(Money gold) {
  return three_games() + std::vector<Event>{registered(1, "ann@example.com"), joined(1, kGame, 1, "ann@example.com"),
                                            credited(1, kGold, gold, gold)};
}

// ---- states ------------------------------------------------------------------------------------------------------

// The way a snapshot makes one: rows out, rows in.
inline State restored_from(State const& state) {
  State copy;
  copy.restore_games(state.games());
  for (std::size_t i = 0; i < state.identity_count(); ++i) copy.restore_identity(state.identity_rows()[i]);
  for (std::size_t i = 0; i < state.player_count(); ++i) copy.restore_player(state.player_rows()[i]);
  for (std::size_t i = 0; i < state.wallet_count(); ++i) copy.restore_wallet(state.wallet_rows()[i]);
  for (auto const order : state.refunded_orders()) copy.restore_refunded(order);
  auto const& phones = state.phones();
  for (std::size_t i = 0; i < phones.count(); ++i) FLORIN_ASSERT(copy.restore_phone(phones.rows()[i]));
  FLORIN_ASSERT(copy.restore_phone_owners());
  for (auto const& [identity, guardian] : state.minors()) FLORIN_ASSERT(copy.restore_minor(identity, guardian));
  for (auto const& [position, transfer] : state.transfers()) FLORIN_ASSERT(copy.restore_transfer(transfer));
  for (auto const& [position, share] : state.shares().all()) FLORIN_ASSERT(copy.restore_share(share));
  for (auto const& text : state.owed_texts()) copy.restore_owed_text(text);
  for (auto const& entry : state.velocity().entries()) copy.restore_velocity(entry);
  for (auto const& [position, order] : state.orders()) FLORIN_ASSERT(copy.restore_order(order));
  for (auto const& [position, returned] : state.returned_orders()) FLORIN_ASSERT(copy.restore_returned(returned));
  for (auto const& [position, payout] : state.payouts()) FLORIN_ASSERT(copy.restore_payout(payout));
  for (auto const& [day, written] : state.payout_files()) FLORIN_ASSERT(copy.restore_payout_file(day, written));
  for (auto const day : state.export_days()) FLORIN_ASSERT(copy.restore_export_day(day));
  if (state.newest_files().letters != 0) FLORIN_ASSERT(copy.restore_newest_files(state.newest_files()));
  for (auto const& revenue : state.revenues()) {
    FLORIN_ASSERT(copy.restore_revenue(CurrencyId(copy.revenues().size() + 1), revenue));
  }
  return copy;
}

// Questions follow from what is compared, so a difference would be a bug of its own.
inline bool same_state(State const& a, State const& b) { return a == b && a.questions() == b.questions(); }

// The events as a log would hold them from position 1 on, all at the same time.
inline State state_after(std::vector<Event> const& events, Timestamp at = kNow) {
  State state;
  for (auto const& event : events) apply(state, event, at);
  return state;
}

// ---- given / when / then -----------------------------------------------------------------------------------------

class Outcome {
 public:
  Outcome(State state, bool unchanged, Context const& context, Decision decision)
      : state_(std::move(state)), unchanged_(unchanged), context_(context), decision_(std::move(decision)) {}

  void then(std::vector<Event> const& expected) {
    EXPECT_TRUE(unchanged_) << "decide changed the state";
    ASSERT_TRUE(decision_.ok()) << "refused: " << static_cast<int>(decision_.error().code);
    auto const& actual = decision_.value();
    EXPECT_EQ(names(actual), names(expected));
    for (std::size_t i = 0; i < std::min(actual.size(), expected.size()); ++i) {
      EXPECT_TRUE(actual[i] == expected[i]) << "event " << i << ", " << event_name(actual[i]) << ", differs";
    }
    apply(state_, Commit{context_.next, context_.now, {}, actual});
    EXPECT_TRUE(same_state(restored_from(state_), state_)) << "a snapshot would not hold it";
  }

  void then(Rejection const& expected) const {
    EXPECT_TRUE(unchanged_) << "decide changed the state";
    ASSERT_FALSE(decision_.ok()) << "not refused";
    auto const& actual = decision_.error();
    EXPECT_EQ(actual.code, expected.code);
    EXPECT_EQ(actual.available, expected.available);
    EXPECT_EQ(actual.required, expected.required);
    EXPECT_EQ(actual.about.value(), expected.about.value());
    EXPECT_EQ(actual.retry_after, expected.retry_after);
    EXPECT_EQ(actual.receiver_side, expected.receiver_side);
  }
  void then(RejectionCode code) const { then(Rejection{.code = code}); }

  // What was decided, for a test that checks one field of it.
  [[nodiscard]] std::vector<Event> const& events() const { return decision_.value(); }
  // Only why, for a refusal whose details another test names.
  [[nodiscard]] RejectionCode code() const { return decision_.error().code; }

 private:
  static std::vector<std::string> names(std::vector<Event> const& events) {
    std::vector<std::string> out;
    for (auto const& event : events) out.emplace_back(event_name(event));
    return out;
  }

  State state_;
  bool unchanged_;
  Context context_;
  Decision decision_;
};

class Given {
 public:
  explicit Given(std::vector<Event> const& events) { apply_all(events); }

  // When the facts and the command that follow happen.
  [[nodiscard]] Given at(Timestamp now) && {
    now_ = now;
    return std::move(*this);
  }
  [[nodiscard]] Given also(std::vector<Event> const& events) && {
    apply_all(events);
    return std::move(*this);
  }

  [[nodiscard]] Outcome when(Command const& command, std::uint64_t entropy = 0) && {
    Context const context{now_, next_, entropy};
    auto const before = restored_from(state_);
    auto decision = decide(state_, command, context);
    auto const unchanged = same_state(state_, before);
    return {std::move(state_), unchanged, context, std::move(decision)};
  }

  [[nodiscard]] State const& state() const { return state_; }

 private:
  void apply_all(std::vector<Event> const& events) {
    for (auto const& event : events) {
      apply(state_, event, now_);
      next_ = next(next_);
    }
  }

  State state_;
  Timestamp now_ = kNow;
  Position next_{1};
};

inline Given given(std::vector<Event> const& events) { return Given(events); }

// Every rejection that a command can meet, each with a change that provokes it.
template <class C>
struct Provocation {
  RejectionCode reason;
  void (*provoke)(C&);
};

inline Decision decide_in(std::vector<Event> const& world, Command const& command, Timestamp at = kNow) {
  return decide(state_after(world), command, Context{at, Position(world.size() + 1), 0});
}

// Of any two things wrong at once, the one that stands first in `RejectionCode` is named.
template <class C>
void expect_precedence(std::vector<Event> const& world, C const& sound, std::vector<Provocation<C>> const& wrongs,
                       Timestamp at = kNow) {
  for (auto const& first : wrongs) {
    for (auto const& second : wrongs) {
      if (second.reason < first.reason) continue;
      auto command = sound;
      second.provoke(command);
      first.provoke(command);
      auto const outcome = decide_in(world, command, at);
      ASSERT_FALSE(outcome.ok());
      EXPECT_EQ(outcome.error().code, first.reason) << "together with " << static_cast<int>(second.reason);
    }
  }
}

}  // namespace testing
}  // namespace florin::domain
