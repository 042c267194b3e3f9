// Lints the OpenAPI documents with Redocly's engine (no command line around it: nothing here talks to the network),
// validates every example against its schema, and holds what generators of clients stumbled over. Exit code 1 with the
// findings when there are any.
//
//   node lint.mjs [OPENAPI.json …]      without names: the golden copy, which the build's document is compared with
import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {createConfig, lint} from '@redocly/openapi-core';

const golden = fileURLToPath(new URL('../golden/openapi.json', import.meta.url));
const files = process.argv.length > 2 ? process.argv.slice(2) : [golden];
const config = await createConfig({
  extends: ['recommended-strict'],
  rules: {
    'info-license-url': 'off', // an SPDX identifier says it
    'info-license-strict': 'off',
    'operation-4xx-response': 'off', // health checks refuse nothing
    'no-server-example.com': 'error',
    'no-ambiguous-paths': 'error',
    'no-unresolved-refs': 'error',
    'no-unused-components': 'error',
    'no-invalid-media-type-examples': 'error',
    'no-invalid-schema-examples': 'error',
    'operation-operationId-unique': 'error',
    'operation-description': 'off',
    'tag-description': 'error',
  },
});

// What is no read and yet answers without Florin-Position, and why: it writes nothing to the log itself.
const withoutPosition = {
  rebuildProjection: 'read models are derived from the log',
  confirmClock: 'the clock is state of the process',
  answerChallenge: "it is a page of the sandbox's card processor",
  breakPhone: "it changes the sandbox's phone",
  breakProcessor: "it changes the sandbox's card processor",
  disputePayment: 'the ledger hears of it by a later callback',
  refundAtProcessor: 'the ledger hears of it by a later callback',
};

