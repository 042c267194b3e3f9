// A town with the views on disk beside it.
#pragma once

#include <gtest/gtest.h>

#include "projections/history.h"
#include "projections/orders.h"
#include "projections/payments.h"
#include "projections/reconciliation.h"
#include "projections/runner.h"
#include "projections/transfers.h"
#include "tests/projections/town.h"
#include "tests/support/temp_folder.h"

namespace florin::projections {

class ViewsTest : public testing::Test {
 protected:
  static constexpr int kPatienceMs = 60'000;

  void start() {
    tail = std::make_unique<eventstore::Tail>(town.log(), town.log_head());
    runner = std::make_unique<Runner>(
        town.log(), *tail, folder.path(),
        std::vector<Projection const*>{&history_projection(), &orders_projection(), &payments_projection(),
                                       &reconciliation_projection(), &transfers_projection()});
    ASSERT_TRUE(runner->start());
  }

  void TearDown() override { runner.reset(); }

  // Publishes what the town did since.
  void announce() { town.publish(*tail); }

  // Everything that the town did is in the view.
  ViewReader read(std::string_view name) {
    if (!runner) start();
    announce();
    EXPECT_TRUE(runner->wait_for(name, town.head(), kPatienceMs)) << name;
    auto view = runner->read(name);
    EXPECT_TRUE(view) << view.error().what;
    return std::move(view).value();
  }

  ProjectionStatus status(std::string_view name) const {
    for (auto const& status : runner->status()) {
      if (status.name == name) return status;
    }
    ADD_FAILURE() << "no view " << name;
    return {};
  }

  // Until no rebuild is under way.
  void wait_for_rebuild(std::string_view name) const {
    for (int tries = 0; tries < 6'000 && status(name).rebuild; ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ASSERT_FALSE(status(name).rebuild);
  }

  test_support::TempFolder folder;
  Town town;
  std::unique_ptr<eventstore::Tail> tail;
  std::unique_ptr<Runner> runner;
};

}  // namespace florin::projections
