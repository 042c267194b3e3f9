// What survives: a clean stop, and a kill in the middle of the night.
import assert from 'node:assert/strict';
import {it as test} from 'node:test';
import {raw} from '../support/http.mjs';
import {Server} from '../support/server.mjs';
import {World, email, minor, requestId} from '../support/world.mjs';
import {environments} from '../support/contract.mjs';

export function lifecycleSuite(context) {
  const worldsOf = (server) => Object.keys(environments).map((name) => new World(server, context.contract, name));

  test('health checks answer', async () => {
    const world = context.worlds.production;
    await world.call('getLiveness', {expect: 200});
    const quiet = (await world.call('getReadiness', {expect: 200})).json;
    assert.equal(quiet.checks, undefined);
    for (const verbose of ['', 'true']) {
      const {checks} = (await world.call('getReadiness', {query: {verbose}, expect: 200})).json;
      assert.deepEqual(checks.map((check) => `${check.environment} ${check.name} ${check.status}`).sort(),
        Object.keys(environments).flatMap((name) => ['time', 'views', 'writes'].map((check) => `${name} ${check} pass`)).sort());
    }
    assert.match((await raw(context.server.port, 'GET /readyz?verbose HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).text,
      /"checks":\[/);
    const metrics = (await world.call('getMetrics', {expect: 200})).text;
    for (const name of Object.keys(environments)) {
      for (const figure of [`florin_clock_lead_seconds{environment="${name}"} -?[0-9.e-]+`,
        `florin_clock_following{environment="${name}"} 1`, `florin_clock_wall_jumps_total{environment="${name}"} 0`,
        ...['views', 'sagas', 'snapshots'].map((consumer) =>
          `florin_consumer_lag_events{environment="${name}",consumer="${consumer}"} [0-9]+`)]) {
        assert.match(metrics, new RegExp(`^${figure}$`, 'm'));
      }
    }
    for (const served of ['getOpenApi', 'getOpenApi30']) {
      const document = await world.call(served, {expect: 200});
      if (served === 'getOpenApi') assert.deepEqual(document.json, context.contract.document);
      for (const tag of [document.headers.etag, `"another", W/${document.headers.etag}`, '*']) {
        await world.call(served, {headers: {'If-None-Match': tag}, expect: 304});
      }
      await world.call(served, {headers: {'If-None-Match': '"another"'}, expect: 200});
    }
  });

  for (const [signal, what] of [['SIGTERM', 'a clean stop'], ['SIGKILL', 'kill -9']]) {
    test(`everything acknowledged is there after ${what}`, async () => {
      let server = await Server.start();
      const stories = [];
      for (const world of worldsOf(server)) {
        const game = await world.createGame();
        const player = email();
        await game.credit(player, '100.00', {player_name: 'Ünïcödé 🎲'});
        const body = game.purchaseBody(player);
        const purchase = await game.call('purchaseItem', {body, expect: 200});
        const {order_id} = (await game.purchase(player)).json;
        const refundBody = {client_request_id: requestId(), order_id, reason: 'test'};
        const refund = await game.call('refundItem', {body: refundBody, expect: 200});
        const rotated = (await game.call('rotateKey', {body: {immediate: true}, expect: 200})).json;
        game.key = rotated.sdk_key;
        const head = (await game.credit(player, '1.00')).headers['florin-position'];
        const look = async (on, position) => {
          const headers = {'Florin-Min-Position': position};
          return {
          balance: await on.balance(player, headers),
          history: await on.pages('getHistory', 'history', {params: {email: player}, headers}),
          orders: (await on.call('getPurchases', {query: {player_email: player}, headers, expect: 200})).json,
          stream: (await on.stream({}, headers)).players,
          settings: (await on.world.call('getGame', {params: {id: on.id}, expect: 200})).json,
          };
        };
        stories.push({world, game, player, body, purchase, refundBody, refund, look, head,
                      before: await look(game, head)});
      }
      // Requests in flight when the signal comes: each is either there afterwards, exactly once, or it is not.
      const flying = [];
      for (const {game, player} of stories) {
        for (let i = 0; i < 40; ++i) {
          const body = {client_request_id: requestId(), player_email: player, amount: '0.01', reason: 'in flight'};
          flying.push({game, body, reply: game.call('creditBalance', {body}).catch(() => undefined)});
        }
      }
      await Promise.race(flying.map((one) => one.reply));
      const ended = await server.stop(signal);
      if (signal === 'SIGTERM') assert.deepEqual(ended, {code: 0, signal: null}, server.output.slice(-2000));
      const answers = await Promise.all(flying.map((one) => one.reply));

      server = await Server.start({data: server.data});
      try {
        for (const story of stories) {
          const world = new World(server, context.contract, story.world.name);
          const game = Object.assign(Object.create(Object.getPrototypeOf(story.game)), story.game, {world});
          let head = Number(story.head);
          let expected = minor(story.before.balance.balances[0].available_balance);
          for (const [i, one] of flying.entries()) {
            if (one.game !== story.game) continue;
            const {status, headers} = await game.call('creditBalance', {body: one.body});
            head = Math.max(head, Number(headers['florin-position']));
            if (answers[i]?.status === 200) assert.equal(status, 409, 'acknowledged, so it is there');
            else assert.ok([200, 409].includes(status));
            expected += 1n;
          }
          assert.equal(minor(await game.available(story.player)), expected, 'each of them once');
          const again = await game.call('purchaseItem', {body: story.body, expect: [409, 'DUPLICATE_REQUEST']});
          assert.deepEqual(again.json.original, story.purchase.json);
          const back = await game.call('refundItem', {body: story.refundBody, expect: [409, 'DUPLICATE_REQUEST']});
          assert.deepEqual(back.json.original, story.refund.json);
          const after = await story.look(game, String(head));
          assert.deepEqual(after.settings, story.before.settings);
          assert.deepEqual(after.orders, story.before.orders);
          assert.deepEqual(after.balance.player.player_name, 'Ünïcödé 🎲');
          assert.deepEqual(after.history.slice(-story.before.history.length), story.before.history);
          assert.equal(after.history.length, story.before.history.length + flying.length / 2);
          assert.deepEqual(after.stream.map((line) => line.player_email), [story.player]);
        }
      } finally {
        assert.deepEqual(await server.stop(), {code: 0, signal: null}, server.output.slice(-2000));
      }
    });
  }

  test('a full disk: nothing more is acknowledged, reads go on, and a restart with room resumes', async () => {
    let server = await Server.start({fileBytes: 4 << 20});
    let [world] = worldsOf(server);
    let game = await world.createGame();
    const player = email();
    await game.credit(player, '1.00');
    const credit = (body) => game.call('creditBalance', {body, provoked: true}).catch(() => undefined);
    const sent = [];
    let refused;
    const client = async () => {
      while (!refused && sent.length < 100_000) {
        const body = {client_request_id: requestId(), player_email: player, amount: '0.01', reason: 'x'.repeat(200)};
        const entry = {body};
        sent.push(entry);
        entry.reply = await credit(body);
        if (entry.reply?.status !== 200) refused ??= entry;
      }
    };
    await Promise.all(Array.from({length: 16}, client));
    assert.ok(refused, 'the disk fills up');
    for (const {reply} of sent) assert.ok([200, 503].includes(reply?.status), reply?.text);
    assert.ok(Number(refused.reply.headers['retry-after']) >= 1);
    const later = await credit({client_request_id: requestId(), player_email: player, amount: '0.01', reason: 'later'});
    assert.equal(later?.status, 503, 'a store that failed to write stays closed');
    const acknowledged = sent.filter((entry) => entry.reply.status === 200).length;
    assert.ok(minor(await game.available(player)) >= 100n + BigInt(acknowledged), 'reads go on');
    assert.equal((await world.call('getReadiness', {provoked: true})).status, 503);
    const closed = await world.call('getReadiness', {query: {verbose: ''}, provoked: true});
    assert.equal(closed.status, 503);
    assert.equal(closed.json.checks.find((check) => check.name === 'writes').status, 'fail');
    await world.call('getLiveness', {expect: 200});
    await server.stop();

    server = await Server.start({data: server.data});
    [world] = worldsOf(server);
    game = Object.assign(Object.create(Object.getPrototypeOf(game)), game, {world});
    try {
      for (const {body, reply} of [...sent.slice(0, 20), ...sent.slice(-200)]) {
        const again = await game.call('creditBalance', {body});
        assert.ok(again.status === 409 || (reply.status === 503 && again.status === 200), `${reply.status}, then ${again.status}`);
      }
      assert.equal(minor(await game.available(player)), 100n + BigInt(sent.length), 'each of them once');
    } finally {
      assert.deepEqual(await server.stop(), {code: 0, signal: null}, server.output.slice(-2000));
    }
  });

  test('clients that stop in the middle of a request, or say nothing, are let go', async () => {
    const server = await Server.start({settings: {'server.request_seconds': 1, 'server.idle_seconds': 2}});
    try {
      const [world] = worldsOf(server);
      const head = 'POST /api/player-balances/batch HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';
      const halves = {'nothing': '', 'half a request line': 'POST /api', 'half a header': head,
        'half a body': `${head}Content-Length: 100\r\n\r\n{"player_`};
      const replies = await Promise.all(Object.values(halves).map((bytes) => raw(server.port, bytes, 15_000)));
      for (const [i, what] of Object.keys(halves).entries()) assert.ok(replies[i].closed, `${what}: closed`);
      await world.call('getLiveness', {expect: 200});
    } finally {
      assert.deepEqual(await server.stop(), {code: 0, signal: null}, server.output.slice(-2000));
    }
  });

  test('an idle connection does not keep a stopping server', async () => {
    const server = await Server.start();
    const [world] = worldsOf(server);
    await world.call('getLiveness', {expect: 200}); // its kept-alive connection stays open
    assert.deepEqual(await server.stop(), {code: 0, signal: null}, server.output.slice(-2000));
  });
}
