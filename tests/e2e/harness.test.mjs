// The judge judged: without a server, does checking a reply against the document catch what it should?
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {readFileSync} from 'node:fs';
import {Contract} from './support/contract.mjs';

const document = JSON.parse(readFileSync(new URL('../golden/openapi.json', import.meta.url), 'utf8'));

const now = () => `${new Date().toISOString().slice(0, 19)}Z`;
const reply = (status, json, headers = {}) => ({status, json, text: JSON.stringify(json), headers: {
  'content-type': 'application/json', 'request-id': '000000000000002a', 'florin-position': '7', ...headers}});
const example = () => structuredClone(document.components.schemas.BalanceReply.examples[0]);
const error = (code, extra = {}) => ({status: 'error', error: 'No.', message: 'No.', error_code: code,
  error_id: `ERR_${now().slice(0, 10).replaceAll('-', '')}_000000000000002a`, timestamp: now(), ...extra});
const check = (contract, id, one, sent) => contract.check('production', id, sent, one);

test('a documented reply passes and is remembered', () => {
  const contract = new Contract(document);
  const before = contract.unexercised().length;
  check(contract, 'getBalanceByEmail', reply(200, example()));
  check(contract, 'getBalanceByEmail', reply(404, error('PLAYER_NOT_FOUND')));
  check(contract, 'debitBalance', reply(400, error('INSUFFICIENT_BALANCE',
    {available_balance: '1.00', required_amount: '2.00', shortfall: '1.00'})));
  assert.equal(contract.unexercised().length, before - 3);
  assert.ok(contract.unexercised().includes('sandbox getBalanceByEmail 404 PLAYER_NOT_FOUND'));
});

test('replies that deviate are caught', () => {
  const contract = new Contract(document);
  const refuses = (id, one, sent) => assert.throws(() => check(contract, id, one, sent), assert.AssertionError);
  const changed = (change) => {
    const json = example();
    change(json);
    return reply(200, json);
  };
  refuses('getBalanceByEmail', changed((json) => (json.balances[0].available_balance = 150)));
  refuses('getBalanceByEmail', changed((json) => (json.balances[0].available_balance = '150.0')));
  refuses('getBalanceByEmail', changed((json) => (json.surprise = 1)));
  refuses('getBalanceByEmail', changed((json) => (json.player.player_phone = '+1')));
  refuses('getBalanceByEmail', changed((json) => delete json.summary.has_funds));
  refuses('getBalanceByEmail', changed((json) => (json.last_updated = '2026-11-20 12:34:56')));
  refuses('getBalanceByEmail', changed((json) => (json.last_updated = '2026-13-20T12:34:56Z')));
  refuses('getBalanceByEmail', reply(200, example(), {'content-type': 'text/html'}));
  refuses('getBalanceByEmail', reply(200, example(), {'florin-position': undefined}));
  refuses('getBalanceByEmail', reply(200, example(), {'florin-position': '0'}));
  refuses('getBalanceByEmail', reply(418, error('TEAPOT')));
  refuses('getBalanceByEmail', reply(404, error('ORDER_NOT_FOUND')));
  refuses('getBalanceByEmail', reply(404, error('PLAYER_NOT_FOUND', {hint: 'x'})));
  refuses('getBalanceByEmail', reply(404, error('PLAYER_NOT_FOUND', {error: 'Other.'})));
  refuses('getBalanceByEmail', reply(404, error('PLAYER_NOT_FOUND', {timestamp: '2020-01-01T00:00:00Z'})));
  refuses('getBalanceByEmail', reply(404, error('PLAYER_NOT_FOUND'), {'request-id': '000000000000002b'}));
  refuses('getBalanceByEmail', reply(429, error('RATE_LIMITED', {retry_after: 3})));
  refuses('getBalanceByEmail', reply(429, error('RATE_LIMITED', {retry_after: 3}), {'retry-after': '4'}));
  refuses('debitBalance', reply(400, error('INSUFFICIENT_BALANCE')));
  refuses('listProjections', reply(200, {status: 'success', projections: [{name: 'history'}]}));
  const sold = document.components.schemas.PurchaseReply.examples[0];
  const body = document.components.schemas.PurchaseRequest.examples[0];
  check(contract, 'purchaseItem', reply(200, sold), body);
  refuses('purchaseItem', reply(200, sold), {...body, item_quantity: 0});
  const original = {transaction_id: sold.transaction_id, order_id: sold.order_id, original_status: 'success'};
  check(contract, 'purchaseItem', reply(409, error('DUPLICATE_REQUEST', {...original, original: sold})));
  refuses('purchaseItem', reply(409, error('DUPLICATE_REQUEST', original)));
  refuses('purchaseItem', reply(409, error('DUPLICATE_REQUEST', {...original, original: {...sold, extra: 1}})));
});

test('a stream is judged line by line', () => {
  const contract = new Contract(document);
  const trailer = '{"end":true,"count":0,"total_available":"0.00","total_reserved":"0.00","cursor":"7"}\n';
  const stream = (text) => ({...reply(200, undefined, {'content-type': 'application/x-ndjson'}), text});
  check(contract, 'streamBalances', stream(trailer));
  for (const text of [trailer.trimEnd(), `{}\n${trailer}`, trailer.replace('0.00', '0')]) {
    assert.throws(() => check(contract, 'streamBalances', stream(text)), assert.AssertionError);
  }
});
