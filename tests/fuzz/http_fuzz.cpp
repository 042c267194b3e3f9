// Any bytes, cut anywhere, through the same reader and router as the server's, without sockets. Checks that what comes
// out lies within what went in, that how the bytes were cut does not change what they mean, and that no request is read
// that two other readers (tests/api/http_splitter.h) do not find with the same body.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/errors.h"
#include "api/http/reply.h"
#include "api/http/request_reader.h"
#include "api/http/router.h"
#include "api/routes/headers.h"
#include "domain/percent.h"
#include "tests/api/http_splitter.h"

namespace {

using namespace florin::api;

constexpr std::size_t kBodyLimit = 2000;

void require(bool holds) {
  if (!holds) std::abort();
}

Router make_router() {
  Router router(kRouterOptions);
  Handler const handler = [](Request const&, PathValues const&) -> Awaitable<Response> { co_return Response{}; };
  router.add(Method::get, "/", handler);
  router.add(Method::get, "/a", handler);
  router.add(Method::post, "/a/{x}", handler);
  router.add(Method::get, "/a/b/{y}", handler);
  router.add(Method::del, "/{p}/{q}/{r}/{s}", handler);
  return router;
}

// What the server would make of a connection that carries `bytes` in pieces of `piece` bytes.
std::string meaning(std::string_view bytes, std::size_t piece, std::vector<std::string>& bodies) {
  static Router const router = make_router();
  std::string seen;
  RequestReader reader(kBodyLimit, &router);
  while (true) {
    RequestReader::State const state = reader.advance();
    if (state == RequestReader::State::need_more) {
      if (reader.take_pending_body()) require(reader.mid_request());
      if (bytes.empty()) return seen;
      std::span<char> const space = reader.prepare();
      require(!space.empty());
      std::size_t const count = std::min({piece, space.size(), bytes.size()});
      std::copy_n(bytes.begin(), count, space.begin());
      reader.commit(count);
      bytes.remove_prefix(count);
      continue;
    }
    Request request = reader.request();
    if (state == RequestReader::State::refused) {
      seen += "refused " + std::to_string(reader.refusal().status);
      return seen;
    }
    require(request.path.starts_with('/') || request.path == "*");
    bodies.emplace_back(request.body);
    require(request.body.size() <= kBodyLimit);
    Router::Match const match = router.find(request.method, request.path);
    request.route = match.route;
    (void)loggable_path(request);
    (void)florin::domain::percent_decode(request.path);
    (void)request.query_value("limit");
    for (std::size_t i = 0; i < match.values.count; ++i) require(!match.values.values[i].empty());
    seen += std::string(method_name(request.method)) + "|" + std::string(request.path) + "|" +
            std::string(request.query) + "|" + std::string(request.own[kGameKey]) + "|" +
            std::string(request.authorization) + "|" + std::string(request.content_type) + "|" +
            std::string(request.own[kMinPosition]) + "|" + std::string(request.own[kSignature]) + "|" +
            std::string(request.body) + "|" + std::string(match.allow) + (request.keep_alive ? "\n" : "!\n");
    std::string head;
    append_head(head, Response{}, 1, {request.keep_alive, reader.is_http10(), {}, {}});
    if (!request.keep_alive) return seen;
    reader.next();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view const bytes(reinterpret_cast<char const*>(data) + 1, size - 1);
  std::vector<std::string> bodies;
  std::vector<std::string> cut_bodies;
  std::string const whole = meaning(bytes, bytes.size() + 1, bodies);
  std::string const cut = meaning(bytes, std::size_t{data[0]} + 1, cut_bodies);
  require(bodies == cut_bodies);
  for (auto const reading : {testing::Reading::strict, testing::Reading::careless}) {
    auto const theirs = testing::split_requests(bytes, reading);
    require(bodies.size() <= theirs.size());
    for (std::size_t i = 0; i < bodies.size(); ++i) require(bodies[i] == theirs[i].body);
  }
  // A refusal's status may depend on how much of a bad message was seen; what was understood before may not.
  auto const understood = [](std::string const& seen) { return seen.substr(0, seen.rfind('\n') + 1); };
  require(understood(whole) == understood(cut));
  require((whole == understood(whole)) == (cut == understood(cut)));
  return 0;
}
