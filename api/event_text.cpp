#include "api/event_text.h"

#include "api/game_json.h"
#include "api/http/printable_text.h"

namespace florin::api {
namespace {

using namespace domain;

std::string hex(auto const& bytes) { return to_hex({reinterpret_cast<char const*>(bytes.data()), bytes.size()}); }

// Builds "key value, key value" details.
class Details {
 public:
  Details& add(std::string_view name, std::string_view value) {
    if (!out_.empty()) out_ += "  ";
    out_.append(name).append(" ").append(value);
    return *this;
  }
  Details& add(std::string_view name, std::uint64_t value) { return add(name, std::to_string(value)); }
  Details& add(std::string_view name, Money value) { return add(name, to_string(value)); }
  template <class Tag>
  Details& add(std::string_view name, Id<Tag> value) {
    return add(name, value.value());
  }
  Details& add(std::string_view name, BasisPoints value) { return add(name, to_string(value)); }
  Details& add(std::string_view name, Timestamp value) { return add(name, to_iso8601_micros(value)); }
  // An id, or a time, that need not be there: left out when it is not.
  template <class Value>
  Details& add_unless_zero(std::string_view name, Value value) {
    return value == Value{} ? *this : add(name, value);
  }
  Details& add(TransferFees const& fees) {
    return add("source fee", fees.source).add("target fee", fees.target).add("network fee", fees.network);
  }
  // Texts of callers: shown quoted, left out when empty.
  Details& add_text(std::string_view name, std::string_view value) {
    return value.empty() ? *this : add(name, terminal_quoted(value));
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

Details movement(PlayerId player, CurrencyId currency) {
  Details details;
  details.add("player", player).add("currency", currency);
  return details;
}

Details of_transaction(Position transaction) {
  Details details;
  details.add("transaction", format_transaction_id(transaction));
  return details;
}

Details of_approval(Position approval) {
  Details details;
  details.add("approval", approval);
  return details;
}

Details of_text(TextRef const& text) {
  auto details = text.kind == TextKind::share_code ? of_approval(text.about) : of_transaction(text.about);
  details.add("text", text_kind_name(text.kind));
  if (text.kind == TextKind::pin) details.add("pin index", text.detail);
  if (text.kind == TextKind::sender_returned) {
    details.add("reason", reason_name(static_cast<ReturnReason>(text.detail)));
  }
  return details;
}

Details of_order(auto const& e) {
  Details details;
  details.add("order", format_order_id(e.order)).add("player", e.player).add("currency", e.currency);
  return details;
}

Details of_payout(auto const& e) {
  Details details;
  details.add("payout", format_payout_id(e.payout)).add("game", e.game).add("usd", e.usd);
  return details;
}

std::string currency_list(std::vector<CurrencySpec> const& currencies) {
  std::string out;
  for (auto const& currency : currencies) {
    if (!out.empty()) out += ", ";
    out += std::to_string(currency.currency.value()) + " " + terminal_quoted(currency.name);
  }
  return out;
}

std::string currency_details(GameId game, CurrencySpec const& currency) {
  return Details()
      .add("game", game)
      .add("currency", currency_list({currency}))
      .add("symbol", terminal_quoted(currency.symbol))
      .add("starting amount", currency.starting_amount)
      .add("minimum", currency.minimum_transfer)
      .add("maximum", currency.maximum_transfer ? to_string(*currency.maximum_transfer) : "none")
      .take();
}

std::string details_of(Event const& event, eventstore::Vault const* vault) {
  using eventstore::Field;
  return std::visit(
      Overloaded{
          [](GameCreated const& e) {
            return Details()
                .add("game", e.game)
                .add("name", terminal_quoted(e.settings.name))
                .add("status", game_status_name(e.settings.status))
                .add("currencies", currency_list(e.currencies))
                .take();
          },
          [](GameUpdated const& e) {
            return Details()
                .add("game", e.game)
                .add("name", terminal_quoted(e.settings.name))
                .add("status", game_status_name(e.settings.status))
                .take();
          },
          [](CurrencyAdded const& e) { return currency_details(e.game, e.currency); },
          [](CurrencyChanged const& e) { return currency_details(e.game, e.currency); },
          [](SdkKeyRotated const& e) {
            return Details()
                .add("game", e.game)
                .add("previous key", e.previous_valid_until == Timestamp{}
                                         ? "cut at once"
                                         : "valid until " + to_iso8601(e.previous_valid_until))
                .take();
          },
          [&](IdentityRegistered const& e) {
            return Details()
                .add("identity", format_identity_id(e.identity))
                .add("email", terminal_quoted(personal_text(e.identity, Field::email, e.email, vault)))
                .take();
          },
          [&](PlayerJoined const& e) {
            return Details()
                .add("player", e.player)
                .add("game", e.game)
                .add("identity", format_identity_id(e.identity))
                .add_text("name", personal_text(e.identity, Field::name, e.name, vault))
                .take();
          },
          [&](PlayerRenamed const& e) {
            return Details()
                .add("player", e.player)
                .add("identity", format_identity_id(e.identity))
                .add_text("name", personal_text(e.identity, Field::name, e.name, vault))
                .take();
          },
          [](StartingBalanceGranted const& e) {
            return movement(e.player, e.currency).add("amount", e.amount).add("available", e.available_after).take();
          },
          [](BalanceCredited const& e) {
            return movement(e.player, e.currency)
                .add("amount", e.amount)
                .add("available", e.available_after)
                .add_text("reason", e.reason)
                .take();
          },
          [](BalanceDebited const& e) {
            return movement(e.player, e.currency)
                .add("amount", e.amount)
                .add("available", e.available_after)
                .add_text("reason", e.reason)
                .take();
          },
          [](ItemPurchased const& e) {
            return movement(e.player, e.currency)
                .add("item", terminal_quoted(e.item.id))
                .add("name", terminal_quoted(e.item.name))
                .add("quantity", e.quantity)
                .add("unit price", e.unit_price)
                .add("total", e.total)
                .add("fee", e.platform_fee)
                .add("revenue", e.developer_revenue)
                .add("available", e.available_after)
                .take();
          },
          [](ItemRefunded const& e) {
            return movement(e.player, e.currency)
                .add("order", format_order_id(e.order))
                .add("total", e.total)
                .add("fee", e.platform_fee)
                .add("revenue", e.developer_revenue)
                .add("available", e.available_after)
                .add_text("reason", e.reason)
                .take();
          },
          [&](PhoneRecorded const& e) {
            return Details()
                .add("phone", e.phone)
                .add("identity", format_identity_id(e.identity))
                .add("number", terminal_quoted(personal_text(e.identity, Field::phone, e.number, vault)))
                .take();
          },
          [](PhoneVerified const& e) { return Details().add("phone", e.phone).take(); },
          [](MinorFlagged const& e) {
            return Details()
                .add("identity", format_identity_id(e.identity))
                .add_unless_zero("guardian phone", e.guardian)
                .take();
          },
          [](MinorCleared const& e) { return Details().add("identity", format_identity_id(e.identity)).take(); },
          [](TransferInitiated const& e) {
            return of_transaction(e.transaction)
                .add("flavour", flavour_name(e.flavour))
                .add("sender", e.sender)
                .add("currency", e.currency)
                .add("target", e.target)
                .add("sender phone", e.sender_phone)
                .add("receiver", format_identity_id(e.receiver))
                .add("receiver phone", e.receiver_phone)
                .add("amount", e.amount)
                .add(e.fees)
                .add("net", e.amount - e.fees.total())
                .add("source rate", e.source_rate)
                .add("target rate", e.target_rate)
                .add("policy", policy_name(e.universal))
                .add("available", e.available_after)
                .add("reserved", e.reserved_after)
                .add("pin expires", e.pin_expires_at)
                .add_unless_zero("guardian phone", e.guardian)
                .add_unless_zero("guardian expires", e.guardian_expires_at)
                .take();
          },
          [](PinReissued const& e) {
            return of_transaction(e.transaction).add("pin index", e.pin).add("expires", e.expires_at).take();
          },
          [](PinRejected const& e) {
            return of_transaction(e.transaction).add("attempts left", e.attempts_left).take();
          },
          [](PinVerified const& e) {
            return of_transaction(e.transaction).add("claim expires", e.claim_expires_at).take();
          },
          [](GuardianApproved const& e) { return of_transaction(e.transaction).take(); },
          [](TransferClaimed const& e) {
            return of_transaction(e.transaction)
                .add("flavour", flavour_name(e.flavour))
                .add("sender", e.sender)
                .add("currency", e.currency)
                .add("receiver", e.receiver)
                .add("target currency", e.target_currency)
                .add("target", e.target)
                .add("amount", e.amount)
                .add(e.fees)
                .add("net", e.net())
                .add("sender reserved", e.reserved_after)
                .add("receiver available", e.available_after)
                .add("sender phone", e.sender_phone)
                .add("receiver phone", e.receiver_phone)
                .take();
          },
          [](TransferReleased const& e) {
            return of_transaction(e.transaction)
                .add("flavour", flavour_name(e.flavour))
                .add("reason", reason_name(e.reason))
                .add("sender", e.sender)
                .add("currency", e.currency)
                .add("target", e.target)
                .add("amount", e.amount)
                .add("available", e.available_after)
                .add("reserved", e.reserved_after)
                .add("sender phone", e.sender_phone)
                .take();
          },
          [](PhoneShareRequested const& e) {
            return of_approval(e.approval)
                .add("phone", e.phone)
                .add("owner phone", e.owner)
                .add("expires", e.expires_at)
                .add("game", e.game)
                .take();
          },
          [](ShareCodeRejected const& e) {
            return of_approval(e.approval).add("attempts left", e.attempts_left).take();
          },
          [](PhoneShareEnded const& e) { return of_approval(e.approval).add("end", share_end_name(e.end)).take(); },
          [](ReplyReceived const& e) { return Details().add("phone index", hex(e.phone_index)).take(); },
          [](TextSettled const& e) { return of_text(e.text).add("end", text_end_name(e.end)).take(); },
          [](CheckoutOpened const& e) {
            return Details()
                .add("session", format_session_id(e.session))
                .add("game", e.game)
                .add("identity", format_identity_id(e.identity))
                .add("currency", e.currency)
                .add("usd", e.usd)
                .add("expires", to_iso8601(e.expires_at))
                .take();
          },
          [](CurrencyOrdered const& e) {
            auto details = of_order(e);
            details.add("usd", e.usd).add("method", terminal_quoted(e.method));
            if (e.session) details.add("session", format_session_id(e.session));
            return details.take();
          },
          [](PaymentOpened const& e) {
            return Details()
                .add("order", format_order_id(e.order))
                .add("reference", terminal_quoted(e.reference))
                .take();
          },
          [](PaymentChallenged const& e) {
            return Details().add("order", format_order_id(e.order)).add("expires", to_iso8601(e.expires_at)).take();
          },
          [](CurrencyPurchased const& e) {
            return of_order(e)
                .add("usd", e.usd)
                .add("amount", units_of(e.usd))
                .add("fee usd", e.fee)
                .add("reference", terminal_quoted(e.reference))
                .add("available", e.available_after)
                .take();
          },
          [](PaymentFailed const& e) {
            return Details()
                .add("order", format_order_id(e.order))
                .add("player", e.player)
                .add("failure", failure_name(e.failure))
                .add_text("code", e.code)
                .take();
          },
          [](RefundRequested const& e) {
            return of_order(e)
                .add("refund", format_refund_id(e.refund))
                .add("usd", e.usd)
                .add("amount", units_of(e.usd))
                .add("available", e.available_after)
                .add_text("reason", e.reason)
                .take();
          },
          [](RefundSettled const& e) {
            return of_order(e)
                .add("refund", format_refund_id(e.refund))
                .add("usd", e.usd)
                .add("end", refund_end_name(e.end))
                .add("available", e.available_after)
                .take();
          },
          [](DisputeOpened const& e) {
            return of_order(e)
                .add("reference", terminal_quoted(e.reference))
                .add("usd", e.usd)
                .add("amount", units_of(e.usd))
                .add("fee usd", e.fee)
                .add("available", e.available_after)
                .take();
          },
          [](DisputeClosed const& e) {
            return of_order(e)
                .add("reference", terminal_quoted(e.reference))
                .add("usd", e.usd)
                .add("won", e.won ? "yes" : "no")
                .add("fee change usd", e.fee)
                .add("available", e.available_after)
                .take();
          },
          [&](PayoutRequested const& e) {
            return of_payout(e)
                .add("contact", format_identity_id(e.contact))
                .add("holder", terminal_quoted(personal_text(e.contact, Field::bank_holder, e.holder, vault)))
                .add("bank", terminal_quoted(e.routing))
                .add("account", terminal_quoted("…" + e.last4))
                .take();
          },
          [](PayoutAdvanced const& e) {
            auto details = of_payout(e);
            details.add("status", payout_status_name(e.status)).add_text("note", e.note);
            if (e.was_completed) details.add("after", "completed");
            return details.take();
          },
          [](DisputeMoved const& e) {
            return of_order(e)
                .add("reference", terminal_quoted(e.reference))
                .add("usd", e.usd)
                .add("amount", units_of(e.usd))
                .add("fee change usd", e.fee)
                .add("status", dispute_status_name(e.status))
                .add("available", e.available_after)
                .take();
          },
          [](PayoutFileWritten const& e) {
            std::size_t payouts = 0;
            std::string letters;
            for (auto const& file : e.files) {
              letters += file.letter;
              payouts += file.payouts.size();
            }
            return Details()
                .add("day", to_date(e.day))
                .add("created", to_iso8601(e.created))
                .add("files", terminal_quoted(letters))
                .add("payouts", payouts)
                .add("left out", e.left_out.size())
                .take();
          },
          [&](PayoutAccountCorrected const& e) {
            return Details()
                .add("payout", format_payout_id(e.payout))
                .add("game", e.game)
                .add("contact", format_identity_id(e.contact))
                .add("code", terminal_quoted(e.code))
                .add("corrected",
                     terminal_quoted(masked(personal_text(e.contact, Field::bank_correction, e.corrected, vault))))
                .take();
          },
      },
      event);
}

std::string padded(std::string text, std::size_t width, bool right) {
  if (text.size() >= width) return text;
  return right ? std::string(width - text.size(), ' ') + text : text + std::string(width - text.size(), ' ');
}

constexpr std::size_t kPositionWidth = 10;
constexpr std::size_t kEventWidth = 22;  // the longest name: StartingBalanceGranted

}  // namespace

std::string personal_text(IdentityId identity, eventstore::Field field, PersonalText const& text,
                          eventstore::Vault const* vault) {
  if (!text.sealed && text.bytes.empty()) return {};
  if (vault == nullptr) return "(sealed)";
  auto opened = vault->open(identity, field, text);
  if (opened) return std::move(opened).value();
  return opened.error().kind == eventstore::Fault::Kind::missing ? "(erased)" : "(unreadable)";
}

std::string terminal_quoted(std::string_view text) {
  std::string marked;
  for (char const letter : text) {
    if (letter == '"' || letter == '\\') marked += '\\';
    marked += letter;
  }
  return '"' + printable(marked) + '"';
}

std::string event_line(Commit const& commit, std::size_t index, eventstore::Vault const* vault) {
  auto const& event = commit.events[index];
  return padded(std::to_string(next(commit.first, index).value()), kPositionWidth, true) + "  " +
         to_iso8601_micros(commit.at) + "  " + format_transaction_id(commit.first) + "  " +
         padded(event_name(event), kEventWidth, false) + "  " + details_of(event, vault);
}

}  // namespace florin::api
