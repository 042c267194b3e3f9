// FORMAT.md against the schema: what it says of the events is what is written.
#include <fstream>
#include <map>
#include <regex>
#include <string>

#include <capnp/schema.h>
#include <gtest/gtest.h>

#include "domain/events.h"
#include "eventstore/store/capnp_message.h"
// The generated header comes after it.
#include "eventstore/event.capnp.h"

namespace florin::eventstore {
namespace {

using Numbers = std::map<unsigned, std::string>;  // of the union's members

Numbers numbers_in_the_schema() {
  Numbers out;
  for (auto const field : capnp::Schema::from<wire::Event>().getUnionFields()) {
    auto const proto = field.getProto();
    out.emplace(proto.getDiscriminantValue(), proto.getName().cStr());
  }
  return out;
}

// Rows such as "| 37–38 | `payoutRequested`, `payoutAdvanced` | … |".
Numbers numbers_in_the_document() {
  std::ifstream file(FLORIN_SOURCE_DIR "/eventstore/FORMAT.md");
  std::regex const row("\\| (\\d+)(?:–(\\d+))? \\| ((?:`[a-z][A-Za-z0-9]*`(?:, )?)+) \\|.*");
  std::regex const name("`([A-Za-z0-9]+)`");
  Numbers out;
  for (std::string line; std::getline(file, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, row)) continue;
    auto number = static_cast<unsigned>(std::stoul(match[1]));
    std::string const names = match[3];
    for (std::sregex_iterator one(names.begin(), names.end(), name), end; one != end; ++one) {
      EXPECT_TRUE(out.emplace(number++, (*one)[1]).second) << line;
    }
    auto const last = match[2].matched ? std::stoul(match[2]) : std::stoul(match[1]);
    EXPECT_EQ(number, last + 1) << line;
  }
  return out;
}

TEST(Format, TheTableOfEventsIsTheSchemas) {
  auto const schema = numbers_in_the_schema();
  EXPECT_EQ(schema.size(), std::variant_size_v<domain::Event>);
  EXPECT_EQ(numbers_in_the_document(), schema);
}

}  // namespace
}  // namespace florin::eventstore
