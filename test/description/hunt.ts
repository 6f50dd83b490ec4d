/** `npm run hunt`: schemathesis against a server of its own, for long. */
import { hunt } from '../../support/peers/schemathesis.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { installSchemathesis } from '../../support/peers/validators.ts';
import { readOptions, seedOption } from '../../support/script-options.ts';
import { removeData, startSluice } from '../../support/sluice.ts';

const { values } = readOptions({
  name: 'hunt',
  about: `Schemathesis against a server of its own, with the server's own description of itself.
Exit code 1 if an answer is not described.`,
  options: {
    minutes: { default: 10, says: 'how long' },
    cases: { default: 500, says: 'cases of one route at most' },
    seed: seedOption,
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
    seed: values.seed,
    seconds: values.minutes * 60,
    casesMax: values.cases,
  });
  console.log(output);
  process.exitCode = ok ? 0 : 1;
} finally {
  await sluice.stop();
  removeData(sluice);
}
