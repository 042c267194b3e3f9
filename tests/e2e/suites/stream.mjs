// stream-all: totals that add up, cursors that miss nothing, one moment whatever is written meanwhile.
import assert from 'node:assert/strict';
import {it as test} from 'node:test';
import {decimal, email, minor, requestId} from '../support/world.mjs';

function addUp({players, trailer}) {
  const total = (field) => decimal(players.flatMap((line) => line.balances).reduce((sum, b) => sum + minor(b[field]), 0n));
  assert.equal(trailer.count, players.length);
  assert.equal(trailer.total_available, total('available_balance'));
  assert.equal(trailer.total_reserved, total('reserved_balance'));
  for (const line of players) {
    for (const b of line.balances) {
      assert.equal(minor(b.total_balance), minor(b.available_balance) + minor(b.reserved_balance));
    }
    assert.equal(minor(line.total_value), line.balances.reduce((sum, b) => sum + minor(b.total_balance), 0n));
  }
}

export function streamSuite(context, environment) {
  const world = () => context.worlds[environment];

  test('stream-all: every player once, with the balance a read shows, and totals that add up', async () => {
    const game = await world().createGame({currencies: [
      {currency_name: 'Gold', currency_symbol: 'G', starting_amount: '1.00'}, {currency_name: 'Gems', currency_symbol: '*'}]});
    assert.deepEqual((await game.stream()).players, []);
    const other = await world().createGame();
    await other.credit(email(), '5.00');
    const players = Array.from({length: 40}, email);
    let last;
    for (const player of players) last = await game.credit(player, '2.50');
    const headers = {'Florin-Min-Position': last.headers['florin-position']};
    const stream = await game.stream({}, headers);
    addUp(stream);
    assert.deepEqual(stream.players.map((line) => line.player_email).sort(), [...players].sort());
    assert.equal(stream.trailer.total_available, '140.00');
    assert.ok(stream.position >= Number(last.headers['florin-position']));
    for (const line of stream.players.slice(0, 3)) {
      const balance = await game.balance(line.player_email);
      assert.equal(line.player_id, balance.player.player_id);
      assert.equal(line.identity_id, balance.player.identity_id);
      assert.deepEqual(line.balances, balance.balances.map(({currency_symbol, last_transaction, ...rest}) => rest));
    }
  });

  test('stream-all: a cursor brings exactly what changed since', async () => {
    const game = await world().createGame();
    const players = Array.from({length: 10}, email);
    let last;
    for (const player of players) last = await game.credit(player, '10.00');
    const after = (write) => ({'Florin-Min-Position': write.headers['florin-position']});
    const all = await game.stream({}, after(last));
    assert.equal(all.players.length, 10);
    const nothing = await game.stream({since: all.trailer.cursor});
    addUp(nothing);
    assert.deepEqual(nothing.players, []);
    const newcomer = email();
    await game.credit(players[3], '1.00');
    await game.purchase(players[7]);
    last = await game.credit(newcomer, '1.00');
    const changed = await game.stream({since: all.trailer.cursor}, after(last));
    addUp(changed);
    assert.deepEqual(changed.players.map((line) => line.player_email).sort(), [players[3], players[7], newcomer].sort());
    assert.deepEqual((await game.stream({since: changed.trailer.cursor})).players, []);
    for (const since of ['x', '-1', '1.5', '99999999999999999999999']) {
      await game.call('streamBalances', {query: {since}, expect: [400, 'INVALID_REQUEST']});
    }
  });

  test('stream-all: consistent while players buy, cursors chained under load miss nothing', async () => {
    const game = await world().createGame();
    const players = Array.from({length: 20}, email);
    for (const player of players) await game.credit(player, '1000.00');
    let writing = true;
    let last;
    const writer = async (seed) => {
      for (let i = seed; writing; ++i) {
        last = await game.call(i % 2 ? 'creditBalance' : 'debitBalance', {body: {
          client_request_id: requestId(), player_email: players[i % 20], amount: '1.00', reason: 'load'}, expect: 200});
      }
    };
    const writers = [0, 5, 10, 15].map(writer);
    const known = new Map();
    let since;
    for (let round = 0; round < 10; ++round) {
      const stream = await game.stream(since ? {since} : {});
      addUp(stream);
      assert.ok(stream.players.every((line) => line.changed_position <= stream.position), 'nothing from after the cut');
      for (const line of stream.players) known.set(line.player_email, line.total_value);
      since = stream.trailer.cursor;
    }
    writing = false;
    await Promise.all(writers);
    const headers = {'Florin-Min-Position': last.headers['florin-position']};
    for (const line of (await game.stream({since}, headers)).players) known.set(line.player_email, line.total_value);
    const truth = await game.stream({}, headers);
    addUp(truth);
    assert.deepEqual(Object.fromEntries([...known].sort()),
      Object.fromEntries(truth.players.map((line) => [line.player_email, line.total_value]).sort()));
  });

  test('a game runs two streams at a time, and is told when to ask for a third', async () => {
    const game = await world().createGame();
    for (let i = 0; i < 20; ++i) await game.credit(email(), '1.00');
    let refused;
    for (let round = 0; round < 100 && !refused; ++round) {
      const replies = await Promise.all(Array.from({length: 16}, () => game.call('streamBalances')));
      assert.ok(replies.some((reply) => reply.status === 200), 'some are served');
      refused = replies.find((reply) => reply.status !== 200);
    }
    assert.deepEqual([refused?.status, refused?.json.error_code], [429, 'RATE_LIMITED']);
    await game.call('streamBalances', {expect: 200}); // the places were given back
  });
}
