#include "eventstore/store/row.h"

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include <openssl/crypto.h>
#include <zstd.h>

#include "domain/contract.h"
#include "eventstore/store/chain.h"
#include "eventstore/store/little_endian.h"

namespace florin::eventstore {
namespace {

using domain::Position;

// One commit alone has little that repeats, and compressing it costs more than writing it.
constexpr std::size_t kWorthCompressing = 4;
// zstd's fast levels: the bytes of sixteen purchases shrink to a sixth in 4 µs; slower levels gain little more.
constexpr int kLevel = -1;
constexpr std::size_t kEntryBytes = 8;  // of the directory
constexpr std::size_t kUnpackedMax = kStoredRowBytesMax;
static_assert(kStoredRowBytesMax >= kMaxCommitBytes + kRowCommitsMax * kEntryBytes);

// What a MAC covers besides the bytes: everything that a reader believes of the row.
constexpr std::size_t kMacHeadBytes = 8 + 4 + 4 + 4 + sizeof(domain::Digest);
std::array<char, kMacHeadBytes> mac_head(StoredRow const& row) {
  std::array<char, kMacHeadBytes> head;
  put_little_endian(&head[0], row.last.value());
  put_little_endian(&head[8], row.commits);
  put_little_endian(&head[12], static_cast<std::uint32_t>(row.form));
  put_little_endian(&head[16], row.key);
  std::memcpy(&head[20], row.link.data(), row.link.size());
  return head;
}

domain::Digest mac_of(StoredRow const& row, KeyedHash const& key) {
  auto const head = mac_head(row);
  return key({head.data(), head.size()}, row.bytes);
}

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

struct RowPacker::Impl {
  std::unique_ptr<ZSTD_CCtx, FreeCompressor> zstd{ZSTD_createCCtx()};
  std::string packed;
  std::string compressed;
};

RowPacker::RowPacker() : impl_(std::make_unique<Impl>()) { FLORIN_ASSERT(impl_->zstd); }
RowPacker::~RowPacker() = default;

RowPacker::Packed RowPacker::pack(Position before, std::span<StoredCommit const> commits, RowKeys const* keys) {
  FLORIN_ASSERT(!commits.empty());
  std::size_t count = 0;
  std::size_t bytes = 0;
  while (count < commits.size() && count < kRowCommitsMax) {
    auto const more = commits[count].bytes.size();
    if (count > 0 && bytes + more > kRowBytesMax) break;
    bytes += more;
    ++count;
  }
  auto& packed = impl_->packed;
  packed.resize(count * kEntryBytes);
  for (std::size_t i = 0; i < count; ++i) {
    auto const& commit = commits[i];
    FLORIN_ASSERT(commit.last > before && !commit.bytes.empty() && commit.bytes.size() <= kMaxCommitBytes);
    put_little_endian(&packed[i * kEntryBytes], static_cast<std::uint32_t>(commit.bytes.size()));
    put_little_endian(&packed[i * kEntryBytes + 4], static_cast<std::uint32_t>(commit.last.value() - before.value()));
    before = commit.last;
  }
  for (std::size_t i = 0; i < count; ++i) packed.append(commits[i].bytes);

  StoredRow row{before, static_cast<std::uint32_t>(count), RowForm::packed, 0, packed, commits[count - 1].link, {}};
  if (count >= kWorthCompressing) {
    auto& out = impl_->compressed;
    out.resize(packed.size() - packed.size() / 8);  // anything larger is not worth unpacking
    auto const size =
        ZSTD_compressCCtx(impl_->zstd.get(), out.data(), out.size(), packed.data(), packed.size(), kLevel);
    if (ZSTD_isError(size) == 0U) {
      row.form = RowForm::compressed;
      row.bytes = std::string_view(out).substr(0, size);
    }
  }
  if (keys != nullptr) {
    row.key = keys->newest();
    row.mac = mac_of(row, *keys->find(row.key));
  }
  return {row, count};
}

struct RowOpener::Impl {
  std::unique_ptr<ZSTD_DCtx, FreeDecompressor> zstd{ZSTD_createDCtx()};
  std::vector<std::uint64_t> unpacked;  // words, so that commits begin on a multiple of 8
  std::vector<StoredCommit> commits;

