// Cuts Stripe's fixtures (https://github.com/stripe/openapi, MIT) down to the resources that the adapter reads:
//
//   node cut_fixtures.mjs stripe_fixtures3.json > stripe_fixtures.json
import {readFileSync} from 'node:fs';

const {resources} = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const names = ['balance_transaction', 'charge', 'dispute', 'event', 'payment_intent', 'payment_method', 'refund'];
const cut = {resources: Object.fromEntries(names.map((name) => [name, resources[name]]))};
process.stdout.write(`${JSON.stringify(cut, null, 1)}\n`);
