// Over 500 lines because every kind of event has its check here, in one visitor: an auditor reads them side by side.
#include "eventstore/engine/fold_check.h"

#include <algorithm>

#include "domain/catalogue.h"
#include "domain/digits.h"
#include "domain/postings.h"

namespace florin::eventstore {
namespace {

using namespace domain;

// Times beyond it have no calendar, and windows could not be added to them.
constexpr Timestamp kLastMoment = Timestamp::from_seconds(253'402'300'799);  // the year 9999 ends

// Of a balance, and of a share of a price.
bool in_range(Money amount) { return amount >= Money{} && amount <= kMaxBalance; }
bool can_move(Money amount) { return in_range(amount) && amount != Money{}; }

bool has_wallet(State const& state, PlayerId player, CurrencyId currency) {
  auto const* game = state.game_of(player);
  return game != nullptr && game->find_currency(currency) != nullptr;
}

// What a wallet holds before and after an event, as its amounts say and as the event says. Only the card's own money
// leads out of range; what is out may come nearer.
char const* check_after(Wallet const& before, Money available, Money reserved, Money available_after,
                        Money reserved_after) {
  if (available != available_after || reserved != reserved_after) return "the balance after it does not add up";
  auto const overdrawn = available < Money{} && available < before.available;
  auto const too_full = available + reserved > kMaxBalance && available + reserved > before.total();
  if (overdrawn || too_full || !in_range(reserved)) return "leaves a balance out of range";
  return nullptr;
}

// `sign`: +1 or -1 times an amount.
char const* check_move(State const& state, PlayerId player, CurrencyId currency, Money amount, int sign, Money after) {
  if (state.game_of(player) == nullptr) return "moves money of a player who never joined";
  if (!has_wallet(state, player, currency)) return "moves a currency that is not of the player's game";
  if (!can_move(amount)) return "moves an amount out of range";
  auto const wallet = state.wallet(player, currency);
  return check_after(wallet, wallet.available + (sign > 0 ? amount : -amount), wallet.reserved, after, wallet.reserved);
}

// Between the two balances of one wallet: `sign` +1 reserves an amount, -1 gives it back.
char const* check_reserve(State const& state, PlayerId player, CurrencyId currency, Money amount, int sign,
                          Money available_after, Money reserved_after) {
  if (!has_wallet(state, player, currency)) return "moves a currency that is not of the player's game";
  if (amount <= Money{} || amount > kMaxAmount) return "moves an amount out of range";
  auto const wallet = state.wallet(player, currency);
  auto const moved = sign > 0 ? amount : -amount;
  return check_after(wallet, wallet.available - moved, wallet.reserved + moved, available_after, reserved_after);
}

// So many dollars of a card come to a wallet, or leave it, within kMaxPurchaseUsd.
char const* check_card_move(State const& state, PlayerId player, CurrencyId currency, Usd usd, Money after) {
  auto const available = state.wallet(player, currency).available + units_of(usd);
  if (available != after) return "the balance after it does not add up";
  constexpr std::int64_t kFar = 2;
  return available.minor() > kFar * kMaxBalance.minor() || available.minor() < -kMaxBalance.minor()
             ? "leaves a balance out of range"
             : nullptr;
}

// A dollar amount of a card, `sign` times, on a wallet: it may lead below zero and above what a wallet may hold, but
// not where sums are not exact any more.
char const* check_charge(State const& state, PlayerId player, CurrencyId currency, Usd usd, int sign, Money after) {
  if (!has_wallet(state, player, currency)) return "moves a currency that is not of the player's game";
  if (usd <= Usd{} || usd > kMaxPurchaseUsd) return "moves an amount out of range";
  return check_card_move(state, player, currency, sign > 0 ? usd : sign < 0 ? -usd : Usd{}, after);
}

// Whether an event is of the player and the currency that the order's earlier ones were of.
template <class E>
bool is_of(Returned const& returned, E const& e) {
  return returned.player == e.player && returned.currency == e.currency;
}

// What a game is owed stays where sums are exact: no log that was not forged comes near.
bool fits_revenue(State const& state, CurrencyId currency) {
  constexpr std::int64_t kFar = std::int64_t{1} << 60;
  auto const owed = state.revenue(currency).owed.minor();
  return owed > -kFar && owed < kFar;
}

bool is_fee(Usd usd) { return usd >= Usd{} && usd <= kMaxPurchaseUsd; }

// Shares that make up so many dollars, each of a currency of the game.
char const* check_shares(Game const& game, Usd usd, std::vector<PayoutShare> const& shares) {
  if (usd <= Usd{} || usd > kMaxPayoutUsd) return "pays out an amount out of range";
  Money sum;
  for (auto const& share : shares) {
    if (game.find_currency(share.currency) == nullptr) return "pays out a currency that is not of the game";
    if (&share != shares.data() && share.currency <= (&share - 1)->currency) return "pays out a currency twice";
    if (share.amount <= Money{} || share.amount > units_of(usd) - sum) return "pays out more than its amount";
    sum += share.amount;
  }
  return sum == units_of(usd) ? nullptr : "pays out less than its amount";
}

char const* check_currency(Game const& game, CurrencySpec const& currency) {
  if (!valid_currency(currency)) return "is of a currency that no game may have";
  return is_name_taken(game, currency) ? "gives two currencies one name" : nullptr;
}

// As a bank announces a change: C and two digits.
bool is_change_code(std::string_view code) {
  return code.size() == 3 && code[0] == 'C' && is_digit(code[1]) && is_digit(code[2]);
}

bool fees_in_range(TransferFees const& fees, Money amount) {
  for (auto const fee : {fees.source, fees.target, fees.network}) {
    if (fee < Money{} || fee > amount) return false;
  }
  return fees.total() <= amount;
}

// A wait that begins now and ends some day.
bool is_wait(Timestamp at, Timestamp until) { return until > at && until <= kLastMoment; }

// Whether a transfer that looks like this ends for this reason.
bool can_return(OpenTransfer const& transfer, ReturnReason reason, Timestamp at) {
  auto const waits_for_pin = transfer.stage == TransferStage::pin;
  switch (reason) {
    case ReturnReason::wrong_pins: return waits_for_pin && transfer.wrong_pins == kWrongPinsMax;
    case ReturnReason::guardian_rejected: return transfer.guardian == GuardianState::pending;
    case ReturnReason::cancelled: return waits_for_pin;
    case ReturnReason::pin_expired:
    case ReturnReason::claim_expired:
    case ReturnReason::guardian_expired: return reason == transfer.expiry_reason() && at >= transfer.expires_at();
  }
  return false;
}

bool can_end(OpenShare const& share, ShareEnd end, Timestamp at) {
  switch (end) {
    case ShareEnd::approved:
    case ShareEnd::rejected: return at < share.expires_at;
    case ShareEnd::expired: return at >= share.expires_at;
    case ShareEnd::wrong_codes: return share.wrong_codes == kWrongCodesMax;
    case ShareEnd::superseded: return true;
  }
  return false;
}

char const* check_split(Money total, Money fee, Money revenue) {
  if (!can_move(total) || !in_range(fee) || !in_range(revenue)) return "moves an amount out of range";
  return nullptr;  // that they make up the total is what the postings tell
}

struct Check {
  State const& state;
  Place const& place;

  [[nodiscard]] bool knows(IdentityId identity) const { return identity && identity.value() <= state.identity_count(); }
  [[nodiscard]] IdentityId holder(PhoneId phone) const { return IdentityId(state.phones()[phone].identity); }
  [[nodiscard]] bool is_phone_of(PhoneId phone, IdentityId identity) const {
    return state.phones().contains(phone) && holder(phone) == identity;
  }
  // A transaction or an approval has the name of its commit, and that name once.
  [[nodiscard]] bool is_new(Position name) const {
    return name && name == place.first && state.find_transfer(TransferId(name)) == nullptr &&
           state.shares().find(ApprovalId(name)) == nullptr;
  }

  char const* operator()(GameCreated const& e) const {
    if (state.find_game(e.game) != nullptr) return "creates a game that exists";
    if (e.currencies.empty()) return "creates a game without a currency";
    auto sequence = state.currency_count();
    for (auto const& currency : e.currencies) {
      if (currency.currency.value() != ++sequence) return "creates a currency out of sequence";
    }
    return valid_currencies(e.currencies) ? nullptr : "creates currencies that no game may have";
  }
  char const* operator()(GameUpdated const& e) const {
    return state.find_game(e.game) == nullptr ? "changes a game that does not exist" : nullptr;
  }
  char const* operator()(CurrencyAdded const& e) const {
    auto const* game = state.find_game(e.game);
    if (game == nullptr) return "adds a currency to a game that does not exist";
    if (e.currency.currency.value() != state.currency_count() + 1) return "adds a currency out of sequence";
    if (game->currencies.size() >= kCurrenciesPerGameMax) return "adds more currencies than a game may have";
    return check_currency(*game, e.currency);
  }
  char const* operator()(CurrencyChanged const& e) const {
    auto const* game = state.find_game(e.game);
    if (game == nullptr) return "changes a currency of a game that does not exist";
    if (game->find_currency(e.currency.currency) == nullptr) return "changes a currency that the game does not have";
    return check_currency(*game, e.currency);
  }
  char const* operator()(SdkKeyRotated const& e) const {
    return state.find_game(e.game) == nullptr ? "rotates the key of a game that does not exist" : nullptr;
  }
  char const* operator()(IdentityRegistered const& e) const {
    if (e.identity.value() != state.identity_count() + 1) return "registers an identity out of sequence";
    return state.find_identity(e.email_index) ? "registers an identity twice" : nullptr;
  }
  char const* operator()(PlayerJoined const& e) const {
    if (e.player.value() != state.player_count() + 1) return "adds a player out of sequence";
    if (!knows(e.identity)) return "adds a player without an identity";
    if (state.find_game(e.game) == nullptr) return "adds a player to a game that does not exist";
    return state.find_player(e.game, e.identity) ? "adds a player twice" : nullptr;
  }
  char const* operator()(PlayerRenamed const& e) const {
    return state.identity_of(e.player) != e.identity ? "renames a player under a foreign identity" : nullptr;
  }
  char const* operator()(StartingBalanceGranted const& e) const {
    return check_move(state, e.player, e.currency, e.amount, 1, e.available_after);
  }
  char const* operator()(BalanceCredited const& e) const {
    return check_move(state, e.player, e.currency, e.amount, 1, e.available_after);
  }
  char const* operator()(BalanceDebited const& e) const {
    return check_move(state, e.player, e.currency, e.amount, -1, e.available_after);
  }
  char const* operator()(ItemPurchased const& e) const {
    if (auto const* why = check_split(e.total, e.platform_fee, e.developer_revenue)) return why;
    if (!fits_revenue(state, e.currency)) return "leaves a game's revenue out of range";
    return check_move(state, e.player, e.currency, e.total, -1, e.available_after);
  }
  char const* operator()(ItemRefunded const& e) const {
    if (state.is_refunded(e.order)) return "refunds an order twice";
    if (auto const* why = check_split(e.total, e.platform_fee, e.developer_revenue)) return why;
    if (!fits_revenue(state, e.currency)) return "leaves a game's revenue out of range";
    return check_move(state, e.player, e.currency, e.total, 1, e.available_after);
  }
  char const* operator()(PhoneRecorded const& e) const {
    if (e.phone.value() != state.phones().count() + 1) return "records a phone out of sequence";
    if (!knows(e.identity)) return "records a phone of nobody";
    return state.phones().find(e.phone_index, e.identity) ? "records a phone twice" : nullptr;
  }
  char const* operator()(PhoneVerified const& e) const {
    return state.phones().contains(e.phone) ? nullptr : "verifies a phone that was never recorded";
  }
  char const* operator()(MinorFlagged const& e) const {
    if (!knows(e.identity)) return "flags nobody";
    return !e.guardian || is_phone_of(e.guardian, e.identity) ? nullptr : "names a guardian's phone of somebody else";
  }
  char const* operator()(MinorCleared const& e) const {
    return state.minor(e.identity) ? nullptr : "clears somebody who was not flagged";
  }
  char const* operator()(TransferInitiated const& e) const {
    if (!is_new(e.transaction.position())) return "initiates a transaction under another name than its commit's";
    auto const sender = state.identity_of(e.sender);
    if (!sender) return "moves money of a player who never joined";
    if (state.find_game(e.target) == nullptr) return "aims at a game that does not exist";
    if (!is_phone_of(e.sender_phone, *sender)) return "asks a phone that is not the sender's";
    if (!knows(e.receiver) || !is_phone_of(e.receiver_phone, e.receiver)) return "names a phone not of the receiver";
    auto const minor = state.minor(*sender);
    if (minor && !*minor) return "initiates for a minor whom no guardian answers for";
    if (e.guardian != minor.value_or(PhoneId{})) return "asks another guardian than the sender's";
    if (!is_wait(place.at, e.pin_expires_at)) return "has a PIN that never holds";
    if (e.guardian ? !is_wait(place.at, e.guardian_expires_at) : e.guardian_expires_at != Timestamp{}) {
      return "has a guardian's time that never runs";
    }
    if (e.source_rate < BasisPoints{} || e.target_rate < BasisPoints{}) return "has a rate below zero";
    if (auto const* why =
            check_reserve(state, e.sender, e.currency, e.amount, 1, e.available_after, e.reserved_after)) {
      return why;
    }
    return fees_in_range(e.fees, e.amount) ? nullptr : "has fees out of range";
  }
  char const* operator()(PinReissued const& e) const {
    auto const* transfer = state.find_transfer(e.transaction);
    if (transfer == nullptr || transfer->stage != TransferStage::pin) return "reissues a PIN that nobody waits for";
    if (e.pin != transfer->pins_issued || e.pin >= kPinsMax) return "reissues a PIN out of sequence";
    return is_wait(place.at, e.expires_at) ? nullptr : "has a PIN that never holds";
  }
  char const* operator()(PinRejected const& e) const {
    auto const* transfer = state.find_transfer(e.transaction);
    if (transfer == nullptr || transfer->stage != TransferStage::pin) return "rejects a PIN that nobody waits for";
    if (transfer->guardian == GuardianState::pending) return "rejects a PIN before the guardian's answer";
    if (transfer->wrong_pins >= kWrongPinsMax) return "rejects more PINs than may be tried";
    auto const left = kWrongPinsMax - transfer->wrong_pins - 1;
    return e.attempts_left == left ? nullptr : "counts the wrong PINs wrongly";
  }
  char const* operator()(PinVerified const& e) const {
    auto const* transfer = state.find_transfer(e.transaction);
    if (transfer == nullptr || transfer->stage != TransferStage::pin) return "verifies a PIN that nobody waits for";
    if (transfer->guardian == GuardianState::pending) return "verifies a PIN before the guardian's answer";
    if (place.at >= transfer->pin_expires_at) return "verifies a PIN that ran out";
    return is_wait(place.at, e.claim_expires_at) ? nullptr : "has a claim code that never holds";
  }
  char const* operator()(GuardianApproved const& e) const {
    auto const* transfer = state.find_transfer(e.transaction);
    auto const asked = transfer != nullptr && transfer->guardian == GuardianState::pending;
    if (!asked) return "approves what no guardian was asked";
    return place.at < transfer->guardian_expires_at ? nullptr : "approves too late";
  }
  char const* operator()(TransferClaimed const& e) const {
    auto const* transfer = state.find_transfer(e.transaction);
    if (transfer == nullptr || transfer->stage != TransferStage::claim) return "claims what nobody may claim";
    if (place.at >= transfer->claim_expires_at) return "claims too late";
    auto const same = transfer->flavour == e.flavour && transfer->sender == e.sender &&
                      transfer->currency == e.currency && transfer->amount == e.amount && transfer->fees == e.fees &&
                      transfer->target == e.target && transfer->sender_phone == e.sender_phone &&
                      transfer->receiver_phone == e.receiver_phone;
    if (!same) return "claims another transfer than was initiated";
    auto const* game = state.game_of(e.receiver);
    if (game == nullptr || game->id != transfer->target) return "is claimed by a player of another game";
    if (!has_wallet(state, e.receiver, e.target_currency)) return "moves a currency that is not of the player's game";
    auto const sender = state.wallet(e.sender, e.currency);
    auto const reserved = sender.reserved - e.amount;
    if (auto const* why = check_after(sender, sender.available, reserved, sender.available, e.reserved_after))
      return why;
    if (!fits_revenue(state, e.currency) || !fits_revenue(state, e.target_currency)) {
      return "leaves a game's revenue out of range";
    }
    auto receiver = state.wallet(e.receiver, e.target_currency);
    // A phone that several people share: a send may come back to the wallet that it left.
    if (e.receiver == e.sender && e.target_currency == e.currency) receiver.reserved = reserved;
    return check_after(receiver, receiver.available + e.net(), receiver.reserved, e.available_after, receiver.reserved);
  }
  char const* operator()(TransferReleased const& e) const {
    auto const* transfer = state.find_transfer(e.transaction);
    if (transfer == nullptr) return "returns what is not reserved";
    auto const same = transfer->flavour == e.flavour && transfer->sender == e.sender &&
                      transfer->currency == e.currency && transfer->amount == e.amount &&
                      transfer->target == e.target && transfer->sender_phone == e.sender_phone;
    if (!same) return "returns another transfer than was initiated";
    if (!can_return(*transfer, e.reason, place.at)) return "returns for a reason that is not there";
    return check_reserve(state, e.sender, e.currency, e.amount, -1, e.available_after, e.reserved_after);
  }
  char const* operator()(PhoneShareRequested const& e) const {
    auto const& phones = state.phones();
    if (!is_new(e.approval.position())) return "asks under another name than its commit's";
    if (!phones.contains(e.phone) || !phones.contains(e.owner)) return "shares a phone that was never recorded";
    if (e.phone == e.owner || phones.owner(phones[e.phone].phone) != e.owner)
      return "asks somebody else than the owner";
    if (state.shares().find_for(e.phone) != nullptr) return "asks for a phone twice";
    if (e.game && state.find_game(e.game) == nullptr) return "asks through a game that does not exist";
    return is_wait(place.at, e.expires_at) ? nullptr : "has a code that never holds";
  }
  char const* operator()(ShareCodeRejected const& e) const {
    auto const* share = state.shares().find(e.approval);
    if (share == nullptr) return "rejects a code that nobody waits for";
    if (share->wrong_codes >= kWrongCodesMax) return "rejects more codes than may be tried";
    return e.attempts_left == kWrongCodesMax - share->wrong_codes - 1 ? nullptr : "counts the wrong codes wrongly";
  }
  char const* operator()(PhoneShareEnded const& e) const {
    auto const* share = state.shares().find(e.approval);
    if (share == nullptr) return "ends a phone share that is not open";
    return can_end(*share, e.end, place.at) ? nullptr : "ends for a reason that is not there";
  }
  char const* operator()(ReplyReceived const&) const { return nullptr; }
  char const* operator()(TextSettled const& e) const {
    return state.owed_texts().contains(e.text) ? nullptr : "settles a text that is not owed";
  }
  char const* operator()(CheckoutOpened const& e) const {
    if (e.session.position() != place.first) return "opens a checkout under another name than its commit's";
    auto const* game = state.find_game(e.game);
    if (game == nullptr || game->find_currency(e.currency) == nullptr) return "sells a currency that is not the game's";
    if (!knows(e.identity)) return "opens a checkout for nobody";
    if (e.usd <= Usd{} || e.usd > kMaxPurchaseUsd) return "asks for an amount out of range";
    return is_wait(place.at, e.expires_at) ? nullptr : "has a link that never holds";
  }
  char const* operator()(CurrencyOrdered const& e) const {
    if (e.order.position() != place.first || state.find_order(e.order) != nullptr) {
      return "orders under another name than its commit's";
    }
    if (!has_wallet(state, e.player, e.currency)) return "sells a currency that is not of the player's game";
    if (e.usd <= Usd{} || e.usd > kMaxPurchaseUsd) return "asks for an amount out of range";
    return e.session.position() < e.order.position() ? nullptr : "is of a checkout that was not open";
  }
  char const* operator()(PaymentOpened const& e) const {
    auto const* order = state.find_order(e.order);
    if (order == nullptr || !order->reference.empty()) return "opens a payment that nobody waits for";
    return e.reference.empty() ? "opens a payment without a name" : nullptr;
  }
  char const* operator()(PaymentChallenged const& e) const {
    auto const* order = state.find_order(e.order);
    if (order == nullptr || order->reference.empty()) return "challenges a payment that is not open";
    return is_wait(place.at, e.expires_at) ? nullptr : "has a challenge that never holds";
  }
  char const* operator()(CurrencyPurchased const& e) const {
    auto const* order = state.find_order(e.order);
    if (order == nullptr) return "pays an order that is not open";
    auto const same = order->player == e.player && order->currency == e.currency && order->usd == e.usd &&
                      order->reference == e.reference && !e.reference.empty();
    if (!same) return "pays another order than was made";
    if (!is_fee(e.fee)) return "has fees out of range";
    return check_charge(state, e.player, e.currency, e.usd, 1, e.available_after);
  }
  char const* operator()(PaymentFailed const& e) const {
    auto const* order = state.find_order(e.order);
    return order != nullptr && order->player == e.player ? nullptr : "gives up an order that is not open";
  }
  char const* operator()(RefundRequested const& e) const {
    if (e.refund.position() != place.position) return "refunds under another name than its place";
    if (e.order.position() >= e.refund.position() || state.find_order(e.order) != nullptr)
      return "refunds what is not paid";
    if (auto const* returned = state.find_returned(e.order)) {
      if (!is_of(*returned, e)) return "refunds another order than was paid";
      // One that was made at the processor (it has a reference) is booked as the processor reports it.
      bool const ours = e.reference.empty();
      if (ours && e.usd > kMaxPurchaseUsd - returned->refunded()) return "refunds more than any order";
    }
    return check_charge(state, e.player, e.currency, e.usd, -1, e.available_after);
  }
  char const* operator()(RefundSettled const& e) const {
    auto const* returned = state.find_returned(e.order);
    if (returned == nullptr) return "settles a refund that nobody asked for";
    auto const& refunds = returned->refunds;
    auto const row = std::find_if(refunds.begin(), refunds.end(),
                                  [&](Returned::Refund const& refund) { return refund.refund == e.refund; });
    if (row == refunds.end() || row->usd != e.usd) return "settles a refund that nobody asked for";
    auto const now = e.end == RefundEnd::reversed ? RefundStatus::succeeded : RefundStatus::pending;
    if (row->status != now) return "settles a refund twice";
    if (!is_of(*returned, e)) return "settles a refund of another order";
    return check_charge(state, e.player, e.currency, e.usd, e.end == RefundEnd::succeeded ? 0 : 1, e.available_after);
  }
  char const* operator()(DisputeOpened const& e) const {
    if (state.find_order(e.order) != nullptr || e.order.position() >= place.position)
      return "disputes what is not paid";
    if (auto const* returned = state.find_returned(e.order)) {
      for (auto const& dispute : returned->disputes) {
        if (dispute.reference == e.reference) return "opens a dispute twice";
      }
      if (!is_of(*returned, e)) return "disputes another order than was paid";
    }
    if (!valid_dispute_fee(e.fee)) return "has fees out of range";
    return check_charge(state, e.player, e.currency, e.usd, -1, e.available_after);
  }
  char const* operator()(DisputeClosed const& e) const {
    auto const* returned = state.find_returned(e.order);
    if (returned == nullptr) return "closes a dispute that is not open";
    for (auto const& dispute : returned->disputes) {
      if (dispute.reference != e.reference) continue;
      if (dispute.status != DisputeStatus::open || dispute.usd != e.usd) break;
      if (!is_of(*returned, e)) return "closes a dispute of another order";
      if (!valid_dispute_fee(e.fee) || !valid_dispute_fee(dispute.fee + e.fee)) return "has fees out of range";
      return check_charge(state, e.player, e.currency, e.usd, e.won ? 1 : 0, e.available_after);
    }
    return "closes a dispute that is not open";
  }
  char const* operator()(PayoutRequested const& e) const {
    if (e.payout.position() != place.first || state.find_payout(e.payout) != nullptr) {
      return "requests a payout under another name than its commit's";
    }
    auto const* game = state.find_game(e.game);
    if (game == nullptr) return "pays a game that does not exist";
    if (!knows(e.contact)) return "has nobody to be told";
    if (auto const* why = check_shares(*game, e.usd, e.shares)) return why;
    for (auto const& share : e.shares) {
      if (share.amount > state.revenue(share.currency).owed) return "pays out more than is owed";
    }
    return nullptr;
  }
  char const* operator()(PayoutAdvanced const& e) const {
    auto const* payout = state.find_payout(e.payout);
    if (payout == nullptr) return "moves a payout that is not open";
    if (payout->game != e.game || payout->usd != e.usd || payout->shares != e.shares) return "moves another payout";
    if (!can_follow(e.status, payout->status)) return "moves a payout where it cannot go";
    bool const was_completed = payout->status == PayoutStatus::completed;
    if (e.was_completed != was_completed) return "moves a payout from where it is not";
    bool const is_processing = e.status == PayoutStatus::processing;
    return !e.dated_by_export || is_processing ? nullptr : "says of which form the file is of a payout that joins none";
  }
  char const* operator()(PayoutFileWritten const& e) const {
    if (e.written != place.first) return "writes a bank's file under another name than its commit's";
    if (state.find_payout_file(e.day)) return "writes the file of a day twice";
    // A file is written after its day. Checked first, so that is_well_formed computes with no day of the far future.
    bool const is_over = e.day >= Day{} && e.day < day_of(e.created);
    if (e.created > kLastMoment || !is_over || !is_well_formed(e)) return "is no file of a day";
    if (!state.are_next_files(e.created, e.files)) return "uses a letter or trace number of another file of its date";
    for (auto const& file : e.files) {
      Usd usd;
      for (auto const id : file.payouts) {
        auto const* payout = state.find_payout(id);
        if (payout == nullptr || !belongs_to(*payout, e.day)) return "writes a payout that is not of that day";
        usd += payout->usd;
      }
      if (usd != file.usd) return "writes a file whose total is not the sum of its payouts";
    }
    return nullptr;
  }
  char const* operator()(PayoutAccountCorrected const& e) const {
    if (!e.payout || e.payout.position() >= place.first) return "corrects an account that nobody named";
    if (!is_change_code(e.code)) return "corrects an account under no code of a change";
    if (state.find_game(e.game) == nullptr) return "corrects the account of a game that does not exist";
    return knows(e.contact) ? nullptr : "has nobody to be told";
  }
  char const* operator()(KeysBound const& e) const {
    return can_bind(state, e) ? nullptr : "goes on with another vault, or with an older key of rows";
  }
  char const* operator()(DisputeMoved const& e) const {
    if (e.reference.empty()) return "disputes under no name";
    if (state.find_order(e.order) != nullptr || e.order.position() >= place.position)
      return "disputes what is not paid";
    if (!has_wallet(state, e.player, e.currency)) return "moves a currency that is not of the player's game";
    Returned::Dispute before;
    bool first = true;
    if (auto const* returned = state.find_returned(e.order)) {
      if (!is_of(*returned, e)) return "disputes another order than was paid";
      for (auto const& dispute : returned->disputes) {
        if (dispute.reference != e.reference) continue;
        before = dispute;
        first = false;
      }
    }
    if (e.entries < before.entries) return "moves a dispute by an older word";
    bool const moves = e.usd != Usd{} || e.fee != Usd{} || e.status != before.status || e.entries != before.entries;
    if (!first && !moves) return "moves nothing of a dispute";
    if (e.usd < -kMaxPurchaseUsd || e.usd > kMaxPurchaseUsd) return "moves an amount out of range";
    if (!valid_withheld(before.usd - e.usd)) return "gives back more than a dispute took, or takes more than any order";
    if (!valid_dispute_fee(e.fee) || !valid_dispute_fee(before.fee + e.fee)) return "has fees out of range";
    return check_card_move(state, e.player, e.currency, e.usd, e.available_after);
  }
};

}  // namespace

char const* why_impossible(State const& state, Event const& event, Place const& place) {
  if (place.at < Timestamp{} || place.at > kLastMoment) return "its time is none";
  if (auto const* why = std::visit(Check{state, place}, event)) return why;
  return is_balanced(event) ? nullptr : "its postings do not sum to zero";
}

}  // namespace florin::eventstore
