// Cuts Twilio's OpenAPI description (https://github.com/twilio/twilio-oai, Apache 2.0) down to the one operation that
// we call, with the schemas it refers to and without the prose:
//
//   node cut_spec.mjs twilio_api_v2010.json > twilio_create_message.json
import {readFileSync} from 'node:fs';

const whole = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const path = '/2010-04-01/Accounts/{AccountSid}/Messages.json';
const {post} = whole.paths[path];

const prose = ['description', 'examples', 'example', 'summary', 'tags'];
const schemas = {};
// Whatever says what is allowed stays; what explains it goes. `named`: the keys are names of fields, not keywords.
function cut(node, named = false) {
  if (Array.isArray(node)) return node.map((item) => cut(item));
  if (node === null || typeof node !== 'object') return node;
  return Object.fromEntries(Object.entries(node)
    .filter(([key]) => named || !(prose.includes(key) || key.startsWith('x-')))
    .map(([key, value]) => {
      if (key === '$ref') take(value);
      return [key, cut(value, !named && key === 'properties')];
    }));
}
function take(reference) {
  const name = reference.replace('#/components/schemas/', '');
  if (schemas[name]) return;
  schemas[name] = {};
  schemas[name] = cut(whole.components.schemas[name]);
}

const operation = cut(post);
const created = operation.responses['201'];
created.description = post.responses['201'].description;
delete created.headers;
const {create} = post.responses['201'].content['application/json'].examples;
created.content['application/json'].examples = {create};
process.stdout.write(`${JSON.stringify({
  openapi: whole.openapi,
  info: {title: whole.info.title, version: whole.info.version, license: whole.info.license},
  servers: whole.servers,
  security: whole.security,
  paths: {[path]: {post: operation}},
  components: {securitySchemes: whole.components.securitySchemes, schemas},
}, null, 1)}\n`);
