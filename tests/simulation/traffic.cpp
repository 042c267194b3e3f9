#include "tests/simulation/traffic.h"

#include <array>
#include <iterator>
#include <string>

#include "tests/support/commands.h"

namespace florin::simulation {

using namespace domain;

namespace {

constexpr std::size_t kGames = 3;
// Of the sandbox's (sagas/gateways/test_cards.h); nobody knows the last one.
constexpr std::array<char const*, 12> kCards{"pm_card_visa",
                                             "pm_card_visa",
                                             "pm_card_visa",
                                             "pm_card_visa",
                                             "pm_card_visa",
                                             "pm_card_visa",
                                             "pm_card_threeDSecure2Required",
                                             "pm_card_threeDSecure2Required",
                                             "pm_card_createDispute",
                                             "pm_card_chargeDeclined",
                                             "pm_card_chargeDeclinedInsufficientFunds",
                                             "pm_card_stolen"};
// Of the sandbox's bank: the last two come back.
constexpr std::array<char const*, 6> kAccounts{"1234567890",   "1234567891",   "1234567892",
                                               "000123456789", "000111111116", "000333333335"};

template <class From>
auto pick(From const& from, std::uint64_t at) {
  return std::next(from.begin(), static_cast<std::ptrdiff_t>(at % from.size()));
}

}  // namespace

PersonRef Traffic::somebody(std::size_t number) const {
  auto const found = people_->find(test_support::person(number).email);
  return {found.value().index, found.value().written};
}

PlayerRef Traffic::person(std::size_t number) const {
  PlayerRef ref;
  auto const who = somebody(number);
  ref.email_index = who.email_index;
  ref.email = who.email;
  ref.name = "name" + std::to_string(number);
  ref.name_tag = number + 1;
  return ref;
}

PhoneRef Traffic::phone(std::size_t number) const { return people_->phone(test_support::phone(number).number); }

std::optional<std::size_t> Traffic::number_of(State const& state, IdentityId identity) const {
  auto const& index = state.identity_rows()[identity.value() - 1].email_index;
  for (std::size_t number = 0; number < persons_; ++number) {
    if (somebody(number).email_index == index) return number;
  }
  return std::nullopt;
}

GameId Traffic::asker(State const& state) {
  return state.games().empty() ? GameId() : state.games()[draw(state.games().size())].id;
}

Command Traffic::initiation(State const& state) {
  auto const sender = draw(persons_);
  auto const receiver = draw(3) == 0 ? sender : draw(persons_);
  auto const& from = state.games()[draw(state.games().size())];
  auto const& to = state.games()[draw(state.games().size())];
  return InitiateTransfer{sender == receiver ? Flavour::transfer : Flavour::send,
                          from.id,
                          person(sender),
                          phone(draw(8) == 0 ? draw(persons_) : sender),
                          to.id,
                          somebody(receiver),
                          phone(draw(8) == 0 ? draw(persons_) : receiver),
                          from.currencies[draw(from.currencies.size())].currency,
                          Money::from_minor(static_cast<std::int64_t>(1 + draw(2'000))),
                          /*unlimited=*/true};
}

std::optional<Command> Traffic::claim(State const& state, TransferId transaction) {
  auto const& transfer = *state.find_transfer(transaction);
  auto const& phone = state.phones()[transfer.receiver_phone];
  auto const& game = *state.find_game(transfer.target);
  PlayerId chosen;
  for (auto const identity : state.phones().people(phone.phone)) {
    if (auto const player = state.find_player(game.id, identity); player && !chosen) chosen = *player;
  }
  auto const number = number_of(state, IdentityId(phone.identity));
  if (!number) return std::nullopt;
  return ClaimTransfer{transfer.target, transfer.flavour,  transaction,
                       person(*number), {phone.phone, ""}, game.currencies[draw(game.currencies.size())].currency,
                       chosen};
}

std::optional<Command> Traffic::open_matter(State const& state) {
  auto const who = draw(persons_);
  auto const& shares = state.shares().all();
  switch (draw(14)) {
    case 0:
      if (draw(6) == 0) return FlagMinor{somebody(who), std::nullopt};
      return FlagMinor{somebody(who), phone(draw(persons_))};
    case 1: return ClearMinor{somebody(who).email_index};
    case 2: {
      auto const word = draw(3) == 0 ? ReplyWord::no : ReplyWord::yes;
      if (state.questions().empty()) return ReceiveReply{phone(who).index, word, false, {}};
      auto const& [phone, about] = *pick(state.questions(), draw(1'000));
      if (draw(3) == 0) return ReceiveReply{phone, word, true, about};
      return ReceiveReply{phone, word, false, {}};
    }
    case 3: return RequestPhoneShare{phone(draw(persons_)), somebody(who), asker(state)};
    case 4:
    case 9: {
      if (shares.empty()) return RequestPhoneShare{phone(draw(persons_)), somebody(who), asker(state)};
      if (draw(8) == 0) return ExpirePhoneShare{shares.begin()->first};
      auto const& share = pick(shares, draw(1'000))->second;
      auto const asked_by = draw(8) == 0 || !share.game ? asker(state) : share.game;
      return AnswerPhoneShare{share.approval, draw(2) == 0, draw(3) != 0, asked_by};
    }
    case 5:
    case 6:
    case 7:
    case 8: return initiation(state);
    default: break;
  }
  auto const& open = state.transfers();
  if (open.empty()) return std::nullopt;
  auto const& [transaction, transfer] = *pick(open, draw(1'000));
  auto const source = state.game_of(transfer.sender)->id;
  if (draw(12) == 0) return ExpireTransfer{transaction};
  if (transfer.stage == TransferStage::claim && draw(4) != 0) return claim(state, transaction);
  switch (draw(8)) {
    case 0: return CancelTransfer{source, transfer.flavour, transaction};
    case 1: return ResendPin{source, transfer.flavour, transaction};
    default: return VerifyPin{source, transfer.flavour, transaction, draw(3) != 0 ? ~std::uint32_t{0} : 0};
  }
}

Command Traffic::create_game() {
  auto command = test_support::create_game("game " + std::to_string(++made_));
  command.settings.status = GameStatus::live;
  command.currencies[0].starting_amount = test_support::units(static_cast<std::int64_t>(draw(3) * 10));
  if (draw(2) == 0) {
    command.currencies.push_back(command.currencies[0]);
    command.currencies[1].name = "gems";
  }
  command.key_hash[1] = static_cast<std::uint8_t>(made_);
  return command;
}

// An operator changes a game.
Command Traffic::catalogue(State const& state, Game const& game) {
  switch (draw(5)) {
    case 0: {
      Digest key{};
      key[0] = 9;
      key[1] = static_cast<std::uint8_t>(++made_);
      key[2] = static_cast<std::uint8_t>(made_ >> 8);
      return RotateSdkKey{game.id, key, draw(2) == 0};
    }
    case 1: {
      auto currency = game.currencies[0];
      currency.name = "currency " + std::to_string(draw(4));  // which may be taken
      if (draw(8) == 0)
        currency.minimum_transfer = test_support::units(2), currency.maximum_transfer = test_support::units(1);
      return AddCurrency{game.id, currency};
    }
    case 2: {
      CurrencyChanges changes;
      changes.symbol = std::to_string(draw(100));
      if (draw(4) == 0) changes.starting_amount = test_support::units(static_cast<std::int64_t>(draw(20)));
      if (draw(4) == 0) changes.name = "currency " + std::to_string(draw(4));
      if (draw(8) == 0) changes.maximum_transfer = std::optional(Money::from_minor(1'500));
      return ChangeCurrency{game.id, game.currencies[draw(game.currencies.size())].currency, changes};
    }
    default: {
      UpdateGame update{game.id, {}};
      update.changes.genre = std::to_string(draw(100));
      if (draw(4) == 0) update.changes.transfer_fee = BasisPoints(static_cast<std::int32_t>(draw(1'001)));
      if (draw(8) == 0) update.changes.linked_games = {{state.games()[draw(state.games().size())].id}};
      return update;
    }
  }
}

// What is bought with a card, and what games cash out.
std::optional<Command> Traffic::real_money(Server const& server) {
  auto const& state = server.state;
  auto const& game = state.games()[draw(state.games().size())];
  auto const currency = game.currencies[draw(game.currencies.size())].currency;
  auto const who = draw(persons_);
  auto const usd = Usd::from_minor(static_cast<std::int64_t>(50 + draw(5'000)));
  switch (draw(8)) {
    case 0: return OpenCheckout{game.id, somebody(who), currency, usd, "", "", R"({"level":3})"};
    case 1: {
      if (server.past.card_purchases.empty()) return std::nullopt;
      auto const paid =
          server.facts.find<CurrencyPurchased>(server.past.card_purchases[draw(server.past.card_purchases.size())]);
      if (!paid || !paid.value()) return std::nullopt;
      auto const& original = *paid.value();
      auto part = std::optional(Usd::from_minor(static_cast<std::int64_t>(1 + draw(3'000))));
      if (draw(2) == 0) part.reset();
      return RefundPurchase{state.game_of(original->player)->id, original, part, "regret", draw(16) != 0};
    }
    case 2:
    case 3: {
      auto const payable = payable_usd(state, game);
      auto const part =
          draw(6) == 0 ? payable + usd : Usd::from_minor(payable.minor() / static_cast<std::int64_t>(1 + draw(4)));
      return RequestPayout{game.id,     somebody(who),        part, "Ann Holder", kAccounts[draw(kAccounts.size())],
                           "021000021", AccountType::checking};
    }
    default: return OrderCurrency{game.id, person(who), currency, usd, kCards[draw(kCards.size())], {}, draw(16) != 0};
  }
}

std::optional<Command> Traffic::next(Server const& server) {
  auto const& state = server.state;
  people_ = &server.people;
  if (state.games().empty() || (state.games().size() < kGames && draw(40) == 0)) return create_game();
  auto const what = draw(20);
  if (what < 8) return open_matter(state);
  if (what < 11) return real_money(server);
  auto const& game = state.games()[draw(state.games().size())];
  auto const currency = game.currencies[draw(game.currencies.size())].currency;
  auto const amount = Money::from_minor(static_cast<std::int64_t>(1 + draw(5'000)));
  auto const who = person(draw(persons_));
  switch (draw(20)) {
    case 0:
    case 1: return catalogue(state, game);
    case 2: {
      auto renamed = who;
      renamed.name = "name " + std::to_string(++made_);
      renamed.name_tag = 1'000 + made_;
      renamed.renamed = true;
      return CreditBalance{game.id, renamed, currency, amount, "rename"};
    }
    case 3:
    case 4: return DebitBalance{game.id, who, currency, amount, "tax"};
    case 5:
    case 6:
    case 7:
    case 8: return CreditBalance{game.id, who, currency, Money::from_minor(amount.minor() * 4), "gift"};
    case 9:
    case 10: {
      if (server.past.purchases.empty()) return std::nullopt;
      auto const sold = server.facts.find<ItemPurchased>(server.past.purchases[draw(server.past.purchases.size())]);
      if (!sold || !sold.value()) return std::nullopt;
      return RefundItem{state.game_of((*sold.value())->player)->id, *sold.value(), "broken"};
    }
    default: {
      auto const quantity = static_cast<std::uint32_t>(1 + draw(3));
      return PurchaseItem{game.id,
                          who,
                          currency,
                          {"sword", "Sword", "arms", ""},
                          quantity,
                          amount,
                          Money::from_minor(amount.minor() * quantity)};
    }
  }
}

}  // namespace florin::simulation
