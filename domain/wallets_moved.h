// Which wallets an event may touch: for look-ups ahead of time, before the event is applied.
#pragma once

#include <utility>

#include "domain/events.h"

namespace florin::domain {

// Calls touch(player, currency) for each: also for an event that leaves the wallet as it was, such as a refund that
// succeeded.
template <class Touch>
void for_each_wallet(Event const& event, Touch&& touch) {
  auto const own = [&](auto const& e) { touch(e.player, e.currency); };
  auto const sender = [&](auto const& e) { touch(e.sender, e.currency); };
  std::visit(Overloaded{
                 [](GameEvent auto const&) {},
                 [](KeyEvent auto const&) {},
                 [](PersonEvent auto const&) {},
                 [&](WalletEvent auto const& e) { own(e); },
                 [&](ItemEvent auto const& e) { own(e); },
                 [&](OneOf<TransferInitiated, TransferReleased> auto const& e) { sender(e); },
                 [&](TransferClaimed const& e) {
                   sender(e);
                   touch(e.receiver, e.target_currency);
                 },
                 [](OneOf<PinReissued, PinRejected, PinVerified, GuardianApproved> auto const&) {},
                 [](PhoneShareEvent auto const&) {},
                 [](TextEvent auto const&) {},
                 [&](CurrencyPurchased const& e) { own(e); },
                 [](CardOrderEvent auto const&) {},
                 [&](RefundEvent auto const& e) { own(e); },
                 [](PayoutEvent auto const&) {},
             },
             event);
}

}  // namespace florin::domain
