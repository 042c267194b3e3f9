#include "tests/simulation/checks.h"

#include "eventstore/store/commit_reader.h"
#include "tests/simulation/promises.h"

namespace florin::simulation {

void Checks::add(domain::Commit const& commit) {
  books_.add(commit);
  past_.add(commit);
}

// Within a life: a tenth slower while it is ahead of the wall clock, and at most a minute faster.
void Checks::check_time(Process const& process) {
  constexpr std::int64_t kLeadMicros = 60 * domain::kMicrosPerSecond;
  auto const ledger = process.clock.now().micros();
  auto const steady = machine_.runtime().clocks().steady;
  if (auto const last = std::exchange(last_time_, std::pair(ledger, steady))) {
    auto const passed = steady - last->second;
    auto const told = ledger - last->first;
    require(told >= passed / 10 * 9 - 10 && told <= passed + kLeadMicros, Promise::time_is_steady, told, "of", passed);
  }
}

void Checks::erase(Process& process, domain::IdentityId person) {
  erased_.insert(person);
  if (auto const email = emails_.find(person); email != emails_.end()) check_person(process, email->second);
}

void Checks::check_person(Process& process, domain::IdentityRegistered const& person) {
  emails_[person.identity] = person;
  auto const email = process.vault->open(person.identity, eventstore::Field::email, person.email);
  if (erased_.contains(person.identity)) {
    require(!email && email.error().kind == eventstore::Fault::Kind::missing, Promise::erased_stay_erased);
  } else {
    require(email.ok(), Promise::people_have_keys, email ? "" : email.error().what);
  }
}

void Checks::check_log(Process& process, Clients const& clients, bool whole) {
  Clients::Found found;
  domain::State folded;
  books_ = {};
  past_ = {};
  content_ = {};
  last_time_.reset();
  auto reader = eventstore::CommitReader::after(*process.log, {});
  require(reader.ok() && reader.value().has_value(), Promise::sound_disk_serves, "the log's beginning");
  for (;;) {
    auto const commit = reader.value()->next();
    require(commit.ok(), Promise::sound_disk_serves, commit ? "" : commit.error().what);
    if (!commit.value()) break;
    Clients::find(found, *commit.value());
    for (auto const& event : commit.value()->events) {
      ++content_.events[domain::event_name(event)];
      if (auto const* person = std::get_if<domain::IdentityRegistered>(&event)) check_person(process, *person);
    }
    add(*commit.value());
    domain::apply(folded, *commit.value());
    ++content_.commits;
  }
  content_.link = reader.value()->head().link;
  clients.compare(found);
  require(process.durable.read([&](domain::State const& state) { return state == folded; }), Promise::state_is_fold);
  books_.compare(folded);
  if (whole || machine_.draw(3) == 0) {
    process.views->catch_up();
    process.views->compare(folded, whole);
  }
  if (!whole && machine_.draw(4) != 0) return;
  auto const checkpoint = process.checkpoints->read();
  auto const verified = eventstore::verify(*process.log, checkpoint ? &checkpoint.value() : nullptr);
  require(verified.ok(), Promise::audit_passes, verified ? "" : verified.error().what);
}

void Checks::check_settled(Process const& process, Companies const& companies, RecordingBank const& bank) const {
  process.durable.read([&](domain::State const& state) {
    require(state.transfers().empty(), Promise::due_has_ended, state.transfers().size(), "transfers");
    require(state.shares().all().empty(), Promise::due_has_ended, state.shares().all().size(), "phone shares");
    require(state.orders().empty(), Promise::due_has_ended, state.orders().size(), "orders");
    require(state.questions().empty(), Promise::due_has_ended, state.questions().size(), "questions");
    require(state.owed_texts().empty(), Promise::texts_are_handed, state.owed_texts().size(), "are owed");
    bank.compare(state, past_, process.clock.now());
    auto const statement = companies.statement(past_);
    for (std::uint64_t id = 1; id <= state.currency_count(); ++id) {
      auto const found = statement.find(id);
      auto const cents = domain::Usd::from_minor(found == statement.end() ? 0 : found->second);
      auto const booked = books_.sum(domain::CurrencyId(id), domain::Account::card_clearing);
      require(-booked == domain::units_of(cents).minor(), Promise::clearing_is_statement, "currency", id, "booked",
              -booked, "stated", domain::units_of(cents).minor());
    }
  });
}

}  // namespace florin::simulation
