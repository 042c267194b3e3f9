// The hosted checkout as players meet it: a real server, the sandbox's processor and bank, and Chromium, with scripts and
// without. Screenshots of every page are kept (browser.mjs).
import assert from 'node:assert/strict';
import http from 'node:http';
import {readdirSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, it as test} from 'node:test';
import {background} from '../support/background.mjs';
import {cardForm, form, testCards as cards} from '../support/checkout.mjs';
import {Contract, environments} from '../support/contract.mjs';
import {exchange} from '../support/http.mjs';
import {Server} from '../support/server.mjs';
import {orderBody} from '../support/payments.mjs';
import {World, email} from '../support/world.mjs';
import {desktop, launch, openView, phone, smallPhone} from './browser.mjs';

let server, world, game, browser, shop;

// The game's own site: the page that the checkout is opened from, and the one it ends at.
class Shop {
  static async start() {
    const shop = new Shop();
    // Its pages have an icon: the browser would ask for one by itself, and when it is late, hold the next page's policy
    // against it.
    shop.server = http.createServer((request, response) => {
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      response.end(`<!doctype html><title>Shop</title><link rel="icon" href="data:,"><h1>${request.url === '/thanks' ? 'Thank you' : 'Shop'}</h1>
        <script>window.heard = []; addEventListener('message', (e) => heard.push({origin: e.origin, data: e.data}));</script>`);
    });
    await new Promise((resolve) => shop.server.listen(0, '127.0.0.1', resolve));
    shop.url = `http://127.0.0.1:${shop.server.address().port}`;
    return shop;
  }
}

// A server with a game on it.
async function castle() {
  const at = await Server.start();
  const contract = new Contract((await exchange(at.port, {path: '/openapi.json'})).json);
  assert.ok(environments.sandbox);
  const on = new World(at, contract, 'sandbox');
  const game = await on.createGame({game_name: 'Castle <i>Demo</i> & Söhne', currencies: [{currency_name: 'Gold Coins', currency_symbol: 'GC'}]});
  return {server: at, world: on, game};
}

// Everything that the tests share. Who runs beside the others waits for it.
const ready = (async () => {
  [{server, world, game}, browser, shop] = await Promise.all([castle(), launch(), Shop.start()]);
})();
before(() => ready);
after(async () => {
  await browser.close();
  shop.server.close();
  await server.stop();
});

const open = async (change = {}, of = game) => {
  const player = email();
  const {json} = await of.call('openCheckout', {body: {player_email: player, usd_amount: '10.00',
    success_url: `${shop.url}/thanks`, cancel_url: `${shop.url}/shop`, ...change}, expect: 201});
  return {player, url: json.checkout_url, id: json.session_id};
};
const session = async ({id}) => (await game.call('getCheckout', {params: {session_id: id}, expect: 200})).json;

