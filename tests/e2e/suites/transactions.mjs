// Every transaction_id that a reply or a history gives is known to getTransaction, to those who have a part in it.
import assert from 'node:assert/strict';
import {it as test} from 'node:test';
import {Scene, flavours} from '../support/scene.mjs';
import {Processor, buy, cards, details, refund, roomy} from '../support/payments.mjs';
import {payoutAt} from '../support/payouts.mjs';
import {decimal, email, minor, requestId} from '../support/world.mjs';

const missing = [404, 'TRANSACTION_NOT_FOUND'];
const hint = (address) => address.replace(/^(..)[^@]*/, '$1***');

export function transactionsSuite(context, environment) {
  const world = () => context.worlds[environment];
  const processor = () => new Processor(world());
  const newGame = (settings = {}) => world().createGame({limits: roomy, ...settings});

  // The transaction as this game sees it; what holds of every one is checked.
  async function look(game, transaction_id, headers = {}) {
    const {json} = await game.call('getTransaction', {params: {transaction_id}, headers, expect: 200});
    const {transaction} = json;
    const sums = {};
    for (const {currency_id, amount} of transaction.postings) sums[currency_id] = (sums[currency_id] ?? 0n) + minor(amount);
    assert.deepEqual(Object.values(sums).filter((sum) => sum !== 0n), [], 'double entry');
    assert.equal(minor(transaction.net_amount), minor(transaction.amount) - minor(transaction.fee_amount ?? '0.00'));
    const own = transaction.postings.filter((one) => one.account === 'player_available'
      && one.player_id === transaction.player?.player_id);
    // In the transaction's currency, or for the receiving game in the one that it came in as.
    const shown = own.some((one) => one.currency_id === transaction.currency_id) ? transaction.currency_id : own.at(-1)?.currency_id;
    assert.equal(transaction.balance_change,
      decimal(own.filter((one) => one.currency_id === shown).reduce((sum, one) => sum + minor(one.amount), 0n)));
    return transaction;
  }
  // A player's whole history, and every transaction of it: their changes add up to the balance.
  async function checkHistory(game, player, headers = {}) {
    const lines = await game.pages('getHistory', 'history', {params: {email: player}, headers});
    const all = new Map();
    for (const line of lines) all.set(line.transaction_id, await look(game, line.transaction_id, headers));
    for (const [id, one] of all) assert.equal(one.transaction_id, id, 'a line names its transaction itself');
    const changed = [...all.values()].reduce((sum, one) => sum + minor(one.balance_change), 0n);
    assert.equal(decimal(changed), await game.available(player), 'nothing is missing and nothing there twice');
    return {lines, all};
  }
  const pick = (from, ...names) => names.map((name) => from[name]);

  test('a change of balance is of one currency', async () => {
    const game = await newGame({currencies: [{currency_name: 'Gold', currency_symbol: 'G', starting_amount: '100.00'},
      {currency_name: 'Gems', currency_symbol: 'GM', starting_amount: '50.00'}]});
    const {json} = await game.credit(email(), '1.00');
    const credit = await look(game, json.transaction_id);
    assert.deepEqual(pick(credit, 'currency_name', 'balance_change'), ['Gold', '101.00']);
  });

  test('credits, debits, items and their refunds', async () => {
    const game = await newGame({currencies: [{currency_name: 'Gold', currency_symbol: 'G', starting_amount: '5.00'}]});
    const other = await newGame();
    const player = email();
    const credited = (await game.credit(player, '100.00', {reason: 'daily reward', player_name: 'Ada'})).json;
    const debited = (await game.call('debitBalance', {expect: 200,
      body: {client_request_id: requestId(), player_email: player, amount: '3.00', reason: 'penalty'}})).json;
    const bought = (await game.purchase(player)).json;
    const returned = (await game.call('refundItem', {expect: 200,
      body: {client_request_id: requestId(), order_id: bought.order_id, reason: 'broken'}})).json;

    const credit = await look(game, credited.transaction_id);
    assert.deepEqual(pick(credit, 'type', 'transaction_status', 'amount', 'balance_change', 'order_id', 'reason',
      'currency_name', 'item', 'counterparty', 'fee_amount', 'usd_amount', 'usd_fee'),
    ['credit', 'completed', '100.00', '105.00', credited.order_id, 'daily reward', 'Gold', null, null, null, null, null]);
    assert.deepEqual(credit.player, {...credited.player, player_name: 'Ada'});
    const debit = await look(game, debited.transaction_id);
    assert.deepEqual(pick(debit, 'type', 'amount', 'balance_change', 'reason'), ['debit', '3.00', '-3.00', 'penalty']);
    const item = {item_id: 'sword_001', item_name: 'Iron Sword', item_quantity: 2};
    const purchase = await look(game, bought.transaction_id);
    assert.deepEqual(pick(purchase, 'type', 'transaction_status', 'amount', 'fee_amount', 'net_amount', 'balance_change',
      'item'), ['item_purchase', 'refunded', '10.00', '1.00', '9.00', '-10.00', item]);
    const back = await look(game, returned.transaction_id);
    assert.deepEqual(pick(back, 'type', 'transaction_status', 'order_id', 'balance_change', 'reason', 'item'),
      ['item_refund', 'completed', bought.order_id, '10.00', 'broken', item]);

    const {lines} = await checkHistory(game, player);
    assert.deepEqual(lines.map((line) => [line.type, line.transaction_id, line.reason, line.item, line.fee_amount]), [
      ['item_refund', returned.transaction_id, 'broken', item, '1.00'],
      ['item_purchase', bought.transaction_id, null, item, '1.00'],
      ['debit', debited.transaction_id, 'penalty', null, null],
      ['credit', credited.transaction_id, 'daily reward', null, null],
      ['starting_balance', credited.transaction_id, null, null, null]]);

    for (const {transaction_id} of [credited, debited, bought, returned]) {
      await other.call('getTransaction', {params: {transaction_id}, expect: missing});
    }
    for (const unknown of ['txn_0000000000000', 'txn_ZZZZZZZZZZZZZ', 'txn_1', 'x', credited.order_id, '%00']) {
      await game.call('getTransaction', {params: {transaction_id: unknown}, expect: missing});
    }
  });

  test('currency purchases, refunds, disputes and withdrawals', async () => {
    const game = await newGame();
    const other = await newGame();
    const player = email();
    const paid = (await buy(game, player, {usd_amount: '10.00'})).json;
    const declined = (await buy(game, player, {payment_method_id: cards.declined}, [402, 'CARD_DECLINED'])).json;
    const refunded = (await refund(game, paid.order_id, {usd_amount: '4.00', reason: 'half of it'})).json;
    await details(game, paid.order_id, ({refunds}) => refunds[0].refund_status === 'succeeded');
    await processor().refund(paid.payment_intent_id, '1.00');
    await details(game, paid.order_id, ({refunds}) => refunds.length === 2 && refunds[1].refund_status === 'succeeded');
    await processor().dispute(paid.payment_intent_id, 'open');
    await details(game, paid.order_id, ({disputes}) => disputes.length === 1);
    await processor().dispute(paid.payment_intent_id, 'won');
    await details(game, paid.order_id, ({disputes}) => disputes[0].dispute_status === 'won');

    const purchase = await look(game, paid.transaction_id);
    assert.deepEqual(pick(purchase, 'type', 'transaction_status', 'order_id', 'amount', 'balance_change', 'usd_amount',
      'usd_fee'), ['currency_purchase', 'partly_refunded', paid.order_id, '100.00', '100.00', '10.00', '0.59']);
    const nothing = await look(game, declined.transaction_id);
    assert.deepEqual(pick(nothing, 'type', 'transaction_status', 'balance_change', 'postings', 'usd_fee'),
      ['currency_purchase', 'failed', '0.00', [], null]);
    const half = await look(game, refunded.transaction_id);
    assert.deepEqual(pick(half, 'type', 'transaction_status', 'order_id', 'usd_amount', 'balance_change', 'reason'),
      ['currency_refund', 'succeeded', paid.order_id, '4.00', '-40.00', 'half of it']);
    const {all} = await checkHistory(game, player);
    assert.deepEqual([...all.values()].map((one) => [one.type, one.balance_change, one.order_id === paid.order_id]), [
      ['chargeback', '50.00', true], ['chargeback', '-50.00', true], ['currency_refund', '-10.00', true],
      ['currency_refund', '-40.00', true], ['currency_purchase', '100.00', true]]);

    // Disputed in the moment that it is paid: two transactions, whether or not one commit has both.
    const risky = email();
    const disputed = (await buy(game, risky, {payment_method_id: cards.disputed})).json;
    if (environment === 'production') {
      await processor().tell(disputed.payment_intent_id, {type: 'charge.dispute.created'});
    }
    await details(game, disputed.order_id, ({disputes}) => disputes.length === 1);
    const both = await checkHistory(game, risky);
    assert.deepEqual([...both.all.values()].map((one) => [one.type, one.balance_change]),
      [['chargeback', '-100.00'], ['currency_purchase', '100.00']]);

    const payout = await payoutAt(game, 'processing');
    const withdrawal = await look(game, payout.payout_id.replace('po_', 'txn_'));
    assert.deepEqual(pick(withdrawal, 'type', 'transaction_status', 'usd_amount', 'amount', 'player', 'currency_id',
      'balance_change'), ['withdrawal', 'processing', '1.00', '10.00', null, null, '0.00']);
    for (const id of [paid.transaction_id, refunded.transaction_id, withdrawal.transaction_id, ...both.all.keys()]) {
      await other.call('getTransaction', {params: {transaction_id: id}, expect: missing});
    }
  });

  for (const flavour of Object.values(flavours)) {
    test(`a ${flavour.name}, as its two games see it`, async () => {
      const scene = await Scene.make(world(), flavour, {balance: '100.00'});
      const {source, target, sender, receiver} = scene;
      const third = await newGame();
      const {id, code, reply} = await scene.approve({amount: '20.00'});
      const waiting = await look(source, id);
      assert.deepEqual(pick(waiting, 'type', 'transaction_status', 'order_id', 'amount', 'fee_amount', 'net_amount',
        'balance_change'), [flavour.name, 'pending_claim', reply.json.order_id, '20.00', '2.00', '18.00', '-20.00']);
      const there = {game_id: target.id, game_name: 'Space Warriors', player_id: null, email_hint: hint(receiver.email)};
      assert.deepEqual(waiting.counterparty, there);
      assert.equal(waiting.player.player_email, sender.email);
      const coming = await look(target, id);
      const here = {game_id: source.id, game_name: 'Adventure Quest', player_id: null, email_hint: null};
      assert.deepEqual(pick(coming, 'transaction_status', 'player', 'postings', 'balance_change', 'counterparty'),
        ['pending_claim', null, [], '0.00', here]);

      const claimed = await scene.claim(code);
      const headers = {'Florin-Min-Position': claimed.headers['florin-position']};
      const sent = await look(source, id, headers);
      assert.deepEqual(pick(sent, 'transaction_status', 'balance_change', 'counterparty'), ['completed', '-20.00', there]);
      const received = await look(target, id, headers);
      assert.deepEqual(pick(received, 'transaction_status', 'balance_change', 'counterparty', 'currency_name'),
        ['completed', '18.00', here, 'Gold']);
      assert.equal(received.player.player_email, receiver.email);
      await third.call('getTransaction', {params: {transaction_id: id}, expect: missing});

      // Cancelled: it is back.
      const {id: gone} = await scene.start({amount: '5.00'});
      const cancelled = await scene.cancel(gone);
      const back = await look(source, gone, {'Florin-Min-Position': cancelled.headers['florin-position']});
      assert.deepEqual(pick(back, 'transaction_status', 'balance_change', 'amount'), ['cancelled', '0.00', '5.00']);

      // The histories tell the same, by ids that the status knows.
      const outgoing = (await checkHistory(source, sender.email, headers)).lines;
      assert.deepEqual(outgoing.slice(0, 4).map((line) => [line.type, line.transaction_id, line.reason, line.fee_amount]), [
        [`${flavour.name}_returned`, gone, 'cancelled', null], [`${flavour.name}_reserved`, gone, null, '0.50'],
        [`${flavour.name}_completed`, id, null, '2.00'], [`${flavour.name}_reserved`, id, null, '2.00']]);
      for (const line of outgoing.slice(0, 4)) {
        assert.deepEqual(line.counterparty, there);
        assert.equal((await scene.status(line.transaction_id)).order_id, line.order_id);
      }
      const [incoming] = (await checkHistory(target, receiver.email, headers)).lines;
      assert.deepEqual([incoming.type, incoming.transaction_id, incoming.order_id, incoming.counterparty],
        [`${flavour.name}_received`, id, reply.json.order_id, here]);
      assert.equal((await scene.status(incoming.transaction_id, target)).transaction_status, 'completed');
    });
  }

  test('a send within one game: both are its players', async () => {
    const scene = await Scene.make(world(), flavours.send, {balance: '100.00'});
    scene.target = scene.source;
    const {id, code} = await scene.approve({amount: '20.00'});
    const claimed = await scene.claim(code);
    const headers = {'Florin-Min-Position': claimed.headers['florin-position']};
    const [sender, receiver] = [(await scene.source.balance(scene.sender.email)).player,
      (await scene.source.balance(scene.receiver.email)).player];
    const seen = await look(scene.source, id, headers);
    assert.deepEqual([seen.player.player_id, seen.balance_change, seen.counterparty.player_id, seen.counterparty.email_hint],
      [sender.player_id, '-20.00', receiver.player_id, hint(scene.receiver.email)]);
    const [arrived] = await scene.source.pages('getHistory', 'history', {params: {email: scene.receiver.email}, headers});
    assert.deepEqual([arrived.type, arrived.transaction_id, arrived.counterparty.player_id, arrived.counterparty.email_hint],
      ['send_received', id, sender.player_id, hint(scene.sender.email)]);
  });
}
