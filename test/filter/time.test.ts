import fc from 'fast-check';
import { expect, test } from 'vitest';
import { timeKey } from '../../schemas/event.ts';
import {
  formatTimeForClickHouse,
  fromMicros,
  parseClickHouseTime,
  parseTime,
  timeOfDate,
  toMicros,
} from '../../src/filter/time.ts';
import { readFixture } from './read-fixture.ts';

test('every form is read as Prefect reads it; what it refuses is refused', () => {
  for (const { sent, time } of readFixture<{ sent: unknown; time: string | null }>('times')) {
    const parsed = parseTime(sent);
    expect(parsed.ok ? parsed.time : null, JSON.stringify(sent)).toBe(time);
  }
});

test('the words of a refusal', () => {
  expect(parseTime('yesterday')).toEqual({
    ok: false,
    msg: 'Value error, Unable to parse string [yesterday]',
    ctx: { error: {} },
  });
  for (const value of [null, true, [], {}, Number.NaN, 1e300]) {
    expect(parseTime(value)).toEqual({ ok: false, msg: 'value is not a valid datetime' });
  }
});

test.each(['now', '12:00', 'T12:00', '2026-W00', '9999-12-31T23:59:59-01:00', '0001-01-01T00:00:00+01:00'])(
  '%s is refused',
  (text) => {
    expect(parseTime(text).ok).toBe(false);
  },
);

test('whole milliseconds of a clock become six digits', () => {
  expect(timeOfDate(new Date('2026-11-22T01:02:03.050Z'))).toBe('2026-11-22T01:02:03.050000Z');
  expect(timeOfDate(new Date('2026-11-22T01:02:03.000Z'))).toBe('2026-11-22T01:02:03Z');
});

const first = toMicros('0001-01-01T00:00:00Z');
const last = toMicros('9999-12-31T23:59:59.999999Z');
const micros = fc.oneof(
  fc.bigInt({ min: first, max: last }),
  fc.bigInt({ min: first / 1_000_000n, max: last / 1_000_000n }).map((seconds) => seconds * 1_000_000n),
);

function text(at: bigint): string {
  const time = fromMicros(at);
  if (time === null) throw new Error(`${at} has no text`);
  return time;
}

test('outside of the years 0001 to 9999 there is no text', () => {
  expect([fromMicros(first - 1n), fromMicros(last + 1n)]).toEqual([null, null]);
});

test('law: microseconds to text and back are the same, through ClickHouse’s form too', () => {
  fc.assert(
    fc.property(micros, (at) => {
      expect(toMicros(text(at))).toBe(at);
      expect(parseTime(text(at))).toEqual({ ok: true, time: text(at) });
      expect(formatTimeForClickHouse(text(at))).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/);
      expect(parseClickHouseTime(formatTimeForClickHouse(text(at)))).toBe(text(at));
    }),
  );
});

test('law: keys order as the times do', () => {
  fc.assert(
    fc.property(micros, micros, (a, b) => {
      expect(timeKey(text(a)) < timeKey(text(b))).toBe(a < b);
    }),
  );
});

test('law: an offset moves the time by as much', () => {
  fc.assert(
    fc.property(micros, fc.integer({ min: -1439, max: 1439 }), (at, minutes) => {
      const pad = (value: number) => String(value).padStart(2, '0');
      const [hours, rest] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
      const zone = `${minutes < 0 ? '-' : '+'}${pad(hours)}:${pad(rest)}`;
      const moved = fromMicros(at - BigInt(minutes) * 60_000_000n);
      const parsed = parseTime(text(at).replace('Z', zone));
      expect(parsed.ok ? parsed.time : null).toBe(moved);
    }),
  );
});

test('law: what is taken as it is has the form of a time, each digit a digit and each sign in its place', () => {
  const other = fc.constantFrom(...'0159-:./;T Zz+a\u0660');
  const from = fc.constantFrom('2026-11-22T01:02:03Z', '2026-11-22T01:02:03.456789Z', '0001-01-01T00:00:00Z');
  fc.assert(
    fc.property(from, fc.nat(26), other, (time, at, one) => {
      const changed = time.slice(0, at) + one + time.slice(at + 1);
      const parsed = parseTime(changed);
      const isTaken = parsed.ok && parsed.time === changed;
      if (isTaken) expect(changed).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$/);
    }),
    { numRuns: 3000 },
  );
});
