// The checkout's pages in Chromium, as tests/api/page_probe.cpp prints them, with the headers that they are sent with:
// three sizes, light and dark, scripts on and off. Screenshots are left to be looked at (browser.mjs).
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {createServer} from 'node:http';
import {after, before, test} from 'node:test';
import {setTimeout as pause} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {desktop, launch, openView, phone, sizes, smallPhone, tabStops} from './browser.mjs';

const program = process.env.FLORIN_PAGE_PROBE ??
  fileURLToPath(new URL('../../../build/release/tests/api/api_page_probe', import.meta.url));

async function listen(handler) {
  const server = createServer(handler);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {server, origin: `http://127.0.0.1:${server.address().port}`};
}

// So that what is seen is the icon and not the letter under it.
const icon = `<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96"><path fill="#6e288c" d="M0 0h96v96H0z"/>
  <circle cx="48" cy="48" r="30" fill="#fac83c"/></svg>`;

// A shop: its icon, where it wants its customers back, and a page that opens the checkout and writes down what it hears.
async function shop() {
  const visits = [];
  const at = await listen((request, reply) => {
    const path = request.url.split('?')[0];
    visits.push(request.url);
    if (path === '/icon') return reply.writeHead(200, {'Content-Type': 'image/svg+xml'}).end(icon);
    if (path === '/opener') {
      const target = new URL(request.url, 'http://shop').searchParams.get('target');
      return reply.writeHead(200, {'Content-Type': 'text/html'}).end(`<!doctype html><title>Shop</title>
        <a id="go" rel="opener" target="_blank" href="${target}">Pay</a>
        <script>heard=[];addEventListener('message',e=>heard.push({data:e.data,from:e.origin}))</script>`);
    }
    if (['/thanks', '/cart'].includes(path)) return reply.writeHead(200, {'Content-Type': 'text/html'}).end('<title>Shop</title><link rel="icon" href="data:,">');
    return reply.writeHead(path === '/favicon.ico' ? 204 : 404).end();
  });
  return {...at, visits};
}

// The pages, each under its name; a form's answer is the page for a declined card, or the bank's end.
async function checkout(pages) {
  const posts = [];
  const state = {delay: 0};
  const send = (reply, name) => {
    const {headers, html} = pages.get(name);
    for (const [key, value] of headers) reply.setHeader(key, value);
    reply.writeHead(200, {'Content-Type': 'text/html; charset=utf-8'}).end(html);
  };
  const at = await listen(async (request, reply) => {
    const path = request.url.split('?')[0];
    if (request.method === 'POST') {
      let body = '';
      for await (const part of request) body += part;
      posts.push({path: request.url, type: request.headers['content-type'], form: Object.fromEntries(new URLSearchParams(body))});
      await pause(state.delay);
      return send(reply, path === '/bank' ? 'bank_end' : 'pay_declined');
    }
    if (pages.has(path.slice(1))) return send(reply, path.slice(1));
    return reply.writeHead(path === '/favicon.ico' ? 204 : 404).end();
  });
  return {...at, posts, state};
}

function printed(...words) {
  const out = execFileSync(program, words, {timeout: 30_000, maxBuffer: 16 << 20});
  const pages = new Map();
  for (let i = 0; i < out.length;) {
    const end = out.indexOf('\n', i);
    const [name, head, html] = out.toString('utf8', i, end).split(' ');
    const middle = end + 1 + Number(head);
    i = middle + Number(html);
    pages.set(name, {
      headers: out.toString('utf8', end + 1, middle).split('\r\n').filter(Boolean).map((line) => line.split(/: (.*)/s, 2)),
      html: out.toString('utf8', middle, i),
    });
  }
  return pages;
}

let browser, ours, game, stranger, pages;

