// Folds over families: what compiles and what must not.
#include <concepts>

#include <gtest/gtest.h>

#include "domain/events.h"
#include "domain/fact.h"
#include "tests/support/event_kinds.h"

namespace florin::domain {
namespace {

template <class E, class... Families>
constexpr int kFamiliesOf = (int{IsIn<E, Families>} + ...);

template <class E>
concept InOneFamily =
    kFamiliesOf<E, GameEvents, PersonEvents, WalletEvents, ItemEvents, TransferEvents, PhoneShareEvents, TextEvents,
                CardOrderEvents, RefundEvents, PayoutEvents, KeyEvents> == 1;

template <class Variant>
struct Members;
template <class... Es>
struct Members<std::variant<Es...>> {
  static constexpr bool each_in_one_family = (InOneFamily<Es> && ...);
  // Whether a fold has exactly one best arm for each.
  template <class Fold>
  static constexpr bool all_folded = (std::invocable<Fold, Es const&> && ...);
};
template <class Fold>
constexpr bool kCompiles = Members<Event>::all_folded<Fold>;

static_assert(Members<Event>::each_in_one_family);

struct EveryFamily {
  int operator()(GameEvent auto const&) const { return 1; }
  int operator()(KeyEvent auto const&) const { return 11; }
  int operator()(PersonEvent auto const&) const { return 2; }
  int operator()(WalletEvent auto const&) const { return 3; }
  int operator()(ItemEvent auto const&) const { return 4; }
  int operator()(TransferEvent auto const&) const { return 5; }
  int operator()(PhoneShareEvent auto const&) const { return 6; }
  int operator()(TextEvent auto const&) const { return 7; }
  int operator()(CardOrderEvent auto const&) const { return 8; }
  int operator()(RefundEvent auto const&) const { return 9; }
  int operator()(PayoutEvent auto const&) const { return 10; }
};
static_assert(kCompiles<EveryFamily>);

// What no family has is taken by no arm: there is no wildcard.
struct OfNoFamily {};
static_assert(!std::invocable<EveryFamily, OfNoFamily const&>);

struct WithoutPayouts {
  void operator()(GameEvent auto const&) const {}
  void operator()(KeyEvent auto const&) const {}
  void operator()(PersonEvent auto const&) const {}
  void operator()(WalletEvent auto const&) const {}
  void operator()(ItemEvent auto const&) const {}
  void operator()(TransferEvent auto const&) const {}
  void operator()(PhoneShareEvent auto const&) const {}
  void operator()(TextEvent auto const&) const {}
  void operator()(CardOrderEvent auto const&) const {}
  void operator()(RefundEvent auto const&) const {}
};
static_assert(!kCompiles<WithoutPayouts>);

struct OnePayoutMissing : WithoutPayouts {
  using WithoutPayouts::operator();
  void operator()(OneOf<PayoutRequested, PayoutAdvanced, PayoutFileWritten> auto const&) const {}
};
static_assert(!kCompiles<OnePayoutMissing>);

struct EveryPayoutNamed : OnePayoutMissing {
  using OnePayoutMissing::operator();
  void operator()(PayoutAccountCorrected const&) const {}
};
static_assert(kCompiles<EveryPayoutNamed>);

// Two arms for the same event, neither of them exact: ambiguous.
struct TwoPayouts {
  int operator()(OneOf<PayoutRequested, PayoutAdvanced> auto const&) const { return 0; }
};
static_assert(!kCompiles<Overloaded<EveryFamily, TwoPayouts>>);

// Nobody but the log's reader makes a fact.
static_assert(!std::constructible_from<Fact<ItemPurchased>, ItemPurchased, Position, Timestamp>);
static_assert(!std::default_initializable<Fact<ItemPurchased>>);
static_assert(std::copyable<Fact<ItemPurchased>>);

TEST(EventFamilies, AFamilysArmTakesEachOfItsEvents) {
  EXPECT_EQ(std::visit(EveryFamily{}, Event(GameCreated{})), 1);
  EXPECT_EQ(std::visit(EveryFamily{}, Event(CurrencyChanged{})), 1);
  EXPECT_EQ(std::visit(EveryFamily{}, Event(DisputeMoved{})), 9);
  EXPECT_EQ(std::visit(EveryFamily{}, Event(PayoutFileWritten{})), 10);
}

TEST(EventFamilies, TheExactArmWinsOverTheFamilys) {
  Overloaded const fold{EveryFamily{}, [](PayoutAdvanced const&) { return 100; }};
  EXPECT_EQ(std::visit(fold, Event(PayoutAdvanced{})), 100);
  EXPECT_EQ(std::visit(fold, Event(PayoutRequested{})), 10);
}

TEST(EventFamilies, AFoldThatChangesEventsFollowsTheSameRules) {
  Event event = PayoutAdvanced{};
  Overloaded const fold{EveryFamily{}, [](PayoutAdvanced& e) {
                          e.note = "changed";
                          return 100;
                        }};
  EXPECT_EQ(std::visit(fold, event), 100);
  EXPECT_EQ(std::get<PayoutAdvanced>(event).note, "changed");
}

TEST(EventFamilies, EveryEventHasANameOfItsOwn) {
  EXPECT_EQ(florin::samples::kinds_of<Event>().size(), std::variant_size_v<Event>);
}

}  // namespace
}  // namespace florin::domain
