// A small world for the read models' tests: commands go through decide and apply, and what comes out is in a log.
#pragma once

#include <random>
#include <vector>

#include "domain/ledger.h"
#include "eventstore/engine/tail.h"
#include "tests/support/memory_log.h"

namespace florin::projections {

class Town {
 public:
  explicit Town(std::uint64_t seed = 1) : random_(seed) {}

  // Decides, seals (for show: the bytes tell the clear text), applies, appends. Null: refused.
  eventstore::CommitPtr play(domain::Command const& command);
  // What is not decided any more, and stands in old logs.
  eventstore::CommitPtr record(std::vector<domain::Event> events);
  void reseed(std::uint64_t seed) { random_.seed(seed); }
  void pass(std::int64_t seconds) { now_ = now_ + seconds * domain::kMicrosPerSecond; }
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

  // From one of a person's games to another; to another person: a send. Phones are the people's own.
  eventstore::CommitPtr initiate(domain::Game const& from, std::size_t sender, domain::Game const& to,
                                 std::size_t receiver, std::int64_t minor);
  eventstore::CommitPtr verify(domain::TransferId transaction, bool right = true);
  // By whom it was sent to, into the game's `currency`; player: who of those on the phone gets it, zero for the first.
  eventstore::CommitPtr claim(domain::TransferId transaction, std::size_t currency = 0, domain::PlayerId player = {});
  eventstore::CommitPtr cancel(domain::TransferId transaction);
  eventstore::CommitPtr expire(domain::TransferId transaction);
  eventstore::CommitPtr flag_minor(std::size_t person, std::size_t guardian);
  eventstore::CommitPtr reply(std::size_t person, domain::ReplyWord word);
  eventstore::CommitPtr ask_for_phone(std::size_t person, std::size_t owner);

  // A commit that nobody can decode follows the last one.
  void append_garbage();

  [[nodiscard]] static domain::BlindIndex email_index(std::size_t person);
  [[nodiscard]] static std::string sealed_email(std::size_t person);
  [[nodiscard]] static domain::PhoneRef phone(std::size_t person);
  [[nodiscard]] domain::PlayerId player(domain::Game const& game, std::size_t person) const;
  [[nodiscard]] domain::Game const& game(std::size_t index) const { return state_.games()[index]; }

  [[nodiscard]] domain::State const& state() const { return state_; }
  [[nodiscard]] std::vector<eventstore::CommitPtr> const& commits() const { return commits_; }
  [[nodiscard]] domain::Position head() const { return head_.position; }
  [[nodiscard]] eventstore::Head const& log_head() const { return head_; }
  // The commits that the tail lacks.
  void publish(eventstore::Tail& tail);
  [[nodiscard]] test_support::MemoryLog& log() { return log_; }

 private:
  [[nodiscard]] domain::PlayerRef person(std::size_t person) const;
  [[nodiscard]] std::size_t person_of(domain::IdentityId identity) const;
  // Something of a transfer, a guardian or a phone share.
  eventstore::CommitPtr play_open_matter(std::size_t players);
  eventstore::CommitPtr play_initiation(std::size_t players);
  void store(domain::Position last, std::string_view bytes);
  std::uint64_t draw(std::uint64_t below) { return random_() % below; }

  std::mt19937_64 random_;
  domain::State state_;
  eventstore::Head head_;
  domain::Timestamp now_ = domain::Timestamp::from_seconds(1'800'000'000);
  std::vector<eventstore::CommitPtr> commits_;
  std::vector<eventstore::CommitPtr> purchases_;
  test_support::MemoryLog log_;
};

}  // namespace florin::projections
