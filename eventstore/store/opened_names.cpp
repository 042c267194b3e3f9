#include "eventstore/store/opened_names.h"

#include <cstring>

#include <openssl/crypto.h>

namespace florin::eventstore {

OpenedNames::~OpenedNames() {
  for (auto const& page : pages_) {
    if (page.slots) OPENSSL_cleanse(page.slots->data(), sizeof(*page.slots));
  }
}

std::optional<std::string> OpenedNames::find(domain::IdentityId identity, std::string_view box) const {
  auto const& page = pages_[page_of(identity)];
  std::lock_guard const lock(page.mutex);
  if (!page.slots) return std::nullopt;
  auto const& slot = (*page.slots)[slot_of(identity)];
  if (slot.identity != identity.value() || box != std::string_view(slot.box.data(), slot.box_size)) return std::nullopt;
  return std::string(slot.name.data(), slot.name_size);
}

void OpenedNames::put(domain::IdentityId identity, std::string_view box, std::string_view name,
                      std::uint64_t erasures) {
  if (box.size() > kBoxBytesMax || name.size() > kNameBytesMax) return;
  auto& page = pages_[page_of(identity)];
  std::lock_guard const lock(page.mutex);
  if (erasures_.load(std::memory_order_acquire) != erasures) return;
  if (!page.slots) page.slots = std::make_unique<std::array<Slot, kPageSlots>>();
  auto& slot = (*page.slots)[slot_of(identity)];
  slot.identity = identity.value();
  slot.box_size = static_cast<std::uint8_t>(box.size());
  slot.name_size = static_cast<std::uint8_t>(name.size());
  std::memcpy(slot.box.data(), box.data(), box.size());
  std::memcpy(slot.name.data(), name.data(), name.size());
}

// An opener that read the seed before it was destroyed puts either before this, and is wiped here, or after it, and
// then sees that an erasure has passed.
void OpenedNames::erase(domain::IdentityId identity) {
  auto& page = pages_[page_of(identity)];
  std::lock_guard const lock(page.mutex);
  erasures_.fetch_add(1, std::memory_order_acq_rel);
  if (!page.slots) return;
  auto& slot = (*page.slots)[slot_of(identity)];
  if (slot.identity != identity.value()) return;
  OPENSSL_cleanse(slot.name.data(), slot.name.size());
  slot.identity = 0;
}

}  // namespace florin::eventstore
