// Selling items, looking orders up, refunding them.
import assert from 'node:assert/strict';
import {it as test} from 'node:test';
import {badAmounts} from './balances.mjs';
import {email, minor, requestId} from '../support/world.mjs';

export function purchasesSuite(context, environment) {
  const world = () => context.worlds[environment];

  test('a purchase: who paid what, who gets what', async () => {
    const game = await world().createGame();
    const player = email();
    await game.credit(player, '100.00', {player_name: 'Ada'});
    const {json} = await game.purchase(player, {
      item_name: 'Épée 🗡️', item_quantity: 3, unit_price: '3.35', total_price: '10.05',
      item_category: 'weapons', item_description: 'Cuts "everything"'});
    assert.equal(json.new_balance, '89.95');
    assert.deepEqual(json.balance_info, {previous_balance: '100.00', new_balance: '89.95', amount_spent: '10.05'});
    assert.deepEqual(json.financial_breakdown,
      {total_paid: '10.05', platform_fee: '1.01', developer_revenue: '9.04'}, 'a fee of 1.005 rounds half up');
    assert.deepEqual([json.player.player_email, json.player.player_name], [player, 'Ada']);
    const {purchased_by, ...details} = json.purchase_details;
    assert.ok(purchased_by);
    assert.deepEqual(details, {item_id: 'sword_001', item_name: 'Épée 🗡️', item_description: 'Cuts "everything"',
      item_category: 'weapons', currency_name: 'Gold Coins', quantity: 3, unit_price: '3.35', total_price: '10.05'});
    assert.equal(await game.available(player), '89.95');
  });

  test('the platform fee is the game\'s, to the cent', async () => {
    for (const [rate, price, fee] of [['2.5', '0.20', '0.01'], ['2.5', '0.19', '0.00'], ['0', '10.00', '0.00'],
      ['50', '10.00', '5.00'], ['33.33', '1.00', '0.33'], ['10', '0.05', '0.01'], ['10', '0.04', '0.00']]) {
      const game = await world().createGame({item_fee_percentage: rate});
      const player = email();
      await game.credit(player, '100.00');
      const {financial_breakdown: parts} =
        (await game.purchase(player, {item_quantity: 1, unit_price: price, total_price: price})).json;
      assert.equal(parts.platform_fee, fee, `${rate} % of ${price}`);
      assert.equal(minor(parts.platform_fee) + minor(parts.developer_revenue), minor(parts.total_paid));
    }
  });

  test('a purchase may bring a new player, who pays from the starting amount', async () => {
    const game = await world().createGame({currencies: [
      {currency_name: 'Gold', currency_symbol: 'G', starting_amount: '15.00'}, {currency_name: 'Gems', currency_symbol: '*'}]});
    const player = email();
    const body = game.purchaseBody(player, {unit_price: '7.51', total_price: '15.02'});
    const {json, headers} = await game.call('purchaseItem', {body, expect: [400, 'INSUFFICIENT_BALANCE']});
    assert.match(headers['florin-position'], /^[1-9][0-9]*$/, 'a refusal says what it was decided on');
    assert.deepEqual([json.available_balance, json.required_amount, json.shortfall], ['15.00', '15.02', '0.02']);
    await game.call('getBalanceByEmail', {params: {email: player}, expect: [404, 'PLAYER_NOT_FOUND']});
    assert.equal((await game.purchase(player)).json.new_balance, '5.00');
    const gems = game.purchaseBody(player, {currency_id: game.currencies[1].currency_id});
    await game.call('purchaseItem', {body: gems, expect: [400, 'INSUFFICIENT_BALANCE']});
    await game.credit(player, '20.00', {currency_id: game.currencies[1].currency_id});
    assert.equal((await game.call('purchaseItem', {body: gems, expect: 200})).json.new_balance, '10.00');
  });

  test('an engine whose only number is a float buys two', async () => {
    const game = await world().createGame();
    const player = email();
    await game.credit(player, '10.00');
    const raw = JSON.stringify(game.purchaseBody(player, {item_quantity: 2})).replace('"item_quantity":2', '"item_quantity":2.0');
    assert.equal((await game.call('purchaseItem', {raw, expect: 200})).json.purchase_details.quantity, 2);
  });

  test('purchases that are refused take nothing and leave their id free', async () => {
    const game = await world().createGame();
    const player = email();
    await game.credit(player, '500.00');
    const id = requestId();
    const refuse = (change, code, status = 400) => game.call('purchaseItem', {
      body: game.purchaseBody(player, {client_request_id: id, ...change}), expect: [status, code]});
    for (const amount of badAmounts) {
      await refuse({unit_price: amount}, 'INVALID_AMOUNT');
      await refuse({total_price: amount}, 'INVALID_AMOUNT');
    }
    await refuse({item_quantity: 1, unit_price: '999999.99', total_price: '999999.99'}, 'INVALID_AMOUNT');
    for (const total_price of ['9.99', '10.01', '5.00', '999999.98']) await refuse({total_price}, 'TOTAL_PRICE_MISMATCH');
    await refuse({item_quantity: 1000, unit_price: '999999999.99', total_price: '10.00'}, 'TOTAL_PRICE_MISMATCH');
    for (const item_quantity of [0, 1001, 100_000]) await refuse({item_quantity}, 'INVALID_QUANTITY');
    for (const item_quantity of [-1, 4294967297, 18446744073709551617, 1.5, '2', true, [2]]) await refuse({item_quantity}, 'INVALID_REQUEST');
    for (const field of ['client_request_id', 'player_email', 'item_id', 'item_name', 'item_quantity', 'unit_price',
      'total_price']) {
      const reply = await refuse({[field]: undefined}, 'INVALID_REQUEST');
      assert.equal(reply.json.field, field);
    }
    for (const field of ['item_id', 'item_name', 'item_category', 'item_description', 'player_name']) {
      await refuse({[field]: 'x'.repeat(10_000)}, 'INVALID_REQUEST');
      await refuse({[field]: 7}, 'INVALID_REQUEST');
    }
    for (const field of ['item_id', 'item_name']) await refuse({[field]: ''}, 'INVALID_REQUEST');
    await refuse({player_email: 'nobody'}, 'INVALID_EMAIL');
    await refuse({client_request_id: 'sub_42'}, 'CLIENT_REQUEST_ID_RESERVED');
    await refuse({currency_id: 4294967295}, 'CURRENCY_NOT_FOUND', 404);
    await refuse({unit_price: '300.00', total_price: '600.00'}, 'INSUFFICIENT_BALANCE');
    assert.equal(await game.available(player), '500.00');
    await game.purchase(player, {client_request_id: id});
    assert.equal(await game.available(player), '490.00');
    const most = game.purchaseBody(player, {item_quantity: 1000, unit_price: '0.49', total_price: '490.00'});
    await game.call('purchaseItem', {body: most, expect: 200});
  });

  test('a purchase again is the original reply, for another item it is refused', async () => {
    const game = await world().createGame();
    const player = email();
    await game.credit(player, '100.00', {player_name: 'Ada'});
    const body = game.purchaseBody(player, {item_description: 'Ünïcödé'});
    const first = await game.call('purchaseItem', {body, expect: 200});
    await game.credit(player, '1.00');
    const {json} = await game.call('purchaseItem', {body, expect: [409, 'DUPLICATE_REQUEST']});
    assert.deepEqual(json.original, first.json);
    assert.deepEqual([json.transaction_id, json.order_id, json.original_status],
      [first.json.transaction_id, first.json.order_id, first.json.status]);
    for (const change of [{item_id: 'sword_002'}, {item_quantity: 1, total_price: '5.00'}, {item_category: 'x'}]) {
      await game.call('purchaseItem', {body: {...body, ...change}, expect: [422, 'CLIENT_REQUEST_ID_REUSED']});
    }
    const replies = await Promise.all(Array.from({length: 24}, (_, i) =>
      game.call('purchaseItem', {body: {...body, client_request_id: `${body.client_request_id}-${i % 4}`}})));
    assert.equal(replies.filter((reply) => reply.status === 200).length, 4);
    assert.equal(await game.available(player), '51.00');
  });

  test('orders: details, history, and nobody else\'s business', async () => {
    const game = await world().createGame();
    const other = await world().createGame();
    const player = email();
    await game.credit(player, '1000.00', {player_name: 'Ada'});
    const sold = [];
    for (let i = 0; i < 25; ++i) sold.unshift(await game.purchase(player, {item_id: `item-${i}`}));
    const headers = {'Florin-Min-Position': sold[0].headers['florin-position']};
    const read = (query) => game.pages('getPurchases', 'purchases', {query: {player_email: player, ...query}, headers});
    const orders = await read({});
    assert.deepEqual(orders.map((order) => order.order_id), sold.map((reply) => reply.json.order_id));
    assert.deepEqual(await read({limit: 4}), orders);
    assert.deepEqual(await game.pages('getPurchases', 'purchases',
      {query: {player_email: ` ${player.toUpperCase()}`, limit: 100}, headers}), orders);
    for (const [i, order] of orders.entries()) {
      assert.deepEqual(order.purchase_details, sold[i].json.purchase_details);
      assert.deepEqual(order.financial_breakdown, sold[i].json.financial_breakdown);
      assert.deepEqual([order.order_status, order.refunded_at, order.refund_transaction_id], ['completed', null, null]);
    }
    const query = {order_id: orders[0].order_id};
    const {order} = (await game.call('getOrder', {query, headers, expect: 200})).json;
    const {player: buyer, ...rest} = order;
    assert.deepEqual(rest, orders[0]);
    assert.deepEqual(buyer, sold[0].json.player);

    await other.call('getOrder', {query, headers, expect: [404, 'ORDER_NOT_FOUND']});
    await other.call('refundItem', {body: {client_request_id: requestId(), ...query, reason: 'not mine'},
      expect: [404, 'ORDER_NOT_FOUND']});
    await other.call('getPurchases', {query: {player_email: player}, expect: [404, 'PLAYER_NOT_FOUND']});
    const credit = (await game.credit(player, '1.00')).json.order_id;
    for (const order_id of ['ord_0000000000000', 'ord_ZZZZZZZZZZZZZ', 'ord_1', 'x', orders[0].transaction_id, credit]) {
      await game.call('getOrder', {query: {order_id}, expect: [404, 'ORDER_NOT_FOUND']});
      await game.call('refundItem', {body: {client_request_id: requestId(), order_id, reason: 'test'},
        expect: [404, 'ORDER_NOT_FOUND']});
    }
    await game.call('getOrder', {expect: [400, 'INVALID_REQUEST']});
    assert.equal((await game.call('getPurchases')).status, 400, 'player_email is required');
    await game.call('getPurchases', {query: {player_email: 'nobody'}, expect: [400, 'INVALID_EMAIL']});
    for (const bad of [{limit: 0}, {limit: 101}, {limit: 'x'}, {cursor: 'no-cursor'}]) {
      await game.call('getPurchases', {query: {player_email: player, ...bad}, expect: [400, 'INVALID_REQUEST']});
    }
  });

  test('a refund gives everything back, once', async () => {
    const game = await world().createGame();
    const player = email();
    await game.credit(player, '100.00');
    const {order_id} = (await game.purchase(player)).json;
    const body = {client_request_id: requestId(), order_id, reason: 'Bought twice'};
    for (const [change, code] of [[{order_id: undefined}, 'INVALID_REQUEST'], [{client_request_id: undefined}, 'INVALID_REQUEST'],
      [{client_request_id: 'sub_x'}, 'CLIENT_REQUEST_ID_RESERVED'], [{reason: 'x'.repeat(10_000)}, 'INVALID_REQUEST'],
      [{order_id: 7}, 'INVALID_REQUEST']]) {
      await game.call('refundItem', {body: {...body, ...change}, expect: [400, code]});
    }
    const refunded = await game.call('refundItem', {body, expect: 200});
    const {json} = refunded;
    assert.deepEqual(json.balance_info, {previous_balance: '90.00', new_balance: '100.00', amount_refunded: '10.00'});
    assert.equal(await game.available(player), '100.00');
    const again = await game.call('refundItem', {body, expect: [409, 'DUPLICATE_REQUEST']});
    assert.deepEqual(again.json.original, json);
    assert.deepEqual([again.json.order_id, again.json.transaction_id], [order_id, json.transaction_id]);
    await game.call('refundItem', {body: {...body, reason: 'Another'}, expect: [422, 'CLIENT_REQUEST_ID_REUSED']});
    await game.call('refundItem', {body: {...body, client_request_id: requestId()}, expect: [409, 'ALREADY_REFUNDED']});
    assert.equal(await game.available(player), '100.00');

    const headers = {'Florin-Min-Position': refunded.headers['florin-position']};
    const {order} = (await game.call('getOrder', {query: {order_id}, headers, expect: 200})).json;
    assert.equal(order.order_status, 'refunded');
    assert.equal(order.refund_transaction_id, json.transaction_id);
    assert.notEqual(order.refunded_at, null);
    const {history} = (await game.call('getHistory', {params: {email: player}, headers, expect: 200})).json;
    assert.deepEqual(history.slice(0, 2).map((entry) => [entry.type, entry.amount, entry.order_id]),
      [['item_refund', '10.00', order_id], ['item_purchase', '-10.00', order_id]]);

    const {order_id: second} = (await game.purchase(player)).json;
    const race = await Promise.all(Array.from({length: 12}, () => game.call('refundItem',
      {body: {client_request_id: requestId(), order_id: second, reason: 'race'}})));
    assert.equal(race.filter((reply) => reply.status === 200).length, 1);
    assert.equal(await game.available(player), '100.00');
  });
}