// The pages' own statuses (410, 404, 422), and the shop's icon that is not there, which Chromium calls errors.
// And what Chromium says when a message is kept from the wrong window, which is what is tested.
const expected = [/status of (404|410|422|503)/, /does not match the recipient window's origin/];
// As a person does: by the labels, with the keyboard.
async function fill(page, number, {exp = '1234', cvc = '737'} = {}) {
  await page.getByLabel(/card number/i).fill(number);
  await page.getByLabel(/expir/i).fill(exp.replace(/(..)(..)/, '$1 / $2'));
  await page.getByLabel(/security code|cvc/i).fill(cvc);
  await page.keyboard.press('Enter');
}

for (const scripts of [true, false]) {
  describe(`a checkout ${scripts ? 'with' : 'without'} scripts`, () => {
    // checkout_page.test.mjs shows every page in every size.
    for (const [screen, size] of Object.entries(scripts ? {'a small phone': smallPhone, 'a desk': desktop} : {'a phone': phone})) {
      test(`${screen}: 4242 pays, the balance and the history show it, the shop is returned to`, async () => {
        const checkout = await open();
        const view = await openView(browser, {scripts, size});
        const {page} = view;
        await page.goto(checkout.url);
        await view.check('flow-pay');
        assert.match(await page.locator('h1').innerText(), /Gold Coins|Castle/);
        assert.equal(await page.locator('i').count(), 0, 'a game\'s name is text');
        await fill(page, cards.good);
        await page.waitForURL(`${shop.url}/thanks`, {timeout: 60_000});
        await view.close();
        assert.equal(await game.available(checkout.player), '100.00');
        const {json} = await game.call('getHistory', {params: {email: checkout.player}, expect: 200});
        assert.equal(json.history?.[0]?.amount ?? json.movements?.[0]?.amount, '100.00');
        assert.equal((await session(checkout)).session_status, 'paid');
      });
    }

    test('3184: the bank asks; yes pays', async () => {
      const checkout = await open();
      const view = await openView(browser, {scripts, expected});
      const {page} = view;
      await page.goto(checkout.url);
      await fill(page, cards.asked);
      await page.waitForURL(/\/processor\/challenge/, {timeout: 60_000});
      await view.check('flow-bank');
      await page.getByRole('button', {name: /complete/i}).click();
      await page.waitForURL(`${shop.url}/thanks`, {timeout: 60_000});
      await view.close();
      assert.equal(await game.available(checkout.player), '100.00');
    });

    test('3184: the bank asks; no is a clear decline, and another card pays', async () => {
      const checkout = await open();
      const view = await openView(browser, {scripts, expected});
      const {page} = view;
      await page.goto(checkout.url);
      await fill(page, cards.asked);
      await page.waitForURL(/\/processor\/challenge/, {timeout: 60_000});
      await page.getByRole('button', {name: /fail/i}).click();
      await page.waitForURL(/\/checkout\?/, {timeout: 60_000});
      assert.match(await page.getByRole('alert').innerText(), /could not confirm that it was you\. Nothing was charged/);
      await fill(page, cards.good);
      await page.waitForURL(`${shop.url}/thanks`, {timeout: 60_000});
      await view.close();
      assert.equal(await game.available(checkout.player), '100.00');
    });

    test('0002 is a clear decline; a mistyped number says so; the way back is the shop', async () => {
      const checkout = await open();
      const view = await openView(browser, {scripts, expected});
      const {page} = view;
      await page.goto(checkout.url);
      await fill(page, cards.declined);
      await page.getByRole('alert').waitFor({timeout: 60_000});
      assert.match(await page.getByRole('alert').innerText(), /declined the card\. Nothing was charged/);
      await view.check('flow-declined');
      await fill(page, '4242 4242 4242 4243');
      await page.getByRole('alert').waitFor();
      assert.equal(await page.getByLabel(/card number/i).inputValue(), '', 'a number is never shown again');
      assert.equal(await page.getByLabel(/card number/i).getAttribute('aria-invalid'), 'true');
      await view.check('flow-mistyped');
      await page.getByRole('link', {name: /cancel|back/i}).click();
      await page.waitForURL(`${shop.url}/shop`);
      await view.close();
    });

    test('used, expired and unknown links have clear pages', async () => {
      const checkout = await open();
      const view = await openView(browser, {scripts, expected});
      const {page} = view;
      await page.goto(checkout.url);
      await fill(page, cards.good);
      await page.waitForURL(`${shop.url}/thanks`, {timeout: 60_000});
      assert.equal((await page.goto(checkout.url)).status(), 410);
      await view.check('flow-used');
      assert.equal((await page.goto(`${checkout.url}x`)).status(), 404);
      await view.check('flow-unknown');
      await view.close();
    });
  });
}

describe('with scripts', () => {
  test('the window that opened the checkout is told, if it is of the success page\'s origin', async () => {
    const checkout = await open();
    const other = `http://localhost:${shop.server.address().port}`;  // the same site by another name: another origin
    for (const [opener, told] of [[shop.url, true], [other, false]]) {
      const {player, url, id} = told ? checkout : await open();
      const view = await openView(browser, {size: desktop, expected});
      const {page, context} = view;
      await page.goto(`${opener}/shop`);
      const [popup] = await Promise.all([context.waitForEvent('page'), page.evaluate((to) => void window.open(to), url)]);
      await fill(popup, cards.good);
      await popup.waitForURL(`${shop.url}/thanks`, {timeout: 60_000});
      const heard = await page.evaluate(() => window.heard);
      assert.equal(heard.length, told ? 1 : 0);
      if (told) {
        const {order_id, transaction_id} = await session({id});
        assert.equal(heard[0].origin, new URL(url).origin);
        assert.deepEqual(heard[0].data, {type: 'INVO_CHECKOUT_COMPLETE', session_id: id, transaction_id, order_id, status: 'success'});
      }
      assert.equal(await game.available(player), '100.00');
      await view.close();
    }
  });
});

describe('a game that sends card numbers', () => {
  test('is refused, and may go on without them', async () => {
    const player = email();
    const digits = cards.good.replaceAll(' ', '');
    for (const payment_method_id of [digits, cards.good, `pm_${digits}`, `tok_card_${digits}`]) {
      await game.call('purchaseCurrency', {body: orderBody(player, {payment_method_id}), expect: [400, 'INVALID_REQUEST']});
    }
    for (const metadata of [{card: cards.good}, {card: Number(digits)}]) {
      await game.call('openCheckout', {body: {player_email: player, usd_amount: '10.00', metadata}, expect: [400, 'INVALID_REQUEST']});
    }
    await game.call('purchaseCurrency', {body: orderBody(player), expect: 200});
    const {url} = await open({player_email: player});
    const query = Object.fromEntries(new URL(url).searchParams);
    await world.call('payCheckout', {query, raw: cardForm(cards.good), type: 'text/plain', expect: 415});
    await world.call('payCheckout', {query, raw: cardForm(cards.good), type: form, expect: 303});
    assert.equal(await game.available(player), '200.00');
  });
});

// Most of it is waiting; on a server of its own, whose processor is out of order.
background('an outage: nobody knows yet; the page says so, looks again by itself, and goes on', async () => {
  await ready;
  const broken = await castle();
  let stopped;
  try {
    const checkout = await open({}, broken.game);
    const view = await openView(browser, {scripts: false, expected});
    const {page} = view;
    await page.goto(checkout.url);
    await fill(page, cards.asked);
    await page.waitForURL(/\/processor\/challenge/, {timeout: 60_000});
    await broken.world.call('breakProcessor', {body: {refused_connection: 100}, expect: 200});
    await page.goto(`${checkout.url}&return=1`);
    await view.check('flow-pending');
    assert.match(await page.locator('main').innerText(), /looks again every few seconds.*do not pay a second time/i);
    await broken.world.call('breakProcessor', {body: {}, expect: 200});
    await page.waitForURL(/\/processor\/challenge/, {timeout: 90_000});
    await page.getByRole('button', {name: /complete/i}).click();
    await page.waitForURL(`${shop.url}/thanks`, {timeout: 60_000});
    await view.close();
    assert.equal(await broken.game.available(checkout.player), '100.00');
  } finally {
    stopped = await broken.server.stop();  // or the test file never ends
  }
  assert.deepEqual(stopped, {code: 0, signal: null}, broken.server.output.slice(-2000));
});

describe('afterwards', () => {
  test('no card number is anywhere: not in a file, not in the server\'s output', () => {
    const needles = Object.values(cards).concat('4242 4242 4242 4243').flatMap((number) =>
      [number, number.replaceAll(' ', ''), number.replaceAll(' ', '+'), number.replaceAll(' ', '%20')]);
    const files = (folder) => readdirSync(folder, {withFileTypes: true}).flatMap((entry) =>
      entry.isDirectory() ? files(join(folder, entry.name)) : entry.isFile() ? [join(folder, entry.name)] : []);
    const all = files(server.data);
    assert.ok(all.some((file) => file.endsWith('log.db') && statSync(file).size > 0), 'there is a log');
    for (const file of all) {
      const bytes = readFileSync(file);
      for (const needle of needles) {
        assert.equal(bytes.indexOf(needle), -1, `${file} holds a card number`);
        assert.equal(bytes.indexOf(Buffer.from(needle, 'utf16le')), -1, file);
      }
    }
    for (const needle of needles) assert.ok(!server.output.includes(needle), 'the log holds a card number');
  });

  test('the processor\'s statement is what the ledger holds', async () => {
    const {json} = await world.call('getProcessorStatement', {expect: 200});
    assert.ok(Number(json.charges) >= 10);
  });
});
