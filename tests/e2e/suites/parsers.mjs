// HTTP as another parser reads it: node's own (llhttp, in its strict mode) and Florin get the same bytes, followed by one
// more request. Florin never reads a request that node does not; where it reads fewer, the list says why.
import assert from 'node:assert/strict';
import http from 'node:http';
import {it as test} from 'node:test';
import {raw} from '../support/http.mjs';

const follower = 'GET /livez HTTP/1.1\r\nHost: z\r\nConnection: close\r\n\r\n';
const get = (target, headers = 'Host: x\r\n', version = '1.1') => `GET ${target} HTTP/${version}\r\n${headers}\r\n`;
const post = (headers, body = '') => `POST /nowhere HTTP/1.1\r\nHost: x\r\n${headers}\r\n${body}`;
const chunked = (body) => post('Transfer-Encoding: chunked\r\n', body);

// Bytes, and why Florin is stricter; undefined: both read the same requests.
const corpus = {
  'a plain request': [get('/livez')],
  'two in one packet': [get('/livez') + get('/livez')],
  'an empty line before it': [`\r\n${get('/livez')}`],
  'a body with a length': [post('Content-Length: 3\r\n', 'abc')],
  'a length with zeros before it': [post('Content-Length: 003\r\n', 'abc')],
  'a chunked body': [chunked('3\r\nabc\r\n0\r\n\r\n')],
  'an extension': [chunked('3;a=b;c="d"\r\nabc\r\n0\r\n\r\n')],
  'trailers': [chunked('3\r\nabc\r\n0\r\nA: b\r\n\r\n')],
  'CHUNKED in capitals': [post('Transfer-Encoding: CHUNKED\r\n', '0\r\n\r\n')],
  'an absolute target': [get('http://x/livez')],
  'HTTP/1.0 that stays': [get('/livez', 'Connection: keep-alive\r\n', '1.0')],
  'a byte above ASCII in a value': [get('/livez', 'Host: x\r\nA: \xe9\r\n')],
  'a request within a body': [post(`Content-Length: ${get('/livez').length}\r\n`, get('/livez'))],

  'LF in a quoted extension': [chunked('3;a="\n"\r\nabc\r\n0\r\n\r\n')],
  'NUL in a quoted extension': [chunked('3;a="\0"\r\nabc\r\n0\r\n\r\n')],
  'DEL in a quoted extension': [chunked('3;a="\x7f"\r\nabc\r\n0\r\n\r\n')],
  'CR in an extension': [chunked('3;a\rb\r\nabc\r\n0\r\n\r\n')],
  'a request in a quoted extension': [chunked(`3;a="\n${get('/livez')}"\r\nabc\r\n0\r\n\r\n`)],
  'a blank after the size': [chunked('3 \r\nabc\r\n0\r\n\r\n')],
  'a signed size': [chunked('+3\r\nabc\r\n0\r\n\r\n')],
  'a size of 65 bits': [chunked('10000000000000003\r\nabc\r\n0\r\n\r\n')],
  'LF after the size': [chunked('3\nabc\r\n0\r\n\r\n')],
  'LF after the data': [chunked('3\r\nabc\n0\r\n\r\n')],
  'data that is longer': [chunked('3\r\nabcd\r\n0\r\n\r\n')],
  'LF in the trailers': [chunked('3\r\nabc\r\n0\r\nA: b\n\r\n')],
  'NUL in a trailer': [chunked('3\r\nabc\r\n0\r\nA: \0\r\n\r\n')],
  'a folded trailer': [chunked('3\r\nabc\r\n0\r\nA: b\r\n c\r\n\r\n')],
  'LF after the request line': ['GET /livez HTTP/1.1\nHost: x\r\n\r\n'],
  'LF after a header': ['GET /livez HTTP/1.1\r\nHost: x\n\r\n'],
  'LF at the end': ['GET /livez HTTP/1.1\r\nHost: x\r\n\n'],
  'CR in a value': [get('/livez', 'Host: x\r\nA: b\rc\r\n')],
  'NUL in a value': [get('/livez', 'Host: x\r\nA: \0\r\n')],
  'a control character in a value': [get('/livez', 'Host: x\r\nA: \x01\r\n')],
  'DEL in a value': [get('/livez', 'Host: x\r\nA: \x7f\r\n')],
  'a folded header': [get('/livez', 'Host: x\r\nA: b\r\n c\r\n')],
  'a folded header with an empty first line': [get('/livez', 'Host: x\r\nA:\r\n c\r\n')],
  'a folded Content-Length': [post('Content-Length:\r\n 3\r\n', 'abc')],
  'a folded Transfer-Encoding': [post('Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n')],
  'a blank before the first header': [`GET /livez HTTP/1.1\r\n Host: x\r\n\r\n`],
  'a blank before the colon': [get('/livez', 'Host : x\r\n')],
  'no colon': [get('/livez', 'Host: x\r\nA\r\n')],
  'no name': [get('/livez', 'Host: x\r\n: a\r\n')],
  'two blanks in the request line': ['GET  /livez HTTP/1.1\r\nHost: x\r\n\r\n', 'node skips blanks; RFC 9112, 3 has one'],
  'a blank after the version': ['GET /livez HTTP/1.1 \r\nHost: x\r\n\r\n'],
  'a length and chunks': [post('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')],
  'chunks and a length': [post('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n', '0\r\n\r\n')],
  'two lengths': [post('Content-Length: 3\r\nContent-Length: 3\r\n', 'abc')],
  'a list of lengths': [post('Content-Length: 3, 3\r\n', 'abc')],
  'a signed length': [post('Content-Length: +3\r\n', 'abc')],
  'no digits': [post('Content-Length:\r\n')],
  'an unknown coding before chunked': [post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'), 'we decode no gzip: 501'],
  'an unknown coding': [post('Transfer-Encoding: gzip\r\n', '0\r\n\r\n')],
  'chunked that is not the last': [post('Transfer-Encoding: chunked, gzip\r\n', '0\r\n\r\n')],
  'chunked twice': [post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')],
  'a coding behind a vertical tab': [post('Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n')],
  'chunks in HTTP/1.0': [chunked('0\r\n\r\n').replace('1.1', '1.0'), 'HTTP/1.0 has no chunks'],
  'no host': [get('/livez', ''), 'node answers 400 as well, and goes on'],
  'two hosts': [get('/livez', 'Host: x\r\nHost: y\r\n'), 'RFC 9112, 3.2: 400'],
  'a host that is none': [get('/livez', 'Host: ###\r\n'), 'RFC 9112, 3.2: 400'],
  'half an IPv6 host': [get('/livez', 'Host: [::1\r\n'), 'RFC 9112, 3.2: 400'],
  'a port that is none': [get('/livez', 'Host: a:port\r\n'), 'RFC 9112, 3.2: 400'],
  'a target of another scheme': [get('ftp://x/livez'), 'no resource of ours'],
  'a target without a host': [get('http:///livez'), 'RFC 9110, 4.2.1: to be refused'],
  'a target without a scheme': [get('://x/livez')],
  'a target without a slash': [get('foo?u=://x/livez')],
  'a fragment': [get('/livez#a'), 'no part of a target'],
  'HTTP/2.0': [get('/livez', 'Host: x\r\n', '2.0'), 'we speak 1.1: 505'],
  'HTTP/0.9': [get('/livez', 'Host: x\r\n', '0.9'), 'we speak 1.1: 505'],
  'a method that is a word of nobody': ['BREW /livez HTTP/1.1\r\nHost: x\r\n\r\n'],
  'no version': ['GET /livez\r\n\r\n', 'HTTP/0.9 is not spoken here'],
  'TLS': ['\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n'],
};

// What Florin reads and node does not, and why that is right.
const looser = {
  'a method that is a word of nobody': 'node knows a list of methods; RFC 9110, 9.1 answers an unknown one with 501',
};

// Requests whose end was found, by node.
async function readByNode(bytes) {
  let read = 0;
  const server = http.createServer({keepAliveTimeout: 1000}, (request, response) => {
    request.on('data', () => {});
    request.on('end', () => {
      ++read;
      response.end('ok');
    });
    request.on('error', () => {});
  });
  server.on('clientError', (_, socket) => socket.destroy());
  server.on('upgrade', (_, socket) => socket.destroy());
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  await raw(server.address().port, Buffer.from(bytes, 'latin1'), 10_000).catch(() => {});
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return read;
}

// The same by Florin: a refusal about framing says that it closes the connection, and nothing is read after it.
async function readByFlorin(port, bytes) {
  const reply = await raw(port, Buffer.from(bytes, 'latin1'), 10_000);
  assert.ok(reply.closed, 'the connection has ended');
  const heads = reply.text.split('HTTP/1.1 ').slice(1);
  const refused = heads.filter((head) => ['400', '413', '414', '417', '431', '501', '505'].includes(head.slice(0, 3)) &&
    /\r\nConnection: close\r\n/.test(head));
  assert.ok(refused.length === 0 || (refused.length === 1 && heads.at(-1) === refused[0]), 'a refusal is the last reply');
  return heads.length - refused.length;
}

export function parsersSuite(context) {
  test('parsers: no request is read that node does not read', async () => {
    const differ = [];
    for (const [what, [bytes, stricter]] of Object.entries(corpus)) {
      const [node, florin] = await Promise.all([readByNode(bytes + follower), readByFlorin(context.server.port, bytes + follower)]);
      const fine = looser[what] ? florin > node : stricter ? florin < node : florin === node;
      if (!fine) differ.push(`${what}: node read ${node}, Florin ${florin}${stricter ? ` (${stricter})` : ''}`);
    }
    assert.deepEqual(differ, []);
  });
}
