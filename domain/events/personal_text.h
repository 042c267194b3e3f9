// Text about a person, inside an event.
#pragma once

#include <string>

namespace florin::domain {

// Text about a person. In clear between decide and the seal, sealed (AES-256-GCM) in every stored or decoded
// event; only the vault turns one into the other.
struct PersonalText {
  std::string bytes;
  bool sealed = false;
  friend bool operator==(PersonalText const&, PersonalText const&) = default;
};

}  // namespace florin::domain
