// Real money out: what a game has earned, its requests, the operators' review, the bank's file.
import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {it as test} from 'node:test';
import {badAmounts} from './balances.mjs';
import {nextBankingDay, returnsFile} from '../support/bank.mjs';
import {exchange} from '../support/http.mjs';
import {ask, bank, earn, feeless, listed, payoutAt, payoutBody} from '../support/payouts.mjs';
import {email, minor, requestId} from '../support/world.mjs';

const steps = {approvePayout: 'approved', rejectPayout: 'rejected', processPayout: 'processing', completePayout: 'completed',
  failPayout: 'failed'};
const allowed = {requested: ['approvePayout', 'rejectPayout'], approved: ['rejectPayout', 'processPayout'],
  processing: ['completePayout', 'failPayout'], completed: ['failPayout'], rejected: [], failed: []};

export const revenue = async (game) => {
  const {available_usd, reserved_usd, lifetime_earned_usd, lifetime_paid_usd} =
    (await game.call('getAvailableRevenue', {expect: 200})).json;
  return [available_usd, reserved_usd, lifetime_earned_usd, lifetime_paid_usd];
};

export function payoutsSuite(context, environment) {
  const world = () => context.worlds[environment];
  const newGame = (settings = {}) => world().createGame({...feeless, ...settings});
  const step = (id, payout_id, expect = 200, body) => world().call(id, {params: {payout_id}, body, expect});

  test('what a game earns: its share of items, in dollars and whole cents', async () => {
    const game = await world().createGame();
    assert.deepEqual(await revenue(game), ['0.00', '0.00', '0.00', '0.00']);
    await earn(game, '10.00');
    assert.deepEqual(await revenue(game), ['9.00', '0.00', '9.00', '0.00'], 'less the platform fee');
    const player = email();
    await game.credit(player, '1.00');
    await game.purchase(player, {item_quantity: 1, unit_price: '0.09', total_price: '0.09'});
    assert.deepEqual(await revenue(game), ['9.00', '0.00', '9.00', '0.00'], 'what is below a cent stays owed');
    await ask(game, {amount_usd: '9.01'}, [400, 'AMOUNT_EXCEEDS_BALANCE']);
    await game.purchase(player, {item_quantity: 1, unit_price: '0.03', total_price: '0.03'});
    assert.deepEqual(await revenue(game), ['9.01', '0.00', '9.01', '0.00'], 'and adds up');
  });

  test('a refund of an item after the money is gone leaves a debt', async () => {
    const game = await newGame();
    const {order_id} = (await earn(game, '10.00')).json;
    await ask(game, {amount_usd: '8.00'});
    await game.call('refundItem', {body: {client_request_id: requestId(), order_id, reason: 'test'}, expect: 200});
    assert.deepEqual((await revenue(game)).slice(0, 2), ['0.00', '8.00']);
    await ask(game, {amount_usd: '0.01'}, [400, 'AMOUNT_EXCEEDS_BALANCE']);
    await earn(game, '8.50');
    assert.deepEqual((await revenue(game)).slice(0, 2), ['0.50', '8.00']);
  });

  test('a payout is set aside at once, and shows four digits of the account', async () => {
    const game = await newGame();
    await earn(game, '100.00');
    const account = {account_number: '98765432109876543', account_holder_name: 'Ünïcödé Ïnc', account_type: 'savings'};
    const reply = await ask(game, {amount_usd: '40.00', contact_email: ' Finance@Studio.Example'}, 201, account);
    const {json} = reply;
    assert.deepEqual(json.bank, {account_holder_name: 'Ünïcödé Ïnc', routing_number: bank.routing_number, last4: '6543',
      account_type: 'savings'});
    assert.deepEqual([json.payout_status, json.amount_usd, json.note, json.game_id], ['requested', '40.00', null, game.id]);
    assert.equal(json.contact_email.toLowerCase(), 'finance@studio.example');
    assert.deepEqual(await revenue(game), ['60.00', '40.00', '100.00', '0.00']);
    const over = await ask(game, {amount_usd: '60.01'}, [400, 'AMOUNT_EXCEEDS_BALANCE']);
    assert.deepEqual([over.json.available_usd, over.json.requested_usd], ['60.00', '60.01']);
    const {status, message, transaction_id, ...payout} = json;
    assert.ok(status && message && transaction_id);
    const at = reply.headers['florin-position'];
    assert.deepEqual(await listed(game, json.payout_id, at), payout);
    const {json: all} = await world().call('listPayouts', {query: {limit: 100}, headers: {'Florin-Min-Position': at}, expect: 200});
    assert.deepEqual(all.payouts.find((one) => one.payout_id === json.payout_id), payout, 'operators see no more');
    assert.ok(!context.server.output.includes(account.account_number));
    for (const text of [reply.text, over.text, JSON.stringify(all)]) assert.ok(!text.includes(account.account_number));
    await ask(game, {amount_usd: '60.00'});
    assert.deepEqual(await revenue(game), ['0.00', '100.00', '100.00', '0.00']);
  });

  test('requests that are refused set nothing aside and leave their id free', async () => {
    const game = await newGame();
    await earn(game, '100.00');
    const id = requestId();
    const refuse = async (change, code, account = {}) => {
      const {json, text} = await ask(game, {client_request_id: id, ...change}, [400, code], account);
      // A short one stands in any error's id or time.
      const number = String(account.account_number ?? account.routing_number ?? '');
      if (number.length > 5) assert.ok(!text.includes(number), `${number} is not repeated`);
      return json;
    };
    for (const amount_usd of [...badAmounts, '100000000.00']) await refuse({amount_usd}, 'INVALID_AMOUNT');
    await refuse({amount_usd: '99999999.99'}, 'AMOUNT_EXCEEDS_BALANCE');
    for (const field of ['client_request_id', 'amount_usd', 'contact_email', 'bank']) {
      assert.equal((await refuse({[field]: undefined}, 'INVALID_REQUEST')).field, field);
    }
    for (const field of Object.keys(bank)) {
      assert.match((await refuse({}, 'INVALID_REQUEST', {[field]: undefined})).field, new RegExp(`${field}$`));
      await refuse({}, 'INVALID_REQUEST', {[field]: 7});
    }
    for (const value of ['x', [], null, 7]) await refuse({bank: value}, 'INVALID_REQUEST');
    for (const contact_email of ['', 'nobody', 'a b@example.com']) await refuse({contact_email}, 'INVALID_EMAIL');
    await refuse({client_request_id: 'sub_1'}, 'CLIENT_REQUEST_ID_RESERVED');
    const wrong = {
      // A digit too few or too many, another check digit, two digits changed about, a range that no bank has.
      routing_number: ['11000000', '1100000000', '110000001', '101000000', '990000007', '11000000x', '110 000 00'],
      account_number: ['123', '1'.repeat(18), '12345678x', '1234 5678', '-1234567'],
      // The last ones: nothing of them can be written into the bank's file.
      account_holder_name: [' ', 'a\u0007b', 'é'.repeat(51), '\u00a0', '\u0301', '\u200b', '👾', '...'],
      account_type: ['Checking', 'CHECKING', 'gold', 'check']};
    for (const [field, values] of Object.entries(wrong)) {
      for (const value of values) {
        assert.match((await refuse({}, 'INVALID_BANK_ACCOUNT', {[field]: value})).field, new RegExp(`${field}$`), value);
      }
    }
    assert.deepEqual(await revenue(game), ['100.00', '0.00', '100.00', '0.00']);
    await ask(game, {client_request_id: id});
  });

  test('a request again is the original reply, for something else it is refused', async () => {
    const game = await newGame();
    await earn(game, '10.00');
    const body = payoutBody({amount_usd: '4.00'});
    const first = await game.call('requestPayout', {body, expect: 201});
    await step('approvePayout', first.json.payout_id);
    const again = await game.call('requestPayout', {body, expect: [409, 'DUPLICATE_REQUEST']});
    assert.deepEqual(again.json.original, first.json);
    assert.equal(again.json.transaction_id, first.json.transaction_id);
    for (const change of [{amount_usd: '4.01'}, {contact_email: 'other@studio.example'},
      ...[{account_number: '000123456780'}, {account_holder_name: 'Another'}, {account_type: 'savings'},
        {routing_number: '091000019'}].map((part) => ({bank: {...bank, ...part}}))]) {
      await game.call('requestPayout', {body: {...body, ...change}, expect: [422, 'CLIENT_REQUEST_ID_REUSED']});
    }
    const crowd = payoutBody({amount_usd: '1.00'});
    const replies = await Promise.all(Array.from({length: 8}, () => game.call('requestPayout', {body: crowd})));
    assert.deepEqual(replies.map((reply) => reply.status).sort(), [201, ...Array(7).fill(409)]);
    assert.deepEqual(await revenue(game), ['5.00', '5.00', '10.00', '0.00']);
  });

  test('two requests race for the whole balance: exactly one is accepted', async () => {
    for (let round = 0; round < 5; ++round) {
      const game = await newGame();
      await earn(game, '100.00');
      const race = await Promise.all([1, 2].map(() => ask(game, {amount_usd: '100.00'}, null)));
      assert.deepEqual(race.map((reply) => reply.json.error_code ?? reply.status).sort(), [201, 'AMOUNT_EXCEEDS_BALANCE']);
      assert.deepEqual(await revenue(game), ['0.00', '100.00', '100.00', '0.00']);
      const loser = race.find((reply) => reply.status === 400).json;
      assert.equal(loser.available_usd, '0.00');
    }
  });

  test('operators: every step from where it begins, and from nowhere else', async () => {
    for (const [status, next] of Object.entries(allowed)) {
      for (const [id, to] of Object.entries(steps)) {
        const game = await newGame();
        const before = await payoutAt(game, status);
        assert.equal(before.payout_status, status);
        if (!next.includes(id)) {
          await step(id, before.payout_id, [409, 'INVALID_PAYOUT_STATUS'], {reason: 'too late'});
          assert.deepEqual(await listed(game, before.payout_id), before, `${id} of ${status}: nothing changed`);
          continue;
        }
        const {json, headers} = await step(id, before.payout_id, 200, {reason: 'Looked at it'});
        assert.deepEqual(json, {status: 'success', payout_id: before.payout_id, payout_status: to, game_id: game.id,
          amount_usd: '1.00'});
        const after = await listed(game, before.payout_id, headers['florin-position']);
        assert.deepEqual([after.payout_status, after.note], [to, 'Looked at it']);
        const back = ['rejected', 'failed'].includes(to);
        assert.deepEqual(await revenue(game), [back ? '10.00' : '9.00', back || to === 'completed' ? '0.00' : '1.00',
          '10.00', to === 'completed' ? '1.00' : '0.00']);
        await step(id, before.payout_id, [409, 'INVALID_PAYOUT_STATUS']);
      }
    }
    const game = await newGame();
    const {json: credit} = await game.credit(email(), '1.00');
    const unknown = ['po_0000000000000', 'po_ZZZZZZZZZZZZZ', 'po_1', 'x', credit.order_id.replace('ord', 'po'), credit.order_id];
    for (const id of Object.keys(steps)) {
      for (const payout_id of unknown) await step(id, payout_id, [404, 'PAYOUT_NOT_FOUND']);
      const {payout_id} = await payoutAt(game, 'requested');
      for (const reason of ['x'.repeat(201), 7]) {
        await step(id, payout_id, [400, 'INVALID_REQUEST'], {reason});
      }
    }
    const raced = await payoutAt(game, 'requested');
    const race = await Promise.all(['approvePayout', 'rejectPayout', 'approvePayout', 'rejectPayout'].map((id) =>
      world().call(id, {params: {payout_id: raced.payout_id}})));
    const done = race.filter((reply) => reply.status === 200).map((reply) => reply.json.payout_status).sort();
    // An approved one may still be rejected.
    assert.ok(['rejected', 'approved,rejected'].includes(done.join()), done.join());
  });

  test('lists: a game sees its own payouts, operators those of all, by status', async () => {
    const game = await newGame();
    const other = await newGame();
    const payouts = [];
    for (const status of ['completed', 'failed', 'processing', 'rejected', 'approved', 'requested']) {
      payouts.unshift(await payoutAt(game, status));
    }
    const foreign = await payoutAt(other, 'requested');
    const fresh = (await other.call('getAvailableRevenue', {expect: 200})).headers;
    const headers = {'Florin-Min-Position': fresh['florin-position']};
    const mine = await game.pages('listGamePayouts', 'payouts', {query: {}, headers});
    assert.deepEqual(mine, payouts);
    assert.deepEqual(await game.pages('listGamePayouts', 'payouts', {query: {limit: 2}, headers}), payouts);
    assert.deepEqual(await other.pages('listGamePayouts', 'payouts', {query: {}, headers}), [foreign]);
    const all = await game.pages('listPayouts', 'payouts', {query: {limit: 50}, headers});
    for (const payout of [...payouts, foreign]) assert.ok(all.some((one) => one.payout_id === payout.payout_id));
    for (const payout of payouts) {
      const {payout_status: status} = payout;
      const some = await game.pages('listPayouts', 'payouts', {query: {status, limit: 3}, headers});
      assert.ok(some.every((one) => one.payout_status === status));
      assert.deepEqual(some.find((one) => one.payout_id === payout.payout_id), payout);
    }
    for (const status of ['', 'x', 'Requested']) await world().call('listPayouts', {query: {status}, expect: [400, 'INVALID_REQUEST']});
    for (const bad of [{limit: 0}, {limit: 101}, {limit: 'x'}, {cursor: 'no-cursor'}]) {
      await game.call('listGamePayouts', {query: bad, expect: [400, 'INVALID_REQUEST']});
      await world().call('listPayouts', {query: bad, expect: [400, 'INVALID_REQUEST']});
    }
  });

  test('the bank\'s file of a day is there when the day is over', async () => {
    const game = await newGame();
    const {updated_at} = await payoutAt(game, 'processing');
    for (const date of [updated_at.slice(0, 10), '2099-12-31']) {
      const {json} = await world().call('exportPayouts', {query: {date}, expect: [409, 'ACH_DAY_NOT_OVER']});
      const until = new Date(Date.parse(`${date}T00:01:00Z`) + 86_400_000).toISOString().replace('.000', '');
      assert.ok(json.message.includes(until), json.message);
    }
    const date = updated_at.slice(0, 10);
    for (const bad of [{}, {date: ''}, {date: 'x'}, {date: '2026-13-01'}, {date: '2026-02-30'}, {date: '2026-1-1'}, {date: `${date}T00:00:00Z`}]) {
      await world().call('exportPayouts', {query: bad, expect: [400, 'INVALID_REQUEST']});
    }
    await world().call('listPayoutFiles', {query: {date}, expect: [409, 'ACH_DAY_NOT_OVER']});
    await world().call('listPayoutFiles', {query: {}, expect: [400, 'INVALID_REQUEST']});
    await world().call('listPayoutFiles', {query: {date, file: 'A'}, expect: [400, 'INVALID_REQUEST']});
    for (const id of ['exportPayouts', 'listPayoutFiles']) {
      const {json} = await world().call(id, {query: {date: '9999-12-31'}, expect: [400, 'INVALID_REQUEST']});
      assert.match(json.message, /9999-12-30/);
      await world().call(id, {query: {date: '9999-12-30'}, expect: [409, 'ACH_DAY_NOT_OVER']});
    }
    for (const file of ['a', 'AB', '', '-']) {
      await world().call('exportPayouts', {query: {date, file}, expect: [400, 'INVALID_REQUEST']});
    }
    await world().call('exportPayouts', {query: {date: '2020-01-01'}, expect: [404, 'NO_PAYOUTS']});
    await world().call('listPayoutFiles', {query: {date: '2020-01-01'}, expect: [404, 'NO_PAYOUTS']});
    if (environment === 'production') {
      for (const id of ['exportPayouts', 'listPayoutFiles']) {
        await context.movingWorlds.production.call(id, {query: {date}, expect: [409, 'ACH_NOT_CONFIGURED']});
      }
    }
  });

  // An independent library's file about somebody's payouts: each entry is refused by itself, and nothing happens.
  test('a bank\'s file about entries that are not ours', async () => {
    const raw = await readFile(new URL('../../golden/ach/returns.ach', import.meta.url), 'utf8');
    const post = (options) => world().call('importReturns', {type: 'text/plain', raw, ...options});
    const {json} = await post({expect: 200});
    assert.deepEqual([json.returned, json.corrected, json.refused], [0, 0, 4]);
    assert.deepEqual(json.entries.map(({line, code}) => [line, code]), [[3, 'R01'], [5, 'R03'], [7, 'R02'], [11, 'C01']]);
    assert.ok(json.entries.every(({reason_code, reason}) => reason_code && reason));
    await post({raw: 'no file', expect: [400, 'INVALID_REQUEST']});
    await post({type: 'application/json', expect: [415, 'UNSUPPORTED_MEDIA_TYPE']});
    await post({raw: 'x'.repeat(4 * 1024 * 1024 + 1), expect: [413, 'PAYLOAD_TOO_LARGE']});
  });

  test('of a short account number four digits stay hidden', async () => {
    const game = await newGame();
    await earn(game, '10.00');
    for (const [account_number, last4] of [['1234', ''], ['123456', '56'], ['12345678', '5678']]) {
      const {json} = await ask(game, {}, 201, {account_number});
      assert.equal(json.bank.last4, last4);
    }
  });
}

