// The codec of people's phones, transfers, phone shares and texts: what codec.cpp does for all the other events.
#include "eventstore/store/codec_parts.h"

namespace florin::eventstore::codec {
namespace {

template <class Builder>
void write_fees(Builder out, domain::TransferFees const& in) {
  out.setSourceFee(in.source.minor());
  out.setTargetFee(in.target.minor());
  out.setNetworkFee(in.network.minor());
}

template <class Reader>
domain::TransferFees read_fees(Reader in) {
  return {money(in.getSourceFee()), money(in.getTargetFee()), money(in.getNetworkFee())};
}

domain::Flavour flavour(Reading& reading, std::uint8_t number) {
  return known(reading, number, domain::Flavour::send, "commit: a flavour of transfer of a newer version");
}

}  // namespace

void write(wire::Event::Builder event, domain::PhoneRecorded const& in) {
  auto out = event.initPhoneRecorded();
  out.setPhone(in.phone.value());
  out.setIdentity(in.identity.value());
  out.setPhoneIndex(blob(in.phone_index));
  out.setNumber(personal(in.number));
}

void write(wire::Event::Builder event, domain::PhoneVerified const& in) {
  auto out = event.initPhoneVerified();
  out.setPhone(in.phone.value());
}

void write(wire::Event::Builder event, domain::MinorFlagged const& in) {
  auto out = event.initMinorFlagged();
  out.setIdentity(in.identity.value());
  out.setGuardian(in.guardian.value());
}

void write(wire::Event::Builder event, domain::MinorCleared const& in) {
  auto out = event.initMinorCleared();
  out.setIdentity(in.identity.value());
}

void write(wire::Event::Builder event, domain::TransferInitiated const& in) {
  auto out = event.initTransferInitiated();
  out.setTransaction(in.transaction.value());
  out.setFlavour(static_cast<std::uint8_t>(in.flavour));
  out.setSender(in.sender.value());
  out.setCurrency(number(in.currency));
  out.setTarget(in.target.value());
  out.setSenderPhone(in.sender_phone.value());
  out.setReceiver(in.receiver.value());
  out.setReceiverPhone(in.receiver_phone.value());
  out.setAmount(in.amount.minor());
  write_fees(out, in.fees);
  out.setSourceRate(in.source_rate.value());
  out.setTargetRate(in.target_rate.value());
  out.setUniversal(in.universal);
  out.setAvailableAfter(in.available_after.minor());
  out.setReservedAfter(in.reserved_after.minor());
  out.setPinExpiresAt(in.pin_expires_at.micros());
  out.setGuardian(in.guardian.value());
  out.setGuardianExpiresAt(in.guardian_expires_at.micros());
}

void write(wire::Event::Builder event, domain::PinReissued const& in) {
  auto out = event.initPinReissued();
  out.setTransaction(in.transaction.value());
  out.setPin(in.pin);
  out.setExpiresAt(in.expires_at.micros());
}

void write(wire::Event::Builder event, domain::PinRejected const& in) {
  auto out = event.initPinRejected();
  out.setTransaction(in.transaction.value());
  out.setAttemptsLeft(in.attempts_left);
}

void write(wire::Event::Builder event, domain::PinVerified const& in) {
  auto out = event.initPinVerified();
  out.setTransaction(in.transaction.value());
  out.setClaimExpiresAt(in.claim_expires_at.micros());
}

void write(wire::Event::Builder event, domain::GuardianApproved const& in) {
  auto out = event.initGuardianApproved();
  out.setTransaction(in.transaction.value());
}

void write(wire::Event::Builder event, domain::TransferClaimed const& in) {
  auto out = event.initTransferClaimed();
  out.setTransaction(in.transaction.value());
  out.setFlavour(static_cast<std::uint8_t>(in.flavour));
  out.setSender(in.sender.value());
  out.setCurrency(number(in.currency));
  out.setReceiver(in.receiver.value());
  out.setTargetCurrency(number(in.target_currency));
  out.setAmount(in.amount.minor());
  write_fees(out, in.fees);
  out.setReservedAfter(in.reserved_after.minor());
  out.setAvailableAfter(in.available_after.minor());
  out.setSenderPhone(in.sender_phone.value());
  out.setReceiverPhone(in.receiver_phone.value());
  out.setTarget(in.target.value());
}

void write(wire::Event::Builder event, domain::TransferReleased const& in) {
  auto out = event.initTransferReturned();
  out.setTransaction(in.transaction.value());
  out.setFlavour(static_cast<std::uint8_t>(in.flavour));
  out.setReason(static_cast<std::uint8_t>(in.reason));
  out.setSender(in.sender.value());
  out.setCurrency(number(in.currency));
  out.setAmount(in.amount.minor());
  out.setAvailableAfter(in.available_after.minor());
  out.setReservedAfter(in.reserved_after.minor());
  out.setTarget(in.target.value());
  out.setSenderPhone(in.sender_phone.value());
}

void write(wire::Event::Builder event, domain::PhoneShareRequested const& in) {
  auto out = event.initPhoneShareRequested();
  out.setApproval(in.approval.value());
  out.setPhone(in.phone.value());
  out.setOwner(in.owner.value());
  out.setExpiresAt(in.expires_at.micros());
  out.setGame(in.game.value());
}

void write(wire::Event::Builder event, domain::ShareCodeRejected const& in) {
  auto out = event.initShareCodeRejected();
  out.setApproval(in.approval.value());
  out.setAttemptsLeft(in.attempts_left);
}

void write(wire::Event::Builder event, domain::PhoneShareEnded const& in) {
  auto out = event.initPhoneShareEnded();
  out.setApproval(in.approval.value());
  out.setEnd(static_cast<std::uint8_t>(in.end));
}

void write(wire::Event::Builder event, domain::ReplyReceived const& in) {
  auto out = event.initReplyReceived();
  out.setPhoneIndex(blob(in.phone_index));
}

void write(wire::Event::Builder event, domain::TextSettled const& in) {
  auto out = event.initTextSettled();
  out.setAbout(in.text.about.value());
  out.setKind(static_cast<std::uint8_t>(in.text.kind));
  out.setDetail(in.text.detail);
  out.setEnd(static_cast<std::uint8_t>(in.end));
}

domain::Event read(Reading& reading, wire::PhoneRecorded::Reader in) {
  domain::PhoneRecorded out;
  out.phone = domain::PhoneId(in.getPhone());
  out.identity = domain::IdentityId(in.getIdentity());
  out.phone_index = blind_index(reading, in.getPhoneIndex());
  out.number = personal(in.getNumber());
  return out;
}

domain::Event read(Reading&, wire::PhoneVerified::Reader in) {
  domain::PhoneVerified out;
  out.phone = domain::PhoneId(in.getPhone());
  return out;
}

domain::Event read(Reading&, wire::MinorFlagged::Reader in) {
  domain::MinorFlagged out;
  out.identity = domain::IdentityId(in.getIdentity());
  out.guardian = domain::PhoneId(in.getGuardian());
  return out;
}

domain::Event read(Reading&, wire::MinorCleared::Reader in) {
  domain::MinorCleared out;
  out.identity = domain::IdentityId(in.getIdentity());
  return out;
}

domain::Event read(Reading& reading, wire::TransferInitiated::Reader in) {
  domain::TransferInitiated out;
  out.transaction = domain::TransferId(in.getTransaction());
  out.flavour = flavour(reading, in.getFlavour());
  out.sender = domain::PlayerId(in.getSender());
  out.currency = domain::CurrencyId(in.getCurrency());
  out.target = domain::GameId(in.getTarget());
  out.sender_phone = domain::PhoneId(in.getSenderPhone());
  out.receiver = domain::IdentityId(in.getReceiver());
  out.receiver_phone = domain::PhoneId(in.getReceiverPhone());
  out.amount = money(in.getAmount());
  out.fees = read_fees(in);
  out.source_rate = domain::BasisPoints(in.getSourceRate());
  out.target_rate = domain::BasisPoints(in.getTargetRate());
  out.universal = in.getUniversal();
  out.available_after = money(in.getAvailableAfter());
  out.reserved_after = money(in.getReservedAfter());
  out.pin_expires_at = domain::Timestamp::from_micros(in.getPinExpiresAt());
  out.guardian = domain::PhoneId(in.getGuardian());
  out.guardian_expires_at = domain::Timestamp::from_micros(in.getGuardianExpiresAt());
  return out;
}

domain::Event read(Reading&, wire::PinReissued::Reader in) {
  domain::PinReissued out;
  out.transaction = domain::TransferId(in.getTransaction());
  out.pin = in.getPin();
  out.expires_at = domain::Timestamp::from_micros(in.getExpiresAt());
  return out;
}

domain::Event read(Reading&, wire::PinRejected::Reader in) {
  domain::PinRejected out;
  out.transaction = domain::TransferId(in.getTransaction());
  out.attempts_left = in.getAttemptsLeft();
  return out;
}

domain::Event read(Reading&, wire::PinVerified::Reader in) {
  domain::PinVerified out;
  out.transaction = domain::TransferId(in.getTransaction());
  out.claim_expires_at = domain::Timestamp::from_micros(in.getClaimExpiresAt());
  return out;
}

domain::Event read(Reading&, wire::GuardianApproved::Reader in) {
  domain::GuardianApproved out;
  out.transaction = domain::TransferId(in.getTransaction());
  return out;
}

domain::Event read(Reading& reading, wire::TransferClaimed::Reader in) {
  domain::TransferClaimed out;
  out.transaction = domain::TransferId(in.getTransaction());
  out.flavour = flavour(reading, in.getFlavour());
  out.sender = domain::PlayerId(in.getSender());
  out.currency = domain::CurrencyId(in.getCurrency());
  out.receiver = domain::PlayerId(in.getReceiver());
  out.target_currency = domain::CurrencyId(in.getTargetCurrency());
  out.amount = money(in.getAmount());
  out.fees = read_fees(in);
  out.reserved_after = money(in.getReservedAfter());
  out.available_after = money(in.getAvailableAfter());
  out.sender_phone = domain::PhoneId(in.getSenderPhone());
  out.receiver_phone = domain::PhoneId(in.getReceiverPhone());
  out.target = domain::GameId(in.getTarget());
  return out;
}

domain::Event read(Reading& reading, wire::TransferReturned::Reader in) {
  domain::TransferReleased out;
  out.transaction = domain::TransferId(in.getTransaction());
  out.flavour = flavour(reading, in.getFlavour());
  out.reason =
      known(reading, in.getReason(), domain::ReturnReason::cancelled, "commit: a return reason of a newer version");
  out.sender = domain::PlayerId(in.getSender());
  out.currency = domain::CurrencyId(in.getCurrency());
  out.amount = money(in.getAmount());
  out.available_after = money(in.getAvailableAfter());
  out.reserved_after = money(in.getReservedAfter());
  out.target = domain::GameId(in.getTarget());
  out.sender_phone = domain::PhoneId(in.getSenderPhone());
  return out;
}

domain::Event read(Reading&, wire::PhoneShareRequested::Reader in) {
  domain::PhoneShareRequested out;
  out.approval = domain::ApprovalId(in.getApproval());
  out.phone = domain::PhoneId(in.getPhone());
  out.owner = domain::PhoneId(in.getOwner());
  out.expires_at = domain::Timestamp::from_micros(in.getExpiresAt());
  out.game = domain::GameId(in.getGame());
  return out;
}

domain::Event read(Reading&, wire::ShareCodeRejected::Reader in) {
  domain::ShareCodeRejected out;
  out.approval = domain::ApprovalId(in.getApproval());
  out.attempts_left = in.getAttemptsLeft();
  return out;
}

domain::Event read(Reading& reading, wire::PhoneShareEnded::Reader in) {
  domain::PhoneShareEnded out;
  out.approval = domain::ApprovalId(in.getApproval());
  out.end =
      known(reading, in.getEnd(), domain::ShareEnd::superseded, "commit: an end of a phone share of a newer version");
  return out;
}

domain::Event read(Reading& reading, wire::ReplyReceived::Reader in) {
  domain::ReplyReceived out;
  out.phone_index = blind_index(reading, in.getPhoneIndex());
  return out;
}

domain::Event read(Reading& reading, wire::TextSettled::Reader in) {
  domain::TextSettled out;
  out.text.about = domain::Position(in.getAbout());
  out.text.kind = known(reading, in.getKind(), domain::kLastTextKind, "commit: a kind of text of a newer version");
  out.text.detail = in.getDetail();
  out.end = known(reading, in.getEnd(), domain::TextEnd::dropped, "commit: an end of a text of a newer version");
  return out;
}

}  // namespace florin::eventstore::codec
