#include "sagas/gateways/sandbox_books.h"

#include <algorithm>
#include <utility>

#include <openssl/crypto.h>

#include "sagas/gateways/sandbox_tables.h"

namespace florin::sagas {
namespace {

using domain::DisputeStatus;
using domain::PaymentStatus;
using domain::Timestamp;
using domain::Usd;
using eventstore::Fault;
using eventstore::ResultOr;
using Query = SandboxQuery;

constexpr Usd kAmountMax = Usd::from_minor(99'999'999);  // Stripe's: eight digits of cents
constexpr std::size_t kTextMax = 2048;                   // a key, a description, a URL: longer is refused

std::string digits_of(std::int64_t number) { return std::to_string(number); }
std::string digits_of(std::uint64_t number) { return std::to_string(number); }

std::string code_of(Fault const& fault) {
  switch (fault.kind) {
    case Fault::Kind::full: return "books_full";
    case Fault::Kind::corrupt: return "books_corrupt";
    case Fault::Kind::conflict: return "books_locked";
    case Fault::Kind::io:
    case Fault::Kind::missing:
    case Fault::Kind::unknown: break;
  }
  return "books_io";
}

// Of what was charged, neither refunded nor held back: what can still go either way.
Usd remaining(domain::PaymentReport const& report) {
  if (report.status != PaymentStatus::succeeded) return {};
  Usd rest = report.usd;
  for (auto const& refund : report.refunds) rest -= refund.usd;
  for (auto const& dispute : report.disputes) rest -= dispute.withheld;
  return rest;
}

bool is_disputed(domain::PaymentReport const& report) {
  return std::ranges::any_of(report.disputes, [](auto const& d) { return d.status != DisputeStatus::won; });
}

bool same_secret(std::string_view own, std::string_view given) {
  return own.size() == given.size() && CRYPTO_memcmp(own.data(), given.data(), own.size()) == 0;
}

}  // namespace

struct SandboxBooks::Impl : SandboxTables {
  Usd amount_min;

