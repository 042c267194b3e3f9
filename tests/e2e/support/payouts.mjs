// Games that earn, and payouts brought to where a test needs them.
import {email, requestId} from './world.mjs';

// What the network keeps is not what these tests count.
export const feeless = {item_fee_percentage: '0'};
export const bank = {account_holder_name: 'Studio Example LLC', routing_number: '110000000',
  account_number: '000123456789', account_type: 'checking'};

export const payoutBody = (change = {}, account = {}) => ({client_request_id: requestId(), amount_usd: '1.00',
  contact_email: 'finance@studio.example', bank: {...bank, ...account}, ...change});

// Sells an item for ten times as many units; a game that keeps all of it (feeless) has earned so many dollars.
export async function earn(game, usd) {
  const units = `${(BigInt(usd.replace('.', '')) * 10n).toString().padStart(3, '0')}`.replace(/(..)$/, '.$1');
  const player = email();
  await game.credit(player, units);
  return game.purchase(player, {item_quantity: 1, unit_price: units, total_price: units});
}

// expect: as for World.call; null for whatever comes.
export const ask = (game, change = {}, expect = 201, account = {}) =>
  game.call('requestPayout', {body: payoutBody(change, account), expect: expect ?? undefined});

const steps = {requested: [], approved: ['approvePayout'], rejected: ['rejectPayout'],
  processing: ['approvePayout', 'processPayout'], completed: ['approvePayout', 'processPayout', 'completePayout'],
  failed: ['approvePayout', 'processPayout', 'failPayout']};

// A payout of 1.00 that has come this far, as the history has it.
export async function payoutAt(game, status, account = {}) {
  await earn(game, '10.00');
  const {json, headers} = await ask(game, {}, 201, account);
  let at = headers['florin-position'];
  for (const step of steps[status]) {
    const reply = await game.world.call(step, {params: {payout_id: json.payout_id}, expect: 200});
    at = reply.headers['florin-position'];
  }
  return listed(game, json.payout_id, at);
}

// The newest of the game's payouts of this id.
export async function listed(game, payout_id, position = '0') {
  const {json} = await game.call('listGamePayouts', {query: {limit: 100}, headers: {'Florin-Min-Position': position},
    expect: 200});
  return json.payouts.find((one) => one.payout_id === payout_id);
}