before(async () => {
  game = await shop();
  stranger = await shop();
  pages = printed(`${game.origin}/thanks?a=1&b=2`, `${game.origin}/cart`, `${game.origin}/icon`);
  // The same page with a stranger's text in it.
  const {headers, html} = pages.get('pay');
  const tampered = {headers, html: html.replace('</main>', `<script>globalThis.broken=1</script><p style="color:red">x</p>
    <img src="${stranger.origin}/icon" alt="" onerror="globalThis.broken=2"><iframe src="/bank" title="x"></iframe>
    <style>p{color:red}</style></main>`)};
  ours = await checkout(new Map([...pages, ['tampered', tampered]]));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  for (const each of [ours, game, stranger]) {
    each?.server.closeAllConnections();
    each?.server.close();
  }
});

const hasIcon = (page) => page.evaluate(() => document.querySelector('.icon img')?.naturalWidth ?? 0);
// What goes on by itself is held where it is, to be looked at.
const held = {done: /./, hop: /./, pending: /./, unsure: /./, bank_end: /./};

async function visit(view, name) {
  // The page's own headers but for the one that moves it on.
  if (held[name]) {
    await view.page.route(`${ours.origin}/${name}`, async (route) => {
      const response = await route.fetch();
      const {refresh, ...headers} = response.headers();
      assert.ok(refresh, `${name} moves on`);
      await route.fulfill({response, headers});
    });
    await view.page.route(`${game.origin}/thanks**`, (route) => route.fulfill({status: 204}));
  }
  await view.page.goto(`${ours.origin}/${name}`);
}

// Each page is loaded once a scheme and script setting, and the light one is shown in every size. A scheme changes
// colours only, which is checked: where every box is as in the light one, the other sizes need no second look. Scripts
// come first, so that axe has seen what a page is without them if that is the same.
const boxes = new Map();
const boxesOf = (page) => page.evaluate(() => JSON.stringify([...document.querySelectorAll('body, body *')].map((each) => {
  const {x, y, width, height} = each.getBoundingClientRect();
  return [each.tagName, x, y, width, height];
})));
for (const scheme of ['light', 'dark']) {
  for (const scripts of [true, false]) {
    test(`every page, ${scheme}, scripts ${scripts ? 'on' : 'off'}`, async () => {
      // A missing icon is a failed load to the console, and nothing to the reader.
      const view = await openView(browser, {scheme, scripts, expected: [/status of 404/]});
      for (const name of pages.keys()) {
        await visit(view, name);
        assert.equal(await view.page.locator('h1').count(), 1);
        const seen = await boxesOf(view.page);
        if (!boxes.has(name)) boxes.set(name, seen);
        assert.equal(seen, boxes.get(name), `${name}: every box is where it is in the light one with scripts`);
        await view.check(name, {screenshot: scripts});
        if (!scripts || scheme === 'dark') continue;
        for (const size of sizes.filter((each) => each !== phone)) {
          await view.resize(size);
          await view.check(name);
        }
        await view.resize(phone);
      }
      await view.close();
    });
  }
}

test('a page holds no more than the policy lets through', async () => {
  const view = await openView(browser, {expected: [/Content Security Policy/, /^policy: /]});
  const stopped = [];
  await view.context.addInitScript(() => {
    globalThis.stopped = [];
    document.addEventListener('securitypolicyviolation', (event) => globalThis.stopped.push(event.effectiveDirective));
  });
  await view.page.goto(`${ours.origin}/tampered`);
  stopped.push(...await view.page.evaluate(() => globalThis.stopped));
  assert.equal(await view.page.evaluate(() => globalThis.broken), undefined);
  assert.deepEqual([...new Set(stopped)].sort(), ['frame-src', 'img-src', 'script-src-attr', 'script-src-elem', 'style-src-attr',
    'style-src-elem']);
  assert.deepEqual(stranger.visits, []);
  await view.close();
});

test('the form can be filled with the keyboard alone', async () => {
  for (const scripts of [true, false]) {
    const view = await openView(browser, {scripts});
    await visit(view, 'pay');
    assert.deepEqual(await tabStops(view.page), ['card_number', 'exp', 'cvc', 'Pay $10.00', 'Cancel and go back']);
    await visit(view, 'pay_faults');
    assert.equal(await view.page.evaluate(() => document.activeElement.getAttribute('role')), 'alert', 'faults are read first');
    const stops = await tabStops(view.page);
    assert.deepEqual(stops.slice(3), ['card_number', 'exp', 'cvc', 'Pay $10.00', 'Cancel and go back']);
    assert.equal(stops[0], 'The number is not complete. Check it and type it again.');
    await view.page.getByRole('link', {name: 'This date is past.'}).click();
    assert.equal(await view.page.evaluate(() => document.activeElement.id), 'exp', 'a fault leads to its field');
    await view.close();
  }
});

