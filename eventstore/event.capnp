# The bytes of a commit. Evolve by Cap'n Proto's rules only: append fields and union members, never renumber,
# never change a type. Every version ever written has golden bytes under tests/golden. FORMAT.md tells the rest.
@0xc3f6a1d05be27a94;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("florin::eventstore::wire");

struct Commit {
  first @0 :UInt64;         # position of the first event
  at @1 :Int64;             # microseconds since 1970 UTC
  game @2 :UInt64;          # the caller's game; 0 for an operator
  requestId @3 :Text;       # client_request_id; empty when none was given
  fingerprint @4 :Data;     # 16 bytes, keyed hash of the payload
  events @5 :List(Event);
}

struct Event {
  union {
    gameCreated @0 :GameCreated;
    gameUpdated @1 :GameUpdated;
    sdkKeyRotated @2 :SdkKeyRotated;
    identityRegistered @3 :IdentityRegistered;
    playerJoined @4 :PlayerJoined;
    playerRenamed @5 :PlayerRenamed;
    startingBalanceGranted @6 :Movement;
    balanceCredited @7 :Movement;
    balanceDebited @8 :Movement;
    itemPurchased @9 :ItemPurchased;
    itemRefunded @10 :ItemRefunded;
    phoneRecorded @11 :PhoneRecorded;
    phoneVerified @12 :PhoneVerified;
    minorFlagged @13 :MinorFlagged;
    minorCleared @14 :MinorCleared;
    transferInitiated @15 :TransferInitiated;
    pinReissued @16 :PinReissued;
    pinRejected @17 :PinRejected;
    pinVerified @18 :PinVerified;
    guardianApproved @19 :GuardianApproved;
    transferClaimed @20 :TransferClaimed;
    transferReturned @21 :TransferReturned;
    phoneShareRequested @22 :PhoneShareRequested;
    shareCodeRejected @23 :ShareCodeRejected;
    phoneShareEnded @24 :PhoneShareEnded;
    replyReceived @25 :ReplyReceived;
    textSettled @26 :TextSettled;
    checkoutOpened @27 :CheckoutOpened;
    currencyOrdered @28 :CurrencyOrdered;
    paymentOpened @29 :PaymentOpened;
    paymentChallenged @30 :PaymentChallenged;
    currencyPurchased @31 :CurrencyPurchased;
    paymentFailed @32 :PaymentFailed;
    refundRequested @33 :RefundRequested;
    refundSettled @34 :RefundSettled;
    disputeOpened @35 :DisputeOpened;
    disputeClosed @36 :DisputeClosed;
    payoutRequested @37 :PayoutRequested;
    payoutAdvanced @38 :PayoutAdvanced;
    disputeMoved @39 :DisputeMoved;
    currencyAdded @40 :GameCurrency;
    currencyChanged @41 :GameCurrency;
    payoutFileWritten @42 :PayoutFileWritten;
    payoutAccountCorrected @43 :PayoutAccountCorrected;
    keysBound @44 :KeysBound;
  }
}

struct Limit {
  kind @0 :UInt8;
  maximum @1 :UInt32;
}

struct GameSettings {
  name @0 :Text;
  developerName @1 :Text;
  genre @2 :Text;
  iconUrl @3 :Text;
  status @4 :UInt8;
  universalTransfers @5 :Bool;
  allowsOutgoingTransfers @6 :Bool;
  allowsIncomingTransfers @7 :Bool;
  linkedGames @8 :List(UInt64);
  transferFee @9 :Int32;    # hundredths of a percent
  itemFee @10 :Int32;
  limits @11 :List(Limit);
}

struct Currency {
  currency @0 :UInt32;
  name @1 :Text;
  symbol @2 :Text;
  startingAmount @3 :Int64;      # minor units, as all money here
  minimumTransfer @4 :Int64;
  maximumTransfer @5 :Int64 = -1;  # -1: none
}

struct GameCreated {
  game @0 :UInt64;
  settings @1 :GameSettings;
  currencies @2 :List(Currency);
  keyHash @3 :Data;         # 32 bytes
}

struct GameUpdated {
  game @0 :UInt64;
  settings @1 :GameSettings;
}

struct GameCurrency {
  game @0 :UInt64;
  currency @1 :Currency;    # all of it, as it is from now on
}

struct SdkKeyRotated {
  game @0 :UInt64;
  keyHash @1 :Data;
  previousValidUntil @2 :Int64;  # 0: cut at once
}

struct IdentityRegistered {
  identity @0 :UInt64;
  emailIndex @1 :Data;      # 16 bytes
  email @2 :Data;           # sealed
}

struct PlayerJoined {
  player @0 :UInt64;
  game @1 :UInt64;
  identity @2 :UInt64;
  name @3 :Data;            # sealed; empty: no name given
  nameTag @4 :UInt64;
}

struct PlayerRenamed {
  player @0 :UInt64;
  identity @1 :UInt64;
  name @2 :Data;
  nameTag @3 :UInt64;
}

struct Movement {
  player @0 :UInt64;
  currency @1 :UInt32;
  amount @2 :Int64;
  availableAfter @3 :Int64;
  reason @4 :Text;
}

