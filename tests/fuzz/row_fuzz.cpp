// Bytes that claim to be a row of the log: opening never crashes and never reads beyond them. And commits of any bytes
// come back from the row that they are packed into.
#include <cstring>
#include <string>
#include <vector>

#include "domain/contract.h"
#include "eventstore/store/chain.h"
#include "eventstore/store/row.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace florin::eventstore;
  using florin::domain::Position;
  if (size < 3) return 0;
  // A copy of just these bytes, on a multiple of 8, so that a sanitizer sees who reads behind them.
  std::vector<std::uint64_t> words((size - 2 + 7) / 8);
  std::memcpy(words.data(), data + 2, size - 2);
  std::string_view const bytes(reinterpret_cast<char const*>(words.data()), size - 2);
  RowOpener opener;
  StoredRow claimed{Position(data[0]), data[0], static_cast<RowForm>(data[1] % 3), 0, bytes};
  FLORIN_ASSERT(!opener.open({}, claimed, nullptr) && opener.commits().empty());  // nobody guesses a link

  // The same bytes as commits, each as long as its first byte says.
  std::vector<StoredCommit> commits;
  Head head;
  for (std::size_t at = 0; at < bytes.size() && commits.size() < 2 * kRowCommitsMax;) {
    auto const piece = bytes.substr(at, 1 + static_cast<std::uint8_t>(bytes[at]));
    at += piece.size();
    auto const last = florin::domain::next(head.position, 1 + piece.size() % 5);
    commits.push_back({last, piece, chain_link(head.link, last, piece), head});
    head = {last, commits.back().link};
  }
  RowPacker packer;
  Head before;
  for (std::span<StoredCommit const> left = commits; !left.empty();) {
    auto const [row, count] = packer.pack(before.position, left, nullptr);
    std::vector<std::uint64_t> stored((row.bytes.size() + 7) / 8);
    std::memcpy(stored.data(), row.bytes.data(), row.bytes.size());
    auto kept = row;
    kept.bytes = {reinterpret_cast<char const*>(stored.data()), row.bytes.size()};
    FLORIN_ASSERT(opener.open(before, kept, nullptr) && opener.commits().size() == count);
    for (std::size_t i = 0; i < count; ++i) {
      FLORIN_ASSERT(opener.commits()[i].bytes == left[i].bytes && opener.commits()[i].last == left[i].last);
    }
    before = {row.last, row.link};
    left = left.subspan(count);
  }
  return 0;
}
