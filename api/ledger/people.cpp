#include "api/ledger/people.h"

namespace florin::api {

domain::PlayerRef People::player(domain::GameId game, Email const& email, std::string_view name) const {
  domain::PlayerRef ref;
  ref.email_index = email.index;
  ref.email = email.written;
  ref.name = name;
  if (!name.empty()) {
    ref.name_tag = vault_.name_tag(name);
    ref.renamed = state_.name_differs(game, email.index, ref.name_tag);
  }
  return ref;
}

domain::PhoneRef People::phone(std::string_view e164) const { return {vault_.phone_index(e164), std::string(e164)}; }

std::string People::reveal(domain::IdentityId identity, Field field, domain::PersonalText const& text) const {
  auto clear = vault_.open(identity, field, text);
  if (clear) return std::move(clear).value();
  if (clear.error().kind == eventstore::Fault::Kind::missing) return {};  // erased
  throw Unreadable(
      {clear.error().kind, "identity " + domain::format_identity_id(identity) + ": " + clear.error().what});
}

std::string People::email_of(domain::IdentityId identity) const {
  auto const sealed = state_.email_of(identity);
  return sealed ? reveal(identity, Field::email, *sealed) : std::string();
}

}  // namespace florin::api
