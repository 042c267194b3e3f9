// The inside of decide and apply, shared by this folder's files only. ledger.cpp dispatches; each of catalogue, people,
// wallet, transfer, guardian, phone_share, card_order, payout and texts decides and folds its own commands and events.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "domain/contract.h"
#include "domain/ledger.h"

namespace florin::domain {

inline Failure<Rejection> refuse(RejectionCode code) { return fail(Rejection{.code = code}); }

// What a commit under construction adds to the people known: identities and phones get their numbers in order of first
// mention, each once.
class NewIds {
 public:
  NewIds(State const& state, std::vector<Event>& events) : state_(state), events_(events) {}

  [[nodiscard]] std::optional<IdentityId> find(BlindIndex const& email) const;
  IdentityId identity(BlindIndex const& email_index, std::string const& email);
  PhoneId phone(IdentityId identity, PhoneRef const& phone);

 private:
  State const& state_;
  std::vector<Event>& events_;
  std::vector<std::pair<BlindIndex, IdentityId>> new_identities_;
  std::vector<std::pair<std::pair<BlindIndex, IdentityId>, PhoneId>> new_phones_;
};

// One player of one game: who they are (registering and joining on first use) and what they hold as the events so far
// would leave it.
class PlayerDraft {
 public:
  PlayerDraft(State const& state, Game const& game, PlayerRef const& ref, std::vector<Event>& events, NewIds& new_ids);

  [[nodiscard]] bool known() const { return player_.has_value(); }
  [[nodiscard]] std::optional<PlayerId> player() const { return player_; }
  [[nodiscard]] std::optional<IdentityId> identity() const { return identity_; }
  // "A player appears on first credit, purchase, claim or initiate, and receives the currency's configured
  // starting amount once" (CONTRACT, Balances).
  PlayerId enter();
  [[nodiscard]] Wallet wallet(CurrencyId currency) const;

 private:
  State const& state_;
  Game const& game_;
  PlayerRef const& ref_;
  std::vector<Event>& events_;
  NewIds& new_ids_;
  std::optional<IdentityId> identity_;
  std::optional<PlayerId> player_;
  bool joined_now_ = false;
};

// What a credit leaves, or nullopt when the wallet would pass kMaxBalance with what it has reserved, which may come
// back.
[[nodiscard]] std::optional<Money> credited(Wallet const& wallet, Money amount);

struct Decider {
  State const& state;
  Context const& context;

  Decision operator()(CreateGame const& command) const;
  Decision operator()(UpdateGame const& command) const;
  Decision operator()(AddCurrency const& command) const;
  Decision operator()(ChangeCurrency const& command) const;
  Decision operator()(RotateSdkKey const& command) const;
  Decision operator()(CreditBalance const& command) const;
  Decision operator()(DebitBalance const& command) const;
  Decision operator()(PurchaseItem const& command) const;
  Decision operator()(RefundItem const& command) const;
  Decision operator()(InitiateTransfer const& command) const;
  Decision operator()(VerifyPin const& command) const;
  Decision operator()(ResendPin const& command) const;
  Decision operator()(CancelTransfer const& command) const;
  Decision operator()(ClaimTransfer const& command) const;
  Decision operator()(ExpireTransfer const& command) const;
  Decision operator()(FlagMinor const& command) const;
  Decision operator()(ClearMinor const& command) const;
  Decision operator()(RequestPhoneShare const& command) const;
  Decision operator()(AnswerPhoneShare const& command) const;
  Decision operator()(ExpirePhoneShare const& command) const;
  Decision operator()(ReceiveReply const& command) const;
  Decision operator()(SettleTexts const& command) const;
  Decision operator()(OpenCheckout const& command) const;
  Decision operator()(OrderCurrency const& command) const;
  Decision operator()(ReportPayment const& command) const;
  Decision operator()(FailOrder const& command) const;
  Decision operator()(RefundPurchase const& command) const;
  Decision operator()(FailRefund const& command) const;
  Decision operator()(RequestPayout const& command) const;
  Decision operator()(AdvancePayout const& command) const;
  Decision operator()(WritePayoutFile const& command) const;
  Decision operator()(CorrectPayoutAccount const& command) const;

  // The calling game and the currency meant: the checks that every money command starts with.
  struct CallingGame {
    Game const* game = nullptr;
    CurrencyId currency;
  };
  [[nodiscard]] Result<CallingGame, Rejection> calling_game(GameId id, CurrencyId currency) const;

