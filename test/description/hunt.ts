/**
 * `npm run hunt -- --minutes 10 --cases 500 --seed N`: schemathesis against a server of its own, for long. Exit code 1 if
 * an answer is not described.
 */
import { parseArgs } from 'node:util';
import { hunt } from '../../support/peers/schemathesis.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { installSchemathesis } from '../../support/peers/validators.ts';
import { removeData, startSluice } from '../../support/sluice.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    cases: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
  },
});
const installed = await installSchemathesis(repositoryRoot());
if (!installed.found) {
  console.error(installed.sentence);
  process.exit(2);
}
const authString = 'admin:geheim';
const sluice = await startSluice({ env: { SLUICE_AUTH_STRING: authString } });
try {
  const { ok, output } = await hunt(installed.folder, {
    url: sluice.url,
    authString,
    seed: Number(values.seed),
    seconds: Number(values.minutes) * 60,
    casesMax: Number(values.cases),
  });
  console.log(output);
  process.exitCode = ok ? 0 : 1;
} finally {
  await sluice.stop();
  removeData(sluice);
}
