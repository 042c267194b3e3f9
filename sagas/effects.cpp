#include "sagas/effects.h"

#include <utility>

#include "sagas/gateways/sandbox_processor.h"

namespace florin::sagas {

Effects::Effects(EffectsParts const& parts)
    : parts_(parts),
      machine_clock_(parts.runtime),
      jitter_(eventstore::draw_number<std::uint64_t>(parts.runtime)),
      view_(parts.durable),
      loop_("effects", parts.runtime) {}

void Effects::open(eventstore::Recovered const& recovered, eventstore::Tail& tail, Outside outside) {
  auto const& [log, vault, durable, clock, runtime] = parts_;
  auto const jitter = [this] { return jitter_(); };
  if (outside.sms != nullptr) sms_ = std::make_unique<GuardedSms>(*outside.sms, machine_clock_, jitter);
  expiries_ = std::make_unique<Expiries>(loop_, view_, clock);
  expiries_->resume(recovered.state);
  texts_ = std::make_unique<TextSender>(loop_, sms_.get(), view_, log, vault, clock);
  texts_->resume(recovered.state);
  if (outside.bank != nullptr) {
    payouts_ = std::make_unique<Payouts>(loop_, *outside.bank, std::move(outside.ach), view_, log, vault, clock);
    payouts_->resume(recovered.state);
  }
  if (outside.cards != nullptr) {
    cards_ = std::make_unique<GuardedPayments>(*outside.cards, machine_clock_, jitter);
    payments_ =
        std::make_unique<CardPayments>(loop_, *cards_, view_, log, vault, clock, std::move(outside.card_options));
    payments_->resume(recovered.state, recovered.at);
  }
  loop_.follow(tail, recovered.head.position);
}

void Effects::start(eventstore::Submitter& writer) {
  expiries_->start(writer);
  texts_->start(writer);
  if (payments_) payments_->start(writer);
  if (payouts_) payouts_->start(writer);
}

void Effects::connect(SandboxProcessor& processor) {
  loop_.add(processor);
  processor.start(loop_.io(), [this](std::string body, std::string signature) {
    return payments_->take_callback(std::move(body), std::move(signature));
  });
}

std::vector<std::string> Effects::troubles() const {
  std::vector<std::string> found;
  if (auto trouble = loop_.trouble()) found.push_back(std::move(*trouble));
  if (!payments_) return found;
  for (auto& trouble : cards_->troubles()) found.push_back(std::move(trouble));
  if (auto trouble = payments_->trouble()) found.push_back(std::move(*trouble));
  return found;
}

}  // namespace florin::sagas
