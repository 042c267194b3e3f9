// Commit <-> stored bytes (event.capnp, one unpacked Cap'n Proto message). FORMAT.md has a worked example.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "domain/events.h"
#include "eventstore/fault.h"

namespace florin::eventstore {

// Largest commit that is ever written or read: an API body is at most 1 MiB and one command makes a handful of
// events, so anything larger is damage.
inline constexpr std::size_t kMaxCommitBytes = 4u << 20;

// Reuses a scratch arena: no allocation for ordinary commits. One thread; the writer owns one.
class Encoder {
 public:
  Encoder();
  ~Encoder();
  Encoder(Encoder const&) = delete;
  Encoder& operator=(Encoder const&) = delete;

  // Appends the commit's bytes to `out` (a multiple of 8). Every PersonalText must be sealed or empty: aborts
  // otherwise, so that no personal data can reach the log in clear.
  void encode(domain::Commit const& commit, std::string& out);

 private:
  struct Scratch;
  std::unique_ptr<Scratch> scratch_;
};

// Any thread. Old versions are lifted by upcasters on the way; bytes of a newer version (an event or an enum value
// that this one does not know) are Kind::unknown; anything malformed is Kind::corrupt. Never throws, never
// allocates more than a small multiple of bytes.size(). PersonalText comes back sealed.
[[nodiscard]] ResultOr<domain::Commit> decode(std::string_view bytes);

}  // namespace florin::eventstore
