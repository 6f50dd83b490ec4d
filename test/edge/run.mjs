// `npm run edge`: the contract suite and its requests in pieces, in the long form: every request at every byte; or
// across a link between two network namespaces.
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readOptions } from '../../support/script-options.ts';
import { client, openNetwork, server } from './network.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const { values } = readOptions({
  name: 'edge',
  about: `The contract suite and its requests in pieces, in the long form: every request at every byte.
Exit code 1 if a test fails. --mtu and --trouble want root, for network namespaces.`,
  options: {
    mtu: { default: false, says: 'across a link of 1,500 bytes' },
    trouble: { default: false, says: 'across one that loses, delays and reorders too' },
    short: { default: false, says: 'the form of npm test' },
    save: { default: false, says: 'adds the result to test/edge/RESULTS.md' },
  },
});
const port = 14_150;
const scratch = mkdtempSync(join(tmpdir(), 'sluice-edge-'));
const noted = join(scratch, 'report');
const trouble = values.trouble ? { loss: 0.01, delayMs: 5, reorder: 0.05 } : null;
const far = values.mtu || values.trouble;
const network = far ? await openNetwork(trouble) : null;
const sluice = far ? await startFar() : null;
const options = {
  seed: 15,
  players: trouble === null ? 16 : 64,
  gapMs: trouble === null ? 3 : 12,
  isLong: !values.short,
  wholeBodyBytesMax: values.short ? 60 : 2_000,
  pairs: values.short ? 1_000 : 5_000,
};
const words = [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--config', join(here, 'vitest.config.ts')];
const env = {
  ...process.env,
  EDGE_OPTIONS: JSON.stringify(options),
  EDGE_NOTE: noted,
  ...(far && { EDGE_URL: `http://${server.address}:${port}` }),
};
const [command, ...rest] = far
  ? ['ip', 'netns', 'exec', client.space, process.execPath, ...words]
  : [process.execPath, ...words];
const { status } = spawnSync(command, rest, { cwd: root, stdio: 'inherit', env });
sluice?.kill('SIGTERM');
await wait(far ? 3_000 : 0);
network?.close();
if (existsSync(noted)) note(readFileSync(noted, 'utf8'), status === 0);
rmSync(scratch, { recursive: true, force: true });
process.exit(status ?? 1);

async function startFar() {
  const settings = {
    SLUICE_HOST: server.address,
    SLUICE_PORT: String(port),
    SLUICE_DATA_DIR: join(scratch, 'data'),
    SLUICE_LOG_LEVEL: 'warn',
  };
  const started = spawn('ip', ['netns', 'exec', server.space, process.execPath, join(root, 'dist', 'src', 'main.js')], {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  started.stdout.on('data', (chunk) => {
    said += chunk;
  });
  for (let tries = 0; !said.includes('store ready') && tries < 600; tries += 1) await wait(100);
  if (!said.includes('store ready')) throw new Error(`Sluice did not start: ${said}`);
  return started;
}

function note(sentence, isGood) {
  const link = network === null ? 'loopback' : `1,500 bytes, ${network.kind}`;
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout.trim();
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`;
  const row = `| ${new Date().toISOString().slice(0, 10)} | ${commit} | ${machine} | ${link} | ${isGood ? 'all passed' : 'FAILED'} | ${sentence} |`;
  console.log(row);
  if (values.save) appendFileSync(join(here, 'RESULTS.md'), `${row}\n`);
}
