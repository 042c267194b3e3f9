// The language of facts. An event is past tense, complete in itself, and never changes once written; the log
// holds nothing else. A new event does not compile until every fold (State::apply, postings, the codec, each
// projection) has an opinion on it: there is no default branch anywhere.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "domain/bank.h"
#include "domain/game.h"
#include "domain/ids.h"
#include "domain/money.h"
#include "domain/payment.h"
#include "domain/payout.h"
#include "domain/phone_share.h"
#include "domain/texts.h"
#include "domain/time.h"
#include "domain/transfer.h"

namespace florin::domain {

// Text about a person. In clear between decide and the seal, sealed (AES-256-GCM) in every stored or decoded
// event; only the vault turns one into the other.
struct PersonalText {
  std::string bytes;
  bool sealed = false;
  friend bool operator==(PersonalText const&, PersonalText const&) = default;
};

struct GameCreated {
  GameId game;
  GameSettings settings;
  std::vector<CurrencySpec> currencies;
  Digest key_hash{};
  friend bool operator==(GameCreated const&, GameCreated const&) = default;
};

struct GameUpdated {
  GameId game;
  GameSettings settings;
  friend bool operator==(GameUpdated const&, GameUpdated const&) = default;
};

// A game gets another currency: the next CurrencyId. Players who are there get nothing of it.
struct CurrencyAdded {
  GameId game;
  CurrencySpec currency;
  friend bool operator==(CurrencyAdded const&, CurrencyAdded const&) = default;
};

// The whole specification as it is from now on.
struct CurrencyChanged {
  GameId game;
  CurrencySpec currency;
  friend bool operator==(CurrencyChanged const&, CurrencyChanged const&) = default;
};

struct SdkKeyRotated {
  GameId game;
  Digest key_hash{};
  Timestamp previous_valid_until;  // zero: cut at once
  friend bool operator==(SdkKeyRotated const&, SdkKeyRotated const&) = default;
};

// A person, known by e-mail, the same in every game.
struct IdentityRegistered {
  IdentityId identity;
  BlindIndex email_index{};
  PersonalText email;  // trimmed, lower case
  friend bool operator==(IdentityRegistered const&, IdentityRegistered const&) = default;
};

// A person starts to play one game.
struct PlayerJoined {
  PlayerId player;
  GameId game;
  IdentityId identity;
  PersonalText name;           // empty and unsealed when the game gave none
  std::uint64_t name_tag = 0;  // keyed hash of the name: tells a changed name without opening it
  friend bool operator==(PlayerJoined const&, PlayerJoined const&) = default;
};

struct PlayerRenamed {
  PlayerId player;
  IdentityId identity;  // whose key seals the name
  PersonalText name;
  std::uint64_t name_tag = 0;
  friend bool operator==(PlayerRenamed const&, PlayerRenamed const&) = default;
};

// Each movement names the wallet's available balance after it, so a history or a repeated reply needs no fold.
struct StartingBalanceGranted {
  PlayerId player;
  CurrencyId currency;
  Money amount;
  Money available_after;
  friend bool operator==(StartingBalanceGranted const&, StartingBalanceGranted const&) = default;
};

struct BalanceCredited {
  PlayerId player;
  CurrencyId currency;
  Money amount;
  Money available_after;
  std::string reason;
  friend bool operator==(BalanceCredited const&, BalanceCredited const&) = default;
};

struct BalanceDebited {
  PlayerId player;
  CurrencyId currency;
  Money amount;
  Money available_after;
  std::string reason;
  friend bool operator==(BalanceDebited const&, BalanceDebited const&) = default;
};

struct Item {
  std::string id;
  std::string name;
  std::string category;
  std::string description;
  friend bool operator==(Item const&, Item const&) = default;
};

struct ItemPurchased {
  PlayerId player;
  CurrencyId currency;
  Item item;
  std::uint32_t quantity = 0;
  Money unit_price;
  Money total;
  Money platform_fee;
  Money developer_revenue;  // total - platform_fee
  Money available_after;
  friend bool operator==(ItemPurchased const&, ItemPurchased const&) = default;
};

// The whole order goes back: the player gets the total, the game and the network return their shares.
struct ItemRefunded {
  Position order;  // first position of the purchase's commit
  PlayerId player;
  CurrencyId currency;
  Money total;
  Money platform_fee;
  Money developer_revenue;
  Money available_after;
  std::string reason;
  friend bool operator==(ItemRefunded const&, ItemRefunded const&) = default;
};

// A person was named with a phone. Nothing is proved by it.
struct PhoneRecorded {
  PhoneId phone;
  IdentityId identity;
  BlindIndex phone_index{};
  PersonalText number;  // E.164; sealed under the identity's key
  friend bool operator==(PhoneRecorded const&, PhoneRecorded const&) = default;
};

// A code that was texted there came back: the phone is on file under this person.
struct PhoneVerified {
  PhoneId phone;
  friend bool operator==(PhoneVerified const&, PhoneVerified const&) = default;
};

// An operator says that this person is a minor. guardian is one of the minor's recorded phones; zero: nobody can be
// asked.
struct MinorFlagged {
  IdentityId identity;
  PhoneId guardian;
  friend bool operator==(MinorFlagged const&, MinorFlagged const&) = default;
};

struct MinorCleared {
  IdentityId identity;
  friend bool operator==(MinorCleared const&, MinorCleared const&) = default;
};

// The amount is reserved and the sender is texted a PIN.
struct TransferInitiated {
  Position transaction;  // first position of this commit
  Flavour flavour = Flavour::transfer;
  PlayerId sender;
  CurrencyId currency;
  GameId target;
  PhoneId sender_phone;
  IdentityId receiver;  // a transfer without a target e-mail: the sender
  PhoneId receiver_phone;
  Money amount;
  TransferFees fees;
  BasisPoints source_rate;  // as they were set, before any scaling
  BasisPoints target_rate;
  bool universal = false;  // the policy that allowed it: every live game, or a linked one
  Money available_after;
  Money reserved_after;
  Timestamp pin_expires_at;
  PhoneId guardian;  // zero unless the sender is a minor: then they are asked before anything else can happen
  Timestamp guardian_expires_at;
  friend bool operator==(TransferInitiated const&, TransferInitiated const&) = default;
};

// Another PIN takes the former one's place: asked for, or because the guardian took longer than the first lasted.
struct PinReissued {
  Position transaction;
  std::uint8_t pin = 0;  // which of the transaction's, from 0
  Timestamp expires_at;
  friend bool operator==(PinReissued const&, PinReissued const&) = default;
};

struct PinRejected {
  Position transaction;
  std::uint8_t attempts_left = 0;
  friend bool operator==(PinRejected const&, PinRejected const&) = default;
};

// The claim code is on its way to the receiver.
struct PinVerified {
  Position transaction;
  Timestamp claim_expires_at;
  friend bool operator==(PinVerified const&, PinVerified const&) = default;
};

struct GuardianApproved {
  Position transaction;
  friend bool operator==(GuardianApproved const&, GuardianApproved const&) = default;
};

struct TransferClaimed {
  Position transaction;
  Flavour flavour = Flavour::transfer;
  PlayerId sender;
  CurrencyId currency;
  PlayerId receiver;
  CurrencyId target_currency;
  Money amount;
  TransferFees fees;
  Money reserved_after;   // the sender's
  Money available_after;  // the receiver's
  GameId target;
  PhoneId sender_phone;  // where the outcome is texted
  PhoneId receiver_phone;
  [[nodiscard]] Money net() const { return amount - fees.total(); }
  friend bool operator==(TransferClaimed const&, TransferClaimed const&) = default;
};

struct TransferReleased {
  Position transaction;
  Flavour flavour = Flavour::transfer;
  ReturnReason reason = ReturnReason::wrong_pins;
  PlayerId sender;
  CurrencyId currency;
  Money amount;
  Money available_after;
  Money reserved_after;
  GameId target;
  PhoneId sender_phone;  // where the outcome is texted
  friend bool operator==(TransferReleased const&, TransferReleased const&) = default;
};

struct PhoneShareRequested {
  Position approval;  // first position of this commit
  PhoneId phone;      // of the person who wants to use it
  PhoneId owner;      // who is texted a code
  Timestamp expires_at;
  GameId game{};  // through which they ask; zero in logs from before this was written
  friend bool operator==(PhoneShareRequested const&, PhoneShareRequested const&) = default;
};

struct ShareCodeRejected {
  Position approval;
  std::uint8_t attempts_left = 0;
  friend bool operator==(ShareCodeRejected const&, ShareCodeRejected const&) = default;
};

struct PhoneShareEnded {
  Position approval;
  ShareEnd end = ShareEnd::approved;
  friend bool operator==(PhoneShareEnded const&, PhoneShareEnded const&) = default;
};

// Somebody answered by text. What came of it stands beside it in the commit; alone: nothing was asked.
struct ReplyReceived {
  BlindIndex phone_index{};
  friend bool operator==(ReplyReceived const&, ReplyReceived const&) = default;
};

struct TextSettled {
  TextRef text;
  TextEnd end = TextEnd::sent;
  friend bool operator==(TextSettled const&, TextSettled const&) = default;
};

// A link to the hosted page, good once and for a while. Nothing is ordered yet.
struct CheckoutOpened {
  Position session;  // first position of this commit
  GameId game;
  IdentityId identity;
  CurrencyId currency;
  Money usd;
  std::string success_url;  // empty: none
  std::string cancel_url;
  PersonalText metadata;  // the game's own, a JSON object; it comes back with the order
  Timestamp expires_at;
  friend bool operator==(CheckoutOpened const&, CheckoutOpened const&) = default;
};

// Somebody wants to pay for currency. Nothing is charged yet.
struct CurrencyOrdered {
  Position order;  // first position of this commit
  PlayerId player;
  CurrencyId currency;
  Money usd;           // in units: units_of(usd)
  std::string method;  // the processor's token of a card, never a card
  Position session;    // the checkout's; zero when the game ordered itself
  friend bool operator==(CurrencyOrdered const&, CurrencyOrdered const&) = default;
};

// The processor knows of it under this name. Charged it is only by a later step, so no charge is ever without a name.
struct PaymentOpened {
  Position order;
  std::string reference;
  friend bool operator==(PaymentOpened const&, PaymentOpened const&) = default;
};

// The cardholder's bank wants to hear from them (3-D Secure).
struct PaymentChallenged {
  Position order;
  Timestamp expires_at;
  friend bool operator==(PaymentChallenged const&, PaymentChallenged const&) = default;
};

// Charged and credited.
struct CurrencyPurchased {
  Position order;
  PlayerId player;
  CurrencyId currency;
  Money usd;
  Money fee;  // USD that the processor keeps of it
  std::string reference;
  Money available_after;
  friend bool operator==(CurrencyPurchased const&, CurrencyPurchased const&) = default;
};

struct PaymentFailed {
  Position order;
  PlayerId player;
  PaymentFailure failure = PaymentFailure::declined;
  std::string code;  // the processor's, e.g. "insufficient_funds"
  friend bool operator==(PaymentFailed const&, PaymentFailed const&) = default;
};

// The player gives the units back at once; the card gets its money when the processor says so.
struct RefundRequested {
  Position refund;  // this event's own position
  Position order;
  PlayerId player;
  CurrencyId currency;
  Money usd;
  Money available_after;  // may be below zero
  std::string reason;
  std::string payment;    // the processor's name of what it is taken from
  std::string reference;  // the processor's name of the refund, when it was made there
  friend bool operator==(RefundRequested const&, RefundRequested const&) = default;
};

struct RefundSettled {
  Position refund;
  Position order;
  PlayerId player;
  CurrencyId currency;
  Money usd;
  RefundEnd end = RefundEnd::succeeded;
  std::string reference;
  Money available_after;
  friend bool operator==(RefundSettled const&, RefundSettled const&) = default;
};

// A chargeback: the processor took the amount back, and a fee. What it took beyond the order's amount is not the
// player's to pay: it counts as fee.
struct DisputeOpened {
  Position order;
  std::string reference;
  PlayerId player;
  CurrencyId currency;
  Money usd;              // what the player is debited
  Money fee;              // USD
  Money available_after;  // may be below zero
  friend bool operator==(DisputeOpened const&, DisputeOpened const&) = default;
};

struct DisputeClosed {
  Position order;
  std::string reference;
  PlayerId player;
  CurrencyId currency;
  Money usd;
  bool won = false;  // then the processor gave the amount back
  Money available_after;
  Money fee{};  // USD that its fee grew by since it was opened; below zero when some came back
  friend bool operator==(DisputeClosed const&, DisputeClosed const&) = default;
};

// A word of the processor about a dispute, the first or a later one: any number of them. The amounts are what changed,
// so each movement is booked once. The two events above are how it was written before an end could be taken back; none
// is written any more.
struct DisputeMoved {
  Position order;
  std::string reference;
  PlayerId player;
  CurrencyId currency;
  Money usd;                                   // given back to the player; below zero: debited; may be zero
  Money fee;                                   // USD that its fee grew by; below zero when some came back
  DisputeStatus status = DisputeStatus::open;  // after it
  std::uint32_t entries = 0;                   // of the processor's account, with this one: DisputeReport
  Money available_after;                       // may be below zero
  friend bool operator==(DisputeMoved const&, DisputeMoved const&) = default;
};

// A game cashes out. Account and holder are sealed under the key of the person to be told.
struct PayoutRequested {
  Position payout;  // first position of this commit
  GameId game;
  Money usd;
  std::vector<PayoutShare> shares;
  IdentityId contact;
  PersonalText holder;
  PersonalText account;
  std::string routing;  // of the bank: public
  std::string last4;    // of the account, see last_four(): all that ever leaves
  AccountType type = AccountType::checking;
  friend bool operator==(PayoutRequested const&, PayoutRequested const&) = default;
};

struct PayoutAdvanced {
  Position payout;
  GameId game;
  Money usd;
  std::vector<PayoutShare> shares;
  PayoutStatus status = PayoutStatus::approved;
  std::string note;            // the operator's reason, or the bank's return code
  bool was_completed = false;  // it failed after it was paid: the amount comes back from there
  // With status processing: its day's file is dated by its first export, which is a PayoutFileWritten. False in what
  // older releases wrote: their days' files follow from the day alone.
  bool dated_by_export = false;
  friend bool operator==(PayoutAdvanced const&, PayoutAdvanced const&) = default;
};

// The first export of a day's payouts: what its files say, for ever. At most one a day.
struct PayoutFileWritten {
  Position written;  // first position of this commit
  Day day;           // on which its payouts became processing
  Timestamp created;
  AchOrigin origin;               // as the settings were
  std::vector<PayoutFile> files;  // letters and trace numbers run on, over all files of one creation date
  std::vector<LeftOutPayout> left_out;
  friend bool operator==(PayoutFileWritten const&, PayoutFileWritten const&) = default;
};

// Letters in their order, trace numbers that run on, no file without a payout, no payout twice, numbers within bounds.
[[nodiscard]] bool is_well_formed(PayoutFileWritten const& e);

// The receiving bank corrects an account: a notification of change. Nothing moves.
struct PayoutAccountCorrected {
  Position payout;
  GameId game;
  IdentityId contact;      // under whose key the correction is sealed
  std::string code;        // Nacha's: "C01"
  PersonalText corrected;  // the file's "corrected data"
  friend bool operator==(PayoutAccountCorrected const&, PayoutAccountCorrected const&) = default;
};

// Order is the codec's union order; only ever append.
using Event =
    std::variant<GameCreated, GameUpdated, SdkKeyRotated, IdentityRegistered, PlayerJoined, PlayerRenamed,
                 StartingBalanceGranted, BalanceCredited, BalanceDebited, ItemPurchased, ItemRefunded, PhoneRecorded,
                 PhoneVerified, MinorFlagged, MinorCleared, TransferInitiated, PinReissued, PinRejected, PinVerified,
                 GuardianApproved, TransferClaimed, TransferReleased, PhoneShareRequested, ShareCodeRejected,
                 PhoneShareEnded, ReplyReceived, TextSettled, CheckoutOpened, CurrencyOrdered, PaymentOpened,
                 PaymentChallenged, CurrencyPurchased, PaymentFailed, RefundRequested, RefundSettled, DisputeOpened,
                 DisputeClosed, PayoutRequested, PayoutAdvanced, DisputeMoved, CurrencyAdded, CurrencyChanged,
                 PayoutFileWritten, PayoutAccountCorrected>;

// "ItemPurchased": for logs, auditors and error messages.
[[nodiscard]] char const* event_name(Event const& event);

// The texts that become owed with this event. Part of the fold, and what the sagas react to.
[[nodiscard]] std::vector<TextRef> texts_owed(Event const& event);

// Who asked: the caller's game and request id, and a keyed hash of what was asked. Permanent idempotency is
// decided from these three. game is zero for an operator's command; id is empty when the caller gave none.
using Fingerprint = std::array<std::uint8_t, 16>;
struct Request {
  GameId game;
  std::string id;
  Fingerprint fingerprint{};
  friend bool operator==(Request const&, Request const&) = default;
};

// The events of one command: atomic, consecutive positions starting at `first`.
struct Commit {
  Position first;
  Timestamp at;
  Request request;
  std::vector<Event> events;

  [[nodiscard]] Position last() const { return next(first, events.size() - 1); }
  friend bool operator==(Commit const&, Commit const&) = default;
};

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

}  // namespace florin::domain
