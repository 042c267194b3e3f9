// Events about items: bought for currency, and refunded.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "domain/events/family.h"
#include "domain/ids.h"
#include "domain/money.h"

namespace florin::domain {

struct Item {
  std::string id;
  std::string name;
  std::string category;
  std::string description;
  friend bool operator==(Item const&, Item const&) = default;
};

struct ItemPurchased {
  PlayerId player;
  CurrencyId currency;
  Item item;
  std::uint32_t quantity = 0;
  Money unit_price;
  Money total;
  Money platform_fee;
  Money developer_revenue;  // total - platform_fee
  Money available_after;
  friend bool operator==(ItemPurchased const&, ItemPurchased const&) = default;
};

// The whole order goes back: the player gets the total, the game and the network return their shares.
struct ItemRefunded {
  OrderId order;  // first position of the purchase's commit
  PlayerId player;
  CurrencyId currency;
  Money total;
  Money platform_fee;
  Money developer_revenue;
  Money available_after;
  std::string reason;
  friend bool operator==(ItemRefunded const&, ItemRefunded const&) = default;
};

using ItemEvents = std::variant<ItemPurchased, ItemRefunded>;
template <class E>
concept ItemEvent = IsIn<E, ItemEvents>;

}  // namespace florin::domain
