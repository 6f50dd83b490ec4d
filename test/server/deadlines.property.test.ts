import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createDeadlines, type Deadline } from '../../src/server/deadlines.ts';

const lengthMs = 100;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

type Step = { readonly waitMs: number } | { readonly end: number } | 'begin';

const steps = fc.array(
  fc.oneof(
    fc.constant<Step>('begin'),
    fc.record({ waitMs: fc.integer({ min: 1, max: 130 }) }),
    fc.record({ end: fc.nat({ max: 20 }) }),
  ),
  { maxLength: 40 },
);

test('each is late once, when its time is over, unless it ended before', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const deadlines = createDeadlines(lengthMs);
      const begun: { readonly deadline: Deadline; readonly dueMs: number; endedMs: number; lateMs: number[] }[] = [];
      for (const step of taken) {
        if (step === 'begin') {
          const lateMs: number[] = [];
          const deadline = deadlines.begin(() => lateMs.push(performance.now()));
          begun.push({ deadline, dueMs: performance.now() + lengthMs, endedMs: Number.POSITIVE_INFINITY, lateMs });
        } else if ('end' in step) {
          const one = begun[step.end];
          if (one === undefined || one.endedMs < Number.POSITIVE_INFINITY) continue;
          one.endedMs = performance.now();
          deadlines.end(one.deadline);
        } else vi.advanceTimersByTime(step.waitMs);
      }
      vi.advanceTimersByTime(2 * lengthMs);
      for (const { dueMs, endedMs, lateMs } of begun) expect(lateMs).toEqual(endedMs < dueMs ? [] : [dueMs]);
    }),
  );
});

test('one that becomes late may begin and end others', () => {
  const deadlines = createDeadlines(lengthMs);
  const late: string[] = [];
  deadlines.begin(() => {
    late.push('first');
    deadlines.end(second);
    deadlines.begin(() => late.push('third'));
  });
  const second = deadlines.begin(() => late.push('second'));
  vi.advanceTimersByTime(lengthMs);
  expect(late).toEqual(['first']);
  vi.advanceTimersByTime(lengthMs);
  expect(late).toEqual(['first', 'third']);
});