  template <class Work>
  Answer answer(Work work) {
    try {
      return file.transaction(std::move(work));
    } catch (SandboxFileFault const& thrown) {
      return {PaymentOutcome::unknown, {}, code_of(thrown.fault), {}};
    }
  }
};

SandboxBooks::SandboxBooks(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SandboxBooks::~SandboxBooks() = default;

ResultOr<std::unique_ptr<SandboxBooks>> SandboxBooks::open(std::filesystem::path const& path, Usd amount_min,
                                                           std::function<CallbackPlan()> plan,
                                                           eventstore::Runtime& runtime) {
  auto file = FLORIN_TRY(SandboxFile::open(path));
  auto impl = std::make_unique<Impl>(Impl{{std::move(file), std::move(plan), runtime}, amount_min});
  return std::unique_ptr<SandboxBooks>(new SandboxBooks(std::move(impl)));
}

SandboxBooks::Answer SandboxBooks::create(CreatePayment const& request, Timestamp now) {
  if (request.usd > kAmountMax) return sandbox_refusal("amount_too_large");
  if (request.usd < impl_->amount_min || request.usd <= Usd()) return sandbox_refusal("amount_too_small");
  if (request.key.empty() || std::max(request.key.size(), request.description.size()) > kTextMax) {
    return sandbox_refusal("parameter_invalid");
  }
  std::string const what =
      request_digest({"open", digits_of(request.order.value()), digits_of(request.ordered_at.micros()),
                      digits_of(request.usd.minor()), request.description});
  return impl_->answer([&] {
    if (auto before = impl_->repeated(request.key, what)) return std::move(*before);
    std::string const id = random_sandbox_id(impl_->runtime, "pi_");
    impl_->file
        .query(
            "INSERT INTO payments(id, ordered, cents, description, secret, state, decline, fee, return_url, created,"
            " ordered_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6, '', 0, '', ?7, ?8)")
        .with(id)
        .with(request.order.value())
        .with(request.usd)
        .with(request.description)
        .with(random_sandbox_id(impl_->runtime, id + "_secret_"))
        .with(PaymentStatus::unconfirmed)
        .with(now)
        .with(request.ordered_at)
        .run();
    return impl_->keep(request.key, what, id, impl_->current(id));
  });
}

SandboxBooks::Answer SandboxBooks::confirm(ConfirmPayment const& request, Timestamp now) {
  if (request.key.empty() || std::max(request.key.size(), request.return_url.size()) > kTextMax) {
    return sandbox_refusal("parameter_invalid");
  }
  std::string const what = request_digest({"confirm", request.reference, request.method, request.return_url});
  return impl_->answer([&] {
    if (auto before = impl_->repeated(request.key, what)) return std::move(*before);
    auto const payment = impl_->find(request.reference);
    auto const card = impl_->card_of(request.method);
    if (!payment || !card)
      return impl_->keep(request.key, what, request.reference, sandbox_refusal("resource_missing"));
    switch (payment->report.status) {
      case PaymentStatus::unconfirmed:
      case PaymentStatus::requires_action:
      case PaymentStatus::declined:
        impl_->file.query("UPDATE payments SET return_url = ?2 WHERE id = ?1")
            .with(request.reference)
            .with(request.return_url)
            .run();
        impl_->try_card(*payment, *card, now);
        break;
      case PaymentStatus::processing:
      case PaymentStatus::succeeded:
      case PaymentStatus::cancelled: break;  // it is as it is
    }
    return impl_->keep(request.key, what, request.reference, impl_->current(request.reference));
  });
}

SandboxBooks::Answer SandboxBooks::retrieve(std::string const& reference) {
  return impl_->answer([&] { return impl_->current(reference); });
}

SandboxBooks::Answer SandboxBooks::cancel(std::string const& reference, Timestamp now) {
  return impl_->answer([&] {
    auto const payment = impl_->find(reference);
    if (!payment) return sandbox_refusal("resource_missing");
    switch (payment->report.status) {
      case PaymentStatus::unconfirmed:
      case PaymentStatus::requires_action:
      case PaymentStatus::declined:
        impl_->set_state(reference, PaymentStatus::cancelled, {}, Usd());
        impl_->add_event("payment_intent.canceled", "payment_intent", reference, reference, now);
        break;
      case PaymentStatus::processing:
      case PaymentStatus::succeeded:
      case PaymentStatus::cancelled: break;
    }
    return impl_->current(reference);
  });
}

SandboxBooks::Answer SandboxBooks::refund(RefundPayment const& request, Timestamp now) {
  if (request.key.size() > kTextMax) return sandbox_refusal("parameter_invalid");
  std::string const what = request_digest({"refund", request.reference, digits_of(request.refund.value()),
                                           digits_of(request.asked_at.micros()), digits_of(request.usd.minor())});
  return impl_->answer([&] {
    if (!request.key.empty()) {
      if (auto before = impl_->repeated(request.key, what)) return std::move(*before);
    }
    auto const keep = [&](Answer answer) {
      if (request.key.empty()) return answer;
      return impl_->keep(request.key, what, request.reference, std::move(answer));
    };
    auto const payment = impl_->find(request.reference);
    if (!payment) return keep(sandbox_refusal("resource_missing"));
    if (payment->report.status != PaymentStatus::succeeded)
      return keep(sandbox_refusal("payment_intent_unexpected_state"));
    if (is_disputed(payment->report)) return keep(sandbox_refusal("charge_disputed"));
    if (remaining(payment->report) <= Usd()) return keep(sandbox_refusal("charge_already_refunded"));
    if (request.usd <= Usd()) return keep(sandbox_refusal("parameter_invalid_integer"));
    if (request.usd > remaining(payment->report)) return keep(sandbox_refusal("amount_too_large"));
    std::string const id = random_sandbox_id(impl_->runtime, "re_");
    impl_->file
        .query("INSERT INTO refunds(id, payment, refund, cents, created, asked_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6)")
        .with(id)
        .with(request.reference)
        .with(request.refund.value())
        .with(request.usd)
        .with(now)
        .with(request.asked_at)
        .run();
    impl_->add_event("refund.created", "refund", id, request.reference, now);
    return keep(impl_->current(request.reference, id));
  });
}

MethodAnswer SandboxBooks::add_card(Card const& card, Timestamp now) {
  if (std::string_view const code = card_fault(card, now); !code.empty()) {
    return {PaymentOutcome::refused, {}, std::string(code)};
  }
  auto const known = test_card_of_number(card.number);
  std::string id = random_sandbox_id(impl_->runtime, "pm_");
  Answer const kept = impl_->answer([&] {
    impl_->file.query("INSERT INTO methods VALUES(?1, ?2, ?3)")
        .with(id)
        .with(static_cast<std::int64_t>(*known))
        .with(std::string_view(card.number).substr(card.number.size() - 4))
        .run();
    return Answer{PaymentOutcome::answered, {}, {}, {}};
  });
  if (kept.outcome != PaymentOutcome::answered) return {kept.outcome, {}, kept.code};
  return {PaymentOutcome::answered, std::move(id), {}};
}

SandboxBooks::Answer SandboxBooks::challenge(std::string const& reference, std::string_view secret) {
  Answer answer = retrieve(reference);
  if (answer.outcome != PaymentOutcome::answered) return answer;
  return same_secret(answer.payment.client_secret, secret) ? answer : sandbox_refusal("resource_missing");
}

SandboxBooks::Answer SandboxBooks::complete_challenge(std::string const& reference, std::string_view secret,
                                                      bool success, Timestamp now) {
  return impl_->answer([&] {
    auto const payment = impl_->find(reference);
    if (!payment || !same_secret(payment->client_secret, secret)) return sandbox_refusal("resource_missing");
    if (payment->report.status == PaymentStatus::requires_action) {
      if (success) {
        impl_->charge(*payment, now);
      } else {
        impl_->decline(reference, "payment_intent_authentication_failure", now);
      }
    }
    return impl_->current(reference);
  });
}

SandboxBooks::Answer SandboxBooks::open_dispute(std::string const& reference, std::optional<Usd> usd, Timestamp now) {
  return impl_->answer([&] {
    auto const payment = impl_->find(reference);
    if (!payment) return sandbox_refusal("resource_missing");
    Usd const rest = remaining(payment->report);
    Usd const amount = usd.value_or(rest);
    if (rest <= Usd() || amount <= Usd()) return sandbox_refusal("charge_not_disputable");
    if (amount > rest) return sandbox_refusal("amount_too_large");
    std::string id = impl_->dispute(reference, amount, now);
    return impl_->current(reference, std::move(id));
  });
}

SandboxBooks::Answer SandboxBooks::close_dispute(std::string const& reference, bool won, Timestamp now) {
  return impl_->answer([&] {
    auto const payment = impl_->find(reference);
    if (!payment) return sandbox_refusal("resource_missing");
    auto const wanted = won ? DisputeStatus::won : DisputeStatus::lost;
    std::string closed;
    for (auto const& dispute : payment->report.disputes) {
      if (dispute.status != DisputeStatus::open) continue;
      impl_->end_dispute(dispute, won, reference, now);
      closed = dispute.reference;
    }
    // None is open: the newest that ended the other way is decided anew.
    for (auto dispute = payment->report.disputes.rbegin(); closed.empty() && dispute != payment->report.disputes.rend();
         ++dispute) {
      if (dispute->status == wanted) continue;
      impl_->end_dispute(*dispute, won, reference, now);
      closed = dispute->reference;
    }
    if (closed.empty()) return sandbox_refusal("no_open_dispute");
    return impl_->current(reference, std::move(closed));
  });
}

SandboxBooks::Answer SandboxBooks::move_dispute(std::string const& reference, Usd withdrawn, Usd fee, Timestamp now) {
  return impl_->answer([&] {
    auto const payment = impl_->find(reference);
    if (!payment) return sandbox_refusal("resource_missing");
    auto const& disputes = payment->report.disputes;
    if (disputes.empty()) return sandbox_refusal("no_open_dispute");
    auto const& dispute = disputes.back();
    Usd const withheld = dispute.withheld + withdrawn;
    Usd const fees = dispute.fee + fee;
    if (withdrawn == Usd() && fee == Usd()) return sandbox_refusal("parameter_invalid_integer");
    if (withheld < Usd() || withheld > payment->report.usd || fees < -domain::kMaxPurchaseUsd ||
        fees > domain::kMaxPurchaseUsd) {
      return sandbox_refusal("amount_too_large");
    }
    impl_->set_dispute(dispute, withheld, fees, dispute.status);
    std::string_view const type = withdrawn > Usd()   ? "charge.dispute.funds_withdrawn"
                                  : withdrawn < Usd() ? "charge.dispute.funds_reinstated"
                                                      : "charge.dispute.updated";
    impl_->add_event(type, "dispute", dispute.reference, reference, now);
    return impl_->current(reference, dispute.reference);
  });
}

ResultOr<std::vector<SandboxPayment>> SandboxBooks::payments(std::uint64_t after, std::size_t limit) {
  return impl_->file.read([&] {
    std::vector<SandboxPayment> out;
    {
      Query rows = impl_->file.query("SELECT * FROM payments WHERE sequence > ?1 ORDER BY sequence LIMIT ?2");
      rows.with(after).with(std::uint64_t{limit});
      while (rows.row()) out.push_back(SandboxTables::payment_of(rows));
    }
    for (SandboxPayment& payment : out) impl_->add_children(payment);
    return out;
  });
}

namespace {

std::vector<SandboxEvent> events_of(Query& rows) {
  std::vector<SandboxEvent> out;
  while (rows.row()) {
    CallbackPlan const plan{static_cast<unsigned>(rows.integer(7)), rows.integer(8) != 0};
    out.push_back(
        {rows.count(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4), rows.text(5), rows.time(6), plan});
  }
  return out;
}

}  // namespace

ResultOr<std::vector<SandboxEvent>> SandboxBooks::events(Timestamp since, std::uint64_t after, std::size_t limit) {
  return impl_->file.read([&] {
    Query rows =
        impl_->file.query("SELECT * FROM events WHERE sequence > ?1 AND created >= ?2 ORDER BY sequence LIMIT ?3");
    rows.with(after).with(since).with(std::uint64_t{limit});
    return events_of(rows);
  });
}

ResultOr<std::vector<SandboxEvent>> SandboxBooks::undelivered(std::uint64_t after, std::size_t limit) {
  return impl_->file.read([&] {
    Query rows =
        impl_->file.query("SELECT * FROM events WHERE waiting = 1 AND sequence > ?1 ORDER BY sequence LIMIT ?2");
    rows.with(after).with(std::uint64_t{limit});
    return events_of(rows);
  });
}

// Without an fsync of its own: the next change's carries it along.
ResultOr<Unit> SandboxBooks::set_delivered(std::span<std::uint64_t const> sequences) {
  if (sequences.empty()) return Unit{};
  FLORIN_TRY(impl_->file.execute("PRAGMA synchronous=NORMAL"));
  auto done = impl_->file.read([&] {
    return impl_->file.transaction([&] {
      for (std::uint64_t const sequence : sequences) {
        impl_->file.query("UPDATE events SET waiting = 0 WHERE sequence = ?1").with(sequence).run();
      }
      return Unit{};
    });
  });
  FLORIN_TRY(impl_->file.execute("PRAGMA synchronous=FULL"));
  return done;
}

ResultOr<ProcessorStatement> SandboxBooks::statement() {
  return impl_->file.read([&] {
    return impl_->file.transaction([&] {
      ProcessorStatement out;
      {
        Query row = impl_->file.query(
            "SELECT count(*), count(*) FILTER (WHERE state = ?1), ifnull(sum(cents) FILTER (WHERE state = ?1), 0),"
            " ifnull(sum(fee), 0) FROM payments");
        row.with(PaymentStatus::succeeded).row();
        out.payments = row.count(0);
        out.charges = row.count(1);
        out.charged = row.usd(2);
        out.fees = row.usd(3);
      }
      {
        Query row = impl_->file.query("SELECT count(*), ifnull(sum(cents), 0) FROM refunds");
        row.row();
        out.refunds = row.count(0);
        out.refunded = row.usd(1);
      }
      {
        Query row = impl_->file.query("SELECT count(*) FROM events WHERE waiting = 1");
        row.row();
        out.callbacks_waiting = row.count(0);
      }
      Query row = impl_->file.query(
          "SELECT count(*) FILTER (WHERE state = ?1), count(*) FILTER (WHERE state = ?2),"
          " count(*) FILTER (WHERE state = ?3), "
          " ifnull(sum(ifnull(withheld, iif(state = 1, 0, cents))), 0), ifnull(sum(fee), 0) FROM disputes");
      row.with(DisputeStatus::open).with(DisputeStatus::won).with(DisputeStatus::lost).row();
      out.disputes_open = row.count(0);
      out.disputes_won = row.count(1);
      out.disputes_lost = row.count(2);
      out.disputed = row.usd(3);
      out.dispute_fees = row.usd(4);
      out.balance = out.charged - out.refunded - out.disputed - out.fees - out.dispute_fees;
      return out;
    });
  });
}

}  // namespace florin::sagas
