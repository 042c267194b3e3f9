// What may be asked. A command is imperative and already well-formed (api/ parsed it); whether it is allowed is
// decide's business. Secrets never enter: only the hash of a new key does.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/events.h"
#include "domain/fact.h"

namespace florin::domain {

// A player as a game names one. The identity and the player are made on first use.
struct PlayerRef {
  BlindIndex email_index{};
  std::string email;  // trimmed, lower case; used only when the identity is new
  std::string name;   // may be empty
  std::uint64_t name_tag = 0;
  bool renamed = false;  // the caller gave a name that differs from the one on file
};

struct CreateGame {
  GameSettings settings;
  std::vector<CurrencySpec> currencies;  // ids are ignored
  Digest key_hash{};
};

struct UpdateGame {
  GameId game;
  GameChanges changes;
};

struct AddCurrency {
  GameId game;
  CurrencySpec currency;  // its id is ignored
};

struct ChangeCurrency {
  GameId game;
  CurrencyId currency;
  CurrencyChanges changes;
};

struct RotateSdkKey {
  GameId game;
  Digest key_hash{};
  bool immediate = false;
};

// currency zero means the game's default currency, here and below.
struct CreditBalance {
  GameId game;
  PlayerRef player;
  CurrencyId currency;
  Money amount;
  std::string reason;
};

struct DebitBalance {
  GameId game;
  PlayerRef player;
  CurrencyId currency;
  Money amount;
  std::string reason;
};

struct PurchaseItem {
  GameId game;
  PlayerRef player;
  CurrencyId currency;
  Item item;
  std::uint32_t quantity = 0;
  Money unit_price;
  Money total_price;
};

// The original is read from the log by the caller: a fact cannot have changed since.
struct RefundItem {
  GameId game;
  Fact<ItemPurchased> original;  // the order has the name of its commit
  std::string reason;
};

// A person as a game names one who need not play there.
struct PersonRef {
  BlindIndex email_index{};
  std::string email;  // trimmed, lower case; used only when the identity is new
};

struct PhoneRef {
  BlindIndex index{};
  std::string number;  // E.164; used only when it is new for the person
};

struct InitiateTransfer {
  Flavour flavour = Flavour::transfer;
  GameId game;
  PlayerRef sender;
  PhoneRef sender_phone;
  GameId target;
  PersonRef receiver;
  PhoneRef receiver_phone;
  CurrencyId currency;
  Money amount;
  bool unlimited = false;  // for benchmarks: the velocity limits of the calling game are not asked
  bool can_text = true;    // false: the PIN could not be sent now
};

// Secrets never enter: bit i of `matching` says that the given PIN is the transaction's i-th.
struct VerifyPin {
  GameId game;
  Flavour flavour = Flavour::transfer;
  TransferId transaction;
  std::uint32_t matching = 0;
};

struct ResendPin {
  GameId game;
  Flavour flavour = Flavour::transfer;
  TransferId transaction;
};

struct CancelTransfer {
  GameId game;
  Flavour flavour = Flavour::transfer;
  TransferId transaction;
};

// The transaction is what the claim code says.
struct ClaimTransfer {
  GameId game;
  Flavour flavour = Flavour::transfer;
  TransferId transaction;
  PlayerRef receiver;
  PhoneRef phone;
  CurrencyId currency;
  PlayerId player;  // zero: whoever the e-mail names
};

// A timer's: ends the wait that is over. Refused as not_due when it is not.
struct ExpireTransfer {
  TransferId transaction;
};

struct FlagMinor {
  PersonRef person;
  std::optional<PhoneRef> guardian;
};

struct ClearMinor {
  BlindIndex email_index{};
};

struct RequestPhoneShare {
  PhoneRef phone;
  PersonRef person;
  GameId game{};  // that asks
};

struct AnswerPhoneShare {
  ApprovalId approval;
  bool code_matches = false;
  bool approve = false;
  GameId game{};  // that answers: only the one that asked may
};

struct ExpirePhoneShare {
  ApprovalId approval;
};

// A text from `phone`. `named`: the transfer or the approval whose code it holds; zero: it holds none that is known.
enum class ReplyWord : std::uint8_t { none, yes, no };
struct ReceiveReply {
  BlindIndex phone{};
  ReplyWord word = ReplyWord::none;
  bool has_code = false;
  Position named;
};

struct SettleTexts {
  std::vector<TextSettled> texts;
};

struct OpenCheckout {
  GameId game;
  PersonRef person;
  CurrencyId currency;
  Usd usd;
  std::string success_url;
  std::string cancel_url;
  std::string metadata;
};

struct OrderCurrency {
  GameId game;
  PlayerRef player;
  CurrencyId currency;
  Usd usd;
  std::string method;
  SessionId session;
  bool can_charge = true;  // false: the processor cannot be reached now
};

// What the processor says of an order's payment.
struct ReportPayment {
  PaymentReport report;
  Fact<CurrencyOrdered> ordered;
  std::string refused_code;  // with a cancelled payment: why the processor would not even try it
};

// Gives up an order that the processor refused or never heard of: it has no payment there that could be charged.
struct FailOrder {
  OrderId order;
  PaymentFailure failure = PaymentFailure::refused;
  std::string code;
};

struct RefundPurchase {
  GameId game;
  Fact<CurrencyPurchased> original;
  std::optional<Usd> usd;  // none: all that is left
  std::string reason;
  bool can_charge = true;
};

// The processor's answer to a refund that it will not make.
struct FailRefund {
  Fact<CurrencyOrdered> ordered;
  RefundId refund;
};

struct RequestPayout {
  GameId game;
  PersonRef contact;
  Usd usd;
  std::string holder;
  std::string account;  // digits
  std::string routing;
  AccountType type = AccountType::checking;
};

// An operator's or the bank's.
struct AdvancePayout {
  PayoutId payout;
  PayoutStatus status = PayoutStatus::approved;
  std::string note;
};

// The files of a day as they would be written now. Refused (payout_not_next) when the day has been written, or when one
// of the payouts has failed meanwhile.
struct WritePayoutFile {
  Day day;
  Timestamp created;
  AchOrigin origin;
  std::vector<PayoutFile> files;  // not empty
  std::vector<LeftOutPayout> left_out;
};

// A bank's notification of change.
struct CorrectPayoutAccount {
  Fact<PayoutRequested> payout;
  std::string code;
  std::string corrected;
};

// CONTRACT, Item purchase.
inline constexpr std::uint32_t kMaxItemQuantity = 1000;
// "total_price must … be < 999999.99": this much is already too much.
inline constexpr Money kItemTotalLimit = Money::from_minor(99'999'999);

using Command =
    std::variant<CreateGame, UpdateGame, AddCurrency, ChangeCurrency, RotateSdkKey, CreditBalance, DebitBalance,
                 PurchaseItem, RefundItem, InitiateTransfer, VerifyPin, ResendPin, CancelTransfer, ClaimTransfer,
                 ExpireTransfer, FlagMinor, ClearMinor, RequestPhoneShare, AnswerPhoneShare, ExpirePhoneShare,
                 ReceiveReply, SettleTexts, OpenCheckout, OrderCurrency, ReportPayment, FailOrder, RefundPurchase,
                 FailRefund, RequestPayout, AdvancePayout, WritePayoutFile, CorrectPayoutAccount>;

}  // namespace florin::domain
