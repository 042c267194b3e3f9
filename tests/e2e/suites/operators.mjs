// Games, read models, key rotation, limits: what an operator and a key's owner do.
import assert from 'node:assert/strict';
import {it as test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';
import {email, requestId} from '../support/world.mjs';

export function operatorsSuite(context, environment) {
  const world = () => context.worlds[environment];
  const gold = {currency_name: 'Gold Coins', currency_symbol: 'GC'};
  const least = {game_name: 'Adventure Quest', status: 'live', universal_transfers: 'yes', currencies: [gold]};
  const create = (body, expect) => world().call('createGame', {body: {...least, ...body}, expect});

  test('the clock is shown, and confirmed as often as one likes', async () => {
    const {clock} = (await world().call('getClock', {expect: 200})).json;
    assert.deepEqual([clock.lead_seconds, clock.following, clock.wall_jumps, clock.message], [0, true, 0, null]);
    assert.ok(Math.abs(Date.parse(clock.wall) - Date.now()) < 120_000);
    for (let i = 0; i < 2; ++i) {
      const {json} = await world().call('confirmClock', {expect: 200});
      assert.deepEqual([json.stepped_seconds, json.clock.following], [0, true]);
    }
  });

  test('a game is made with defaults, found again, and changed a field at a time', async () => {
    const friend = await world().createGame();
    const {json: made} = await create({}, 201);
    assert.deepEqual([made.status, made.universal_transfers, made.linked_game_ids, made.transfer_fee_percentage,
      made.item_fee_percentage, made.allows_outgoing_transfers, made.allows_incoming_transfers, made.limits],
    ['live', 'yes', [], '3.5', '10', true, true, {}]);
    assert.deepEqual({...made.currencies[0], currency_id: 0}, {currency_id: 0, ...gold, starting_amount: '0.00',
      minimum_transfer: made.currencies[0].minimum_transfer, maximum_transfer: null});
    const {sdk_key: key, ...game} = made;
    const params = {id: made.game_id};
    assert.deepEqual((await world().call('getGame', {params, expect: 200})).json, game, 'the key is shown once');
    const {games} = (await world().call('listGames', {expect: 200})).json;
    assert.deepEqual(games.find((entry) => entry.game_id === made.game_id), game);
    assert.equal(new Set(games.map((entry) => entry.game_id)).size, games.length);

    const changes = [{status: 'testing'}, {game_name: 'Œuvre 🎲'}, {developer_name: 'Studio'}, {genre: 'RPG'},
      {game_icon: 'https://example.com/i.png'}, {universal_transfers: 'no', linked_game_ids: [friend.id]},
      {allows_outgoing_transfers: false}, {allows_incoming_transfers: false}, {transfer_fee_percentage: '0.25'},
      {item_fee_percentage: '12.5'}, {limits: {batch_reads_per_minute: 7}},
      {limits: {by_id_reads_per_minute: 9}}, {limits: {batch_reads_per_minute: 8}}, {linked_game_ids: []}];
    let expected = game;
    for (const body of changes) {
      expected = {...expected, ...body, limits: {...expected.limits, ...body.limits}}; // limits change one by one
      assert.deepEqual((await world().call('updateGame', {params, body, expect: 200})).json, expected);
    }
    assert.deepEqual((await world().call('getGame', {params, expect: 200})).json, expected);
    await world().call('streamBalances', {key, expect: 200});
  });

  test('what is not a change writes nothing, and what is mistyped is no change', async () => {
    const {json: game} = await create({limits: {batch_reads_per_minute: 7}}, 201);
    const params = {id: game.game_id};
    const change = (body, expect) => world().call('updateGame', {params, body, expect});
    const before = await change({genre: 'RPG'}, 200);
    for (const body of [{}, {genre: 'RPG'}, {limits: {}}, {limits: {batch_reads_per_minute: 7}}, {status: null},
      {game_name: game.game_name, status: 'live', linked_game_ids: []}]) {
      const reply = await change(body, 200);
      assert.deepEqual(reply.json, before.json);
      assert.ok(Number(reply.headers['florin-position']) >= Number(before.headers['florin-position']));
    }
    for (const [body, field, message] of [
      [{statuss: 'suspended'}, 'statuss', "Unknown field 'statuss': did you mean 'status'?"],
      [{limits: {sends_per_hour: 3}}, 'limits.sends_per_hour',
        "Unknown field 'limits.sends_per_hour': did you mean 'sends_per_player_hour'?"],
      [{genre: 'Puzzle', x: 1}, 'x', undefined], [{['y'.repeat(3000)]: 1}, 'y'.repeat(64), undefined],
      [{currencies: [{currency_name: 'Ore', currency_symbol: 'ORE'}]}, 'currencies', undefined],
      [{status: 'paused'}, 'status', 'status must be live, testing or suspended.'],
      [{universal_transfers: 'maybe'}, 'universal_transfers', 'universal_transfers must be "yes" or "no".'],
    ]) {
      const {json} = await change(body, [400, 'INVALID_REQUEST']);
      assert.equal(json.field, field);
      if (message) assert.equal(json.message, message);
    }
    assert.match((await change({currencies: []}, [400, 'INVALID_REQUEST'])).json.message, /\/currencies adds one, PATCH/);
    const nested = await create({currencies: [{...gold, minimum: '1'}]}, [400, 'INVALID_REQUEST']);
    assert.deepEqual([nested.json.field, nested.json.message], ['currencies[0].minimum',
      "Unknown field 'currencies[0].minimum': did you mean 'minimum_transfer'?"]);
    const missing = await create({status: undefined}, [400, 'INVALID_REQUEST']);
    assert.equal(missing.json.message, 'status is required: live, testing or suspended.');
    assert.deepEqual((await world().call('getGame', {params, expect: 200})).json, before.json);

    const player = email();
    const flag = () => world().call('flagMinor', {params: {email: player}, body: {guardian_phone: '+12025550147'}, expect: 200});
    const flagged = await flag();
    assert.deepEqual((await flag()).json, flagged.json);
  });

  test('a currency is added: new players receive it, those who are there do not', async () => {
    const game = await world().createGame({currencies: [{...gold, starting_amount: '5.00'}]});
    const [old, fresh] = [email(), email()];
    await game.credit(old, '10.00');
    const params = {id: game.id};
    const {json} = await world().call('addCurrency', {params, expect: 201,
      body: {currency_name: 'Gems', currency_symbol: 'GM', starting_amount: '7.00', minimum_transfer: '2'}});
    const {currency_id: id, ...rest} = json.currency;
    assert.deepEqual(rest, {currency_name: 'Gems', currency_symbol: 'GM', starting_amount: '7.00',
      minimum_transfer: '2.00', maximum_transfer: null});
    await game.credit(fresh, '1.00');
    const amounts = async (player) => (await game.balance(player)).balances.map((one) => [one.currency_name, one.available_balance]);
    assert.deepEqual(await amounts(old), [['Gold Coins', '15.00'], ['Gems', '0.00']]);
    assert.deepEqual(await amounts(fresh), [['Gold Coins', '6.00'], ['Gems', '7.00']]);
    const credited = await game.credit(old, '3.00', {currency_id: id});
    assert.deepEqual([credited.json.currency_name, credited.json.new_balance], ['Gems', '3.00']);
    const last = await game.credit(old, '1.00');
    assert.equal(last.json.currency_name, 'Gold Coins', 'the first one stays the default');
    const {players} = await game.stream({}, {'Florin-Min-Position': last.headers['florin-position']});
    const streamed = Object.fromEntries(players.map((one) => [one.player_email, one.balances.map((row) => row.available_balance)]));
    assert.deepEqual([streamed[old], streamed[fresh]], [['16.00', '3.00'], ['6.00', '7.00']]);
    assert.equal((await world().call('getGame', {params, expect: 200})).json.currencies.length, 2);
    const {history} = (await game.call('getHistory', {params: {email: old}, query: {currency_id: id}, expect: 200})).json;
    assert.deepEqual(history.map((line) => [line.currency_name, line.amount]), [['Gems', '3.00']]);
  });

  test('a currency is changed; what was answered before stays what it was', async () => {
    const game = await world().createGame({currencies: [{...gold, starting_amount: '5.00'}]});
    const params = {id: game.id, currency_id: game.currencies[0].currency_id};
    const change = (body, expect = 200) => world().call('changeCurrency', {params, body, expect});
    const player = email();
    const body = {client_request_id: requestId(), player_email: player, amount: '10.00', reason: 'before'};
    const first = await game.call('creditBalance', {body, expect: 200});
    const bought = game.purchaseBody(player);
    const item = await game.call('purchaseItem', {body: bought, expect: 200});
    const update = {client_request_id: requestId(), genre: 'RPG'};
    const updated = await world().call('updateGame', {params: {id: game.id}, body: update, expect: 200});
    let expected = {currency_id: params.currency_id, currency_name: 'Gold Coins', currency_symbol: 'GC',
      starting_amount: '5.00', minimum_transfer: '0.01', maximum_transfer: null};
    for (const step of [{currency_name: 'Crowns'}, {currency_symbol: 'CR'}, {starting_amount: '6.00'},
      {minimum_transfer: '2.00'}, {maximum_transfer: '50.00'}, {minimum_transfer: '3.00', maximum_transfer: '60.00'}]) {
      expected = {...expected, ...step};
      assert.deepEqual((await change(step)).json, {status: 'success', game_id: game.id, currency: expected});
    }
    const open = await change({maximum_transfer: 'none'});
    assert.equal(open.json.currency.maximum_transfer, null);
    const again = await change({maximum_transfer: 'none'});
    assert.deepEqual(again.json, open.json, 'what changes nothing writes nothing');
    await world().call('addCurrency', {params: {id: game.id}, body: {currency_name: 'Gems', currency_symbol: 'GM'}, expect: 201});
    assert.equal((await game.balance(player)).balances[0].currency_name, 'Crowns');
    const fresh = email();
    assert.equal((await game.credit(fresh, '1.00')).json.new_balance, '7.00', 'the new starting amount');
    for (const [operation, request, reply] of [['creditBalance', body, first], ['purchaseItem', bought, item]]) {
      const {json} = await game.call(operation, {body: request, expect: [409, 'DUPLICATE_REQUEST']});
      assert.deepEqual(json.original, reply.json, `${operation}: the first reply`);
    }
    const {json} = await world().call('updateGame', {params: {id: game.id}, body: update, expect: [409, 'DUPLICATE_REQUEST']});
    assert.deepEqual(json.original, updated.json, 'the game as it was then');
  });

  test('currencies that cannot be', async () => {
    const game = await world().createGame({currencies: [gold, {currency_name: 'Gems', currency_symbol: 'GM'}]});
    const add = (body, expect, id = game.id) => world().call('addCurrency',
      {params: {id}, body: {currency_name: 'Ore', currency_symbol: 'O', ...body}, expect});
    const change = (body, expect, params = {}) => world().call('changeCurrency',
      {params: {id: game.id, currency_id: game.currencies[1].currency_id, ...params}, body, expect});
    for (const [body, code] of [[{currency_name: ''}, 'INVALID_REQUEST'], [{currency_symbol: ''}, 'INVALID_REQUEST'],
      [{currency_name: 'x'.repeat(101)}, 'INVALID_REQUEST'], [{minimum_transfer: '0'}, 'INVALID_AMOUNT'],
      [{starting_amount: '-1'}, 'INVALID_AMOUNT'], [{minimum_transfer: '5', maximum_transfer: '4.99'}, 'INVALID_CURRENCY'],
      [{client_request_id: 'sub_1'}, 'CLIENT_REQUEST_ID_RESERVED']]) {
      await add(body, [400, code]);
      if (!body.client_request_id) await change(body, [400, code]);
    }
    await change({currency_symbol: 'X', client_request_id: 'sub_1'}, [400, 'CLIENT_REQUEST_ID_RESERVED']);
    await add({currency_name: undefined}, [400, 'INVALID_REQUEST']);
    await change({client_request_id: requestId()}, [400, 'INVALID_REQUEST']); // nothing to change
    await change({maximum_transfer: 'all'}, [400, 'INVALID_AMOUNT']);
    await add({currency_name: 'Gems'}, [409, 'CURRENCY_NAME_TAKEN']);
    await change({currency_name: 'Gold Coins'}, [409, 'CURRENCY_NAME_TAKEN']);
    await change({currency_name: 'Gems'}, 200); // its own
    const other = await world().createGame();
    for (const unknown of ['0', 'x', '999999999', String(other.currencies[0].currency_id)]) {
      await change({currency_symbol: 'X'}, [404, 'CURRENCY_NOT_FOUND'], {currency_id: unknown});
    }
    for (const unknown of ['999999999999', '1', 'x']) {
      await add({}, [404, 'GAME_NOT_FOUND'], unknown);
      await change({currency_symbol: 'X'}, [404, 'GAME_NOT_FOUND'], {id: unknown});
    }
    for (let count = 2; count < 50; ++count) await add({currency_name: `Ore ${count}`}, 201);
    await add({}, [409, 'TOO_MANY_CURRENCIES']);
  });

  test('changes made at the same time do not undo each other', async () => {
    const {json: game} = await create({}, 201);
    const params = {id: game.game_id};
    const change = (body) => world().call('updateGame', {params, body, expect: 200});
    for (let round = 1; round <= 20; ++round) {
      await change({status: 'live'});
      const fee = `${round}.5`;
      await Promise.all(round % 2 ? [change({status: 'suspended'}), change({item_fee_percentage: fee})]
        : [change({item_fee_percentage: fee}), change({status: 'suspended'})]);
      const {json} = await world().call('getGame', {params, expect: 200});
      assert.deepEqual([json.status, json.item_fee_percentage], ['suspended', fee], `round ${round}`);
    }
  });

  test('everything about a game can be given at once; ids are taken as numbers too', async () => {
    const friend = await world().createGame();
    const body = {...least, developer_name: 'Studio', genre: 'RPG', game_icon: 'https://example.com/i.png',
      status: 'testing', universal_transfers: 'no', linked_game_ids: [friend.id], allows_outgoing_transfers: false,
      allows_incoming_transfers: false, transfer_fee_percentage: '10', item_fee_percentage: '0',
      limits: Object.fromEntries(Object.keys(context.contract.document.components.schemas.Limits.properties)
        .map((name, i) => [name, i + 1])),
      currencies: [{...gold, starting_amount: '0.01', minimum_transfer: '1', maximum_transfer: '500'},
        {currency_name: 'Gems', currency_symbol: '💎', starting_amount: '12'}]};
    const {json} = await world().call('createGame', {body, expect: 201});
    const {currencies, ...settings} = body;
    for (const [name, value] of Object.entries(settings)) assert.deepEqual(json[name], value, name);
    assert.deepEqual(json.currencies.map(({currency_id, ...rest}) => rest), [
      {...gold, starting_amount: '0.01', minimum_transfer: '1.00', maximum_transfer: '500.00'},
      {currency_name: 'Gems', currency_symbol: '💎', starting_amount: '12.00',
        minimum_transfer: json.currencies[1].minimum_transfer, maximum_transfer: null}]);
    const params = {id: json.game_id};
    const numbered = await world().call('updateGame',
      {params, raw: JSON.stringify({linked_game_ids: [Number(friend.id)]}), expect: 200});
    assert.deepEqual(numbered.json.linked_game_ids, [friend.id]);
  });

  test('games that cannot be', async () => {
    for (const [body, code] of [
      [{game_name: undefined}, 'INVALID_REQUEST'], [{game_name: ''}, 'INVALID_REQUEST'], [{game_name: 7}, 'INVALID_REQUEST'],
      [{game_name: 'x'.repeat(10_000)}, 'INVALID_REQUEST'], [{status: 'paused'}, 'INVALID_REQUEST'],
      [{universal_transfers: 'maybe'}, 'INVALID_REQUEST'], [{universal_transfers: true}, 'INVALID_REQUEST'],
      [{allows_outgoing_transfers: 'yes'}, 'INVALID_REQUEST'], [{linked_game_ids: 'x'}, 'INVALID_REQUEST'],
      [{linked_game_ids: ['12']}, 'INVALID_REQUEST'], [{currencies: undefined}, 'INVALID_REQUEST'],
      [{currencies: [{currency_symbol: 'X'}]}, 'INVALID_REQUEST'], [{currencies: [7]}, 'INVALID_REQUEST'],
      [{limits: {batch_reads_per_minute: 0}}, 'INVALID_REQUEST'], [{limits: {batch_reads_per_minute: 'x'}}, 'INVALID_REQUEST'],
      [{transfer_fee_percentage: 'x'}, 'INVALID_REQUEST'], [{transfer_fee_percentage: '-1'}, 'INVALID_REQUEST'],
      [{item_fee_percentage: '1.005'}, 'INVALID_REQUEST'],
      [{transfer_fee_percentage: '10.01'}, 'INVALID_REQUEST'], [{client_request_id: 'sub_1'}, 'CLIENT_REQUEST_ID_RESERVED'],
      [{currencies: [gold, {...gold, currency_symbol: 'X'}]}, 'INVALID_REQUEST'],
      [{currencies: [{...gold, starting_amount: '1.001'}]}, 'INVALID_AMOUNT'],
      [{currencies: [{...gold, starting_amount: '-1'}]}, 'INVALID_AMOUNT'],
      [{currencies: [{...gold, maximum_transfer: 5}]}, 'INVALID_AMOUNT'],
    ]) {
      await create(body, [400, code]);
    }
    const none = await create({currencies: []});
    assert.equal(none.status, 400);
    await create({linked_game_ids: ['999999999999']}, [400, 'LINKED_GAME_NOT_FOUND']);

    const {id} = await world().createGame();
    for (const [body, code] of [[{status: 'paused'}, 'INVALID_REQUEST'], [{transfer_fee_percentage: '11'}, 'INVALID_REQUEST'],
      [{game_name: ''}, 'INVALID_REQUEST'], [{client_request_id: 'sub_1'}, 'CLIENT_REQUEST_ID_RESERVED']]) {
      await world().call('updateGame', {params: {id}, body, expect: [400, code]});
    }
    await world().call('updateGame', {params: {id}, body: {linked_game_ids: ['999999999999']},
      expect: [400, 'LINKED_GAME_NOT_FOUND']});
    for (const unknown of ['999999999999', '1', 'x', '99999999999999999999']) {
      await world().call('getGame', {params: {id: unknown}, expect: [404, 'GAME_NOT_FOUND']});
      await world().call('updateGame', {params: {id: unknown}, body: {genre: 'x'}, expect: [404, 'GAME_NOT_FOUND']});
    }
  });

  test('a rotated key works on for its grace, an immediate rotation cuts it', async () => {
    const game = await world().createGame();
    const neighbour = await world().createGame();
    const player = email();
    await game.credit(player, '100.00');
    const first = game.key;
    const {json} = await game.call('rotateKey', {body: {immediate: false}, expect: 200});
    const second = json.sdk_key;
    const week = 7 * 86_400_000;
    assert.ok(Math.abs(Date.parse(json.previous_key_valid_until) - Date.now() - week) < 120_000, 'seven days');
    assert.notEqual(second, first);
    for (const key of [first, second]) {
      await game.call('getBalanceByEmail', {params: {email: player}, key, expect: 200});
      await game.call('getBalanceById', {params: {player_id: (await game.balance(player)).player.player_id}, key, expect: 200});
      await game.call('getBalancesBatch', {body: {player_emails: [player]}, key, expect: 200});
      await game.call('streamBalances', {key, expect: 200});
      await game.call('getHistory', {params: {email: player}, key, expect: 200});
      await game.call('getPurchases', {query: {player_email: player}, key, expect: 200});
      const {order_id} = (await game.call('purchaseItem', {body: game.purchaseBody(player), key, expect: 200})).json;
      await game.call('refundItem', {body: {client_request_id: requestId(), order_id, reason: 'test'}, key, expect: 200});
    }
    const cut = await game.call('rotateKey', {body: {immediate: true}, key: second, expect: 200});
    assert.equal(cut.json.previous_key_valid_until, null);
    for (const key of [first, second]) {
      const refused = await game.call('getBalanceByEmail', {params: {email: player}, key, expect: [401, 'INVALID_GAME_SECRET']});
      assert.match(refused.json.message, /an immediate rotation cuts the old keys at once/);
    }
    await game.call('getBalanceByEmail', {params: {email: player}, key: cut.json.sdk_key, expect: 200});
    await game.call('rotateKey', {body: {}, key: cut.json.sdk_key, expect: 200}); // not immediate unless asked for
    await game.call('getBalanceByEmail', {params: {email: player}, key: cut.json.sdk_key, expect: 200});
    await neighbour.call('streamBalances', {expect: 200});
  });

  test('an operator replaces a key without having it, also of a suspended game', async () => {
    const game = await world().createGame();
    const neighbour = await world().createGame();
    const player = email();
    await game.credit(player, '1.00');
    const params = {id: game.id};
    const rotate = (body, expect = 201) => world().call('rotateGameKey', {params, body, expect});
    const read = (key, expect = 200) => game.call('getBalanceByEmail', {params: {email: player}, key, expect});

    const {json: graceful} = await rotate({});
    assert.equal(graceful.game_id, game.id);
    const week = 7 * 86_400_000;
    assert.ok(Math.abs(Date.parse(graceful.previous_key_valid_until) - Date.now() - week) < 120_000, 'seven days');
    for (const key of [game.key, graceful.sdk_key]) await read(key);

    await world().call('updateGame', {params, body: {status: 'suspended'}, expect: 200});
    const {json: cut} = await rotate({immediate: true});
    assert.equal(cut.previous_key_valid_until, null);
    await read(cut.sdk_key, [403, 'GAME_NOT_ACTIVE']);
    await world().call('updateGame', {params, body: {status: 'live'}, expect: 200});
    for (const key of [game.key, graceful.sdk_key]) await read(key, [401, 'INVALID_GAME_SECRET']);
    await read(cut.sdk_key);
    await neighbour.call('streamBalances', {expect: 200});

    await rotate({immediate: 'yes'}, [400, 'INVALID_REQUEST']);
    await rotate({client_request_id: 'sub_1'}, [400, 'CLIENT_REQUEST_ID_RESERVED']);
    for (const unknown of ['999999999999', '1', 'x']) {
      await world().call('rotateGameKey', {params: {id: unknown}, body: {}, expect: [404, 'GAME_NOT_FOUND']});
    }
    await read(cut.sdk_key);
  });

  test('operators and rotations may name their requests, which are then carried out once', async () => {
    const game = await world().createGame();
    const again = async (call, body, other, hidden) => {
      const first = await call({body});
      assert.ok(first.status < 300, first.text);
      const expected = {...first.json};
      delete expected[hidden];
      const {json} = await call({body, expect: [409, 'DUPLICATE_REQUEST']});
      assert.deepEqual(json.original, expected, 'the original reply, without the key');
      assert.equal('order_id' in json, false, 'neither a game nor a key is an order');
      await call({body: {...body, ...other}, expect: [422, 'CLIENT_REQUEST_ID_REUSED']});
      return first.json;
    };
    const made = await again((options) => world().call('createGame', options),
      {...least, client_request_id: requestId()}, {game_name: 'Another'}, 'sdk_key');
    await again((options) => world().call('updateGame', {params: {id: made.game_id}, ...options}),
      {client_request_id: requestId(), genre: 'RPG'}, {genre: 'Puzzle'});
    await again((options) => world().call('addCurrency', {params: {id: made.game_id}, ...options}),
      {client_request_id: requestId(), currency_name: 'Gems', currency_symbol: 'GM'}, {currency_symbol: 'G'});
    await again((options) => world().call('changeCurrency',
      {params: {id: made.game_id, currency_id: made.currencies[0].currency_id}, ...options}),
      {client_request_id: requestId(), currency_symbol: 'GD'}, {currency_symbol: 'G'});
    await again((options) => world().call('rotateGameKey', {params: {id: made.game_id}, ...options}),
      {client_request_id: requestId()}, {immediate: true}, 'sdk_key');
    await again((options) => game.call('rotateKey', options), {client_request_id: requestId(), immediate: false},
      {immediate: true}, 'sdk_key');
    await game.call('rotateKey', {body: {client_request_id: 'sub_1'}, expect: [400, 'CLIENT_REQUEST_ID_RESERVED']});
  });

  test('limits answer 429 with the seconds to wait, to the one who is over', async () => {
    const limits = {by_email_reads_per_minute: 4, by_id_reads_per_minute: 4, batch_reads_per_minute: 4,
      item_purchases_per_player_minute: 4};
    const game = await world().createGame({limits});
    const neighbour = await world().createGame();
    const [player, another] = [email(), email()];
    const {player_id: id} = (await game.credit(player, '100.00')).json.player;
    await game.credit(another, '100.00');
    await neighbour.credit(player, '100.00');
    for (const [operation, request] of [['getBalanceByEmail', () => ({params: {email: player}})],
      ['getBalanceById', () => ({params: {player_id: id}})], ['getBalancesBatch', () => ({body: {player_emails: [player]}})],
      ['purchaseItem', () => ({body: game.purchaseBody(player, {item_quantity: 1, unit_price: '1', total_price: '1'})})]]) {
      let passed = 0;
      let reply;
      for (; passed < 20; ++passed) {
        reply = await game.call(operation, request());
        if (reply.status !== 200) break;
      }
      assert.deepEqual([reply.status, reply.json.error_code], [429, 'RATE_LIMITED'], operation);
      assert.ok(passed >= 4 && passed <= 7, `${operation}: 4 a minute and half as many in a burst, not ${passed}`);
    }
    await game.call('purchaseItem', {body: game.purchaseBody(another), expect: 200}); // the limit is each player's
    await neighbour.call('getBalanceByEmail', {params: {email: player}, expect: 200});
  });

  test('read models are listed, rebuilt beside the live one, and caught up', async () => {
    const game = await world().createGame();
    const player = email();
    await game.credit(player, '10.00');
    const {projections} = (await world().call('listProjections', {expect: 200})).json;
    for (const name of ['history', 'orders', 'reconciliation']) {
      assert.ok(projections.some((entry) => entry.name === name && !entry.failed && entry.error === null), name);
    }
    for (const id of ['rebuildProjection', 'getProjectionProgress']) {
      for (const name of ['nothing', '..', 'history.v1', '%00', "'; drop table"]) {
        await world().call(id, {params: {name}, expect: [404, 'PROJECTION_NOT_FOUND']});
      }
    }
    for (const name of ['history', 'orders', 'reconciliation']) {
      let refused = false;
      for (let round = 0; round < 50 && !refused; ++round) {
        const replies = await Promise.all(Array.from({length: 8}, () => world().call('rebuildProjection', {params: {name}})));
        const codes = replies.map((reply) => reply.json.error_code ?? reply.status);
        assert.ok(codes.every((code) => code === 202 || code === 'REBUILD_RUNNING'), codes.join());
        refused = codes.includes('REBUILD_RUNNING');
        const head = (await game.credit(player, '0.01')).headers['florin-position'];
        let status;
        for (let wait = 0; wait < 600; ++wait) {
          status = (await world().call('getProjectionProgress', {params: {name}, expect: 200})).json;
          assert.equal(status.failed, false);
          if (status.rebuild === null && status.position >= Number(head)) break;
          await sleep(50);
        }
        assert.equal(status.rebuild, null, 'the rebuild ends');
        assert.ok(status.position >= Number(head), 'and catches up');
      }
      assert.ok(refused, 'a second rebuild while one runs is refused');
    }
    const {history} = (await game.call('getHistory', {params: {email: player}, expect: 200})).json;
    assert.equal(history.at(-1).amount, '10.00');
    const {players, trailer} = await game.stream();
    assert.deepEqual([players.length, trailer.total_available], [1, await game.available(player)]);
  });
}
