// A small world in which random commands around transfers meet: steps that a generator draws and shrinks, and the
// ledger they are taken in.
#pragma once

#include <array>
#include <optional>
#include <ostream>
#include <utility>
#include <vector>

#include <rapidcheck.h>

#include "tests/domain/transfer_dsl.h"
#include "tests/support/facts.h"

namespace florin::domain::testing {

enum class Act : int {
  wait,
  credit,
  debit,
  purchase,
  refund,
  initiate,
  verify,
  resend,
  cancel,
  claim,
  expire,
  flag,
  clear,
  ask,
  answer,
  expire_share,
  reply,
  settle,
  update,
};
inline constexpr char const* kActNames[] = {
    "wait",   "credit", "debit", "purchase", "refund", "initiate",     "verify", "resend", "cancel", "claim",
    "expire", "flag",   "clear", "ask",      "answer", "expire_share", "reply",  "settle", "update"};

// A command in the small: indexes into a world of four games, four people with a phone each, and the transactions,
// approvals and orders made so far. `aimed` commands name what is really there; the others name whatever comes.
struct TransferStep {
  Act act = Act::wait;
  std::int64_t micros = 0;  // how long to wait
  int person = 0;
  int other = 0;
  int phone = 0;  // 0: the person's own
  int other_phone = 0;
  int game = 0;
  int target = 1;
  int which = 0;  // 0: the newest
  int choice = 0;
  std::int64_t minor = 0;
  bool aimed = true;
  bool send = true;
};

inline void showValue(TransferStep const& step, std::ostream& out) {
  out << "\n  " << kActNames[static_cast<int>(step.act)];
  if (step.act == Act::wait) {
    out << " " << step.micros;
    return;
  }
  out << " person=" << step.person << " other=" << step.other << " phone=" << step.phone << "," << step.other_phone
      << " game=" << step.game << "," << step.target << " which=" << step.which << " choice=" << step.choice
      << " minor=" << step.minor << (step.aimed ? " aimed" : "") << (step.send ? " send" : " transfer");
}

}  // namespace florin::domain::testing

