// The command line as an operator has it: the real binary, its exit codes, its signals, what it prints.
//
//   node --test command_line.test.mjs         with build/release/florin; FLORIN_BIN for another build
import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {after, test} from 'node:test';
import {Server, adminToken, temporaryFolder} from './support/server.mjs';

const binary = process.env.FLORIN_BIN ?? fileURLToPath(new URL('../../build/release/florin', import.meta.url));
const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('FLORIN_')));

function florin(words, variables = {}) {
  const {status, stdout, stderr} = spawnSync(binary, words,
    {env: {...clean, ...variables}, encoding: 'utf8', timeout: 30_000});
  return {code: status, out: stdout, err: stderr};
}

// Resolves with the child and everything it says, once `pattern` is in it.
async function start(words, pattern, variables = {}) {
  const child = spawn(binary, words, {env: {...clean, ...variables}, stdio: ['ignore', 'pipe', 'pipe']});
  const served = {child, out: '', err: ''};
  served.exited = new Promise((resolve) => child.on('close', (code, signal) => resolve({code, signal})));
  served.says = (wanted) => new Promise((resolve, reject) => {
    const look = () => wanted.test(served.out + served.err) && resolve(served);
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    served.exited.then(() => (wanted.test(served.out + served.err) ? resolve(served)
      : reject(new Error(`it ended without ${wanted}: ${served.out}${served.err}`))));
    look();
  });
  child.stdout.setEncoding('utf8').on('data', (text) => (served.out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (served.err += text));
  return served.says(pattern);
}

const server = await Server.start();
after(() => server.stop());
const url = `http://127.0.0.1:${server.port}`;
const token = {FLORIN_ADMIN_TOKEN: adminToken};
const made = florin(['game', 'create', '--name', 'Knights', '--currency', 'Gold:GLD:100.00', '--server', url, '--json'], token);
assert.equal(made.code, 0, made.err);
const game = JSON.parse(made.out);

// The folder of a server that has ended, in whose log one letter of a game's name is another.
async function damagedFolder() {
  const ended = await Server.start();
  const reply = florin(['game', 'create', '--name', 'Hronsword', '--currency', 'Gold:GLD', '--server',
    `http://127.0.0.1:${ended.port}`], token);
  assert.equal(reply.code, 0, reply.err);
  assert.deepEqual(await ended.stop(), {code: 0, signal: null});
  const log = join(ended.data, 'production/log.db');
  const bytes = readFileSync(log);
  const at = bytes.indexOf('Hronsword');
  assert.ok(at > 0, 'the name is in the log');
  bytes[at] = 'I'.charCodeAt(0);
  writeFileSync(log, bytes);
  return ended.data;
}

test('every exit code of the help is given, and for what the help says', async () => {
  const missing = join(temporaryFolder(), 'nothing');
  const busy = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => busy.once('listening', resolve));
  const taken = `127.0.0.1:${busy.address().port}`;
  const file = join(temporaryFolder(), 'florin.toml');
  writeFileSync(file, '[limits]\nenabeld = true\n');
  const other = temporaryFolder();
  const table = [
    [0, ['--help']], [0, ['--version']], [0, ['audit', 'verify', '--data', server.data]],
    [0, ['game', 'list', '--server', url], token],
    [1, ['audit', 'verify', '--data', await damagedFolder()]],
    [2, ['gaem', 'list']], [2, ['game']], [2, ['log', 'tail']], [2, ['log', 'tail', '--data', server.data, '-n', '0']],
    [2, ['serve', '--data', other, '--config', file]], [2, ['serve', '--data', other, '--set', 'limits.enabeld=true']],
    [2, ['serve', '--data', other, '--listen', 'example.com:80']],
    [2, ['game', 'list', '--server', url]], [2, ['game', 'list', '--server', url], {FLORIN_ADMIN_TOKEN: 'wrong'}],
    [2, ['player', 'balance', 'a@example.com', '--key', 'wrong', '--server', url]],
    [2, ['game', 'show', '999999999999', '--server', url], token],
    [2, ['audit', 'verify', '--data', server.data, '--public-key', 'nonsense']],
    [3, ['audit', 'verify', '--data', missing]], [3, ['audit', 'at', '1', '--data', missing]],
    [3, ['log', 'tail', '--data', missing]], [3, ['log', 'show', '1', '--data', missing]],
    [3, ['bench', 'replay', '--data', missing]], [3, ['serve', '--data', '/proc/florin', '--listen', '127.0.0.1:0']],
    [2, ['serve', '--listen', '127.0.0.1:0'], {FLORIN_DATA: ''}],
    [2, ['audit', 'verify', '--data', server.data, '--checkpoint', join(missing, 'note')]],
    [3, ['game', 'list', '--server', 'http://127.0.0.1:1'], token],
    [4, ['serve', '--data', server.data, '--listen', '127.0.0.1:0']], [4, ['serve', '--data', other, '--listen', taken]],
  ];
  const help = florin(['--help']).out;
  for (const [code, words, variables] of table) {
    const {code: given, out, err} = florin(words, variables);
    assert.equal(given, code, `${words.join(' ')}: ${out}${err}`);
    assert.match(help, new RegExp(`^ {2}${code} {2}\\S`, 'm'));
    if (code !== 0) assert.match(err, /\S/, 'and says why');
  }
  busy.close();
});