  [[nodiscard]] static char const* check_mac(StoredRow const& row, RowKeys const* keys);
  [[nodiscard]] char const* unpack(StoredRow const& row, std::string_view& message);
  [[nodiscard]] char const* list_commits(Head const& before, StoredRow const& row, std::string_view message);
  [[nodiscard]] char const* link_commits(Head before, StoredRow const& row);
  [[nodiscard]] char const* open(Head const& before, StoredRow const& row, RowKeys const* keys);
};

// All of these: what is wrong, or nullptr.

char const* RowOpener::Impl::check_mac(StoredRow const& row, RowKeys const* keys) {
  if (keys == nullptr || row.form == RowForm::commit) return nullptr;
  auto const* const key = keys->find(row.key);
  if (key == nullptr) return "its MAC was made with a key that rows.keys does not hold";
  auto const mac = mac_of(row, *key);
  if (CRYPTO_memcmp(mac.data(), row.mac.data(), mac.size()) != 0) return "its MAC is not that of what it holds";
  return nullptr;
}

char const* RowOpener::Impl::unpack(StoredRow const& row, std::string_view& message) {
  message = row.bytes;
  if (row.form != RowForm::compressed) return nullptr;
  auto const size = ZSTD_getFrameContentSize(row.bytes.data(), row.bytes.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > kUnpackedMax) {
    return "it cannot be unpacked";
  }
  unpacked.resize((size + 7) / 8);
  auto* const into = reinterpret_cast<char*>(unpacked.data());
  auto const got = ZSTD_decompressDCtx(zstd.get(), into, size, row.bytes.data(), row.bytes.size());
  if (ZSTD_isError(got) != 0U || got != size) return "it cannot be unpacked";
  message = {into, size};
  return nullptr;
}

char const* RowOpener::Impl::list_commits(Head const& before, StoredRow const& row, std::string_view message) {
  commits.clear();
  if (row.form == RowForm::commit) {
    commits.push_back({row.last, message});
    return row.last > before.position ? nullptr : "it does not follow the row before it";
  }
  constexpr auto kUnfit = "its directory does not fit what it holds";
  if (row.commits == 0 || row.commits > kRowCommitsMax || message.size() < row.commits * kEntryBytes) return kUnfit;
  auto begin = row.commits * kEntryBytes;
  auto last = before.position.value();
  for (std::size_t i = 0; i < row.commits; ++i) {
    auto const size = get_little_endian<std::uint32_t>(message.data() + i * kEntryBytes);
    auto const events = get_little_endian<std::uint32_t>(message.data() + i * kEntryBytes + 4);
    if (size == 0 || size > kMaxCommitBytes || size > message.size() - begin || events == 0) return kUnfit;
    last += events;
    commits.push_back({Position(last), message.substr(begin, size)});
    begin += size;
  }
  if (begin != message.size()) return kUnfit;
  return last == row.last.value() ? nullptr : "it does not follow the row before it";
}

char const* RowOpener::Impl::link_commits(Head before, StoredRow const& row) {
  for (auto& commit : commits) {
    commit.before = before;
    commit.link = chain_link(before.link, commit.last, commit.bytes);
    before = {commit.last, commit.link};
  }
  return before.link == row.link ? nullptr : "its link does not match";
}

char const* RowOpener::Impl::open(Head const& before, StoredRow const& row, RowKeys const* keys) {
  commits.clear();
  if (auto const* wrong = check_mac(row, keys)) return wrong;
  std::string_view message;
  if (auto const* wrong = unpack(row, message)) return wrong;
  if (auto const* wrong = list_commits(before, row, message)) return wrong;
  return link_commits(before, row);
}

RowOpener::RowOpener() : impl_(std::make_unique<Impl>()) { FLORIN_ASSERT(impl_->zstd); }
RowOpener::~RowOpener() = default;

ResultOr<Unit> RowOpener::open(Head const& before, StoredRow const& row, RowKeys const* keys) {
  auto const* const wrong = impl_->open(before, row, keys);
  if (wrong == nullptr) return Unit{};
  impl_->commits.clear();
  return fault(Fault::Kind::corrupt, "position " + std::to_string(domain::next(before.position).value()) +
                                         ": the commit is missing or is not what was written: " + wrong);
}

std::span<StoredCommit const> RowOpener::commits() const { return impl_->commits; }

}  // namespace florin::eventstore