namespace rc {
template <>
struct Arbitrary<florin::domain::testing::TransferStep> {
  static Gen<florin::domain::testing::TransferStep> arbitrary() {
    using namespace florin::domain::testing;
    using Micros = std::int64_t;
    auto const small = [](int end) { return gen::weightedOneOf<int>({{3, gen::just(0)}, {2, gen::inRange(0, end)}}); };
    return gen::build<TransferStep>(
        gen::set(&TransferStep::act, gen::weightedElement<Act>({{7, Act::wait},
                                                                {4, Act::credit},
                                                                {2, Act::debit},
                                                                {1, Act::purchase},
                                                                {1, Act::refund},
                                                                {9, Act::initiate},
                                                                {9, Act::verify},
                                                                {3, Act::resend},
                                                                {2, Act::cancel},
                                                                {7, Act::claim},
                                                                {4, Act::expire},
                                                                {2, Act::flag},
                                                                {1, Act::clear},
                                                                {4, Act::ask},
                                                                {3, Act::answer},
                                                                {2, Act::expire_share},
                                                                {4, Act::reply},
                                                                {3, Act::settle},
                                                                {1, Act::update}})),
        gen::set(&TransferStep::micros, gen::weightedElement<Micros>({{4, 1},
                                                                      {4, kSecond},
                                                                      {4, 30 * kSecond},
                                                                      {2, 30 * kSecond - 1},
                                                                      {4, kMinute},
                                                                      {2, 5 * kMinute},
                                                                      {1, 10 * kMinute - 1},
                                                                      {2, 10 * kMinute},
                                                                      {1, 15 * kMinute},
                                                                      {1, kHour},
                                                                      {1, kDay}})),
        gen::set(&TransferStep::person, gen::inRange(0, 4)), gen::set(&TransferStep::other, gen::inRange(0, 4)),
        gen::set(&TransferStep::phone, gen::weightedOneOf<int>({{6, gen::just(0)}, {1, gen::inRange(0, 5)}})),
        gen::set(&TransferStep::other_phone, gen::weightedOneOf<int>({{4, gen::just(0)}, {1, gen::inRange(0, 5)}})),
        gen::set(&TransferStep::game, gen::weightedElement<int>({{9, 0}, {5, 1}, {1, 2}, {1, 3}})),
        gen::set(&TransferStep::target, gen::weightedElement<int>({{9, 1}, {5, 0}, {1, 2}, {1, 3}, {1, 4}})),
        gen::set(&TransferStep::which, small(6)), gen::set(&TransferStep::choice, gen::inRange(0, 12)),
        gen::set(&TransferStep::minor, gen::weightedOneOf<std::int64_t>(
                                           {{4, gen::element<std::int64_t>(5, 10)},
                                            {4, gen::inRange<std::int64_t>(1, 40)},
                                            {6, gen::inRange<std::int64_t>(1, 30'000)},
                                            {1, gen::element<std::int64_t>(-1, 0, 99'999'999'999, 100'000'000'000)}})),
        gen::set(&TransferStep::aimed, gen::weightedElement<bool>({{5, true}, {1, false}})),
        gen::set(&TransferStep::send, gen::weightedElement<bool>({{2, true}, {1, false}})));
  }
};
}  // namespace rc

namespace florin::domain::testing {

using TransferSteps = std::vector<TransferStep>;

// Up to 400 commands.
inline rc::Gen<TransferSteps> long_transfer_history() { return rc::gen::scale(4, rc::gen::arbitrary<TransferSteps>()); }

inline constexpr std::array<GameId, 5> kGames{kGame, kOther, kTesting, kSuspended, kUnknown};
inline constexpr std::array<char const*, 4> kPeople{kAnn, kBob, kCat, "dan@example.com"};
inline constexpr std::array<char const*, 4> kNumbers{kAnnsPhone, kBobsPhone, kMumsPhone, "+15550000004"};

template <class Names>
auto name_of(Names const& names, BlindIndex const& index) {
  for (auto const* name : names) {
    if (index_of(name) == index) return name;
  }
  return names.front();
}

// A ledger with its history, as the writer would keep it, and what an outsider would remember of it.
struct TransferWorld {
  State state;
  std::vector<Commit> log;
  std::vector<std::pair<Position, ItemPurchased>> orders;
  std::vector<TransferId> transactions;
  std::vector<ApprovalId> approvals;
  Position next{1};
  Timestamp now = kNow;

  TransferWorld() {
    record({limited(kGame, GameStatus::live, {currency(kGold, "gold", units("100.00")), currency(kGems, "gems")}),
            limited(kTesting, GameStatus::testing, {currency(kDust, "dust")}),
            limited(kSuspended, GameStatus::suspended, {currency(kAsh, "ash")}),
            limited(kOther, GameStatus::live, {ranged_coins(), currency(kStars, "stars")})});
  }
  // A game of which a player soon reaches the velocity limits.
  static GameCreated limited(GameId id, GameStatus status, std::vector<CurrencySpec> currencies) {
    auto event = game_created(id, status, std::move(currencies));
    event.settings.limits = {{LimitKind::transfers_per_player_hour, 2},
                             {LimitKind::transfer_units_per_player_day, 50},
                             {LimitKind::sends_per_player_hour, 3},
                             {LimitKind::send_units_per_player_day, 50}};
    return event;
  }
  static CurrencySpec ranged_coins() {
    auto coins = currency(kCoins, "coins", units("3.00"));
    coins.minimum_transfer = units("0.02");
    coins.maximum_transfer = units("250.00");
    return coins;
  }

  void record(std::vector<Event> events) {
    for (auto const& event : events) {
      if (auto const* sale = std::get_if<ItemPurchased>(&event)) orders.emplace_back(next, *sale);
      if (std::holds_alternative<TransferInitiated>(event)) transactions.emplace_back(next);
      if (std::holds_alternative<PhoneShareRequested>(event)) approvals.emplace_back(next);
    }
    Commit commit{next, now, {}, std::move(events)};
    apply(state, commit);
    next = domain::next(commit.last());
    log.push_back(std::move(commit));
  }

