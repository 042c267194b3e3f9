// A small world for the read models' tests: commands go through decide and apply, and what comes out is in a log.
#pragma once

#include <mutex>
#include <random>
#include <vector>

#include "domain/ledger.h"
#include "eventstore/log.h"
#include "eventstore/writer.h"

namespace florin::projections {

// A log in memory. Any thread.
class MemoryLog final : public eventstore::Log {
 public:
  eventstore::Faulty<Unit> append(domain::Position expected,
                                  std::span<eventstore::StoredCommit const> commits) override;
  eventstore::Faulty<std::unique_ptr<eventstore::LogCursor>> read(domain::Position from) override;
  eventstore::Faulty<eventstore::Head> head() override;

  // The row at `index` becomes garbage.
  void damage(std::size_t index);

 private:
  friend class MemoryCursor;
  struct Row {
    domain::Position last;
    std::string bytes;
    domain::Digest link;
  };
  std::mutex mutex_;
  std::vector<std::shared_ptr<Row const>> rows_;
};

class Town {
 public:
  explicit Town(std::uint64_t seed = 1) : random_(seed) {}

  // Decides, seals (for show: the bytes tell the clear text), applies, appends. Null: refused.
  eventstore::CommitPtr play(domain::Command const& command);
  void reseed(std::uint64_t seed) { random_.seed(seed); }
  // A random command of any kind, over `players` people.
  eventstore::CommitPtr play_random(std::size_t players);

  domain::Game const& create_game(std::string const& name, std::vector<std::string> const& currencies,
                                  domain::Money starting_amount = {});
  eventstore::CommitPtr credit(domain::Game const& game, std::size_t person, std::int64_t minor,
                               std::size_t currency = 0);
  eventstore::CommitPtr debit(domain::Game const& game, std::size_t person, std::int64_t minor,
                              std::size_t currency = 0);
  eventstore::CommitPtr purchase(domain::Game const& game, std::size_t person, std::int64_t minor,
                                 std::size_t currency = 0);
  eventstore::CommitPtr refund(domain::Game const& game, eventstore::CommitPtr const& purchase);
  eventstore::CommitPtr rename(domain::Game const& game, std::size_t person, std::string const& name);

  [[nodiscard]] static domain::BlindIndex email_index(std::size_t person);
  [[nodiscard]] static std::string sealed_email(std::size_t person);
  [[nodiscard]] domain::PlayerId player(domain::Game const& game, std::size_t person) const;
  [[nodiscard]] domain::Game const& game(std::size_t index) const { return state_.games()[index]; }

  [[nodiscard]] domain::State const& state() const { return state_; }
  [[nodiscard]] std::vector<eventstore::CommitPtr> const& commits() const { return commits_; }
  [[nodiscard]] domain::Position head() const { return head_.position; }
  [[nodiscard]] MemoryLog& log() { return log_; }

 private:
  [[nodiscard]] domain::PlayerRef person(std::size_t person) const;
  std::uint64_t draw(std::uint64_t below) { return random_() % below; }

  std::mt19937_64 random_;
  domain::State state_;
  eventstore::Head head_;
  domain::Timestamp now_ = domain::Timestamp::from_seconds(1'800'000'000);
  std::vector<eventstore::CommitPtr> commits_;
  std::vector<eventstore::CommitPtr> purchases_;
  MemoryLog log_;
};

}  // namespace florin::projections
