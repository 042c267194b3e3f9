#include "eventstore/engine/state_file.h"

#include <array>
#include <map>

#include "eventstore/engine/block_fields.h"

namespace florin::eventstore {
namespace {

using namespace domain;

// Beyond any window by far, and far enough from the ends of the numbers to add one.
constexpr Timestamp kLastMoment = Timestamp::from_seconds(253'402'300'799);  // the year 9999 ends
bool is_moment(Timestamp at) { return at >= Timestamp{} && at <= kLastMoment; }

template <class Stream>
bool fields(Stream& s, OpenTransfer& t) {
  return field(s, t.transaction) && s.enumerated(t.flavour, Flavour::send) &&
         s.enumerated(t.stage, TransferStage::claim) && s.enumerated(t.guardian, GuardianState::approved) &&
         s.number(t.pins_issued) && s.number(t.wrong_pins) && field(s, t.sender) && field(s, t.currency) &&
         field(s, t.target) && field(s, t.sender_phone) && field(s, t.receiver_phone) && field(s, t.guardian_phone) &&
         field(s, t.amount) && field(s, t.fees.source) && field(s, t.fees.target) && field(s, t.fees.network) &&
         field(s, t.initiated_at) && field(s, t.pin_issued_at) && field(s, t.pin_expires_at) &&
         field(s, t.guardian_expires_at) && field(s, t.claim_expires_at);
}

template <class Stream>
bool fields(Stream& s, OpenShare& share) {
  return field(s, share.approval) && field(s, share.phone) && field(s, share.owner) && s.number(share.wrong_codes) &&
         field(s, share.asked_at) && field(s, share.expires_at) && field(s, share.game);
}

template <class Stream>
bool fields(Stream& s, TextRef& text) {
  return field(s, text.about) && s.enumerated(text.kind, kLastTextKind) && s.number(text.detail);
}

template <class Stream>
bool fields(Stream& s, Velocity::Entry& entry) {
  return s.enumerated(entry.kind, static_cast<VelocityKind>(kVelocityKinds - 1)) && s.number(entry.subject) &&
         field(s, entry.at) && field(s, entry.amount);
}

struct Minor {
  IdentityId identity;
  PhoneId guardian;
};

template <class Stream>
bool fields(Stream& s, Minor& minor) {
  return field(s, minor.identity) && field(s, minor.guardian);
}

template <class Stream>
bool fields(Stream& s, KeysBound& keys) {
  return s.raw(keys.vault.data(), keys.vault.size()) && s.number(keys.row_key) &&
         s.raw(keys.row_key_check.data(), keys.row_key_check.size());
}

template <class Stream>
bool fields(Stream& s, OpenOrder& o) {
  return field(s, o.order) && field(s, o.player) && field(s, o.currency) && field(s, o.usd) && s.text(o.reference) &&
         field(s, o.challenge_expires_at) && field(s, o.ordered_at);
}

template <class Stream>
bool fields(Stream& s, Returned& r) {
  return field(s, r.order) && field(s, r.player) && field(s, r.currency) &&
         s.list(r.refunds,
                [&](Returned::Refund& refund) {
                  return field(s, refund.refund) && s.text(refund.reference) && field(s, refund.usd) &&
                         s.enumerated(refund.status, RefundStatus::failed);
                }) &&
         s.list(r.disputes, [&](Returned::Dispute& dispute) {
           return s.text(dispute.reference) && field(s, dispute.usd) &&
                  s.enumerated(dispute.status, DisputeStatus::lost) && field(s, dispute.fee) &&
                  s.number(dispute.entries);
         });
}

template <class Stream>
bool fields(Stream& s, OpenPayout& p) {
  return field(s, p.payout) && field(s, p.game) && field(s, p.usd) &&
         s.list(p.shares, [&](PayoutShare& share) { return field(s, share.currency) && field(s, share.amount); }) &&
         s.enumerated(p.status, kLastPayoutStatus) && field(s, p.since) && field(s, p.processing_at) &&
         s.number(p.dated_by_export) && s.number(p.filed);
}

// The commit that wrote a day's files.
struct PayoutFileDay {
  std::int64_t day = 0;  // since 1970
  Position written;
};

template <class Stream>
bool fields(Stream& s, PayoutFileDay& d) {
  return s.number(d.day) && field(s, d.written);
}

// A day whose files are dated by their export.
struct ExportDay {
  std::int64_t day = 0;  // since 1970
};

template <class Stream>
bool fields(Stream& s, ExportDay& d) {
  return s.number(d.day);
}

struct NewestFiles {
  std::int64_t created = 0;  // day since 1970
  std::uint32_t letters = 0;
  std::uint32_t entries = 0;
};

template <class Stream>
bool fields(Stream& s, NewestFiles& f) {
  return s.number(f.created) && s.number(f.letters) && s.number(f.entries);
}

bool is_day(std::int64_t day) {
  constexpr auto kLastDay = kLastMoment.micros() / kMicrosPerDay;
  return day >= 0 && day <= kLastDay;
}

template <class Stream>
bool fields(Stream& s, Revenue& r) {
  return field(s, r.owed) && field(s, r.in_flight) && field(s, r.paid);
}

// What the folds rely on later and State::restore_… does not know.
bool plausible(State const& state, OpenTransfer const& t) {
  auto const* game = state.game_of(t.sender);
  if (!t.transaction || game == nullptr || game->find_currency(t.currency) == nullptr) return false;
  if (state.find_game(t.target) == nullptr) return false;
  if (t.pins_issued == 0 || t.pins_issued > kPinsMax || t.wrong_pins >= kWrongPinsMax) return false;
  if (t.guardian != GuardianState::none && !t.guardian_phone) return false;
  if (t.stage == TransferStage::claim && t.guardian == GuardianState::pending) return false;
  if (t.amount <= Money{} || t.amount > kMaxAmount || t.amount > state.wallet(t.sender, t.currency).reserved) {
    return false;
  }
  for (auto const fee : {t.fees.source, t.fees.target, t.fees.network}) {
    if (fee < Money{} || fee > t.amount) return false;
  }
  if (t.net() < Money{}) return false;
  auto const times =
      std::array{t.initiated_at, t.pin_issued_at, t.pin_expires_at, t.guardian_expires_at, t.claim_expires_at};
  return std::all_of(times.begin(), times.end(), is_moment);
}

bool plausible(OpenShare const& share) {
  return share.approval && share.wrong_codes < kWrongCodesMax && is_moment(share.asked_at) &&
         is_moment(share.expires_at);
}

// What is under way of each currency's revenue is what the open payouts took, and the rest stays where sums are exact.
bool revenues_add_up(State const& state) {
  constexpr auto kFar = Money::from_minor(std::int64_t{1} << 60);
  std::map<CurrencyId, Money> taken;
  for (auto const& [position, payout] : state.payouts()) {
    if (payout.status == domain::PayoutStatus::completed) continue;  // paid, and kept in case it comes back
    for (auto const& share : payout.shares) taken[share.currency] += share.amount;
  }
  if (!taken.empty() && taken.rbegin()->first.value() > state.revenues().size()) return false;
  CurrencyId currency;
  for (auto const& revenue : state.revenues()) {
    currency = CurrencyId(currency.value() + 1);
    if (revenue.in_flight != taken[currency] || revenue.paid < Money{} || revenue.paid > kFar) return false;
    if (revenue.owed > kFar || revenue.owed < -kFar) return false;
  }
  return true;
}

template <class T, class Range, class Make>
void put_each(FieldsOut& out, Range const& range, Make&& make) {
  out.number(range.size());
  for (auto const& entry : range) {
    T value = make(entry);
    fields(out, value);
  }
}

// Until the first that cannot be read or that `restore` refuses.
template <class T, class Restore>
bool get_each(FieldsIn& in, Restore&& restore) {
  std::uint64_t left = 0;
  if (!in.number(left)) return false;
  for (; left > 0; --left) {
    T value;
    if (!fields(in, value) || !restore(value)) return false;
  }
  return true;
}

}  // namespace

void put_open_matters(BlockWriter& to, State const& state) {
  FieldsOut out{to};
  auto const second = [](auto const& entry) { return entry.second; };
  auto const itself = [](auto const& entry) { return entry; };
  put_rows(out, state.phones().rows());
  put_each<Minor>(out, state.minors(), [](auto const& entry) { return Minor{entry.first, entry.second}; });
  put_each<OpenTransfer>(out, state.transfers(), second);
  put_each<OpenShare>(out, state.shares().all(), second);
  put_each<TextRef>(out, state.owed_texts(), itself);
  put_each<Velocity::Entry>(out, state.velocity().entries(), itself);
  put_each<OpenOrder>(out, state.orders(), second);
  put_each<Returned>(out, state.returned_orders(), second);
  put_each<OpenPayout>(out, state.payouts(), second);
  put_each<PayoutFileDay>(out, state.payout_files(), [](auto const& entry) {
    return PayoutFileDay{entry.first.time_since_epoch().count(), entry.second};
  });
  put_each<ExportDay>(out, state.export_days(), [](Day day) { return ExportDay{day.time_since_epoch().count()}; });
  std::vector<NewestFiles> newest;
  if (auto const& used = state.newest_files(); used.letters != 0) {
    newest.push_back({used.created.time_since_epoch().count(), used.letters, used.entries});
  }
  put_each<NewestFiles>(out, newest, itself);
  put_each<KeysBound>(out, state.keys() ? std::vector{*state.keys()} : std::vector<KeysBound>{}, itself);
  put_each<Revenue>(out, state.revenues(), itself);
}

bool get_open_matters(BlockReader& from, State& state) {
  FieldsIn in{from};
  auto const phones = get_rows<Phones::Row>(
      in, [](Phones::Row const&) {}, [&](Phones::Row const& row) { return state.restore_phone(row); });
  if (!phones || !state.restore_phone_owners()) return false;
  // A kind's entries never go back in time: the windows rely on it.
  std::array<Timestamp, kVelocityKinds> latest{};
  return get_each<Minor>(in, [&](Minor const& m) { return state.restore_minor(m.identity, m.guardian); }) &&
         get_each<OpenTransfer>(
             in, [&](OpenTransfer const& t) { return plausible(state, t) && state.restore_transfer(t); }) &&
         get_each<OpenShare>(in, [&](OpenShare const& s) { return plausible(s) && state.restore_share(s); }) &&
         get_each<TextRef>(in,
                           [&](TextRef const& text) {
                             if (!text.about) return false;
                             state.restore_owed_text(text);
                             return true;
                           }) &&
         get_each<Velocity::Entry>(in,
                                   [&](Velocity::Entry const& entry) {
                                     auto& before = latest[static_cast<std::size_t>(entry.kind)];
                                     if (!is_moment(entry.at) || entry.at < before) return false;
                                     if (entry.amount < Money{} || entry.amount > kMaxAmount) return false;
                                     before = entry.at;
                                     state.restore_velocity(entry);
                                     return true;
                                   }) &&
         get_each<OpenOrder>(in,
                             [&](OpenOrder const& order) {
                               return is_moment(order.ordered_at) && is_moment(order.challenge_expires_at) &&
                                      state.restore_order(order);
                             }) &&
         get_each<Returned>(in, [&](Returned const& returned) { return state.restore_returned(returned); }) &&
         get_each<OpenPayout>(in,
                              [&](OpenPayout const& payout) {
                                return is_moment(payout.since) && is_moment(payout.processing_at) &&
                                       state.restore_payout(payout);
                              }) &&
         get_each<PayoutFileDay>(in,
                                 [&](PayoutFileDay const& file) {
                                   return is_day(file.day) &&
                                          state.restore_payout_file(Day(std::chrono::days(file.day)), file.written);
                                 }) &&
         get_each<ExportDay>(in,
                             [&](ExportDay const& day) {
                               return is_day(day.day) && state.restore_export_day(Day(std::chrono::days(day.day)));
                             }) &&
         get_each<NewestFiles>(
             in,
             [&](NewestFiles const& f) {
               return is_day(f.created) &&
                      state.restore_newest_files({Day(std::chrono::days(f.created)), f.letters, f.entries});
             }) &&
         get_each<KeysBound>(in,
                             [&](KeysBound const& keys) {
                               if (!can_bind(state, keys)) return false;
                               state.restore_keys(keys);
                               return true;
                             }) &&
         get_each<Revenue>(in,
                           [&](Revenue const& revenue) {
                             return state.restore_revenue(CurrencyId(state.revenues().size() + 1), revenue);
                           }) &&
         revenues_add_up(state);
}

}  // namespace florin::eventstore
