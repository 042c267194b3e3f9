// Keys, tokens, and what every operation refuses alike.
import assert from 'node:assert/strict';
import {it as test} from 'node:test';
import {exchange, raw} from '../support/http.mjs';
import {checkEnvelope} from '../support/contract.mjs';
import {Scene, flavours, patterns} from '../support/scene.mjs';
import {buy, cards, orderBody} from '../support/payments.mjs';
import {earn, payoutAt, payoutBody} from '../support/payouts.mjs';
import {cardForm, challengeQuery, checkoutBody, checkoutQuery, form, openCheckout, testCards} from '../support/checkout.mjs';
import {email, phone, requestId} from '../support/world.mjs';

const unknownKey = `ivsdk_${'Z'.repeat(64)}`;

// A request that would succeed, for every operation of the document. One that asks for nothing needs no entry.
export async function validRequest(game, id) {
  const player = email();
  const known = async () => (await game.credit(player, '100.00')).json.player;
  const movement = {client_request_id: requestId(), player_email: player, amount: '1.00', reason: 'test'};
  switch (id) {
    case 'getBalanceById': return {params: {player_id: (await known()).player_id}};
    case 'getBalanceByEmail':
    case 'getHistory': await known(); return {params: {email: player}};
    case 'getBalancesBatch': await known(); return {body: {player_emails: [player]}};
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
    case 'openCheckout': return {body: checkoutBody(player)};
    case 'getCheckout': return {params: {session_id: (await openCheckout(game, player)).session_id}};
    case 'showCheckout': return {query: await checkoutQuery(game, player)};
    case 'payCheckout': return {query: await checkoutQuery(game, player), raw: cardForm(testCards.good), type: form};
    case 'showChallenge': return {query: await challengeQuery(game, player)};
    case 'answerChallenge': return {query: await challengeQuery(game, player), raw: 'answer=complete', type: form};
    case 'purchaseCurrency': return {body: orderBody(player)};
    case 'confirmPayment': return {body: {transaction_id: (await buy(game, player)).json.transaction_id}};
    case 'getCurrencyOrder': return {query: {order_id: (await buy(game, player)).json.order_id}};
    case 'refundCurrency': return {body: {client_request_id: requestId(),
      order_id: (await buy(game, player)).json.order_id, reason: 'test'}};
    case 'requestPayout': await earn(game, '10.00'); return {body: payoutBody()};
    case 'listPayouts': return {query: {status: 'requested'}};
    case 'approvePayout': return review(await payoutAt(game, 'requested'));
    case 'rejectPayout':
    case 'processPayout': return review(await payoutAt(game, 'approved'));
    case 'completePayout':
    case 'failPayout': return review(await payoutAt(game, 'processing'));
    case 'exportPayouts':
    case 'listPayoutFiles': return {query: {date: '2026-01-01'}};
    case 'importReturns': return {type: 'text/plain', raw: `101 091000019${' '.repeat(81)}\n`};
    case 'breakProcessor': return {body: {lost_callback: 0}};
    case 'disputePayment': return {body: {
      payment_intent_id: (await buy(game, player)).json.payment_intent_id, dispute_status: 'open'}};
    case 'refundAtProcessor': return {body: {
      payment_intent_id: (await buy(game, player)).json.payment_intent_id, usd_amount: '1.00'}};
    case 'receivePayment': {
      const {stripe} = game.world.server;
      if (game.world.name === 'sandbox') return {params: {gateway: 'sandbox'}, ...stripe.post('pi_of_nobody')};
      const {payment_intent_id: paid} = (await buy(game, player, {payment_method_id: cards.good})).json;
      return {params: {gateway: 'stripe'}, ...stripe.post(paid)};
    }
    case 'rotateKey': return {body: {immediate: false}};
    case 'createGame': return {body: {
      game_name: 'Another', status: 'testing', universal_transfers: 'no',
      currencies: [{currency_name: 'Gems', currency_symbol: 'GM'}]}};
    case 'updateGame': return {params: {id: game.id}, body: {genre: 'RPG'}};
    case 'addCurrency': return {params: {id: game.id}, body: {currency_name: `Gems ${requestId()}`, currency_symbol: 'GM'}};
    case 'changeCurrency': return {params: {id: game.id, currency_id: game.currencies[0].currency_id},
      body: {currency_symbol: 'GD'}};
    case 'getGame': return {params: {id: game.id}};
    case 'rotateGameKey': return {params: {id: game.id}, body: {immediate: false}};
    case 'rebuildProjection':
    case 'getProjectionProgress': return {params: {name: 'history'}};
    case 'listTransferDestinations':
    case 'listSendDestinations': return {body: {source_game_id: game.id}};
    case 'getTransaction': return {params: {transaction_id: (await game.credit(player, '1.00')).json.transaction_id}};
    case 'getApprovalStatus': {
      const scene = await sceneOf(game, flavours.send);
      await game.world.call('flagMinor', {params: {email: scene.sender.email}, body: {guardian_phone: phone()}, expect: 200});
      return {params: {transaction_id: (await scene.start({}, 202)).id}};
    }
    case 'initiatePhoneShare': return {body: {phone: phone(), email: player}};
    case 'getPhoneShareStatus': return {query: {phone: phone(), email: player}};
    case 'approvePhoneShare':
    case 'rejectPhoneShare': {
      const scene = await sceneOf(game, flavours.send);
      const {id: transaction, pin} = await scene.start();
      await scene.verify(transaction, pin);
      const number = scene.sender.phone;
      const asked = await game.call('initiatePhoneShare', {body: {phone: number, email: player}, expect: 200});
      const [, otp] = await game.world.text(number, patterns.share);
      return {body: {approval_id: asked.json.approval_id, otp}};
    }
    case 'flagMinor': return {params: {email: player}, body: {guardian_phone: phone()}};
    case 'clearMinor':
      await game.world.call('flagMinor', {params: {email: player}, expect: 200});
      return {params: {email: player}};
    case 'replyToText': return {body: {from: phone(), body: 'YES'}};
    case 'breakPhone': return {body: {down: false}};
    case 'advanceClock': return {body: {advance_seconds: 1}};
    case 'receiveText': return {type: 'application/x-www-form-urlencoded', ...game.world.server.provider.post(phone(), 'YES')};
    default:
  }
  const {body, parameters} = game.world.contract.operation(id);
  if (!body?.required && !parameters.some(({required}) => required)) return {};
  const flavour = Object.values(flavours).find((f) => Object.values(f).includes(id));
  switch (flavour && Object.keys(flavour).find((step) => flavour[step] === id)) {
    case 'initiate': return {body: (await sceneOf(game, flavour)).body()};
    case 'verify': {
      const {id: transaction, pin} = await (await sceneOf(game, flavour)).start();
      return {body: {transaction_id: transaction, sms_pin: pin}};
    }
    case 'resend': return {body: {transaction_id: (await (await sceneOf(game, flavour)).start()).id}};
    case 'status':
    case 'cancel': return {params: {transaction_id: (await (await sceneOf(game, flavour)).start()).id}};
    case 'claim': {
      const scene = await Scene.make(game.world, flavour);
      scene.target = game;
      return {body: scene.claimBody((await scene.approve()).code)};
    }
    default: throw new Error(`no valid request known for ${id}: add one`);
  }
}

