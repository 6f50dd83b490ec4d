/**
 * The short form of the fuzz that looks for time. The long one: npm run fuzz:time.
 */
import { expect, test } from 'vitest';
import { randomFrom } from '../../support/random.ts';
import { bounds } from './measure.ts';
import { runFuzz, sentence } from './run-fuzz.ts';

const seed = 20_261_122;

test(`no message costs more than its length (seed ${seed})`, () => {
  const { looks, bad, dearest } = runFuzz(randomFrom(seed), { ms: 25_000 });
  const [first] = dearest;
  process.stdout.write(
    `time fuzz: seed ${seed}, ${looks} looks, bound ${bounds.messageMs.toFixed(0)} ms; dearest: ${first ? sentence(first) : 'none'}\n`,
  );
  expect(bad.map(sentence)).toEqual([]);
  expect(looks).toBeGreaterThan(2);
});
