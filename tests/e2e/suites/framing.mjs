// Requests that are not proper HTTP: answered with a 400 at most, and the connection does not go on.
import assert from 'node:assert/strict';
import {it as test} from 'node:test';
import {raw} from '../support/http.mjs';

export function framingSuite(context) {
  const body = '{"player_emails":[]}';
  const head = (lines) => ['POST /api/player-balances/batch HTTP/1.1', 'Content-Type: application/json', ...lines, '', '']
    .join('\r\n');
  const requests = {
    'a length and a transfer coding': `${head(['Host: a', `Content-Length: ${body.length}`,
      'Transfer-Encoding: chunked'])}0\r\n\r\n`,
    'two lengths': head(['Host: a', 'Content-Length: 0', 'Content-Length: 20']) + body,
    'a length that is none': head(['Host: a', 'Content-Length: 2x']) + body,
    'a negative length': head(['Host: a', 'Content-Length: -1']),
    'no host': head([`Content-Length: ${body.length}`]) + body,
    'two hosts': head(['Host: a', 'Host: b', `Content-Length: ${body.length}`]) + body,
    'chunks in HTTP/1.0': `${head(['Host: a', 'Transfer-Encoding: chunked']).replace('1.1', '1.0')}0\r\n\r\n`,
    'a blank before the colon': head(['Host: a', `Content-Length : ${body.length}`]) + body,
    'not HTTP at all': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
    'no version': 'GET /livez\r\n\r\n',
  };
  for (const [what, bytes] of Object.entries(requests)) {
    test(`framing: ${what}`, async () => {
      const reply = await raw(context.server.port, bytes, 10_000);
      assert.ok(reply.closed, 'the connection is closed');
      if (reply.text) {
        assert.equal(reply.status, 400, reply.text.slice(0, 300));
        assert.equal(reply.text.split('HTTP/1.1 ').length, 2, `one answer: ${reply.text.slice(0, 600)}`);
      }
    });
  }
  test('framing: a header block over the limit', async () => {
    const reply = await raw(context.server.port, `GET /livez HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 10_000);
    assert.ok(reply.closed);
    if (reply.text) assert.ok([400, 431].includes(reply.status), reply.text.slice(0, 300));
  });
  test('framing: two requests in one packet get two answers in order', async () => {
    const reply = await raw(context.server.port,
      'GET /livez HTTP/1.1\r\nHost: a\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 10_000);
    assert.match(reply.text, /^HTTP\/1\.1 200 [^]*HTTP\/1\.1 404 /);
    assert.ok(reply.closed);
  });
}
