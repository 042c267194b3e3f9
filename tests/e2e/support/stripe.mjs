// A card processor for production, on a loopback port: the part of Stripe's API that Florin calls, with Stripe's test
// payment methods. It never posts by itself; a test makes the signed posts, and what cardholders and banks do.
import {createHmac, randomBytes} from 'node:crypto';
import {createServer} from 'node:http';
import assert from 'node:assert/strict';

const random = (prefix) => `${prefix}_${randomBytes(12).toString('hex')}`;
const now = () => Math.floor(Date.now() / 1000);
const list = (url, data) => ({object: 'list', url, has_more: false, data});
const declines = {pm_card_chargeDeclined: 'generic_decline', pm_card_chargeDeclinedInsufficientFunds: 'insufficient_funds'};
const methods = ['pm_card_visa', 'pm_card_threeDSecure2Required', 'pm_card_createDispute', ...Object.keys(declines)];
const numbers = {4242424242424242: methods[0], 4000002760003184: methods[1], 4000000000000259: methods[2],
  4000000000000002: methods[3], 4000000000009995: methods[4]};

export class Stripe {
  static async start() {
    const stripe = new Stripe();
    stripe.key = 'sk_test_contract_4242';
    stripe.webhookSecret = 'whsec_contract_4242';
    stripe.down = false;
    stripe.refundsEnd = 'succeeded'; // what becomes of refunds made from now on
    stripe.payments = new Map();
    stripe.replies = new Map(); // by idempotency key
    stripe.http = createServer((request, response) => {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => stripe.serve(request, response, new URLSearchParams(Buffer.concat(chunks).toString())));
    });
    await new Promise((resolve) => stripe.http.listen(0, '127.0.0.1', resolve));
    stripe.http.unref();
    stripe.settings = {'payments.processor': 'stripe',
      'payments.base_url': `http://127.0.0.1:${stripe.http.address().port}`};
    stripe.environment = {FLORIN_PAYMENTS_SECRET_KEY: stripe.key, FLORIN_PAYMENTS_WEBHOOK_SECRET: stripe.webhookSecret};
    return stripe;
  }

  serve(request, response, form) {
    const answer = (status, body, headers = {}) => {
      response.writeHead(status, {'Content-Type': 'application/json', 'Request-Id': random('req'), ...headers});
      response.end(JSON.stringify(body));
    };
    if (this.down) return answer(500, {error: {type: 'api_error', message: 'down'}});
    if (request.headers.authorization !== `Bearer ${this.key}`) {
      return answer(401, {error: {type: 'invalid_request_error', message: 'Invalid API Key'}});
    }
    const key = request.headers['idempotency-key'];
    if (key && this.replies.has(key)) return answer(...this.replies.get(key), {'Idempotent-Replayed': 'true'});
    const url = new URL(request.url, 'http://stripe');
    const reply = this.route(request.method, url, form);
    if (key) this.replies.set(key, reply);
    return answer(...reply);
  }

  // [status, body]
  route(method, url, form) {
    const [, kind, id, step] = url.pathname.slice(1).split('/');
    if (kind === 'events') return [200, list('/v1/events', [])];
    if (method === 'POST' && kind === 'payment_methods') return this.tokenize(form);
    if (method === 'POST' && kind === 'payment_intents' && !id) return this.open(form);
    const reference = id ?? form.get('payment_intent') ?? url.searchParams.get('payment_intent');
    const payment = this.payments.get(reference);
    if (!payment) return refusal(404, 'resource_missing');
    if (kind === 'refunds') return method === 'POST' ? this.refund(payment, form) : [200, list('/v1/refunds', [...payment.refunds].reverse())];
    if (kind === 'disputes') return [200, list('/v1/disputes', [...payment.disputes].reverse())];
    if (step === 'confirm') return this.confirm(payment, form);
    if (step === 'cancel') {
      if (payment.intent.status === 'succeeded') return refusal(400, 'payment_intent_unexpected_state', payment);
      payment.intent.status = 'canceled';
    }
    return [200, payment.intent];
  }

  tokenize(form) {
    const id = numbers[form.get('card[number]')];
    if (!id) return [402, {error: {type: 'card_error', code: 'incorrect_number'}}];
    return [200, {id, object: 'payment_method', type: 'card'}];
  }

  open(form) {
    const amount = Number(form.get('amount'));
    if (amount < 50) return refusal(400, 'amount_too_small');
    const id = random('pi');
    const metadata = Object.fromEntries([...form].filter(([name]) => name.startsWith('metadata['))
      .map(([name, value]) => [name.slice(9, -1), value]));
    const intent = {id, object: 'payment_intent', amount, amount_received: 0, currency: form.get('currency'),
      status: 'requires_payment_method', client_secret: `${id}_secret_${randomBytes(8).toString('hex')}`, metadata,
      last_payment_error: null, next_action: null, latest_charge: null, created: now()};
    this.payments.set(id, {intent, refunds: [], disputes: []});
    return [200, intent];
  }

  confirm(payment, form) {
    const {intent} = payment;
    const method = form.get('payment_method');
    if (!methods.includes(method)) return refusal(400, 'resource_missing');
    if (declines[method]) return this.decline(payment, 'card_declined', declines[method]);
    if (method === 'pm_card_threeDSecure2Required') {
      intent.status = 'requires_action';
      intent.next_action = {type: 'redirect_to_url', redirect_to_url: {
        return_url: form.get('return_url'), url: `https://hooks.stripe.example/3d_secure/${intent.id}`}};
      return [200, intent];
    }
    this.charge(payment);
    if (method === 'pm_card_createDispute') this.openDispute(intent.id);
    return [200, intent];
  }

  charge({intent}) {
    intent.status = 'succeeded';
    intent.next_action = null;
    intent.amount_received = intent.amount;
    intent.latest_charge = {id: random('ch'), object: 'charge', balance_transaction: {
      id: random('txn'), object: 'balance_transaction', currency: 'usd', fee: Math.round(intent.amount * 0.029) + 30}};
  }

  decline(payment, code, declineCode) {
    payment.intent.status = 'requires_payment_method';
    payment.intent.next_action = null;
    payment.intent.last_payment_error = {type: 'card_error', code, ...(declineCode ? {decline_code: declineCode} : {})};
    return [402, {error: {...payment.intent.last_payment_error, payment_intent: payment.intent}}];
  }

  refund(payment, form) {
    const cents = Number(form.get('amount'));
    const gone = [...payment.refunds].filter((one) => one.status !== 'failed').reduce((sum, one) => sum + one.amount, 0);
    if (cents > payment.intent.amount_received - gone) return refusal(400, 'charge_already_refunded');
    const refund = {id: random('re'), object: 'refund', amount: cents, currency: 'usd', status: this.refundsEnd,
      payment_intent: payment.intent.id, metadata: {}};
    const ours = form.get('metadata[florin_refund]');
    if (ours) refund.metadata.florin_refund = ours;
    payment.refunds.push(refund);
    return [200, refund];
  }

  // ---- what cardholders, banks and operators do there

  answerChallenge(id, passed) {
    const payment = this.payments.get(id);
    assert.equal(payment.intent.status, 'requires_action');
    if (passed) this.charge(payment);
    else this.decline(payment, 'payment_intent_authentication_failure');
  }

  openDispute(id) {
    const {intent, disputes, refunds} = this.payments.get(id);
    const amount = intent.amount_received - refunds.reduce((sum, one) => sum + one.amount, 0);
    disputes.push({id: random('dp'), object: 'dispute', amount, currency: 'usd', status: 'needs_response',
      payment_intent: id, balance_transactions: [{id: random('txn'), currency: 'usd', amount: -amount, fee: 1500}]});
  }

  closeDispute(id, won) {
    const dispute = this.payments.get(id).disputes.at(-1);
    const before = dispute.status;
    dispute.status = won ? 'won' : 'lost';
    if (won) this.moveDispute(id, -dispute.amount, -1500);
    else if (before === 'won') this.moveDispute(id, dispute.amount, 1500);
  }

  // So many cents more are withdrawn, and charged for; negative: given back.
  moveDispute(id, cents, fee) {
    this.payments.get(id).disputes.at(-1).balance_transactions.push(
      {id: random('txn'), currency: 'usd', amount: -cents, fee});
  }

  refundHere(id, cents) {
    const [status, refund] = this.refund(this.payments.get(id), new URLSearchParams({amount: String(cents)}));
    assert.equal(status, 200);
    return refund;
  }

  // {raw, headers} of the post that tells of a payment. It says only which one; `about` is what the object says besides.
  post(id, {type = 'payment_intent.succeeded', event = random('evt'), about = {}, at = now(), secret = this.webhookSecret} = {}) {
    const raw = JSON.stringify({id: event, object: 'event', api_version: '2024-06-20', created: at, livemode: false, type,
      data: {object: {id, object: 'payment_intent', ...about}}});
    return {raw, headers: {'Stripe-Signature': `t=${at},v1=${sign(secret, at, raw)}`}};
  }

  stop() {
    this.http.closeAllConnections?.();
    this.http.close();
  }
}

export const sign = (secret, at, raw) => createHmac('sha256', secret).update(`${at}.${raw}`).digest('hex');

function refusal(status, code, payment) {
  return [status, {error: {type: 'invalid_request_error', code, message: code,
    ...(payment ? {payment_intent: payment.intent} : {})}}];
}