  [[nodiscard]] Context context() const { return {now, next, next.value() * 0x9e37'79b9'7f4a'7c15}; }

  Decision execute(Command const& command) {
    auto decision = decide(state, command, context());
    if (decision.ok()) record(decision.value());
    return decision;
  }
  // No decision: time went by.
  std::optional<Decision> take(TransferStep const& step) {
    if (step.act != Act::wait) return execute(command(step));
    now = now + step.micros;
    return std::nullopt;
  }

  template <class Named>
  static Named pick(std::vector<Named> const& from, int which) {
    if (from.empty()) return Named(1);
    return from[from.size() - 1 - static_cast<std::size_t>(which) % from.size()];
  }
  static PhoneRef number(int person, int phone_of) {
    return phone(kNumbers[static_cast<std::size_t>(phone_of == 0 ? person : phone_of - 1)]);
  }

  [[nodiscard]] Command command(TransferStep const& step) const {
    auto const game = kGames[static_cast<std::size_t>(step.game)];
    auto who = player(kPeople[static_cast<std::size_t>(step.person)]);
    who.renamed = step.choice == 11;
    auto const* other = kPeople[static_cast<std::size_t>(step.other)];
    auto const amount = Money::from_minor(step.minor);
    auto const transaction = pick(transactions, step.which);
    auto const* transfer = state.find_transfer(transaction);
    auto const aimed = step.aimed && transfer != nullptr;
    auto const flavour = aimed ? transfer->flavour : step.send ? Flavour::send : Flavour::transfer;
    auto const own_game = aimed ? state.game_of(transfer->sender)->id : game;
    switch (step.act) {
      case Act::wait: break;
      case Act::credit:
        return CreditBalance{game, who, {}, Money::checked_multiply(amount, 5).value_or(amount), "reward"};
      case Act::debit: return DebitBalance{game, who, {}, amount, "spent"};
      case Act::purchase: return PurchaseItem{game, who, {}, Item{"sword", "Sword", "", ""}, 1, amount, amount};
      case Act::refund: {
        if (orders.empty()) return RefundItem{game, samples::fact(ItemPurchased{}, Position(1)), ""};
        auto const& [order, sale] = orders[static_cast<std::size_t>(step.which) % orders.size()];
        return RefundItem{state.game_of(sale.player)->id, samples::fact(sale, order), "broken"};
      }
      case Act::initiate: {
        InitiateTransfer initiate;
        initiate.flavour = step.send ? Flavour::send : Flavour::transfer;
        initiate.game = game;
        initiate.sender = who;
        initiate.sender_phone = number(step.person, step.phone);
        initiate.target = kGames[static_cast<std::size_t>(step.target)];
        initiate.receiver = person(step.send ? other : kPeople[static_cast<std::size_t>(step.person)]);
        initiate.receiver_phone = number(step.send ? step.other : step.person, step.other_phone);
        initiate.amount = amount;
        if (step.choice > 9 && transfer != nullptr) repeat(*transfer, initiate);
        initiate.unlimited = step.choice >= 6;
        return initiate;
      }
      case Act::verify: {
        auto const newest = transfer == nullptr ? 1u : 1u << (transfer->pins_issued - 1u);
        std::uint32_t const matching = step.choice < 7 ? newest : step.choice < 10 ? 0 : newest - 1;
        return VerifyPin{own_game, flavour, transaction, matching};
      }
      case Act::resend: return ResendPin{own_game, flavour, transaction};
      case Act::cancel: return CancelTransfer{own_game, flavour, transaction};
      case Act::claim: return claim(step, transaction, aimed ? transfer : nullptr);
      case Act::expire: return ExpireTransfer{transaction};
      case Act::flag: {
        std::optional<PhoneRef> guardian;
        if (step.choice != 0) guardian = number(step.other, step.other_phone);
        return FlagMinor{person(kPeople[static_cast<std::size_t>(step.person)]), guardian};
      }
      case Act::clear: return ClearMinor{who.email_index};
      case Act::ask: return RequestPhoneShare{number(step.person, step.phone), person(other)};
      case Act::answer: return AnswerPhoneShare{pick(approvals, step.which), step.choice < 4, step.aimed};
      case Act::expire_share: return ExpirePhoneShare{pick(approvals, step.which)};
      case Act::reply: return reply_of(step);
      case Act::settle: {
        SettleTexts settle;
        for (auto const& text : state.owed_texts()) {
          if (step.aimed || settle.texts.empty()) settle.texts.push_back({text, static_cast<TextEnd>(step.choice % 3)});
        }
        return settle;
      }
      case Act::update: {
        GameChanges changes;
        if (step.choice < 3) changes.status = step.choice == 0 ? GameStatus::testing : GameStatus::live;
        if (step.choice == 3) changes.universal_transfers = step.aimed;
        if (step.choice == 4) changes.allows_incoming_transfers = step.aimed;
        if (step.choice == 5) changes.linked_games = std::vector<GameId>{game == kGame ? kOther : kGame};
        if (step.choice > 5) changes.transfer_fee = BasisPoints(static_cast<std::int32_t>(step.minor & 0x3ff) % 1'001);
        return UpdateGame{step.game > 1 ? kGame : game, changes};
      }
    }
    return ClearMinor{};
  }

  [[nodiscard]] char const* email_of(IdentityId identity) const {
    return name_of(kPeople, state.identity_rows()[identity.value() - 1].email_index);
  }

  // The same again, as an impatient player would.
  void repeat(OpenTransfer const& transfer, InitiateTransfer& again) const {
    auto const& to = state.phones()[transfer.receiver_phone];
    again.flavour = transfer.flavour;
    again.game = state.game_of(transfer.sender)->id;
    again.sender = player(email_of(*state.identity_of(transfer.sender)));
    again.sender_phone = phone(name_of(kNumbers, state.phones()[transfer.sender_phone].phone));
    again.target = transfer.target;
    again.receiver = person(email_of(IdentityId(to.identity)));
    again.receiver_phone = phone(name_of(kNumbers, to.phone));
    again.amount = transfer.amount;
  }

  [[nodiscard]] ClaimTransfer claim(TransferStep const& step, TransferId transaction,
                                    OpenTransfer const* transfer) const {
    ClaimTransfer claim;
    claim.transaction = transaction;
    claim.game = kGames[static_cast<std::size_t>(step.target)];
    claim.flavour = step.send ? Flavour::send : Flavour::transfer;
    claim.receiver = player(kPeople[static_cast<std::size_t>(step.other)]);
    claim.phone = number(step.other, step.other_phone);
    if (transfer != nullptr) {
      auto const& row = state.phones()[transfer->receiver_phone];
      claim.game = transfer->target;
      claim.flavour = transfer->flavour;
      claim.phone = phone(name_of(kNumbers, row.phone));
      if (step.choice < 9) {
        claim.receiver = player(email_of(IdentityId(row.identity)));
      }
    }
    if (step.choice % 4 == 3) claim.player = PlayerId(static_cast<std::uint64_t>(step.person) + 1);
    if (step.choice == 0) claim.currency = kStars;
    return claim;
  }

  [[nodiscard]] ReceiveReply reply_of(TransferStep const& step) const {
    auto const word = static_cast<ReplyWord>(step.minor % 3 < 0 ? 0 : step.minor % 3);
    auto const& questions = state.questions();
    if (!step.aimed || questions.empty()) {
      auto const* from = kNumbers[static_cast<std::size_t>(step.person)];
      if (step.choice < 4) return reply_with_code(from, word, pick(approvals, step.which).position());
      return step.choice < 6 ? reply_with_code(from, word, Position{}) : reply(from, word);
    }
    auto at = questions.begin();
    std::advance(at, static_cast<std::size_t>(step.which) % questions.size());
    auto const* from = name_of(kNumbers, at->first);
    return step.choice < 3 ? reply_with_code(from, word, at->second) : reply(from, word);
  }
};

}  // namespace florin::domain::testing
