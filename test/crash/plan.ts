/**
 * Which kills a run suffers, by seed: each fail point so many times, and kills at random instants, shuffled.
 */
import { failPoints } from '../../src/base/fail-point.ts';
import { type Random, seeded } from './random.ts';

export type Kill =
  /** Sluice kills itself at a hit of a fail point. */
  | { readonly what: 'point'; readonly point: (typeof failPoints)[number]; readonly hits: number }
  /** kill -9 of a running Sluice, of its engine, of both; so long after it listens. */
  | { readonly what: 'sluice' | 'engine' | 'both'; readonly afterMs: number }
  /** kill -9 of Sluice so long after its process was made, ready or not. */
  | { readonly what: 'start'; readonly afterMs: number };

/** Up to which hit: the busy points are hit hundreds of times a second. */
const hitsMax: Readonly<Record<(typeof failPoints)[number], number>> = {
  'journal-written': 150,
  'segment-created': 8,
  'segment-rolled': 8,
  'group-durable': 150,
  'group-live': 150,
  'pong-due': 150,
  'insert-announced': 4,
  'insert-sent': 4,
  'insert-taken': 4,
  'checkpoint-written': 4,
  'half-announced': 8,
  'dead-letter-written': 3,
  'segment-removed': 3,
  'parked-written': 20,
  'parked-looked-up': 4,
  'parked-settled': 4,
  'ids-written': 4,
  'ids-rolled': 3,
};
const afterMsMax = 1_500;

/** `hitMost`: no later hit of a point than this one. */
export function planKills(
  seed: number,
  pointTimes: number,
  randomTimes: number,
  hitMost = Number.POSITIVE_INFINITY,
): Kill[] {
  const random = seeded(seed);
  const atPoints = failPoints.flatMap((point) =>
    Array.from(
      { length: pointTimes },
      (): Kill => ({ what: 'point', point, hits: 1 + random.below(Math.min(hitsMax[point], hitMost)) }),
    ),
  );
  const atRandom = Array.from({ length: randomTimes }, (_, nth) => randomKill(random, nth));
  return random.shuffle([...atPoints, ...atRandom]);
}

function randomKill(random: Random, nth: number): Kill {
  const whats = ['sluice', 'engine', 'both', 'start'] as const;
  return { what: whats[nth % whats.length] ?? 'sluice', afterMs: random.below(afterMsMax) };
}
