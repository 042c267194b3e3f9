#include "api/environment.h"

#include <algorithm>
#include <array>

#include <spdlog/spdlog.h>

#include "api/former_people.h"
#include "domain/contract.h"
#include "eventstore/engine/bound_keys.h"
#include "eventstore/engine/snapshot_files.h"
#include "eventstore/runtime/files.h"
#include "projections/history.h"
#include "projections/orders.h"
#include "projections/payments.h"
#include "projections/reconciliation.h"
#include "projections/transfers.h"

namespace florin::api {
namespace {

using eventstore::Fault;
using eventstore::ResultOr;

// The log must contain what was signed: a shorter log, or another one, is noticed before anything is served. The empty
// log is signed too, so that a log without a checkpoint is always one that lost it.
ResultOr<Unit> check_against_checkpoint(eventstore::Log& log, eventstore::Head const& head,
                                        eventstore::CheckpointFile const& checkpoints) {
  auto const signed_note = checkpoints.read();
  if (signed_note) return eventstore::check_checkpoint(log, signed_note.value());
  if (signed_note.error().kind != Fault::Kind::missing) return fail(signed_note.error());
  if (!head.position) return checkpoints.write({0, eventstore::MerkleTree{}.root(), {}});
  return eventstore::fault(Fault::Kind::corrupt,
                           "the log holds commits but its signed checkpoint is missing: restore the checkpoint file");
}

// For the sandbox's own posts to itself: nobody else needs to know it.
std::string random_token() {
  std::array<std::uint8_t, 32> bytes{};
  eventstore::machine().draw(std::as_writable_bytes(std::span(bytes)));
  return domain::to_hex({reinterpret_cast<char const*>(bytes.data()), bytes.size()});
}

// What is wrong with a view; empty: nothing is. It names no position: the text is one while the state is one.
std::string trouble_of(projections::ProjectionStatus const& view) {
  if (view.failed) return "view " + view.name + " has stopped: " + view.error;
  if (!view.readable) return "view " + view.name + " is being built and cannot be read yet";
  if (view.served_version == view.version) return {};
  auto text = "view " + view.name + " is read in its version " + std::to_string(view.served_version) +
              " until version " + std::to_string(view.version) + " is built";
  if (!view.error.empty()) text += ", which failed: " + view.error;
  return text;
}

}  // namespace

Environment::Environment(std::string name, Layout layout, eventstore::Clock& clock, EnvironmentOptions options)
    : name_(std::move(name)), layout_(std::move(layout)), clock_(clock), options_(std::move(options)) {}

// The sagas are still there.
Environment::~Environment() {
  if (effects_) effects_->loop().stop();
}

ResultOr<std::unique_ptr<Environment>> Environment::open(std::string name, Layout const& layout,
                                                         eventstore::Clock& clock, EnvironmentOptions options) {
  std::unique_ptr<Environment> environment(new Environment(std::move(name), layout, clock, std::move(options)));
  FLORIN_TRY(environment->recover());
  return environment;
}

ResultOr<Unit> Environment::recover() {
  std::error_code error;
  for (auto const& part : {layout_.folder, layout_.snapshots(), layout_.requests(), layout_.views()}) {
    FLORIN_TRY(eventstore::machine_files().make_folder(part));
  }
  std::filesystem::permissions(layout_.folder, std::filesystem::perms::owner_all, error);

  log_ = FLORIN_TRY(eventstore::SqliteLog::open(layout_.log()));
  auto const epoch = FLORIN_TRY(log_->lease());
  auto const head = FLORIN_TRY(log_->head());
  // Before anything is made for a log that is empty because it was lost.
  FLORIN_TRY(eventstore::check_none_beyond(eventstore::machine_files(), layout_.snapshots(), head.position));
  if (!head.position) {
    FLORIN_TRY(eventstore::machine_files().make_folder(layout_.vault()));
  }
  auto vault =
      head.position ? eventstore::Vault::open_existing(layout_.vault()) : eventstore::Vault::open(layout_.vault());
  if (!vault) return fail(std::move(vault).error());
  vault_ = std::move(vault).value();
  FLORIN_TRY(log_->use_keys(layout_.row_keys()));
  auto checkpoints = FLORIN_TRY(eventstore::CheckpointFile::open(layout_.folder));
  checkpoints_ = std::make_unique<eventstore::CheckpointFile>(std::move(checkpoints));
  requests_ = FLORIN_TRY(eventstore::RequestIndex::open(layout_.requests(), head.position));
  FLORIN_TRY(check_against_checkpoint(*log_, head, *checkpoints_));

  std::vector<std::string> skipped;
  auto replayed = eventstore::recover(*log_, layout_.snapshots(), requests_.get(), &durable_, &skipped);
  for (auto const& file : skipped) spdlog::warn("{}: snapshot passed over: {}", name_, file);
  if (!replayed) return fail(replayed.error());
  auto recovered = std::move(replayed).value();
  FLORIN_TRY(eventstore::check_keys(recovered.state.keys(), *vault_, *log_->keys()));
  tail_ = std::make_unique<eventstore::Tail>(*log_, recovered.head);
  clock_.not_before(recovered.at);
  spdlog::info("{}: recovered to position {} ({} games, {} players)", name_, recovered.head.position.value(),
               recovered.state.games().size(), recovered.state.player_count());

  auto const former = list_former_people(*vault_, durable_, layout_.mailboxes());
  mailboxes_ = std::make_unique<Mailboxes const>(*vault_, former, [this](domain::BlindIndex const& index) {
    return durable_.read([&](domain::State const& state) { return state.find_identity(index).has_value(); });
  });
  if (!former.empty()) {
    spdlog::info(
        "{}: {} people were registered by an earlier release under another key (florin audit mailboxes lists them)",
        name_, former.size());
  }

  runner_ = std::make_unique<projections::Runner>(
      *log_, *tail_, layout_.views(),
      std::vector<projections::Projection const*>{&projections::history_projection(), &projections::orders_projection(),
                                                  &projections::reconciliation_projection(),
                                                  &projections::transfers_projection(),
                                                  &projections::payments_projection()});
  effects_.emplace(sagas::EffectsParts{*log_, *vault_, durable_, clock_});
  sagas::Outside outside;
  FLORIN_TRY(make_sms(outside));
  FLORIN_TRY(make_payments(outside));
  effects_->open(recovered, *tail_, std::move(outside));
  snapshotter_ = std::make_unique<eventstore::Snapshotter>(
      *log_, *tail_, layout_.snapshots(), recovered.snapshot, options_.snapshot_every,
      [this](domain::Position at, eventstore::ResultOr<Unit> const& done) {
        if (done) {
          spdlog::info("{}: snapshot at position {}", name_, at.value());
        } else {
          spdlog::error("{}: snapshot at position {} failed: {}", name_, at.value(), done.error().what);
        }
      });
  eventstore::EngineParts const parts{
      *log_, epoch, *vault_, *requests_, *checkpoints_, clock_, durable_, *tail_, eventstore::machine(), log_->keys()};
  writer_ = std::make_unique<eventstore::Writer>(std::move(recovered), parts, options_.writer);
  ledger_.emplace(Ledger{name_, clock_, Commands(*writer_, *vault_, durable_), durable_, Views(*runner_, durable_),
                         Commits(*log_), People(*mailboxes_, durable_, *vault_), vault_->codes(),
                         CardGateway(effects_->payments(), effects_->cards()), BankFiles(*log_, *vault_, options_.ach),
                         effects_->texts(), options_.inbound, options_.public_url});
  if (phone_ && sandbox_processor_) sandbox_.emplace(Sandbox{*phone_, *sandbox_processor_, effects_->loop()});
  return Unit{};
}

ResultOr<Unit> Environment::make_sms(sagas::Outside& outside) {
  if (options_.sandbox_phone) {
    if (options_.inbound.auth_token.empty()) options_.inbound.auth_token = random_token();
    sagas::SandboxPhoneOptions phone;
    phone.webhook_url = options_.inbound.public_url;
    phone.auth_token = options_.inbound.auth_token;
    phone_ = std::make_unique<sagas::SandboxPhone>(clock_, std::move(phone));
    outside.sms = phone_.get();
  } else if (options_.twilio) {
    auto made = sagas::TwilioGateway::make(effects_->loop().io(), *options_.twilio);
    if (!made) return eventstore::fault(Fault::Kind::missing, "the SMS provider: " + made.error());
    twilio_ = std::move(made).value();
    outside.sms = twilio_.get();
  }
  return Unit{};
}

ResultOr<Unit> Environment::make_payments(sagas::Outside& outside) {
  auto& options = outside.card_options;
  options.checkout_url = options_.public_url + "/checkout?session=";
  options.checkout_url_end = "&return=1";
  options.return_url = options_.public_url + "/checkout/return";
  if (options_.sandbox_processor) {
    sagas::SandboxProcessorOptions simulated;
    simulated.file = layout_.processor();
    simulated.public_base = options_.public_url + "/processor";
    simulated.webhook_secret = random_token();
    sandbox_processor_ = FLORIN_TRY(sagas::SandboxProcessor::open(clock_, std::move(simulated)));
    outside.cards = sandbox_processor_.get();
    options.poll_micros = domain::kMicrosPerSecond;  // it is in this process: asking costs nothing
    outside.bank = &sandbox_bank_;
    outside.ach = options_.ach;
  } else if (options_.stripe) {
    // Payments of another installation on the same account are not ours: the tag follows from this vault's key.
    auto const tag = vault_->fingerprint("payments of this ledger");
    options_.stripe->server_tag = domain::to_hex({reinterpret_cast<char const*>(tag.data()), tag.size()});
    auto made = sagas::StripeGateway::make(effects_->loop().io(), *options_.stripe);
    if (!made) return eventstore::fault(Fault::Kind::missing, "the card processor: " + made.error());
    stripe_ = std::move(made).value();
    outside.cards = stripe_.get();
  }
  return Unit{};
}

ResultOr<Unit> Environment::start() {
  FLORIN_TRY(runner_->start());
  FLORIN_TRY(snapshotter_->start());
  writer_->start();
  effects_->start(*writer_);
  if (sandbox_processor_) effects_->connect(*sandbox_processor_);
  effects_->loop().start();
  return Unit{};
}

bool Environment::accepts_writes() const { return writer_->healthy(); }

std::vector<std::string> Environment::unreadable_views() const {
  std::vector<std::string> found;
  for (auto const& view : runner_->status()) {
    if (!view.readable) found.push_back(view.name);
  }
  return found;
}

std::vector<std::string> Environment::troubles() const {
  std::vector<std::string> found;
  if (auto const fault = writer_->fault()) found.push_back("writes have stopped until a restart: " + fault->what);
  if (auto const fault = writer_->checkpoint_fault()) found.push_back("no checkpoint can be signed: " + fault->what);
  for (auto const& view : runner_->status()) {
    if (auto trouble = trouble_of(view); !trouble.empty()) found.push_back(std::move(trouble));
  }
  for (auto& trouble : effects_->troubles()) found.push_back(std::move(trouble));
  return found;
}

ResultOr<Unit> Environment::stop() {
  effects_->loop().stop();
  auto standing = writer_->stop();
  snapshotter_->stop();
  runner_->stop();
  if (!standing) return fail(standing.error());
  // Snapshots and index runs only save time at the next start: a failure here is worth a warning, no more.
  for (auto const& saved : {requests_->flush(), eventstore::write_snapshot(layout_.snapshots(), standing.value()),
                            durable_.write_snapshot(layout_.snapshots(), *log_)}) {
    if (!saved) spdlog::warn("{}: {}", name_, saved.error().what);
  }
  return Unit{};
}

}  // namespace florin::api
