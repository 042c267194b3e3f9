#include "eventstore/engine/request_index.h"

#include <fstream>
#include <map>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "eventstore/engine/request_run.h"
#include "tests/support/temp_folder.h"

namespace florin::eventstore {
namespace {

namespace fs = std::filesystem;
using domain::GameId;
using domain::Position;
using test_support::TempFolder;

constexpr GameId kGame{123'456'789'012};
constexpr Position kFarEnd{std::uint64_t{1} << 60};

std::unique_ptr<RequestIndex> open(fs::path const& folder, RequestIndexOptions options = {},
                                   Position log_end = kFarEnd) {
  auto opened = RequestIndex::open(folder, log_end, options);
  EXPECT_TRUE(opened.ok()) << (opened ? "" : opened.error().what);
  return std::move(opened).value();
}

void add(RequestIndex& index, std::string const& id, std::uint64_t first, std::uint64_t last) {
  ASSERT_TRUE(index.add(kGame, id, Position(first), Position(last)).ok());
}

std::vector<std::uint64_t> find(RequestIndex& index, std::string const& id) {
  auto const found = index.candidates(kGame, id);
  EXPECT_TRUE(found.ok());
  std::vector<std::uint64_t> positions;
  for (auto const position : found.value()) positions.push_back(position.value());
  return positions;
}

std::vector<fs::path> runs_in(fs::path const& folder) {
  std::vector<fs::path> files;
  for (auto const& file : fs::directory_iterator(folder)) {
    if (parse_run_file_name(file.path().filename().string())) files.push_back(file.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void flip_byte(fs::path const& file, std::uint64_t at) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(at));
  char byte = 0;
  stream.get(byte);
  stream.seekp(static_cast<std::streamoff>(at));
  stream.put(static_cast<char>(byte ^ 0x10));
}

TEST(SipHash, MatchesTheReferenceVectors) {
  SipKey const key{0x0706'0504'0302'0100, 0x0f0e'0d0c'0b0a'0908};
  auto const hash = siphash128(key, 0x0706'0504'0302'0100, {});
  EXPECT_EQ(hash.high, 0x61f5'5862'baa9'623bULL);  // 3b62a9ba6258f561 …
  EXPECT_EQ(hash.low, 0xb497'14f3'64e2'830fULL);   // … 0f83e264f31497b4
  EXPECT_EQ(siphash64(key, 0x0706'0504'0302'0100, "\x08\x09\x0a\x0b\x0c\x0d\x0e"), 0xa129'ca61'49be'45e5ULL);
}

TEST(RequestIndex, FindsWhatWasAddedAndNothingElse) {
  TempFolder const folder;
  auto const index = open(folder.path());
  EXPECT_TRUE(find(*index, "a").empty());
  add(*index, "a", 1, 3);
  EXPECT_EQ(find(*index, "a"), std::vector<std::uint64_t>{1});
  EXPECT_TRUE(find(*index, "b").empty());
  EXPECT_TRUE(index->candidates(GameId(7), "a").value().empty());
}

TEST(RequestIndex, AddingAgainChangesNothing) {
  TempFolder const folder;
  auto const index = open(folder.path());
  add(*index, "a", 1, 3);
  add(*index, "a", 1, 3);
  EXPECT_EQ(find(*index, "a"), std::vector<std::uint64_t>{1});
  ASSERT_TRUE(index->flush().ok());
  add(*index, "a", 1, 3);
  EXPECT_EQ(find(*index, "a"), std::vector<std::uint64_t>{1});
}

TEST(RequestIndex, FlushedEntriesSurviveAReopenAndTheRestIsNotCovered) {
  TempFolder const folder;
  {
    auto const index = open(folder.path());
    add(*index, "a", 1, 3);
    ASSERT_TRUE(index->flush().ok());
    EXPECT_EQ(index->covered(), Position(3));
    add(*index, "b", 4, 4);
  }
  auto const index = open(folder.path());
  EXPECT_EQ(index->covered(), Position(3));
  EXPECT_EQ(find(*index, "a"), std::vector<std::uint64_t>{1});
  EXPECT_TRUE(find(*index, "b").empty());
}

TEST(RequestIndex, ALostKeyEmptiesTheIndex) {
  TempFolder const folder;
  {
    auto const index = open(folder.path());
    add(*index, "a", 1, 3);
    ASSERT_TRUE(index->flush().ok());
  }
  fs::remove(folder.path() / "key");
  auto const index = open(folder.path());
  EXPECT_EQ(index->covered(), Position());
  EXPECT_TRUE(runs_in(folder.path()).empty());
}

TEST(RequestIndex, RunsBeyondTheLogAreDropped) {
  TempFolder const folder;
  {
    auto const index = open(folder.path());
    add(*index, "a", 1, 3);
    ASSERT_TRUE(index->flush().ok());
    add(*index, "b", 4, 9);
    ASSERT_TRUE(index->flush().ok());
  }
  auto const index = open(folder.path(), {}, Position(8));
  EXPECT_EQ(index->covered(), Position(3));
  EXPECT_TRUE(find(*index, "b").empty());
  add(*index, "c", 4, 4);  // another history from here on
  ASSERT_TRUE(index->flush().ok());
  EXPECT_EQ(find(*index, "c"), std::vector<std::uint64_t>{4});
}

TEST(RequestIndex, DamageIsNeverMistakenForANewId) {
  for (bool const filter_in_memory : {true, false}) {
    RequestIndexOptions const options{1024, filter_in_memory ? std::size_t{1} << 20 : 0};
    TempFolder const folder;
    auto const refill = [&](RequestIndex& index) {
      for (std::uint64_t i = index.covered().value() + 1; i <= 400; ++i) add(index, "id" + std::to_string(i), i, i);
      ASSERT_TRUE(index.flush().ok());
    };
    refill(*open(folder.path(), options));
    auto const file = runs_in(folder.path()).at(0);
    auto const size = fs::file_size(file);
    std::mt19937_64 random(20'261);
    for (int round = 0; round < 110; ++round) {
      auto const at = round < 64 ? static_cast<std::uint64_t>(round) : random() % size;
      if (round % 10 == 9) {
        fs::resize_file(file, at);
      } else {
        flip_byte(file, at);
      }
      bool noticed = false;
      {
        auto const index = open(folder.path(), options);
        noticed = index->covered() == Position();
        for (std::uint64_t i = 1; i <= 400 && !noticed; ++i) {
          auto const found = index->candidates(kGame, "id" + std::to_string(i));
          if (!found) {
            noticed = true;
            EXPECT_EQ(found.error().kind, Fault::Kind::corrupt);
          } else {
            ASSERT_EQ(found.value(), std::vector{Position(i)}) << "byte " << at;
          }
        }
      }
      auto const index = open(folder.path(), options);
      if (noticed) {
        EXPECT_EQ(index->covered(), Position()) << "byte " << at;
      }
      refill(*index);
    }
  }
}

TEST(RequestIndex, LeftoversOfAnInterruptedMergeAreDeleted) {
  TempFolder const folder;
  TempFolder const kept;
  RequestIndexOptions const options{4, 1u << 20};
  {
    auto const index = open(folder.path(), options);
    for (std::uint64_t i = 1; i <= 7; ++i) {
      add(*index, "id" + std::to_string(i), i, i);
      ASSERT_TRUE(index->flush().ok());
    }
    for (auto const& file : runs_in(folder.path())) fs::copy_file(file, kept.path() / file.filename());
    add(*index, "id8", 8, 8);
    ASSERT_TRUE(index->flush().ok());
    while (runs_in(folder.path()).size() > 1) std::this_thread::yield();
  }
  for (auto const& file : runs_in(kept.path())) fs::copy_file(file, folder.path() / file.filename());
  std::ofstream(folder.path() / (run_file_name({8, 9}) + ".tmp")) << "half";
  auto const index = open(folder.path(), options);
  EXPECT_EQ(runs_in(folder.path()).size(), 1u);
  EXPECT_FALSE(fs::exists(folder.path() / (run_file_name({8, 9}) + ".tmp")));
  for (std::uint64_t i = 1; i <= 8; ++i) {
    EXPECT_EQ(find(*index, "id" + std::to_string(i)), std::vector<std::uint64_t>{i});
  }
}

// Against a map, with tables of a few entries so that runs and merges happen all the time, closing and damaging the
// files at random. After each reopen the caller does what recovery does: adds again from covered() on.
TEST(RequestIndex, AgreesWithAMapThroughCrashesAndDamage) {
  auto const seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 6; ++round) {
    TempFolder const folder;
    RequestIndexOptions const options{1 + random() % 20, random() % 2 == 0 ? 0 : random() % 4000};
    struct Request {
      std::string id;
      std::uint64_t first, last;
    };
    std::vector<Request> log;
    std::multimap<std::string, std::uint64_t> model;
    auto index = open(folder.path(), options, Position(0));
    for (int step = 0; step < 1500; ++step) {
      auto const dice = random() % 1000;
      if (dice < 900) {
        auto const first = log.empty() ? 1 : log.back().last + 1;
        Request const request{"r" + std::to_string(random() % 4000), first, first + random() % 3};
        if (model.contains(request.id)) continue;
        log.push_back(request);
        model.emplace(request.id, request.first);
        add(*index, request.id, request.first, request.last);
      } else if (dice < 980) {
        auto const id = "r" + std::to_string(random() % 4000);
        std::vector<std::uint64_t> expected;
        for (auto [at, end] = model.equal_range(id); at != end; ++at) expected.push_back(at->second);
        ASSERT_EQ(find(*index, id), expected) << id;
      } else if (dice < 985) {
        ASSERT_TRUE(index->flush().ok());
      } else {
        index = nullptr;
        auto files = runs_in(folder.path());
        if (!files.empty() && random() % 2 == 0) {
          auto const& victim = files[random() % files.size()];
          if (random() % 2 == 0) {
            fs::remove(victim);
          } else {
            fs::resize_file(victim, random() % fs::file_size(victim));
          }
        }
        if (random() % 4 == 0 && !log.empty()) {  // the log lost its end, too
          for (auto lost = random() % std::min<std::size_t>(log.size(), 30); lost > 0; --lost) {
            model.erase(log.back().id);
            log.pop_back();
          }
        }
        auto const end = log.empty() ? 0 : log.back().last;
        index = open(folder.path(), options, Position(end));
        ASSERT_LE(index->covered().value(), end);
        for (auto const& request : log) {
          if (request.last > index->covered().value()) add(*index, request.id, request.first, request.last);
        }
      }
    }
    for (auto const& request : log) ASSERT_EQ(find(*index, request.id), std::vector<std::uint64_t>{request.first});
  }
}

}  // namespace
}  // namespace florin::eventstore
