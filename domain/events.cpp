#include "domain/events.h"

namespace florin::domain {

char const* event_name(Event const& event) {
  return std::visit(Overloaded{
                        [](GameCreated const&) { return "GameCreated"; },
                        [](GameUpdated const&) { return "GameUpdated"; },
                        [](CurrencyAdded const&) { return "CurrencyAdded"; },
                        [](CurrencyChanged const&) { return "CurrencyChanged"; },
                        [](SdkKeyRotated const&) { return "SdkKeyRotated"; },
                        [](IdentityRegistered const&) { return "IdentityRegistered"; },
                        [](PlayerJoined const&) { return "PlayerJoined"; },
                        [](PlayerRenamed const&) { return "PlayerRenamed"; },
                        [](StartingBalanceGranted const&) { return "StartingBalanceGranted"; },
                        [](BalanceCredited const&) { return "BalanceCredited"; },
                        [](BalanceDebited const&) { return "BalanceDebited"; },
                        [](ItemPurchased const&) { return "ItemPurchased"; },
                        [](ItemRefunded const&) { return "ItemRefunded"; },
                        [](PhoneRecorded const&) { return "PhoneRecorded"; },
                        [](PhoneVerified const&) { return "PhoneVerified"; },
                        [](MinorFlagged const&) { return "MinorFlagged"; },
                        [](MinorCleared const&) { return "MinorCleared"; },
                        [](TransferInitiated const&) { return "TransferInitiated"; },
                        [](PinReissued const&) { return "PinReissued"; },
                        [](PinRejected const&) { return "PinRejected"; },
                        [](PinVerified const&) { return "PinVerified"; },
                        [](GuardianApproved const&) { return "GuardianApproved"; },
                        [](TransferClaimed const&) { return "TransferClaimed"; },
                        [](TransferReturned const&) { return "TransferReturned"; },
                        [](PhoneShareRequested const&) { return "PhoneShareRequested"; },
                        [](ShareCodeRejected const&) { return "ShareCodeRejected"; },
                        [](PhoneShareEnded const&) { return "PhoneShareEnded"; },
                        [](ReplyReceived const&) { return "ReplyReceived"; },
                        [](TextSettled const&) { return "TextSettled"; },
                        [](CheckoutOpened const&) { return "CheckoutOpened"; },
                        [](CurrencyOrdered const&) { return "CurrencyOrdered"; },
                        [](PaymentOpened const&) { return "PaymentOpened"; },
                        [](PaymentChallenged const&) { return "PaymentChallenged"; },
                        [](CurrencyPurchased const&) { return "CurrencyPurchased"; },
                        [](PaymentFailed const&) { return "PaymentFailed"; },
                        [](RefundRequested const&) { return "RefundRequested"; },
                        [](RefundSettled const&) { return "RefundSettled"; },
                        [](DisputeOpened const&) { return "DisputeOpened"; },
                        [](DisputeClosed const&) { return "DisputeClosed"; },
                        [](PayoutRequested const&) { return "PayoutRequested"; },
                        [](PayoutAdvanced const&) { return "PayoutAdvanced"; },
                    },
                    event);
}

}  // namespace florin::domain
