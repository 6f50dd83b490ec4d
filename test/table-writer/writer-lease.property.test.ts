/** Of several gateways' table writers no event is stored twice, and none is lost, whoever holds the key. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../support/random.ts';
import { modelMs, modelRuns } from '../shared-log/model-runs.ts';
import { LeaseWorld } from './lease-world.ts';

const ticks = 400;

async function live(seed: number, options = {}): Promise<LeaseWorld> {
  const world = new LeaseWorld({ random: randomFrom(seed), ...options });
  await world.run(ticks);
  return world;
}

const twice = ({ rows }: LeaseWorld): number[] => [...rows].filter(([, times]) => times > 1).map(([seq]) => seq);

describe('the lease of the table writer', () => {
  it(
    'lets no event be stored twice, and none be missing up to the checkpoint',
    async () => {
      let terms = 0;
      let checkpoints = 0;
      const law = fc.asyncProperty(fc.nat(), async (seed) => {
        const world = await live(seed);
        terms += world.term;
        checkpoints += world.checkpoint;
        expect(twice(world)).toEqual([]);
        const missing = Array.from({ length: world.checkpoint }, (_, at) => at + 1).filter(
          (seq) => !world.rows.has(seq),
        );
        expect(missing).toEqual([]);
      });
      await fc.assert(law, { numRuns: modelRuns });
      // It was taken over, and got on.
      expect(terms / modelRuns).toBeGreaterThan(2);
      expect(checkpoints / modelRuns).toBeGreaterThan(10);
    },
    modelMs,
  );

  it(
    'would be seen to fail where a new holder chooses a range of its own',
    async () => {
      const seeds = Array.from({ length: 150 }, (_, seed) => seed);
      const faults: number[] = [];
      for (const seed of seeds) {
        const world = await live(seed, { adopt: (state: object) => ({ ...state, range: null }) });
        if (twice(world).length > 0) faults.push(seed);
      }
      expect(faults.length).toBeGreaterThan(5);
    },
    modelMs,
  );
});
