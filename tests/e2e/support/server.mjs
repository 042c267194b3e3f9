// A real `florin serve` on a free port with a folder of its own. Every server started is stopped, and every folder
// removed, when the test process ends, however it ends.
import {execFileSync, spawn} from 'node:child_process';
import {existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

const binary = process.env.FLORIN_BIN ?? fileURLToPath(new URL('../../../build/release/florin', import.meta.url));
const startSeconds = Number(process.env.FLORIN_START_SECONDS ?? 30); // sanitised builds start slowly
export const adminToken = 'contract-test-admin-token-0123456789abcdef';

const running = new Set();
const folders = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, {recursive: true, force: true});
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'florin-e2e-'));
  folders.add(folder);
  return folder;
}

// libfaketime (scripts/setup): sets the wall clock of one process and leaves its steady clocks alone.
function fakeWall() {
  const libraries = readdirSync('/usr/lib').map((name) => `/usr/lib/${name}/faketime/libfaketimeMT.so.1`);
  const found = libraries.find((path) => existsSync(path));
  if (!found) throw new Error('libfaketime is missing: run scripts/setup');
  return found;
}

// A sanitised server does not start unless its sanitizer's runtime is loaded before all else.
function sanitizerRuntimes() {
  return execFileSync('ldd', [binary], {encoding: 'utf8'}).match(/\/\S*lib[at]san\S*/g) ?? [];
}

export class Server {
  // Resolves once the server says that it listens. `admin: false` starts it without an admin token; `settings` are
  // TOML keys and values; `provider` texts for production (provider.mjs) and `stripe` charges its cards (stripe.mjs);
  // `fileBytes` lets no file grow past it, as a full disk would; `wallAhead` is how many seconds its wall clock is ahead,
  // which setWall() changes while it runs.
  static async start({data = temporaryFolder(), admin = true, settings = {}, provider, stripe, fileBytes, wallAhead} = {}) {
    const server = new Server();
    server.data = data;
    const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('FLORIN_')));
    server.provider = provider;
    if (provider) {
      settings = {...settings, ...provider.settings};
      environment.FLORIN_SMS_AUTH_TOKEN = provider.token;
    }
    server.stripe = stripe;
    if (stripe) {
      settings = {...settings, ...stripe.settings};
      Object.assign(environment, stripe.environment);
    }
    if (admin) environment.FLORIN_ADMIN_TOKEN = adminToken;
    if (wallAhead !== undefined) {
      server.wallFile = join(temporaryFolder(), 'wall');
      server.setWall(wallAhead);
      Object.assign(environment, {LD_PRELOAD: [...sanitizerRuntimes(), fakeWall()].join(' '),
        FAKETIME_TIMESTAMP_FILE: server.wallFile, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1'});
    }
    const command = [binary, 'serve', '--data', data, '--listen', '127.0.0.1:0',
      ...Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`])];
    // Ignoring SIGXFSZ makes a write past the limit fail instead of ending the process.
    if (fileBytes) command.unshift('sh', '-c', `trap '' XFSZ; ulimit -f ${fileBytes / 512}; exec "$@"`, 'sh');
    const child = spawn(command[0], command.slice(1), {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    server.child = child;
    server.output = '';
    server.exited = new Promise((resolve) => {
      child.on('error', (error) => {
        server.output += `${error}\n`;
        running.delete(child);
        resolve({code: null, signal: null});
      });
      child.on('exit', (code, signal) => {
        running.delete(child);
        resolve({code, signal});
      });
    });
    const listening = new Promise((resolve) => {
      const read = (chunk) => {
        server.output = (server.output + chunk).slice(-200_000);
        const match = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(server.output);
        if (match) resolve(Number(match[1]));
      };
      child.stdout.setEncoding('utf8').on('data', read);
      child.stderr.setEncoding('utf8').on('data', read);
    });
    let timer;
    const tooLate = new Promise((resolve) => (timer = setTimeout(resolve, startSeconds * 1000)));
    server.port = await Promise.race([listening, server.exited.then(() => null), tooLate.then(() => null)]);
    clearTimeout(timer);
    if (!server.port) {
      child.kill('SIGKILL');
      throw new Error(`${binary} serve did not start:\n${server.output.slice(-4000)}`);
    }
    return server;
  }

  // Somebody sets the machine's clock.
  setWall(secondsAhead) {
    writeFileSync(this.wallFile, `${secondsAhead < 0 ? '' : '+'}${secondsAhead}\n`);
  }

  // What the process ended with; kills it when it does not end.
  async stop(signal = 'SIGTERM') {
    this.child.kill(signal);
    const timer = setTimeout(() => this.child.kill('SIGKILL'), startSeconds * 1000);
    const result = await this.exited;
    clearTimeout(timer);
    return result;
  }
}
