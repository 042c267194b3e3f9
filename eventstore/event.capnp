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
