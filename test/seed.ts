/**
 * The seed of all random choices in the tests. It is the same in each run, so that a red run means a change.
 * `SLUICE_TEST_SEED=random npm test` draws other cases, and a number plays one run again.
 */
import fc from 'fast-check';

const words = process.env['SLUICE_TEST_SEED'] ?? '20261129';

export const testSeed = words === 'random' ? Date.now() % 1_000_000 : Number(words);
if (!Number.isSafeInteger(testSeed)) throw new Error(`SLUICE_TEST_SEED must be "random" or a whole number: ${words}`);

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: testSeed });
