// What a request id stands for, of every route that takes a client_request_id: the same request under the same id is a
// repeat, one with another value in any field is none. And the fingerprints are those that old logs hold.
#include <algorithm>
#include <filesystem>
#include <optional>
#include <variant>

#include "domain/ids.h"
#include "eventstore/store/vault.h"
#include "tests/api/route_document.h"
#include "tests/api/route_scene.h"

namespace florin::api {
namespace {

namespace dom = simdjson::dom;

// What a fingerprint is made of, in this order.
using Part = std::variant<std::string, std::uint64_t>;

// Another valid value of a field, as JSON. Of a field of an object ("bank.routing_number") the whole object.
struct Change {
  std::string field;
  std::string json;
};

struct Case {
  std::string operation;
  Asking asking;  // a valid request; its id is the operation's name
  std::vector<Part> payload;
  std::vector<Change> changes;
  std::vector<std::vector<std::string>> other_paths{};
};

// Of these no other value is valid, or none would change what is done.
Names const kOneValue{"rail"};                            // openCheckout: "card"
Names const kWithoutMeaning{"openCheckout player_name"};  // "Not kept here", says the document

class RequestFingerprints : public RouteDocument {
 protected:
  RequestFingerprints() : key_(scene_.make_game()) {
    auto const copy = vault_folder_.path() / "vault";
    std::filesystem::copy(scene_.layout().vault(), copy, std::filesystem::copy_options::recursive);
    auto opened = eventstore::Vault::open(copy);
    EXPECT_TRUE(opened);
    vault_ = std::move(opened).value();
    game_ = game_id();
    (void)scene_.make_game();
    other_game_ = game_id();
  }

  // The id of the newest game.
  [[nodiscard]] std::string game_id() {
    Asking list;
    list.token = RouteScene::kAdminToken;
    auto const games = scene_.ask("listGames", list).body;
    return text_of(games.substr(games.rfind("\"game_id\"")), "game_id");
  }
  [[nodiscard]] std::uint64_t game_number() const { return domain::parse_game_id(game_)->value(); }
  [[nodiscard]] std::uint64_t other_game_number() const { return domain::parse_game_id(other_game_)->value(); }

  [[nodiscard]] Response by_game(std::string_view operation, std::string body) {
    Asking asking;
    asking.key = key_;
    asking.body = std::move(body);
    auto response = scene_.ask(operation, asking);
    EXPECT_LT(response.status, 300) << operation << " " << response.body;
    return response;
  }
  [[nodiscard]] std::string buy_item(std::string const& id) {
    return text_of(by_game("purchaseItem", R"({"client_request_id":")" + id +
                                               R"(","player_email":"ada@example.com","item_id":"i","item_name":"I",)"
                                               R"("item_quantity":1,"unit_price":"900.00","total_price":"900.00"})")
                       .body,
                   "order_id");
  }
  [[nodiscard]] std::string buy_currency(std::string const& id) {
    return text_of(by_game("purchaseCurrency", R"({"client_request_id":")" + id +
                                                   R"(","player_email":"ada@example.com","usd_amount":"9.99",)"
                                                   R"("payment_method_id":"pm_card_visa"})")
                       .body,
                   "order_id");
  }

  // A request under the operation's name as its id.
  [[nodiscard]] Case game_case(std::string const& operation, std::string const& fields, std::vector<Part> payload,
                               std::vector<Change> changes) const {
    Case one{operation, {}, std::move(payload), std::move(changes)};
    one.asking.key = key_;
    one.asking.body = R"({"client_request_id":")" + operation + "\"," + fields + "}";
    return one;
  }
  // The same of an operator; the payload ends with the body as it came.
  [[nodiscard]] static Case operators_case(std::string const& operation, std::vector<std::string> path,
                                           std::string const& fields, std::vector<Part> payload,
                                           std::vector<Change> changes,
                                           std::vector<std::vector<std::string>> other_paths) {
    Case one{operation, {}, std::move(payload), std::move(changes), std::move(other_paths)};
    one.asking.token = RouteScene::kAdminToken;
    one.asking.path = std::move(path);
    one.asking.body = R"({"client_request_id":")" + operation + "\"," + fields + "}";
    if (operation != "rotateGameKey") one.payload.emplace_back(one.asking.body);
    return one;
  }
  [[nodiscard]] std::vector<Case> game_cases();
  [[nodiscard]] std::vector<Case> operators_cases() const;
  [[nodiscard]] std::vector<Case> all_cases() {
    auto all = game_cases();
    for (auto& one : operators_cases()) all.push_back(std::move(one));
    return all;
  }

  // The newest commit under this request id; sagas may have written others since.
  [[nodiscard]] std::optional<domain::Commit> commit_of(std::string_view request_id) {
    auto const& ledger = scene_.environment().ledger();
    for (auto at = ledger.state.position().value(); at != 0;) {
      auto const found = ledger.commits.holding(domain::Position(at));
      if (!found || !found.value()) return std::nullopt;
      if (found.value()->request.id == request_id) return found.value();
      at = found.value()->first.value() - 1;
    }
    return std::nullopt;
  }

  [[nodiscard]] domain::Fingerprint fingerprint(std::vector<Part> const& parts) const {
    std::string bytes;
    auto const number = [&](std::uint64_t value) {
      for (int shift = 0; shift < 64; shift += 8) bytes.push_back(static_cast<char>(value >> shift));
    };
    for (auto const& part : parts) {
      if (auto const* text = std::get_if<std::string>(&part)) {
        number(text->size());
        bytes += *text;
      } else {
        number(std::get<std::uint64_t>(part));
      }
    }
    return vault_->fingerprint(bytes);
  }

  // The fields that the document gives the operation's body.
  [[nodiscard]] Names documented(std::string_view name) const {
    Names fields;
    add_fields(operation(route_of(name))["requestBody"]["content"]["application/json"]["schema"].value(), "", fields);
    return fields;
  }

  RouteScene scene_{false};
  test_support::TempFolder vault_folder_;
  std::unique_ptr<eventstore::Vault> vault_;
  std::string key_;
  std::string game_;
  std::string other_game_;
};