// With the sandbox's clock.
export function laterPayoutsSuite(context) {
  const world = () => context.movingWorlds.sandbox;

  const step = (id, payout_id) => world().call(id, {params: {payout_id}, expect: 200});
  // To so many seconds after the next midnight.
  const tomorrow = async (seconds) => {
    const {now} = await world().advance(1);
    await world().advance(86_400 - Math.floor(Date.parse(now) / 1000) % 86_400 + seconds);
  };
  const yymmdd = (time) => new Date(time).toISOString().slice(2, 10).replaceAll('-', '');

  test('the bank\'s file of a day holds what became processing then and had not failed, and is a fact', async () => {
    const game = await world().createGame(feeless);
    const number = () => `9${requestId().replace(/\D/g, '').padStart(12, '0').slice(-12)}`;
    await tomorrow(3600);
    const wanted = [];
    for (const [status, account_type] of [['processing', 'checking'], ['processing', 'savings'], ['completed', 'checking'],
      ['failed', 'checking'], ['approved', 'checking'], ['requested', 'checking'], ['rejected', 'checking']]) {
      const account = {account_number: number(), account_type, account_holder_name: 'Ålesund Spill AS'};
      wanted.push({...await payoutAt(game, status, account), account});
    }
    const date = wanted[0].updated_at.slice(0, 10);
    const read = (expect = 200, day = date) => world().call('exportPayouts', {query: {date: day}, expect});
    await read([409, 'ACH_DAY_NOT_OVER']);
    await tomorrow(10);
    await read([409, 'ACH_DAY_NOT_OVER']);
    await world().advance(60);
    // HEAD answers what the first export would, and is none.
    const head = await exchange(world().server.port, {method: 'HEAD', path: world().path('exportPayouts', {}, {date}),
      headers: {Authorization: `Bearer ${context.adminToken}`}});
    assert.deepEqual([head.status, head.text], [200, '']);
    assert.equal((await world().call('listPayoutFiles', {query: {date}, expect: 200})).json.created_at, null);
    const {text, headers: exported} = await read();
    assert.deepEqual([head.headers['content-length'], head.headers['florin-ach-files']],
      [exported['content-length'], exported['florin-ach-files']]);
    const lines = text.trimEnd().split(/\r?\n/);
    assert.equal(lines.length % 10, 0);
    const entries = lines.filter((line) => line.startsWith('6'));
    for (const {account, payout_status: status} of wanted) {
      const own = entries.filter((line) => line.slice(12, 29).trim() === account.account_number);
      assert.equal(own.length, ['processing', 'completed'].includes(status) ? 1 : 0, status);
      for (const line of own) {
        assert.deepEqual([line.slice(1, 3), line.slice(3, 12), line.slice(29, 39)],
          [account.account_type === 'savings' ? '32' : '22', bank.routing_number, '0000000100']);
        assert.match(line.slice(54, 76), /^ALESUND SPILL AS/);
      }
    }
    const [control] = lines.filter((line) => line.startsWith('9') && !/^9+$/.test(line));
    assert.deepEqual([entries.length, Number(control.slice(13, 21)), BigInt(control.slice(43, 55))], [3, 3, minor('3.00')]);
    const day = Date.parse(`${date}T00:00:00Z`);
    const list = async (expect = 200, at = date) => (await world().call('listPayoutFiles', {query: {date: at}, expect})).json;
    const files = await list();
    const created = Date.parse(files.created_at);
    assert.ok(created > day + 86_400_000, 'dated by its export, not by the midnight before');
    assert.deepEqual([lines[0].slice(23, 34), lines[1].slice(69, 75)],
      [`${yymmdd(created)}${files.created_at.slice(11, 16).replace(':', '')}A`, yymmdd(nextBankingDay(created))]);
    assert.deepEqual(files.files, [{file: 'A', effective_date: new Date(nextBankingDay(created)).toISOString().slice(0, 10),
      entries: 3, amount_usd: '3.00', first_trace_number: '091000010000001'}]);
    assert.deepEqual(files.left_out, []);
    assert.equal((await world().call('exportPayouts', {query: {date, file: 'A'}, expect: 200})).text, text);
    await world().call('exportPayouts', {query: {date, file: 'B'}, expect: [404, 'NO_PAYOUTS']});
    assert.deepEqual((await listed(game, wanted[0].payout_id)).bank_file,
      {date, file: 'A', trace_number: entries.find((line) => line.includes(wanted[0].account.account_number)).slice(79), left_out: null});
    assert.equal((await listed(game, wanted[4].payout_id)).bank_file, null);
    // What comes later changes nothing.
    await step('failPayout', wanted[0].payout_id);
    await step('failPayout', wanted[2].payout_id);
    await step('processPayout', wanted[4].payout_id);
    assert.equal((await read()).text, text);
    await step('failPayout', wanted[4].payout_id);
    const next = new Date(day + 86_400_000).toISOString().slice(0, 10);
    await tomorrow(7200);
    assert.equal((await read()).text, text);
    await read([404, 'NO_PAYOUTS'], next);
    await list([404, 'NO_PAYOUTS'], next);
    assert.deepEqual(await list(), files);
    assert.equal((await listed(game, wanted[1].payout_id)).payout_status, 'completed');
    assert.equal((await revenue(game))[3], '1.00');
  });

  test('returns fail their payouts, changes mark them, and nothing else does anything', async () => {
    const game = await world().createGame(feeless);
    await tomorrow(3600);
    const number = () => `8${requestId().replace(/\D/g, '').padStart(12, '0').slice(-12)}`;
    const payouts = [];
    for (let i = 0; i < 5; ++i) payouts.push(await payoutAt(game, 'processing', {account_number: number()}));
    const date = payouts[0].updated_at.slice(0, 10);
    await tomorrow(70); // the day is over, and the sandbox's bank has not answered yet
    const before = await revenue(game);
    const {text: file} = await world().call('exportPayouts', {query: {date}, expect: 200});
    const entries = payouts.map(({bank: {last4}}) => file.split('\n').find((line) => line.startsWith('6') &&
      line.slice(12, 29).trim().endsWith(last4)));
    const post = async (raw, expect = 200) =>
      (await world().call('importReturns', {raw, type: 'text/plain', expect})).json;
    const outcomes = (reply) => reply.entries.map(({outcome, reason_code}) => reason_code ?? outcome);
    const answers = [{entry: entries[0], code: 'R03'}, {entry: entries[1], code: 'C01', corrected: '000999888777'}];

    // What does not match is refused by itself, with its reason, and the rest is booked.
    const wrong = [{...answers[0], amount: 101}, {...answers[0], account: '123456789'}, {...answers[0], trace: '091000010000099'},
      {...answers[0], identification: '0000000000001'}, {...answers[0], code: 'R67'}];
    const first = await post(returnsFile([...wrong, ...answers, ...answers]));
    assert.deepEqual(outcomes(first), ['WRONG_AMOUNT', 'WRONG_ACCOUNT', 'WRONG_TRACE', 'NOT_OURS', 'NOT_READABLE', 'returned',
      'corrected', 'ALREADY_IMPORTED', 'ALREADY_IMPORTED']);
    assert.deepEqual([first.returned, first.corrected, first.refused, first.returned_usd], [1, 1, 7, '1.00']);
    assert.deepEqual(outcomes(await post(returnsFile(answers, {company: '9999999999'}))), ['NOT_OURS', 'NOT_OURS']);
    assert.ok(!JSON.stringify(first).includes(entries[0].slice(12, 29).trim()));
    const at = (await game.call('getAvailableRevenue', {expect: 200})).headers['florin-position'];
    const failed = await listed(game, payouts[0].payout_id, at);
    assert.deepEqual([failed.payout_status, failed.note], ['failed', 'R03 no such account']);
    const corrected = await listed(game, payouts[1].payout_id, at);
    assert.equal(corrected.payout_status, 'processing');
    assert.deepEqual([corrected.account_correction.code, corrected.account_correction.corrected], ['C01', '********8777']);
    const {json: all} = await world().call('listPayouts', {query: {limit: 100}, headers: {'Florin-Min-Position': at}, expect: 200});
    assert.deepEqual(all.payouts.find((one) => one.payout_id === corrected.payout_id), corrected, 'operators see it too');
    const usd = (text) => minor(text);
    assert.equal(usd((await revenue(game))[0]) - usd(before[0]), 100n, 'a dollar is back');

    // The same file again, and again: nothing.
    const after = await revenue(game);
    for (let i = 0; i < 2; ++i) assert.deepEqual(outcomes(await post(returnsFile(answers))), ['ALREADY_IMPORTED', 'ALREADY_IMPORTED']);
    assert.deepEqual(await revenue(game), after);
    // A batch whose total is wrong, a file that is cut, and one that is none.
    const good = returnsFile([{entry: entries[2], code: 'R02'}]);
    const control = good.indexOf('\n8') + 1;
    const damaged = good.slice(0, control + 43) + '1' + good.slice(control + 44);
    assert.deepEqual(outcomes(await post(damaged)), ['NOT_READABLE']);
    assert.deepEqual(outcomes(await post(good.slice(0, control))), ['NOT_READABLE']);
    for (const raw of ['', 'hello', '{}']) await post(raw || '\n', [400, 'INVALID_REQUEST']);
    await world().call('importReturns', {raw: good, type: 'application/json', expect: [415, 'UNSUPPORTED_MEDIA_TYPE']});
    assert.deepEqual(await revenue(game), after);
    // Without the identification number the trace number finds it; lines may end in another way.
    assert.deepEqual(outcomes(await post(returnsFile([{entry: entries[2], code: 'R02', identification: ''}]).replaceAll('\n', '\r\n'))),
      ['returned']);
    // The bank has paid one, and takes it back within 60 days; of another it is too late.
    await world().advance(86_400);
    const done = (await game.call('getAvailableRevenue', {expect: 200})).headers['florin-position'];
    for (const payout of payouts.slice(3)) assert.equal((await listed(game, payout.payout_id, done)).payout_status, 'completed');
    assert.deepEqual(outcomes(await post(returnsFile([{entry: entries[3], code: 'R02'}]))), ['returned']);
    await world().advance(61 * 86_400);
    assert.deepEqual(outcomes(await post(returnsFile([{entry: entries[4], code: 'R02'}]))), ['TOO_LATE']);
    assert.equal((await world().call('exportPayouts', {query: {date}, expect: 200})).text, file, 'the file is what it was');
  });

  test('the sandbox\'s bank pays a day later, or returns', async () => {
    const game = await world().createGame(feeless);
    const ends = {'000123456789': ['completed', null], '000111111116': ['failed', /^R03 /], '000111111113': ['failed', /^R02 /],
      '000222222227': ['failed', /^R01 /], '000333333335': ['failed', /^R23 /], '4444': ['completed', null]};
    const payouts = {};
    for (const account_number of Object.keys(ends)) payouts[account_number] = await payoutAt(game, 'processing', {account_number});
    const approved = await payoutAt(game, 'approved');
    await world().advance(12 * 3600);
    for (const {payout_id} of Object.values(payouts)) assert.equal((await listed(game, payout_id)).payout_status, 'processing');
    await world().advance(12 * 3600 + 60);
    const {headers} = await game.call('getAvailableRevenue', {expect: 200});
    for (const [number, [status, note]] of Object.entries(ends)) {
      const payout = await listed(game, payouts[number].payout_id, headers['florin-position']);
      assert.equal(payout.payout_status, status, number);
      if (note) assert.match(payout.note, note);
      else assert.equal(payout.note, null);
      await world().call('completePayout', {params: {payout_id: payout.payout_id}, expect: [409, 'INVALID_PAYOUT_STATUS']});
    }
    assert.equal((await listed(game, approved.payout_id)).payout_status, 'approved');
    assert.deepEqual(await revenue(game), ['67.00', '1.00', '70.00', '2.00']);
  });
}
