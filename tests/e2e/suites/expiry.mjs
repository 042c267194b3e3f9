// What runs out, by the sandbox's clock.
import assert from 'node:assert/strict';
import {it as test} from 'node:test';
import {Scene, flavours, otherCode, patterns} from '../support/scene.mjs';
import {email} from '../support/world.mjs';

export function expirySuite(context) {
  const world = () => context.movingWorlds.sandbox;

  for (const f of Object.values(flavours)) {
    test(`${f.name}: a PIN is good for ten minutes, then the amount is back`, async () => {
      const scene = await Scene.make(world(), f, {balance: '100.00'});
      const {id, pin, reply} = await scene.start({amount: '40.00'});
      const {now} = await world().advance(595);
      assert.ok(Date.parse(reply.json.verification_expires_at) > Date.parse(now), 'not yet');
      assert.deepEqual(await scene.funds(), ['60.00', '40.00']);
      await world().advance(5);
      assert.deepEqual(await scene.funds(), ['100.00', '0.00']);
      for (const call of [() => scene.verify(id, pin, [400, 'PIN_EXPIRED']), () => scene.resend(id, [400, 'PIN_EXPIRED']),
        () => scene.cancel(id, [400, 'PIN_EXPIRED'])]) {
        const {json} = await call();
        assert.deepEqual([json.error, json.transaction_status, json.failure_reason], ['pin_expired', 'expired', 'pin_expired']);
      }
      const status = await scene.status(id);
      assert.deepEqual([status.transaction_status, status.verification_state, status.failure_reason],
        ['expired', 'expired', 'pin_expired']);
      await world().text(scene.sender.phone, /expired because it was not verified in time\. 40\.00 Gold are back/);
    });

    test(`${f.name}: a claim code is good for a day, then the amount is back`, async () => {
      const scene = await Scene.make(world(), f, {balance: '100.00'});
      const {id, code} = await scene.approve({amount: '40.00'});
      await world().advance(86_400 - 30);
      assert.deepEqual(await scene.funds(), ['60.00', '40.00']);
      await world().advance(30);
      assert.deepEqual(await scene.funds(), ['100.00', '0.00']);
      await scene.claim(code, {}, [410, 'CLAIM_EXPIRED']);
      for (const call of [() => scene.cancel(id, [409, 'TRANSACTION_CLOSED']), () => scene.resend(id, [409, 'TRANSACTION_CLOSED'])]) {
        assert.equal((await call()).json.failure_reason, 'claim_expired');
      }
      const status = await scene.status(id);
      assert.deepEqual([status.transaction_status, status.verification_state, status.failure_reason, status.claim_code],
        ['expired', 'expired', 'claim_expired', null]);
      await world().text(scene.sender.phone, /expired because it was not claimed in time/);
      await scene.target.call('getBalanceByEmail', {params: {email: scene.receiver.email}, expect: [404, 'PLAYER_NOT_FOUND']});
    });

    test(`${f.name}: each resend gives ten minutes, twenty PINs in all, three wrong ones`, async () => {
      const scene = await Scene.make(world(), f);
      let {id, pin} = await scene.start();
      await scene.verify(id, otherCode(pin), [400, 'INVALID_PIN']);
      for (let sent = 1; sent < 20; ++sent) {
        await world().advance(sent === 1 ? 590 : 30);
        const before = (await world().texts(scene.sender.phone)).length;
        await scene.resend(id);
        [, pin] = await world().text(scene.sender.phone, patterns.pin, before);
      }
      await world().advance(30);
      await scene.resend(id, [400, 'RESEND_LIMIT_EXCEEDED']);
      assert.equal((await scene.verify(id, otherCode(pin), [400, 'INVALID_PIN'])).json.attempts_remaining, 1);
      await scene.verify(id, pin);
    });
  }

  test('velocity is forgotten as time passes', async () => {
    const f = flavours.send;
    const scene = await Scene.make(world(), f, {source: {limits: {[f.perHour]: 1, [f.perDay]: 30}}});
    await scene.initiate({amount: '20.00'});
    const {json} = await scene.initiate({amount: '20.00'}, [429, 'VELOCITY_LIMIT_EXCEEDED']);
    await world().advance(json.retry_after);
    await scene.initiate({amount: '20.00'}, [429, 'VELOCITY_LIMIT_EXCEEDED']); // the day's units
    await scene.initiate({amount: '10.00'});
    await world().advance(86_400);
    await scene.initiate({amount: '20.00'});
  });

  test('an approval of a phone is good for ten minutes', async () => {
    const scene = await Scene.make(world(), flavours.send);
    const {id, pin} = await scene.start();
    await scene.verify(id, pin);
    const player = email();
    const asked = (await scene.source.call('initiatePhoneShare', {body: {phone: scene.sender.phone, email: player}, expect: 200})).json;
    const [, otp] = await world().text(scene.sender.phone, patterns.share);
    await world().advance(600);
    for (const how of ['approve', 'reject']) {
      await scene.source.call(`${how}PhoneShare`, {body: {approval_id: asked.approval_id, otp}, expect: [410, 'APPROVAL_EXPIRED']});
    }
    await world().reply(scene.sender.phone, 'YES');
    const query = {phone: scene.sender.phone, email: player};
    const {json} = await scene.source.call('getPhoneShareStatus', {query, expect: 200});
    assert.deepEqual([json.approved, json.pending], [false, false]);
  });

  test('the clock goes forward only, and keys and balances go with it', async () => {
    const game = await world().createGame();
    const player = email();
    await game.credit(player, '1.00');
    const old = game.key;
    const {sdk_key: key} = (await game.call('rotateKey', {body: {immediate: false}, expect: 200})).json;
    const before = await world().advance(1);
    const after = await world().advance(7 * 86_400);
    assert.equal(after.offset_seconds - before.offset_seconds, 7 * 86_400);
    const gone = Date.parse(after.now) - Date.parse(before.now) - 7 * 86_400_000;
    assert.ok(gone >= 0 && gone < 120_000, `${gone} ms of real time between`);
    await game.call('getBalanceByEmail', {params: {email: player}, key: old, expect: [401, 'INVALID_GAME_SECRET']})
      .then((refused) => assert.match(refused.json.message, /^This key was replaced, and worked until \d{4}-.*Z\. Use the game's new key\.$/));
    const {json} = await game.call('creditBalance', {key, expect: 200, body: {
      client_request_id: email(), player_email: player, amount: '1.00', reason: 'later'}});
    assert.equal(json.new_balance, '2.00');
    const balance = (await game.call('getBalanceByEmail', {params: {email: player}, key, expect: 200})).json;
    assert.ok(Date.parse(balance.last_updated) >= Date.parse(after.now) - 1000);
    for (const advance_seconds of [0, -1, 1.5, '1', 315_360_001, undefined]) {
      await world().call('advanceClock', {body: {advance_seconds}, expect: [400, 'INVALID_REQUEST']});
    }
    await world().call('advanceClock', {body: {advance_seconds: 315_360_000}, expect: [400, 'INVALID_REQUEST']}); // in all
  });
}
