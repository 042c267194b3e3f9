// Texts out and in: the provider's webhook, the sandbox's phone, and what happens when texts cannot be sent.
import assert from 'node:assert/strict';
import {it as test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';
import {queued} from '../support/background.mjs';
import {raw} from '../support/http.mjs';
import {Provider} from '../support/provider.mjs';
import {Scene, flavours, patterns} from '../support/scene.mjs';
import {Server} from '../support/server.mjs';
import {World, email, phone} from '../support/world.mjs';

export function textsSuite(context, environment) {
  const world = () => context.movingWorlds[environment];
  const sandbox = environment === 'sandbox';
  const provider = () => world().server.provider;

  test('a post to the webhook that the provider did not sign', async () => {
    const number = phone();
    const signed = provider().post(number, 'YES');
    const forged = [
      provider().post(number, 'YES', {token: 'guessed'}), {raw: signed.raw},
      provider().post(number, 'YES', {url: 'https://elsewhere.example/webhooks/sms/inbound'}),
      {...signed, raw: signed.raw.replace('YES', 'NO')}, {...signed, raw: `${signed.raw}&Extra=1`},
      {...signed, headers: {'X-Twilio-Signature': 'x'}}, {...signed, raw: ''}];
    for (const post of forged) {
      const reply = await world().deliver(post);
      assert.ok([400, 403].includes(reply.status), reply.text);
      if (post.raw) assert.equal(reply.json.error_code, 'INVALID_SIGNATURE', post.raw);
    }
    await world().deliver({...signed, raw: 'From=%zz'}, [400, 'INVALID_REQUEST']);
    for (const type of ['application/json', 'text/plain', '']) {
      await world().call('receiveText', {...signed, type, expect: [415, 'UNSUPPORTED_MEDIA_TYPE']});
    }
    const large = await raw(world().server.port, [`POST ${world().path('receiveText')} HTTP/1.1`, 'Host: test',
      'Content-Type: application/x-www-form-urlencoded', `Content-Length: ${(16 << 10) + 1}`, '', ''].join('\r\n'));
    context.contract.check(environment, 'receiveText', undefined, large, false, world().ahead);
    assert.equal(large.status, 413);
  });

  test('a text that answers nothing is taken and changes nothing', async () => {
    for (const text of ['YES', 'NO', '123456', 'hello', '🎲', '']) await world().reply(phone(), text);
  });

  if (sandbox) {
    test('the sandbox\'s phone: what was texted, to whom', async () => {
      const scene = await Scene.make(world(), flavours.send);
      assert.deepEqual(await world().texts(scene.sender.phone), []);
      const {reply} = await scene.start();
      const [text] = await world().texts(scene.sender.phone);
      assert.equal(text.to, scene.sender.phone);
      assert.ok(Date.parse(text.at) <= Date.parse(reply.json.verification_expires_at));
      const {messages} = (await world().call('listTexts', {expect: 200})).json;
      assert.deepEqual(messages.at(-1), text, 'of all phones, newest last');
      await world().call('listTexts', {query: {phone: '12025550123'}, expect: [400, 'INVALID_PHONE']});
      for (const [body, code] of [[{from: '12025550123', body: 'YES'}, 'INVALID_PHONE'], [{body: 'YES'}, 'INVALID_REQUEST'],
        [{from: phone()}, 'INVALID_REQUEST'], [{from: phone(), body: 'x'.repeat(2000)}, 'INVALID_REQUEST']]) {
        await world().call('replyToText', {body, expect: [400, code]});
      }
      for (const body of [{down: 'yes'}, {fail_next: -1}, {drop_next: 'x'}]) {
        await world().call('breakPhone', {body, expect: [400, 'INVALID_REQUEST']});
      }
    });

    test('a text that is lost on the way is asked for again; one that failed is sent again', async () => {
      const scene = await Scene.make(world(), flavours.send);
      await world().call('breakPhone', {body: {drop_next: 1}, expect: 200});
      const {transaction_id: id} = (await scene.initiate()).json;
      assert.deepEqual(await world().texts(scene.sender.phone), []);
      await world().advance(30);
      await scene.resend(id);
      await world().text(scene.sender.phone, patterns.pin);
      const other = await Scene.make(world(), flavours.send);
      await world().call('breakPhone', {body: {fail_next: 1}, expect: 200});
      await other.start(); // waits for the text
    });

    return;
  }

  test('a post that is repeated settles nothing twice', async () => {
    const scene = await Scene.make(world(), flavours.send);
    const guardian = phone();
    await world().call('flagMinor', {params: {email: scene.sender.email}, body: {guardian_phone: guardian}, expect: 200});
    const state = async (id) => (await scene.source.call('getApprovalStatus', {params: {transaction_id: id}, expect: 200})).json.state;
    const first = await scene.start({}, 202);
    const post = provider().post(guardian, 'YES');
    await world().deliver(post, 200);
    assert.equal(await state(first.id), 'approved');
    const second = await scene.start({}, 202);
    const again = await world().deliver(post, 200);
    assert.equal(again.text, '<?xml version="1.0" encoding="UTF-8"?><Response></Response>');
    assert.equal(await state(second.id), 'pending');
    await world().deliver(provider().post('no phone', 'YES'), [400, 'INVALID_REQUEST']);
    await world().deliver(provider().post(guardian, 'YES', {id: 'SMx'}), [400, 'INVALID_REQUEST']);
  });

  test('without a provider nothing is initiated in production', async () => {
    const server = await Server.start();
    try {
      const bare = new World(server, context.contract, 'production');
      for (const f of Object.values(flavours)) {
        const scene = await Scene.make(bare, f, {balance: '100.00'});
        const {json} = await scene.initiate({}, [503, 'SMS_UNAVAILABLE']);
        assert.ok(json.retry_after >= 1);
        assert.deepEqual(await scene.funds(), ['100.00', '0.00']);
        await scene.source.call('initiatePhoneShare', {body: {phone: phone(), email: email()}, expect: [503, 'SMS_UNAVAILABLE']});
      }
      await bare.deliver({raw: 'From=x', headers: {'X-Twilio-Signature': 'x'}}, [403, 'SMS_NOT_CONFIGURED']);
      const scene = await Scene.make(new World(server, context.contract, 'sandbox'), flavours.send);
      await scene.approve(); // the sandbox has its own phone
    } finally {
      assert.deepEqual(await server.stop(), {code: 0, signal: null}, server.output.slice(-2000));
    }
  });
}

// For each environment, with a server of its own: an outage is seen by everybody.
export function outageSuite(context) {
  for (const environment of ['production', 'sandbox']) {
    queued(`${environment}: while texts cannot be sent nothing is initiated, and owed texts come later`, async () => {
      const twilio = await Provider.start();
      const server = await Server.start({provider: twilio});
      try {
        const world = new World(server, context.contract, environment);
        const down = async (is) => {
          twilio.down = is;
          if (environment === 'sandbox') await world.call('breakPhone', {body: {down: is}, expect: 200});
        };
        const scenes = {};
        for (const f of Object.values(flavours)) {
          const scene = await Scene.make(world, f, {balance: '100.00'});
          scenes[f.name] = {scene, ...(await scene.start({amount: '10.00'}))};
        }
        // Somebody else claims with the receiver's phone while its owner cannot be texted.
        const shared = await Scene.make(world, flavours.send, {balance: '100.00'});
        await shared.prove(shared.receiver);
        const {code} = await shared.approve();
        await down(true);
        // The first ones are taken: nobody knows yet. Their texts are owed.
        const owed = [];
        let refused;
        for (let i = 0; i < 100 && !refused; ++i) {
          const scene = await Scene.make(world, flavours.send, {balance: '100.00'});
          const body = scene.body();
          const reply = await scene.source.call('initiateSend', {body});
          if (reply.status === 201) owed.push(scene);
          else refused = {scene, body, reply};
        }
        assert.deepEqual([refused?.reply.status, refused?.reply.json.error_code], [503, 'SMS_UNAVAILABLE']);
        assert.deepEqual(await refused.scene.funds(), ['100.00', '0.00'], 'nothing is staged');
        for (const {scene, id} of Object.values(scenes)) {
          await scene.initiate({}, [503, 'SMS_UNAVAILABLE']);
          await scene.resend(id, [503, 'SMS_UNAVAILABLE']);
          await scene.source.call('initiatePhoneShare', {body: {phone: phone(), email: email()}, expect: [503, 'SMS_UNAVAILABLE']});
          assert.deepEqual(await scene.funds(), ['90.00', '10.00']);
        }
        const {json: unasked} = await shared.claim(code, {[flavours.send.claimEmail]: email()},
          [409, 'PHONE_SHARE_APPROVAL_REQUIRED']);
        assert.deepEqual([unasked.code_sent, unasked.already_approved, unasked.approval_id], [false, false, undefined]);
        for (const {scene, id, pin} of Object.values(scenes)) {
          const {json: verified} = await scene.verify(id, pin);
          assert.equal(verified.claim_instructions.receiver_notified, false);
        }
        await down(false);
        let back;
        for (let wait = 0; wait < 300 && back?.status !== 201; ++wait) {
          await sleep(100);
          back = await refused.scene.source.call('initiateSend', {body: refused.body});
        }
        assert.equal(back.status, 201, 'the same request, once texts go again');
        for (const scene of owed) await world.text(scene.sender.phone, patterns.pin);
      } finally {
        assert.deepEqual(await server.stop(), {code: 0, signal: null}, server.output.slice(-2000));
        twilio.stop();
      }
    });
  }
}