test('fields say what they are', async () => {
  const view = await openView(browser);
  await visit(view, 'pay_faults');
  const {page} = view;
  for (const [label, autocomplete, description] of [
    ['Card number', 'cc-number', 'The number is not complete. Check it and type it again.'],
    ['Expiry date', 'cc-exp', 'MM / YY This date is past. Check it, or use another card.'],
    ['Security code', 'cc-csc', '3 or 4 digits The code is 3 digits on the back of the card, or 4 on its front.']]) {
    const field = page.getByLabel(label);
    assert.equal(await field.getAttribute('autocomplete'), autocomplete);
    assert.equal(await field.getAttribute('aria-invalid'), 'true');
    const said = await field.evaluate((at) => at.getAttribute('aria-describedby').split(' ')
      .map((id) => document.getElementById(id).textContent).join(' '));
    assert.equal(said, description);
  }
  await view.close();
});

test('a try is posted once, and a declined card is said without repeating it', async () => {
  for (const scripts of [true, false]) {
    const view = await openView(browser, {scripts});
    const {page} = view;
    const submits = [];
    await view.context.exposeBinding('submitted', (_source, ...what) => submits.push(what));
    await page.addInitScript(() => document.addEventListener('submit', (event) => {
      const pay = event.target.querySelector('button');
      globalThis.submitted(pay.textContent, pay.getAttribute('aria-disabled'), event.defaultPrevented);
    }));
    await visit(view, 'pay');
    ours.posts.length = 0;
    ours.state.delay = 500;
    await page.getByLabel('Card number').fill('4000 0000 0000 0002');
    await page.getByLabel('Expiry date').fill('12 / 34');
    await page.getByLabel('Security code').fill('123');
    const button = page.getByRole('button', {name: 'Pay $10.00'});
    if (scripts) {
      await button.dblclick();
    } else {
      await page.getByLabel('Security code').press('Enter');
    }
    const alert = page.getByRole('alert');
    await alert.waitFor();
    ours.state.delay = 0;
    if (scripts) assert.deepEqual(submits, [['Paying…', 'true', false], ['Paying…', 'true', true]]);
    assert.deepEqual(ours.posts, [{
      path: '/checkout?session=cs_probe', type: 'application/x-www-form-urlencoded',
      form: {card_number: '4000 0000 0000 0002', exp: '12 / 34', cvc: '123'},
    }]);
    assert.match(await alert.textContent(), /Your card was not charged\s*Your bank declined the card\. Try another one\./);
    for (const input of await page.locator('input').all()) assert.equal(await input.inputValue(), '');
    await view.close();
  }
});

test('the icon is the game’s own, and a letter where it cannot be had', async () => {
  const seen = {};
  for (const [name, width, letter] of [['pay', 96, 'D'], ['pay_without_icon', 0, 'D'], ['pay_broken_icon', 0, 'D'],
    ['pay_hostile', 0, '<']]) {
    const view = await openView(browser, {expected: name === 'pay_broken_icon' ? [/404/] : []});
    await visit(view, name);
    assert.equal(await hasIcon(view.page), width, name);
    assert.equal(await view.page.locator('.icon').textContent(), letter);
    seen[name] = await view.page.locator('.icon').screenshot();
    await view.close();
  }
  assert.ok(seen.pay_broken_icon.equals(seen.pay_without_icon), 'no mark of a broken picture over the letter');
});

