#include "eventstore/store/codec.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>

#include <gtest/gtest.h>

#include "eventstore/store/capnp_message.h"
// The generated header comes after it.
#include "eventstore/event.capnp.h"
#include "tests/eventstore/samples.h"

namespace florin::eventstore {
namespace {

std::string encoded(domain::Commit const& commit) {
  Encoder encoder;
  std::string out;
  encoder.encode(commit, out);
  return out;
}

Fault::Kind kind_of(std::string_view bytes) {
  auto const decoded = decode(bytes);
  EXPECT_FALSE(decoded);
  return decoded ? Fault::Kind::io : decoded.error().kind;
}

constexpr kj::byte kBytes[33] = {};

// A well-formed message of one purchase, changed by `change` before it is framed.
template <class Change>
std::string altered(Change change) {
  capnp::MallocMessageBuilder message;
  auto commit = message.initRoot<wire::Commit>();
  commit.setFirst(1);
  commit.setFingerprint({kBytes, 16});
  commit.initEvents(1)[0].initItemPurchased();
  change(commit);
  auto const flat = capnp::messageToFlatArray(message);
  return {flat.asChars().begin(), flat.asChars().size()};
}

TEST(Codec, EveryEventComesBackEqual) {
  for (auto const& event : samples::events()) {
    auto const commit = samples::commit(event);
    auto const decoded = decode(encoded(commit));
    ASSERT_TRUE(decoded) << domain::event_name(event);
    EXPECT_EQ(decoded.value(), commit) << domain::event_name(event);
  }
}

TEST(Codec, APayoutThatFailedAfterItWasPaidComesBackEqual) {
  domain::PayoutAdvanced event;
  event.payout = domain::PayoutId(41);
  event.status = domain::PayoutStatus::failed;
  event.was_completed = true;
  auto const commit = samples::commit(event);
  auto const decoded = decode(encoded(commit));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded.value(), commit);
}

TEST(Codec, ACommitOfManyEventsComesBackEqual) {
  auto const commit = samples::commit(samples::events());
  EXPECT_EQ(decode(encoded(commit)).value(), commit);
}

TEST(Codec, EmptyPersonalTextComesBackEmptyAndUnsealed) {
  domain::PlayerJoined joined;
  joined.player = domain::PlayerId(1);
  auto const decoded = decode(encoded(samples::commit(domain::Event(joined))));
  EXPECT_EQ(std::get<domain::PlayerJoined>(decoded.value().events[0]).name, domain::PersonalText{});
}

TEST(Codec, TextMayHoldAnyBytes) {
  auto commit = samples::purchase();
  std::get<domain::ItemPurchased>(commit.events[0]).item.name = std::string("a\0b\xff", 4);
  EXPECT_EQ(decode(encoded(commit)).value(), commit);
}

TEST(Codec, EncodingAppendsAndReusesItsScratchCleanly) {
  Encoder encoder;
  std::string out;
  encoder.encode(samples::commit(samples::events()), out);
  auto const first = out.size();
  encoder.encode(samples::purchase(), out);
  EXPECT_EQ(out.substr(first), encoded(samples::purchase()));
}

TEST(Codec, ACommitLargerThanTheScratchIsStillOneSegment) {
  auto commit = samples::purchase();
  std::get<domain::ItemPurchased>(commit.events[0]).item.description = std::string(1'000'000, 'x');
  Encoder encoder;
  std::string out;
  encoder.encode(commit, out);
  EXPECT_EQ(decode(out).value(), commit);
  out.clear();
  encoder.encode(samples::purchase(), out);
  EXPECT_EQ(out, encoded(samples::purchase()));
}

// Or a day could be accepted payout by payout and never be written.
TEST(Codec, TheFilesOfTheLargestDayFitIntoACommit) {
  domain::PayoutFileWritten event;
  for (auto const& sample : samples::events()) {
    if (auto const* one = std::get_if<domain::PayoutFileWritten>(&sample)) event = *one;
  }
  event.files.assign(domain::kPayoutFilesMax, event.files.front());
  event.left_out.clear();
  std::uint64_t position = 0;
  for (auto& file : event.files) file.payouts.clear();
  for (std::size_t i = 0; i < domain::kFiledPayoutsMax; ++i) {
    event.files[i % event.files.size()].payouts.emplace_back(++position);
  }
  for (std::size_t i = 0; i < domain::kLeftOutListedMax; ++i) {
    event.left_out.push_back({domain::PayoutId(++position), domain::LeftOutReason::no_room});
  }
  auto const commit = samples::commit(domain::Event(event));
  auto const bytes = encoded(commit);
  EXPECT_LE(bytes.size(), kMaxCommitBytes);
  EXPECT_EQ(decode(bytes).value(), commit);
}

TEST(Codec, BytesMayLieAtAnyAddress) {
  auto small = samples::purchase();
  auto large = small;
  std::get<domain::ItemPurchased>(large.events[0]).item.description = std::string(10'000, 'x');
  for (auto const& commit : {small, large}) {
    auto const bytes = encoded(commit);
    for (std::size_t shift = 0; shift < 8; ++shift) {
      std::string const shifted = std::string(shift, ' ') + bytes;
      EXPECT_EQ(decode(std::string_view(shifted).substr(shift)).value(), commit);
    }
  }
}

TEST(Codec, AnythingCutOrExtendedIsCorrupt) {
  auto const bytes = encoded(samples::commit(samples::events()));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_EQ(kind_of(std::string_view(bytes).substr(0, size)), Fault::Kind::corrupt) << size;
  }
  EXPECT_EQ(kind_of(bytes + std::string(8, '\0')), Fault::Kind::corrupt);
  EXPECT_EQ(kind_of(bytes + "x"), Fault::Kind::corrupt);
}

TEST(Codec, SeveralSegmentsAreCorrupt) {
  capnp::MallocMessageBuilder message(4, capnp::AllocationStrategy::FIXED_SIZE);
  auto commit = message.initRoot<wire::Commit>();
  commit.setFirst(1);
  commit.initEvents(1);
  auto const flat = capnp::messageToFlatArray(message);
  EXPECT_EQ(kind_of({flat.asChars().begin(), flat.asChars().size()}), Fault::Kind::corrupt);
}

TEST(Codec, WrongSizesAreCorrupt) {
  EXPECT_TRUE(decode(altered([](wire::Commit::Builder) {})));
  EXPECT_EQ(kind_of(altered([](wire::Commit::Builder commit) { commit.setFingerprint({kBytes, 15}); })),
            Fault::Kind::corrupt);
  EXPECT_EQ(kind_of(altered([](wire::Commit::Builder commit) { commit.initEvents(0); })), Fault::Kind::corrupt);
  EXPECT_EQ(kind_of(altered([](wire::Commit::Builder commit) { commit.setFirst(0); })), Fault::Kind::corrupt);
  EXPECT_EQ(kind_of(altered([](wire::Commit::Builder commit) { commit.setFirst(~0ull); })), Fault::Kind::corrupt);
  EXPECT_EQ(kind_of(altered([](wire::Commit::Builder commit) {
              commit.getEvents()[0].initSdkKeyRotated().setKeyHash({kBytes, 33});
            })),
            Fault::Kind::corrupt);
  EXPECT_EQ(kind_of(altered([](wire::Commit::Builder commit) {
              commit.getEvents()[0].initIdentityRegistered().setEmailIndex({kBytes, 17});
            })),
            Fault::Kind::corrupt);
  EXPECT_EQ(kind_of(altered([](wire::Commit::Builder commit) {
              commit.getEvents()[0].initPhoneRecorded().setPhoneIndex({kBytes, 15});
            })),
            Fault::Kind::corrupt);
  EXPECT_EQ(kind_of(altered([](wire::Commit::Builder commit) { commit.getEvents()[0].initReplyReceived(); })),
            Fault::Kind::corrupt);
  EXPECT_EQ(kind_of(std::string(kMaxCommitBytes + 8, '\0')), Fault::Kind::corrupt);
}

TEST(Codec, WhatANewerVersionWroteIsUnknown) {
  EXPECT_EQ(kind_of(altered([](wire::Commit::Builder commit) {
              auto game = commit.getEvents()[0].initGameUpdated();
              game.initSettings().setStatus(3);
            })),
            Fault::Kind::unknown);
  EXPECT_EQ(kind_of(altered([](wire::Commit::Builder commit) {
              auto game = commit.getEvents()[0].initGameUpdated();
              game.initSettings().initLimits(1)[0].setKind(static_cast<std::uint8_t>(domain::kLastLimitKind) + 1);
            })),
            Fault::Kind::unknown);
  EXPECT_EQ(kind_of(altered(
                [](wire::Commit::Builder commit) { commit.getEvents()[0].initTransferInitiated().setFlavour(2); })),
            Fault::Kind::unknown);
  EXPECT_EQ(
      kind_of(altered([](wire::Commit::Builder commit) { commit.getEvents()[0].initTransferClaimed().setFlavour(2); })),
      Fault::Kind::unknown);
  EXPECT_EQ(kind_of(altered(
                [](wire::Commit::Builder commit) { commit.getEvents()[0].initTransferReturned().setFlavour(2); })),
            Fault::Kind::unknown);
  EXPECT_EQ(
      kind_of(altered([](wire::Commit::Builder commit) { commit.getEvents()[0].initTransferReturned().setReason(6); })),
      Fault::Kind::unknown);
  EXPECT_EQ(
      kind_of(altered([](wire::Commit::Builder commit) { commit.getEvents()[0].initPhoneShareEnded().setEnd(5); })),
      Fault::Kind::unknown);
  EXPECT_EQ(kind_of(altered([](wire::Commit::Builder commit) { commit.getEvents()[0].initTextSettled().setKind(7); })),
            Fault::Kind::unknown);
  EXPECT_EQ(kind_of(altered([](wire::Commit::Builder commit) { commit.getEvents()[0].initTextSettled().setEnd(3); })),
            Fault::Kind::unknown);
  EXPECT_EQ(
      kind_of(altered([](wire::Commit::Builder commit) { commit.getEvents()[0].initDisputeMoved().setStatus(3); })),
      Fault::Kind::unknown);

  // The union's discriminant is the first two bytes of the event: find it by its value and raise it.
  auto bytes = encoded(samples::purchase());
  std::size_t raised = 0;
  for (std::size_t at = 8; at < bytes.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + at, 8);
    if (word != wire::Event::ITEM_PURCHASED) continue;
    auto changed = bytes;
    changed[at] = 99;
    if (auto const decoded = decode(changed); !decoded && decoded.error().kind == Fault::Kind::unknown) ++raised;
  }
  EXPECT_EQ(raised, 1u);
}

