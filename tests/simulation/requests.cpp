#include "tests/simulation/requests.h"

#include <utility>

#include "api/game_json.h"
#include "api/http/json.h"
#include "domain/percent.h"
#include "tests/support/commands.h"

namespace florin::simulation {

using namespace domain;
using api::JsonWriter;

namespace {

constexpr std::size_t kPhones = 32;

// The body, and another one in which a text ends otherwise: write(json, end of that text).
template <class Write>
void write_bodies(HttpRequest& request, Write const& write) {
  for (auto const& [body, end] : {std::pair(&request.body, ""), std::pair(&request.other_body, " otherwise")}) {
    JsonWriter json(*body);
    json.begin_object();
    write(json, std::string(end));
    json.end_object();
  }
}

// One without a client_request_id.
template <class Write>
void write_body(HttpRequest& request, Write const& write) {
  JsonWriter json(request.body);
  json.begin_object();
  write(json);
  json.end_object();
}

void write_currency_id(JsonWriter& json, CurrencyId currency, std::string_view name = "currency_id") {
  if (currency) json.integer(name, currency.value());
}

void write_spec(JsonWriter& json, CurrencySpec const& spec, std::string const& end) {
  json.string("currency_name", spec.name);
  json.string("currency_symbol", spec.symbol + end.substr(0, 1));
  json.amount("starting_amount", spec.starting_amount);
  json.amount("minimum_transfer", spec.minimum_transfer);
  if (spec.maximum_transfer) json.amount("maximum_transfer", *spec.maximum_transfer);
}

// One writer for each kind that has a route.
struct Writer {
  std::string const& id;
  Desk const& desk;

  using Written = std::optional<AsRequest>;

  [[nodiscard]] AsRequest of_game(std::string_view operation, GameId game) const {
    return {{.operation = operation, .game = game}, id};
  }
  [[nodiscard]] AsRequest of_operator(std::string_view operation, std::vector<std::string> path = {}) const {
    return {{.operation = operation, .game = {}, .path = std::move(path)}, id};
  }
  // Of a route that takes no id.
  [[nodiscard]] static AsRequest without_id(AsRequest asked) {
    asked.id.clear();
    return asked;
  }
  static std::string_view named(Flavour flavour, std::string_view transfer, std::string_view send) {
    return flavour == Flavour::transfer ? transfer : send;
  }

  // --- operators

