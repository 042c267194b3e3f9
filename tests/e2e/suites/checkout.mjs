// Hosted checkouts over HTTP, as a game and a browser without scripts see them. tests/e2e/web drives a real browser.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {it as test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';
import {queued} from '../support/background.mjs';
import {cardForm as card, checkoutBody, form, openCheckout, queryOf, testCards as cards} from '../support/checkout.mjs';
import {exchange} from '../support/http.mjs';
import {Server} from '../support/server.mjs';
import {Stripe} from '../support/stripe.mjs';
import {World, email, requestId} from '../support/world.mjs';

export function checkoutSuite(context, environment) {
  const world = () => context.worlds[environment];
  const open = async (game, change = {}, expect = 201) => (await game.call('openCheckout', {
    body: checkoutBody(email(), change), expect})).json;
  const token = (session) => queryOf(session.checkout_url).session;
  const show = (session, expect, extra = {}) => world().call('showCheckout', {
    query: {session: typeof session === 'string' ? session : token(session), ...extra}, expect});
  const pay = (session, body, expect, options = {}) => world().call('payCheckout', {
    query: {session: typeof session === 'string' ? session : token(session)}, raw: body, type: form, expect, ...options});
  const look = async (game, session) => (await game.call('getCheckout', {
    params: {session_id: session.session_id}, expect: 200})).json;

  // The sandbox's bank. A second answer, or anybody else's, changes nothing.
  const answerBank = async (session, hop, answer) => {
    const url = /href="([^"]*\/processor\/challenge\?[^"]*)"/.exec(hop)[1].replaceAll('&amp;', '&');
    const query = queryOf(url);
    await world().call('showChallenge', {query, expect: 200});
    await world().call('showChallenge', {query: {...query, secret: 'wrong'}, expect: 404});
    await world().call('answerChallenge', {query, raw: 'answer=maybe', type: form, expect: 400});
    await world().call('answerChallenge', {query: {...query, secret: 'wrong'}, raw: `answer=${answer}`, type: form, expect: 404});
    const onward = await world().call('answerChallenge', {query, raw: `answer=${answer}`, type: form, expect: 200});
    assert.ok(onward.text.includes(`/checkout?session=${token(session)}&amp;return=1`), 'the bank sends the browser back');
    await world().call('answerChallenge', {query, raw: `answer=${answer === 'fail' ? 'complete' : 'fail'}`, type: form, expect: 200});
    assert.match((await world().call('showChallenge', {query, expect: 200})).text, /answered/);
  };

  test('a checkout is opened, and repeated', async () => {
    const game = await world().createGame();
    const body = {client_request_id: requestId(), player_email: email(), usd_amount: '12.34', rail: 'card',
      success_url: 'https://game.example.com/thanks?a=1&b=2', cancel_url: 'http://localhost:3000/shop', metadata: {cart: '17', deep: {list: [1, 2]}}};
    const {json} = await game.call('openCheckout', {body, expect: 201});
    assert.ok(json.checkout_url.includes(`${world().prefix}/checkout?session=`));
    const again = await game.call('openCheckout', {body, expect: [409, 'DUPLICATE_REQUEST']});
    assert.deepEqual(again.json.original, json);
    await game.call('openCheckout', {body: {...body, usd_amount: '12.35'}, expect: [422, 'CLIENT_REQUEST_ID_REUSED']});
    const found = await look(game, json);
    assert.deepEqual([found.session_status, found.usd_amount, found.currency_amount, found.cards_tried, found.order_id],
      ['open', '12.34', '123.40', 0, null]);
    assert.deepEqual(found.metadata, body.metadata);
    const bare = await open(game);
    assert.notEqual(bare.session_id, (await open(game)).session_id, 'no request id: a session each');
    assert.equal((await look(game, bare)).metadata, null);
  });

  test('checkouts that are refused', async () => {
    const game = await world().createGame();
    const refuse = (change, code, status = 400) => game.call('openCheckout', {
      body: {player_email: email(), usd_amount: '10.00', ...change}, expect: [status, code]});
    for (const usd_amount of ['0.00', '1000.00', '-1.00', '1.001', 10, 'ten']) await refuse({usd_amount}, 'INVALID_AMOUNT');
    await refuse({player_email: 'nobody'}, 'INVALID_EMAIL');
    await refuse({client_request_id: 'sub_checkout_1'}, 'CLIENT_REQUEST_ID_RESERVED');
    await refuse({rail: 'crypto'}, 'INVALID_REQUEST');
    await refuse({metadata: []}, 'INVALID_REQUEST');
    await refuse({metadata: {a: 'x'.repeat(8192)}}, 'INVALID_REQUEST');
    for (const url of ['http://game.example.com/', 'javascript:alert(1)', 'data:text/html,x', '//game.example.com',
      'https://user@game.example.com/', 'https://game.example.com/"onload=', 'http://localhost.example.com/',
      'https://game.example.com\\@evil.example', 'https://', `https://game.example.com/${'x'.repeat(2048)}`]) {
      for (const field of ['success_url', 'cancel_url']) {
        assert.equal((await refuse({[field]: url}, 'INVALID_REQUEST')).json.field, field, url);
      }
    }
    for (const metadata of [{cart: '4242 4242 4242 4242'}, {deep: [{note: 'Visa 4242424242424242, 12/34'}]}, {pan: 4242424242424242},
      {pan: 4.242424242424242e15}, {'4242-4242-4242-4242': 1}, {note: '\u0034242424242424242'}]) {
      const {json, text} = await refuse({metadata}, 'INVALID_REQUEST');
      assert.equal(json.field, 'metadata');
      assert.doesNotMatch(text, /4242/, 'it is not said again');
    }
    await game.call('openCheckout', {expect: 201, body: {player_email: email(), usd_amount: '10.00',
      metadata: {order: 4242424242424241, at: 1795176000000005, phone: '+1 202 555 0101', card: 'visa 4242'}}});
    await refuse({currency_id: 999}, 'CURRENCY_NOT_FOUND', 404);
    await game.call('openCheckout', {raw: `{"a":"${'x'.repeat(70_000)}"}`, expect: [413, 'PAYLOAD_TOO_LARGE']});
    await game.call('openCheckout', {raw: 'a=1', type: form, expect: [415, 'UNSUPPORTED_MEDIA_TYPE']});
    const other = await world().createGame();
    const session = await open(game);
    for (const session_id of [session.session_id.replace('cs_', 'ord_'), 'cs_0000000000000', 'x', `${session.session_id}0`]) {
      await game.call('getCheckout', {params: {session_id}, expect: [404, 'SESSION_NOT_FOUND']});
    }
    await other.call('getCheckout', {params: {session_id: session.session_id}, expect: [404, 'SESSION_NOT_FOUND']});
    const busy = await world().createGame({limits: {currency_purchases_per_player_minute: 2}});
    const player = email();
    let last;
    for (let i = 0; i < 20 && last?.status !== 429; ++i) {
      last = await busy.call('openCheckout', {body: {player_email: player, usd_amount: '1.00'}});
    }
    assert.deepEqual([last.status, last.json.error_code], [429, 'RATE_LIMITED']);
  });

  test('links that nobody made', async () => {
    const game = await world().createGame();
    const session = await open(game);
    const real = token(session);
    const last = real.at(-1);
    for (const wrong of ['', 'x', real + '0', real.slice(1), real.slice(0, -1) + (last === '0' ? '1' : '0'), 'x'.repeat(5000)]) {
      const page = await show(wrong, 404);
      assert.doesNotMatch(page.text, /10\.00|Gold Coins/);
      await pay(wrong, card(cards.good), 404);
    }
    await exchange(world().server.port, {path: `${world().prefix}/checkout`}).then(({status}) => assert.equal(status, 404));
    await exchange(world().server.port, {path: `${world().prefix}/checkout?session=${real}&session=${real}x`})
      .then(({status}) => assert.ok([200, 404].includes(status)));
  });

  test('after the bank, a game\'s own order has nothing to show', async () => {
    const page = await world().call('returnFromBank', {query: {payment_intent: 'pi_1'}, expect: 200});
    assert.doesNotMatch(page.text, /pi_1/);
  });

  test('a card pays once', async () => {
    const game = await world().createGame();
    const player = email();
    const session = await open(game, {player_email: player, success_url: 'https://game.example.com/thanks', metadata: {cart: '17'}});
    const page = await show(session, 200);
    assert.match(page.text, /100\.00/);
    assert.match(page.text, /\$10\.00/);
    const {headers} = await pay(session, card(cards.good), 303);
    assert.equal(headers.location, `?session=${token(session)}&return=1`);
    const done = await show(session, 200, {return: '1'});
    const found = await look(game, session);
    assert.equal(found.session_status, 'paid');
    for (const text of [found.order_id, found.transaction_id, session.session_id, 'https://game.example.com/thanks']) {
      assert.ok(done.text.includes(text), text);
    }
    const used = await show(session, 410);
    for (const secret of [found.order_id, '10.00', game.id]) assert.ok(!used.text.includes(secret), 'a used link tells nothing');
    for (const number of [cards.good, cards.declined]) {
      const late = await pay(session, card(number), 410);
      assert.match(late.text, /already paid in another window/);
      assert.ok(late.text.includes(`href="?session=${token(session)}&amp;return=1"`), 'the payer still sees what was paid');
      for (const secret of [found.order_id, '10.00', game.id]) assert.ok(!late.text.includes(secret));
    }
    assert.equal(await game.available(player), '100.00', 'paid once');
    assert.equal((await look(game, session)).cards_tried, 1);
    const details = (await game.call('getCurrencyOrder', {query: {order_id: found.order_id}, expect: 200})).json;
    assert.equal(details.order.session_id, session.session_id);
    assert.deepEqual(details.order.metadata, {cart: '17'});
  });

  test('fields that are wrong are told, and typed values never repeated', async () => {
    const game = await world().createGame();
    const session = await open(game);
    for (const [change, advice] of [[{card_number: '4242 4242 4242 4241'}, /number/i], [{exp: '12 / 20'}, /date|expire/i],
      [{cvc: '12'}, /code/i], [{card_number: ''}, /number/i], [{exp: '13/34'}, /month|date/i], [{cvc: 'abc'}, /code/i]]) {
      const page = await pay(session, card(cards.good, change), 422);
      assert.match(page.text, /role="?alert/);
      assert.match(page.text, advice);
      assert.doesNotMatch(page.text, /<input[^>]* value=/);
      assert.doesNotMatch(page.text, /4242 4242 4242 4241|12 ?\/ ?20|13\/34/);
    }
    const unknown = await pay(session, card('5555 5555 5555 4444'), 422);
    assert.match(unknown.text, environment === 'sandbox' ? /test card/i : /does not know this number/);
    for (const type of ['text/plain', 'application/x-www-form-urlencodedx', 'multipart/form-data; boundary=x']) {
      const page = await pay(session, card(cards.good), 415, {type});
      assert.match(page.text, /did not arrive as this page sends it/);
    }
    for (const type of ['Application/X-WWW-Form-URLEncoded', `${form}; charset=UTF-8`, `${form} ;charset=utf-8`]) {
      await pay(session, card(cards.good, {cvc: '12'}), 422, {type});
    }
    await pay(session, 'x'.repeat(20_000), [413, 'PAYLOAD_TOO_LARGE']);
    await pay(session, '%zz', 422);
    assert.equal((await look(game, session)).cards_tried, 0, 'nothing was ordered');
    await pay(session, card(cards.good), 303);
  });

  test('declined cards: told, tried again, and five at most', async () => {
    const game = await world().createGame();
    const player = email();
    const session = await open(game, {player_email: player});
    await pay(session, card(cards.declined), 303);
    assert.match((await show(session, 200, {return: '1'})).text, /declined the card\. Nothing was charged/);
    await pay(session, card(cards.poor), 303);
    assert.match((await show(session, 200)).text, /not have enough money/);
    for (let i = 0; i < 3; ++i) await pay(session, card(cards.declined), 303);
    await show(session, 410);
    await pay(session, card(cards.good), 410);
    const found = await look(game, session);
    assert.deepEqual([found.session_status, found.cards_tried], ['failed', 5]);
    await game.call('getBalanceByEmail', {params: {email: player}, expect: 200}).then(({json}) =>
      assert.equal(json.balances[0].available_balance, '0.00'));
  });

  test('numbers that no bank knows are tries too', async () => {
    const game = await world().createGame();
    const session = await open(game);
    await pay(session, card(cards.declined), 303);
    for (let i = 0; i < 3; ++i) await pay(session, card('5555 5555 5555 4444'), 422);
    const last = await pay(session, card('5555 5555 5555 4444'), 410);
    assert.match(last.text, /Too many cards/);
    assert.match((await show(session, 410)).text, /Too many cards/);
    await pay(session, card(cards.good), 410);
    assert.equal((await look(game, session)).cards_tried, 1, 'of which the ledger knows one');
    await pay(await open(game), card(cards.good), 303);
  });

  test('cards that are sent at once are not more tries', async () => {
    const game = await world().createGame();
    const session = await open(game);
    const all = await Promise.all(Array.from({length: 12}, () => pay(session, card('5555 5555 5555 4444'))));
    for (const {status} of all) assert.ok([303, 410, 422].includes(status), String(status));
    assert.ok(all.filter(({status}) => status === 422).length <= 4, 'the fifth ends it');
    for (let i = 0; i < 5; ++i) await pay(session, card('5555 5555 5555 4444'));
    await pay(session, card(cards.good), 410);
    assert.match((await show(session, 410)).text, /Too many cards/);
  });

  test('a card whose bank asks: complete, and fail', async () => {
    const game = await world().createGame();
    for (const answer of ['complete', 'fail']) {
      const player = email();
      const session = await open(game, {player_email: player, cancel_url: 'https://game.example.com/shop'});
      const {headers} = await pay(session, card(cards.asked), 303);
      assert.equal(headers.location, `?session=${token(session)}&return=1&asked=1`);
      const hop = await show(session, 200, {return: '1', asked: '1'});
      assert.match(hop.text, /wants to confirm this payment[^]*Continue to your bank[^]*href="https:\/\/game\.example\.com\/shop">Cancel/);
      assert.equal((await look(game, session)).session_status, 'requires_action');
      if (environment === 'production') {
        world().server.stripe.answerChallenge(/https:\/\/hooks\.stripe\.example\/3d_secure\/(\w+)/.exec(hop.text)[1], answer === 'complete');
      } else {
        await answerBank(session, hop.text, answer);
      }
      const end = await show(session, 200, {return: '1'});
      if (answer === 'complete') {
        assert.match(end.text, /complete/i);
        assert.equal(await game.available(player), '100.00');
      } else {
        assert.match(end.text, /could not confirm/);
        await pay(session, card(cards.good), 303);
        assert.equal(await game.available(player), '100.00', 'another card');
      }
    }
  });

  test('two tabs that pay at once charge once', async () => {
    const game = await world().createGame();
    for (const numbers of [[cards.good, cards.good], [cards.good, cards.declined], [cards.asked, cards.good, cards.good]]) {
      const player = email();
      const session = await open(game, {player_email: player});
      await Promise.all(numbers.map((number) => pay(session, card(number), 303)));
      let found = await look(game, session);
      if (found.session_status === 'open') {  // the declined one was first
        await pay(session, card(cards.good), 303);
        found = await look(game, session);
      }
      if (found.session_status === 'requires_action') continue;
      assert.equal(found.session_status, 'paid');
      assert.equal(await game.available(player), '100.00');
    }
  });

  test('too many tries, and a game that is suspended meanwhile', async () => {
    const game = await world().createGame({limits: {currency_purchases_per_player_minute: 2}});
    const player = email();
    const session = await open(game, {player_email: player});
    let last;
    for (let i = 0; i < 20 && last?.status !== 429; ++i) {
      last = await game.call('openCheckout', {body: {player_email: player, usd_amount: '1.00'}});
    }
    const page = await pay(session, card(cards.good), 429);
    assert.ok(Number(page.headers['retry-after']) > 0);
    await world().call('updateGame', {params: {id: game.id}, body: {status: 'suspended'}, expect: 200});
    assert.match((await show(session, 403)).text, /cannot be bought now/);
    await pay(session, card(cards.good), 403);
  });
}

// On the server whose clock moves.
export function checkoutExpirySuite(context) {
  const world = () => context.movingWorlds.sandbox;

  test('a checkout is over after fifteen minutes', async () => {
    const game = await world().createGame();
    const {json: session} = await game.call('openCheckout', {body: {player_email: email(), usd_amount: '1.00'}, expect: 201});
    const query = queryOf(session.checkout_url);
    await world().call('showCheckout', {query, expect: 200});
    await world().advance(15 * 60);
    await world().call('showCheckout', {query, expect: 410});
    await world().call('payCheckout', {query, raw: card(cards.good), type: form, expect: 410});
    const {json} = await game.call('getCheckout', {params: {session_id: session.session_id}, expect: 200});
    assert.equal(json.session_status, 'expired');
  });

  test('a card that is declined at the last moment: that nothing was charged is said all the same', async () => {
    const game = await world().createGame();
    const {json: session} = await game.call('openCheckout', {body: {player_email: email(), usd_amount: '1.00'}, expect: 201});
    const query = queryOf(session.checkout_url);
    await world().call('payCheckout', {query, raw: card(cards.declined), type: form, expect: 303});
    await world().advance(15 * 60);
    const {text} = await world().call('showCheckout', {query: {...query, return: '1'}, expect: 410});
    assert.match(text, /no longer good[^]*Your bank declined the card\. Nothing was charged\./);
    const late = await world().call('payCheckout', {query, raw: card(cards.good), type: form, expect: 410});
    assert.match(late.text, /Nothing was charged\./);
  });

  test('who comes to a paid checkout long afterwards is shown nothing of it', async () => {
    const game = await world().createGame();
    const {json: session} = await game.call('openCheckout', {body: {player_email: email(), usd_amount: '1.00'}, expect: 201});
    const query = queryOf(session.checkout_url);
    await world().call('payCheckout', {query, raw: card(cards.good), type: form, expect: 303});
    await world().advance(3 * 3600);
    for (const how of ['showCheckout', 'payCheckout']) {
      const {text} = await world().call(how, {query: how === 'showCheckout' ? {...query, return: '1'} : query,
        ...(how === 'payCheckout' && {raw: card(cards.good), type: form}), expect: 410});
      assert.doesNotMatch(text, /See the payment|ord_|10\.00/);
    }
  });
}

// Servers that are killed, changed and held back.
export function checkoutOutageSuite(context) {
  const on = (server, name) => new World(server, context.contract, name);
  const moved = (game, world) => Object.assign(Object.create(Object.getPrototypeOf(game)), game, {world});
  const shown = (world, query, expect) => world.call('showCheckout', {query: {...query, return: '1'}, expect});
  const paid = (world, query, number, expect) => world.call('payCheckout', {query, raw: card(number), type: form, expect});

  queued('kill -9 while a card is paid: the page shows the outcome, and it is credited once', async () => {
    let server = await Server.start();
    try {
      const stories = [];
      let world = on(server, 'sandbox');
      const game = await world.createGame();
      for (let i = 0; i < 12; ++i) {
        const player = email();
        const query = queryOf((await openCheckout(game, player)).checkout_url);
        stories.push({player, query});
      }
      // From before it has arrived to when it is long paid.
      const replies = stories.map(async ({query}, i) => {
        await sleep(4 * i);
        return world.call('payCheckout', {query, raw: card(cards.good), type: form}).catch(() => undefined);
      });
      await Promise.race(replies);
      await server.stop('SIGKILL');
      const answered = await Promise.all(replies);
      assert.ok(answered.some((reply) => reply?.status === 303));

      server = await Server.start({data: server.data});
      world = on(server, 'sandbox');
      const same = moved(game, world);
      for (const [i, {player, query}] of stories.entries()) {
        let page = await world.call('showCheckout', {query: {...query, return: '1'}, expect: 200});
        for (let wait = 0; wait < 60 && /Waiting for the payment/.test(page.text); ++wait) {
          await sleep(200);
          page = await world.call('showCheckout', {query: {...query, return: '1'}, expect: 200});
        }
        const complete = /Payment complete/.test(page.text);
        if (answered[i]?.status === 303) assert.ok(complete, 'what was answered is there');
        // Never ordered: the form is there, and paid it is now.
        if (!complete) {
          assert.match(page.text, /<form/);
          await paid(world, query, cards.good, 303);
        }
        assert.match((await shown(world, query, 200)).text, /Payment complete/);
        // The browser sends its form again, as it does when its page is loaded again.
        await paid(world, query, cards.good, 410);
        assert.equal(await same.available(player), '100.00', 'once');
      }
    } finally {
      await server.stop();
    }
  });

  queued('the ledger\'s view is behind: who may have paid is told to wait, not to pay again', async () => {
    const server = await Server.start();
    const world = on(server, 'sandbox');
    const unlocked = new Set();
    try {
      const game = await world.createGame();
      const player = email();
      const query = queryOf((await openCheckout(game, player)).checkout_url);
      await paid(world, query, cards.asked, 303);
      await shown(world, query, 200);
      // Another process writes to the view's file and takes its time.
      const views = join(server.data, 'sandbox', 'views');
      const file = readdirSync(views).find((name) => /^payments\.v\d+\.\d+\.db$/.test(name));
      const holder = spawn('python3', ['-c', `import sqlite3, sys
view = sqlite3.connect(sys.argv[1], isolation_level=None)
view.execute("PRAGMA busy_timeout = 10000")
view.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()`, join(views, file)], {stdio: ['pipe', 'pipe', 'inherit']});
      unlocked.add(holder);
      await new Promise((resolve, reject) => {
        holder.stdout.once('data', resolve);
        holder.once('exit', () => reject(new Error('the view cannot be held')));
      });
      await game.credit(email(), '1.00');
      for (const page of [await shown(world, query, 503), await paid(world, query, cards.good, 503)]) {
        assert.match(page.text, /We cannot tell yet what came of your payment/);
        assert.match(page.text, /Do not pay again\. This page looks again by itself/);
        assert.equal(page.headers.refresh, `3;url=?session=${query.session}&return=1`);
        assert.ok(Number(page.headers['retry-after']) > 0);
        assert.doesNotMatch(page.text, /<form|10\.00/);
      }
      const fresh = await world.call('showCheckout', {query, expect: 503});
      assert.doesNotMatch(fresh.text, /your payment/, 'nobody has paid by merely opening the link');
      holder.stdin.end();
      let page;
      for (let wait = 0; wait < 100 && page?.status !== 200; ++wait) {
        page = await world.call('showCheckout', {query: {...query, return: '1'}});
        if (page.status !== 200) await sleep(200);
      }
      assert.match(page.text, /Your bank wants to confirm this payment/);
      assert.equal(await game.available(player), '0.00');
    } finally {
      for (const holder of unlocked) holder.kill('SIGKILL');
      await server.stop();
    }
  });

  queued('the processor is taken out of the configuration: what is known is shown', async () => {
    const stripe = await Stripe.start();
    let server = await Server.start({stripe});
    try {
      const game = await on(server, 'production').createGame();
      const player = email();
      const queries = {};
      for (const [name, number] of Object.entries({good: cards.good, declined: cards.declined, asked: cards.asked, none: undefined})) {
        queries[name] = queryOf((await openCheckout(game, player)).checkout_url);
        if (number) await paid(game.world, queries[name], number, 303);
      }
      await shown(game.world, queries.asked, 200);
      assert.deepEqual(await server.stop(), {code: 0, signal: null});
      server = await Server.start({data: server.data});
      const world = on(server, 'production');
      assert.match((await shown(world, queries.good, 200)).text, /Payment complete/);
      assert.match((await world.call('showCheckout', {query: queries.good, expect: 410})).text, /Already paid/);
      await paid(world, queries.good, cards.good, 410);
      assert.match((await shown(world, queries.declined, 503)).text, /cannot be charged[^]*declined the card\. Nothing was charged\./);
      await paid(world, queries.declined, cards.good, 503);
      const open = await shown(world, queries.asked, 503);
      assert.match(open.text, /We cannot tell yet what came of your payment[^]*Do not pay again/);
      assert.match((await shown(world, queries.none, 503)).text, /cannot be charged right now/);
      assert.equal(await moved(game, world).available(player), '100.00');
    } finally {
      await server.stop();
      stripe.stop();
    }
  });
}
