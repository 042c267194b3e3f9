// A phone that is on file for somebody else: its owner is asked, and answers in the game or by text.
import assert from 'node:assert/strict';
import {it as test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';
import {background} from '../support/background.mjs';
import {Scene, flavours, otherCode, patterns} from '../support/scene.mjs';
import {email, phone} from '../support/world.mjs';

export function phoneShareSuite(context, environment) {
  const world = () => context.movingWorlds[environment];
  const sandbox = environment === 'sandbox';
  // Production's 30 seconds are waited for, the sandbox's clock is moved, which everybody else there would see.
  const patient = sandbox ? test : background;

  // A scene whose sender has proved to have the phone, and somebody with money who has not.
  async function owned(f = flavours.send) {
    const scene = await Scene.make(world(), f);
    const {id, pin} = await scene.start();
    await scene.verify(id, pin);
    scene.owner = scene.sender;
    scene.bob = email();
    await scene.source.credit(scene.bob, '100.00');
    return scene;
  }
  const asBob = (scene) => scene.body({[scene.flavour.senderEmail]: scene.bob, [scene.flavour.receiverEmail]:
    scene.flavour === flavours.send ? scene.receiver.email : scene.bob, [scene.flavour.receiverPhone]:
    scene.flavour === flavours.send ? scene.receiver.phone : scene.sender.phone});
  const initiate = (scene, player, expect = 200) =>
    scene.source.call('initiatePhoneShare', {body: {phone: scene.owner.phone, email: player}, expect});
  const answer = (scene, how, approvalId, otp, expect = 200) =>
    scene.source.call(`${how}PhoneShare`, {body: {approval_id: approvalId, otp}, expect});
  const status = async (scene, player) => (await scene.source.call('getPhoneShareStatus',
    {query: {phone: scene.owner.phone, email: player}, expect: 200})).json;
  // Asked, and the code read: {approvalId, otp}.
  async function ask(scene, player) {
    const before = (await world().texts(scene.owner.phone)).length;
    const {json} = await initiate(scene, player);
    const [, otp] = await world().text(scene.owner.phone, patterns.share, before);
    return {approvalId: json.approval_id, otp};
  }

  for (const f of Object.values(flavours)) {
    test(`${f.name}: with somebody else's phone, nothing is staged before the owner approves`, async () => {
      const scene = await owned(f);
      const body = asBob(scene);
      const before = await world().texts(scene.owner.phone);
      const {json} = await scene.source.call(f.initiate, {body, expect: [409, 'PHONE_SHARE_APPROVAL_REQUIRED']});
      const {error_id, timestamp, approval_id: approvalId, expires_at, ...rest} = json;
      const message = 'This phone number is already linked to another Invo account. The existing phone owner must approve '
        + 'via SMS before this email can also use this phone.';
      assert.deepEqual(rest, {status: 'error', error: message, error_code: 'PHONE_SHARE_APPROVAL_REQUIRED', message,
        phone: scene.owner.phone, requesting_email: scene.bob, existing_account_hints: ['pl***@example.com'],
        next_endpoint: `${world().prefix}/api/wallet/phone-share/initiate`, code_sent: true, already_approved: false});
      const [, otp] = await world().text(scene.owner.phone, patterns.share, before.length);
      const texts = (await world().texts(scene.owner.phone)).slice(before.length);
      assert.deepEqual(texts.map((text) => patterns.pin.test(text.body)), [false], 'no PIN');
      const [wallet] = (await scene.source.balance(scene.bob)).balances;
      assert.deepEqual([wallet.available_balance, wallet.reserved_balance], ['100.00', '0.00']);
      const pending = await status(scene, scene.bob);
      assert.deepEqual([pending.approved, pending.pending, pending.approval_id, pending.expires_at],
        [false, true, approvalId, expires_at]);

      const {json: approved} = await answer(scene, 'approve', approvalId, otp);
      assert.deepEqual([approved.approval_id, approved.approved, approved.rejected], [approvalId, true, false]);
      assert.deepEqual(await status(scene, scene.bob),
        {status: 'success', approved: true, pending: false, phone: scene.owner.phone, email: scene.bob});
      await answer(scene, 'approve', approvalId, otp, [409, 'ALREADY_APPROVED']);
      await answer(scene, 'reject', approvalId, otp, [409, 'ALREADY_APPROVED']);
      const asked = (await initiate(scene, scene.bob)).json;
      assert.deepEqual([asked.already_approved, asked.code_sent, asked.approval_id], [true, false, undefined]);
      await scene.source.call(f.initiate, {body, expect: 201}); // the very same request
      await scene.source.call(f.initiate, {body: asBob(scene), expect: 201}); // and it is remembered
    });
  }

  test('the receiver\'s phone is looked at too, when it is initiated', async () => {
    const scene = await owned();
    const {json} = await scene.initiate({receiver_player_email: scene.bob, receiver_player_phone: scene.owner.phone},
      [409, 'PHONE_SHARE_APPROVAL_REQUIRED']);
    assert.deepEqual([json.requesting_email, json.phone], [scene.bob, scene.owner.phone]);
  });

  for (const f of Object.values(flavours)) {
    test(`${f.name}: and when it is claimed`, async () => {
      const scene = await owned(f);
      if (f === flavours.send) await scene.prove(scene.receiver); // the receiver's phone is on file
      const {code} = await scene.approve();
      const before = (await world().texts(scene.receiver.phone)).length;
      const {json} = await scene.claim(code, {[f.claimEmail]: scene.bob}, [409, 'PHONE_SHARE_APPROVAL_REQUIRED']);
      assert.deepEqual([json.phone, json.requesting_email], [scene.receiver.phone, scene.bob]);
      const [, otp] = await world().text(scene.receiver.phone, patterns.share, before);
      await scene.target.call('approvePhoneShare', {body: {approval_id: json.approval_id, otp}, expect: 200});
      const claimed = await scene.claim(code, {[f.claimEmail]: scene.bob});
      assert.equal(claimed.json.status, 'success');
    });
  }

  test('answered by text: YES, a code, YES and a code; NO, NO and a code', async () => {
    const scene = await owned();
    for (const [words, approved] of [[() => 'YES', true], [(otp) => `YES ${otp}`, true], [(otp) => otp, true],
      [(otp) => `yes ${otp}.`, true], [() => 'No', false], [(otp) => `NO ${otp}`, false]]) {
      const player = email();
      const {approvalId, otp} = await ask(scene, player);
      await world().reply(scene.owner.phone, `${otherCode(otp)}`);
      await world().reply(scene.owner.phone, 'WHO IS THIS?');
      assert.equal((await status(scene, player)).pending, true, 'neither of these is an answer');
      await world().reply(scene.owner.phone, words(otp));
      const now = await status(scene, player);
      assert.deepEqual([now.approved, now.pending], [approved, false], words('<code>'));
      await answer(scene, 'approve', approvalId, otp, [409, approved ? 'ALREADY_APPROVED' : 'ALREADY_REJECTED']);
    }
  });

  test('a code names its question, YES is for the newest', async () => {
    const scene = await owned();
    const players = [email(), email(), email()];
    const asked = [];
    for (const player of players) asked.push(await ask(scene, player));
    await world().reply(scene.owner.phone, asked[0].otp);
    await world().reply(scene.owner.phone, 'YES');
    const now = await Promise.all(players.map((player) => status(scene, player)));
    assert.deepEqual(now.map((one) => one.approved), [true, false, true]);
  });

  patient('rejected is final; a fresh request makes another approval', async () => {
    const scene = await owned();
    const {approvalId, otp} = await ask(scene, scene.bob);
    const {json} = await answer(scene, 'reject', approvalId, otp);
    assert.deepEqual([json.approved, json.rejected], [false, true]);
    await answer(scene, 'approve', approvalId, otp, [409, 'ALREADY_REJECTED']);
    await answer(scene, 'reject', approvalId, otp, [409, 'ALREADY_REJECTED']);
    const now = await status(scene, scene.bob);
    assert.deepEqual([now.approved, now.pending], [false, false]);
    // A no is not followed by another text at once.
    const before = (await world().texts(scene.owner.phone)).length;
    for (const {json: soon} of [await initiate(scene, scene.bob, [429, 'OTP_COOLDOWN']),
      await scene.source.call('initiateSend', {body: asBob(scene), expect: [409, 'PHONE_SHARE_APPROVAL_REQUIRED']})]) {
      assert.deepEqual([soon.code_sent, soon.already_approved, soon.approval_id], [false, false, undefined]);
      assert.ok(soon.cooldown_seconds >= 1 && soon.cooldown_seconds <= 30);
    }
    if (sandbox) await world().advance(30);
    else await sleep(30_500); // production's clock goes its own way
    assert.equal((await world().texts(scene.owner.phone)).length, before);
    await scene.source.call('initiateSend', {body: asBob(scene), expect: [409, 'PHONE_SHARE_APPROVAL_REQUIRED']});
    const fresh = await status(scene, scene.bob);
    assert.equal(fresh.pending, true);
    assert.notEqual(fresh.approval_id, approvalId);
  });

  test('an approval is answered through the game that asked', async () => {
    const scene = await owned();
    const {approvalId, otp} = await ask(scene, scene.bob);
    const query = {phone: scene.owner.phone, email: scene.bob};
    const {json: theirs} = await scene.target.call('getPhoneShareStatus', {query, expect: 200});
    assert.deepEqual([theirs.pending, theirs.approval_id], [true, undefined]);
    const {json: again} = await scene.target.call('initiatePhoneShare', {body: query, expect: 200});
    assert.deepEqual([again.code_sent, again.approval_id], [true, undefined]);
    assert.match(again.message, /^A code was texted moments ago/);
    const body = {approval_id: approvalId, otp};
    for (const how of ['approvePhoneShare', 'rejectPhoneShare']) {
      await scene.target.call(how, {body, expect: [404, 'APPROVAL_NOT_FOUND']});
    }
    await answer(scene, 'approve', approvalId, otp);
    for (const how of ['approvePhoneShare', 'rejectPhoneShare']) {
      await scene.target.call(how, {body, expect: [404, 'APPROVAL_NOT_FOUND']});
    }
  });

  test('a claim makes nobody the owner of a phone', async () => {
    const scene = await Scene.make(world(), flavours.send);
    const {code} = await scene.approve();
    await scene.claim(code, {[flavours.send.claimEmail]: email()}); // who has only read the code in a reply
    const victim = {email: email(), phone: scene.receiver.phone};
    const {json: free} = await scene.source.call('getPhoneShareStatus', {query: victim, expect: 200});
    assert.deepEqual([free.approved, free.pending], [true, false]);
    assert.equal((await scene.source.call('initiatePhoneShare', {body: victim, expect: 200})).json.already_approved, true);
    await scene.prove(victim);
    const another = {...victim, email: email()};
    assert.equal((await scene.source.call('getPhoneShareStatus', {query: another, expect: 200})).json.approved, false);
  });

  test('a game that asks or answers too often', async () => {
    const game = await world().createGame({limits: {phone_shares_per_game_minute: 2, by_email_reads_per_minute: 2}});
    const pair = {phone: phone(), email: email()};
    const answered = {approval_id: '00000000-0000-8000-8000-000000000000', otp: '000000'};
    for (let i = 0; i < 3; ++i) {
      await game.call('initiatePhoneShare', {body: pair, expect: 200});
      await game.call('getPhoneShareStatus', {query: pair, expect: 200});
    }
    const over = [429, 'RATE_LIMITED'];
    await game.call('initiatePhoneShare', {body: pair, expect: over});
    await game.call('approvePhoneShare', {body: answered, expect: over});
    await game.call('rejectPhoneShare', {body: answered, expect: over});
    await game.call('getPhoneShareStatus', {query: pair, expect: over});
    const one = await world().createGame({limits: {phone_shares_per_ip_hour: 1}});
    await one.call('initiatePhoneShare', {body: pair, expect: 200});
    await one.call('initiatePhoneShare', {body: pair, expect: over});
  });

  test('five wrong codes end it', async () => {
    for (const how of ['approve', 'reject']) {
      const scene = await owned();
      const {approvalId, otp} = await ask(scene, scene.bob);
      for (const left of [4, 3, 2, 1, 0]) {
        const {json} = await answer(scene, how, approvalId, otherCode(otp), [400, 'INVALID_OTP']);
        assert.equal(json.attempts_remaining, left);
      }
      await answer(scene, how, approvalId, otp, [409, 'OTP_ATTEMPTS_EXCEEDED']);
      assert.equal((await status(scene, scene.bob)).pending, false);
      await answer(scene, how, '00000000-0000-8000-8000-000000000000', otp, [404, 'APPROVAL_NOT_FOUND']);
      await answer(scene, how, 'x', otp, [404, 'APPROVAL_NOT_FOUND']);
      await answer(scene, how, approvalId, undefined, [400, 'INVALID_REQUEST']);
      await answer(scene, how, undefined, otp, [400, 'INVALID_REQUEST']);
      // What is no code is no try, and a pasted one is read without its blanks.
      const second = await ask(scene, email());
      for (const bad of ['abcdef', '', ' ', second.otp.slice(1), `${second.otp}0`, `${second.otp}.`]) {
        assert.equal((await answer(scene, how, second.approvalId, bad, [400, 'INVALID_REQUEST'])).json.field, 'otp', bad);
      }
      const wrong = await answer(scene, how, second.approvalId, otherCode(second.otp), [400, 'INVALID_OTP']);
      assert.equal(wrong.json.attempts_remaining, 4);
      await answer(scene, how, second.approvalId, ` ${second.otp.slice(0, 3)}\u00a0${second.otp.slice(3)}\u200b `, 200);
    }
  });

  test('asked again within 30 seconds: the same approval and no second text', async () => {
    const scene = await owned();
    const {approvalId, otp} = await ask(scene, scene.bob);
    const before = (await world().texts(scene.owner.phone)).length;
    for (const {json} of [await initiate(scene, scene.bob),
      await scene.source.call('initiateSend', {body: asBob(scene), expect: [409, 'PHONE_SHARE_APPROVAL_REQUIRED']})]) {
      assert.deepEqual([json.approval_id, json.code_sent, json.already_approved], [approvalId, true, false]);
      assert.ok(json.cooldown_seconds >= 1 && json.cooldown_seconds <= 30);
    }
    await answer(scene, 'approve', approvalId, otp);
    assert.equal((await world().texts(scene.owner.phone)).length, before);
  });

  test('40 codes an hour for a phone', async () => {
    const scene = await owned();
    await scene.source.credit(scene.bob, '1.00');
    const players = Array.from({length: 40}, email);
    await Promise.all(players.map((player) => initiate(scene, player)));
    const {json} = await initiate(scene, email(), [429, 'OTP_RATE_LIMITED']);
    assert.deepEqual([json.rate_limited, json.code_sent, json.approval_id], [true, false, undefined]);
    assert.ok(json.retry_after_seconds > 3000 && json.retry_after_seconds <= 3600);
    const refused = (await scene.source.call('initiateSend', {body: asBob(scene), expect: [409, 'PHONE_SHARE_APPROVAL_REQUIRED']})).json;
    assert.deepEqual([refused.rate_limited, refused.code_sent, refused.approval_id], [true, false, undefined]);
    assert.ok(refused.retry_after_seconds > 3000);
    const before = (await world().texts(scene.owner.phone)).length;
    if (!sandbox) return;
    await world().advance(3600);
    await initiate(scene, email());
    await world().text(scene.owner.phone, patterns.share, Math.min(before, 49));
  });

  test('a free phone and an own one need no approval', async () => {
    const scene = await owned();
    for (const [number, player] of [[phone(), email()], [scene.owner.phone, scene.owner.email]]) {
      const {json} = await scene.source.call('initiatePhoneShare', {body: {phone: number, email: player}, expect: 200});
      assert.deepEqual([json.already_approved, json.code_sent], [true, false]);
    }
    assert.deepEqual([(await status(scene, scene.owner.email)).approved, (await status(scene, email())).approved], [true, false]);
    const bad = (body, code) => scene.source.call('initiatePhoneShare', {body, expect: [400, code]});
    await bad({phone: '12025550123', email: scene.bob}, 'INVALID_PHONE');
    await bad({phone: scene.owner.phone, email: 'nobody'}, 'INVALID_EMAIL');
    await bad({phone: scene.owner.phone}, 'INVALID_REQUEST');
    const look = (query, code) => scene.source.call('getPhoneShareStatus', {query, expect: [400, code]});
    await look({phone: '12025550123', email: scene.bob}, 'INVALID_PHONE');
    await look({email: scene.bob}, 'INVALID_PHONE');
    await look({phone: scene.owner.phone, email: 'nobody'}, 'INVALID_EMAIL');
    await look({phone: scene.owner.phone}, 'INVALID_EMAIL');
  });

  patient('another code after 30 seconds: the former one and the former PIN are of no use', async () => {
    const scene = await owned();
    const first = await ask(scene, scene.bob);
    const started = {};
    for (const f of Object.values(flavours)) {
      const other = await Scene.make(world(), f);
      started[f.name] = {other, ...(await other.start())};
    }
    if (sandbox) await world().advance(30);
    else await sleep(30_500); // production's clock goes its own way
    const second = await ask(scene, scene.bob);
    assert.notEqual(second.approvalId, first.approvalId);
    for (const how of ['approve', 'reject']) {
      await answer(scene, how, first.approvalId, first.otp, [410, 'APPROVAL_EXPIRED']);
    }
    await answer(scene, 'approve', second.approvalId, second.otp);
    for (const {other, id, pin} of Object.values(started)) {
      const before = (await world().texts(other.sender.phone)).length;
      const {json} = await other.resend(id);
      assert.equal(json.transaction_id, id);
      const [, fresh] = await world().text(other.sender.phone, patterns.pin, before);
      if (fresh !== pin) assert.equal((await other.verify(id, pin, [400, 'INVALID_PIN'])).json.attempts_remaining, 2);
      await other.verify(id, fresh);
    }
  });
}
