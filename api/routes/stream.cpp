// CONTRACT, Balances: stream-all. NDJSON, a line a player, a trailer at the end; one consistent cut, constant memory.
#include <chrono>
#include <stdexcept>

#include "api/routes/routes.h"
#include "eventstore/runtime/runtime.h"

namespace florin::api {
namespace {

using domain::Money;

constexpr std::size_t kPieceBytes = 64u << 10;
// A stream holds a read transaction open, which keeps the view's WAL from shrinking. The server makes 60 M lines in 20
// s: ten minutes leave the network ample time, and a client that reads slower than that keeps nobody's disk.
constexpr auto kStreamTimeMax = std::chrono::minutes(10);
constexpr int kRetrySeconds = 10;  // for a running stream of the same game to end

// Runs on the worker pool, one piece at a time. Throws to cut the connection: without its trailer a stream is void.
class BalanceStream final : public BodyStream {
 public:
  BalanceStream(Ledger const& ledger, std::shared_ptr<eventstore::GameDirectory const> directory,
                domain::Game const& game, ReconciliationStream stream, StreamSlots::Ticket slot)
      : ledger_(ledger),
        directory_(std::move(directory)),
        game_(game),
        stream_(std::move(stream)),
        slot_(std::move(slot)) {}

  bool pull(std::string& out) override {
    if (eventstore::machine().now() > deadline_) throw std::runtime_error("stream-all took too long");
    while (out.size() < kPieceBytes) {
      auto more = stream_.next(player_);
      if (!more) throw std::runtime_error(more.error().what);
      if (!more.value()) {
        write_trailer(out);
        return false;
      }
      write_line(out);
    }
    return true;
  }

 private:
  void write_line(std::string& out) {
    ++count_;
    JsonWriter json(out);
    json.begin_object();
    json.string("player_email", ledger_.people.reveal(player_.identity, Field::email, player_.email));
    json.integer("player_id", player_.player.value());
    json.string("identity_id", domain::format_identity_id(player_.identity));
    Money total;
    json.objects("balances", player_.balances, [&](auto const& balance) {
      available_.add(balance.available);
      reserved_.add(balance.reserved);
      total += balance.available + balance.reserved;
      json.integer("currency_id", balance.currency.value());
      json.string("currency_name", currency_name(game_, balance.currency));
      json.amount("available_balance", balance.available);
      json.amount("reserved_balance", balance.reserved);
      json.amount("total_balance", balance.available + balance.reserved);
    });
    json.amount("total_value", total);
    json.integer("changed_position", player_.changed.value());
    json.end_object();
    out.push_back('\n');
  }

  void write_trailer(std::string& out) const {
    JsonWriter json(out);
    json.begin_object();
    json.boolean("end", true);
    json.integer("count", count_);
    json.string("total_available", available_.text());
    json.string("total_reserved", reserved_.text());
    json.string("cursor", std::to_string(stream_.cut().value()));
    json.end_object();
    out.push_back('\n');
  }

  Ledger const& ledger_;
  std::shared_ptr<eventstore::GameDirectory const> directory_;  // keeps game_ alive
  domain::Game const& game_;
  ReconciliationStream stream_;
  StreamSlots::Ticket const slot_;
  ReconciledPlayer player_;
  eventstore::SteadyTime const deadline_ = eventstore::machine().now() + kStreamTimeMax;
  std::uint64_t count_ = 0;
  domain::Total available_;
  domain::Total reserved_;
};

Awaitable<Response> stream_all(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const& ledger = services.ledger;
  domain::Position since;
  if (auto const text = request.query_value("since"); text && *text != "0") {
    auto const value = domain::parse_number(*text);
    if (!value) {
      co_return invalid_field(request, "since", "since is the cursor of an earlier stream's last line.");
    }
    since = domain::Position(*value);
  }
  auto wanted = read_min_position(request, services);
  if (!wanted) co_return std::move(wanted).error();

  auto slot = services.streams.take(caller->id);
  if (!slot) {
    switch (slot.error()) {
      case StreamSlots::Full::game:
        co_return error_response(request, 429, "RATE_LIMITED",
                                 "Two streams of this game are running already; wait until one has ended.", {},
                                 kRetrySeconds);
      case StreamSlots::Full::environment: co_return server_busy(request);
    }
  }

  auto response = co_await call.view(View::reconciliation, wanted.value(), [&](ViewReader& view) -> Response {
    auto stream = ReconciliationStream::open(std::move(view), caller->id, since);
    if (!stream) return view_unavailable(request, stream.error());
    Response begun;
    begun.position = stream.value().cut().value();
    begun.content_type = "application/x-ndjson";
    begun.stream = std::make_unique<BalanceStream>(ledger, caller.directory, *caller, std::move(stream).value(),
                                                   std::move(slot).value());
    return begun;
  });
  co_return response;
}

}  // namespace

std::span<Route const> stream_routes() {
  static constexpr Route kRows[] = {
      row(Method::get, "/api/player-balances/stream-all", "streamBalances", Who::game, stream_all,
          {.query = {"since"}, .min_position = true}),
  };
  return kRows;
}

}  // namespace florin::api
