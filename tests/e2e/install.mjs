// npm ci, skipped when node_modules is already what package-lock.json asks for. No package's install script is run: none
// is needed, and one would only report home.
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const stamp = join(folder, 'node_modules', '.florin-lock');
const wanted = createHash('sha256').update(readFileSync(join(folder, 'package-lock.json'))).digest('hex');
if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) {
  console.log('node_modules is up to date');
} else {
  const {status, error} = spawnSync('npm', ['ci', '--ignore-scripts'], {cwd: folder, stdio: 'inherit', timeout: 300_000});
  if (error) console.error(String(error));
  if (status === 0) writeFileSync(stamp, wanted);
  process.exitCode = status ?? 1;
}
