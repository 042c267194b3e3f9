#include "api/event_text.h"

#include "api/http/json.h"
#include "domain/postings.h"

namespace florin::api {
namespace {

using namespace domain;

std::string text_of(IdentityId identity, eventstore::Field field, PersonalText const& text,
                    eventstore::Vault const* vault) {
  if (!text.sealed && text.bytes.empty()) return {};
  if (vault == nullptr) return "(sealed)";
  auto opened = vault->open(identity, field, text);
  if (opened) return std::move(opened).value();
  return opened.error().kind == eventstore::Fault::Kind::missing ? "(erased)" : "(unreadable)";
}

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

std::string currency_list(std::vector<CurrencySpec> const& currencies) {
  std::string out;
  for (auto const& currency : currencies) {
    if (!out.empty()) out += ", ";
    out += std::to_string(currency.currency.value()) + " " + terminal_quoted(currency.name);
  }
  return out;
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
                .add("email", terminal_quoted(text_of(e.identity, Field::email, e.email, vault)))
                .take();
          },
          [&](PlayerJoined const& e) {
            return Details()
                .add("player", e.player)
                .add("game", e.game)
                .add("identity", format_identity_id(e.identity))
                .add_text("name", text_of(e.identity, Field::name, e.name, vault))
                .take();
          },
          [&](PlayerRenamed const& e) {
            return Details()
                .add("player", e.player)
                .add("identity", format_identity_id(e.identity))
                .add_text("name", text_of(e.identity, Field::name, e.name, vault))
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
      },
      event);
}

std::string hex(auto const& bytes) { return to_hex({reinterpret_cast<char const*>(bytes.data()), bytes.size()}); }

char const* limit_name(LimitKind kind) {
  switch (kind) {
    case LimitKind::by_email_reads_per_minute: return "by_email_reads_per_minute";
    case LimitKind::by_id_reads_per_minute: return "by_id_reads_per_minute";
    case LimitKind::batch_reads_per_minute: return "batch_reads_per_minute";
    case LimitKind::item_purchases_per_player_minute: return "item_purchases_per_player_minute";
  }
  return "";
}

// 64 bits as hex: JSON readers round integers above 2^53.
std::string tag_text(std::uint64_t tag) {
  std::string bytes(8, '\0');
  for (std::size_t i = bytes.size(); i-- > 0; tag >>= 8) bytes[i] = static_cast<char>(tag & 0xff);
  return to_hex(bytes);
}

void time_micros(JsonWriter& json, std::string_view name, Timestamp at) { json.string(name, to_iso8601_micros(at)); }

void game_id(JsonWriter& json, GameId game) { json.string("game_id", std::to_string(game.value())); }

void settings_json(JsonWriter& json, GameSettings const& settings) {
  json.string("game_name", settings.name);
  json.string("developer_name", settings.developer_name);
  json.string("genre", settings.genre);
  json.string("game_icon", settings.icon_url);
  json.string("status", game_status_name(settings.status));
  json.string("universal_transfers", settings.universal_transfers ? "yes" : "no");
  json.boolean("allows_outgoing_transfers", settings.allows_outgoing_transfers);
  json.boolean("allows_incoming_transfers", settings.allows_incoming_transfers);
  json.begin_array("linked_game_ids");
  for (auto const linked : settings.linked_games) json.string(std::to_string(linked.value()));
  json.end_array();
  json.string("transfer_fee_percentage", to_string(settings.transfer_fee));
  json.string("item_fee_percentage", to_string(settings.item_fee));
  json.begin_object("limits");
  for (auto const& limit : settings.limits) json.integer(limit_name(limit.kind), limit.maximum);
  json.end_object();
}

void currencies_json(JsonWriter& json, std::vector<CurrencySpec> const& currencies) {
  json.begin_array("currencies");
  for (auto const& currency : currencies) {
    json.begin_object();
    json.integer("currency_id", currency.currency.value());
    json.string("currency_name", currency.name);
    json.string("currency_symbol", currency.symbol);
    json.amount("starting_amount", currency.starting_amount);
    json.amount("minimum_transfer", currency.minimum_transfer);
    if (currency.maximum_transfer) {
      json.amount("maximum_transfer", *currency.maximum_transfer);
    } else {
      json.null("maximum_transfer");
    }
    json.end_object();
  }
  json.end_array();
}

void wallet_json(JsonWriter& json, PlayerId player, CurrencyId currency) {
  json.integer("player_id", player.value());
  json.integer("currency_id", currency.value());
}

