/**
 * The contract suite and its requests in pieces, as run.mjs asks for it. No `.test.ts`: it is run by `npm run edge`
 * only.
 */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe } from 'vitest';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import type { EdgeOptions } from './edge-suite.ts';
import { recordedContract, sentenceOf } from './recorded-contract.ts';

const { EDGE_URL, EDGE_OPTIONS, EDGE_NOTE } = process.env;
const options = JSON.parse(EDGE_OPTIONS ?? '{}') as EdgeOptions; // run.mjs writes them

describe('the edge', () => {
  let sluice: TestSluice | undefined;
  beforeAll(async () => {
    if (EDGE_URL === undefined) sluice = await startSluice();
  });
  afterAll(async () => {
    await sluice?.stop();
    if (sluice !== undefined) removeData(sluice);
  });
  recordedContract({ baseUrl: () => EDGE_URL ?? sluice?.url ?? '', strict: true }, options, (report) => {
    const sentence = sentenceOf(report);
    console.log(sentence);
    if (EDGE_NOTE !== undefined) writeFileSync(EDGE_NOTE, sentence);
  });
});
