/** The gateways of one test file: started before its tests, and stopped behind them with all that they have left. */
import { afterAll, afterEach, beforeAll } from 'vitest';
import { cleanUp } from '../../support/bare-sluice.ts';
import { Cluster } from './cluster.ts';

const startMs = 240_000;

/** `begin` is given the cluster before the first test. */
export function withCluster(begin: (cluster: Cluster) => Promise<unknown>): void {
  let cluster: Cluster | undefined;
  beforeAll(async () => {
    cluster = await Cluster.start();
    await begin(cluster);
  }, startMs);
  afterEach(cleanUp);
  afterAll(() => cluster?.stop());
}
