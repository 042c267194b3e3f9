// The commands that ask a running server, against the real HTTP server with answers made up for the test.
#include <atomic>
#include <fstream>
#include <iterator>
#include <mutex>

#include <simdjson.h>

#include "api/cli/http_client.h"
#include "api/cli/progress.h"
#include "api/http/server.h"
#include "api/routes/headers.h"
#include "tests/api/cli_fixture.h"

namespace florin::api::cli {
namespace {

class CliServer : public testing::Test {
 protected:
  struct Seen {
    std::string path;
    std::string body;
    std::string authorization;
    std::string game_key;
  };

  CliServer() {
    ::setenv("FLORIN_ADMIN_TOKEN", "token-of-the-operator", 1);
    ::unsetenv("FLORIN_SERVER");
    ::unsetenv("FLORIN_GAME_KEY");
  }
  ~CliServer() override { ::unsetenv("FLORIN_ADMIN_TOKEN"); }

  // `answer` is asked for the status and body at each call of the route.
  void route(Method method, std::string const& pattern, std::function<std::pair<int, std::string>()> answer) {
    router_.add(method, pattern, [this, answer](Request const& request, PathValues const&) -> Awaitable<Response> {
      {
        std::lock_guard const lock(mutex_);
        seen_ = {std::string(request.path), std::string(request.body), std::string(request.authorization),
                 std::string(request.own[kGameKey])};
      }
      Response response;
      std::tie(response.status, response.body) = answer();
      co_return response;
    });
  }
  CliResult cli(std::vector<std::string> words) {
    if (!server_) {
      ServerOptions options;
      options.port = 0;
      options.io_threads = 1;
      server_.emplace(options, router_, workers_);
      server_->start();
    }
    words.insert(words.end(), {"--server", "http://127.0.0.1:" + std::to_string(server_->port())});
    return run_cli(std::move(words));
  }
  Seen seen() {
    std::lock_guard const lock(mutex_);
    return seen_;
  }

