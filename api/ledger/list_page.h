// A part of a list.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace florin::api {

template <class Item>
struct ListPage {
  std::vector<Item> items;            // newest first
  std::optional<std::uint64_t> next;  // the cursor of the next one; absent on the last page
};

}  // namespace florin::api
