// Hosted checkouts: opening one, and the form of its page.
import {cards as methods, orderBody} from './payments.mjs';

export const form = 'application/x-www-form-urlencoded';
export const testCards = {
  good: '4242 4242 4242 4242', declined: '4000 0000 0000 0002', poor: '4000 0000 0000 9995',
  asked: '4000 0027 6000 3184', disputed: '4000 0000 0000 0259'};

export const cardForm = (number, change = {}) =>
  new URLSearchParams({card_number: number, exp: '12 / 34', cvc: '123', ...change}).toString();

export const checkoutBody = (player, change = {}) => ({player_email: player, usd_amount: '10.00', ...change});

export const openCheckout = async (game, player, change = {}) =>
  (await game.call('openCheckout', {body: checkoutBody(player, change), expect: 201})).json;

export const queryOf = (url) => Object.fromEntries(new URL(url).searchParams);

export const checkoutQuery = async (game, player) => queryOf((await openCheckout(game, player)).checkout_url);

// Of the sandbox's bank, about an order of the game's own.
export async function challengeQuery(game, player) {
  const {json} = await game.call('purchaseCurrency', {body: orderBody(player, {payment_method_id: methods.asks}), expect: 200});
  return queryOf(json.next_action.redirect_url);
}
