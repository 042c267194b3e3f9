// CONTRACT, Withdrawals: what a game earned, cashing it out, and the history of that.
#include "api/routes/body_fields.h"
#include "api/routes/payouts.h"
#include "api/routes/players.h"
#include "api/routes/routes.h"
#include "sagas/gateways/ach_text.h"

namespace florin::api {
namespace {

// Units to dollars, whole cents, towards zero: what is left below a cent is owed and not payable.
domain::Usd usd_of(domain::Money units) { return domain::Usd::from_minor(units.minor() / domain::kUnitsPerDollar); }

Awaitable<Response> available_balance(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const& game = *caller;
  if (auto behind = check_balances(request, services)) co_return std::move(*behind);
  Response response;
  response.position = services.ledger.state.position().value();
  auto const [all, payable] = services.ledger.state.read([&](domain::State const& state) {
    domain::Revenue sum;
    for (auto const& currency : game.currencies) {
      auto const one = state.revenue(currency.currency);
      sum.owed += one.owed;
      sum.in_flight += one.in_flight;
      sum.paid += one.paid;
    }
    return std::pair(sum, payable_usd(state, game));
  });
  auto json = begin_success(response.body);
  json.string("game_id", std::to_string(game.id.value()));
  json.string("currency", "USD");
  json.amount("available_usd", payable);
  json.amount("reserved_usd", usd_of(all.in_flight));
  json.amount("lifetime_earned_usd", usd_of(all.owed + all.in_flight + all.paid));
  json.amount("lifetime_paid_usd", usd_of(all.paid));
  json.end_object();
  co_return response;
}

struct BankFields {
  std::string holder;
  std::string routing;
  std::string account;
  domain::AccountType type = domain::AccountType::checking;
};

// No message repeats what was sent: these fields are personal.
BankFields read_bank(JsonBody& body) {
  BankFields fields;
  auto bank = body.optional_object("bank");
  if (!bank) {
    body.fail("bank", "bank is required: {account_holder_name, routing_number, account_number, account_type}.");
    return fields;
  }
  fields.holder = bank->required_string("account_holder_name", 100);
  fields.routing = bank->required_string("routing_number", 32);
  fields.account = bank->required_string("account_number", 32);
  auto const type = bank->required_string("account_type", 32);
  if (body.error() != nullptr) return fields;
  if (!domain::is_holder_name(fields.holder)) {
    bank->fail("account_holder_name", "account_holder_name must be 1 to 100 bytes of text.", "INVALID_BANK_ACCOUNT");
  } else if (sagas::ach_text(fields.holder, domain::kHolderNameLettersInFile).empty()) {
    bank->fail("account_holder_name",
               "account_holder_name has no letter or digit that a bank's file can hold (A to Z, 0 to 9, and what "
               "transliterates to them); give the name as the bank writes it.",
               "INVALID_BANK_ACCOUNT");
  }
  if (!domain::is_routing_number(fields.routing)) {
    bank->fail("routing_number", "routing_number is not nine digits with a right check digit.", "INVALID_BANK_ACCOUNT");
  }
  if (!domain::is_account_number(fields.account)) {
    bank->fail("account_number", "account_number must be 4 to 17 digits.", "INVALID_BANK_ACCOUNT");
  }
  auto const known = domain::parse_account_type(type);
  if (!known) bank->fail("account_type", "account_type is checking or savings.", "INVALID_BANK_ACCOUNT");
  fields.type = known.value_or(domain::AccountType::checking);
  return fields;
}

Awaitable<Response> request_payout(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const& ledger = services.ledger;
  auto const& game = *caller;
  auto body = JsonBody::parse(request);
  auto const request_id = read_request_id(body);
  auto const usd =
      required_amount(body, "amount_usd", kLeast<domain::Usd>, sagas::entry_limit(ledger.bank_files.settings()));
  auto const contact = read_email_text(body, "contact_email");
  auto bank = read_bank(body);
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  auto email = read_email(request, ledger, contact, "contact_email");
  if (!email) co_return std::move(email).error();

  domain::RequestPayout command;
  command.game = game.id;
  command.contact = {email.value().index, email.value().written};
  command.usd = usd;
  command.holder = bank.holder;
  command.account = bank.account;
  command.routing = bank.routing;
  command.type = bank.type;
  auto const payload = payload_of(command, email.value());
  auto const outcome = co_await call.execute(std::move(command), request_id, payload);
  co_return write_response(
      request, outcome,
      [&](std::string& out, domain::Commit const& commit) {
        auto const& event = event_of<domain::PayoutRequested>(commit);
        auto json = begin_success(out);
        json.string("message", "Payout requested; an operator reviews it.");
        json.string("transaction_id", domain::format_transaction_id(commit.first));
        write_payout(json, ledger, {event, commit.at, domain::PayoutStatus::requested, commit.at, {}});
        json.end_object();
      },
      201);
}

Awaitable<Response> history(Call call) {
  auto const game = call.caller->id;
  return list_payouts(std::move(call), game, {});
}

}  // namespace

void write_payout(JsonWriter& json, Ledger const& ledger, PayoutDetails const& payout) {
  auto const& asked = payout.requested;
  json.string("payout_id", domain::format_payout_id(asked.payout));
  json.string("payout_status", domain::payout_status_name(payout.status));
  json.string("game_id", std::to_string(asked.game.value()));
  json.amount("amount_usd", asked.usd);
  json.string("contact_email", ledger.people.email_of(asked.contact));
  json.begin_object("bank");
  json.string("account_holder_name", ledger.people.reveal(asked.contact, Field::bank_holder, asked.holder));
  json.string("routing_number", asked.routing);
  json.string("last4", asked.last4);
  json.string("account_type", domain::account_type_name(asked.type));
  json.end_object();
  json.text_or_null("note", payout.note);
  if (payout.place) {
    json.begin_object("bank_file");
    json.string("date", domain::to_date(payout.place->day));
    bool const filed = !payout.place->trace.empty();
    json.text_or_null("file", filed ? std::string(1, payout.place->letter) : "");
    json.text_or_null("trace_number", payout.place->trace);
    json.text_or_null("left_out", filed                    ? ""
                                  : payout.place->left_out ? domain::left_out_reason(*payout.place->left_out)
                                                           : "it was not to be paid when the files were written");
    json.end_object();
  } else {
    json.null("bank_file");
  }
  if (payout.correction) {
    json.begin_object("account_correction");
    json.string("code", payout.correction->code);
    json.string("corrected", payout.correction->corrected);
    json.time("at", payout.correction->at);
    json.end_object();
  } else {
    json.null("account_correction");
  }
  json.time("requested_at", payout.requested_at);
  json.time("updated_at", payout.changed_at);
}

std::optional<domain::PayoutStatus> parse_payout_status(std::string_view text) {
  for (int i = 0; i <= static_cast<int>(domain::kLastPayoutStatus); ++i) {
    auto const status = static_cast<domain::PayoutStatus>(i);
    if (text == domain::payout_status_name(status)) return status;
  }
  return std::nullopt;
}

std::span<Route const> withdrawal_routes() {
  static constexpr Route kRows[] = {
      row(Method::get, "/api/withdrawals/available-balance", "getAvailableRevenue", Who::game, available_balance,
          {.min_position = true}),
      row(Method::post, "/api/withdrawals/request", "requestPayout", Who::game, request_payout, {.body = Body::json}),
      row(Method::get, "/api/withdrawals/history", "listGamePayouts", Who::game, history,
          {.query = {"limit", "cursor"}, .min_position = true}),
  };
  return kRows;
}

}  // namespace florin::api
