/**
 * What a peer can make the log write is bounded: equal lines are counted after the first few, long fields are cut.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutFields, limitLines, type Repeated, sameLinesMax, windowMs } from '../../src/base/log-limit.ts';

/** Time passes only by this. */
function world() {
  let now = 0;
  let timers: { at: number; call: () => void }[] = [];
  return {
    later: (ms: number, call: () => void) => void timers.push({ at: now + ms, call }),
    pass(ms: number) {
      now += ms;
      const due = timers.filter(({ at }) => at <= now);
      timers = timers.filter(({ at }) => at > now);
      for (const { call } of due) call();
    },
    get waiting() {
      return timers.length;
    },
  };
}

const step = fc.oneof(
  fc.record({ message: fc.constantFrom('a', 'b', 'c'), times: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ passMs: fc.integer({ min: 1, max: windowMs }) }),
);

describe('lines with one message', () => {
  it('are written or counted, each of them, and no more than the bound in a window', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const clock = world();
        const told: Repeated[] = [];
        let sent = 0;
        let written = 0;
        let inWindow = new Map<string, number>();
        const limit = limitLines(clock.later, (one) => told.push(one));
        for (const one of steps) {
          if ('passMs' in one) {
            clock.pass(one.passMs);
            if (clock.waiting === 0) inWindow = new Map();
            continue;
          }
          for (let nth = 0; nth < one.times; nth += 1) {
            sent += 1;
            if (!limit.admits(40, one.message)) continue;
            written += 1;
            inWindow.set(one.message, (inWindow.get(one.message) ?? 0) + 1);
            expect(inWindow.get(one.message)).toBeLessThanOrEqual(sameLinesMax);
          }
        }
        clock.pass(windowMs);
        expect(written + limit.repeated).toBe(sent);
        expect(told.reduce((sum, { lines }) => sum + lines, 0)).toBe(limit.repeated);
        expect(clock.waiting).toBe(0);
      }),
    );
  });

  it('are as few where a peer makes each message another one', () => {
    const { later } = world();
    const limit = limitLines(later, () => undefined);
    let written = 0;
    for (let nth = 0; nth < 100_000; nth += 1) if (limit.admits(40, `message ${nth}`)) written += 1;
    expect(written).toBeLessThanOrEqual(1_000 + sameLinesMax);
    expect(written + limit.repeated).toBe(100_000);
  });
});

describe('fields of a line', () => {
  it('stay as they are when short, and are short whatever they were', () => {
    const short = { seq: 7, reason: 'x'.repeat(1_000), range: { first: 1, last: 2 }, list: [1, null, true] };
    expect(cutFields(short)).toEqual(short);
    fc.assert(
      fc.property(fc.anything({ maxDepth: 6, withBigInt: true, withDate: true, withMap: true }), (value) => {
        expect((JSON.stringify(cutFields({ value })) ?? '').length).toBeLessThan(64 * 1024);
      }),
    );
    const deep = (depth: number): unknown => (depth === 0 ? 'é'.repeat(100_000) : Array(50).fill(deep(depth - 1)));
    expect(JSON.stringify(cutFields({ a: deep(3), b: 'y'.repeat(5_000_000) })).length).toBeLessThan(64 * 1024);
  });

  it('say what an error is, its cause too, and how long what was cut is', () => {
    const short = JSON.stringify(cutFields({ err: new Error('it failed', { cause: new Error('the disk is full') }) }));
    expect(short).toMatch(/"type":"Error","message":"it failed: the disk is full","stack":"Error: it failed/);
    const text = JSON.stringify(cutFields({ err: new Error(`a message of 1:1 ${'z'.repeat(200_000)}`) }));
    expect(text).toContain('a message of 1:1');
    expect(text).toContain('… (200017 characters)');
    expect(text.length).toBeLessThan(10_000);
  });
});