test('hostile names are text', async () => {
  const view = await openView(browser);
  await visit(view, 'pay_hostile');
  const {page} = view;
  assert.equal(await page.title(), 'Not paid: $10.00 to </title><script>alert(1)</script>"\'><img src=x onerror=alert(1)>');
  assert.match(await page.getByRole('alert').textContent(), /<script>alert\(1\)<\/script>/);
  assert.equal(await page.locator('img').count(), 0);
  assert.equal(await page.locator('script').count(), 1);
  assert.equal(await page.getByRole('link').count(), 0, 'no way back to a script');
  await view.close();
});

test('from the bank’s question to the end, by itself, scripts or not', async () => {
  ours.posts.length = 0;
  // Side by side: most of it is waiting for what a page does by itself.
  await Promise.all([true, false].map(async (scripts) => {
    const view = await openView(browser, {scripts});
    const {page} = view;
    await page.goto(`${ours.origin}/hop`, {waitUntil: 'commit'});
    await page.waitForURL(`${ours.origin}/bank`);
    await page.getByRole('button', {name: 'Yes, complete it'}).click();
    // The bank's end goes on to the done page, and that to the shop.
    await page.waitForURL(`${game.origin}/thanks?a=1&b=2`);
    await view.close();
  }).concat([true, false].map(async (scripts) => {
    const view = await openView(browser, {scripts});
    const {page} = view;
    await page.goto(`${ours.origin}/bank`);
    await page.getByRole('button', {name: 'No, fail it'}).click();
    await page.getByRole('heading', {name: 'Payment complete'}).waitFor();
    await page.goto(`${ours.origin}/pending`);
    const since = Date.now();
    await page.waitForURL(`${ours.origin}/done_closing`);
    assert.ok(Date.now() - since > 1_500, 'it waits between two looks');
    await view.close();
  })));
  const answers = ours.posts.map(({path, form}) => `${path} ${form.answer}`).sort();
  assert.deepEqual(answers, ['complete', 'complete', 'fail', 'fail'].map((answer) => `/bank?payment=pi_probe ${answer}`));
});

test('only a window of the shop’s origin hears of the payment', async () => {
  await Promise.all([[game, true], [stranger, false]].map(async ([from, hears]) => {
    // The browser says to the console that a message was not for its window.
    const view = await openView(browser, {expected: hears ? [] : [/target origin provided/]});
    const {page, context} = view;
    await page.goto(`${from.origin}/opener?target=${encodeURIComponent(`${ours.origin}/done`)}`);
    const [popup] = await Promise.all([context.waitForEvent('page'), page.click('#go')]);
    await popup.waitForURL(`${game.origin}/thanks?a=1&b=2`);
    await pause(100);
    assert.deepEqual(await page.evaluate(() => globalThis.heard), hears ? [{
      data: {type: 'INVO_CHECKOUT_COMPLETE', session_id: 'cs_probe', transaction_id: 'txn_01PROBE', order_id: 'ord_01PROBE',
        status: 'success'},
      from: ours.origin,
    }] : []);
    await view.close();
  }));
});

test('no frame shows a page', async () => {
  const view = await openView(browser, {expected: [/frame-ancestors|X-Frame-Options/, /^policy: frame-ancestors/]});
  await view.page.route(`${game.origin}/cart`, (route) => route.fulfill({
    contentType: 'text/html', body: `<!doctype html><title>x</title><iframe src="${ours.origin}/pay"></iframe>`,
  }));
  await view.page.goto(`${game.origin}/cart`);
  const frame = view.page.frames().find((each) => each !== view.page.mainFrame());
  assert.doesNotMatch(await frame.content(), /Gold Coins/);
  await view.close();
});

test('large text and a small window leave everything to be read', async () => {
  // 200 % of the text size at 640 px is 320 px to the layout (WCAG 1.4.10); 320 px with double text is harder.
  for (const [name, size] of [['pay_wide', smallPhone], ['pay_faults', smallPhone], ['done', phone], ['pay', desktop]]) {
    const view = await openView(browser, {size});
    await visit(view, name);
    await view.page.evaluate(() => { document.documentElement.style.fontSize = '200%'; });
    const [wide, seen] = await view.page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    assert.ok(wide <= seen, `${name}: ${wide} px wide in a window of ${seen}`);
    await view.close();
  }
});
