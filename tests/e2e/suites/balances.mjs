// Reading balances and moving them: by e-mail, by id, in batches, credits and debits, history.
import assert from 'node:assert/strict';
import {it as test} from 'node:test';
import {exchange} from '../support/http.mjs';
import {decimal, email, minor, requestId} from '../support/world.mjs';

const twoCurrencies = [
  {currency_name: 'Gold Coins', currency_symbol: 'GC', starting_amount: '50.00'},
  {currency_name: 'Gems', currency_symbol: '💎', starting_amount: '0.50'}];

export const badAmounts = [1, 1.5, '1e3', '+1', '-1', '1,000.00', '1,5', '1.000', ' 1', '1 ', '0', '0.00', '.5', '5.', '0x10',
  '１', '1_000', '1000000000', '999999999999999999999999999', 'NaN', 'Infinity', 'ten'];
const badEmails = ['ada', 'ada@', '@example.com', 'a b@example.com', 'ada@@example.com'];

export function balancesSuite(context, environment) {
  const world = () => context.worlds[environment];

  test('a new player receives the starting amounts once, and the balance adds up', async () => {
    const game = await world().createGame({currencies: twoCurrencies});
    const player = email();
    await game.call('getBalanceByEmail', {params: {email: player}, expect: [404, 'PLAYER_NOT_FOUND']});
    const credited = (await game.credit(player, '25.5', {player_name: 'Ada'})).json;
    assert.equal(credited.new_balance, '75.50');
    assert.deepEqual(credited.balance_info, {previous_balance: '50.00', new_balance: '75.50', amount: '25.50'});
    assert.equal(credited.currency_name, 'Gold Coins');
    assert.equal(credited.player.player_name, 'Ada');
    await game.credit(player, '0.01');
    const balance = await game.balance(player);
    assert.deepEqual(balance.balances.map((entry) => entry.currency_id), game.currencies.map((c) => c.currency_id));
    assert.deepEqual(balance.balances.map((entry) => entry.available_balance), ['75.51', '0.50']);
    assert.deepEqual(balance.balances.map((entry) => entry.currency_symbol), ['GC', '💎']);
    for (const entry of balance.balances) {
      assert.equal(minor(entry.total_balance), minor(entry.available_balance) + minor(entry.reserved_balance));
    }
    const {summary} = balance;
    assert.deepEqual([summary.total_currencies, summary.currency_count, summary.total_value, summary.total_value_usd,
      summary.has_funds], [2, 2, '76.01', '7.60', true]);
    assert.equal(summary.last_updated, balance.last_updated);
    const byId = await game.call('getBalanceById', {params: {player_id: balance.player.player_id}, expect: 200});
    assert.deepEqual(byId.json, balance);
  });

  test('a player is found by id only as a positive number, and only in the own game', async () => {
    const game = await world().createGame();
    const other = await world().createGame();
    const {player_id: id} = (await game.credit(email(), '1.00')).json.player;
    await other.call('getBalanceById', {params: {player_id: id}, expect: [404, 'PLAYER_NOT_FOUND']});
    await game.call('getBalanceById', {params: {player_id: 9007199254740991}, expect: [404, 'PLAYER_NOT_FOUND']});
    for (const bad of ['abc', '-1', '1.5', '99999999999999999999', '1 ']) {
      await game.call('getBalanceById', {params: {player_id: bad}, expect: [400, 'INVALID_REQUEST']});
    }
  });

  test('one person is one identity, in any spelling and in any game', async () => {
    const game = await world().createGame();
    const other = await world().createGame();
    const player = email();
    const shouted = player.toUpperCase();
    const first = (await game.credit(`  ${shouted} `, '10.00')).json;
    assert.equal(first.player.player_email, shouted, 'trimmed, and as it was first written');
    const second = (await game.credit(player, '5.00')).json;
    assert.equal(second.player.player_id, first.player.player_id);
    assert.equal((await game.balance(shouted)).balances[0].available_balance, '15.00');
    await other.call('getBalanceByEmail', {params: {email: player}, expect: [404, 'PLAYER_NOT_FOUND']});
    await other.credit(player, '1.00');
    const [here, there] = [await game.balance(player), await other.balance(player)];
    assert.equal(here.player.identity_id, there.player.identity_id);
    assert.notEqual(here.player.player_id, there.player.player_id);
    assert.deepEqual([here, there].map((b) => b.balances[0].available_balance), ['15.00', '1.00']);
  });

  test('e-mails in a path: percent-encoded, with a plus, with a broken escape', async () => {
    const game = await world().createGame();
    const player = email().replace('player', "o'neil+tag");
    await game.credit(player, '3.00');
    assert.equal(await game.available(player), '3.00');
    const plain = await exchange(world().server.port, {
      path: world().path('getBalanceByEmail', {email: 'X'}).replace('X', player.replace("'", '%27')),
      headers: {'X-Game-Secret-Key': game.key}});
    assert.equal(plain.status, 200, 'a plus in a path is a plus');
    for (const broken of ['%zz', '%', '%c3%28%40example.com', 'a%00%40example.com']) {
      const reply = await exchange(world().server.port, {
        path: world().path('getBalanceByEmail', {email: 'X'}).replace('X', broken),
        headers: {'X-Game-Secret-Key': game.key}});
      world().contract.check(environment, 'getBalanceByEmail', undefined, reply);
      assert.equal(reply.status, 400, broken);
    }
    for (const bad of [...badEmails, `${'a'.repeat(250)}@example.com`]) {
      for (const id of ['getBalanceByEmail', 'getHistory']) {
        await game.call(id, {params: {email: bad}, expect: [400, 'INVALID_EMAIL']});
      }
    }
  });

  test('names in any script come back as they were given', async () => {
    const game = await world().createGame({game_name: 'Königreich der Würfel 🎲'});
    for (const name of ['Łukasz Żółć', '花子', '🗡️ أحمد', 'O\'Brien "the \\ Great"', 'Ada\tLovelace', '']) {
      const player = email();
      const {json} = await game.credit(player, '1.00', {player_name: name});
      assert.equal(json.player.player_name ?? '', name);
      assert.equal((await game.balance(player)).player.player_name ?? '', name);
    }
    const player = email();
    await game.credit(player, '1.00', {player_name: 'Before'});
    await game.credit(player, '1.00');
    assert.equal((await game.balance(player)).player.player_name, 'Before', 'no name given leaves it');
    await game.credit(player, '1.00', {player_name: 'After'});
    assert.equal((await game.balance(player)).player.player_name, 'After');
  });

  for (const id of ['creditBalance', 'debitBalance']) {
    test(`${id}: fields that are missing, wrong or too long`, async () => {
      const game = await world().createGame({currencies: twoCurrencies});
      const player = email();
      await game.credit(player, '100.00');
      const body = () => ({client_request_id: requestId(), player_email: player, amount: '1.00', reason: 'test'});
      const refuse = (change, code, status = 400) =>
        game.call(id, {body: {...body(), ...change}, expect: [status, code]});
      for (const amount of badAmounts) await refuse({amount}, 'INVALID_AMOUNT');
      for (const player_email of badEmails) await refuse({player_email}, 'INVALID_EMAIL');
      for (const field of ['client_request_id', 'player_email', 'amount']) {
        const reply = await refuse({[field]: undefined}, 'INVALID_REQUEST');
        assert.equal(reply.json.field, field);
      }
      for (const change of [{client_request_id: ''}, {client_request_id: 7}, {client_request_id: 'x'.repeat(256)},
        {client_request_id: 'é'.repeat(256)}, {player_email: 7}, {player_name: ['x']}, {player_name: 'x'.repeat(10_000)},
        {reason: 7}, {reason: 'x'.repeat(10_000)}, {currency_id: 1.5}, {currency_id: true}]) {
        await refuse(change, 'INVALID_REQUEST');
      }
      await refuse({client_request_id: 'sub_1'}, 'CLIENT_REQUEST_ID_RESERVED');
      await refuse({currency_id: 4294967295}, 'CURRENCY_NOT_FOUND', 404);
      const other = await world().createGame();
      await refuse({currency_id: other.currencies[0].currency_id}, 'CURRENCY_NOT_FOUND', 404);
      assert.equal(await game.available(player), '150.00', 'nothing moved');
      const longest = requestId().padEnd(255, 'é');
      await game.call(id, {body: {...body(), client_request_id: longest}, expect: 200});
      const gems = {...body(), currency_id: game.currencies[1].currency_id, amount: '0.25'};
      const {json} = await game.call(id, {body: gems, expect: 200});
      assert.deepEqual([json.currency_name, json.balance_info.previous_balance], ['Gems', '0.50']);
    });

    test(`${id}: the same request again, another one under its id, and a crowd`, async () => {
      const game = await world().createGame();
      const player = email();
      await game.credit(player, '100.00');
      const body = {client_request_id: requestId(), player_email: player, amount: '10.00', reason: 'test'};
      const first = await game.call(id, {body, expect: 200});
      const after = await game.available(player);
      const reordered = Object.fromEntries(Object.entries(body).reverse());
      for (const again of [body, reordered, body]) {
        const {json} = await game.call(id, {body: again, expect: [409, 'DUPLICATE_REQUEST']});
        assert.deepEqual(json.original, first.json);
        assert.equal(json.transaction_id, first.json.transaction_id);
        assert.equal(json.order_id, first.json.order_id);
      }
      const another = id === 'creditBalance' ? 'debitBalance' : 'creditBalance';
      for (const change of [{amount: '10.01'}, {reason: 'other'}, {player_email: email()}]) {
        await game.call(id, {body: {...body, ...change}, expect: [422, 'CLIENT_REQUEST_ID_REUSED']});
      }
      await game.call(another, {body, expect: [422, 'CLIENT_REQUEST_ID_REUSED']});
      assert.equal(await game.available(player), after);

      const crowd = {...body, client_request_id: requestId()};
      const replies = await Promise.all(Array.from({length: 24}, () => game.call(id, {body: crowd})));
      assert.equal(replies.filter((reply) => reply.status === 200).length, 1, 'one of them is carried out');
      assert.equal(replies.filter((reply) => reply.status === 409).length, 23);
      const change = id === 'creditBalance' ? 1000n : -1000n;
      assert.equal(minor(await game.available(player)), minor(after) + change);

      const neighbour = await world().createGame();
      await neighbour.credit(player, '100.00');
      await neighbour.call(id, {body, expect: 200}); // an id is unique in its game only
    });
  }

  test('a debit takes no more than there is, and a refusal leaves its id free', async () => {
    const game = await world().createGame();
    const player = email();
    const body = {client_request_id: requestId(), player_email: player, amount: '10.01', reason: 'test'};
    await game.call('debitBalance', {body, expect: [404, 'PLAYER_NOT_FOUND']});
    await game.call('getBalanceByEmail', {params: {email: player}, expect: [404, 'PLAYER_NOT_FOUND']});
    await game.credit(player, '10.00');
    const {json} = await game.call('debitBalance', {body, expect: [400, 'INSUFFICIENT_BALANCE']});
    assert.deepEqual([json.available_balance, json.required_amount, json.shortfall], ['10.00', '10.01', '0.01']);
    await game.credit(player, '0.01');
    assert.equal((await game.call('debitBalance', {body, expect: 200})).json.new_balance, '0.00');
    const empty = await game.balance(player);
    assert.equal(empty.summary.has_funds, false);
  });

  test('concurrent debits never overdraw', async () => {
    const game = await world().createGame();
    const player = email();
    await game.credit(player, '10.00');
    const replies = await Promise.all(Array.from({length: 30}, () => game.call('debitBalance', {
      body: {client_request_id: requestId(), player_email: player, amount: '1.00', reason: 'race'}})));
    assert.equal(replies.filter((reply) => reply.status === 200).length, 10);
    assert.equal(replies.filter((reply) => reply.json.error_code === 'INSUFFICIENT_BALANCE').length, 20);
    assert.equal(await game.available(player), '0.00');
  });

  test('a read asked for a write\'s position shows that write', async () => {
    const game = await world().createGame();
    const player = email();
    for (let round = 1; round <= 10; ++round) {
      const write = await game.credit(player, '1.00');
      const headers = {'Florin-Min-Position': write.headers['florin-position']};
      const floor = Number(write.headers['florin-position']);
      const balance = await game.call('getBalanceByEmail', {params: {email: player}, headers, expect: 200});
      assert.equal(balance.json.balances[0].available_balance, `${round}.00`);
      const history = await game.call('getHistory', {params: {email: player}, headers, expect: 200});
      assert.equal(history.json.history[0].transaction_id, write.json.transaction_id);
      for (const read of [balance, history]) assert.ok(Number(read.headers['florin-position']) >= floor);
    }
  });

  test('history: newest first, running balances, pages and one currency', async () => {
    const game = await world().createGame({currencies: twoCurrencies});
    const player = email();
    let last;
    const replies = [];
    for (let i = 1; i <= 24; ++i) {
      last = i % 3 === 0
        ? await game.call('debitBalance', {body: {
          client_request_id: requestId(), player_email: player, amount: '0.50', reason: 'test'}, expect: 200})
        : await game.credit(player, `${i}.25`, i % 5 === 0 ? {currency_id: game.currencies[1].currency_id} : {});
      replies.unshift(last.json);
    }
    const headers = {'Florin-Min-Position': last.headers['florin-position']};
    const read = (query) => game.pages('getHistory', 'history', {params: {email: player}, query, headers});
    const all = await read({});
    assert.equal(all.length, 26, 'two starting balances and 24 movements');
    assert.deepEqual(all.slice(0, 24).map((e) => [e.transaction_id, e.order_id]),
      replies.map((reply) => [reply.transaction_id, reply.order_id]));
    assert.deepEqual(all.slice(24).map((e) => e.order_id), [null, null]);
    assert.deepEqual(all.map((e) => e.position), all.map((e) => e.position).sort((a, b) => b - a));
    assert.deepEqual(await read({limit: 7}), all);
    assert.deepEqual(await read({limit: 1}), all);
    assert.equal(new Set(all.map((e) => e.position)).size, all.length);
    for (const {currency_id: id} of game.currencies) {
      const own = await read({currency_id: id, limit: 3});
      assert.deepEqual(own, all.filter((entry) => entry.currency_id === id));
      let running = 0n;
      for (const entry of own.reverse()) {
        running += minor(entry.amount);
        assert.equal(entry.available_balance, decimal(running), 'each entry explains the balance it left');
      }
      const balance = (await game.balance(player)).balances.find((entry) => entry.currency_id === id);
      assert.equal(balance.available_balance, decimal(running));
    }
    assert.deepEqual(all.filter((e) => e.type === 'starting_balance').map((e) => e.amount).sort(), ['0.50', '50.00']);
    const first = await game.call('getHistory', {params: {email: player}, headers, expect: 200});
    assert.equal(first.json.pagination.limit, 20, 'the default');
    for (const query of [{limit: 0}, {limit: 101}, {limit: 'x'}, {limit: -1}, {limit: 1.5}, {cursor: 'no-cursor'},
      {currency_id: 'x'}]) {
      await game.call('getHistory', {params: {email: player}, query, expect: [400, 'INVALID_REQUEST']});
    }
    const other = await world().createGame();
    const foreign = {currency_id: other.currencies[0].currency_id};
    await game.call('getHistory', {params: {email: player}, query: foreign, expect: [404, 'CURRENCY_NOT_FOUND']});
    await other.call('getHistory', {params: {email: player}, expect: [404, 'PLAYER_NOT_FOUND']});
  });

  test('batch: request order, unknown addresses, the summary, the limit', async () => {
    const game = await world().createGame({currencies: twoCurrencies});
    const players = Array.from({length: 5}, email);
    for (const [i, player] of players.entries()) await game.credit(player, `${i + 1}.00`);
    const unknown = email();
    const asked = [players[3], unknown, players[0].toUpperCase(), players[4], 'not-an-address', players[1]];
    const plain = (await game.call('getBalancesBatch', {body: {player_emails: asked}, expect: 200})).json;
    assert.deepEqual(plain.players.map((entry) => entry.player_email.toLowerCase()),
      [players[3], players[0], players[4], players[1]]);
    assert.deepEqual(plain.players.map((entry) => entry.total_value), ['54.50', '51.50', '55.50', '52.50']);
    assert.deepEqual(plain.not_found, [unknown, 'not-an-address']);
    assert.deepEqual(plain.players[0].balances, (await game.balance(players[3])).balances);
    const summed = (await game.call('getBalancesBatch',
      {body: {player_emails: players, include_summary: true}, expect: 200})).json;
    assert.deepEqual(summed.summary, {total_players: 5, total_value: '267.50'});
    const none = (await game.call('getBalancesBatch',
      {body: {player_emails: [], include_summary: true}, expect: 200})).json;
    assert.deepEqual([none.players, none.not_found, none.summary], [[], [], {total_players: 0, total_value: '0.00'}]);
    const many = Array.from({length: 100_000}, (_, i) => (i % 1000 === 0 ? players[i % 5] : `n${i}@example.com`));
    const big = (await game.call('getBalancesBatch', {body: {player_emails: many}, expect: 200})).json;
    assert.deepEqual([big.players.length, big.not_found.length], [100, 99_900]);
    await game.call('getBalancesBatch',
      {body: {player_emails: [...many, unknown]}, expect: [400, 'BATCH_TOO_LARGE']});
    for (const bad of [{player_emails: 'x'}, {player_emails: [7]}, {player_emails: [null]},
      {player_emails: [], include_summary: 'yes'}, {}]) {
      await game.call('getBalancesBatch', {body: bad, expect: [400, 'INVALID_REQUEST']});
    }
  });
}
