// The OpenAPI document as judge: checks a real exchange against it and remembers what was exercised.
import assert from 'node:assert/strict';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

export const environments = {production: '', sandbox: '/sandbox'};
const methods = ['get', 'post', 'put', 'patch', 'delete'];

export class Contract {
  constructor(document) {
    this.document = document;
    this.ajv = new Ajv2020({strict: false, allErrors: true, validateFormats: true});
    addFormats(this.ajv);
    this.ajv.addSchema(document, 'florin');
    this.validators = new Map();
    this.seen = new Set();
    this.operations = new Map();
    for (const [path, item] of Object.entries(document.paths)) {
      for (const method of methods) {
        const operation = item[method];
        if (!operation) continue;
        const servers = operation.servers ?? item.servers ?? document.servers;
        this.operations.set(operation.operationId, {
          id: operation.operationId,
          path,
          method: method.toUpperCase(),
          pointer: ['paths', path, method],
          security: Object.keys((operation.security ?? document.security)[0] ?? {})[0] ?? 'none',
          responses: operation.responses,
          parameters: [...(item.parameters ?? []), ...(operation.parameters ?? [])].map((one) => this.resolve(one)),
          body: operation.requestBody && this.resolve(operation.requestBody),
          environments: Object.keys(environments).filter((name) =>
            servers.some((server) => server.url.replace(/\/$/, '') === environments[name])),
        });
      }
    }
  }

  operation(id) {
    const operation = this.operations.get(id);
    assert.ok(operation, `no operation ${id} in the document`);
    return operation;
  }

  // Follows a $ref, if there is one.
  resolve(node) {
    if (!node?.$ref) return node;
    const steps = node.$ref.slice(2).split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    return this.resolve(steps.reduce((at, step) => at[step], this.document));
  }

  validate(schema, value) {
    let validator = this.validators.get(schema);
    if (!validator) {
      validator = this.ajv.compile(absolute(schema));
      this.validators.set(schema, validator);
    }
    return validator(value) ? [] : validator.errors.map((e) => `${e.instancePath || '/'} ${e.message}` +
      (e.params.unevaluatedProperty ?? e.params.additionalProperty
        ? ` (${e.params.unevaluatedProperty ?? e.params.additionalProperty})` : ''));
  }

  // Every exchange of an operation goes through here. `sent` is the parsed body of the request, when there was one.
  // Only a caller that provoked it accepts what the document calls `default`. The environment's clock is `ahead` seconds.
  check(environment, id, sent, reply, provoked = false, ahead = 0) {
    const operation = this.operation(id);
    const at = `${environment} ${id} -> ${reply.status} ${reply.json?.error_code ?? ''}`;
    const listed = operation.responses[String(reply.status)];
    const response = this.resolve(provoked ? listed ?? operation.responses.default : isGeneral(listed) ? undefined : listed);
    assert.ok(response, `${at}: a status the document does not list: ${reply.text.slice(0, 500)}`);
    for (const [name, header] of Object.entries(response.headers ?? {})) {
      const {required, schema} = this.resolve(header);
      const value = reply.headers[name.toLowerCase()];
      if (value === undefined) {
        assert.ok(!required, `${at}: no ${name} header`);
      } else {
        assert.deepEqual(this.validate(schema, value), [], `${at}: header ${name}: ${value}`);
      }
    }
    const type = (reply.headers['content-type'] ?? '').split(';')[0].trim();
    if (!response.content) {
      assert.deepEqual([type, reply.text], ['', ''], `${at}: the document has no content for it`);
      this.seen.add(key(environment, id, reply.status));
      return reply;
    }
    const media = response.content?.[type];
    assert.ok(media, `${at}: content type ${type || 'missing'} is not the documented one`);
    if (type === 'application/x-ndjson') {
      assert.ok(reply.text.endsWith('\n'), `${at}: the last line does not end`);
      for (const line of reply.text.slice(0, -1).split('\n')) {
        assert.deepEqual(this.validate(media.schema, JSON.parse(line)), [], `${at}: ${line}`);
      }
    } else if (type !== 'application/json') {
      assert.deepEqual(this.validate(media.schema, reply.text), [], `${at}: ${reply.text.slice(0, 2000)}`);
    } else {
      assert.notEqual(reply.json, undefined, `${at}: not JSON: ${reply.text.slice(0, 500)}`);
      assert.deepEqual(this.validate(media.schema, reply.json), [], `${at}: ${reply.text.slice(0, 2000)}`);
    }
    if (reply.status >= 400 && type === 'application/json') {
      checkEnvelope(at, reply, ahead);
      if (!provoked) assert.ok(this.errorCodes(media.schema).includes(reply.json.error_code), `${at}: a code that nobody provoked`);
    }
    const schema = operation.body?.content['application/json']?.schema;
    if (reply.status < 300 && sent !== undefined && schema) {
      assert.deepEqual(this.validate(schema, withoutNulls(sent)), [], `${at}: accepted a body that the document does not allow`);
    }
    this.seen.add(key(environment, id, reply.status, reply.json?.error_code));
    return reply;
  }

