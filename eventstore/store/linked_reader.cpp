#include "eventstore/store/linked_reader.h"

namespace florin::eventstore {
namespace {

using domain::Position;

constexpr std::size_t kBlockBytes = 256u << 10;  // large enough that a hand-over costs nothing, small enough for caches
constexpr std::size_t kBlocksAhead = 4;
constexpr std::size_t kBlocks = 3 * kBlocksAhead;  // never more than exist: giving one back does not wait

}  // namespace

Failure<Fault> fault_at(Position position, Fault::Kind kind, std::string_view what) {
  return fault(kind, "position " + std::to_string(position.value()) + ": " + std::string(what));
}

ResultOr<Unit> check_link(Head const& before, StoredCommit const& row) {
  if (row.last <= before.position || row.link != chain_link(before.link, row.last, row.bytes)) {
    return fault_at(domain::next(before.position), Fault::Kind::corrupt,
                    "the commit is missing or is not what was written: its link does not match");
  }
  return Unit{};
}

LinkedReader::LinkedReader(Log& log, Head head, MerkleTree tree, Position until, Checkpoint const* checkpoint)
    : log_(log),
      until_(until),
      checkpoint_(checkpoint),
      head_(head),
      tree_(std::move(tree)),
      read_(kBlocksAhead),
      checked_(kBlocksAhead),
      spare_(kBlocks),
      reading_([this, before = head.position] {
        read_all(before);
        read_.close();
      }),
      hashing_([this] {
        check_all();
        checked_.close();
      }) {}

LinkedReader::~LinkedReader() {
  read_.close();
  checked_.close();
  reading_.join();
  hashing_.join();
}

ResultOr<LinkedReader::Block const*> LinkedReader::next() {
  if (current_.fault) return fail(*current_.fault);
  current_.bytes.clear();
  current_.rows.clear();
  if (current_.bytes.capacity() > 0) spare_.put(std::move(current_));
  current_ = {};
  auto block = checked_.take();
  if (!block) return nullptr;
  current_ = std::move(*block);
  if (current_.fault && current_.rows.empty()) return fail(*current_.fault);
  return &current_;
}

LinkedReader::Block LinkedReader::fresh_block() {
  auto spare = spare_.take_if_any();
  return spare ? std::move(*spare) : Block{};
}

void LinkedReader::read_all(Position before) {
  Block filling;
  auto cursor = log_.read(domain::next(before));
  if (!cursor) filling.fault = cursor.error();
  while (!filling.fault) {
    auto const row = cursor.value()->next();
    if (!row) {
      filling.fault = row.error();
      break;
    }
    if (!row.value() || (until_ && row.value()->last > until_)) break;
    auto const& [last, bytes, link] = *row.value();
    filling.rows.push_back({last, filling.bytes.size(), bytes.size(), link});
    filling.bytes.append(bytes);
    if (filling.bytes.size() < kBlockBytes) continue;
    if (!read_.put(std::move(filling))) return;
    filling = fresh_block();
  }
  read_.put(std::move(filling));
}

void LinkedReader::check_all() {
  while (auto block = read_.take()) {
    std::optional<Fault> bad;
    std::size_t good = 0;
    for (; good < block->rows.size() && !bad; ++good) {
      auto const& row = block->rows[good];
      if (auto checked = check({row.last, block->of(row), row.link}); !checked) bad = checked.error();
    }
    if (bad) {
      block->rows.resize(good - 1);
      block->fault = std::move(bad);
    } else if (block->fault) {
      block->fault = fault_at(domain::next(head_.position), block->fault->kind, block->fault->what).error;
    }
    bool const ends = block->fault.has_value();
    if (!checked_.put(std::move(*block)) || ends) {
      read_.close();  // nobody wants the rest
      return;
    }
  }
  if (auto end = check_end(); !end) {
    Block last;
    last.fault = end.error();
    checked_.put(std::move(last));
  }
}

ResultOr<Unit> LinkedReader::check_end() const {
  if (checkpoint_ == nullptr || until_ || tree_.size() >= checkpoint_->size) return Unit{};
  return fault_at(domain::next(head_.position), Fault::Kind::corrupt,
                  "missing; the signed checkpoint says that the log reached position " +
                      std::to_string(checkpoint_->head.position.value()));
}

ResultOr<Unit> LinkedReader::check(StoredCommit const& row) {
  FLORIN_TRY(check_link(head_, row));
  head_ = {row.last, row.link};
  tree_.add(row.link);
  if (checkpoint_ != nullptr && tree_.size() == checkpoint_->size &&
      (head_ != checkpoint_->head || tree_.root() != checkpoint_->root)) {
    return fault_at(head_.position, Fault::Kind::corrupt,
                    "the log up to here was rewritten: it is not what the signed checkpoint says");
  }
  return Unit{};
}

}  // namespace florin::eventstore
