/**
 * The contract suite against the server that run.mjs names, or against a real Prefect that is started here. No
 * `.test.ts`: it is run by `npm run contract` only.
 */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { installPrefect, launchPrefect, type PrefectInstall } from '../../support/peers/prefect.ts';
import type { ServerProcess } from '../../support/peers/server-process.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { authSuite, contractSuite } from './contract.ts';

const { CONTRACT_URL, CONTRACT_AUTH_STRING, CONTRACT_PEER, CONTRACT_PREFECT } = process.env;

if (CONTRACT_PREFECT) {
  const install = await installPrefect(repositoryRoot());
  if (install.found) againstPrefect(install);
  else it.skip(install.sentence, () => undefined);
} else {
  const authString = CONTRACT_AUTH_STRING ? { authString: CONTRACT_AUTH_STRING } : {};
  const target = { baseUrl: () => CONTRACT_URL ?? '', strict: !CONTRACT_PEER, ...authString };
  contractSuite(target);
  if (CONTRACT_AUTH_STRING) authSuite({ ...target, authString: CONTRACT_AUTH_STRING });
}

function againstPrefect(install: PrefectInstall & { found: true }): void {
  describe('the real Prefect', () => {
    const server = launched(install, {});
    contractSuite({ baseUrl: () => server.url, strict: false });
  });
  describe('the real Prefect with an auth string', () => {
    const authString = 'admin:geheim pass';
    const server = launched(install, { PREFECT_SERVER_API_AUTH_STRING: authString });
    authSuite({ baseUrl: () => server.url, strict: false, authString });
  });
}

/** Its URL is known once the hooks before the tests have run. */
function launched(install: PrefectInstall & { found: true }, env: Readonly<Record<string, string>>): { url: string } {
  let server: ServerProcess | undefined;
  const launched = { url: '' };
  beforeAll(async () => {
    server = await launchPrefect(install, { env });
    launched.url = server.url;
  });
  afterAll(() => server?.stop());
  return launched;
}
