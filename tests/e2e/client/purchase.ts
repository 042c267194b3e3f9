// A game server as an outsider writes it: openapi-fetch with the types that openapi-typescript made of the document. It
// must compile strictly; the test runs it against a server.
import createClient from 'openapi-fetch';
import type {paths} from './florin.js';

export interface Bought {
  newBalance: string;
  refundedAt: string | null;
  refusedWith: string | undefined;
  balance: string;
}

export async function purchase(baseUrl: string, adminToken: string): Promise<Bought> {
  const client = createClient<paths>({baseUrl});
  const made = await client.POST('/admin/games', {
    headers: {Authorization: `Bearer ${adminToken}`},
    body: {
      game_name: 'Typed', status: 'live', universal_transfers: 'yes',
      currencies: [{currency_name: 'Gold', currency_symbol: 'G'}],
    },
  });
  if (!made.data) throw new Error(made.error.error_code);
  const headers = {'X-Game-Secret-Key': made.data.sdk_key};
  const credited = await client.POST('/api/player-balances/credit', {
    headers,
    body: {client_request_id: 'welcome', player_email: 'ada@example.com', amount: '100.00', reason: 'welcome'},
  });
  if (!credited.data) throw new Error(credited.error.error_code);

  const bought = await client.POST('/api/item-purchases/purchase-item', {
    headers,
    body: {
      client_request_id: 'sword-1', player_email: 'ada@example.com', item_id: 'sword', item_name: 'Sword',
      item_quantity: 2, unit_price: '12.50', total_price: '25.00',
    },
  });
  if (!bought.data) throw new Error(bought.error.error_code);
  const found = await client.GET('/api/item-purchases/order-details', {
    headers, params: {query: {order_id: bought.data.order_id}},
  });
  if (!found.data) throw new Error(found.error.error_code);
  // Its field may be null: a purchase that was not refunded.
  const refundedAt: string | null = found.data.order.refunded_at;

  const unknown = await client.GET('/api/item-purchases/order-details', {
    headers, params: {query: {order_id: 'ord_0000000000ZZZ'}},
  });
  const position = Number(bought.response.headers.get('Florin-Position'));
  const balance = await client.GET('/api/player-balances/player/by-email/{email}', {
    headers, params: {path: {email: 'ada@example.com'}, header: {'Florin-Min-Position': position}},
  });
  const first = balance.data?.balances[0];
  if (!first) throw new Error(balance.error?.error_code ?? 'no balance');
  return {
    newBalance: bought.data.new_balance,
    refundedAt,
    refusedWith: unknown.error?.error_code,
    balance: first.available_balance,
  };
}
