// People: identities, players and phones, which are made known on first use.
#include "domain/decider.h"

namespace florin::domain {

std::optional<IdentityId> NewIds::find(BlindIndex const& email) const {
  if (auto const known = state_.find_identity(email)) return known;
  for (auto const& [index, identity] : new_identities_) {
    if (index == email) return identity;
  }
  return std::nullopt;
}

IdentityId NewIds::identity(BlindIndex const& email_index, std::string const& email) {
  if (auto const known = find(email_index)) return *known;
  IdentityId const identity(state_.identity_count() + new_identities_.size() + 1);
  new_identities_.emplace_back(email_index, identity);
  events_.emplace_back(IdentityRegistered{identity, email_index, PersonalText{email, false}});
  return identity;
}

PhoneId NewIds::phone(IdentityId identity, PhoneRef const& phone) {
  if (auto const known = state_.phones().find(phone.index, identity)) return *known;
  std::pair const key(phone.index, identity);
  for (auto const& [pair, id] : new_phones_) {
    if (pair == key) return id;
  }
  PhoneId const id(state_.phones().count() + new_phones_.size() + 1);
  new_phones_.emplace_back(key, id);
  events_.emplace_back(PhoneRecorded{id, identity, phone.index, PersonalText{phone.number, false}});
  return id;
}

PlayerDraft::PlayerDraft(State const& state, Game const& game, PlayerRef const& ref, std::vector<Event>& events,
                         NewIds& new_ids)
    : state_(state), game_(game), ref_(ref), events_(events), new_ids_(new_ids) {
  identity_ = new_ids.find(ref.email_index);
  if (identity_) player_ = state.find_player(game.id, *identity_);
}

PlayerId PlayerDraft::enter() {
  if (player_) {
    if (ref_.renamed && !ref_.name.empty()) {
      events_.emplace_back(PlayerRenamed{*player_, *identity_, PersonalText{ref_.name, false}, ref_.name_tag});
    }
    return *player_;
  }
  identity_ = new_ids_.identity(ref_.email_index, ref_.email);
  player_ = PlayerId(state_.player_count() + 1);
  events_.emplace_back(PlayerJoined{*player_, game_.id, *identity_, PersonalText{ref_.name, false}, ref_.name_tag});
  for (auto const& currency : game_.currencies) {
    if (currency.starting_amount == Money{}) continue;
    events_.emplace_back(
        StartingBalanceGranted{*player_, currency.currency, currency.starting_amount, currency.starting_amount});
  }
  joined_now_ = true;
  return *player_;
}

Wallet PlayerDraft::wallet(CurrencyId currency) const {
  if (joined_now_) return {game_.find_currency(currency)->starting_amount, {}};
  return player_ ? state_.wallet(*player_, currency) : Wallet{};
}

Result<Decider::CallingGame, Rejection> Decider::calling_game(GameId id, CurrencyId currency) const {
  auto const* game = state.find_game(id);
  if (game == nullptr) return refuse(RejectionCode::game_not_found);
  if (!may_call(game->settings.status)) return refuse(RejectionCode::game_not_active);
  if (!currency) return CallingGame{game, game->currencies.front().currency};
  if (game->find_currency(currency) == nullptr) return refuse(RejectionCode::currency_not_found);
  return CallingGame{game, currency};
}

void Fold::operator()(IdentityRegistered const& e) const {
  FLORIN_ASSERT(e.identity.value() == state.identity_count() + 1);
  FLORIN_ASSERT(!state.find_identity(e.email_index));
  state.restore_identity(State::IdentityRow{e.email_index});
}

void Fold::operator()(PlayerJoined const& e) const {
  FLORIN_ASSERT(e.player.value() == state.player_count() + 1);
  FLORIN_ASSERT(e.identity.value() != 0 && e.identity.value() <= state.identity_count());
  auto const game = state.game_index(e.game);
  FLORIN_ASSERT(game.has_value() && !state.find_player(e.game, e.identity));
  state.restore_player(State::PlayerRow{static_cast<std::uint32_t>(e.identity.value()), *game});
}

void Fold::operator()(PlayerRenamed const& e) const { FLORIN_ASSERT(state.identity_of(e.player) == e.identity); }

void Fold::operator()(PhoneRecorded const& e) const {
  FLORIN_ASSERT(e.identity.value() != 0 && e.identity.value() <= state.identity_count());
  FLORIN_ASSERT(state.phones_.record(e.phone_index, e.identity) == e.phone);
}

void Fold::operator()(PhoneVerified const& e) const { state.phones_.verify(e.phone); }

}  // namespace florin::domain
