// Runs the gateway probe (tests/sagas/gateway_probe.cpp) and returns its lines.
import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';

const run = promisify(execFile);
const program = process.env.FLORIN_GATEWAY_PROBE ??
  fileURLToPath(new URL('../../../build/release/tests/sagas/sagas_gateway_probe', import.meta.url));

export async function probe(token, ...words) {
  const {stdout} = await run(program, words, {env: {...process.env, TWILIO_AUTH_TOKEN: token}, timeout: 30_000});
  return stdout.trimEnd().split('\n');
}
