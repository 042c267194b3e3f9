#include "eventstore/store/vault.h"

#include <fstream>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/stat.h>

#include "eventstore/store/codec.h"
#include "eventstore/store/keyed_hash.h"
#include "tests/eventstore/samples.h"
#include "tests/eventstore/temporary_folder.h"

namespace florin::eventstore {
namespace {

using domain::IdentityId;
using domain::PersonalText;

std::unique_ptr<Vault> opened(std::filesystem::path const& folder) {
  auto vault = Vault::open(folder);
  EXPECT_TRUE(vault) << (vault ? "" : vault.error().what);
  return std::move(vault).value();
}

Fault::Kind open_kind(std::filesystem::path const& folder) { return Vault::open(folder).error().kind; }

domain::Commit registration(std::uint64_t identity, std::string const& email, std::string const& name,
                            std::uint64_t first = 10) {
  domain::IdentityRegistered registered;
  registered.identity = IdentityId(identity);
  registered.email = {email, false};
  domain::PlayerJoined joined;
  joined.player = domain::PlayerId(identity);
  joined.identity = IdentityId(identity);
  joined.name = {name, false};
  auto commit = samples::commit({registered, joined});
  commit.first = domain::Position(first);
  return commit;
}

PersonalText const& email_of(domain::Commit const& commit) {
  return std::get<domain::IdentityRegistered>(commit.events[0]).email;
}
PersonalText const& name_of(domain::Commit const& commit) {
  return std::get<domain::PlayerJoined>(commit.events[1]).name;
}

domain::Commit sealed(Vault& vault, domain::Commit commit) {
  std::vector<PersonSeed> seeds;
  auto const done = vault.seal(commit, seeds);
  EXPECT_TRUE(done) << (done ? "" : done.error().what);
  EXPECT_TRUE(vault.keep(seeds));
  return commit;
}

Fault::Kind kind_of(Vault const& vault, IdentityId identity, Field field, PersonalText const& text) {
  auto const clear = vault.open(identity, field, text);
  EXPECT_FALSE(clear);
  return clear ? Fault::Kind::io : clear.error().kind;
}

void replace(std::filesystem::path const& path, std::string const& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

std::string content(std::filesystem::path const& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string hex(std::span<std::uint8_t const> bytes) {
  return domain::to_hex({reinterpret_cast<char const*>(bytes.data()), bytes.size()});
}

std::string unhex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    out.push_back(static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return out;
}

TEST(Vault, OpensWhatItSealedAlsoAfterReopening) {
  TemporaryFolder const folder;
  auto vault = opened(folder.path());
  auto const commit = sealed(*vault, registration(1, "ann@example.org", "Ann"));
  EXPECT_TRUE(email_of(commit).sealed);
  EXPECT_EQ(email_of(commit).bytes.find("ann"), std::string::npos);
  vault.reset();
  vault = opened(folder.path());
  EXPECT_EQ(vault->open(IdentityId(1), Field::email, email_of(commit)).value(), "ann@example.org");
  EXPECT_EQ(vault->open(IdentityId(1), Field::name, name_of(commit)).value(), "Ann");
}

TEST(Vault, TheSameTextNeverSealsTwiceToTheSameBytes) {
  TemporaryFolder const folder;
  auto const vault = opened(folder.path());
  std::set<std::string> boxes;
  for (std::uint64_t i = 1; i <= 500; ++i) {
    boxes.insert(email_of(sealed(*vault, registration(i, "ann@example.org", "Ann"))).bytes);
    boxes.insert(name_of(sealed(*vault, registration(i, "ann@example.org", "Ann"))).bytes);
  }
  EXPECT_EQ(boxes.size(), 1000u);
}

TEST(Vault, ABoxMovedToAnotherPersonFieldOrPositionDoesNotOpen) {
  TemporaryFolder const folder;
  auto const vault = opened(folder.path());
  auto const ann = sealed(*vault, registration(1, "ann@example.org", "Ann"));
  auto const bob = sealed(*vault, registration(2, "bob@example.org", "Bob", 20));
  EXPECT_EQ(kind_of(*vault, IdentityId(2), Field::email, email_of(ann)), Fault::Kind::corrupt);
  EXPECT_EQ(kind_of(*vault, IdentityId(1), Field::name, email_of(ann)), Fault::Kind::corrupt);
  EXPECT_EQ(kind_of(*vault, IdentityId(1), Field::phone, email_of(ann)), Fault::Kind::corrupt);
  auto moved = email_of(ann);
  moved.bytes.replace(1, 8, email_of(bob).bytes.substr(1, 8));
  EXPECT_EQ(kind_of(*vault, IdentityId(1), Field::email, moved), Fault::Kind::corrupt);
}

TEST(Vault, ABoxWithAnyByteAlteredOrMissingDoesNotOpen) {
  TemporaryFolder const folder;
  auto const vault = opened(folder.path());
  auto const email = email_of(sealed(*vault, registration(1, "ann@example.org", "Ann")));
  for (std::size_t i = 0; i < email.bytes.size(); ++i) {
    auto changed = email;
    changed.bytes[i] = static_cast<char>(changed.bytes[i] ^ 0x10);
    auto const expected = i == 0 ? Fault::Kind::unknown : Fault::Kind::corrupt;  // byte 0 is the version
    EXPECT_EQ(kind_of(*vault, IdentityId(1), Field::email, changed), expected) << i;
    EXPECT_EQ(kind_of(*vault, IdentityId(1), Field::email, {email.bytes.substr(0, i), true}), Fault::Kind::corrupt);
  }
}

domain::Commit recording(std::uint64_t identity, std::string const& number) {
  domain::PhoneRecorded recorded;
  recorded.phone = domain::PhoneId(1);
  recorded.identity = IdentityId(identity);
  recorded.number = {number, false};
  auto commit = samples::commit(domain::Event(recorded));
  commit.first = domain::Position(30);
  return commit;
}

TEST(Vault, APhoneNumberIsSealedUnderItsPersonsKey) {
  TemporaryFolder const folder;
  auto const vault = opened(folder.path());
  sealed(*vault, registration(1, "ann@example.org", "Ann"));
  sealed(*vault, registration(2, "bob@example.org", "Bob"));
  auto const commit = sealed(*vault, recording(1, "+46701234567"));
  auto const& number = std::get<domain::PhoneRecorded>(commit.events[0]).number;
  EXPECT_TRUE(number.sealed);
  EXPECT_EQ(vault->open(IdentityId(1), Field::phone, number).value(), "+46701234567");
  EXPECT_EQ(kind_of(*vault, IdentityId(2), Field::phone, number), Fault::Kind::corrupt);
  EXPECT_EQ(kind_of(*vault, IdentityId(1), Field::name, number), Fault::Kind::corrupt);
  std::string bytes;
  Encoder().encode(commit, bytes);
  EXPECT_EQ(bytes.find("46701234567"), std::string::npos);

  ASSERT_TRUE(vault->destroy(IdentityId(1)));
  EXPECT_EQ(kind_of(*vault, IdentityId(1), Field::phone, number), Fault::Kind::missing);
  auto const again = sealed(*vault, recording(1, "+46701234567"));
  EXPECT_EQ(std::get<domain::PhoneRecorded>(again.events[0]).number, PersonalText{});
}

TEST(Vault, AnErasedPersonIsMissingAndEveryoneElseStays) {
  TemporaryFolder const folder;
  auto vault = opened(folder.path());
  auto const ann = sealed(*vault, registration(1, "ann@example.org", "Ann"));
  auto const bob = sealed(*vault, registration(2, "bob@example.org", "Bob"));
  ASSERT_TRUE(vault->destroy(IdentityId(1)));
  ASSERT_TRUE(vault->destroy(IdentityId(1)));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(kind_of(*vault, IdentityId(1), Field::email, email_of(ann)), Fault::Kind::missing);
    EXPECT_EQ(vault->open(IdentityId(2), Field::email, email_of(bob)).value(), "bob@example.org");
    vault.reset();
    vault = opened(folder.path());
  }
  EXPECT_EQ(vault->destroy(IdentityId(3)).error().kind, Fault::Kind::corrupt);
}

TEST(Vault, ANameThatWasOpenedBeforeIsGoneWithItsPersonAndOpensOnlyUnaltered) {
  TemporaryFolder const folder;
  auto const vault = opened(folder.path());
  auto const name = name_of(sealed(*vault, registration(1, "ann@example.org", "Ann")));
  for (int i = 0; i < 2; ++i) EXPECT_EQ(vault->open(IdentityId(1), Field::name, name).value(), "Ann");
  EXPECT_EQ(kind_of(*vault, IdentityId(1), Field::email, name), Fault::Kind::corrupt);
  auto altered = name;
  altered.bytes.back() = static_cast<char>(altered.bytes.back() ^ 1);
  EXPECT_EQ(kind_of(*vault, IdentityId(1), Field::name, altered), Fault::Kind::corrupt);
  ASSERT_TRUE(vault->destroy(IdentityId(1)));
  EXPECT_EQ(kind_of(*vault, IdentityId(1), Field::name, name), Fault::Kind::missing);
}

TEST(Vault, NothingPersonalIsStoredAgainAboutAnErasedPerson) {
  TemporaryFolder const folder;
  auto const vault = opened(folder.path());
  sealed(*vault, registration(1, "ann@example.org", "Ann"));
  ASSERT_TRUE(vault->destroy(IdentityId(1)));
  domain::PlayerRenamed renamed;
  renamed.identity = IdentityId(1);
  renamed.name = {"Ann again", false};
  auto const commit = sealed(*vault, samples::commit(domain::Event(renamed)));
  EXPECT_EQ(std::get<domain::PlayerRenamed>(commit.events[0]).name, PersonalText{});
}

TEST(Vault, APersonWithoutAKeyIsDamageNotErasure) {
  TemporaryFolder const folder;
  auto const vault = opened(folder.path());
  auto const ann = sealed(*vault, registration(1, "ann@example.org", "Ann"));
  EXPECT_EQ(kind_of(*vault, IdentityId(2), Field::email, email_of(ann)), Fault::Kind::corrupt);
  EXPECT_EQ(kind_of(*vault, IdentityId(100'000), Field::email, email_of(ann)), Fault::Kind::corrupt);
  EXPECT_EQ(kind_of(*vault, IdentityId(~0ull), Field::email, email_of(ann)), Fault::Kind::corrupt);
  EXPECT_EQ(kind_of(*vault, IdentityId(), Field::email, email_of(ann)), Fault::Kind::corrupt);
}

TEST(Vault, AnEmptyTextStaysEmptyAndOpensToNothing) {
  TemporaryFolder const folder;
  auto const vault = opened(folder.path());
  auto const commit = sealed(*vault, registration(1, "ann@example.org", ""));
  EXPECT_EQ(name_of(commit), PersonalText{});
  EXPECT_EQ(vault->open(IdentityId(1), Field::name, name_of(commit)).value(), "");
}

TEST(Vault, ASealedCommitIsWhatTheCodecAccepts) {
  TemporaryFolder const folder;
  auto const vault = opened(folder.path());
  auto const commit = sealed(*vault, registration(1, "ann@example.org", "Ann"));
  std::string bytes;
  Encoder().encode(commit, bytes);
  EXPECT_EQ(decode(bytes).value(), commit);
  EXPECT_EQ(bytes.find("example.org"), std::string::npos);
  EXPECT_EQ(sealed(*vault, commit), commit) << "sealing twice changes nothing";
}

TEST(Vault, ARegistrationThatNeverReachedTheLogLeavesNoTrace) {
  TemporaryFolder const folder;
  auto const vault = opened(folder.path());
  auto const lost = sealed(*vault, registration(1, "lost@example.org", "Lost"));
  auto const kept = sealed(*vault, registration(1, "kept@example.org", "Kept"));
  EXPECT_EQ(kind_of(*vault, IdentityId(1), Field::email, email_of(lost)), Fault::Kind::corrupt);
  EXPECT_EQ(vault->open(IdentityId(1), Field::email, email_of(kept)).value(), "kept@example.org");
}

TEST(Vault, TheFilesAreReadableByTheirOwnerOnly) {
  TemporaryFolder const folder;
  opened(folder.path());
  for (auto const* name : {"master.key", "persons.keys"}) {
    struct stat status;
    ASSERT_EQ(::stat((folder / name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u) << name;
  }
}

// The commit is not written: whoever is registered then gets another seed.
TEST(Vault, AfterAFaultOfSealingNobodyWasMade) {
  TemporaryFolder const folder;
  auto const vault = opened(folder.path());
  auto commit = registration(2, "bob@example.org", "Bob");
  domain::PlayerJoined stranger;
  stranger.player = domain::PlayerId(3);
  stranger.identity = IdentityId(1);  // has no key
  stranger.name = {"Ann", false};
  commit.events.emplace_back(stranger);
  std::vector<PersonSeed> seeds;
  auto const done = vault->seal(commit, seeds);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, Fault::Kind::corrupt);
  EXPECT_TRUE(seeds.empty());
  auto const again = sealed(*vault, registration(2, "bob@example.org", "Bob"));
  EXPECT_EQ(vault->open(IdentityId(2), Field::email, email_of(again)).value(), "bob@example.org");
}

TEST(Vault, OneFileWithoutTheOtherOrOfAnotherVaultIsCorrupt) {
  TemporaryFolder const one;
  TemporaryFolder const two;
  sealed(*opened(one.path()), registration(1, "ann@example.org", "Ann"));
  sealed(*opened(two.path()), registration(1, "bob@example.org", "Bob"));
  auto const master = content(one / "master.key");
  auto const persons = content(one / "persons.keys");

  std::filesystem::remove(one / "master.key");
  EXPECT_EQ(open_kind(one.path()), Fault::Kind::corrupt);
  replace(one / "master.key", master.substr(1));
  EXPECT_EQ(open_kind(one.path()), Fault::Kind::corrupt);
  replace(one / "master.key", master + "x");
  EXPECT_EQ(open_kind(one.path()), Fault::Kind::corrupt);
  replace(one / "master.key", content(two / "master.key"));
  EXPECT_EQ(open_kind(one.path()), Fault::Kind::corrupt);
  replace(one / "master.key", master);
  EXPECT_TRUE(Vault::open(one.path()));

  std::filesystem::remove(one / "persons.keys");
  EXPECT_EQ(open_kind(one.path()), Fault::Kind::corrupt);
  replace(one / "persons.keys", persons.substr(0, 100));
  EXPECT_EQ(open_kind(one.path()), Fault::Kind::corrupt);
  auto newer = persons;
  newer[8] = 2;
  replace(one / "persons.keys", newer);
  EXPECT_EQ(open_kind(one.path()), Fault::Kind::unknown);
}

TEST(Vault, IsNotMadeWhereItMustBeThere) {
  TemporaryFolder const folder;
  auto const missing = Vault::open_existing(folder / "vault");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, Fault::Kind::missing);
  EXPECT_NE(missing.error().what.find("there is no vault at " + (folder / "vault").string()), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder / "vault"));
  std::filesystem::create_directory(folder / "vault");
  opened(folder / "vault");
  EXPECT_TRUE(Vault::open_existing(folder / "vault"));
}

TEST(Vault, AFirstStartThatWasCutShortIsRepeated) {
  TemporaryFolder const folder;
  opened(folder.path());
  std::filesystem::remove(folder / "master.key");  // written last
  EXPECT_TRUE(Vault::open(folder.path()));
}

TEST(Vault, PeopleBeyondTheFirstGrowthAndATornTailStillWork) {
  TemporaryFolder const folder;
  auto vault = opened(folder.path());
  auto const early = sealed(*vault, registration(2048, "a@example.org", "A"));
  vault.reset();
  replace(folder / "persons.keys", content(folder / "persons.keys") + "torn");
  vault = opened(folder.path());
  auto const late = sealed(*vault, registration(5000, "b@example.org", "B"));
  EXPECT_EQ(vault->open(IdentityId(2048), Field::email, email_of(early)).value(), "a@example.org");
  EXPECT_EQ(vault->open(IdentityId(5000), Field::email, email_of(late)).value(), "b@example.org");
  EXPECT_EQ(kind_of(*vault, IdentityId(2049), Field::email, email_of(early)), Fault::Kind::corrupt);
}

// ---- keyed hashes

TEST(Vault, HashesAreTheSameAfterReopeningAndDifferInAnotherVault) {
  TemporaryFolder const one;
  TemporaryFolder const two;
  auto vault = opened(one.path());
  auto const index = vault->email_index("ann@example.org");
  auto const phone = vault->phone_index("+46701234567");
  EXPECT_NE(phone, vault->email_index("+46701234567")) << "a key of its own";
  auto const tag = vault->name_tag("Ann");
  auto const print = vault->fingerprint("payload");
  vault.reset();
  vault = opened(one.path());
  EXPECT_EQ(vault->email_index("ann@example.org"), index);
  EXPECT_EQ(vault->phone_index("+46701234567"), phone);
  EXPECT_EQ(vault->name_tag("Ann"), tag);
  EXPECT_EQ(vault->fingerprint("payload"), print);
  auto const other = opened(two.path());
  EXPECT_NE(other->email_index("ann@example.org"), index);
  EXPECT_NE(other->phone_index("+46701234567"), phone);
  EXPECT_NE(other->name_tag("Ann"), tag);
  EXPECT_NE(other->fingerprint("payload"), print);
}

TEST(Vault, ANameTagIsZeroForNoNameOnly) {
  TemporaryFolder const folder;
  auto const vault = opened(folder.path());
  EXPECT_EQ(vault->name_tag(""), 0u);
  EXPECT_NE(vault->name_tag("A"), 0u);
}

// Made with Python's hmac for the master key 00 01 … 1f. If this changes, every blind index in every log is lost.
TEST(Vault, HashesOfAGivenMasterKeyNeverChange) {
  TemporaryFolder const folder;
  auto const master = samples::bytes<32>(0);
  std::string header(4096, '\0');
  header.replace(0, 8, "FLORINPK");
  header[8] = 1;
  auto const check = std::to_array<std::uint8_t>(
      {0x57, 0x8c, 0x8c, 0xa0, 0xa5, 0xf3, 0x28, 0x04, 0xce, 0x70, 0x6e, 0xca, 0x89, 0x28, 0x2f, 0x18});
  header.replace(16, check.size(), reinterpret_cast<char const*>(check.data()), check.size());
  replace(folder / "master.key", {reinterpret_cast<char const*>(master.data()), master.size()});
  replace(folder / "persons.keys", header);
  auto const vault = opened(folder.path());
  EXPECT_EQ(hex(vault->email_index("ann@example.org")), "8ab358bbdb0055a0fdebc44ad484f53d");
  EXPECT_EQ(hex(vault->phone_index("+46701234567")), "c10e579076272d2a3501f46753379097");
  EXPECT_EQ(vault->name_tag("Ann"), 17139518913228573915u);
  EXPECT_EQ(hex(vault->fingerprint("payload")), "aa04fc4d3bfef0d4de96a65a92752f9f");

  // A box made elsewhere: the key is HMAC-SHA256(master, "person" || 1 as u64 LE || seed), AES-256-GCM.
  replace(folder / "persons.keys", header + std::string(32, '\x55'));
  PersonalText const box{
      unhex("012a00000000000000000102030405060708090a0b2b023538857c6e312b028b144a65d7ed5a57228dbb3d0746f08b092fad21e6"),
      true};
  EXPECT_EQ(opened(folder.path())->open(IdentityId(1), Field::email, box).value(), "ann@example.org");
}

TEST(KeyedHash, IsHmacSha256) {
  for (std::size_t key_size : {1u, 32u, 64u}) {
    std::vector<std::uint8_t> const key(key_size, 0x0b);
    KeyedHash const hash(key);
    for (std::size_t size : {0u, 1u, 55u, 56u, 64u, 1000u}) {
      std::string const message(size, 'm');
      domain::Digest expected;
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<unsigned char const*>(message.data()), message.size(), expected.data(), nullptr);
      EXPECT_EQ(hash(message), expected) << key_size << ' ' << size;
    }
  }
}

TEST(Vault, ASeedThatIsNotKeptYetIsKnownAndInNoFile) {
  TemporaryFolder const folder;
  auto vault = opened(folder.path());
  auto const before = content(folder.path() / "persons.keys");
  std::vector<PersonSeed> seeds;
  auto commit = registration(1, "ann@example.org", "Ann");
  ASSERT_TRUE(vault->seal(commit, seeds));
  EXPECT_EQ(vault->open(IdentityId(1), Field::email, email_of(commit)).value(), "ann@example.org");
  EXPECT_EQ(vault->destroy(IdentityId(1)).error().kind, Fault::Kind::conflict)
      << "the append would bring the seed back";
  EXPECT_EQ(content(folder.path() / "persons.keys"), before);
  ASSERT_TRUE(vault->keep(seeds));
  ASSERT_TRUE(vault->destroy(IdentityId(1)));
  EXPECT_EQ(kind_of(*vault, IdentityId(1), Field::email, email_of(commit)), Fault::Kind::missing);
}

TEST(Vault, ManyThreadsOpenWhileOneSeals) {
  TemporaryFolder const folder;
  auto const vault = opened(folder.path());
  auto const ann = sealed(*vault, registration(1, "ann@example.org", "Ann"));
  std::atomic<bool> stop{false};
  std::atomic<bool> wrong{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        auto const clear = vault->open(IdentityId(1), Field::email, email_of(ann));
        if (!clear || clear.value() != "ann@example.org") wrong = true;
      }
    });
  }
  // The appender keeps what the writer has sealed, a while later.
  std::mutex mutex;
  std::vector<PersonSeed> waiting;
  threads.emplace_back([&] {
    while (!stop) {
      std::vector<PersonSeed> seeds;
      {
        std::lock_guard const lock(mutex);
        seeds.swap(waiting);
      }
      if (!vault->keep(seeds)) wrong = true;
    }
  });
  for (std::uint64_t i = 2; i < 4000; ++i) {
    std::vector<PersonSeed> seeds;
    auto commit = registration(i, "bob@example.org", "Bob");
    if (!vault->seal(commit, seeds)) wrong = true;
    if (vault->open(IdentityId(i), Field::name, name_of(commit)).value() != "Bob") wrong = true;
    std::lock_guard const lock(mutex);
    waiting.insert(waiting.end(), seeds.begin(), seeds.end());
  }
  stop = true;
  for (auto& thread : threads) thread.join();
  EXPECT_FALSE(wrong);
}

}  // namespace
}  // namespace florin::eventstore
