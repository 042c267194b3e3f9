// A game in the blocks of a file (block_fields.h): the same bytes in every copy of a State. Of any change the files
// that hold games need a new version: snapshot.cpp, durable_state_snapshot.cpp.
#pragma once

#include "domain/game.h"
#include "eventstore/engine/block_fields.h"

namespace florin::eventstore {

// -1 in place of an absent one: amounts here are never below zero.
inline bool field(FieldsOut& out, std::optional<domain::Money> const& money) {
  return out.number(money ? money->minor() : -1);
}
inline bool field(FieldsIn& in, std::optional<domain::Money>& money) {
  std::int64_t minor = 0;
  if (!in.number(minor)) return false;
  money.reset();
  if (minor >= 0) money = domain::Money::from_minor(minor);
  return true;
}

template <class Stream>
bool fields(Stream& s, domain::Digest& digest) {
  return s.raw(digest.data(), digest.size());
}

template <class Stream>
bool fields(Stream& s, domain::GameSettings& g) {
  return s.text(g.name) && s.text(g.developer_name) && s.text(g.genre) && s.text(g.icon_url) &&
         s.enumerated(g.status, domain::GameStatus::suspended) && s.number(g.universal_transfers) &&
         s.number(g.allows_outgoing_transfers) && s.number(g.allows_incoming_transfers) &&
         s.list(g.linked_games, [&](domain::GameId& id) { return field(s, id); }) && field(s, g.transfer_fee) &&
         field(s, g.item_fee) && s.list(g.limits, [&](domain::LimitOverride& limit) {
           return s.enumerated(limit.kind, domain::kLastLimitKind) && s.number(limit.maximum);
         });
}

template <class Stream>
bool fields(Stream& s, domain::CurrencySpec& c) {
  return field(s, c.currency) && s.text(c.name) && s.text(c.symbol) && field(s, c.starting_amount) &&
         field(s, c.minimum_transfer) && field(s, c.maximum_transfer);
}

template <class Stream>
bool fields(Stream& s, domain::Game& g) {
  return field(s, g.id) && fields(s, g.settings) &&
         s.list(g.currencies, [&](domain::CurrencySpec& currency) { return fields(s, currency); }) &&
         fields(s, g.key_hash) &&
         s.list(g.previous_keys,
                [&](domain::PreviousKey& key) { return fields(s, key.hash) && field(s, key.valid_until); }) &&
         field(s, g.created_at);
}

}  // namespace florin::eventstore
