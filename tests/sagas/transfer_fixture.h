// What the tests of texts and expiries share: a sender in one game, a receiver in another, and the steps of a send.
#pragma once

#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "tests/sagas/saga_rig.h"

namespace florin::test_support {

struct TransferTest : testing::Test {
  TempFolder vault;
  MemoryLog log;
  std::unique_ptr<Rig> rig = std::make_unique<Rig>(vault.path(), log);
  Town town = build_town(*rig);

  domain::InitiateTransfer send_500() { return send(town.quest, 1, town.warriors, 2, units(500)); }
  domain::TransferId initiate() {
    auto const commit = rig->commit(send_500(), town.quest);
    EXPECT_TRUE(rig->quiet());
    return domain::TransferId(commit->first);
  }
  void verify(domain::TransferId transaction, unsigned pin = 0) {
    rig->commit(domain::VerifyPin{town.quest, domain::Flavour::send, transaction, 1u << pin}, town.quest);
    EXPECT_TRUE(rig->quiet());
  }
  void claim(domain::TransferId transaction) {
    rig->commit(domain::ClaimTransfer{town.warriors, domain::Flavour::send, transaction, person(2), phone(2), {}, {}},
                town.warriors);
    EXPECT_TRUE(rig->quiet());
  }
  void flag_minor() { rig->commit(domain::FlagMinor{somebody(1), phone(9)}); }
  void guardian_says(domain::ReplyWord word) {
    rig->commit(domain::ReceiveReply{phone(9).index, word, false, {}});
    EXPECT_TRUE(rig->quiet());
  }
  std::optional<domain::ReturnReason> returned() {
    auto const all = rig->view().all<domain::TransferReleased>();
    EXPECT_LE(all.size(), 1u);
    return all.empty() ? std::nullopt : std::optional(all.front().reason);
  }
  void expect_all_back() {
    EXPECT_EQ(rig->wallet(town.quest, 1), (domain::Wallet{units(1000), {}}));
    EXPECT_EQ(rig->view().all<domain::TransferReleased>().size(), 1u);
  }
};

}  // namespace florin::test_support