  // transfer.cpp, for the rooms that end or go on with a transfer.
  [[nodiscard]] Event released(OpenTransfer const& transfer, ReturnReason reason) const;
  [[nodiscard]] PinReissued another_pin(OpenTransfer const& transfer) const;
  // phone_share.cpp: whether this e-mail may use this phone.
  [[nodiscard]] bool may_use(BlindIndex const& phone, BlindIndex const& email) const;
};

// One event onto the state. Aborts on an impossible transition.
struct Fold {
  State& state;
  Timestamp at;

  void operator()(GameCreated const& e) const;
  void operator()(GameUpdated const& e) const;
  void operator()(CurrencyAdded const& e) const;
  void operator()(CurrencyChanged const& e) const;
  void operator()(SdkKeyRotated const& e) const;
  void operator()(IdentityRegistered const& e) const;
  void operator()(PlayerJoined const& e) const;
  void operator()(PlayerRenamed const& e) const;
  void operator()(StartingBalanceGranted const& e) const;
  void operator()(BalanceCredited const& e) const;
  void operator()(BalanceDebited const& e) const;
  void operator()(ItemPurchased const& e) const;
  void operator()(ItemRefunded const& e) const;
  void operator()(PhoneRecorded const& e) const;
  void operator()(PhoneVerified const& e) const;
  void operator()(MinorFlagged const& e) const;
  void operator()(MinorCleared const& e) const;
  void operator()(TransferInitiated const& e) const;
  void operator()(PinReissued const& e) const;
  void operator()(PinRejected const& e) const;
  void operator()(PinVerified const& e) const;
  void operator()(GuardianApproved const& e) const;
  void operator()(TransferClaimed const& e) const;
  void operator()(TransferReleased const& e) const;
  void operator()(PhoneShareRequested const& e) const;
  void operator()(ShareCodeRejected const& e) const;
  void operator()(PhoneShareEnded const& e) const;
  void operator()(ReplyReceived const& e) const;
  void operator()(TextSettled const& e) const;
  void operator()(CheckoutOpened const& e) const;
  void operator()(CurrencyOrdered const& e) const;
  void operator()(PaymentOpened const& e) const;
  void operator()(PaymentChallenged const& e) const;
  void operator()(CurrencyPurchased const& e) const;
  void operator()(PaymentFailed const& e) const;
  void operator()(RefundRequested const& e) const;
  void operator()(RefundSettled const& e) const;
  void operator()(DisputeOpened const& e) const;
  void operator()(DisputeClosed const& e) const;
  void operator()(PayoutRequested const& e) const;
  void operator()(PayoutAdvanced const& e) const;
  void operator()(DisputeMoved const& e) const;
  void operator()(PayoutFileWritten const& e) const;
  void operator()(PayoutAccountCorrected const& e) const;
  void operator()(KeysBound const& e) const;

 private:
  // A commit's movements: available by `delta`, reserved by `reserved_delta`, checked against what the event says came
  // of them. Nothing but the card's own money, in charge(), may leave a wallet below zero or above kMaxBalance, or
  // further out than it was.
  void move(PlayerId player, CurrencyId currency, Money delta, Money available_after) const;
  void move(PlayerId player, CurrencyId currency, Money delta, Money available_after, Money reserved_delta,
            Money reserved_after) const;
  void charge(PlayerId player, CurrencyId currency, Money delta, Money available_after) const;
  void settle(PlayerId player, CurrencyId currency, Money delta, Money available_after, Money reserved_delta,
              Money reserved_after) const;
  [[nodiscard]] Revenue& revenue(CurrencyId currency) const;
  [[nodiscard]] OpenOrder& open_order(OrderId order) const;
  [[nodiscard]] Returned& returned_of(OrderId order, PlayerId player, CurrencyId currency) const;
  [[nodiscard]] OpenTransfer& open_transfer(TransferId transaction) const;
  // Takes the transfer out, with its question and the texts that nobody needs any more.
  void close_transfer(TransferId transaction) const;
};

// An event's amount is what moved, never a direction: a negative debit in a log is corruption.
template <class Unit>
Amount<Unit> moved(Amount<Unit> amount) {
  FLORIN_ASSERT(amount > Amount<Unit>{});
  return amount;
}
inline bool valid_amount(Money amount) { return amount > Money{} && amount <= kMaxAmount; }

}  // namespace florin::domain