  // What the document promises and no exchange has shown: ["sandbox getOrder 404 ORDER_NOT_FOUND", …].
  unexercised() {
    return this.promises().filter((promise) => !this.seen.has(promise));
  }

  promises() {
    const all = [];
    for (const operation of this.operations.values()) {
      for (const [status, reference] of Object.entries(operation.responses)) {
        if (status === 'default' || isGeneral(reference)) continue;
        const content = this.resolve(reference).content ?? {};
        const codes = Object.values(content).flatMap((media) => this.errorCodes(media.schema));
        for (const environment of operation.environments) {
          for (const code of status >= '400' ? codes : [undefined]) {
            all.push(key(environment, operation.id, status, code));
          }
        }
      }
    }
    return all;
  }

  // Those of the operation, without what any operation may be refused with while the server is in trouble.
  errorCodes(schema) {
    if (schema.$ref?.endsWith('/BusyError')) return [];
    const node = this.resolve(schema);
    const own = node.properties?.error_code?.enum ?? [];
    return [...own, ...[...(node.anyOf ?? []), ...(node.allOf ?? [])].flatMap((part) => this.errorCodes(part))];
  }
}

// Codes whose `error` is a token that integrations match on, and not the message again.
const tokens = {VELOCITY_LIMIT_EXCEEDED: 'velocity_limit_exceeded', RESEND_COOLDOWN: 'resend_cooldown',
  PIN_EXPIRED: 'pin_expired'};

// What the server answers on any call while it is in trouble.
const isGeneral = (reference) => /\/(Fault|Unavailable)$/.test(reference?.$ref ?? '');

function key(environment, id, status, code) {
  return [environment, id, status, ...(code ? [code] : [])].join(' ');
}

// The same schema with "#/…" references made to point into the document.
function absolute(node) {
  if (Array.isArray(node)) return node.map(absolute);
  if (node === null || typeof node !== 'object') return node;
  return Object.fromEntries(Object.entries(node).map(([name, value]) =>
    [name, name === '$ref' ? `florin${value}` : absolute(value)]));
}

// What every error has in common, beyond its shape (CONTRACT, Errors).
// A field that is null was left out: the document says so once for all bodies.
const withoutNulls = (body) => Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));

export function checkEnvelope(at, reply, ahead = 0) {
  const {json, headers} = reply;
  assert.equal(json.status, 'error', at);
  assert.equal(json.error, tokens[json.error_code] ?? json.message, `${at}: error repeats the message`);
  assert.match(json.error_id, /^ERR_\d{8}_[0-9a-f]{16}$/, at);
  assert.equal(json.error_id.slice(4, 12), json.timestamp.slice(0, 10).replaceAll('-', ''), `${at}: day of error_id`);
  assert.equal(json.error_id.slice(13), headers['request-id'], `${at}: error_id ends with the Request-Id`);
  assert.ok(Math.abs(Date.parse(json.timestamp) - Date.now() - ahead * 1000) < 120_000, `${at}: timestamp is now`);
  if (reply.status === 401) {
    assert.match(headers['www-authenticate'] ?? '', /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ /, `${at}: a 401 has a challenge`);
  }
  // "is required" of what? Of a path the last step: "currencies[0].currency_name".
  if (json.field !== undefined) {
    assert.ok(json.message.includes(json.field.split('.').at(-1)), `${at}: the message names ${json.field}: ${json.message}`);
  }
  if (json.retry_after !== undefined) assert.equal(headers['retry-after'], String(json.retry_after), at);
}
