#include "eventstore/store/codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "eventstore/store/codec_parts.h"

namespace florin::eventstore {
namespace {

using namespace codec;
using codec::read;
using codec::write;

static_assert(std::endian::native == std::endian::little, "the frame and Cap'n Proto's words are little endian");

constexpr std::size_t kWord = sizeof(capnp::word);
// The frame before the one segment: u32 segment count - 1 (always 0), u32 segment size in words.
constexpr std::size_t kFrameBytes = 8;

// ---- domain -> wire. Every field is set exactly once, in schema order, so equal commits have equal bytes.

unsigned count(std::size_t size) {
  FLORIN_ASSERT(size <= kMaxCommitBytes);
  return static_cast<unsigned>(size);
}

void write(wire::GameSettings::Builder out, domain::GameSettings const& in) {
  out.setName(text(in.name));
  out.setDeveloperName(text(in.developer_name));
  out.setGenre(text(in.genre));
  out.setIconUrl(text(in.icon_url));
  out.setStatus(static_cast<std::uint8_t>(in.status));
  out.setUniversalTransfers(in.universal_transfers);
  out.setAllowsOutgoingTransfers(in.allows_outgoing_transfers);
  out.setAllowsIncomingTransfers(in.allows_incoming_transfers);
  auto linked = out.initLinkedGames(count(in.linked_games.size()));
  for (unsigned i = 0; i < linked.size(); ++i) linked.set(i, in.linked_games[i].value());
  out.setTransferFee(in.transfer_fee.value());
  out.setItemFee(in.item_fee.value());
  auto limits = out.initLimits(count(in.limits.size()));
  for (unsigned i = 0; i < limits.size(); ++i) {
    limits[i].setKind(static_cast<std::uint8_t>(in.limits[i].kind));
    limits[i].setMaximum(in.limits[i].maximum);
  }
}

void write(wire::Currency::Builder out, domain::CurrencySpec const& in) {
  FLORIN_ASSERT(!in.maximum_transfer || *in.maximum_transfer >= domain::Money());
  out.setCurrency(number(in.currency));
  out.setName(text(in.name));
  out.setSymbol(text(in.symbol));
  out.setStartingAmount(in.starting_amount.minor());
  out.setMinimumTransfer(in.minimum_transfer.minor());
  out.setMaximumTransfer(in.maximum_transfer ? in.maximum_transfer->minor() : -1);
}

void write(wire::Event::Builder event, domain::GameCreated const& in) {
  auto out = event.initGameCreated();
  out.setGame(in.game.value());
  write(out.initSettings(), in.settings);
  auto currencies = out.initCurrencies(count(in.currencies.size()));
  for (unsigned i = 0; i < currencies.size(); ++i) write(currencies[i], in.currencies[i]);
  out.setKeyHash(blob(in.key_hash));
}

void write(wire::Event::Builder event, domain::GameUpdated const& in) {
  auto out = event.initGameUpdated();
  out.setGame(in.game.value());
  write(out.initSettings(), in.settings);
}

void write(wire::Event::Builder event, domain::CurrencyAdded const& in) {
  auto out = event.initCurrencyAdded();
  out.setGame(in.game.value());
  write(out.initCurrency(), in.currency);
}

void write(wire::Event::Builder event, domain::CurrencyChanged const& in) {
  auto out = event.initCurrencyChanged();
  out.setGame(in.game.value());
  write(out.initCurrency(), in.currency);
}

void write(wire::Event::Builder event, domain::SdkKeyRotated const& in) {
  auto out = event.initSdkKeyRotated();
  out.setGame(in.game.value());
  out.setKeyHash(blob(in.key_hash));
  out.setPreviousValidUntil(in.previous_valid_until.micros());
}

void write(wire::Event::Builder event, domain::IdentityRegistered const& in) {
  auto out = event.initIdentityRegistered();
  out.setIdentity(in.identity.value());
  out.setEmailIndex(blob(in.email_index));
  out.setEmail(personal(in.email));
}

void write(wire::Event::Builder event, domain::PlayerJoined const& in) {
  auto out = event.initPlayerJoined();
  out.setPlayer(in.player.value());
  out.setGame(in.game.value());
  out.setIdentity(in.identity.value());
  out.setName(personal(in.name));
  out.setNameTag(in.name_tag);
}

void write(wire::Event::Builder event, domain::PlayerRenamed const& in) {
  auto out = event.initPlayerRenamed();
  out.setPlayer(in.player.value());
  out.setIdentity(in.identity.value());
  out.setName(personal(in.name));
  out.setNameTag(in.name_tag);
}

// The three movements share a struct on the wire; only two carry a reason.
template <class Movement>
void write_movement(wire::Movement::Builder out, Movement const& in) {
  out.setPlayer(in.player.value());
  out.setCurrency(number(in.currency));
  out.setAmount(in.amount.minor());
  out.setAvailableAfter(in.available_after.minor());
  if constexpr (requires { in.reason; }) out.setReason(text(in.reason));
}

void write(wire::Event::Builder event, domain::StartingBalanceGranted const& in) {
  write_movement(event.initStartingBalanceGranted(), in);
}
void write(wire::Event::Builder event, domain::BalanceCredited const& in) {
  write_movement(event.initBalanceCredited(), in);
}
void write(wire::Event::Builder event, domain::BalanceDebited const& in) {
  write_movement(event.initBalanceDebited(), in);
}

void write(wire::Event::Builder event, domain::ItemPurchased const& in) {
  auto out = event.initItemPurchased();
  out.setPlayer(in.player.value());
  out.setCurrency(number(in.currency));
  out.setQuantity(in.quantity);
  out.setUnitPrice(in.unit_price.minor());
  out.setTotal(in.total.minor());
  out.setPlatformFee(in.platform_fee.minor());
  out.setDeveloperRevenue(in.developer_revenue.minor());
  out.setAvailableAfter(in.available_after.minor());
  out.setItemId(text(in.item.id));
  out.setItemName(text(in.item.name));
  out.setItemCategory(text(in.item.category));
  out.setItemDescription(text(in.item.description));
}

void write(wire::Event::Builder event, domain::ItemRefunded const& in) {
  auto out = event.initItemRefunded();
  out.setOrder(in.order.value());
  out.setPlayer(in.player.value());
  out.setCurrency(number(in.currency));
  out.setTotal(in.total.minor());
  out.setPlatformFee(in.platform_fee.minor());
  out.setDeveloperRevenue(in.developer_revenue.minor());
  out.setAvailableAfter(in.available_after.minor());
  out.setReason(text(in.reason));
}

void write(wire::Event::Builder event, domain::KeysBound const& in) {
  auto out = event.initKeysBound();
  out.setVault(blob(in.vault));
  out.setRowKey(in.row_key);
  out.setRowKeyCheck(blob(in.row_key_check));
}

void write(wire::Commit::Builder out, domain::Commit const& in) {
  out.setFirst(in.first.value());
  out.setAt(in.at.micros());
  out.setGame(in.request.game.value());
  out.setRequestId(text(in.request.id));
  out.setFingerprint(blob(in.request.fingerprint));
  auto events = out.initEvents(count(in.events.size()));
  for (unsigned i = 0; i < events.size(); ++i) {
    std::visit([&](auto const& event) { write(events[i], event); }, in.events[i]);
  }
}

// ---- wire -> domain. The first problem found is kept; reading goes on, the result is dropped at the end.

domain::GameSettings read(Reading& reading, wire::GameSettings::Reader in) {
  domain::GameSettings out;
  out.name = text(in.getName());
  out.developer_name = text(in.getDeveloperName());
  out.genre = text(in.getGenre());
  out.icon_url = text(in.getIconUrl());
  out.status = static_cast<domain::GameStatus>(in.getStatus());
  if (out.status > domain::GameStatus::suspended) reading.unknown("commit: a game status of a newer version");
  out.universal_transfers = in.getUniversalTransfers();
  out.allows_outgoing_transfers = in.getAllowsOutgoingTransfers();
  out.allows_incoming_transfers = in.getAllowsIncomingTransfers();
  for (auto const game : in.getLinkedGames()) out.linked_games.emplace_back(game);
  out.transfer_fee = domain::BasisPoints(in.getTransferFee());
  out.item_fee = domain::BasisPoints(in.getItemFee());
  for (auto const limit : in.getLimits()) {
    auto const kind = static_cast<domain::LimitKind>(limit.getKind());
    if (kind > domain::kLastLimitKind) {
      reading.unknown("commit: a limit of a newer version");
      break;
    }
    out.limits.push_back({kind, limit.getMaximum()});
  }
  return out;
}

domain::CurrencySpec read(Reading& reading, wire::Currency::Reader in) {
  domain::CurrencySpec out;
  out.currency = domain::CurrencyId(in.getCurrency());
  out.name = text(in.getName());
  out.symbol = text(in.getSymbol());
  out.starting_amount = money(in.getStartingAmount());
  out.minimum_transfer = money(in.getMinimumTransfer());
  auto const maximum = in.getMaximumTransfer();
  if (maximum < -1) reading.corrupt("commit: a transfer maximum below zero");
  if (maximum >= 0) out.maximum_transfer = money(maximum);
  return out;
}

domain::Event read(Reading& reading, wire::GameCreated::Reader in) {
  domain::GameCreated out;
  out.game = domain::GameId(in.getGame());
  out.settings = read(reading, in.getSettings());
  for (auto const currency : in.getCurrencies()) {
    if (reading.failed()) break;
    out.currencies.push_back(read(reading, currency));
  }
  out.key_hash = digest(reading, in.getKeyHash());
  return out;
}

domain::Event read(Reading& reading, wire::GameUpdated::Reader in) {
  domain::GameUpdated out;
  out.game = domain::GameId(in.getGame());
  out.settings = read(reading, in.getSettings());
  return out;
}

template <class Event>
domain::Event read_currency(Reading& reading, wire::GameCurrency::Reader in) {
  Event out;
  out.game = domain::GameId(in.getGame());
  out.currency = read(reading, in.getCurrency());
  return out;
}

domain::Event read(Reading& reading, wire::SdkKeyRotated::Reader in) {
  domain::SdkKeyRotated out;
  out.game = domain::GameId(in.getGame());
  out.key_hash = digest(reading, in.getKeyHash());
  out.previous_valid_until = domain::Timestamp::from_micros(in.getPreviousValidUntil());
  return out;
}

domain::Event read(Reading& reading, wire::IdentityRegistered::Reader in) {
  domain::IdentityRegistered out;
  out.identity = domain::IdentityId(in.getIdentity());
  out.email_index = blind_index(reading, in.getEmailIndex());
  out.email = personal(in.getEmail());
  return out;
}

domain::Event read(Reading&, wire::PlayerJoined::Reader in) {
  domain::PlayerJoined out;
  out.player = domain::PlayerId(in.getPlayer());
  out.game = domain::GameId(in.getGame());
  out.identity = domain::IdentityId(in.getIdentity());
  out.name = personal(in.getName());
  out.name_tag = in.getNameTag();
  return out;
}

domain::Event read(Reading&, wire::PlayerRenamed::Reader in) {
  domain::PlayerRenamed out;
  out.player = domain::PlayerId(in.getPlayer());
  out.identity = domain::IdentityId(in.getIdentity());
  out.name = personal(in.getName());
  out.name_tag = in.getNameTag();
  return out;
}

template <class Movement>
domain::Event read_movement(wire::Movement::Reader in) {
  Movement out;
  out.player = domain::PlayerId(in.getPlayer());
  out.currency = domain::CurrencyId(in.getCurrency());
  out.amount = money(in.getAmount());
  out.available_after = money(in.getAvailableAfter());
  if constexpr (requires { out.reason; }) out.reason = text(in.getReason());
  return out;
}

domain::Event read(Reading&, wire::ItemPurchased::Reader in) {
  domain::ItemPurchased out;
  out.player = domain::PlayerId(in.getPlayer());
  out.currency = domain::CurrencyId(in.getCurrency());
  out.quantity = in.getQuantity();
  out.unit_price = money(in.getUnitPrice());
  out.total = money(in.getTotal());
  out.platform_fee = money(in.getPlatformFee());
  out.developer_revenue = money(in.getDeveloperRevenue());
  out.available_after = money(in.getAvailableAfter());
  out.item = {text(in.getItemId()), text(in.getItemName()), text(in.getItemCategory()), text(in.getItemDescription())};
  return out;
}

domain::Event read(Reading&, wire::ItemRefunded::Reader in) {
  domain::ItemRefunded out;
  out.order = domain::OrderId(in.getOrder());
  out.player = domain::PlayerId(in.getPlayer());
  out.currency = domain::CurrencyId(in.getCurrency());
  out.total = money(in.getTotal());
  out.platform_fee = money(in.getPlatformFee());
  out.developer_revenue = money(in.getDeveloperRevenue());
  out.available_after = money(in.getAvailableAfter());
  out.reason = text(in.getReason());
  return out;
}

domain::Event read(Reading& reading, wire::KeysBound::Reader in) {
  domain::KeysBound out;
  out.vault = fixed<16>(reading, in.getVault(), "commit: a key's check is not 16 bytes");
  out.row_key = in.getRowKey();
  out.row_key_check = fixed<16>(reading, in.getRowKeyCheck(), "commit: a key's check is not 16 bytes");
  return out;
}

// Upcasters belong here. A member that is superseded (itemPurchased by itemPurchasedV2, say) keeps its case for ever:
// that case is the upcaster, and returns today's domain event with the new fields filled from what the old one says.
// Fields appended to a struct need none: Cap'n Proto gives old bytes the field's default.
domain::Event read(Reading& reading, wire::Event::Reader in) {
  switch (in.which()) {
    case wire::Event::GAME_CREATED: return read(reading, in.getGameCreated());
    case wire::Event::GAME_UPDATED: return read(reading, in.getGameUpdated());
    case wire::Event::SDK_KEY_ROTATED: return read(reading, in.getSdkKeyRotated());
    case wire::Event::IDENTITY_REGISTERED: return read(reading, in.getIdentityRegistered());
    case wire::Event::PLAYER_JOINED: return read(reading, in.getPlayerJoined());
    case wire::Event::PLAYER_RENAMED: return read(reading, in.getPlayerRenamed());
    case wire::Event::STARTING_BALANCE_GRANTED:
      return read_movement<domain::StartingBalanceGranted>(in.getStartingBalanceGranted());
    case wire::Event::BALANCE_CREDITED: return read_movement<domain::BalanceCredited>(in.getBalanceCredited());
    case wire::Event::BALANCE_DEBITED: return read_movement<domain::BalanceDebited>(in.getBalanceDebited());
    case wire::Event::ITEM_PURCHASED: return read(reading, in.getItemPurchased());
    case wire::Event::ITEM_REFUNDED: return read(reading, in.getItemRefunded());
    case wire::Event::PHONE_RECORDED: return read(reading, in.getPhoneRecorded());
    case wire::Event::PHONE_VERIFIED: return read(reading, in.getPhoneVerified());
    case wire::Event::MINOR_FLAGGED: return read(reading, in.getMinorFlagged());
    case wire::Event::MINOR_CLEARED: return read(reading, in.getMinorCleared());
    case wire::Event::TRANSFER_INITIATED: return read(reading, in.getTransferInitiated());
    case wire::Event::PIN_REISSUED: return read(reading, in.getPinReissued());
    case wire::Event::PIN_REJECTED: return read(reading, in.getPinRejected());
    case wire::Event::PIN_VERIFIED: return read(reading, in.getPinVerified());
    case wire::Event::GUARDIAN_APPROVED: return read(reading, in.getGuardianApproved());
    case wire::Event::TRANSFER_CLAIMED: return read(reading, in.getTransferClaimed());
    case wire::Event::TRANSFER_RETURNED: return read(reading, in.getTransferReturned());
    case wire::Event::PHONE_SHARE_REQUESTED: return read(reading, in.getPhoneShareRequested());
    case wire::Event::SHARE_CODE_REJECTED: return read(reading, in.getShareCodeRejected());
    case wire::Event::PHONE_SHARE_ENDED: return read(reading, in.getPhoneShareEnded());
    case wire::Event::REPLY_RECEIVED: return read(reading, in.getReplyReceived());
    case wire::Event::TEXT_SETTLED: return read(reading, in.getTextSettled());
    case wire::Event::CHECKOUT_OPENED: return read(reading, in.getCheckoutOpened());
    case wire::Event::CURRENCY_ORDERED: return read(reading, in.getCurrencyOrdered());
    case wire::Event::PAYMENT_OPENED: return read(reading, in.getPaymentOpened());
    case wire::Event::PAYMENT_CHALLENGED: return read(reading, in.getPaymentChallenged());
    case wire::Event::CURRENCY_PURCHASED: return read(reading, in.getCurrencyPurchased());
    case wire::Event::PAYMENT_FAILED: return read(reading, in.getPaymentFailed());
    case wire::Event::REFUND_REQUESTED: return read(reading, in.getRefundRequested());
    case wire::Event::REFUND_SETTLED: return read(reading, in.getRefundSettled());
    case wire::Event::DISPUTE_OPENED: return read(reading, in.getDisputeOpened());
    case wire::Event::DISPUTE_CLOSED: return read(reading, in.getDisputeClosed());
    case wire::Event::PAYOUT_REQUESTED: return read(reading, in.getPayoutRequested());
    case wire::Event::PAYOUT_ADVANCED: return read(reading, in.getPayoutAdvanced());
    case wire::Event::DISPUTE_MOVED: return read(reading, in.getDisputeMoved());
    case wire::Event::CURRENCY_ADDED: return read_currency<domain::CurrencyAdded>(reading, in.getCurrencyAdded());
    case wire::Event::CURRENCY_CHANGED: return read_currency<domain::CurrencyChanged>(reading, in.getCurrencyChanged());
    case wire::Event::PAYOUT_FILE_WRITTEN: return read(reading, in.getPayoutFileWritten());
    case wire::Event::PAYOUT_ACCOUNT_CORRECTED: return read(reading, in.getPayoutAccountCorrected());
    case wire::Event::KEYS_BOUND: return read(reading, in.getKeysBound());
  }
  reading.unknown("commit: an event of a newer version");
  return {};
}

domain::Commit read(Reading& reading, wire::Commit::Reader in, std::size_t words) {
  domain::Commit out;
  out.first = domain::Position(in.getFirst());
  out.at = domain::Timestamp::from_micros(in.getAt());
  out.request.game = domain::GameId(in.getGame());
  out.request.id = text(in.getRequestId());
  out.request.fingerprint = fixed<16>(reading, in.getFingerprint(), "commit: the fingerprint is not 16 bytes");
  auto const events = in.getEvents();
  if (events.size() == 0) reading.corrupt("commit: no events");
  if (out.first.value() == 0 || out.first.value() > std::numeric_limits<std::uint64_t>::max() - events.size()) {
    reading.corrupt("commit: no such position");
  }
  // An event takes at least two words, so a false count reserves no more than the message itself could hold.
  out.events.reserve(std::min<std::size_t>(events.size(), words / 2));
  for (auto const event : events) {
    if (reading.failed()) break;
    out.events.push_back(read(reading, event));
  }
  return out;
}

ResultOr<domain::Commit> decode_segment(kj::ArrayPtr<capnp::word const> segment) {
  // Every object is read once, so reading more words than there are means that pointers share or loop.
  // Commit > Event > GameCreated > Currency > text: five levels.
  constexpr std::uint64_t kSlackWords = 16;
  constexpr int kNesting = 8;
  capnp::ReaderOptions options;
  options.traversalLimitInWords = segment.size() + kSlackWords;
  options.nestingLimit = kNesting;
  try {
    kj::ArrayPtr<capnp::word const> const segments[] = {segment};
    capnp::SegmentArrayMessageReader message(kj::arrayPtr(segments, 1), options);
    Reading reading;
    auto commit = read(reading, message.getRoot<wire::Commit>(), segment.size());
    if (reading.failed()) return reading.failure();
    return commit;
  } catch (kj::Exception const&) {
    return fault(Fault::Kind::corrupt, "commit: not a well-formed message");
  }
}

}  // namespace

struct Encoder::Scratch {
  static constexpr std::size_t kFirstWords = 1024;  // 8 KiB: all but games with many currencies
  kj::Array<capnp::word> words = zeroed(kFirstWords);

