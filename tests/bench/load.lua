-- wrk's requests, by mode (first argument): purchase, credit or by-email.
--   purchase KEY PLAYERS RUN      a purchase-item; the player changes with every request, ids never repeat in a run
--   credit   KEY PLAYERS RUN      a credit, players in order from RUN's offset (seeding)
--   by-email KEY PLAYERS          a balance read
--   initiate KEY PLAYERS RUN TARGET AMOUNT   a send in the sandbox; AMOUNT differs from turn to turn (duplicates)
--   verify   KEY PLAYERS RUN CODES OFFSET    the next sends of florin_seed's file of codes, from OFFSET on
--   claim    KEY PLAYERS RUN CODES OFFSET    likewise
-- The codes' sends need a file as florin_seed --codes writes it; a turn that uses it up ends in errors.
-- Players are player1@example.com to player<PLAYERS>@example.com, as florin_seed makes them.
-- Prints one JSON line at the end. A reply other than 2xx counts as an error there.

local threads = 0
function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end

local counter, mode, key, players, run, head, extra, amount
local codes = {}
-- Steps through the players far apart, so that neither caches nor the table's order help: 7919 is prime and divides no
-- round number of players.
local stride = 7919

function init(args)
  mode, key, players, run = args[1], args[2], tonumber(args[3]), args[4] or "0"
  counter = mode == "credit" and tonumber(run) or 0
  extra = args[5]
  if mode == "verify" or mode == "claim" then
    counter = tonumber(args[6])
    for line in io.lines(extra) do
      local kind, a, b, c = line:match("^(%S+) (%S+) (%S+) ?(%S*)$")
      if kind == mode then codes[#codes + 1] = {a, b, c} end
    end
  elseif mode == "initiate" then
    amount = args[6]
  end
  head = " HTTP/1.1\r\nHost: bench\r\nX-Game-Secret-Key: " .. key .. "\r\n"
end

local format = string.format
local function post(path, body)
  return "POST " .. path .. head .. "Content-Type: application/json\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

function request()
  counter = counter + 1
  if mode == "purchase" then
    return post("/api/item-purchases/purchase-item", format(
      '{"client_request_id":"%s-%d-%d","player_email":"player%d@example.com","item_id":"sword_001",' ..
      '"item_name":"Iron Sword","item_quantity":2,"unit_price":"0.05","total_price":"0.10","item_category":"weapons"}',
      run, id, counter, counter * stride % players + 1))
  elseif mode == "credit" then
    return post("/api/player-balances/credit", format(
      '{"client_request_id":"seed-%d-%d","player_email":"player%d@example.com","player_name":"Player %d",' ..
      '"amount":"1000000.00","reason":"seed"}', id, counter, counter % players + 1, counter % players + 1))
  end
  if mode == "initiate" then
    local player = counter * stride % players + 1
    return post("/sandbox/api/currency-sends/initiate-send", format(
      '{"client_request_id":"%s-%d-%d","sender_player_name":"Player","sender_player_email":"player%d@example.com",' ..
      '"sender_player_phone":"+1%d","receiver_player_email":"friend%d@example.com","receiver_player_phone":"+1%d",' ..
      '"receiving_game_id":"%s","amount":"%s"}',
      run, id, counter, player, 2000000000 + player, player, 6000000000 + player, extra, amount))
  elseif mode == "verify" then
    local code = codes[counter]
    return post("/sandbox/api/currency-sends/verify-sms",
      format('{"transaction_id":"%s","sms_pin":"%s"}', code[1], code[2]))
  elseif mode == "claim" then
    local code = codes[counter]
    return post("/sandbox/api/currency-sends/claim-currency", format(
      '{"claim_code":"%s","receiver_player_name":"Friend","receiver_player_email":"%s","receiver_player_phone":"%s"}',
      code[1], code[2], code[3]))
  end
  return format("GET /api/player-balances/player/by-email/player%d%%40example.com", counter * stride % players + 1) ..
    head .. "\r\n"
end

function done(summary, latency)
  local errors = summary.errors
  io.write(format('{"requests":%d,"seconds":%.6f,"failed":%d,"socket_errors":%d,"p50_us":%d,"p99_us":%d,"max_us":%d}\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99), latency.max))
end
