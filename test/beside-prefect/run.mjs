// `npm run accept:prefect`: the acceptance of a Prefect beside Sluice, in its long form, for each version in turn; the
// last lines are a table. On level 1 its events are read from Sluice; on level 2 clients send them to Sluice too.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOptions } from '../../support/script-options.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { values } = readOptions({
  name: 'accept:prefect',
  about: `The acceptance of a real Prefect beside Sluice, in its long form.
The last lines say how each version ended; exit code 1 if one does not hold.`,
  options: {
    level: { default: '1', oneOf: ['1', '2'], says: 'events are read from Sluice; with 2 they are sent to it too' },
    outage: { default: 180, says: 'seconds without Sluice' },
    prefect: { default: '3.8.8', word: 'VERSION,…', says: 'versions, one behind the other' },
    front: {
      default: 'nginx',
      oneOf: ['nginx', 'nginx-prefix', 'caddy'],
      says: 'what stands before both; nginx-prefix on level 1 only',
    },
    redis: { default: false, says: 'Prefect hands on its events by Redis' },
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
      ACCEPT_OUTAGE_MS: String(values.outage * 1000),
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