  static kj::Array<capnp::word> zeroed(std::size_t size) {
    auto out = kj::heapArray<capnp::word>(size);
    std::memset(out.begin(), 0, size * kWord);
    return out;
  }
};

Encoder::Encoder() : scratch_(std::make_unique<Scratch>()) {}
Encoder::~Encoder() = default;

void Encoder::encode(domain::Commit const& commit, std::string& out) {
  FLORIN_ASSERT(!commit.events.empty() && commit.first);
  for (;;) {
    {
      // The builder's destructor zeroes the words it used, and only those: the scratch is clean for the next one.
      capnp::MallocMessageBuilder message(scratch_->words);
      write(message.initRoot<wire::Commit>(), commit);
      auto const segments = message.getSegmentsForOutput();
      if (segments.size() == 1) {
        auto const bytes = segments[0].asChars();
        FLORIN_ASSERT(kFrameBytes + bytes.size() <= kMaxCommitBytes);
        std::uint32_t const frame[2] = {0, static_cast<std::uint32_t>(segments[0].size())};
        out.append(reinterpret_cast<char const*>(frame), sizeof frame);
        out.append(bytes.begin(), bytes.size());
        return;
      }
    }
    // It did not fit into one segment: once more, in a scratch twice the size.
    FLORIN_ASSERT(scratch_->words.size() * kWord < 2 * kMaxCommitBytes);
    scratch_->words = Scratch::zeroed(scratch_->words.size() * 2);
  }
}

ResultOr<domain::Commit> decode(std::string_view bytes) {
  if (bytes.size() > kMaxCommitBytes) return fault(Fault::Kind::corrupt, "commit: larger than any that is written");
  if (bytes.size() < kFrameBytes || bytes.size() % kWord != 0) {
    return fault(Fault::Kind::corrupt, "commit: not whole words");
  }
  std::uint32_t frame[2];
  std::memcpy(frame, bytes.data(), sizeof frame);
  std::size_t const words = bytes.size() / kWord - 1;
  if (frame[0] != 0 || frame[1] != words) return fault(Fault::Kind::corrupt, "commit: not one segment of its size");

  char const* const begin = bytes.data() + kFrameBytes;
  if (reinterpret_cast<std::uintptr_t>(begin) % kWord == 0) {
    return decode_segment({reinterpret_cast<capnp::word const*>(begin), words});
  }
  constexpr std::size_t kStackWords = 512;
  if (words <= kStackWords) {
    std::array<capnp::word, kStackWords> aligned;
    std::memcpy(static_cast<void*>(aligned.data()), begin, words * kWord);
    return decode_segment({aligned.data(), words});
  }
  auto aligned = kj::heapArray<capnp::word>(words);
  std::memcpy(static_cast<void*>(aligned.begin()), begin, words * kWord);
  return decode_segment(aligned);
}

}  // namespace florin::eventstore
