/**
 * I1, I2, I3, I8 on running processes: a minute of a storm over three gateways, three NATS servers and ClickHouse.
 * `npm run crash:gateways` is its long form.
 */
import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../support/random.ts';
import { testSeed } from '../seed.ts';
import { installed } from './cluster.ts';
import { runStorm } from './storm.ts';
import { stormEnv } from './storm-env.ts';
import { StormWorld } from './storm-world.ts';

describe.skipIf(!installed.found)('a storm over gateways', () => {
  it('costs no event, doubles none, and leaves one order for all who read', async () => {
    const folder = installed.found ? installed.folder : '';
    const world = await StormWorld.start({ folder, random: randomFrom(testSeed), env: stormEnv() });
    try {
      const { broken, books } = await runStorm(world, { seconds: 60, seed: testSeed, rate: 400, outageMs: 6_000 });
      console.info(JSON.stringify(books));
      expect(broken, JSON.stringify(books)).toEqual([]);
      expect(books).toMatchObject({ twice: 0, resumedRepeats: 0, resumedHoles: 0, gaps: 0 });
      expect(books['acknowledged']).toBeGreaterThan(3_000);
      expect(books['resumes']).toBeGreaterThan(5);
    } finally {
      await world.stop();
    }
  }, 900_000);
});