test('a row that is not what was written: 1, its position, and nothing of it', async () => {
  const data = await damagedFolder();
  for (const words of [['audit', 'verify'], ['audit', 'at', '1'], ['log', 'tail'], ['log', 'show', '1'], ['log', 'show', '1', '--json'],
    ['bench', 'replay']]) {
    const {code, out, err} = florin([...words, '--data', data]);
    assert.equal(code, 1, `${words}: ${out}${err}`);
    assert.match(err, /position 1: .*not what was written/);
    assert.ok(!out.includes('ronsword'), out);
  }
});

test('a flag beats the environment', () => {
  const other = join(temporaryFolder(), 'other');
  for (const words of [['audit', 'verify'], ['audit', 'at', '1'], ['log', 'tail'], ['log', 'show', '1'], ['bench', 'replay']]) {
    const given = florin([...words, '--data', server.data], {FLORIN_DATA: other});
    assert.equal(given.code, 0, given.err);
    assert.equal(florin(words, {FLORIN_DATA: other}).code, 3);
    assert.equal(florin(words, {FLORIN_DATA: server.data}).code, 0);
  }
  const dead = {...token, FLORIN_SERVER: 'http://127.0.0.1:1'};
  for (const words of [['game', 'list'], ['game', 'show', game.game_id], ['payout', 'list'], ['projection', 'list']]) {
    assert.equal(florin([...words, '--server', url], dead).code, 0);
    assert.equal(florin(words, dead).code, 3);
  }
  const key = ['player', 'balance', 'nobody@example.com', '--server', url];
  assert.match(florin([...key, '--key', game.sdk_key], {FLORIN_GAME_KEY: 'x'}).err, /PLAYER_NOT_FOUND/);
  assert.match(florin(key, {FLORIN_GAME_KEY: 'x'}).err, /INVALID_GAME_SECRET/);
});

