// A town where everything waits for somebody: transfers in each of their states, a phone share, texts, minors.
#pragma once

#include "tests/support/store.h"

namespace florin::test_support {

struct OpenMatters {
  domain::Position fresh;     // waits for its PIN
  domain::Position tried;     // a second PIN, two wrong ones
  domain::Position verified;  // waits for its claim
  domain::Position asked;     // waits for a guardian
  domain::Position approved;  // a guardian said yes
  domain::Position share;     // waits for the owner of a phone
};

inline OpenMatters open_matters(Store& store) {
  using namespace domain;
  auto const alpha = store.make_game();
  auto const beta = std::get<GameCreated>(store.commit(create_game("Beta"))->events.at(0)).game;
  GameChanges live;
  live.status = GameStatus::live;
  store.commit(UpdateGame{alpha, live});
  store.commit(UpdateGame{beta, live});
  for (std::uint64_t player = 1; player <= 3; ++player) store.commit(credit(alpha, player, units(1000)));
  // A transaction is named by the first position of its commit.
  auto const begin = [&](std::uint64_t sender, std::int64_t amount) {
    store.clock().advance(40 * kMicrosPerSecond);
    return store.commit(send(alpha, sender, beta, 4, units(amount)))->first;
  };
  auto const verify = [&](Position transaction) { store.commit(VerifyPin{alpha, Flavour::send, transaction, 1}); };

  OpenMatters out;
  auto const completed = begin(1, 10);
  verify(completed);
  store.commit(ClaimTransfer{beta, Flavour::send, completed, person(4), phone(4), {}, {}});
  store.commit(CancelTransfer{alpha, Flavour::send, begin(1, 20)});
  out.fresh = begin(1, 30);
  out.tried = begin(1, 40);
  store.clock().advance(40 * kMicrosPerSecond);
  store.commit(ResendPin{alpha, Flavour::send, out.tried});
  for (int wrong = 0; wrong < 2; ++wrong) store.commit(VerifyPin{alpha, Flavour::send, out.tried, 1});
  out.verified = begin(1, 50);
  verify(out.verified);

  store.commit(FlagMinor{somebody(2), phone(20)});
  store.commit(FlagMinor{somebody(3), {}});
  store.commit(FlagMinor{somebody(5), phone(20)});
  store.commit(ClearMinor{somebody(5).email_index});
  out.asked = begin(2, 60);
  out.approved = begin(2, 70);
  store.commit(ReceiveReply{phone(20).index, ReplyWord::yes, false, {}});

  // The first is superseded by the second, and the third is approved.
  store.commit(RequestPhoneShare{phone(1), somebody(6)});
  store.clock().advance(40 * kMicrosPerSecond);
  out.share = store.commit(RequestPhoneShare{phone(1), somebody(6)})->last();
  out.share = Position(out.share.value() - 1);  // behind the end of the first
  store.commit(AnswerPhoneShare{out.share, false, false});
  auto const shared = store.commit(RequestPhoneShare{phone(1), somebody(7)})->first;
  store.commit(AnswerPhoneShare{shared, true, true});
  store.commit(SettleTexts{{{{out.fresh, TextKind::pin, 0}, TextEnd::sent}}});
  return out;
}

}  // namespace florin::test_support
