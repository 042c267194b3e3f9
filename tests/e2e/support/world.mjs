// One environment of one server, as a game server and an operator see it. Every call is checked against the document.
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {setTimeout as sleep} from 'node:timers/promises';
import {environments} from './contract.mjs';
import {exchange} from './http.mjs';
import {adminToken} from './server.mjs';

let counter = 0;
let phones = 0;
const run = randomUUID().slice(0, 8);
export const requestId = () => `${run}-${++counter}`;
export const email = () => `player-${run}-${++counter}@example.com`;
export const phone = () => `+1202${String(++phones).padStart(7, '0')}`;
// Exact arithmetic on the wire's amounts.
export const minor = (text) => BigInt(text.replace('.', ''));
export const decimal = (value) => {
  const digits = (value < 0n ? -value : value).toString().padStart(3, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
};

export class World {
  constructor(server, contract, name) {
    this.server = server;
    this.contract = contract;
    this.name = name;
    this.prefix = environments[name];
    this.ahead = 0; // seconds that the sandbox's clock was put forward
  }

  // options: key (SDK key), token (admin token; the right one by default where one is asked for), params, query,
  // body (a value), raw (bytes instead), type (Content-Type), headers, expect (a status, or [status, error code]),
  // provoked (the document's `default` is fine too).
  async call(id, options = {}) {
    const operation = this.contract.operation(id);
    const {params = {}, query = {}, body, raw, type = 'application/json', expect, provoked} = options;
    const headers = {...options.headers};
    if (operation.security === 'gameKey' && options.key) headers['X-Game-Secret-Key'] = options.key;
    const token = options.token === undefined ? adminToken : options.token;
    if (operation.security === 'adminToken' && token) headers.Authorization = `Bearer ${token}`;
    const data = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    if (data !== undefined && type) headers['Content-Type'] = type;
    const reply = await exchange(this.server.port, {
      method: operation.method, path: this.path(id, params, query), headers, body: data});
    if (id === 'advanceClock' && reply.status === 200) this.ahead = reply.json.offset_seconds;
    this.contract.check(this.name, id, body, reply, provoked, this.ahead);
    if (expect !== undefined) {
      const [status, code] = [expect].flat();
      assert.deepEqual([reply.status, reply.json?.error_code], [status, code],
        `${this.name} ${id} ${String(data).slice(0, 300)}: ${reply.text.slice(0, 500)}`);
    }
    return reply;
  }

  path(id, params = {}, query = {}) {
    const operation = this.contract.operation(id);
    const prefix = operation.environments.includes(this.name) ? this.prefix : ''; // health checks are the process's
    const path = operation.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(params[name]));
    const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    return prefix + path + (pairs.length ? `?${pairs.join('&')}` : '');
  }

  // What was texted to this phone, oldest first. The sandbox has a phone of its own, production a provider.
  async texts(number) {
    if (this.name !== 'sandbox') return this.server.provider.texts.filter((text) => text.to === number);
    return (await this.call('listTexts', {query: {phone: number}, expect: 200})).json.messages;
  }

  // The match of the newest text to this phone that matches, past the first `after`; waits for one.
  async text(number, pattern, after = 0) {
    const deadline = Date.now() + 20_000;
    for (;;) {
      const texts = (await this.texts(number)).slice(after);
      const found = texts.map((text) => pattern.exec(text.body)).filter(Boolean).at(-1);
      if (found) return found;
      assert.ok(Date.now() < deadline, `no text to ${number} like ${pattern}: ${JSON.stringify(texts)}`);
      await sleep(20);
    }
  }

  // The phone's owner writes to us.
  async reply(from, body) {
    if (this.name === 'sandbox') {
      const {json} = await this.call('replyToText', {body: {from, body}, expect: 200});
      assert.equal(json.webhook_status, 200);
      return;
    }
    await this.deliver(this.server.provider.post(from, body), 200);
  }

  // A post to the provider's webhook, as made by Provider.post.
  deliver(post, expect) {
    return this.call('receiveText', {type: 'application/x-www-form-urlencoded', ...post, expect});
  }

  // A post to the card processor's webhook, as made by Stripe.post.
  notify(post, expect, gateway = this.name === 'sandbox' ? 'sandbox' : 'stripe') {
    return this.call('receivePayment', {params: {gateway}, ...post, expect});
  }

  // Sandbox only.
  async advance(seconds) {
    const {json} = await this.call('advanceClock', {body: {advance_seconds: seconds}, expect: 200});
    assert.equal(json.settled, true);
    return json;
  }

  async createGame(settings = {}) {
    const reply = await this.call('createGame', {
      body: {
        game_name: `Game ${requestId()}`, status: 'live', universal_transfers: 'yes',
        currencies: [{currency_name: 'Gold Coins', currency_symbol: 'GC'}],
        limits: {item_purchases_per_player_minute: 100_000, by_email_reads_per_minute: 100_000}, ...settings},
      expect: 201});
    return new Game(this, reply.json);
  }
}

// A game with its key.
export class Game {
  constructor(world, created) {
    this.world = world;
    this.id = created.game_id;
    this.key = created.sdk_key;
    this.currencies = created.currencies;
  }

  call(id, options = {}) {
    return this.world.call(id, {key: this.key, ...options});
  }

  credit(player, amount, extra = {}) {
    return this.call('creditBalance', {
      body: {client_request_id: requestId(), player_email: player, amount, reason: 'test', ...extra}, expect: 200});
  }

  purchaseBody(player, extra = {}) {
    return {client_request_id: requestId(), player_email: player, item_id: 'sword_001', item_name: 'Iron Sword',
      item_quantity: 2, unit_price: '5.00', total_price: '10.00', ...extra};
  }

  purchase(player, extra = {}) {
    return this.call('purchaseItem', {body: this.purchaseBody(player, extra), expect: 200});
  }

  async balance(player, headers = {}) {
    return (await this.call('getBalanceByEmail', {params: {email: player}, headers, expect: 200})).json;
  }

  async available(player, index = 0) {
    return (await this.balance(player)).balances[index].available_balance;
  }

  // The whole stream: {players, trailer, position}.
  async stream(query = {}, headers = {}) {
    const reply = await this.call('streamBalances', {query, headers, expect: 200});
    const lines = reply.text.trimEnd().split('\n').map((line) => JSON.parse(line));
    const trailer = lines.pop();
    assert.equal(trailer.end, true, 'the last line is the trailer');
    assert.ok(lines.every((line) => line.end === undefined), 'one trailer only');
    return {players: lines, trailer, position: Number(reply.headers['florin-position'])};
  }

  // All entries of a paged read, newest first.
  async pages(id, list, options) {
    const entries = [];
    let cursor;
    for (let page = 0; page < 100; ++page) {
      const query = {...options.query, ...(cursor ? {cursor} : {})};
      const {json} = await this.call(id, {...options, query, expect: 200});
      entries.push(...json[list]);
      assert.equal(json.pagination.has_more, json.pagination.next_cursor !== null);
      if (!json.pagination.has_more) return entries;
      assert.equal(json[list].length, json.pagination.limit, 'only the last page may be short');
      cursor = json.pagination.next_cursor;
    }
    assert.fail(`${id}: paging does not end`);
  }
}
