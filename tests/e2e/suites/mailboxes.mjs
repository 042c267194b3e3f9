// One mailbox is one person, and text that is not UTF-8 never comes in (CONTRACT, E-mails). The judge is Node's own
// Unicode: its composed forms, its regular expressions that fold case, its ASCII form of a domain.
import assert from 'node:assert/strict';
import {it as test} from 'node:test';
import {domainToASCII} from 'node:url';
import {exchange} from '../support/http.mjs';
import {Scene, flavours} from '../support/scene.mjs';
import {adminToken} from '../support/server.mjs';
import {phone, requestId} from '../support/world.mjs';

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\/-]/gu, '\\$&');
// Whether two spellings are one mailbox; a domain of neither is known beforehand.
export function isOne(a, b) {
  const [[local, domain], [other, domain2]] = [a, b].map((text) => text.trim().split('@'));
  const folds = new RegExp(`^${escaped(local.normalize('NFC'))}$`, 'iu').test(other.normalize('NFC'));
  return folds && domainToASCII(domain) !== '' && domainToASCII(domain) === domainToASCII(domain2);
}

const locals = ['josé', 'JOSÉ', 'jose\u0301', 'JOSE\u0301', 'jose', 'weiß', 'WEI\u1e9e', 'weiss', 'ΣΟΦΊΑ', 'σοφία', 'σοφίας', 'ΣΟΦΊΑΣ',
  'Дмитрий', 'дмитрий', '日本', '\u212bngstro\u0308m', 'ångström', '😀'];
const domains = ['bücher.example', 'BÜCHER.example', 'bu\u0308cher.example', 'xn--bcher-kva.example', 'b\u00fccher\u3002example',
  'bucher.example', 'straße.example', 'strasse.example', '\uff45xample.com', 'EXAMPLE.com'];
const hidden = ['\u200b', '\u200e', '\ufeff', '\u00ad', '\u200d', '\u2060', '\u202e', '\ufffd', '\u3164', '\u0007'];
const blanks = ['\u00a0', '\u3000', '\u2003', '\u202f', '\u1680', ' ', '\t'];
export const refused = [...hidden.flatMap((c) => [`${c}ada@example.com`, `ada@example.com${c}`, `a${c}da@example.com`, `ada@ex${c}ample.com`]),
  ...blanks.flatMap((c) => [`a${c}da@example.com`, `ada@ex${c}ample.com`, `ada${c}@example.com`]),
  '.a@b.co', 'a..b@c.de', 'a.@b.co', 'a@-b.com', 'a@b-.com', 'a@.b.com', 'a@b..com', 'a@b.com.', `a@${'b'.repeat(64)}.com`,
  `${'é'.repeat(33)}@b.co`, 'a@xn--a.com', 'a@ex_ample.com', '\u0378@example.com'];

