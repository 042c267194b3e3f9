// Keys, tokens, and what every operation refuses alike.
import assert from 'node:assert/strict';
import {it as test} from 'node:test';
import {exchange, raw} from '../support/http.mjs';
import {checkEnvelope} from '../support/contract.mjs';
import {email, requestId} from '../support/world.mjs';

const unknownKey = `ivsdk_${'Z'.repeat(64)}`;

// A request that would succeed, for every operation of the document.
export async function validRequest(game, id) {
  const player = email();
  const known = async () => (await game.credit(player, '100.00')).json.player;
  const movement = {client_request_id: requestId(), player_email: player, amount: '1.00', reason: 'test'};
  switch (id) {
    case 'getBalanceById': return {params: {player_id: (await known()).player_id}};
    case 'getBalanceByEmail':
    case 'getHistory': await known(); return {params: {email: player}};
    case 'getBalancesBatch': await known(); return {body: {player_emails: [player]}};
    case 'streamBalances': return {};
    case 'creditBalance': return {body: movement};
    case 'debitBalance': await known(); return {body: movement};
    case 'purchaseItem': await known(); return {body: game.purchaseBody(player)};
    case 'getPurchases': await known(); return {query: {player_email: player}};
    case 'getOrder':
    case 'refundItem': {
      await known();
      const {order_id} = (await game.purchase(player)).json;
      return id === 'getOrder' ? {query: {order_id}}
        : {body: {client_request_id: requestId(), order_id, reason: 'test'}};
    }
    case 'rotateKey': return {body: {immediate: false}};
    case 'createGame': return {body: {
      game_name: 'Another', status: 'testing', universal_transfers: 'no',
      currencies: [{currency_name: 'Gems', currency_symbol: 'GM'}]}};
    case 'updateGame': return {params: {id: game.id}, body: {genre: 'RPG'}};
    case 'getGame': return {params: {id: game.id}};
    case 'rotateGameKey': return {params: {id: game.id}, body: {immediate: false}};
    case 'rebuildProjection':
    case 'getProjectionProgress': return {params: {name: 'history'}};
    case 'listGames':
    case 'listProjections':
    case 'getLiveness':
    case 'getReadiness':
    case 'getOpenApi': return {};
    default: throw new Error(`no valid request known for ${id}: add one`);
  }
}

