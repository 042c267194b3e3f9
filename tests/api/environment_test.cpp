#include "api/environment.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "projections/payments.h"
#include "projections/view_folder.h"
#include "tests/api/await.h"
#include "tests/support/temp_folder.h"

namespace florin::api {
namespace {

class EnvironmentTroubles : public ::testing::Test {
 protected:
  void open(bool sandbox, EnvironmentOptions options) {
    options.public_url = "http://localhost";
    auto opened = Environment::open(sandbox ? "sandbox" : "production", layout(sandbox), clock_, std::move(options));
    ASSERT_TRUE(opened) << opened.error().what;
    environment_ = std::move(opened).value();
    auto const started = environment_->start();
    ASSERT_TRUE(started) << started.error().what;
  }
  void TearDown() override {
    ASSERT_NE(environment_, nullptr);
    EXPECT_TRUE(environment_->stop());
  }

  [[nodiscard]] Layout layout(bool sandbox) const { return environment_layout(folder_.path(), sandbox); }
  // Waits for it: what goes wrong is found by threads of their own.
  [[nodiscard]] bool told(std::string_view part) const {
    for (auto const until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
         std::chrono::steady_clock::now() < until; std::this_thread::sleep_for(std::chrono::milliseconds(10))) {
      auto const all = environment_->troubles();
      if (std::any_of(all.begin(), all.end(), [&](auto const& each) { return each.find(part) != std::string::npos; })) {
        return true;
      }
    }
    return false;
  }

  test_support::TempFolder folder_;
  eventstore::SystemClock clock_;
  std::unique_ptr<Environment> environment_;
};

TEST_F(EnvironmentTroubles, ThereAreNoneWhenAllIsWell) {
  EnvironmentOptions options;
  options.sandbox_processor = options.sandbox_phone = true;
  open(true, std::move(options));
  auto const& ledger = environment_->ledger();
  EXPECT_TRUE(await([&](Inbox& inbox) { return ledger.views.reach(inbox, View::payments, ledger.state.position()); }));
  EXPECT_EQ(environment_->troubles(), std::vector<std::string>{});
  EXPECT_EQ(environment_->unreadable_views(), std::vector<std::string>{});
}

TEST_F(EnvironmentTroubles, AViewThatCannotBeBuilt) {
  // SQLite can neither open nor remove what lies where its write-ahead log belongs.
  auto in_the_way = projections::view_path(layout(true).views(), projections::payments_projection(), 1);
  in_the_way += "-wal";
  std::filesystem::create_directories(in_the_way);
  std::ofstream(in_the_way / "x") << "x";
  EnvironmentOptions options;
  options.sandbox_processor = options.sandbox_phone = true;
  open(true, std::move(options));
  EXPECT_TRUE(told("view payments has stopped: "));
  EXPECT_EQ(environment_->unreadable_views(), std::vector<std::string>{"payments"});
}

TEST_F(EnvironmentTroubles, AProcessorThatDoesNotAnswer) {
  EnvironmentOptions options;
  options.stripe.emplace();
  options.stripe->secret_key = "sk_test_4242";
  options.stripe->webhook_secret = "whsec_4242";
  options.stripe->base_url = "http://127.0.0.1:1";  // nobody listens there
  open(false, std::move(options));
  EXPECT_TRUE(told("what happens at the card processor cannot be read ("));
  for (auto const& trouble : environment_->troubles()) EXPECT_EQ(trouble.find("sk_test"), std::string::npos);
}

}  // namespace
}  // namespace florin::api
