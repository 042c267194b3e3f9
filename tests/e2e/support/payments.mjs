// Cards and their processor, the same for both environments: production's is the mock (stripe.mjs), which tells nobody
// until it is made to; the sandbox's is the twin inside the server, which posts by itself.
import assert from 'node:assert/strict';
import {setTimeout as sleep} from 'node:timers/promises';
import {decimal, minor, requestId} from './world.mjs';

export const cards = {
  good: 'pm_card_visa', declined: 'pm_card_chargeDeclined', poor: 'pm_card_chargeDeclinedInsufficientFunds',
  asks: 'pm_card_threeDSecure2Required', disputed: 'pm_card_createDispute'};

// No limit that tests of something else would meet.
export const roomy = {currency_purchases_per_player_minute: 100_000, item_purchases_per_player_minute: 100_000,
  by_email_reads_per_minute: 100_000};

export const orderBody = (player, change = {}) => ({client_request_id: requestId(), player_email: player,
  usd_amount: '10.00', payment_method_id: cards.good, ...change});

// expect: as for World.call; null for whatever comes.
export const buy = (game, player, change = {}, expect = 200) =>
  game.call('purchaseCurrency', {body: orderBody(player, change), expect: expect ?? undefined});

export const refund = (game, order_id, change = {}, expect = 200) => game.call('refundCurrency', {
  body: {client_request_id: requestId(), order_id, reason: 'test', ...change}, expect: expect ?? undefined});

// The order's details, once they are as wanted.
export async function details(game, order_id, wanted = () => true) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const {json, headers} = await game.call('getCurrencyOrder', {query: {order_id},
      headers: {'Florin-Min-Position': String(await newest(game))}, expect: 200});
    assert.ok(headers['florin-position']);
    assert.equal(json.postings.reduce((sum, posting) => sum + minor(posting.amount), 0n), 0n, 'double entry');
    if (wanted(json)) return json;
    assert.ok(Date.now() < deadline, `order ${order_id} is not as expected: ${JSON.stringify(json)}`);
    await sleep(25);
  }
}

async function newest(game) {
  return Number((await game.call('getAvailableRevenue', {expect: 200})).headers['florin-position']);
}

// What each account of an order has come to: {player_available: '100.00', …}, without those at zero.
export function accounts(order) {
  const sums = {};
  for (const {account, amount} of order.postings) sums[account] = (sums[account] ?? 0n) + minor(amount);
  return Object.fromEntries(Object.entries(sums).filter(([, sum]) => sum !== 0n).map(([name, sum]) => [name, decimal(sum)]));
}

// What happens at the processor without our doing. The ledger hears of it soon after.
export class Processor {
  constructor(world) {
    this.world = world;
    this.stripe = world.name === 'production' ? world.server.stripe : undefined;
  }

  // 'open', 'won' or 'lost'
  async dispute(payment, to) {
    if (!this.stripe) {
      await this.world.call('disputePayment', {body: {payment_intent_id: payment, dispute_status: to}, expect: 200});
      return;
    }
    if (to === 'open') this.stripe.openDispute(payment);
    else this.stripe.closeDispute(payment, to === 'won');
    await this.tell(payment);
  }

  // 'withdrawal', 'reinstatement', 'fee' or 'fee_refund': of the newest dispute, whatever its status
  async move(payment, movement, usd) {
    if (!this.stripe) {
      await this.world.call('disputePayment',
        {body: {payment_intent_id: payment, movement, usd_amount: usd}, expect: 200});
      return;
    }
    const cents = Number(minor(usd)) * (movement === 'reinstatement' || movement === 'fee_refund' ? -1 : 1);
    this.stripe.moveDispute(payment, movement.startsWith('fee') ? 0 : cents, movement.startsWith('fee') ? cents : 0);
    await this.tell(payment);
  }

  async refund(payment, usd) {
    if (!this.stripe) {
      await this.world.call('refundAtProcessor', {body: {payment_intent_id: payment, usd_amount: usd}, expect: 200});
      return;
    }
    this.stripe.refundHere(payment, Number(minor(usd)));
    await this.tell(payment);
  }

  // The cardholder answers their bank. Production is not told; it asks.
  async answer(asked, passed) {
    if (this.stripe) return this.stripe.answerChallenge(asked.payment_intent_id, passed);
    await this.world.call('answerChallenge', {query: Object.fromEntries(new URL(asked.next_action.redirect_url).searchParams),
      raw: `answer=${passed ? 'complete' : 'fail'}`, type: 'application/x-www-form-urlencoded', expect: 200});
  }

  // Production: the signed post about a payment.
  async tell(payment, options) {
    await this.world.notify(this.stripe.post(payment, options), 200);
  }
}
