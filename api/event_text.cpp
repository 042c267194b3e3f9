#include "api/event_text.h"

namespace florin::api {
namespace {

using namespace domain;

std::string padded(std::string text, std::size_t width, bool right) {
  if (text.size() >= width) return text;
  return right ? std::string(width - text.size(), ' ') + text : text + std::string(width - text.size(), ' ');
}

constexpr std::size_t kPositionWidth = 10;
constexpr std::size_t kEventWidth = 22;  // the longest name: StartingBalanceGranted

}  // namespace

std::string event_line(Commit const& commit, std::size_t index, eventstore::Vault const* vault) {
  auto const& event = commit.events[index];
  return padded(std::to_string(next(commit.first, index).value()), kPositionWidth, true) + "  " +
         to_iso8601_micros(commit.at) + "  " + format_transaction_id(commit.first) + "  " +
         padded(event_name(event), kEventWidth, false) + "  " + event_details(event, vault);
}

}  // namespace florin::api
