/**
 * Sluice from dist keeps the contract: whole without an auth string, and what changes with one. The first run is
 * recorded, and its requests are sent again in other pieces.
 */
import { afterAll, beforeAll, describe } from 'vitest';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { recordedContract, sentenceOf } from '../edge/recorded-contract.ts';
import { authSuite } from './contract.ts';

describe('Sluice', () => {
  const started = beforeAndAfter({});
  const options = { seed: 15, players: 16, gapMs: 3, isLong: false, wholeBodyBytesMax: 60, pairs: 500 };
  recordedContract({ baseUrl: () => started().url, strict: true }, options, (report) => {
    console.log(sentenceOf(report));
  });
});
describe('Sluice with an auth string', () => {
  const authString = 'admin:geheim pass';
  const started = beforeAndAfter({ SLUICE_AUTH_STRING: authString });
  authSuite({ baseUrl: () => started().url, strict: true, authString });
});

/** One Sluice for the tests of a block. */
function beforeAndAfter(env: Readonly<Record<string, string>>): () => TestSluice {
  let sluice: TestSluice | undefined;
  beforeAll(async () => {
    sluice = await startSluice({ env });
  });
  afterAll(async () => {
    await sluice?.stop();
    if (sluice !== undefined) removeData(sluice);
  });
  return () => {
    if (sluice === undefined) throw new Error('Sluice has not started.');
    return sluice;
  };
}
