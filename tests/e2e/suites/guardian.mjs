// Minors: their transfers and sends wait for a guardian who answers by text, and nobody else learns of it.
import assert from 'node:assert/strict';
import {it as test} from 'node:test';
import {Scene, flavours, otherCode, patterns} from '../support/scene.mjs';
import {email, phone} from '../support/world.mjs';

export function guardianSuite(context, environment) {
  const world = () => context.movingWorlds[environment];
  const sandbox = environment === 'sandbox';
  const flag = (player, body, expect = 200) => world().call('flagMinor', {params: {email: player}, body, expect});

  async function minorScene(f) {
    const scene = await Scene.make(world(), f, {balance: '100.00'});
    scene.guardian = phone();
    const {json} = await flag(scene.sender.email, {guardian_phone: scene.guardian});
    assert.deepEqual(json, {status: 'success', email: scene.sender.email, minor: true, guardian_on_file: true});
    return scene;
  }
  const approval = (scene, id, expect) =>
    scene.source.call('getApprovalStatus', {params: {transaction_id: id}, expect});
  // The view that tells how a transaction ended is a moment behind.
  const ended = async (scene, id, code, state) => {
    const {json} = await approval(scene, id, [410, code]);
    assert.equal(json.state, state);
    assert.deepEqual(await scene.funds(), ['100.00', '0.00']);
    return json;
  };

  for (const f of Object.values(flavours)) {
    test(`${f.name} of a minor: held until the guardian's YES`, async () => {
      const scene = await minorScene(f);
      const {id, pin, reply, body} = await scene.start({amount: '40.00'}, 202);
      const {json} = reply;
      assert.equal(json.status, 'pending_guardian_approval');
      assert.equal(json.message, `${f.noun} initiated. SMS PIN sent to your phone, but verification is held until the `
        + 'guardian on file approves via SMS.');
      const {approval_id: approvalId, expires_at: expires, ...rest} = json.guardian_approval;
      assert.deepEqual(rest, {state: 'pending',
        poll_endpoint: `${world().prefix}/api/transactions/${id}/approval-status`});
      assert.equal(json[f.details].amount_initiated, '40.00');
      assert.deepEqual(await scene.funds(), ['60.00', '40.00']);
      await world().text(scene.guardian, /40\.00 Gold from Adventure Quest to Space Warriors\. Reply YES \d{6} to approve or NO \d{6} to reject within 15 minutes\./);
      const again = (await scene.source.call(f.initiate, {body, expect: [409, 'DUPLICATE_REQUEST']})).json;
      assert.deepEqual([again.original, again.original_status], [json, 'pending_guardian_approval']);

      for (let i = 0; i < 4; ++i) {
        const held = await scene.verify(id, i % 2 ? pin : otherCode(pin), 202);
        assert.equal(held.json.guardian_approval.approval_id, approvalId);
      }
      const pending = (await approval(scene, id, 200)).json;
      assert.deepEqual(pending, {status: 'success', transaction_id: id, approval_id: approvalId, state: 'pending',
        expires_at: expires, transaction_status: 'pending_guardian_approval'});
      const [, own] = await world().text(scene.guardian, /Reply YES (\d{6}) to approve/);
      for (const text of ['MAYBE', `YES ${otherCode(own)}`, otherCode(own), '', 'yes?', 'yes and no', 'yes 👎', own.slice(1)]) {
        await world().reply(scene.guardian, text);
      }
      await world().reply(phone(), 'YES');
      assert.equal((await approval(scene, id, 200)).json.state, 'pending', 'none of these is the guardian\'s YES');
      await scene.target.call('getApprovalStatus', {params: {transaction_id: id}, expect: [404, 'TRANSACTION_NOT_FOUND']});

      await world().reply(scene.guardian, ' yes. ');
      assert.equal((await approval(scene, id, 200)).json.state, 'approved');
      assert.equal((await scene.verify(id, otherCode(pin), [400, 'INVALID_PIN'])).json.attempts_remaining, 2, 'no attempt was used');
      const {json: verified} = await scene.verify(id, pin);
      assert.equal((await approval(scene, id, 200)).json.state, 'approved');
      await scene.claim(verified.claim_code);
      assert.equal((await approval(scene, id, 200)).json.transaction_status, 'completed');
      assert.equal(await scene.target.available(scene.receiver.email), '36.00');
    });

    test(`${f.name} of a minor: a NO returns the amount`, async () => {
      const scene = await minorScene(f);
      const {id, pin} = await scene.start({}, 202);
      await world().text(scene.guardian, patterns.guardian);
      await world().reply(scene.guardian, 'NO');
      await ended(scene, id, 'GUARDIAN_REJECTED', 'rejected');
      assert.equal((await scene.verify(id, pin, [409, 'TRANSACTION_CLOSED'])).json.transaction_status, 'failed');
      const status = await scene.status(id);
      assert.deepEqual([status.transaction_status, status.verification_state, status.failure_reason],
        ['failed', 'failed', 'guardian_rejected']);
      await world().text(scene.sender.phone, /was not approved by the guardian/);
      await world().reply(scene.guardian, 'YES'); // too late
      await ended(scene, id, 'GUARDIAN_REJECTED', 'rejected');
    });

    test(`${f.name} of a minor: called off while the guardian thinks`, async () => {
      const scene = await minorScene(f);
      const {id} = await scene.start({}, 202);
      await scene.cancel(id);
      await ended(scene, id, 'TRANSACTION_CLOSED', 'cancelled');
    });

    test(`${f.name} of a minor: refused without a guardian who can be asked`, async () => {
      const scene = await Scene.make(world(), f, {balance: '100.00'});
      const {json} = await flag(scene.sender.email.toUpperCase(), undefined);
      assert.deepEqual(json, {status: 'success', email: scene.sender.email, minor: true, guardian_on_file: false});
      await scene.initiate({}, [403, 'GUARDIAN_REQUIRED']);
      await flag(scene.sender.email, {guardian_phone: scene.sender.phone});
      await scene.initiate({}, [403, 'GUARDIAN_REQUIRED']); // the minor's own phone is no guardian's
      assert.deepEqual(await scene.funds(), ['100.00', '0.00']);
      const params = {email: scene.sender.email};
      const cleared = (await world().call('clearMinor', {params, expect: 200})).json;
      assert.deepEqual([cleared.minor, cleared.guardian_on_file], [false, false]);
      await world().call('clearMinor', {params, expect: [404, 'MINOR_NOT_FOUND']});
      await scene.initiate();
    });

    if (!sandbox) continue;
    test(`${f.name} of a minor: a guardian who does not answer within 15 minutes`, async () => {
      const scene = await minorScene(f);
      const {id, pin} = await scene.start({}, 202);
      await world().advance(14 * 60);
      assert.equal((await approval(scene, id, 200)).json.state, 'pending', 'the PIN ran out, the guardian has time');
      await world().advance(60);
      await ended(scene, id, 'GUARDIAN_EXPIRED', 'expired');
      await scene.verify(id, pin, [409, 'TRANSACTION_CLOSED']);
      await world().reply(scene.guardian, 'YES');
      await ended(scene, id, 'GUARDIAN_EXPIRED', 'expired');
      const status = await scene.status(id);
      assert.deepEqual([status.transaction_status, status.failure_reason], ['expired', 'guardian_expired']);
      await world().text(scene.sender.phone, /the guardian did not answer in time/);
    });

    test(`${f.name} of a minor: approved after the PIN ran out, there is a new PIN`, async () => {
      const scene = await minorScene(f);
      const {id, pin} = await scene.start({}, 202);
      await world().advance(11 * 60);
      const before = (await world().texts(scene.sender.phone)).length;
      await world().reply(scene.guardian, 'YES');
      const [, fresh] = await world().text(scene.sender.phone, patterns.pin, before);
      if (fresh !== pin) await scene.verify(id, pin, [400, 'INVALID_PIN']);
      await world().advance(9 * 60); // its ten minutes are its own
      const {json} = await scene.verify(id, fresh);
      await scene.claim(json.claim_code);
    });
  }

  test('the guardian of two is asked about each; YES is for the newest question', async () => {
    const scene = await minorScene(flavours.send);
    const first = await scene.start({}, 202);
    const second = await scene.start({}, 202);
    await world().reply(scene.guardian, 'YES');
    assert.deepEqual([(await approval(scene, first.id, 200)).json.state, (await approval(scene, second.id, 200)).json.state],
      ['pending', 'approved']);
    await world().reply(scene.guardian, 'NO');
    await approval(scene, first.id, [410, 'GUARDIAN_REJECTED']);
    assert.equal((await approval(scene, second.id, 200)).json.state, 'approved');
  });

  test('a code in the answer says which of two is meant', async () => {
    const scene = await minorScene(flavours.send);
    const asked = [];
    for (const amount of ['11.00', '22.00']) {
      const {id} = await scene.start({amount}, 202);
      const [, code] = await world().text(scene.guardian, new RegExp(`of ${amount} Gold .* Reply YES (\\d{6}) to approve`));
      asked.push({id, code});
    }
    await world().reply(scene.guardian, `YES ${asked[0].code}`);
    const states = async () => (await Promise.all(asked.map(({id}) => approval(scene, id, 200)))).map(({json}) => json.state);
    assert.deepEqual(await states(), ['approved', 'pending']);
    await world().reply(scene.guardian, `NO ${asked[0].code}`);
    assert.deepEqual(await states(), ['approved', 'pending'], 'that one is settled');
    await world().reply(scene.guardian, `NO ${asked[1].code}`);
    const {json} = await approval(scene, asked[1].id, [410, 'GUARDIAN_REJECTED']);
    assert.equal(json.message, 'The guardian said no; the amount is back.');
  });

  // What the guardian is texted back, if anything.
  async function answerTo(scene, text) {
    if (!sandbox) {
      const {text: twiml} = await world().deliver(world().server.provider.post(scene.guardian, text), 200);
      return /<Message>(.*)<\/Message>/.exec(twiml)?.[1];
    }
    const before = (await world().texts(scene.guardian)).length;
    await world().reply(scene.guardian, text);
    return (await world().texts(scene.guardian)).slice(before)[0]?.body;
  }
  const hint = /^Your answer was not understood and changed nothing\. Reply YES or NO, or YES or NO and the 6-digit code of our text\.$/;

  test('an answer is understood however a phone writes it', async () => {
    for (const [write, state] of [[() => 'Yes 👍', 'approved'], [() => '“Yes”', 'approved'], [() => 'Y', 'approved'],
      [(code) => `Yes: ${code}`, 'approved'], [(code) => `${code.slice(0, 3)} ${code.slice(3)}`, 'approved'],
      [(code) => [...code].map((digit) => String.fromCharCode(0xff10 + Number(digit))).join(''), 'approved'],
      [() => '“No”', 'rejected'], [() => 'no thanks', 'rejected'], [(code) => `N ${code}`, 'rejected']]) {
      const scene = await minorScene(flavours.send);
      const {id} = await scene.start({}, 202);
      const [, code] = await world().text(scene.guardian, /Reply YES (\d{6}) to approve/);
      assert.equal(await answerTo(scene, write(code)), undefined, write(code));
      const {json} = await approval(scene, id);
      assert.equal(json.state, state, write(code));
    }
  });

  test('an answer that leaves the question open is answered with what to answer, once a question', async () => {
    const scene = await minorScene(flavours.send);
    assert.equal(await answerTo(scene, 'hello'), undefined, 'nothing was asked');
    const first = await scene.start({}, 202);
    const [, code] = await world().text(scene.guardian, /Reply YES (\d{6}) to approve/);
    assert.equal(await answerTo(scene, 'STOP'), undefined, 'the provider\'s own words');
    assert.match(await answerTo(scene, 'yes?'), hint);
    for (const text of ['maybe', 'what?', `YES ${otherCode(code)}`, '']) assert.equal(await answerTo(scene, text), undefined, text);
    assert.equal((await approval(scene, first.id, 200)).json.state, 'pending');
    await scene.cancel(first.id);
    assert.equal(await answerTo(scene, 'maybe'), undefined, 'the question is over');
    const before = (await world().texts(scene.guardian)).length;
    const second = await scene.start({}, 202);
    const [, fresh] = await world().text(scene.guardian, /Reply YES (\d{6}) to approve/, before);
    assert.match(await answerTo(scene, `Yes ${otherCode(fresh)}`), hint, 'another question, another word');
    assert.equal(await answerTo(scene, 'Y'), undefined);
    assert.equal((await approval(scene, second.id, 200)).json.state, 'approved');
  });

  test('a phone that the minor holds is no guardian\'s', async () => {
    // The minor's own phone, proved by a PIN.
    const scene = await Scene.make(world(), flavours.send, {balance: '100.00'});
    const {id, pin} = await scene.start();
    await scene.verify(id, pin);
    const {json} = await flag(scene.sender.email, {guardian_phone: scene.sender.phone}, [400, 'GUARDIAN_PHONE_IS_MINORS']);
    assert.equal(json.field, 'guardian_phone');
    // The guardian's, which the minor came to share later.
    const mum = {email: email(), phone: phone()};
    await flag(scene.sender.email, {guardian_phone: mum.phone});
    await scene.prove(mum);
    const held = await scene.start({}, 202);
    await scene.cancel(held.id);
    const asked = (await scene.source.call('initiatePhoneShare',
      {body: {phone: mum.phone, email: scene.sender.email}, expect: 200})).json;
    const [, otp] = await world().text(mum.phone, patterns.share);
    await scene.source.call('approvePhoneShare', {body: {approval_id: asked.approval_id, otp}, expect: 200});
    await scene.initiate({}, [403, 'GUARDIAN_REQUIRED']);
  });

  test('no other reply tells a minor from anybody else', async () => {
    for (const f of Object.values(flavours)) {
      const [minor, adult] = [await minorScene(f), await Scene.make(world(), f, {balance: '100.00'})];
      const shapes = [];
      for (const scene of [minor, adult]) {
        const held = scene === minor;
        const {id, pin} = await scene.start({amount: '10.00'}, held ? 202 : 201);
        const other = await scene.status(id, scene.target);
        if (held) await world().reply(scene.guardian, 'YES');
        const replies = [other, await scene.status(id)];
        const {json: verified} = await scene.verify(id, pin);
        replies.push(verified, await scene.status(id), await scene.status(id, scene.target));
        const claimed = await scene.claim(verified.claim_code);
        const headers = {'Florin-Min-Position': claimed.headers['florin-position']};
        const params = {email: scene.sender.email};
        replies.push(claimed.json, await scene.status(id), await scene.source.balance(scene.sender.email),
          (await scene.source.call('getHistory', {params, headers, expect: 200})).json,
          (await scene.source.purchase(scene.sender.email)).json,
          (await scene.source.stream()).players,
          (await scene.source.call('getBalancesBatch', {body: {player_emails: [scene.sender.email]}, expect: 200})).json);
        for (const reply of replies) assert.doesNotMatch(JSON.stringify(reply), /minor|guardian/i);
        shapes.push(replies.map(shape));
      }
      assert.deepEqual(shapes[0], shapes[1]);
    }
  });

  test('a minor is marked by e-mail and phone only', async () => {
    const player = email();
    await flag('nobody', {}, [400, 'INVALID_EMAIL']);
    await world().call('clearMinor', {params: {email: 'nobody'}, expect: [400, 'INVALID_EMAIL']});
    await flag(player, {guardian_phone: '12025550123'}, [400, 'INVALID_PHONE']);
    await flag(player, {guardian_phone: 7}, [400, 'INVALID_REQUEST']);
    await world().call('clearMinor', {params: {email: player}, expect: [404, 'MINOR_NOT_FOUND']});
  });
}

// The names and kinds of everything in a reply, without the values.
function shape(value) {
  if (Array.isArray(value)) return value.map(shape);
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shape(inner)]));
}