std::vector<Case> RequestFingerprints::game_cases() {
  (void)by_game("creditBalance",
                R"({"client_request_id":"c","player_email":"ada@example.com","amount":"5000.00","reason":"welcome"})");
  auto const item_order = buy_item("i1");
  auto const other_item_order = buy_item("i2");
  auto const paid_order = buy_currency("p1");
  auto const other_paid_order = buy_currency("p2");
  auto const number_of = [](std::string const& order) { return domain::parse_order_id(order)->value(); };
  std::uint64_t const first_currency = 0;

  std::vector<Change> const of_player{
      {"player_email", R"("bob@example.com")"}, {"player_name", R"("Ada")"}, {"currency_id", "2"}};
  auto const and_player = [&](std::vector<Change> changes) {
    changes.insert(changes.end(), of_player.begin(), of_player.end());
    return changes;
  };
  auto const bank = [](std::string_view holder, std::string_view routing, std::string_view account,
                       std::string_view type) {
    std::string json = R"({"account_holder_name":")";
    json.append(holder).append(R"(","routing_number":")").append(routing).append(R"(","account_number":")");
    return json.append(account).append(R"(","account_type":")").append(type).append("\"}");
  };
  std::vector<Change> const of_adjustment = and_player({{"amount", R"("21.00")"}, {"reason", R"("another reason")"}});
  return {
      game_case("creditBalance", R"("player_email":"Ada@Example.com","player_name":"A","amount":"20.00","reason":"r")",
                {"credit", "ada@example.com", "A", first_currency, 2000u, "r"}, of_adjustment),
      game_case("debitBalance", R"("player_email":"ada@example.com","amount":"20.00","reason":"r","currency_id":1)",
                {"debit", "ada@example.com", "", 1u, 2000u, "r"}, of_adjustment),
      game_case(
          "purchaseItem",
          R"("player_email":"ada@example.com","item_id":"sword","item_name":"Sword","item_category":"arms",)"
          R"("item_description":"sharp","item_quantity":2,"unit_price":"10.00","total_price":"20.00")",
          {"purchase-item", "ada@example.com", "", "sword", "Sword", "arms", "sharp", 2u, 1000u, 2000u, first_currency},
          and_player({{"item_id", R"("shield")"},
                      {"item_name", R"("Shield")"},
                      {"item_category", R"("shields")"},
                      {"item_description", R"("blunt")"},
                      {"item_quantity", "3"},
                      {"unit_price", R"("11.00")"},
                      {"total_price", R"("21.00")"}})),
      game_case("refundItem", R"("order_id":")" + item_order + R"(","reason":"r")",
                {"refund-item", number_of(item_order), "r"},
                {{"order_id", "\"" + other_item_order + "\""}, {"reason", R"("another reason")"}}),
      game_case("openCheckout",
                R"("player_email":"ada@example.com","usd_amount":"9.99","cancel_url":"https://a.example/")",
                {"checkout-session", "ada@example.com", 999u, first_currency, "", "https://a.example/", ""},
                and_player({{"usd_amount", R"("10.00")"},
                            {"rail", R"("bank")"},
                            {"success_url", R"("https://b.example/")"},
                            {"cancel_url", R"("https://b.example/")"},
                            {"metadata", R"({"cart":"17"})"}})),
      game_case("purchaseCurrency",
                R"("player_email":"ada@example.com","usd_amount":"9.99","payment_method_id":"pm_card_visa")",
                {"purchase-currency", "ada@example.com", "", 999u, "pm_card_visa", first_currency},
                and_player({{"usd_amount", R"("10.00")"}, {"payment_method_id", R"("pm_card_chargeDeclined")"}})),
      game_case("refundCurrency", R"("order_id":")" + paid_order + R"(","reason":"r")",
                {"refund-currency", number_of(paid_order), 0u, "r"},
                {{"order_id", "\"" + other_paid_order + "\""},
                 {"usd_amount", R"("1.00")"},
                 {"reason", R"("another reason")"}}),
      game_case("initiateTransfer",
                R"("source_player_name":"Ada","source_player_email":"ada@example.com",)"
                R"("source_player_phone":"+15550000001","target_player_phone":"+15550000001","amount":"20.00",)"
                R"("target_game_id":")" +
                    other_game_ + "\"",
                {"/initiate-transfer", "Ada", "ada@example.com", "+15550000001", "ada@example.com", "+15550000001",
                 other_game_number(), 2000u, first_currency},
                {{"source_player_name", R"("Bob")"},
                 {"source_player_email", R"("bob@example.com")"},
                 {"source_player_phone", R"("+15550000002")"},
                 {"target_player_phone", R"("+15550000002")"},
                 {"target_player_email", R"("bob@example.com")"},
                 {"target_game_id", "\"" + game_ + "\""},
                 {"amount", R"("21.00")"},
                 {"currency_id", "2"}}),
      game_case("initiateSend",
                R"("sender_player_name":"Ada","sender_player_email":"ada@example.com",)"
                R"("sender_player_phone":"+15550000001","receiver_player_email":"bob@example.com",)"
                R"("receiver_player_phone":"+15550000002","amount":"20.00","receiving_game_id":)" +
                    other_game_,
                {"/initiate-send", "Ada", "ada@example.com", "+15550000001", "bob@example.com", "+15550000002",
                 other_game_number(), 2000u, first_currency},
                {{"sender_player_name", R"("Eve")"},
                 {"sender_player_email", R"("eve@example.com")"},
                 {"sender_player_phone", R"("+15550000003")"},
                 {"receiver_player_email", R"("eve@example.com")"},
                 {"receiver_player_phone", R"("+15550000003")"},
                 {"receiving_game_id", game_},
                 {"amount", R"("21.00")"}}),
      game_case("requestPayout",
                R"("amount_usd":"40.00","contact_email":"Ada@example.com","bank":)" +
                    bank("Studio", "110000000", "000123456789", "savings"),
                {"request-payout", 4000u, "ada@example.com", "Studio", "110000000", "000123456789", 1u},
                {{"amount_usd", R"("41.00")"},
                 {"contact_email", R"("bob@example.com")"},
                 {"bank.account_holder_name", bank("Studios", "110000000", "000123456789", "savings")},
                 {"bank.routing_number", bank("Studio", "021000021", "000123456789", "savings")},
                 {"bank.account_number", bank("Studio", "110000000", "000123456780", "savings")},
                 {"bank.account_type", bank("Studio", "110000000", "000123456789", "checking")}}),
      game_case("rotateKey", R"("immediate":false)", {"rotate-key", 0u}, {{"immediate", "true"}}),
  };
}