const review = (payout) => ({params: {payout_id: payout.payout_id}, body: {reason: 'as the bank says'}});

// A scene whose money comes from this game.
async function sceneOf(game, flavour) {
  const scene = await Scene.make(game.world, flavour, {balance: ''});
  scene.source = game;
  await game.credit(scene.sender.email, '100.00');
  return scene;
}

// What a request that is as documented may be refused with all the same: a rebuild goes on for a while, a second PIN
// comes after 30 seconds, the sandbox's phone and processor alone can sign for themselves, and no day that is over has a
// payout yet.
function expected(operation, reply) {
  const code = {rebuildProjection: 'REBUILD_RUNNING', resendTransferPin: 'RESEND_COOLDOWN',
    resendSendPin: 'RESEND_COOLDOWN', receiveText: 'INVALID_SIGNATURE',
    receivePayment: 'INVALID_SIGNATURE', exportPayouts: 'NO_PAYOUTS',
    listPayoutFiles: 'NO_PAYOUTS'}[operation.id];
  return code !== undefined && reply.json?.error_code === code;
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
      assert.ok(reply.status < 400 || expected(operation, reply), `${operation.id}: ${reply.text.slice(0, 500)}`);
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
      const status = operation.id.startsWith('initiate') ? 'live' : 'testing'; // nothing is sent from a game in testing
      await world().call('updateGame', {params: {id: game.id}, body: {status}, expect: 200});
      const reply = await game.call(operation.id, request);
      assert.ok(reply.status < 300 || expected(operation, reply), 'the refusals used nothing up');
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

  for (const operation of withToken) {
    test(`${operation.id}: mistyped fields and parameters are refused, with the nearest name`, async () => {
      const game = await world().createGame();
      const request = await validRequest(game, operation.id);
      const names = operation.parameters.filter((one) => one.in === 'query').map((one) => one.name);
      for (const name of [...names, 'unheard_of']) {
        const mistyped = `${name}s`;
        const reply = await game.call(operation.id, {...request, query: {...request.query, [mistyped]: '1'},
          expect: [400, 'INVALID_REQUEST']});
        assert.equal(reply.json.field, mistyped);
        if (names.includes(name)) assert.match(reply.json.message, new RegExp(`did you mean '${name}'\\?$`));
      }
      for (const name of Object.keys(request.body ?? {})) {
        const {[name]: value, ...others} = request.body;
        const reply = await game.call(operation.id, {...request, body: {...others, [`${name}s`]: value},
          expect: [400, 'INVALID_REQUEST']});
        assert.deepEqual([reply.json.field, reply.json.message],
          [`${name}s`, `Unknown field '${name}s': did you mean '${name}'?`]);
      }
      if (operation.method === 'GET' || operation.body) return;
      await game.call(operation.id, {...request, body: {immediate: true}, expect: [400, 'INVALID_REQUEST']});
      await game.call(operation.id, {...request, raw: '{}', type: 'text/plain', expect: [415, 'UNSUPPORTED_MEDIA_TYPE']});
    });
  }

  test('every operation that changes something says what its body is', () => {
    for (const operation of operations.filter((one) => one.method !== 'GET' && one.security !== 'none')) {
      assert.ok(operation.body, `${operation.id}: a body that nobody reads may be broken and mean something else`);
    }
  });

  test('the scheme of the operators\' token has no case, and blanks may follow it', async () => {
    for (const scheme of ['bearer', 'BEARER', 'Bearer  ', 'bEaReR   ']) {
      await world().call('listGames', {token: '', headers: {Authorization: `${scheme} ${context.adminToken}`}, expect: 200});
    }
    for (const header of ['Bearer', 'Basic abc', `Bearer${context.adminToken}`]) {
      await world().call('listGames', {token: '', headers: {Authorization: header}, expect: [401, 'MISSING_ADMIN_TOKEN']});
    }
  });

  test('who waits to send a body is told what its head decides', async () => {
    const game = await world().createGame();
    const ask = async (id, headers, path = world().path(id)) => {
      const operation = context.contract.operation(id);
      const reply = await raw(world().server.port, [`${operation.method} ${path} HTTP/1.1`, 'Host: test', 'Expect: 100-continue',
        'Content-Length: 100', 'Connection: close', ...headers, '', ''].join('\r\n'), 1000);
      return [reply.status, reply.closed];
    };
    const key = `X-Game-Secret-Key: ${game.key}`;
    const json = 'Content-Type: application/json';
    assert.deepEqual(await ask('creditBalance', [json]), [401, true]);
    assert.deepEqual(await ask('creditBalance', [json, `X-Game-Secret-Key: ${unknownKey}`]), [401, true]);
    assert.deepEqual(await ask('creditBalance', [key, 'Content-Type: text/plain']), [415, true]);
    assert.deepEqual(await ask('creditBalance', [key, json], `${world().prefix}/api/nothing`), [404, true]);
    assert.deepEqual(await ask('creditBalance', [key, json], `${world().prefix}/api/player-balances/stream-all`), [405, true]);
    assert.deepEqual(await ask('createGame', [json]), [401, true]);
    assert.deepEqual(await ask('createGame', [json, `Authorization: Bearer ${context.adminToken}`]), [100, false]);
    assert.deepEqual(await ask('creditBalance', [key, json]), [100, false]);
  });

  // A webhook reads nothing before it has checked who signed it (payments.mjs).
  for (const operation of operations.filter((one) => one.body?.content['application/json'] && one.security !== 'none')) {
    test(`${operation.id}: bodies that are not one JSON object of the right type`, async () => {
      const game = await world().createGame();
      const request = await validRequest(game, operation.id);
      // Some operations need no body and read no field of one; what is sent is read all the same.
      const sent = request.body ?? {};
      const text = JSON.stringify(sent);
      const [field] = Object.keys(sent);
      const before = (members) => (field ? text.replace('{', `{${members},`) : `{${members}}`);
      const bodies = {
        'empty': '', 'cut off': text.slice(0, -1), 'a comma too many': text.replace(/}$/, ',}'), 'an array': `[${text}]`,
        'a string': '"x"', 'null': 'null', 'two documents': text + text, 'single quotes': before('"a":1').replaceAll('"', "'"),
        'a duplicate key, not ours': before('"extra":1,"extra":2'),
        'a duplicate nested key': before('"extra":{"a":1,"a":2}'),
        'invalid UTF-8': Buffer.concat([Buffer.from('{"extra":"'), Buffer.from([0xc3, 0x28]),
          Buffer.from(before('"x":1').replace('{', '",'))]),
        'half a surrogate pair': before('"extra":"\\ud800"'),
        'a raw control character': before('"extra":"\u0001"'),
        'far too deep': before(`"extra":${'['.repeat(2000)}${']'.repeat(2000)}`),
        'far too many keys': before(Array.from({length: 8200}, (_, i) => `"${i.toString(36)}":0`).join()),
      };
      if (field) {
        const pair = `${JSON.stringify(field)}:${JSON.stringify(sent[field])}`;
        Object.assign(bodies, {
          'a duplicate key': before(pair),
          'a duplicate key, escaped': before(pair.replace(field[0], escape(field[0]))),
          'the wrong type': JSON.stringify({...sent, [field]: {not: 'this'}}),
        });
      }
      if (!operation.body.required) delete bodies.empty;
      for (const [what, body] of Object.entries(bodies)) {
        const {json} = await game.call(operation.id, {...request, body: undefined, raw: body});
        assert.equal(json.error_code, 'INVALID_REQUEST', `${operation.id}: ${what}: ${JSON.stringify(json)}`);
        if (['cut off', 'a comma too many', 'two documents', 'single quotes', 'invalid UTF-8'].includes(what)) {
          assert.match(json.message, / at line 1, column \d+\.$/, what);
        }
      }
      if (field) {
        const wrong = await game.call(operation.id, {...request, body: {...sent, [field]: {not: 'this'}}});
        assert.equal(wrong.json.field, field, `the reply names the field: ${wrong.json.message}`);
      }
      if (operation.security === 'gameKey') {
        const large = JSON.stringify({...(await validRequest(game, operation.id)).body, a_field_of_tomorrow: 0})
          .replace('"a_field_of_tomorrow":0', '"a_field_of_tomorrow":[123456789012345678901234567890,{"b":-1e999}]');
        const taken = await game.call(operation.id, {...request, body: undefined, raw: large});
        assert.ok(taken.status < 300 || expected(operation, taken), `ignored numbers may be large: ${taken.text.slice(0, 300)}`);
      }
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', '']) {
        await game.call(operation.id, {...request, body: sent, type, expect: [415, 'UNSUPPORTED_MEDIA_TYPE']});
      }
      const extra = {...sent, a_field_of_tomorrow: [1, {b: null}]};
      // What was taken above may have ended what the request is about.
      const again = operation.security === 'gameKey' ? await validRequest(game, operation.id) : request;
      const reply = await game.call(operation.id, {...again, body: {...extra, ...again.body}, type: 'application/json; charset=utf-8'});
      if (operation.security === 'adminToken') {
        assert.deepEqual([reply.json.error_code, reply.json.field], ['INVALID_REQUEST', 'a_field_of_tomorrow'],
          'an operator is told of a field that there is not');
      } else {
        assert.ok(reply.status < 300 || expected(operation, reply), `unknown fields are ignored: ${reply.text.slice(0, 300)}`);
      }
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

  // Engines whose only number is a float, and plugins that send every id as a string.
  const idFields = (operation) => Object.entries(context.contract.resolve(
    operation.body?.content['application/json']?.schema)?.properties ?? {})
    .filter(([, schema]) => ['IdRef', 'GameRef'].some((name) => schema.$ref?.endsWith(`/${name}`))).map(([name]) => name);
  for (const operation of operations.filter((one) => one.security === 'gameKey' && idFields(one).length > 0)) {
    test(`${operation.id}: ids as integers, as strings of digits, as floats without a fraction`, async () => {
      const game = await world().createGame();
      for (const field of idFields(operation)) {
        const answers = [];
        for (const write of [(id) => `${id}`, (id) => `"${id}"`, (id) => `${id}.0`]) {
          const {body, ...request} = await validRequest(game, operation.id);
          // Where no id is needed: a currency of the game's, a player that there is not.
          const id = body[field] ?? (field.endsWith('currency_id') ? game.currencies[0].currency_id : 4294967295);
          const text = JSON.stringify({...body, [field]: 'the id'}).replace('"the id"', write(id));
          const reply = await game.call(operation.id, {...request, raw: text});
          answers.push([reply.status, reply.json.error_code]);
        }
        assert.notEqual(answers[0][1], 'INVALID_REQUEST');
        assert.deepEqual(answers, Array(3).fill(answers[0]), field);
        const {body, ...request} = await validRequest(game, operation.id);
        for (const wrong of ['1.5', '"1.0"', '" 1"', '-1', '0', '{}', '99999999999999999999']) {
          const text = JSON.stringify({...body, [field]: 'the id'}).replace('"the id"', wrong);
          const reply = await game.call(operation.id, {...request, raw: text, expect: [400, 'INVALID_REQUEST']});
          assert.equal(reply.json.field, field);
        }
      }
    });
  }

  const waits = (operation) => operation.parameters.some((one) => one.name === 'Florin-Min-Position');
  for (const operation of operations.filter(waits)) {
    test(`${operation.id}: a position that is not there yet, and one that is none`, async () => {
      const game = await world().createGame();
      const request = await validRequest(game, operation.id);
      const headers = {'Florin-Min-Position': '9007199254740000'};
      await game.call(operation.id, {...request, headers, expect: [503, 'VIEW_BEHIND']});
      const none = await game.call(operation.id, {...request, headers: {'Florin-Min-Position': '0'}});
      assert.equal(none.status, 200, 'position 0 asks for nothing');
      for (const value of ['', ' ', 'x', '-1', '1.5', '99999999999999999999999']) {
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
      const path = world().path(id, {player_id: 1, email: 'a@b.cc', id: '123456789012', name: 'history',
        transaction_id: 'txn_0000000000001'});
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
