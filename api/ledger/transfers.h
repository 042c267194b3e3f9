// Transfers and sends as the log, the open state and the view `transfers` tell them.
#pragma once

#include <optional>
#include <string_view>

#include "api/ledger/reader.h"
#include "projections/transfers.h"

namespace florin::api {

struct TransferDetails {
  domain::Commit commit;  // that initiated it
  domain::TransferInitiated initiated;
  domain::GameId source;
  std::optional<domain::OpenTransfer> open;
  std::optional<projections::TransferRecord> record;  // when it is not open
};
// "pending_pin_verification", "pending_guardian_approval", "pending_claim", "completed", "failed", "expired" or
// "cancelled".
[[nodiscard]] std::string_view status_of(TransferDetails const& transfer);
// What the receiving game is told of a transaction that has not reached it: that it waits or has ended, not for whom or
// why. "No API reply ever reveals the flag" (CONTRACT, Guardian approval), and only the source's 202 has told of one.
[[nodiscard]] std::string_view status_for(bool is_source, TransferDetails const& transfer);

// nullopt: no such transaction of this flavour (none: of any) in which `game` has a part. One that has ended moments
// ago waits for the view, and holds no worker meanwhile.
[[nodiscard]] Awaitable<Readable<std::optional<TransferDetails>>> load_transfer(Reader reader, domain::GameId game,
                                                                                std::optional<domain::Flavour> flavour,
                                                                                domain::TransferId transaction);

// The open transfer as the durable ledger has it; nullopt when it is not open, or not this game's and flavour's.
[[nodiscard]] std::optional<domain::OpenTransfer> find_open_transfer(Ledger const& ledger, domain::GameId game,
                                                                     domain::Flavour flavour,
                                                                     domain::TransferId transaction);

// A code of ours whose transfer is not waiting for a claim. Only who has the right game and phone learns why.
enum class Unclaimable : std::uint8_t { unknown, claimed_before, expired };
[[nodiscard]] Unclaimable why_unclaimable(Ledger const& ledger, domain::GameId game,
                                          std::optional<TransferDetails> const& transfer,
                                          domain::BlindIndex const& phone);

// Whom the claimant may choose from, by the rule that decides; nullopt when the transfer is not open any more.
[[nodiscard]] std::optional<std::vector<domain::PlayerId>> claimants(Ledger const& ledger,
                                                                     domain::TransferId transaction,
                                                                     domain::CurrencyId into);

}  // namespace florin::api
