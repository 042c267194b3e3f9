// Our signatures by Twilio's own package, and its signatures by ours.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import twilio from 'twilio';
import {probe} from './probe.mjs';

const {getExpectedTwilioSignature, validateRequest} = twilio;
const token = '1c892n40nd03kdnc0112slzkl3091j20';
const urls = [
  'https://florin.example/webhooks/sms/inbound',
  'https://florin.example:8443/webhooks/sms/inbound?game=1&x=a%20b',
  'http://florin.example/webhooks/sms/inbound',
  'http://florin.example:8080/webhooks/sms/inbound',
  'https://user:secret@florin.example/webhooks/sms/inbound',
];
const forms = {
  empty: [],
  plain: [['From', '+15551230001'], ['To', '+15005550006'], ['Body', 'YES'], ['MessageSid', `SM${'0'.repeat(32)}`]],
  'spaces, signs and letters': [['Body', 'YES & "ü" = 100 % + 👍\r\n'], ['b', ''], ['a', '~*-._!\'()']],
  'names in upper and lower case': [['b', '1'], ['B', '2'], ['a', '3'], ['_', '4'], ['A1', '5'], ['A', '6']],
  'a name that comes several times':
    [['MediaUrl', 'b'], ['x', '1'], ['MediaUrl', 'a'], ['MediaUrl', 'b'], ['MediaUrl', 'B']],
};

const encode = (pairs) => new URLSearchParams(pairs).toString();
// As a web framework hands them to the validator: repeated names as an array.
function parameters(encoded) {
  const out = {};
  for (const [name, value] of new URLSearchParams(encoded)) {
    out[name] = name in out ? [out[name], value].flat() : value;
  }
  return out;
}

for (const [name, pairs] of Object.entries(forms)) {
  for (const url of urls) {
    test(`${name}: ${url}`, async () => {
      const encoded = encode(pairs);
      const [ours] = await probe(token, 'sign', url, encoded);
      assert.ok(validateRequest(token, ours, url, parameters(encoded)), 'the package takes our signature');
      assert.ok(!validateRequest(`${token}x`, ours, url, parameters(encoded)), 'but not with another token');
      const theirs = getExpectedTwilioSignature(token, url, parameters(encoded));
      assert.deepEqual(await probe(token, 'check', url, encoded, theirs), ['valid']);
      assert.deepEqual(await probe(token, 'check', url, encode([...pairs, ['x', 'y']]), theirs), ['invalid']);
      assert.deepEqual(await probe(`${token}x`, 'check', url, encoded, theirs), ['invalid']);
    });
  }
}

// Twilio has signed with and without the port over the years; the package accepts both, and so do we.
test('a port that Twilio leaves out or puts in', async () => {
  const encoded = encode(forms.plain);
  for (const [configured, signed] of [
    ['https://florin.example:8443/x?a=b:c', 'https://florin.example/x?a=b:c'],
    ['https://florin.example/x', 'https://florin.example:443/x'],
    ['http://florin.example/x', 'http://florin.example:80/x'],
  ]) {
    const signature = getExpectedTwilioSignature(token, signed, parameters(encoded));
    assert.ok(validateRequest(token, signature, configured, parameters(encoded)));
    assert.deepEqual(await probe(token, 'check', configured, encoded, signature), ['valid']);
  }
  const elsewhere = getExpectedTwilioSignature(token, 'https://other.example/x', parameters(encoded));
  assert.deepEqual(await probe(token, 'check', 'https://florin.example/x', encoded, elsewhere), ['invalid']);
});

test('what the sandbox phone posts is what Twilio would post', async () => {
  const [form, signature] = await probe(token, 'reply', urls[1], '+15551230001', 'YES 123456 & "ü"');
  assert.ok(validateRequest(token, signature, urls[1], parameters(form)));
  assert.ok(!validateRequest(token, signature, urls[1], parameters(form.replace('YES', 'NO'))));
  const {From, Body, MessageSid, SmsStatus} = parameters(form);
  assert.deepEqual({From, Body, SmsStatus}, {From: '+15551230001', Body: 'YES 123456 & "ü"', SmsStatus: 'received'});
  assert.match(MessageSid, /^SM[0-9a-f]{32}$/);
});
