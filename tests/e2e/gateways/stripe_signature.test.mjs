// Our signatures by Stripe's own package, and its signatures by ours.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import Stripe from 'stripe';
import {probe} from './probe.mjs';

const {webhooks} = new Stripe('sk_test_unused');
const secret = 'whsec_8f3a0c1d2b';
const seconds = 1_800_000_000;
const bodies = {
  'an event': JSON.stringify({id: 'evt_1', object: 'event', type: 'payment_intent.succeeded',
    data: {object: {id: 'pi_1', object: 'payment_intent'}}}),
  'blanks and letters': JSON.stringify({id: 'evt_2', object: 'event', note: 'ü 👍 "x"',
    data: {object: {id: 're_1', object: 'refund', payment_intent: 'pi_2'}}}, null, 2),
};

for (const [name, body] of Object.entries(bodies)) {
  test(`${name}: ours by the package`, async () => {
    const [ours] = await probe(secret, 'stripe-sign', String(seconds), body);
    // Its tolerance is one-sided: a time to come is not looked at.
    const read = (text, key) => webhooks.constructEvent(text, ours, key, 300, undefined, seconds * 1000);
    assert.equal(read(body, secret).object, 'event');
    assert.throws(() => read(body, `${secret}x`));
    assert.throws(() => read(`${body} `, secret));
  });

  test(`${name}: the package's by ours`, async () => {
    const sign = (key, timestamp = seconds) =>
      webhooks.generateTestHeaderString({payload: body, secret: key, timestamp});
    const check = (header, text = body, at = seconds) => probe(secret, 'stripe-check', String(at), text, header);
    const payment = name === 'an event' ? 'pi_1' : 'pi_2';
    assert.deepEqual(await check(sign(secret)), [payment]);
    assert.deepEqual(await check(sign(`${secret}x`)), ['unsigned']);
    assert.deepEqual(await check(sign(secret), `${body} `), ['unsigned']);
    assert.deepEqual(await check(sign(secret), body, seconds + 300), [payment]);
    assert.deepEqual(await check(sign(secret), body, seconds + 301), ['stale']);
    assert.deepEqual(await check(sign(secret), body, seconds - 301), ['stale']);
    const rolled = `${sign(`${secret}x`)},${sign(secret).split(',')[1]}`;
    assert.deepEqual(await check(rolled), [payment], 'the second of two');
  });
}
