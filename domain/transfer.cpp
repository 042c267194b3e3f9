#include "domain/transfer.h"

#include <algorithm>

#include "domain/claim_candidates.h"
#include "domain/decider.h"
#include "domain/limits.h"

namespace florin::domain {
namespace {

VelocityKind velocity_of(Flavour flavour) {
  return flavour == Flavour::transfer ? VelocityKind::transfers : VelocityKind::sends;
}

// Who sends how much to whom in which game: what a second initiation moments later must differ in.
std::uint64_t same_transfer_subject(PlayerId sender, BlindIndex const& receiver, GameId target, Money amount) {
  auto const people = hash_ids(sender.value(), hash_of(receiver));
  return hash_ids(hash_ids(people, target.value()), static_cast<std::uint64_t>(amount.minor()));
}

// Another game's guesses at the same phone are its own.
std::uint64_t phone_in_game(GameId game, BlindIndex const& phone) { return hash_ids(game.value(), hash_of(phone)); }

std::int64_t seconds_left(Timestamp until, Timestamp now) {
  return std::max<std::int64_t>(1, (until.micros() - now.micros() + kMicrosPerSecond - 1) / kMicrosPerSecond);
}

Failure<Rejection> refuse_for(RejectionCode reason, std::int64_t retry_after) {
  return fail(Rejection{.code = reason, .retry_after = retry_after});
}

std::optional<Rejection> check_range(CurrencySpec const& source, CurrencySpec const& target, Money amount) {
  auto const range = transfer_range(source, target);
  if (range.contains(amount)) return std::nullopt;
  return Rejection{.code = RejectionCode::transfer_amount_range,
                   .available = range.minimum,
                   .required = range.maximum.value_or(Money{})};
}

Result<OpenTransfer const*, Rejection> find_open(State const& state, GameId game, Flavour flavour,
                                                 TransferId transaction) {
  auto const* caller = state.find_game(game);
  if (caller == nullptr) return refuse(RejectionCode::game_not_found);
  if (!may_call(caller->settings.status)) return refuse(RejectionCode::game_not_active);
  auto const* transfer = state.find_transfer(transaction);
  if (transfer == nullptr || transfer->flavour != flavour) return refuse(RejectionCode::transfer_not_open);
  return transfer;
}

// A transfer that waits in the game that initiated it.
Result<OpenTransfer const*, Rejection> find_own(State const& state, GameId game, Flavour flavour,
                                                TransferId transaction) {
  auto found = find_open(state, game, flavour, transaction);
  if (found && state.game_of(found.value()->sender)->id != game) return refuse(RejectionCode::transfer_not_open);
  return found;
}

}  // namespace

// "Transfer Policy Requirements", "Game Status Requirements" (seed "initiate send").
std::optional<RejectionCode> check_policy(Game const& source, Game const& target) {
  if (source.settings.status == GameStatus::testing || target.settings.status == GameStatus::testing) {
    return RejectionCode::game_in_testing;
  }
  if (source.id == target.id) return std::nullopt;
  if (target.settings.status != GameStatus::live) return RejectionCode::transfer_policy;
  if (!source.settings.allows_outgoing_transfers || !target.settings.allows_incoming_transfers) {
    return RejectionCode::transfer_policy;
  }
  auto const& linked = source.settings.linked_games;
  auto const allowed =
      source.settings.universal_transfers || std::find(linked.begin(), linked.end(), target.id) != linked.end();
  return allowed ? std::nullopt : std::optional(RejectionCode::transfer_policy);
}

// What the currencies on both sides allow.
TransferRange transfer_range(CurrencySpec const& source, CurrencySpec const& target) {
  auto maximum = source.maximum_transfer;
  if (target.maximum_transfer && (!maximum || *target.maximum_transfer < *maximum)) maximum = target.maximum_transfer;
  return {std::max(source.minimum_transfer, target.minimum_transfer), maximum};
}

TransferFees transfer_fees(Money amount, BasisPoints source, BasisPoints target) {
  FLORIN_ASSERT(amount > Money{} && source >= BasisPoints{} && target >= BasisPoints{});
  auto const total = share_half_up(amount, kTransferFee);
  auto const rates = static_cast<std::int64_t>(source.value()) + target.value();
  auto const side = [&](BasisPoints rate) {
    if (rates <= kTransferFee.value()) return share_half_up(amount, rate);
    // amount × 10 % × rate / rates, half up.
    auto const above = static_cast<__int128>(amount.minor()) * kTransferFee.value() * rate.value();
    auto const below = static_cast<__int128>(10'000) * rates;
    return Money::from_minor(static_cast<std::int64_t>((above * 2 + below) / (below * 2)));
  };
  auto const source_fee = std::min(side(source), total);
  auto const target_fee = std::min(side(target), total - source_fee);
  return {source_fee, target_fee, total - source_fee - target_fee};
}

char const* flavour_name(Flavour flavour) {
  switch (flavour) {
    case Flavour::transfer: return "transfer";
    case Flavour::send: return "send";
  }
  return "";
}

char const* policy_name(bool universal) { return universal ? "universal" : "linked"; }

char const* reason_name(ReturnReason reason) {
  switch (reason) {
    case ReturnReason::wrong_pins: return "pin_attempts_exceeded";
    case ReturnReason::pin_expired: return "pin_expired";
    case ReturnReason::claim_expired: return "claim_expired";
    case ReturnReason::guardian_rejected: return "guardian_rejected";
    case ReturnReason::guardian_expired: return "guardian_expired";
    case ReturnReason::cancelled: return "cancelled";
  }
  return "";
}

TransferEnd end_of(ReturnReason reason) {
  switch (reason) {
    case ReturnReason::wrong_pins:
    case ReturnReason::guardian_rejected: return TransferEnd::failed;
    case ReturnReason::pin_expired:
    case ReturnReason::claim_expired:
    case ReturnReason::guardian_expired: return TransferEnd::expired;
    case ReturnReason::cancelled: return TransferEnd::cancelled;
  }
  return TransferEnd::failed;
}

Event Decider::released(OpenTransfer const& transfer, ReturnReason reason) const {
  auto const wallet = state.wallet(transfer.sender, transfer.currency);
  return TransferReleased{transfer.transaction,
                          transfer.flavour,
                          reason,
                          transfer.sender,
                          transfer.currency,
                          transfer.amount,
                          wallet.available + transfer.amount,
                          wallet.reserved - transfer.amount,
                          transfer.target,
                          transfer.sender_phone};
}

PinReissued Decider::another_pin(OpenTransfer const& transfer) const {
  return {transfer.transaction, transfer.pins_issued, context.now + kPinMicros};
}

Decision Decider::operator()(InitiateTransfer const& command) const {
  auto const calling = FLORIN_TRY(calling_game(command.game, command.currency));
  auto const& source = *calling.game;
  auto const currency = calling.currency;
  auto const* target = state.find_game(command.target);
  if (target == nullptr) return refuse(RejectionCode::target_not_found);
  if (auto const wrong = check_policy(source, *target)) return refuse(*wrong);
  auto const same_person = command.sender.email_index == command.receiver.email_index;
  if (source.id == target->id && (command.flavour == Flavour::transfer || same_person)) {
    return refuse(RejectionCode::same_player);
  }
  if (!valid_amount(command.amount)) return refuse(RejectionCode::invalid_amount);
  if (auto const wrong = check_range(*source.find_currency(currency), target->currencies.front(), command.amount)) {
    return fail(*wrong);
  }

  std::vector<Event> events;
  NewIds new_ids(state, events);
  PlayerDraft sender_draft(state, source, command.sender, events, new_ids);
  auto const sender = sender_draft.enter();
  auto const identity = *sender_draft.identity();
  auto const wallet = sender_draft.wallet(currency);
  if (wallet.available < command.amount) {
    return fail(Rejection{
        .code = RejectionCode::insufficient_balance, .available = wallet.available, .required = command.amount});
  }
  if (!command.unlimited) {
    auto const limits = velocity_limits(source, command.flavour);
    constexpr std::int64_t kHour = 3'600 * kMicrosPerSecond;
    auto const kind = velocity_of(command.flavour);
    auto const hour = state.velocity().recent(kind, sender.value(), context.now, kHour);
    if (hour.count >= limits.per_hour) {
      return refuse_for(RejectionCode::velocity_count,
                        state.velocity().seconds_until(kind, sender.value(), context.now, kHour, limits.per_hour - 1));
    }
    auto const day = state.velocity().recent(kind, sender.value(), context.now, kMicrosPerDay);
    if (day.amount + command.amount > limits.per_day) {
      auto const room = limits.per_day - command.amount;
      return refuse_for(RejectionCode::velocity_amount,
                        state.velocity().seconds_until_amount(kind, sender.value(), context.now, kMicrosPerDay, room));
    }
  }
  auto const receiver = new_ids.identity(command.receiver.email_index, command.receiver.email);
  auto const sender_phone = new_ids.phone(identity, command.sender_phone);
  auto const receiver_phone = new_ids.phone(receiver, command.receiver_phone);
  auto const subject = same_transfer_subject(sender, command.receiver_phone.index, target->id, command.amount);
  if (state.velocity().recent(VelocityKind::same_transfer, subject, context.now, kDuplicateMicros).count > 0) {
    return refuse_for(
        RejectionCode::duplicate_transfer,
        state.velocity().seconds_until(VelocityKind::same_transfer, subject, context.now, kDuplicateMicros, 0));
  }
  auto const minor = state.minor(identity);
  // A guardian who reads the minor's own phone is none, whichever of their phones the minor names now.
  if (minor) {
    bool const asked = *minor && state.phones()[*minor].phone != command.sender_phone.index;
    if (!asked || state.phones().is_held(*minor)) return refuse(RejectionCode::guardian_required);
  }
  if (!command.can_text) return refuse(RejectionCode::sms_unavailable);
  if (!may_use(command.sender_phone.index, command.sender.email_index)) {
    return refuse(RejectionCode::phone_share_required);
  }
  if (!may_use(command.receiver_phone.index, command.receiver.email_index)) {
    return fail(Rejection{.code = RejectionCode::phone_share_required, .receiver_side = true});
  }

  TransferInitiated initiated;
  initiated.transaction = TransferId(context.next);
  initiated.flavour = command.flavour;
  initiated.sender = sender;
  initiated.currency = currency;
  initiated.target = target->id;
  initiated.sender_phone = sender_phone;
  initiated.receiver = receiver;
  initiated.receiver_phone = receiver_phone;
  initiated.amount = command.amount;
  initiated.source_rate = source.settings.transfer_fee;
  initiated.target_rate = target->settings.transfer_fee;
  initiated.fees = transfer_fees(command.amount, initiated.source_rate, initiated.target_rate);
  initiated.universal = source.settings.universal_transfers;
  initiated.available_after = wallet.available - command.amount;
  initiated.reserved_after = wallet.reserved + command.amount;
  initiated.pin_expires_at = context.now + kPinMicros;
  if (minor) {
    initiated.guardian = *minor;
    initiated.guardian_expires_at = context.now + kGuardianMicros;
  }
  events.emplace_back(initiated);
  return events;
}

Decision Decider::operator()(VerifyPin const& command) const {
  auto const found = FLORIN_TRY(find_own(state, command.game, command.flavour, command.transaction));
  auto const& transfer = *found;
  if (transfer.stage != TransferStage::pin) return refuse(RejectionCode::already_verified);
  if (transfer.guardian == GuardianState::pending) {
    if (context.now >= transfer.guardian_expires_at) return refuse(RejectionCode::transfer_not_open);
    return refuse(RejectionCode::guardian_pending);
  }
  constexpr std::int64_t kHour = 3'600 * kMicrosPerSecond;
  auto const& number = state.phones()[transfer.sender_phone].phone;
  auto const& velocity = state.velocity();
  for (auto const& [kind, subject, maximum] :
       {std::tuple(VelocityKind::wrong_pins_player, transfer.sender.value(), kWrongPinsPerPlayerHour),
        std::tuple(VelocityKind::wrong_pins_phone, phone_in_game(command.game, number), kWrongPinsPerPhoneHour),
        std::tuple(VelocityKind::wrong_pins_game, command.game.value(), kWrongPinsPerGameHour),
        std::tuple(VelocityKind::wrong_pins, std::uint64_t{0}, kWrongPinsPerHour)}) {
    auto const wait = velocity.seconds_until(kind, subject, context.now, kHour, maximum - 1);
    if (wait > 0) return refuse_for(RejectionCode::verification_blocked, wait);
  }
  if (context.now >= transfer.pin_expires_at) return refuse(RejectionCode::pin_expired);

  auto const current = transfer.pins_issued - 1;
  if ((command.matching >> current & 1u) == 0) {
    auto const left = static_cast<std::uint8_t>(kWrongPinsMax - transfer.wrong_pins - 1);
    std::vector<Event> events{PinRejected{transfer.transaction, left}};
    if (left == 0) events.push_back(released(transfer, ReturnReason::wrong_pins));
    return events;
  }
  std::vector<Event> events;
  // Somebody else may have come to own the phone meanwhile: then the sender is on file as one who used it.
  if (!state.phones().owner(number)) events.emplace_back(PhoneVerified{transfer.sender_phone});
  events.emplace_back(PinVerified{transfer.transaction, context.now + kClaimMicros});
  return events;
}

Decision Decider::operator()(ResendPin const& command) const {
  auto const found = FLORIN_TRY(find_own(state, command.game, command.flavour, command.transaction));
  auto const& transfer = *found;
  if (transfer.stage != TransferStage::pin) return refuse(RejectionCode::already_verified);
  if (transfer.guardian == GuardianState::pending ? context.now >= transfer.guardian_expires_at
                                                  : context.now >= transfer.pin_expires_at) {
    return refuse(RejectionCode::pin_expired);
  }
  auto const again = transfer.pin_issued_at + kResendCooldownMicros;
  if (context.now < again) return refuse_for(RejectionCode::resend_cooldown, seconds_left(again, context.now));
  if (transfer.pins_issued == kPinsMax) return refuse(RejectionCode::resend_limit);
  return std::vector<Event>{another_pin(transfer)};
}

Decision Decider::operator()(CancelTransfer const& command) const {
  auto const found = FLORIN_TRY(find_own(state, command.game, command.flavour, command.transaction));
  if (found->stage != TransferStage::pin) return refuse(RejectionCode::already_verified);
  return std::vector<Event>{released(*found, ReturnReason::cancelled)};
}

Decision Decider::operator()(ClaimTransfer const& command) const {
  auto const calling = FLORIN_TRY(calling_game(command.game, command.currency));
  auto const& game = *calling.game;
  auto const found = FLORIN_TRY(find_open(state, command.game, command.flavour, command.transaction));
  auto const& transfer = *found;
  if (transfer.target != command.game || transfer.stage != TransferStage::claim) {
    return refuse(RejectionCode::transfer_not_open);
  }
  if (context.now >= transfer.claim_expires_at) return refuse(RejectionCode::claim_expired);
  if (state.phones()[transfer.receiver_phone].phone != command.phone.index)
    return refuse(RejectionCode::phone_mismatch);
  if (!may_use(command.phone.index, command.receiver.email_index)) {
    return fail(Rejection{.code = RejectionCode::phone_share_required, .receiver_side = true});
  }
  auto const currency = calling.currency;
  std::vector<Event> events;
  NewIds new_ids(state, events);
  PlayerDraft receiver(state, game, command.receiver, events, new_ids);
  std::optional<PlayerId> chosen;
  if (command.player) {
    auto const players = players_on_phone(state, transfer);
    auto const on_phone = std::find(players.begin(), players.end(), command.player) != players.end();
    if (!on_phone && receiver.player() != command.player) return refuse(RejectionCode::player_not_found);
    if (receiver.player() != command.player) chosen = command.player;
  } else if (claim_candidates(state, transfer, currency).size() > 1) {
    return refuse(RejectionCode::account_selection);
  }
  auto const player = chosen ? *chosen : receiver.enter();
  auto const wallet = chosen ? state.wallet(player, currency) : receiver.wallet(currency);
  if (auto const obstacle = claim_obstacle(transfer, player, wallet)) return refuse(*obstacle);
  auto const identity = chosen ? *state.identity_of(*chosen) : *receiver.identity();

  // Recorded, for the claim puts it on file; it verifies nothing, for the sender's game knows the claim code too.
  new_ids.phone(identity, command.phone);
  auto const sender = state.wallet(transfer.sender, transfer.currency);
  events.emplace_back(TransferClaimed{transfer.transaction, transfer.flavour, transfer.sender, transfer.currency,
                                      player, currency, transfer.amount, transfer.fees,
                                      sender.reserved - transfer.amount, *credited(wallet, transfer.net()),
                                      transfer.target, transfer.sender_phone, transfer.receiver_phone});
  return events;
}

Decision Decider::operator()(ExpireTransfer const& command) const {
  auto const* transfer = state.find_transfer(command.transaction);
  if (transfer == nullptr || context.now < transfer->expires_at()) return refuse(RejectionCode::not_due);
  return std::vector<Event>{released(*transfer, transfer->expiry_reason())};
}

OpenTransfer& Fold::open_transfer(TransferId transaction) const {
  auto const found = state.transfers_.find(transaction);
  FLORIN_ASSERT(found != state.transfers_.end());
  return found->second;
}

void Fold::operator()(TransferInitiated const& e) const {
  OpenTransfer transfer;
  transfer.transaction = e.transaction;
  transfer.flavour = e.flavour;
  transfer.sender = e.sender;
  transfer.currency = e.currency;
  transfer.target = e.target;
  transfer.sender_phone = e.sender_phone;
  transfer.receiver_phone = e.receiver_phone;
  transfer.amount = e.amount;
  transfer.fees = e.fees;
  transfer.initiated_at = at;
  transfer.pin_issued_at = at;
  transfer.pin_expires_at = e.pin_expires_at;
  FLORIN_ASSERT(e.fees.source >= Money{} && e.fees.target >= Money{} && e.fees.network >= Money{});
  FLORIN_ASSERT(transfer.net() >= Money{} && state.find_game(e.target) != nullptr);
  FLORIN_ASSERT(state.phones_.contains(e.sender_phone) && state.phones_.contains(e.receiver_phone));
  move(e.sender, e.currency, -moved(e.amount), e.available_after, e.amount, e.reserved_after);
  if (e.guardian) {
    FLORIN_ASSERT(state.phones_.contains(e.guardian));
    transfer.guardian = GuardianState::pending;
    transfer.guardian_phone = e.guardian;
    transfer.guardian_expires_at = e.guardian_expires_at;
    state.questions_.emplace(state.phones_[e.guardian].phone, e.transaction.position());
  }
  FLORIN_ASSERT(state.transfers_.emplace(e.transaction, transfer).second);
  state.velocity_.record({velocity_of(e.flavour), e.sender.value(), at, e.amount});
  auto const subject = same_transfer_subject(e.sender, state.phones_[e.receiver_phone].phone, e.target, e.amount);
  state.velocity_.record({VelocityKind::same_transfer, subject, at, Money{}});
}

void Fold::operator()(PinReissued const& e) const {
  auto& transfer = open_transfer(e.transaction);
  FLORIN_ASSERT(transfer.stage == TransferStage::pin && e.pin == transfer.pins_issued && e.pin < kPinsMax);
  // The former one is of no use any more.
  state.owed_texts_.erase({e.transaction.position(), TextKind::pin, static_cast<std::uint8_t>(e.pin - 1)});
  ++transfer.pins_issued;
  transfer.pin_issued_at = at;
  transfer.pin_expires_at = e.expires_at;
}

void Fold::operator()(PinRejected const& e) const {
  auto& transfer = open_transfer(e.transaction);
  FLORIN_ASSERT(transfer.stage == TransferStage::pin && transfer.wrong_pins < kWrongPinsMax);
  ++transfer.wrong_pins;
  FLORIN_ASSERT(e.attempts_left == kWrongPinsMax - transfer.wrong_pins);
  auto const game = state.game_of(transfer.sender)->id;
  auto const phone = phone_in_game(game, state.phones_[transfer.sender_phone].phone);
  state.velocity_.record({VelocityKind::wrong_pins_player, transfer.sender.value(), at, Money{}});
  state.velocity_.record({VelocityKind::wrong_pins_phone, phone, at, Money{}});
  state.velocity_.record({VelocityKind::wrong_pins_game, game.value(), at, Money{}});
  state.velocity_.record({VelocityKind::wrong_pins, 0, at, Money{}});
}

void Fold::operator()(PinVerified const& e) const {
  auto& transfer = open_transfer(e.transaction);
  FLORIN_ASSERT(transfer.stage == TransferStage::pin && transfer.guardian != GuardianState::pending);
  transfer.stage = TransferStage::claim;
  transfer.claim_expires_at = e.claim_expires_at;
  state.phones_.claim(transfer.sender_phone);
  state.owed_texts_.erase(
      {e.transaction.position(), TextKind::pin, static_cast<std::uint8_t>(transfer.pins_issued - 1)});
}

void Fold::close_transfer(TransferId transaction) const {
  auto const& transfer = open_transfer(transaction);
  if (transfer.guardian == GuardianState::pending) {
    state.questions_.erase({state.phones_[transfer.guardian_phone].phone, transaction.position()});
  }
  state.owed_texts_.erase({transaction.position(), TextKind::pin, static_cast<std::uint8_t>(transfer.pins_issued - 1)});
  state.owed_texts_.erase({transaction.position(), TextKind::guardian_question, 0});
  state.owed_texts_.erase({transaction.position(), TextKind::claim_code, 0});
  state.transfers_.erase(transaction);
}

void Fold::operator()(TransferClaimed const& e) const {
  auto const& transfer = open_transfer(e.transaction);
  FLORIN_ASSERT(transfer.stage == TransferStage::claim && transfer.flavour == e.flavour);
  FLORIN_ASSERT(transfer.sender == e.sender && transfer.currency == e.currency && transfer.amount == e.amount);
  FLORIN_ASSERT(transfer.fees == e.fees && state.game_of(e.receiver) != nullptr);
  FLORIN_ASSERT(transfer.sender_phone == e.sender_phone && transfer.receiver_phone == e.receiver_phone);
  FLORIN_ASSERT(transfer.target == e.target && state.game_of(e.receiver)->id == e.target);
  // The sender's side first: a send to another wallet of the same person moves both of theirs.
  auto const sender = state.wallet(e.sender, e.currency);
  move(e.sender, e.currency, Money{}, sender.available, -moved(e.amount), e.reserved_after);
  if (e.net() == Money{}) {
    FLORIN_ASSERT(state.wallet(e.receiver, e.target_currency).available == e.available_after);
  } else {
    move(e.receiver, e.target_currency, e.net(), e.available_after);
  }
  revenue(e.currency).owed += e.fees.source;
  revenue(e.target_currency).owed += e.fees.target;
  auto const used = state.phones_.find(state.phones_[e.receiver_phone].phone, *state.identity_of(e.receiver));
  if (used) state.phones_.claim(*used);
  close_transfer(e.transaction);
}

void Fold::operator()(TransferReleased const& e) const {
  auto const& transfer = open_transfer(e.transaction);
  FLORIN_ASSERT(transfer.flavour == e.flavour && transfer.sender == e.sender && transfer.currency == e.currency);
  FLORIN_ASSERT(transfer.amount == e.amount && transfer.target == e.target && transfer.sender_phone == e.sender_phone);
  move(e.sender, e.currency, moved(e.amount), e.available_after, -e.amount, e.reserved_after);
  if (e.reason == ReturnReason::cancelled) {
    auto const& receiver = state.phones_[transfer.receiver_phone].phone;
    auto const subject = same_transfer_subject(e.sender, receiver, e.target, e.amount);
    state.velocity_.withdraw({VelocityKind::same_transfer, subject, transfer.initiated_at, Money{}});
  }
  // What came back counts no more: a transfer not at all, a send only as one of the hour's initiations.
  Velocity::Entry const initiated{velocity_of(e.flavour), e.sender.value(), transfer.initiated_at, e.amount};
  if (e.flavour == Flavour::transfer) {
    state.velocity_.withdraw(initiated);
  } else {
    state.velocity_.withdraw_amount(initiated);
  }
  close_transfer(e.transaction);
}

}  // namespace florin::domain
