// Real money in: cards charged, declined and asked about, refunds, disputes, and what the processor posts.
import assert from 'node:assert/strict';
import {it as test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';
import {queued} from '../support/background.mjs';
import {badAmounts} from './balances.mjs';
import {cardForm, checkoutBody, checkoutQuery, form, testCards} from '../support/checkout.mjs';
import {Processor, accounts, buy, cards, details, orderBody, refund, roomy} from '../support/payments.mjs';
import {Server} from '../support/server.mjs';
import {Stripe, sign} from '../support/stripe.mjs';
import {World, decimal, email, minor, requestId} from '../support/world.mjs';

const unknownOrders = ['ord_0000000000000', 'ord_ZZZZZZZZZZZZZ', 'ord_1', 'x', ''];

export function paymentsSuite(context, environment) {
  const world = () => context.worlds[environment];
  const processor = () => new Processor(world());
  const newGame = (settings = {}) => world().createGame({limits: roomy, ...settings});

  test('a card is charged and the player credited, to the cent', async () => {
    const game = await newGame({currencies: [{currency_name: 'Gold', currency_symbol: 'G', starting_amount: '5.00'},
      {currency_name: 'Gems', currency_symbol: '*'}]});
    const player = email();
    const {json} = await buy(game, player, {usd_amount: '9.99', player_name: 'Ada'});
    assert.deepEqual([json.status, json.credited, json.new_balance], ['success', true, '104.90']);
    assert.deepEqual(json.purchase_details,
      {usd_charged: '9.99', currency_received: '99.90', currency_name: 'Gold', new_balance: '104.90'});
    assert.equal(await game.available(player), '104.90');

    const order = await details(game, json.order_id);
    assert.deepEqual([order.order.order_status, order.order.usd_amount, order.order.currency_amount, order.order.session_id],
      ['paid', '9.99', '99.90', null]);
    assert.deepEqual([order.order.player.player_email, order.order.player.player_name], [player, 'Ada']);
    assert.deepEqual([order.payment.payment_intent_id, order.payment.usd_charged, order.payment.usd_refundable,
      order.payment.failure], [json.payment_intent_id, '9.99', '9.99', null]);
    // 2.9 % and 0.30: 0.59 of 9.99 dollars.
    assert.deepEqual(accounts(order), {player_available: '99.90', card_clearing: '-94.00', processor_fees: '-5.90'});
    const {history} = (await game.call('getHistory', {params: {email: player}, expect: 200})).json;
    assert.deepEqual([history[0].type, history[0].amount, history[0].order_id], ['currency_purchase', '99.90', json.order_id]);

    const gems = await buy(game, player, {currency_id: game.currencies[1].currency_id, usd_amount: '999.99'});
    assert.deepEqual([gems.json.new_balance, gems.json.purchase_details.currency_name], ['9999.90', 'Gems']);
    assert.equal(await game.available(player, 0), '104.90');
    for (const named of [{transaction_id: json.transaction_id}, {payment_intent_id: json.payment_intent_id}]) {
      assert.deepEqual((await game.call('confirmPayment', {body: named, expect: 200})).json, json, 'it was settled before');
    }
    await game.purchase(player); // what was bought is spent like any other
  });

  test('a card that is declined charges nothing and uses the request up', async () => {
    const game = await newGame();
    const player = email();
    await game.credit(player, '1.00');
    for (const [change, code, failure, decline] of [
      [{payment_method_id: cards.declined}, 'CARD_DECLINED', 'declined', 'generic_decline'],
      [{payment_method_id: cards.poor}, 'CARD_DECLINED', 'declined', 'insufficient_funds'],
      [{payment_method_id: 'pm_of_nobody'}, 'PAYMENT_REFUSED', 'refused', 'resource_missing'],
      [{usd_amount: '0.49'}, 'PAYMENT_REFUSED', 'refused', 'amount_too_small']]) {
      const body = orderBody(player, change);
      const {json} = await game.call('purchaseCurrency', {body, expect: [402, code]});
      assert.equal(json.decline_code, decline);
      const failed = {status: 'failed', credited: false, transaction_id: json.transaction_id, order_id: json.order_id,
        failure, decline_code: decline};
      const again = await game.call('purchaseCurrency', {body, expect: [409, 'DUPLICATE_REQUEST']});
      assert.deepEqual([again.json.original_status, again.json.original], ['failed', failed]);
      const {transaction_id} = json;
      assert.deepEqual((await game.call('confirmPayment', {body: {transaction_id}, expect: 200})).json, failed);
      const order = await details(game, json.order_id);
      assert.deepEqual([order.order.order_status, order.payment.failure, order.payment.decline_code, order.payment.usd_charged],
        ['failed', failure, decline, '0.00']);
      assert.deepEqual(order.postings, []);
      await refund(game, json.order_id, {}, [409, 'ORDER_NOT_PAID']);
      await game.call('purchaseCurrency', {body: {...body, payment_method_id: cards.good, usd_amount: '5.00'},
        expect: [422, 'CLIENT_REQUEST_ID_REUSED']});
    }
    assert.equal(await game.available(player), '1.00');
  });

  test('orders that are refused leave their id free', async () => {
    const game = await newGame();
    const player = email();
    const id = requestId();
    const refuse = async (change, code, status = 400) => (await game.call('purchaseCurrency', {
      body: orderBody(player, {client_request_id: id, ...change}), expect: [status, code]})).json;
    for (const usd_amount of [...badAmounts, '1000.00', '999999999.99']) await refuse({usd_amount}, 'INVALID_AMOUNT');
    assert.match((await refuse({usd_amount: '1000.00'}, 'INVALID_AMOUNT')).message, /from 0\.01 to 999\.99/);
    for (const field of ['client_request_id', 'player_email', 'usd_amount', 'payment_method_id']) {
      assert.equal((await refuse({[field]: undefined}, 'INVALID_REQUEST')).field, field);
    }
    for (const player_email of ['nobody', 'a b@example.com']) await refuse({player_email}, 'INVALID_EMAIL');
    // What a card says of itself is not kept, nor repeated.
    for (const payment_method_id of ['4242424242424242', '4242 4242 4242 4242', 'pm card', '_', '_x', 'pm', 'pm_\u00e9', 'p/m_1',
      'x'.repeat(256), '', 7, null]) {
      const json = await refuse({payment_method_id}, 'INVALID_REQUEST');
      assert.equal(json.field, 'payment_method_id');
      assert.ok(!JSON.stringify(json).includes('4242'), 'nothing of it is repeated');
    }
    await refuse({client_request_id: 'sub_1'}, 'CLIENT_REQUEST_ID_RESERVED');
    await refuse({currency_id: 4294967295}, 'CURRENCY_NOT_FOUND', 404);
    await game.call('getBalanceByEmail', {params: {email: player}, expect: [404, 'PLAYER_NOT_FOUND']});
    await buy(game, player, {client_request_id: id});
  });

  test('an order again is what it has come to, for something else it is refused', async () => {
    const game = await newGame();
    const player = email();
    const body = orderBody(player, {player_name: 'Ada'});
    const first = await game.call('purchaseCurrency', {body, expect: 200});
    await game.credit(player, '1.00');
    const {json} = await game.call('purchaseCurrency', {body, expect: [409, 'DUPLICATE_REQUEST']});
    assert.deepEqual(json.original, first.json);
    assert.deepEqual([json.transaction_id, json.order_id, json.original_status],
      [first.json.transaction_id, first.json.order_id, 'success']);
    for (const change of [{usd_amount: '10.01'}, {payment_method_id: cards.declined}, {player_email: email()},
      {player_name: 'Eve'}, {currency_id: game.currencies[0].currency_id}]) {
      await game.call('purchaseCurrency', {body: {...body, ...change}, expect: [422, 'CLIENT_REQUEST_ID_REUSED']});
    }
    const crowd = orderBody(player);
    const replies = await Promise.all(Array.from({length: 12}, () => game.call('purchaseCurrency', {body: crowd})));
    assert.deepEqual(replies.map((reply) => reply.status).sort(), [200, ...Array(11).fill(409)]);
    assert.ok(replies.every((reply) => (reply.json.original ?? reply.json).credited), 'each heard of the one charge');
    assert.equal(await game.available(player), '201.00');
  });

  for (const passed of [true, false]) {
    test(`the cardholder is asked, and ${passed ? 'confirms' : 'does not pass'}`, async () => {
      const game = await newGame();
      const player = email();
      const body = orderBody(player, {payment_method_id: cards.asks});
      const {json: asked} = await game.call('purchaseCurrency', {body, expect: 200});
      assert.equal(asked.status, 'requires_action');
      assert.ok(asked.client_secret.startsWith(asked.payment_intent_id));
      const names = [{payment_intent_id: asked.payment_intent_id}, {transaction_id: asked.transaction_id}];
      for (const named of names) {
        assert.deepEqual((await game.call('confirmPayment', {body: named, expect: 200})).json, asked, 'no answer yet');
      }
      const again = await game.call('purchaseCurrency', {body, expect: [409, 'DUPLICATE_REQUEST']});
      assert.deepEqual([again.json.original_status, again.json.original], ['requires_action', asked]);
      assert.equal((await details(game, asked.order_id)).order.order_status, 'requires_action');
      await refund(game, asked.order_id, {}, [409, 'ORDER_NOT_PAID']);
      await game.credit(player, '1.00');
      assert.equal(await game.available(player), '1.00', 'nothing is credited before');

      await processor().answer(asked, passed);
      const [first, ...more] = await Promise.all([...names, ...names].map((named) =>
        game.call('confirmPayment', {body: named, expect: 200})));
      for (const reply of more) assert.deepEqual(reply.json, first.json, 'asked by a crowd, it is one answer');
      assert.deepEqual([first.json.status, first.json.credited], passed ? ['success', true] : ['failed', false]);
      if (!passed) assert.equal(first.json.failure, 'challenge_failed');
      const later = await game.call('purchaseCurrency', {body, expect: [409, 'DUPLICATE_REQUEST']});
      assert.deepEqual(later.json.original, first.json, 'the same order, further on');
      assert.equal(await game.available(player), passed ? '101.00' : '1.00');
      assert.equal((await details(game, asked.order_id)).order.order_status, passed ? 'paid' : 'failed');
    });
  }

  test('nobody else\'s business', async () => {
    const game = await newGame();
    const other = await newGame();
    const player = email();
    const missing = [404, 'ORDER_NOT_FOUND'];
    for (const card of [cards.good, cards.asks]) {
      const {json} = await buy(game, player, {payment_method_id: card});
      await other.call('confirmPayment', {body: {transaction_id: json.transaction_id}, expect: missing});
      await other.call('confirmPayment', {body: {payment_intent_id: json.payment_intent_id}, expect: missing});
      await other.call('getCurrencyOrder', {query: {order_id: json.order_id}, expect: missing});
      await refund(other, json.order_id, {}, missing);
      await game.call('getOrder', {query: {order_id: json.order_id}, expect: missing});
    }
    const sold = await game.purchase(player);
    for (const order_id of [...unknownOrders, sold.json.order_id, sold.json.transaction_id]) {
      await game.call('getCurrencyOrder', {query: {order_id}, expect: missing});
      if (order_id) await refund(game, order_id, {}, missing);
    }
    await game.call('getCurrencyOrder', {expect: [400, 'INVALID_REQUEST']});
    for (const transaction_id of ['txn_0000000000000', 'txn_ZZZZZZZZZZZZZ', 'x', sold.json.transaction_id, sold.json.order_id]) {
      await game.call('confirmPayment', {body: {transaction_id}, expect: missing});
    }
    for (const payment_intent_id of ['pi_0', 'pi_of_nobody', 'x', 'pi_/../../v1/events', 'x'.repeat(255)]) {
      await game.call('confirmPayment', {body: {payment_intent_id}, expect: missing});
    }
    for (const body of [{}, {transaction_id: 'txn_0000000000001', payment_intent_id: 'pi_1'}, {transaction_id: 7},
      {payment_intent_id: null}, {payment_intent_id: 'x'.repeat(256)}]) {
      await game.call('confirmPayment', {body, expect: [400, 'INVALID_REQUEST']});
    }
  });

  test('a refund takes the units back, in parts and never more than was paid', async () => {
    const game = await newGame();
    const player = email();
    const {order_id} = (await buy(game, player, {usd_amount: '10.00'})).json;
    const body = {client_request_id: requestId(), order_id, usd_amount: '2.50', reason: 'Half of it'};
    const bad = (change, code) => game.call('refundCurrency', {body: {...body, ...change}, expect: [400, code]});
    for (const usd_amount of [...badAmounts, '1000.00']) await bad({usd_amount}, 'INVALID_AMOUNT');
    for (const field of ['client_request_id', 'order_id', 'reason']) await bad({[field]: undefined}, 'INVALID_REQUEST');
    for (const reason of ['', 'x'.repeat(501), 7]) await bad({reason}, 'INVALID_REQUEST');
    await bad({client_request_id: 'sub_1'}, 'CLIENT_REQUEST_ID_RESERVED');
    const over = await bad({usd_amount: '10.01'}, 'REFUND_EXCEEDS_PAYMENT');
    assert.deepEqual([over.json.refundable_usd, over.json.requested_usd], ['10.00', '10.01']);

    // A client's variable that was never set must not give everything back.
    const unset = await game.call('refundCurrency', {raw: JSON.stringify({...body, usd_amount: null}), expect: [400, 'INVALID_REQUEST']});
    assert.equal(unset.json.field, 'usd_amount');
    const first = await game.call('refundCurrency', {body, expect: 200});
    assert.deepEqual([first.json.usd_refunded, first.json.new_balance, first.json.order_id], ['2.50', '75.00', order_id]);
    assert.deepEqual(first.json.balance_info, {previous_balance: '100.00', new_balance: '75.00', amount_debited: '25.00'});
    const again = await game.call('refundCurrency', {body, expect: [409, 'DUPLICATE_REQUEST']});
    assert.deepEqual(again.json.original, first.json);
    assert.deepEqual([again.json.transaction_id, again.json.order_id], [first.json.transaction_id, order_id]);
    for (const change of [{usd_amount: '2.51'}, {usd_amount: undefined}, {reason: 'Another'}]) {
      await game.call('refundCurrency', {body: {...body, ...change}, expect: [422, 'CLIENT_REQUEST_ID_REUSED']});
    }
    let order = await details(game, order_id, ({refunds}) => refunds[0]?.refund_status === 'succeeded');
    assert.deepEqual([order.order.order_status, order.payment.usd_refunded, order.payment.usd_refundable],
      ['partly_refunded', '2.50', '7.50']);
    assert.deepEqual([order.refunds[0].refund_id, order.refunds[0].usd_amount, order.refunds[0].currency_amount,
      order.refunds[0].reason], [first.json.refund_id, '2.50', '25.00', 'Half of it']);
    await refund(game, order_id, {usd_amount: '7.51'}, [400, 'REFUND_EXCEEDS_PAYMENT']);

    const race = await Promise.all(Array.from({length: 8}, () => refund(game, order_id, {usd_amount: '5.00'}, null)));
    assert.deepEqual(race.map((reply) => reply.json.error_code ?? reply.status).sort(),
      [200, ...Array(7).fill('REFUND_EXCEEDS_PAYMENT')], 'two of them would be more than was paid');
    assert.equal((await refund(game, order_id)).json.usd_refunded, '2.50', 'all that is left');
    await refund(game, order_id, {}, [409, 'ALREADY_REFUNDED']);
    await refund(game, order_id, {usd_amount: '0.01'}, [409, 'ALREADY_REFUNDED']);
    assert.equal(await game.available(player), '0.00');
    order = await details(game, order_id, ({refunds}) => refunds.every((one) => one.refund_status === 'succeeded'));
    assert.deepEqual([order.order.order_status, order.payment.usd_refundable, order.refunds.length], ['refunded', '0.00', 3]);
    // The processor keeps its fee.
    assert.deepEqual(accounts(order), {card_clearing: '5.90', processor_fees: '-5.90'});
  });

  test('a refund of what is spent: the player owes, and spends nothing until it is repaid', async () => {
    const game = await newGame();
    const player = email();
    const {order_id} = (await buy(game, player, {usd_amount: '10.00'})).json;
    await game.purchase(player, {item_quantity: 1, unit_price: '80.00', total_price: '80.00'});
    const {json} = await refund(game, order_id);
    assert.equal(json.new_balance, '-80.00');
    assert.deepEqual(json.balance_info, {previous_balance: '20.00', new_balance: '-80.00', amount_debited: '100.00'});
    assert.equal(await game.available(player), '-80.00');
    const spend = {body: game.purchaseBody(player, {item_quantity: 1, unit_price: '0.01', total_price: '0.01'})};
    const poor = await game.call('purchaseItem', {...spend, expect: [400, 'INSUFFICIENT_BALANCE']});
    assert.deepEqual([poor.json.available_balance, poor.json.shortfall], ['-80.00', '80.01']);
    await game.call('debitBalance', {body: {client_request_id: requestId(), player_email: player, amount: '0.01', reason: 'x'},
      expect: [400, 'INSUFFICIENT_BALANCE']});
    assert.equal((await buy(game, player, {usd_amount: '8.00'})).json.new_balance, '0.00');
    await game.call('purchaseItem', {...spend, expect: [400, 'INSUFFICIENT_BALANCE']});
    await game.credit(player, '0.01');
    await game.call('purchaseItem', {...spend, expect: 200});
  });

  test('an order is refunded in fifty parts at most', async () => {
    const game = await newGame();
    const player = email();
    const {order_id} = (await buy(game, player, {usd_amount: '1.00'})).json;
    for (let part = 0; part < 50; ++part) await refund(game, order_id, {usd_amount: '0.01'});
    await refund(game, order_id, {usd_amount: '0.01'}, [400, 'TOO_MANY_REFUNDS']);
    await refund(game, order_id, {}, [400, 'TOO_MANY_REFUNDS']);
    assert.equal(await game.available(player), '5.00');
    const order = await details(game, order_id, ({refunds}) => refunds.every((one) => one.refund_status === 'succeeded'));
    assert.deepEqual([order.payment.usd_refunded, order.payment.usd_refundable], ['0.50', '0.00'], 'there is no fifty-first');
  });

  for (const won of [true, false]) {
    test(`a payment is disputed and the dispute is ${won ? 'won' : 'lost'}`, async () => {
      const game = await newGame();
      const player = email();
      const {json} = await buy(game, player, {usd_amount: '10.00'});
      await refund(game, json.order_id, {usd_amount: '4.00'});
      await details(game, json.order_id, ({refunds}) => refunds[0].refund_status === 'succeeded');
      await game.purchase(player); // 10.00 units
      await processor().dispute(json.payment_intent_id, 'open');
      let order = await details(game, json.order_id, ({disputes}) => disputes.length === 1);
      assert.deepEqual([order.order.order_status, order.disputes[0].dispute_status, order.disputes[0].usd_amount],
        ['disputed', 'open', '6.00'], 'what was refunded is not claimed again');
      assert.equal(await game.available(player), '-10.00');
      assert.equal(order.payment.usd_refundable, '0.00', 'what is shown is what a refund would get');
      for (const change of [{}, {usd_amount: '0.01'}]) await refund(game, json.order_id, change, [409, 'ORDER_DISPUTED']);
      await processor().dispute(json.payment_intent_id, won ? 'won' : 'lost');
      order = await details(game, json.order_id, ({disputes}) => disputes[0].dispute_status !== 'open');
      assert.equal(order.order.order_status, won ? 'partly_refunded' : 'lost');
      assert.equal(await game.available(player), won ? '50.00' : '-10.00');
      assert.equal(order.payment.usd_refundable, won ? '6.00' : '0.00');
      if (!won) await refund(game, json.order_id, {}, [409, 'ORDER_DISPUTED']);
      else assert.equal((await refund(game, json.order_id)).json.usd_refunded, '6.00', 'it may be refunded again');
    });
  }

  test('no end of a dispute is final, and each movement is booked to the cent', async () => {
    const game = await newGame();
    const player = email();
    const {json} = await buy(game, player, {usd_amount: '10.00'});
    const payment = json.payment_intent_id;
    await processor().dispute(payment, 'open');
    const words = [
      // what happens; then the status, the player's units, what a refund would get, what is withheld, the fee
      [() => {}, 'open', '0.00', '0.00', '10.00', '15.00'],
      [() => processor().dispute(payment, 'lost'), 'lost', '0.00', '0.00', '10.00', '15.00'],
      [() => processor().dispute(payment, 'won'), 'won', '100.00', '10.00', '0.00', '0.00'],
      [() => processor().move(payment, 'fee', '0.20'), 'won', '100.00', '10.00', '0.00', '0.20'],
      [() => processor().move(payment, 'withdrawal', '4.01'), 'won', '59.90', '5.99', '4.01', '0.20'],
      [() => processor().move(payment, 'reinstatement', '0.01'), 'won', '60.00', '6.00', '4.00', '0.20'],
      [() => processor().move(payment, 'fee_refund', '0.50'), 'won', '60.00', '6.00', '4.00', '-0.30'],
      [() => processor().move(payment, 'reinstatement', '4.00'), 'won', '100.00', '10.00', '0.00', '-0.30'],
      [() => processor().dispute(payment, 'lost'), 'lost', '0.00', '0.00', '10.00',
        world().name === 'production' ? '14.70' : '15.00']];
    for (const [number, [happens, status, units, refundable, withheld, fee]] of words.entries()) {
      await happens();
      const order = await details(game, json.order_id, ({disputes}) => disputes[0]?.movements.length === number + 1);
      const [dispute] = order.disputes;
      assert.deepEqual([dispute.dispute_status, dispute.usd_withheld, dispute.usd_fee, order.payment.usd_refundable],
        [status, withheld, fee, refundable], `word ${number}`);
      assert.equal(await game.available(player), units, `word ${number}`);
      const sum = (name) => decimal(dispute.movements.reduce((all, one) => all + minor(one[name]), 0n));
      assert.deepEqual([sum('usd_fee'), sum('usd_amount')], [fee, withheld === '0.00' ? '0.00' : `-${withheld}`]);
      // Double entry: what the processor holds is what was charged, less its fees and what it withholds.
      const held = minor('10.00') - minor('0.59') - minor(withheld) - minor(fee);
      assert.equal(minor(accounts(order).card_clearing ?? '0.00'), -10n * held, `word ${number}`);
      if (refundable === '0.00') {
        await refund(game, json.order_id, {usd_amount: '0.01'}, [409, 'ORDER_DISPUTED']);
      } else {
        const more = decimal(minor(refundable) + 1n);
        await refund(game, json.order_id, {usd_amount: more}, [400, 'REFUND_EXCEEDS_PAYMENT']);
      }
    }
    const {history} = (await game.call('getHistory', {params: {email: player}, expect: 200})).json;
    assert.deepEqual(history.map((line) => [line.type, line.amount, line.reason]).reverse(), [
      ['currency_purchase', '100.00', null], ['chargeback', '-100.00', 'dispute open'],
      ['chargeback_returned', '100.00', 'dispute won'], ['chargeback', '-40.10', 'dispute won'],
      ['chargeback_returned', '0.10', 'dispute won'], ['chargeback_returned', '40.00', 'dispute won'],
      ['chargeback', '-100.00', 'dispute lost']]);
  });

  test('a card that is disputed at once', async () => {
    const game = await newGame();
    const player = email();
    const {json} = await buy(game, player, {payment_method_id: cards.disputed});
    if (world().name === 'production') await processor().tell(json.payment_intent_id, {type: 'charge.dispute.created'});
    const order = await details(game, json.order_id, ({disputes}) => disputes.length === 1);
    assert.deepEqual([order.order.order_status, order.disputes[0].usd_amount], ['disputed', '10.00']);
    assert.equal(await game.available(player), '0.00');
  });

  test('a refund made at the processor is heard of', async () => {
    const game = await newGame();
    const player = email();
    const {json} = await buy(game, player, {usd_amount: '10.00'});
    await processor().refund(json.payment_intent_id, '3.00');
    const order = await details(game, json.order_id, ({refunds}) => refunds.length === 1 && refunds[0].refund_status === 'succeeded');
    assert.deepEqual([order.order.order_status, order.payment.usd_refundable], ['partly_refunded', '7.00']);
    assert.equal(await game.available(player), '70.00');
    await refund(game, json.order_id, {usd_amount: '7.01'}, [400, 'REFUND_EXCEEDS_PAYMENT']);
    await refund(game, json.order_id);
  });

  test('orders of currency have a limit for each player', async () => {
    const game = await newGame({limits: {currency_purchases_per_player_minute: 4}});
    const player = email();
    let passed = 0;
    let reply;
    for (; passed < 20; ++passed) {
      reply = await game.call('purchaseCurrency', {body: orderBody(player, {payment_method_id: cards.declined})});
      if (reply.status !== 402) break;
    }
    assert.deepEqual([reply.status, reply.json.error_code], [429, 'RATE_LIMITED']);
    assert.ok(passed >= 4 && passed <= 7, `4 a minute and half as many in a burst, not ${passed}`);
    await buy(game, email());
  });

  test('callbacks that the processor did not sign say nothing', async () => {
    const game = await newGame();
    const gateway = environment === 'sandbox' ? 'sandbox' : 'stripe';
    const stripe = context.server.stripe;
    const {payment_intent_id: payment} = (await buy(game, email())).json;
    const {raw, headers} = stripe.post(payment);
    const at = Number(/t=(\d+)/.exec(headers['Stripe-Signature'])[1]);
    const good = sign(stripe.webhookSecret, at, raw);
    const forged = [undefined, '', 'x', 't=1', `t=${at}`, `v1=${good}`, `t=${at},v0=${good}`, `t=${at + 1},v1=${good}`,
      `t=${at},v1=${good.slice(1)}`, `t=${at},v1=${good.toUpperCase()}`, `t=${at},v1=${sign('whsec_other', at, raw)}`,
      `t=${at},t=${at},v1=${good}`, `t=-1,v1=${good}`, `t=99999999999999999999,v1=${good}`, `t=${at},v1=${good},${'x'.repeat(1100)}`];
    for (const signature of forged) {
      await world().notify({raw, headers: signature === undefined ? {} : {'Stripe-Signature': signature}}, [401, 'INVALID_SIGNATURE']);
    }
    await world().notify({raw: `${raw} `, headers}, [401, 'INVALID_SIGNATURE']);
    for (const name of ['paypal', gateway === 'stripe' ? 'sandbox' : 'stripe', 'x'.repeat(64), 'STRIPE']) {
      await world().notify({raw, headers}, [404, 'GATEWAY_NOT_FOUND'], name);
    }
    await world().notify({raw: ' '.repeat((256 << 10) + 1), headers}, [413, 'PAYLOAD_TOO_LARGE']);
    if (environment === 'sandbox') await world().notify({raw, headers}, [401, 'INVALID_SIGNATURE']);
  });

  if (environment === 'production') {
    test('callbacks: twice, stale, out of order, for another amount', async () => {
      const {stripe} = context.server;
      const game = await newGame();
      const player = email();
      const {json: asked} = await buy(game, player, {payment_method_id: cards.asks});
      const payment = asked.payment_intent_id;
      await world().notify(stripe.post(payment), 200); // it says "succeeded"; the processor says otherwise
      assert.equal((await details(game, asked.order_id)).order.order_status, 'requires_action');
      await processor().answer(asked, true);
      const now = Math.floor(Date.now() / 1000);
      for (const at of [now - 301 - 5, now + 301 + 5, 1]) {
        await world().notify(stripe.post(payment, {at}), [401, 'STALE_SIGNATURE']);
      }
      assert.equal((await details(game, asked.order_id)).order.order_status, 'requires_action', 'it was not even looked at');
      const post = stripe.post(payment, {about: {amount: 999_999_99, currency: 'eur', status: 'canceled'}});
      const posts = await Promise.all(Array.from({length: 8}, () => world().notify(post, 200)));
      assert.ok(posts.every((reply) => /^[1-9]/.test(reply.headers['florin-position'])));
      const {new_balance: balance} = (await game.call('confirmPayment', {body: {payment_intent_id: payment}, expect: 200})).json;
      assert.equal(balance, '100.00');
      for (const type of ['payment_intent.payment_failed', 'payment_intent.requires_action', 'payment_intent.canceled',
        'charge.refunded', 'an.event.of.tomorrow']) {
        await world().notify(stripe.post(payment, {type}), 200);
      }
      const order = await details(game, asked.order_id);
      assert.deepEqual([order.order.order_status, order.refunds.length, order.disputes.length], ['paid', 0, 0]);
      assert.equal(await game.available(player), '100.00');

      // Another amount or currency than was asked for: not believed, and an operator reads of it in the log.
      for (const change of [{amount_received: 5000}, {currency: 'eur'}, {metadata: {}}]) {
        const {json} = await buy(game, player, {payment_method_id: cards.asks});
        await processor().answer(json, true);
        const {intent} = stripe.payments.get(json.payment_intent_id);
        const before = {...intent};
        Object.assign(intent, change);
        await processor().tell(json.payment_intent_id);
        assert.equal((await details(game, json.order_id)).payment.credited, false, JSON.stringify(change));
        Object.assign(intent, before);
        await processor().tell(json.payment_intent_id);
        assert.equal((await details(game, json.order_id)).payment.credited, true);
      }
      assert.equal(await game.available(player), '400.00');
    });

    test('callbacks about nothing of ours, and signed ones that are none', async () => {
      const {stripe} = context.server;
      const signed = (raw) => {
        const at = Math.floor(Date.now() / 1000);
        return {raw, headers: {'Stripe-Signature': `t=${at},v1=${sign(stripe.webhookSecret, at, raw)}`}};
      };
      for (const id of ['pi_of_nobody', 'pi_1']) await world().notify(stripe.post(id), 200);
      const event = (object) => signed(JSON.stringify({id: 'evt_1', object: 'event', data: {object}}));
      await world().notify(event({id: 'cus_1', object: 'customer'}), 200);
      await world().notify(event({id: 'ch_1', object: 'charge', payment_intent: null}), 200);
      for (const raw of ['', '{}', '[]', 'null', '{"id":"evt_1","object":"event"}', '{"id":"evt_1"', '\u0000']) {
        await world().notify(signed(raw), [400, 'INVALID_REQUEST']);
      }
      await world().notify(event({id: 'pi_/../x', object: 'payment_intent'}), [400, 'INVALID_REQUEST']);
    });

    test('a refund that the processor cannot make gives the units back', async () => {
      const {stripe} = context.server;
      const game = await newGame();
      const player = email();
      const {order_id} = (await buy(game, player)).json;
      stripe.refundsEnd = 'failed';
      try {
        await refund(game, order_id, {usd_amount: '4.00'});
        const order = await details(game, order_id, ({refunds}) => refunds[0].refund_status !== 'pending');
        assert.deepEqual([order.order.order_status, order.refunds[0].refund_status, order.payment.usd_refundable],
          ['paid', 'failed', '10.00']);
        assert.equal(await game.available(player), '100.00');
      } finally {
        stripe.refundsEnd = 'succeeded';
      }
      await refund(game, order_id);
    });

    test('a server without a processor takes no orders', async () => {
      const game = await context.movingWorlds.production.createGame();
      const none = [503, 'PAYMENTS_UNAVAILABLE'];
      await buy(game, email(), {}, none);
      await refund(game, 'ord_0000000000001', {}, none);
      await game.call('confirmPayment', {body: {transaction_id: 'txn_0000000000001'}, expect: none});
      await game.world.notify(context.server.stripe.post('pi_1'), [404, 'GATEWAY_NOT_FOUND']);
    });
  } else {
    test('the processor\'s books: what it charged, refunded and was disputed', async () => {
      const statement = async () => (await world().call('getProcessorStatement', {expect: 200})).json;
      const cents = (json, name) => Number(json[`usd_${name}`].replace('.', ''));
      const balance = (json) => cents(json, 'charged') - ['refunded', 'disputed', 'fees', 'dispute_fees']
        .reduce((sum, name) => sum + cents(json, name), 0);
      const game = await newGame();
      const before = await statement();
      const paid = (await buy(game, email())).json.payment_intent_id;
      await buy(game, email(), {payment_method_id: cards.declined}, [402, 'CARD_DECLINED']);
      const after = await statement();
      assert.deepEqual([after.payments - before.payments, after.charges - before.charges], [2, 1]);
      assert.equal(cents(after, 'charged') - cents(before, 'charged'), 1000);
      assert.equal(cents(after, 'balance'), balance(after));
      const closed = [409, 'PAYMENT_NOT_OPEN'];
      const dispute = (payment_intent_id, dispute_status, expect) =>
        world().call('disputePayment', {body: {payment_intent_id, dispute_status}, expect});
      const give = (payment_intent_id, usd_amount, expect) =>
        world().call('refundAtProcessor', {body: {payment_intent_id, usd_amount}, expect});
      await dispute(paid, 'won', closed);
      await dispute('pi_of_nobody', 'open', closed);
      for (const to of ['x', '', 'OPEN', 7]) await dispute(paid, to, [400, 'INVALID_REQUEST']);
      await give('pi_of_nobody', '1.00', closed);
      await give(paid, '10.01', closed);
      await give(paid, 'x', [400, 'INVALID_AMOUNT']);
      await give(paid, undefined, [400, 'INVALID_REQUEST']);
      await give(paid, '4.00', 200);
      await dispute(paid, 'open', 200);
      await dispute(paid, 'open', closed);
      await give(paid, '1.00', closed);
      await dispute(paid, 'lost', 200);
      await dispute(paid, 'lost', closed);
      const move = (movement, usd_amount, expect) =>
        world().call('disputePayment', {body: {payment_intent_id: paid, movement, usd_amount}, expect});
      await move('withdrawal', '4.01', closed); // 6.00 of 10.00 are held back
      await move('reinstatement', '6.01', closed);
      for (const [movement, usd, code] of [['x', '1.00', 'INVALID_REQUEST'], ['', '1.00', 'INVALID_REQUEST'],
        ['fee', undefined, 'INVALID_REQUEST'], ['fee', 7, 'INVALID_AMOUNT']]) {
        await move(movement, usd, [400, code]);
      }
      await world().call('disputePayment', {body: {payment_intent_id: paid}, expect: [400, 'INVALID_REQUEST']});
      await world().call('disputePayment', {expect: [400, 'INVALID_REQUEST'], body: {
        payment_intent_id: paid, dispute_status: 'won', movement: 'fee', usd_amount: '1.00'}});
      const end = await statement();
      assert.deepEqual([end.refunds - after.refunds, end.disputes_lost - after.disputes_lost], [1, 1]);
      assert.equal(cents(end, 'balance'), balance(end));
      for (const bad of [{lost_callback: 101}, {lost_callback: -1}, {timeout_after: '5'}, {late_callback: 1.5}]) {
        await world().call('breakProcessor', {body: bad, expect: [400, 'INVALID_REQUEST']});
      }
    });

    test('what the processor does twice, late, or without telling, changes nothing twice', async () => {
      const game = await newGame();
      const faults = (body) => world().call('breakProcessor', {body, expect: 200});
      try {
        for (const fault of ['doubled_callback', 'lost_callback', 'timeout_after']) {
          await faults({[fault]: 100});
          // One call that times out is looked up again; five in a row would be an outage.
          const player = email();
          const buying = buy(game, player, {}, null);
          if (fault === 'timeout_after') await sleep(100).then(() => faults({}));
          const {json} = await buying;
          assert.equal(json.credited, true, fault);
          await processor().refund(json.payment_intent_id, '1.00');
          const order = await details(game, json.order_id, ({refunds}) => refunds.length > 0 && refunds[0].refund_status === 'succeeded');
          assert.equal(order.refunds.length, 1, fault);
          assert.equal(await game.available(player), '90.00', fault);
        }
      } finally {
        await faults({});
      }
    });
  }
}

// With the sandbox's clock.
export function laterPaymentsSuite(context) {
  const world = () => context.movingWorlds.sandbox;

  test('a cardholder who does not answer their bank in 15 minutes is not charged', async () => {
    const game = await world().createGame({limits: roomy});
    const player = email();
    const {json: asked} = await buy(game, player, {payment_method_id: cards.asks});
    await world().advance(14 * 60);
    const names = {transaction_id: asked.transaction_id};
    assert.equal((await game.call('confirmPayment', {body: names, expect: 200})).json.status, 'requires_action');
    await world().advance(2 * 60);
    const {json} = await game.call('confirmPayment', {body: names, expect: 200});
    assert.deepEqual([json.status, json.failure], ['failed', 'challenge_expired']);
    await game.credit(player, '1.00');
    assert.equal(await game.available(player), '1.00');
  });

  test('an order that nobody could charge for 15 minutes is given up', async () => {
    const game = await world().createGame({limits: roomy});
    await world().call('breakProcessor', {body: {refused_connection: 100}, expect: 200});
    const body = orderBody(email());
    const buying = game.call('purchaseCurrency', {body, expect: [402, 'PAYMENT_ABANDONED']});
    await sleep(200);
    world().ahead += 16 * 60; // the order may be answered before the clock is
    await world().advance(16 * 60);
    const {json} = await buying;
    await world().call('breakProcessor', {body: {}, expect: 200});
    const again = await game.call('purchaseCurrency', {body, expect: [409, 'DUPLICATE_REQUEST']});
    assert.deepEqual([again.json.original.failure, again.json.order_id], ['abandoned', json.order_id]);
  });
}

// The processor answers nobody, in both environments of a server of its own.
export function paymentOutageSuite(context) {
  queued('an outage of the card processor: nothing is called failed that is not known', async () => {
    const stripe = await Stripe.start();
    const server = await Server.start({stripe});
    const worlds = ['production', 'sandbox'].map((name) => new World(server, context.contract, name));
    try {
      await Promise.all(worlds.map(async (world) => {
        const game = await world.createGame({limits: roomy});
        const {json: paid} = await buy(game, email());
        const {json: asked} = await buy(game, email(), {payment_method_id: cards.asks});
        const query = await checkoutQuery(game, email());
        if (world.name === 'sandbox') await world.call('breakProcessor', {body: {refused_connection: 100}, expect: 200});
        else stripe.down = true;
        const body = orderBody(email());
        const first = game.call('purchaseCurrency', {body, expect: 202});
        await sleep(200);
        const again = game.call('purchaseCurrency', {body, expect: [409, 'DUPLICATE_REQUEST']});
        const waiting = game.call('confirmPayment', {body: {transaction_id: asked.transaction_id}, expect: 202});
        const none = [503, 'PAYMENTS_UNAVAILABLE'];
        const {payment_intent_id} = paid;
        assert.equal((await game.call('confirmPayment', {body: {payment_intent_id}, expect: 200})).json.credited, true,
          'what is known needs no processor');
        // Until the breaker knows: what was ordered is tried again meanwhile.
        for (let i = 0, status = 201; i < 100 && status === 201; ++i) {
          await sleep(200);
          ({status} = await game.call('openCheckout', {body: checkoutBody(email())}));
        }
        const refused = orderBody(email());
        const told = await game.call('purchaseCurrency', {body: refused, expect: none});
        assert.ok(told.json.retry_after >= 1);
        await game.call('openCheckout', {body: checkoutBody(email()), expect: none});
        await world.call('payCheckout', {query, raw: cardForm(testCards.good), type: form, expect: 503});
        await refund(game, paid.order_id, {}, none);
        if (world.name === 'production') await world.notify(stripe.post(paid.payment_intent_id), none);
        const {json} = await first;
        const repeated = (await again).json;
        assert.deepEqual([repeated.original_status, repeated.original], ['processing', json]);
        await waiting;

        if (world.name === 'sandbox') await world.call('breakProcessor', {body: {}, expect: 200});
        else stripe.down = false;
        let settled;
        for (let wait = 0; wait < 20 && settled?.json.status !== 'success'; ++wait) {
          settled = await game.call('confirmPayment', {body: {transaction_id: json.transaction_id}});
          assert.notEqual(settled.json.status, 'failed');
        }
        assert.equal(settled.json.credited, true, 'once it answers again');
        assert.equal((await game.call('purchaseCurrency', {body: refused, expect: 200})).json.credited, true,
          'the same request, once cards are charged again');
      }));
    } finally {
      assert.deepEqual(await server.stop(), {code: 0, signal: null}, server.output.slice(-2000));
      stripe.stop();
    }
  });
}