  Written operator()(CreateGame const& command) const {
    auto asked = of_operator("createGame");
    write_bodies(asked.request, [&](JsonWriter& json, std::string const& end) {
      json.string("client_request_id", id);
      json.string("game_name", command.settings.name + end);
      json.string("status", api::game_status_name(command.settings.status));
      json.begin_array("currencies");
      for (auto const& spec : command.currencies) {
        json.begin_object();
        write_spec(json, spec, "");
        json.end_object();
      }
      json.end_array();
    });
    return asked;
  }
  Written operator()(UpdateGame const& command) const {
    auto asked = of_operator("updateGame", {std::to_string(command.game.value())});
    asked.may_change_nothing = true;
    write_bodies(asked.request, [&](JsonWriter& json, std::string const& end) {
      auto const& changes = command.changes;
      json.string("client_request_id", id);
      if (changes.genre) json.string("genre", *changes.genre + end);
      if (changes.transfer_fee) json.string("transfer_fee_percentage", to_string(*changes.transfer_fee));
      if (changes.linked_games) {
        json.begin_array("linked_game_ids");
        for (auto const game : *changes.linked_games) json.string(std::to_string(game.value()));
        json.end_array();
      }
    });
    return asked;
  }
  Written operator()(AddCurrency const& command) const {
    auto asked = of_operator("addCurrency", {std::to_string(command.game.value())});
    write_bodies(asked.request, [&](JsonWriter& json, std::string const& end) {
      json.string("client_request_id", id);
      write_spec(json, command.currency, end);
    });
    return asked;
  }
  Written operator()(ChangeCurrency const& command) const {
    auto asked =
        of_operator("changeCurrency", {std::to_string(command.game.value()), std::to_string(command.currency.value())});
    asked.may_change_nothing = true;
    write_bodies(asked.request, [&](JsonWriter& json, std::string const& end) {
      auto const& changes = command.changes;
      json.string("client_request_id", id);
      if (changes.name) json.string("currency_name", *changes.name);
      if (changes.symbol) json.string("currency_symbol", *changes.symbol + end.substr(0, 1));
      if (changes.starting_amount) json.amount("starting_amount", *changes.starting_amount);
      if (changes.maximum_transfer) json.amount("maximum_transfer", **changes.maximum_transfer);
    });
    return asked;
  }
  // By the game itself, or by an operator for it.
  Written operator()(RotateSdkKey const& command) const {
    bool const own = command.key_hash[1] % 2 == 0;
    auto asked =
        own ? of_game("rotateKey", command.game) : of_operator("rotateGameKey", {std::to_string(command.game.value())});
    for (auto const& [body, immediate] : {std::pair(&asked.request.body, command.immediate),
                                          std::pair(&asked.request.other_body, !command.immediate)}) {
      JsonWriter json(*body);
      json.begin_object();
      json.string("client_request_id", id);
      json.boolean("immediate", immediate);
      json.end_object();
    }
    return asked;
  }
  Written operator()(FlagMinor const& command) const {
    auto asked = without_id(of_operator("flagMinor", {percent_encode(command.person.email)}));
    if (command.guardian) {
      write_body(asked.request, [&](JsonWriter& json) { json.string("guardian_phone", command.guardian->number); });
    }
    return asked;
  }
  Written operator()(ClearMinor const& command) const {
    for (std::size_t number = 0; number < kPhones; ++number) {
      auto const email = test_support::person(number).email;
      if (desk.ledger.people.find(email).value().index != command.email_index) continue;
      return without_id(of_operator("clearMinor", {percent_encode(email)}));
    }
    return std::nullopt;
  }

  // --- games

  // Half of the clients leave it out: then the reply shows the name on file, and a repeat the name of then.
  void write_name(JsonWriter& json, PlayerRef const& player) const {
    if (player.renamed || id.back() % 2 == 0) json.string("player_name", player.name);
  }

  template <class Command>
  [[nodiscard]] AsRequest adjustment(std::string_view operation, Command const& command) const {
    auto asked = of_game(operation, command.game);
    write_bodies(asked.request, [&](JsonWriter& json, std::string const& end) {
      json.string("client_request_id", id);
      json.string("player_email", command.player.email);
      write_name(json, command.player);
      write_currency_id(json, command.currency);
      json.amount("amount", command.amount);
      json.string("reason", command.reason + end);
    });
    return asked;
  }
  Written operator()(CreditBalance const& command) const { return adjustment("creditBalance", command); }
  Written operator()(DebitBalance const& command) const { return adjustment("debitBalance", command); }
  Written operator()(PurchaseItem const& command) const {
    auto asked = of_game("purchaseItem", command.game);
    write_bodies(asked.request, [&](JsonWriter& json, std::string const& end) {
      json.string("client_request_id", id);
      json.string("player_email", command.player.email);
      write_name(json, command.player);
      json.string("item_id", command.item.id);
      json.string("item_name", command.item.name + end);
      json.string("item_category", command.item.category);
      json.integer("item_quantity", command.quantity);
      json.amount("unit_price", command.unit_price);
      json.amount("total_price", command.total_price);
      write_currency_id(json, command.currency);
    });
    return asked;
  }
  Written operator()(RefundItem const& command) const {
    auto asked = of_game("refundItem", command.game);
    write_bodies(asked.request, [&](JsonWriter& json, std::string const& end) {
      json.string("client_request_id", id);
      json.string("order_id", format_order_id(OrderId(command.original.commit())));
      json.string("reason", command.reason + end);
    });
    return asked;
  }
  Written operator()(RequestPayout const& command) const {
    auto asked = of_game("requestPayout", command.game);
    write_bodies(asked.request, [&](JsonWriter& json, std::string const& end) {
      json.string("client_request_id", id);
      json.amount("amount_usd", command.usd);
      json.string("contact_email", command.contact.email);
      json.begin_object("bank");
      json.string("account_holder_name", command.holder + end);
      json.string("routing_number", command.routing);
      json.string("account_number", command.account);
      json.string("account_type", account_type_name(command.type));
      json.end_object();
    });
    return asked;
  }