struct ItemPurchased {
  player @0 :UInt64;
  currency @1 :UInt32;
  quantity @2 :UInt32;
  unitPrice @3 :Int64;
  total @4 :Int64;
  platformFee @5 :Int64;
  developerRevenue @6 :Int64;
  availableAfter @7 :Int64;
  itemId @8 :Text;
  itemName @9 :Text;
  itemCategory @10 :Text;
  itemDescription @11 :Text;
}

struct ItemRefunded {
  order @0 :UInt64;         # first position of the purchase's commit
  player @1 :UInt64;
  currency @2 :UInt32;
  total @3 :Int64;
  platformFee @4 :Int64;
  developerRevenue @5 :Int64;
  availableAfter @6 :Int64;
  reason @7 :Text;
}

struct PhoneRecorded {
  phone @0 :UInt64;
  identity @1 :UInt64;
  phoneIndex @2 :Data;      # 16 bytes
  number @3 :Data;          # sealed
}

struct PhoneVerified {
  phone @0 :UInt64;
}

struct MinorFlagged {
  identity @0 :UInt64;
  guardian @1 :UInt64;      # a phone of the minor's; 0: nobody can be asked
}

struct MinorCleared {
  identity @0 :UInt64;
}

# A transaction is named by the first position of the commit that initiated it.
struct TransferInitiated {
  transaction @0 :UInt64;
  flavour @1 :UInt8;        # 0 transfer, 1 send; likewise below
  sender @2 :UInt64;
  currency @3 :UInt32;
  target @4 :UInt64;        # game
  senderPhone @5 :UInt64;
  receiver @6 :UInt64;      # identity
  receiverPhone @7 :UInt64;
  amount @8 :Int64;
  sourceFee @9 :Int64;
  targetFee @10 :Int64;
  networkFee @11 :Int64;
  sourceRate @12 :Int32;    # hundredths of a percent
  targetRate @13 :Int32;
  universal @14 :Bool;
  availableAfter @15 :Int64;
  reservedAfter @16 :Int64;
  pinExpiresAt @17 :Int64;  # microseconds since 1970 UTC, as all times here
  guardian @18 :UInt64;     # a phone; 0: nobody is asked
  guardianExpiresAt @19 :Int64;
}

struct PinReissued {
  transaction @0 :UInt64;
  pin @1 :UInt8;            # which of the transaction's, from 0
  expiresAt @2 :Int64;
}

struct PinRejected {
  transaction @0 :UInt64;
  attemptsLeft @1 :UInt8;
}

struct PinVerified {
  transaction @0 :UInt64;
  claimExpiresAt @1 :Int64;
}

struct GuardianApproved {
  transaction @0 :UInt64;
}

struct TransferClaimed {
  transaction @0 :UInt64;
  flavour @1 :UInt8;
  sender @2 :UInt64;
  currency @3 :UInt32;
  receiver @4 :UInt64;      # player
  targetCurrency @5 :UInt32;
  amount @6 :Int64;
  sourceFee @7 :Int64;
  targetFee @8 :Int64;
  networkFee @9 :Int64;
  reservedAfter @10 :Int64;   # the sender's
  availableAfter @11 :Int64;  # the receiver's
  senderPhone @12 :UInt64;
  receiverPhone @13 :UInt64;
  target @14 :UInt64;         # game
}

# domain: TransferReleased
struct TransferReturned {
  transaction @0 :UInt64;
  flavour @1 :UInt8;
  reason @2 :UInt8;         # domain/transfer.h, ReturnReason
  sender @3 :UInt64;
  currency @4 :UInt32;
  amount @5 :Int64;
  availableAfter @6 :Int64;
  reservedAfter @7 :Int64;
  target @8 :UInt64;        # game
  senderPhone @9 :UInt64;
}

# An approval is named by the first position of the commit that asked for it.
struct PhoneShareRequested {
  approval @0 :UInt64;
  phone @1 :UInt64;
  owner @2 :UInt64;         # phone
  expiresAt @3 :Int64;
  game @4 :UInt64;          # that asks; 0: not written yet
}

struct ShareCodeRejected {
  approval @0 :UInt64;
  attemptsLeft @1 :UInt8;
}

struct PhoneShareEnded {
  approval @0 :UInt64;
  end @1 :UInt8;            # domain/phone_share.h, ShareEnd
}

struct ReplyReceived {
  phoneIndex @0 :Data;      # 16 bytes
}

struct TextSettled {
  about @0 :UInt64;         # transaction or approval
  kind @1 :UInt8;           # domain/texts.h, TextKind
  detail @2 :UInt8;
  end @3 :UInt8;            # TextEnd
}

struct CheckoutOpened {
  session @0 :UInt64;       # first position of this commit
  game @1 :UInt64;
  identity @2 :UInt64;
  currency @3 :UInt32;
  usd @4 :Int64;            # cents, as all dollars here
  successUrl @5 :Text;
  cancelUrl @6 :Text;
  metadata @7 :Data;        # sealed; empty: none
  expiresAt @8 :Int64;
}

