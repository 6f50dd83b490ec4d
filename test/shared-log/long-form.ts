/** `npm run models`: the models of several gateways, tried as often as it says. */
import { spawnSync } from 'node:child_process';
import { readOptions, seedOption } from '../../support/script-options.ts';

const { values } = readOptions({
  name: 'models',
  about: `Blocks through replicas, spools through carriers over a stream that loses, delays, repeats and forgets, and
table writers with one key: random lives of each. Exit code 1 if a law is broken in one; it is printed then.`,
  options: { runs: { default: 50_000, says: 'of each model' }, seed: seedOption },
});
const tests = ['shared-log/replica', 'shared-log/carrier', 'table-writer/writer-lease'];
const files = tests.map((name) => `test/${name}.property.test.ts`);
const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...files], {
  stdio: 'inherit',
  env: { ...process.env, SLUICE_MODEL_RUNS: String(values.runs), SLUICE_TEST_SEED: String(values.seed) },
});
process.stdout.write(`${JSON.stringify({ node: process.version, runs: values.runs, seed: values.seed, status })}\n`);
process.exitCode = status ?? 1;