  Router router_{kRouterOptions};
  WorkerPool workers_{1};
  std::mutex mutex_;
  Seen seen_;  // guarded
  std::optional<Server> server_;
};

std::function<std::pair<int, std::string>()> always(int status, std::string body) {
  return [=] { return std::pair(status, body); };
}

TEST_F(CliServer, CreateSendsEveryFieldAndPrintsTheKey) {
  route(Method::post, "/sandbox/admin/games",
        always(201, R"({"game_id":"482910573621","sdk_key":"ivsdk_x","currencies":[{"currency_id":1}]})"));
  auto const result = cli({"game", "create", "--name", "Knights \"II\"", "--currency", "Gold:GLD:100.00", "--currency",
                           "Gems:GEM::5", "--status", "live", "--item-fee", "12.5", "--outgoing-transfers", "no",
                           "--universal-transfers", "yes", "--linked-game", "482910573622", "--sandbox"});
  ASSERT_EQ(result.code, kOk) << result.err;
  EXPECT_TRUE(contains(result.out, "ivsdk_x"));
  EXPECT_EQ(seen().authorization, "Bearer token-of-the-operator");
  EXPECT_EQ(seen().body,
            R"({"game_name":"Knights \"II\"","status":"live","universal_transfers":"yes",)"
            R"("allows_outgoing_transfers":false,"linked_game_ids":["482910573622"],"item_fee_percentage":"12.5",)"
            R"("currencies":[{"currency_name":"Gold","currency_symbol":"GLD","starting_amount":"100.00"},)"
            R"({"currency_name":"Gems","currency_symbol":"GEM","minimum_transfer":"5"}]})");
}

TEST_F(CliServer, CreateRefusesACurrencyWithoutSymbol) {
  auto const result = cli({"game", "create", "--name", "K", "--currency", "Gold"});
  EXPECT_EQ(result.code, kUsage);
  EXPECT_TRUE(contains(result.err, "NAME:SYMBOL"));
}

TEST_F(CliServer, UpdateSendsWhatIsNamedAndNothingElse) {
  route(Method::patch, "/sandbox/admin/games/{id}", always(200, R"({"game_id":"482910573621","status":"live"})"));
  auto const result = cli({"game", "update", "482910573621", "--status", "live", "--transfer-fee", "2.5", "--item-fee",
                           "0", "--limit", "sends_per_player_hour=50", "--limit", "batch_reads_per_minute=7",
                           "--linked-game", "none", "--incoming-transfers", "no", "--sandbox"});
  ASSERT_EQ(result.code, kOk) << result.err;
  EXPECT_EQ(seen().body, R"({"status":"live","allows_incoming_transfers":false,"linked_game_ids":[],)"
                         R"("transfer_fee_percentage":"2.5","item_fee_percentage":"0",)"
                         R"("limits":{"sends_per_player_hour":50,"batch_reads_per_minute":7}})");
  EXPECT_EQ(cli({"game", "update", "482910573621"}).code, kUsage) << "nothing to change";
  EXPECT_EQ(cli({"game", "update", "../secrets", "--status", "live"}).code, kUsage);
  EXPECT_EQ(cli({"game", "update", "482910573621", "--limit", "sends"}).code, kUsage);
  EXPECT_EQ(cli({"game", "update", "482910573621", "--limit", "sends=x"}).code, kUsage);
  auto const refused = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {"game", "update", "482910573621"});
    auto const said = cli(options);
    EXPECT_EQ(said.code, kUsage);
    return said.err;
  };
  EXPECT_TRUE(
      contains(refused({"--limit", "sends=0"}), "--limit sends=0: the number is a whole one from 1 to 10,000,000"));
  EXPECT_TRUE(contains(refused({"--limit", "sends=1", "--limit", "sends=2"}), "--limit sends=2: sends is given twice"));
  EXPECT_TRUE(contains(refused({"--linked-game", "none", "--linked-game", "482910573622"}), "none stands alone"));
  EXPECT_EQ(cli({"game", "update", "482910573621", "--status", "paused"}).code, kUsage);
}

TEST_F(CliServer, AnEmptyTextClearsAField) {
  route(Method::patch, "/admin/games/{id}", always(200, R"({"game_id":"482910573621"})"));
  auto const result = cli({"game", "update", "482910573621", "--genre", "", "--icon", ""});
  ASSERT_EQ(result.code, kOk) << result.err;
  EXPECT_EQ(seen().body, R"({"genre":"","game_icon":""})");
}

TEST_F(CliServer, CurrenciesAreAddedAndChanged) {
  route(Method::post, "/admin/games/{id}/currencies", always(201, R"({"currency":{"currency_id":3}})"));
  route(Method::patch, "/admin/games/{id}/currencies/{currency_id}", always(200, R"({"currency":{"currency_id":2}})"));
  auto const added = cli({"game", "currency", "add", "482910573621", "--name", "Gems", "--symbol", "GM", "--starting",
                          "5.00", "--minimum", "1", "--maximum", "9"});
  ASSERT_EQ(added.code, kOk) << added.err;
  EXPECT_EQ(seen().path, "/admin/games/482910573621/currencies");
  EXPECT_EQ(seen().body, R"({"currency_name":"Gems","currency_symbol":"GM","starting_amount":"5.00",)"
                         R"("minimum_transfer":"1","maximum_transfer":"9"})");
  auto const changed = cli({"game", "currency", "update", "482910573621", "2", "--maximum", "none"});
  ASSERT_EQ(changed.code, kOk) << changed.err;
  EXPECT_EQ(seen().path, "/admin/games/482910573621/currencies/2");
  EXPECT_EQ(seen().body, R"({"maximum_transfer":"none"})");
  EXPECT_EQ(cli({"game", "currency", "update", "482910573621", "2"}).code, kUsage) << "nothing to change";
  EXPECT_EQ(cli({"game", "currency", "update", "482910573621", "gold", "--name", "G"}).code, kUsage);
  EXPECT_EQ(cli({"game", "currency", "add", "482910573621", "--name", "Gems"}).code, kUsage);
  EXPECT_EQ(cli({"game", "currency", "add", "x", "--name", "Gems", "--symbol", "G"}).code, kUsage);
}

