// Transfers and sends from the first request to the last: what each reply, text and balance says on the way.
import assert from 'node:assert/strict';
import {it as test} from 'node:test';
import {Scene, flavours, otherCode, otherFlavour, patterns} from '../support/scene.mjs';
import {decimal, email, minor, phone, requestId} from '../support/world.mjs';

export function transfersSuite(context, environment) {
  const world = () => context.movingWorlds[environment];

  test('transfer: 1,000 leave one game and 900 arrive in the other', async () => {
    const f = flavours.transfer;
    const scene = await Scene.make(world(), f);
    const {sender, source, target} = scene;
    const {id, pin, reply, body} = await scene.start({amount: '1000', [f.receiverEmail]: undefined});
    const {json} = reply;
    const fees = {total_fee: '100.00', net_amount: '900.00', source_game_fee: '35.00', target_game_fee: '35.00',
      invo_fee: '30.00', source_rate_pct: '3.5', target_rate_pct: '3.5'};
    assert.deepEqual(json, {
      status: 'success', message: 'Transfer initiated. Please verify with the SMS PIN sent to your phone.',
      transaction_id: id, order_id: json.order_id, new_balance: '1000.00', currency_name: 'Gold',
      verification_method: 'sms', verification_expires_at: json.verification_expires_at,
      transfer_details: {
        source_game: 'Adventure Quest', target_game: 'Space Warriors', target_game_id: target.id, currency: 'Gold',
        currency_id: source.currencies[0].currency_id, amount_initiated: '1000.00', fees_preview: fees,
        receiver_phone: sender.phone, send_type: 'cross_game',
        transfer_policy: {source_universal_transfers: 'yes', policy_applied: 'universal', target_in_linked_list: null}},
      fee_breakdown: fees,
      verification_required: {phone_number_masked: `******${sender.phone.slice(-4)}`, pin_expires_in_minutes: 10}});
    assert.deepEqual(await scene.funds(), ['1000.00', '1000.00'], 'reserved, not gone');
    const pending = await scene.status(id);
    assert.deepEqual([pending.transaction_status, pending.verification_state, pending.claim_code, pending.completed_at],
      ['pending_pin_verification', 'awaiting', null, null]);

    const {json: verified} = await scene.verify(id, pin);
    const [, code] = await world().text(sender.phone, patterns.claim);
    assert.deepEqual(verified, {
      status: 'success', message: verified.message, transaction_id: id, order_id: json.order_id, claim_code: code,
      new_balance: '1000.00', currency_name: 'Gold',
      claim_instructions: {message: verified.claim_instructions.message, target_game_id: target.id,
        target_game_name: 'Space Warriors', receiver_notified: true,
        claim_code_expires_at: verified.claim_instructions.claim_code_expires_at},
      transfer_summary: {amount_initiated: '1000.00', net_amount_for_claim: '900.00', fees_deducted: '100.00',
        source_player_current_available_balance: '1000.00'}});
    const waiting = await scene.status(id);
    assert.deepEqual([waiting.transaction_status, waiting.verification_state, waiting.claim_code,
      waiting.claim_code_expires_at],
    ['pending_claim', 'approved', code, verified.claim_instructions.claim_code_expires_at]);

    const claimed = await scene.claim(code);
    assert.deepEqual(claimed.json, {
      status: 'success', message: claimed.json.message, transaction_id: id, order_id: json.order_id,
      currency_name: 'Energy Credits', new_balance: '900.00',
      transfer_details: {amount_received: '900.00', source_game: 'Adventure Quest', target_currency: 'Energy Credits',
        target_player: 'PlayerTwo', new_balance: '900.00'},
      player: {player_id: claimed.json.player.player_id, player_email: sender.email, player_name: 'PlayerTwo'},
      completion_time: claimed.json.completion_time});
    assert.deepEqual(await scene.funds(), ['1000.00', '0.00']);
    assert.equal(await target.available(sender.email), '900.00');
    const headers = {'Florin-Min-Position': claimed.headers['florin-position']};
    for (const game of [source, target]) {
      const done = (await game.call(f.status, {params: {transaction_id: id}, headers, expect: 200})).json;
      assert.deepEqual([done.transaction_type, done.transaction_status, done.verification_state, done.amount,
        done.net_amount, done.fee_amount, done.order_id, done.failure_reason, done.claim_code, done.source_game_id,
        done.target_game_id, done.completed_at],
      ['transfer', 'completed', 'completed', '1000.00', '900.00', '100.00', json.order_id, null, null, source.id,
        target.id, claimed.json.completion_time]);
    }
    const history = async (game) => (await game.call('getHistory', {params: {email: sender.email}, headers, expect: 200}))
      .json.history.map((entry) => [entry.type, entry.amount, entry.available_balance, entry.reserved_balance, entry.order_id]);
    assert.deepEqual((await history(source)).slice(0, 2).map((entry) => entry[0]), ['transfer_completed', 'transfer_reserved']);
    assert.deepEqual((await history(target))[0], ['transfer_received', '900.00', '900.00', '0.00', json.order_id]);
    await world().text(sender.phone, /^Your Invo currency transfer from Adventure Quest to Space Warriors is complete/);
    assert.equal(body[f.receiverEmail], undefined, 'the target is the same person unless named');
  });

  test('send: the fees, the replies and the PIN\'s text as specified', async () => {
    const f = flavours.send;
    const scene = await Scene.make(world(), f, {balance: '1000.00'});
    const {sender, receiver, source, target} = scene;
    const {id, pin, reply} = await scene.start({amount: '500.00'});
    const {json} = reply;
    const fees = {total_fee: '50.00', sending_game_fee: '17.50', receiving_game_fee: '17.50', platform_fee: '15.00',
      net_amount: '450.00', source_rate_pct: '3.5', target_rate_pct: '3.5'};
    assert.deepEqual(json, {
      status: 'success', message: 'Currency send initiated. Please verify with the SMS PIN sent to your phone.',
      transaction_id: id, order_id: json.order_id, new_balance: '500.00', currency_name: 'Gold',
      verification_method: 'sms', verification_expires_at: json.verification_expires_at,
      send_details: {
        sending_game: 'Adventure Quest', receiving_game: 'Space Warriors', receiving_game_id: target.id,
        currency: 'Gold', currency_id: source.currencies[0].currency_id, amount_initiated: '500.00', fees_preview: fees,
        receiver_phone: receiver.phone, send_type: 'cross_game',
        transfer_policy: {source_universal_transfers: 'yes', policy_applied: 'universal', target_in_linked_list: null}},
      fee_breakdown: fees,
      verification_required: {phone_number_masked: `******${sender.phone.slice(-4)}`, pin_expires_in_minutes: 10}});
    const texts = await world().texts(sender.phone);
    assert.equal(texts[0].body, `Your Invo currency send from Adventure Quest to Space Warriors verification code is ${pin}. `
      + 'Valid for 10 minutes. Our employees will never ask you for this code.');
    assert.deepEqual(await world().texts(receiver.phone), [], 'the receiver hears of it once it is verified');

    const {json: verified} = await scene.verify(id, pin);
    assert.deepEqual(verified.send_summary, {amount_sent: '500.00', net_amount_for_claim: '450.00',
      fees_deducted: '50.00', sender_current_available_balance: '500.00'});
    const [, code] = await world().text(receiver.phone, patterns.claim);
    const {json: claimed} = await scene.claim(code);
    const {player_id} = claimed.player;
    assert.deepEqual(claimed.player, {player_id, player_email: receiver.email, player_name: 'PlayerTwo'});
    assert.deepEqual(claimed.send_details, {amount_received: '450.00', sending_game: 'Adventure Quest',
      receiving_currency: 'Energy Credits', receiver_player: 'PlayerTwo', new_balance: '450.00'});
    assert.equal((await target.balance(receiver.email)).player.player_id, player_id);
    assert.deepEqual(await scene.funds(), ['500.00', '0.00']);
    await world().text(sender.phone, /^Your Invo currency send from Adventure Quest to Space Warriors is complete/);
    await world().text(receiver.phone, /450\.00 arrived in Space Warriors/);
  });

  test('send: between two players of one game, by number', async () => {
    const scene = await Scene.make(world(), flavours.send, {balance: '100.00'});
    scene.target = scene.source;
    const started = await scene.approve({receiving_game_id: Number(scene.source.id), amount: '20.00'});
    const {send_details: details} = started.reply.json;
    assert.deepEqual([details.send_type, details.transfer_policy.target_in_linked_list], ['peer_to_peer', null]);
    await scene.claim(started.code, {receiver_player_email: scene.sender.email}, [400, 'SAME_PLAYER']);
    await scene.claim(started.code);
    assert.equal(await scene.source.available(scene.receiver.email), '18.00');
    for (const [field, code] of [['receiver_player_email', 'INVALID_EMAIL'], ['sender_player_email', 'INVALID_EMAIL'],
      ['receiver_player_phone', 'INVALID_PHONE'], ['sender_player_phone', 'INVALID_PHONE']]) {
      await scene.initiate({[field]: ''}, [400, code]);
    }
  });

  // What has just ended is asked about at once; the view that tells how it ended is a moment behind.
  test('16 clients that never wait are never told to', async () => {
    const clients = await Promise.all(Array.from({length: 16}, (_, i) =>
      Scene.make(world(), Object.values(flavours)[i % 2])));
    await Promise.all(clients.map(async (scene) => {
      for (let round = 0; round < 4; ++round) {
        const {code, id, pin} = await scene.approve();
        await scene.claim(code);
        assert.equal((await scene.status(id)).transaction_status, 'completed');
        const closed = [409, 'TRANSACTION_COMPLETED'];
        await Promise.all([scene.claim(code, {}, [409, 'ALREADY_CLAIMED']), scene.verify(id, pin, closed),
          scene.resend(id, closed), scene.cancel(id, closed), scene.status(id, scene.target)]);
      }
    }));
  });

  for (const f of Object.values(flavours)) {
    test(`${f.name}: fees are each game's own rate, to the cent, and always add up`, async () => {
      for (const [source, target, amount, parts] of [
        ['5', '3.5', '100.00', ['5.00', '3.50', '1.50']], ['10', '10', '100.00', ['5.00', '5.00', '0.00']],
        ['0', '0', '100.00', ['0.00', '0.00', '10.00']], ['3.5', '3.5', '0.01', undefined],
        ['10', '5', '0.33', undefined], ['3.33', '6.67', '99.99', undefined]]) {
        const scene = await Scene.make(world(), f, {
          source: {transfer_fee_percentage: source}, target: {transfer_fee_percentage: target}, balance: '100.00'});
        const {json} = await scene.initiate({amount});
        const fees = json.fee_breakdown;
        const sides = [fees[f.sourceFee], fees[f.targetFee], fees[f.networkFee]];
        if (parts) assert.deepEqual(sides, parts);
        assert.ok(sides.every((side) => minor(side) >= 0n));
        assert.equal(sides.reduce((sum, side) => sum + minor(side), minor(fees.net_amount)), minor(amount));
        assert.deepEqual([fees.source_rate_pct, fees.target_rate_pct], [source, target]);
      }
    });

    test(`${f.name}: the third wrong PIN ends it and returns the amount`, async () => {
      const scene = await Scene.make(world(), f, {balance: '100.00'});
      const {id, pin} = await scene.start({amount: '40.00'});
      const wrong = otherCode(pin);
      // What is no PIN is no try.
      for (const bad of ['abcdef', '', ' ', pin.slice(1), `${pin}0`, pin.replace(/(...)/, '$1-'), `${pin}.`]) {
        assert.equal((await scene.verify(id, bad, [400, 'INVALID_REQUEST'])).json.field, 'sms_pin', bad);
      }
      for (const left of [2, 1]) {
        const {json} = await scene.verify(id, wrong, [400, 'INVALID_PIN']);
        assert.equal(json.attempts_remaining, left);
        assert.deepEqual(await scene.funds(), ['60.00', '40.00']);
      }
      const {json: third} = await scene.verify(id, wrong, [400, 'PIN_ATTEMPTS_EXCEEDED']);
      assert.equal(third.attempts_remaining, 0);
      assert.deepEqual(await scene.funds(), ['100.00', '0.00']);
      for (const reply of [await scene.verify(id, pin, [400, 'PIN_ATTEMPTS_EXCEEDED']),
        await scene.resend(id, [400, 'PIN_ATTEMPTS_EXCEEDED']), await scene.cancel(id, [400, 'PIN_ATTEMPTS_EXCEEDED'])]) {
        assert.deepEqual([reply.json.transaction_status, reply.json.failure_reason], ['failed', 'pin_attempts_exceeded']);
      }
      const status = await scene.status(id);
      assert.deepEqual([status.transaction_status, status.verification_state, status.failure_reason],
        ['failed', 'failed', 'pin_attempts_exceeded']);
      await world().text(scene.sender.phone, /failed after too many wrong codes/);
    });

    test(`${f.name}: called off before the PIN, and only then`, async () => {
      const scene = await Scene.make(world(), f, {balance: '100.00'});
      const {id, pin} = await scene.start({amount: '40.00'});
      const {json} = await scene.cancel(id);
      assert.deepEqual([json.transaction_status, json.amount_returned, json.new_balance, json.currency_name],
        ['cancelled', '40.00', '100.00', 'Gold']);
      assert.deepEqual(await scene.funds(), ['100.00', '0.00']);
      for (const call of [() => scene.cancel(id, [409, 'TRANSACTION_CLOSED']),
        () => scene.verify(id, pin, [409, 'TRANSACTION_CLOSED']), () => scene.resend(id, [409, 'TRANSACTION_CLOSED'])]) {
        assert.equal((await call()).json.transaction_status, 'cancelled');
      }
      const status = await scene.status(id);
      assert.deepEqual([status.transaction_status, status.verification_state, status.failure_reason],
        ['cancelled', 'failed', 'cancelled']);
      await world().text(scene.sender.phone, /was cancelled\. 40\.00 Gold are back/);

      const second = await scene.approve();
      for (const call of [() => scene.cancel(second.id, [409, 'ALREADY_VERIFIED']),
        () => scene.verify(second.id, second.pin, [409, 'ALREADY_VERIFIED']),
        () => scene.resend(second.id, [409, 'ALREADY_VERIFIED'])]) await call();
      await scene.claim(second.code);
      for (const call of [() => scene.cancel(second.id, [409, 'TRANSACTION_COMPLETED']),
        () => scene.verify(second.id, second.pin, [409, 'TRANSACTION_COMPLETED']),
        () => scene.resend(second.id, [409, 'TRANSACTION_COMPLETED'])]) {
        assert.equal((await call()).json.transaction_status, 'completed');
      }
    });

    test(`${f.name}: a second PIN is not texted at once`, async () => {
      const scene = await Scene.make(world(), f);
      const {id} = await scene.start();
      const {json} = await scene.resend(id, [429, 'RESEND_COOLDOWN']);
      assert.ok(json.retry_after >= 1 && json.retry_after <= 30);
      const texts = await world().texts(scene.sender.phone);
      assert.equal(texts.filter((text) => patterns.pin.test(text.body)).length, 1);
      await scene.source.call(f.resend, {body: {}, expect: [400, 'INVALID_REQUEST']});
    });

    test(`${f.name}: what cannot be initiated reserves nothing and leaves its id free`, async () => {
      const scene = await Scene.make(world(), f, {balance: '100.00',
        target: {currencies: [{currency_name: 'Gems', currency_symbol: '*', minimum_transfer: '5.00', maximum_transfer: '50'}]}});
      const id = requestId();
      const refuse = async (change, code, status = 400) => {
        const reply = await scene.initiate({client_request_id: id, ...change}, [status, code]);
        return reply.json;
      };
      const required = ['client_request_id', f.senderName, f.senderEmail, f.senderPhone, f.receiverPhone, f.game,
        ...(f === flavours.send ? [f.receiverEmail] : [])];
      for (const field of required) {
        assert.equal((await refuse({[field]: undefined}, 'INVALID_REQUEST')).field, field);
        await refuse({[field]: {}}, 'INVALID_REQUEST');
      }
      assert.equal((await refuse({amount: undefined}, 'INVALID_REQUEST')).field, 'amount');
      for (const field of [f.senderPhone, f.receiverPhone]) {
        for (const bad of ['12025550123', '+123456789', '+1234567890123456', '+1 202 555 0123', '+1202555O123', '+１２０２５５５０１２３']) {
          assert.equal((await refuse({[field]: bad}, 'INVALID_PHONE')).field, field);
        }
      }
      for (const field of [f.senderEmail, f.receiverEmail]) await refuse({[field]: 'nobody'}, 'INVALID_EMAIL');
      for (const amount of [10, '1e1', '-10.00', '10.001', '1,000.00', '0', '1000000000']) await refuse({amount}, 'INVALID_AMOUNT');
      for (const amount of ['4.99', '50.01']) {
        const {minimum_transfer, maximum_transfer} = await refuse({amount}, 'INVALID_AMOUNT');
        assert.deepEqual([minimum_transfer, maximum_transfer], ['5.00', '50.00']);
      }
      await refuse({client_request_id: 'sub_1'}, 'CLIENT_REQUEST_ID_RESERVED');
      await refuse({[f.game]: '999999999999'}, 'GAME_NOT_FOUND');
      await refuse({[f.game]: scene.source.id, [f.receiverEmail]: scene.sender.email}, 'SAME_PLAYER');
      if (f === flavours.transfer) await refuse({currency_id: 4294967295}, 'CURRENCY_NOT_FOUND', 404);
      await scene.source.call('debitBalance', {body: {client_request_id: requestId(), player_email: scene.sender.email,
        amount: '60.00', reason: 'test'}, expect: 200});
      const poor = await refuse({amount: '40.01'}, 'INSUFFICIENT_BALANCE');
      assert.deepEqual([poor.available_balance, poor.required_amount, poor.shortfall], ['40.00', '40.01', '0.01']);
      assert.deepEqual(await scene.funds(), ['40.00', '0.00']);
      assert.deepEqual(await world().texts(scene.sender.phone), []);
      await scene.initiate({client_request_id: id, amount: '40.00'});
      assert.deepEqual(await scene.funds(), ['0.00', '40.00']);
    });

    test(`${f.name}: the same request again is the original reply and no second text`, async () => {
      const scene = await Scene.make(world(), f);
      const {reply, body} = await scene.start();
      const {json} = await scene.source.call(f.initiate, {body, expect: [409, 'DUPLICATE_REQUEST']});
      assert.deepEqual(json.original, reply.json);
      assert.deepEqual([json.transaction_id, json.order_id, json.original_status],
        [reply.json.transaction_id, reply.json.order_id, 'success']);
      for (const change of [{amount: '11.00'}, {[f.receiverPhone]: phone()}, {[f.senderName]: 'Another'}]) {
        await scene.source.call(f.initiate, {body: {...body, ...change}, expect: [422, 'CLIENT_REQUEST_ID_REUSED']});
      }
      const crowd = scene.body();
      const replies = await Promise.all(Array.from({length: 12}, () => scene.source.call(f.initiate, {body: crowd})));
      assert.deepEqual(replies.map((one) => one.status).sort(), [201, ...Array(11).fill(409)]);
      await world().text(scene.sender.phone, patterns.pin, 1);
      assert.equal((await world().texts(scene.sender.phone)).length, 2);
    });

    test(`${f.name}: nobody else's business`, async () => {
      const scene = await Scene.make(world(), f);
      const stranger = await world().createGame();
      const {id, pin} = await scene.start();
      const other = otherFlavour(f);
      const body = {transaction_id: id, sms_pin: pin};
      const params = {transaction_id: id};
      const missing = [404, 'TRANSACTION_NOT_FOUND'];
      for (const game of [stranger, scene.target]) {
        await game.call(f.verify, {body, expect: missing});
        await game.call(f.resend, {body: {transaction_id: id}, expect: missing});
        await game.call(f.cancel, {params, expect: missing});
      }
      await stranger.call(f.status, {params, expect: missing});
      await scene.source.call(other.verify, {body, expect: missing});
      await scene.source.call(other.resend, {body: {transaction_id: id}, expect: missing});
      await scene.source.call(other.cancel, {params, expect: missing});
      await scene.source.call(other.status, {params, expect: missing});
      await scene.source.call('getApprovalStatus', {params, expect: missing}); // nobody is asked
      const credit = (await scene.source.credit(scene.sender.email, '1.00')).json.transaction_id;
      for (const unknown of ['txn_0000000000000', 'txn_ZZZZZZZZZZZZZ', 'x', id.replace('txn', 'ord'), credit]) {
        await scene.verify(unknown, pin, missing);
        await scene.resend(unknown, missing);
        await scene.cancel(unknown, missing);
        await scene.source.call(f.status, {params: {transaction_id: unknown}, expect: missing});
        await scene.source.call('getApprovalStatus', {params: {transaction_id: unknown}, expect: missing});
      }
      for (const bad of [{transaction_id: id}, {sms_pin: pin}, {transaction_id: 7, sms_pin: pin}, {transaction_id: id, sms_pin: 123456}]) {
        await scene.source.call(f.verify, {body: bad, expect: [400, 'INVALID_REQUEST']});
      }
      await scene.verify(id, `\u3000${pin.slice(0, 3)}\u00a0${pin.slice(3)} \u200b`); // as pasted
      const seen = await scene.status(id, scene.target);
      assert.deepEqual([seen.transaction_status, seen.claim_code], ['pending_claim', null], 'the code is the source\'s');
    });

    test(`${f.name}: a claim needs the code, the game and the phone`, async () => {
      const scene = await Scene.make(world(), f);
      const {code, id} = await scene.approve({amount: '100.00'});
      const stranger = await world().createGame();
      const unknown = [404, 'CLAIM_NOT_FOUND'];
      for (const game of [stranger, scene.source]) {
        await game.call(f.claim, {body: scene.claimBody(code), expect: unknown});
      }
      const o = otherFlavour(f);
      const foreign = {claim_code: code, [o.claimName]: 'x', [o.claimEmail]: scene.receiver.email, [o.claimPhone]: scene.receiver.phone};
      await scene.target.call(o.claim, {body: foreign, expect: unknown});
      const last = code.at(-1) === '0' ? '1' : '0';
      for (const bad of ['0000-0000-0000-0000', code.slice(0, -1) + last]) await scene.claim(bad, {}, unknown);
      for (const bad of ['x', '', id, `${code}0`, code.slice(0, -1), code.replaceAll('-', '_')]) {
        assert.equal((await scene.claim(bad, {}, [400, 'INVALID_REQUEST'])).json.field, 'claim_code', bad);
      }
      await scene.claim(code, {[f.claimPhone]: phone()}, [403, 'PHONE_MISMATCH']);
      for (const bad of ['1202', '']) await scene.claim(code, {[f.claimPhone]: bad}, [400, 'INVALID_PHONE']);
      for (const bad of ['nobody', '']) await scene.claim(code, {[f.claimEmail]: bad}, [400, 'INVALID_EMAIL']);
      for (const field of ['claim_code', f.claimName, f.claimEmail, f.claimPhone]) {
        assert.equal((await scene.claim(code, {[field]: undefined}, [400, 'INVALID_REQUEST'])).json.field, field);
      }
      await scene.claim(code, {[f.claimPlayer]: 4294967295}, [404, 'PLAYER_NOT_FOUND']);
      if (f === flavours.transfer) await scene.claim(code, {target_currency_id: 4294967295}, [404, 'CURRENCY_NOT_FOUND']);
      await scene.target.call('getBalanceByEmail', {params: {email: scene.receiver.email}, expect: [404, 'PLAYER_NOT_FOUND']});
      await scene.claim(`\u00a0 ${code.toLowerCase().replaceAll('-', ' \u2013 ')}\u200b\n`);
      assert.equal(await scene.target.available(scene.receiver.email), '90.00');
      await scene.claim(code, {}, [409, 'ALREADY_CLAIMED']);
      await scene.claim(code, {[f.claimPhone]: phone()}, unknown); // who has not the phone learns nothing
      assert.equal(await scene.target.available(scene.receiver.email), '90.00');
    });

    test(`${f.name}: a crowd that claims gets it once`, async () => {
      const scene = await Scene.make(world(), f);
      const {code} = await scene.approve({amount: '100.00'});
      const replies = await Promise.all(Array.from({length: 12}, () =>
        scene.target.call(f.claim, {body: scene.claimBody(code), provoked: true})));
      const told = new Set(replies.map((reply) => reply.json.error_code ?? reply.status));
      assert.equal(replies.filter((reply) => reply.status === 200).length, 1);
      assert.ok([...told].every((one) => [200, 'ALREADY_CLAIMED'].includes(one)), [...told].join());
      await scene.claim(code, {}, [409, 'ALREADY_CLAIMED']);
      assert.equal(await scene.target.available(scene.receiver.email), '90.00');
    });
  }

  test('transfer: into the currency named', async () => {
    const currencies = [{currency_name: 'Gold', currency_symbol: 'G'}, {currency_name: 'Gems', currency_symbol: '*'}];
    const scene = await Scene.make(world(), flavours.transfer, {source: {currencies}, target: {currencies}, balance: ''});
    const [, gems] = scene.source.currencies;
    await scene.source.credit(scene.sender.email, '30.00', {currency_id: gems.currency_id});
    const {code} = await scene.approve({amount: '20.00', currency_id: gems.currency_id});
    const {json} = await scene.claim(code, {target_currency_id: scene.target.currencies[1].currency_id});
    assert.equal(json.currency_name, 'Gems');
    assert.equal(await scene.source.available(scene.sender.email, 1), '10.00');
    assert.equal(await scene.target.available(scene.sender.email, 1), '18.00');
  });

  for (const f of Object.values(flavours)) {
    test(`${f.name}: several players on one phone choose who is credited`, async () => {
      const scene = await Scene.make(world(), f);
      const first = await scene.approve();
      await scene.claim(first.code);
      if (f === flavours.send) await scene.prove(scene.receiver);
      // A second person comes to share the phone, and plays the receiving game too.
      const second = email();
      const asked = (await scene.target.call('initiatePhoneShare',
        {body: {phone: scene.receiver.phone, email: second}, expect: 200})).json;
      const [, otp] = await world().text(scene.receiver.phone, patterns.share);
      await scene.target.call('approvePhoneShare', {body: {approval_id: asked.approval_id, otp}, expect: 200});
      await scene.target.credit(second, '1.00');
      const before = await scene.target.available(scene.receiver.email);

      const {code} = await scene.approve({amount: '100.00'});
      const {json} = await scene.claim(code);
      assert.equal(json.status, 'needs_account_selection');
      assert.equal(json.claim_code, code);
      const players = await Promise.all([scene.receiver.email, second].map((one) => scene.target.balance(one)));
      assert.deepEqual(json.candidates.map((one) => one.player_id).sort(), players.map((one) => one.player.player_id).sort());
      assert.ok(json.candidates.every((one) => one.email_hint === 'pl***@example.com'));
      assert.equal(await scene.target.available(scene.receiver.email), before, 'nothing is credited');
      const stranger = (await scene.target.credit(email(), '1.00')).json.player.player_id;
      await scene.claim(code, {[f.claimPlayer]: stranger}, [404, 'PLAYER_NOT_FOUND']);
      const chosen = players[1].player.player_id;
      const {json: claimed} = await scene.claim(code, {[f.claimPlayer]: chosen});
      assert.deepEqual(claimed.player, {player_id: chosen, player_email: second, player_name: ''});
      assert.equal(claimed[f.details][f.player], '', 'the game never named this player');
      assert.equal(await scene.target.available(second), '91.00');
      assert.equal(await scene.target.available(scene.receiver.email), before);
    });
  }

  test('stream-all and balances show what is set aside', async () => {
    const scene = await Scene.make(world(), flavours.send, {balance: '100.00'});
    const {headers} = await scene.initiate({amount: '30.00'});
    const {trailer} = await scene.source.stream({}, {'Florin-Min-Position': headers['florin-position']});
    assert.deepEqual([trailer.total_available, trailer.total_reserved], ['70.00', '30.00']);
    assert.equal(decimal(minor(trailer.total_available) + minor(trailer.total_reserved)), '100.00');
  });
}