std::vector<Case> RequestFingerprints::operators_cases() const {
  std::vector<Change> const of_game{{"game_name", R"("Skyhold III")"},
                                    {"developer_name", R"("D")"},
                                    {"genre", R"("G")"},
                                    {"game_icon", R"("https://a.example/i.png")"},
                                    {"status", R"("testing")"},
                                    {"universal_transfers", R"("no")"},
                                    {"linked_game_ids", "[\"" + game_ + "\"]"},
                                    {"allows_outgoing_transfers", "false"},
                                    {"allows_incoming_transfers", "false"},
                                    {"transfer_fee_percentage", R"("3.5")"},
                                    {"item_fee_percentage", R"("3.5")"},
                                    {"limits", R"({"by_id_reads_per_minute":9})"}};
  auto of_new_game = of_game;
  of_new_game.push_back({"currencies", R"([{"currency_name":"Gold","currency_symbol":"GLD"}])"});
  std::vector<Change> const of_currency{{"currency_name", R"("Rubies")"},
                                        {"currency_symbol", R"("RU")"},
                                        {"starting_amount", R"("7.00")"},
                                        {"minimum_transfer", R"("2.00")"},
                                        {"maximum_transfer", R"("700.00")"}};
  return {
      operators_case("createGame", {},
                     R"("game_name":"Skyhold II","status":"live","universal_transfers":"yes",)"
                     R"("currencies":[{"currency_name":"Gold","currency_symbol":"G"}])",
                     {"create-game"}, of_new_game, {}),
      operators_case("updateGame", {game_}, R"("genre":"RPG")", {"change-game", game_number()}, of_game,
                     {{other_game_}}),
      operators_case("addCurrency", {game_}, R"("currency_name":"Gems","currency_symbol":"GM")",
                     {"add-currency", game_number()}, of_currency, {{other_game_}}),
      operators_case("changeCurrency", {game_, "1"}, R"("currency_symbol":"GD")",
                     {"change-currency", game_number(), 1u}, of_currency, {{other_game_, "1"}, {game_, "2"}}),
      operators_case("rotateGameKey", {game_}, R"("immediate":false)", {"rotate-game-key", game_number(), 0u},
                     {{"immediate", "true"}}, {{other_game_}}),
  };
}

TEST_F(RequestFingerprints, EveryRouteThatTakesARequestIdIsTriedWithEveryField) {
  Names tried;
  for (auto const& one : all_cases()) {
    tried.insert(one.operation);
    for (auto const& field : documented(one.operation)) {
      // A change of the whole of an object or a list is one of what is in it.
      bool const is_changed = std::ranges::any_of(one.changes, [&](Change const& change) {
        auto const& name = change.field;
        return name == field || name.starts_with(field + ".") || field.starts_with(name + ".") ||
               field.starts_with(name + "[");
      });
      EXPECT_TRUE(is_changed || field == "client_request_id") << one.operation << " " << field;
    }
  }
  Names take_an_id;
  for (auto const& group : all_routes()) {
    for (auto const& route : group.routes) {
      bool const has_body = route.accepts.body == Body::json || route.accepts.body == Body::optional_json;
      if (has_body && documented(route.operation).contains("client_request_id")) take_an_id.emplace(route.operation);
    }
  }
  EXPECT_EQ(tried, take_an_id);
}

TEST_F(RequestFingerprints, AnotherValueInAnyFieldIsNoRepeat) {
  dom::parser parser;
  for (auto const& one : all_cases()) {
    SCOPED_TRACE(one.operation);
    auto const first = scene_.ask(one.operation, one.asking);
    EXPECT_LT(first.status, 300) << first.body;
    EXPECT_EQ(text_of(scene_.ask(one.operation, one.asking).body, "error_code"), "DUPLICATE_REQUEST");
    for (auto const& [field, json] : one.changes) {
      auto asking = one.asking;
      asking.body = changed(parser.parse(one.asking.body), field.substr(0, field.find('.')), json);
      auto const* const code = kOneValue.contains(field)                               ? "INVALID_REQUEST"
                               : kWithoutMeaning.contains(one.operation + " " + field) ? "DUPLICATE_REQUEST"
                                                                                       : "CLIENT_REQUEST_ID_REUSED";
      auto const response = scene_.ask(one.operation, asking);
      EXPECT_EQ(text_of(response.body, "error_code"), code) << asking.body << "\n" << response.body;
    }
    for (auto const& path : one.other_paths) {
      auto asking = one.asking;
      asking.path = path;
      auto const response = scene_.ask(one.operation, asking);
      EXPECT_EQ(text_of(response.body, "error_code"), "CLIENT_REQUEST_ID_REUSED") << response.body;
    }
  }
}

// A log keeps them for ever: another order of the fields would make a repeat of an old request a reuse of its id.
TEST_F(RequestFingerprints, AreThoseOfOldLogs) {
  for (auto const& one : all_cases()) {
    SCOPED_TRACE(one.operation);
    auto const response = scene_.ask(one.operation, one.asking);
    ASSERT_LT(response.status, 300) << response.body;
    auto const commit = commit_of(one.operation);
    ASSERT_TRUE(commit);
    EXPECT_EQ(commit->request.fingerprint, fingerprint(one.payload));
  }
}

}  // namespace
}  // namespace florin::api
