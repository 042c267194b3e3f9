#include "tests/projections/town.h"

#include <algorithm>
#include <cstring>

#include "eventstore/store/chain.h"
#include "eventstore/store/codec.h"
#include "tests/support/facts.h"

namespace florin::projections {

using namespace domain;

namespace {

void seal(PersonalText& text) {
  if (text.bytes.empty()) return;
  text = {"sealed " + text.bytes, true};
}

void seal(Commit& commit) {
  for (auto& event : commit.events) {
    if (auto* registered = std::get_if<IdentityRegistered>(&event)) seal(registered->email);
    if (auto* joined = std::get_if<PlayerJoined>(&event)) seal(joined->name);
    if (auto* phone = std::get_if<PhoneRecorded>(&event)) seal(phone->number);
    if (auto* renamed = std::get_if<PlayerRenamed>(&event)) seal(renamed->name);
    if (auto* checkout = std::get_if<CheckoutOpened>(&event)) seal(checkout->metadata);
    if (auto* payout = std::get_if<PayoutRequested>(&event)) {
      seal(payout->holder);
      seal(payout->account);
    }
    if (auto* corrected = std::get_if<PayoutAccountCorrected>(&event)) seal(corrected->corrected);
  }
}

BlindIndex blind(std::string const& text) {
  auto const digest = eventstore::sha256(text);
  BlindIndex index{};
  std::copy_n(digest.begin(), index.size(), index.begin());
  return index;
}

std::string email(std::size_t person) { return "person" + std::to_string(person) + "@example.test"; }

}  // namespace

eventstore::CommitPtr Town::play(Command const& command) {
  now_ = now_ + 1'000'000;
  auto decision = decide(state_, command, {now_, next(head_.position), random_()});
  if (!decision) return nullptr;
  return record(std::move(decision).value());
}

eventstore::CommitPtr Town::record(std::vector<Event> events) {
  Commit commit{next(head_.position), now_, {}, std::move(events)};
  seal(commit);
  apply(state_, commit);
  std::string bytes;
  eventstore::Encoder().encode(commit, bytes);
  store(commit.last(), bytes);
  commits_.push_back(std::make_shared<Commit const>(std::move(commit)));
  return commits_.back();
}

void Town::store(Position last, std::string_view bytes) {
  auto const expected = head_.position;
  head_ = {last, eventstore::chain_link(head_.link, last, bytes)};
  eventstore::StoredCommit const stored{last, bytes, head_.link};
  auto const epoch = log_.lease();
  FLORIN_ASSERT(epoch);
  FLORIN_ASSERT(log_.append({expected, epoch.value(), {&stored, 1}}));
}

void Town::publish(eventstore::Tail& tail) {
  auto const after = tail.head();
  auto const found = std::partition_point(commits_.begin(), commits_.end(),
                                          [&](eventstore::CommitPtr const& commit) { return commit->first <= after; });
  std::span const fresh(found, commits_.end());
  if (fresh.empty()) return;
  auto cursor = log_.read(fresh.front()->first);
  FLORIN_ASSERT(cursor);
  std::vector<eventstore::StoredCommit> rows;
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    auto const row = cursor.value()->next();
    FLORIN_ASSERT(row && row.value());
    rows.push_back({row.value()->last, {}, row.value()->link});
  }
  tail.publish(fresh, rows);
}

void Town::append_garbage() { store(next(head_.position), "garbage"); }

Game const& Town::create_game(std::string const& name, std::vector<std::string> const& currencies, Money starting) {
  CreateGame command;
  command.settings.name = name;
  command.settings.status = GameStatus::live;
  for (auto const& currency : currencies) {
    command.currencies.push_back({{}, currency, "X", starting, Money::from_minor(1), std::nullopt});
  }
  command.key_hash = eventstore::sha256(name);
  play(command);
  return state_.games().back();
}

PlayerRef Town::person(std::size_t person) const {
  return {email_index(person), email(person), "name" + std::to_string(person), person + 1, false};
}

BlindIndex Town::email_index(std::size_t person) { return blind(email(person)); }

PhoneRef Town::phone(std::size_t person) {
  auto const number = "+1555" + std::to_string(1'000'000 + person);
  return {blind(number), number};
}

std::size_t Town::person_of(IdentityId identity) const {
  auto const& index = state_.identity_rows()[identity.value() - 1].email_index;
  std::size_t person = 0;
  while (email_index(person) != index) ++person;
  return person;
}