export function mailboxesSuite(context, environment) {
  const world = () => context.worlds[environment];

  test('spellings of a mailbox are one person, and of two mailboxes two', async () => {
    const game = await world().createGame({currencies: [{currency_name: 'Gold', currency_symbol: 'G', starting_amount: '1.00'}]});
    const spellings = [...locals.map((local) => `${local}@bücher.example`), ...domains.map((domain) => `Ada@${domain}`)];
    const people = [];
    for (const spelling of spellings) {
      const {json} = await game.credit(spelling, '1.00');
      const first = people.find((person) => isOne(person.spelling, spelling));
      if (first) {
        assert.equal(json.player.player_id, first.id, `${spelling} is ${first.spelling}`);
        assert.equal(json.player.player_email, first.spelling, 'shown as it was first written');
        first.count++;
      } else {
        assert.ok(people.every((person) => person.id !== json.player.player_id), `${spelling} is nobody known`);
        people.push({spelling, id: json.player.player_id, count: 1});
      }
    }
    assert.ok(people.length > 10 && people.some((person) => person.count > 3));
    for (const spelling of spellings) {
      const person = people.find((each) => isOne(each.spelling, spelling));
      const {player, balances} = await game.balance(spelling);
      assert.deepEqual([player.player_id, player.player_email, balances[0].available_balance],
        [person.id, person.spelling, `${person.count + 1}.00`], 'one starting amount');
    }
    const batch = (await game.call('getBalancesBatch', {body: {player_emails: spellings}, expect: 200})).json;
    assert.deepEqual(batch.players.map((entry) => entry.player_email), spellings, 'as they were asked for');
    assert.deepEqual(batch.players.map((entry) => entry.player_id),
      spellings.map((spelling) => people.find((each) => isOne(each.spelling, spelling)).id));
  });

  test('blanks around an e-mail are trimmed, Unicode ones too', async () => {
    const game = await world().createGame();
    const {json} = await game.credit('blank.ada@example.com', '1.00');
    for (const blank of blanks) {
      const {player} = await game.balance(`${blank}Blank.Ada@example.com${blank}`);
      assert.equal(player.player_id, json.player.player_id);
    }
  });

  test('what is no e-mail is refused by every call that takes one, and says why', async () => {
    const game = await world().createGame();
    for (const bad of refused) {
      const {json} = await game.call('creditBalance', {body: {client_request_id: requestId(), player_email: bad, amount: '1.00', reason: 'x'},
        expect: [400, 'INVALID_EMAIL']});
      assert.match(json.message, /^player_email is not an e-mail address like player@example\.com: .+\.$/);
    }
    for (const bad of [refused[0], 'a..b@c.de', 'a@-b.com']) {
      const to = {expect: [400, 'INVALID_EMAIL']};
      await game.call('getBalanceByEmail', {...to, params: {email: bad}});
      await game.call('getHistory', {...to, params: {email: bad}});
      await game.call('getPhoneShareStatus', {...to, query: {email: bad, phone: phone()}});
      await game.call('initiatePhoneShare', {...to, body: {email: bad, phone: phone()}});
      await world().call('flagMinor', {...to, params: {email: bad}});
      await world().call('clearMinor', {...to, params: {email: bad}});
      const {json} = await game.call('getBalancesBatch', {body: {player_emails: [bad]}, expect: 200});
      assert.deepEqual(json.not_found, [bad]);
    }
  });

  test('a person may not send to another spelling of themselves, nor shed a minor\'s flag by one', async () => {
    const scene = await Scene.make(world(), flavours.send, {balance: '50.00'});
    const domain = `${requestId()}.bücher.example`.toLowerCase();
    const mailbox = {sender_player_email: `zoë@${domain}`, receiver_player_email: `ZOE\u0308@${domainToASCII(domain).toUpperCase()}`};
    await scene.source.credit(mailbox.sender_player_email, '50.00');
    await scene.initiate({...mailbox, receiving_game_id: scene.source.id}, [400, 'SAME_PLAYER']);
    await world().call('flagMinor', {params: {email: mailbox.receiver_player_email}, body: {guardian_phone: phone()}, expect: 200});
    const {json} = await scene.initiate({sender_player_email: mailbox.sender_player_email, sender_player_phone: phone()}, 202);
    assert.equal(json.status, 'pending_guardian_approval');
    await world().call('clearMinor', {params: {email: mailbox.sender_player_email}, expect: 200});
  });

  test('a game learns nothing of how another one\'s player writes an e-mail', async () => {
    const [game, other] = [await world().createGame(), await world().createGame()];
    const name = requestId().toLowerCase();
    await game.credit(`Mary.${name}@Example.com`, '1.00');
    const asked = `mary.${name}@example.com`;
    for (const [of, shown] of [[other, asked], [game, `Mary.${name}@Example.com`]]) {
      const status = await of.call('getPhoneShareStatus', {query: {phone: phone(), email: asked}, expect: 200});
      assert.equal(status.json.email, shown);
    }
  });

  test('two first requests of one mailbox at the same time are one person', async () => {
    const game = await world().createGame();
    for (let round = 0; round < 10; round++) {
      const name = requestId();
      const spellings = [`é${name}@bücher.example`, `E\u0301${name}@BÜCHER.example`, `e\u0301${name}@xn--bcher-kva.example`,
        `É${name}@bu\u0308cher.example`];
      const replies = await Promise.all(spellings.map((each) => game.credit(each, '1.00')));
      assert.equal(new Set(replies.map(({json}) => json.player.player_id)).size, 1);
    }
  });

  test('a path or a query that is not UTF-8, or has a broken escape, is refused before any route', async () => {
    const game = await world().createGame();
    const headers = {'X-Game-Secret-Key': game.key, Authorization: `Bearer ${adminToken}`};
    const ask = async (id, path, method = 'GET') => {
      const reply = await exchange(world().server.port, {method, path: world().prefix + path, headers});
      assert.equal(reply.status, 400, path);
      new TextDecoder('utf-8', {fatal: true}).decode(Buffer.from(reply.text, 'latin1'));
      assert.equal(reply.json.error_code, 'INVALID_REQUEST', path);
      world().contract.check(environment, id, undefined, reply);
    };
    for (const bad of ['%ff%40example.com', '%c3%28%40example.com', '%ed%a0%80%40example.com', '%c0%ae%40example.com', '%zz', '%']) {
      await ask('getBalanceByEmail', `/api/player-balances/player/by-email/${bad}`);
      await ask('getHistory', `/api/player-balances/player/by-email/${bad}/history`);
      await ask('getPhoneShareStatus', `/api/wallet/phone-share/status?phone=%2B12025550123&email=${bad}`);
      await ask('getPurchases', `/api/item-purchases/player-purchase-history?player_email=${bad}`);
      await ask('flagMinor', `/admin/identities/by-email/${bad}/minor`, 'PUT');
      await ask('clearMinor', `/admin/identities/by-email/${bad}/minor`, 'DELETE');
    }
    // No e-mail, but text from a path all the same.
    await ask('getCheckout', '/api/checkout/sessions/%ff');
  });

  test('half a surrogate pair is refused wherever it stands in a body', async () => {
    const game = await world().createGame();
    const refuse = async (id, raw) => {
      const {json} = await game.call(id, {raw, expect: [400, 'INVALID_REQUEST']});
      assert.match(json.message, /^The body /, 'not a field of it');
    };
    const raw = (text) => refuse('creditBalance', text);
    for (const half of ['\\ud800', '\\udc00', '\\ud800\\u0041', '\\udfff\\ud800']) {
      await raw(`{"client_request_id":"${half}","player_email":"ada@example.com","amount":"1.00"}`);
      await raw(`{"client_request_id":"x","player_email":"ada@example.com","amount":"1.00","reason":"${half}"}`);
      await raw(`{"client_request_id":"x","player_email":"ada@example.com","amount":"1.00","ignored":{"${half}":1}}`);
      await refuse('openCheckout',
        `{"client_request_id":"x","player_email":"ada@example.com","usd_amount":"1.00","metadata":{"k":"${half}"}}`);
    }
  });
}
