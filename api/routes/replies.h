// The replies that routes have in common: what became of a write, a view that cannot be read, pages of a list.
// On an io thread; view_unavailable() on any.
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "api/http/errors.h"
#include "api/http/json.h"
#include "api/ledger/list_page.h"
#include "api/routes/rejections.h"
#include "api/routes/services.h"

namespace florin::api {

[[nodiscard]] inline Reader reader_for(Services& services, Request const& request) {
  return {services.ledger, services.workers, *request.inbox};
}

[[nodiscard]] Response server_busy(Request const& request);

// {"status":"success", and on: the caller ends the object.
[[nodiscard]] JsonWriter begin_success(std::string& body);

// 400 INVALID_REQUEST about a parameter or header.
[[nodiscard]] Response invalid_field(Request const& request, std::string_view field, std::string_view message);

// Turns an outcome into the reply. `render(body, commit)` writes the whole success body; a repeated request gets it
// under "original" of a 409 DUPLICATE_REQUEST. A refusal carries the position that it can be read at.
//
// Render refers to the caller's lambda for the length of the call; a std::function would copy what it captures to the
// heap for every request.
class Render {
 public:
  template <class Write>
  Render(Write const& write)  // NOLINT(google-explicit-constructor): a lambda is passed as it stands
      : write_(&write), call_([](void const* the_write, std::string& body, domain::Commit const& commit) {
          (*static_cast<Write const*>(the_write))(body, commit);
        }) {}
  void operator()(std::string& body, domain::Commit const& commit) const { call_(write_, body, commit); }

 private:
  void const* write_;
  void (*call_)(void const*, std::string&, domain::Commit const&);
};
[[nodiscard]] Response write_response(Request const& request, Performed const& outcome, Render const& render,
                                      int success_status = 200);

// A reply of a route's own about an outcome, with the position that it can be read at.
[[nodiscard]] Response with_position(Response response, Performed const& outcome);

// Florin-Min-Position; zero when absent or "0". 400 INVALID_REQUEST when it is not a number, and 503 VIEW_BEHIND at
// once for a position that is not durable yet: no reply gave it, so nobody waits for it.
[[nodiscard]] Result<domain::Position, Response> read_min_position(Request const& request, Services& services);
// The balance view is never behind what is durable, so there is nothing to wait for: 503 VIEW_BEHIND or nothing.
[[nodiscard]] std::optional<Response> check_balances(Request const& request, Services& services);
[[nodiscard]] Response view_behind(Request const& request);
[[nodiscard]] Response view_unavailable(Request const& request, eventstore::Fault const& fault);
// Of what a handler threw (RouterOptions): of an Unreadable view_unavailable(), or OUTCOME_UNKNOWN where something may
// have been done.
[[nodiscard]] std::optional<Response> response_to(Request const& request, std::exception const& thrown);
// The same of a page of a list; a cursor that no page gave is 400 INVALID_REQUEST.
[[nodiscard]] Response page_unavailable(Request const& request, eventstore::Fault const& fault);
// SERVER_BUSY, VIEW_BEHIND or VIEW_UNAVAILABLE.
[[nodiscard]] Response unread_response(Request const& request, Unread const& unread);

struct Paging {
  std::size_t limit = 20;
  std::optional<std::uint64_t> cursor;
};
// limit 1–100, cursor as a former reply gave it; 400 INVALID_REQUEST.
[[nodiscard]] Result<Paging, Response> read_paging(Request const& request);
void write_pagination(JsonWriter& json, std::size_t limit, std::optional<std::uint64_t> next);
// The end of a reply that is a page: its objects, whose members write(item) writes, and the pagination.
template <class Item, class Write>
void write_page(JsonWriter& json, std::string_view name, ListPage<Item> const& page, std::size_t limit,
                Write const& write) {
  json.objects(name, page.items, write);
  write_pagination(json, limit, page.next);
  json.end_object();
}

// The game's currency by id; its name is "" for an id that is not the game's.
[[nodiscard]] std::string_view currency_name(domain::Game const& game, domain::CurrencyId currency);
// What it was called when the commit that begins at `moment` was decided: for the reply to a write, which a repeated
// request gets again whatever was renamed since.
[[nodiscard]] std::string currency_name_at(Ledger const& ledger, domain::GameId game, domain::CurrencyId currency,
                                           domain::Position moment);

}  // namespace florin::api
