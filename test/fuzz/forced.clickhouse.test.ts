/**
 * The short form of random forced filters (`npm run fuzz:forced`): a few rounds by every way to ask (I14).
 */
import { expect, it } from 'vitest';
import { testSeed as seed } from '../seed.ts';
import { runForced } from './forced-run.ts';

it('law: by no way to ask does a reader see what the filter that is forced on it leaves out', async () => {
  const run = await runForced({
    ...{ seed, roundsMax: 6, events: 20, readers: 3 },
    untilMs: 60_000,
    say: () => undefined,
  });
  expect([seed, run.faults]).toEqual([seed, []]);
  expect(run.asked.size).toBe(10);
  expect([run.rounds > 0, run.events > 0]).toEqual([true, true]);
}, 240_000);