// Pointers that share one object would let a small message decode into a large commit.
TEST(Codec, SharedPointersDoNotAmplify) {
  auto bytes = altered([](wire::Commit::Builder commit) {
    auto purchase = commit.initEvents(1)[0].initItemPurchased();
    purchase.setItemDescription(std::string(4'000, 'x').c_str());
  });
  // Aim the pointer of the item's name (two words before the description's) at the description's text.
  std::size_t description = 0;
  for (std::size_t at = 8; at < bytes.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + at, 8);
    if ((word & 3) == 1 && word >> 35 == 4'001) description = at;
  }
  ASSERT_NE(description, 0u);
  std::uint64_t word;
  std::memcpy(&word, bytes.data() + description, 8);
  word += 2u << 2;  // the offset counts words from the end of the pointer
  std::memcpy(bytes.data() + description - 16, &word, 8);
  EXPECT_EQ(kind_of(bytes), Fault::Kind::corrupt);
}

TEST(Codec, RandomDamageNeverDecodesIntoSomethingThatDoesNotRoundTrip) {
  auto const seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  auto const whole = encoded(samples::commit(samples::events()));
  for (int round = 0; round < 20'000; ++round) {
    auto bytes = whole;
    for (auto flips = 1 + random() % 4; flips > 0; --flips) {
      auto& byte = bytes[random() % bytes.size()];
      byte = static_cast<char>(byte ^ (1 << random() % 8));
    }
    auto const decoded = decode(bytes);
    if (!decoded) continue;
    ASSERT_EQ(decode(encoded(decoded.value())).value(), decoded.value());
  }
}

using CodecDeath = testing::Test;

TEST(CodecDeath, PersonalTextInClearNeverReachesTheLog) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  domain::IdentityRegistered clear;
  clear.identity = domain::IdentityId(1);
  clear.email = {"ann@example.org", false};
  EXPECT_DEATH(encoded(samples::commit(domain::Event(clear))), "invariant broken");
  domain::PlayerJoined joined;
  joined.name = {"Ann", false};
  EXPECT_DEATH(encoded(samples::commit(domain::Event(joined))), "invariant broken");
  domain::PlayerRenamed renamed;
  renamed.name = {"Ann", false};
  EXPECT_DEATH(encoded(samples::commit(domain::Event(renamed))), "invariant broken");
  domain::PhoneRecorded recorded;
  recorded.number = {"+46701234567", false};
  EXPECT_DEATH(encoded(samples::commit(domain::Event(recorded))), "invariant broken");
}

TEST(CodecDeath, ACommitWithoutEventsIsABug) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(encoded(samples::commit(std::vector<domain::Event>{})), "invariant broken");
}