// Rules of this document's own, each with what broke without it.
export function findings(document) {
  const found = [];
  const at = (pointer, message) => found.push(`${pointer}: ${message}`);
  const resolve = (node) => {
    while (node?.$ref) node = node.$ref.slice(2).split('/').reduce((one, step) =>
      one[step.replaceAll('~1', '/').replaceAll('~0', '~')], document);
    return node;
  };
  const typesOf = (schema) => [schema.type ?? []].flat();
  const allowsNull = (schema) => typesOf(schema).includes('null') || schema.nullable === true ||
    (schema.anyOf ?? []).some((one) => typesOf(resolve(one)).includes('null'));

  const check = (schema, pointer, name) => {
    const types = typesOf(schema);
    // Clients in Go, Java and C# take an integer without a format for one of 32 bits.
    if (types.includes('integer') && !['int32', 'int64'].includes(schema.format)) at(pointer, 'an integer without a format');
    if (schema.format === 'int32' && !(schema.maximum <= 2 ** 31 - 1)) at(pointer, 'more than 32 bits hold');
    // Without a pattern a client finds out by a refusal.
    const isText = types.includes('string') && !schema.enum && !schema.const;
    if (/url$/i.test(name) && isText && !schema.pattern) at(pointer, 'a URL without a pattern');
    // A generated Python client tries each part of allOf by itself, and null fits none of them.
    for (const part of schema.allOf ?? []) {
      for (const [field, one] of Object.entries(resolve(part).properties ?? {})) {
        if (allowsNull(one)) at(pointer, `${field} may be null in a part of allOf`);
      }
    }
    if (schema.allOf) {
      for (const [field, one] of Object.entries(schema.properties ?? {})) {
        if (allowsNull(one)) at(pointer, `${field} may be null beside allOf`);
      }
    }
    // Generated TypeScript asks for a field that has a default.
    for (const [field, one] of Object.entries(schema.properties ?? {})) {
      if ('default' in one) at(pointer, `${field} has a default: say it in words`);
    }
    for (const required of schema.required ?? []) {
      if (schema.properties && !schema.allOf && !schema.oneOf && !(required in schema.properties)) {
        at(pointer, `${required} is required and not described`);
      }
    }
  };
  const isSchema = (key) => ['schema', 'items', 'not', 'if', 'then'].includes(key);
  const walk = (node, pointer, kind, name = '') => {
    if (node === null || typeof node !== 'object') return;
    if (kind === 'schema' && !Array.isArray(node)) check(node, pointer, name);
    for (const [key, value] of Object.entries(node)) {
      if (['example', 'examples', 'enum', 'const', 'default', 'required'].includes(key) && kind === 'schema') continue;
      if (key === 'example' || key === 'examples') continue;
      const below = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      if (kind === 'schema' && key === 'properties') {
        for (const [field, one] of Object.entries(value)) walk(one, `${below}/${field}`, 'schema', field);
      } else if (kind === 'schema' && ['allOf', 'anyOf', 'oneOf'].includes(key)) {
        value.forEach((one, index) => walk(one, `${below}/${index}`, 'schema', name));
      } else {
        walk(value, below, isSchema(key) && typeof value === 'object' ? 'schema' : 'other', name);
      }
    }
  };
  walk(document.paths, '#/paths', 'other');
  for (const [kind, parts] of Object.entries(document.components)) {
    for (const [name, part] of Object.entries(parts)) {
      walk(part, `#/components/${kind}/${name}`, kind === 'schemas' ? 'schema' : 'other', name);
    }
  }

  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const pointer = `${method} ${path}`;
      for (const named of operation.parameters ?? []) {
        const parameter = resolve(named);
        const schema = resolve(parameter.schema);
        if (typesOf(schema).includes('integer') && !(schema.minimum >= 0 && schema.maximum > 0)) {
          at(pointer, `${parameter.name} has no bounds`);
        }
      }
      // A checker can complain only about a reply whose status is listed.
      const statuses = Object.keys(operation.responses);
      for (const status of ['500', 'default']) {
        if (!statuses.includes(status)) at(pointer, `no ${status}`);
      }
      if (operation.security?.length !== 0 && !statuses.includes('503')) at(pointer, 'no 503');
      if (!statuses.some((status) => /^[23]/.test(status))) at(pointer, 'no success');
      // A client that reads its own write needs the position.
      if (method === 'get' || Object.hasOwn(withoutPosition, operation.operationId)) continue;
      for (const status of statuses.filter((one) => one.startsWith('2'))) {
        if (!resolve(operation.responses[status]).headers?.['Florin-Position']) at(pointer, `${status} without Florin-Position`);
      }
    }
  }
  const {Amount, Email, UsdPurchase} = document.components.schemas;
  for (const [schema, good, bad] of [
    [Amount, ['0.01', '1', '999999999.99', '10.5'], ['0', '0.00', '-1', '1.001', '1e3', '1000000000', '']],
    [UsdPurchase, ['0.01', '999.99'], ['0', '0.0', '1000', '1,5']],
    [Email, ['ada@example.com', ' ada@example.com '], ['ada', 'a b@example.com', '@', 'a@b@c']],
  ]) {
    const pattern = new RegExp(schema.pattern, 'u');
    for (const text of good) if (!pattern.test(text)) at(schema.pattern, `does not take ${text}`);
    for (const text of bad) if (pattern.test(text)) at(schema.pattern, `takes ${text}`);
  }
  // What follows on what can be read from the document.
  const leads = (operation, status) => Object.values(operation.responses[status].links ?? {}).map((link) => link.operationId);
  const operations = Object.fromEntries(Object.values(document.paths).flatMap((item) => Object.values(item))
    .map((operation) => [operation.operationId, operation]));
  for (const [from, status, to] of [['initiateTransfer', '201', 'verifyTransfer'], ['verifyTransfer', '200', 'claimTransfer'],
    ['initiateSend', '201', 'verifySend'], ['verifySend', '200', 'claimSend']]) {
    if (!leads(operations[from], status).includes(to)) at(from, `does not lead to ${to}`);
  }
  return found;
}

let count = 0;
for (const file of files) {
  const found = await lint({ref: file, config}).catch((error) => {
    console.error(`${file}: ${error.message}`); // not JSON, or a file that is not there
    process.exit(1);
  });
  for (const {ruleId, severity, message, location} of found) {
    console.error(`${severity} ${ruleId} ${location[0]?.pointer ?? ''}: ${message}`);
  }
  const own = findings(JSON.parse(readFileSync(file, 'utf8')));
  for (const line of own) console.error(`error ${line}`);
  count += found.length + own.length;
}
console.log(count === 0 ? 'openapi: clean' : `openapi: ${count} findings`);
process.exitCode = count === 0 ? 0 : 1;
