// `npm run accept:prefect [-- --level 1|2] [--outage SECONDS] [--prefect VERSION,VERSION] [--front nginx|nginx-prefix|caddy] [--redis]`:
// the acceptance of a Prefect beside Sluice, in its long form, for each version in turn; the last lines are a table. On
// level 1 its events are read from Sluice; on level 2 clients send them to Sluice too. Front and Redis are of level 1.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { values } = parseArgs({
  options: {
    level: { type: 'string', default: '1' },
    outage: { type: 'string', default: '180' },
    prefect: { type: 'string', default: '3.8.8' },
    front: { type: 'string', default: 'nginx' },
    redis: { type: 'boolean', default: false },
  },
});

/** Runs it for one version and resolves to its exit code. */
function accept(version) {
  const file = `level-${values.level === '2' ? 'two' : 'one'}.interop.test.ts`;
  const words = ['run', '--reporter=verbose', `test/beside-prefect/${file}`];
  const child = spawn(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), ...words], {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      ACCEPT_PREFECT: version,
      ACCEPT_OUTAGE_MS: String(Number(values.outage) * 1000),
      ACCEPT_LONG: '1',
      ACCEPT_FRONT: values.front,
      ...(values.redis ? { ACCEPT_REDIS: '1' } : {}),
    },
  });
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}

const rows = [];
for (const version of values.prefect.split(',')) {
  const beganMs = Date.now();
  const code = await accept(version);
  const seconds = Math.round((Date.now() - beganMs) / 1000);
  rows.push(`Prefect ${version}: ${code === 0 ? 'holds' : 'DOES NOT HOLD'} (${seconds} s)`);
  if (code !== 0) process.exitCode = 1;
}
console.log(rows.join('\n'));
