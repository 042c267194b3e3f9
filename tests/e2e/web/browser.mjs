// Chromium as people have it, on a phone and on a desk, with scripts and without; and what every page of ours must be.
import assert from 'node:assert/strict';
import {mkdirSync, readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {chromium} from 'playwright-core';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const shots = process.env.FLORIN_SHOTS;

export const screens = {
  small: {width: 320, height: 568}, phone: {width: 390, height: 844}, desktop: {width: 1280, height: 800}};

export async function openBrowser() {
  // Without its sandbox it also runs as root in a container; it opens nothing but our own pages.
  const browser = await chromium.launch({executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu']});
  return {
    // A window of its own: {page, context, close}. close() fails when a page broke its own policy or threw.
    async open({scripts = true, screen = 'phone', scheme = 'light'} = {}) {
      const context = await browser.newContext({javaScriptEnabled: scripts, viewport: screens[screen],
        colorScheme: scheme, hasTouch: screen !== 'desktop', reducedMotion: 'reduce', ignoreHTTPSErrors: false});
      const troubles = [];
      const watch = (page) => {
        page.on('pageerror', (error) => troubles.push(`${page.url()}: ${error.message}`));
        page.on('console', (message) => {
          if (/content security policy|refused to/i.test(message.text())) troubles.push(`${page.url()}: ${message.text()}`);
        });
      };
      context.on('page', watch);
      const page = await context.newPage();
      const close = async () => {
        await context.close();
        assert.deepEqual(troubles, []);
      };
      return {page, context, close};
    },
    close: () => browser.close(),
  };
}

// What the page shows now: nothing for axe to find, nothing cut off at the side, one heading; in light and in dark, with
// a screenshot of each. Without scripts axe cannot look, the rest can.
export async function checkPage(page, name, {scripts = true} = {}) {
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({colorScheme: scheme});
    if (scripts) assert.deepEqual(await findings(page), [], `${name}, ${scheme}`);
    await shoot(page, `${name}-${scripts ? 'scripts' : 'plain'}-${scheme}`);
  }
  assert.equal(await page.locator('h1').count(), 1, `${name}: one h1`);
  assert.ok(await page.locator('html').getAttribute('lang'), `${name}: a language`);
  const wide = await page.locator('html').boundingBox();
  assert.ok(wide.width <= page.viewportSize().width, `${name}: nothing is beside the screen`);
  if (scripts) {
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth),
      false, `${name}: scrolls sideways`);
  }
}

// axe is put into a world of its own, so the page's policy need not allow it.
async function findings(page) {
  const session = await page.context().newCDPSession(page);
  try {
    const {frameTree} = await session.send('Page.getFrameTree');
    const {executionContextId} = await session.send('Page.createIsolatedWorld', {frameId: frameTree.frame.id, worldName: 'axe'});
    const run = async (expression) => {
      const {result, exceptionDetails} = await session.send('Runtime.evaluate', {
        expression, contextId: executionContextId, awaitPromise: true, returnByValue: true});
      assert.equal(exceptionDetails, undefined, JSON.stringify(exceptionDetails));
      return result.value;
    };
    await run(axeSource());
    return await run(`axe.run(document, {runOnly: ${JSON.stringify(rules)}}).then(({violations}) => violations.map((v) =>
      v.id + ': ' + v.help + ': ' + v.nodes.map((node) => node.html.slice(0, 200)).join(' | ')))`);
  } finally {
    await session.detach();
  }
}

let source;
function axeSource() {
  source ??= readFileSync(axe, 'utf8');
  return source;
}

export async function shoot(page, name) {
  if (!shots) return;
  mkdirSync(shots, {recursive: true});
  await page.screenshot({path: join(shots, `${name}.png`), fullPage: true});
}
