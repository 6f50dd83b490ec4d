/**
 * The short form of `npm run hostile`: the kinds that have no other test of the running process, a few seconds each, on
 * one server beside one neighbour.
 */
import { expect, it } from 'vitest';
import { testSeed as seed } from '../seed.ts';
import { runField } from './field.ts';
import { costlyEvents } from './kinds/costly-events.ts';
import { costlyGlobs } from './kinds/costly-globs.ts';
import { filtersOfAMegabyte } from './kinds/filters-of-a-megabyte.ts';
import { logFilling } from './kinds/log-filling.ts';
import { manyValues } from './kinds/many-values.ts';
import { unfinishedBodies } from './kinds/unfinished-bodies.ts';
import { unfinishedMessages } from './kinds/unfinished-messages.ts';
import { unreadStreams } from './kinds/unread-streams.ts';

const kinds = [
  ...[manyValues, unfinishedMessages, unfinishedBodies, filtersOfAMegabyte],
  ...[unreadStreams, costlyGlobs, costlyEvents, logFilling],
];

it('holds against each kind: bounded, by name, and the neighbour loses nothing', async () => {
  const { faults, figures } = await runField({ kinds, eachMs: 1_500, seed, isLong: false, say: () => undefined });
  console.log(`seed ${seed}: ${JSON.stringify(figures)}`);
  expect([seed, faults]).toEqual([seed, []]);
  expect(figures.neighbour.acknowledged).toBeGreaterThan(0);
}, 300_000);
