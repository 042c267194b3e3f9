#include "api/ledger/transfers.h"

#include <utility>

#include "domain/claim_candidates.h"

namespace florin::api {
namespace {

using domain::Flavour;
using domain::Position;
using eventstore::ResultOr;
using Found = std::optional<TransferDetails>;

// From the log and the ledger; open or not.
ResultOr<Found> find_transfer(Ledger const& ledger, domain::GameId game, std::optional<Flavour> flavour,
                              domain::TransferId transaction) {
  if (transaction.position() > ledger.state.position()) return Found{};
  auto commit = FLORIN_TRY(ledger.commits.at(transaction.position()));
  if (!commit) return Found{};
  TransferDetails transfer;
  bool found = false;
  for (auto const& event : commit->events) {
    if (auto const* initiated = std::get_if<domain::TransferInitiated>(&event)) {
      transfer.initiated = *initiated;
      found = true;
    }
  }
  transfer.commit = std::move(*commit);
  transfer.source = transfer.commit.request.game;
  if (!found || (flavour && transfer.initiated.flavour != *flavour)) return Found{};
  if (game != transfer.source && game != transfer.initiated.target) return Found{};
  transfer.open = ledger.state.read([&](domain::State const& state) {
    auto const* open = state.find_transfer(transaction);
    return open != nullptr ? std::optional(*open) : std::nullopt;
  });
  return Found(std::move(transfer));
}

// With what the view knows of one that is not open.
ResultOr<Found> with_record(ViewReader& view, Found transfer) {
  transfer->record = FLORIN_TRY(projections::read_transfer(view, transfer->initiated.transaction));
  return transfer;
}

bool is_told(TransferDetails const& transfer) { return transfer.open || (transfer.record && transfer.record->end); }

}  // namespace

std::string_view status_of(TransferDetails const& transfer) {
  if (transfer.open) {
    if (transfer.open->stage == domain::TransferStage::claim) return "pending_claim";
    return transfer.open->guardian == domain::GuardianState::pending ? "pending_guardian_approval"
                                                                     : "pending_pin_verification";
  }
  if (!transfer.record || !transfer.record->end) return "pending_pin_verification";
  switch (*transfer.record->end) {
    case domain::TransferEnd::completed: return "completed";
    case domain::TransferEnd::failed: return "failed";
    case domain::TransferEnd::expired: return "expired";
    case domain::TransferEnd::cancelled: return "cancelled";
  }
  return "";
}

std::string_view status_for(bool is_source, TransferDetails const& transfer) {
  auto const status = status_of(transfer);
  return !is_source && status == "pending_guardian_approval" ? "pending_pin_verification" : status;
}

Awaitable<Readable<Found>> load_transfer(Reader reader, domain::GameId game, std::optional<Flavour> flavour,
                                         domain::TransferId transaction) {
  auto const& ledger = reader.ledger;
  // The end of one that is found not to be open is at or before the position after that look.
  Position looked_at;
  auto first = co_await reader.disk([&]() -> ResultOr<Found> {
    auto found = find_transfer(ledger, game, flavour, transaction);
    looked_at = ledger.state.position();
    if (!found || !found.value() || found.value()->open) return found;
    auto view = FLORIN_TRY(ledger.views.read(View::transfers));
    return with_record(view, std::move(found).value());
  });
  // An end is final: a view that knows of it need not be any newer.
  if (!first || !first.value() || is_told(*first.value())) co_return first;
  auto second = co_await reader.view(View::transfers, looked_at,
                                     [&](ViewReader& view) { return with_record(view, std::move(first).value()); });
  co_return second;
}

std::optional<domain::OpenTransfer> find_open_transfer(Ledger const& ledger, domain::GameId game, Flavour flavour,
                                                       domain::TransferId transaction) {
  return ledger.state.read([&](domain::State const& state) {
    auto const* open = state.find_transfer(transaction);
    bool const ours = open != nullptr && open->flavour == flavour && state.game_of(open->sender)->id == game;
    return ours ? std::optional(*open) : std::nullopt;
  });
}

Unclaimable why_unclaimable(Ledger const& ledger, domain::GameId game, Found const& transfer,
                            domain::BlindIndex const& phone) {
  bool const ended = transfer && transfer->initiated.target == game && transfer->record && transfer->record->end;
  auto const theirs = ended && ledger.state.read([&](domain::State const& state) {
    return state.phones()[transfer->initiated.receiver_phone].phone == phone;
  });
  if (!theirs) return Unclaimable::unknown;
  if (*transfer->record->end == domain::TransferEnd::completed) return Unclaimable::claimed_before;
  bool const expired = transfer->record->reason == domain::ReturnReason::claim_expired;
  return expired ? Unclaimable::expired : Unclaimable::unknown;
}

std::optional<std::vector<domain::PlayerId>> claimants(Ledger const& ledger, domain::TransferId transaction,
                                                       domain::CurrencyId into) {
  return ledger.state.read([&](domain::State const& state) {
    auto const* transfer = state.find_transfer(transaction);
    return transfer != nullptr ? std::optional(domain::claim_candidates(state, *transfer, into)) : std::nullopt;
  });
}

}  // namespace florin::api
