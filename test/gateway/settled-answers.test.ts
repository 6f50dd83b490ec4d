/** When a body is answered that waits for the shared log. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Failure } from '../../src/base/errors.ts';
import { Positions } from '../../src/gateway/positions.ts';
import { SettledAnswers } from '../../src/gateway/settled-answers.ts';

/** The name of the failure; empty for none. */
const failureOf = (work: Promise<void>): Promise<string> =>
  work.then(
    () => '',
    (error: unknown) => (error instanceof Failure ? error.failure : String(error)),
  );

afterEach(() => void vi.useRealTimers());

describe('answers that wait for the shared log', () => {
  it('are given when all that they rely on is settled, and not before', async () => {
    const answers = new SettledAnswers({ waitMs: 5_000, waitingMax: 10, settled: 0 }, () => 0);
    const given: number[] = [];
    const waiting = [3, 1, 2].map((ticket) => answers.wait(ticket).then(() => given.push(ticket)));
    answers.settle(2);
    await Promise.all(waiting.slice(1));
    expect(given).toEqual([1, 2]);
    answers.settle(3);
    await Promise.all(waiting);
    await answers.wait(3);
    answers.close();
  });

  // A body of no events on a gateway that had taken none since its start was answered 503 after five seconds.
  it('do not wait for what was settled before', async () => {
    const answers = new SettledAnswers({ waitMs: 60_000, waitingMax: 10, settled: 7 }, () => 0);
    await answers.wait(7);
    answers.close();
  });

  it('fail after a while, when too many wait, and at the end', async () => {
    vi.useFakeTimers();
    let now = 0;
    const answers = new SettledAnswers({ waitMs: 1_000, waitingMax: 2, settled: 0 }, () => now);
    const late = failureOf(answers.wait(1));
    now = 999;
    const last = failureOf(answers.wait(2));
    expect(await failureOf(answers.wait(3))).toBe('notConfirmed');
    now = 1_001;
    vi.advanceTimersByTime(100);
    expect(await late).toBe('notConfirmed');
    answers.close();
    expect(await last).toBe('notConfirmed');
  });
});

describe('positions', () => {
  it('are the newest that was reached by a seq, and few are kept of many', () => {
    const positions = new Positions();
    expect(positions.upTo(100)).toBeNull();
    for (let nth = 1; nth <= 100_000; nth += 1) positions.note(nth, nth * 2);
    const found = positions.upTo(100_001) ?? 0;
    expect(found).toBeLessThanOrEqual(50_000);
    expect(found).toBeGreaterThan(49_900);
    expect(positions.upTo(1)).toBeNull();
    expect(positions.upTo(200_000)).toBe(100_000);
  });
});
