// The codec of real money, in and out: what codec.cpp does for all the other events.
#include "eventstore/codec_parts.h"

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
}

domain::Event read(Reading&, wire::CheckoutOpened::Reader in) {
  domain::CheckoutOpened out;
  out.session = domain::Position(in.getSession());
  out.game = domain::GameId(in.getGame());
  out.identity = domain::IdentityId(in.getIdentity());
  out.currency = domain::CurrencyId(in.getCurrency());
  out.usd = money(in.getUsd());
  out.success_url = text(in.getSuccessUrl());
  out.cancel_url = text(in.getCancelUrl());
  out.metadata = personal(in.getMetadata());
  out.expires_at = domain::Timestamp::from_micros(in.getExpiresAt());
  return out;
}

domain::Event read(Reading&, wire::CurrencyOrdered::Reader in) {
  domain::CurrencyOrdered out;
  out.order = domain::Position(in.getOrder());
  out.player = domain::PlayerId(in.getPlayer());
  out.currency = domain::CurrencyId(in.getCurrency());
  out.usd = money(in.getUsd());
  out.method = text(in.getMethod());
  out.session = domain::Position(in.getSession());
  return out;
}

domain::Event read(Reading&, wire::PaymentOpened::Reader in) {
  domain::PaymentOpened out;
  out.order = domain::Position(in.getOrder());
  out.reference = text(in.getReference());
  return out;
}

domain::Event read(Reading&, wire::PaymentChallenged::Reader in) {
  domain::PaymentChallenged out;
  out.order = domain::Position(in.getOrder());
  out.expires_at = domain::Timestamp::from_micros(in.getExpiresAt());
  return out;
}

domain::Event read(Reading&, wire::CurrencyPurchased::Reader in) {
  domain::CurrencyPurchased out;
  out.order = domain::Position(in.getOrder());
  out.player = domain::PlayerId(in.getPlayer());
  out.currency = domain::CurrencyId(in.getCurrency());
  out.usd = money(in.getUsd());
  out.fee = money(in.getFee());
  out.reference = text(in.getReference());
  out.available_after = money(in.getAvailableAfter());
  return out;
}

domain::Event read(Reading& reading, wire::PaymentFailed::Reader in) {
  domain::PaymentFailed out;
  out.order = domain::Position(in.getOrder());
  out.player = domain::PlayerId(in.getPlayer());
  out.failure =
      known(reading, in.getFailure(), domain::PaymentFailure::abandoned, "commit: a failed payment of a newer version");
  out.code = text(in.getCode());
  return out;
}

domain::Event read(Reading&, wire::RefundRequested::Reader in) {
  domain::RefundRequested out;
  out.refund = domain::Position(in.getRefund());
  out.order = domain::Position(in.getOrder());
  out.player = domain::PlayerId(in.getPlayer());
  out.currency = domain::CurrencyId(in.getCurrency());
  out.usd = money(in.getUsd());
  out.available_after = money(in.getAvailableAfter());
  out.reason = text(in.getReason());
  out.payment = text(in.getPayment());
  out.reference = text(in.getReference());
  return out;
}

domain::Event read(Reading& reading, wire::RefundSettled::Reader in) {
  domain::RefundSettled out;
  out.refund = domain::Position(in.getRefund());
  out.order = domain::Position(in.getOrder());
  out.player = domain::PlayerId(in.getPlayer());
  out.currency = domain::CurrencyId(in.getCurrency());
  out.usd = money(in.getUsd());
  out.end = known(reading, in.getEnd(), domain::RefundEnd::reversed, "commit: a end of a refund of a newer version");
  out.reference = text(in.getReference());
  out.available_after = money(in.getAvailableAfter());
  return out;
}

domain::Event read(Reading&, wire::DisputeOpened::Reader in) {
  domain::DisputeOpened out;
  out.order = domain::Position(in.getOrder());
  out.reference = text(in.getReference());
  out.player = domain::PlayerId(in.getPlayer());
  out.currency = domain::CurrencyId(in.getCurrency());
  out.usd = money(in.getUsd());
  out.fee = money(in.getFee());
  out.available_after = money(in.getAvailableAfter());
  return out;
}

domain::Event read(Reading&, wire::DisputeClosed::Reader in) {
  domain::DisputeClosed out;
  out.order = domain::Position(in.getOrder());
  out.reference = text(in.getReference());
  out.player = domain::PlayerId(in.getPlayer());
  out.currency = domain::CurrencyId(in.getCurrency());
  out.usd = money(in.getUsd());
  out.won = in.getWon();
  out.available_after = money(in.getAvailableAfter());
  out.fee = money(in.getFee());
  return out;
}

domain::Event read(Reading& reading, wire::DisputeMoved::Reader in) {
  domain::DisputeMoved out;
  out.order = domain::Position(in.getOrder());
  out.reference = text(in.getReference());
  out.player = domain::PlayerId(in.getPlayer());
  out.currency = domain::CurrencyId(in.getCurrency());
  out.usd = money(in.getUsd());
  out.fee = money(in.getFee());
  out.status =
      known(reading, in.getStatus(), domain::DisputeStatus::lost, "commit: a status of a dispute of a newer version");
  out.entries = in.getEntries();
  out.available_after = money(in.getAvailableAfter());
  return out;
}

domain::Event read(Reading& reading, wire::PayoutRequested::Reader in) {
  domain::PayoutRequested out;
  out.payout = domain::Position(in.getPayout());
  out.game = domain::GameId(in.getGame());
  out.usd = money(in.getUsd());
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
  out.payout = domain::Position(in.getPayout());
  out.game = domain::GameId(in.getGame());
  out.usd = money(in.getUsd());
  out.shares = read_shares(in.getShares());
  out.status =
      known(reading, in.getStatus(), domain::kLastPayoutStatus, "commit: a status of a payout of a newer version");
  out.note = text(in.getNote());
  out.was_completed = in.getWasCompleted();
  return out;
}

}  // namespace florin::eventstore::codec
