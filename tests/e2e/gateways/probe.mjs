// Runs the gateway probe (tests/sagas/gateways/gateway_probe.cpp) and returns its lines.
import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';

const run = promisify(execFile);
const program = process.env.FLORIN_GATEWAY_PROBE ??
  fileURLToPath(new URL('../../../build/release/tests/sagas/sagas_gateway_probe', import.meta.url));

// As it was printed; `words` are its arguments.
export async function printed(token, ...words) {
  const env = {...process.env, TWILIO_AUTH_TOKEN: token};
  const {stdout} = await run(program, words, {env, timeout: 30_000, maxBuffer: 16 << 20});
  return stdout;
}

export async function probe(token, ...words) {
  return (await printed(token, ...words)).trimEnd().split('\n');
}
