// The inside of the codec, shared by codec.cpp, codec_transfers.cpp and codec_payments.cpp only: how fields travel. An
// overload of write and one of read for each event.
#pragma once

#include <array>
#include <cstring>
#include <limits>
#include <string>

#include "domain/contract.h"
#include "domain/events.h"
#include "eventstore/fault.h"
#include "eventstore/store/capnp_message.h"
// The generated header comes after it.
#include "eventstore/event.capnp.h"

namespace florin::eventstore::codec {

// ---- domain -> wire

inline capnp::Text::Reader text(std::string const& value) { return {value.c_str(), value.size()}; }

template <class Bytes>
capnp::Data::Reader blob(Bytes const& value) {
  return {reinterpret_cast<kj::byte const*>(value.data()), value.size()};
}

inline capnp::Data::Reader personal(domain::PersonalText const& value) {
  FLORIN_ASSERT(value.sealed != value.bytes.empty());
  return blob(value.bytes);
}

inline std::uint32_t number(domain::CurrencyId currency) {
  FLORIN_ASSERT(currency.value() <= std::numeric_limits<std::uint32_t>::max());
  return static_cast<std::uint32_t>(currency.value());
}

// ---- wire -> domain. The first problem found is kept; reading goes on, the result is dropped at the end.

class Reading {
 public:
  void corrupt(char const* what) { note(Fault::Kind::corrupt, what); }
  void unknown(char const* what) { note(Fault::Kind::unknown, what); }
  [[nodiscard]] bool failed() const { return what_ != nullptr; }
  [[nodiscard]] Failure<Fault> failure() const { return fault(kind_, what_); }