export function accessSuite(context, environment) {
  const world = () => context.worlds[environment];
  const operations = [...context.contract.operations.values()].filter((one) => one.environments.includes(environment));
  const withKey = operations.filter((operation) => operation.security === 'gameKey');
  const withToken = operations.filter((operation) => operation.security === 'adminToken');

  test('every operation answers a request that is as documented', async () => {
    for (const operation of operations) {
      const game = await world().createGame();
      const request = await validRequest(game, operation.id);
      const reply = await game.call(operation.id, request);
      assert.ok(reply.status < 300 || reply.json.error_code === 'REBUILD_RUNNING',
        `${operation.id}: ${reply.text.slice(0, 500)}`);
    }
  });

  for (const operation of withKey) {
    test(`${operation.id}: no key, unknown keys, the other environment's key, a suspended game`, async () => {
      const game = await world().createGame();
      const request = await validRequest(game, operation.id);
      const other = await context.worlds[environment === 'production' ? 'sandbox' : 'production'].createGame();
      await game.call(operation.id, {...request, key: undefined, expect: [401, 'MISSING_GAME_SECRET']});
      for (const key of [unknownKey, other.key, game.key.toLowerCase(), game.key.slice(0, -1), `${game.key}A`, 'x']) {
        await game.call(operation.id, {...request, key, expect: [401, 'INVALID_GAME_SECRET']});
      }
      await world().call('updateGame', {params: {id: game.id}, body: {status: 'suspended'}, expect: 200});
      await game.call(operation.id, {...request, expect: [403, 'GAME_NOT_ACTIVE']});
      await world().call('updateGame', {params: {id: game.id}, body: {status: 'testing'}, expect: 200});
      assert.ok((await game.call(operation.id, request)).status < 300, 'the refusals used nothing up');
    });
  }

  for (const operation of withToken) {
    test(`${operation.id}: no token, a wrong one, and a server without one`, async () => {
      const game = await world().createGame();
      const request = await validRequest(game, operation.id);
      await game.call(operation.id, {...request, token: '', expect: [401, 'MISSING_ADMIN_TOKEN']});
      for (const token of ['wrong', game.key]) {
        await game.call(operation.id, {...request, token, expect: [401, 'INVALID_ADMIN_TOKEN']});
      }
      await context.closedWorlds[environment].call(operation.id, {...request, expect: [403, 'ADMIN_DISABLED']});
    });
  }

  for (const operation of operations.filter((candidate) => candidate.body)) {
    test(`${operation.id}: bodies that are not one JSON object of the right type`, async () => {
      const game = await world().createGame();
      const request = await validRequest(game, operation.id);
      const text = JSON.stringify(request.body);
      const field = Object.keys(request.body)[0];
      const pair = `${JSON.stringify(field)}:${JSON.stringify(request.body[field])}`;
      const bodies = {
        'empty': '', 'cut off': text.slice(0, -1), 'a comma too many': text.replace(/}$/, ',}'), 'an array': `[${text}]`,
        'a string': '"x"', 'null': 'null', 'two documents': text + text, 'single quotes': text.replaceAll('"', "'"),
        'a duplicate key': text.replace('{', `{${pair},`),
        'a duplicate key, escaped': text.replace('{', `{${pair.replace(field[0], escape(field[0]))},`),
        'a duplicate nested key': text.replace('{', '{"extra":{"a":1,"a":2},'),
        'invalid UTF-8': Buffer.concat([Buffer.from('{"extra":"'), Buffer.from([0xc3, 0x28]),
          Buffer.from(text.replace('{', '",'))]),
        'half a surrogate pair': text.replace('{', '{"extra":"\\ud800",'),
        'a raw control character': text.replace('{', '{"extra":"\u0001",'),
        'far too deep': text.replace('{', `{"extra":${'['.repeat(2000)}${']'.repeat(2000)},`),
        'the wrong type': JSON.stringify({...request.body, [field]: {not: 'this'}}),
      };
      for (const [what, body] of Object.entries(bodies)) {
        const {json} = await game.call(operation.id, {...request, body: undefined, raw: body});
        assert.equal(json.error_code, 'INVALID_REQUEST', `${operation.id}: ${what}: ${JSON.stringify(json)}`);
      }
      const wrong = await game.call(operation.id, {...request, body: {...request.body, [field]: {not: 'this'}}});
      assert.equal(wrong.json.field, field, `the reply names the field: ${wrong.json.message}`);
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', '']) {
        await game.call(operation.id, {...request, type, expect: [415, 'UNSUPPORTED_MEDIA_TYPE']});
      }
      const extra = {...request.body, a_field_of_tomorrow: [1, {b: null}]};
      const reply = await game.call(operation.id, {...request, body: extra, type: 'application/json; charset=utf-8'});
      assert.ok(reply.status < 300, `unknown fields are ignored: ${reply.text.slice(0, 300)}`);
    });

    test(`${operation.id}: a body over the limit`, async () => {
      const game = await world().createGame();
      const request = await validRequest(game, operation.id);
      const reply = await raw(world().server.port, [
        `${operation.method} ${world().path(operation.id, request.params)} HTTP/1.1`, 'Host: test',
        `X-Game-Secret-Key: ${game.key}`, `Authorization: Bearer ${context.adminToken}`,
        'Content-Type: application/json', `Content-Length: ${(operation.id === 'getBalancesBatch' ? 8 << 20 : 64 << 10) + 1}`, '', ''].join('\r\n'));
      context.contract.check(environment, operation.id, undefined, reply);
      assert.equal(reply.status, 413);
    });
  }

  for (const operation of operations.filter((candidate) => candidate.responses['503'])) {
    test(`${operation.id}: a position that is not there yet, and one that is none`, async () => {
      const game = await world().createGame();
      const request = await validRequest(game, operation.id);
      const headers = {'Florin-Min-Position': '9007199254740000'};
      await game.call(operation.id, {...request, headers, expect: [503, 'VIEW_BEHIND']});
      const none = await game.call(operation.id, {...request, headers: {'Florin-Min-Position': '0'}});
      assert.equal(none.status, 200, 'position 0 asks for nothing');
      for (const value of ['x', '-1', '1.5', '99999999999999999999999']) {
        await game.call(operation.id, {...request, headers: {'Florin-Min-Position': value},
          expect: [400, 'INVALID_REQUEST']});
      }
    });
  }

  test('a path that does not exist, and a method that a path does not have', async () => {
    const {port} = world().server;
    for (const path of ['/api', '/api/player-balances', '/api/player-balances/credit/', '/api//x', '/%2e%2e/x']) {
      const reply = await exchange(port, {path: world().prefix + path});
      assert.deepEqual([reply.status, reply.json?.error_code], [404, 'NOT_FOUND'], path);
      checkEnvelope(path, reply);
    }
    const allowed = new Map();
    for (const {path, method, id} of operations) {
      allowed.set(path, {id, methods: [...(allowed.get(path)?.methods ?? []), method]});
    }
    for (const {id, methods} of allowed.values()) {
      const path = world().path(id, {player_id: 1, email: 'a@b.cc', id: '123456789012', name: 'history'});
      for (const method of ['PUT', 'DELETE', methods.includes('GET') ? 'POST' : 'GET']) {
        if (methods.includes(method)) continue;
        const reply = await exchange(port, {method, path});
        assert.deepEqual([reply.status, reply.json?.error_code], [405, 'METHOD_NOT_ALLOWED'], `${method} ${path}`);
        checkEnvelope(path, reply);
        const listed = reply.headers.allow.split(/, */).filter((name) => !['HEAD', 'OPTIONS'].includes(name));
        assert.deepEqual(listed.sort(), [...methods].sort(), `Allow of ${path}`);
      }
    }
  });
}

function escape(letter) {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