TEST_F(CliServer, ListAndShowRenderTheReply) {
  route(Method::get, "/admin/games",
        always(200, R"({"status":"success","games":[{"game_id":"482910573621","game_name":"A"},)"
                    R"({"game_id":"482910573622","game_name":"B\u001b[2J"}]})"));
  route(Method::get, "/admin/games/{id}", always(200, R"({"game_id":"482910573621","settings":{"genre":"x"}})"));
  auto const list = cli({"game", "list"});
  ASSERT_EQ(list.code, kOk) << list.err;
  EXPECT_TRUE(contains(list.out, "game_id       game_name\n482910573621  A\n482910573622  B\\x1b[2J\n")) << list.out;
  EXPECT_TRUE(contains(cli({"game", "list", "--json"}).out, R"("games":[{"game_id":"482910573621")"));
  EXPECT_TRUE(contains(cli({"game", "show", "482910573621"}).out, "settings.genre  x"));
  EXPECT_EQ(cli({"game", "show", "../secrets"}).code, kUsage);
}

TEST_F(CliServer, ObjectsInAListAreColumns) {
  route(Method::get, "/admin/payouts", always(200, R"({"status":"success","payouts":[
          {"payout_id":"po_1","bank":{"holder":"Ada","last4":"0001"},"bank_file":null,"tags":["a","b"],"lines":[{"n":1}]},
          {"payout_id":"po_2","bank":{"holder":"Bob","last4":"0002"},"bank_file":{"date":"2026-11-20","file":"A"}}]})"));
  auto const list = cli({"payout", "list"});
  ASSERT_EQ(list.code, kOk) << list.err;
  EXPECT_TRUE(contains(list.out,
                       "payout_id  bank.holder  bank.last4  bank_file.date  bank_file.file  tags\n"
                       "po_1       Ada          0001        -               -               a, b\n"
                       "po_2       Bob          0002        2026-11-20      A\n"))
      << list.out;
}

TEST_F(CliServer, ARefusalIsShownAsTheServerWroteIt) {
  route(Method::get, "/admin/games", always(400, R"({"message":"Write it such as \"100.50\".","error_code":"X"})"));
  auto const text = cli({"game", "list"});
  EXPECT_TRUE(contains(text.err, R"(400: Write it such as "100.50". (X))")) << text.err;
  auto const json = cli({"game", "list", "--json"});
  EXPECT_TRUE(contains(json.out, R"(400: Write it such as \"100.50\". (X))")) << json.out;
}

// Another company's texts, or a stranger's server.
TEST_F(CliServer, ReplyTextsCannotFoolWhoReadsThem) {
  std::string const trick = "\xe2\x80\xae\xe2\x80\xa9\xc2\x9b\xef\xbb\xbf";
  route(Method::get, "/admin/games",
        always(200, R"({"status":"success","games":[{"game_id":"1","game_name":")" + trick + R"(","x\nok":1}]})"));
  route(Method::get, "/admin/projections", always(409, R"({"message":")" + trick + R"(","error_code":"A\nok"})"));
  route(Method::get, "/admin/payouts/ach/files", always(200, R"({"files":[{"file":"A"}],"left_out":[]})"));
  route(Method::get, "/admin/payouts/ach", always(200, "101 \x1b[2J\n"));
  for (auto const& words : std::vector<std::vector<std::string>>{
           {"game", "list"}, {"game", "list", "--json"}, {"projection", "list"}, {"projection", "list", "--json"}}) {
    auto const result = cli(words);
    auto const all = result.out + result.err;
    for (std::string_view const raw : {"\xe2\x80", "\xc2\x9b", "\xef\xbb", "\nok"}) {
      EXPECT_FALSE(contains(all, raw)) << testing::PrintToString(words) << all;
    }
    EXPECT_TRUE(contains(all, "\\u202e\\u2029\\u009b\\ufeff")) << all;
  }
  auto const file = cli({"payout", "ach", "2026-11-20"});
  EXPECT_EQ(file.code, kUnreachable);
  EXPECT_TRUE(file.out.empty());
}