// ---- golden bytes: what was ever written stays readable. One file a kind and form; never edit one that is committed.

std::string golden(std::string_view version, domain::Event const& event) {
  return FLORIN_SOURCE_DIR "/tests/golden/" + std::string(version) + "/" + domain::event_name(event) + ".bin";
}

// A kind that gained a field is written in its second form; the first is still read.
std::string golden_path(domain::Event const& event) {
  bool const second = std::holds_alternative<domain::PhoneShareRequested>(event) ||
                      std::holds_alternative<domain::DisputeClosed>(event);
  return golden(second ? "v2" : "v1", event);
}

std::string file(std::string const& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// The number that an event has on the disk.
std::size_t number_of(domain::Event const& event) {
  auto const bytes = encoded(samples::commit(event));
  kj::ArrayPtr<kj::byte const> const in(reinterpret_cast<kj::byte const*>(bytes.data()), bytes.size());
  kj::ArrayInputStream stream(in);
  capnp::InputStreamMessageReader message(stream);
  return static_cast<std::size_t>(message.getRoot<wire::Commit>().getEvents()[0].which());
}

TEST(CodecGolden, SamplesCoverEveryKindOfEvent) {
  auto const events = samples::events();
  ASSERT_EQ(events.size(), std::variant_size_v<domain::Event>);
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(number_of(events[i]), i) << domain::event_name(events[i]);
  }
}