  Written operator()(OpenCheckout const& command) const {
    auto asked = of_game("openCheckout", command.game);
    write_bodies(asked.request, [&](JsonWriter& json, std::string const& end) {
      json.string("client_request_id", id);
      json.string("player_email", command.person.email);
      json.amount("usd_amount", command.usd);
      write_currency_id(json, command.currency);
      json.begin_object("metadata");
      json.string("level", "3" + end);
      json.end_object();
    });
    return asked;
  }

  // --- transfers and sends

  Written operator()(InitiateTransfer const& command) const {
    bool const send = command.flavour == Flavour::send;
    auto asked = of_game(send ? "initiateSend" : "initiateTransfer", command.game);
    write_bodies(asked.request, [&](JsonWriter& json, std::string const& end) {
      json.string("client_request_id", id);
      json.string(send ? "sender_player_name" : "source_player_name", command.sender.name + end);
      json.string(send ? "sender_player_email" : "source_player_email", command.sender.email);
      json.string(send ? "sender_player_phone" : "source_player_phone", command.sender_phone.number);
      json.string(send ? "receiver_player_email" : "target_player_email", command.receiver.email);
      json.string(send ? "receiver_player_phone" : "target_player_phone", command.receiver_phone.number);
      json.string(send ? "receiving_game_id" : "target_game_id", std::to_string(command.target.value()));
      json.amount("amount", command.amount);
      if (!send) write_currency_id(json, command.currency);
    });
    return asked;
  }
  // The PIN of the newest text, or six digits that are none of the transaction's.
  [[nodiscard]] std::string pin_for(VerifyPin const& command) const {
    auto const* open = desk.state.find_transfer(command.transaction);
    auto const issued = open != nullptr ? open->pins_issued : 1u;
    auto const& codes = desk.ledger.codes;
    auto pin = codes.pin(command.transaction, issued - 1u);
    while (command.matching == 0 && codes.matching_pins(command.transaction, pin, kPinsMax) != 0) {
      pin[0] = pin[0] == '9' ? '0' : static_cast<char>(pin[0] + 1);
    }
    return pin;
  }
  Written operator()(VerifyPin const& command) const {
    auto asked = without_id(of_game(named(command.flavour, "verifyTransfer", "verifySend"), command.game));
    asked.wrong_code = command.matching == 0;
    write_body(asked.request, [&](JsonWriter& json) {
      json.string("transaction_id", format_transaction_id(command.transaction));
      json.string("sms_pin", pin_for(command));
    });
    return asked;
  }
  Written operator()(ResendPin const& command) const {
    auto asked = without_id(of_game(named(command.flavour, "resendTransferPin", "resendSendPin"), command.game));
    write_body(asked.request,
               [&](JsonWriter& json) { json.string("transaction_id", format_transaction_id(command.transaction)); });
    return asked;
  }
  Written operator()(CancelTransfer const& command) const {
    auto asked = without_id(of_game(named(command.flavour, "cancelTransfer", "cancelSend"), command.game));
    asked.request.path = {format_transaction_id(command.transaction)};
    return asked;
  }
  Written operator()(ClaimTransfer const& command) const {
    bool const send = command.flavour == Flavour::send;
    auto asked = without_id(of_game(send ? "claimSend" : "claimTransfer", command.game));
    auto const& phone = desk.state.phones();
    auto const* open = desk.state.find_transfer(command.transaction);
    auto const number = open != nullptr ? number_of(phone[open->receiver_phone].phone) : std::string();
    if (number.empty()) return std::nullopt;
    write_body(asked.request, [&](JsonWriter& json) {
      json.string("claim_code", desk.ledger.codes.claim_code(command.transaction));
      json.string(send ? "receiver_player_name" : "target_player_name", command.receiver.name);
      json.string(send ? "receiver_player_email" : "target_player_email", command.receiver.email);
      json.string(send ? "receiver_player_phone" : "target_player_phone", number);
      if (!send) write_currency_id(json, command.currency, "target_currency_id");
      if (command.player) {
        json.integer(send ? "receiver_player_id" : "target_player_id", command.player.value());
      }
    });
    return asked;
  }