TEST_F(CliServer, TheClockIsShownAndConfirmed) {
  route(Method::get, "/admin/clock",
        always(200, R"({"status":"success","clock":{"lead_seconds":-7200,"following":false}})"));
  route(Method::post, "/sandbox/admin/clock/confirm", always(200, R"({"status":"success","stepped_seconds":7200})"));
  auto const shown = cli({"clock", "show"});
  ASSERT_EQ(shown.code, kOk) << shown.err;
  EXPECT_TRUE(contains(shown.out, "clock.lead_seconds  -7200")) << shown.out;
  auto const confirmed = cli({"clock", "confirm", "--sandbox", "--json"});
  ASSERT_EQ(confirmed.code, kOk) << confirmed.err;
  EXPECT_TRUE(contains(confirmed.out, R"("stepped_seconds":7200)")) << confirmed.out;
  EXPECT_EQ(seen().authorization, "Bearer token-of-the-operator");
}

TEST_F(CliServer, PayoutsAreListedAdvancedAndWritten) {
  route(
      Method::get, "/sandbox/admin/payouts",
      always(200, R"({"status":"success","payouts":[{"payout_id":"po_000000000002G","payout_status":"requested"}]})"));
  route(Method::post, "/admin/payouts/{payout_id}/reject", always(200, R"({"payout_status":"rejected"})"));
  route(Method::post, "/admin/payouts/{payout_id}/approve",
        always(409, R"({"error_code":"PAYOUT_NOT_OPEN","message":"It was rejected."})"));
  route(Method::get, "/admin/payouts/ach", always(200, "101 021000021 1234567890\n"));
  auto const list = cli({"payout", "list", "--status", "requested", "--sandbox"});
  ASSERT_EQ(list.code, kOk) << list.err;
  EXPECT_TRUE(contains(list.out, "po_000000000002G  requested")) << list.out;
  EXPECT_EQ(cli({"payout", "list", "--status", "lost"}).code, kUsage);
  ASSERT_EQ(cli({"payout", "reject", "po_000000000002G", "--reason", "who?"}).code, kOk);
  EXPECT_EQ(seen().path, "/admin/payouts/po_000000000002G/reject");
  EXPECT_EQ(seen().body, R"({"reason":"who?"})");
  EXPECT_EQ(seen().authorization, "Bearer token-of-the-operator");
  auto const refused = cli({"payout", "approve", "po_000000000002G"});
  EXPECT_EQ(refused.code, kConflict);
  EXPECT_TRUE(contains(refused.err, "It was rejected.")) << refused.err;
  EXPECT_EQ(cli({"payout", "approve", "../games"}).code, kUsage);
  route(Method::get, "/admin/payouts/ach/files",
        always(200, R"({"status":"success","date":"2026-11-20","files":[{"file":"A","entries":1}],)"
                    R"("left_out":[{"payout_id":"po_000000000002J","reason":"the account number is not one"}]})"));
  auto const file = cli({"payout", "ach", "2026-11-20"});
  EXPECT_EQ(file.out, "101 021000021 1234567890\n") << "as it is";
  EXPECT_EQ(cli({"payout", "ach", "2026-11-20", "--file", "B"}).code, kOk);
  EXPECT_TRUE(contains(cli({"payout", "files", "2026-11-20"}).out, "2026-11-20"));
}

