#include "projections/payments.h"

#include <map>

#include "tests/projections/views_fixture.h"
#include "tests/support/facts.h"

namespace florin::projections {
namespace {

using domain::Money;
using domain::PaymentStatus;
using domain::PayoutStatus;
using domain::Position;
using eventstore::CommitPtr;

domain::Usd usd(std::int64_t cents) { return domain::Usd::from_minor(cents); }

class Payments : public ViewsTest {
 protected:
  void SetUp() override {
    town.create_game("a", {"gold"});
    town.create_game("b", {"silver"});
    for (auto const& game : {a(), b()}) {
      town.credit(game, 0, 1'000'000);
      town.purchase(game, 0, 1'000'000);
    }
  }
  domain::Game a() const { return town.game(0); }
  domain::Game b() const { return town.game(1); }

  domain::CurrencyOrdered order(domain::SessionId session = {}) {
    domain::PlayerRef who;
    who.email_index = Town::email_index(0);
    auto const commit = town.play(domain::OrderCurrency{a().id, who, {}, usd(1'000), "pm_1", session});
    return std::get<domain::CurrencyOrdered>(commit->events.back());
  }
  domain::SessionId checkout() {
    auto const commit =
        town.play(domain::OpenCheckout{a().id, {Town::email_index(0), ""}, {}, usd(1'000), "", "", "{}"});
    return std::get<domain::CheckoutOpened>(commit->events.back()).session;
  }
  static domain::PaymentReport said(domain::CurrencyOrdered const& ordered, PaymentStatus status) {
    domain::PaymentReport report;
    report.reference = "pi_" + std::to_string(ordered.order.value());
    report.order = ordered.order;
    report.status = status;
    report.usd = ordered.usd;
    return report;
  }
  CommitPtr report(domain::CurrencyOrdered const& ordered, domain::PaymentReport said) {
    return town.play(domain::ReportPayment{std::move(said), samples::fact(ordered), {}});
  }
  domain::CurrencyPurchased pay(domain::CurrencyOrdered const& ordered) {
    return std::get<domain::CurrencyPurchased>(report(ordered, said(ordered, PaymentStatus::succeeded))->events.back());
  }

  domain::PayoutId payout(domain::Game const& game, std::int64_t cents = 100) {
    auto const commit = town.play(domain::RequestPayout{game.id,
                                                        {Town::email_index(0), ""},
                                                        usd(cents),
                                                        "Gold Games",
                                                        "000123456789",
                                                        "021000021",
                                                        domain::AccountType::checking});
    return std::get<domain::PayoutRequested>(commit->events.back()).payout;
  }
  domain::Timestamp advance(domain::PayoutId payout, PayoutStatus status) {
    return town.play(domain::AdvancePayout{payout, status, ""})->at;
  }
  domain::Timestamp process(domain::PayoutId payout) {
    advance(payout, PayoutStatus::approved);
    return advance(payout, PayoutStatus::processing);
  }

  // What the log says of an order or a payout.
  [[nodiscard]] std::vector<Step> steps_in_log(Position about) const {
    std::vector<Step> steps;
    for (auto const& commit : town.commits()) {
      auto position = commit->first;
      for (auto const& event : commit->events) {
        if (subject(event) == about) steps.push_back({position, commit->first});
        position = next(position);
      }
    }
    return steps;
  }
  static Position subject(domain::Event const& event) {
    return std::visit(
        [](auto const& e) {
          if constexpr (requires { e.payout; }) {
            return e.payout.position();
          } else if constexpr (requires { e.order; } &&
                               !std::is_same_v<std::decay_t<decltype(e)>, domain::ItemRefunded>) {
            return e.order.position();
          } else {
            return Position{};
          }
        },
        event);
  }
  [[nodiscard]] std::vector<Step> steps_of(Position about) {
    auto view = read("payments");
    auto steps = read_steps(view, about);
    EXPECT_TRUE(steps) << steps.error().what;
    return std::move(steps).value();
  }
  void expect_steps(Position about, std::size_t count) {
    EXPECT_EQ(steps_of(about), steps_in_log(about));
    EXPECT_EQ(steps_of(about).size(), count);
  }
  // Every page from the first to the last.
  std::vector<domain::PayoutId> pages(domain::GameId game, std::optional<PayoutStatus> status, std::size_t limit) {
    auto view = read("payments");
    std::vector<domain::PayoutId> all;
    std::optional<std::uint64_t> cursor;
    for (int turn = 0; turn < 100; ++turn) {
      auto const page = read_payouts(view, game, status, limit, cursor);
      EXPECT_TRUE(page) << page.error().what;
      EXPECT_LE(page.value().payouts.size(), limit);
      for (auto const& row : page.value().payouts) all.push_back(row.payout);
      cursor = page.value().next;
      if (!cursor) return all;
      EXPECT_EQ(page.value().payouts.size(), limit) << "only the last page is short";
    }
    ADD_FAILURE() << "the pages never end";
    return all;
  }
};

TEST_F(Payments, AnOrdersStepsAreItsEventsWhereverTheyStand) {
  auto const ordered = order();
  expect_steps(ordered.order.position(), 1);
  auto const other = order();
  report(ordered, said(ordered, PaymentStatus::requires_action));  // opened and challenged in one commit
  expect_steps(ordered.order.position(), 3);
  auto const purchased = pay(ordered);
  auto told = said(ordered, PaymentStatus::succeeded);
  // Taken over: asked and settled in one commit; and a dispute, behind them.
  told.refunds.push_back({"re_1", {}, usd(100), domain::RefundStatus::succeeded});
  told.disputes.push_back({"dp_1", usd(200), usd(1'500), domain::DisputeStatus::open});
  report(ordered, told);
  told.disputes.back().status = domain::DisputeStatus::won;
  report(ordered, told);
  ASSERT_TRUE(town.play(domain::RefundPurchase{a().id, samples::fact(purchased), usd(50), "", true}));
  expect_steps(ordered.order.position(), 9);
  ASSERT_TRUE(town.play(domain::FailOrder{other.order, domain::PaymentFailure::refused, ""}));
  expect_steps(other.order.position(), 2);
}

TEST_F(Payments, APayoutsStepsAreItsOwn) {
  auto const one = payout(a());
  auto const two = payout(a());
  process(one);
  advance(two, PayoutStatus::rejected);
  advance(one, PayoutStatus::completed);
  expect_steps(one.position(), 4);
  expect_steps(two.position(), 2);
}

TEST_F(Payments, WhatIsNoneHasNoSteps) {
  auto const credited = town.credit(a(), 0, 100);
  auto view = read("payments");
  for (auto const position : {credited->first, Position{}, Position(1'000'000), Position(~std::uint64_t{0})}) {
    auto const steps = read_steps(view, position);
    ASSERT_TRUE(steps) << steps.error().what;
    EXPECT_TRUE(steps.value().empty());
    auto const attempts = read_attempts(view, domain::SessionId(position));
    ASSERT_TRUE(attempts) << attempts.error().what;
    EXPECT_TRUE(attempts.value().empty());
  }
}

TEST_F(Payments, ACheckoutKnowsItsAttempts) {
  auto const session = checkout();
  auto const another = checkout();
  auto const first = order(session);
  order();  // of no checkout
  auto const second = order(session);
  auto view = read("payments");
  EXPECT_EQ(read_attempts(view, session).value(), (std::vector{first.order, second.order}));
  EXPECT_TRUE(read_attempts(view, another).value().empty());
  EXPECT_TRUE(read_attempts(view, domain::SessionId{}).value().empty());
}

TEST_F(Payments, PayoutsComeInPagesTheNewestFirst) {
  std::vector<domain::PayoutId> all;
  std::map<domain::GameId, std::vector<domain::PayoutId>> of_game;
  for (int i = 0; i < 7; ++i) {
    auto const& game = i % 3 == 0 ? b() : a();
    all.insert(all.begin(), payout(game));
    auto& own = of_game[game.id];
    own.insert(own.begin(), all.front());
  }
  for (std::size_t const limit : {1, 2, 3, 6, 7, 8, 100}) {
    SCOPED_TRACE(limit);
    EXPECT_EQ(pages({}, std::nullopt, limit), all);
    EXPECT_EQ(pages(a().id, std::nullopt, limit), of_game[a().id]);
    EXPECT_EQ(pages(b().id, std::nullopt, limit), of_game[b().id]);
  }
  advance(all[1], PayoutStatus::approved);
  advance(all[4], PayoutStatus::approved);
  for (std::size_t const limit : {1, 2, 3}) {
    EXPECT_EQ(pages({}, PayoutStatus::approved, limit), (std::vector{all[1], all[4]}));
    EXPECT_EQ(pages({}, PayoutStatus::requested, limit).size(), 5u);
    EXPECT_TRUE(pages({}, PayoutStatus::failed, limit).empty());
    EXPECT_TRUE(pages(domain::GameId(42), std::nullopt, limit).empty());
  }
  auto view = read("payments");
  EXPECT_TRUE(read_payouts(view, {}, std::nullopt, 10, 0).value().payouts.empty());
  EXPECT_EQ(read_payouts(view, {}, std::nullopt, 10, ~std::uint64_t{0}).value().payouts.size(), 7u);
  auto const row = read_payouts(view, {}, PayoutStatus::approved, 1, std::nullopt).value().payouts.at(0);
  EXPECT_EQ(row, (PayoutRow{all[1], a().id, PayoutStatus::approved, {}, {}}));
}

TEST_F(Payments, ACorrectionIsAStepOfItsPayout) {
  auto const one = payout(a());
  process(one);
  domain::PayoutRequested requested;
  requested.payout = one;
  requested.game = a().id;
  requested.contact = domain::IdentityId(1);
  ASSERT_NE(town.play(domain::CorrectPayoutAccount{samples::fact(requested), "C01", "000999888777"}), nullptr);
  expect_steps(one.position(), 4);
  auto view = read("payments");
  EXPECT_EQ(read_payouts(view, {}, PayoutStatus::processing, 1, std::nullopt).value().payouts.at(0).payout, one)
      << "it stands where it stood";
}

// What was in a day's file stays in it, whatever became of it since.
TEST_F(Payments, ADaysFileIsWhatBecameProcessingOnThatDay) {
  auto const one = payout(a());
  auto const two = payout(b());
  auto const three = payout(a());
  auto const never = payout(a());
  auto const first = process(two);
  auto const second = process(one);
  town.pass(86'400);
  auto const third = process(three);
  advance(never, PayoutStatus::rejected);
  advance(one, PayoutStatus::completed);
  auto const failed = advance(two, PayoutStatus::failed);
  auto view = read("payments");
  PayoutRow const row_one{one, a().id, PayoutStatus::completed, second, {}};
  PayoutRow const row_two{two, b().id, PayoutStatus::failed, first, failed};
  PayoutRow const row_three{three, a().id, PayoutStatus::processing, third, {}};
  auto const processed = [&](domain::Timestamp from, domain::Timestamp until) {
    return read_processed(view, from, until).value();
  };
  using Rows = std::vector<PayoutRow>;
  EXPECT_EQ(processed(first, third), (Rows{row_one, row_two}));
  EXPECT_EQ(processed(first, third + 1), (Rows{row_one, row_two, row_three}));
  EXPECT_EQ(processed(first + 1, third), (Rows{row_one}));
  EXPECT_EQ(processed(third, third + domain::kMicrosPerDay), (Rows{row_three}));
  EXPECT_TRUE(processed(third, third).empty());
  EXPECT_TRUE(processed(third + 1, third + domain::kMicrosPerDay).empty());
}

TEST_F(Payments, ARebuildShowsTheSame) {
  std::mt19937_64 random(7);
  std::vector<domain::CurrencyOrdered> orders;
  std::vector<domain::PayoutId> payouts;
  std::vector<domain::SessionId> sessions{checkout()};
  for (int i = 0; i < 300; ++i) {
    town.pass(static_cast<std::int64_t>(random() % 20'000));
    switch (random() % 5) {
      case 0: orders.push_back(order(random() % 2 == 0 ? sessions.back() : domain::SessionId{})); break;
      case 1: sessions.push_back(checkout()); break;
      case 2: payouts.push_back(payout(random() % 2 == 0 ? a() : b())); break;
      case 3:
        if (orders.empty()) break;
        {
          auto const& ordered = orders[random() % orders.size()];
          // Refused when it is nothing new.
          (void)report(ordered, said(ordered, static_cast<PaymentStatus>(random() % 6)));
        }
        break;
      default:
        if (payouts.empty()) break;
        // One step, whichever is possible.
        for (auto const status : {PayoutStatus::approved, PayoutStatus::processing, PayoutStatus::failed}) {
          auto const wanted = random() % 3 == 0 ? PayoutStatus::completed : status;
          if (town.play(domain::AdvancePayout{payouts[random() % payouts.size()], wanted, ""})) break;
        }
    }
    if (random() % 50 == 0) static_cast<void>(read("payments"));
  }
  auto const shown = [&] {
    auto view = read("payments");
    std::vector<std::vector<Step>> steps;
    for (auto const& ordered : orders) steps.push_back(read_steps(view, ordered.order.position()).value());
    for (auto const payout : payouts) steps.push_back(read_steps(view, payout.position()).value());
    std::vector<std::vector<domain::OrderId>> attempts;
    for (auto const session : sessions) attempts.push_back(read_attempts(view, session).value());
    auto const rows = read_payouts(view, {}, std::nullopt, 1'000, std::nullopt).value().payouts;
    auto const end = domain::Timestamp::from_seconds(4'000'000'000);
    return std::tuple{steps, attempts, rows, read_processed(view, domain::Timestamp::from_seconds(1), end).value()};
  };
  auto const live = shown();
  ASSERT_TRUE(runner->rebuild("payments"));
  wait_for_rebuild("payments");
  EXPECT_EQ(shown(), live);
  for (auto const& ordered : orders)
    EXPECT_EQ(steps_of(ordered.order.position()), steps_in_log(ordered.order.position()));
  for (auto const payout : payouts) EXPECT_EQ(steps_of(payout.position()), steps_in_log(payout.position()));
  // It has to be lively for this to mean anything.
  EXPECT_GT(std::get<3>(live).size(), 5u);
  EXPECT_GT(orders.size(), 30u);
}

}  // namespace
}  // namespace florin::projections
