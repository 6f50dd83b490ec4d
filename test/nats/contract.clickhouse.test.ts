/** Each of two gateways of one log keeps the contract of the events API, whole, as a single Sluice does. */
import { afterAll, beforeAll, describe } from 'vitest';
import type { TestSluice } from '../../support/sluice.ts';
import { contractSuite } from '../contract/contract.ts';
import { Cluster, installed } from './cluster.ts';

describe.skipIf(!installed.found)('of two gateways', () => {
  let cluster: Cluster;
  const started = new Map<string, TestSluice>();
  const names = ['one', 'other'];

  beforeAll(async () => {
    cluster = await Cluster.start();
    await Promise.all(names.map(async (name) => started.set(name, await cluster.gateway(name))));
  }, 240_000);
  afterAll(() => cluster?.stop());

  for (const name of names) {
    describe(`gateway ${name}`, () => contractSuite({ baseUrl: () => started.get(name)?.url ?? '', strict: true }));
  }
});