// Who takes one of two files and knows of no other leaves somebody unpaid.
TEST_F(CliServer, OfSeveralFilesOneMustBeNamed) {
  route(Method::get, "/admin/payouts/ach/files",
        always(200, R"({"status":"success","files":[{"file":"A"},{"file":"B"}],"left_out":[]})"));
  route(Method::get, "/admin/payouts/ach", always(200, "101 file\n"));
  auto const result = cli({"payout", "ach", "2026-11-20"});
  EXPECT_EQ(result.code, kUsage);
  EXPECT_EQ(result.out, "");
  EXPECT_TRUE(contains(result.err, "A, B")) << result.err;
  EXPECT_EQ(cli({"payout", "ach", "2026-11-20", "--file", "B"}).out, "101 file\n");
}

TEST_F(CliServer, TheBanksAnswerIsSentAsItIs) {
  route(Method::post, "/admin/payouts/ach/returns",
        always(200, R"({"status":"success","returned":1,"corrected":0,"refused":0,"entries":[]})"));
  std::string const name = FLORIN_SOURCE_DIR "/tests/golden/ach/returns.ach";
  std::ifstream in(name, std::ios::binary);
  std::string const text((std::istreambuf_iterator<char>(in)), {});
  auto const result = cli({"payout", "returns", name});
  ASSERT_EQ(result.code, kOk) << result.err;
  EXPECT_TRUE(contains(result.out, "returned"));
  EXPECT_EQ(seen().body, text);
  auto const absent = cli({"payout", "returns", "no/such/file"});
  EXPECT_EQ(absent.code, kUsage);
  EXPECT_TRUE(contains(absent.err, "'no/such/file' cannot be read")) << absent.err;
  auto const empty = std::filesystem::temp_directory_path() / ("returns" + std::to_string(::getpid()) + ".ach");
  std::ofstream(empty).close();
  EXPECT_TRUE(contains(cli({"payout", "returns", empty.string()}).err, ".ach' is empty"));
  std::filesystem::resize_file(empty, (4u << 20) + 1);
  EXPECT_TRUE(contains(cli({"payout", "returns", empty.string()}).err, ".ach' is larger than 4 MiB"));
  std::filesystem::remove(empty);
}

TEST_F(CliServer, ReturnsThatWereAllRefusedAreOne) {
  std::string counts;
  route(Method::post, "/admin/payouts/ach/returns",
        [&] { return std::pair(200, R"({"status":"success",)" + counts + R"(,"entries":[]})"); });
  std::string const name = FLORIN_SOURCE_DIR "/tests/golden/ach/returns.ach";
  for (auto const& [said, code] : {std::pair(R"("returned":0,"corrected":0,"refused":2)", kCheckFailed),
                                   std::pair(R"("returned":1,"corrected":0,"refused":2)", kOk),
                                   std::pair(R"("returned":0,"corrected":1,"refused":2)", kOk),
                                   std::pair(R"("returned":0,"corrected":0,"refused":0)", kOk)}) {
    counts = said;
    auto const result = cli({"payout", "returns", name, "--json"});
    EXPECT_EQ(result.code, code) << said;
    EXPECT_TRUE(contains(result.out, said)) << result.out;
  }
}

TEST_F(CliServer, MinorsAreFlaggedAndCleared) {
  for (auto const method : {Method::put, Method::del}) {
    route(method, "/admin/identities/by-email/{email}/minor", always(200, R"({"status":"success"})"));
  }
  ASSERT_EQ(cli({"player", "minor", "ada@example.com", "--guardian", "+12025550123"}).code, kOk);
  EXPECT_EQ(seen().path, "/admin/identities/by-email/ada%40example.com/minor");
  EXPECT_EQ(seen().body, R"({"guardian_phone":"+12025550123"})");
  ASSERT_EQ(cli({"player", "minor", "ada@example.com", "--clear"}).code, kOk);
  EXPECT_EQ(seen().body, "");
  EXPECT_EQ(cli({"player", "minor", "ada@example.com", "--clear", "--guardian", "+12025550123"}).code, kUsage);
}