void data_json(JsonWriter& json, Event const& event, eventstore::Vault const* vault) {
  using eventstore::Field;
  std::visit(Overloaded{
                 [&](GameCreated const& e) {
                   game_id(json, e.game);
                   settings_json(json, e.settings);
                   currencies_json(json, e.currencies);
                   json.string("key_sha256", hex(e.key_hash));
                 },
                 [&](GameUpdated const& e) {
                   game_id(json, e.game);
                   settings_json(json, e.settings);
                 },
                 [&](SdkKeyRotated const& e) {
                   game_id(json, e.game);
                   json.string("key_sha256", hex(e.key_hash));
                   if (e.previous_valid_until == Timestamp{}) {
                     json.null("previous_valid_until");
                   } else {
                     time_micros(json, "previous_valid_until", e.previous_valid_until);
                   }
                 },
                 [&](IdentityRegistered const& e) {
                   json.string("identity_id", format_identity_id(e.identity));
                   json.string("email_index", hex(e.email_index));
                   json.string("email", text_of(e.identity, Field::email, e.email, vault));
                 },
                 [&](PlayerJoined const& e) {
                   json.integer("player_id", e.player.value());
                   game_id(json, e.game);
                   json.string("identity_id", format_identity_id(e.identity));
                   json.string("name", text_of(e.identity, Field::name, e.name, vault));
                   json.string("name_tag", tag_text(e.name_tag));
                 },
                 [&](PlayerRenamed const& e) {
                   json.integer("player_id", e.player.value());
                   json.string("identity_id", format_identity_id(e.identity));
                   json.string("name", text_of(e.identity, Field::name, e.name, vault));
                   json.string("name_tag", tag_text(e.name_tag));
                 },
                 [&](StartingBalanceGranted const& e) {
                   wallet_json(json, e.player, e.currency);
                   json.amount("amount", e.amount);
                   json.amount("available_after", e.available_after);
                 },
                 [&](BalanceCredited const& e) {
                   wallet_json(json, e.player, e.currency);
                   json.amount("amount", e.amount);
                   json.amount("available_after", e.available_after);
                   json.string("reason", e.reason);
                 },
                 [&](BalanceDebited const& e) {
                   wallet_json(json, e.player, e.currency);
                   json.amount("amount", e.amount);
                   json.amount("available_after", e.available_after);
                   json.string("reason", e.reason);
                 },
                 [&](ItemPurchased const& e) {
                   wallet_json(json, e.player, e.currency);
                   json.string("item_id", e.item.id);
                   json.string("item_name", e.item.name);
                   json.string("item_category", e.item.category);
                   json.string("item_description", e.item.description);
                   json.integer("quantity", e.quantity);
                   json.amount("unit_price", e.unit_price);
                   json.amount("total", e.total);
                   json.amount("platform_fee", e.platform_fee);
                   json.amount("developer_revenue", e.developer_revenue);
                   json.amount("available_after", e.available_after);
                 },
                 [&](ItemRefunded const& e) {
                   json.string("order_id", format_order_id(e.order));
                   wallet_json(json, e.player, e.currency);
                   json.amount("total", e.total);
                   json.amount("platform_fee", e.platform_fee);
                   json.amount("developer_revenue", e.developer_revenue);
                   json.amount("available_after", e.available_after);
                   json.string("reason", e.reason);
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

char const* game_status_name(GameStatus status) {
  switch (status) {
    case GameStatus::live: return "live";
    case GameStatus::testing: return "testing";
    case GameStatus::suspended: return "suspended";
  }
  return "";
}

std::string terminal_quoted(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto const byte = static_cast<unsigned char>(text[i]);
    auto const next_byte = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    if (byte == '"' || byte == '\\') {
      out.append({'\\', text[i]});
    } else if (byte < 0x20 || byte == 0x7f) {
      out.append("\\x").append(to_hex(text.substr(i, 1)));
    } else if (byte == 0xc2 && next_byte >= 0x80 && next_byte < 0xa0) {
      out.append("\\x").append(to_hex(text.substr(++i, 1)));  // C1 controls: U+0080 to U+009F
    } else {
      out.push_back(text[i]);
    }
  }
  return out + '"';
}

std::string event_line(Commit const& commit, std::size_t index, eventstore::Vault const* vault) {
  auto const& event = commit.events[index];
  return padded(std::to_string(next(commit.first, index).value()), kPositionWidth, true) + "  " +
         to_iso8601_micros(commit.at) + "  " + format_transaction_id(commit.first) + "  " +
         padded(event_name(event), kEventWidth, false) + "  " + details_of(event, vault);
}

void append_event_json(std::string& out, Commit const& commit, std::size_t index, eventstore::Vault const* vault) {
  auto const& event = commit.events[index];
  JsonWriter json(out);
  json.begin_object();
  json.integer("position", next(commit.first, index).value());
  time_micros(json, "at", commit.at);
  json.string("transaction_id", format_transaction_id(commit.first));
  if (commit.request.id.empty()) {
    json.null("request");
  } else {
    json.begin_object("request");
    if (commit.request.game) game_id(json, commit.request.game);
    json.string("client_request_id", commit.request.id);
    json.string("fingerprint", hex(commit.request.fingerprint));
    json.end_object();
  }
  json.string("event", event_name(event));
  json.begin_object("data");
  data_json(json, event, vault);
  json.end_object();
  json.begin_array("postings");
  for (auto const& posting : postings(event)) {
    json.begin_object();
    json.string("account", account_name(posting.account));
    if (posting.player) json.integer("player_id", posting.player.value());
    json.integer("currency_id", posting.currency.value());
    json.amount("amount", posting.amount);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

}  // namespace florin::api
