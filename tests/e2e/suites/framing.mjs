// Requests that are not proper HTTP: refused, and the connection does not go on. Legal ones that few clients send: taken.
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
  const get = (target, headers = 'Host: a\r\n', version = '1.1') => `GET ${target} HTTP/${version}\r\n${headers}\r\n`;
  const coded = (coding, chunks) => head(['Host: a', `Transfer-Encoding: ${coding}`]) + chunks;
  const refused = {
    'LF within a quoted chunk extension': [400, coded('chunked', `14;a="\n"\r\n${body}\r\n0\r\n\r\n`)],
    'a target without a slash': [400, get('foo?u=://x/readyz')],
    'a target of another scheme': [400, get('ftp://x/readyz')],
    'a target without a host': [400, get('http:///readyz')],
    'a host that is none': [400, get('/livez', 'Host: ###\r\n')],
    'half an IPv6 address': [400, get('/livez', 'Host: [::1\r\n')],
    'a port that is none': [400, get('/livez', 'Host: a:port\r\n')],
    'a host in quotes': [400, get('/livez', 'Host: "a"\r\n')],
    'a folded header whose first line is empty': [400, get('/livez', 'Host: a\r\nA:\r\n b\r\n')],
    'a folded Content-Length': [400, `${head(['Host: a', 'Content-Length:', ` ${body.length}`])}${body}`],
    'a header block over the limit': [431, get('/livez', `Host: a\r\nX: ${'x'.repeat(20_000)}\r\n`)],
    'a target over the limit': [414, get(`/${'x'.repeat(20_000)}`)],
    'an unknown transfer coding': [501, coded('gzip, chunked', '0\r\n\r\n')],
    'HTTP/2.0': [505, get('/livez', 'Host: a\r\n', '2.0')],
  };
  for (const [what, [status, bytes]] of Object.entries(refused)) {
    test(`framing: ${what} is ${status}`, async () => {
      const reply = await raw(context.server.port, bytes + get('/livez'), 10_000);
      assert.ok(reply.closed, 'the connection is closed');
      assert.equal(reply.status, status, reply.text.slice(0, 300));
      assert.equal(reply.text.split('HTTP/1.1 ').length, 2, `one answer: ${reply.text.slice(0, 600)}`);
    });
  }
  const taken = {
    'an absolute target': [200, get('http://a/livez')],
    'an absolute target whose host is not the Host': [200, get('http://b/livez')],
    'an absolute target without a path': [404, get('http://a')],
    'an absolute target without a path, with a query': [404, get('http://a?q')],
    'OPTIONS *': [204, get('*').replace('GET', 'OPTIONS')],
    'HTTP/1.2': [200, get('/livez', 'Host: a\r\n', '1.2')],
    'HTTP/1.9': [200, get('/livez', 'Host: a\r\n', '1.9')],
    'an unknown method': [501, get('/livez').replace('GET', 'BREW')],
    'a known method': [405, get('/livez').replace('GET', 'PUT')],
  };
  for (const [what, [status, bytes]] of Object.entries(taken)) {
    test(`framing: ${what} is ${status}, and the connection goes on`, async () => {
      const reply = await raw(context.server.port, bytes + get('/livez', 'Host: a\r\nConnection: close\r\n'), 10_000);
      const statuses = reply.text.split('HTTP/1.1 ').slice(1).map((part) => Number(part.slice(0, 3)));
      assert.deepEqual(statuses, [status, 200], reply.text.slice(0, 600));
    });
  }
  test('framing: two requests in one packet get two answers in order', async () => {
    const reply = await raw(context.server.port,
      'GET /livez HTTP/1.1\r\nHost: a\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 10_000);
    assert.match(reply.text, /^HTTP\/1\.1 200 [^]*HTTP\/1\.1 404 /);
    assert.ok(reply.closed);
  });
}
