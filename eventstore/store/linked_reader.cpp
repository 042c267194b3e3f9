#include "eventstore/store/linked_reader.h"

#include <utility>

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

ResultOr<Unit> check_follows(Head const& before, StoredCommit const& commit) {
  if (commit.before == before) return Unit{};
  return fault_at(domain::next(before.position), Fault::Kind::corrupt,
                  "the commit is missing or is not what was written: its link does not match");
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
      reading_([this, before = head] {
        read_all(before);
        read_.close();
      }),
      hashing_([this] {
        hash_all();
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

// The log's reader is given back before the last block is handed over: otherwise it would depend on how fast this
// thread is which reader the caller gets next, and with it what the caller reads from the disk.
void LinkedReader::read_all(Head const& before) {
  if (auto last = read_but_last(before)) read_.put(std::move(*last));
}

// Hands over all blocks but the last, which it returns; nullopt when nobody wants more.
std::optional<LinkedReader::Block> LinkedReader::read_but_last(Head const& before) {
  Block filling;
  auto cursor = log_.read(domain::next(before.position));
  if (!cursor) filling.fault = cursor.error();
  bool is_first = true;
  while (!filling.fault) {
    auto const commit = cursor.value()->next();
    if (!commit) {
      filling.fault = commit.error();
      break;
    }
    if (!commit.value() || (until_ && commit.value()->last > until_)) break;
    if (std::exchange(is_first, false)) {
      if (auto follows = check_follows(before, *commit.value()); !follows) {
        filling.fault = follows.error();
        break;
      }
    }
    auto const& [last, bytes, link, _] = *commit.value();
    filling.rows.push_back({last, filling.bytes.size(), bytes.size(), link});
    filling.bytes.append(bytes);
    if (filling.bytes.size() < kBlockBytes) continue;
    if (!read_.put(std::move(filling))) return std::nullopt;
    filling = fresh_block();
  }
  return filling;
}

void LinkedReader::hash_all() {
  while (auto block = read_.take()) {
    std::optional<Fault> bad;
    std::size_t good = 0;
    for (; good < block->rows.size() && !bad; ++good) {
      if (auto added = add(block->rows[good]); !added) bad = added.error();
    }
    if (bad) {
      block->rows.resize(good - 1);
      block->fault = std::move(bad);
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

ResultOr<Unit> LinkedReader::add(Row const& row) {
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
