/** Rounds of looks, on a clock that the test moves. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Rounds } from '../../src/live-counts/rounds.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** So many that are always due, each of which takes so long; when each look was, over so long. */
function looksOf(count: number, lookMs: number, forMs: number): { readonly which: number; readonly atMs: number }[] {
  const looks: { readonly which: number; readonly atMs: number }[] = [];
  const all = Array.from({ length: count }, (_, which) => ({ which, isDue: () => true }));
  let workedMs = 0;
  const rounds = new Rounds({
    all,
    now: () => Date.now(),
    elapsedMs: () => workedMs,
    workedMs: () => workedMs,
    look: ({ which }) => {
      workedMs += lookMs;
      looks.push({ which, atMs: Date.now() });
    },
  });
  rounds.start();
  vi.advanceTimersByTime(forMs);
  rounds.stop();
  vi.advanceTimersByTime(1_000);
  return looks;
}

it('few are looked at ten times a second, and no more often', () => {
  expect(looksOf(3, 0.05, 10_000)).toHaveLength(3 * 100);
});

it.each([
  { count: 100, lookMs: 0.05 },
  { count: 1_000, lookMs: 0.05 },
  { count: 50, lookMs: 3 },
])('$count that take $lookMs ms each are all looked at, and take a sixteenth of the time', ({ count, lookMs }) => {
  const seconds = 20;
  const looks = looksOf(count, lookMs, seconds * 1_000);
  const times = Array.from({ length: count }, (_, which) => looks.filter((look) => look.which === which).length);
  expect(Math.min(...times)).toBeGreaterThanOrEqual(Math.max(...times) - 1);
  expect(looks.length * lookMs).toBeLessThanOrEqual((seconds * 1_000) / 16 + count * lookMs);
  // Of any 100 ms, whatever the look costs: no bursts.
  const slicesOf = Math.max(1, lookMs) * (100 / (Math.max(1, lookMs) * 16) + 2);
  for (const { atMs } of looks) {
    const near = looks.filter((look) => look.atMs >= atMs && look.atMs < atMs + 100);
    expect(near.length * lookMs).toBeLessThanOrEqual(slicesOf + lookMs);
  }
});

it('with 1,000 of them each is looked at about once a second', () => {
  expect(looksOf(1_000, 0.05, 20_000).length / 20 / 1_000).toBeGreaterThan(0.8);
});

it('a process that was stopped in the middle of a look goes on within a second', () => {
  const looks: number[] = [];
  let [elapsedMs, workedMs] = [0, 0];
  const rounds = new Rounds({
    all: [{ isDue: () => true }],
    now: () => Date.now(),
    elapsedMs: () => elapsedMs,
    workedMs: () => workedMs,
    look: () => {
      elapsedMs += looks.length === 0 ? 20_000 : 1;
      workedMs += 1;
      looks.push(Date.now());
    },
  });
  rounds.start();
  vi.advanceTimersByTime(1_200);
  rounds.stop();
  expect(looks.length).toBeGreaterThan(1);
});