std::string Town::sealed_email(std::size_t person) { return "sealed " + email(person); }

PlayerId Town::player(Game const& game, std::size_t person) const {
  return state_.find_player(game.id, state_.find_identity(email_index(person)).value()).value();
}

eventstore::CommitPtr Town::credit(Game const& game, std::size_t who, std::int64_t minor, std::size_t currency) {
  return play(
      CreditBalance{game.id, person(who), game.currencies[currency].currency, Money::from_minor(minor), "gift"});
}

eventstore::CommitPtr Town::debit(Game const& game, std::size_t who, std::int64_t minor, std::size_t currency) {
  return play(DebitBalance{game.id, person(who), game.currencies[currency].currency, Money::from_minor(minor), "tax"});
}

eventstore::CommitPtr Town::purchase(Game const& game, std::size_t who, std::int64_t minor, std::size_t currency) {
  return play(PurchaseItem{game.id,
                           person(who),
                           game.currencies[currency].currency,
                           {"sword", "Sword", "arms", ""},
                           1,
                           Money::from_minor(minor),
                           Money::from_minor(minor)});
}

eventstore::CommitPtr Town::refund(Game const& game, eventstore::CommitPtr const& purchase) {
  return play(RefundItem{game.id, samples::fact_in<ItemPurchased>(*purchase), "broken"});
}

eventstore::CommitPtr Town::rename(Game const& game, std::size_t who, std::string const& name) {
  auto ref = person(who);
  ref.name = name;
  ref.name_tag = std::hash<std::string>{}(name) | 1;
  ref.renamed = true;
  return play(CreditBalance{game.id, ref, {}, Money::from_minor(1), "rename"});
}

eventstore::CommitPtr Town::initiate(Game const& from, std::size_t sender, Game const& to, std::size_t receiver,
                                     std::int64_t minor) {
  return play(InitiateTransfer{sender == receiver ? Flavour::transfer : Flavour::send,
                               from.id,
                               person(sender),
                               phone(sender),
                               to.id,
                               {email_index(receiver), email(receiver)},
                               phone(receiver),
                               {},
                               Money::from_minor(minor),
                               /*unlimited=*/true});
}

eventstore::CommitPtr Town::verify(TransferId transaction, bool right) {
  auto const* transfer = state_.find_transfer(transaction);
  if (transfer == nullptr) return nullptr;
  return play(
      VerifyPin{state_.game_of(transfer->sender)->id, transfer->flavour, transaction, right ? ~std::uint32_t{0} : 0});
}

eventstore::CommitPtr Town::claim(TransferId transaction, std::size_t currency, PlayerId chosen) {
  auto const* transfer = state_.find_transfer(transaction);
  if (transfer == nullptr) return nullptr;
  auto const& phone_row = state_.phones()[transfer->receiver_phone];
  auto const& game = *state_.find_game(transfer->target);
  for (auto const identity : state_.phones().people(phone_row.phone)) {
    if (auto const player = state_.find_player(game.id, identity); player && !chosen) chosen = *player;
  }
  return play(ClaimTransfer{transfer->target,
                            transfer->flavour,
                            transaction,
                            person(person_of(IdentityId(phone_row.identity))),
                            {phone_row.phone, ""},
                            game.currencies[currency % game.currencies.size()].currency,
                            chosen});
}

eventstore::CommitPtr Town::cancel(TransferId transaction) {
  auto const* transfer = state_.find_transfer(transaction);
  if (transfer == nullptr) return nullptr;
  return play(CancelTransfer{state_.game_of(transfer->sender)->id, transfer->flavour, transaction});
}

eventstore::CommitPtr Town::expire(TransferId transaction) { return play(ExpireTransfer{transaction}); }

eventstore::CommitPtr Town::flag_minor(std::size_t who, std::size_t guardian) {
  return play(FlagMinor{{email_index(who), email(who)}, phone(guardian)});
}

eventstore::CommitPtr Town::reply(std::size_t who, ReplyWord word) {
  return play(ReceiveReply{phone(who).index, word, false, {}});
}

eventstore::CommitPtr Town::ask_for_phone(std::size_t who, std::size_t owner) {
  return play(RequestPhoneShare{phone(owner), {email_index(who), email(who)}});
}

