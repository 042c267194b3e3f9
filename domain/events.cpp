#include "domain/events.h"

namespace florin::domain {

char const* event_name(Event const& event) {
  return std::visit(Overloaded{
                        [](GameCreated const&) { return "GameCreated"; },
                        [](GameUpdated const&) { return "GameUpdated"; },
                        [](SdkKeyRotated const&) { return "SdkKeyRotated"; },
                        [](IdentityRegistered const&) { return "IdentityRegistered"; },
                        [](PlayerJoined const&) { return "PlayerJoined"; },
                        [](PlayerRenamed const&) { return "PlayerRenamed"; },
                        [](StartingBalanceGranted const&) { return "StartingBalanceGranted"; },
                        [](BalanceCredited const&) { return "BalanceCredited"; },
                        [](BalanceDebited const&) { return "BalanceDebited"; },
                        [](ItemPurchased const&) { return "ItemPurchased"; },
                        [](ItemRefunded const&) { return "ItemRefunded"; },
                    },
                    event);
}

}  // namespace florin::domain