TEST_F(CliServer, RotateKeyPrintsTheNewKey) {
  route(Method::post, "/admin/games/{id}/keys",
        always(201,
               R"({"status":"success","game_id":"482910573621","sdk_key":"ivsdk_n","previous_key_valid_until":null})"));
  auto const result = cli({"game", "rotate-key", "482910573621", "--immediate"});
  ASSERT_EQ(result.code, kOk) << result.err;
  EXPECT_TRUE(contains(result.out, "ivsdk_n"));
  EXPECT_EQ(seen().path, "/admin/games/482910573621/keys");
  EXPECT_EQ(seen().body, R"({"immediate":true})");
  EXPECT_EQ(seen().authorization, "Bearer token-of-the-operator");
  ASSERT_EQ(cli({"game", "rotate-key", "482910573621"}).code, kOk);
  EXPECT_EQ(seen().body, R"({"immediate":false})");
  EXPECT_EQ(cli({"game", "rotate-key", "../secrets"}).code, kUsage);
}

TEST_F(CliServer, BalanceAsksWithTheGamesKey) {
  route(Method::get, "/api/player-balances/player/by-email/{email}", always(200, R"({"balances":[]})"));
  ASSERT_EQ(cli({"player", "balance", "ada+1@example.com", "--key", "ivsdk_k"}).code, kOk);
  EXPECT_EQ(seen().game_key, "ivsdk_k");
  EXPECT_EQ(seen().authorization, "");
  EXPECT_EQ(seen().path, "/api/player-balances/player/by-email/ada%2B1%40example.com");
  EXPECT_EQ(cli({"player", "balance", "ada@example.com"}).code, kUsage);
}

TEST_F(CliServer, ExitCodesFollowTheStatus) {
  auto const envelope = [](std::string const& code) {
    return R"({"status":"error","message":"No.","error_code":")" + code + R"(","error_id":"ERR_1"})";
  };
  std::atomic<int> status = 0;
  route(Method::get, "/admin/games", [&] { return std::pair(status.load(), envelope("SOME_CODE")); });
  std::pair<int, int> const expected[] = {{400, kUsage},       {401, kUsage},       {403, kUsage},
                                          {404, kUsage},       {409, kConflict},    {422, kUsage},
                                          {429, kUnreachable}, {500, kUnreachable}, {503, kUnreachable}};
  for (auto const& [answer, code] : expected) {
    status = answer;
    auto const result = cli({"game", "list"});
    EXPECT_EQ(result.code, code) << answer;
    EXPECT_TRUE(contains(result.err, std::to_string(answer) + ": No. (SOME_CODE, ERR_1)")) << result.err;
  }
  EXPECT_TRUE(contains(cli({"game", "list", "--json"}).out, R"("exit_code":3)"));
}

TEST_F(CliServer, NobodyListeningIsThreeAndSaysWhatToTry) {
  // A port that was just free: bound, looked up and closed again.
  asio::io_context context;
  Acceptor acceptor(context, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  auto const url = "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
  acceptor.close();
  auto const result = run_cli({"game", "list", "--server", url});
  EXPECT_EQ(result.code, kUnreachable);
  EXPECT_TRUE(contains(result.err, url));
  EXPECT_TRUE(contains(result.err, "florin serve"));
  EXPECT_EQ(run_cli({"game", "list", "--server", "https://example.com"}).code, kUsage);
}

TEST_F(CliServer, AServerThatNeverAnswersIsGivenUp) {
  asio::io_context context;
  Acceptor acceptor(context, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  ServerAddress const address{"127.0.0.1", std::to_string(acceptor.local_endpoint().port())};
  auto const reply = http_exchange(address, "GET", "/", "", {}, {1, 1});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error(), "no answer in time");
}

TEST_F(CliServer, AdminCommandsNeedTheToken) {
  ::unsetenv("FLORIN_ADMIN_TOKEN");
  auto const result = run_cli({"game", "list"});
  EXPECT_EQ(result.code, kUsage);
  EXPECT_TRUE(contains(result.err, "FLORIN_ADMIN_TOKEN"));
}

TEST_F(CliServer, ProjectionsAreListedWithLagAndState) {
  route(Method::get, "/admin/projections", always(200, R"({"status":"success","projections":[
          {"name":"history","version":1,"position":12345,"lag":7,"failed":false,"error":null,"rebuild":null},
          {"name":"orders","version":2,"position":3,"lag":0,"failed":true,"error":"disk","rebuild":null},
          {"name":"reconciliation","version":1,"position":9,"lag":1,"failed":false,"error":null,
           "rebuild":{"position":50,"target":200,"events_per_second":1000.5,"eta_seconds":null}}]})"));
  auto const list = cli({"projection", "list"});
  ASSERT_EQ(list.code, kOk) << list.err;
  EXPECT_TRUE(contains(list.out, "12,345    7  ok")) << list.out;
  EXPECT_TRUE(contains(list.out, "failed: disk"));
  EXPECT_TRUE(contains(list.out, "rebuilding, 25 %"));
}

