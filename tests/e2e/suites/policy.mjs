// Which games currency may go to, and how much a player may send in a while.
import assert from 'node:assert/strict';
import {it as test} from 'node:test';
import {Scene, flavours, otherCode} from '../support/scene.mjs';
import {decimal, minor} from '../support/world.mjs';

export function policySuite(context, environment) {
  const world = () => context.movingWorlds[environment];
  const change = (game, body) => world().call('updateGame', {params: {id: game.id}, body, expect: 200});

  for (const f of Object.values(flavours)) {
    const destinations = async (game, body) => (await game.call(f.destinations, {body, expect: 200})).json;

    test(`${f.name}: the range that a destination shows is granted, and a cent beyond it is not`, async () => {
      const gold = (range) => [{currency_name: 'Gold', currency_symbol: 'G', starting_amount: '5000.00', ...range}];
      for (const [own, theirs, least, most] of [
        [{}, {}, '0.01', null],
        [{}, {minimum_transfer: '5.00', maximum_transfer: '1000.00'}, '5.00', '1000.00'],
        [{minimum_transfer: '7.00', maximum_transfer: '50.00'}, {minimum_transfer: '5.00'}, '7.00', '50.00'],
        [{maximum_transfer: '50.00'}, {minimum_transfer: '5.00', maximum_transfer: '1000.00'}, '5.00', '50.00'],
        [{maximum_transfer: '4.99'}, {minimum_transfer: '5.00'}, null, null]]) {
        const scene = await Scene.make(world(), f, {source: {currencies: [...gold(own),
          {currency_name: 'Gems', currency_symbol: '*', minimum_transfer: '9.00'}]}, target: {currencies: gold(theirs)}, balance: ''});
        await scene.source.credit(scene.sender.email, '1.00');
        const find = async (body) => (await destinations(scene.source, body)).available_games
          .find((game) => game.game_id === scene.target.id);
        const refused = [400, 'INVALID_AMOUNT'];
        const cent = (amount, by) => decimal(minor(amount) + by);
        const shown = await find();
        if (least === null) {
          assert.equal(shown, undefined, 'no amount may go there');
          for (const amount of ['4.99', '5.00']) await scene.initiate({amount}, refused);
        } else {
          assert.deepEqual([shown.minimum_transfer, shown.maximum_transfer], [least, most]);
          await scene.initiate({amount: least});
          if (least !== '0.01') await scene.initiate({amount: cent(least, -1n)}, refused);
          if (most) {
            await scene.initiate({amount: most});
            await scene.initiate({amount: cent(most, 1n)}, refused);
          }
        }
        const gems = await find({currency_id: scene.source.currencies[1].currency_id});
        assert.equal(gems.minimum_transfer, '9.00', 'of the currency that was asked about');
        await scene.source.call(f.destinations,
          {body: {currency_id: scene.target.currencies[0].currency_id}, expect: [404, 'CURRENCY_NOT_FOUND']});
        await scene.source.call(f.destinations, {body: {currency_id: 'x'}, expect: [400, 'INVALID_REQUEST']});
      }
    });

    test(`${f.name}: a universal game may reach every live game, a linked one its links`, async () => {
      const scene = await Scene.make(world(), f, {source: {universal_transfers: 'no'},
        target: {developer_name: 'Stellar Studios', genre: 'Action', game_icon: 'https://cdn.example.com/space_icon.png',
          currencies: [{currency_name: 'Energy Credits', currency_symbol: 'EC', minimum_transfer: '5.00', maximum_transfer: '1000.00'}]}});
      const {source, target} = scene;
      const unlinked = (await scene.initiate({}, [403, f.policy])).json;
      assert.equal(unlinked.message, `${f.noun} not allowed: Receiving game 'Space Warriors' (ID: ${target.id}) is not in `
        + 'the linked games list for sending game \'Adventure Quest\'. Linked games: []');
      assert.deepEqual(await destinations(source), {status: 'success', source_game_name: 'Adventure Quest',
        universal_transfers: 'no', transfer_mode: 'linked', available_games: [], total_destinations: 0});
      await change(source, {linked_game_ids: [target.id]});
      const {json} = await scene.initiate();
      assert.deepEqual(json[f.details].transfer_policy,
        {source_universal_transfers: 'no', policy_applied: 'linked', target_in_linked_list: true});
      assert.deepEqual(await destinations(source, {source_game_id: source.id}), {
        status: 'success', source_game_name: 'Adventure Quest', universal_transfers: 'no', transfer_mode: 'linked',
        available_games: [{game_id: target.id, game_name: 'Space Warriors', developer_name: 'Stellar Studios',
          genre: 'Action', game_icon: 'https://cdn.example.com/space_icon.png', currency_name: 'Energy Credits',
          currency_symbol: 'EC', minimum_transfer: '5.00', maximum_transfer: '1000.00'}],
        total_destinations: 1});

      await change(source, {universal_transfers: 'yes', linked_game_ids: []});
      const ids = async () => (await destinations(source, {source_game_id: Number(source.id)})).available_games.map((game) => game.game_id);
      assert.ok((await ids()).includes(target.id));
      assert.ok(!(await ids()).includes(source.id), 'never itself');
      await change(target, {allows_incoming_transfers: false});
      await scene.initiate({}, [403, f.policy]);
      assert.ok(!(await ids()).includes(target.id));
      await change(target, {allows_incoming_transfers: true});
      await change(source, {allows_outgoing_transfers: false});
      await scene.initiate({}, [403, f.policy]);
      assert.deepEqual(await ids(), []);
      await change(source, {allows_outgoing_transfers: true});
      await change(target, {status: 'suspended'});
      await scene.initiate({}, [403, f.policy]);
      assert.ok(!(await ids()).includes(target.id));
      await change(target, {status: 'testing'});
      const testing = (await scene.initiate({}, [403, 'GAME_IN_TESTING'])).json;
      assert.equal(testing.message, `${f.noun}s are not allowed to games in testing status. Receiving game 'Space Warriors' `
        + `must be live to receive ${f.noun.toLowerCase()}s.`);
      assert.ok(!(await ids()).includes(target.id));
      await change(target, {status: 'live'});
      await change(source, {status: 'testing'});
      await scene.initiate({}, [403, 'GAME_IN_TESTING']);
      assert.deepEqual(await ids(), []);
      await change(source, {status: 'live'});
      await scene.initiate();
      await source.call(f.destinations, {body: {source_game_id: target.id}, expect: [404, 'GAME_NOT_FOUND']});
      await source.call(f.destinations, {body: {source_game_id: 'x'}, expect: [400, 'INVALID_REQUEST']});
    });

    test(`${f.name}: so many an hour, so many units a day, and none twice in 30 seconds`, async () => {
      const scene = await Scene.make(world(), f, {source: {limits: {[f.perHour]: 2}}});
      await scene.initiate();
      const {id} = await scene.start();
      const over = await scene.initiate({}, [429, 'VELOCITY_LIMIT_EXCEEDED']);
      assert.equal(over.json.error, 'velocity_limit_exceeded');
      assert.ok(over.json.retry_after > 3000 && over.json.retry_after <= 3600, 'until the first is an hour old');
      await scene.cancel(id);
      // One that was called off is an initiation all the same; the limit of transfers counts those that are open or done.
      if (f === flavours.send) await scene.initiate({}, [429, 'VELOCITY_LIMIT_EXCEEDED']);
      else await scene.initiate();

      const daily = await Scene.make(world(), f, {source: {limits: {[f.perDay]: 100}}});
      await daily.initiate({amount: '60.00'});
      const more = await daily.initiate({amount: '40.01'}, [429, 'VELOCITY_LIMIT_EXCEEDED']);
      assert.equal(more.json.error, 'velocity_limit_exceeded');
      const {id: given_back} = await daily.start({amount: '40.00'});
      await daily.initiate({amount: '0.01'}, [429, 'VELOCITY_LIMIT_EXCEEDED']);
      await daily.cancel(given_back);
      await daily.initiate({amount: '40.00'});
      await daily.initiate({amount: '0.01'}, [429, 'VELOCITY_LIMIT_EXCEEDED']);

      const twice = await Scene.make(world(), f);
      await twice.initiate({amount: '10.00'});
      const {json} = await twice.initiate({amount: '10.00'}, [429, 'DUPLICATE_TRANSFER']);
      assert.ok(json.retry_after >= 1 && json.retry_after <= 30);
      await twice.initiate({amount: '10.01'});
      await twice.initiate({amount: '10.00', [f.game]: (await world().createGame()).id}); // another game: another transfer
      const {id: calledOff} = await twice.start({amount: '10.02'});
      await twice.initiate({amount: '10.02'}, [429, 'DUPLICATE_TRANSFER']);
      await twice.cancel(calledOff);
      await twice.initiate({amount: '10.02'});
    });

    test(`${f.name}: the default limits`, async () => {
      const scene = await Scene.make(world(), f, {balance: '20000.00'});
      const [count, units] = f === flavours.send ? [25, '10000.01'] : [10, '5000.01'];
      await scene.initiate({amount: units}, [429, 'VELOCITY_LIMIT_EXCEEDED']);
      for (let i = 0; i < count; ++i) await scene.initiate();
      const {json} = await scene.initiate({}, [429, 'VELOCITY_LIMIT_EXCEEDED']);
      assert.equal(json.message, `Hourly ${f.noun.toLowerCase()} limit of ${count} ${f.name}s exceeded. Please try again later.`);
    });

    test(`${f.name}: too many requests of one kind`, async () => {
      const limits = {initiations_per_player_minute: 2, verifications_per_player_hour: 1, claims_per_player_hour: 2,
        destinations_per_ip_minute: 2};
      const scene = await Scene.make(world(), f, {source: {limits}, target: {limits}});
      const {id} = await scene.start();
      const body = scene.claimBody('0000-0000-0000-0000');
      for (const [what, call] of [['initiate', () => scene.source.call(f.initiate, {body: scene.body()})],
        ['verify', () => scene.source.call(f.verify, {body: {transaction_id: id, sms_pin: '000000'}})],
        ['claim', () => scene.target.call(f.claim, {body})],
        ['destinations', () => scene.source.call(f.destinations)]]) {
        let reply;
        for (let i = 0; i < 10; ++i) {
          reply = await call();
          if (reply.json.error_code === 'RATE_LIMITED') break;
        }
        assert.deepEqual([reply.status, reply.json.error_code], [429, 'RATE_LIMITED'], what);
      }
    });

    test(`${f.name}: who keeps guessing PINs is stopped`, async () => {
      const scene = await Scene.make(world(), f);
      for (let round = 0; round < 5; ++round) {
        const {id, pin} = await scene.start();
        for (const left of [2, 1, 0]) {
          const {json} = await scene.verify(id, otherCode(pin), [400, left ? 'INVALID_PIN' : 'PIN_ATTEMPTS_EXCEEDED']);
          assert.equal(json.attempts_remaining, left);
        }
      }
      const {id, pin} = await scene.start();
      const {json} = await scene.verify(id, pin, [429, 'VERIFICATION_BLOCKED']);
      assert.ok(json.retry_after > 3000 && json.retry_after <= 3600);
      assert.equal((await scene.status(id)).transaction_status, 'pending_pin_verification');
    });
  }
}