 private:
  void note(Fault::Kind kind, char const* what) {
    if (failed()) return;
    kind_ = kind;
    what_ = what;
  }
  Fault::Kind kind_ = Fault::Kind::corrupt;
  char const* what_ = nullptr;
};

inline std::string text(capnp::Text::Reader value) { return {value.begin(), value.size()}; }

template <std::size_t Size>
std::array<std::uint8_t, Size> fixed(Reading& reading, capnp::Data::Reader value, char const* what) {
  std::array<std::uint8_t, Size> out{};
  if (value.size() == Size) {
    std::memcpy(out.data(), value.begin(), Size);
  } else {
    reading.corrupt(what);
  }
  return out;
}

inline domain::Digest digest(Reading& reading, capnp::Data::Reader value) {
  return fixed<32>(reading, value, "commit: a key hash is not 32 bytes");
}

inline domain::BlindIndex blind_index(Reading& reading, capnp::Data::Reader value) {
  return fixed<16>(reading, value, "commit: a blind index is not 16 bytes");
}

inline domain::PersonalText personal(capnp::Data::Reader value) {
  return {{reinterpret_cast<char const*>(value.begin()), value.size()}, value.size() != 0};
}

inline domain::Money money(std::int64_t minor) { return domain::Money::from_minor(minor); }
inline domain::Usd usd(std::int64_t cents) { return domain::Usd::from_minor(cents); }

template <class Enum>
Enum known(Reading& reading, std::uint8_t number, Enum last, char const* what) {
  if (number > static_cast<std::uint8_t>(last)) reading.unknown(what);
  return static_cast<Enum>(number);
}

// ---- codec_transfers.cpp. In schema order, each field once, as in codec.cpp.

void write(wire::Event::Builder event, domain::PhoneRecorded const& in);
void write(wire::Event::Builder event, domain::PhoneVerified const& in);
void write(wire::Event::Builder event, domain::MinorFlagged const& in);
void write(wire::Event::Builder event, domain::MinorCleared const& in);
void write(wire::Event::Builder event, domain::TransferInitiated const& in);
void write(wire::Event::Builder event, domain::PinReissued const& in);
void write(wire::Event::Builder event, domain::PinRejected const& in);
void write(wire::Event::Builder event, domain::PinVerified const& in);
void write(wire::Event::Builder event, domain::GuardianApproved const& in);
void write(wire::Event::Builder event, domain::TransferClaimed const& in);
void write(wire::Event::Builder event, domain::TransferReleased const& in);
void write(wire::Event::Builder event, domain::PhoneShareRequested const& in);
void write(wire::Event::Builder event, domain::ShareCodeRejected const& in);
void write(wire::Event::Builder event, domain::PhoneShareEnded const& in);
void write(wire::Event::Builder event, domain::ReplyReceived const& in);
void write(wire::Event::Builder event, domain::TextSettled const& in);

domain::Event read(Reading& reading, wire::PhoneRecorded::Reader in);
domain::Event read(Reading& reading, wire::PhoneVerified::Reader in);
domain::Event read(Reading& reading, wire::MinorFlagged::Reader in);
domain::Event read(Reading& reading, wire::MinorCleared::Reader in);
domain::Event read(Reading& reading, wire::TransferInitiated::Reader in);
domain::Event read(Reading& reading, wire::PinReissued::Reader in);
domain::Event read(Reading& reading, wire::PinRejected::Reader in);
domain::Event read(Reading& reading, wire::PinVerified::Reader in);
domain::Event read(Reading& reading, wire::GuardianApproved::Reader in);
domain::Event read(Reading& reading, wire::TransferClaimed::Reader in);
domain::Event read(Reading& reading, wire::TransferReturned::Reader in);
domain::Event read(Reading& reading, wire::PhoneShareRequested::Reader in);
domain::Event read(Reading& reading, wire::ShareCodeRejected::Reader in);
domain::Event read(Reading& reading, wire::PhoneShareEnded::Reader in);
domain::Event read(Reading& reading, wire::ReplyReceived::Reader in);
domain::Event read(Reading& reading, wire::TextSettled::Reader in);

// ---- codec_payments.cpp, likewise.

void write(wire::Event::Builder event, domain::CheckoutOpened const& in);
void write(wire::Event::Builder event, domain::CurrencyOrdered const& in);
void write(wire::Event::Builder event, domain::PaymentOpened const& in);
void write(wire::Event::Builder event, domain::PaymentChallenged const& in);
void write(wire::Event::Builder event, domain::CurrencyPurchased const& in);
void write(wire::Event::Builder event, domain::PaymentFailed const& in);
void write(wire::Event::Builder event, domain::RefundRequested const& in);
void write(wire::Event::Builder event, domain::RefundSettled const& in);
void write(wire::Event::Builder event, domain::DisputeOpened const& in);
void write(wire::Event::Builder event, domain::DisputeClosed const& in);
void write(wire::Event::Builder event, domain::PayoutRequested const& in);
void write(wire::Event::Builder event, domain::PayoutAdvanced const& in);
void write(wire::Event::Builder event, domain::DisputeMoved const& in);
void write(wire::Event::Builder event, domain::PayoutFileWritten const& in);
void write(wire::Event::Builder event, domain::PayoutAccountCorrected const& in);

domain::Event read(Reading& reading, wire::CheckoutOpened::Reader in);
domain::Event read(Reading& reading, wire::CurrencyOrdered::Reader in);
domain::Event read(Reading& reading, wire::PaymentOpened::Reader in);
domain::Event read(Reading& reading, wire::PaymentChallenged::Reader in);
domain::Event read(Reading& reading, wire::CurrencyPurchased::Reader in);
domain::Event read(Reading& reading, wire::PaymentFailed::Reader in);
domain::Event read(Reading& reading, wire::RefundRequested::Reader in);
domain::Event read(Reading& reading, wire::RefundSettled::Reader in);
domain::Event read(Reading& reading, wire::DisputeOpened::Reader in);
domain::Event read(Reading& reading, wire::DisputeClosed::Reader in);
domain::Event read(Reading& reading, wire::PayoutRequested::Reader in);
domain::Event read(Reading& reading, wire::PayoutAdvanced::Reader in);
domain::Event read(Reading& reading, wire::DisputeMoved::Reader in);
domain::Event read(Reading& reading, wire::PayoutFileWritten::Reader in);
domain::Event read(Reading& reading, wire::PayoutAccountCorrected::Reader in);

}  // namespace florin::eventstore::codec