eventstore::CommitPtr Town::play_initiation(std::size_t players) {
  auto const sender = draw(players);
  auto const receiver = draw(3) == 0 ? sender : draw(players);
  auto const& from = state_.games()[draw(state_.games().size())];
  auto const& to = state_.games()[draw(state_.games().size())];
  InitiateTransfer command{sender == receiver ? Flavour::transfer : Flavour::send,
                           from.id,
                           person(sender),
                           phone(draw(8) == 0 ? draw(players) : sender),
                           to.id,
                           {email_index(receiver), email(receiver)},
                           phone(draw(8) == 0 ? draw(players) : receiver),
                           from.currencies[draw(from.currencies.size())].currency,
                           Money::from_minor(static_cast<std::int64_t>(1 + draw(2'000))),
                           /*unlimited=*/true};
  return play(command);
}

eventstore::CommitPtr Town::play_open_matter(std::size_t players) {
  auto const& open = state_.transfers();
  auto const pick = [&](auto const& from) { return std::next(from.begin(), static_cast<long>(draw(from.size()))); };
  auto const& shares = state_.shares().all();
  auto const who = draw(players);
  switch (draw(16)) {
    case 0: pass(static_cast<std::int64_t>(draw(30) == 0 ? 90'000 : draw(400))); return nullptr;
    case 1: return draw(2) == 0 ? flag_minor(who, draw(players)) : play(ClearMinor{email_index(who)});
    case 2:
      // Whoever was asked first, or anybody.
      if (!state_.questions().empty() && draw(4) != 0) {
        return play(
            ReceiveReply{pick(state_.questions())->first, draw(3) == 0 ? ReplyWord::no : ReplyWord::yes, false, {}});
      }
      return reply(who, ReplyWord::yes);
    case 3: return ask_for_phone(who, draw(players));
    case 4:
      if (shares.empty()) return nullptr;
      if (auto const ended = play(ExpirePhoneShare{shares.begin()->first})) return ended;
      return play(AnswerPhoneShare{pick(shares)->first, draw(2) == 0, draw(3) != 0});
    case 5: {
      if (state_.owed_texts().empty()) return nullptr;
      return play(SettleTexts{{{*pick(state_.owed_texts()), static_cast<TextEnd>(draw(3))}}});
    }
    case 6:
    case 7:
    case 8:
    case 9: return play_initiation(players);
    default: break;
  }
  if (open.empty()) return nullptr;
  auto const& [transaction, transfer] = *pick(open);
  if (auto const ended = expire(transaction)) return ended;
  if (transfer.stage == TransferStage::claim) return draw(3) == 0 ? nullptr : claim(transaction, draw(2));
  switch (draw(8)) {
    case 0: return cancel(transaction);
    case 1: return play(ResendPin{state_.game_of(transfer.sender)->id, transfer.flavour, transaction});
    default: return verify(transaction, draw(3) != 0);
  }
}

eventstore::CommitPtr Town::play_random(std::size_t players) {
  if (state_.games().empty() || (state_.games().size() < 4 && draw(50) == 0)) {
    auto const number = std::to_string(state_.games().size());
    create_game("game " + number,
                draw(2) == 0 ? std::vector<std::string>{"gold"} : std::vector<std::string>{"gold", "gems"},
                Money::from_minor(static_cast<std::int64_t>(draw(3) * 1'000)));
    return commits_.back();
  }
  if (draw(5) < 2) return play_open_matter(players);
  auto const& game = state_.games()[draw(state_.games().size())];
  auto const who = draw(players);
  auto const currency = draw(game.currencies.size());
  auto const minor = static_cast<std::int64_t>(1 + draw(5'000));
  switch (draw(20)) {
    case 0: {
      UpdateGame update{game.id, {}};
      update.changes.genre = std::to_string(draw(100));
      return play(update);
    }
    case 1: return play(RotateSdkKey{game.id, eventstore::sha256(std::to_string(draw(1'000'000))), draw(2) == 0});
    case 2: return rename(game, who, "name " + std::to_string(draw(50)));
    case 3: return debit(game, who, minor, currency);
    case 4: {
      if (purchases_.empty()) return nullptr;
      auto const& bought = purchases_[draw(purchases_.size())];
      auto const& fact = std::get<ItemPurchased>(bought->events.back());
      return refund(*state_.game_of(fact.player), bought);
    }
    case 5:
    case 6:
    case 7:
    case 8: return credit(game, who, minor * 4, currency);
    default: break;
  }
  auto bought = purchase(game, who, minor, currency);
  if (bought) purchases_.push_back(bought);
  return bought;
}

}  // namespace florin::projections