TEST_F(CliServer, RebuildWaitsUntilItIsDone) {
  std::atomic<int> asked = 0;
  route(Method::post, "/admin/projections/{name}/rebuild", always(202, R"({"status":"success"})"));
  route(Method::get, "/admin/projections/{name}/progress", [&] {
    auto const running = ++asked < 3;
    return std::pair(
        200, std::string(R"({"name":"history","version":1,"position":100,"lag":0,"failed":false,)") +
                 R"("error":null,"rebuild":)" +
                 (running ? R"({"position":10,"target":100,"events_per_second":5.5,"eta_seconds":18}})" : "null}"));
  });
  auto const result = cli({"projection", "rebuild", "history"});
  ASSERT_EQ(result.code, kOk) << result.err;
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(result.out, "history is rebuilt and live at position 100\n");
  EXPECT_EQ(cli({"projection", "rebuild", "history", "--json"}).out,
            R"({"status":"success","name":"history","version":1,"position":100,"lag":0})"
            "\n");
}

TEST_F(CliServer, ARebuildThatFailsOrRunsAlreadyIsToldApart) {
  std::atomic<int> status = 202;
  route(Method::post, "/admin/projections/{name}/rebuild",
        [&] { return std::pair(status.load(), std::string(R"({"message":"one is running"})")); });
  route(Method::get, "/admin/projections/{name}/progress",
        always(200, R"({"name":"history","version":1,"position":1,"lag":9,"failed":true,"error":"disk full",)"
                    R"("rebuild":null})"));
  auto const failed = cli({"projection", "rebuild", "history"});
  EXPECT_EQ(failed.code, kCheckFailed);
  EXPECT_TRUE(contains(failed.err, "disk full"));
  status = 409;
  EXPECT_EQ(cli({"projection", "rebuild", "history"}).code, kConflict);
}

TEST(ServerUrl, IsSchemeHostAndPortOnly) {
  EXPECT_EQ(parse_server_url("http://localhost")->port, "80");
  EXPECT_EQ(parse_server_url("http://[::1]:8080/")->host, "::1");
  for (auto const* url : {"", "localhost:80", "https://a", "http://", "http://a:0", "http://a:b", "http://a/b",
                          "http://u@a", "http://a:70000", "http://::1:80"}) {
    EXPECT_FALSE(parse_server_url(url)) << url;
  }
}

TEST(ProgressText, ShowsShareRateAndEta) {
  EXPECT_EQ(Progress::line("verify", 250'000, 1'000'000, 125'000, 6, true),
            "verify [#######.......................]  25.0 %  250,000 of 1,000,000  125,000 events/s  ETA 00:06");
  EXPECT_EQ(Progress::line("verify", 5, 0, 0, -1, false), "verify 100.0 %  5 of 0  0 events/s  ETA --:--");
  EXPECT_EQ(Progress::line("fold", 1, 3, 1, 7'325, false), "fold  33.3 %  1 of 3  1 events/s  ETA 2:02:05");
  EXPECT_EQ(Progress::json_line("verify", 1, 2, 3.9, -1),
            R"({"progress":"verify","position":1,"target":2,"events_per_second":3,"eta_seconds":null})");
}

}  // namespace
}  // namespace florin::api::cli
