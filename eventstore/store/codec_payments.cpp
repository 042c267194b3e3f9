// The codec of real money, in and out: what codec.cpp does for all the other events.
#include "eventstore/store/codec_parts.h"

namespace florin::eventstore::codec {
namespace {

void write_shares(capnp::List<wire::PayoutShare>::Builder out, std::vector<domain::PayoutShare> const& in) {
  for (unsigned i = 0; i < out.size(); ++i) {
    out[i].setCurrency(number(in[i].currency));
    out[i].setAmount(in[i].amount.minor());
  }
}

std::vector<domain::PayoutShare> read_shares(capnp::List<wire::PayoutShare>::Reader in) {
  std::vector<domain::PayoutShare> out;
  for (auto const share : in) out.push_back({domain::CurrencyId(share.getCurrency()), money(share.getAmount())});
  return out;
}

std::int32_t days(domain::Day day) {
  auto const count = day.time_since_epoch().count();
  FLORIN_ASSERT(count == static_cast<std::int32_t>(count));
  return static_cast<std::int32_t>(count);
}

domain::Day day(std::int32_t days) { return domain::Day(std::chrono::days(days)); }

}  // namespace

void write(wire::Event::Builder event, domain::CheckoutOpened const& in) {
  auto out = event.initCheckoutOpened();
  out.setSession(in.session.value());
  out.setGame(in.game.value());
  out.setIdentity(in.identity.value());
  out.setCurrency(number(in.currency));
  out.setUsd(in.usd.minor());
  out.setSuccessUrl(text(in.success_url));
  out.setCancelUrl(text(in.cancel_url));
  out.setMetadata(personal(in.metadata));
  out.setExpiresAt(in.expires_at.micros());
}

void write(wire::Event::Builder event, domain::CurrencyOrdered const& in) {
  auto out = event.initCurrencyOrdered();
  out.setOrder(in.order.value());
  out.setPlayer(in.player.value());
  out.setCurrency(number(in.currency));
  out.setUsd(in.usd.minor());
  out.setMethod(text(in.method));
  out.setSession(in.session.value());
}

void write(wire::Event::Builder event, domain::PaymentOpened const& in) {
  auto out = event.initPaymentOpened();
  out.setOrder(in.order.value());
  out.setReference(text(in.reference));
}

void write(wire::Event::Builder event, domain::PaymentChallenged const& in) {
  auto out = event.initPaymentChallenged();
  out.setOrder(in.order.value());
  out.setExpiresAt(in.expires_at.micros());
}

void write(wire::Event::Builder event, domain::CurrencyPurchased const& in) {
  auto out = event.initCurrencyPurchased();
  out.setOrder(in.order.value());
  out.setPlayer(in.player.value());
  out.setCurrency(number(in.currency));
  out.setUsd(in.usd.minor());
  out.setFee(in.fee.minor());
  out.setReference(text(in.reference));
  out.setAvailableAfter(in.available_after.minor());
}

void write(wire::Event::Builder event, domain::PaymentFailed const& in) {
  auto out = event.initPaymentFailed();
  out.setOrder(in.order.value());
  out.setPlayer(in.player.value());
  out.setFailure(static_cast<std::uint8_t>(in.failure));
  out.setCode(text(in.code));
}

void write(wire::Event::Builder event, domain::RefundRequested const& in) {
  auto out = event.initRefundRequested();
  out.setRefund(in.refund.value());
  out.setOrder(in.order.value());
  out.setPlayer(in.player.value());
  out.setCurrency(number(in.currency));
  out.setUsd(in.usd.minor());
  out.setAvailableAfter(in.available_after.minor());
  out.setReason(text(in.reason));
  out.setPayment(text(in.payment));
  out.setReference(text(in.reference));
}

void write(wire::Event::Builder event, domain::RefundSettled const& in) {
  auto out = event.initRefundSettled();
  out.setRefund(in.refund.value());
  out.setOrder(in.order.value());
  out.setPlayer(in.player.value());
  out.setCurrency(number(in.currency));
  out.setUsd(in.usd.minor());
  out.setEnd(static_cast<std::uint8_t>(in.end));
  out.setReference(text(in.reference));
  out.setAvailableAfter(in.available_after.minor());
}

void write(wire::Event::Builder event, domain::DisputeOpened const& in) {
  auto out = event.initDisputeOpened();
  out.setOrder(in.order.value());
  out.setReference(text(in.reference));
  out.setPlayer(in.player.value());
  out.setCurrency(number(in.currency));
  out.setUsd(in.usd.minor());
  out.setFee(in.fee.minor());
  out.setAvailableAfter(in.available_after.minor());
}

void write(wire::Event::Builder event, domain::DisputeClosed const& in) {
  auto out = event.initDisputeClosed();
  out.setOrder(in.order.value());
  out.setReference(text(in.reference));
  out.setPlayer(in.player.value());
  out.setCurrency(number(in.currency));
  out.setUsd(in.usd.minor());
  out.setWon(in.won);
  out.setAvailableAfter(in.available_after.minor());
  out.setFee(in.fee.minor());
}

void write(wire::Event::Builder event, domain::DisputeMoved const& in) {
  auto out = event.initDisputeMoved();
  out.setOrder(in.order.value());
  out.setReference(text(in.reference));
  out.setPlayer(in.player.value());
  out.setCurrency(number(in.currency));
  out.setUsd(in.usd.minor());
  out.setFee(in.fee.minor());
  out.setStatus(static_cast<std::uint8_t>(in.status));
  out.setEntries(in.entries);
  out.setAvailableAfter(in.available_after.minor());
}

void write(wire::Event::Builder event, domain::PayoutRequested const& in) {
  auto out = event.initPayoutRequested();
  out.setPayout(in.payout.value());
  out.setGame(in.game.value());
  out.setUsd(in.usd.minor());
  write_shares(out.initShares(static_cast<unsigned>(in.shares.size())), in.shares);
  out.setContact(in.contact.value());
  out.setHolder(personal(in.holder));
  out.setAccount(personal(in.account));
  out.setRouting(text(in.routing));
  out.setLast4(text(in.last4));
  out.setType(static_cast<std::uint8_t>(in.type));
}

void write(wire::Event::Builder event, domain::PayoutAdvanced const& in) {
  auto out = event.initPayoutAdvanced();
  out.setPayout(in.payout.value());
  out.setGame(in.game.value());
  out.setUsd(in.usd.minor());
  write_shares(out.initShares(static_cast<unsigned>(in.shares.size())), in.shares);
  out.setStatus(static_cast<std::uint8_t>(in.status));
  out.setNote(text(in.note));
  out.setWasCompleted(in.was_completed);
  out.setDatedByExport(in.dated_by_export);
}

void write(wire::Event::Builder event, domain::PayoutFileWritten const& in) {
  auto out = event.initPayoutFileWritten();
  out.setWritten(in.written.value());
  out.setDay(days(in.day));
  out.setCreated(in.created.micros());
  auto origin = out.initOrigin();
  origin.setDestination(text(in.origin.destination));
  origin.setDestinationName(text(in.origin.destination_name));
  origin.setOrigin(text(in.origin.origin));
  origin.setOriginName(text(in.origin.origin_name));
  origin.setCompanyName(text(in.origin.company_name));
  origin.setCompanyId(text(in.origin.company_id));
  origin.setOdfi(text(in.origin.odfi));
  origin.setEntryDescription(text(in.origin.entry_description));
  auto files = out.initFiles(static_cast<unsigned>(in.files.size()));
  for (unsigned i = 0; i < files.size(); ++i) {
    auto const& file = in.files[i];
    files[i].setLetter(static_cast<std::uint8_t>(file.letter));
    files[i].setEffectiveDay(days(file.effective));
    files[i].setFirstTrace(file.first_trace);
    files[i].setUsd(file.usd.minor());
    files[i].setDigest(blob(file.digest));
    auto payouts = files[i].initPayouts(static_cast<unsigned>(file.payouts.size()));
    for (unsigned entry = 0; entry < payouts.size(); ++entry) payouts.set(entry, file.payouts[entry].value());
  }
  auto left_out = out.initLeftOut(static_cast<unsigned>(in.left_out.size()));
  for (unsigned i = 0; i < left_out.size(); ++i) {
    left_out[i].setPayout(in.left_out[i].payout.value());
    left_out[i].setReason(static_cast<std::uint8_t>(in.left_out[i].reason));
  }
}

void write(wire::Event::Builder event, domain::PayoutAccountCorrected const& in) {
  auto out = event.initPayoutAccountCorrected();
  out.setPayout(in.payout.value());
  out.setGame(in.game.value());
  out.setContact(in.contact.value());
  out.setCode(text(in.code));
  out.setCorrected(personal(in.corrected));
}

domain::Event read(Reading&, wire::CheckoutOpened::Reader in) {
  domain::CheckoutOpened out;
  out.session = domain::SessionId(in.getSession());
  out.game = domain::GameId(in.getGame());
  out.identity = domain::IdentityId(in.getIdentity());
  out.currency = domain::CurrencyId(in.getCurrency());
  out.usd = usd(in.getUsd());
  out.success_url = text(in.getSuccessUrl());
  out.cancel_url = text(in.getCancelUrl());
  out.metadata = personal(in.getMetadata());
  out.expires_at = domain::Timestamp::from_micros(in.getExpiresAt());
  return out;
}

domain::Event read(Reading&, wire::CurrencyOrdered::Reader in) {
  domain::CurrencyOrdered out;
  out.order = domain::OrderId(in.getOrder());
  out.player = domain::PlayerId(in.getPlayer());
  out.currency = domain::CurrencyId(in.getCurrency());
  out.usd = usd(in.getUsd());
  out.method = text(in.getMethod());
  out.session = domain::SessionId(in.getSession());
  return out;
}

domain::Event read(Reading&, wire::PaymentOpened::Reader in) {
  domain::PaymentOpened out;
  out.order = domain::OrderId(in.getOrder());
  out.reference = text(in.getReference());
  return out;
}

domain::Event read(Reading&, wire::PaymentChallenged::Reader in) {
  domain::PaymentChallenged out;
  out.order = domain::OrderId(in.getOrder());
  out.expires_at = domain::Timestamp::from_micros(in.getExpiresAt());
  return out;
}

domain::Event read(Reading&, wire::CurrencyPurchased::Reader in) {
  domain::CurrencyPurchased out;
  out.order = domain::OrderId(in.getOrder());
  out.player = domain::PlayerId(in.getPlayer());
  out.currency = domain::CurrencyId(in.getCurrency());
  out.usd = usd(in.getUsd());
  out.fee = usd(in.getFee());
  out.reference = text(in.getReference());
  out.available_after = money(in.getAvailableAfter());
  return out;
}

domain::Event read(Reading& reading, wire::PaymentFailed::Reader in) {
  domain::PaymentFailed out;
  out.order = domain::OrderId(in.getOrder());
  out.player = domain::PlayerId(in.getPlayer());
  out.failure =
      known(reading, in.getFailure(), domain::PaymentFailure::abandoned, "commit: a failed payment of a newer version");
  out.code = text(in.getCode());
  return out;
}

domain::Event read(Reading&, wire::RefundRequested::Reader in) {
  domain::RefundRequested out;
  out.refund = domain::RefundId(in.getRefund());
  out.order = domain::OrderId(in.getOrder());
  out.player = domain::PlayerId(in.getPlayer());
  out.currency = domain::CurrencyId(in.getCurrency());
  out.usd = usd(in.getUsd());
  out.available_after = money(in.getAvailableAfter());
  out.reason = text(in.getReason());
  out.payment = text(in.getPayment());
  out.reference = text(in.getReference());
  return out;
}

domain::Event read(Reading& reading, wire::RefundSettled::Reader in) {
  domain::RefundSettled out;
  out.refund = domain::RefundId(in.getRefund());
  out.order = domain::OrderId(in.getOrder());
  out.player = domain::PlayerId(in.getPlayer());
  out.currency = domain::CurrencyId(in.getCurrency());
  out.usd = usd(in.getUsd());
  out.end = known(reading, in.getEnd(), domain::RefundEnd::reversed, "commit: a end of a refund of a newer version");
  out.reference = text(in.getReference());
  out.available_after = money(in.getAvailableAfter());
  return out;
}

domain::Event read(Reading&, wire::DisputeOpened::Reader in) {
  domain::DisputeOpened out;
  out.order = domain::OrderId(in.getOrder());
  out.reference = text(in.getReference());
  out.player = domain::PlayerId(in.getPlayer());
  out.currency = domain::CurrencyId(in.getCurrency());
  out.usd = usd(in.getUsd());
  out.fee = usd(in.getFee());
  out.available_after = money(in.getAvailableAfter());
  return out;
}

domain::Event read(Reading&, wire::DisputeClosed::Reader in) {
  domain::DisputeClosed out;
  out.order = domain::OrderId(in.getOrder());
  out.reference = text(in.getReference());
  out.player = domain::PlayerId(in.getPlayer());
  out.currency = domain::CurrencyId(in.getCurrency());
  out.usd = usd(in.getUsd());
  out.won = in.getWon();
  out.available_after = money(in.getAvailableAfter());
  out.fee = usd(in.getFee());
  return out;
}

domain::Event read(Reading& reading, wire::DisputeMoved::Reader in) {
  domain::DisputeMoved out;
  out.order = domain::OrderId(in.getOrder());
  out.reference = text(in.getReference());
  out.player = domain::PlayerId(in.getPlayer());
  out.currency = domain::CurrencyId(in.getCurrency());
  out.usd = usd(in.getUsd());
  out.fee = usd(in.getFee());
  out.status =
      known(reading, in.getStatus(), domain::DisputeStatus::lost, "commit: a status of a dispute of a newer version");
  out.entries = in.getEntries();
  out.available_after = money(in.getAvailableAfter());
  return out;
}

domain::Event read(Reading& reading, wire::PayoutRequested::Reader in) {
  domain::PayoutRequested out;
  out.payout = domain::PayoutId(in.getPayout());
  out.game = domain::GameId(in.getGame());
  out.usd = usd(in.getUsd());
  out.shares = read_shares(in.getShares());
  out.contact = domain::IdentityId(in.getContact());
  out.holder = personal(in.getHolder());
  out.account = personal(in.getAccount());
  out.routing = text(in.getRouting());
  out.last4 = text(in.getLast4());
  out.type = known(reading, in.getType(), domain::AccountType::savings, "commit: a type of account of a newer version");
  return out;
}

domain::Event read(Reading& reading, wire::PayoutAdvanced::Reader in) {
  domain::PayoutAdvanced out;
  out.payout = domain::PayoutId(in.getPayout());
  out.game = domain::GameId(in.getGame());
  out.usd = usd(in.getUsd());
  out.shares = read_shares(in.getShares());
  out.status =
      known(reading, in.getStatus(), domain::kLastPayoutStatus, "commit: a status of a payout of a newer version");
  out.note = text(in.getNote());
  out.was_completed = in.getWasCompleted();
  out.dated_by_export = in.getDatedByExport();
  return out;
}

domain::Event read(Reading& reading, wire::PayoutFileWritten::Reader in) {
  domain::PayoutFileWritten out;
  out.written = domain::Position(in.getWritten());
  out.day = day(in.getDay());
  out.created = domain::Timestamp::from_micros(in.getCreated());
  auto const origin = in.getOrigin();
  out.origin = {text(origin.getDestination()), text(origin.getDestinationName()), text(origin.getOrigin()),
                text(origin.getOriginName()),  text(origin.getCompanyName()),     text(origin.getCompanyId()),
                text(origin.getOdfi()),        text(origin.getEntryDescription())};
  for (auto const file : in.getFiles()) {
    domain::PayoutFile one;
    one.letter = static_cast<char>(file.getLetter());
    one.effective = day(file.getEffectiveDay());
    one.first_trace = file.getFirstTrace();
    one.usd = usd(file.getUsd());
    one.digest = fixed<32>(reading, file.getDigest(), "commit: the digest of a payout file is not 32 bytes");
    for (auto const payout : file.getPayouts()) one.payouts.emplace_back(payout);
    out.files.push_back(std::move(one));
  }
  for (auto const left_out : in.getLeftOut()) {
    out.left_out.push_back(
        {domain::PayoutId(left_out.getPayout()), known(reading, left_out.getReason(), domain::kLastLeftOutReason,
                                                       "commit: a reason of a payout left out of a newer version")});
  }
  return out;
}

domain::Event read(Reading&, wire::PayoutAccountCorrected::Reader in) {
  domain::PayoutAccountCorrected out;
  out.payout = domain::PayoutId(in.getPayout());
  out.game = domain::GameId(in.getGame());
  out.contact = domain::IdentityId(in.getContact());
  out.code = text(in.getCode());
  out.corrected = personal(in.getCorrected());
  return out;
}

}  // namespace florin::eventstore::codec