  // --- phones

  // The digits of the phone with this index; empty: it is nobody's here.
  [[nodiscard]] std::string number_of(BlindIndex const& phone) const {
    for (std::size_t number = 0; number < kPhones; ++number) {
      auto const digits = test_support::phone(number).number;
      if (desk.ledger.people.phone(digits).index == phone) return digits;
    }
    return {};
  }
  Written operator()(RequestPhoneShare const& command) const {
    auto asked = without_id(of_game("initiatePhoneShare", command.game));
    write_body(asked.request, [&](JsonWriter& json) {
      json.string("phone", command.phone.number);
      json.string("email", command.person.email);
    });
    return asked;
  }
  Written operator()(AnswerPhoneShare const& command) const {
    auto asked = without_id(of_game(command.approve ? "approvePhoneShare" : "rejectPhoneShare", command.game));
    auto const& codes = desk.ledger.codes;
    asked.wrong_code = !command.code_matches;
    auto otp = codes.otp(command.approval.position());
    if (!command.code_matches) otp[0] = otp[0] == '9' ? '0' : static_cast<char>(otp[0] + 1);
    write_body(asked.request, [&](JsonWriter& json) {
      json.string("approval_id", codes.approval_id(command.approval.position()));
      json.string("otp", otp);
    });
    return asked;
  }
  Written operator()(ReceiveReply const& command) const {
    auto const from = number_of(command.phone);
    if (from.empty()) return std::nullopt;
    std::string text = command.word == ReplyWord::yes ? "Yes" : command.word == ReplyWord::no ? "No" : "";
    if (command.has_code) text += " " + desk.ledger.codes.otp(command.named);
    auto const post = desk.phone.reply(from, text);
    AsRequest asked;
    asked.request.operation = "receiveText";
    asked.request.body = post.body;
    asked.request.signature = post.signature;
    asked.id = "sms:" + post.message_id;
    asked.may_change_nothing = true;
    return asked;
  }

  // --- what has no route, or waits for the card processor
  Written operator()(ExpireTransfer const&) const { return std::nullopt; }
  Written operator()(ExpirePhoneShare const&) const { return std::nullopt; }
  Written operator()(SettleTexts const&) const { return std::nullopt; }
  Written operator()(OrderCurrency const&) const { return std::nullopt; }
  Written operator()(ReportPayment const&) const { return std::nullopt; }
  Written operator()(FailOrder const&) const { return std::nullopt; }
  Written operator()(RefundPurchase const&) const { return std::nullopt; }
  Written operator()(FailRefund const&) const { return std::nullopt; }
  Written operator()(AdvancePayout const&) const { return std::nullopt; }
  Written operator()(WritePayoutFile const&) const { return std::nullopt; }
  Written operator()(CorrectPayoutAccount const&) const { return std::nullopt; }
};

}  // namespace

std::optional<AsRequest> as_request(Command const& command, std::string const& id, Desk const& desk) {
  return std::visit(Writer{id, desk}, command);
}

}  // namespace florin::simulation