// FLORIN_WRITE_GOLDEN=1 writes the files that are missing: the way to add one with a new event.
TEST(CodecGolden, EveryKindOfEventHasCommittedBytesThatStillMeanTheSame) {
  for (auto const& event : samples::events()) {
    SCOPED_TRACE(domain::event_name(event));
    auto const path = golden_path(event);
    auto bytes = file(path);
    if (bytes.empty() && std::getenv("FLORIN_WRITE_GOLDEN") != nullptr) {
      std::ofstream(path, std::ios::binary) << encoded(samples::commit(event));
      bytes = file(path);
    }
    ASSERT_FALSE(bytes.empty()) << "no golden bytes: " << path;
    auto const decoded = decode(bytes);
    ASSERT_TRUE(decoded) << decoded.error().what;
    EXPECT_EQ(decoded.value(), samples::commit(event));
    EXPECT_EQ(encoded(decoded.value()), bytes);
  }
}

template <class E>
E sample_of() {
  auto const events = samples::events();
  return std::get<E>(*std::find_if(events.begin(), events.end(),
                                   [](domain::Event const& event) { return std::holds_alternative<E>(event); }));
}

// The first form of an event, as it was written before its kind gained a field.
void first_form_is(domain::Event const& event) {
  auto const decoded = decode(file(golden("v1", event)));
  ASSERT_TRUE(decoded) << decoded.error().what;
  EXPECT_EQ(decoded.value(), samples::commit(event));
}

// A payout that waits for its day's files to be written: the second form of its event. The first says nothing of it.
TEST(CodecGolden, APayoutsSecondFormIsDatedByItsExport) {
  auto event = sample_of<domain::PayoutAdvanced>();
  EXPECT_FALSE(event.dated_by_export);
  first_form_is(event);
  event.status = domain::PayoutStatus::processing;
  event.note = "";
  event.dated_by_export = true;
  auto const path = golden("v2", event);
  auto bytes = file(path);
  if (bytes.empty() && std::getenv("FLORIN_WRITE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << encoded(samples::commit(event));
    bytes = file(path);
  }
  ASSERT_FALSE(bytes.empty()) << "no golden bytes: " << path;
  auto const decoded = decode(bytes);
  ASSERT_TRUE(decoded) << decoded.error().what;
  EXPECT_EQ(decoded.value(), samples::commit(event));
  EXPECT_EQ(encoded(decoded.value()), bytes);
}

TEST(CodecGolden, ADisputeClosedBeforeFeesCameBackChangesNoFee) {
  auto event = sample_of<domain::DisputeClosed>();
  event.fee = {};
  first_form_is(event);
}

TEST(CodecGolden, APhoneShareFromBeforeItsGameWasWrittenIsOfNoGame) {
  auto event = sample_of<domain::PhoneShareRequested>();
  event.game = {};
  first_form_is(event);
}

}  // namespace
}  // namespace florin::eventstore