# An order is named by the first position of the commit that made it.
struct CurrencyOrdered {
  order @0 :UInt64;
  player @1 :UInt64;
  currency @2 :UInt32;
  usd @3 :Int64;
  method @4 :Text;          # the processor's token
  session @5 :UInt64;       # 0: no checkout
}

struct PaymentOpened {
  order @0 :UInt64;
  reference @1 :Text;       # the processor's
}

struct PaymentChallenged {
  order @0 :UInt64;
  expiresAt @1 :Int64;
}

struct CurrencyPurchased {
  order @0 :UInt64;
  player @1 :UInt64;
  currency @2 :UInt32;
  usd @3 :Int64;
  fee @4 :Int64;            # dollars
  reference @5 :Text;
  availableAfter @6 :Int64;
}

struct PaymentFailed {
  order @0 :UInt64;
  player @1 :UInt64;
  failure @2 :UInt8;        # domain/payment.h, PaymentFailure
  code @3 :Text;
}

struct RefundRequested {
  refund @0 :UInt64;        # position of this event
  order @1 :UInt64;
  player @2 :UInt64;
  currency @3 :UInt32;
  usd @4 :Int64;
  availableAfter @5 :Int64;
  reason @6 :Text;
  payment @7 :Text;         # the processor's
  reference @8 :Text;       # the processor's; empty: asked for here
}

struct RefundSettled {
  refund @0 :UInt64;
  order @1 :UInt64;
  player @2 :UInt64;
  currency @3 :UInt32;
  usd @4 :Int64;
  end @5 :UInt8;            # domain/payment.h, RefundEnd
  reference @6 :Text;
  availableAfter @7 :Int64;
}

struct DisputeOpened {
  order @0 :UInt64;
  reference @1 :Text;
  player @2 :UInt64;
  currency @3 :UInt32;
  usd @4 :Int64;
  fee @5 :Int64;
  availableAfter @6 :Int64;
}

struct DisputeClosed {
  order @0 :UInt64;
  reference @1 :Text;
  player @2 :UInt64;
  currency @3 :UInt32;
  usd @4 :Int64;
  won @5 :Bool;
  availableAfter @6 :Int64;
  fee @7 :Int64;  # signed: what the fee grew by; 0 in those written before it was
}

struct DisputeMoved {
  order @0 :UInt64;
  reference @1 :Text;
  player @2 :UInt64;
  currency @3 :UInt32;
  usd @4 :Int64;            # signed: given back to the player; below zero: debited
  fee @5 :Int64;            # signed: what the fee grew by
  status @6 :UInt8;         # domain/payment.h, DisputeStatus
  entries @7 :UInt32;
  availableAfter @8 :Int64;
}

struct PayoutShare {
  currency @0 :UInt32;
  amount @1 :Int64;
}

# A payout is named by the first position of the commit that requested it.
struct PayoutRequested {
  payout @0 :UInt64;
  game @1 :UInt64;
  usd @2 :Int64;
  shares @3 :List(PayoutShare);
  contact @4 :UInt64;       # identity
  holder @5 :Data;          # sealed, as is the account
  account @6 :Data;
  routing @7 :Text;
  last4 @8 :Text;
  type @9 :UInt8;           # domain/bank.h, AccountType
}

struct PayoutAdvanced {
  payout @0 :UInt64;
  game @1 :UInt64;
  usd @2 :Int64;
  shares @3 :List(PayoutShare);
  status @4 :UInt8;         # domain/payout.h, PayoutStatus
  note @5 :Text;
  wasCompleted @6 :Bool;    # it failed after it was paid
  datedByExport @7 :Bool;   # processing: its day's file is a PayoutFileWritten
}

# domain/bank.h, AchOrigin.
struct AchOrigin {
  destination @0 :Text;
  destinationName @1 :Text;
  origin @2 :Text;
  originName @3 :Text;
  companyName @4 :Text;
  companyId @5 :Text;
  odfi @6 :Text;
  entryDescription @7 :Text;
}

struct PayoutFile {
  letter @0 :UInt8;         # ASCII
  effectiveDay @1 :Int32;   # days since 1970
  firstTrace @2 :UInt32;
  usd @3 :Int64;
  digest @4 :Data;          # 32 bytes
  payouts @5 :List(UInt64);
}

struct LeftOutPayout {
  payout @0 :UInt64;
  reason @1 :UInt8;         # domain/payout.h, LeftOutReason
}

struct PayoutFileWritten {
  written @0 :UInt64;
  day @1 :Int32;            # days since 1970, UTC
  created @2 :Int64;
  origin @3 :AchOrigin;
  files @4 :List(PayoutFile);
  leftOut @5 :List(LeftOutPayout);
}

struct PayoutAccountCorrected {
  payout @0 :UInt64;
  game @1 :UInt64;
  contact @2 :UInt64;       # identity
  code @3 :Text;
  corrected @4 :Data;       # sealed
}

struct KeysBound {
  vault @0 :Data;           # 16 bytes
  rowKey @1 :UInt32;        # the number of the key of rows
  rowKeyCheck @2 :Data;     # 16 bytes
}
