// Debian's Chromium, driven by playwright-core: launching it, what a page must never do, axe, screenshots.
//
//   const browser = await launch();
//   const view = await openView(browser, {size: phone, scheme: 'dark', scripts: false});
//   await view.page.goto(url);
//   await view.check('pay');   // axe, no sideways scroll, nothing the content policy stopped; a screenshot
//   await view.resize(desktop);  // the same page in a window of another size
//   await view.close();        // fails when the page had an error meanwhile
//
// A document that axe has passed is not given to it again in a window of the same width and scheme.
//
// Screenshots are kept in FLORIN_SCREENSHOTS (build/release/screenshots), to be looked at.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {mkdir} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {chromium} from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const screenshots = process.env.FLORIN_SCREENSHOTS ??
  fileURLToPath(new URL('../../../build/release/screenshots', import.meta.url));

export const smallPhone = {width: 320, height: 640};
export const phone = {width: 390, height: 844};
export const desktop = {width: 1280, height: 800};
export const sizes = [smallPhone, phone, desktop];

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export const launch = () => chromium.launch({
  executablePath: process.env.FLORIN_CHROMIUM ?? '/usr/bin/chromium',
  // It asks its maker for nothing while it is tested.
  args: ['--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--no-first-run'],
});

// A window of its own, without cookies or history. `expected`: console errors that belong to what is tested.
export async function openView(browser, {size = phone, scheme = 'light', scripts = true, expected = []} = {}) {
  const context = await browser.newContext({
    viewport: size, colorScheme: scheme, javaScriptEnabled: scripts, reducedMotion: 'reduce', serviceWorkers: 'block',
  });
  const troubles = [];
  const note = (text) => { if (!expected.some((each) => each.test(text))) troubles.push(text); };
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) note(`${message.type()}: ${message.text()}`);
  });
  context.on('weberror', (error) => note(`thrown: ${error.error()}`));
  await context.exposeBinding('florinViolation', (_source, text) => note(text));
  await context.addInitScript(() => document.addEventListener('securitypolicyviolation', (event) =>
    globalThis.florinViolation(`policy: ${event.effectiveDirective} stopped ${event.blockedURI}`)));
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);

  const view = {
    context, page, troubles,
    async resize(to) {
      size = to;
      await page.setViewportSize(to);
    },
    async check(name, {screenshot = true} = {}) {
      await scrollsDownOnly(page);
      await auditOnce(view, {size, scheme, scripts});
      if (screenshot) await shot(page, [name, size.width, scheme, scripts ? '' : 'plain'].filter(Boolean).join('-'));
      assert.deepEqual(troubles, [], name);
    },
    async close() {
      await view.twin?.context().close();
      await context.close();
      assert.deepEqual(troubles, []);
    },
  };
  return view;
}

// Every rule of axe for WCAG 2.2 AA and good practice; says which element broke which.
export async function audit(page) {
  if (!await page.evaluate(() => 'axe' in globalThis)) await page.evaluate(axe);
  const {violations, passes} = await page.evaluate((values) => globalThis.axe.run(document, {
    runOnly: {type: 'tag', values}, preload: false, resultTypes: ['violations'],
  }), rules);
  assert.ok(passes.length > 10, 'axe looked at the page');
  assert.deepEqual(violations.flatMap(({id, nodes}) => nodes.map(({html, failureSummary}) => `${id}: ${html} ${failureSummary}`)),
    []);
}

// What axe has passed: a document without its scripts, in a window of a width and scheme.
const passed = new Set();

async function auditOnce(view, {size, scheme, scripts}) {
  const html = (await view.page.content()).replace(/<script>.*?<\/script>/gs, '');
  const seen = JSON.stringify([size.width, scheme, html]);
  if (passed.has(seen)) return;
  await audit(scripts ? view.page : await plainTwin(view, html, {size, scheme}));
  passed.add(seen);
}

// axe is a script too, and where scripts are off not even a timer runs: what the browser made of the page without them
// is shown to it in another window, one for the whole view.
async function plainTwin(view, html, {size, scheme}) {
  if (!view.twin) {
    const context = await view.context.browser().newContext({colorScheme: scheme, reducedMotion: 'reduce'});
    view.twin = await context.newPage();
  }
  await view.twin.setViewportSize(size);
  await view.twin.setContent(html);
  return view.twin;
}

export async function scrollsDownOnly(page) {
  const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  assert.ok(wide <= seen, `${wide} px wide in a window of ${seen}`);
}

export async function shot(page, name) {
  await mkdir(screenshots, {recursive: true});
  await page.screenshot({path: join(screenshots, `${name}.png`), fullPage: true});
}

// What the Tab key visits from here until it leaves the page or comes around; each must show that it has the focus.
export async function tabStops(page) {
  const stops = [];
  for (let i = 0; i < 30; ++i) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const at = document.activeElement;
      if (!at || at === document.body) return null;
      const {outlineStyle, outlineWidth} = getComputedStyle(at);
      return {name: at.id || at.textContent.trim(), seen: outlineStyle === 'solid' && parseFloat(outlineWidth) >= 2};
    });
    if (!stop || stops.includes(stop.name)) break;
    assert.ok(stop.seen, `${stop.name} shows its focus`);
    stops.push(stop.name);
  }
  return stops;
}
