// The rule of e-mails. Whatever is taken has a key that is its own key, is UTF-8 and keeps to the sizes of mail; what
// is written around it is trimmed; an ASCII address has the key that it always had.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/email.h"
#include "domain/contract.h"
#include "domain/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace florin;
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  FLORIN_ASSERT(domain::is_utf8(domain::repaired_utf8(text)));
  auto const former = api::former_key(text);
  auto const mailbox = api::read_mailbox(text);
  if (!mailbox) {
    FLORIN_ASSERT(!mailbox.error().empty());
    return 0;
  }
  auto const& key = mailbox.value().key;
  FLORIN_ASSERT(domain::is_utf8(text) && domain::is_utf8(key) && key.size() <= 254);
  FLORIN_ASSERT(api::read_mailbox(key).value().key == key);
  FLORIN_ASSERT(api::read_mailbox(mailbox.value().written).value().key == key);
  FLORIN_ASSERT(api::read_mailbox("\u3000" + std::string(text) + "\u00a0\n").value().key == key);
  bool const ascii = std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  FLORIN_ASSERT(!ascii || !former || *former == key);
  return 0;
}