test('audit verify says first what it verified, and which log is empty', () => {
  const production = florin(['audit', 'verify', '--data', server.data]);
  assert.ok(production.out.startsWith(`environment  production\nfolder       ${join(server.data, 'production')}\n`));
  const sandbox = florin(['audit', 'verify', '--data', server.data, '--sandbox']);
  assert.equal(sandbox.code, 0);
  assert.match(sandbox.out, /^environment {2}sandbox\n/);
  assert.match(sandbox.out, /ok: the log is empty: .*Production's log beside it is not empty: did you mean it/);
  const mailboxes = florin(['audit', 'mailboxes', '--data', server.data, '--sandbox']);
  assert.equal(mailboxes.code, 0, mailboxes.err);
  assert.match(mailboxes.out, /^environment {2}sandbox\nfolder {7}\S+sandbox\nthe log is empty: .*did you mean it/);
});

test("a refusal has the server's words, and an empty text clears a field", () => {
  const update = (...options) => florin(['game', 'update', game.game_id, '--server', url, ...options], token);
  const refused = update('--transfer-fee', 'much');
  assert.equal(refused.code, 2);
  assert.match(refused.err, /the server answered 400: /);
  assert.ok(!refused.err.includes('\\'), refused.err);
  assert.ok(!JSON.parse(update('--transfer-fee', 'much', '--json').out).message.includes('\\'));
  assert.equal(update('--genre', 'chess').code, 0);
  const cleared = update('--genre', '', '--json');
  assert.equal(cleared.code, 0, cleared.err);
  assert.ok(!cleared.out.includes('chess'), cleared.out);
});

test('serve --json says on stdout where it listens, or why it does not, as JSON', async () => {
  const served = await start(['serve', '--data', temporaryFolder(), '--listen', '127.0.0.1:0', '--json'], /\}\n/);
  const said = JSON.parse(served.out);
  assert.equal(said.status, 'listening');
  assert.match(said.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.equal((await fetch(`${said.url}/livez`)).status, 200);
  served.child.kill('SIGTERM');
  assert.deepEqual(await served.exited, {code: 0, signal: null});
  assert.deepEqual(served.out.split('\n').filter(Boolean).length, 1);
  const refused = florin(['serve', '--data', server.data, '--listen', '127.0.0.1:0', '--json']);
  const why = JSON.parse(refused.out);
  assert.deepEqual([why.status, why.exit_code], ['error', 4]);
  assert.match(why.message, /production does not open: .*another writer holds the log/);
});

test('signals: HUP and USR are ignored with a line, TERM and INT stop cleanly', async () => {
  for (const last of ['SIGTERM', 'SIGINT']) {
    const served = await start(['serve', '--data', temporaryFolder(), '--listen', '127.0.0.1:0'], /listening on/);
    const at = /http:\S+/.exec(served.out)[0];
    for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGPIPE']) {
      served.child.kill(signal);
      if (signal !== 'SIGPIPE') await served.says(new RegExp(`info ${signal} is ignored: `));
      assert.equal((await fetch(`${at}/livez`)).status, 200, signal);
    }
    served.child.kill(last);
    assert.deepEqual(await served.exited, {code: 0, signal: null}, served.err);
    assert.match(served.err, new RegExp(`info stopping on ${last}`));
  }
});

test('unknown variables are warned of once each, and their values are not told', async () => {
  const served = await start(['serve', '--data', temporaryFolder(), '--listen', '127.0.0.1:0'], /listening on/,
    {FLORIN_PORT: 'tcp://10.0.0.7:8080', FLORIN_LISTN: 'secret', FLORIN_SERVER: 'http://x'});
  served.child.kill('SIGTERM');
  await served.exited;
  const warned = served.err.split('\n').filter((line) => line.includes(' warning FLORIN_'));
  assert.equal(warned.length, 2, served.err);
  assert.match(warned[0], /FLORIN_LISTN is set, but no setting has this name: it is ignored; did you mean FLORIN_LISTEN\?$/);
  assert.match(warned[1], /FLORIN_PORT is set, but no setting has this name: it is ignored$/);
  assert.ok(!/secret|10\.0\.0\.7/.test(served.out + served.err));
});

test('the log shows what is hidden in a text from outside', () => {
  const file = join(temporaryFolder(), 'a\u202eb\u2028c\u001b[2Jd');
  writeFileSync(file, 'no folder');
  const {code, err} = florin(['serve', '--data', file, '--listen', '127.0.0.1:0']);
  assert.equal(code, 3, err);
  assert.match(err, / error production does not open: .*a\\u202eb\\u2028c\\x1b\[2Jd/);
  for (const hidden of ['\u202e', '\u2028', '\u001b[2J']) assert.ok(!err.includes(hidden), JSON.stringify(err));
});
