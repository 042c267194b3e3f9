#include "api/former_people.h"

#include <algorithm>
#include <thread>

#include <spdlog/spdlog.h>

#include "eventstore/engine/block_fields.h"

namespace florin::api {
namespace {

using domain::BlindIndex;
using domain::IdentityId;

// A new version when the rule of e-mails comes to give anybody another key.
constexpr eventstore::BlockFileKind kKind{"FLORINMB", 1};

// The people up to here are in the list or are none.
struct Listed {
  std::uint64_t people = 0;
  BlindIndex last{};  // the index of the last one: that the file is of this log
  std::vector<FormerPerson> former;
};

template <class Stream>
bool fields(Stream& s, Listed& listed) {
  return s.number(listed.people) && s.raw(listed.last.data(), listed.last.size()) &&
         s.list(listed.former, [&](FormerPerson& person) {
           bool has_key = person.key.has_value();
           BlindIndex key = person.key.value_or(BlindIndex{});
           if (!field(s, person.identity) || !s.raw(person.index.data(), person.index.size()) || !s.number(has_key) ||
               !s.raw(key.data(), key.size())) {
             return false;
           }
           person.key = has_key ? std::optional(key) : std::nullopt;
           return true;
         });
}

// Of the people first to last, by their registrations.
std::vector<BlindIndex> indexes_of(eventstore::DurableState const& balances, std::uint64_t first, std::uint64_t last) {
  return balances.read([&](domain::State const& state) {
    std::vector<BlindIndex> indexes;
    for (auto id = first; id <= last; ++id) indexes.push_back(state.identity_rows()[id - 1].email_index);
    return indexes;
  });
}

bool is_of(Listed const& listed, eventstore::DurableState const& balances, std::uint64_t people) {
  if (listed.people == 0 || listed.people > people) return false;
  if (indexes_of(balances, listed.people, listed.people).front() != listed.last) return false;
  return std::all_of(listed.former.begin(), listed.former.end(), [&](FormerPerson const& person) {
    auto const id = person.identity.value();
    return id != 0 && id <= listed.people && indexes_of(balances, id, id).front() == person.index;
  });
}

Listed read_list(std::filesystem::path const& file) {
  Listed listed;
  auto reader = eventstore::BlockReader::open(file, kKind);
  if (!reader) return {};
  eventstore::FieldsIn in{*reader.value()};
  return fields(in, listed) && reader.value()->at_end() ? listed : Listed{};
}

void write_list(std::filesystem::path const& file, Listed& listed) {
  auto writer = eventstore::BlockWriter::create(file, kKind);
  eventstore::ResultOr<Unit> written = Unit{};
  if (writer) {
    eventstore::FieldsOut out{*writer.value()};
    fields(out, listed);
    written = writer.value()->commit();
  } else {
    written = fail(writer.error());
  }
  // It only saves time at the next start.
  if (!written) spdlog::warn("{}", written.error().what);
}

// Of every `threads`-th slice from `slice` on.
struct Share {
  std::vector<FormerPerson> former;
  std::uint64_t unreadable = 0;
};
constexpr std::uint64_t kSlice = 4096;

Share list_share(eventstore::Vault const& vault, eventstore::DurableState const& balances, std::uint64_t from,
                 std::uint64_t people, std::uint64_t stride) {
  Share share;
  for (auto first = from; first <= people; first += stride) {
    auto const indexes = indexes_of(balances, first, std::min(people, first + kSlice - 1));
    for (std::size_t i = 0; i < indexes.size(); ++i) {
      IdentityId const identity(first + i);
      auto const sealed = balances.email_of(identity);
      if (!sealed) continue;
      auto const email = vault.open(identity, eventstore::Field::email, *sealed);
      if (!email) {
        if (email.error().kind != eventstore::Fault::Kind::missing) ++share.unreadable;  // missing: erased
        continue;
      }
      if (auto person = former_person(vault, identity, indexes[i], email.value())) {
        share.former.push_back(*person);
      }
    }
  }
  return share;
}

}  // namespace

std::vector<FormerPerson> list_former_people(eventstore::Vault const& vault, eventstore::DurableState const& balances,
                                             std::filesystem::path const& file) {
  auto const people = balances.read([](domain::State const& state) { return state.identity_count(); });
  auto listed = read_list(file);
  if (!is_of(listed, balances, people)) listed = {};
  if (listed.people == people) return listed.former;

  std::uint64_t const slices = (people - listed.people + kSlice - 1) / kSlice;
  auto const threads = std::min<std::uint64_t>(std::max(1u, std::thread::hardware_concurrency()), slices);
  std::vector<Share> shares(threads);
  {
    std::vector<std::jthread> workers;
    workers.reserve(threads);
    for (std::uint64_t i = 0; i < threads; ++i) {
      workers.emplace_back([&, i] {
        shares[i] = list_share(vault, balances, listed.people + 1 + i * kSlice, people, threads * kSlice);
      });
    }
  }
  std::uint64_t unreadable = 0;
  for (auto& share : shares) {
    listed.former.insert(listed.former.end(), share.former.begin(), share.former.end());
    unreadable += share.unreadable;
  }
  std::sort(listed.former.begin(), listed.former.end(),
            [](FormerPerson const& a, FormerPerson const& b) { return a.identity < b.identity; });
  if (unreadable != 0)
    spdlog::warn("{} people's sealed e-mails are damaged: they keep the index that they have", unreadable);
  listed.people = people;
  listed.last = indexes_of(balances, people, people).front();
  write_list(file, listed);
  return listed.former;
}

}  // namespace florin::api
