#include "sagas/gateways/sandbox_phone.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "domain/contract.h"
#include "domain/digits.h"
#include "eventstore/runtime/runtime.h"
#include "sagas/gateways/form.h"
#include "sagas/gateways/twilio_signature.h"

namespace florin::sagas {
namespace {

constexpr std::size_t kBookkeeping = 256;
constexpr std::size_t kBodyMax = 6400;  // bytes; Twilio's 1,600 characters of up to four

// Signs nothing and names no account: what the simulator posts as AccountSid.
constexpr std::string_view kAccount = "AC00000000000000000000000000000000";

struct Magic {
  std::string_view number;
  std::string_view code;
};
constexpr std::array<Magic, 5> kMagic = {{{"+15005550001", "21211"},
                                          {"+15005550002", "21612"},
                                          {"+15005550003", "21408"},
                                          {"+15005550004", "21610"},
                                          {"+15005550009", "21614"}}};

bool is_phone(std::string_view text) {
  return text.size() >= 11 && text.size() <= 16 && text.front() == '+' &&
         std::ranges::all_of(text.substr(1), domain::is_digit);
}

bool use_up(unsigned& count) {
  if (count == 0) return false;
  --count;
  return true;
}

}  // namespace

SandboxPhone::SandboxPhone(eventstore::Clock const& clock, SandboxPhoneOptions options, eventstore::Runtime& runtime)
    : clock_(clock), options_(std::move(options)), instance_(eventstore::draw_number<std::uint64_t>(runtime)) {
  FLORIN_ASSERT(options_.texts_per_phone > 0);
}

Awaitable<SmsResult> SandboxPhone::send(TextMessage message) { co_return take(message); }

SmsResult SandboxPhone::take(TextMessage const& message) {
  std::lock_guard const lock(mutex_);
  if (down_) return SmsResult::unavailable("sandbox_down");
  if (use_up(fail_)) return SmsResult::unavailable("sandbox_failure");
  auto const magic = std::ranges::find(kMagic, std::string_view(message.to), &Magic::number);
  if (magic != kMagic.end()) return SmsResult::refused(std::string(magic->code));
  if (!is_phone(message.to)) return SmsResult::refused("21211");
  if (message.body.empty()) return SmsResult::refused("21602");
  if (message.body.size() > kBodyMax) return SmsResult::refused("21617");

  std::string id = next_id();
  if (use_up(lose_answer_)) {
    keep(message.to, {++sequence_, {std::move(id), message.to, message.body, clock_.now()}});
    return SmsResult::unavailable("sandbox_answer_lost");
  }
  if (use_up(drop_)) return SmsResult::sent(std::move(id));
  keep(message.to, {++sequence_, {id, message.to, message.body, clock_.now()}});
  return SmsResult::sent(std::move(id));
}

std::string SandboxPhone::next_id() {
  std::array<char, 35> text;
  std::snprintf(text.data(), text.size(), "SM%016llx%016llx", static_cast<unsigned long long>(instance_),
                static_cast<unsigned long long>(++ids_));
  return text.data();
}

std::size_t SandboxPhone::cost(Kept const& kept) { return kBookkeeping + kept.text.to.size() + kept.text.body.size(); }

void SandboxPhone::keep(std::string const& number, Kept kept) {
  auto const [at, is_new] = phones_.try_emplace(number);
  Phone& phone = at->second;
  if (is_new) {
    phone.turn = turns_.insert(turns_.end(), number);
  } else {
    turns_.splice(turns_.end(), turns_, phone.turn);
  }
  bytes_ += cost(kept);
  phone.texts.push_back(std::move(kept));
  if (phone.texts.size() > options_.texts_per_phone) {
    bytes_ -= cost(phone.texts.front());
    phone.texts.pop_front();
  }
  // The newest text stays, whatever the bound.
  while (bytes_ > options_.bytes_max && turns_.size() > 1) {
    auto const oldest = phones_.find(turns_.front());
    for (Kept const& text : oldest->second.texts) bytes_ -= cost(text);
    turns_.pop_front();
    phones_.erase(oldest);
  }
}

std::vector<SandboxText> SandboxPhone::messages(std::string_view phone) const {
  std::lock_guard const lock(mutex_);
  std::vector<SandboxText> out;
  auto const at = phones_.find(std::string(phone));
  if (at == phones_.end()) return out;
  for (Kept const& kept : at->second.texts) out.push_back(kept.text);
  return out;
}

std::vector<SandboxText> SandboxPhone::messages(std::size_t limit) const {
  std::lock_guard const lock(mutex_);
  std::vector<Kept const*> all;
  for (auto const& [number, phone] : phones_) {
    for (Kept const& kept : phone.texts) all.push_back(&kept);
  }
  std::ranges::sort(all, {}, &Kept::sequence);
  std::vector<SandboxText> out;
  for (std::size_t i = all.size() - std::min(limit, all.size()); i < all.size(); ++i) out.push_back(all[i]->text);
  return out;
}

SignedPost SandboxPhone::reply(std::string_view from, std::string_view body) {
  std::string id;
  {
    std::lock_guard const lock(mutex_);
    id = next_id();
  }
  Form const form = {{"ToCountry", "US"},         {"SmsMessageSid", id},
                     {"NumMedia", "0"},           {"SmsSid", id},
                     {"SmsStatus", "received"},   {"Body", std::string(body)},
                     {"To", options_.number},     {"NumSegments", "1"},
                     {"MessageSid", id},          {"AccountSid", std::string(kAccount)},
                     {"From", std::string(from)}, {"ApiVersion", "2010-04-01"}};
  return {options_.webhook_url, encode_form(form), twilio_signature(options_.auth_token, options_.webhook_url, form),
          std::move(id)};
}

void SandboxPhone::take_answer(std::string const& phone, std::string_view twiml) {
  constexpr std::string_view kOpen = "<Message>";
  auto const begin = twiml.find(kOpen);
  auto const end = twiml.find("</Message>");
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin + kOpen.size()) return;
  std::lock_guard const lock(mutex_);
  std::string body(twiml.substr(begin + kOpen.size(), end - begin - kOpen.size()));
  keep(phone, {++sequence_, {next_id(), phone, std::move(body), clock_.now()}});
}

void SandboxPhone::set_down(bool down) {
  std::lock_guard const lock(mutex_);
  down_ = down;
}

void SandboxPhone::fail_next(unsigned texts) {
  std::lock_guard const lock(mutex_);
  fail_ = texts;
}

void SandboxPhone::lose_answer_next(unsigned texts) {
  std::lock_guard const lock(mutex_);
  lose_answer_ = texts;
}

void SandboxPhone::drop_next(unsigned texts) {
  std::lock_guard const lock(mutex_);
  drop_ = texts;
}

}  // namespace florin::sagas
