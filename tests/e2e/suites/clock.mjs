// What happens when somebody sets the machine's clock. Its steady clocks go on as they are (support/server.mjs).
import assert from 'node:assert/strict';
import {it as test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';
import {environments} from '../support/contract.mjs';
import {Scene, flavours} from '../support/scene.mjs';
import {Server} from '../support/server.mjs';
import {World, email} from '../support/world.mjs';

const twoHours = 7200;

export function clockSuite(context) {
  const {provider} = context.server;
  const worldsOf = (server) => Object.keys(environments).map((name) => new World(server, context.contract, name));

  // The line with which the log says that a clock's standing changed. It looks once a second.
  async function logged(server, pattern) {
    for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(50)) {
      if (pattern.test(server.output)) return;
    }
    assert.fail(`no line ${pattern} in:\n${server.output.slice(-3000)}`);
  }
  const lines = (server, pattern) => server.output.split('\n').filter((line) => pattern.test(line)).length;
  const setWall = (server, worlds, wallAhead, ledgerAhead) => {
    server.setWall(wallAhead);
    for (const world of worlds) world.ahead = ledgerAhead; // what its replies are expected to show
  };
  const clockOf = async (world) => (await world.call('getClock', {expect: 200})).json.clock;

  test('started two hours ahead and then set right: nobody is locked out, and every wait is told right', async () => {
    const server = await Server.start({provider, wallAhead: twoHours});
    const worlds = worldsOf(server);
    for (const world of worlds) {
      setWall(server, worlds, twoHours, twoHours);
      const limits = {by_id_reads_per_minute: 60, item_purchases_per_player_minute: 60};
      const game = await world.createGame({limits});
      const player = email();
      await game.credit(player, '1000.00');
      const {player_id: id} = (await game.balance(player)).player;
      const read = () => game.call('getBalanceById', {params: {player_id: id}, expect: 200});
      for (let i = 0; i < 40; ++i) {
        await read();
        await game.purchase(player);
      }
      const scene = await Scene.make(world, flavours.send);
      const {id: early} = await scene.start({amount: '5.00'});

      setWall(server, worlds, 0, twoHours);
      for (let i = 0; i < 40; ++i) {
        await read();
        await game.purchase(player);
      }
      const soon = ({json: {retry_after: seconds}}) => assert.ok(seconds >= 1 && seconds <= 30, `${seconds} s`);
      soon(await scene.initiate({amount: '5.00'}, [429, 'DUPLICATE_TRANSFER']));
      soon(await scene.resend(early, [429, 'RESEND_COOLDOWN']));
      const {ledger} = await clockOf(world);
      const {reply} = await scene.start();
      const life = Date.parse(reply.json.verification_expires_at) - Date.parse(ledger);
      assert.ok(life >= 599_000 && life <= 630_000, `a PIN's life is ${life} ms`);

      // Time goes on, and a commit has its own.
      for (const deadline = Date.now() + 20_000; Date.parse((await clockOf(world)).ledger) <= Date.parse(ledger) + 1000;) {
        assert.ok(Date.now() < deadline, 'time stands still');
        await sleep(50);
      }
      await game.credit(player, '1.00');
      assert.ok(Date.parse((await game.balance(player)).last_updated) > Date.parse(ledger));

      const clock = await clockOf(world);
      assert.ok(clock.lead_seconds > twoHours - 60 && clock.lead_seconds <= twoHours && clock.following);
      assert.match(clock.message, /s ahead of the wall clock/);
      const {checks} = (await world.call('getReadiness', {query: {verbose: ''}, expect: 200})).json;
      const time = checks.find((check) => check.environment === world.name && check.name === 'time');
      assert.equal(time.status, 'warn');
      assert.ok(time.details.lead_seconds > twoHours - 60);
      const {text} = await world.call('getMetrics', {expect: 200});
      assert.match(text, new RegExp(`^florin_clock_lead_seconds\\{environment="${world.name}"\\} 71[0-9.]+$`, 'm'));
      await logged(server, new RegExp(`${world.name}: .*the ledger's time is 7[0-9]+ s ahead of the wall clock`));
    }
    assert.deepEqual(await server.stop(), {code: 0, signal: null});

    // The log is ahead of the clock: it is gone on with.
    const again = await Server.start({data: server.data, provider, wallAhead: 0});
    for (const world of worldsOf(again)) {
      world.ahead = twoHours;
      const game = await world.createGame();
      await game.credit(email(), '1.00');
      const clock = await clockOf(world);
      assert.ok(clock.lead_seconds > twoHours - 120 && clock.lead_seconds <= twoHours, `${clock.lead_seconds} s`);
      await logged(again, new RegExp(`${world.name}: the ledger's time is 7[0-9]+ s ahead`));
      assert.equal(lines(again, new RegExp(`${world.name}: .*the ledger's time`)), 1, 'a line a state');
    }
    assert.deepEqual(await again.stop(), {code: 0, signal: null});
  });

  test('set ahead while it runs: not followed until it is confirmed, then what has run out has run out', async () => {
    const server = await Server.start({provider, wallAhead: 0});
    const worlds = worldsOf(server);
    const stories = [];
    for (const world of worlds) {
      const scene = await Scene.make(world, flavours.send, {balance: '100.00'});
      await scene.start({amount: '40.00'});
      stories.push({world, scene});
    }
    setWall(server, worlds, twoHours, 0);
    for (const {world, scene} of stories) {
      assert.deepEqual(await scene.funds(), ['60.00', '40.00']);
      await scene.initiate({amount: '40.00'}, [429, 'DUPLICATE_TRANSFER']); // 30 s are not over
      const clock = await clockOf(world);
      assert.equal(clock.following, false);
      assert.ok(clock.lead_seconds <= -twoHours + 5 && clock.lead_seconds >= -twoHours - 5, `${clock.lead_seconds} s`);
      const {text} = await world.call('getMetrics', {expect: 200});
      assert.match(text, new RegExp(`^florin_clock_following\\{environment="${world.name}"\\} 0$`, 'm'));
      assert.match(text, new RegExp(`^florin_clock_wall_jumps_total\\{environment="${world.name}"\\} 1$`, 'm'));
      await logged(server, new RegExp(`${world.name}: .*is not followed.*florin clock confirm${world.prefix ? ' --sandbox' : '$'}`, 'm'));
      await world.call('getReadiness', {expect: 200});

      world.ahead = twoHours;
      const {json} = await world.call('confirmClock', {expect: 200});
      assert.ok(json.stepped_seconds >= twoHours - 5 && json.stepped_seconds <= twoHours + 5);
      assert.deepEqual([json.clock.following, json.clock.message], [true, null]);
      assert.equal((await world.call('confirmClock', {expect: 200})).json.stepped_seconds, 0);
      for (const deadline = Date.now() + 20_000; (await scene.funds())[0] !== '100.00'; await sleep(50)) {
        assert.ok(Date.now() < deadline, 'the PIN has run out');
      }
      await logged(server, new RegExp(`${world.name}: the ledger's time follows the wall clock again`));
    }
    assert.equal(lines(server, /not followed/), worlds.length, 'a line a state');
    assert.deepEqual(await server.stop(), {code: 0, signal: null});
  });
}
